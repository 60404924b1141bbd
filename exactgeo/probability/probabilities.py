"""The probabilities of a problem's random starts: what people call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

from exactgeo.basin import census
from exactgeo.basin.reduction import Reduction, reduce
from exactgeo.basin.size import Size, size_of
from exactgeo.claims.basin_probability import BasinProbabilityClaim
from exactgeo.claims.certificate import Certificate, certificate_of
from exactgeo.deadline import Deadline
from exactgeo.errors import InputError
from exactgeo.exact.enclosure import Value, high, low, order
from exactgeo.exact.matrix import rank
from exactgeo.exact.rational import format_rational, parse_rational
from exactgeo.exact.spherical import exact, working
from exactgeo.frozen import dataclass
from exactgeo.probability._propose_starts import Estimate, Simulation
from exactgeo.probability.bounds import bounds
from exactgeo.probability.claims import law_claim
from exactgeo.probability.closed_forms import IndependentData, SeparateLines, independent_data, separate_lines
from exactgeo.probability.law import ClosedLaw, Law, LawRow, Probability
from exactgeo.probability.neuron_types import Starts, of_width
from exactgeo.probability.regions import Measure, measure_of
from exactgeo.probability.sets import Values, level_sets
from exactgeo.problem import Problem, scope
from exactgeo.records import Records
from exactgeo.shown import Reported, Shown, brief, value_line

__all__ = ["Laws", "LevelLaw", "Probabilities", "RegionRow", "TheoremRow"]

REGIONS = 20_000
"""Regions of one neuron whose probabilities are found."""

FORMS_FROM = 200
"""Regions from which on a closed form is used where there is one."""

SEARCH = 0.35
"""Part of a time limit that the search for sets may take; twice that is where random starts end."""

LEVELS = 50
"""Levels that are asked where none is given."""

ORBITS = 200_000
"""Basins modulo permutation up to which the levels are the values of all of them."""


@dataclass(frozen=True)
class RegionRow(Shown):
    """A region of one neuron, by its signs on the data, and its probability."""

    signs: tuple[int, ...]
    probability: Probability

    def to_json(self) -> dict[str, Any]:
        """As the command answers it."""
        return {"signs": list(self.signs), "probability": self.probability.to_json()}


@dataclass(frozen=True)
class TheoremRow(Shown):
    """What a theorem of Safran and Shamir says of P[Bas <= at_most] at a width.

    Attributes
    ----------
    theorem : int
    at_most : Fraction
    width : int
    kind : str
        ``at_least`` or ``at_most``.
    bound : Probability
    """

    theorem: int
    at_most: Fraction
    width: int
    kind: str
    bound: Probability

    def to_json(self) -> dict[str, Any]:
        """As the command answers it."""
        found = {"theorem": self.theorem, "at_most": format_rational(self.at_most), "width": self.width}
        return {**found, "kind": self.kind, "bound": self.bound.to_json()}


class Probabilities(Shown, Records):
    """The probabilities of a problem's random starts; of :func:`exactgeo.probabilities`.

    Parameters
    ----------
    problem : Problem
    seed : int
        Of the samples, where no proof is at hand.

    Raises
    ------
    OutOfScope
        The problem has no basins, or no hidden neuron; or too many regions and no closed form.
    """

    def __init__(self, problem: Problem, *, seed: int = 0) -> None:
        outside = scope.probabilities(problem)
        if outside is not None:
            raise outside
        self.problem, self._seed = problem, seed
        if self._size.regions_about > REGIONS and self._form is None:
            raise scope.many_regions(self._size.regions_about, REGIONS)

    COLUMNS = ("signs", "probability", "lo", "hi", "status")
    EXACT = ("probability", "lo", "hi")

    def _shown(self) -> str:
        name = brief(self.problem.name) or "a problem"
        return f"probabilities of random starts of {name}: rank {self.rank}, width {self.width}"

    def records(self) -> Iterator[dict[str, Any]]:
        """One flat dict a region of a neuron: its signs and its probability, None where that is not exact."""
        for row in self.regions:
            yield {"signs": "".join("-0+"[s + 1] for s in row.signs), **row.probability.record("probability")}

    # -- what a neuron draws ------------------------------------------------------------------------------------

    @cached_property
    def _size(self) -> Size:
        return size_of(self.problem)

    @cached_property
    def lines(self) -> SeparateLines | None:
        """The closed form of data on orthogonal lines, where it applies."""
        return separate_lines(self.problem)

    @cached_property
    def independent(self) -> IndependentData | None:
        """The closed form of independent data, where it applies."""
        return independent_data(self.problem)

    @property
    def _form(self) -> SeparateLines | IndependentData | None:
        """The closed form that is used instead of the regions."""
        return None if self._size.regions_about < FORMS_FROM else self.lines or self.independent

    @cached_property
    def reduction(self) -> Reduction:
        """The cone program and the regions.

        Raises
        ------
        OutOfScope
            There are too many regions.
        """
        if self._size.regions_about > REGIONS:
            raise scope.many_regions(self._size.regions_about, REGIONS)
        return reduce(self.problem)

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
        net, train = self.problem.network, self.problem.train
        rows = self.problem.lifted if net.hidden_bias[0] and train.hidden_bias[0] else self.problem.x
        return rank(rows, len(rows[0]))

    @cached_property
    def regions(self) -> list[RegionRow]:
        """All regions of one neuron."""
        samples = self.measure.samples
        intervals = 0 if samples is None else len(self.measure.regions)
        return [
            RegionRow(signs, Probability.of(number, intervals))
            for signs, number in zip(self.reduction.regions, self.measure.regions, strict=True)
        ]

    @cached_property
    def _frozen(self) -> tuple[int, int] | None:
        """The numbers of positive and negative frozen output weights."""
        if self.problem.train.output or self.problem.frozen is None:
            return None
        values = [v for _, v in self.problem.frozen.as_scalar().neurons]
        return sum(v > 0 for v in values), sum(v < 0 for v in values)

    @property
    def width(self) -> int:
        """The number of neurons that take part: those frozen at 0 do not."""
        return self.problem.network.widths[0] if self._frozen is None else sum(self._frozen)

    @property
    def any_width(self) -> bool:
        """Whether there is a law at every width: not where output weights are frozen with both signs."""
        return self._frozen is None or not all(self._frozen)

    # -- the law ------------------------------------------------------------------------------------------------

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
            A sequence of :class:`LawRow`, with ``rate``, ``complete``, ``theorems`` and ``certificate()``.

        Raises
        ------
        InputError
            A width that is no positive integer, or not the problem's where output weights are frozen.

        Examples
        --------
        >>> import exactgeo as eg
        >>> problem = eg.load({"data": {"x": [[1, 0], [0, 1]], "y": [1, 1]}, "loss": {"kind": "squared"},
        ...     "network": {"widths": [1], "hidden_bias": False, "output_bias": False}})
        >>> law = eg.probabilities(problem).law(0, widths=[1, 2, 1000])
        >>> [str(row.probability.value) for row in law[:2]], law[2].above.hi, law.rate.value
        (['1/8', '17/64'], '2.3029970802496538996E-125', Fraction(3, 4))
        """
        level = parse_rational(alpha, "at_most")
        chosen = list(_widths(widths if widths is not None else [self.width]))
        if self._frozen is not None:
            for width in chosen:
                of_width(self._frozen, width)
        form = self._form
        if form is not None and (self._size.regions_about > REGIONS or level <= form.least):
            closed = ClosedLaw(form, level)
            return LevelLaw(self, closed, closed.rows(chosen))
        # What is left is for the sums, and for random starts where the search did not end.
        check = Deadline.after(SEARCH * time_limit).check if time_limit is not None else _unhurried
        late = Deadline.after(2 * SEARCH * time_limit).check if time_limit is not None else _unhurried
        sure = possible = level_sets(self.values, partial(_surely_above, level), check)
        if not self.problem.loss.rational:
            possible = level_sets(self.values, partial(_perhaps_above, level), check)
        estimate = Estimate(self.starts, self.values, partial(_perhaps_above, level), self._seed, late)
        law = Law(self.starts, level, sure, possible, estimate)
        return LevelLaw(self, law, law.rows(chosen))

    def of_value(self, value: Value, *, time_limit: float | None = None) -> dict[str, Any] | None:
        """P[Bas = value] at the problem's width, as JSON; None for a value that is an enclosure, and without regions.

        What :meth:`exactgeo.random_starts.Starts.to_json` takes for its ``probabilities``.

        Examples
        --------
        >>> import exactgeo as eg
        >>> found = eg.probabilities(eg.load("swirszcz-prop1"))
        >>> found.of_value(Fraction(14))["lo"][:8], found.of_value(Fraction(15))["value"]
        ('0.161895', '0')
        """
        if not isinstance(value, Fraction) or self._size.regions_about > REGIONS:
            return None
        check = Deadline.after(time_limit).check if time_limit is not None else _unhurried
        at_least = level_sets(self.values, partial(_reaches, value), check)
        larger = level_sets(self.values, partial(_surely_above, value), check)
        if at_least == larger:
            return Probability.of(exact(0)).to_json()
        sides = [Law(self.starts, value, sets, sets).above(self.width) for sets in (at_least, larger)]
        samples = self.measure.samples
        with working(self.measure.bits):
            return Probability.of(sides[0] - sides[1], 0 if samples is None else samples.intervals).to_json()

    def levels(self, *, time_limit: float | None = None) -> list[Fraction]:
        """Levels to ask for: the distinct basin values, at most 50, lowest first; of random starts where there are too
        many basins. A value that is an enclosure counts as its upper end."""
        form = self._form
        if form is not None:
            return [form.least]
        if self._size.orbits_about <= ORBITS:
            values = [high(value) for value, _ in census(self.problem, time_limit=time_limit).values]
        else:
            values = [high(value) for value in self.simulation.values_of(self.width, 1000)]
        return sorted(set(values), key=order)[:LEVELS]

    def plot(self, ax: Any = None, *, time_limit: float | None = None) -> Any:
        """As :meth:`Laws.plot`, of the levels that :meth:`levels` gives.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        """
        laws = Laws(self, self.levels(time_limit=time_limit), None)
        laws.run(time_limit)
        return laws.plot(ax)

    @property
    def simulation(self) -> Simulation:
        """Random starts, drawn weight by weight."""
        return Simulation(self.reduction, self.starts, self.values, self._seed)


class LevelLaw(Reported, Records, Sequence[LawRow]):
    """P[Bas <= at_most] at some widths, and what is known of all others.

    Attributes
    ----------
    law : Law or ClosedLaw
        The formula.
    """

    def __init__(self, owner: Probabilities, law: Law | ClosedLaw, rows: list[LawRow]) -> None:
        self._owner, self.law, self._rows = owner, law, rows

    COLUMNS = ("at_most", "width", "probability", "lo", "hi", "status")
    EXACT = ("at_most", "probability", "lo", "hi")

    def _shown(self) -> str:
        rows = ", ".join(f"width {row.width}: {row.probability}" for row in self._rows[:1])
        more = f" and {len(self) - 1} more" if len(self) > 1 else ""
        return f"law: P[Bas <= {value_line(self.at_most)}], {rows}{more}"

    def records(self) -> Iterator[dict[str, Any]]:
        """One flat dict a width: P[Bas <= at_most], None where that is not exact, and its bounds."""
        for row in self:
            found = {"at_most": format_rational(row.at_most), "width": row.width}
            yield found | row.probability.record("probability")

    @property
    def problem(self) -> Problem:
        """Whose random starts these are."""
        return self._owner.problem

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        return self._rows[index]

    def __iter__(self) -> Iterator[LawRow]:
        return iter(self._rows)

    @property
    def at_most(self) -> Fraction:
        """The level."""
        return self.law.at_most

    @property
    def complete(self) -> bool:
        """Whether the rows are exact up to the size of their balls."""
        return self.law.complete

    @property
    def rate(self) -> Probability | None:
        """The base of the exponential decay of P[Bas > at_most] in the width; None where there is none."""
        return self.law.rate

    def above(self, width: int) -> float:
        """P[Bas > at_most] at a width in float64, for a picture."""
        row = self.law.row(width)
        return (float(row.above.lo) + float(row.above.hi)) / 2

    @property
    def theorems(self) -> list[TheoremRow]:
        """What Theorems 2 to 6 of Safran and Shamir say of the same probabilities, where their hypotheses hold."""
        return [row for width in dict.fromkeys(row.width for row in self) for row in self.theorems_at(width)]

    def theorems_at(self, width: int) -> list[TheoremRow]:
        """The same at one width."""
        owner, found = self._owner, []
        with working():
            for bound in bounds(owner.problem, self.at_most, width, owner.lines, owner.independent):
                kind = "at_least" if bound.below else "at_most"
                found.append(TheoremRow(bound.theorem, self.at_most, width, kind, Probability.of(bound.number)))
        return found

    def simulated(self, width: int, count: int) -> tuple[int, float, float] | None:
        """How many of some random starts are in a basin of at most this value, and the interval of that fraction.

        None where there are no regions to draw from.
        """
        if isinstance(self.law, ClosedLaw):
            return None
        return self._owner.simulation.below(partial(_perhaps_above, self.at_most), width, count)

    def plot(self, ax: Any = None) -> Any:
        """P[Bas <= level] against the width, the bounds of theorems and simulated starts, on matplotlib axes, which are
        returned.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        """
        from exactgeo.probability.plot import draw_laws

        return draw_laws(self._owner, [self], ax)

    def certificate(self) -> Certificate | None:
        """The certificate of all rows; None where they are no proved bounds on an exact law."""
        claim = self.claim()
        return None if claim is None else certificate_of(self._owner.problem, [claim])

    def claim(self) -> BasinProbabilityClaim | None:
        """What :meth:`certificate` claims."""
        if isinstance(self.law, ClosedLaw):
            return None
        owner, widths = self._owner, [row.width for row in self]
        return law_claim(owner.reduction, owner.values, self.law, widths)


class Laws:
    """The laws of several levels, one after the other within one time limit."""

    def __init__(self, owner: Probabilities, levels: Sequence[Fraction], widths: Sequence[int] | None) -> None:
        self.owner, self.levels, self.widths = owner, levels, widths
        self.laws: list[LevelLaw] = []

    def run(self, time_limit: float | None, told: Callable[[], None] = lambda: None) -> None:
        """Find them; ``told`` is called after each."""
        end = None if time_limit is None else time.monotonic() + time_limit
        for k, level in enumerate(self.levels):
            left = None if end is None else max(0.0, end - time.monotonic()) / (len(self.levels) - k)
            self.laws.append(self.owner.law(level, self.widths, time_limit=left))
            told()

    @property
    def complete(self) -> bool:
        """Whether all of them are there, and complete."""
        return len(self.laws) == len(self.levels) and all(law.complete for law in self.laws)

    def plot(self, ax: Any = None) -> Any:
        """P[Bas <= level] against the width, the bounds of theorems and simulated starts, on matplotlib axes, which are
        returned.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        """
        from exactgeo.probability.plot import draw_laws

        return draw_laws(self.owner, self.laws, ax)

    def certificate(self) -> Certificate | None:
        """The certificate of all laws that have one; None where none has."""
        claims = [claim for law in self.laws if (claim := law.claim()) is not None]
        return certificate_of(self.owner.problem, claims)

    def to_json(self, *, regions: bool = False) -> dict[str, Any]:
        """As the command answers it."""
        owner = self.owner
        rates = [(law, law.rate) for law in self.laws]
        found: dict[str, Any] = {
            "rank": owner.rank,
            "law": [row.to_json() for law in self.laws for row in law],
            "rate": [
                {"at_most": format_rational(law.at_most), "base": None if rate is None else rate.to_json()}
                for law, rate in rates
            ],
            "theorems": [row.to_json() for law in self.laws for row in law.theorems],
            "complete": self.complete,
        }
        if not self.complete:
            found["reason"] = "not all sets of types were found, or the loss has enclosures around a level"
        return {**found, "regions": [row.to_json() for row in owner.regions]} if regions else found


def _surely_above(level: Fraction, value: Value) -> bool:
    return low(value) > level


def _reaches(level: Fraction, value: Value) -> bool:
    return low(value) >= level


def _perhaps_above(level: Fraction, value: Value) -> bool:
    return high(value) > level


def _unhurried() -> None:
    """There is no limit."""


def _widths(widths: Iterable[int]) -> Iterator[int]:
    for width in widths:
        if type(width) is not int or width < 1:
            raise InputError("widths", repr(width), "positive integers", "1,2,10,1000")
        yield width
