"""Where a point of a network of any depth stands among all points: no function of the inputs is better, or a smaller
network tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from exactgeo.claims import Claim
from exactgeo.claims.class_minimum import NoFunction, NoSlope
from exactgeo.claims.deep_global_minimum import BehindFrozen, DeepGlobalMinimumClaim, Everywhere, Function, MergedLinear
from exactgeo.exact.combination import inner
from exactgeo.exact.vectors import Vector
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.deep.reduced import Behind, Merged
from exactgeo.problem import Point, Problem
from exactgeo.standing.verdict import Better

__all__ = ["Known", "as_good_as_a_function", "by_smaller_networks", "no_better_function", "no_better_last_layer"]


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
    if no_better_function(DeepPoint.of(problem, point)) is None:
        return None
    return Known(None, DeepGlobalMinimumClaim(point, loss, Function()))


def no_better_function(at: DeepPoint) -> NoFunction | None:
    """The proof that where inputs are equal the slopes of the loss sum to 0; None where they do not.

    Raises
    ------
    exactgeo.exact.combination.Unresolved
        A sum was not told from 0.
    """
    groups = defaultdict[Vector, list[int]](list)
    for t, row in enumerate(at.problem.x):
        groups[row].append(t)
    sums = (inner([1] * len(group), [g[t] for t in group]) for group in groups.values() for g in at.gradient)
    return None if any(sums) else NoFunction()


def no_better_last_layer(at: DeepPoint) -> NoSlope | None:
    """The proof that the predictions are affine in what is trained, and the loss has no slope in it; None without it.

    Raises
    ------
    exactgeo.exact.combination.Unresolved
        A slope was not told from 0.
    """
    moves = any(layer.trains or layer.trains_bias for layer in at.layers)
    return None if moves or at.slope_in_last else NoSlope()


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
