"""The rung of smooth points: off all kinks, the second derivatives of the loss and its symmetries (D5)."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.symmetric_minimum import SymmetricMinimumClaim
from exactgeo.deadline import Check, unlimited
from exactgeo.exact.quadratic_form import negative_vector
from exactgeo.kinds import Argument
from exactgeo.local_minimum.along import descent_along
from exactgeo.local_minimum.decision import Descent, Minimum, Undecided
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.deep.second_order import SecondOrder
from exactgeo.local_minimum.deep.splitting import Splitting
from exactgeo.local_minimum.deep.symmetry import Symmetries
from exactgeo.local_minimum.rungs.deep_rung import DeepRung, undecided
from exactgeo.problem import Point, Problem

__all__ = ["SmoothPoint"]

LARGEST = 200
"""Trained parameters: beyond, the Hessian takes too long."""


class SmoothPoint(DeepRung):
    """A minimum where the Hessian has no negative value and vanishes along symmetries of the loss alone, or along lines
    more on which the splitting lemma decides.

    References
    ----------
    docs/mathematics.md, "Deep networks", D5.
    """

    name: ClassVar[str] = "smooth_point"

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent | Undecided:
        at = DeepPoint.of(problem, point)
        second = SecondOrder(at, check)
        if not second.smooth:
            return undecided(at, "a pre-activation is on a kink, or a prediction at a break of the loss")
        if len(second.parameters) > LARGEST:
            return undecided(at, f"more than {LARGEST} trained parameters")
        slope = second.gradient
        x = [-q for q in slope] if any(slope) else negative_vector(second.hessian)
        found = None if x is None else descent_along(problem, point, at.loss, (second.direction(x),))
        if found is not None:
            return found
        check()
        splitting = Splitting(second, Symmetries(second, check).vectors)
        if not splitting.lines:
            return Minimum(problem, SymmetricMinimumClaim(point, at.rational_loss, ()), Argument.SMOOTH_POINT)
        curve = splitting.curve(check) if splitting.lines == 1 else splitting.surface(check)
        if curve is None:
            beyond = f"{splitting.lines} dimensions beyond its symmetries" if splitting.lines > 1 else "one more"
            return undecided(at, f"the Hessian of the loss is positive semidefinite, and vanishes along {beyond}")
        backwards = [way if k % 2 else way.turned for k, way in enumerate(curve)]
        for way in (curve, backwards) if curve else ():
            found = descent_along(problem, point, at.loss, way)
            if found is not None:
                return found
        if curve and splitting.lines > 1:
            # The lowest form is 0 on a vector on which the bounds have not decided.
            return undecided(at, "the lowest form of the loss along the kernel of its Hessian may be 0 somewhere")
        return Minimum(problem, SymmetricMinimumClaim(point, at.rational_loss, curve), Argument.SMOOTH_POINT)
