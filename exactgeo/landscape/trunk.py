"""The trunk of a merge tree: its largest component, and the basins that join it at their own value, as arrays.

Nearly every basin has a wall of its own value to one that comes before it (:mod:`.leads`). Where these walls lead down
to the trunk, the basin is in the trunk from its own value on. Where nothing outside the trunk is next to it either, no
other wall of it joins anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exactgeo.landscape.facing import TOGETHER, Facing, roots_of
from exactgeo.landscape.leads import NONE, Through

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from exactgeo.basin.batch import Indices, Words

    Bools = npt.NDArray[np.bool_]

__all__ = ["Joined", "Trunk"]


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

        self._facets, self._ranks, self._parent = facing.facets, facing.ranked.of, parent
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

    def split(self, rows: Indices, through: Through) -> tuple[Indices, Indices, Joined]:
        """Of the basins of the next values, in order: those with walls to look at; those that are not joined to the
        trunk; the others, joined. ``through`` are walls of theirs.

        They are in the forest before their time: nobody lists a wall to a basin of a higher value than its own.
        """
        import numpy as np

        outside, sets = through.outside, through.sets
        # Each basin leads to another one of these, or to the trunk, or to something else.
        other, trunk = len(rows), len(rows) + 1
        self._at[rows] = np.arange(len(rows))
        leads = np.concatenate([np.where(through.kind < NONE, self._at[outside], other), [other, trunk]])
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
