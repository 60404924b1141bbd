"""The loss of classes along a polynomial curve of parameters: a power series, and how far its lowest term decides.

With d_j(s) the change of score j less that of the score of the class, and shares sigma_j at the point, a data point's
loss changes by ``log(sum_j sigma_j exp(d_j(s)))``. Where all scores are equal, sigma_j = 1 / k, its coefficients are
rational; else they are linear in the shares below twice the order of the d_j, and no higher order is asked for. What is
left out behind s^n is at most ``11/10 (s / R)^(n + 1)``, where all D_j(R) <= 1/2, D_j with absolute coefficients: the
series is bounded by that of ``-log(1 - M)``, ``M = sum_j sigma_j (exp(D_j) - 1) < 2/3`` on ``|s| <= R``.

References
----------
docs/mathematics.md, "Cross-entropy with several classes".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from exactgeo.claims.class_descent import ClassDescentClaim
from exactgeo.claims.classes import LogSums
from exactgeo.errors import InternalError
from exactgeo.exact.combination import Number, Unresolved, sign
from exactgeo.exact.matrix import integer_rows
from exactgeo.exact.polynomial import Polynomial, add, keeps_sign, order, times, value
from exactgeo.exact.softmax import SoftmaxCombination
from exactgeo.exact.vectors import ONE, ZERO, Vector
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent
from exactgeo.problem import Direction, Point, Problem

__all__ = ["class_descent"]

ORDERS = (2, 4, 8, 16, 32)
"""Up to which the series is looked at, one after the other."""

ROOM, TAIL = Fraction(1, 2), Fraction(11, 10)


@dataclass
class _Series:
    """The change of the loss, without the weight, along a curve.

    Attributes
    ----------
    problem : Problem
    starts : m rows of k rationals
        The scores at the point.
    changes : for each data point the d_j
    """

    problem: Problem
    starts: list[Vector]
    changes: list[list[Polynomial]]
    reaches: list[Fraction] = field(default_factory=list)

    def __post_init__(self) -> None:
        for changes in self.changes:
            reach = ONE
            while any(value([abs(q) for q in change], reach) > ROOM for change in changes):
                reach /= 2
            if any(map(any, changes)):
                self.reaches.append(reach)

    @property
    def most(self) -> int:
        """The largest order at which the coefficients are known."""
        found = ORDERS[-1]
        for start, changes in zip(self.starts, self.changes, strict=True):
            lows = [low for change in changes if (low := order(change)) is not None]
            if lows and len(set(start)) > 1:
                found = min(found, 2 * min(lows) - 1)
        return found

    def terms(self, n: int) -> list[Number]:
        """The coefficients up to s^n."""
        total: list[Any] = [ZERO] * (n + 1)
        for start, changes in zip(self.starts, self.changes, strict=True):
            if not any(map(any, changes)):
                continue
            if len(set(start)) == 1:
                total = add(total, _log_mean_exp(changes, n))
                continue
            for j, change in enumerate(changes):
                total = add(total, times(SoftmaxCombination.softmax(start, j), change[: n + 1]))
        return total

    def rest(self, n: int, step: Fraction) -> Fraction:
        """A bound on what follows s^n, on (0, step], over s^(n + 1)."""
        return sum((TAIL / reach ** (n + 1) for reach in self.reaches), ZERO)

    def lead(self) -> int | None:
        """The order of a fall; None where none is found."""
        most = self.most
        for n in dict.fromkeys(min(n, most) for n in ORDERS):
            terms = self.terms(n)
            low = next((k for k, q in enumerate(terms) if q), None)
            if low is not None:
                return low if sign(terms[low]) < 0 else None
        return None

    def falls(self, terms: Sequence[Number], low: int, step: Fraction) -> bool:
        """Whether the coefficient of s^low outweighs what follows on (0, step]."""
        if any(step > reach for reach in self.reaches):
            return False
        bound: Any = terms[low] + self.rest(low, step) * step
        return sign(bound) < 0


def class_descent(
    problem: Problem,
    point: Point,
    curve: Sequence[Direction],
    rows: Sequence[Sequence[Polynomial]],
    kept: Sequence[Sequence[Fraction | int]],
) -> Descent | None:
    """The descent along a curve, None where the loss does not fall, or is not seen to.

    Parameters
    ----------
    problem : Problem
    point : Point
    curve : sequence of Direction
    rows : m rows of k polynomials
        The scores along it.
    kept : polynomials that may not change their sign

    Raises
    ------
    InternalError
        The loss at the end is not lower.
    """
    starts = [tuple(after[0] if after else ZERO for after in row) for row in rows]
    changes = []
    for row, (label,) in zip(rows, problem.y, strict=True):
        moves: list[Polynomial] = [[ZERO, *after[1:]] for after in row]
        changes.append([_short(add(move, times(-1, moves[int(label)]))) for move in moves])
    series = _Series(problem, starts, changes)
    try:
        low = series.lead()
        if low is None:
            return None
        terms, halvings = series.terms(low), 0
        for kept_row in kept:
            (whole,), _ = integer_rows([kept_row])
            while not keeps_sign(whole, halvings):
                halvings += 1
        while not series.falls(terms, low, Fraction(1, 2**halvings)):
            halvings += 1
    except Unresolved:
        return None
    start = _loss(problem, starts)
    claim = ClassDescentClaim(point, LogSums.of(start), tuple(curve), Fraction(1, 2**halvings), low)
    argument = Argument.CURVE
    if len(curve) == 1:
        argument = Argument.FIRST_ORDER if low == 1 else Argument.SECOND_ORDER
    after = _loss(problem, [tuple(value(p, claim.step) for p in row) for row in rows])
    found = Descent(problem, claim, argument, after, ())
    end = _loss(problem, problem.predictions(found.end))
    if end != after or not end < start:
        raise InternalError("the loss of classes does not fall along a curve as it should")
    return found


def _loss(problem: Problem, rows: Sequence[Vector]) -> Number:
    losses = (problem.loss.exact_of_row(scores, y) for scores, y in zip(rows, problem.y, strict=True))
    total: Any = sum(losses, ZERO)
    found: Number = problem.weight * total
    return found


def _short(row: Polynomial) -> Polynomial:
    while row and not row[-1]:
        row.pop()
    return row


def _log_mean_exp(changes: Sequence[Polynomial], n: int) -> Polynomial:
    """``log(mean of exp(change))`` up to s^n, for changes without a constant term."""
    mean = [ZERO] * (n + 1)
    for change in changes:
        power: Polynomial = [ONE]
        for k in range(1, n + 1):
            power = _cut(power, change, n)
            if not any(power):
                break
            power = [q / k for q in power]
            for i, q in enumerate(power):
                mean[i] += q / len(changes)
    found = [ZERO] * (n + 1)
    for k in range(1, n + 1):
        found[k] = mean[k] - sum((i * found[i] * mean[k - i] for i in range(1, k)), ZERO) / k
    return found


def _cut(a: Polynomial, b: Polynomial, n: int) -> Polynomial:
    """a b up to s^n."""
    total = [ZERO] * min(n + 1, max(0, len(a) + len(b) - 1))
    for i, p in enumerate(a):
        if p:
            for j, q in enumerate(b[: n + 1 - i]):
                if q:
                    total[i + j] += p * q
    return total
