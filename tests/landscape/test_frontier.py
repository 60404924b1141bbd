"""The search that component, critical path and certificate share: on small graphs against all subsets, on real basins in both spaces."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations
from types import SimpleNamespace

import pytest
from problems import D1, KINK, problem

from exactgeo.basin import census
from exactgeo.errors import InternalError
from exactgeo.landscape.frontier import Facet, Frontier, FullSpace, Quotient
from exactgeo.landscape.walls import Walls

F = Fraction


class Graph:
    """Basins with values, and walls between them, no lower than both; a wall's mask is its number."""

    def __init__(self, rng, size):
        self.values = [F(rng.randint(0, 9)) for _ in range(size)]
        ends = [pair for pair in combinations(range(size), 2) if rng.random() < 0.5]
        ends += [(k, k + 1) for k in range(size - 1)]
        self.ends = ends
        self.heights = [max(self.values[a], self.values[b]) + rng.choice([0, 0, 1, 5]) for a, b in ends]
        self.solved = []

    def optimum(self, basin, hints=None):
        if hints is None:
            return SimpleNamespace(value=self.values[basin])
        self.solved.append(basin)
        return SimpleNamespace(value=self.heights[basin])

    def facets(self, basin):
        for mask, (a, b) in enumerate(self.ends):
            if basin in (a, b):
                yield Facet(basin, b if basin == a else a, mask)

    def component(self, first, level, strictly):
        """By closing under walls until nothing is added."""
        inside, before = {first}, set()
        while inside != before:
            before = set(inside)
            for (a, b), height in zip(self.ends, self.heights, strict=True):
                if (height < level if strictly else height <= level) and {a, b} & inside:
                    inside |= {a, b}
        return inside


def graphs():
    for seed in range(60):
        rng = random.Random(seed)
        yield Graph(rng, rng.randint(2, 8)), rng


@pytest.mark.parametrize("lowest_first", [True, False])
@pytest.mark.parametrize("strictly", [True, False])
def test_what_a_level_joins(strictly, lowest_first):
    for graph, _ in graphs():
        for first in range(len(graph.values)):
            for level in sorted({*graph.values, *graph.heights}):
                frontier = Frontier(graph, graph, first, lowest_first=lowest_first)
                reached = list(frontier.fill(level, strictly=strictly))
                inside = graph.component(first, level, strictly)
                assert len(reached) == len(set(reached))
                assert set(reached) == set(frontier.crossings) == inside
                around = {f.mask for f in frontier.waiting() if f.outside not in frontier}
                assert around == {k for k, ends in enumerate(graph.ends) if len({*ends} & inside) == 1}


def test_levels_one_after_the_other_are_those_of_the_walls():
    for graph, _ in graphs():
        frontier, level = Frontier(graph, graph, 0), graph.values[0]
        while True:
            assert set(frontier.fill(level)) <= set(frontier.crossings) == graph.component(0, level, False)
            if frontier.closed:
                break
            following = frontier.next_level()
            while following is None:
                following = frontier.next_level()
            out = [h for (a, b), h in zip(graph.ends, graph.heights, strict=True) if (a in frontier) != (b in frontier)]
            assert following == min(out) > level
            level = following
        assert len(frontier.crossings) == len(graph.values)
        with pytest.raises(InternalError, match="no wall leads out"):
            frontier.next_level()


def test_wall_by_wall_is_never_higher_than_it_must_be():
    for graph, _ in graphs():
        frontier = Frontier(graph, graph, 0)
        while len(frontier.crossings) < len(graph.values):
            reached = frontier.advance()
            if reached is None:
                continue
            # The least level at which it is joined, and a chain of walls that leads there no higher.
            level = min(q for q in {*graph.values, *graph.heights} if reached in graph.component(0, q, False))
            chain = frontier.chain(reached)
            assert chain.end == reached
            assert [c.inside for c in chain.crossings] == [0, *(c.outside for c in chain.crossings[:-1])]
            assert max(c.optimum.value for c in chain.crossings) == level <= frontier.level
        with pytest.raises(InternalError, match="no wall leads out"):
            frontier.advance()


def test_a_wall_that_its_basins_keep_closed_is_not_solved():
    graph = Graph(random.Random(0), 2)
    graph.values, graph.ends, graph.heights = [F(0), F(3), F(1)], [(0, 1), (0, 2)], [F(3), F(2)]
    frontier = Frontier(graph, graph, 0)
    assert set(frontier.fill(F(2))) == {0, 2}
    assert graph.solved == [1]
    # Where the walls are the proof, each is.
    assert set(Frontier(graph, graph, 0).fill(F(2), strictly=True)) == {0}
    assert graph.solved == [1, 0, 1]


@pytest.mark.parametrize("data", [D1, KINK])
def test_the_full_space_lies_over_the_quotient(data):
    known = census(problem(*data, 2))
    walls = Walls(known.reduction.program)
    below, above = Quotient(known), FullSpace(known)
    rng = random.Random(1)
    for index in rng.sample(range(len(known)), 12):
        orbit = known[index].patterns
        copy = tuple(tuple(rng.sample(part, len(part))) for part in orbit)
        assert above.optimum(copy) is below.optimum(index)
        over = {(known.table.index_of(tuple(tuple(sorted(p)) for p in f.outside)), f.mask) for f in above.facets(copy)}
        assert over == {(f.outside, f.mask) for f in below.facets(index)}
        assert all(
            f.inside == copy and copy in {g.outside for g in above.facets(f.outside)} for f in above.facets(copy)
        )
        # Filled to a level, the one search covers the other.
        level = F(rng.randint(15, 22))
        upstairs = set(Frontier(above, walls, copy).fill(level))
        downstairs = set(Frontier(below, walls, index).fill(level))
        assert {known.table.index_of(tuple(tuple(sorted(p)) for p in basin)) for basin in upstairs} == downstairs
