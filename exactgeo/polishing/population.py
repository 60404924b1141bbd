"""Spurious minima of a population loss, enclosed: student and teacher ReLU networks with Gaussian inputs.

For n students w_i and teachers v_j in R^d the loss ``E (sum relu(<w_i, x>) - sum relu(<v_j, x>))^2 / 2`` over standard
Gaussian x is a sum of the function f over pairs (Cho and Saul 2009),

    f(w, v) = |w| |v| (sin t + (pi - t) cos t) / (2 pi),    t the angle,

smooth where no student is 0 or parallel to another vector. Floats propose a critical point; Newton's iteration and
Krawczyk's test in balls, with acos and sqrt, prove it, and the signs of all curvatures. No direction is flat:
orthonormal teachers leave only permutations.

References
----------
I. Safran and O. Shamir, Spurious local minima are common in two-layer ReLU neural networks, ICML 2018;
Y. Cho and L. Saul, Kernel methods for deep learning, NIPS 2009.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property

from exactgeo.claims.certificate import Certificate
from exactgeo.claims.population_minimum import PopulationMinimumClaim
from exactgeo.claims.subject import Population
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.krawczyk import (
    Ball,
    Balls,
    Factor,
    ball,
    balls,
    bounds,
    box,
    contraction,
    factor,
    pi,
    precision,
    prove_zero,
)
from exactgeo.exact.vectors import ONE, ZERO, Matrix
from exactgeo.frozen import dataclass
from exactgeo.numeric import student_teacher

__all__ = ["PopulationMinimum", "enclosed_minimum", "minimum_near"]

BITS = 128
CLAIMED = Fraction(1, 4)
"""Of a radius that is proved: so much is claimed, for other interval arithmetic may be less sharp."""

Row = list[Ball]


@dataclass(frozen=True)
class PopulationMinimum:
    """Exactly one critical point in a box, a strict local minimum.

    Attributes
    ----------
    subject : Population
    claim : PopulationMinimumClaim
    within : Fraction
        So near to the claim's students it lies, max norm.
    """

    subject: Population
    claim: PopulationMinimumClaim
    within: Fraction

    @property
    def loss(self) -> Enclosure:
        """At the minimum."""
        return Enclosure(self.claim.low, self.claim.high)

    @property
    def certificate(self) -> Certificate:
        return Certificate(self.subject, (self.claim,))

    def curvatures_below(self, level: Fraction) -> int | None:
        """How many eigenvalues of the Hessian at the minimum are below a level, proved; None where one is too near."""
        with precision(BITS + 64):
            hessian = _Loss(self.subject.teachers).hessian(self.claim.students, self.within)
            size = hessian.nrows()
            shifted = hessian - balls([[level if i == j else ZERO for j in range(size)] for i in range(size)])
            found = factor(shifted, BITS)
            if found is None or contraction(balls([[ZERO]] * size), shifted, found.product(), ONE) is None:
                return None
            return found.negative


def enclosed_minimum(k: int) -> PopulationMinimum | None:
    """The spurious minimum of k students and k orthonormal teachers, proved; None where the proof fails.

    Parameters
    ----------
    k : int
        At least 2; the minimum exists from 6 on.

    Notes
    -----
    Cost: some ten Hessians of k^2 parameters in balls and one elimination, O(k^6).
    """
    teachers = tuple(tuple(ONE if i == j else ZERO for j in range(k)) for i in range(k))
    found = student_teacher(k).students
    return minimum_near(teachers, tuple(tuple(Fraction(float(q)) for q in row) for row in found))


def minimum_near(teachers: Matrix, students: Matrix) -> PopulationMinimum | None:
    """Newton's iteration from some students, and the proof that it ends at a strict local minimum; None without one."""
    size = len(students[0])

    def rows(vector: Sequence[Fraction]) -> Matrix:
        return tuple(tuple(vector[k : k + size]) for k in range(0, len(vector), size))

    loss = _Loss(teachers)
    zero = prove_zero(
        lambda vector: balls([[q] for q in loss.gradient(rows(vector))]),
        lambda vector, radius: loss.hessian(rows(vector), radius),
        tuple(q for row in students for q in row),
        BITS,
        symmetric=True,
    )
    if zero is None or not isinstance(zero.inverse, Factor) or zero.inverse.negative:
        return None
    centre = rows(zero.centre)
    with precision(BITS + 64):
        found = bounds(loss.value(centre, 2 * zero.within))
    scale = 2 ** (BITS // 2)
    low, high = Fraction(found.lo * scale // 1 - 1, scale), Fraction(-(-found.hi * scale // 1) + 1, scale)
    claim = PopulationMinimumClaim(centre, zero.radius * CLAIMED, zero.inverse.rows, low, high)
    return PopulationMinimum(Population(teachers), claim, zero.within)


@dataclass(frozen=True)
class _Pair:
    """Two vectors and what the derivatives of f are made of."""

    w: Row
    v: Row

    @cached_property
    def lengths(self) -> tuple[Ball, Ball]:
        return _length(self.w), _length(self.v)

    @cached_property
    def units(self) -> tuple[Row, Row]:
        one, other = self.lengths
        return [q / one for q in self.w], [q / other for q in self.v]

    @cached_property
    def cosine(self) -> Ball:
        return _dot(*self.units)

    @cached_property
    def sine(self) -> Ball:
        return (1 - self.cosine * self.cosine).sqrt()

    @cached_property
    def rest(self) -> Ball:
        """pi minus the angle."""
        return pi() - self.cosine.acos()

    @cached_property
    def across(self) -> tuple[Row, Row]:
        """The unit vectors of v across w, and of w across v."""
        one, other = self.units
        return (
            [(b - self.cosine * a) / self.sine for a, b in zip(one, other, strict=True)],
            [(a - self.cosine * b) / self.sine for a, b in zip(one, other, strict=True)],
        )

    def value(self) -> Ball:
        one, other = self.lengths
        return one * other * (self.sine + self.rest * self.cosine) / (2 * pi())

    def slope(self) -> Row:
        """The derivative by w."""
        (unit, _), (_, other) = self.units, self.lengths
        return [(other * self.sine * a + self.rest * b) / (2 * pi()) for a, b in zip(unit, self.v, strict=True)]

    def curvature(self) -> list[Row]:
        """The second derivative by w: ``|v| sin t (1 - w w^T + n n^T) / (2 pi |w|)``, w of length 1, n across it."""
        (unit, _), (across, _), (one, other) = self.units, self.across, self.lengths
        factor = other * self.sine / (2 * pi() * one)
        size = range(len(unit))
        return [[factor * (int(i == j) - unit[i] * unit[j] + across[i] * across[j]) for j in size] for i in size]

    def mixed(self) -> list[Row]:
        """The derivative by w and v: ``(w n^T + (pi - t) 1 + v m^T) / (2 pi)``, w and v of length 1, m across v."""
        (a, b), (n, m) = self.units, self.across
        size, scale = range(len(a)), 2 * pi()
        return [[(a[i] * n[j] + b[i] * m[j] + (self.rest if i == j else 0)) / scale for j in size] for i in size]


@dataclass(frozen=True)
class _Loss:
    """The loss of students on a box, and its derivatives by all of their entries, row by row."""

    teachers: Matrix

    def value(self, students: Matrix, radius: Fraction = ZERO) -> Ball:
        ours, theirs = self._rows(students, radius), self._rows(self.teachers, ZERO)
        total = ball(0)
        for rows in (ours, theirs):
            total = total + sum((_dot(row, row) for row in rows), ball(0)) / 4
            for i, row in enumerate(rows):
                total = total + sum((_Pair(row, other).value() for other in rows[:i]), ball(0))
        return total - sum((_Pair(row, other).value() for row in ours for other in theirs), ball(0))

    def gradient(self, students: Matrix) -> Row:
        ours, theirs = self._rows(students, ZERO), self._rows(self.teachers, ZERO)
        found: Row = []
        for i, row in enumerate(ours):
            slopes = [_Pair(row, other).slope() for j, other in enumerate(ours) if j != i]
            against = [_Pair(row, other).slope() for other in theirs]
            for k, q in enumerate(row):
                found.append(q / 2 + sum((p[k] for p in slopes), ball(0)) - sum((p[k] for p in against), ball(0)))
        return found

    def hessian(self, students: Matrix, radius: Fraction) -> Balls:
        ours, theirs = self._rows(students, radius), self._rows(self.teachers, ZERO)
        size = len(ours[0])
        found = [[ball(0)] * (len(ours) * size) for _ in range(len(ours) * size)]
        for i, row in enumerate(ours):
            for k in range(size):
                found[i * size + k][i * size + k] = ball(Fraction(1, 2))
            pairs = [(_Pair(row, other), 1) for j, other in enumerate(ours) if j != i]
            for pair, sign in pairs + [(_Pair(row, other), -1) for other in theirs]:
                _add(found, i * size, i * size, [[sign * q for q in line] for line in pair.curvature()])
            for j in range(i):
                block = _Pair(row, ours[j]).mixed()
                _add(found, i * size, j * size, block)
                _add(found, j * size, i * size, [list(column) for column in zip(*block, strict=True)])
        return balls(found)

    def _rows(self, matrix: Matrix, radius: Fraction) -> list[Row]:
        return [box(row, radius) for row in matrix]


def _add(found: list[Row], top: int, left: int, block: list[Row]) -> None:
    for k, row in enumerate(block):
        for j, q in enumerate(row):
            found[top + k][left + j] = found[top + k][left + j] + q


def _dot(one: Row, other: Row) -> Ball:
    return sum((a * b for a, b in zip(one, other, strict=True)), ball(0))


def _length(row: Row) -> Ball:
    return _dot(row, row).sqrt()
