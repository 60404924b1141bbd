"""The criterion for weight decay where the slopes of the loss are transcendental: exact at rational points.

The theorem is that of :mod:`exactgeo.local_minimum.weight_decay`, with g_t = l_t'(p_t) and one factor of the penalty
for a neuron's inputs and another for its output weight (those of two outputs, seen as one score, cost half as much):
what it asks for are signs of rational combinations of the g_t, and one comparison of ``|q|^2``, q a vector of such,
with a rational number. The two are equal only where q is rational, so every sign shows in the end.

What is open is what is open there: l1 without a slope down, neurons whose bias is frozen at another value than 0, and
output weights of 0 with outputs that are not, whose second order is degenerate or not known on kinks.

References
----------
docs/mathematics.md, "Weight decay" and "Exponentials at rational points".
"""

from __future__ import annotations

from dataclasses import replace

from exactgeo.claims.ordered import Combined
from exactgeo.claims.ordered_penalised_minimum import OrderedPenalisedMinimumClaim, OrderedPenalisedProof
from exactgeo.claims.ordered_penalised_strictness import OrderedPenalisedStrictnessClaim
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError, OutOfScope
from exactgeo.exact.ordered_least_norm import rational_near
from exactgeo.exact.vectors import ONE
from exactgeo.kinds import Argument, Strictness
from exactgeo.local_minimum.decayed_flatness import flatness
from exactgeo.local_minimum.decayed_neurons import Resisting, bound_each, downhill, resists
from exactgeo.local_minimum.decision import Descent, Minimum, Undecided
from exactgeo.local_minimum.nonnegative import Term
from exactgeo.local_minimum.norm_bound import MOST_CELLS, cells, climb
from exactgeo.local_minimum.ordered_bound import prove_ordered_bound
from exactgeo.local_minimum.ordered_cover import ordered_nonnegative
from exactgeo.local_minimum.ordered_criterion import radius_of
from exactgeo.local_minimum.ordered_decayed_descent import below, down, down_both, down_slowly, resisted
from exactgeo.local_minimum.ordered_decayed_point import OrderedDecayedPoint
from exactgeo.local_minimum.ordered_hessian import ordered_second_order
from exactgeo.local_minimum.two_layer_point import NeuronState
from exactgeo.problem import Point, Problem, scope

__all__ = ["conclude_ordered_decay", "measure_ordered_decay"]


def conclude_ordered_decay(problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent | Undecided:
    """Decide a point of a problem with a penalty whose loss has slopes in an ordered space, or say why not.

    Raises
    ------
    exactgeo.exact.combination.Unresolved
        A number is too small for its sign, or for a rational step, to be found.
    """
    local = OrderedDecayedPoint.of(problem, point)
    proof, radius = _prove(local, check), radius_of(local.point)
    if isinstance(proof, Resisting):
        found = ordered_second_order(local, radius, check)
        if isinstance(found, Descent):
            return found
        radius, proof = found, proof.outside if found is None else proof.proofs
    if isinstance(proof, Descent):
        return proof
    loss = local.point.loss
    if isinstance(proof, OutOfScope):
        return Undecided(loss, proof, ())
    claim = OrderedPenalisedMinimumClaim(point, Combined.of(loss), radius, proof)
    return Minimum(problem, claim, Argument.WEIGHT_DECAY)


def measure_ordered_decay(found: Minimum) -> Minimum:
    """A local minimum with its strictness, or with the reason why that is not known.

    Parameters
    ----------
    found : Minimum
        As :func:`conclude_ordered_decay` gave it.
    """
    claim = found.claim
    if not isinstance(claim, OrderedPenalisedMinimumClaim):
        raise InternalError("a minimum of another criterion")
    local = OrderedDecayedPoint.of(found.problem, claim.point)
    if resists(local, claim.neurons):
        return replace(found, reason="a minimum by its second order may be part of a set of equal loss, or not")
    dimension = flatness(local, claim.neurons)
    if isinstance(dimension, str):
        return replace(found, reason=dimension)
    strictness = Strictness.FLAT if dimension else Strictness.STRICT
    flat = OrderedPenalisedStrictnessClaim(claim.point, claim.loss, strictness, dimension)
    return replace(found, flat=flat, reason="")


NEAR_BITS = 64
"""Of slopes and curvatures by which a descent is looked for."""

MANY_CELLS = 64
"""Cells of a covering from which on a descent is looked for without it."""


def _prove(
    local: OrderedDecayedPoint, check: Check
) -> tuple[OrderedPenalisedProof, ...] | Resisting[OrderedPenalisedProof] | Descent | OutOfScope:
    """The proofs of all neurons; or a descent; or, where there is none at first order, what keeps the point open."""
    found = _first_order(local, check)
    return found if isinstance(found, Descent) else bound_each(local, found, lambda n: _bounded(local, n, check))


def _first_order(local: OrderedDecayedPoint, check: Check) -> list[OrderedPenalisedProof] | Descent:
    """That no slope is negative: each parameter of the last layer, then neuron by neuron; or a descent along one."""
    for unit, slope, value, sparse in local.last_layer():
        way = downhill(slope, value, sparse)
        if way:
            found = below(local, unit if way > 0 else unit.turned, lifted=True)
            if found is None:
                raise InternalError("a descent of the penalised loss failed its replay")
            return found
    proofs = []
    for neuron in local.at.neurons:
        parts = ordered_nonnegative(*local.slope(neuron), len(local.at.trained), check)
        if isinstance(parts, tuple):
            return down(local, neuron, parts)
        proofs.append(OrderedPenalisedProof(tuple(parts), (), ()))
    return proofs


def _bounded(
    local: OrderedDecayedPoint, neuron: NeuronState, check: Check
) -> OrderedPenalisedProof | Resisting[OrderedPenalisedProof] | Descent | OutOfScope:
    """The condition of an output weight of 0, proved or refuted."""
    size = len(local.at.trained)
    for j in local.free:
        for way in (ONE, -ONE):
            axis = tuple(way * int(k == j) for k in range(size))
            if local.phi(neuron, axis):
                return down_slowly(local, neuron, axis)
    gains = [local.gain(neuron, way) for way in (ONE, -ONE)]
    number = max(cells([not term.concave for term in terms], size) for _, terms in gains)
    if number > MANY_CELLS and (climbed := _climbed(local, neuron)) is not None:
        return climbed
    if number > MOST_CELLS:
        return scope.many_cells(neuron.index, number)
    covers = []
    for linear, terms in gains:
        cover = prove_ordered_bound(linear, terms, local.free, local.square, check)
        if isinstance(cover, tuple):
            return down_both(local, neuron, cover) or _beyond(local, neuron, check)
        covers.append(tuple(cover))
    return OrderedPenalisedProof((), *covers)


def _climbed(local: OrderedDecayedPoint, neuron: NeuronState) -> Descent | None:
    """A descent met without a covering, with slopes rounded until it is proved."""
    for way in (ONE, -ONE):
        linear, terms = local.gain(neuron, way)
        slopes = tuple(rational_near(q, NEAR_BITS) for q in linear)
        bends = [
            Term(t.row, tuple(map(int, t.form)), rational_near(t.right, NEAR_BITS), rational_near(t.left, NEAR_BITS))
            for t in terms
        ]
        u = climb(slopes, bends, local.free, local.square)
        found = None if u is None else down_both(local, neuron, u)
        if found is not None:
            return found
    return None


def _beyond(
    local: OrderedDecayedPoint, neuron: NeuronState, check: Check
) -> Descent | Resisting[OrderedPenalisedProof]:
    """A descent where phi is beyond its bound, unless what the outputs of the neuron add to the loss may prevent it."""
    square = local.shrink * resisted(local, neuron, NEAR_BITS)[1]
    for way in (ONE, -ONE):
        found = prove_ordered_bound(*local.gain(neuron, way), local.free, square, check)
        descent = down_both(local, neuron, found) if isinstance(found, tuple) else None
        if descent is not None:
            return descent
    return Resisting(scope.resisting(neuron.index), ())
