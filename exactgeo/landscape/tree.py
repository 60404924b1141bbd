"""The merge tree of basins and walls: Kruskal's minimum-bottleneck spanning tree, level by level.

A component of {L <= alpha} is a connected set of basins and walls with infimum <= alpha: closed basins have connected
sublevel sets, and around any common point the basins that contain it are joined through facets that contain it.
At each level all births come first, then all walls of that value, then the components that changed get one node each:
ties need no order. A wall whose basins are joined already is never solved.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from exactgeo.basin.census import Census
from exactgeo.landscape.symmetry import (
    Group,
    Perm,
    compose,
    identity,
    inverse,
    replaced,
    sorter,
    stabiliser,
)
from exactgeo.landscape.walls import Walls, exact, order

__all__ = ["Edge", "Node", "Tree", "grow"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Edge:
    """A wall of the spanning tree: two places in the census, the columns of the facet, its value as a sum."""

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
        Sums over the data; ``minimum`` is the least value of a basin in it.
    children : list of (node, permutation)
        The permutation takes the child's representative into the component of this node's.
    basins : list of places in the census that joined here, at their own value
    parent, offset : the same link from below
    group : Group or None
        The permutations that map the component to itself; None when the full space is not asked for.
    visible : bool
        False: only the group grew. Two copies met; modulo permutation nothing happened.
    escape : Fraction or None
        Of a leaf: the least level at which its component holds something lower.
    """

    level: Fraction
    minimum: Fraction
    children: list[tuple[int, Perm]] = field(default_factory=list)
    basins: list[int] = field(default_factory=list)
    parent: int | None = None
    offset: Perm = ()
    group: Group | None = None
    visible: bool = True
    escape: Fraction | None = None


@dataclass
class Tree:
    """What :func:`grow` found.

    Attributes
    ----------
    nodes : list of Node, by level; children before their parent
    entry : for each basin its node and the permutation that takes its representative into the component of the node's
    edges : the spanning forest, by value
    universe : all permutations, or None
    level : Fraction or None
        When the time ran out: everything strictly below this level is known. None when complete.
    """

    nodes: list[Node]
    entry: list[tuple[int, Perm]]
    edges: list[Edge]
    universe: Group | None
    level: Fraction | None = None


class _Forest:
    """Union-find over the basins; each link carries the permutation that takes the child's representative into the
    component of its parent's."""

    def __init__(self, census: Census, full: bool) -> None:
        self.full = full
        self.choices = [basin.choice for basin in census]
        self.size = sum(map(len, self.choices[0])) if full and self.choices else 0
        self.unit = identity(self.size)
        self.parent = list(range(len(self.choices)))
        self.link: list[Perm] = [self.unit] * len(self.choices)
        self.group: dict[int, Group] = {}
        self.parts: dict[int, list[tuple[int, Perm]]] = {}
        self.fresh: dict[int, list[int]] = {}
        self._trivial = Group.trivial(self.size)
        self._stabilisers: dict[tuple[Perm, ...], Group] = {}

    def birth(self, u: int) -> None:
        self.parts[u], self.fresh[u] = [], [u]
        if self.full:
            generators = tuple(stabiliser(self.choices[u]))
            if generators not in self._stabilisers:
                self._stabilisers[generators] = self._trivial.joined(generators)
            self.group[u] = self._stabilisers[generators]

    def find(self, u: int) -> tuple[int, Perm]:
        path = []
        while self.parent[u] != u:
            path.append(u)
            u = self.parent[u]
        perm = self.unit
        for w in reversed(path):
            if self.full:
                perm = self.link[w] = compose(perm, self.link[w])
            self.parent[w] = u
        return u, perm

    def _crossing(self, u: int, v: int) -> Perm:
        """g such that a wall leads from u's representative to g times v's: one slot of u replaced by one of v."""
        crossed = []
        for here, there in zip(self.choices[u], self.choices[v], strict=True):
            part = list(here)
            if here != there:
                old, new = replaced(here, there)
                part[part.index(old)] = new
            crossed.append(part)
        return sorter(crossed)

    def relation(self, u: int, v: int) -> tuple[int, int, Perm]:
        """Roots r, s of u and v, and h such that the wall joins r's representative to h times s's."""
        r, p = self.find(u)
        s, q = self.find(v)
        if not self.full:
            return r, s, ()
        return r, s, compose(compose(p, self._crossing(u, v)), inverse(q))

    def joined(self, u: int, v: int) -> bool:
        """Whether the wall between u and v would change nothing."""
        if not self.full:
            return self.find(u)[0] == self.find(v)[0]
        r, s, h = self.relation(u, v)
        return r == s and h in self.group[r]

    def join(self, u: int, v: int) -> tuple[int, bool]:
        """Open a wall: the root of the joined component, and whether two components became one."""
        r, s, h = self.relation(u, v)
        if r == s:
            if self.full:
                self.group[r] = self.group[r].joined([h])
            return r, False
        self.parent[s], self.link[s] = r, h
        self.fresh[r] += self.fresh.pop(s)
        moved = self.parts.pop(s)
        if self.full:
            back = inverse(h)
            self.group[r] = self.group[r].joined(compose(compose(h, g), back) for g in self.group.pop(s).generators)
            moved = [(node, compose(h, t)) for node, t in moved]
        self.parts[r] += moved
        return r, True


class _Grower:
    def __init__(self, census: Census, walls: Walls, full: bool) -> None:
        self.census, self.walls = census, walls
        self.forest = _Forest(census, full)
        sizes = [len(group.neurons) for group in census.cells.groups]
        self.universe = _symmetric(sizes) if full else None
        self.tree = Tree([], [(-1, ())] * len(census), [], self.universe)
        self.open: dict[int, list[int]] = {}
        self.touched: set[int] = set()

    def open_wall(self, u: int, v: int, mask: int, value: Fraction) -> None:
        root, merged = self.forest.join(u, v)
        self.touched.add(root)
        if merged:
            self.tree.edges.append(Edge(u, v, mask, value))

    def close_level(self, level: Fraction) -> None:
        """One node for each component that changed at this level."""
        forest, nodes = self.forest, self.tree.nodes
        for root in sorted({forest.find(u)[0] for u in self.touched}):
            parts, fresh = forest.parts[root], forest.fresh[root]
            group = forest.group.get(root)
            if len(parts) == 1 and (group is None or len(group) == len(nodes[parts[0][0]].group or ())):
                index, offset = parts[0]
            else:
                minimum = min((nodes[k].minimum for k, _ in parts), default=level)
                index, offset = len(nodes), forest.unit
                nodes.append(Node(level, minimum, list(parts), group=group, visible=len(parts) != 1))
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
            back = inverse(offset)
            for u in fresh:
                # offset takes the node's representative to the root's; undo it.
                perm = forest.find(u)[1]
                self.tree.entry[u] = (index, compose(back, perm))
            nodes[index].basins += fresh
            forest.fresh[root] = []
        self.touched.clear()

    def finished(self) -> bool:
        """Whether no wall can change anything any more (all basins born)."""
        if len(self.forest.parts) != 1:
            return False
        if self.universe is None:
            return True
        (group,) = self.forest.group.values()
        return len(group) == len(self.universe)


def _symmetric(sizes: list[int]) -> Group:
    size, shift, generators = sum(sizes), 0, []
    for length in sizes:
        for i in range(shift + 1, shift + length):
            swap = list(range(size))
            swap[i], swap[i - 1] = i - 1, i
            generators.append(tuple(swap))
        shift += length
    return Group.trivial(size).joined(generators)


def grow(
    census: Census, walls: Walls, *, full: bool, seconds: float | None = None, progress: Progress | None = None
) -> Tree:
    """The merge tree of a complete census.

    Parameters
    ----------
    census : Census
        Complete, with exact values.
    walls : Walls
    full : bool
        Follow the permutations as well.
    seconds : float, optional
        Afterwards the tree is what is known; Ctrl-C ends it the same way.
    progress : callable (done, total), optional
        Called as basins are born.

    Returns
    -------
    Tree
        Cost: one pass over the facets of all orbits; one exact solve for each wall that may join two components and
        is settled by no optimum at hand.
    """
    start = time.monotonic()
    grower = _Grower(census, walls, full)
    forest = grower.forest
    optima = [census.optimum(index) for index in range(len(census))]
    values = {id(best): exact(best) for best in optima}
    levels = sorted(set(values.values()), key=order)
    ranks = {value: k for k, value in enumerate(levels)}
    rank_of = {key: ranks[value] for key, value in values.items()}
    rank = [rank_of[id(best)] for best in optima]
    births: list[list[int]] = [[] for _ in levels]
    for index, k in enumerate(rank):
        births[k].append(index)
    waiting: list[list[tuple[int, int, int]]] = [[] for _ in levels]
    for wall in census.walls():
        waiting[max(rank[wall[0]], rank[wall[1]])].append(wall)
    heap: list[tuple[tuple[float, Fraction], int, int, int]] = []
    step = born = 0

    def late() -> bool:
        return seconds is not None and time.monotonic() - start > seconds

    level: Fraction | None = None
    try:
        while step < len(levels) or heap:
            if step == len(levels) and grower.finished():
                break
            if step < len(levels) and (not heap or order(levels[step]) <= heap[0][0]):
                level = levels[step]
                for u in births[step]:
                    forest.birth(u)
                    grower.touched.add(u)
                born += len(births[step])
                left = []
                for u, v, mask in waiting[step]:
                    best = walls.known(mask, (optima[u], optima[v]))
                    if best is not None and exact(best) == level:
                        grower.open_wall(u, v, mask, level)
                    else:
                        left.append((u, v, mask))
                for u, v, mask in left:
                    if forest.joined(u, v):
                        continue
                    if late():
                        grower.tree.level = level
                        return grower.tree
                    value = exact(walls.optimum(mask))
                    if value == level:
                        grower.open_wall(u, v, mask, level)
                    else:
                        heapq.heappush(heap, (order(value), u, v, mask))
                waiting[step] = []
                step += 1
                if progress is not None:
                    progress(born, len(census))
            else:
                level = heap[0][0][1]
            while heap and heap[0][0][1] == level:
                _, u, v, mask = heapq.heappop(heap)
                if not forest.joined(u, v):
                    grower.open_wall(u, v, mask, level)
            grower.close_level(level)
            if late():
                grower.tree.level = level
                return grower.tree
    except KeyboardInterrupt:
        grower.tree.level = level
    return grower.tree
