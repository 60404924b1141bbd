"""The rung of unrolled faces: the second order of vector outputs, each unit on a copy of the network below it (D3v)."""

from __future__ import annotations

from copy import copy
from typing import ClassVar

from exactgeo.claims.unrolled_minimum import UnrolledMinimumClaim
from exactgeo.deadline import Check, unlimited
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Minimum, Undecided
from exactgeo.local_minimum.deep.cells import unrolled_model
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.rungs.deep_rung import DeepRung, undecided
from exactgeo.local_minimum.vector.forms import Reduced, tied
from exactgeo.local_minimum.vector.units import Model
from exactgeo.local_minimum.vector.work import TooLarge, Work
from exactgeo.problem import Point, Problem

__all__ = ["UnrolledFaces"]


RULES = ("definite", "tied", "whole")


class UnrolledFaces(DeepRung):
    """A sufficient condition at any depth; failing it proves nothing, as copies may do what the units cannot.

    References
    ----------
    docs/mathematics.md, "Deep networks", D3v.
    """

    name: ClassVar[str] = "unrolled_faces"

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Undecided:
        at = DeepPoint.of(problem, point)
        if len(at.layers) < 2 or len(at.output) < 2:
            return undecided(at, "it has one hidden layer, or one output: other rungs look at that")
        try:
            work = Work(at)
            model = unrolled_model(at, work, check)
            rule = self._rule(model, work, check) if isinstance(model, Model) else model
        except TooLarge:
            rule = "the unrolled units have too many cones, faces or rays"
        if rule not in RULES:
            return undecided(at, rule)
        return Minimum(problem, UnrolledMinimumClaim(point, at.rational_loss, rule), Argument.UNROLLED_FACES)

    @staticmethod
    def _rule(model: Model, work: Work, check: Check) -> str:
        """The rule by which the point is a minimum, or why there is none."""
        if not model.first_order:
            return "the loss falls at first order on an unrolled copy, which proves nothing"
        if Reduced(model, "definite", copy(work)).strict(check):
            return "definite"
        for rule in RULES[1:]:
            reduced = Reduced(model, rule, copy(work))
            if reduced.independent and all(tied(reduced, part, check) for part in reduced.parts()):
                return rule
        return "the second-order form of unrolled units is not positive enough, which proves nothing"
