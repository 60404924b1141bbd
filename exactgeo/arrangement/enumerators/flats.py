"""The flats of any arrangement that meet a flag, codimension by codimension, with the table of their joins.

A flat is reached once, from the flat of its lexicographically first basis without the last element; the zeros at v_X
tell whether that was it. The other flats Y below X follow by index arithmetic: with Y = W v b, b the last of Y's first
basis, and h < b, the join Y v h is (W v h) v b, and the last element of the first basis of W v h is below b.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from exactgeo.arrangement.bits import Ints, lowest
from exactgeo.arrangement.enumerators._filter_minors import NotGeneric
from exactgeo.arrangement.enumerators.flag import Flag, Flats, Level, joined
from exactgeo.executors import Shared, in_order

__all__ = ["FlatsByJoins", "piece_by_piece"]

_LAST = 2
_PARALLEL = -2
_INSIDE = -1

_Piece = tuple[int, int, int, int]

_Joins = npt.NDArray[np.int32]

_MANY = 8
"""Pieces of a level from which on workers find them."""

_Whole = TypeVar("_Whole")
_Part = TypeVar("_Part")
_Answer = TypeVar("_Answer")


def piece_by_piece(
    executor: Executor | None, function: Callable[[_Whole, _Part], _Answer], whole: _Whole, parts: Sequence[_Part]
) -> Iterator[_Answer]:
    """What a function says of all parts of something, in their order: by an executor where they are many.

    Raises
    ------
    NotGeneric
    """
    many = executor is not None and len(parts) >= _MANY
    with Shared(executor if many else None, whole) as shared:
        jobs = ((number, (function, shared, part)) for number, part in enumerate(parts))
        for answer in in_order(executor if many else None, "flats", _unless_special, jobs, 2):
            if answer is None:
                raise NotGeneric
            yield answer


def _unless_special(function: Callable[[_Whole, _Part], _Answer], whole: _Whole, part: _Part) -> _Answer | None:
    try:
        return function(whole, part)
    except NotGeneric:
        return None


class FlatsByJoins:
    """The levels below the last, one that is too large to be kept and is found piece by piece.

    Parameters
    ----------
    levels : list of Level
        That of codimension 0; the others are appended.
    executor : concurrent.futures.Executor, optional
        Finds levels of many pieces.

    Attributes
    ----------
    joins : codimension k -> table, shape (N, count), N the number of flats Y of codimension k - 1
        Index of Y v h at level k; -1: h contains Y, -2: it is parallel.
    last_pieces : int
        Number of pieces of the last level.
    """

    def __init__(self, flag: Flag, levels: list[Level], executor: Executor | None = None) -> None:
        self.flag = flag
        self.levels = levels
        self.joins: dict[int, _Joins] = {}
        for order in range(1, flag.dimension):
            self.levels.append(self._with_joins(order, executor))
        self._last = self._candidates(flag.dimension, _LAST * flag.batch)
        self.last_pieces = len(self._last)

    def last(self, index: int) -> Level:
        """Some of the vertices in special position: nobody keeps them all."""
        order, batch = self.flag.dimension, self.flag.batch
        parent, rows = self._pairs(order, self._last[index])
        parts = [
            self._children(order, parent[low : low + batch], rows[low : low + batch])[0]
            for low in range(0, len(parent), batch)
        ]
        flats = joined(parts, sum(len(part.zero) for part in parts))
        return flats.with_removed(self._removed(flats))

    def _free(self, order: int, low: int, high: int) -> tuple[Ints, Ints]:
        """Flats of codimension order - 1 with each of some hyperplanes that lies later than their first bases and does
        not contain them; sorted by hyperplane."""
        above = self.levels[order - 1]
        rows = np.arange(low, high)
        free = (above.zero[:, rows // 64] & self.flag.bits[rows, rows // 64]) == 0
        if order > 1:
            free &= above.basis[:, -1:] < rows
        pairs = np.flatnonzero(free.T)
        return pairs % len(free), low + pairs // len(free)

    def _candidates(self, order: int, step: int) -> list[_Piece]:
        """Pairs of a flat of codimension order - 1 and a later hyperplane not through it, some ``step`` at a time."""
        pieces: list[_Piece] = []
        count = self.flag.count
        wide = max(1, step // len(self.levels[order - 1].zero))
        for low in range(self.flag.first, count, wide):
            high = min(count, low + wide)
            total = len(self._free(order, low, high)[0])
            pieces += [(low, high, start, start + step) for start in range(0, total, step)]
        return pieces

    def _pairs(self, order: int, piece: _Piece) -> tuple[Ints, Ints]:
        low, high, start, stop = piece
        flats, rows = self._free(order, low, high)
        return flats[start:stop], rows[start:stop]

    def _children(self, order: int, parent: Ints, rows: Ints) -> tuple[Flats, Ints, Ints]:
        """New flats among the candidates; for the others (row, earlier hyperplane or a mark) to find them by."""
        above, minor_table, flag = self.levels[order - 1], self.flag.minors, self.flag
        minors = minor_table.extend(order, above.minors[:, parent], rows)
        basis = np.concatenate([above.basis[parent], rows[:, None]], axis=1)
        known = above.zero[parent] | flag.bits[rows]
        kept, positive, zero, side = minor_table.at_vertices(order, minors, basis, known)
        partner = np.full(len(parent), _PARALLEL)
        partner[kept] = rows[kept]
        extra = zero & ~known[kept]
        early = (extra & flag.before[rows[kept]]).any(axis=1)
        partner[kept[early]] = lowest(extra[early])
        new = kept[~early]
        inner = minors[:, new]
        fresh = zero[~early]
        if order < flag.dimension and extra[~early].any():
            some = np.flatnonzero(extra[~early].any(axis=1))
            minor_table.prove_closed(order, inner[:, some], fresh[some])
        return Flats(basis[new], fresh, positive[~early], side[~early], inner, parent[new]), new, partner

    def sent(self, levels: list[Level], joins: dict[int, _Joins]) -> FlatsByJoins:
        """As much of it as workers need."""
        other = object.__new__(FlatsByJoins)
        other.flag, other.levels, other.joins = self.flag, levels, joins
        return other

    def extended(self, piece: _Piece) -> tuple[Ints, Ints, Flats, Ints, Ints]:
        """Pairs of a flat of the last level and a hyperplane, and what :meth:`_children` says of them."""
        parent, rows = self._pairs(len(self.levels), piece)
        return parent, rows, *self._children(len(self.levels), parent, rows)

    def _with_joins(self, order: int, executor: Executor | None) -> Level:
        """A level, and its table of all joins Y v h."""
        above = self.levels[order - 1]
        count = self.flag.count
        join = np.full((len(above.zero), count), _INSIDE, dtype=np.int32)
        partner = np.full((len(above.zero), count), _INSIDE, dtype=np.int32)
        parts = []
        start = 0
        # Of the levels the last one is read.
        alone = self.sent([above] * order, {})
        pieces = self._candidates(order, self.flag.batch)
        for parent, rows, part, new, mates in piece_by_piece(executor, FlatsByJoins.extended, alone, pieces):
            parts.append(part)
            partner[parent, rows] = mates
            join[parent[new], rows[new]] = start + np.arange(len(new))
            start += len(new)
        flats = joined(parts, sum(len(part.zero) for part in parts))
        join[partner == _PARALLEL] = _PARALLEL
        if order > 1:
            self._other_joins(order, join, partner)
        self.joins[order] = join
        return flats.with_removed(self._removed(flats))

    def _other_joins(self, order: int, join: _Joins, partner: _Joins) -> None:
        """The joins Y v h that are not first reached from Y with h, in place."""
        above, below, flag = self.levels[order - 1], self.joins[order - 1], self.flag
        last = above.basis[:, -1]
        groups = np.searchsorted(last, np.arange(flag.count + 1))
        for b in range(flag.first, flag.count):
            group = np.arange(groups[b], groups[b + 1])
            if not len(group):
                continue
            # Y v h for h < b: through W v h, W = Y without b.
            through = below[above.parent[group], flag.first : b]
            found = join[np.maximum(through, 0), b]
            found[through < 0] = through[through < 0]
            inside = (above.zero[group][:, None, :] & flag.bits[None, flag.first : b]).any(axis=2)
            found[inside] = _INSIDE
            join[group, flag.first : b] = found
            # Y v h for h > b where an earlier hyperplane passes through it too.
            mates = partner[group]
            where = np.argwhere((mates >= 0) & (mates != np.arange(flag.count)))
            join[group[where[:, 0]], where[:, 1]] = join[group[where[:, 0]], mates[where[:, 0], where[:, 1]]]

    def _removed(self, flats: Flats) -> Ints:
        """For each flat and j, the flat one level down spanned by its first basis without the j-th element."""
        order = flats.basis.shape[1]
        if order == 1:
            return flats.parent[:, None]
        rest = self.joins[order - 1][self.levels[order - 1].remove[flats.parent], flats.basis[:, -1:]]
        return np.concatenate([rest, flats.parent[:, None]], axis=1)
