"""The ladder for networks of any depth and any number of outputs, against random germ curves and plain evaluation.

Each claimed minimum must survive curves of other seeds than those that the ladder tries, and random exact moves within
its radius; each refutation is replayed by the checker; Theorem T says which chains are decided completely.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from fractions import Fraction

import pytest
import replay
from damage import outcome
from deep_problems import case

from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import LADDER, decide
from exactgeo.local_minimum.along import loss_along
from exactgeo.local_minimum.deep.dead import dead_layers
from exactgeo.local_minimum.deep.germs import germ_descent
from exactgeo.local_minimum.deep.nested import Kink, Nested
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.deep.second_order import SecondOrder

FAMILIES = {
    "deep": {},
    "frozen": {"freeze": True},
    "two outputs": {"widths": [2], "outputs": 2},
    "two and two": {"widths": [2, 2], "outputs": 1},
    "chain": {"widths": [2, 1, 1], "outputs": 1},
    "wide at the end": {"widths": [1, 3], "outputs": 2},
    "huber": {"loss": "huber(1)"},
    "mixed": {"mixed": True, "freeze": True},
    "bent outputs": {"mixed": True, "bent": True, "freeze": True},
    "one bent layer": {"widths": [], "bent": True, "outputs": 2},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_no_verdict_is_wrong_and_few_are_missing(family):
    seen = Counter()
    for seed in range(120):
        problem = case(random.Random(f"{family} {seed}"), **FAMILIES[family])
        found = decide(problem)
        seen[str(found.kind)] += 1
        if found.kind == "undecided":
            assert all(one.reason for one in found.tries)
            continue
        text = found.certificate.to_json()
        assert outcome(text).startswith("accepted: "), (seed, outcome(text))
        if found.kind == "local_minimum":
            assert germ_descent(problem, problem.point, count=1024, seed=seed + 1) is None, seed
            if seed % 4 == 0:
                tree = json.loads(text)
                assert replay.holds({**tree, "claims": tree["claims"][:1]}), seed
    assert min(seen["local_minimum"], seen["not_local_minimum"]) > 20
    assert seen["undecided"] <= 12


def test_theorem_t_every_chain_that_first_order_leaves_is_proved():
    """Widths (n, 1, 1), one output, weights behind the first layer that are not 0: D1 holds iff the point is proved."""
    rungs = {rung.name: rung for rung in LADDER}
    seen = Counter()
    for seed in range(400):
        problem = case(random.Random(seed), widths=[1 + seed % 3, 1, 1], outputs=1, bias=seed % 2 == 0)
        weights = problem.point.weights
        if not all(q for matrix in weights[1:] for row in matrix for q in row):
            continue
        first = rungs["first_order"].decide(problem, problem.point)
        proof = rungs["unrolled"].decide(problem, problem.point)
        assert (first.kind == "not_local_minimum") == (proof.kind == "undecided"), seed
        seen[str(proof.kind)] += 1
    assert min(seen.values()) >= 20


def test_a_nested_function_is_decided_as_on_a_grid():
    """Proofs and points against the values on a grid and at random points, for random functions of two variables."""
    rng, seen = random.Random(1), Counter()
    grid = [(Fraction(i), Fraction(j)) for i in range(-4, 5) for j in range(-4, 5)]
    for _ in range(200):
        kinks = []
        for k in range(4):
            inner = {i: Fraction(rng.randint(-2, 2)) for i in range(2)}
            inner |= {~j: Fraction(rng.randint(-1, 1)) for j in range(k + 1, 4)}
            kinks.append(
                Kink(
                    {key: q for key, q in inner.items() if q},
                    *rng.choice([(Fraction(1), Fraction(0)), (Fraction(1), Fraction(-1)), (Fraction(0), Fraction(2))]),
                )
            )
        top = {~k: Fraction(rng.randint(-2, 3)) for k in range(4)} | {0: Fraction(rng.randint(-1, 1))}
        nested = Nested(2, kinks, {key: q for key, q in top.items() if q})
        found = nested.prove()
        below = [x for x in grid if nested.value(x) < 0]
        proved = not isinstance(found[0], Fraction)
        assert not (proved and below)
        if not proved:
            assert nested.value(found) < 0
        seen[proved, len(found) > 1] += 1
    assert min(seen.values()) > 5


def test_the_epigraph_trap():
    """|a + b+| + a + ((b + c)+ + (b - c)+) / 2 >= 0, though on the branch a + b+ >= 0 a convex relaxation says -1."""
    one, half = Fraction(1), Fraction(1, 2)
    relu = one, Fraction(0)
    kinks = [
        Kink({0: one, ~3: one}, one, -one),
        Kink({1: one, 2: one}, *relu),
        Kink({1: one, 2: -one}, *relu),
        Kink({1: one}, *relu),
    ]
    nested = Nested(3, kinks, {~0: one, 0: one, ~1: half, ~2: half})
    found = nested.prove()
    assert not isinstance(found[0], Fraction)
    rng = random.Random(2)
    assert all(nested.value([Fraction(rng.randint(-3, 3)) for _ in range(3)]) >= 0 for _ in range(300))


def network(x, y, weights, biases=None, **options):
    widths = [len(matrix) for matrix in weights[:-1]]
    tables = {
        "data": {"x": x, "y": y},
        "network": {"widths": widths, "hidden_bias": False, "output_bias": False, **options},
        "point": {"weights": weights, **({"biases": biases} if biases else {})},
    }
    return problem_from_mapping(tables)


def test_a_unit_split_in_two_is_no_minimum_where_one_is():
    """X = I, Y = ((2, 0), (0, 1)): one unit w = (1, 0), v = (2, 0) is a minimum; two units with v = (1, 0) are none."""
    x, y = [[1, 0], [0, 1]], [[2, 0], [0, 1]]
    split = network(x, y, [[[1, 0], [1, 0]], [[1, 1], [0, 0]]])
    assert decide(split).kind == "not_local_minimum"
    one = decide(network(x, y, [[[1, 0]], [[2], [0]]]))
    assert one.kind != "not_local_minimum"
    frozen = problem_from_mapping({**split.to_dict(), "train": {"output": False}})
    assert decide(frozen).kind == "local_minimum"


def test_a_dead_layer_is_a_minimum_unless_something_moves_its_output():
    dead = {"weights": [[[1]], [[-1]], [[1]]], "biases": [[1], [-9], []]}
    tables = {
        "data": {"x": [[1], [2]], "y": [1, 3]},
        "network": {"widths": [1, 1], "output_bias": False},
        "point": dead,
    }
    # Off the mean, but nothing behind the dead layer moves the output.
    found = decide(problem_from_mapping(tables))
    assert (found.kind, found.tries[-1].rung) == ("local_minimum", "reachable_span")
    tables["network"]["output_bias"] = True
    dead["biases"] = [[1], [-9], [2]]
    assert decide(problem_from_mapping(tables)).kind == "local_minimum"
    dead["biases"] = [[1], [-9], [1]]
    assert decide(problem_from_mapping(tables)).kind == "not_local_minimum"


def test_on_a_kink_a_layer_is_not_dead():
    """X = (0, 1), w = 1, b = -1, v = 1, y = (0, 2), c = 1, the mean: no minimum (beside it: one more layer)."""
    problem = network([[0], [1]], [0, 2], [[[1]], [[1]], [[1]]], [[0], [-1], [1]], hidden_bias=True, output_bias=True)
    at = DeepPoint.of(problem, problem.point)
    assert not any(layer.dead for layer in at.layers)
    assert decide(problem).kind == "not_local_minimum"


def test_look_alikes_of_a_saddle_are_minima():
    for x, y, activation in ([[[1], [-1]], [1, -1], "abs"], [[[0]], [1], "relu"]):
        problem = network(x, y, [[[0]], [[0]], [[0]]], activation=activation)
        assert decide(problem).kind == "local_minimum"


def test_the_origin_of_a_chain_is_a_saddle_of_its_depth():
    for depth in (2, 3):
        found = decide(network([[1]], [1], [[[0]]] * (depth + 1)))
        assert (found.kind, found.argument) == (
            "not_local_minimum",
            "curve" if len(found.curve) > 1 else found.argument,
        )
        low = next(k for k, q in enumerate(found.polynomial) if q)
        assert low >= depth + 1


REDUCED = (
    {"bias": True},
    {"bias": True, "outputs": 1},
    {"activation": "linear", "freeze": True},
    {"activation": "leaky_relu(1/2)", "bias": True},
)


@pytest.mark.parametrize("options", REDUCED, ids=str)
def test_rungs_that_accept_one_point_agree_and_smaller_networks_say_the_same(options):
    rungs = [rung for rung in LADDER if rung.name not in ("germ_curves", "unrolled")]
    seen, rested = Counter(), Counter()
    for seed in range(70):
        problem = case(random.Random(f"{options}{seed}"), **options)
        kinds = set()
        for rung in rungs:
            if rung.accepts(problem) is not None:
                continue
            found = rung.decide(problem, problem.point)
            if found.kind == "undecided":
                continue
            kinds.add(found.kind)
            seen[rung.name, str(found.kind)] += 1
            assert outcome(found.certificate.to_json()).startswith("accepted: "), (seed, rung.name)
            if found.kind == "local_minimum" and rung.name in ("fixed_features", "merged_layer"):
                assert germ_descent(problem, problem.point, count=1024, seed=9) is None, (seed, rung.name)
                rested[rung.name] += 1
        assert len(kinds) < 2, seed
    for name in ("fixed_features", "merged_layer"):
        assert seen[name, "not_local_minimum"] >= 5
    assert sum(rested.values()) >= 3


def test_full_column_rank_without_its_slopes_lifts_no_descent():
    """X = I: the merged network descends and the network itself does not, though W has full column rank (D4)."""
    weights = [[[1, 1], [-1, -2]], [[1, 0], [0, 0]]]
    problem = network([[1, 0], [0, 1]], [[1, "-1/2"], [1, "1/2"]], weights)
    merged = next(rung for rung in LADDER if rung.name == "merged_layer")
    assert decide(problem).kind != "not_local_minimum"
    assert merged.decide(problem, problem.point).kind == "undecided"
    assert germ_descent(problem, problem.point, count=20000, seed=3) is None


def test_nothing_trained_below_is_the_network_behind():
    """Frozen first layers of a deep linear network: the rest, with their outputs as data, is decided completely."""
    tables = {
        "data": {"x": [[1, 0], [0, 1]], "y": [[2, 0], [0, 3]]},
        "network": {"widths": [2, 1], "activation": "linear", "hidden_bias": False, "output_bias": False},
        "train": {"hidden": [False, True]},
        "point": {"weights": [[[1, 0], [0, 1]], [[2, 0]], [[1], [0]]]},
    }
    found = decide(problem_from_mapping(tables))
    assert (found.kind, found.tries[-1].rung) == ("not_local_minimum", "fixed_features")
    tables["data"]["y"] = [[2, 0], [0, 1]]
    found = decide(problem_from_mapping(tables))
    assert (found.kind, found.tries[-1].rung) == ("local_minimum", "unrolled_faces")
    assert outcome(found.certificate.to_json()).startswith("accepted: ")


def test_the_hessian_is_that_of_the_loss_along_lines():
    seen = Counter()
    rung = next(rung for rung in LADDER if rung.name == "smooth_point")
    for seed in range(160):
        rng = random.Random(seed)
        problem = case(rng, bias=True, freeze=seed % 3 == 0, loss=("squared", "huber(2)")[seed % 2])
        second = SecondOrder(DeepPoint.of(problem, problem.point))
        if not second.smooth:
            assert rung.decide(problem, problem.point).kind == "undecided"
            continue
        for _ in range(3):
            x = [rng.randint(-2, 2) for _ in second.parameters]
            along = [*loss_along(problem, problem.point, (second.direction(x),)).change, 0, 0, 0]
            rows = second.hessian
            value = sum(x[i] * rows[i][j] * x[j] for i in range(len(x)) for j in range(len(x)))
            assert 2 * along[2] == problem.weight * value, seed
        found = rung.decide(problem, problem.point)
        seen[str(found.kind)] += 1
        if found.kind == "not_local_minimum":
            assert outcome(found.certificate.to_json()).startswith("accepted: ")
    assert min(seen.values()) >= 5


def test_a_narrow_cone_of_descent_at_a_smooth_point():
    """X = I: the unit fits the smaller of two singular values, 1 and 1001/1000; its middle layer is frozen."""
    tables = {
        "data": {"x": [[1, 0], [0, 1]], "y": [[1, 0], [0, "1001/1000"]]},
        "network": {"widths": [1, 1], "activation": "linear", "hidden_bias": False, "output_bias": False},
        "train": {"hidden": [True, False]},
        "point": {"weights": [[[1, 0]], [[1]], [[1], [0]]]},
    }
    found = decide(problem_from_mapping(tables))
    assert found.kind == "not_local_minimum"
    assert found.argument == "second_order"


def test_a_dead_layer_says_what_would_revive_it():
    """z = -3, -7/2 and -1/2, -1 over two units and two data points: unit 1 at data point 0 is the nearest."""
    tables = {
        "data": {"x": [[0], [1]], "y": [0, 1]},
        "network": {"widths": [2, 1], "hidden_bias": [True, False]},
        "point": {"weights": [[["-1/2"], ["-1/2"]], [[1, 1]], [[1]]], "biases": [[-3, "-1/2"], [], [0]]},
    }
    problem = problem_from_mapping(tables)
    dead = dead_layers(problem, problem.point)
    assert len(dead) == 1
    assert dead[0].endswith("The least that revives it is a bias raised by more than 1/2 (unit 1, data point 0)")
    revived = tables["point"] | {"biases": [[-3, "1/1000"], [], [0]]}
    assert dead_layers(problem, problem_from_mapping({**tables, "point": revived}).point) == ()
    frozen = problem_from_mapping({**tables, "train": {"hidden_bias": False}})
    assert dead_layers(frozen, frozen.point)[0].endswith("by its weights or the layers below")


def test_a_large_network_is_refused_by_name_or_decided_by_its_last_layer():
    """What takes too long is not begun: forms of all parameters, unrolled copies, curves."""
    rng = random.Random(1)
    for width, kind in ((20, "not_local_minimum"), (160, "undecided")):
        weights = [[[rng.randint(-9, 9) for _ in range(4)] for _ in range(width)]]
        weights.append([[rng.randint(-9, 9) for _ in range(width)] for _ in range(width)])
        weights.append([[rng.randint(-9, 9) for _ in range(width)]])
        found = decide(network([[t, 1, -t, 2] for t in range(12)], [t % 3 for t in range(12)], weights))
        assert found.kind == kind
        if kind == "undecided":
            assert found.outside.reason == "316800 products a forward pass"
