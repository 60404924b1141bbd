"""What the rungs for one hidden layer and several outputs have in common."""

from __future__ import annotations

from abc import abstractmethod

from exactgeo.claims.class_minimum import ClassMinimumClaim, Silent
from exactgeo.claims.classes import LogSums
from exactgeo.claims.vector_minimum import VectorMinimumClaim
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError, OutOfScope
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent, Minimum, Undecided
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.rungs.deep_rung import undecided
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.local_minimum.vector.layer import VectorLayer
from exactgeo.local_minimum.vector.work import TooLarge
from exactgeo.problem import Point, Problem, scope

__all__ = ["VectorRung"]


class VectorRung(Rung):
    """A rung for one hidden layer that is piecewise linear, several outputs, output weights trained, and a convex loss
    with a rational derivative; it looks at points that first order leaves."""

    def accepts(self, problem: Problem) -> OutOfScope | None:
        return scope.vector(problem)

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent | Undecided:
        at = DeepPoint.of(problem, point)
        try:
            layer = VectorLayer.of(at, check)
            if isinstance(layer, str):
                return undecided(at, layer)
            check()
            if not layer.model.first_order:
                return undecided(at, "the loss falls at first order")
            found = self.look(layer, check)
        except TooLarge:
            found = "its units have too many critical faces, or too many lines and rays"
        return undecided(at, found) if isinstance(found, str) else found

    @abstractmethod
    def look(self, layer: VectorLayer, check: Check) -> Minimum | Descent | str:
        """Decide a point, or say what keeps it open."""

    @staticmethod
    def minimum(layer: VectorLayer, rule: str, argument: Argument) -> Minimum:
        """A local minimum by a rule of the claim."""
        at = layer.at
        if at.problem.loss.classes:
            if rule != "silent":
                raise InternalError(f"the rule {rule} of a loss with classes")
            return Minimum(at.problem, ClassMinimumClaim(at.point, LogSums.of(at.loss), None, Silent()), argument)
        return Minimum(at.problem, VectorMinimumClaim(at.point, at.rational_loss, rule), argument)
