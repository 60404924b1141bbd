"""Directions of descent under weight decay where slopes are transcendental, each with the step up to which it holds."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from exactgeo.claims.ordered import Combined
from exactgeo.claims.ordered_penalised_descent import OrderedPenalisedDescentClaim
from exactgeo.errors import InternalError
from exactgeo.exact.combination import Number, inner, sign
from exactgeo.exact.ordered_least_norm import rational_near
from exactgeo.exact.vectors import ZERO, Vector, dot
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.descent import direction_of, score_change
from exactgeo.local_minimum.ordered_criterion import OrderedPoint, largest_power
from exactgeo.local_minimum.ordered_decayed_point import OrderedDecayedPoint
from exactgeo.local_minimum.two_layer_point import NeuronState
from exactgeo.problem import Direction, Point

__all__ = ["below", "certified", "down", "down_both", "down_slowly", "resisted"]

RATIO_BITS = (32, 64, 128, 512, 2048)
"""Binary digits of the best ratio of moves that are tried."""


def down(local: OrderedDecayedPoint, neuron: NeuronState, u: Vector) -> Descent:
    """Down along inputs of one neuron with a negative slope."""
    return certified(local, direction_of(local.at, neurons={neuron.index: (u, ZERO)}))


def down_slowly(local: OrderedDecayedPoint, neuron: NeuronState, u: Vector) -> Descent:
    """Down where the output weight is 0, along a u that costs no penalty and has phi(u) != 0.

    The loss changes by at most ``s^2 k (phi(u) + k (outward / 2 + sum_t w_t (|a(z_t)| + |a'(z_t; u)|)^2))``, where
    w_t <= 1/8: negative for k of the sign opposite to phi(u) and small enough.
    """
    at, phi = local.at, local.phi(neuron, u)
    up, down = at.slopes
    sizes = []
    for a, slope, row in zip(neuron.outputs, neuron.side, at.rows, strict=True):
        q = dot(row, u)
        sizes.append(abs(a) + abs(q * (slope if slope is not None else up if q > 0 else down)))
    size = local.outward / 2 + dot(sizes, sizes) / 8
    steep = phi if sign(phi) > 0 else -phi
    kappa = largest_power(lambda k: sign(steep - 2 * k * size) >= 0)
    return certified(local, direction_of(at, neurons={neuron.index: (u, -kappa * sign(phi))}))


def down_both(local: OrderedDecayedPoint, neuron: NeuronState, u: Vector) -> Descent | None:
    """Down where the output weight is 0 and phi(u) beyond its bound, with the best k and dc; None where these fail.

    The move (s u, s k, s dc) changes the loss by ``s^2 [k phi(u) + shrink |u|^2 / 2 + outward k^2 / 2 + shift dc^2 / 2
    + sum_t l''(p_t) (k a(z_t) + dc)^2 / 2]`` and higher powers.
    """
    at = local.at
    for bits in RATIO_BITS:
        ratio, size = resisted(local, neuron, bits)
        kappa = _rounded(-rational_near(local.phi(neuron, u), 2 * bits) / size, bits)
        moves = direction_of(at, neurons={neuron.index: (u, kappa)})
        found = below(local, moves.with_neurons(moves.neurons, _rounded(-kappa * ratio, bits)) if ratio else moves)
        if found is not None:
            return found
    return None


def resisted(local: OrderedDecayedPoint, neuron: NeuronState, bits: int) -> tuple[Fraction, Fraction]:
    """How far the output bias follows an output weight of 0, ``dc = - k ratio``, and twice what k^2 then costs."""
    loss, predictions = local.at.problem.loss, local.at.predictions
    bends = [2 * rational_near(loss.bend_within(p, ZERO), bits) for p in predictions]
    ratio = ZERO
    if any(name == "c" for name, _ in local.at.linear) and any(neuron.outputs):
        ratio = dot(bends, neuron.outputs) / (sum(bends, ZERO) + local.shift)
    left = [b * (q - ratio) ** 2 for b, q in zip(bends, neuron.outputs, strict=True)]
    return ratio, local.outward + sum(left, ZERO) + local.shift * ratio * ratio


def _rounded(q: Fraction, bits: int) -> Fraction:
    """To that many binary digits behind the first."""
    if not q:
        return q
    shift = bits + q.denominator.bit_length() - q.numerator.bit_length()
    unit = Fraction(2) ** shift
    return Fraction(round(q * unit)) / unit


def certified(local: OrderedDecayedPoint, direction: Direction) -> Descent:
    """The descent along a direction of the score that is known to be one."""
    found = below(local, direction)
    if found is None:
        raise InternalError("a descent of the penalised loss failed its replay")
    return found


def below(local: OrderedDecayedPoint, direction: Direction, *, lifted: bool = False) -> Descent | None:
    """The descent along a direction, or None when the bound on the loss does not fall for small steps.

    Parameters
    ----------
    direction : Direction
        Of the score's parameters, or where ``lifted`` of the problem's.

    Notes
    -----
    Up to its weight, the loss changes by at most ``<g, dp> + sum_t w_t dp_t^2`` with dp = s first + s^2 second and w_t
    for |dp_t| <= step |first_t| + step^2 |second_t|, and by the change of the squares: a polynomial P in s of degree 4.
    With P_low < 0 its lowest coefficient, ``P(s) <= s^low (P_low + sum of the positive others times step^(k - low))``.
    """
    whole = direction if lifted or local.outputs == 1 else direction.apart
    first, second, reach = score_change(local.at, whole.as_scalar())
    squares, reach = _penalty_change(local, whole, reach)
    point, loss = local.point, local.at.problem.loss

    def coefficients(step: Fraction) -> list[Number]:
        sizes = [step * abs(a) + step * step * abs(b) for a, b in zip(first, second, strict=True)]
        bends = [loss.bend_within(p, size) for p, size in zip(local.at.predictions, sizes, strict=True)]
        return [
            squares[0] + point.along(tuple(first)),
            squares[1] + point.along(tuple(second)) + inner([a * a for a in first], bends),
            inner([2 * a * b for a, b in zip(first, second, strict=True)], bends),
            inner([b * b for b in second], bends),
        ]

    def falls(step: Fraction) -> bool:
        if step > reach:
            return False
        terms = coefficients(step)
        low = next((k for k, q in enumerate(terms) if sign(q)), 0)
        behind = [q * step ** (k - low) for k, q in enumerate(terms) if k > low and sign(q) > 0]
        return sign(terms[low] + sum(behind, ZERO)) < 0

    least = coefficients(ZERO)
    low = next((k for k, q in enumerate(least) if sign(q)), None)
    if low is None or sign(least[low]) > 0 or not reach:
        return None
    return _claimed(local, whole, largest_power(falls), coefficients, low)


def _claimed(
    local: OrderedDecayedPoint,
    direction: Direction,
    step: Fraction,
    coefficients: Callable[[Fraction], list[Number]],
    low: int,
) -> Descent:
    point = local.point
    claim = OrderedPenalisedDescentClaim(point.point, Combined.of(point.loss), direction, step)
    after = OrderedPoint.of(point.problem, point.point.moved(direction, step)).loss
    if sign(after - point.loss) >= 0:
        raise InternalError("the penalised loss at the end of a descent is not lower")
    polynomial = (ZERO, *(point.problem.weight * q for q in coefficients(step)))
    argument = Argument.SECOND_ORDER if low else Argument.FIRST_ORDER
    return Descent(point.problem, claim, argument, after, polynomial)


def _penalty_change(
    local: OrderedDecayedPoint, direction: Direction, reach: Fraction
) -> tuple[tuple[Fraction, Fraction], Fraction]:
    """The change of the penalty, in the units of the slopes, at s and s^2; and as far as that holds."""
    problem, once, twice = local.point.problem, ZERO, ZERO
    penalty, train = problem.penalty, problem.train
    way = penalty.penalised(train, Point(direction.weights, direction.biases))
    for value, move in zip(penalty.penalised(train, local.point.point), way, strict=True):
        once += local.shrink * value * move
        twice += local.shrink / 2 * move * move
        if penalty.l1:
            side = value or move
            once += local.sparse * move * ((side > 0) - (side < 0))
            if value * move < 0:
                reach = min(reach, -value / move)
    return (once, twice), reach
