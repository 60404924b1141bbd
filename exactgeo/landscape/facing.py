"""The walls of the basins of some levels that lead to basins no higher, many at a time, as arrays.

Most of them have the optimum of one of their two basins, which one comparison of bit masks says, and most of all lead
to what the basin is joined with by one of these already.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from exactgeo.basin.batch import words_of
from exactgeo.basin.census import Census

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from exactgeo.basin.batch import Indices, Numbers, Words

    Bools = npt.NDArray[np.bool_]

__all__ = ["TOGETHER", "Facing", "Ranked", "Wall", "roots_of"]

TOGETHER = 4096
"""Basins whose walls are listed together, and what else is born with them."""

OPEN = -1
"""For the owner of a wall's optimum: no basin at hand says it."""


class Wall(NamedTuple):
    """A wall of a basin that is born at a level, to one that is no higher.

    Attributes
    ----------
    inside, outside : int
        Rows of the census.
    owner : int
        Whose optimum among those of the census is the wall's, at this level; -1: none known.
    first : int
        The same for the first wall of the level with these columns; -1: none known.
    words : bytes
        The columns.
    """

    inside: int
    outside: int
    owner: int
    first: int
    words: bytes

    @property
    def mask(self) -> int:
        """The columns."""
        return int.from_bytes(self.words, "little")


class Ranked:
    """The basins of a complete census by their value.

    Parameters
    ----------
    census : Census
    ranks : array of int32, (optima,)
        Of the value of each optimum.
    levels : int
        How many values there are.
    """

    def __init__(self, census: Census, ranks: npt.NDArray[np.int32], levels: int) -> None:
        import numpy as np

        self.of = ranks[census.table.owners]
        self.order: Indices = np.argsort(self.of, kind="stable")
        self.starts: Indices = np.searchsorted(self.of[self.order], np.arange(levels + 1))

    def after(self, level: int) -> int:
        """The level after those whose basins are looked at together, from this one on."""
        import numpy as np

        last = int(np.searchsorted(self.starts, self.starts[level] + TOGETHER, side="right"))
        return max(level + 1, last - 1)

    def born(self, level: int, end: int) -> Indices:
        """The basins of the levels from one to before another, by level, ascending."""
        found: Indices = self.order[self.starts[level] : self.starts[end]]
        return found


class Facing:
    """The walls of one level after the other, listed many levels at a time, by :meth:`list`.

    Parameters
    ----------
    census : Census
    ranked : Ranked
    parent : array of int32, (basins,)
        A forest that grows meanwhile.
    all : bool
        Whether walls within one of its trees are listed too.

    Attributes
    ----------
    facets : Facets
    owners : array of int32, (basins,)
        Of the census.
    support : array of uint64, (optima, words)
        The columns that each optimum uses.
    undecided : deque of Wall
        Those listed last that no basin's optimum settles, and that join two trees as far as these optima say; in
        order.
    """

    def __init__(self, census: Census, ranked: Ranked, parent: npt.NDArray[np.int32], *, all: bool = False) -> None:
        import numpy as np

        table = census.table
        columns = len(table.reduction.program.columns)
        self.facets, self.owners, self.ranked, self._parent = census.facets, table.owners, ranked, parent
        self._all = all
        self.support, allowed = table.optima.sets(np.arange(len(table.optima)))
        self._barred = words_of([(1 << columns) - 1], columns) & ~allowed
        self._first = 0
        self.undecided: deque[Wall] = deque()
        self._walls: list[Wall] = []
        self._born: list[int] = []
        self._cuts: list[int] = [0]
        self._births: list[int] = [0]

    def walls(self, level: int) -> list[Wall]:
        """Those of a level, in the order of the census."""
        return self._walls[self._cuts[level - self._first] : self._cuts[level - self._first + 1]]

    def born(self, level: int) -> list[int]:
        """The basins that are born at a level, ascending."""
        return self._born[self._births[level - self._first] : self._births[level - self._first + 1]]

    def list(self, level: int, end: int, rows: Indices, born: Indices) -> list[int]:
        """List the walls of some basins of the levels from one to before another, in order; some of them are born.

        Returns
        -------
        list of int
            The levels that have any.
        """
        import numpy as np

        ranks, levels = self.ranked.of, np.arange(level, end + 1)
        self._first, self._born = level, born.tolist()
        self._births = np.searchsorted(ranks[born], levels).tolist()
        item, outside, sets = self.facets.of(rows)
        inside = rows[item]
        rank, other = ranks[inside], ranks[outside]
        # Of two basins of one level the later one lists their wall, or both.
        faced = (other < rank) | ((other == rank) & (outside >= inside))
        inside, outside, sets, rank, other = inside[faced], outside[faced], sets[faced], rank[faced], other[faced]
        owner = self._hints(inside, outside, sets, other == rank)
        first, place = _twins(rank, sets, owner)
        # What an earlier wall of the level has said is known; what a later one says is known then.
        earlier = (owner == OPEN) & (first != OPEN) & (place < np.arange(len(owner)))
        owner = np.where(earlier, first, owner)
        kept = np.arange(len(owner)) if self._all else self._kept(inside, outside, owner)
        ends = roots_of(self._parent, inside[kept]), roots_of(self._parent, outside[kept])
        joining = _joining(*ends, owner[kept] != OPEN, rank[kept])
        if not self._all:
            kept, joining = kept[joining], np.arange(len(joining))
        inside, outside, sets, rank = inside[kept], outside[kept], sets[kept], rank[kept]
        owner, first = owner[kept], first[kept]
        raw, width = np.ascontiguousarray(sets).astype("<u8").tobytes(), 8 * sets.shape[1]
        self._walls = [
            Wall(u, v, mine, other, raw[width * k : width * (k + 1)])
            for k, (u, v, mine, other) in enumerate(
                zip(inside.tolist(), outside.tolist(), owner.tolist(), first.tolist(), strict=True)
            )
        ]
        undecided = joining[(owner[joining] == OPEN) & (first[joining] == OPEN)]
        self.undecided = deque(map(self._walls.__getitem__, undecided.tolist()))
        self._cuts = np.searchsorted(rank, levels).tolist()
        there: list[int] = np.unique(ranks[rows]).tolist()
        return there

    def _hints(self, inside: Indices, outside: Indices, sets: Words, level: Bools) -> Indices:
        """Which of the two optima is the wall's; a wall is no lower than its basins, so one of a lower basin is not."""
        import numpy as np

        found = np.full(len(inside), OPEN, dtype=np.int64)
        for rows, fits in ((outside, level.copy()), (inside, np.ones(len(inside), dtype=bool))):
            owners = self.owners[rows]
            for w in range(sets.shape[1]):
                fits &= ((self.support[owners, w] & ~sets[:, w]) | (self._barred[owners, w] & sets[:, w])) == 0
            found[fits] = owners[fits]
        return found

    def _kept(self, inside: Indices, outside: Indices, owner: Indices) -> Indices:
        """All but the walls to a tree of the forest to which an earlier one of the same basin leads that is known."""
        import numpy as np

        known = owner != OPEN
        key = inside * len(self._parent) + roots_of(self._parent, outside)
        _, back = np.unique(key, return_inverse=True)
        place = np.arange(len(key))
        first = np.full(int(back.max(initial=-1)) + 1, len(key), dtype=np.int64)
        np.minimum.at(first, back[known], place[known])
        return np.flatnonzero(place <= first[back])


def roots_of(parent: npt.NDArray[np.int32], rows: Indices) -> npt.NDArray[np.int32]:
    """The root of the tree of each basin in a forest."""
    root: npt.NDArray[np.int32] = parent[rows]
    while True:
        above = parent[root]
        if (above == root).all():
            return root
        root = above


def _joining(one: npt.NDArray[np.int32], other: npt.NDArray[np.int32], known: Bools, rank: Numbers) -> Indices:
    """The known walls between trees that those before them do not join, and of the others those between trees that the
    known ones up to their level do not join. ``rank`` ascends."""
    import numpy as np

    order = np.lexsort((~known, rank))
    order = order[one[order] != other[order]]
    above: dict[int, int] = {}
    kept = []
    for k, a, b, joins in zip(
        *(part.tolist() for part in (order, one[order], other[order], known[order])), strict=True
    ):
        while (up := above.get(a, a)) != a:
            above[a] = a = above.get(up, up)
        while (up := above.get(b, b)) != b:
            above[b] = b = above.get(up, up)
        if a != b:
            kept.append(k)
            if joins:
                above[a] = b
    return np.sort(np.array(kept, dtype=np.int64))


def _twins(rank: Indices, sets: Words, owner: Indices) -> tuple[Indices, Indices]:
    """For each wall the owner and the place of the first wall of its level with the same columns whose owner is known;
    -1 where there is none."""
    import numpy as np

    key = rank.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for column in sets.T:
        key = (key ^ column) * np.uint64(0xBF58476D1CE4E5B9)
        key ^= key >> np.uint64(32)
    places = np.flatnonzero(owner != OPEN)
    first, place = np.full(len(owner), OPEN), np.full(len(owner), OPEN)
    if len(places):
        values, at = np.unique(key[places], return_index=True)
        found = np.minimum(np.searchsorted(values, key), len(values) - 1)
        twin = places[at[found]]
        # Equal hashes are compared in full.
        same = (rank[twin] == rank) & (sets[twin] == sets).all(axis=1)
        first[same], place[same] = owner[twin[same]], twin[same]
    return first, place
