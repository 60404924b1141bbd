"""The landscape of the full space: explicit enumeration of all copies, critical levels of points, the group's arithmetic."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import factorial

import numpy as np
import pytest
from landscape_brute import Brute, summary
from landscapes import LAWS, leaves
from problems import D1, KINK, problem

from exactgeo.basin import Census
from exactgeo.basin.optima import Optima
from exactgeo.basin.reduction import reduce
from exactgeo.basin.schedule import blocks
from exactgeo.basin.table import Table
from exactgeo.formats import point_from_mapping
from exactgeo.landscape import landscape
from exactgeo.landscape.permutations import PermutationGroup, compose, inverse, sorter, stabiliser
from exactgeo.problem import Point

F = Fraction


def labelled(found):
    """All labelled basins of one group of neurons with their values, and the walls between them, by value."""
    census, graph = found.census, found.graph
    (group,) = census.reduction.exchangeable
    steps = {s: {t for t, _, _ in around} for s, around in enumerate(census.facets.crossings[0])}
    nodes = list(product(range(len(group.patterns)), repeat=len(group.neurons)))
    place = {x: census.table.index_of((tuple(sorted(x)),)) for x in nodes}
    value = {x: graph.nodes[place[x]]["value"] for x in nodes}
    walls = [
        (graph.edges[place[x], place[z]]["value"], x, z)
        for x in nodes
        for k in range(len(x))
        for t in steps[x[k]]
        if t > x[k] and (z := (*x[:k], t, *x[k + 1 :]))
    ]
    return value, sorted(walls)


def explicit_level(value, walls, picks):
    """The least level that joins each pair of the picked basins."""
    parent = {x: x for x in value}
    found = {}

    def root(x):
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    for level, x, z in walls:
        a, b = root(x), root(z)
        if a != b:
            ends = {k: root(k) for k in picks}
            left, right = ([k for k in picks if ends[k] == c] for c in (a, b))
            found.update({tuple(sorted(pair)): level for pair in product(left, right)})
            parent[a] = b
    return found


def at_bottom(found, x):
    """A point of least loss of a labelled basin."""
    point = found.census[found.census.table.index_of((tuple(sorted(x)),))].minimiser
    g = inverse(sorter([x]))
    weights = tuple(point.weights[0][k] for k in g), (tuple(point.weights[1][0][k] for k in g),)
    return Point(weights, (tuple(point.biases[0][k] for k in g if point.biases[0]), *point.biases[1:]))


def shuffled(case, seed):
    """The census with a neuron's patterns in another order, so that walls reorder the neurons of a representative."""
    reduction = reduce(case)
    (group,) = reduction.exchangeable
    patterns = random.Random(seed).sample(group.patterns, len(group.patterns))
    reduction = replace(reduction, exchangeable=(group._replace(patterns=tuple(patterns)),))
    optima = Optima(len(reduction.program.columns))
    return Census(Table.gather(reduction, optima, blocks(reduction, optima, None, None, None)))


@pytest.mark.parametrize(
    ("data", "width"),
    [
        (D1, 2),
        (KINK, 2),
        (([[0], [1], [2], [3]], [0, 0, 1, 0]), 2),
        (([[0], [1]], [1, -1]), 3),
        pytest.param(D1, 3, marks=pytest.mark.slow),
    ],
)
def test_critical_levels_of_copies_against_explicit_copies(data, width):
    case = problem(*data, width)
    full = landscape(case, full=True, basins=shuffled(case, 1))
    assert leaves(full) == leaves(landscape(case, full=True))
    value, walls = labelled(full)
    # Below the level that joins all copies the permutations matter.
    top = max(full.merge_tree.nodes[n]["level"] for n in full.merge_tree)
    copies = max(full.connected_at, *(v.escapes_at or 0 for v in full.valleys))
    low = [x for x in value if value[x] < min(copies, top)]
    picks = sorted(random.Random(5).sample(low, min(40, len(low))))
    points = {x: at_bottom(full, x) for x in picks}
    assert [full.problem.loss_at(points[x]) for x in picks] == [value[x] for x in picks]
    for (x, z), level in explicit_level(value, walls, picks).items():
        assert full.critical_level(points[x], points[z]) == max(level, value[x], value[z])


# Copies that only a wall joins, higher than the basins on both sides, by going round; links that do not commute.
ROUND = [
    (([[-1, 1], [3, -1], [4, -1], [-3, -3]], [-1, 1, 5, 1]), 2, "leaky_relu(1/3)", [2, 2], True),
    (([[1, 1], [0, -2], [-3, -1], [1, -3]], [-4, 5, 2, 4]), 2, "relu", None, True),
    (([[2, 1], [-1, -1], [-1, 4]], [-1, 4, 1]), 2, "leaky_relu(1/3)", [1, 1], False),
    (([[-3, -1], [-3, -1], [-2, -3], [-3, 4]], [-2, 1, 3, 4]), 3, "relu", None, False),
]


@pytest.mark.parametrize(("data", "width", "activation", "frozen", "output_bias"), ROUND)
@pytest.mark.parametrize("seed", [1, pytest.param(0, marks=pytest.mark.slow)])
def test_copies_of_plane_data_against_explicit_copies(data, width, activation, frozen, output_bias, seed):
    options = {"activation": activation, "frozen": frozen, "hidden_bias": False, "output_bias": output_bias}
    case = problem(*data, width, **options)
    full = landscape(case, full=True, basins=shuffled(case, seed))
    wanted, counts = explicit(full)
    assert leaves(full) == wanted
    for level, number in counts.items():
        assert tops(full, level) == number
    value, walls = labelled(full)
    picks = sorted(random.Random(seed).sample(sorted(value), 24))
    points = {x: at_bottom(full, x) for x in picks}
    for (x, z), level in explicit_level(value, walls, picks).items():
        assert full.critical_level(points[x], points[z]) == max(level, value[x], value[z])


@pytest.mark.parametrize(("data", "width", "activation", "frozen", "output_bias"), ROUND)
def test_the_tree_joins_the_copies_that_the_walls_join(data, width, activation, frozen, output_bias):
    options = {"activation": activation, "frozen": frozen, "hidden_bias": False, "output_bias": output_bias}
    case = problem(*data, width, **options)
    full = landscape(case, full=True, basins=shuffled(case, 1))
    tree, known, value_walls = full.merge_tree, full._known, labelled(full)
    spots = {}
    for name in [n for n, part in tree.nodes(data=True) if part["kind"] == "leaf"]:
        index, copy = name
        (choice,) = full.census[known.nodes[index].basins[0]].patterns
        perm = compose(full._cosets[index][copy], known.entry[known.nodes[index].basins[0]][1])
        spots[tuple(choice[k] for k in inverse(perm))] = name
    assert len(spots) == len(full.valleys)
    up = {child: parent for parent, child in tree.edges}

    def way(name):
        found = [name]
        while found[-1] in up:
            found.append(up[found[-1]])
        return found

    for (x, z), level in explicit_level(*value_walls, sorted(spots)).items():
        if x != z:
            others = set(way(spots[z]))
            assert tree.nodes[next(node for node in way(spots[x]) if node in others)]["level"] == level


def tops(full, level):
    """Number of components of {L <= level} in the merge tree."""
    born = {node for node, part in full.merge_tree.nodes(data=True) if part["level"] <= level}
    return sum(all(p not in born for p in full.merge_tree.predecessors(n)) for n in born)


def explicit(found):
    """(value, escape) of the leaves, and the number of components at each level, of all labelled basins of one group
    of neurons, joined wall by wall."""
    value, walls = labelled(found)
    nodes = list(value)
    events = sorted([*((v, 0, x, x) for x, v in value.items()), *((v, 1, x, z) for v, x, z in walls)])
    parent, low, waiting, born, counts, alive = {}, {}, {}, [], {}, 0

    def root(x):
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    for level, _, x, z in events:
        if x == z:
            parent[x], low[x] = x, level
            alive += 1
        else:
            a, b = sorted((root(x), root(z)), key=lambda r: low[r])
            if a != b:
                parent[b] = a
                if low[a] < low[b]:
                    # Leaves of one value that met before escape together; those born at this very level are none.
                    born += [(low[b], level)] * (waiting.pop(b, 1) if low[b] < level else 0)
                else:
                    waiting[a] = waiting.get(a, 1) + waiting.pop(b, 1) if low[b] < level else 1
                alive -= 1
        counts[level] = alive
    top = root(nodes[0])
    return summary([*born, *[(low[top], None)] * waiting.get(top, 1)]), counts


@pytest.mark.parametrize(("data", "width"), [(D1, 1), (D1, 2), (KINK, 2), (KINK, 3), (D1, 3)])
def test_full_against_explicit_copies(data, width):
    full = landscape(problem(*data, width), full=True)
    wanted, counts = explicit(full)
    assert leaves(full) == wanted
    for level, number in counts.items():
        assert tops(full, level) == number


@pytest.mark.parametrize("seed", range(205, 211))
def test_critical_levels_of_points_in_the_full_space(seed):
    rng = random.Random(seed)
    x = [[rng.randint(-2, 2)] for _ in range(3)]
    y = [rng.randint(-3, 3) for _ in range(3)]
    bias = rng.random() < 0.5
    case = problem(x, y, 2, hidden_bias=bias)
    brute, found = Brute(x, y, 2, bias=bias), landscape(case, full=True)
    points = []
    for _ in range(5):
        w = [[F(rng.randint(-2, 2)) for _ in range(1 + bias)] for _ in range(2)]
        v = [F(rng.randint(-1, 1)) for _ in range(2)]
        data = {"weights": [[row[:1] for row in w], [v]], "biases": [[row[1] for row in w] if bias else [], [0]]}
        points.append((point_from_mapping(data, case), brute.containing(w, v)))
    for one, first in points:
        for other, second in points:
            floor = max(case.loss_at(one), case.loss_at(other))
            wanted = max(floor, brute.joined_at([first[0], second[0]]))
            assert found.critical_level(one, other) == wanted


@pytest.mark.parametrize(("data", "width", "options"), [(D1, 2, {}), (KINK, 2, {}), *LAWS[5:10]])
def test_full_is_orbits_times_copies(data, width, options):
    case = problem(*data, width, **options)
    below, full = landscape(case), landscape(case, full=True)
    assert set(leaves(below)) == set(leaves(full))
    groups = [len(group.neurons) for group in below.census.reduction.exchangeable]
    most = int(np.prod([factorial(k) for k in groups]))
    for leaf in set(leaves(below)):
        assert leaves(below).count(leaf) <= leaves(full).count(leaf) <= most * leaves(below).count(leaf)
    assert below.connected_at <= full.connected_at


# -- permutations ------------------------------------------------------------------------------------------------------


def test_permutations_act_and_generate():
    rng = random.Random(3)
    for _ in range(30):
        x = [rng.randint(0, 2) for _ in range(5)]
        g = sorter([x])
        assert [sorted(x)[k] for k in inverse(g)] == x
        a, b = (tuple(rng.sample(range(5), 5)) for _ in range(2))
        assert compose(a, inverse(a)) == tuple(range(5))
        assert inverse(compose(a, b)) == compose(inverse(b), inverse(a))
        group = PermutationGroup.trivial(5).joined([a, b])
        assert factorial(5) % len(group) == 0
        assert all(compose(g, h) in group for g in (a, b) for h in group.elements)
        assert (
            len(group.cosets(PermutationGroup.trivial(5).joined([(1, 2, 3, 4, 0), (1, 0, 2, 3, 4)]))) * len(group)
            == 120
        )
    # Cosets g H of subgroups that are not normal.
    whole = PermutationGroup.trivial(4).joined([(1, 2, 3, 0), (1, 0, 2, 3)])
    for generators in ([(1, 0, 2, 3)], [(0, 2, 1, 3), (1, 0, 2, 3)], [(1, 0, 3, 2)]):
        group = PermutationGroup.trivial(4).joined(generators)
        parts = [{compose(g, h) for h in group.elements} for g in group.cosets(whole)]
        assert sorted(g for part in parts for g in part) == sorted(whole.elements)
        assert group.cosets(whole) == [min(part) for part in parts]
        assert all(group.least(g) == min(part) for part in parts for g in part)
    assert len(PermutationGroup.trivial(5).joined(stabiliser([(1, 1, 2), (0, 0)]))) == 4
    assert len(PermutationGroup.trivial(3).joined(stabiliser([(1, 1, 1)]))) == 6
