"""The float form of cross-entropy under softmax, ``log sum_j exp(p_j) - p_y``."""

from __future__ import annotations

from copy import copy
from typing import Self

import numpy as np

from exactgeo.losses import Loss
from exactgeo.numeric.losses.form import Floats, LossForm

__all__ = ["CrossEntropyForm"]


class CrossEntropyForm(LossForm):
    """At class indices y of shape (m, 1), an output a class."""

    def __init__(self, loss: Loss, y: Floats) -> None:
        self._y = y[:, 0].astype(np.intp)
        self._points = np.arange(len(y))

    def total(self, predictions: Floats) -> Floats:
        # From the score of the target: where it is much the largest, its loss is that of the others, not a rounding.
        above = predictions - predictions[:, self._y, self._points][:, None, :]
        total: Floats = np.logaddexp.reduce(above, axis=1).sum(axis=1)
        return total

    def gradient(self, predictions: Floats, moves: Floats | None = None, tolerance: float = 0.0) -> Floats:
        weights = np.exp(predictions - predictions.max(axis=1, keepdims=True))
        slope: Floats = weights / weights.sum(axis=1, keepdims=True)
        slope[:, self._y, self._points] -= 1.0
        return slope

    def at_points(self, part: slice) -> Self:
        some = copy(self)
        some._y = self._y[part]
        some._points = np.arange(len(some._y))
        return some
