"""The rung of first order: some one-sided derivative of the loss is negative (D1). It refutes, and proves nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.local_minimum.decision import Descent, Undecided
from exactgeo.local_minimum.deep.first_order import FirstOrder as Condition
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.rungs.deep_rung import DeepRung, last_layer, replayed, undecided
from exactgeo.problem import Point, Problem

__all__ = ["FirstOrder"]

LARGEST = 60
"""Kinks: beyond, the linear programs take too long."""


WORK = 1_000_000
"""Entries of the forms, at most, with which the condition is written."""


class FirstOrder(DeepRung):
    """The first-order condition at nested kinks, exactly, by branching and linear programs.

    References
    ----------
    docs/mathematics.md, "Deep networks", D1.
    """

    name: ClassVar[str] = "first_order"

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Descent | Undecided:
        at = DeepPoint.of(problem, point)
        steepest = last_layer(at)
        if steepest is not None:
            return steepest
        if problem.products * sum(problem.network.widths) > WORK:
            return undecided(at, "its derivatives as forms of all parameters are too large")
        condition = Condition(at, check)
        nested = condition.nested
        found = nested.prove(check) if len(nested.kinks) <= LARGEST else None
        if found is None:
            return undecided(at, f"its {len(nested.kinks)} kinks take more than {nested.limit} branches")
        if not found or not isinstance(found[0], Fraction):
            return undecided(at, "no one-sided derivative of the loss is negative, which is necessary only")
        x = [q for q in found if isinstance(q, Fraction)]
        return replayed(at, condition.direction(x))
