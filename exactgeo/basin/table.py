"""The basins of a problem as data: one row an orbit, the distinct optima, and which optimum each row has.

An array of whole numbers, the optimum of each row: one Python object an orbit would not fit at a million of them. Which
orbit a row is follows from its number (:mod:`.numbering`); optima are solved again from their bases, only where they
are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, overload

from exactgeo.basin.cone_program import Optimum
from exactgeo.basin.optima import Optima
from exactgeo.basin.reduction import Reduction
from exactgeo.basin.schedule import Block
from exactgeo.basin.solvers import solve
from exactgeo.exact.enclosure import Enclosure, Value, exact, high, low, order
from exactgeo.exact.matrix import rref
from exactgeo.exact.rational import format_rational
from exactgeo.problem import Point, Problem
from exactgeo.spool import Spool

if TYPE_CHECKING:
    from exactgeo.basin.batch import Indices, Numbers

__all__ = ["Orbit", "Table", "counted_together", "text"]

RECORDS = 8192
"""Rows turned into Python objects together where all are listed."""

TOGETHER = 2**20
"""Rows whose numbers are turned into indices together: numpy makes them twice as long."""

Orbit = tuple[tuple[int, ...], ...]
"""What the neurons of an orbit of basins choose: for each group of exchangeable neurons ascending numbers."""


class Table:
    """Orbits of basins, distinct optima, and the optimum of each orbit. Made by :meth:`gather`.

    Parameters
    ----------
    reduction : Reduction
        Regions, rays, faces and columns.
    owners : array of int32, (rows,)
        Index of each row's optimum.
    optima : Optima
        The distinct ones; several may have the same value, or the same gradient.
    numbers : array of int64, (rows,), optional
        The number of each row's orbit, ascending; left out, row k is orbit k.
    interrupted : bool
        Whether Ctrl-C ended the listing.
    """

    def __init__(
        self,
        reduction: Reduction,
        owners: Numbers,
        optima: Optima,
        numbers: Indices | None = None,
        *,
        interrupted: bool = False,
    ) -> None:
        self.reduction = reduction
        self.owners = owners
        self.numbering = reduction.numbering
        self._numbers = numbers
        self.optima = optima
        self.interrupted = interrupted
        self._replayed: dict[int, Optimum] = {}

    @classmethod
    def gather(
        cls,
        reduction: Reduction,
        optima: Optima,
        blocks: Iterable[Block],
        watch: Callable[[Value], None] | None = None,
        folder: str | None = None,
    ) -> Table:
        """The blocks one after the other; Ctrl-C ends them.

        Parameters
        ----------
        reduction : Reduction
        optima : Optima
            Which the blocks fill.
        blocks : iterable of Block
        watch : callable (value), optional
            Called with the least value so far when there is one and whenever it falls.
        folder : str, optional
            Where a file may be made for what memory is too small for.
        """
        import numpy as np

        owners = Spool(folder)
        numbers: list[Indices] = []
        interrupted = False
        least: Fraction | None = None
        try:
            for block in blocks:
                interrupted |= block.interrupted
                if watch is not None and block.fresh:
                    lowest = min(optima.values(block.fresh.start), key=high)
                    if least is None or high(lowest) < least:
                        least = high(lowest)
                        watch(lowest)
                known = block.owner >= 0
                if not known.all():
                    # The last block, ended by the time limit.
                    numbers = [np.arange(block.first), block.first + np.flatnonzero(known)]
                owners.append(block.owner[known].astype("<i4").tobytes())
        except KeyboardInterrupt:
            interrupted = True
        found: Numbers = owners.array("<i4")
        # What a block had found when it was interrupted belongs to no orbit.
        optima.cut(max((int(part.max()) + 1 for part in parts(found)), default=0))
        kept = np.concatenate(numbers)[: len(found)] if numbers else None
        return cls(reduction, found, optima, kept, interrupted=interrupted)

    @property
    def problem(self) -> Problem:
        return self.reduction.problem

    @property
    def complete(self) -> bool:
        """Whether every orbit is there."""
        return self.reduction.listed and len(self.owners) == self.reduction.orbits

    def __len__(self) -> int:
        return len(self.owners)

    def choices(self, rows: Indices) -> Numbers:
        """The pattern numbers of some rows, group after group, ascending within a group."""
        return self.numbering.rows(rows if self._numbers is None else self._numbers[rows])

    # -- one orbit ----------------------------------------------------------------------------------------------

    def orbit(self, index: int) -> Orbit:
        import numpy as np

        return self.reduction.split(self.choices(np.array([index])).tolist()[0])

    def value(self, index: int) -> Value:
        """Infimum of the loss on the basins of an orbit."""
        return self.optima.value(int(self.owners[index]))

    def optimum(self, index: int) -> Optimum:
        """The certificate of an orbit, replayed; orbits with the same optimum share it."""
        return self.replayed(int(self.owners[index]))

    def replayed(self, owner: int) -> Optimum:
        """One of the distinct optima, with all that belongs to it."""
        if owner not in self._replayed:
            self._replayed[owner] = self.optima[owner].optimum(self.reduction.program)
        return self._replayed[owner]

    def minimiser(self, index: int) -> Point | None:
        """A point of the orbit with the loss ``value(index)``, or within that enclosure; None where it is not
        attained."""
        best = self.optimum(index)
        if not best.attained:
            return None
        return self.reduction.invert(self.reduction.neuron_faces(self.orbit(index)), best.weights, best.lines)

    # -- finding orbits -----------------------------------------------------------------------------------------

    def index_of(self, orbit: Orbit) -> int:
        """The row of an orbit.

        Raises
        ------
        KeyError
            It is not in the table.
        """
        found = self.find(orbit)
        if found is None:
            raise KeyError(orbit)
        return found

    def find(self, orbit: Orbit) -> int | None:
        """The row of an orbit, None where it is not in the table."""
        import numpy as np

        if len(orbit) != len(self.reduction.exchangeable):
            return None
        number = self.numbering.number([a for part in orbit for a in part])
        if number is None:
            return None
        found = self.rows_of(np.array([number])).tolist()[0]
        return None if found < 0 else found

    def rows_of(self, numbers: Indices) -> Indices:
        """The rows of the orbits with these numbers; -1 for those that are not in the table."""
        import numpy as np

        if self._numbers is None:
            return np.where(numbers < len(self.owners), numbers, -1)
        found = np.searchsorted(self._numbers, numbers)
        there = found < len(self._numbers)
        there[there] = self._numbers[found[there]] == numbers[there]
        return np.where(there, found, -1)

    def containing(self, point: Point) -> list[int]:
        """The rows of the orbits of basins whose closure contains a point, ascending.

        Raises
        ------
        ValueError
            The point lies in no basin: it does not have the frozen values of the problem.
        """
        options = [patterns for group in self.reduction.locate(point) for patterns in group]
        orbits = set()
        for picks in product(*options):
            orbits.add(tuple(tuple(sorted(part)) for part in self.reduction.split(picks)))
        return sorted(row for row in map(self.find, orbits) if row is not None)

    # -- all orbits ---------------------------------------------------------------------------------------------

    @cached_property
    def values(self) -> Sequence[tuple[Value, int]]:
        """Distinct basin values, ascending, each with its number of orbits; overlapping enclosures are counted
        together."""
        import numpy as np

        numbers = np.zeros(len(self.optima), dtype=np.int64)
        for owners in parts(self.owners):
            numbers += np.bincount(owners, minlength=len(numbers))
        if self.optima.rational:
            return Levels(self.optima, numbers)
        orbits: dict[Value, int] = {}
        for value, number in zip(self.optima.values(), numbers.tolist(), strict=True):
            if number:
                orbits[value] = orbits.get(value, 0) + number
        return counted_together(orbits)

    @cached_property
    def lowest(self) -> list[int]:
        """Rows that may hold the minimum: those of one value, or all that no enclosure tells apart."""
        import numpy as np

        if not len(self.owners):
            return []
        levels = self.values
        if isinstance(levels, Levels):
            fit = levels.ranks == 0
        else:
            top = min(map(high, self.optima.values()))
            fit = np.array([low(value) <= top for value in self.optima.values()])
        rows = [np.flatnonzero(fit[owners]) + k * TOGETHER for k, owners in enumerate(parts(self.owners))]
        return [int(index) for index in np.concatenate(rows)]

    @property
    def minimum(self) -> Value | None:
        """Least value: the infimum of the loss over all parameters when the table is complete."""
        if not self.lowest:
            return None
        owners = sorted({int(self.owners[index]) for index in self.lowest})
        values = [self.optima.value(owner) for owner in owners]
        if all(isinstance(value, Fraction) for value in values):
            return values[0]
        return Enclosure(min(map(low, values)), min(map(high, values)))

    @property
    def minimum_attained(self) -> bool:
        """Whether some parameters have this loss; False also where enclosures leave it open."""
        return bool(self.lowest) and all(self.optima[self.owners[index]].attained for index in self.lowest)

    @cached_property
    def best(self) -> Point | None:
        """A point with the loss ``minimum`` (inside the enclosure); None if not attained or nothing is known."""
        if not self.lowest:
            return None

        # Ties go to an attained infimum with few columns, so to a simple point.
        def key(index: int) -> tuple[bool, int, Fraction, int]:
            best = self.optima[self.owners[index]]
            return not best.attained, best.support.bit_count(), high(best.value), index

        return self.minimiser(min(self.lowest, key=key))

    @cached_property
    def infinite_width_minimum(self) -> Value | None:
        """Infimum over all widths: the convex program over the span of every column; bounds each width from below.

        None when the output weights are frozen: a wider network would need new frozen values.
        """
        if self.problem.network.widths and not self.problem.train.output:
            return None
        program = self.reduction.program
        vectors = [*program.lines, *program.columns]
        kept = rref(list(zip(*vectors, strict=True)), len(vectors))[1] if vectors else []
        wide = replace(program, columns=(), lines=tuple(vectors[j] for j in kept))
        return solve(wide, 0).value

    def records(self) -> Iterator[dict[str, Any]]:
        """One flat dict an orbit: index, regions and output signs as text, multiplicity, value (text), attained."""
        import numpy as np

        reduction = self.reduction
        regions = ["".join("-0+"[s + 1] for s in region) for region in reduction.regions]
        # For each neuron in the order of the network: its column in the table, and what the numbers there mean.
        neurons = [neuron for group in reduction.exchangeable for neuron in group.neurons]
        names = [
            [(regions[pattern.region], "-0+"[pattern.sign + 1]) for pattern in group.patterns]
            for group in reduction.exchangeable
            for _ in group.neurons
        ]
        order = sorted(range(len(neurons)), key=neurons.__getitem__)
        for first in range(0, len(self.owners), RECORDS):
            owners = self.owners[first : first + RECORDS].tolist()
            optima = {owner: self.optima[owner] for owner in set(owners)}
            values = {owner: text(best.value) for owner, best in optima.items()}
            choices = self.choices(np.arange(first, first + len(owners)))
            rows, multiplicities = choices.tolist(), reduction.multiplicities(choices)
            for index, (row, copies, owner) in enumerate(zip(rows, multiplicities, owners, strict=True), start=first):
                named = [names[k][row[k]] for k in order]
                yield {
                    "index": index,
                    "regions": " ".join(region for region, _ in named),
                    "outputs": "".join(output for _, output in named),
                    "multiplicity": copies,
                    "value": values[owner],
                    "attained": optima[owner].attained,
                }


def parts(owners: Numbers) -> Iterator[Numbers]:
    """Some at a time."""
    return (owners[first : first + TOGETHER] for first in range(0, len(owners), TOGETHER))


class Levels(Sequence[tuple[Value, int]]):
    """Distinct values, ascending, each with its number of orbits; read from the optima as they are asked for.

    Parameters
    ----------
    optima : Optima
        With rational values.
    orbits : array of int64, (optima,)

    Attributes
    ----------
    ranks : array of int32, (optima,)
        The place of the value of each optimum among these; -1 for one that no orbit has.
    """

    def __init__(self, optima: Optima, orbits: Indices) -> None:
        import numpy as np

        self._optima = optima
        used = np.flatnonzero(orbits)
        # Conversion to float is monotone: exact values decide among equal floats only.
        keys = optima.floats()[used]
        by_key = np.argsort(keys, kind="stable")
        ascending, keys = used[by_key], keys[by_key]
        fresh = np.ones(len(keys), dtype=bool)
        fresh[1:] = keys[1:] != keys[:-1]
        bounds = np.append(np.flatnonzero(fresh), len(keys))
        for k in np.flatnonzero(np.diff(bounds) > 1).tolist():
            part = slice(int(bounds[k]), int(bounds[k + 1]))
            equal = sorted((optima.value(number), number) for number in ascending[part].tolist())
            ascending[part] = [number for _, number in equal]
            fresh[part] = [True, *(one[0] != other[0] for one, other in pairwise(equal))]
        self._numbers, self._floats = ascending[fresh], keys[fresh]
        self.ranks: Numbers = np.full(len(optima), -1, dtype=np.int32)
        self.ranks[ascending] = np.cumsum(fresh) - 1
        self._orbits = np.add.reduceat(orbits[ascending], np.flatnonzero(fresh)) if len(used) else used

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> tuple[Value, int]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[Value, int]]: ...
    def __getitem__(self, index: int | slice) -> tuple[Value, int] | list[tuple[Value, int]]:
        if isinstance(index, slice):
            return [self[k] for k in range(len(self))[index]]
        at = range(len(self))[index]
        return self._optima.value(int(self._numbers[at])), int(self._orbits[at])

    def below(self, value: Fraction) -> int:
        """How many are less than a value."""
        first, last = (int(self._floats.searchsorted(order(value)[0], side)) for side in ("left", "right"))
        return next((k for k in range(first, last) if exact(self[k][0]) >= value), last)


def counted_together(numbers: Mapping[Value, int]) -> tuple[tuple[Value, int], ...]:
    """Values with their numbers, ascending; of values that are not all rational, overlapping enclosures are joined.

    Examples
    --------
    >>> one, half = Fraction(1), Fraction(1, 2)
    >>> [(str(value), number) for value, number in counted_together({one: 2, half: 3})]
    [('1/2', 3), ('1', 2)]
    >>> counted_together({Enclosure(half, one): 2, Enclosure(one, 2 * one): 3}) == ((Enclosure(half, 2 * one), 5),)
    True
    """
    exact = all(isinstance(value, Fraction) for value in numbers)
    merged: list[tuple[Value, int]] = []
    for value, number in sorted(numbers.items(), key=lambda item: low(item[0])):
        last = merged[-1][0] if merged else None
        if not exact and last is not None and low(value) <= high(last):
            hull = Enclosure(low(last), max(high(last), high(value)))
            merged[-1] = (hull, merged[-1][1] + number)
        else:
            merged.append((value, number))
    return tuple(merged)


def text(value: Value) -> str:
    """For tables: exact."""
    if isinstance(value, Enclosure):
        return f"[{format_rational(value.lo)}, {format_rational(value.hi)}]"
    return format_rational(value)
