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

from dataclasses import dataclass
from fractions import Fraction

from exactgeo.deadline import Check
from exactgeo.exact.combination import Combination, rounded_down
from exactgeo.exact.vectors import ONE, ZERO, Vector
from exactgeo.local_minimum.decayed_hessian import HALVINGS, negative_direction
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.descent import direction_of
from exactgeo.local_minimum.ordered_decayed_descent import below
from exactgeo.local_minimum.ordered_decayed_point import OrderedDecayedPoint
from exactgeo.problem import Direction

__all__ = ["ordered_second_order"]

ROUNDED = Fraction(1, 2**64)
"""How far a mixed entry may be from what it is rounded to."""


@dataclass(frozen=True)
class _Moves:
    """The score's trained parameters as coordinates: the output bias, then of each neuron its inputs and its output.

    Attributes
    ----------
    columns : of each coordinate the change of the predictions to first order
    mixed : (place of the input, place of the output weight, slopes by data point) of each product
    cost : the factor of the penalty of each coordinate
    names : (neuron or None, number) of each coordinate; an output weight has the number -1
    """

    columns: list[Vector]
    mixed: list[tuple[int, int, Vector]]
    cost: list[Fraction]
    names: list[tuple[int | None, int]]


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
    moves = _moves(local, bent)
    low = negative_direction(_form(local, moves, ZERO))
    if low is not None:
        found = below(local, _direction(local, moves, low))
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


def _moves(local: OrderedDecayedPoint, bent: bool) -> _Moves:
    """Without the inputs of neurons on kinks where some are."""
    at = local.at
    found = _Moves([], [], [], [])
    for number, (_, column) in enumerate(at.linear):
        # Of a network with neurons: the output bias.
        found.columns.append(column)
        found.cost.append(local.shift)
        found.names.append((None, number))
    for neuron in at.neurons:
        places = []
        sides = [side or ZERO for side in neuron.side]
        for j in () if bent and neuron.kinks else range(len(at.trained)):
            slopes = tuple(side * row[j] for side, row in zip(sides, at.rows, strict=True))
            places.append((len(found.columns), slopes))
            found.columns.append(tuple(neuron.v * q for q in slopes))
            found.cost.append(local.shrink if j in local.shrunk else ZERO)
            found.names.append((neuron.index, j))
        if local.output:
            found.mixed.extend((place, len(found.columns), slopes) for place, slopes in places)
            found.columns.append(neuron.outputs)
            found.cost.append(local.outward)
            found.names.append((neuron.index, -1))
    return found


def _form(local: OrderedDecayedPoint, moves: _Moves, rho: Fraction) -> list[list[Fraction]]:
    """The form at rho, its entries rounded."""
    at, size = local.at, len(moves.names)
    total = [[ZERO] * size for _ in range(size)]
    heights: list[dict[int, Fraction]] = [{} for _ in at.predictions]
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
        for found, q in zip(heights, slopes, strict=True):
            if q:
                found[output] = found.get(output, ZERO) + abs(q)
    rows = zip(*moves.columns, strict=True) if moves.columns else [()] * len(at.predictions)
    for p, first, high in zip(at.predictions, rows, heights, strict=True):
        length, bent = sum(map(abs, first), ZERO), sum(high.values(), ZERO)
        weight = at.problem.loss.curvature_floor(p, rho * length + rho * rho * bent)
        for a, q in enumerate(first):
            if q:
                total[a] = [e + weight * q * other for e, other in zip(total[a], first, strict=True)]
                total[a][a] -= weight * rho * abs(q) * bent
        for output, height in high.items():
            total[output][output] -= weight * rho * height * length
    return total


def _direction(local: OrderedDecayedPoint, moves: _Moves, low: Vector) -> Direction:
    at = local.at
    found = {neuron.index: ([ZERO] * len(at.trained), [ZERO]) for neuron in at.neurons}
    shift = ZERO
    for (i, number), q in zip(moves.names, low, strict=True):
        if i is None:
            shift = q
        elif number < 0:
            found[i][1][0] = q
        else:
            found[i][0][number] = q
    direction = direction_of(at, neurons={i: (tuple(u), k) for i, (u, (k,)) in found.items()})
    return direction.with_neurons(direction.neurons, shift)
