"""Flats and faces of every dimension, walls of regions and the graph of regions.

A face of dimension k is a region of the arrangement restricted to a flat of dimension k. Two regions share a wall
exactly when their sign vectors differ in one hyperplane.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from exactgeo.arrangement.operations import eliminated, pivot
from exactgeo.arrangement.regions import Regions
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import primitive, solve
from exactgeo.exact.vectors import Integers, Matrix, Vector

if TYPE_CHECKING:
    import networkx
    import numpy as np
    import numpy.typing as npt

__all__ = ["Flat", "flats", "intersection_poset", "neighbours", "tope_graph", "vertices"]

Flat = tuple[frozenset[int], tuple[Integers, ...]]
"""The rows that vanish on a flat, zero rows included, and all rows as functionals on it (constant last)."""


def flats(rows: Sequence[Integers], rank: int) -> list[list[Flat]]:
    """Nonempty intersections, by codimension 0 to ``rank``.

    Cost: one elimination a pair of a flat and a hyperplane on it.
    """
    start = (frozenset(t for t, row in enumerate(rows) if not any(row)), tuple(rows))
    levels = [[start]]
    for _ in range(rank):
        found: dict[frozenset[int], Flat] = {}
        for _, traces in levels[-1]:
            seen: set[Integers] = set()
            for row in traces:
                p = pivot(row)
                if p is None:
                    continue
                key = primitive(row)
                if key in seen:
                    continue
                seen |= {key, tuple(-q for q in key)}
                below = tuple(primitive(q) for q in eliminated(traces, row, p))
                zero = frozenset(t for t, q in enumerate(below) if not any(q))
                found.setdefault(zero, (zero, below))
        levels.append(list(found.values()))
    return levels


def neighbours(words: npt.NDArray[np.uint64], planes: int) -> Iterator[tuple[int, Any, Any]]:
    """For each hyperplane, the pairs of regions on its negative and positive side that share a wall on it.

    Parameters
    ----------
    words : shape (N, W), sorted bit sets
    planes : number of hyperplanes

    Yields
    ------
    hyperplane, indices, indices
    """
    import numpy as np

    from exactgeo.arrangement.bits import find_words

    for plane in range(planes):
        word, bit = plane // 64, np.uint64(1 << (63 - plane % 64))
        below = np.flatnonzero((words[:, word] & bit) == 0)
        other = words[below]
        other[:, word] |= bit
        above = find_words(words, other)
        yield plane, below[above >= 0], above[above >= 0]


def intersection_poset(levels: Sequence[Sequence[frozenset[int]]]) -> networkx.DiGraph:
    """Flats of codimension 0, 1, ... as nodes; edges from each to those covering it."""
    import networkx

    graph = networkx.DiGraph()
    for codimension, level in enumerate(levels):
        graph.add_nodes_from(level, codimension=codimension)
    for level, following in pairwise(levels):
        through: dict[int, set[frozenset[int]]] = {}
        for flat in following:
            for t in flat:
                through.setdefault(t, set()).add(flat)
        for flat in level:
            over = [through.get(t, set()) for t in flat]
            graph.add_edges_from((flat, other) for other in (set.intersection(*over) if over else following))
    return graph


def vertices(points: Sequence[Flat], normals: Matrix, offsets: Vector) -> list[Vector]:
    """The points that flats of full codimension are, in lexicographic order.

    Raises
    ------
    InternalError
        The hyperplanes through one have no common point.
    """
    found = []
    for zero, _ in points:
        point = solve([normals[t] for t in zero], [offsets[t] for t in zero])
        if point is None:
            raise InternalError("the hyperplanes through a vertex have no common point")
        found.append(point)
    return sorted(found)


def tope_graph(regions: Regions) -> networkx.Graph:
    """Regions by index, joined where they share a wall; edge attribute ``hyperplane``: the first row of that wall."""
    import networkx

    graph = networkx.Graph()
    graph.add_nodes_from(range(regions.count))
    lead = regions.leads
    for plane, low, high in neighbours(regions.packed, len(lead)):
        graph.add_edges_from(zip(low.tolist(), high.tolist(), strict=True), hyperplane=lead[plane])
    return graph
