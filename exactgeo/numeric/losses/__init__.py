"""Losses in float64. A loss that has pieces needs nothing here: its form is derived from them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from exactgeo.losses import Loss
from exactgeo.losses.cross_entropy import CrossEntropy
from exactgeo.losses.logistic import Logistic
from exactgeo.numeric.losses.cross_entropy import CrossEntropyForm
from exactgeo.numeric.losses.form import Floats, LossForm
from exactgeo.numeric.losses.logistic import LogisticForm
from exactgeo.numeric.losses.pieces import PiecesForm

__all__ = ["FORMS", "LossForm", "form_of"]

FORMS: dict[type[Loss], Callable[[Loss, Floats], LossForm]] = {
    Logistic: LogisticForm,
    CrossEntropy: CrossEntropyForm,
}
"""The losses without pieces."""


def form_of(loss: Loss, y: Floats) -> LossForm | None:
    """The float form of a loss at targets (m, k), which it allows; None where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from exactgeo.losses import make_loss
    >>> form = form_of(make_loss("hinge"), np.array([[1.0], [-1.0]]))
    >>> form.total(np.array([[[-2.0, 1.0]]])).tolist(), form.gradient(np.array([[[-2.0, 1.0]]])).tolist()
    ([5.0], [[[-1.0, 1.0]]])
    """
    if type(loss) in FORMS:
        return FORMS[type(loss)](loss, y)
    return None if loss.pieces(Fraction(float(y.flat[0]))) is None else PiecesForm(loss, y)
