"""What the rungs for networks of any depth and any number of outputs have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from exactgeo.claims.deep_minimum import DeepMinimumClaim, Inner, Nearby, Proof, Unrolled
from exactgeo.deadline import Check
from exactgeo.errors import OutOfScope
from exactgeo.kinds import Argument
from exactgeo.local_minimum.along import descent_along
from exactgeo.local_minimum.decision import Descent, Minimum, Undecided
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.deep.reduced import Behind, Merged
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.problem import Problem, scope

__all__ = ["DeepRung", "ReducingRung", "inner_claim", "minimum", "resting", "undecided"]


class DeepRung(Rung):
    """A rung for piecewise linear networks with linear outputs, a convex loss with a rational derivative, and more than
    one hidden layer or output, every freezing included."""

    def accepts(self, problem: Problem) -> OutOfScope | None:
        return scope.deep(problem)


class ReducingRung(DeepRung):
    """A rung that asks a ladder about smaller networks.

    Parameters
    ----------
    ladder : callable
        Gives the rungs that are asked about them.
    """

    def __init__(self, ladder: Callable[[], Sequence[Rung]]) -> None:
        self._ladder = ladder

    def smaller(self, reduced: Behind | Merged, check: Check) -> Minimum | Descent | None:
        """The decision about a smaller network, None where it is left open; of a descent one of the whole."""
        problem = reduced.problem
        for rung in self._ladder():
            if rung.accepts(problem) is None:
                found = rung.decide(problem, reduced.point, check)
                if isinstance(found, Minimum):
                    return found
                if isinstance(found, Descent):
                    return _lifted(reduced, found)
        return None


def _lifted(reduced: Behind | Merged, found: Descent) -> Descent | None:
    at = reduced.at
    for curve in reduced.lifted(found.curve):
        descent = descent_along(at.problem, at.point, at.loss, curve)
        if descent is not None:
            return descent
    return None


def inner_claim(found: Minimum) -> Inner | None:
    """The claim of a smaller network's minimum, where a claim about the whole may rest on it."""
    return found.claim if isinstance(found.claim, Inner) else None


def undecided(at: DeepPoint, reason: str) -> Undecided:
    """A point that a rung leaves open."""
    return Undecided(at.loss, scope.not_decided(reason), ())


def minimum(at: DeepPoint, proof: Proof, argument: Argument) -> Minimum:
    """A local minimum by a proof that holds as far as nothing that has a sign changes it."""
    radius = at.radius()
    margins = [unit.margin for unit in proof.units if unit.margin] if isinstance(proof, Unrolled) else []
    while margins and radius * len(at.output) > min(margins):
        radius /= 2
    return Minimum(at.problem, DeepMinimumClaim(at.point, at.loss, radius, proof), argument)


def resting(reduced: Behind | Merged, proof: Proof, argument: Argument, found: Minimum) -> Minimum:
    """A local minimum because a smaller network has one: as far as its claim holds, and as nothing changes its sign."""
    at, inner = reduced.at, found.claim
    radius: Fraction | None = None
    if not isinstance(inner, Nearby) and (found.everywhere or inner.radius):
        radius = at.radius()
        while not reduced.within(radius, inner.radius):
            radius /= 2
    return Minimum(at.problem, DeepMinimumClaim(at.point, at.loss, radius, proof), argument)
