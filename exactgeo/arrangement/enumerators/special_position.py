"""The sweep where flats may lie on more hyperplanes than their codimension, or hyperplanes may be parallel."""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np

from exactgeo.arrangement.bits import Ints, Words
from exactgeo.arrangement.enumerators.flag import Flag, FlagSweep, Level, joined
from exactgeo.arrangement.enumerators.flats import FlatsByJoins
from exactgeo.arrangement.enumerators.local_regions import Local, LocalRegions, flip, one_after_another

__all__ = ["SpecialPosition"]


class SpecialPosition(FlagSweep):
    """For any distinct hyperplanes; obeys the laws of :class:`FlagSweep`.

    The first blocks are those of the levels that are kept; each of the others is a piece of the last level.
    """

    def __init__(self, flag: Flag, executor: Executor | None = None) -> None:
        super().__init__(flag)
        self._flats = FlatsByJoins(flag, self.levels, executor)
        self._locals = LocalRegions(self._flats, executor)
        self._covers: dict[int, tuple[Ints, Ints, Words]] = {}
        self._split(len(local.words) for local in self._locals.kept)
        self.blocks = len(self._ranges) + self._flats.last_pieces

    def _last(self, index: int) -> tuple[Level, Local]:
        level = self._flats.last(index)
        return level, self._locals.of(level)

    def complete(self) -> None:
        """Keep the last level too."""
        if len(self.levels) > self.dimension:
            return
        levels, parts = zip(*map(self._last, range(self._flats.last_pieces)), strict=True)
        self.levels.append(joined(levels, sum(len(level.zero) for level in levels)))
        self._locals.kept.append(one_after_another(parts))

    def _block(self, index: int) -> Words:
        if index < len(self._ranges):
            order, low, high = self._ranges[index]
            level, local = self.levels[order], self._locals.kept[order]
        else:
            level, local = self._last(index - len(self._ranges))
            low, high = 0, len(local.words)
        owner = local.owners(np.arange(low, high))
        words = local.words[low:high].copy()
        flip(level, owner, words)
        return np.asarray(words | level.positive[owner])

    def coatoms(self, order: int, elements: Ints) -> tuple[Level, Ints, Ints, Ints]:
        """The covered flats whose ray agrees with the local region."""
        level, local = self.levels[order], self._locals.kept[order]
        owner = local.owners(elements)
        if not order:
            return level, owner, elements[:0], elements[:0]
        words = local.words[elements]
        flip(level, owner, words)
        if order not in self._covers:
            self._covers[order] = self._locals.covers(level)
        x, y, sign = self._covers[order]
        starts = np.searchsorted(x, np.arange(len(level.zero) + 1))
        lengths = np.diff(starts)[owner]
        item = np.repeat(np.arange(len(elements)), lengths)
        pair = np.arange(len(item)) + np.repeat(starts[owner] - np.cumsum(lengths) + lengths, lengths)
        new = level.zero[x[pair]] & ~self.levels[order - 1].zero[y[pair]]
        spans = ((words[item] & new) == sign[pair]).all(axis=1)
        return level, owner, item[spans], y[pair[spans]]
