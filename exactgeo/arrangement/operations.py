"""Arrangements from arrangements: restriction, cone, clipping. Rows keep their numbers wherever they can."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from exactgeo.arrangement.enumerators import Cells

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Clipped", "eliminated", "pivot"]

Row = tuple[int, ...]


def pivot(row: Sequence[int]) -> int | None:
    """The coordinate to eliminate: that of the smallest nonzero coefficient (the constant, last, is none), or None."""
    return min(((abs(q), j) for j, q in enumerate(row[:-1]) if q), default=(0, None))[1]


def eliminated(rows: Sequence[Sequence[Fraction | int]], h: Sequence[Fraction | int], p: int) -> list[list[Fraction]]:
    """Functionals (constant last) on the hyperplane h = 0, in the coordinates other than p."""
    result = []
    for row in rows:
        factor = Fraction(row[p]) / h[p]
        result.append([Fraction(a) - factor * b for j, (a, b) in enumerate(zip(row, h, strict=True)) if j != p])
    return result


class Clipped:
    """A run of consecutive regions, as regions of their own; obeys the laws of :class:`Cells`."""

    def __init__(self, cells: Cells, start: int, stop: int) -> None:
        self._cells = cells
        self._start = start
        self._stop = stop

    @property
    def count(self) -> int:
        """Number of regions."""
        return self._stop - self._start

    @property
    def fallbacks(self) -> int:
        """Of the whole enumeration."""
        return self._cells.fallbacks

    def mask(self, index: int) -> int:
        """Bit set of one region."""
        return self._cells.mask(self._start + index)

    def find(self, mask: int) -> int | None:
        """Index of a bit set."""
        place = self._cells.find(mask)
        return None if place is None or not self._start <= place < self._stop else place - self._start

    def words(self) -> npt.NDArray[np.uint64]:
        """All bit sets."""
        return self._cells.words()[self._start : self._stop]

    def points(self, start: int, stop: int) -> list[tuple[int, ...]]:
        """Interior points."""
        return self._cells.points(self._start + start, self._start + stop)
