"""Every basin of a problem with its exact value, modulo permutation of exchangeable neurons."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from exactgeo.basin.basin import Basin, Orbit, shown, text
from exactgeo.basin.batch import Solved
from exactgeo.basin.cone_program import Enclosure, Optimum, Value, solve
from exactgeo.basin.reduction import Reduction, reduce
from exactgeo.basin.schedule import Block, BlockStore, blocks
from exactgeo.exact.matrix import primitive, rref
from exactgeo.exact.rational import format_rational
from exactgeo.problem import Point, Problem

if TYPE_CHECKING:
    from exactgeo.basin.batch import Numbers
    from exactgeo.basin.minima import LocalMinima, Minima
    from exactgeo.claims.certificate import Certificate

__all__ = ["Basin", "Census", "census"]

ZERO = Fraction(0)
REGIONS_A_SECOND = 400
"""Under a time limit an arrangement that may have more regions is not begun, for its listing cannot be stopped."""

AT_ONCE = 8192
"""Orbits turned into Python objects together where all are listed."""

Progress = Callable[[int, int], None]


class Census:
    """Every basin of a problem. Made by :func:`census`; a sequence of :class:`Basin`, one an orbit.

    Attributes
    ----------
    problem : Problem
    reduction : Reduction
        Regions, rays, faces and columns.
    complete : bool
        False when the time limit or Ctrl-C ended it: then orbits without a value are left out of everything but the
        counts.
    interrupted : bool
        Whether it was Ctrl-C.
    seconds : float or None
        What was left of the time limit then; the search for local minima has as much.
    """

    def __init__(
        self,
        reduction: Reduction,
        answers: Iterable[Block] = (),
        left: Callable[[], float | None] = lambda: None,
        watch: Callable[[Value], None] | None = None,
    ) -> None:
        import numpy as np

        self.reduction = reduction
        self.problem = reduction.problem
        width = sum(len(group.neurons) for group in reduction.exchangeable)
        # Arrays of whole numbers: one Python object an orbit would not fit at a million of them.
        choices: list[Numbers] = [np.zeros((0, width), dtype=np.int32)]
        owners: list[Numbers] = [np.zeros(0, dtype=np.int32)]
        self.settled: list[Solved] = []
        places: dict[tuple[int, ...], int] = {}
        self.interrupted = False
        least: Fraction | None = None
        try:
            for answer in answers:
                self.interrupted |= answer.interrupted
                if watch is not None and answer.optima:
                    best = min((best.value for best in answer.optima), key=_high)
                    if least is None or _high(best) < least:
                        least = _high(best)
                        watch(self.scaled(best))
                local = np.array([self._add(best, places) for best in answer.optima], dtype=np.int32)
                known = answer.owner >= 0
                choices.append(answer.choices[known])
                owners.append(local[answer.owner[known]] if known.any() else owners[0])
        except KeyboardInterrupt:
            self.interrupted = True
        del choices[len(owners) :]
        self._choices: Numbers = np.concatenate(choices)
        self._owner: Numbers = np.concatenate(owners)
        self._whole: dict[int, Optimum] = {}
        self.complete = reduction.listed and len(self._choices) == reduction.orbits
        self.seconds = left()

    def _add(self, best: Solved, places: dict[tuple[int, ...], int]) -> int:
        """The place of an optimum among the distinct ones; a basis that determines it is kept once."""
        place = len(self.settled) if best.whole is not None else places.setdefault(best.basis, len(self.settled))
        if place == len(self.settled):
            self.settled.append(best)
        return place

    # -- sequence -----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._choices)

    def __getitem__(self, index: int) -> Basin:
        position = range(len(self._choices))[index]
        return Basin(self, position, self._choice(position))

    def __iter__(self) -> Iterator[Basin]:
        return (self[index] for index in range(len(self._choices)))

    def __repr__(self) -> str:
        state = "" if self.complete else ", incomplete"
        return f"<census: {self.count} basins, {self.orbits} orbits, minimum {shown(self.minimum)}{state}>"

    def _choice(self, position: int) -> Orbit:
        return self.reduction.split(self._choices[position].tolist())

    def optimum(self, index: int) -> Optimum:
        return self.optimum_at(int(self._owner[index]))

    def value(self, index: int) -> Value:
        """Infimum of the loss on the basins at a place."""
        return self.scaled(self.settled[self._owner[index]].value)

    def optimum_at(self, place: int) -> Optimum:
        """The certificate at a place among the distinct ones, replayed."""
        if place not in self._whole:
            self._whole[place] = self.settled[place].optimum(self.reduction.program)
        return self._whole[place]

    @property
    def optima(self) -> tuple[Optimum, ...]:
        """The distinct certificates; several may have the same value, or the same gradient."""
        return tuple(self.optimum_at(place) for place in range(len(self.settled)))

    @property
    def distinct(self) -> int:
        """The number of :attr:`optima`."""
        return len(self.settled)

    @property
    def share(self) -> Fraction:
        """1, or 1/m for the mean loss."""
        return Fraction(1, self.problem.m) if self.problem.loss.reduction == "mean" else Fraction(1)

    def scaled(self, value: Value) -> Value:
        """A sum over the data as the problem's loss."""
        if isinstance(value, Enclosure):
            return Enclosure(value.lo * self.share, value.hi * self.share)
        return value * self.share

    # -- counts and values --------------------------------------------------------------------------------------

    @property
    def count(self) -> int | None:
        """Number of basins, permuted copies counted; None if the time limit did not allow to list the regions."""
        return self.reduction.count if self.reduction.listed else None

    @property
    def orbits(self) -> int | None:
        """Number of basins modulo permutation of exchangeable neurons; None as for ``count``."""
        return self.reduction.orbits if self.reduction.listed else None

    @property
    def regions_per_neuron(self) -> int | None:
        """Regions one neuron's data cut its weight space into (0 without a hidden layer); None as for ``count``."""
        return len(self.reduction.regions) if self.reduction.listed else None

    @cached_property
    def values(self) -> list[tuple[Value, int]]:
        """Distinct basin values, ascending, each with its number of orbits; overlapping enclosures are counted
        together."""
        import numpy as np

        orbits: dict[Value, int] = {}
        numbers = np.bincount(self._owner, minlength=len(self.settled)).tolist()
        for best, number in zip(self.settled, numbers, strict=True):
            if number:
                orbits[best.value] = orbits.get(best.value, 0) + number
        exact = all(isinstance(value, Fraction) for value in orbits)
        merged: list[tuple[Value, int]] = []
        for value, number in sorted(orbits.items(), key=lambda item: _low(item[0])):
            last = merged[-1][0] if merged else None
            if not exact and last is not None and _low(value) <= _high(last):
                hull = Enclosure(_low(last), max(_high(last), _high(value)))
                merged[-1] = (hull, merged[-1][1] + number)
            else:
                merged.append((value, number))
        return [(self.scaled(value), number) for value, number in merged]

    @cached_property
    def _best(self) -> int | None:
        if not len(self._choices):
            return None

        # Ties go to an attained infimum with few columns, so to a simple point.
        def key(index: int) -> tuple[bool, int, Fraction, int]:
            best = self.settled[self._owner[index]]
            return not best.attained, best.support.bit_count(), _high(best.value), index

        return min(self._lowest, key=key)

    @cached_property
    def _lowest(self) -> list[int]:
        """Orbits that may hold the minimum: one, or all that no enclosure tells apart."""
        import numpy as np

        top = min(_high(best.value) for best in self.settled)
        fit = np.array([_low(best.value) <= top for best in self.settled])
        return [int(index) for index in np.flatnonzero(fit[self._owner])]

    @property
    def minimum(self) -> Value | None:
        """Least value: the infimum of the loss over all parameters when the census is complete."""
        if self._best is None:
            return None
        found = {int(self._owner[index]) for index in self._lowest}
        values = [self.scaled(self.settled[place].value) for place in sorted(found)]
        if all(isinstance(value, Fraction) for value in values):
            return values[0]
        return Enclosure(min(map(_low, values)), min(map(_high, values)))

    @property
    def minimum_attained(self) -> bool:
        """Whether some parameters have this loss; False also where enclosures leave it open."""
        return self._best is not None and all(self.settled[self._owner[index]].attained for index in self._lowest)

    @property
    def best(self) -> Point | None:
        """A point with the loss ``minimum`` (inside the enclosure); None if not attained or nothing is known."""
        return None if self._best is None else self[self._best].minimiser

    @property
    def certificate(self) -> Certificate | None:
        """That no parameters have a loss below ``minimum``; None when that is not attained, known or rational."""
        from exactgeo.basin.claims import census_certificate

        return census_certificate(self)

    @cached_property
    def infinite_width_minimum(self) -> Value | None:
        """Infimum over all widths: the convex program over the span of every column; bounds each width from below.

        None when the output weights are frozen (widening then needs new frozen values), see
        :attr:`infinite_width_reason`.
        """
        if self.infinite_width_reason:
            return None
        program = self.reduction.program
        vectors = [*program.lines, *program.columns]
        kept = rref(list(zip(*vectors, strict=True)), len(vectors))[1] if vectors else []
        wide = replace(program, columns=(), lines=tuple(vectors[j] for j in kept))
        return self.scaled(solve(wide, 0).value)

    @property
    def infinite_width_reason(self) -> str:
        frozen = bool(self.problem.network.widths) and not self.problem.train.output
        return "the output weights are frozen: a wider network would need new frozen values" if frozen else ""

    # -- local minima -------------------------------------------------------------------------------------------

    @cached_property
    def _minima(self) -> Minima:
        from exactgeo.basin.minima import Minima

        return Minima(self)

    @property
    def local_minimum_values(self) -> list[Fraction] | None:
        """Every loss at which the training loss has a local minimum, ascending; None with a :attr:`reason`."""
        return self._minima.values

    @property
    def local_minima(self) -> list[LocalMinima] | None:
        """For each such loss and strictness the connected sets of minimisers modulo permutation, with a
        representative."""
        return self._minima.sets

    @property
    def ended(self) -> bool:
        """Whether the time limit or Ctrl-C ended the census or the search for local minima."""
        return not self.complete or self._minima.ended

    @property
    def reason(self) -> str:
        """Why something is None or missing; "" when nothing is."""
        if not self.complete:
            return "the search was ended before every basin had its value"
        return self._minima.reason or self.infinite_width_reason

    # -- access -------------------------------------------------------------------------------------------------

    def containing(self, point: Point) -> tuple[Basin, ...]:
        """The orbits of basins whose closure contains a point, in the order of the census.

        Raises
        ------
        ValueError
            The point lies in no basin: it does not have the frozen values of the problem.
        """
        from itertools import product

        reduction = self.reduction
        options = []
        for group in reduction.exchangeable:
            for neuron in group.neurons:
                w = point.weights[0][neuron]
                if len(reduction.rows[0]) > len(w):
                    w = (*w, point.biases[0][neuron])
                v = point.weights[1][-1][neuron]
                if len(point.weights[1]) == 2:
                    v -= point.weights[1][0][neuron]
                if group.frozen is not None and v != group.frozen:
                    raise ValueError(f"output weight {neuron} is {v}, but it is frozen at {group.frozen}")
                sides = [sum((a * b for a, b in zip(w, row, strict=True)), ZERO) for row in reduction.rows]
                fit = {
                    k
                    for k, region in enumerate(reduction.regions)
                    if all(s * side >= 0 for s, side in zip(region, sides, strict=True))
                }
                options.append(
                    [k for k, pattern in enumerate(group.patterns) if pattern.region in fit and pattern.sign * v >= 0]
                )
        found = set()
        for picks in product(*options):
            left, choice = list(picks), []
            for group in reduction.exchangeable:
                part, left = left[: len(group.neurons)], left[len(group.neurons) :]
                choice.append(tuple(sorted(part)))
            found.add(tuple(choice))
        return tuple(self[i] for i in sorted(self._places[choice] for choice in found if choice in self._places))

    @cached_property
    def _places(self) -> dict[Orbit, int]:
        return {self._choice(index): index for index in range(len(self._choices))}

    def to_networkx(self) -> Any:
        """The graph of orbits that share a facet: a neuron crosses one hyperplane of the data, or its output weight
        changes sign.

        Nodes are places in the census with ``value`` and ``multiplicity``; an edge has ``wall`` = ``data`` or
        ``output``.
        """
        import networkx as nx

        graph = nx.Graph()
        for basin in self:
            graph.add_node(basin.index, value=basin.value, attained=basin.attained, multiplicity=basin.multiplicity)
        for one, other, _, wall in self._facets():
            graph.add_edge(one, other, wall=wall)
        return graph

    def walls(self) -> Iterator[tuple[int, int, int]]:
        """Facet neighbours: two places in the census and the columns of the facet they share.

        A neuron crosses one hyperplane of the data (the facet is spanned by the rays common to both regions), or its
        output weight changes sign (the facet has that neuron removed). An orbit may neighbour itself.
        """
        return ((one, other, mask) for one, other, mask, _ in self._facets())

    def _facets(self) -> Iterator[tuple[int, int, int, str]]:
        return (
            (index, target, mask, wall)
            for index in range(len(self))
            for target, mask, wall in self.neighbours(index)
            if index <= target
        )

    def index_of(self, choice: Orbit) -> int:
        """The place of an orbit in the census, from its ascending pattern indices."""
        return self._places[choice]

    def neighbours(self, index: int) -> Iterator[tuple[int, int, str]]:
        """The orbits across one facet: place in the census, columns of the facet, ``data`` or ``output``."""
        reduction, choice, tables = self.reduction, self._choice(index), self.crossings
        for k, part in enumerate(choice):
            for place, pattern in enumerate(part):
                if place and part[place - 1] == pattern:
                    continue
                rest = (*choice[:k], (*part[:place], *part[place + 1 :]), *choice[k + 1 :])
                others = reduction.mask(rest)
                for target_slot, shared, wall in tables[k][pattern]:
                    moved = tuple(sorted((*rest[k], target_slot)))
                    target = self._places.get((*choice[:k], moved, *choice[k + 1 :]))
                    if target is not None:
                        yield target, others | shared, wall

    @cached_property
    def crossings(self) -> list[list[list[tuple[int, int, str]]]]:
        """For each group and pattern the patterns across one facet, its columns, ``data`` or ``output``."""
        return [_slot_neighbours(self.reduction, k) for k in range(len(self.reduction.exchangeable))]

    def records(self) -> Iterator[dict[str, Any]]:
        """One flat dict an orbit: index, regions and output signs as text, multiplicity, value (text), attained."""
        reduction = self.reduction
        regions = ["".join("-0+"[s + 1] for s in region) for region in reduction.regions]
        # For each neuron in the order of the network: its place in a row of patterns, and what its patterns are.
        neurons = [neuron for group in reduction.exchangeable for neuron in group.neurons]
        tables = [
            [(regions[pattern.region], "-0+"[pattern.sign + 1]) for pattern in group.patterns]
            for group in reduction.exchangeable
            for _ in group.neurons
        ]
        order = sorted(range(len(neurons)), key=neurons.__getitem__)
        values: dict[int, str] = {}
        for first in range(0, len(self._choices), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            rows, owners = self._choices[part].tolist(), self._owner[part].tolist()
            for index, (row, owner) in enumerate(zip(rows, owners, strict=True), start=first):
                if owner not in values:
                    values[owner] = text(self.scaled(self.settled[owner].value))
                patterns = [tables[k][row[k]] for k in order]
                yield {
                    "index": index,
                    "regions": " ".join(region for region, _ in patterns),
                    "outputs": "".join(output for _, output in patterns),
                    "multiplicity": reduction.copies(reduction.split(row)),
                    "value": values[owner],
                    "attained": self.settled[owner].attained,
                }

    def to_records(self) -> list[dict[str, Any]]:
        """All :meth:`records`; a large census is better written to a file, which takes no list."""
        return list(self.records())

    def to_json(self, *, minima: bool = False) -> dict[str, Any]:
        """The answer of ``exactgeo basins --json``.

        Parameters
        ----------
        minima : bool
            Include ``local_minima`` and spare no effort for ``local_minimum_values``.
        """
        result: dict[str, Any] = {
            "count": self.count,
            "orbits": self.orbits,
            "regions_per_neuron": self.regions_per_neuron,
            "minimum": _json(self.minimum),
            "minimum_attained": self.minimum_attained,
            "values": [{"value": _json(value), "orbits": number} for value, number in self.values],
            "complete": self.complete,
        }
        if not self.complete:
            result.update(infinite_width_minimum=None, local_minimum_values=None, reason=self.reason)
            return result
        result["infinite_width_minimum"] = _json(self.infinite_width_minimum)
        if minima:
            result["local_minima"] = None if self.local_minima is None else [s.to_json() for s in self.local_minima]
        values = self.local_minimum_values
        result["local_minimum_values"] = None if values is None else [format_rational(q) for q in values]
        if self.reason:
            result["reason"] = self.reason
        return result

    def write(self, path: Any) -> None:
        """Write the orbits to ``.csv``, ``.json`` or ``.parquet``; see :func:`exactgeo.basin.export.write`."""
        from exactgeo.basin.export import write

        write(self, path)


def census(
    problem: Problem,
    *,
    executor: Executor | None = None,
    time_limit: float | None = None,
    progress: Progress | None = None,
    store: BlockStore | None = None,
    watch: Callable[[Value], None] | None = None,
) -> Census:
    """Every basin of a problem with its exact value.

    Parameters
    ----------
    problem : Problem
        One hidden layer (or none) and a scalar output, piecewise linear activation, any convex loss of the problem
        file; the hidden layer trained, its bias trained, absent or frozen at 0; output weights and bias trained or
        frozen.
    executor : concurrent.futures.Executor, optional
        Blocks of work go there; the result does not depend on it.
    time_limit : float, optional
        Seconds; afterwards the census holds what is known and ``complete`` is False.
    progress : callable (done, total), optional
        Called as column sets are settled.
    store : BlockStore, optional
        Keeps the blocks that are settled and gives back those it has; see :class:`exactgeo.store.Store`.
    watch : callable (value), optional
        Called with the least value so far when there is one and whenever it falls.

    Returns
    -------
    Census
        Ctrl-C ends it like the time limit. Cost: one exact solve a distinct optimum, one bit comparison a basin.

    Raises
    ------
    OutOfScope
        The reason names what puts the problem out of scope.
    InternalError
        An exact answer failed its replay.

    References
    ----------
    Safran and Shamir, On the Quality of the Initial Basin in Overspecified Neural Networks, Definition 2 and Lemma 1.

    Examples
    --------
    >>> from exactgeo.formats import problem_from_mapping
    >>> data = {"x": [[5], [4], [3], [1], [-1]], "y": [2, 1, 0, -3, 3]}
    >>> found = census(problem_from_mapping({"data": data, "network": {"widths": [1]}}))
    >>> found.count, str(found.minimum), str(found.infinite_width_minimum)
    (20, '14', '0')
    >>> [str(q) for q in found.local_minimum_values]
    ['14', '18', '75/4', '614/29', '106/5']
    """
    start = time.monotonic()

    def left() -> float | None:
        return None if time_limit is None else max(0.0, time_limit - (time.monotonic() - start))

    reduction = reduce(
        problem, most_regions=None if time_limit is None else max(500, int(REGIONS_A_SECOND * time_limit))
    )
    return Census(
        reduction, blocks(reduction, executor, left, progress, store) if reduction.listed else (), left, watch
    )


def _slot_neighbours(reduction: Reduction, k: int) -> list[list[tuple[int, int, str]]]:
    """For each pattern of a group the patterns across one facet, and the columns of that facet."""
    group = reduction.exchangeable[k]
    planes: dict[tuple[int, ...], list[int]] = {}
    for t, row in enumerate(reduction.rows):
        if any(row) and reduction.problem.network.activation.has_kink:
            whole = primitive(row)
            planes.setdefault(max(whole, tuple(-q for q in whole)), []).append(t)
    by_signs = {(reduction.regions[pattern.region], pattern.sign): s for s, pattern in enumerate(group.patterns)}
    result = []
    for pattern in group.patterns:
        region = reduction.regions[pattern.region]
        found = []
        for members in planes.values():
            flipped = tuple(-s if t in members else s for t, s in enumerate(region))
            other = by_signs.get((flipped, pattern.sign))
            if other is not None:
                shared = reduction.region_rays[pattern.region] & reduction.region_rays[group.patterns[other].region]
                found.append((other, reduction.column_mask(shared, pattern.sign), "data"))
        mirrored = by_signs.get((region, -pattern.sign))
        if mirrored is not None:
            found.append((mirrored, 0, "output"))
        result.append(found)
    return result


def _low(value: Value) -> Fraction:
    return value.lo if isinstance(value, Enclosure) else value


def _high(value: Value) -> Fraction:
    return value.hi if isinstance(value, Enclosure) else value


def _json(value: Value | None) -> Any:
    if isinstance(value, Enclosure):
        return {"lo": format_rational(value.lo), "hi": format_rational(value.hi)}
    return None if value is None else format_rational(value)
