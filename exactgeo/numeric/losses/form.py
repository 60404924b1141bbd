"""What the float form of a loss is: the sum over the data, and its gradient, of many predictions at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "LossForm"]

Floats: TypeAlias = NDArray[np.float64]


class LossForm(ABC):
    """A loss at fixed targets, in float64, of predictions of shape (N, k, m).

    Attributes
    ----------
    curvature : float or None
        Where the loss is ``curvature / 2 (p - centre)^2`` and a constant, at every prediction p: its second derivative.
        Else None.
    centre : float64, shape (k, m)
        Where :attr:`curvature` is given.
    rounded : bool
        Some number of the form is not the rational it stands for.
    """

    curvature: float | None = None
    centre: Floats
    rounded: bool = False

    @abstractmethod
    def total(self, predictions: Floats) -> Floats:
        """The losses added over outputs and data points, shape (N,). Law: that of the loss, up to rounding."""

    @abstractmethod
    def gradient(self, predictions: Floats, moves: Floats | None = None, tolerance: float = 0.0) -> Floats:
        """Its derivatives in each prediction, shape (N, k, m): from the left where the two sides differ.

        With ``moves``, of the shape of the predictions, from the side to which each prediction moves; predictions
        within ``tolerance`` of a break of the loss count as on it.
        """

    @abstractmethod
    def at_points(self, part: slice) -> Self:
        """The form at some of the data points. Law: totals over parts of the data add up to that over all."""
