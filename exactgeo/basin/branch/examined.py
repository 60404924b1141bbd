"""What is said of a batch of nodes: estimates, where to split, which basin to try, and dual vectors of the hopeless.

It depends on the batch alone, so that any process may say it: each batch has random numbers of its own, a relaxation
starts from a basis, wherever that was found, and a basis has one dual vector. What floats say is not believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from exactgeo.basin.batch import Solved
from exactgeo.basin.branch._propose_branches import Proposer
from exactgeo.basin.branch.relaxations import Key, Relaxations, relaxations_of
from exactgeo.basin.branch.sides import Bools, Groups, Neurons, SideTable
from exactgeo.basin.reduction import Reduction

__all__ = ["NEAR", "Examined", "Examiner", "Regions", "members_of"]

Regions = tuple[tuple[int, int], ...]

NEAR = Fraction(1, 10**9)
"""Share of the best loss within which an estimate is not believed to be below it."""


class Examined(NamedTuple):
    """Of one node.

    Attributes
    ----------
    key : Key
        Of the estimate.
    value : Fraction
        About the least loss that the node allows.
    split : (int, int) or None
        The group and the data point that children decide; None where no point cuts a cell, and for a node that
        seems to be hopeless.
    signs : for each neuron a side of each data point
        A basin of the node; empty for one that seems to be hopeless.
    trial : (Key, Fraction) or None
        The estimate of that basin.
    dual : Solved or None
        The exact dual vector that ``key`` determines, of a node that seems to be hopeless; None where there is none,
        or the key holds it.
    """

    key: Key
    value: Fraction
    split: tuple[int, int] | None = None
    signs: tuple[tuple[int, ...], ...] = ()
    trial: tuple[Key, Fraction] | None = None
    dual: Solved | None = None


class Examiner:
    """What examines the nodes of one reduction."""

    def __init__(self, reduction: Reduction) -> None:
        self.sides = SideTable(reduction)
        self.relaxations: Relaxations = relaxations_of(reduction.program)
        self.proposer = Proposer(self.sides)

    def examine(
        self,
        number: int,
        nodes: Sequence[tuple[Groups, Key]],
        level: Fraction | None,
        members: Bools | None = None,
    ) -> list[Examined]:
        """What is to be said of some nodes.

        Parameters
        ----------
        number : int
            Of the batch: its random numbers.
        nodes : sequence of (groups, key of the relaxation above)
        level : Fraction or None
            Of a node whose relaxation is no lower no more is said.
        members : array of bool, (nodes, columns), optional
            The columns that each may use.
        """
        groups = [part for part, _ in nodes]
        members = self.sides.members(groups) if members is None else members
        estimates = self.relaxations.estimates(members, [start for _, start in nodes])
        proposer = self.proposer.at(number)
        found: list[Examined] = []
        for part, estimate in zip(groups, estimates, strict=True):
            if level is not None and estimate.value >= level:
                found.append(Examined(*estimate))
            else:
                branch = proposer.branch(part, self.relaxations.weights(estimate.key))
                found.append(Examined(*estimate, branch.split, branch.signs))
        hopeless = [i for i, seen in enumerate(found) if not seen.signs]
        for i, dual in zip(hopeless, self.relaxations.duals([found[i].key for i in hopeless]), strict=True):
            found[i] = found[i]._replace(dual=dual)
        open_nodes = [i for i, seen in enumerate(found) if seen.signs]
        basins = [self.regions(groups[i], found[i].signs) for i in open_nodes]
        for i, trial in zip(open_nodes, self._trials(basins, [found[i].key for i in open_nodes]), strict=True):
            found[i] = found[i]._replace(trial=trial)
        return found

    def _trials(self, basins: Sequence[Regions], starts: Sequence[Key]) -> list[tuple[Key, Fraction] | None]:
        """The estimate of each basin where it comes first."""
        members = members_of(self.sides, basins)
        raw = [row.tobytes() for row in np.packbits(members, axis=1)]
        first: dict[bytes, int] = {}
        for i, part in enumerate(raw):
            first.setdefault(part, i)
        rows = list(first.values())
        found: list[tuple[Key, Fraction] | None] = [None] * len(basins)
        for i, estimate in zip(rows, self.relaxations.estimates(members[rows], [starts[i] for i in rows]), strict=True):
            found[i] = estimate.key, estimate.value
        return found

    def regions(self, groups: Groups, signs: Sequence[Sequence[int]]) -> Regions:
        """The basin of a node with these sides."""
        neurons = [group.sign for group in groups for _ in range(group.count)]
        return tuple((self.sides.region(part), sign) for part, sign in zip(signs, neurons, strict=True))

    def sound(self, groups: Groups, seen: Any) -> bool:
        """Whether something from elsewhere may be said of a node: a proposal that can be followed."""
        if not isinstance(seen, Examined) or not self._estimated((seen.key, seen.value)):
            return False
        if not self.relaxations.plausible(seen.key, seen.dual):
            return False
        if not (seen.trial is None or (isinstance(seen.trial, tuple) and self._estimated(seen.trial))):
            return False
        if seen.signs == ():
            return seen.split is None and seen.trial is None
        neurons, m = sum(group.count for group in groups), len(self.sides.sides)
        if not (isinstance(seen.signs, tuple) and len(seen.signs) == neurons):
            return False
        if not all(isinstance(part, tuple) and len(part) == m and {*part} <= {1, -1} for part in seen.signs):
            return False
        if seen.split is None:
            return not any(self.sides.cuts(group.rays) for group in groups)
        return seen.split in {(g, seen.split[1]) for g in range(len(groups))} and self._splits(groups, *seen.split)

    def _splits(self, groups: Groups, index: int, datum: int) -> bool:
        return datum in range(len(self.sides.sides)) and self.sides.cut(groups[index].rays, datum)

    def _estimated(self, part: tuple[object, ...]) -> bool:
        return len(part) == 2 and self.relaxations.sound(part[0]) and isinstance(part[1], Fraction)


def members_of(sides: SideTable, basins: Sequence[Regions]) -> Bools:
    """For each basin the columns that it may use, one row a basin."""
    return sides.members([tuple(Neurons(sign, rays, 1) for rays, sign in part) for part in basins])
