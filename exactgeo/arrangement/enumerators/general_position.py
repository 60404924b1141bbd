"""The sweep in general position: flats are subsets, numbered in colexicographic order, and all is subset arithmetic.

Below the vertices nearly all flats are of codimension n - 1, and each is needed by the vertices that extend it, but for
one sign. Let X be a vertex and Y = X - b, b its j-th hyperplane. Then v_Y lies on the side of b that has the sign of
det(b, Y) on the first n columns, which is (-1)^j times that of X, times the sign of Y on the columns of the directions:
its height. So blocks of vertices follow the flats of codimension n - 1, make those they extend, and what all blocks
need in common is the levels below and the signs of the heights.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import comb
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from exactgeo.arrangement.bits import Bools, Floats, Ints, Words
from exactgeo.arrangement.enumerators._filter_minors import NotGeneric
from exactgeo.arrangement.enumerators.flag import Flag, FlagSweep, Level, joined

__all__ = ["GeneralPosition"]


class _Subsets(NamedTuple):
    """What is extended of some flats of one codimension, as in :class:`Level`."""

    basis: Ints
    zero: Words
    minors: Floats
    remove: Ints


class GeneralPosition(FlagSweep):
    """For hyperplanes verified to be ``uniform``; obeys the laws of :class:`FlagSweep`.

    Each region is a set of at most n hyperplanes: those through its lowest vertex. Vertices are numbered by the number
    of the flat of all their hyperplanes but the last, then by that one.

    Parameters
    ----------
    flag : Flag
    keep : bool
        The level of codimension n - 1 too, which :meth:`coatoms` needs. It also proves that F^(n-1) meets no vertex;
        without it every block makes what it needs of this level, and the flag is moved by less than any number.
    """

    def __init__(self, flag: Flag, *, keep: bool = True) -> None:
        super().__init__(flag)
        # Exact floats are of small numbers, and few.
        keep = keep or self.exact
        self.minors.moved = not keep
        free, last = flag.count - flag.first, self.dimension
        totals = [comb(free, order) for order in range(last + 1)]
        for order in range(1, last if keep else last - 1):
            self.levels.append(joined(self._parts(order, totals[order]), totals[order]))
        # Flats of codimension n - 1 in families with the same largest hyperplane: the number of the first flat, the
        # vertices that extend each one, the number of the first of these.
        each = [free - 1 - h for h in range(free)] if last > 1 else [free]
        sizes = [comb(h, last - 2) for h in range(free)] if last > 1 else [1]
        self._first_flat = np.cumsum([0, *sizes[:-1]])
        self._each = np.array(each)
        self._first_vertex = np.cumsum([0, *(a * b for a, b in zip(sizes, each, strict=True))])[:-1]
        self._heights = np.concatenate(list(self._signs_of_heights(last - 1, totals[last - 1])))
        self._split(totals)
        self.blocks = len(self._ranges)

    def complete(self) -> None:
        """Nothing: vertices by number need no level."""

    def _batches(self, low: int, high: int) -> list[Ints]:
        return [np.arange(at, min(high, at + self.flag.batch)) for at in range(low, high, self.flag.batch)]

    def _parts(self, order: int, total: int) -> Iterator[Level]:
        return (self._flats(order, index) for index in self._batches(0, total))

    def _signs_of_heights(self, order: int, total: int) -> Iterator[npt.NDArray[np.int8]]:
        """All flats' minors on the columns of the directions of F^order."""
        columns = range(1, order + 1)
        for index in self._batches(0, total):
            if order:
                parent, rows = self._parents(order, index)
                above = self.levels[order - 1]
                minors = self.minors.extend(order, above.minors.take(parent, axis=1), rows, columns.__contains__)
                heights = minors[self.minors.row(columns)]
                yield self.minors.signs(columns, heights, np.column_stack([above.basis[parent], rows]))
            else:
                yield np.ones(1, dtype=np.int8)

    def _parents(self, order: int, index: Ints) -> tuple[Ints, Ints]:
        """Of subsets by number: the number of each without its maximum, and the maximum."""
        flag = self.flag
        if order < self.dimension:
            starts = np.array([comb(h, order) for h in range(flag.count - flag.first + 1)])
            largest = np.searchsorted(starts, index, side="right") - 1
            return index - starts[largest], largest + flag.first
        family = np.searchsorted(self._first_vertex, index, side="right") - 1
        flat, later = np.divmod(index - self._first_vertex[family], self._each[family])
        return self._first_flat[family] + flat, flag.first + family + (order > 1) + later

    def _subsets(
        self, order: int, above: Level | _Subsets, at: Ints, parent: Ints, rows: Ints, *, extended: bool = True
    ) -> _Subsets:
        """One more hyperplane each, the flats to extend being ``at`` these indices of ``above``; with the minors for
        their signs, and for those they are extended to."""
        flag = self.flag
        only = None if extended else range(order + 1).__contains__
        minors = self.minors.extend(order, above.minors.take(at, axis=1), rows, only)
        basis = np.concatenate([above.basis[at], rows[:, None]], axis=1)
        shift = np.array([comb(max(h - flag.first, 0), order - 1) for h in range(flag.count)])[rows]
        remove = np.concatenate([above.remove[at] + shift[:, None], parent[:, None]], axis=1)
        return _Subsets(basis, above.zero[at] | flag.bits[rows], minors, remove)

    def _signs(self, order: int, subsets: _Subsets) -> tuple[Words, Bools]:
        """The positive hyperplanes at each vertex of the flag's subspace, and whether it lies above."""
        kept, positive, zero, above = self.minors.at_vertices(order, subsets.minors, subsets.basis, subsets.zero)
        if len(kept) != len(subsets.basis) or not np.array_equal(zero, subsets.zero):
            raise NotGeneric
        return positive, above

    def _flats(self, order: int, index: Ints, *, extended: bool = True) -> Level:
        """Subsets by number."""
        parent, rows = self._parents(order, index)
        subsets = self._subsets(order, self.levels[order - 1], parent, parent, rows, extended=extended)
        positive, side = self._signs(order, subsets)
        inner = subsets.minors if extended and order < self.dimension else subsets.minors[:0]
        return Level(subsets.basis, subsets.zero, positive, side, inner, parent, subsets.remove)

    def _block(self, index: int) -> Words:
        order, low, high = self._ranges[index]
        regions = self._at_flats if order < self.dimension else self._at_vertices
        return np.concatenate([regions(order, index) for index in self._batches(low, high)])

    def _at_flats(self, order: int, index: Ints) -> Words:
        """The regions whose lowest vertex lies on some flats, neighbours."""
        kept = order < len(self.levels)
        level, part = (self.levels[order], index) if kept else (self._flats(order, index, extended=False), slice(None))
        words = level.positive[part].copy()
        for row, lower in zip(level.basis[part].T, level.remove[part].T, strict=True):
            words |= self.flag.bits[row] & ~self.levels[order - 1].positive[lower]
        return words

    def _at_vertices(self, order: int, index: Ints) -> Words:
        parent, rows = self._parents(order, index)
        if order - 1 < len(self.levels):
            subsets = self._subsets(order, self.levels[order - 1], parent, parent, rows)
        else:
            flats = np.arange(parent[0], parent[-1] + 1)
            before, largest = self._parents(order - 1, flats)
            above = self._subsets(order - 1, self.levels[order - 2], before, before, largest)
            subsets = self._subsets(order, above, parent - parent[0], parent, rows)
        words, _ = self._signs(order, subsets)
        columns = range(order)
        side = self.minors.signs(columns, subsets.minors[self.minors.row(columns)], subsets.basis)
        for j, (row, lower) in enumerate(zip(subsets.basis.T, subsets.remove.T, strict=True)):
            words |= np.where((side * self._heights[lower] > 0) == (j % 2 == 0), 0, self.flag.bits[row].T).T
        return words

    def coatoms(self, order: int, elements: Ints) -> tuple[Level, Ints, Ints, Ints]:
        """All flats one level down."""
        if order == self.dimension:
            level, flat = self._flats(order, elements), np.arange(len(elements))
        else:
            level, flat = self.levels[order], elements
        return level, flat, np.repeat(np.arange(len(elements)), order), level.remove[flat].reshape(-1)
