"""The first rung: no hidden unit. The predictions are affine in the parameters, so the loss is convex in them."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import OutOfScope
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent, Minimum
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.problem import Point, Problem, scope

__all__ = ["LinearModel"]


class LinearModel(Rung):
    """A point is a minimum, local and global, iff some subgradient of the loss has no slope in any trained parameter.

    References
    ----------
    docs/mathematics.md, "Local minimality", for a network without neurons.
    """

    name: ClassVar[str] = "linear_model"

    def accepts(self, problem: Problem) -> OutOfScope | None:
        if any(problem.network.widths):
            return scope.not_linear(problem)
        if problem.loss.classes and scope.deep(problem) is None:
            return None
        return scope.rational_slopes(problem)

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent:
        if problem.loss.classes:
            return _of_classes(problem, point)
        if problem.loss.differentiable:
            from exactgeo.local_minimum.criterion import conclude

            return conclude(problem, point, Argument.LINEAR_MODEL, check)
        from exactgeo.local_minimum import subgradients

        return subgradients.conclude(problem, point, Argument.LINEAR_MODEL, check)


def _of_classes(problem: Problem, point: Point) -> Minimum | Descent:
    from exactgeo.claims.class_global_minimum import ClassGlobalMinimumClaim, NoSlope
    from exactgeo.claims.classes import LogSums
    from exactgeo.local_minimum.deep.point import DeepPoint
    from exactgeo.local_minimum.rungs.deep_rung import last_layer

    at = DeepPoint.of(problem, point)
    found = last_layer(at)
    if found is not None:
        return found
    claim = ClassGlobalMinimumClaim(at.point, LogSums.of(at.loss), NoSlope())
    return Minimum(at.problem, claim, Argument.LINEAR_MODEL)
