"""Activations in float64. Those with two slopes need nothing here; every other one has a form of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from exactgeo.activations import Activation
from exactgeo.activations.sigmoid import Sigmoid
from exactgeo.activations.tanh import Tanh
from exactgeo.numeric.activations.form import ActivationForm
from exactgeo.numeric.activations.piecewise_linear import PiecewiseLinearForm
from exactgeo.numeric.activations.sigmoid import SigmoidForm
from exactgeo.numeric.activations.tanh import TanhForm

__all__ = ["FORMS", "ActivationForm", "form_of"]

FORMS: dict[type[Activation], Callable[[Activation], ActivationForm]] = {Sigmoid: SigmoidForm, Tanh: TanhForm}
"""The activations that have no slopes."""


@lru_cache(maxsize=256)
def form_of(activation: Activation) -> ActivationForm | None:
    """The float form of an activation; None where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from exactgeo.activations import make_activation
    >>> form_of(make_activation("abs")).value(np.array([-2.0, 3.0])).tolist()
    [2.0, 3.0]
    """
    if type(activation) in FORMS:
        return FORMS[type(activation)](activation)
    return PiecewiseLinearForm(activation) if activation.slopes is not None else None
