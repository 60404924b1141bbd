"""The second order of a loss with weight decay, all moves at once, where no neuron with trained inputs is on a kink.

At a point without slope, and with the units of :class:`~exactgeo.local_minimum.decayed_point.DecayedPoint`, a move m
of all trained parameters within the max norm rho changes the loss, up to a positive factor, by at least

    sum_t c_t l_t(m)^2 + 2 sum_t r_t q_t(m) + mu |m|_P^2 - rho sum_a d_a m_a^2

with l_t and q_t of first and second order in the change of prediction t, and c_t = 1 where the loss is strictly convex
as far as predictions may move, else 0. Where this form is nonnegative the point is a local minimum. Where the form
with rho = 0 and all c_t = 1 is negative along some m, the loss falls along m.

References
----------
docs/mathematics.md, "Weight decay", second order.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from exactgeo.deadline import Check
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.local_minimum.decayed_descent import certified
from exactgeo.local_minimum.decayed_point import DecayedPoint
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.descent import direction_of
from exactgeo.problem import Direction

__all__ = ["negative_direction", "second_order"]

HALVINGS = 40
"""How often the radius is halved before the form is called degenerate."""


@dataclass(frozen=True)
class _Form:
    """The trained parameters as coordinates: the affine ones, then of each neuron its inputs and its output weight.

    Attributes
    ----------
    first : for each data point the change of its prediction to first order
    mixed : (place of the input, place of the output weight, slopes by data point) of each product
    cost : 1 where a coordinate is penalised, else 0
    names : (neuron or None, number) of each coordinate; an output weight has the number -1
    """

    first: list[Vector]
    mixed: list[tuple[int, int, Vector]]
    cost: list[int]
    names: list[tuple[int | None, int]]


def second_order(local: DecayedPoint, radius: Fraction | None, check: Check) -> Descent | Fraction | None:
    """A descent, or a radius within which the point is least, at most the one given; None where neither is found.

    Parameters
    ----------
    local : DecayedPoint
        Without a slope in any trained parameter.
    radius : Fraction or None
        Up to which no pre-activation and no output weight changes its sign.
    check : callable
        Called for each form that is looked at. Cost: an elimination of the trained parameters.
    """
    at = local.at
    bent = any(neuron.kinks for neuron in at.neurons)
    form = _form(local, bent)
    low = negative_direction(_matrix(local, form, [ONE] * len(at.residuals), ZERO))
    if low is not None:
        return certified(local, _direction(local, form, low))
    if bent:
        return None
    rho = ONE if radius is None else radius
    for _ in range(HALVINGS):
        check()
        if negative_direction(_matrix(local, form, _curved(local, form, rho), rho)) is None:
            return rho
        rho /= 2
    return None


def _form(local: DecayedPoint, bent: bool) -> _Form:
    """Without the inputs of neurons on kinks where some are."""
    at = local.at
    columns: list[Vector] = []
    form = _Form([], [], [], [])
    for number, (name, column) in enumerate(at.linear):
        columns.append(column)
        form.cost.append(int(name != "c" or at.problem.penalty.biases))
        form.names.append((None, number))
    for neuron in at.neurons:
        places = []
        moving = () if bent and neuron.kinks else range(len(at.trained))
        sides = [side or ZERO for side in neuron.side]
        for j in moving:
            slopes = tuple(side * row[j] for side, row in zip(sides, at.rows, strict=True))
            places.append((len(columns), slopes))
            columns.append(tuple(neuron.v * q for q in slopes))
            form.cost.append(int(j in local.shrunk))
            form.names.append((neuron.index, j))
        if local.output:
            form.mixed.extend((place, len(columns), slopes) for place, slopes in places)
            columns.append(neuron.outputs)
            form.cost.append(1)
            form.names.append((neuron.index, -1))
    form.first.extend(zip(*columns, strict=True) if columns else [()] * len(at.residuals))
    return form


def _heights(local: DecayedPoint, form: _Form) -> list[dict[int, Fraction]]:
    """By data point: for each output weight k a bound h with ``|q_t| <= rho sum h |k|`` within rho."""
    found: list[dict[int, Fraction]] = [{} for _ in form.first]
    for _, output, slopes in form.mixed:
        for heights, q in zip(found, slopes, strict=True):
            if q:
                heights[output] = heights.get(output, ZERO) + abs(q)
    return found


def _curved(local: DecayedPoint, form: _Form, rho: Fraction) -> list[Fraction]:
    """1 where the loss keeps its largest curvature as far as the prediction may move within rho, else 0."""
    at, found = local.at, []
    rows = zip(at.predictions, at.problem.y, form.first, _heights(local, form), strict=True)
    for p, (y,), first, heights in rows:
        moved = rho * sum(map(abs, first), ZERO) + rho * rho * sum(heights.values(), ZERO)
        pieces = at.problem.loss.pieces(y)
        assert pieces is not None
        reached = pieces.around(p - moved)[1], pieces.around(p + moved)[0]
        inside = any(p - moved < q < p + moved for q in pieces.breaks)
        full = not inside and all(a == at.curvature for a, _, _ in reached)
        found.append(ONE if full else ZERO)
    return found


def _matrix(local: DecayedPoint, form: _Form, curved: list[Fraction], rho: Fraction) -> list[list[Fraction]]:
    size = len(form.names)
    total = [[ZERO] * size for _ in range(size)]
    for a, cost in enumerate(form.cost):
        total[a][a] += cost * local.shrink
    for place, output, slopes in form.mixed:
        slope = dot(local.at.residuals, slopes)
        total[place][output] += slope
        total[output][place] += slope
    for weight, first, heights in zip(curved, form.first, _heights(local, form), strict=True):
        if not weight:
            continue
        moving = [(a, q) for a, q in enumerate(first) if q]
        for a, q in moving:
            for b, p in moving:
                total[a][b] += q * p
            total[a][a] -= rho * abs(q) * sum(heights.values(), ZERO)
        length = sum(map(abs, first), ZERO)
        for output, height in heights.items():
            total[output][output] -= rho * height * length
    return total


def _direction(local: DecayedPoint, form: _Form, low: Vector) -> Direction:
    at = local.at
    moves = {neuron.index: ([ZERO] * len(at.trained), [ZERO]) for neuron in at.neurons}
    shift = ZERO
    for (i, number), q in zip(form.names, low, strict=True):
        if i is None:
            # With neurons the output bias is all that is affine.
            shift = q
        elif number < 0:
            moves[i][1][0] = q
        else:
            moves[i][0][number] = q
    direction = direction_of(at, neurons={i: (tuple(u), k) for i, (u, (k,)) in moves.items()})
    return direction.with_neurons(direction.neurons, shift)


def negative_direction(form: list[list[Fraction]]) -> Vector | None:
    """A vector along which a symmetric form is negative; None where it is nonnegative. Cost: one elimination.

    Examples
    --------
    >>> print(negative_direction([[ONE, 2 * ONE], [2 * ONE, ONE]]), negative_direction([[ONE, ONE], [ONE, ONE]]))
    (Fraction(-2, 1), Fraction(1, 1)) None
    """
    size = len(form)
    rest = [list(row) for row in form]
    # Of each coordinate left, the vector that it stands for: orthogonal, in the form, to the pivots so far.
    basis = [[Fraction(int(i == j)) for j in range(size)] for i in range(size)]
    left = list(range(size))
    while left:
        low = next((a for a in left if rest[a][a] < 0), None)
        if low is not None:
            return tuple(basis[low])
        pivot = next((a for a in left if rest[a][a]), None)
        if pivot is None:
            pair = next(((a, b) for a in left for b in left if rest[a][b]), None)
            if pair is None:
                return None
            a, b = pair
            sign = -1 if rest[a][b] > 0 else 1
            return tuple(p + sign * q for p, q in zip(basis[a], basis[b], strict=True))
        left.remove(pivot)
        for a in left:
            factor = rest[a][pivot] / rest[pivot][pivot]
            if factor:
                for b in left:
                    rest[a][b] -= factor * rest[pivot][b]
                basis[a] = [p - factor * q for p, q in zip(basis[a], basis[pivot], strict=True)]
    return None
