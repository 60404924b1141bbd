"""Where a point of a network of any depth stands among all points: no function of the inputs is better, or a smaller
network tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from exactgeo.claims import Claim
from exactgeo.claims.class_global_minimum import ClassGlobalMinimumClaim, NoFunction, NoSlope
from exactgeo.claims.classes import LogSums
from exactgeo.claims.deep_global_minimum import BehindFrozen, DeepGlobalMinimumClaim, Everywhere, Function, MergedLinear
from exactgeo.exact.combination import Unresolved
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.deep.reach import no_better_function
from exactgeo.local_minimum.deep.reduced import Behind, Merged
from exactgeo.problem import Point, Problem
from exactgeo.standing.verdict import Better

__all__ = ["Known", "as_good_as_a_function", "best_of_classes", "by_smaller_networks"]


@dataclass(frozen=True)
class Known:
    """What is proved.

    Attributes
    ----------
    better : Better or None
        None where the point is a global minimum.
    claim : Claim or None
        Of the global minimum: the point, or the better one.
    """

    better: Better | None
    claim: Claim | None


def as_good_as_a_function(problem: Problem, point: Point, loss: Fraction) -> Known | None:
    """That no function of the inputs has a lower loss: where inputs are equal the slopes of the loss sum to 0.

    Cost: one forward pass.
    """
    if not no_better_function(DeepPoint.of(problem, point)):
        return None
    return Known(None, DeepGlobalMinimumClaim(point, loss, Function()))


def best_of_classes(problem: Problem, point: Point) -> ClassGlobalMinimumClaim | None:
    """That no parameters have a lower loss, of a convex loss with classes: by its slopes alone; None where these do not
    tell.

    Cost: one forward pass.
    """
    at = DeepPoint.of(problem, point)
    moves = any(layer.trains or layer.trains_bias for layer in at.layers)
    proof: NoFunction | NoSlope | None = None
    try:
        if no_better_function(at):
            proof = NoFunction()
        elif not moves and not at.slope_in_last:
            proof = NoSlope()
    except Unresolved:
        # A sum was not told from 0.
        return None
    return None if proof is None else ClassGlobalMinimumClaim(point, LogSums.of(at.loss), proof)


def by_smaller_networks(
    problem: Problem, point: Point, loss: Fraction, ask: Callable[[Problem, Point], Known | None]
) -> Known | None:
    """What is known of the network behind layers that nothing trained changes, and of that with a linear layer merged.

    Parameters
    ----------
    problem : Problem
        In scope of :func:`exactgeo.problem.scope.deep`.
    point : Point
    loss : Fraction
    ask : callable
        What is known of a point of a smaller network.
    """
    at = DeepPoint.of(problem, point)
    held = [layer.index for layer in at.layers if layer.width and not _moves(at, layer.index)]
    for k in held[-1:]:
        behind = Behind(at, k)
        known = ask(behind.problem, behind.point)
        if known is not None:
            return _lifted(behind, loss, known)
    for layer in at.layers:
        if not layer.kinked:
            merged = Merged(at, layer.index)
            known = ask(merged.problem, merged.point)
            if known is not None and known.better is None and isinstance(known.claim, Everywhere):
                return Known(None, DeepGlobalMinimumClaim(point, loss, MergedLinear(layer.index, known.claim)))
    return None


def _moves(at: DeepPoint, k: int) -> bool:
    """Whether something trained changes the outputs of a layer."""
    return any(layer.trains or layer.trains_bias for layer in at.layers[: k + 1])


def _lifted(behind: Behind, loss: Fraction, known: Known) -> Known:
    """The same about the whole network, whose layers up to that one are frozen."""
    point, first, better = behind.at.point, behind.layer + 1, known.better
    if better is not None:
        point = Point((*point.weights[:first], *better.point.weights), (*point.biases[:first], *better.point.biases))
        better = replace(better, point=point)
        loss = better.loss if isinstance(better.loss, Fraction) else loss
    claim = None
    if isinstance(known.claim, Everywhere) and (better is None or better.complete):
        claim = DeepGlobalMinimumClaim(point, loss, BehindFrozen(behind.layer, known.claim))
    elif better is not None:
        better = replace(better, complete=False)
    return Known(better, claim)
