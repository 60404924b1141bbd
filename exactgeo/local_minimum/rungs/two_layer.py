"""The second rung: one hidden layer, one output, piecewise linear, a convex differentiable loss. Complete."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import OutOfScope
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent, Minimum
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.problem import Point, Problem, scope

__all__ = ["TwoLayer"]


class TwoLayer(Rung):
    """The criterion of :mod:`exactgeo.local_minimum.criterion`, every freezing and every degeneracy included.

    References
    ----------
    Wu, Simsek, Ged, arXiv 2402.05626; docs/mathematics.md, "Local minimality".
    """

    name: ClassVar[str] = "two_layer"

    def accepts(self, problem: Problem) -> OutOfScope | None:
        return scope.derivative(problem)

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent:
        from exactgeo.local_minimum.criterion import conclude

        return conclude(problem, point, Argument.TWO_LAYER, check)
