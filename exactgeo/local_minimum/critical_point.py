"""Near a rational point, exactly one critical prediction vector, and a local minimum that has it: proved by enclosures.

Minima of losses with transcendental slopes are irrational as a rule. With the signs of the pre-activations held, kinks
among them, the predictions range over ``p + U``, U the span of the columns of the trained parameters that keep the
kinks where they are; the loss is strictly convex on it. Given rational r orthogonal to U and

    |l'(p) - r| <= eta,   mu <= l'' within rho of the p_t,   eta <= mu rho,

there is exactly one critical vector p* in p + U, and |p* - p| <= rho. A left inverse of the columns bounds the
parameters that have it; where no sign changes on the way, these exist. There l'(p*) is orthogonal to U and within
C rho + eta of r, C a bound of l'': an inequality of the criterion that r meets with more room than that, l'(p*) meets.

References
----------
docs/mathematics.md, "Critical points that are not rational".
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import isqrt

from exactgeo.claims.certificate import Certificate
from exactgeo.claims.critical_point import CriticalPointClaim, KinkRoom, Room
from exactgeo.errors import InternalError
from exactgeo.exact.combination import Unresolved, within
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.lp import minimise
from exactgeo.exact.matrix import echelon, least_squares, nullspace, rref, solve
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.ordered_criterion import OrderedPoint, power_below
from exactgeo.local_minimum.two_layer_point import Kink, NeuronState
from exactgeo.problem import Point, Problem, scope
from exactgeo.shown import Shown

__all__ = ["CriticalPoint", "NotProved", "critical_point_near"]

MAX_SPLITS = 10
"""Kinks of one neuron at which phi may bend down, each of which doubles the cones."""


@dataclass(frozen=True)
class CriticalPoint(Shown):
    """Exactly one critical prediction vector near a point, and a local minimum that has it.

    Attributes
    ----------
    problem : Problem
    claim : CriticalPointClaim
        The point, rho, and the proof.
    radius : Fraction
        Some parameters within it of the point (max norm) have these predictions, and are a local minimum.
    value : Enclosure
        Of the training loss there.
    """

    problem: Problem
    claim: CriticalPointClaim
    radius: Fraction
    value: Enclosure

    @property
    def certificate(self) -> Certificate:
        return Certificate(self.problem, (self.claim,))


@dataclass(frozen=True)
class NotProved(Shown):
    """Nothing is said of the point, and why."""

    reason: str


class _Fails(Exception):
    """A condition does not hold, or not with enough room."""


def critical_point_near(problem: Problem, point: Point, rho: Fraction) -> CriticalPoint | NotProved:
    """Prove that near a rational point there is exactly one critical prediction vector, and a local minimum with it.

    Parameters
    ----------
    problem : Problem
        At most one hidden layer; one output with the logistic loss, or two with cross-entropy.
    point : Point
        Rational, close to the critical point: its pre-activations that are 0 stay 0.
    rho : Fraction, > 0
        Of the predictions, in the Euclidean norm.

    Returns
    -------
    CriticalPoint or NotProved
        Cost: one exact least-squares problem, one exact inverse of the trained columns, and for each neuron with kinks
        one exact LP a cone of the kinks at which phi may bend down.

    Raises
    ------
    exactgeo.OutOfScope
        Named: what puts the problem outside.
    ValueError
        rho is not positive.

    Examples
    --------
    Two of three labels are 1: the score is log 2 at the minimum.

    >>> import exactgeo as eg
    >>> problem = eg.load({"data": {"x": [[0], [0], [0]], "y": [1, 1, -1]}, "network": {"widths": []},
    ...     "loss": {"kind": "logistic"}, "point": {"weights": [[[0]]], "biases": [["693147/1000000"]]}})
    >>> found = critical_point_near(problem, problem.point, Fraction(1, 10**5))
    >>> print(found.value, found.radius < Fraction(1, 10**4))
    [1.90954250488375, 1.90954250488445] True
    """
    if rho <= 0:
        raise ValueError("rho is the radius of a ball: a positive rational")
    outside = scope.complete_decision(problem) or scope.ordered_slopes(problem)
    if outside is not None:
        raise outside
    try:
        return _Face(OrderedPoint.of(problem, point), rho).proved()
    except (_Fails, Unresolved) as why:
        return NotProved(str(why))


@dataclass(frozen=True)
class _Column:
    """The change of the predictions by one trained parameter, or by a direction of a neuron's input weights.

    Attributes
    ----------
    neuron : int or None
        None where the predictions are affine in the parameter, whatever the others are.
    move : vector of T, or None for an output weight (in units of its sign)
    """

    values: Vector
    neuron: int | None = None
    move: tuple[int, ...] | None = None


@dataclass(frozen=True)
class _Face:
    """The predictions p + U around a point, and what is proved of them."""

    at: OrderedPoint
    rho: Fraction

    @cached_property
    def columns(self) -> list[_Column]:
        """Of all trained parameters that are seen, kinks held."""
        local = self.at.local
        found = [_Column(column) for _, column in local.linear]
        for neuron in local.neurons:
            if not neuron.v:
                continue
            size = len(local.trained)
            for move in nullspace([kink.form for kink in neuron.kinks], size) if size else []:
                moved = (dot(row, move) * neuron.sign for row in local.rows)
                values = tuple(q * (s or ZERO) for q, s in zip(moved, neuron.side, strict=True))
                found.append(_Column(values, neuron.index, move))
            if local.problem.train.output:
                found.append(_Column(tuple(neuron.sign * q for q in neuron.outputs), neuron.index))
        return found

    @cached_property
    def basis(self) -> list[int]:
        """Independent columns that span U, by their numbers."""
        values = [column.values for column in self.columns]
        _, _, pivots = echelon([[v[t] for v in values] for t in range(self.at.local.problem.m)], len(values))
        return pivots

    @cached_property
    def span(self) -> list[Vector]:
        return [self.columns[j].values for j in self.basis]

    @cached_property
    def curvature(self) -> Fraction:
        """mu, at most l'' at every prediction within rho."""
        loss = self.at.local.problem.loss
        return min(loss.least_curvature(p, self.rho) for p in self.at.local.predictions)

    @cached_property
    def slopes(self) -> Vector:
        """r: rational, orthogonal to U, near l'(p)."""
        least = self.curvature * self.rho
        bits = 24 + _bits_below(least) + len(self.at.slopes).bit_length()
        near = []
        for q in self.at.slopes:
            bounds = within(q, bits)
            near.append(Fraction(round(bounds.lo * 2**bits), 2**bits))
        _, rest = least_squares(self.span, near)
        return rest

    @cached_property
    def error(self) -> Fraction:
        """eta, at least |l'(p) - r|, and at most mu rho."""
        allowed = self.curvature * self.rho
        bits = 64 + _bits_below(allowed)
        total = ZERO
        for q, r in zip(self.at.slopes, self.slopes, strict=True):
            bounds = within(q - r, bits)
            total += max(abs(bounds.lo), abs(bounds.hi)) ** 2
        found = root_above(total)
        if found > allowed:
            raise _Fails(
                f"the slopes are up to {float(found):.3g} from orthogonal to the trained columns, and a curvature of "
                f"{float(self.curvature):.3g} allows {float(allowed):.3g}: come closer to it, or raise rho"
            )
        return found

    @cached_property
    def room(self) -> Fraction:
        """At least |l'(p*) - r|."""
        return self.at.local.problem.loss.curvature() * self.rho + self.error

    # -- the parameters that have p* ------------------------------------------------------------------------------

    @cached_property
    def inverse(self) -> tuple[Vector, ...]:
        """A left inverse of the columns of the basis, one row each."""
        gram = [[dot(a, b) for b in self.span] for a in self.span]
        rows = []
        for j in range(len(self.span)):
            weights = solve(gram, [int(k == j) for k in range(len(self.span))])
            if weights is None:
                raise InternalError("independent columns with a singular Gram matrix")
            rows.append(tuple(dot(weights, [v[t] for v in self.span]) for t in range(len(self.span[0]))))
        return tuple(rows)

    def lifted(self) -> Fraction:
        """How far the parameters that have p* may lie from the point, in the max norm; no sign changes on the way."""
        local = self.at.local
        size, bends = len(local.trained), local.problem.network.activation.has_kink if local.neurons else False
        moves = [[ZERO] * size for _ in local.neurons]
        outputs = [ZERO] * len(local.neurons)
        radius = ZERO
        for j, row in zip(self.basis, self.inverse, strict=True):
            column, bound = self.columns[j], self.rho * sum(map(abs, row), ZERO)
            if column.neuron is None:
                radius = max(radius, bound)
            elif column.move is None:
                outputs[column.neuron] = bound
            else:
                moves[column.neuron] = [
                    p + bound * abs(q) for p, q in zip(moves[column.neuron], column.move, strict=True)
                ]
        for neuron in local.neurons:
            kappa, tau = outputs[neuron.index], moves[neuron.index]
            left = abs(neuron.v) - kappa
            if neuron.v and left <= 0:
                raise _Fails(f"the output weight of neuron {neuron.index} may change its sign within rho")
            if not any(tau):
                radius = max(radius, kappa)
                continue
            for z, row in zip(neuron.z, local.rows, strict=True) if bends else ():
                if z and sum((a * abs(q) for a, q in zip(tau, row, strict=True)), ZERO) >= left * abs(z):
                    raise _Fails(f"a pre-activation of neuron {neuron.index} may change its sign within rho")
            radius = max(radius, kappa, max(tau) / left)
        return radius

    # -- the conditions at p* -------------------------------------------------------------------------------------

    def in_span(self, vector: Sequence[Fraction]) -> bool:
        _, rest = least_squares(self.span, tuple(vector))
        return not any(rest)

    def rooms(self) -> tuple[tuple[Room, ...], ...]:
        """Of each neuron the proof of its condition."""
        local = self.at.local
        found: list[tuple[Room, ...]] = []
        for neuron in local.neurons:
            if neuron.v:
                found.append(self._cover(neuron) if neuron.kinks else ())
                continue
            found.append(())
            if local.problem.train.output and not all(map(self.in_span, self._idle(neuron))):
                raise _Fails(f"neuron {neuron.index} has output weight 0 and columns outside those of the others")
        return tuple(found)

    def _idle(self, neuron: NeuronState) -> list[Vector]:
        """Vectors that l'(p*) is orthogonal to iff phi vanishes, for a neuron whose output weight is 0."""
        linear, bends = _parts(self, neuron, 1)
        total = [list(row) for row in linear]
        vectors = [neuron.outputs]
        for kink, right, left in bends:
            vectors.append(tuple(a - b for a, b in zip(right, left, strict=True)))
            for k, q in enumerate(kink.form):
                total[k] = [a + q * b for a, b in zip(total[k], right, strict=True)]
        return [*vectors, *map(tuple, total)]

    def _cover(self, neuron: NeuronState) -> tuple[Room, ...]:
        """``sign(v) phi >= 0`` with room on every cone of the kinks at which it may bend down."""
        linear, bends = _parts(self, neuron, neuron.sign)
        gains = self._gains(linear, [kink for kink, _, _ in bends])
        lines = []
        for (kink, right, left), gain in zip(bends, gains, strict=True):
            behind = [least_squares(self.span, _minus(gain, side))[1] for side in (right, left)]
            lines.append(_Line(kink, dot(right, self.slopes), dot(left, self.slopes), behind[0], behind[1]))
        steep = [dot(row, self.slopes) for row in linear]
        down = [
            j
            for j, line in enumerate(lines)
            if line.right - line.left < self.room * (line.wide_above + line.wide_below)
        ]
        if len(down) > MAX_SPLITS:
            what = f"{len(down)} kinks of neuron {neuron.index} at which phi may bend down"
            raise _Fails(f"{what}; {MAX_SPLITS} are tried")
        rooms = []
        for chosen in product((1, -1), repeat=len(down)):
            sides = dict(zip(down, chosen, strict=True))
            weights = _roomy(steep, lines, sides, self.room)
            if weights is None:
                raise _Fails(
                    f"neuron {neuron.index}: phi is not positive by {float(self.room):.3g} on a cone of its kinks; "
                    "lower rho, or the critical point is no local minimum"
                )
            names = tuple(sides.get(j, 0) for j in range(len(lines)))
            held = (KinkRoom(q, line.above, line.below) for q, line in zip(weights, lines, strict=True))
            rooms.append(Room(names, tuple(held)))
        return tuple(rooms)

    def _gains(self, linear: Sequence[Vector], kinks: Sequence[Kink]) -> list[Vector]:
        """G_j, vectors of the data with ``linear_k + sum_j form_jk G_j`` in U for each coordinate k of T."""
        m = len(linear[0])
        _, chosen = rref([[kink.form[k] for kink in kinks] for k in range(len(linear))], len(kinks))
        _, rows = rref([list(kinks[j].form) for j in chosen], len(linear))
        square = [[kinks[j].form[k] for j in chosen] for k in rows]
        gains = [[ZERO] * m for _ in kinks]
        for column, k in enumerate(rows):
            inverse = solve(square, [int(i == column) for i in range(len(rows))])
            if inverse is None:
                raise InternalError("independent forms with a singular square")
            for j, weight in zip(chosen, inverse, strict=True):
                gains[j] = [g - weight * q for g, q in zip(gains[j], linear[k], strict=True)]
        for k, row in enumerate(linear):
            total = list(row)
            for kink, gain in zip(kinks, gains, strict=True):
                total = [p + kink.form[k] * q for p, q in zip(total, gain, strict=True)]
            if not self.in_span(total):
                raise InternalError("a neuron's linear part is not carried by its kinks")
        return [tuple(gain) for gain in gains]

    def proved(self) -> CriticalPoint:
        claim_slopes, error = self.slopes, self.error
        radius, rooms = self.lifted(), self.rooms()
        problem = self.at.problem
        loss = within(self.at.loss)
        value = Enclosure(loss.lo - self.at.local.problem.weight * error * self.rho, loss.hi)
        # A power of 2 that is not smaller.
        wide = 2 * power_below(radius) if radius else self.rho
        claim = CriticalPointClaim(self.at.point, self.rho, wide, claim_slopes, tuple(self.basis), self.inverse, rooms)
        return CriticalPoint(problem, claim, wide, value)


@dataclass(frozen=True)
class _Line:
    """A kink, phi's slopes across it at r, and by what vectors they fall behind its multiplier as r changes."""

    kink: Kink
    right: Fraction
    left: Fraction
    above: Vector
    below: Vector

    @cached_property
    def wide_above(self) -> Fraction:
        """By how much at most, for a change of 1."""
        return _size(self.above)

    @cached_property
    def wide_below(self) -> Fraction:
        return _size(self.below)


def _parts(face: _Face, neuron: NeuronState, side: int) -> tuple[list[Vector], list[tuple[Kink, Vector, Vector]]]:
    """``side * phi`` as vectors of the data: one a coordinate of T, and (right, left) of each kink."""
    local = face.at.local
    up, down = local.slopes
    linear = [
        tuple(side * (s or ZERO) * row[k] for s, row in zip(neuron.side, local.rows, strict=True))
        for k in range(len(local.trained))
    ]
    bends = []
    for kink in neuron.kinks:
        right, left = [ZERO] * len(local.rows), [ZERO] * len(local.rows)
        for t, factor in kink.members:
            right[t] = side * factor * (up if factor > 0 else down)
            left[t] = side * factor * (down if factor > 0 else up)
        bends.append((kink, tuple(right), tuple(left)))
    return linear, bends


def _roomy(
    steep: Sequence[Fraction], lines: Sequence[_Line], sides: dict[int, int], room: Fraction
) -> list[Fraction] | None:
    """Multipliers m_j with ``steep + sum m_j form_j = 0`` and the widest room; None where it is less than ``room``.

    ``m_j + s above_j <= right_j`` unless the side is minus, ``m_j - s below_j >= left_j`` unless it is plus.
    """
    count = len(lines)
    rows: list[list[Fraction]] = []
    rhs: list[Fraction] = []
    limits: list[tuple[int, int, Fraction, Fraction]] = []
    for j, line in enumerate(lines):
        if sides.get(j) != -1:
            limits.append((j, 1, line.wide_above, line.right))
        if sides.get(j) != 1:
            limits.append((j, -1, line.wide_below, -line.left))
    size = 2 * count + 1 + len(limits) + 1
    for k in range(len(steep)):
        row = [ZERO] * size
        for j, line in enumerate(lines):
            row[2 * j], row[2 * j + 1] = Fraction(line.kink.form[k]), Fraction(-line.kink.form[k])
        rows.append(row)
        rhs.append(-steep[k])
    for n, (j, side, rate, bound) in enumerate(limits):
        row = [ZERO] * size
        row[2 * j], row[2 * j + 1], row[2 * count], row[2 * count + 1 + n] = ONE * side, -ONE * side, rate, ONE
        rows.append(row)
        rhs.append(bound)
    last = [ZERO] * size
    last[2 * count], last[-1] = ONE, ONE
    rows.append(last)
    rhs.append(2 * room)
    cost = [ZERO] * size
    cost[2 * count] = -ONE
    answer = minimise(cost, rows, rhs)
    if answer.x is None or answer.status != "optimal" or answer.x[2 * count] < room:
        return None
    return [answer.x[2 * j] - answer.x[2 * j + 1] for j in range(count)]


def _bits_below(q: Fraction) -> int:
    """k with 2^-k about a positive number, at least 0."""
    return max(0, q.denominator.bit_length() - q.numerator.bit_length())


def _minus(one: Vector, other: Vector) -> Vector:
    return tuple(a - b for a, b in zip(one, other, strict=True))


def _size(vector: Vector) -> Fraction:
    """A rational that is at least the Euclidean length."""
    return root_above(dot(vector, vector))


def root_above(q: Fraction) -> Fraction:
    """A rational that is at least the square root, and exceeds it by about 2^-64 of it.

    Examples
    --------
    >>> root_above(Fraction(2)) ** 2 > 2, root_above(Fraction(0)) == 0
    (True, True)
    """
    if not q:
        return ZERO
    shift = max(0, 64 + (q.denominator.bit_length() - q.numerator.bit_length()) // 2)
    scaled = -((-q.numerator << 2 * shift) // q.denominator)
    return Fraction(isqrt(scaled) + 1, 2**shift)
