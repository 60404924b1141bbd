"""The criterion for one hidden layer and one output, decided and proved.

With g_t the derivatives of the loss at the predictions and ``phi_i(u) = sum_t g_t a'(<w_i, x_t>; <u, x_t>)``, the
point is a local minimum iff sum_t g_t = 0 (output bias trained), phi_i(w_i) = 0 for each neuron (v trained), and on
the trained directions T of (w_i, b_i) sign(v_i) phi_i >= 0 where v_i != 0, and phi_i = 0 where v_i = 0 and v is
trained. (w_i lies in the lineality space of neuron i's kinks, so phi_i(u + k w_i) = phi_i(u) + k phi_i(w_i), and the
condition on T + span w_i is these two.)

It holds for every convex loss with a Lipschitz derivative. *Sufficient*: the loss lies above its tangents, so
L' - L >= sum_t g_t dp_t up to the weight, which splits over the neurons into these terms. *Necessary*: a condition
that fails gives a direction with a negative derivative; where v_i = 0 one of second order, since l(p + e) <= l(p) + g e
+ a e^2 with a the largest curvature of the pieces. What is computed with is r_t = g_t / 2a: p_t - y_t for the squared
losses.

References
----------
Wu, Simsek, Ged, arXiv 2402.05626, for sufficiency and for scalar outputs; docs/mathematics.md, "Local minimality".
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from exactgeo.claims.local_minimum import LocalMinimumClaim, NeuronProof, Part
from exactgeo.claims.strictness import StrictnessClaim, Tree
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import ONE, Vector, dot
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent, Minimum
from exactgeo.local_minimum.flatness import common, covers, search, strictness
from exactgeo.local_minimum.moves import Moves, germs
from exactgeo.local_minimum.nonnegative import Term, prove_nonnegative
from exactgeo.local_minimum.two_layer_point import NeuronState, TwoLayerPoint
from exactgeo.problem import Point, Problem

__all__ = ["conclude", "measure", "prove_neuron", "radius"]


def conclude(problem: Problem, point: Point, argument: Argument, check: Check = unlimited) -> Minimum | Descent:
    """Decide a point of a problem in scope of the complete decision.

    Parameters
    ----------
    problem : Problem
    point : Point
    argument : Argument
        What a local minimum is decided by.
    check : callable
        Called between pieces of work; what it raises passes through.
    """
    at = TwoLayerPoint.of(problem, point)
    proof = _prove(at, check)
    if isinstance(proof, Descent):
        return proof
    return Minimum(problem, LocalMinimumClaim(point, at.loss, radius(at), proof), argument, at=at)


def measure(found: Minimum, check: Check) -> StrictnessClaim:
    """How large the set of equal loss around a local minimum is.

    Parameters
    ----------
    found : Minimum
        As :func:`conclude` gave it.
    check : callable
        Called between pieces of work; what it raises passes through.
    """
    at, claim = found.at, found.claim
    if at is None:
        raise InternalError("a minimum without the point it was decided at")
    check()
    moves = Moves.of(at, germs(at), check)
    known, sure = [], None
    if isinstance(claim, LocalMinimumClaim):
        known = covers(at, moves, claim.neurons)
    else:
        from exactgeo.claims.subgradient_minimum import SubgradientMinimumClaim

        if not isinstance(claim, SubgradientMinimumClaim):
            raise InternalError("a minimum of another criterion")
        sure = common(at, moves, claim)
    flat = search(moves, known, check, sure)
    slants = tuple(unit.slant for unit in moves.units)
    return StrictnessClaim(
        claim.point,
        claim.loss,
        strictness(at, flat.dimension),
        flat.dimension,
        Tree(slants, flat.tree, flat.largest),
    )


def _prove(at: TwoLayerPoint, check: Check) -> tuple[NeuronProof, ...] | Descent:
    """For each neuron the covering that proves its condition, or a descent."""
    train = at.problem.train
    for number, (_, column) in enumerate(at.linear):
        if dot(at.residuals, column):
            from exactgeo.local_minimum.descent import along_linear

            return along_linear(at, number)
    if train.output:
        for neuron in at.neurons:
            if at.output_slope(neuron):
                from exactgeo.local_minimum.descent import along_output

                return along_output(at, neuron)
    proofs = []
    for neuron in at.neurons:
        found: list[Part] | Vector = []
        if at.trained and (neuron.v or train.output):
            found = prove_neuron(at, neuron, at.residuals, check)
        if isinstance(found, tuple):
            from exactgeo.local_minimum.descent import along_inputs

            return along_inputs(at, neuron, found)
        proofs.append(NeuronProof(tuple(found)))
    return tuple(proofs)


def prove_neuron(
    at: TwoLayerPoint, neuron: NeuronState, slopes: Vector, check: Check = unlimited
) -> list[Part] | Vector:
    """``sign(v) phi >= 0`` on T by a covering, ``phi = 0`` for v = 0; or a direction of T that violates it.

    Parameters
    ----------
    at : TwoLayerPoint
    neuron : NeuronState
    slopes : Vector
        Of the loss at the data points, up to one positive factor.
    check : callable
        Called between pieces of work.
    """
    sign = neuron.sign or 1
    linear = [sign * q for q in at.smooth_part(neuron, slopes)]
    terms = []
    for kink in neuron.kinks:
        right, left = (sign * q for q in at.kink_slopes(kink, slopes))
        if right == left:
            linear = [p + right * q for p, q in zip(linear, kink.form, strict=True)]
        else:
            terms.append(Term(kink.row, kink.form, right, left))
    if neuron.v:
        return prove_nonnegative(tuple(linear), terms, len(at.trained), check)
    if not terms:
        return prove_nonnegative(tuple(linear), (), len(at.trained))
    # v = 0 needs phi = 0, but phi bends at a kink: of u and -u along the kink's form one has phi != 0,
    # or another direction does; -phi and phi cannot both be >= 0.
    up = prove_nonnegative(tuple(linear), terms, len(at.trained), check)
    if isinstance(up, tuple):
        return up
    flipped = [Term(t.row, t.form, -t.right, -t.left) for t in terms]
    down = prove_nonnegative(tuple(-q for q in linear), flipped, len(at.trained), check)
    if not isinstance(down, tuple):
        raise InternalError("a function that bends is 0 everywhere")
    return down


def radius(at: TwoLayerPoint, more: Iterable[Fraction] = ()) -> Fraction | None:
    """Largest max-norm radius 1/2^k or 2^k such that no pre-activation off the kinks and no v_i != 0 changes sign.

    None when every radius will do. It is within ``more`` as well.
    """
    bounds = list(more)
    train, frame = at.problem.train, at.frame
    for neuron in at.neurons:
        if neuron.v and train.output:
            bounds.append(abs(neuron.v))
        if not at.problem.network.activation.has_kink:
            continue
        nearest: tuple[int, int] | None = None
        for z, size in zip(map(abs, neuron.heights), frame.sizes, strict=True):
            if z and size and (nearest is None or z * nearest[1] < nearest[0] * size):
                nearest = z, size
        if nearest is not None:
            bounds.append(Fraction(nearest[0] * frame.unit, nearest[1] * neuron.unit))
    if not bounds:
        return None
    found, least = ONE, min(bounds)
    while found > least:
        found /= 2
    while 2 * found <= least:
        found *= 2
    return found
