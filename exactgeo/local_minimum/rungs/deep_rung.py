"""What the rungs for networks of any depth and any number of outputs have in common."""

from __future__ import annotations

from exactgeo.claims.deep_minimum import DeepMinimumClaim, Reachable, Unrolled
from exactgeo.errors import OutOfScope
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Minimum, Undecided
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.problem import Problem, scope

__all__ = ["DeepRung", "minimum", "undecided"]


class DeepRung(Rung):
    """A rung for piecewise linear networks with linear outputs, a convex loss with a rational derivative, and more than
    one hidden layer or output, every freezing included."""

    def accepts(self, problem: Problem) -> OutOfScope | None:
        return scope.deep(problem)


def undecided(at: DeepPoint, reason: str) -> Undecided:
    """A point that a rung leaves open."""
    return Undecided(at.loss, scope.not_decided(reason), ())


def minimum(at: DeepPoint, proof: Reachable | Unrolled, argument: Argument) -> Minimum:
    """A local minimum by a proof that holds as far as nothing that has a sign changes it."""
    radius = at.radius()
    margins = [unit.margin for unit in proof.units if unit.margin] if isinstance(proof, Unrolled) else []
    while margins and radius * len(at.output) > min(margins):
        radius /= 2
    return Minimum(at.problem, DeepMinimumClaim(at.point, at.loss, radius, proof), argument)
