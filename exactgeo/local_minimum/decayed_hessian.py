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

from fractions import Fraction

from exactgeo.deadline import Check
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.decayed_descent import certified
from exactgeo.local_minimum.decayed_point import DecayedPoint
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.descent import direction_of
from exactgeo.local_minimum.ordered_decayed_point import OrderedDecayedPoint
from exactgeo.local_minimum.two_layer_point import TwoLayerPoint
from exactgeo.problem import Direction

__all__ = ["Moves", "negative_direction", "second_order"]

HALVINGS = 40
"""How often the radius is halved before the form is called degenerate."""


@dataclass(frozen=True)
class Moves:
    """Trained parameters as coordinates: the output bias, then of each neuron its inputs and its output weight.

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

    @classmethod
    def of(cls, local: DecayedPoint | OrderedDecayedPoint, bent: bool) -> Moves:
        """Without the inputs of neurons on kinks where some are."""
        at = local.at
        found = cls([], [], [], [])
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

    def rows(self, count: int) -> list[Vector]:
        """By data point the change of its prediction to first order; ``count`` data points."""
        return list(zip(*self.columns, strict=True)) if self.columns else [()] * count

    def heights(self, count: int) -> list[dict[int, Fraction]]:
        """By data point: for each output weight k a bound h with ``|q_t| <= rho sum h |k|`` within rho."""
        found: list[dict[int, Fraction]] = [{} for _ in range(count)]
        for _, output, slopes in self.mixed:
            for heights, q in zip(found, slopes, strict=True):
                if q:
                    heights[output] = heights.get(output, ZERO) + abs(q)
        return found

    def direction(self, at: TwoLayerPoint, low: Vector) -> Direction:
        """The move with these coordinates."""
        found = {neuron.index: ([ZERO] * len(at.trained), [ZERO]) for neuron in at.neurons}
        shift = ZERO
        for (i, number), q in zip(self.names, low, strict=True):
            if i is None:
                shift = q
            elif number < 0:
                found[i][1][0] = q
            else:
                found[i][0][number] = q
        direction = direction_of(at, neurons={i: (tuple(u), k) for i, (u, (k,)) in found.items()})
        return direction.with_neurons(direction.neurons, shift)


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
    moves = Moves.of(local, bent)
    low = negative_direction(_matrix(local, moves, [ONE] * len(at.residuals), ZERO))
    if low is not None:
        return certified(local, moves.direction(at, low))
    if bent:
        return None
    rho = ONE if radius is None else radius
    for _ in range(HALVINGS):
        check()
        if negative_direction(_matrix(local, moves, _curved(local, moves, rho), rho)) is None:
            return rho
        rho /= 2
    return None


def _curved(local: DecayedPoint, moves: Moves, rho: Fraction) -> list[Fraction]:
    """1 where the loss keeps its largest curvature as far as the prediction may move within rho, else 0."""
    at, found = local.at, []
    count = len(at.residuals)
    rows = zip(at.predictions, at.problem.y, moves.rows(count), moves.heights(count), strict=True)
    for p, (y,), first, heights in rows:
        moved = rho * sum(map(abs, first), ZERO) + rho * rho * sum(heights.values(), ZERO)
        pieces = at.problem.loss.pieces(y)
        assert pieces is not None
        reached = pieces.around(p - moved)[1], pieces.around(p + moved)[0]
        inside = any(p - moved < q < p + moved for q in pieces.breaks)
        full = not inside and all(a == at.curvature for a, _, _ in reached)
        found.append(ONE if full else ZERO)
    return found


def _matrix(local: DecayedPoint, moves: Moves, curved: list[Fraction], rho: Fraction) -> list[list[Fraction]]:
    size, count = len(moves.names), len(curved)
    total = [[ZERO] * size for _ in range(size)]
    for a, cost in enumerate(moves.cost):
        total[a][a] += cost
    for place, output, slopes in moves.mixed:
        slope = dot(local.at.residuals, slopes)
        total[place][output] += slope
        total[output][place] += slope
    for weight, first, heights in zip(curved, moves.rows(count), moves.heights(count), strict=True):
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
