"""What the rungs for networks of any depth and any number of outputs have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from exactgeo.claims.class_minimum import ClassBehind, ClassInner, ClassMerged, ClassMinimumClaim, ClassUnrolled
from exactgeo.claims.classes import LogSums
from exactgeo.claims.deep_minimum import Behind as BehindProof
from exactgeo.claims.deep_minimum import DeepMinimumClaim, Inner, Nearby, Reachable, Unrolled
from exactgeo.claims.deep_minimum import Merged as MergedProof
from exactgeo.deadline import Check
from exactgeo.errors import InternalError, OutOfScope
from exactgeo.exact.combination import sign
from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.kinds import Argument
from exactgeo.local_minimum.along import descent_along
from exactgeo.local_minimum.decision import Descent, Minimum, Undecided
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.deep.reduced import Behind, Merged
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.problem import Direction, Problem, scope

__all__ = ["DeepRung", "ReducingRung", "last_layer", "minimum", "replayed", "resting", "undecided"]


class DeepRung(Rung):
    """A rung for piecewise linear networks with linear outputs, a convex loss with a derivative that is rational or of
    classes, and more than one hidden layer or output, every freezing included."""

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


def undecided(at: DeepPoint, reason: str) -> Undecided:
    """A point that a rung leaves open."""
    return Undecided(at.loss, scope.not_decided(reason), ())


def minimum(at: DeepPoint, proof: Reachable | Unrolled, argument: Argument) -> Minimum:
    """A local minimum by a proof that holds as far as nothing that has a sign changes it."""
    radius = at.radius()
    margins = [unit.margin for unit in proof.units if unit.margin] if isinstance(proof, Unrolled) else []
    while margins and radius * len(at.output) > min(margins):
        radius /= 2
    claim: DeepMinimumClaim | ClassMinimumClaim
    if at.problem.loss.classes:
        own = proof if isinstance(proof, Reachable) else ClassUnrolled.of(proof)
        claim = ClassMinimumClaim(at.point, LogSums.of(at.loss), radius, own)
    else:
        claim = DeepMinimumClaim(at.point, at.rational_loss, radius, proof)
    return Minimum(at.problem, claim, argument)


def resting(reduced: Behind | Merged, found: Minimum) -> Minimum | None:
    """A local minimum because a smaller network has one: as far as its claim holds, and as nothing changes its sign.

    None where no claim about the whole may rest on the claim of the smaller network."""
    at, inner, behind = reduced.at, found.claim, isinstance(reduced, Behind)
    argument = Argument.BEHIND if behind else Argument.MERGED
    radius: Fraction | None = None
    if not isinstance(inner, Nearby) and (found.everywhere or inner.radius):
        radius = at.radius()
        while not reduced.within(radius, inner.radius):
            radius /= 2
    if at.problem.loss.classes:
        if not isinstance(inner, ClassInner):
            return None
        own = (ClassBehind if behind else ClassMerged)(reduced.layer, inner)
        return Minimum(at.problem, ClassMinimumClaim(at.point, LogSums.of(at.loss), radius, own), argument)
    if not isinstance(inner, Inner):
        return None
    proof = (BehindProof if behind else MergedProof)(reduced.layer, inner)
    return Minimum(at.problem, DeepMinimumClaim(at.point, at.rational_loss, radius, proof), argument)


def last_layer(at: DeepPoint) -> Descent | None:
    """Down one output bias or output weight that has a derivative, the first there is."""
    zero = Direction.zero(at.point)
    (*biases, shift), (*weights, rows) = zero.biases, zero.weights
    for o in range(len(at.gradient)):
        slope = at.along(o, (ONE,) * at.problem.m) if at.trains_shift else ZERO
        if slope:
            moved = tuple(-ONE * sign(slope) if i == o else q for i, q in enumerate(shift))
            return replayed(at, Direction(zero.weights, (*biases, moved)))
        for j, column in enumerate(at.inputs_of(len(at.layers)) if at.trains_output else ()):
            slope = at.along(o, column)
            if slope:
                row = tuple(-ONE * sign(slope) if i == j else q for i, q in enumerate(rows[o]))
                return replayed(at, Direction((*weights, (*rows[:o], row, *rows[o + 1 :])), zero.biases))
    return None


def replayed(at: DeepPoint, direction: Direction) -> Descent:
    """The descent along a straight line along which the loss falls at first order."""
    found = descent_along(at.problem, at.point, at.loss, (direction,))
    if found is None:
        raise InternalError("a first-order descent failed its replay")
    return found
