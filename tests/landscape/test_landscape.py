"""The landscape: known trees, a second algorithm over all pairs of basins, a dense sweep, invariants."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from landscape_brute import Brute, summary
from landscapes import LAWS, leaves
from losses import brute_kind, is_rational, loss_names, named
from problems import D1, KINK, PLANE, problem, random_case

import exactgeo as eg
from exactgeo.basin import census
from exactgeo.errors import OutOfScope
from exactgeo.exact.enclosure import order
from exactgeo.formats import point_from_mapping
from exactgeo.kinds import Kind
from exactgeo.landscape import landscape
from exactgeo.landscape.forest import Forest, FullForest
from exactgeo.landscape.merge_tree import _Grower
from exactgeo.landscape.walls import Walls
from exactgeo.local_minimum import decide

F = Fraction
FACING = sys.modules["exactgeo.landscape.facing"]


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_the_logistic_loss_is_refused_by_name():
    with pytest.raises(OutOfScope, match="logistic loss are enclosures"):
        landscape(problem([[1], [2]], [1, -1], 1, loss="logistic"))


def test_too_many_permutations_are_refused_and_the_quotient_is_not():
    case = problem([[1]], [1], 9, hidden_bias=False, output_bias=False)
    assert landscape(case).bad_valleys == 0
    with pytest.raises(OutOfScope, match="362880 permutations"):
        landscape(case, full=True)


def test_out_of_time_says_so():
    found = landscape(problem(*D1, 2), time_limit=0)
    answer = found.to_json()
    assert not found.complete
    assert (answer["valleys"], answer["global_minimum"], answer["known_below"]) == ([], None, None)
    assert answer["global_minima_connected"] is answer["connected_at"] is answer["bad_valleys"] is None
    assert "raise --time-limit" in found.reason
    with pytest.raises(ValueError, match="ended before every basin"):
        _ = found.valleys
    known = landscape(problem(*D1, 2), time_limit=0, basins=census(problem(*D1, 2)))
    assert not known.complete
    assert known.global_minimum == F(1, 14)
    for ask in (
        lambda: known.valleys,
        lambda: known.bad_valleys,
        lambda: known.merge_tree,
        lambda: known.connected_at,
        lambda: known.global_minima_connected,
        lambda: known.critical_level(0, 1),
        lambda: known.spanning_tree(),
    ):
        with pytest.raises(ValueError, match="raise --time-limit"):
            ask()


class Stop:
    """Ends the work at a moment: the clock passes the limit, or Ctrl-C comes, at the n-th look or the n-th wall."""

    def __init__(self, monkeypatch, moment, interrupt):
        self.left, self.interrupt = moment, interrupt
        for name in ("known", "optimum"):
            monkeypatch.setattr(Walls, name, self.around(getattr(Walls, name)))
        monkeypatch.setattr("exactgeo.deadline.time", SimpleNamespace(monotonic=self.clock))
        monkeypatch.setattr(_Grower, "close_level", self.around(_Grower.close_level))
        # Half-way through the closing of a level, too.
        for forest in (Forest, FullForest):
            monkeypatch.setattr(forest, "find", self.around(forest.find))

    def clock(self):
        self.left -= not self.interrupt
        return 100 if self.left < 0 else 0

    def around(self, method):
        def run(*arguments, **options):
            result = method(*arguments, **options)
            self.left -= 1
            if self.interrupt and self.left == 0:
                raise KeyboardInterrupt
            return result

        return run


@pytest.mark.parametrize(("full", "together"), [(False, 4096), (False, 9), (True, 4096)])
@pytest.mark.parametrize("interrupt", [False, True])
def test_what_is_known_when_the_work_ends_at_any_moment(monkeypatch, full, together, interrupt):
    monkeypatch.setattr(FACING, "TOGETHER", together)
    case = problem(*D1, 2)
    basins = census(case)
    whole = landscape(case, full=full, basins=basins)
    levels = {data["level"] for _, data in whole.merge_tree.nodes(data=True)}
    seen = set()
    for moment in [*range(1, 24), *range(24, 1600, 71)]:
        with monkeypatch.context() as patch:
            Stop(patch, moment, interrupt)
            found = landscape(case, full=full, basins=basins, time_limit=50)
        if found.complete:
            assert moment > (300 if together > 9 else 100)
            assert found.to_json() == whole.to_json()
            continue
        below = found.known_below
        seen.add(below)
        if below is None:
            assert found.known_valleys == ()
            continue
        wanted = [
            (v.value, v.escapes_at if v.bad and v.escapes_at < below else None, v.bad)
            for v in whole.valleys
            if v.value < below
        ]
        assert sorted(map(str, wanted)) == sorted(str((v.value, v.escapes_at, v.bad)) for v in found.known_valleys)
        answer = json.loads(json.dumps(found.to_json()))
        assert answer["global_minima_connected"] is (whole.global_minima_connected if found.known_valleys else None)
        assert (answer["complete"], answer["known_below"], answer["bad_valleys"]) == (False, str(below), None)
        assert {F(node["level"]) for node in answer["tree"]["nodes"]} == {q for q in levels if q < below}
        assert all(("escapes_at_least" in v) == (v["bad"] and v["escapes_at"] is None) for v in answer["valleys"])
        if below > whole.connected_at:
            assert answer["connected_at"] == str(whole.connected_at)
    assert len(seen) > (6 if together > 9 else 3)


# -- what is known -----------------------------------------------------------------------------------------------------


def test_d1_at_width_1_by_hand():
    # One neuron: the loss of a direction and an output sign, two circles of directions, joined at the best constant,
    # 106/5. 75/4 is a local minimum on a plateau that joins the valley of 18 at its own level: no leaf.
    found = landscape(problem(*D1, 1))
    assert leaves(found) == [(14, None), (18, F(106, 5)), (F(614, 29), F(106, 5))]
    assert F(75, 4) in found.census.local_minimum_values
    assert found.global_minima_connected
    assert found.valleys[1].barrier == F(16, 5)


def test_the_level_that_joins_all_global_minima():
    # Perfect fits of Proposition 3: four sets are joined at 1/6 already, the others at 31/11.
    found = landscape(replace(eg.load("swirszcz-prop3-local"), point=None))
    good = [valley.basins[0] for valley in found.valleys if not valley.bad]
    levels = [found.critical_level(a, b) for a in good for b in good if a != b]
    assert (len(good), found.connected_at, sorted(set(levels))) == (8, F(31, 11), [F(1, 6), F(31, 11)])


def test_d1_at_width_2_in_the_quotient_and_in_full():
    # The global minima, 1/14, are connected modulo permutation and are two components upstairs, joined at 14.
    below, full = landscape(problem(*D1, 2)), landscape(problem(*D1, 2), full=True)
    assert (below.global_minimum, below.global_minima_connected, below.connected_at) == (F(1, 14), True, F(1, 14))
    assert (full.global_minima_connected, full.connected_at) == (False, 14)
    point = full.valleys[0].point
    swapped = {
        "weights": [[list(row) for row in point.weights[0][::-1]], [list(point.weights[1][0][::-1])]],
        "biases": [list(point.biases[0][::-1]), list(point.biases[1])],
    }
    other = point_from_mapping(swapped, full.problem)
    assert other != point
    assert below.critical_level(point, other) == F(1, 14)
    assert full.critical_level(point, other) == 14
    assert full.critical_level(point, point) == F(1, 14)


def test_a_linear_model_and_a_dead_network_have_one_valley():
    linear = eg.load(
        {"data": {"x": [[1], [2]], "y": [1, 0]}, "network": {"widths": [], "activation": "relu", "output_bias": False}}
    )
    assert leaves(landscape(linear)) == [(F(4, 5), None)]
    assert leaves(landscape(problem([[1], [2]], [1, 0], 2, frozen=[0, 0]))) == [(F(1, 2), None)]


def test_the_mean_divides_every_level_by_m():
    plain, mean = landscape(problem(*D1, 1)), landscape(problem(*D1, 1, reduction="mean"))
    assert leaves(mean) == [(v / 5, e and e / 5) for v, e in leaves(plain)]
    assert mean.critical_level(0, 5) == plain.critical_level(0, 5) / 5


# -- a second algorithm ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(18))
def test_against_all_pairs_of_basins(seed):
    rng = random.Random(seed)
    case, data, options = random_case(rng)
    while data[2] == 2 and len(data[0]) > 3:
        # Too many pairs.
        case, data, options = random_case(rng)
    check(case, Brute(*data, **options))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1150))
def test_against_all_pairs_of_basins_slow(seed):
    case, data, options = random_case(random.Random(seed))
    check(case, Brute(*data, **options))


@pytest.mark.parametrize("loss", [*loss_names(is_rational), "huber(1/2)"])
def test_other_losses_against_all_pairs(loss):
    x, y = [[0], [1], [3]], [1, -1, 1]
    bias = len(named(loss).pieces(F(1)).breaks) < 2
    check(problem(x, y, 1, loss=loss, hidden_bias=bias), Brute(x, y, 1, bias=bias, **brute_kind(loss)))


@pytest.mark.parametrize(
    ("x", "y", "activation", "bias", "output_bias"),
    [
        # Many bad valleys; copies that meet at a level of their own; components that a swap maps to themselves.
        ([[0], [3], [-1]], [1, -3, -3], "relu", True, False),
        pytest.param([[3], [2], [0]], [-2, -2, 4], "relu", True, False, marks=pytest.mark.slow),
        ([[-2, 3], [1, 1], [-1, 2]], [-4, 0, 4], "relu", False, False),
        ([[0], [2], [3]], [1, -3, 3], "leaky_relu(1/3)", True, False),
        pytest.param([[0], [2], [3]], [-3, 4, -2], "leaky_relu(1/3)", True, False, marks=pytest.mark.slow),
    ],
)
def test_rich_trees_against_all_pairs(x, y, activation, bias, output_bias):
    slopes = {"relu": (1, 0), "leaky_relu(1/3)": (1, F(1, 3))}[activation]
    case = problem(x, y, 2, activation=activation, hidden_bias=bias, output_bias=output_bias)
    check(case, Brute(x, y, 2, slopes=slopes, bias=bias, output_bias=output_bias))


@pytest.mark.parametrize(
    ("x", "y", "frozen", "activation"),
    [
        ([[-1, 3], [1, -1], [1, 0]], [-3, -3, -2], [1, 1, -2], "leaky_relu(1/3)"),
        pytest.param([[1, 0], [-1, -1], [2, -1]], [-3, -4, -4], [1, 1, -2], "abs", marks=pytest.mark.slow),
    ],
)
def test_three_neurons_with_frozen_outputs_against_all_pairs(x, y, frozen, activation):
    slopes = {"abs": (1, -1), "leaky_relu(1/3)": (1, F(1, 3))}[activation]
    case = problem(x, y, 3, frozen=frozen, activation=activation, hidden_bias=False, output_bias=False)
    check(case, Brute(x, y, 3, frozen=frozen, slopes=slopes, bias=False, output_bias=False))


def check(case, brute):
    wanted = brute.valleys()
    below, full = landscape(case), landscape(case, full=True)
    assert leaves(full) == summary(wanted)
    assert leaves(below) == summary(brute.modulo_permutation(wanted))
    with pytest.MonkeyPatch.context() as patch:
        # As where there are many basins.
        patch.setattr(FACING, "TOGETHER", 2)
        assert landscape(case).to_json() == below.to_json()
    lowest = min(brute.value)
    bottoms = [min(part) for value, _, part in wanted if value == lowest]
    assert full.connected_at == brute.joined_at(bottoms)
    assert full.global_minima_connected == (len(bottoms) == 1)
    # The same components at every level, counted.
    for level in brute.levels:
        born = [node for node, data in full.merge_tree.nodes(data=True) if data["level"] <= level]
        tops = [n for n in born if all(p not in set(born) for p in full.merge_tree.predecessors(n))]
        assert len(tops) == len(brute.components(level))


# -- a dense sweep at width 1 ------------------------------------------------------------------------------------------


def swept(x, y, size=20000):
    """Valleys of the best loss over (scale, constant), sampled over directions and output signs; relu, both biases."""
    x, y = np.array(x, float)[:, 0], np.array(y, float)
    # Off the axes: there a constant column would be all rounding.
    angles = 2 * np.pi * (np.arange(size) + 1 / 3) / size
    h = np.maximum(0, np.outer(np.cos(angles), x) + np.sin(angles)[:, None])
    h -= h.mean(axis=1, keepdims=True)
    y = y - y.mean()
    worst = float(y @ y)
    norms = np.einsum("ij,ij->i", h, h)
    values = []
    for sign in (1, -1):
        scale = np.maximum(0, sign * (h @ y)) / np.where(norms > 0, norms, 1)
        values.append(worst - scale**2 * norms)
    height = np.concatenate([*values, [worst]])
    parent, low = list(range(len(height))), list(height)
    edges = [
        (max(height[i], height[j]), i, j)
        for s in (0, size)
        for k in range(size)
        for i, j in [(s + k, s + (k + 1) % size)]
    ]
    edges += [(worst, s + k, 2 * size) for s in (0, size) for k in range(0, size, 7)]

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    born = {}
    for level, i, j in sorted(edges):
        a, b = root(i), root(j)
        if a != b:
            a, b = sorted((a, b), key=lambda r: low[r])
            born[b] = (low[b], level)
            parent[b] = a
    return [(min(height), None), *sorted((v, e) for v, e in born.values() if e - v > 0.01 * worst)], worst


@pytest.mark.parametrize("seed", [None, *range(7)])
def test_width_1_against_a_dense_sweep(seed):
    rng = random.Random(seed)
    x, y = D1 if seed is None else ([[q] for q in rng.sample(range(-6, 7), 5)], [rng.randint(-4, 4) for _ in range(5)])
    wanted, worst = swept(x, y)
    found = [leaf for leaf in leaves(landscape(problem(x, y, 1))) if leaf[1] is None or leaf[1] - leaf[0] > worst / 100]
    assert len(found) == len(wanted)
    for (value, escape), (low, high) in zip(found, wanted, strict=True):
        assert abs(value - low) < worst / 200
        assert escape is high is None or abs(escape - high) < worst / 200


# -- laws --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "width", "options"), LAWS)
@pytest.mark.parametrize("full", [False, True])
def test_laws_of_the_tree(data, width, options, full):
    found = landscape(problem(*data, width, **options), full=full)
    tree = found.merge_tree
    assert sum(not tree.in_degree(node) for node in tree) == 1
    assert len(tree.edges) == len(tree) - 1
    for parent, child in tree.edges:
        assert tree.nodes[parent]["level"] > tree.nodes[child]["level"] >= tree.nodes[child]["minimum"]
        assert tree.nodes[parent]["minimum"] <= tree.nodes[child]["minimum"]
    for valley in found.valleys:
        assert not tree.out_degree(valley.node)
        assert found.problem.loss_at(valley.point) == valley.value
        assert valley.bad == (valley.value > found.global_minimum)
        # The escape, read off the tree.
        node = valley.node
        while valley.bad and tree.nodes[node]["minimum"] == valley.value:
            node = next(tree.predecessors(node))
        assert valley.escapes_at == (tree.nodes[node]["level"] if valley.bad else None)
    if found.problem.loss.kind in ("squared", "half_squared"):
        assert {v.value for v in found.valleys} <= set(found.census.local_minimum_values)
    if not full:
        joined = sorted(i for _, data in tree.nodes(data=True) for i in data["basins"])
        assert joined == list(range(len(found.census)))
        assert len(found.spanning_tree()) == len(found.census) - 1


@pytest.mark.parametrize("seed", range(20))
def test_leaves_of_degenerate_data_are_local_minima(seed):
    case, _, _ = random_case(random.Random(500 + seed))
    for full in (False, True):
        found = landscape(case, full=full)
        values = found.census.local_minimum_values
        tree = found.merge_tree
        assert {valley.value for valley in found.valleys} <= set(values)
        assert min(values) == found.global_minimum == found.valleys[0].value
        assert all(tree.nodes[a]["level"] > tree.nodes[b]["level"] for a, b in tree.edges)
        for valley in found.valleys:
            assert case.loss_at(valley.point) == valley.value
            assert decide(case, valley.point).kind is Kind.LOCAL_MINIMUM
            # A leaf stays one until it escapes, and nothing in it is lower.
            here = found.component(valley.point)
            assert (here.infimum, here.bad, here.descent) == (valley.value, valley.bad, None)
            if not full:
                assert here.escapes_at == valley.escapes_at


def test_an_interrupt_before_the_tree_is_begun(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(_Grower, "__init__", interrupted)
    found = landscape(problem(*D1, 1))
    assert (found.complete, found.global_minimum, found.known_valleys) == (False, 14, ())
    assert "before the lowest valley was known" in found.reason


@pytest.mark.parametrize(("data", "width", "options"), LAWS)
def test_every_wall_of_the_tree_carries_its_proof(data, width, options):
    found = landscape(problem(*data, width, **options))
    program = found.census.reduction.program
    graph = found.graph
    for one, other, value, proof in found.spanning_tree():
        assert graph.edges[one, other]["value"] == value >= max(graph.nodes[i]["value"] for i in (one, other))
        r, p = proof["gradient"], program.predictions(proof["weights"], proof["lines"])
        allowed = [c for j, c in enumerate(program.columns) if proof["mask"] >> j & 1]
        assert all(sum(a * b for a, b in zip(r, c, strict=True)) >= 0 for c in allowed)
        assert all(sum(a * b for a, b in zip(r, line, strict=True)) == 0 for line in program.lines)
        assert sum(a * b for a, b in zip(r, p, strict=True)) == 0
        if program.loss.kind == "squared":
            assert tuple(2 * (a - b) for a, b in zip(p, program.y, strict=True)) == r
            assert sum((a - b) ** 2 for a, b in zip(p, program.y, strict=True)) == value


@pytest.mark.parametrize(("data", "width", "options"), LAWS)
def test_the_graph_of_all_walls_gives_the_same_valleys(data, width, options):
    import networkx as nx

    found = landscape(problem(*data, width, **options))
    graph = found.graph
    for one in (0, len(graph) // 2):
        for other in range(0, len(graph), 7):
            tree = nx.minimum_spanning_tree(graph, weight="value")
            path = nx.shortest_path(tree, one, other)
            levels = [graph.edges[e]["value"] for e in pairwise(path)]
            assert found.critical_level(one, other) == max([*levels, graph.nodes[one]["value"]])


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("data", [D1, KINK, ([[0], [2], [3], [7]], [1, -1, 2, 0]), PLANE])
def test_no_bad_valley_above_the_bound_of_infinite_width_holds_a_dead_unit(data, width):
    # A dead or cancelled unit could be moved anywhere at no cost, and somewhere it would help.
    found = landscape(problem(*data, width))
    bound = found.census.infinite_width_minimum
    for valley in found.valleys:
        if valley.value == bound:
            continue
        for index in valley.basins:
            walls = [mask for _, mask, kind in found.census.facets.around(index) if kind == "output"]
            assert all(found._walls.optimum(mask).value > valley.value for mask in walls)
            assert all(any(sign > 0 for sign in signs) for signs, _ in found.census[index].signs)


def test_the_certificate_does_not_depend_on_what_was_read_before():
    for data, width in ((D1, 2), (KINK, 2)):
        first, later = landscape(problem(*data, width)), landscape(problem(*data, width))
        # Reading the graph solves the walls that the tree did not need.
        assert len(later.graph.edges) > len(later.solved)
        assert later.certificate.claims == first.certificate.claims
        assert later.solved == first.solved
        assert later.spanning_tree() == first.spanning_tree()


def test_values_beyond_floats_are_still_ordered():
    huge = F(10) ** 400
    keys = [order(q) for q in (huge + 1, F(1, 3), huge, F(1, 3) + F(1, 10**30))]
    assert [q for _, q in sorted(keys)] == [F(1, 3), F(1, 3) + F(1, 10**30), huge, huge + 1]
    x, y = [[0], [1]], [str(10**400), str(-(10**400))]
    assert landscape(problem(x, y, 1)).global_minimum == 0


# -- output ------------------------------------------------------------------------------------------------------------


def test_json_and_records():
    found = landscape(problem(*D1, 1))
    answer = json.loads(json.dumps(found.to_json()))
    assert [{k: v[k] for k in ("value", "escapes_at", "bad")} for v in answer["valleys"]] == [
        {"value": "14", "escapes_at": None, "bad": False},
        {"value": "18", "escapes_at": "106/5", "bad": True},
        {"value": "614/29", "escapes_at": "106/5", "bad": True},
    ]
    assert (answer["global_minimum"], answer["bad_valleys"], answer["global_minima_connected"]) == ("14", 2, True)
    nodes = {node["id"]: node for node in answer["tree"]["nodes"]}
    assert sorted(node["level"] for node in nodes.values()) == ["106/5", "14", "18", "614/29"]
    assert all(nodes[a]["level"] == "106/5" for a, _ in answer["tree"]["edges"])
    assert found.to_records()[1] == {
        "value": "18",
        "escapes_at": "106/5",
        "barrier": "16/5",
        "bad": True,
        "orbits": len(found.valleys[1].basins),
    }


def test_names_reach_the_package():
    assert eg.landscape(eg.load("swirszcz-prop1")).bad_valleys == 2
