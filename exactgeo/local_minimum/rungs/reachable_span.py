"""The rung of the reachable span: the slopes of the loss are orthogonal to all changes within reach (D0 and D2)."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.class_global_minimum import ClassGlobalMinimumClaim, NoFunction
from exactgeo.claims.classes import LogSums
from exactgeo.claims.deep_minimum import Reachable
from exactgeo.deadline import Check, unlimited
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Minimum, Undecided
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.deep.reach import no_better_function, out_of_reach
from exactgeo.local_minimum.rungs.deep_rung import DeepRung, minimum, undecided
from exactgeo.problem import Point, Problem

__all__ = ["ReachableSpan"]


LARGEST = 3_000_000
"""Numbers of an elimination: beyond, it takes too long."""


class ReachableSpan(DeepRung):
    """A minimum where no small move changes the predictions in a direction in which the loss has a slope: without
    slopes, in front of a dead layer that is at its best constant, and where what is active spans too little.

    References
    ----------
    docs/mathematics.md, "Deep networks", D0 and D2.
    """

    name: ClassVar[str] = "reachable_span"

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Undecided:
        at = DeepPoint.of(problem, point)
        if problem.loss.classes and no_better_function(at):
            claim = ClassGlobalMinimumClaim(point, LogSums.of(at.loss), NoFunction())
            return Minimum(problem, claim, Argument.REACHABLE)
        units = sum(problem.network.widths)
        if problem.m**2 * units > LARGEST and not at.still:
            return undecided(at, f"a span of {problem.m} data points and {units} units is too large")
        if out_of_reach(at, check):
            return minimum(at, Reachable(), Argument.REACHABLE)
        return undecided(at, "the loss has a slope along a change of the predictions that may be within reach")
