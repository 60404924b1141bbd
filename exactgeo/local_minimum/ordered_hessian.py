"""The second order of a loss with weight decay and transcendental slopes, all moves at once.

As :mod:`exactgeo.local_minimum.decayed_hessian`, where slopes are rational. A move m of the score's trained parameters
within the max norm rho changes the loss, up to a positive factor, by at least

    sum_t c_t l_t(m)^2 + 2 sum_t g_t q_t(m) + |m|_P^2 - rho sum_a d_a m_a^2,

c_t at most the curvature as far as prediction t may move, rounded down to a rational number. The mixed entries
``sum_t g_t q_t`` are rounded too, and what rounding leaves, at most 2^-64 |m_a| |m_b|, is taken off the diagonal: the
form is rational. Where it is nonnegative the point is a local minimum; where it is negative for rho = 0 along some m,
and the loss falls along m, it is none.

References
----------
docs/mathematics.md, "Weight decay", second order; "Exponentials at rational points".
"""

from __future__ import annotations

from fractions import Fraction

from exactgeo.deadline import Check
from exactgeo.exact.combination import Combination, rounded_down
from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.local_minimum.decayed_hessian import HALVINGS, Moves, negative_direction
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.ordered_decayed_descent import below
from exactgeo.local_minimum.ordered_decayed_point import OrderedDecayedPoint

__all__ = ["ordered_second_order"]

ROUNDED = Fraction(1, 2**64)
"""How far a mixed entry may be from what it is rounded to."""


def ordered_second_order(
    local: OrderedDecayedPoint, radius: Fraction | None, check: Check
) -> Descent | Fraction | None:
    """A descent, or a radius within which the point is least, at most the one given; None where neither is found.

    Parameters
    ----------
    local : OrderedDecayedPoint
        Without a slope in any trained parameter.
    radius : Fraction or None
        Of the problem's parameters, up to which no pre-activation and no output weight changes its sign.
    check : callable
        Called for each form that is looked at. Cost: an elimination of the trained parameters.
    """
    at = local.at
    bent = any(neuron.kinks for neuron in at.neurons)
    moves = Moves.of(local, bent)
    low = negative_direction(_form(local, moves, ZERO))
    if low is not None:
        found = below(local, moves.direction(at, low))
        if found is not None:
            return found
    if bent:
        return None
    # The score's output weights move by as much as both of two outputs.
    rho = ONE if radius is None else radius
    for _ in range(HALVINGS):
        check()
        if negative_direction(_form(local, moves, rho)) is None:
            return rho / local.outputs
        rho /= 2
    return None


def _form(local: OrderedDecayedPoint, moves: Moves, rho: Fraction) -> list[list[Fraction]]:
    """The form at rho, its entries rounded."""
    at, size = local.at, len(moves.names)
    total = [[ZERO] * size for _ in range(size)]
    for a, cost in enumerate(moves.cost):
        total[a][a] += cost
    for place, output, slopes in moves.mixed:
        slope = local.point.along(slopes)
        near = rounded_down(slope)
        total[place][output] += near
        total[output][place] += near
        if isinstance(slope, Combination) or near != slope:
            total[place][place] -= ROUNDED
            total[output][output] -= ROUNDED
    count = len(at.predictions)
    for p, first, high in zip(at.predictions, moves.rows(count), moves.heights(count), strict=True):
        length, bent = sum(map(abs, first), ZERO), sum(high.values(), ZERO)
        weight = at.problem.loss.curvature_floor(p, rho * length + rho * rho * bent)
        for a, q in enumerate(first):
            if q:
                total[a] = [e + weight * q * other for e, other in zip(total[a], first, strict=True)]
                total[a][a] -= weight * rho * abs(q) * bent
        for output, height in high.items():
            total[output][output] -= weight * rho * height * length
    return total
