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

from exactgeo.claims.descent_curve import DescentCurveClaim
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import ONE, ZERO, dot
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.leaf_program import Moves
from exactgeo.local_minimum.two_layer_point import TwoLayerPoint
from exactgeo.problem import Direction

__all__ = ["descent"]

Polynomial = list[Fraction]
"""Coefficients of 1, s, s^2, ..."""

ROUNDED = (3, 12, 30)
"""Bits to which the moves of a first-order descent are rounded, one after the other, before they are taken whole."""

TRIES = 40
"""How often the moves of a straight line are doubled against its quadratic terms."""


def _sum(a: Sequence[Fraction], b: Sequence[Fraction]) -> Polynomial:
    size = max(len(a), len(b))
    return [(a[k] if k < len(a) else ZERO) + (b[k] if k < len(b) else ZERO) for k in range(size)]


def _product(a: Sequence[Fraction], b: Sequence[Fraction]) -> Polynomial:
    total = [ZERO] * max(0, len(a) + len(b) - 1)
    for i, p in enumerate(a):
        if p:
            for j, q in enumerate(b):
                total[i + j] += p * q
    return total


def _times(q: Fraction, a: Sequence[Fraction]) -> Polynomial:
    return [q * p for p in a]


def _order(a: Sequence[Fraction]) -> int | None:
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


def _keeps_sign(a: Sequence[Fraction], step: Fraction) -> bool:
    """Whether the lowest coefficient outweighs those of the other sign on (0, step]; so does 0."""
    low = _order(a)
    if low is None:
        return True
    sign = 1 if a[low] > 0 else -1
    return sign * a[low] + sum((min(sign * q, ZERO) * step ** (k - low) for k, q in enumerate(a) if k > low), ZERO) > 0


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
        found = _below(at, line)
        if found is not None:
            return found
    return _below(at, _along(at, scales, signs)) if len(scales) > 1 else None


def _below(at: TwoLayerPoint, curve: _Curve) -> Descent | None:
    """The descent along one curve, None where the loss does not fall."""
    kept: list[Polynomial] = []
    changes = _changes(at, curve, kept)
    within: list[tuple[Polynomial, Fraction]] = []
    total: Polynomial = []
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
            within.append((_times(ONE if upwards else -ONE, change), min(ahead)))
        total = _sum(total, _sum(_times(2 * a * p + b, change), _times(a, _product(change, change)) if a else []))
    total = _times(at.problem.weight, total)
    lead = _order(total)
    if lead is None or total[lead] > 0:
        return None
    kept.append(total)
    step = _step(kept, within)
    claim = DescentCurveClaim(at.point, at.loss, curve.directions(at), step)
    argument = Argument.CURVE
    if len(claim.curve) == 1:
        argument = Argument.FIRST_ORDER if lead == 1 else Argument.SECOND_ORDER
    after = at.loss + sum((q * step**k for k, q in enumerate(total)), ZERO)
    found = Descent(at.problem, claim, argument, after, tuple(total))
    if at.problem.loss_at(found.end) != after:
        raise InternalError("the loss along a curve is not the polynomial it should be")
    return found


def _step(kept: Sequence[Polynomial], within: Sequence[tuple[Polynomial, Fraction]]) -> Fraction:
    """The largest power of 1/2 at which the first keep their signs and the second stay below their bounds."""
    step = ONE
    for row in kept:
        while not _keeps_sign(row, step):
            step /= 2
    for row, room in within:
        while sum((max(q, ZERO) * step**k for k, q in enumerate(row)), ZERO) > room:
            step /= 2
    return step


def _changes(at: TwoLayerPoint, curve: _Curve, kept: list[Polynomial]) -> list[Polynomial]:
    """The change of each prediction along the curve; the pre-activations are added to what has to keep its sign."""
    m = at.problem.m
    changes: list[Polynomial] = [[] for _ in range(m)]
    for k, polynomial in curve.affine.items():
        changes = [_sum(row, _times(q, polynomial)) for row, q in zip(changes, at.linear[k][1], strict=True)]
    up, down = at.slopes
    for neuron in at.neurons:
        i = neuron.index
        if i not in curve.outputs and i not in curve.inputs:
            continue
        v = _sum([neuron.v], curve.outputs.get(i, ()))
        for t, row in enumerate(at.rows):
            z: Polynomial = [neuron.z[t]]
            for x, polynomial in zip(row, curve.inputs.get(i, ()), strict=False):
                if x:
                    z = _sum(z, _times(x, polynomial))
            low = _order(z)
            if up != down:
                kept.append(z)
            slope = up if low is None or z[low] > 0 else down
            moved = _times(slope, _product(v, z))
            changes[t] = _sum(changes[t], _sum(moved, [-neuron.v * neuron.outputs[t]]))
    return changes
