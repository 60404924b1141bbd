"""The third rung: one hidden layer, one output, piecewise linear, any convex piecewise quadratic loss. Complete."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import OutOfScope
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent, Minimum
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.problem import Point, Problem, scope

__all__ = ["Subgradient"]


class Subgradient(Rung):
    """A vector of subgradients for each cone of moves, every freezing and every degeneracy included.

    References
    ----------
    Theorem A of docs/mathematics.md, "Losses without a derivative".
    """

    name: ClassVar[str] = "subgradient"

    def accepts(self, problem: Problem) -> OutOfScope | None:
        return scope.rational_slopes(problem)

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent:
        from exactgeo.local_minimum.subgradients import conclude

        return conclude(problem, point, Argument.SUBGRADIENT, check)
