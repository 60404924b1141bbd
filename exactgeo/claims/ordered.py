"""What claims are made of where the slopes of the loss are transcendental: combinations in place of rationals.

The claims ``ordered_*`` mirror those of the losses with rational values. The parameters are rational; losses, slopes
and what multiplies them lie in the ordered spaces of :mod:`exactgeo.exact.combination`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Self

from exactgeo.claims.claim import Claim
from exactgeo.claims.fields import FrozenDict
from exactgeo.exact.combination import Combination, LogCombination, Number, TanhCombination
from exactgeo.exact.rational import format_rational
from exactgeo.frozen import dataclass
from exactgeo.problem import Point

__all__ = ["Combined", "OrderedClaim"]


@dataclass(frozen=True)
class Combined:
    """``constant + sum terms[q] * generator(q)``: ``tanh(q / 2)`` in slopes, ``log(1 + exp(q))`` in losses.

    Attributes
    ----------
    constant : Fraction
    terms : mapping from q, written as a rational, to its coefficient, never 0
    """

    constant: Fraction
    terms: FrozenDict[str, Fraction]

    @classmethod
    def of(cls, number: Number) -> Self:
        if isinstance(number, Combination):
            return cls(number.constant, FrozenDict((format_rational(q), weight) for q, weight in number.terms))
        return cls(number, FrozenDict())

    def slopes(self) -> TanhCombination | Fraction:
        """The slope that this is."""
        return TanhCombination.of(self.constant, {Fraction(q): weight for q, weight in self.terms.items()})

    def logarithms(self) -> LogCombination | Fraction:
        """The loss that this is."""
        return LogCombination.of(self.constant, {Fraction(q): weight for q, weight in self.terms.items()})


@dataclass(frozen=True)
class OrderedClaim(Claim):
    """A claim about a point at which the loss is a combination of logarithms.

    Attributes
    ----------
    point : Point
        Its frozen parameters are those of the statement.
    loss : Combined
        At the point.
    """

    point: Point
    loss: Combined

    @property
    def at_point(self) -> LogCombination | Fraction:
        """The loss at the point, as a number."""
        return self.loss.logarithms()
