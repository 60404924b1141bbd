"""The rung of smooth points: off all kinks, some second derivative of the loss is negative (D5). It refutes only."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.quadratic_form import negative_vector
from exactgeo.local_minimum.along import descent_along
from exactgeo.local_minimum.decision import Descent, Undecided
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.deep.second_order import SecondOrder
from exactgeo.local_minimum.rungs.deep_rung import DeepRung, undecided
from exactgeo.problem import Point, Problem

__all__ = ["SmoothPoint"]

LARGEST = 200
"""Trained parameters: beyond, the Hessian takes too long."""


class SmoothPoint(DeepRung):
    """The Hessian of the loss at points off all kinks, exactly.

    References
    ----------
    docs/mathematics.md, "Deep networks", D5.
    """

    name: ClassVar[str] = "smooth_point"

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Descent | Undecided:
        at = DeepPoint.of(problem, point)
        second = SecondOrder(at)
        if not second.smooth:
            return undecided(at, "a pre-activation is on a kink, or a prediction at a break of the loss")
        if len(second.parameters) > LARGEST:
            return undecided(at, f"more than {LARGEST} trained parameters")
        x = negative_vector(second.hessian)
        found = None if x is None else descent_along(problem, point, at.loss, (second.direction(x),))
        if found is not None:
            return found
        return undecided(at, "the Hessian of the loss is positive semidefinite, which is necessary only")
