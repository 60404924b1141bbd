"""What claims are made of where a loss has classes: shares under softmax and logarithms of sums, in place of rationals.

The claims ``class_*`` mirror those of the losses with rational values. The parameters are rational; losses, slopes and
what multiplies them lie in the spaces of :mod:`exactgeo.exact.softmax`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Self

from exactgeo.claims.claim import Claim
from exactgeo.claims.fields import FrozenDict
from exactgeo.exact.combination import Combination, Number
from exactgeo.exact.rational import format_rational
from exactgeo.exact.softmax import LogSumCombination, Row, SoftmaxCombination
from exactgeo.frozen import dataclass
from exactgeo.problem import Point

__all__ = ["ClassClaim", "LogSums", "Softmaxes"]


def _text(row: Row) -> str:
    return " ".join(map(format_rational, row))


def _row(text: str) -> Row:
    return tuple(Fraction(q) for q in text.split(" "))


@dataclass(frozen=True)
class Softmaxes:
    """``constant + sum terms[d of row] * exp(d) / sum(exp of row)``.

    Attributes
    ----------
    constant : Fraction
    terms : mapping from ``"d of row"``, rationals with spaces between them, to its coefficient, never 0
    """

    constant: Fraction
    terms: FrozenDict[str, Fraction]

    @classmethod
    def of(cls, number: Number) -> Self:
        if isinstance(number, Combination):
            named = ((f"{format_rational(d)} of {_text(row)}", q) for (d, row), q in number.terms)
            return cls(number.constant, FrozenDict(named))
        return cls(number, FrozenDict())

    def number(self) -> Number:
        """The number that this is."""
        terms = {}
        for text, q in self.terms.items():
            d, _, row = text.partition(" of ")
            terms[Fraction(d), _row(row)] = q
        return SoftmaxCombination.of(self.constant, terms)


@dataclass(frozen=True)
class LogSums:
    """``constant + sum terms[row] * log(sum(exp of row))``.

    Attributes
    ----------
    constant : Fraction
    terms : mapping from the rationals of a row, with spaces between them, to its coefficient, never 0
    """

    constant: Fraction
    terms: FrozenDict[str, Fraction]

    @classmethod
    def of(cls, number: Number) -> Self:
        if isinstance(number, Combination):
            return cls(number.constant, FrozenDict((_text(row), q) for row, q in number.terms))
        return cls(number, FrozenDict())

    def number(self) -> Number:
        """The loss that this is."""
        return LogSumCombination.of(self.constant, {_row(text): q for text, q in self.terms.items()})


@dataclass(frozen=True)
class ClassClaim(Claim):
    """A claim about a point at which the loss is a combination of logarithms of sums.

    Attributes
    ----------
    point : Point
        Its frozen parameters are those of the statement.
    loss : LogSums
        At the point.
    """

    point: Point
    loss: LogSums

    @property
    def at_point(self) -> Number:
        """The loss at the point, as a number."""
        return self.loss.number()
