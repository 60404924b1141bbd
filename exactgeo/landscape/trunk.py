"""The trunk of a merge tree: its largest component, and the basins that join it at their own value, as arrays.

A wall with all columns that the optimum of one of its basins uses has that optimum, and is as low as the basin. Nearly
every basin has such a wall to one that comes before it, by value and then by number. Where these walls lead down to the
trunk, the basin is in the trunk from its own value on. Where nothing outside the trunk is next to it either, no other
wall of it joins anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exactgeo.landscape.facing import TOGETHER, Facing, roots_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from exactgeo.basin.batch import Indices, Words

    Bools = npt.NDArray[np.bool_]

__all__ = ["Joined", "Trunk"]

DOWN, BEFORE, AFTER, NONE = range(4)
"""Where a wall leads: to a lower basin, to one of the same value before or after this one, or nowhere that counts."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Basins that join the trunk at their own value, by value, each by one wall; together these close no circle.

    Attributes
    ----------
    inside, outside : arrays of int64, (basins,)
    sets : array of uint64, (basins, words)
        The columns of the walls.
    ranks : array of int32, (basins,)
        Of the values.
    """

    inside: Indices
    outside: Indices
    sets: Words
    ranks: npt.NDArray[np.int32]

    def first(self, end: int) -> Joined:
        """Those of a rank below ``end``."""
        last = int(self.ranks.searchsorted(end))
        return Joined(self.inside[:last], self.outside[:last], self.sets[:last], self.ranks[:last])


class Trunk:
    """The largest component of those that the first basins make, as it grows.

    Parameters
    ----------
    facing : Facing
        Of all basins.
    parent : array of int32, (basins,)
        The forest of all components, which grows meanwhile; basins that join the trunk here are entered.
    born : array of int64
        The basins so far.
    """

    def __init__(self, facing: Facing, parent: npt.NDArray[np.int32], born: Indices) -> None:
        import numpy as np

        self._facets, self._owners, self._support = facing.facets, facing.owners, facing.support
        self._ranks, self._parent = facing.ranked.of, parent
        roots, sizes = np.unique(roots_of(parent, born), return_counts=True)
        self.basin = int(roots[sizes.argmax()])
        # By basin: whether one outside the trunk is next to it, as far as that may matter.
        self._beside = np.zeros(len(parent), dtype=bool)
        self._outside, self._told = np.zeros(0, dtype=np.int64), 0
        self._at = np.full(len(parent), -1, dtype=np.int32)
        self.look(born)

    def look(self, born: Indices) -> None:
        """After some basins were born, and walls opened: which basins are outside the trunk."""
        import numpy as np

        before = len(self._outside)
        self._outside = self._without(np.concatenate([self._outside, born]))
        if 2 * len(self._outside) < self._told or not before:
            # What has joined the trunk is no reason to look at its neighbours.
            self._beside[:] = False
            self._tell(self._outside)
            self._told = len(self._outside)
        self._told = max(self._told, len(self._outside))

    def _without(self, rows: Indices) -> Indices:
        import numpy as np

        roots = roots_of(self._parent, np.append(rows, self.basin))
        found: Indices = rows[roots[:-1] != roots[-1]]
        return found

    def _tell(self, rows: Indices) -> None:
        for first in range(0, len(rows), TOGETHER):
            self._beside[self._facets.of(rows[first : first + TOGETHER])[1]] = True

    def split(self, rows: Indices) -> tuple[Indices, Indices, Joined]:
        """Of the basins of the next values, in order: those with walls to look at; those that are not joined to the
        trunk; the others, joined.

        They are in the forest before their time: nobody lists a wall to a basin of a higher value than its own.
        """
        import numpy as np

        outside, sets, kind = self._walls(rows)
        # Each basin leads to another one of these, or to the trunk, or to something else.
        other, trunk = len(rows), len(rows) + 1
        self._at[rows] = np.arange(len(rows))
        leads = np.concatenate([np.where(kind < NONE, self._at[outside], other), [other, trunk]])
        beyond = np.flatnonzero(leads[:other] < 0)
        roots = roots_of(self._parent, np.append(outside[beyond], self.basin))
        leads[beyond] = np.where(roots[:-1] == roots[-1], trunk, other)
        self._at[rows] = -1
        ends = leads
        for _ in range(len(rows).bit_length() + 1):
            ends = ends[ends]
        loose = ends[:other] != trunk
        self._tell(rows[loose])
        there = np.flatnonzero(~loose)
        joined = Joined(rows[there], outside[there], sets[there], self._ranks[rows[there]])
        self._parent[joined.inside] = roots[-1]
        return rows[loose | self._beside[rows]], rows[loose], joined

    def _walls(self, rows: Indices) -> tuple[Indices, Words, npt.NDArray[np.int8]]:
        """For each basin the first wall of its own value that leads down, else to one of its value: what is behind, the
        columns, and where it leads."""
        import numpy as np

        ranks, support = self._ranks[rows], self._support[self._owners[rows]]
        outside, kind = np.zeros(len(rows), dtype=np.int64), np.full(len(rows), NONE, dtype=np.int8)
        sets = np.zeros_like(support)
        steps = self._facets.through(rows, support)
        done = None
        while True:
            try:
                item, behind, columns = next(steps) if done is None else steps.send(done)
            except StopIteration:
                return outside, sets, kind
            rank, mine, own = self._ranks[behind], rows[item], ranks[item]
            level = np.where(behind < mine, BEFORE, np.where(behind > mine, AFTER, NONE))
            leads = np.where(rank < own, DOWN, np.where(rank == own, level, NONE)).astype(np.int8)
            better = leads < kind[item]
            at = item[better]
            outside[at], sets[at], kind[at] = behind[better], columns[better], leads[better]
            done = kind == DOWN
