"""The criterion for weight decay: one hidden layer, one output, a convex differentiable loss.

With the squares of the trained weights (and perhaps biases) added, times lambda / 2, the point is a local minimum iff

* sum_t g_t = 0, plus lambda c where the output bias is penalised (trained output bias);
* phi_i(w_i) + lambda v_i = 0 (v trained);
* ``v_i phi_i(u) + lambda <w_i, u> >= 0`` for all trained directions u, the product over the penalised coordinates;
* where v_i = 0 is trained, ``phi_i(u)^2 <= lambda^2 |u|^2``, the norm of the penalised coordinates,

with two reservations, where the answer may be undecided: where v_i = 0 the last condition is necessary only if the
outputs of neuron i are 0 or a trained output bias can follow them, else the second order of all moves together decides,
unless it is degenerate or a neuron is on a kink (:mod:`exactgeo.local_minimum.decayed_hessian`); and where v_i != 0 is
trained, and the weights w_i are longer than it because a hidden bias is frozen at another value than 0, the conditions
are only necessary.

*Proof.* docs/mathematics.md, "Weight decay".

References
----------
Pilanci and Ergen, Neural networks are convex regularizers, ICML 2020, for the group norm behind it.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from exactgeo.claims.penalised_minimum import PenalisedMinimumClaim, PenalisedProof
from exactgeo.claims.penalised_strictness import PenalisedStrictnessClaim
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError, OutOfScope
from exactgeo.exact.vectors import ONE, ZERO, dot
from exactgeo.kinds import Argument, Strictness
from exactgeo.local_minimum.decayed_descent import down, down_affine, down_both, down_slowly, resisted
from exactgeo.local_minimum.decayed_flatness import flatness
from exactgeo.local_minimum.decayed_hessian import second_order
from exactgeo.local_minimum.decayed_neurons import Resisting, bound_each, downhill, resists
from exactgeo.local_minimum.decayed_point import DecayedPoint
from exactgeo.local_minimum.decision import Descent, Minimum, Undecided
from exactgeo.local_minimum.nonnegative import prove_nonnegative
from exactgeo.local_minimum.norm_bound import MOST_CELLS, cells, climb, prove_bounded
from exactgeo.local_minimum.two_layer_point import NeuronState
from exactgeo.problem import Point, Problem, scope

__all__ = ["conclude", "measured"]


def conclude(problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent | Undecided:
    """Decide a point of a problem in scope of weight decay, or say why not."""
    local = DecayedPoint.of(problem, point)
    proof, radius = _prove(local, check), _radius(local)
    if isinstance(proof, Resisting):
        found = second_order(local, radius, check)
        if isinstance(found, Descent):
            return found
        radius, proof = found, proof.outside if found is None else proof.proofs
    if isinstance(proof, Descent):
        return proof
    if isinstance(proof, OutOfScope):
        return Undecided(local.loss, proof, ())
    claim = PenalisedMinimumClaim(point, local.loss, radius, proof)
    return Minimum(problem, claim, Argument.WEIGHT_DECAY)


def measured(found: Minimum) -> Minimum:
    """A local minimum with its strictness, or with the reason why that is not known.

    Parameters
    ----------
    found : Minimum
        As :func:`conclude` gave it.
    """
    claim = found.claim
    if not isinstance(claim, PenalisedMinimumClaim):
        raise InternalError("a minimum of another criterion")
    local = DecayedPoint.of(found.problem, claim.point)
    if resists(local, claim.neurons):
        return replace(found, reason="a minimum by its second order may be part of a set of equal loss, or not")
    dimension = flatness(local, claim.neurons)
    if isinstance(dimension, str):
        return replace(found, reason=dimension)
    strictness = Strictness.FLAT if dimension else Strictness.STRICT
    flat = PenalisedStrictnessClaim(claim.point, claim.loss, strictness, dimension)
    return replace(found, flat=flat, reason="")


def _prove(
    local: DecayedPoint, check: Check
) -> tuple[PenalisedProof, ...] | Resisting[PenalisedProof] | Descent | OutOfScope:
    """The proofs of all neurons; or a descent; or, where there is none at first order, what keeps the point open."""
    found = _first_order(local, check)
    return found if isinstance(found, Descent) else bound_each(local, found, lambda n: _bounded(local, n, check))


def _first_order(local: DecayedPoint, check: Check) -> list[PenalisedProof] | Descent:
    """That no slope is negative, neuron by neuron; or a descent along one."""
    at = local.at
    for number, value, sparse in local.affine():
        slope = dot(at.residuals, at.linear[number][1])
        name = at.linear[number][0]
        slope += local.shrink * value if name != "c" or local.shift else ZERO
        if sign := downhill(slope, value, sparse):
            return down_affine(local, number, sign)
    proofs = []
    for neuron in at.neurons:
        if local.output:
            sign = downhill(local.output_slope(neuron), neuron.v, local.sparse)
            if sign:
                return down(local, neuron, (ZERO,) * len(at.trained), Fraction(sign))
        linear, terms = local.slope(neuron)
        parts = prove_nonnegative(linear, terms, len(at.trained), check)
        if isinstance(parts, tuple):
            return down(local, neuron, parts, ZERO)
        proofs.append(PenalisedProof(tuple(parts), (), ()))
    return proofs


def _bounded(
    local: DecayedPoint, neuron: NeuronState, check: Check
) -> PenalisedProof | Resisting[PenalisedProof] | Descent | OutOfScope:
    """The condition of an output weight of 0, proved or refuted."""
    at, free, square = local.at, local.free, local.shrink * local.shrink
    for j in free:
        for way in (ONE, -ONE):
            axis = tuple(way * int(k == j) for k in range(len(at.trained)))
            if at.phi(neuron, axis):
                return down_slowly(local, neuron, axis)
    gains = [local.gain(neuron, sign) for sign in (1, -1)]
    number = max(cells([term.right > term.left for term in terms], len(at.trained)) for _, terms in gains)
    if number > MOST_CELLS:
        return _climbed(local, neuron) or scope.many_cells(neuron.index, number)
    covers = []
    for gain in gains:
        cover = prove_bounded(*gain, free, square, check)
        if not isinstance(cover, list):
            return _beyond(local, neuron, check)
        covers.append(tuple(cover))
    return PenalisedProof((), *covers)


def _climbed(local: DecayedPoint, neuron: NeuronState) -> Descent | None:
    """A descent met without a covering."""
    square = local.shrink * (local.shrink + resisted(local, neuron)[1])
    for sign in (1, -1):
        u = climb(*local.gain(neuron, sign), local.free, square)
        if u is not None:
            return down_both(local, neuron, u)
    return None


def _beyond(local: DecayedPoint, neuron: NeuronState, check: Check) -> Descent | Resisting[PenalisedProof]:
    """A descent where phi is beyond its bound, unless what the outputs of the neuron add to the loss may prevent it."""
    square = local.shrink * (local.shrink + resisted(local, neuron)[1])
    for sign in (1, -1):
        found = prove_bounded(*local.gain(neuron, sign), local.free, square, check)
        if not isinstance(found, list):
            return down_both(local, neuron, found)
    return Resisting(scope.resisting(neuron.index), ())


def _radius(local: DecayedPoint) -> Fraction | None:
    """Largest max-norm radius 1/2^k or 2^k such that no pre-activation off the kinks and no v_i != 0 changes sign.

    None when every radius will do.
    """
    at, bounds = local.at, []
    for neuron in at.neurons if at.trained else ():
        if neuron.v and local.output:
            bounds.append(abs(neuron.v))
        for z, row in zip(neuron.z, at.rows, strict=True):
            size = sum(map(abs, row), ZERO)
            if at.problem.network.activation.has_kink and z and size:
                bounds.append(abs(z) / size)
    if not bounds:
        return None
    radius, least = ONE, min(bounds)
    while radius > least:
        radius /= 2
    while 2 * radius <= least:
        radius *= 2
    return radius
