"""The activations: one file each, and the registry by which problem files and tests know them.

A new activation is a class that obeys the laws of :class:`Activation`, in a file of its own, and an entry of
:data:`ACTIVATIONS`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from exactgeo.activations.activation import Activation
from exactgeo.activations.piecewise_linear import LINEAR, PiecewiseLinear

__all__ = ["ACTIVATIONS", "LINEAR", "Activation", "PiecewiseLinear", "make_activation"]


def _sigmoid() -> Activation:
    # The smooth ones load when a problem has one.
    from exactgeo.activations.sigmoid import Sigmoid

    return Sigmoid()


def _tanh() -> Activation:
    from exactgeo.activations.tanh import Tanh

    return Tanh()


ACTIVATIONS: dict[str, tuple[str, Callable[..., Activation]]] = {
    "relu": ("relu", PiecewiseLinear.relu),
    "leaky_relu": ("leaky_relu(1/10)", PiecewiseLinear.leaky_relu),
    "pl": ("pl(2, -1/3)", PiecewiseLinear.of_slopes),
    "abs": ("abs", PiecewiseLinear.absolute),
    "linear": ("linear", PiecewiseLinear.linear),
    "sigmoid": ("sigmoid", _sigmoid),
    "tanh": ("tanh", _tanh),
}
"""From the word in a problem file to how one may write it there, and what makes it of its parameters."""


def make_activation(kind: str, *parameters: Fraction) -> Activation:
    """The activation of a kind, with its parameters.

    Examples
    --------
    >>> print(make_activation("leaky_relu", Fraction(1, 10)).name, make_activation("tanh").homogeneous)
    leaky_relu(1/10) False
    """
    return ACTIVATIONS[kind][1](*parameters)
