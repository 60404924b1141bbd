"""The rung of the unrolled tree: each unit of the last hidden layer on a copy of the network below it (D3)."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.deep_minimum import Unrolled as Proof
from exactgeo.deadline import Check, unlimited
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Minimum, Undecided
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.deep.unrolled import Blocked, prove_units
from exactgeo.local_minimum.rungs.deep_rung import DeepRung, minimum, undecided
from exactgeo.problem import Point, Problem

__all__ = ["Unrolled"]


class Unrolled(DeepRung):
    """A sufficient condition: complete for one output where every hidden unit feeds one unit by a weight that is not 0,
    as in widths (n, 1, ..., 1); for one hidden layer the condition on silent neurons.

    References
    ----------
    docs/mathematics.md, "Deep networks", D3.
    """

    name: ClassVar[str] = "unrolled"

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Undecided:
        at = DeepPoint.of(problem, point)
        found = prove_units(at, check)
        if isinstance(found, Blocked):
            return undecided(at, found.reason)
        return minimum(at, Proof(found), Argument.UNROLLED)
