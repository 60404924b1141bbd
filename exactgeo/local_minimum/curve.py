"""A polynomial curve of descent from moves on several scales, with the step up to which it holds.

Where an output weight is 0 a straight line may not descend although the point is no local minimum: the neurons must
move on different scales. ``x_1 + s x_2 + ...`` of :mod:`exactgeo.local_minimum.leaf_program` becomes a curve in the
parameters: the input weights w + t / k as a power series in s, cut off, and all that is small at first order times
``s^N``, so that what the predictions have of second order comes too late to matter.

References
----------
docs/mathematics.md, "Losses without a derivative", Theorem A.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from operator import add
from typing import Any, TypeVar

from exactgeo.claims.descent_curve import DescentCurveClaim
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import integer_rows
from exactgeo.exact.vectors import ZERO
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.leaf_program import Moves
from exactgeo.local_minimum.two_layer_point import TwoLayerPoint
from exactgeo.problem import Direction

__all__ = ["descent"]

Polynomial = list[Fraction]
"""Coefficients of 1, s, s^2, ..."""

Q = TypeVar("Q", int, Fraction)

ROUNDED = (3, 12, 30)
"""Bits to which the moves of a first-order descent are rounded, one after the other, before they are taken whole."""

TRIES = 40
"""How often the moves of a straight line are doubled against its quadratic terms."""


def _sum(a: Sequence[Q], b: Sequence[Q]) -> list[Q]:
    if len(a) < len(b):
        a, b = b, a
    return [*map(add, a, b), *a[len(b) :]]


def _product(a: Sequence[Q], b: Sequence[Q]) -> list[Q]:
    total: list[Any] = [0] * max(0, len(a) + len(b) - 1)
    for i, p in enumerate(a):
        if p:
            for j, q in enumerate(b):
                total[i + j] += p * q
    return total


def _times(q: Any, a: Sequence[Any]) -> list[Any]:
    return [q * p for p in a]


def _order(a: Sequence[Fraction | int]) -> int | None:
    """The lowest power with a coefficient, None of 0."""
    return next((k for k, q in enumerate(a) if q), None)


def _quotient(top: Sequence[Fraction], bottom: Sequence[Fraction], last: int) -> Polynomial:
    """The power series of top / bottom up to s^last; top vanishes to the order of bottom at least."""
    start = _order(bottom)
    assert start is not None
    shifted, lead = [*top[start:], *[ZERO] * (last + 1)], bottom[start:]
    found: Polynomial = []
    for k in range(last + 1):
        rest = shifted[k] - sum((lead[j] * found[k - j] for j in range(1, min(k, len(lead) - 1) + 1)), ZERO)
        found.append(rest / lead[0])
    return found


def _keeps_sign(a: Sequence[int], halvings: int) -> bool:
    """Whether the lowest coefficient outweighs those of the other sign on (0, 1 / 2^halvings]; so does 0."""
    low = _order(a)
    if low is None:
        return True
    sign = 1 if a[low] > 0 else -1
    last = len(a) - 1
    against = sum(min(sign * q, 0) << halvings * (last - k) for k, q in enumerate(a) if k > low)
    return (sign * a[low] << halvings * (last - low)) + against > 0


@dataclass
class _Curve:
    """Parameters as polynomials in s, less those at the point: the affine ones by number; of neurons v and w on T."""

    affine: dict[int, Polynomial]
    outputs: dict[int, Polynomial]
    inputs: dict[int, list[Polynomial]]

    @property
    def _all(self) -> Iterator[Polynomial]:
        yield from self.affine.values()
        yield from self.outputs.values()
        for row in self.inputs.values():
            yield from row

    def scaled(self) -> _Curve:
        """The same curve, passed at another speed, with whole numbers where that is simple: of a straight line."""
        values = [q for row in self._all for q in row[1:]]
        if not any(values) or any(q for row in self._all for q in row[2:]):
            return self
        factor = Fraction(lcm(*(q.denominator for q in values)))
        factor /= gcd(*(int(q * factor) for q in values))
        return _Curve(
            {k: _times(factor, row) for k, row in self.affine.items()},
            {i: _times(factor, row) for i, row in self.outputs.items()},
            {i: [_times(factor, row) for row in rows] for i, rows in self.inputs.items()},
        )

    def directions(self, at: TwoLayerPoint) -> tuple[Direction, ...]:
        last = max((power for row in self._all for power, q in enumerate(row) if q), default=0)
        return tuple(self._direction(at, power) for power in range(1, last + 1))

    def _direction(self, at: TwoLayerPoint, power: int) -> Direction:
        def part(row: Sequence[Fraction]) -> Fraction:
            return row[power] if power < len(row) else ZERO

        zero, shift = Direction.zero(at.point), ZERO
        row = [ZERO] * len(at.point.inputs)
        for k, polynomial in self.affine.items():
            name = at.linear[k][0]
            if name == "c":
                shift = part(polynomial)
            else:
                row[int(name[2:-1])] = part(polynomial)
        if not at.point.neurons:
            return zero.with_inputs(row, shift)
        moves = []
        for i, (w, _) in enumerate(at.point.neurons):
            lifted = [ZERO] * len(w)
            for k, polynomial in zip(at.trained, self.inputs.get(i, ()), strict=False):
                lifted[k] = part(polynomial)
            moves.append((lifted, part(self.outputs.get(i, ()))))
        return zero.with_neurons(moves, shift)


def _along(at: TwoLayerPoint, scales: Sequence[Moves], signs: Mapping[int, int]) -> _Curve:
    """The curve of moves on scales: of errors, those of second order start at s^2N, of the series at s^(N + K + 1)."""
    last = len(scales) - 1
    shift = [ZERO] * (last + 1)

    def series(values: Sequence[Fraction]) -> Polynomial:
        return [*shift, *values]

    curve = _Curve({}, {}, {})
    for k in range(len(at.linear)):
        values = [scale.affine.get(k, ZERO) for scale in scales]
        if any(values):
            curve.affine[k] = series(values)
    for neuron in at.neurons:
        i = neuron.index
        outputs = [scale.outputs.get(i, ZERO) for scale in scales]
        empty = (ZERO,) * len(at.trained)
        inputs = [[scale.inputs.get(i, empty)[k] for scale in scales] for k in range(len(at.trained))]
        sign = neuron.sign or signs.get(i, 0)
        if any(outputs):
            curve.outputs[i] = series([sign * q for q in outputs])
        if neuron.v:
            curve.inputs[i] = [_times(1 / abs(neuron.v), series(row)) for row in inputs]
        elif any(outputs):
            curve.inputs[i] = [_quotient(row, outputs, last) if any(row) else [] for row in inputs]
    return curve


def _lines(at: TwoLayerPoint, scales: Sequence[Moves], signs: Mapping[int, int], guess: bool) -> Iterator[_Curve]:
    """Straight lines worth trying: a first-order descent in short numbers first; for two scales, one of second order.

    Of two scales a line takes the output weights of the first and the input weights of the second, doubled.
    """
    if len(scales) == 1:
        rounded = [scales[0].rounded(bits) for bits in (ROUNDED[1:2] if guess else ROUNDED)]
        for moves in (*rounded, *([] if guess else scales)):
            if _slope(at, moves, signs) < 0:
                yield _along(at, [moves], signs).scaled()
    if len(scales) != 2:
        return
    first, second = scales
    idle = [i for i in first.outputs if not at.neurons[i].v and first.outputs[i]]
    for doubled in range(TRIES):
        inputs = {i: tuple(2**doubled * q for q in second.inputs[i]) for i in idle if i in second.inputs}
        merged = Moves(first.affine, first.outputs, {**first.inputs, **inputs})
        curve = _along(at, [merged], signs)
        for i in inputs:
            curve.inputs[i] = [[ZERO, q / first.outputs[i]] for q in inputs[i]]
        yield curve.scaled()


def _slope(at: TwoLayerPoint, moves: Moves, signs: Mapping[int, int]) -> Fraction:
    """The derivative of the loss (as a sum, without its weight) along moves of one scale."""
    frame, up_down = at.frame, at.slopes
    up, down = (int(q * frame.slope_unit) for q in up_down)
    sides = {q: int(q * frame.slope_unit) for q in up_down}
    parts: list[tuple[list[int], int]] = []
    for k, q in moves.affine.items():
        (column,), unit = integer_rows([[q * b for b in at.linear[k][1]]])
        parts.append((column, unit))
    for neuron in at.neurons:
        i = neuron.index
        sign = neuron.sign or signs.get(i, 0)
        kappa = moves.outputs.get(i, ZERO)
        if kappa:
            factor = sign * kappa.numerator
            parts.append(([factor * q for q in neuron.levels], kappa.denominator * neuron.unit))
        t = moves.inputs.get(i, ()) if neuron.v else ()
        if any(t):
            (whole,), unit = integer_rows([t])
            along = [sign * q for q in _combination(whole, frame.columns)]
            # The slope at a kink is that of the way the pre-activation goes, whatever the sign of v is.
            change = [
                q * (sides[side] if side is not None else up if sign * q > 0 else down)
                for q, side in zip(along, neuron.side, strict=True)
            ]
            parts.append((change, unit * frame.unit * frame.slope_unit))
    if not parts:
        return ZERO
    bottom = lcm(*(unit for _, unit in parts))
    changes = _combination([bottom // unit for _, unit in parts], [row for row, _ in parts])
    ends, unit = _ends(at)
    slope = sum(q * (right if q > 0 else left) for q, (left, right) in zip(changes, ends, strict=True))
    return Fraction(slope, bottom * unit)


def _combination(weights: Sequence[int], columns: Sequence[Sequence[int]]) -> list[int]:
    """``sum weights[k] * columns[k]``, entry by entry."""
    total = [0] * len(columns[0])
    for q, column in zip(weights, columns, strict=True):
        if q:
            total = [a + q * b for a, b in zip(total, column, strict=True)]
    return total


def _ends(at: TwoLayerPoint) -> tuple[list[list[int]], int]:
    """Left and right derivatives of the loss at the data points, times a common denominator, and that."""
    return integer_rows(at.subgradients)


def descent(
    at: TwoLayerPoint, scales: Sequence[Moves], signs: Mapping[int, int], *, guess: bool = False
) -> Descent | None:
    """The descent along moves on scales, a straight line where one is found; None where the loss does not fall.

    Parameters
    ----------
    at : TwoLayerPoint
    scales : sequence of Moves
    signs : mapping
        Of the output weights that are 0 and move.
    guess : bool
        Whether the moves need not descend, and little is to be spent on them.
    """
    for line in _lines(at, scales, signs, guess):
        found = _below(at, line)
        if found is not None:
            return found
    return _below(at, _along(at, scales, signs)) if len(scales) > 1 else None


def _below(at: TwoLayerPoint, curve: _Curve) -> Descent | None:
    """The descent along one curve, None where the loss does not fall."""
    kept: list[Sequence[int]] = []
    changes, unit = _changes(at, curve, kept)
    within: list[tuple[Sequence[int], Fraction]] = []
    first: Polynomial = []
    bent: Polynomial = []
    for p, (y,), change in zip(at.predictions, at.problem.y, changes, strict=True):
        low = _order(change)
        if low is None:
            continue
        pieces = at.problem.loss.pieces(y)
        assert pieces is not None
        upwards = change[low] > 0
        a, b, _ = pieces.around(p)[upwards]
        kept.append(change)
        ahead = [abs(q - p) for q in pieces.breaks if q != p and (q > p) == upwards]
        if ahead:
            within.append((change if upwards else [-q for q in change], unit * min(ahead)))
        first = _sum(first, _times(2 * a * p + b if a else b, change))
        if a:
            bent = _sum(bent, _times(a, _product(change, change)))
    total = _sum(_times(at.problem.weight / unit, first), _times(at.problem.weight / unit**2, bent))
    lead = _order(total)
    if lead is None or total[lead] > 0:
        return None
    kept.append(integer_rows([total])[0][0])
    step = _step(kept, within)
    claim = DescentCurveClaim(at.point, at.loss, curve.directions(at), step)
    argument = Argument.CURVE
    if len(claim.curve) == 1:
        argument = Argument.FIRST_ORDER if lead == 1 else Argument.SECOND_ORDER
    after = at.loss + sum((q * step**k for k, q in enumerate(total)), ZERO)
    found = Descent(at.problem, claim, argument, after, tuple(total))
    if TwoLayerPoint.of(at.problem, found.end).loss != after:
        raise InternalError("the loss along a curve is not the polynomial it should be")
    return found


def _step(kept: Sequence[Sequence[int]], within: Sequence[tuple[Sequence[int], Fraction]]) -> Fraction:
    """The largest power of 1/2 at which the first keep their signs and the second stay below their bounds."""
    halvings = 0
    for row in kept:
        while not _keeps_sign(row, halvings):
            halvings += 1
    step = Fraction(1, 2**halvings)
    for row, room in within:
        while sum((max(q, 0) * step**k for k, q in enumerate(row)), ZERO) > room:
            step /= 2
    return step


def _changes(at: TwoLayerPoint, curve: _Curve, kept: list[Sequence[int]]) -> tuple[list[list[int]], int]:
    """The change of each prediction along the curve, times one positive integer, and that; the pre-activations, up to
    positive factors, are added to what has to keep its sign."""
    frame, m = at.frame, at.problem.m
    up, down = (int(q * frame.slope_unit) for q in at.slopes)
    parts: list[tuple[list[list[int]], int]] = []
    for k, polynomial in curve.affine.items():
        (row, column), unit = integer_rows([polynomial, at.linear[k][1]])
        parts.append(([[q * a for a in row] for q in column], unit * unit))
    for neuron in at.neurons:
        i = neuron.index
        if i not in curve.outputs and i not in curve.inputs:
            continue
        (v,), v_unit = integer_rows([_sum([neuron.v], curve.outputs.get(i, ()))])
        inputs, unit = integer_rows(curve.inputs.get(i, ()))
        bottom = lcm(neuron.unit, unit * frame.unit)
        factor = bottom // (unit * frame.unit)
        inputs = [[factor * q for q in row] for row in inputs]
        factor = bottom // neuron.unit
        changes: list[list[int]] = []
        for t, height in enumerate(neuron.heights):
            z = [factor * height] + [0] * (max(map(len, inputs), default=1) - 1)
            for coordinate, row in zip(frame.columns, inputs, strict=False):
                x = coordinate[t]
                for k, q in enumerate(row):
                    z[k] += x * q
            low = _order(z)
            if up != down:
                kept.append(z)
            slope = up if low is None or z[low] > 0 else down
            # Without its constant term, the output as it was.
            change = [slope * q for q in _product(v, z)]
            change[0] = 0
            changes.append(change)
        parts.append((changes, v_unit * bottom * frame.slope_unit))
    unit = lcm(*(size for _, size in parts))
    total: list[list[int]] = [[] for _ in range(m)]
    for changes, size in parts:
        total = [_sum(row, _times(unit // size, change)) for row, change in zip(total, changes, strict=True)]
    return total, unit
