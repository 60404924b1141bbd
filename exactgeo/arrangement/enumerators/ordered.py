"""The sweep's regions sorted, with interior points on demand."""

from __future__ import annotations

import numpy as np

from exactgeo.arrangement.bits import Words, sort_words
from exactgeo.arrangement.enumerators._propose_points import Proposals
from exactgeo.arrangement.enumerators.blocks import in_blocks
from exactgeo.arrangement.enumerators.flag import FlagSweep
from exactgeo.arrangement.enumerators.planar import Corners
from exactgeo.arrangement.enumerators.protocol import DistinctHyperplanes, Watch
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import Integers

__all__ = ["Ordered"]


class Ordered:
    """All blocks of :func:`in_blocks` together; obeys the laws of :class:`SignVectors`.

    Cost: one sort; memory: one word of 64 bits a region and 64 hyperplanes, half of it for a central arrangement
    while the sweep runs.
    """

    def __init__(self, hyperplanes: DistinctHyperplanes, watch: Watch | None = None) -> None:
        self._sweep = in_blocks(hyperplanes)
        self._central = hyperplanes.central
        self._planes = len(hyperplanes.vectors)
        each = 1 + self._central
        words = self._sweep.words(None if watch is None else lambda found: watch(each * found))
        self.fallbacks = self._sweep.fallbacks
        """Predicates that float64 left open and integers decided."""
        if words.shape[1] == 1:
            words.sort(axis=0)
        else:
            increasing = sort_words(words)
            for column in words.T:
                column[:] = column[increasing]
        again = np.arange(len(words) - 1)
        for column in words.T:
            again = again[column[again] == column[again + 1]]
        if len(again):
            raise InternalError("a region was found twice")
        self._half = words
        self.count = len(words) * (2 if self._central else 1)
        self._points: Proposals | Corners | None = None

    def words(self) -> Words:
        """All bit sets, shape (count, W)."""
        if not self._central:
            return self._half
        # Where the first hyperplane is negative comes first: the opposites in opposite order.
        return np.concatenate([self._half[::-1] ^ self._sweep.full, self._half])

    def _row(self, index: int) -> Words:
        half = len(self._half)
        if not self._central:
            return np.asarray(self._half[index])
        return np.asarray(self._half[half - 1 - index] ^ self._sweep.full if index < half else self._half[index - half])

    def mask(self, index: int) -> int:
        """Bit set of one region."""
        if not 0 <= index < self.count:
            raise IndexError(index)
        return int.from_bytes(self._row(index).astype(">u8").tobytes(), "big") >> (-self._planes % 64)

    def find(self, mask: int) -> int | None:
        """Index of a bit set, by bisection."""
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if self.mask(middle) < mask:
                low = middle + 1
            else:
                high = middle
        return low if low < self.count and self.mask(low) == mask else None

    def points(self, start: int, stop: int) -> list[Integers]:
        """Interior points; none but those of lines are proposed in float64 and proved by the filter."""
        if self._points is None:
            self._points = Proposals(self._sweep) if isinstance(self._sweep, FlagSweep) else Corners(self._sweep)
        if not self._central:
            return self._points.points(np.arange(start, stop))
        half = len(self._half)
        index = np.arange(start, stop)
        found = self._points.points(np.where(index < half, half - 1 - index, index - half))
        return [tuple([-q for q in p]) if i < half else p for i, p in zip(index.tolist(), found, strict=True)]
