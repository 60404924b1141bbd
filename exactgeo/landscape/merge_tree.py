"""The merge tree of basins and walls: Kruskal's minimum-bottleneck spanning tree, level by level.

A component of {L <= alpha} is a connected set of basins and walls with infimum <= alpha: closed basins have connected
sublevel sets, and around any common point the basins that contain it are joined through facets that contain it.
At each level all births come first, then all walls of that value, then the components that changed get one node each:
ties need no order. A wall whose basins are joined already is never solved.
"""

from __future__ import annotations

import heapq
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from exactgeo.basin.census import Census
from exactgeo.basin.table import Levels
from exactgeo.deadline import Deadline
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import exact, order
from exactgeo.landscape.facing import Facing, Ranked, Wall
from exactgeo.landscape.forest import Forest, FullForest
from exactgeo.landscape.leads import Ground, Leads
from exactgeo.landscape.permutations import Perm, PermutationGroup, compose, inverse
from exactgeo.landscape.trunk import Joined, Trunk
from exactgeo.landscape.walls import Walls

if TYPE_CHECKING:
    from exactgeo.basin.batch import Indices

__all__ = ["Edge", "Entries", "Node", "Tree", "grow"]

Progress = Callable[[int, int], None]

STEP = 256
"""Basins between two looks at the clock."""

AHEAD = 64
"""Walls that are solved together: the one that is needed, and the next ones that may be."""


class Edge(NamedTuple):
    """A wall of the spanning tree: two indices in the census, the columns of the facet, its value."""

    one: int
    other: int
    mask: int
    value: Fraction


@dataclass(slots=True)
class Node:
    """A component at the level where it is born, or where others merge into it.

    Attributes
    ----------
    level, minimum : Fraction
        ``minimum`` is the least value of a basin in it.
    children : list of (node, permutation)
        The permutation takes the child's representative into the component of this node's.
    basins : list of indices in the census that joined here, at their own value
    parent, offset : the same link from below
    group : PermutationGroup or None
        The permutations that map the component to itself; None when the full space is not asked for.
    escape : Fraction or None
        Of a leaf: the least level at which its component holds something lower.
    """

    level: Fraction
    minimum: Fraction
    children: list[tuple[int, Perm]] = field(default_factory=list)
    basins: list[int] = field(default_factory=list)
    parent: int | None = None
    offset: Perm = ()
    group: PermutationGroup | None = None
    escape: Fraction | None = None


class Entries:
    """For each basin a node, -1 for none, and a permutation."""

    def __init__(self, basins: int) -> None:
        # An array: one object a basin would not fit at a million of them.
        self._nodes = array("i", [-1]) * basins
        self._perms: dict[int, Perm] = {}

    def __getitem__(self, basin: int) -> tuple[int, Perm]:
        return self._nodes[basin], self._perms.get(basin, ())

    def __setitem__(self, basin: int, entry: tuple[int, Perm]) -> None:
        self._nodes[basin], perm = entry
        if perm:
            self._perms[basin] = perm

    def enter(self, basins: Indices, node: int) -> None:
        """Many basins at one node, without permutations."""
        import numpy as np

        np.frombuffer(self._nodes, dtype=np.int32)[basins] = node

    def cut(self, keep: int) -> None:
        """Forget all nodes but the first ones."""
        self._nodes = array("i", [-1 if node >= keep else node for node in self._nodes])


class _Values(Sequence[Fraction]):
    """The values of basins, ascending, read as they are asked for."""

    def __init__(self, levels: Levels) -> None:
        self._levels = levels

    def below(self, value: Fraction) -> int:
        """How many are less."""
        return self._levels.below(value)

    def __len__(self) -> int:
        return len(self._levels)

    @overload
    def __getitem__(self, index: int) -> Fraction: ...
    @overload
    def __getitem__(self, index: slice) -> list[Fraction]: ...
    def __getitem__(self, index: int | slice) -> Fraction | list[Fraction]:
        if isinstance(index, slice):
            return [exact(value) for value, _ in self._levels[index]]
        return exact(self._levels[index][0])


class Edges(Sequence[Edge]):
    """Walls in order; those of basins that join a trunk are arrays until somebody asks for one.

    Parameters
    ----------
    levels : sequence of Fraction
        The values of basins.
    """

    def __init__(self, levels: Sequence[Fraction]) -> None:
        self._levels = levels
        self._single: list[Edge] = []
        self._keys: list[int] = []
        self._joined: list[Joined] = []

    def append(self, edge: Edge, key: int) -> None:
        """One wall; ``key`` is twice the rank of its value, less 1 where no basin has it."""
        self._single.append(edge)
        self._keys.append(key)

    def extend(self, joined: Joined) -> None:
        """Those of basins that join the trunk."""
        self._joined.append(joined)

    def __len__(self) -> int:
        return len(self._single) + sum(len(part.inside) for part in self._joined)

    @overload
    def __getitem__(self, index: int) -> Edge: ...
    @overload
    def __getitem__(self, index: slice) -> list[Edge]: ...
    def __getitem__(self, index: int | slice) -> Edge | list[Edge]:
        return list(self)[index]

    def __iter__(self) -> Iterator[Edge]:
        import numpy as np

        joined = self._joined
        if not joined:
            yield from self._single
            return
        keys = np.concatenate([np.array(self._keys, dtype=np.int64), *(2 * part.ranks for part in joined)])
        inside, outside, ranks = (
            np.concatenate([getattr(part, name) for part in joined]).tolist() for name in ("inside", "outside", "ranks")
        )
        sets, levels = np.concatenate([part.sets for part in joined]), self._levels[:]
        for k in np.argsort(keys, kind="stable").tolist():
            at = k - len(self._single)
            if at < 0:
                yield self._single[k]
            else:
                mask = int.from_bytes(sets[at].tobytes(), "little")
                yield Edge(inside[at], outside[at], mask, levels[ranks[at]])


@dataclass
class Tree:
    """What :func:`grow` found.

    Attributes
    ----------
    nodes : list of Node, by level; children before their parent
    entry : Entries
        For each basin its node and the permutation that takes its representative into the component of the node's.
    edges : sequence of Edge
        The spanning forest, by value.
    universe : all permutations, or None
    level : Fraction or None
        Everything strictly below this level is known: where the work stands, or stood when the time ran out. None
        before anything is known.
    complete : bool
        Whether everything is known.
    opened : sequence of Edge
        The spanning forest and, in the full space, the walls that joined copies of one component.
    """

    nodes: list[Node]
    entry: Entries
    edges: Sequence[Edge]
    universe: PermutationGroup | None
    level: Fraction | None = None
    complete: bool = False
    opened: Sequence[Edge] = field(default_factory=list)

    def cut(self) -> None:
        """Forget what an interrupted level left half done."""
        level = self.level
        keep = 0 if level is None else sum(node.level < level for node in self.nodes)
        del self.nodes[keep:]
        for node in self.nodes:
            if node.parent is not None and node.parent >= keep:
                node.parent, node.offset = None, ()
            if level is not None and node.escape is not None and node.escape >= level:
                node.escape = None
        self.entry.cut(keep)
        self.edges = [edge for edge in self.edges if level is not None and edge.value < level]


class _Grower:
    def __init__(
        self, census: Census, walls: Walls, full: bool, executor: Executor | None, deadline: Deadline | None
    ) -> None:
        self.census, self.walls = census, walls
        self.executor, self.deadline = executor, deadline
        self.forest = FullForest(census) if full else Forest(len(census))
        sizes = [len(group.neurons) for group in census.reduction.exchangeable]
        self.universe = _symmetric(sizes) if full else None
        self.tree = Tree([], Entries(len(census)), [], self.universe)
        self.open: dict[int, list[int]] = {}
        self.touched: set[int] = set()
        # Births level by level: those before ``step`` are done. Walls wait until their level comes.
        self.step = self.born = self.listed = 0
        # The levels before ``step`` that are not done yet; the basins of them that joined the trunk, and its nodes by
        # the rank from which on they are it.
        self.births: deque[int] = deque()
        # ``listed`` is the first level of them.
        self.leads: Leads | None = None
        self.trunk: Trunk | None = None
        self.joined: Joined | None = None
        self.nodes: list[tuple[int, int]] = []
        self.waiting: list[tuple[tuple[float, Fraction], int, int, int]] = []

    def rank(self) -> None:
        """Sort the basins by their values."""
        levels = self.census.table.values
        if not isinstance(levels, Levels):
            raise InternalError("a landscape over enclosures")
        self.levels = _Values(levels)
        self.ranked = Ranked(self.census, levels.ranks, len(levels))
        self.facing = Facing(self.census, self.ranked, self.forest.parents, all=self.forest.full)
        self.edges = Edges(self.levels)
        self.tree.edges = self.edges
        self.opened: list[Edge] = []
        self.tree.opened = self.opened if self.forest.full else self.edges

    def next_level(self) -> Fraction | None:
        """The next value of a basin or of a wall that waits; None when nothing can change any more."""
        while not self.births and self.step < len(self.levels):
            if self.waiting and self.waiting[0][0] < order(self.levels[self.step]):
                return self.waiting[0][0][1]
            self.ahead()
        if not self.births:
            self.leave()
            return None if not self.waiting or self.forest.whole(self.universe) else self.waiting[0][0][1]
        birth = self.levels[self.births[0]]
        return birth if not self.waiting or order(birth) <= self.waiting[0][0] else self.waiting[0][0][1]

    def ahead(self) -> None:
        """List the basins of the next levels, and their walls; most join the trunk, once there is one."""
        first, end = self.step, self.ranked.after(self.step)
        rows = born = self.ranked.born(first, end)
        if not self.forest.full and first:
            if self.leads is None:
                self.leads = Leads(self.ground(), int(self.ranked.starts[first]), self.executor, self.deadline)
            through = self.leads.take(len(rows))
            before = self.ranked.born(0 if self.trunk is None else self.listed, first)
            self.leave()
            if self.trunk is None:
                self.trunk = Trunk(self.facing, self.forest.parents, before)
            else:
                self.trunk.look(before)
            rows, born, self.joined = self.trunk.split(rows, through)
            self.nodes = [(first, self.trunk_node(self.trunk))]
            self.born += len(self.joined.inside)
        self.births.extend(self.facing.list(first, end, rows, born))
        self.step, self.listed = end, first

    def ground(self) -> Ground:
        """What is to be known where walls of basins are looked for."""
        facing, ranked = self.facing, self.ranked
        return Ground(facing.facets.arrays, ranked.order, ranked.of, facing.owners, facing.support)

    def close(self) -> None:
        """Nothing more is asked."""
        if self.leads is not None:
            self.leads.close()

    def trunk_node(self, trunk: Trunk) -> int:
        """The node of the trunk."""
        return self.forest.parts[self.forest.find(trunk.basin)][0][0]

    def leave(self, below: Fraction | None = None) -> None:
        """Enter the basins that joined the trunk where they belong, those of a value below some level."""
        import numpy as np

        if self.joined is None:
            return
        joined, self.joined = self.joined, None
        if below is not None:
            joined = joined.first(self.levels.below(below))
        self.edges.extend(joined)
        cuts = [*np.searchsorted(joined.ranks, [rank for rank, _ in self.nodes]).tolist(), len(joined.ranks)]
        for (_, node), start, end in zip(self.nodes, cuts, cuts[1:], strict=False):
            self.tree.entry.enter(joined.inside[start:end], node)
            self.tree.nodes[node].basins += joined.inside[start:end].tolist()

    def open_births(self, level: Fraction) -> Iterator[int]:
        """The basins of a level and their walls of that value; their higher walls wait. Yields as :func:`_levels`."""
        forest, walls = self.forest, self.walls
        rank = self.births[0]
        faced = self.facing.walls(rank)
        born = self.facing.born(rank)
        for u in born:
            forest.birth(u)
            self.touched.add(u)
        for k in range(self.born // STEP + 1, (self.born + len(born)) // STEP + 1):
            yield k * STEP
        self.born += len(born)
        # What the optima of basins say comes first: it leaves less to solve.
        for wall in sorted(faced, key=lambda wall: wall.owner < 0):
            u, v = wall.inside, wall.outside
            if forest.joined(u, v):
                continue
            if wall.owner >= 0 or wall.first >= 0:
                self.open_wall(wall, level)
                continue
            fresh = walls.solved
            value = self.value_of(wall)
            if value == level:
                self.open_wall(wall, level)
            else:
                heapq.heappush(self.waiting, (order(value), u, v, wall.mask))
            if walls.solved > fresh:
                yield self.born
        self.births.popleft()

    def value_of(self, wall: Wall) -> Fraction:
        """The value of a wall; where it has to be solved, so are the next ones that may have to be."""
        if self.walls.known(wall.mask, ()) is None:
            masks, undecided = [wall.mask], self.facing.undecided
            while undecided and len(masks) < AHEAD:
                other = undecided.popleft()
                if not self.forest.joined(other.inside, other.outside):
                    masks.append(other.mask)
            self.walls.ahead(masks)
        return self.walls.value(wall.mask)

    def open_walls(self, level: Fraction) -> None:
        """The walls that waited for a level."""
        if not self.waiting or self.waiting[0][0][1] != level:
            return
        rank = self.levels.below(level)
        key = 2 * rank - (rank == len(self.levels) or self.levels[rank] != level)
        while self.waiting and self.waiting[0][0][1] == level:
            _, u, v, mask = heapq.heappop(self.waiting)
            if not self.forest.joined(u, v):
                self._join(u, v, mask, level, key)

    def open_wall(self, wall: Wall, value: Fraction) -> None:
        """A wall of the level whose births are open."""
        mask = wall.mask
        if wall.first not in (-1, wall.owner):
            # The proof of the first wall with these columns is that of all.
            self.walls.known(mask, (self.census.table.optima[wall.first],))
        self._join(wall.inside, wall.outside, mask, value, 2 * self.births[0])

    def _join(self, u: int, v: int, mask: int, value: Fraction, key: int) -> None:
        root, merged = self.forest.join(u, v)
        self.touched.add(root)
        edge = Edge(u, v, mask, value)
        if self.forest.full:
            self.opened.append(edge)
        if merged:
            self.edges.append(edge, key)

    def close_level(self, level: Fraction) -> None:
        """One node for each component that changed at this level."""
        forest, nodes = self.forest, self.tree.nodes
        for root in sorted(set(map(forest.find, self.touched))):
            parts, fresh = forest.parts[root], forest.fresh[root]
            group = forest.group(root)
            if len(parts) == 1 and (group is None or len(group) == len(nodes[parts[0][0]].group or ())):
                index, offset = parts[0]
            else:
                minimum = min((nodes[k].minimum for k, _ in parts), default=level)
                index, offset = len(nodes), forest.unit
                nodes.append(Node(level, minimum, list(parts), group=group))
                waiting: list[int] = []
                for k, t in parts:
                    nodes[k].parent, nodes[k].offset = index, t
                    if nodes[k].minimum > minimum:
                        for leaf in self.open.pop(k):
                            nodes[leaf].escape = level
                    else:
                        waiting += self.open.pop(k)
                self.open[index] = waiting if parts else [index]
                forest.parts[root] = [(index, forest.unit)]
            back, entry = inverse(offset), (index, offset)
            for u in fresh:
                if forest.full:
                    # offset takes the node's representative to the root's; undo it.
                    entry = index, compose(back, forest.perm(u))
                self.tree.entry[u] = entry
            nodes[index].basins += fresh
            forest.fresh[root] = []
        self.touched.clear()
        if self.trunk is not None and (node := self.trunk_node(self.trunk)) != self.nodes[-1][1]:
            self.nodes.append((self.levels.below(level), node))


def _symmetric(sizes: list[int]) -> PermutationGroup:
    size, shift, generators = sum(sizes), 0, []
    for length in sizes:
        for i in range(shift + 1, shift + length):
            swap = list(range(size))
            swap[i], swap[i - 1] = i - 1, i
            generators.append(tuple(swap))
        shift += length
    return PermutationGroup.trivial(size).joined(generators)


def grow(
    census: Census,
    walls: Walls,
    *,
    full: bool,
    executor: Executor | None = None,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Tree:
    """The merge tree of a complete census.

    Parameters
    ----------
    census : Census
        Complete, with exact values.
    walls : Walls
    full : bool
        Follow the permutations as well.
    executor : Executor, optional
        Asked for a wall of its own value of each basin, where they are many.
    seconds : float, optional
        Afterwards the tree is what is known below :attr:`Tree.level`; Ctrl-C ends it the same way.
    progress : callable (done, total), optional
        Called as basins are born.

    Returns
    -------
    Tree
        Cost: one pass over the facets of all orbits; a solve of some 50 microseconds, many at a time, for each wall
        that may join two components and has its value from no basin.

    Raises
    ------
    TaskLost
        The executor gives what is no answer.
    """
    deadline = None if seconds is None else Deadline.after(seconds)
    grower = _Grower(census, walls, full, executor, deadline)
    try:
        for done in _levels(grower):
            if progress is not None:
                progress(done, len(census))
            if deadline is not None and not deadline.left:
                break
        else:
            grower.tree.complete = True
    except (KeyboardInterrupt, TimeoutError):
        pass
    finally:
        grower.close()
    if not grower.tree.complete:
        if grower.tree.level is not None:
            grower.leave(grower.tree.level)
        grower.tree.cut()
    return grower.tree


def _levels(grower: _Grower) -> Iterator[int]:
    """Open the levels one after the other; yields the number of basins born wherever the work may end."""
    tree = grower.tree
    yield 0
    grower.rank()
    while (level := grower.next_level()) is not None:
        tree.level = level
        yield grower.born
        if grower.births and grower.levels[grower.births[0]] == level:
            yield from grower.open_births(level)
        grower.open_walls(level)
        grower.close_level(level)


def sublevel_components(graph: Any, level: Fraction) -> list[set[Any]]:
    """The connected sets of {loss <= level}, each as the nodes of the merge tree that are in it.

    Examples
    --------
    >>> import exactgeo as eg
    >>> graph = eg.landscape(eg.load("swirszcz-prop1")).merge_tree
    >>> [len(sublevel_components(graph, Fraction(q))) for q in (13, 14, 20, 21, 22)]
    [0, 1, 2, 2, 1]
    """
    found = []
    for node, data in graph.nodes(data=True):
        above = [graph.nodes[parent]["level"] for parent in graph.predecessors(node)]
        if data["level"] <= level and not any(q <= level for q in above):
            part, pending = set(), [node]
            while pending:
                part.add(pending[-1])
                pending += graph.successors(pending.pop())
            found.append(part)
    return found
