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

from exactgeo.exact.matrix import integer_rows
from exactgeo.exact.polynomial import Polynomial, add, multiply, order, quotient, times
from exactgeo.exact.vectors import ZERO
from exactgeo.local_minimum.along import Along
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.leaf_program import Moves
from exactgeo.local_minimum.two_layer_point import TwoLayerPoint
from exactgeo.problem import Direction

__all__ = ["descent"]

ROUNDED = (3, 12, 30)
"""Bits to which the moves of a first-order descent are rounded, one after the other, before they are taken whole."""

TRIES = 40
"""How often the moves of a straight line are doubled against its quadratic terms."""


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
            {k: times(factor, row) for k, row in self.affine.items()},
            {i: times(factor, row) for i, row in self.outputs.items()},
            {i: [times(factor, row) for row in rows] for i, rows in self.inputs.items()},
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
            curve.inputs[i] = [times(1 / abs(neuron.v), series(row)) for row in inputs]
        elif any(outputs):
            curve.inputs[i] = [quotient(row, outputs, last) if any(row) else [] for row in inputs]
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
    kept: list[Sequence[Fraction | int]] = []
    changes, unit = _changes(at, curve, kept)
    along = Along.of(at.problem, [(p,) for p in at.predictions], [(row,) for row in changes], kept, unit)
    return along.descent(
        at.problem,
        at.point,
        at.loss,
        lambda: curve.directions(at),
        lambda end: TwoLayerPoint.of(at.problem, end).loss,
    )


def _changes(at: TwoLayerPoint, curve: _Curve, kept: list[Sequence[Fraction | int]]) -> tuple[list[list[int]], int]:
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
        (v,), v_unit = integer_rows([add([neuron.v], curve.outputs.get(i, ()))])
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
            low = order(z)
            if up != down:
                kept.append(z)
            slope = up if low is None or z[low] > 0 else down
            # Without its constant term, the output as it was.
            change = [slope * q for q in multiply(v, z)]
            change[0] = 0
            changes.append(change)
        parts.append((changes, v_unit * bottom * frame.slope_unit))
    unit = lcm(*(size for _, size in parts))
    total: list[list[int]] = [[] for _ in range(m)]
    for changes, size in parts:
        total = [add(row, times(unit // size, change)) for row, change in zip(total, changes, strict=True)]
    return total, unit
