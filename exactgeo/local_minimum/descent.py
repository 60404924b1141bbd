"""A direction of descent, with the step up to which it holds, proved by the coefficients of one polynomial."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from exactgeo.claims.not_local_minimum import NotLocalMinimumClaim
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import primitive
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.two_layer_point import NeuronState, TwoLayerPoint
from exactgeo.problem import Direction

__all__ = [
    "along_inputs",
    "along_linear",
    "along_output",
    "below",
    "change",
    "direction_of",
    "longest_step",
    "order",
    "score_change",
]


def direction_of(
    local: TwoLayerPoint,
    *,
    affine: int | None = None,
    step: Fraction = ZERO,
    neurons: Mapping[int, tuple[Vector, Fraction]] | None = None,
) -> Direction:
    """The direction that moves one parameter in which the predictions are affine, or some neurons."""
    zero = Direction.zero(local.point)
    name = None if affine is None else local.linear[affine][0]
    shift = step if name == "c" else ZERO
    if not local.point.neurons:
        row = [ZERO] * len(local.point.inputs)
        if name is not None and name != "c":
            row[int(name[2:-1])] = step
        return zero.with_inputs(row, shift)
    chosen = neurons or {}
    moves = []
    for index, (w, _) in enumerate(local.point.neurons):
        u, kappa = chosen.get(index, ((), ZERO))
        lifted = [ZERO] * len(w)
        for k, value in zip(local.trained, u, strict=False):
            lifted[k] = value
        moves.append((lifted, kappa))
    return zero.with_neurons(moves, shift)


def along_linear(local: TwoLayerPoint, number: int) -> Descent:
    """Down a parameter in which the predictions are affine: its loss derivative is not 0."""
    slope = dot(local.residuals, local.linear[number][1])
    return _certified(local, direction_of(local, affine=number, step=-ONE if slope > 0 else ONE))


def along_output(local: TwoLayerPoint, neuron: NeuronState) -> Descent:
    """Down an output weight with ``phi_i(w_i) != 0``."""
    slope = local.output_slope(neuron)
    return _certified(local, direction_of(local, neurons={neuron.index: ((), -ONE if slope > 0 else ONE)}))


def along_inputs(local: TwoLayerPoint, neuron: NeuronState, u: Vector) -> Descent:
    """Down along input weights: ``sign(v) phi_i(u) < 0``; for v = 0, ``phi_i(u) != 0`` and v moves too.

    For v = 0 the loss changes by ``s^2 k (phi(u) + k |a(z) + s a'(z; u)|^2)`` up to a positive factor: negative
    for k of the sign opposite to phi(u) and small enough.
    """
    u = tuple(Fraction(q) for q in primitive(u))
    if neuron.v:
        return _certified(local, direction_of(local, neurons={neuron.index: (u, ZERO)}))
    kappa = -ONE if local.phi(neuron, u) > 0 else ONE
    for _ in range(100_000):
        direction = direction_of(local, neurons={neuron.index: (u, kappa)})
        found = below(local, direction)
        if found is not None:
            return found
        kappa /= 2
    raise InternalError("a second-order descent was not found at any ratio")


def _certified(local: TwoLayerPoint, direction: Direction) -> Descent:
    found = below(local, direction)
    if found is None:
        raise InternalError("a first-order descent failed its replay")
    return found


def below(local: TwoLayerPoint, direction: Direction) -> Descent | None:
    """The descent along a direction, or None when the loss is not lower for small steps."""
    found = change(local, direction)
    step = longest_step(*found)
    if step is None:
        return None
    problem, point, (coefficients, _) = local.problem, local.point, found
    loss_after = TwoLayerPoint.of(problem, point.moved(direction, step)).loss
    fall = loss_after - local.loss
    bound = sum((q * step**k for k, q in enumerate(coefficients)), ZERO)
    if fall > bound or (fall < bound and not local.bends):
        raise InternalError("the loss along a direction is not the polynomial it should be")
    claim = NotLocalMinimumClaim(point, local.loss, direction, step)
    return Descent(problem, claim, order(coefficients), loss_after, coefficients)


def order(coefficients: Vector) -> Argument:
    """What a descent is decided by: its polynomial falls at first order, or at second."""
    return Argument.FIRST_ORDER if coefficients[1] else Argument.SECOND_ORDER


def change(local: TwoLayerPoint, direction: Direction) -> tuple[Vector, Fraction]:
    """How the loss changes along a direction, a penalty left out: a bound on it, and as far as that holds, at most 1.

    Returns
    -------
    coefficients : five rationals
        Of a polynomial in s, constant term (0) first: the change itself where the loss is one quadratic.
    reach : Fraction
        No pre-activation changes sign before.
    """
    first, second, reach = score_change(local, direction)
    polynomial = [ZERO] * 5
    for r, one, two in zip(local.residuals, first, second, strict=True):
        polynomial[1] += 2 * r * one
        polynomial[2] += 2 * r * two + one * one
        polynomial[3] += 2 * one * two
        polynomial[4] += two * two
    return tuple(local.problem.weight * local.curvature * q for q in polynomial), reach


def score_change(local: TwoLayerPoint, direction: Direction) -> tuple[list[Fraction], list[Fraction], Fraction]:
    """First and second order change of the score at each data point, and how far no kink is crossed, at most 1."""
    problem = local.problem
    first, second = [direction.shift] * problem.m, [ZERO] * problem.m
    reach = ONE
    if not problem.network.widths:
        first = [q + dot(direction.inputs, x) for q, x in zip(first, problem.x, strict=True)]
    up, down = local.slopes
    for neuron, (u, kappa) in zip(local.neurons, direction.neurons, strict=True):
        if not (kappa or any(u)):
            continue
        for t, x in enumerate(problem.lifted):
            z, q = neuron.z[t], dot(u, x)
            slope = up if (z or q) > 0 else down
            if up != down and z * q < 0:
                reach = min(reach, -z / q)
            # (v + s k) * slope * (z + s q) - v * slope * z
            first[t] += slope * (neuron.v * q + kappa * z)
            second[t] += slope * kappa * q
    return first, second, reach


def longest_step(coefficients: Vector, reach: Fraction) -> Fraction | None:
    """The largest power of 1/2 up to which a polynomial is proved negative by its coefficients; None where it rises."""
    low = next((k for k, q in enumerate(coefficients) if q), None)
    if low is None or coefficients[low] > 0:
        return None
    step = ONE
    while step > reach or _bound(coefficients, low, step) >= 0:
        step /= 2
    return step


def _bound(coefficients: Vector, low: int, step: Fraction) -> Fraction:
    """An upper bound of ``polynomial(s) / s^low`` on (0, step]."""
    return coefficients[low] + sum(
        (max(q, ZERO) * step ** (k - low) for k, q in enumerate(coefficients) if k > low), ZERO
    )
