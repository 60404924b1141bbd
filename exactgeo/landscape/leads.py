"""For each basin one wall that has its own optimum and leads before it, by value and by number, where there is one.

A wall with all columns that the optimum of one of its basins uses has that optimum, and is as low as the basin. Which
wall of a basin comes first is found of some thousand basins together, here or by an executor; what it leads to, what
columns it has and whether it has that optimum is looked up here, so nobody else is believed.
"""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exactgeo.basin.facets import FacetArrays
from exactgeo.deadline import Deadline
from exactgeo.errors import TaskLost
from exactgeo.executors import Shared, in_order

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from exactgeo.basin.batch import Indices, Numbers, Words

    Bools = npt.NDArray[np.bool_]
    Kinds = npt.NDArray[np.int8]
    _Blocks = Generator[tuple[int, "Through"], None, None]

__all__ = ["Ground", "Leads", "Through"]

DOWN, BEFORE, AFTER, NONE = range(4)
"""Where a wall leads: to a lower basin, to one of the same value before or after this one, or nowhere that counts."""

BLOCK = 2**15
"""Basins that are looked at together; a task."""

AHEAD = 2
"""Tasks for each process of an executor that are given before the first is waited for."""

MANY = 2**17
"""Basins from which on an executor is asked: what it has to know of them is sent once."""


@dataclass(frozen=True, eq=False)
class Ground:
    """The basins of a complete census by their value: what a process has to know of them.

    Attributes
    ----------
    facets : FacetArrays
    order : array of int64, (basins,)
        By value and then by number.
    ranks, owners : arrays of int32, (basins,)
        Of the value, and the number of the optimum, of each basin.
    support : array of uint64, (optima, words)
        The columns that each optimum uses.
    """

    facets: FacetArrays
    order: Indices
    ranks: Numbers
    owners: Numbers
    support: Words


@dataclass(frozen=True, slots=True)
class Through:
    """A wall of each of some basins: the basin behind it, its columns, and where it leads; NONE where there is none."""

    outside: Indices
    sets: Words
    kind: Kinds

    def __getitem__(self, part: slice) -> Through:
        return Through(self.outside[part], self.sets[part], self.kind[part])


class Leads:
    """The walls of all basins from one on, in the order of their values, as they are asked for; a context.

    Parameters
    ----------
    ground : Ground
    first : int
        The place of the first one in that order.
    executor : Executor, optional
        Asked where basins are many; when it has ended by itself the rest is done here.
    deadline : Deadline, optional
        Until when an executor is waited for.
    """

    def __init__(self, ground: Ground, first: int, executor: Executor | None, deadline: Deadline | None) -> None:
        self._ground, self._next = ground, first
        executor = executor if len(ground.order) - first >= MANY else None
        self._shared = Shared(executor, ground)
        self._found = self._blocks(executor, deadline)
        self._block: Through | None = None
        self._start = self._end = first

    def close(self) -> None:
        """Nobody waits for the rest."""
        self._found.close()
        self._shared.close()

    def take(self, count: int) -> Through:
        """Those of the next basins.

        Raises
        ------
        TimeoutError
            The executor has not said them in time.
        TaskLost
            What it says is no answer.
        """
        import numpy as np

        parts, wanted = [], self._next + count
        while self._next < wanted:
            if self._block is None or self._next == self._end:
                self._start, self._block = next(self._found)
                self._end = self._start + len(self._block.kind)
            end = min(wanted, self._end)
            parts.append(self._block[self._next - self._start : end - self._start])
            self._next = end
        if len(parts) == 1:
            return parts[0]
        return Through(*(np.concatenate([getattr(part, name) for part in parts]) for name in Through.__slots__))

    def _blocks(
        self, executor: Executor | None, deadline: Deadline | None
    ) -> Generator[tuple[int, Through], None, None]:
        """The place of the first basin of each block, and the walls."""
        starts = range(self._next, len(self._ground.order), BLOCK)
        jobs = ((start, (self._shared, start, start + BLOCK)) for start in starts)
        for start, ways in zip(
            starts, in_order(executor, "leads", ways_of, jobs, AHEAD, deadline=deadline), strict=True
        ):
            yield start, looked_up(self._ground, start, start + BLOCK, ways)


def ways_of(ground: Ground, start: int, end: int) -> Numbers:
    """For each basin of a block the number of its wall among the crossings of its neurons; -1 where it has none.

    The first that leads down, else the first that leads before, else after it. The crossings of the first neuron come
    first.
    """
    import numpy as np

    facets, rows = ground.facets, ground.order[start:end]
    choices = facets.numbering.rows(rows)
    support, ranks = ground.support[ground.owners[rows]], ground.ranks[rows]
    found, kind = np.full(len(rows), -1, dtype=np.int32), np.full(len(rows), NONE, dtype=np.int8)
    first = 0
    for i, crossings in enumerate(facets.crossings):
        left = np.flatnonzero(facets.fresh(choices, i) & (kind != DOWN))
        at, ends = crossings.starts[choices[left, i]], crossings.starts[choices[left, i] + 1]
        needed = support[left] & ~facets.others(choices[left], i)
        while True:
            open_ = np.flatnonzero((at < ends) & (kind[left] != DOWN))
            if not len(open_):
                break
            left, at, ends, needed = left[open_], at[open_], ends[open_], needed[open_]
            fits = np.flatnonzero(((needed & ~crossings.shared[at]) == 0).all(axis=1))
            item, pair = left[fits], at[fits]
            leads = _kinds(ground, rows[item], ranks[item], facets.behind(choices[item], i, pair))
            better = leads < kind[item]
            found[item[better]], kind[item[better]] = first + pair[better], leads[better]
            at = at + 1
        first += len(crossings.targets)
    return found


def _kinds(ground: Ground, rows: Indices, ranks: Numbers, behind: Indices) -> Kinds:
    """Where walls lead that have the optimum of their basin."""
    import numpy as np

    other = ground.ranks[behind]
    level = np.where(behind < rows, BEFORE, np.where(behind > rows, AFTER, NONE))
    kinds: Kinds = np.where(other < ranks, DOWN, np.where(other == ranks, level, NONE)).astype(np.int8)
    return kinds


def looked_up(ground: Ground, start: int, end: int, ways: Any) -> Through:
    """The walls that :func:`ways_of` says, from anywhere.

    Raises
    ------
    TaskLost
        They are none, or have another optimum.
    """
    import numpy as np

    facets, rows = ground.facets, ground.order[start:end]
    sizes = [len(crossings.targets) for crossings in facets.crossings]
    shape = isinstance(ways, np.ndarray) and ways.dtype == np.int32 and ways.shape == rows.shape
    if not shape or (len(ways) and not -1 <= ways.min() <= ways.max() < sum(sizes)):
        raise TaskLost(f"leads {start}", f"a {type(ways).__name__} that is no answer")
    choices, support, ranks = facets.numbering.rows(rows), ground.support[ground.owners[rows]], ground.ranks[rows]
    outside, sets = np.zeros(len(rows), dtype=np.int64), np.zeros_like(support)
    kind = np.full(len(rows), NONE, dtype=np.int8)
    first = 0
    for i, (crossings, size) in enumerate(zip(facets.crossings, sizes, strict=True)):
        item = np.flatnonzero((ways >= first) & (ways < first + size))
        pair, mine = ways[item] - first, choices[item]
        choice = mine[:, i]
        sets[item] = facets.others(mine, i) | crossings.shared[pair]
        theirs = (crossings.starts[choice] <= pair) & (pair < crossings.starts[choice + 1])
        outside[item] = facets.behind(mine, i, pair)
        kind[item] = _kinds(ground, rows[item], ranks[item], outside[item])
        if not theirs.all() or (support[item] & ~sets[item]).any():
            raise TaskLost(f"leads {start}", "walls with an optimum that is not theirs")
        first += size
    return Through(outside, sets, kind)
