"""The rung of smooth activations: a gradient that is proved not to be 0 refutes; it proves no minimum."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import OutOfScope
from exactgeo.local_minimum.decision import Descent, Undecided
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.local_minimum.smooth_descent import descent
from exactgeo.problem import Point, Problem, scope

__all__ = ["SmoothGradient"]


class SmoothGradient(Rung):
    """Networks of any depth with sigmoid and tanh. Critical points are no rational points as a rule: `polish` finds
    them."""

    name: ClassVar[str] = "smooth_gradient"

    def accepts(self, problem: Problem) -> OutOfScope | None:
        return scope.smooth(problem)

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Descent | Undecided:
        found = descent(problem, point)
        return Undecided(None, scope.no_slope(), ()) if found is None else found
