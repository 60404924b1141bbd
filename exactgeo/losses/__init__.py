"""The losses: one file each, and the registry by which problem files, solvers and tests know them.

A new loss is a class that obeys the laws of :class:`Loss`, in a file of its own, and an entry of :data:`LOSSES`; most
are a :class:`PiecewiseQuadratic`, given by its pieces alone.
"""

from __future__ import annotations

from fractions import Fraction

from exactgeo.losses.loss import Loss
from exactgeo.losses.piecewise_quadratic import Pieces, PiecewiseQuadratic
from exactgeo.registry import Registry

__all__ = ["LOSSES", "Loss", "Pieces", "PiecewiseQuadratic", "make_loss"]

LOSSES: Registry[type[Loss]] = Registry(
    __name__,
    {
        "squared": "squared:Squared",
        "half_squared": "squared:HalfSquared",
        "absolute": "absolute:Absolute",
        "huber": "huber:Huber",
        "hinge": "hinge:Hinge",
        "squared_hinge": "squared_hinge:SquaredHinge",
        "logistic": "logistic:Logistic",
        "cross_entropy": "cross_entropy:CrossEntropy",
    },
)
"""From the word in a problem file to the class."""


def make_loss(kind: str, *parameters: Fraction) -> Loss:
    """The loss of a kind, with its parameters.

    Raises
    ------
    KeyError
        There is no such loss.
    TypeError
        Another number of parameters.

    Examples
    --------
    >>> print(make_loss("squared").name, make_loss("huber", Fraction(1, 2)).name)
    squared huber(1/2)
    """
    return LOSSES[kind](*parameters)
