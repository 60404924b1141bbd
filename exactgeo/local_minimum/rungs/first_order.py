"""The rung of first order: some one-sided derivative of the loss is negative (D1). It refutes, and proves nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.errors import InternalError
from exactgeo.local_minimum.along import descent_along
from exactgeo.local_minimum.decision import Descent, Undecided
from exactgeo.local_minimum.deep.first_order import FirstOrder as Condition
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.rungs.deep_rung import DeepRung, undecided
from exactgeo.problem import Point, Problem

__all__ = ["FirstOrder"]

LARGEST = 60
"""Kinks: beyond, the linear programs take too long."""


class FirstOrder(DeepRung):
    """The first-order condition at nested kinks, exactly, by branching and linear programs.

    References
    ----------
    docs/mathematics.md, "Deep networks", D1.
    """

    name: ClassVar[str] = "first_order"

    def decide(self, problem: Problem, point: Point) -> Descent | Undecided:
        at = DeepPoint.of(problem, point)
        condition = Condition(at)
        nested = condition.nested
        found = nested.prove() if len(nested.kinks) <= LARGEST else None
        if found is None:
            return undecided(at, f"its {len(nested.kinks)} kinks take more than {nested.limit} branches")
        if not found or not isinstance(found[0], Fraction):
            return undecided(at, "no one-sided derivative of the loss is negative, which is necessary only")
        x = [q for q in found if isinstance(q, Fraction)]
        descent = descent_along(problem, point, at.loss, (condition.direction(x),))
        if descent is None:
            raise InternalError("a first-order descent failed its replay")
        return descent
