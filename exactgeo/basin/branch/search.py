"""Branch and bound over partial sign patterns: the least loss of all basins, and the tree that proves it.

A node decides some sides of some neurons. Its relaxation is the convex program over all columns that it still allows,
the convex hull of what its neurons reach, since an activation with two slopes is linear on each region. The node is
closed by a dual vector that allows all of these columns and whose bound is no lower than the best loss known; every
dual vector that has closed one node is tried on all others.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

import numpy as np

from exactgeo.basin.batch import Solved, words_of
from exactgeo.basin.branch._propose_branches import Proposer
from exactgeo.basin.branch.relaxations import Estimate, relaxations_of
from exactgeo.basin.branch.sides import Bools, Groups, Neurons, SideTable, roots
from exactgeo.basin.branch.tree import Node, preorder
from exactgeo.basin.reduction import Reduction
from exactgeo.deadline import Deadline
from exactgeo.exact.enclosure import Enclosure, Value, high, low
from exactgeo.exact.vectors import ONE, ZERO, dot
from exactgeo.problem import Point

Regions = tuple[tuple[int, int], ...]

__all__ = ["Incumbent", "Search"]

TOGETHER = 64
"""Nodes whose relaxations are solved together."""

STARTS, CHEAP = 64, 3000
"""Random basins at each root, for so many columns."""

A_PROOF = Fraction(1, 1000)
"""Seconds for a dual vector, until some have been timed."""

NEAR = Fraction(1, 10**9)
"""Share of the best loss within which an estimate is not believed to be below it."""

WIDE = Fraction(1, 2**30)
"""How far below the best loss a node is closed where losses are enclosures, as a share of 1 plus it."""


@dataclass(frozen=True, slots=True)
class Incumbent:
    """The best basin so far.

    Attributes
    ----------
    solved : Solved
        Its optimum.
    regions : for each neuron, in some order, (rays, sign)
        The closed region it is in, and the sign of its output weight.
    weights : mapping from column to rational
        About those of its optimum.
    """

    solved: Solved
    regions: Regions
    weights: Mapping[int, Fraction]

    @property
    def value(self) -> Value:
        return self.solved.value


class Search:
    """One search. :meth:`run` does it; what it has found so far can be read at any time.

    Attributes
    ----------
    incumbent : Incumbent or None
    duals : list of Solved
        What nodes are closed by.
    nodes : int
        Made so far.
    """

    def __init__(self, reduction: Reduction) -> None:
        self.reduction = reduction
        self.program = reduction.program
        self.sides = SideTable(reduction)
        self.relaxations = relaxations_of(self.program)
        self.proposer = Proposer(self.sides)
        self.roots = [Node(self.sides.root(up, down), -1, self.program.full, ZERO) for up, down in roots(reduction)]
        self.incumbent: Incumbent | None = None
        self.duals: list[Solved] = []
        self.nodes = len(self.roots)
        self._numbers: dict[tuple[int, Fraction], int] = {}
        self._barred = words_of([0] * TOGETHER, len(self.program.columns)).copy()
        self._order = count()
        self._open: list[tuple[float, int, Node]] = []
        self._tried: set[bytes] = set()
        self._pointed: tuple[Incumbent | None, Point | None] = None, None
        self._seconds = float(A_PROOF)
        for node in self.roots:
            self._push(node)

    # -- what is known ------------------------------------------------------------------------------------------

    def open_nodes(self) -> list[Node]:
        """The nodes that are neither split nor closed."""
        return [node for node in preorder(self.roots) if node.dual < 0 and not node.children]

    def lower_bound(self) -> Fraction:
        """A proved bound of the loss from below. Cost: one exact solve a relaxation that was not proved before."""
        bounds = self._bounds(self.open_nodes())
        return min([*(low(found.value) for found in bounds), self.level])

    def _bounds(self, nodes: Sequence[Node]) -> list[Solved]:
        """Dual vectors of the nodes above; all 0 where one of them bounds nothing."""
        if any(node.estimate <= NEAR * self.level for node in nodes):
            return [self.relaxations.least] * len(nodes)
        begun, before = time.monotonic(), self.relaxations.unproved(node.start for node in nodes)
        found = self.relaxations.proofs([(node.start, node.above) for node in nodes])
        if before > TOGETHER:
            self._seconds = (time.monotonic() - begun) / before
        return found

    def seal(self) -> None:
        """Close what is open by the dual vectors that give its bounds."""
        nodes = self.open_nodes()
        for node, found in zip(nodes, self._bounds(nodes), strict=True):
            node.dual = self._number(found)

    def point(self) -> Point | None:
        """Parameters with the incumbent's predictions, made once; None where its infimum is not attained."""
        best = self.incumbent
        if best is None or self._pointed[0] is best:
            return self._pointed[1]
        optimum, found = best.solved.optimum(self.program), None
        if optimum.attained:
            waiting, faces = sorted(best.regions, key=lambda region: -region[1]), {}
            for group in sorted(self.reduction.exchangeable, key=lambda group: -(group.frozen or 0)):
                for neuron in group.neurons:
                    faces[neuron] = waiting.pop(0)
            found = self.reduction.invert(faces, optimum.weights, optimum.lines)
        self._pointed = best, found
        return found

    # -- the search ---------------------------------------------------------------------------------------------

    def run(self, deadline: Deadline | None, told: Callable[[], None]) -> None:
        """Until every node is closed, or the time is over; ``told`` is called after each batch of nodes."""
        self._start(deadline)
        together, a_node = TOGETHER, 0.0
        while self._open and (deadline is None or deadline.left > self._owed()):
            if deadline is not None and a_node:
                # A batch that is begun is ended.
                together = max(1, min(TOGETHER, int(deadline.left / a_node / 2)))
            begun = time.monotonic()
            self._step(together, deadline)
            a_node = (time.monotonic() - begun) / together
            told()

    def _owed(self) -> float:
        """About how many seconds :meth:`lower_bound` would take."""
        if not self._open or self._open[0][2].estimate <= NEAR * self.level:
            return 0.0
        return self._seconds * self.relaxations.unproved(node.start for _, _, node in self._open)

    def _start(self, deadline: Deadline | None) -> None:
        """The best of some random basins; fewer where they cost more."""
        starts = max(4, min(STARTS, CHEAP * STARTS // (1 + len(self.program.columns))))
        for node in self.roots:
            if self.incumbent is None or deadline is None or deadline.left:
                basins = [self._regions(node.groups, signs) for signs in self.proposer.starts(node.groups, starts)]
                self._try(basins, [-1] * starts)
        self._climb(deadline)

    def _climb(self, deadline: Deadline | None) -> None:
        """From the incumbent to better and better neighbours."""
        best = None
        while self.incumbent is not best and (deadline is None or deadline.left) and self.incumbent is not None:
            best = self.incumbent
            basins = self.proposer.neighbours(best.regions, best.weights)
            self._try(basins, [-1] * len(basins))

    def include(self, point: Point) -> None:
        """Begin with a basin that contains a point with the frozen values that are meant."""
        size = len(self.reduction.rows[0]) if self.reduction.rows else 0
        regions = []
        for neuron in point.as_scalar().neurons:
            if self.reduction.problem.train.output or neuron.v:
                signs = [1 if dot(neuron.w[:size], row) >= 0 else -1 for row in self.reduction.rows]
                regions.append((self.sides.region(signs), 1 if neuron.v >= 0 else -1))
        [mask] = self.masks([tuple(Neurons(sign, rays, 1) for rays, sign in regions)])
        solved = self.relaxations.optimum(mask)
        self._adopt(solved, tuple(regions), solved.optimum(self.program).weights)

    def _push(self, node: Node) -> None:
        heapq.heappush(self._open, (float(node.estimate), next(self._order), node))

    def _step(self, together: int, deadline: Deadline | None) -> None:
        batch = [heapq.heappop(self._open)[2] for _ in range(min(together, len(self._open)))]
        batch = self._pruned(batch)
        if not batch:
            return
        members = self.sides.members([node.groups for node in batch])
        estimates = self.relaxations.estimates(members, [node.start for node in batch])
        triples = list(zip(batch, estimates, _packed(members), strict=True))
        # Asked for together they cost less.
        self.relaxations.proofs([(estimate.number, mask) for _, estimate, mask in triples if self._hopeless(estimate)])
        kept = [triple for triple in triples if not self._closed(*triple)]
        branches = [self.proposer.branch(node.groups, estimate.weights) for node, estimate, _ in kept]
        basins = [self._regions(node.groups, branch.signs) for (node, _, _), branch in zip(kept, branches, strict=True)]
        best = self.incumbent
        self._try(basins, [estimate.number for _, estimate, _ in kept])
        if self.incumbent is not best:
            self._climb(deadline)
        for (node, estimate, mask), branch in zip(kept, branches, strict=True):
            # Its basin may have been the best of all.
            if self._closed(node, estimate, mask, final=branch.split is None):
                continue
            if branch.split is None:
                # One basin is left: its value is exact, whatever the estimates were.
                solved = self.relaxations.optimum(mask)
                self._adopt(solved, self._regions(node.groups, branch.signs), estimate.weights)
                node.dual = self._number(solved)
                continue
            node.split = branch.split
            parts = self.sides.split(node.groups, *branch.split)
            node.children = [Node(groups, estimate.number, mask, estimate.value) for groups in parts]
            self.nodes += len(node.children)
            for child in node.children:
                self._push(child)

    def _pruned(self, batch: Sequence[Node]) -> list[Node]:
        """The nodes that no known dual vector closes."""
        if not self.duals:
            return list(batch)
        words = words_of(self.masks([node.groups for node in batch]), len(self.program.columns))
        open_nodes = []
        for node, row in zip(batch, words, strict=True):
            fits = ~(self._barred[: len(self.duals)] & row).any(axis=1)
            node.dual = next((k for k in np.flatnonzero(fits).tolist() if low(self.duals[k].value) >= self.level), -1)
            if node.dual < 0:
                open_nodes.append(node)
        return open_nodes

    @property
    def level(self) -> Fraction:
        """The bound that closes a node; it may be no lower than that of any closed one."""
        if self.incumbent is None:
            return ZERO
        value = self.incumbent.value
        return value.lo - WIDE * (ONE + value.hi) if isinstance(value, Enclosure) else value

    def _hopeless(self, estimate: Estimate) -> bool:
        """Whether a relaxation seems to be no lower than what is known."""
        level = self.level
        return self.incumbent is not None and estimate.value >= level - NEAR * (ONE + abs(level))

    def _closed(self, node: Node, estimate: Estimate, mask: int, *, final: bool = False) -> bool:
        """Whether the relaxation's dual vector closes a node."""
        if self.incumbent is None or not (final or self._hopeless(estimate)):
            return False
        level = self.level
        found = self.relaxations.proof(estimate.number, mask)
        if low(found.value) < level and found.support & ~mask:
            found = self.relaxations.optimum(mask)
        if low(found.value) < level:
            return False
        node.dual = self._number(found)
        return True

    def _number(self, found: Solved) -> int:
        key = found.allowed, low(found.value)
        number = self._numbers.setdefault(key, len(self.duals))
        if number == len(self.duals):
            if number == len(self._barred):
                self._barred = np.concatenate([self._barred, np.zeros_like(self._barred)])
            self.duals.append(found)
            self._barred[number] = words_of([self.program.full & ~found.allowed], len(self.program.columns))[0]
        return number

    # -- basins to try ------------------------------------------------------------------------------------------

    def _try(self, regions: Sequence[Regions], starts: Sequence[int]) -> None:
        """Take the best of these basins where it is better than the incumbent."""
        members = self.sides.members([tuple(Neurons(sign, rays, 1) for rays, sign in part) for part in regions])
        raw = [row.tobytes() for row in np.packbits(members, axis=1)]
        fresh = [i for i, key in enumerate(raw) if key not in self._tried and raw.index(key) == i]
        self._tried |= {raw[i] for i in fresh}
        if not fresh:
            return
        estimates = self.relaxations.estimates(members[fresh], [starts[i] for i in fresh])
        masks = _packed(members[fresh])
        for estimate, mask, i in sorted(zip(estimates, masks, fresh, strict=True), key=lambda part: part[0].value):
            best = None if self.incumbent is None else high(self.incumbent.value)
            if best is not None and estimate.value > best + NEAR * (ONE + abs(best)):
                return
            solved = self.relaxations.proof(estimate.number, mask)
            if solved.support & ~mask:
                solved = self.relaxations.optimum(mask)
            self._adopt(solved, regions[i], estimate.weights)

    def _regions(self, groups: Groups, signs: Sequence[Sequence[int]]) -> Regions:
        neurons = [group.sign for group in groups for _ in range(group.count)]
        return tuple((self.sides.region(part), sign) for part, sign in zip(signs, neurons, strict=True))

    def _adopt(self, solved: Solved, regions: Regions, weights: Mapping[int, Fraction]) -> None:
        """Take a basin as incumbent if it is the best so far."""
        if self.incumbent is None or high(solved.value) < high(self.incumbent.value):
            self.incumbent = Incumbent(solved, regions, weights)

    def masks(self, nodes: Sequence[Groups]) -> list[int]:
        """For each node the columns that it may use."""
        return _packed(self.sides.members(nodes))


def _packed(members: Bools) -> list[int]:
    packed = np.packbits(members, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]
