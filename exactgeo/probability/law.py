"""The law of the basin value at every width, from the maximal sets of types above a level.

With B_1, ..., B_k the maximal sets of types whose value is above alpha, and p(F) the probability that a neuron's type
lies in F,

    P_n[Bas > alpha] = P[the types of all n neurons lie in one B_j] = sum_F c_F p(F)^n

over the intersections F of some B_j, with integers c_F that do not depend on n. Some of the B_j bound it from below,
and some sets that reach alpha bound it from above, whatever time there was to find them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from exactgeo.exact.rational import format_rational
from exactgeo.exact.spherical import (
    Number,
    clipped,
    decimal_bounds,
    enclosure_of,
    exact,
    is_exact,
    largest,
    span_of,
    working,
)
from exactgeo.frozen import dataclass
from exactgeo.probability._propose_samples import MISS
from exactgeo.probability._propose_starts import Estimate
from exactgeo.probability.closed_forms import IndependentData, SeparateLines
from exactgeo.probability.neuron_types import Starts
from exactgeo.probability.sets import LevelSets, Transversals
from exactgeo.shown import Shown, value_line

__all__ = ["ClosedLaw", "Law", "LawRow", "Probability", "intersections"]

TERMS = 8_000
"""Intersections that are summed; those of further sets are bounded by the sum of their probabilities."""

AVOIDED = 60
"""Sets that bound the law from below where not all are known."""

DIGITS = 2_000
"""Digits of a rational that is written out."""


@dataclass(frozen=True)
class Probability(Shown):
    """A probability as it is answered.

    Attributes
    ----------
    status : str
        exact, enclosure (proved bounds) or estimate (an interval that holds at a level).
    value : Fraction or None
        When exact.
    lo, hi : str
        Decimals, rounded outward.
    level : str or None
        Of an estimate: the probability with which such an interval holds.
    """

    status: str
    value: Fraction | None
    lo: str
    hi: str
    level: str | None = None

    def _shown(self) -> str:
        bounds = f"in [{self.lo}, {self.hi}]"
        return f"probability: {value_line(self.value) if self.value is not None else bounds}, {self.status}"

    @classmethod
    def of(cls, number: Number, intervals: int = 0) -> Probability:
        """A number; ``intervals`` of samples went into it."""
        with working():
            known = clipped(number)
            lo, hi = decimal_bounds(known)
            # The radius of a wide ball is rounded up.
            hi = min(hi, "1", key=Decimal)
            if intervals:
                return cls("estimate", None, lo, hi, f"{1 - intervals * MISS:.12f}")
            value = enclosure_of(known).lo if is_exact(known) else None
        short = value is not None and value.denominator.bit_length() < 3 * DIGITS
        return cls("exact" if short else "enclosure", value if short else None, lo, hi)

    def record(self, name: str) -> dict[str, Any]:
        """As entries of a flat dict."""
        value = None if self.value is None else format_rational(self.value)
        return {name: value, "lo": self.lo, "hi": self.hi, "status": self.status}

    def to_json(self) -> dict[str, Any]:
        """As the command answers it."""
        found = {"status": self.status, "value": None if self.value is None else format_rational(self.value)}
        found |= {"lo": self.lo, "hi": self.hi}
        return {**found, "level": self.level} if self.level is not None else found


@dataclass(frozen=True)
class LawRow(Shown):
    """P[Bas <= at_most] at a width.

    Attributes
    ----------
    at_most : Fraction
    width : int
    probability, above : Probability
        Of Bas <= at_most, and of Bas > at_most with digits of its own.
    estimate : Probability or None
        Of random starts, where the bounds are not sharp.
    """

    at_most: Fraction
    width: int
    probability: Probability
    above: Probability
    estimate: Probability | None = None

    def to_json(self) -> dict[str, Any]:
        """As the command answers it."""
        found = {"at_most": format_rational(self.at_most), "width": self.width}
        found |= {"probability": self.probability.to_json(), "above": self.above.to_json()}
        return {**found, "estimate": self.estimate.to_json()} if self.estimate is not None else found


def intersections(sets: Sequence[int]) -> tuple[dict[int, int], list[int]]:
    """The coefficients of inclusion and exclusion over the unions of some sets, and the sets left out.

    Returns
    -------
    dict from set to int, list of int
        ``P[inside some set] = sum of coefficient * P[inside F]`` for all sets but those left out, of which there are
        some only where there would be more than ``TERMS`` terms.

    Examples
    --------
    >>> intersections([0b011, 0b110])
    ({3: 1, 6: 1, 2: -1}, [])
    """
    total: dict[int, int] = {}
    for done, one in enumerate(sets):
        new = {one: 1}
        for other, c in total.items():
            new[one & other] = new.get(one & other, 0) - c
        for f, c in new.items():
            total[f] = total.get(f, 0) + c
        total = {f: c for f, c in total.items() if c}
        if len(total) > TERMS:
            return total, list(sets[done + 1 :])
    return total, []


class _Inside:
    """The probability that all types lie in one of some sets."""

    def __init__(self, starts: Starts, sets: Sequence[int]) -> None:
        self._starts = starts
        by_size = sorted(sets, key=lambda f: (-f.bit_count(), f))
        self.terms, self._left_out = intersections(by_size)

    def at(self, counts: Sequence[int]) -> Number:
        """With these numbers of neurons."""
        total = exact(0)
        for f, c in self.terms.items():
            total = total + c * self._starts.all_within(f, counts)
        if not self._left_out:
            return total
        more = total
        for f in self._left_out:
            more = more + self._starts.all_within(f, counts)
        return span_of(total, more)


@dataclass(frozen=True)
class Law:
    """The distribution function of the basin value at one level, for every width.

    Attributes
    ----------
    starts : Starts
    at_most : Fraction
        The level alpha, in units of the problem's loss.
    sure, possible : LevelSets
        Sets of types whose value is above alpha for sure, and perhaps; they differ only where values are enclosures
        that contain alpha.
    estimate : Estimate or None
        Random starts, asked where the bounds are not sharp.
    """

    starts: Starts
    at_most: Fraction
    sure: LevelSets
    possible: LevelSets
    estimate: Estimate | None = field(default=None, compare=False)

    @property
    def complete(self) -> bool:
        """Whether all maximal sets are known, and no value was undecided."""
        return self.sure.complete and self.sure == self.possible

    @cached_property
    def _above(self) -> tuple[_Inside, _Inside]:
        """Lower and upper bounds on the probability of being above."""
        low = _Inside(self.starts, self.sure.bad)
        if self.complete:
            return low, low
        if self.possible.complete:
            return low, _Inside(self.starts, self.possible.bad)
        return low, _Inside(self.starts, self._avoiding())

    def _avoiding(self) -> list[int]:
        """The maximal sets that contain none of some sets that reach the level."""
        avoided = Transversals()
        for h in sorted(self.possible.good, key=int.bit_count):
            before = avoided.minimal
            avoided.add(h)
            if len(avoided.minimal) > AVOIDED:
                avoided.minimal = before
                break
        full = self.starts.types.full
        return [full & ~h for h in avoided.minimal]

    @property
    def terms(self) -> int:
        """Terms of the formula."""
        return max(len(side.terms) for side in self._above)

    def above(self, width: int) -> Number:
        """P[Bas > at_most] at a width: exact, or a ball around it."""
        counts = self.starts.counts(width)
        if self.sure.complete and all(h.bit_count() > width for h in self.sure.good):
            # Whatever is not above the level for sure needs more neurons.
            return exact(1)
        with working(self.starts.measure.bits):
            low, high = (side.at(counts) for side in self._above)
            return clipped(low if self._above[0] is self._above[1] else span_of(low, high))

    def row(self, width: int) -> LawRow:
        """P[Bas <= at_most] at a width, as it is answered."""
        above = self.above(width)
        samples = self.starts.measure.samples
        intervals = 0 if samples is None else samples.intervals
        with working(self.starts.measure.bits):
            below = Probability.of(exact(1) - above, intervals)
        estimate = None if self.complete or self.estimate is None else self.estimate.row(self.starts.counts(width))
        found = None if estimate is None else Probability("estimate", None, estimate.lo, estimate.hi, estimate.level)
        return LawRow(self.at_most, width, below, Probability.of(above, intervals), found)

    def rows(self, widths: Sequence[int]) -> list[LawRow]:
        """:meth:`row` of several widths."""
        return [self.row(width) for width in widths]

    @property
    def rate(self) -> Probability | None:
        """The base of the exponential decay of P[Bas > at_most] in the width: the largest p(B_j).

        None where the output weights are frozen with both signs, so that there is one width.
        """
        positive, negative = self.starts.frozen
        if positive and negative:
            return None
        part = 1 if negative else 0
        with working(self.starts.measure.bits):
            low, high = (
                [self.starts.chances(f)[part] for f in side.bad] or [exact(0)] for side in (self.sure, self.possible)
            )
            least, most = largest(low), largest(high) if self.possible.complete else exact(1)
            samples = self.starts.measure.samples
            number = least if self.complete else span_of(least, most)
            return Probability.of(number, 0 if samples is None else samples.intervals)


@dataclass(frozen=True)
class ClosedLaw:
    """The same by a closed form, which needs no regions.

    Attributes
    ----------
    form : SeparateLines or IndependentData
    at_most : Fraction
    """

    form: SeparateLines | IndependentData
    at_most: Fraction

    @property
    def complete(self) -> bool:
        """Whether the form has this level."""
        return self.above(1) is not None

    def above(self, width: int) -> Number | None:
        """P[Bas > at_most] at a width; None where it takes too long.

        Raises
        ------
        InputError
            As :meth:`exactgeo.probability.neuron_types.Starts.counts`.
        """
        with working():
            return self.form.above(self.at_most, width)

    def row(self, width: int) -> LawRow:
        """P[Bas <= at_most] at a width, as it is answered; [0, 1] where it takes too long."""
        with working():
            found = self.above(width)
            above = span_of(exact(0), exact(1)) if found is None else clipped(found)
            return LawRow(self.at_most, width, Probability.of(exact(1) - above), Probability.of(above))

    def rows(self, widths: Sequence[int]) -> list[LawRow]:
        """:meth:`row` of several widths."""
        return [self.row(width) for width in widths]

    @property
    def rate(self) -> Probability | None:
        """The base of the decay at the least level; None elsewhere."""
        number = self.form.rate if self.at_most == self.form.least else None
        with working():
            return None if number is None else Probability.of(number)
