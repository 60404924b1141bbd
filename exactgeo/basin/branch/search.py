"""Branch and bound over partial sign patterns: the least loss of all basins, and the tree that proves it.

A node decides some sides of some neurons. Its relaxation is the convex program over all columns that it still allows,
the convex hull of what its neurons reach, since an activation with two slopes is linear on each region. The node is
closed by a dual vector that allows all of these columns and whose bound is no lower than the best loss known; every
dual vector that has closed one node is tried on all others.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

import numpy as np

from exactgeo.basin.batch import Solved, masks_of, words_of
from exactgeo.basin.branch._propose_branches import Proposer
from exactgeo.basin.branch.cells import Bools, Cells, Groups, roots
from exactgeo.basin.branch.relaxations import Estimate, relaxations_of
from exactgeo.basin.branch.tree import Node, preorder
from exactgeo.basin.reduction import Reduction
from exactgeo.deadline import Deadline
from exactgeo.exact.enclosure import Enclosure, Value, high, low
from exactgeo.exact.vectors import ONE, ZERO

__all__ = ["Incumbent", "Search"]

TOGETHER = 64
"""Nodes whose relaxations are solved together."""

STARTS = 64
"""Random basins at each root."""

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
    cells : for each neuron, the positive output weights first, (rays, sign)
        The closed region it is in.
    """

    solved: Solved
    cells: tuple[tuple[int, int], ...]

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
        self.cells = Cells(reduction)
        self.relaxations = relaxations_of(self.program)
        self.proposer = Proposer(self.cells)
        self.roots = [Node(self.cells.root(up, down)) for up, down in roots(reduction)]
        self.incumbent: Incumbent | None = None
        self.duals: list[Solved] = []
        self.nodes = len(self.roots)
        self._numbers: dict[tuple[int, Fraction], int] = {}
        self._barred = words_of([], len(self.program.columns))
        self._order = count()
        self._open: list[tuple[Fraction, int, Node]] = []
        self._tried: set[bytes] = set()
        for node in self.roots:
            self._push(ZERO, node)

    # -- what is known ------------------------------------------------------------------------------------------

    @property
    def complete(self) -> bool:
        """Whether every node is closed or split."""
        return not self._open

    def lower_bound(self) -> Fraction:
        """A proved bound of the loss from below; closes what is open with the dual vectors that give it."""
        for _, _, node in self._open:
            mask = self._masks([node.groups])[0]
            node.dual = self._number(self.relaxations.proof(node.start, mask))
        closed = (low(self.duals[node.dual].value) for node in preorder(self.roots) if node.dual >= 0)
        return min(closed, default=ZERO)

    # -- the search ---------------------------------------------------------------------------------------------

    def run(self, deadline: Deadline | None, told: Callable[[], None]) -> None:
        """Until every node is closed, or the time is over; ``told`` is called after each batch of nodes."""
        self._start()
        while self._open and (deadline is None or deadline.left):
            self._step()
            told()

    def _start(self) -> None:
        """The best of some random basins."""
        for node in self.roots:
            self._try([(node.groups, signs) for signs in self.proposer.starts(node.groups, STARTS)], [0] * STARTS)

    def _push(self, bound: Fraction, node: Node) -> None:
        heapq.heappush(self._open, (bound, next(self._order), node))

    def _step(self) -> None:
        batch = [heapq.heappop(self._open)[2] for _ in range(min(TOGETHER, len(self._open)))]
        batch = self._pruned(batch)
        if not batch:
            return
        members = self.cells.members([node.groups for node in batch])
        estimates = self.relaxations.estimates(members, [node.start for node in batch])
        kept = [
            (node, estimate)
            for node, estimate, mask in zip(batch, estimates, _packed(members), strict=True)
            if not self._closed(node, estimate, mask)
        ]
        branches = [self.proposer.branch(node.groups, estimate.weights) for node, estimate in kept]
        self._try(
            [(node.groups, branch.signs) for (node, _), branch in zip(kept, branches, strict=True)],
            [estimate.number for _, estimate in kept],
        )
        for (node, estimate), branch in zip(kept, branches, strict=True):
            # Its basin may have been the best of all.
            if self._closed(node, estimate, self._masks([node.groups])[0], final=branch.split is None):
                continue
            if branch.split is None:
                self._close(node, self.relaxations.optimum(self._masks([node.groups])[0]))
                continue
            node.split = branch.split
            node.children = [Node(groups, estimate.number) for groups in self.cells.split(node.groups, *branch.split)]
            self.nodes += len(node.children)
            for child in node.children:
                self._push(estimate.value, child)

    def _pruned(self, batch: Sequence[Node]) -> list[Node]:
        """The nodes that no known dual vector closes."""
        if not self.duals:
            return list(batch)
        words = words_of(self._masks([node.groups for node in batch]), len(self.program.columns))
        open_nodes = []
        for node, row in zip(batch, words, strict=True):
            good = np.flatnonzero(~(self._barred & row).any(axis=1))
            good = [k for k in good.tolist() if low(self.duals[k].value) >= self._level]
            if good:
                node.dual = good[0]
            else:
                open_nodes.append(node)
        return open_nodes

    @property
    def _level(self) -> Fraction:
        """The bound that closes a node."""
        if self.incumbent is None:
            raise AssertionError
        value = self.incumbent.value
        return value.lo - WIDE * (ONE + value.hi) if isinstance(value, Enclosure) else value

    def _closed(self, node: Node, estimate: Estimate, mask: int, *, final: bool = False) -> bool:
        """Whether the relaxation's dual vector closes a node."""
        if self.incumbent is None:
            return False
        level = self._level
        if not final and estimate.value < level - NEAR * (ONE + abs(level)):
            return False
        found = self.relaxations.proof(estimate.number, mask)
        if low(found.value) < level:
            found = self.relaxations.optimum(mask)
        if low(found.value) < level:
            return False
        self._close(node, found)
        return True

    def _close(self, node: Node, found: Solved) -> None:
        node.dual = self._number(found)

    def _number(self, found: Solved) -> int:
        key = found.allowed, low(found.value)
        number = self._numbers.setdefault(key, len(self.duals))
        if number == len(self.duals):
            self.duals.append(found)
            barred = words_of([self.program.full & ~found.allowed], len(self.program.columns))
            self._barred = np.concatenate([self._barred, barred])
        return number

    # -- basins to try ------------------------------------------------------------------------------------------

    def _try(self, basins: Sequence[tuple[Groups, tuple[tuple[int, ...], ...]]], starts: Sequence[int]) -> None:
        """Take the best of these basins where it is better than the incumbent."""
        found = []
        for (groups, signs), start in zip(basins, starts, strict=True):
            neurons = [group.sign for group in groups for _ in range(group.count)]
            cells = tuple((self.cells.region(part), sign) for part, sign in zip(signs, neurons, strict=True))
            found.append((cells, start))
        groups = [tuple(_Cell(sign, rays) for rays, sign in cells) for cells, _ in found]
        members = self.cells.members(groups)
        raw = [row.tobytes() for row in np.packbits(members, axis=1)]
        fresh = [i for i, key in enumerate(raw) if key not in self._tried and raw.index(key) == i]
        self._tried |= {raw[i] for i in fresh}
        if not fresh:
            return
        estimates = self.relaxations.estimates(members[fresh], [found[i][1] for i in fresh])
        masks = _packed(members[fresh])
        for estimate, mask, i in sorted(zip(estimates, masks, fresh, strict=True), key=lambda part: part[0].value):
            best = None if self.incumbent is None else high(self.incumbent.value)
            if best is not None and estimate.value > best + NEAR * (ONE + abs(best)):
                return
            solved = self.relaxations.proof(estimate.number, mask)
            if solved.support & ~mask:
                solved = self.relaxations.optimum(mask)
            if best is None or high(solved.value) < best:
                self.incumbent = Incumbent(solved, found[i][0])

    def _masks(self, nodes: Sequence[Groups]) -> list[int]:
        return _packed(self.cells.members(nodes))


@dataclass(frozen=True, slots=True)
class _Cell:
    """One neuron's region."""

    sign: int
    rays: int
    count: int = 1


def _packed(members: Bools) -> list[int]:
    packed = np.packbits(members, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]
