"""The basins of a problem as data: one row an orbit, the distinct optima, and which optimum each row has.

Arrays of whole numbers: one Python object an orbit would not fit at a million of them. Rows become tuples, optima are
solved again from their bases, only where they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from exactgeo.basin.batch import Solved
from exactgeo.basin.cone_program import Optimum
from exactgeo.basin.reduction import Reduction
from exactgeo.basin.schedule import Block
from exactgeo.basin.solvers import solve
from exactgeo.exact.enclosure import Enclosure, Value, high, low
from exactgeo.exact.matrix import rref
from exactgeo.exact.rational import format_rational
from exactgeo.problem import Point, Problem

if TYPE_CHECKING:
    from exactgeo.basin.batch import Numbers

__all__ = ["Orbit", "Table", "counted_together", "text"]

RECORDS = 8192
"""Rows turned into Python objects together where all are listed."""

Orbit = tuple[tuple[int, ...], ...]
"""What the neurons of an orbit of basins choose: for each group of exchangeable neurons ascending numbers."""


class Table:
    """Orbits of basins, distinct optima, and the optimum of each orbit. Made by :meth:`gather`.

    Parameters
    ----------
    reduction : Reduction
        Regions, rays, faces and columns.
    choices : array of int32, (orbits, neurons)
        Group after group, ascending within a group.
    owners : array of int32, (orbits,)
        Index of each orbit's optimum.
    optima : sequence of Solved
        The distinct ones; several may have the same value, or the same gradient.
    interrupted : bool
        Whether Ctrl-C ended the listing.
    """

    def __init__(
        self,
        reduction: Reduction,
        choices: Numbers,
        owners: Numbers,
        optima: Sequence[Solved],
        *,
        interrupted: bool = False,
    ) -> None:
        self.reduction = reduction
        self.choices = choices
        self.owners = owners
        self.optima = tuple(optima)
        self.interrupted = interrupted
        self._replayed: dict[int, Optimum] = {}

    @classmethod
    def gather(
        cls, reduction: Reduction, blocks: Iterable[Block], watch: Callable[[Value], None] | None = None
    ) -> Table:
        """The blocks one after the other; Ctrl-C ends them.

        Parameters
        ----------
        reduction : Reduction
        blocks : iterable of Block
        watch : callable (value), optional
            Called with the least value so far when there is one and whenever it falls.
        """
        import numpy as np

        width = sum(len(group.neurons) for group in reduction.exchangeable)
        choices: list[Numbers] = [np.zeros((0, width), dtype=np.int32)]
        owners: list[Numbers] = [np.zeros(0, dtype=np.int32)]
        optima: list[Solved] = []
        by_basis: dict[tuple[int, ...], int] = {}
        interrupted = False
        least: Fraction | None = None

        def indices(found: Iterable[Solved]) -> Iterator[int]:
            for best in found:
                # A basis that determines its optimum is kept once.
                known = len(optima) if best.proof is not None else by_basis.setdefault(best.basis, len(optima))
                if known == len(optima):
                    optima.append(best)
                yield known

        try:
            for block in blocks:
                interrupted |= block.interrupted
                if watch is not None and block.optima:
                    lowest = min((best.value for best in block.optima), key=high)
                    if least is None or high(lowest) < least:
                        least = high(lowest)
                        watch(lowest)
                local = np.fromiter(indices(block.optima), dtype=np.int32, count=len(block.optima))
                known = block.owner >= 0
                choices.append(block.choices[known])
                owners.append(local[block.owner[known]] if known.any() else owners[0])
        except KeyboardInterrupt:
            interrupted = True
        del choices[len(owners) :]
        return cls(reduction, np.concatenate(choices), np.concatenate(owners), optima, interrupted=interrupted)

    @property
    def problem(self) -> Problem:
        return self.reduction.problem

    @property
    def complete(self) -> bool:
        """Whether every orbit is there."""
        return self.reduction.listed and len(self.choices) == self.reduction.orbits

    def __len__(self) -> int:
        return len(self.choices)

    # -- one orbit ----------------------------------------------------------------------------------------------

    def orbit(self, index: int) -> Orbit:
        return self.reduction.split(self.choices[index].tolist())

    def value(self, index: int) -> Value:
        """Infimum of the loss on the basins of an orbit."""
        value: Value = self.optima[self.owners[index]].value
        return value

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

    @cached_property
    def _indices(self) -> dict[Orbit, int]:
        return {self.orbit(index): index for index in range(len(self.choices))}

    def index_of(self, orbit: Orbit) -> int:
        """The row of an orbit.

        Raises
        ------
        KeyError
            It is not in the table.
        """
        return self._indices[orbit]

    def find(self, orbit: Orbit) -> int | None:
        """The row of an orbit, None where it is not in the table."""
        return self._indices.get(orbit)

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
        return sorted(self._indices[orbit] for orbit in orbits if orbit in self._indices)

    # -- all orbits ---------------------------------------------------------------------------------------------

    @cached_property
    def values(self) -> tuple[tuple[Value, int], ...]:
        """Distinct basin values, ascending, each with its number of orbits; overlapping enclosures are counted
        together."""
        import numpy as np

        orbits: dict[Value, int] = {}
        numbers = np.bincount(self.owners, minlength=len(self.optima)).tolist()
        for best, number in zip(self.optima, numbers, strict=True):
            if number:
                orbits[best.value] = orbits.get(best.value, 0) + number
        return counted_together(orbits)

    @cached_property
    def lowest(self) -> list[int]:
        """Rows that may hold the minimum: those of one value, or all that no enclosure tells apart."""
        import numpy as np

        if not len(self.choices):
            return []
        top = min(high(best.value) for best in self.optima)
        fit = np.array([low(best.value) <= top for best in self.optima])
        return [int(index) for index in np.flatnonzero(fit[self.owners])]

    @property
    def minimum(self) -> Value | None:
        """Least value: the infimum of the loss over all parameters when the table is complete."""
        if not self.lowest:
            return None
        owners = sorted({int(self.owners[index]) for index in self.lowest})
        values = [self.optima[owner].value for owner in owners]
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
        values: dict[int, str] = {}
        for first in range(0, len(self.choices), RECORDS):
            part = slice(first, first + RECORDS)
            rows, owners = self.choices[part].tolist(), self.owners[part].tolist()
            multiplicities = reduction.multiplicities(self.choices[part])
            for index, (row, copies, owner) in enumerate(zip(rows, multiplicities, owners, strict=True), start=first):
                if owner not in values:
                    values[owner] = text(self.optima[owner].value)
                named = [names[k][row[k]] for k in order]
                yield {
                    "index": index,
                    "regions": " ".join(region for region, _ in named),
                    "outputs": "".join(output for _, output in named),
                    "multiplicity": copies,
                    "value": values[owner],
                    "attained": self.optima[owner].attained,
                }


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
