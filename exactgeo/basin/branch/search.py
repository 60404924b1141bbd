"""Branch and bound over partial sign patterns: the least loss of all basins, and the tree that proves it.

A node decides some sides of some neurons. Its relaxation is the convex program over all columns that it still allows,
the convex hull of what its neurons reach, since an activation with two slopes is linear on each region. The node is
closed by a dual vector that allows all of these columns and whose bound is no lower than the best loss known; every
dual vector that has closed one node is tried on all others.
"""

from __future__ import annotations

import heapq
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

import numpy as np

from exactgeo.basin.batch import Solved, words_of
from exactgeo.basin.branch.batches import Batch, Batches
from exactgeo.basin.branch.examined import NEAR, Examined, Examiner, Regions, members_of
from exactgeo.basin.branch.relaxations import Key
from exactgeo.basin.branch.sides import Bools, Groups, roots
from exactgeo.basin.branch.tree import Node, preorder
from exactgeo.basin.reduction import Reduction
from exactgeo.deadline import Deadline
from exactgeo.exact.enclosure import Enclosure, Value, high, low
from exactgeo.exact.vectors import ONE, ZERO, dot
from exactgeo.problem import Point

__all__ = ["Incumbent", "Search"]

TOGETHER, LEAST, PARTS = 128, 16, 8
"""Nodes whose relaxations are solved together: at most, and at least if there are so many; between these one of so many
open nodes."""

AHEAD, FEW = 8, 64
"""Batches that are given before the first of them is taken, only one while fewer nodes are open: which nodes are the
best is not known before a batch is taken. No executor has a say in it."""

STARTS, CHEAP = 64, 3000
"""Random basins at each root, for so many columns."""

A_PROOF = Fraction(1, 1000)
"""Seconds for a dual vector, until some have been timed."""

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
    level : Fraction
        The bound that closes a node; it may be no lower than that of any closed one.
    """

    def __init__(self, reduction: Reduction) -> None:
        self.reduction = reduction
        self.program = reduction.program
        self.examiner = Examiner(reduction)
        self.sides, self.relaxations = self.examiner.sides, self.examiner.relaxations
        self.proposer = self.examiner.proposer.at(0)
        self.roots = [Node(self.sides.root(up, down), None, self.program.full, ZERO) for up, down in roots(reduction)]
        self.incumbent: Incumbent | None = None
        self.duals: list[Solved] = []
        self.nodes = len(self.roots)
        # Where an estimate seems to be as high as the level; the dual vectors that are.
        self.level = self._near = ZERO
        self._high: list[int] = []
        self._numbers: dict[tuple[int, Fraction], int] = {}
        self._barred = words_of([0] * 64, len(self.program.columns)).copy()
        self._order, self._batch = count(), count(1)
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
        if before > LEAST:
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

    def run(self, deadline: Deadline | None, told: Callable[[], None], executor: Executor | None = None) -> None:
        """Until every node is closed, or the time is over; ``told`` is called after each batch of nodes.

        Raises
        ------
        TaskLost
            The executor did not say what is to be said of a batch.
        """
        self._start(deadline)
        most, a_node = TOGETHER, 0.0
        with Batches(self.examiner, executor) as batches:
            while self._open or batches:
                left = None if deadline is None else deadline.left - self._owed(batches)
                if left is not None and left <= 0:
                    return
                if left is not None and a_node:
                    # A batch that is begun here is ended.
                    most = max(1, min(TOGETHER, int(left / a_node / 2)))
                begun = time.monotonic()
                while self._open and (not batches or (len(batches) < AHEAD and len(self._open) >= FEW)):
                    self._give(batches, min(most, max(LEAST, len(self._open) // PARTS)))
                if batches:
                    try:
                        batch, answers = batches.take(left)
                    except TimeoutError:
                        return
                    self._merge(batch, answers, deadline)
                    a_node = (time.monotonic() - begun) / len(batch.nodes)
                told()

    def _owed(self, batches: Batches) -> float:
        """About how many seconds :meth:`lower_bound` would take."""
        given = [node for batch, _ in batches.waiting for node in batch.nodes]
        least = min(
            [*(node.estimate for node in given), *(node.estimate for _, _, node in self._open[:1])], default=ZERO
        )
        if least <= NEAR * self.level:
            return 0.0
        nodes = [*given, *(node for _, _, node in self._open)]
        return self._seconds * self.relaxations.unproved(node.start for node in nodes)

    def _start(self, deadline: Deadline | None) -> None:
        """The best of some random basins; fewer where they cost more."""
        starts = max(4, min(STARTS, CHEAP * STARTS // (1 + len(self.program.columns))))
        for node in self.roots:
            if self.incumbent is None or deadline is None or deadline.left:
                basins = [
                    self.examiner.regions(node.groups, signs) for signs in self.proposer.starts(node.groups, starts)
                ]
                self._try(basins)
        self._climb(deadline)

    def _climb(self, deadline: Deadline | None) -> None:
        """From the incumbent to better and better neighbours."""
        best = None
        while self.incumbent is not best and (deadline is None or deadline.left) and self.incumbent is not None:
            best = self.incumbent
            basins = self.proposer.neighbours(best.regions, best.weights)
            self._try(basins)

    def include(self, point: Point) -> None:
        """Begin with a basin that contains a point with the frozen values that are meant."""
        size = len(self.reduction.rows[0]) if self.reduction.rows else 0
        regions = []
        for neuron in point.as_scalar().neurons:
            if self.reduction.problem.train.output or neuron.v:
                signs = [1 if dot(neuron.w[:size], row) >= 0 else -1 for row in self.reduction.rows]
                regions.append((self.sides.region(signs), 1 if neuron.v >= 0 else -1))
        [mask] = _packed(members_of(self.sides, [tuple(regions)]))
        solved = self.relaxations.optimum(mask)
        self._adopt(solved, tuple(regions), solved.optimum(self.program).weights)

    def _push(self, node: Node) -> None:
        heapq.heappush(self._open, (float(node.estimate), next(self._order), node))

    def _give(self, batches: Batches, together: int) -> None:
        """The best nodes, to be looked at."""
        nodes = [heapq.heappop(self._open)[2] for _ in range(min(together, len(self._open)))]
        members = self.sides.members([node.groups for node in nodes])
        kept = self._unclosed(nodes, members, 0)
        if kept:
            level = None if self.incumbent is None else self._near
            batch = Batch(next(self._batch), [nodes[i] for i in kept], members[kept], level, len(self.duals))
            batches.give(batch, many=len(self._open) >= FEW)

    def _merge(self, batch: Batch, answers: Sequence[Examined], deadline: Deadline | None) -> None:
        """Follow what is said of a batch, as far as exact arithmetic agrees."""
        # What other batches have found meanwhile may close some.
        rows = self._unclosed(batch.nodes, batch.members, batch.duals)
        masks = _packed(batch.members[rows])
        triples = [(batch.nodes[i], answers[i], mask) for i, mask in zip(rows, masks, strict=True)]
        # Asked for together they cost less.
        self.relaxations.proofs([(seen.key, mask) for _, seen, mask in triples if self._hopeless(seen)])
        kept = [triple for triple in triples if not self._closed(*triple)]
        # It seemed to be hopeless, and is not.
        again = [i for i, (_, seen, _) in enumerate(kept) if not seen.signs]
        nodes = [(kept[i][0].groups, kept[i][0].start) for i in again]
        for i, seen in zip(again, self.examiner.examine(batch.number, nodes, None), strict=True) if again else ():
            kept[i] = kept[i][0], seen, kept[i][2]
        best = self.incumbent
        self._take_best(
            (seen.trial[1], seen.trial[0], self.examiner.regions(node.groups, seen.signs))
            for node, seen, _ in sorted(kept, key=lambda part: part[1].trial[1] if part[1].trial else ZERO)
            if seen.trial is not None
        )
        if self.incumbent is not best:
            self._climb(deadline)
        for node, seen, mask in kept:
            # Its basin may have been the best of all.
            if not self._closed(node, seen, mask, final=seen.split is None):
                self._follow(node, seen, mask)

    def _follow(self, node: Node, seen: Examined, mask: int) -> None:
        """The children of a node, or the end of one that is a basin."""
        if seen.split is None:
            # One basin is left: its value is exact, whatever the estimates were.
            solved = self.relaxations.optimum(mask)
            signs = [self.sides.decided(group.rays) for group in node.groups for _ in range(group.count)]
            self._adopt(solved, self.examiner.regions(node.groups, signs), seen.key)
            node.dual = self._number(solved)
            return
        node.split = seen.split
        parts = self.sides.split(node.groups, *seen.split)
        node.children = [Node(groups, seen.key, mask, seen.value) for groups in parts]
        self.nodes += len(node.children)
        for child in node.children:
            self._push(child)

    def _unclosed(self, nodes: Sequence[Node], members: Bools, first: int) -> list[int]:
        """The places of the nodes that no known dual vector closes, from the one with the number ``first`` on."""
        if first == len(self.duals):
            return list(range(len(nodes)))
        words = words_of(_packed(members), len(self.program.columns))
        good = self._high[bisect_left(self._high, first) :]
        barred, found = self._barred[good], []
        for i, (node, row) in enumerate(zip(nodes, words, strict=True)):
            fits = np.flatnonzero(~(barred & row).any(axis=1))
            if len(fits):
                node.dual = good[int(fits[0])]
            else:
                found.append(i)
        return found

    def _fallen(self) -> None:
        """After another incumbent: what is as high as it."""
        value = ZERO if self.incumbent is None else self.incumbent.value
        self.level = value.lo - WIDE * (ONE + value.hi) if isinstance(value, Enclosure) else value
        self._near = self.level - NEAR * (ONE + abs(self.level))
        self._high = [k for k, found in enumerate(self.duals) if low(found.value) >= self.level]

    def _hopeless(self, seen: Examined) -> bool:
        """Whether a relaxation seems to be no lower than what is known."""
        return self.incumbent is not None and seen.value >= self._near

    def _closed(self, node: Node, seen: Examined, mask: int, *, final: bool = False) -> bool:
        """Whether the relaxation's dual vector closes a node."""
        if self.incumbent is None or not (final or self._hopeless(seen)):
            return False
        level = self.level
        found = self.relaxations.proof(seen.key, mask)
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
            if low(found.value) >= self.level:
                self._high.append(number)
            self._barred[number] = words_of([self.program.full & ~found.allowed], len(self.program.columns))[0]
        return number

    # -- basins to try ------------------------------------------------------------------------------------------

    def _try(self, basins: Sequence[Regions]) -> None:
        """Take the best of these basins where it is better than the incumbent."""
        members = members_of(self.sides, basins)
        raw = [row.tobytes() for row in np.packbits(members, axis=1)]
        fresh = [i for i, key in enumerate(raw) if key not in self._tried and raw.index(key) == i]
        self._tried |= {raw[i] for i in fresh}
        if fresh:
            estimates = self.relaxations.estimates(members[fresh], [None] * len(fresh))
            pairs = sorted(zip(estimates, fresh, strict=True), key=lambda part: part[0].value)
            self._take_best((best.value, best.key, basins[i]) for best, i in pairs)

    def _take_best(self, basins: Iterator[tuple[Fraction, Key, Regions]]) -> None:
        """From the lowest estimate on, as long as one seems to be better than the incumbent."""
        for value, key, regions in basins:
            best = None if self.incumbent is None else high(self.incumbent.value)
            if best is not None and value > best + NEAR * (ONE + abs(best)):
                return
            [mask] = _packed(members_of(self.sides, [regions]))
            solved = self.relaxations.proof(key, mask)
            if solved.support & ~mask:
                solved = self.relaxations.optimum(mask)
            self._adopt(solved, regions, key)

    def _adopt(self, solved: Solved, regions: Regions, found: Key | Mapping[int, Fraction]) -> None:
        """Take a basin as incumbent if it is the best so far; its weights are those of an estimate, or these."""
        if self.incumbent is None or high(solved.value) < high(self.incumbent.value):
            weights = found if isinstance(found, Mapping) else self.relaxations.weights(found)
            self.incumbent = Incumbent(solved, regions, weights)
            self._fallen()

    def masks(self, nodes: Sequence[Groups]) -> list[int]:
        """For each node the columns that it may use."""
        return _packed(self.sides.members(nodes))


def _packed(members: Bools) -> list[int]:
    packed = np.packbits(members, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]
