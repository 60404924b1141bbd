"""Which exact value the end of a training stands for: a float loss near it, at a network that is nearly stationary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from exactgeo.errors import InputError
from exactgeo.frozen import dataclass
from exactgeo.numeric.constructors import at_least_0
from exactgeo.numeric.layers import Floats

__all__ = ["Closeness", "closest", "clusters"]


@dataclass(frozen=True)
class Closeness:
    """When an end counts.

    Attributes
    ----------
    loss : float
        An end counts for a value only within this of it, relative to the value or 1.
    slope : float
        And only where a convex combination of the gradients around it has no larger entry
        (:func:`~exactgeo.numeric.stationarity.stationarity`).
    """

    loss: float = 1e-6
    slope: float = 1e-4

    def __post_init__(self) -> None:
        for name, value in (("within", self.loss), ("slope", self.slope)):
            if not at_least_0(value, name):
                raise InputError(name, "0", "a number above 0", "1e-6")

    def reach(self, values: Floats) -> Floats:
        """How far from each value a loss may be."""
        reach: Floats = self.loss * np.maximum(1.0, np.abs(values))
        return reach


def closest(losses: Floats, values: Sequence[float], closeness: Closeness) -> NDArray[np.int64]:
    """The index of the value that each loss is close to, shape (N,); -1 where there is none, or where there are two.

    Examples
    --------
    >>> closest(np.array([0.5, 1.0, 2.0]), [1.0, 2.0], Closeness()).tolist()
    [-1, 0, 1]
    """
    found = np.full(len(losses), -1, dtype=np.int64)
    if not len(values):
        return found
    targets = np.array(values, dtype=np.float64)
    reach = closeness.reach(targets)
    with np.errstate(invalid="ignore"):
        near = np.abs(losses[:, None] - targets) <= reach
    one = near.sum(axis=1) == 1
    found[one] = near[one].argmax(axis=1)
    return found


def clusters(losses: Floats, closeness: Closeness) -> list[tuple[float, int]]:
    """Losses in groups, ascending, each with its least and its size: a gap wider than the reach parts two.

    Examples
    --------
    >>> clusters(np.array([2.0, 1.0, 2.0]), Closeness())
    [(1.0, 1), (2.0, 2)]
    """
    ascending = np.sort(losses)
    parts = np.split(ascending, np.flatnonzero(np.diff(ascending) > closeness.reach(ascending[:-1])) + 1)
    return [(float(part[0]), len(part)) for part in parts if len(part)]
