"""Softmaxes under softmax and logarithms of sums of exponentials, at rational scores: with exact zero tests and signs.

Two spaces over Q, for data points whose scores, shifted so that the largest is 0, are a row ``(0, ..., d, ...)``:

* :class:`SoftmaxCombination`: 1 and ``exp(d) / sum(exp of row)``, d < 0: the derivatives of cross-entropy. The largest
  share is 1 less the others, so the scores of a data point whose shares are all equal give plain Fractions.
* :class:`LogSumCombination`: 1 and ``log(sum(exp of row))``: the values of cross-entropy.

Shares of different rows may depend on each other (a sum of exponentials may divide another), so a combination whose
bounds hold 0 is multiplied by all its sums: exponentials of distinct rationals are linearly independent over Q, and it
is 0 iff no exponential is left.

References
----------
A. Baker, Transcendental number theory, 1975, theorem 1.4 (Lindemann, Weierstrass); docs/mathematics.md, "Exponentials
at rational points".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Self

from exactgeo.exact.combination import MAX_BITS, Combination, Unresolved
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import ONE, ZERO, Vector

__all__ = ["LogSumCombination", "Row", "SoftmaxCombination", "row_of"]

Row = Vector
"""Scores less their largest, descending."""

LARGEST = 10_000
"""Products of exponentials, at most, by which a combination is shown to be 0."""


def row_of(scores: Sequence[Fraction]) -> Row:
    """The scores less the largest, descending.

    Examples
    --------
    >>> [str(q) for q in row_of([Fraction(1), Fraction(3), Fraction(2)])]
    ['0', '-1', '-2']
    """
    top = max(scores)
    return tuple(sorted((q - top for q in scores), reverse=True))


def _sum(row: Row, bits: int) -> Enclosure:
    """Bounds of the sum of the exponentials of a row; it is at least 1."""
    from exactgeo.exact.interval import decay

    parts = [decay(-d, bits) for d in row]
    return Enclosure(sum((part.lo for part in parts), ZERO), sum((part.hi for part in parts), ZERO))


class SoftmaxCombination(Combination):
    """A combination of 1 and shares, by (d, row).

    Examples
    --------
    >>> third = SoftmaxCombination.softmax([Fraction(5)] * 3, 0)
    >>> print(third, SoftmaxCombination.softmax([Fraction(0), Fraction(-1), Fraction(-1)], 0))
    1/3 1 - 2*exp(-1)/(1 + 2*exp(-1))
    >>> far = SoftmaxCombination.softmax([Fraction(0), Fraction(-1000), Fraction(0)], 1)
    >>> far > 0, far < Fraction(1, 10**400)
    (True, True)
    """

    __slots__ = ()

    @classmethod
    def softmax(cls, scores: Sequence[Fraction], j: int) -> SoftmaxCombination | Fraction:
        """``exp(scores[j]) / sum_i exp(scores[i])``. Cost: a sort of the scores."""
        row, d = row_of(scores), scores[j] - max(scores)
        if d:
            return cls(ZERO, (((d, row), ONE),))
        others = [e for e in row if e]
        largest = len(row) - len(others)
        return cls.of(Fraction(1, largest), {(e, row): Fraction(-others.count(e), largest) for e in others})

    @classmethod
    def of(cls, constant: Fraction, terms: Mapping[Any, Fraction]) -> Self | Fraction:
        """The combination with these coefficients, a Fraction where it is seen to be rational; 0 always is."""
        found = super().of(constant, terms)
        if isinstance(found, Fraction):
            return found
        rows = {row for (_, row), _ in found.terms}
        if len(rows) > 1 and not found._plain_sign() and found._vanishes(sorted(rows)):
            return ZERO
        return found

    def _plus(self, other: Any, factor: int) -> Any:
        if isinstance(other, (int, Fraction)):
            return self.of(self.constant + factor * other, dict(self.terms))
        return super()._plus(other, factor)

    def __eq__(self, other: object) -> bool:
        """Of combinations of shares that depend on each other too."""
        if not isinstance(other, (int, Fraction, SoftmaxCombination)):
            return NotImplemented
        return not self - other

    __hash__ = Combination.__hash__

    @staticmethod
    def exponent(q: Any) -> Fraction:
        return Fraction(-q[0])

    @staticmethod
    def limit(q: Any) -> Fraction:
        return ZERO

    @staticmethod
    def factor(q: Any, bits: int) -> Enclosure:
        total = _sum(q[1], bits)
        return Enclosure(1 / total.hi, 1 / total.lo)

    @staticmethod
    def text(q: Any) -> str:
        d, row = q
        return f"{_power(d)}/({_sum_text(row)})"

    def _vanishes(self, rows: Sequence[Row]) -> bool:
        """Whether the combination, times the sums of all rows, has no exponential left.

        Raises
        ------
        Unresolved
            There are too many products.
        """
        size = 1
        for row in rows:
            size *= len(set(row))
        if size > LARGEST:
            raise Unresolved(f"a sum of shares over {len(rows)} different sums of exponentials, not told from 0")
        total: dict[Fraction, Fraction] = {}
        parts: list[tuple[Fraction, Fraction, Sequence[Row]]] = [(self.constant, ZERO, rows)]
        parts += [(q, d, [row for row in rows if row != own]) for (d, own), q in self.terms]
        for q, d, others in parts:
            product = {d: q}
            for row in others:
                wide: dict[Fraction, Fraction] = {}
                for e, weight in product.items():
                    for r in row:
                        wide[e + r] = wide.get(e + r, ZERO) + weight
                product = wide
            for e, weight in product.items():
                total[e] = total.get(e, ZERO) + weight
        return not any(total.values())


class LogSumCombination(Combination):
    """A combination of 1 and ``log(sum(exp of row))``, by rows.

    Examples
    --------
    >>> loss = 2 * LogSumCombination.log_sum([Fraction(1)] * 3)
    >>> print(loss, loss > 2, LogSumCombination.log_sum([Fraction(0), Fraction(-1), Fraction(2)]))
    2 + 2*log(3) True 2 + log(1 + exp(-2) + exp(-3))
    """

    __slots__ = ()

    @classmethod
    def log_sum(cls, scores: Sequence[Fraction]) -> LogSumCombination:
        """``log sum_i exp(scores[i])``."""
        return cls(max(scores), ((row_of(scores), ONE),))

    @staticmethod
    def text(q: Any) -> str:
        return f"log({_sum_text(q)})"

    def bounds(self, bits: int = 128) -> Enclosure:
        """Proved bounds on the number, less than ``2^-bits`` apart."""
        from exactgeo.exact.interval import log_sum_exp

        size = sum((abs(weight) for _, weight in self.terms), ONE)
        extra = (size.numerator // size.denominator).bit_length() + 16
        total = Enclosure(self.constant, self.constant)
        for row, weight in self.terms:
            found = log_sum_exp(row, bits + extra)
            ends = (weight * found.lo, weight * found.hi)
            total = total + Enclosure(min(ends), max(ends))
        return total

    def _plain_sign(self) -> int:
        found = self.bounds()
        return (found.lo > 0) - (found.hi < 0)

    def _excluding_zero(self) -> tuple[Fraction, Enclosure]:
        bits = 256
        while bits <= MAX_BITS // 8:
            found = self.bounds(bits)
            if found.lo > 0 or found.hi < 0:
                return ZERO, found
            bits *= 4
        raise Unresolved(f"a sum of logarithms that is not told from 0 at {bits} bits")


def _power(d: Fraction) -> str:
    return f"exp({format_rational(d)})" if d else "1"


def _sum_text(row: Row) -> str:
    """The sum of the exponentials of a row, equal ones together."""
    parts = []
    for d in dict.fromkeys(row):
        number = row.count(d)
        parts.append(str(number) if not d else (f"{number}*" if number > 1 else "") + _power(d))
    return " + ".join(parts)
