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

from dataclasses import replace
from fractions import Fraction

from exactgeo.claims.local_minimum import LocalMinimumClaim, NeuronProof, Part
from exactgeo.claims.strictness import StrictnessClaim
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent, Minimum
from exactgeo.local_minimum.descent import along_inputs, along_linear, along_output
from exactgeo.local_minimum.flatness import flatness, strictness
from exactgeo.local_minimum.nonnegative import Term, prove_nonnegative
from exactgeo.local_minimum.two_layer_point import NeuronState, TwoLayerPoint
from exactgeo.losses import make_loss
from exactgeo.problem import Point, Problem

__all__ = ["conclude"]


def conclude(problem: Problem, point: Point, argument: Argument) -> Minimum | Descent:
    """Decide a point of a problem in scope of the complete decision.

    Parameters
    ----------
    problem : Problem
    point : Point
    argument : Argument
        What a local minimum is decided by.
    """
    at = TwoLayerPoint.of(problem, point)
    proof = _prove(at)
    if isinstance(proof, Descent):
        return proof
    claim = LocalMinimumClaim(point, at.loss, _radius(at), proof)
    squared = squared_nearby(problem, point, at)
    if squared is None:
        reason = (
            f"the flat dimension of the {problem.loss.name} loss is computed where it is quadratic near the point: "
            "no prediction at one of its breaks, none on a slope"
        )
        return Minimum(problem, claim, argument, reason=reason)
    dimension, flat = flatness(squared)
    strict = strictness(squared, dimension)
    return Minimum(problem, claim, argument, StrictnessClaim(point, at.loss, strict, dimension, flat))


def squared_nearby(problem: Problem, point: Point, at: TwoLayerPoint) -> TwoLayerPoint | None:
    """The point in a problem with the squared loss that has, near it, the same loss up to a constant and a factor.

    It has the data points at which the loss bends; where it is constant near the prediction a data point does not
    count. None where some prediction is at a break or on a slope.

    Examples
    --------
    Squared hinge: (1 - y p)^2 = (p - y)^2 for y = 1 or -1, and data with a margin above 1 do not count.
    """
    kept, targets, curvatures = [], [], set()
    for t, (p, (y,)) in enumerate(zip(at.predictions, problem.y, strict=True)):
        pieces = problem.loss.pieces(y)
        if pieces is None or p in pieces.breaks:
            return None
        (a, b, _), _ = pieces.around(p)
        if a:
            kept.append(t)
            targets.append((-b / (2 * a),))
            curvatures.add(a)
        elif b:
            return None
    if len(curvatures) != 1:
        return None
    if tuple(targets) == problem.y:
        return at
    reduced = replace(
        problem, x=tuple(problem.x[t] for t in kept), y=tuple(targets), loss=make_loss("squared"), reduction="sum"
    )
    return TwoLayerPoint.of(reduced, point)


def _prove(at: TwoLayerPoint) -> tuple[NeuronProof, ...] | Descent:
    """For each neuron the covering that proves its condition, or a descent."""
    train = at.problem.train
    for number, (_, column) in enumerate(at.linear):
        if dot(at.residuals, column):
            return along_linear(at, number)
    if train.output:
        for neuron in at.neurons:
            if dot(at.residuals, neuron.outputs):
                return along_output(at, neuron)
    proofs = []
    for neuron in at.neurons:
        found: list[Part] | Vector = []
        if at.trained and (neuron.v or train.output):
            found = _prove_neuron(at, neuron)
        if isinstance(found, tuple):
            return along_inputs(at, neuron, found)
        proofs.append(NeuronProof(tuple(found)))
    return tuple(proofs)


def _prove_neuron(at: TwoLayerPoint, neuron: NeuronState) -> list[Part] | Vector:
    """``sign(v) phi >= 0`` on T by a covering, ``phi = 0`` for v = 0; or a direction of T that violates it."""
    sign = neuron.sign or 1
    linear = [sign * q for q in at.smooth_part(neuron)]
    terms = []
    for kink in neuron.kinks:
        right, left = (sign * q for q in at.kink_slopes(kink))
        if right == left:
            linear = [p + right * q for p, q in zip(linear, kink.form, strict=True)]
        else:
            terms.append(Term(kink.row, kink.form, right, left))
    if neuron.v:
        return prove_nonnegative(tuple(linear), terms, len(at.trained))
    if not terms:
        return prove_nonnegative(tuple(linear), (), len(at.trained))
    # v = 0 needs phi = 0, but phi bends at a kink: of u and -u along the kink's form one has phi != 0,
    # or another direction does; -phi and phi cannot both be >= 0.
    up = prove_nonnegative(tuple(linear), terms, len(at.trained))
    if isinstance(up, tuple):
        return up
    flipped = [Term(t.row, t.form, -t.right, -t.left) for t in terms]
    down = prove_nonnegative(tuple(-q for q in linear), flipped, len(at.trained))
    if not isinstance(down, tuple):
        raise InternalError("a function that bends is 0 everywhere")
    return down


def _radius(at: TwoLayerPoint) -> Fraction | None:
    """Largest max-norm radius 1/2^k or 2^k such that no pre-activation off the kinks and no v_i != 0 changes sign.

    None when every radius will do.
    """
    bounds = []
    train = at.problem.train
    for neuron in at.neurons:
        if neuron.v and train.output:
            bounds.append(abs(neuron.v))
        if not at.problem.network.activation.has_kink:
            continue
        for z, row in zip(neuron.z, at.rows, strict=True):
            size = sum(map(abs, row), ZERO)
            if z and size:
                bounds.append(abs(z) / size)
    if not bounds:
        return None
    radius, least = ONE, min(bounds)
    while radius > least:
        radius /= 2
    while 2 * radius <= least:
        radius *= 2
    return radius
