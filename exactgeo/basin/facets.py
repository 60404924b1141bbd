"""What two neighbouring basins share: a facet. The optimum on a facet is a wall.

Across a facet one neuron passes one hyperplane of the data (the facet is spanned by the rays common to both regions),
or its output weight changes sign (the facet has that neuron removed).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from exactgeo.basin.batch import words_of
from exactgeo.basin.numbering import Numbering
from exactgeo.basin.reduction import Reduction
from exactgeo.basin.table import Table
from exactgeo.exact.matrix import primitive

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from exactgeo.basin.batch import Indices, Numbers, Words

    Bools = npt.NDArray[np.bool_]

__all__ = ["FacetArrays", "Facets"]


@dataclass(frozen=True, eq=False)
class _Crossings:
    """Those of one group as arrays: for each choice the crossings ``starts[choice]`` to ``starts[choice + 1]``."""

    starts: Indices
    targets: Indices
    shared: Words
    own: Words


@dataclass(frozen=True, eq=False)
class FacetArrays:
    """The facets of all orbits as arrays: what a process has to know of them.

    Attributes
    ----------
    numbering : Numbering
    crossings : list of _Crossings
        One a neuron, group after group; neurons of one group have the same.
    groups : list of (int, int)
        For each neuron the first neuron of its group, and the one after its last.
    """

    numbering: Numbering
    crossings: list[_Crossings]
    groups: list[tuple[int, int]]

    def of(self, choices: Numbers) -> tuple[Indices, Indices, Words]:
        """As :meth:`Facets.of`, from what the neurons choose, (orbits, neurons); numbers of orbits in place of rows."""
        import numpy as np

        items, numbers, sets = [], [], []
        for i, crossings in enumerate(self.crossings):
            at = np.flatnonzero(self.fresh(choices, i))
            low, high = crossings.starts[choices[at, i]], crossings.starts[choices[at, i] + 1]
            ends = np.cumsum(high - low)
            item = np.repeat(at, high - low)
            pair = np.arange(len(item)) + np.repeat(high - ends, high - low)
            items.append(item)
            numbers.append(self.behind(choices[item], i, pair))
            sets.append(self.others(choices, i)[item] | crossings.shared[pair])
        if not items:
            nothing = np.zeros(0, dtype=np.int64)
            return nothing, nothing, np.zeros((0, 1), dtype=np.uint64)
        item = np.concatenate(items)
        order = np.argsort(item, kind="stable")
        return item[order], np.concatenate(numbers)[order], np.concatenate(sets)[order]

    def fresh(self, choices: Numbers, i: int) -> Bools:
        """Which orbits have facets of neuron ``i`` that those of a neuron before are not."""
        import numpy as np

        first = i == self.groups[i][0]
        fresh: Bools = np.ones(len(choices), dtype=bool) if first else choices[:, i] != choices[:, i - 1]
        return fresh

    def others(self, choices: Numbers, i: int) -> Words:
        """The columns of all neurons but ``i``."""
        import numpy as np

        found: Words = np.zeros((len(choices), self.crossings[i].own.shape[1]), dtype=np.uint64)
        for j, crossings in enumerate(self.crossings):
            if j != i:
                found |= crossings.own[choices[:, j]]
        return found

    def behind(self, choices: Numbers, i: int, pair: Indices) -> Indices:
        """The numbers of the orbits behind one crossing of neuron ``i`` each; ``choices`` are overwritten."""
        choices[:, i] = self.crossings[i].targets[pair]
        choices[:, slice(*self.groups[i])].sort(axis=1)
        return self.numbering.numbers(choices)


class Facets:
    """The facets between the basins of a table, modulo permutation of exchangeable neurons.

    Iteration gives each once: two rows of the table, the columns of the facet, and ``data`` or ``output``. An orbit
    may neighbour itself.
    """

    def __init__(self, table: Table) -> None:
        self.table = table

    @cached_property
    def crossings(self) -> list[list[list[tuple[int, int, str]]]]:
        """For each group and each choice of one of its neurons: the choices across one facet, the columns that the
        neuron has there, ``data`` or ``output``."""
        return [_crossings(self.table.reduction, k) for k in range(len(self.table.reduction.exchangeable))]

    def around(self, index: int) -> Iterator[tuple[int, int, str]]:
        """The orbits across one facet of an orbit: row of the table, columns of the facet, ``data`` or ``output``."""
        reduction, find, orbit, crossings = (
            self.table.reduction,
            self.table.find,
            self.table.orbit(index),
            self.crossings,
        )
        for k, part in enumerate(orbit):
            for i, choice in enumerate(part):
                if i and part[i - 1] == choice:
                    continue
                rest = (*orbit[:k], (*part[:i], *part[i + 1 :]), *orbit[k + 1 :])
                others = reduction.mask(rest)
                for target, shared, kind in crossings[k][choice]:
                    moved = tuple(sorted((*rest[k], target)))
                    neighbour = find((*orbit[:k], moved, *orbit[k + 1 :]))
                    if neighbour is not None:
                        yield neighbour, others | shared, kind

    @cached_property
    def arrays(self) -> FacetArrays:
        """All of it but the rows of the table."""
        import numpy as np

        reduction = self.table.reduction
        found: list[_Crossings] = []
        groups: list[tuple[int, int]] = []
        columns = len(reduction.program.columns)
        for group, crossings in zip(reduction.exchangeable, self.crossings, strict=True):
            flat = [crossing for part in crossings for crossing in part]
            starts = np.concatenate([[0], np.cumsum([len(part) for part in crossings], dtype=np.int64)])
            targets = np.array([target for target, _, _ in flat], dtype=np.int64)
            shared = words_of([mask for _, mask, _ in flat], columns)
            own = words_of([pattern.mask for pattern in group.patterns], columns)
            first, count = len(found), len(group.neurons)
            found += [_Crossings(starts, targets, shared, own)] * count
            groups += [(first, first + count)] * count
        return FacetArrays(self.table.numbering, found, groups)

    def of(self, rows: Indices) -> tuple[Indices, Indices, Words]:
        """:meth:`around` of many orbits at once, all of whose neighbours are in the table.

        Parameters
        ----------
        rows : array of int64, (orbits,)

        Returns
        -------
        item, neighbour, sets : arrays (facets,), (facets,) and (facets, words)
            Place in ``rows``, row of the table across the facet, columns of the facet; in the order of ``rows``, and
            of each as :meth:`around` has them.
        """
        item, numbers, sets = self.arrays.of(self.table.choices(rows))
        return item, self.table.rows_of(numbers), sets

    def __iter__(self) -> Iterator[tuple[int, int, int, str]]:
        return (
            (index, neighbour, mask, kind)
            for index in range(len(self.table))
            for neighbour, mask, kind in self.around(index)
            if index <= neighbour
        )

    def graph(self) -> Any:
        """As a ``networkx.Graph``; see :meth:`exactgeo.basin.Census.to_networkx`."""
        import networkx as nx

        table, graph = self.table, nx.Graph()
        for index in range(len(table)):
            attained = table.optima[table.owners[index]].attained
            copies = table.reduction.copies(table.orbit(index))
            graph.add_node(index, value=table.value(index), attained=attained, multiplicity=copies)
        for one, other, _, kind in self:
            graph.add_edge(one, other, wall=kind)
        return graph


def _crossings(reduction: Reduction, k: int) -> list[list[tuple[int, int, str]]]:
    """For each choice of a neuron of a group the choices across one facet, and the columns of that facet."""
    group = reduction.exchangeable[k]
    planes: dict[tuple[int, ...], list[int]] = {}
    for t, row in enumerate(reduction.rows):
        if any(row) and reduction.problem.network.activation.has_kink:
            form = primitive(row)
            planes.setdefault(max(form, tuple(-q for q in form)), []).append(t)
    by_signs = {(reduction.regions[pattern.region], pattern.sign): s for s, pattern in enumerate(group.patterns)}
    result = []
    for pattern in group.patterns:
        region = reduction.regions[pattern.region]
        across = []
        for members in planes.values():
            flipped = tuple(-s if t in members else s for t, s in enumerate(region))
            other = by_signs.get((flipped, pattern.sign))
            if other is not None:
                shared = reduction.region_rays[pattern.region] & reduction.region_rays[group.patterns[other].region]
                across.append((other, reduction.column_mask(shared, pattern.sign), "data"))
        mirrored = by_signs.get((region, -pattern.sign))
        if mirrored is not None:
            across.append((mirrored, 0, "output"))
        result.append(across)
    return result
