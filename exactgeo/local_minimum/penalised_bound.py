"""A lower bound on the penalised loss of all parameters and all widths, from a dual vector.

``L(p) >= <r, p> - L*(r)``, and a neuron adds ``v sum_t r_t a(<w, x_t>) + lambda / 2 (|w|^2 + v^2) >= 0`` if
``|sum_t r_t a(<u, x_t>)| <= lambda |u|`` for all u: what a neuron at 0 has to obey. At a local minimum whose
derivatives r obey it the bound is the loss itself, so the minimum is global.

References
----------
Pilanci and Ergen, Neural networks are convex regularizers, ICML 2020: the dual of their program.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactgeo.claims.penalised_bound import PenalisedBoundClaim
from exactgeo.claims.penalised_minimum import NormStep
from exactgeo.exact.vectors import ZERO, Vector, dot
from exactgeo.local_minimum.nonnegative import Term
from exactgeo.local_minimum.norm_bound import MOST_CELLS, cells, prove_bounded
from exactgeo.local_minimum.two_layer_point import TwoLayerPoint
from exactgeo.problem import Point, Problem

__all__ = ["bound_claim"]


def bound_claim(problem: Problem, point: Point, dual: Vector) -> PenalisedBoundClaim | None:
    """The bound that a dual vector (of the plain sum over the data) proves; None where it proves none.

    Parameters
    ----------
    problem : Problem
        With squares in its penalty, both layers trained, hidden biases trained, absent or frozen at 0.
    point : Point
        Any; its frozen values are meant.
    dual : Vector
        Of m numbers.
    """
    net, train, penalty = problem.network, problem.train, problem.penalty
    fixed = any(net.hidden_bias) and not any(train.hidden_bias)
    frozen_bias = fixed and any(neuron.w[-1] for neuron in point.neurons)
    if len(net.widths) != 1 or not net.widths[0] or not all(train.weights) or frozen_bias or penalty.l1:
        return None
    shift = net.output_bias and train.output_bias
    if shift and not penalty.biases and sum(dual, ZERO):
        return None
    conjugates = [problem.loss.conjugate(q, y) for q, (y,) in zip(dual, problem.y, strict=True)]
    if any(q is None for q in conjugates):
        return None
    covers = _covers(problem, point, dual)
    if covers is None:
        return None
    shrink = penalty.l2 / problem.weight
    total = -sum((q for q in conjugates if q is not None), ZERO)
    if not shift:
        total += point.shift * sum(dual, ZERO)
    elif penalty.biases:
        total -= sum(dual, ZERO) ** 2 / (2 * shrink)
    return PenalisedBoundClaim(point, problem.loss_at(point), total * problem.weight, dual, *covers)


def _covers(problem: Problem, point: Point, dual: Sequence[Fraction]) -> list[tuple[NormStep, ...]] | None:
    size = problem.network.widths[0]
    zero = point.with_neurons([((ZERO,) * len(point.neurons[0].w), ZERO)] * size)
    at = TwoLayerPoint.of(problem, zero)
    shrink = problem.penalty.l2 / problem.weight
    free = [j for j, k in enumerate(at.trained) if k >= problem.d and not problem.penalty.biases]
    up, down = at.slopes
    neuron, found = at.neurons[0], []
    for sign in (1, -1):
        linear = tuple(sign * q for q in at.smooth_part(neuron, tuple(dual)))
        terms = []
        for kink in neuron.kinks:
            right = sum((dual[t] * f * (up if f > 0 else down) for t, f in kink.members), ZERO)
            left = sum((dual[t] * f * (down if f > 0 else up) for t, f in kink.members), ZERO)
            if right == left:
                linear = tuple(p + sign * right * q for p, q in zip(linear, kink.form, strict=True))
            else:
                terms.append(Term(kink.row, kink.form, sign * right, sign * left))
        if cells([term.right > term.left for term in terms], len(at.trained)) > MOST_CELLS:
            return None
        for j in free:
            # Along a bias without penalty the function has to be 0.
            for way in (1, -1):
                axis = [way * int(k == j) for k in range(len(at.trained))]
                bends = sum(((t.right if dot(t.form, axis) > 0 else t.left) * dot(t.form, axis) for t in terms), ZERO)
                if dot(linear, axis) + bends:
                    return None
        cover = prove_bounded(linear, terms, free, shrink * shrink)
        if not isinstance(cover, list):
            return None
        found.append(tuple(cover))
    return found
