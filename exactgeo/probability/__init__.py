"""Where a random start lands: the regions of a neuron, and the law of the basin value at every width.

The start obeys Assumption 1 of Safran and Shamir: neurons are independent, the (lifted) input weights of each have a
distribution that no rotation changes, and the signs of the output weights are independent and fair.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

from exactgeo.basin.reduction import Reduction, reduce
from exactgeo.claims.certificate import Certificate
from exactgeo.deadline import Deadline
from exactgeo.errors import InputError
from exactgeo.exact.enclosure import Value, high, low
from exactgeo.exact.rational import parse_rational
from exactgeo.probability._propose_starts import Estimate
from exactgeo.probability.claims import law_certificate
from exactgeo.probability.law import Law, LawRow, Probability
from exactgeo.probability.neuron_types import Starts
from exactgeo.probability.regions import Measure, measure_of
from exactgeo.probability.sets import Values, level_sets
from exactgeo.problem import Problem, scope

__all__ = ["Law", "LawRow", "Probabilities", "Probability", "RegionRow", "probabilities_of"]


@dataclass(frozen=True)
class RegionRow:
    """A region of one neuron, by its signs on the data, and its probability."""

    signs: tuple[int, ...]
    probability: Probability


class Probabilities:
    """The probabilities of a problem's random starts; of :func:`exactgeo.probabilities`.

    Parameters
    ----------
    problem : Problem
    seed : int
        Of the samples, where no proof is at hand.

    Raises
    ------
    OutOfScope
        The problem has no basins, or no hidden layer.
    """

    def __init__(self, problem: Problem, *, seed: int = 0) -> None:
        outside = scope.probabilities(problem)
        if outside is not None:
            raise outside
        self.problem, self._seed = problem, seed
        self.reduction: Reduction = reduce(problem)

    @cached_property
    def measure(self) -> Measure:
        """The probability of every region."""
        return measure_of(self.reduction.rows, self.reduction.regions, seed=self._seed)

    @cached_property
    def starts(self) -> Starts:
        """What the neurons draw."""
        return Starts.of(self.reduction, self.measure)

    @cached_property
    def values(self) -> Values:
        """The basin value of every set of types, found when it is asked for."""
        return Values(self.reduction.program, self.starts.types)

    @property
    def rank(self) -> int:
        """The rank of the (lifted) data."""
        from exactgeo.exact.matrix import rank

        return rank(self.reduction.rows, len(self.reduction.rows[0]))

    @cached_property
    def regions(self) -> list[RegionRow]:
        """All regions of one neuron."""
        samples = self.measure.samples
        intervals = 0 if samples is None else len(self.measure.regions)
        return [
            RegionRow(signs, Probability.of(number, intervals))
            for signs, number in zip(self.reduction.regions, self.measure.regions, strict=True)
        ]

    def law(
        self,
        alpha: Fraction | int | str,
        widths: Sequence[int] | None = None,
        *,
        time_limit: float | None = None,
    ) -> LevelLaw:
        """P[Bas <= alpha] at some widths.

        Parameters
        ----------
        alpha : rational
            In units of the problem's loss.
        widths : sequence of positive ints, optional
            The problem's own where left out. Whatever the width, it costs the same.
        time_limit : float, optional
            Seconds for the search of the sets; then the rows are proved bounds, with an estimate beside them.

        Returns
        -------
        LevelLaw
            A sequence of :class:`LawRow`, with ``rate``, ``complete`` and ``certificate()``.

        Raises
        ------
        InputError
            A width that is no positive integer, or not the problem's where output weights are frozen.
        """
        level = parse_rational(alpha, "at_most")
        chosen = list(_widths(widths if widths is not None else [self.width]))
        for width in chosen:
            self.starts.counts(width)
        check = Deadline.after(time_limit).check if time_limit is not None else _unhurried
        sure = level_sets(self.values, partial(_surely_above, level), check)
        possible = sure
        if not self.problem.loss.rational:
            possible = level_sets(self.values, partial(_perhaps_above, level), check)
        estimate = Estimate(self.starts, self.values, partial(_perhaps_above, level), self._seed)
        law = Law(self.starts, level, sure, possible, self.width, estimate)
        return LevelLaw(self, law, law.rows(chosen))

    @property
    def width(self) -> int:
        """The number of neurons that take part: those frozen at 0 do not."""
        return sum(len(group.neurons) for group in self.reduction.exchangeable)


class LevelLaw(Sequence[LawRow]):
    """P[Bas <= at_most] at some widths, and what is known of all others."""

    def __init__(self, owner: Probabilities, law: Law, rows: list[LawRow]) -> None:
        self._owner, self.law, self._rows = owner, law, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        return self._rows[index]

    def __iter__(self) -> Iterator[LawRow]:
        return iter(self._rows)

    @property
    def at_most(self) -> Fraction:
        return self.law.at_most

    @property
    def complete(self) -> bool:
        """Whether the rows are exact up to the size of their balls."""
        return self.law.complete

    @property
    def rate(self) -> Probability | None:
        """See :attr:`Law.rate`."""
        return self.law.rate

    def certificate(self) -> Certificate | None:
        """The certificate of all rows; None where they are no proved bounds on an exact law."""
        owner, widths = self._owner, [row.width for row in self]
        return law_certificate(owner.reduction, owner.values, self.law, widths)


def _surely_above(level: Fraction, value: Value) -> bool:
    return low(value) > level


def _perhaps_above(level: Fraction, value: Value) -> bool:
    return high(value) > level


def _unhurried() -> None:
    """There is no limit."""


def _widths(widths: Iterable[int]) -> Iterator[int]:
    for width in widths:
        if type(width) is not int or width < 1:
            raise InputError("widths", repr(width), "positive integers", "1,2,10,1000")
        yield width


def probabilities_of(problem: Problem, *, seed: int = 0) -> Probabilities:
    """The probabilities of a problem's random starts."""
    return Probabilities(problem, seed=seed)
