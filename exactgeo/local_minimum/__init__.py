"""Is this point a local minimum? A complete exact decision for one hidden layer and scalar output.

The criterion (Wu, Simsek and Ged, arXiv 2402.05626, for sufficiency and scalar outputs): with residuals r_t and
``phi_i(u) = sum_t r_t a'(<w_i, x_t>; <u, x_t>)``, the point is a local minimum iff sum_t r_t = 0 (output bias
trained), phi_i(w_i) = 0 for each neuron (v trained), and on the trained directions T of (w_i, b_i)
sign(v_i) phi_i >= 0 where v_i != 0, and phi_i = 0 where v_i = 0 and v is trained. (w_i lies in the lineality space of
neuron i's kinks, so phi_i(u + k w_i) = phi_i(u) + k phi_i(w_i), and the condition on T + span w_i is these two.)
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from exactgeo.claims.certificate import Certificate
from exactgeo.claims.local_minimum import LocalMinimumClaim, NeuronProof, Part
from exactgeo.claims.not_local_minimum import NotLocalMinimumClaim
from exactgeo.errors import OutOfScope
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.kinds import Kind, Reason, Rung, Strictness
from exactgeo.local_minimum.descent import along_inputs, along_linear, along_output
from exactgeo.local_minimum.explain import Condition, Explanation, NeuronView, explain_local
from exactgeo.local_minimum.flatness import flatness, strictness
from exactgeo.local_minimum.nonnegative import Term, prove_nonnegative
from exactgeo.local_minimum.two_layer_point import Kink, Local, Neuron, local
from exactgeo.problem import Point, Problem, scope

__all__ = [
    "Condition",
    "Decision",
    "Explanation",
    "Kink",
    "Local",
    "Neuron",
    "NeuronView",
    "decide",
    "explain",
    "local",
    "out_of_scope",
]


@dataclass(frozen=True)
class Decision:
    """Whether a point is a local minimum, and why.

    Attributes
    ----------
    kind : Kind
    loss : Fraction or None
        Exact loss at the point; None where the loss has no rational values.
    rung : Rung or None
    strictness, flat_dimension : Strictness, int; None unless a local minimum
    descent : NotLocalMinimumClaim or None
    certificate : Certificate or None
        None only when undecided.
    reason : Reason or None; detail : str
    """

    kind: Kind
    loss: Fraction | None
    rung: Rung | None = None
    strictness: Strictness | None = None
    flat_dimension: int | None = None
    descent: NotLocalMinimumClaim | None = None
    certificate: Certificate | None = None
    reason: Reason | None = None
    detail: str = ""


def out_of_scope(problem: Problem) -> str:
    """What puts a problem outside the complete decision, "" if nothing does."""
    found = scope.complete_decision(problem)
    if found is None:
        pieces = problem.loss.pieces(ZERO)
        if problem.loss.targets is not None or pieces is None or pieces.breaks:
            found = OutOfScope(f"the {problem.loss.name} loss", "squared and half_squared", "basins")
    return "" if found is None else f"{found.reason}; in scope: {found.in_scope}"


def decide(problem: Problem, point: Point | None = None) -> Decision:
    """Decide local minimality of a point in the trained parameters.

    Parameters
    ----------
    problem : Problem
    point : Point, optional
        ``problem.point`` when left out.

    Returns
    -------
    Decision
        Never undecided in scope. Cost: O(m n d) rationals, then for each neuron one small exact LP a cell of its
        linearly dependent concave kinks, and for the flat dimension a few LPs (exponential in the worst case).

    Raises
    ------
    ValueError
        No point is given.

    References
    ----------
    Wu, Simsek, Ged, arXiv 2402.05626; the criterion as stated in this module's docstring.

    Examples
    --------
    >>> from exactgeo.library import load
    >>> found = decide(load("swirszcz-prop1"))
    >>> print(found.kind, found.loss, found.strictness, found.flat_dimension)
    local_minimum 18 strict_modulo_symmetry 1
    """
    point = point if point is not None else problem.point
    if point is None:
        raise ValueError("decide needs a point")
    detail = out_of_scope(problem)
    if detail:
        try:
            loss = problem.loss_at(point)
        except ValueError:
            loss = None
        return Decision(Kind.UNDECIDED, loss, reason=Reason.OUT_OF_SCOPE, detail=detail)
    here = local(problem, point)
    proof = _prove(here)
    if isinstance(proof, NotLocalMinimumClaim):
        rung = Rung.FIRST_ORDER if proof.polynomial[1] else Rung.SECOND_ORDER
        certificate = Certificate(here.problem, (proof,))
        return Decision(Kind.NOT_LOCAL_MINIMUM, here.loss, rung, descent=proof, certificate=certificate)
    dimension, flat = flatness(here)
    strict = strictness(here, dimension)
    claim = LocalMinimumClaim(point, here.loss, _radius(here), proof, strict, dimension, flat)
    rung = Rung.TWO_LAYER if here.neurons else Rung.LINEAR_MODEL
    certificate = Certificate(here.problem, (claim,))
    return Decision(Kind.LOCAL_MINIMUM, here.loss, rung, strict, dimension, certificate=certificate)


def explain(problem: Problem, point: Point) -> Explanation:
    """Residuals, kinks and phi of each neuron: the numbers that :func:`decide` decides by.

    Raises
    ------
    ValueError
        The problem is out of scope (see :func:`out_of_scope`).
    """
    detail = out_of_scope(problem)
    if detail:
        raise ValueError(detail)
    return explain_local(local(problem, point))


def _prove(here: Local) -> tuple[NeuronProof, ...] | NotLocalMinimumClaim:
    """For each neuron the covering that proves its condition, or a descent."""
    train = here.problem.train
    for place, (_, column) in enumerate(here.linear):
        if dot(here.residuals, column):
            return along_linear(here, place)
    if train.output:
        for neuron in here.neurons:
            if dot(here.residuals, neuron.outputs):
                return along_output(here, neuron)
    proofs = []
    for neuron in here.neurons:
        found: list[Part] | Vector = []
        if here.trained and (neuron.v or train.output):
            found = _prove_neuron(here, neuron)
        if isinstance(found, tuple):
            return along_inputs(here, neuron, found)
        proofs.append(NeuronProof(tuple(found)))
    return tuple(proofs)


def _prove_neuron(here: Local, neuron: Neuron) -> list[Part] | Vector:
    """``sign(v) phi >= 0`` on T by a covering, ``phi = 0`` for v = 0; or a direction of T that violates it."""
    sign = neuron.sign or 1
    linear = [sign * q for q in here.smooth_part(neuron)]
    terms = []
    for kink in neuron.kinks:
        right, left = (sign * q for q in here.kink_slopes(kink))
        if right == left:
            linear = [p + right * q for p, q in zip(linear, kink.form, strict=True)]
        else:
            terms.append(Term(kink.row, kink.form, right, left))
    if neuron.v:
        return prove_nonnegative(tuple(linear), terms, len(here.trained))
    if not terms:
        return prove_nonnegative(tuple(linear), (), len(here.trained))
    # v = 0 needs phi = 0, but phi bends at a kink: of u and -u along the kink's form one has phi != 0,
    # or another direction does; -phi and phi cannot both be >= 0.
    up = prove_nonnegative(tuple(linear), terms, len(here.trained))
    if isinstance(up, tuple):
        return up
    flipped = [Term(t.row, t.form, -t.right, -t.left) for t in terms]
    down = prove_nonnegative(tuple(-q for q in linear), flipped, len(here.trained))
    assert isinstance(down, tuple)
    return down


def _radius(here: Local) -> Fraction | None:
    """Largest max-norm radius 1/2^k or 2^k such that no pre-activation off the kinks and no v_i != 0 changes sign.

    None when every radius will do.
    """
    bounds = []
    train = here.problem.train
    for neuron in here.neurons:
        if neuron.v and train.output:
            bounds.append(abs(neuron.v))
        if not here.problem.network.activation.has_kink:
            continue
        for z, row in zip(neuron.z, here.rows, strict=True):
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
