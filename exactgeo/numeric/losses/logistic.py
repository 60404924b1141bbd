"""The float form of the logistic loss, ``log(1 + exp(-y p))``."""

from __future__ import annotations

from copy import copy
from typing import Self

import numpy as np

from exactgeo.losses import Loss
from exactgeo.numeric.losses.form import Floats, LossForm

__all__ = ["LogisticForm"]


class LogisticForm(LossForm):
    """At targets y = 1 or -1 of shape (m, k), one an output."""

    def __init__(self, loss: Loss, y: Floats) -> None:
        self._y = y.T

    def total(self, predictions: Floats) -> Floats:
        total: Floats = np.logaddexp(0.0, -self._y * predictions).sum(axis=(1, 2))
        return total

    def gradient(self, predictions: Floats, moves: Floats | None = None, tolerance: float = 0.0) -> Floats:
        # exp only of what is at most 0: it may underflow, never overflow.
        z = self._y * predictions
        small = np.exp(-np.abs(z))
        slope: Floats = -self._y * np.where(z >= 0, small, 1.0) / (1.0 + small)
        return slope

    def at_points(self, part: slice) -> Self:
        some = copy(self)
        some._y = self._y[:, part]
        return some
