"""The sweep in general position: flats are subsets, numbered in colexicographic order, and all is subset arithmetic."""

from __future__ import annotations

from math import comb

import numpy as np

from exactgeo.arrangement.bits import Ints, Words
from exactgeo.arrangement.enumerators._filter_minors import NotGeneric
from exactgeo.arrangement.enumerators.flag import Flag, FlagSweep, Level, joined

__all__ = ["GeneralPosition"]


class GeneralPosition(FlagSweep):
    """For hyperplanes verified to be ``uniform``; obeys the laws of :class:`FlagSweep`.

    Each region is a set of at most n hyperplanes: those through its lowest vertex.
    """

    def __init__(self, flag: Flag) -> None:
        super().__init__(flag)
        totals = [comb(flag.count - flag.first, order) for order in range(self.dimension + 1)]
        for order in range(1, self.dimension):
            starts = range(0, totals[order], flag.batch)
            parts = (self._flats(order, np.arange(low, min(totals[order], low + flag.batch))) for low in starts)
            self.levels.append(joined(parts, totals[order]))
        self._split(totals)
        self.blocks = len(self._ranges)

    def complete(self) -> None:
        """Nothing: subsets by number need no level."""

    def _flats(self, order: int, index: Ints) -> Level:
        """Subsets by number."""
        flag, above = self.flag, self.levels[order - 1]
        starts = np.array([comb(h, order) for h in range(flag.count - flag.first + 1)])
        largest = np.searchsorted(starts, index, side="right") - 1
        # Without its maximum a subset is the one of this number.
        parent, rows = index - starts[largest], largest + flag.first
        minors = self.minors.extend(order, above.minors[:, parent], rows)
        basis = np.concatenate([above.basis[parent], rows[:, None]], axis=1)
        known = above.zero[parent] | flag.bits[rows]
        kept, positive, zero, side = self.minors.at_vertices(order, minors, basis, known)
        if len(kept) != len(parent) or not np.array_equal(zero, known):
            raise NotGeneric
        shift = np.array([comb(max(h - flag.first, 0), order - 1) for h in range(flag.count)])[rows]
        remove = np.concatenate([above.remove[parent] + shift[:, None], parent[:, None]], axis=1)
        inner = minors if order < self.dimension else minors[:0]
        return Level(basis, zero, positive, side, inner, parent, remove)

    def _block(self, index: int) -> Words:
        order, low, high = self._ranges[index]
        parts = []
        for begin in range(low, high, self.flag.batch):
            end = min(begin + self.flag.batch, high)
            if order < self.dimension:
                level, part = self.levels[order], slice(begin, end)
            else:
                level, part = self._flats(order, np.arange(begin, end)), slice(None)
            basis, remove = level.basis[part], level.remove[part]
            words = level.positive[part].copy()
            for j in range(order):
                words |= self.flag.bits[basis[:, j]] & ~self.levels[order - 1].positive[remove[:, j]]
            parts.append(words)
        return np.concatenate(parts)

    def coatoms(self, order: int, elements: Ints) -> tuple[Level, Ints, Ints, Ints]:
        """All flats one level down."""
        if order == self.dimension:
            level, flat = self._flats(order, elements), np.arange(len(elements))
        else:
            level, flat = self.levels[order], elements
        return level, flat, np.repeat(np.arange(len(elements)), order), level.remove[flat].reshape(-1)
