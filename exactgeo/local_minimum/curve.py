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

from exactgeo.exact.polynomial import Polynomial, quotient, times
from exactgeo.exact.vectors import ZERO, dot
from exactgeo.local_minimum.along import descent_along
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
    changes: list[Fraction] = [ZERO] * at.problem.m
    for k, q in moves.affine.items():
        changes = [a + q * b for a, b in zip(changes, at.linear[k][1], strict=True)]
    up, down = at.slopes
    for neuron in at.neurons:
        i = neuron.index
        sign = Fraction(neuron.sign or signs.get(i, 0))
        kappa = moves.outputs.get(i, ZERO)
        t = moves.inputs.get(i, ()) if neuron.v else ()
        if kappa:
            changes = [a + sign * kappa * b for a, b in zip(changes, neuron.outputs, strict=True)]
        if any(t):
            for j, (row, side) in enumerate(zip(at.rows, neuron.side, strict=True)):
                if side != 0:
                    q = dot(row, t)
                    changes[j] += sign * q * (side if side is not None else up if q > 0 else down)
    pairs = zip(changes, at.subgradients, strict=True)
    return sum((q * (right if q > 0 else left) for q, (left, right) in pairs), ZERO)


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
        found = descent_along(at.problem, at.point, at.loss, line.directions(at))
        if found is not None:
            return found
    if len(scales) == 1:
        return None
    return descent_along(at.problem, at.point, at.loss, _along(at, scales, signs).directions(at))
