"""Shares of a count, with the interval that Clopper and Pearson (1934) proved."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from exactgeo.exact.rational import decimal, format_rational
from exactgeo.frozen import dataclass
from exactgeo.shown import Shown

__all__ = ["LEVEL", "Proportion", "proportion_of"]

LEVEL = "0.95"
DIGITS = 10**4


@dataclass(frozen=True)
class Proportion(Shown):
    """``count`` of ``total``.

    Attributes
    ----------
    low, high : Fraction
        Of four decimals, rounded outward. Whatever the probability is, the interval holds it in at least 95
        of 100 runs.
    """

    count: int
    total: int
    low: Fraction
    high: Fraction

    @property
    def ratio(self) -> Fraction:
        """``count / total``."""
        return Fraction(self.count, self.total) if self.total else Fraction(0)

    def to_json(self) -> dict[str, Any]:
        """``starts``, ``share`` (exact), ``interval`` = {lo, hi, level}."""
        interval = {"lo": decimal(self.low), "hi": decimal(self.high), "level": LEVEL}
        return {"starts": self.count, "share": format_rational(self.ratio), "interval": interval}


def proportion_of(count: int, total: int) -> Proportion:
    """The share with its 95 % interval.

    Examples
    --------
    >>> one = proportion_of(0, 10)
    >>> str(one.low), str(one.high)
    ('0', '617/2000')
    """
    from scipy.special import betaincinv

    tail = (1 - float(LEVEL)) / 2
    low = float(betaincinv(count, total - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, total - count, 1 - tail)) if count < total else 1.0
    return Proportion(
        count, total, Fraction(max(math.floor(low * DIGITS), 0), DIGITS), Fraction(math.ceil(high * DIGITS), DIGITS)
    )
