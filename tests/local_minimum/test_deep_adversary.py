"""An adversary for minima of deep networks: germ curves of other seeds and projected descents in floats, in small boxes.

Each refutation is replayed by the checker. A few points of each family at every run, hundreds with ``-m slow``.
"""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

import pytest
from damage import outcome
from deep_problems import case
from small_boxes import falls

from exactgeo.exact.lp import Multipliers, cone_member
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import LADDER, decide
from exactgeo.local_minimum.deep.cells import unrolled_model
from exactgeo.local_minimum.deep.germs import germ_descent
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.vector.units import Model
from exactgeo.local_minimum.vector.work import TooLarge, Work

FAMILIES = {
    "one output": {"outputs": 1},
    "two outputs": {"outputs": 2},
    "three outputs": {"outputs": 3},
    "frozen": {"freeze": True},
    "mixed": {"mixed": True},
    "bent outputs": {"mixed": True, "bent": True},
    "biases": {"bias": True, "outputs": 2, "mixed": True},
    "chains": {"widths": [2, 1, 1], "outputs": 1},
    "chains with two outputs": {"widths": [2, 1, 1], "outputs": 2},
    "linear": {"activation": "linear"},
    "three layers": {"depth": 3, "outputs": 2},
    "huber": {"loss": "huber(1)", "outputs": 2},
}


def attack(family: str, seeds: range) -> Counter:
    seen = Counter()
    for seed in seeds:
        problem = case(random.Random(f"adversary {family} {seed}"), **FAMILIES[family])
        found = decide(problem, strictness=False)
        seen[str(found.kind)] += 1
        if found.kind == "undecided":
            continue
        assert outcome(found.certificate.to_json()).startswith("accepted: "), seed
        if found.kind == "local_minimum":
            radius = getattr(found.claim, "radius", None)
            assert not falls(problem, 1.0 if radius is None else float(radius), seed), seed
            for other in (1, 2):
                assert germ_descent(problem, problem.point, count=2048, seed=1000 * other + seed) is None, seed
    return seen


@pytest.mark.parametrize("family", FAMILIES)
def test_minima_survive(family):
    assert attack(family, range(10))["undecided"] <= 3


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_hundreds_of_minima_survive(family):
    seen = attack(family, range(10, 310))
    assert min(seen["local_minimum"], seen["not_local_minimum"]) >= 50
    assert seen["undecided"] <= 20


def test_the_adversary_finds_what_is_no_minimum():
    """Points that are refuted at second order or later fall in every small box as well."""
    found = 0
    for seed in range(400):
        problem = case(random.Random(f"fall {seed}"), outputs=2)
        answer = decide(problem, strictness=False)
        if answer.kind == "not_local_minimum" and answer.argument in ("first_order", "second_order"):
            found += falls(problem, 1.0, seed)
        if found > 10:
            return
    raise AssertionError(found)


# -- named traps --


def network(x, y, weights, biases=None, **tables):
    net = {"widths": [len(matrix) for matrix in weights[:-1]], "hidden_bias": False, "output_bias": False}
    return problem_from_mapping(
        {
            "data": {"x": x, "y": y},
            "network": net | tables.pop("network", {}),
            "point": {"weights": weights, **({"biases": biases} if biases else {})},
            **tables,
        }
    )


def test_first_weights_0_are_decided_by_one_sided_derivatives():
    """h = 0 for all data, every unit on its kink: which side a move takes decides."""
    problem = network([[1], [2]], [1, 2], [[[0]], [[1]], [[1]]])
    found = decide(problem)
    assert (found.kind, found.argument) == ("not_local_minimum", "first_order")
    assert found.direction.weights[0][0][0] > 0
    against = decide(network([[1], [2]], [-1, -2], [[[0]], [[1]], [[1]]]))
    assert (against.kind, against.tries[-1].rung) == ("local_minimum", "unrolled")


def test_shared_units_fail_on_their_tree_and_are_minima_all_the_same():
    """Two units of the second layer that share the first: copies do what the unit cannot, which proves nothing."""
    unrolled = next(rung for rung in LADDER if rung.name == "unrolled")
    for seed in ("sh47", "sh205"):
        problem = case(random.Random(seed), widths=[1, 2], outputs=1)
        assert "which proves nothing" in unrolled.decide(problem, problem.point).outside.reason
        found = decide(problem, strictness=False)
        assert (found.kind, found.tries[-1].rung) == ("local_minimum", "merged_layer")
        assert not falls(problem, 1.0, 1)


def test_the_look_alike_of_a_third_order_saddle_is_a_minimum():
    """|x| at the origin with antisymmetric targets: predictions are even in x, so <r, dp> = 0 and L grows by |dp|^2."""
    problem = network([[1], [-1]], [1, -1], [[[0]], [[0]], [[0]]], network={"activation": "abs"})
    found = decide(problem)
    assert (found.kind, found.tries[-1].rung) == ("local_minimum", "unrolled")
    assert outcome(found.certificate.to_json()).startswith("accepted: ")
    assert germ_descent(problem, problem.point, count=4096, seed=5) is None
    assert not falls(problem, 1.0, 1)


def test_a_small_biased_target_is_no_look_alike():
    problem = network([[1], [-1]], [1, "-999/1000"], [[[0]], [[0]], [[0]]], network={"activation": "abs"})
    assert decide(problem).kind == "not_local_minimum"


def test_dead_units_that_depend_on_each_other_prove_nothing_by_determinants():
    """Two last units with equal outputs: outputs of loud units are dependent, and a form that is 0 is no proof."""
    rung = next(rung for rung in LADDER if rung.name == "unrolled_faces")
    seen = Counter()
    for seed in range(200):
        problem = case(random.Random(f"equal {seed}"), widths=[2, 2], outputs=2)
        tables = problem.to_dict()
        second = tables["point"]["weights"][1]
        second[1] = list(second[0])
        if tables["point"]["biases"][1]:
            tables["point"]["biases"][1][1] = tables["point"]["biases"][1][0]
        problem = problem_from_mapping(tables)
        found = rung.decide(problem, problem.point)
        seen[str(found.kind)] += 1
        if found.kind == "local_minimum":
            assert germ_descent(problem, problem.point, count=2048, seed=seed) is None, seed
            assert outcome(found.certificate.to_json()).startswith("accepted: ")
    assert seen["undecided"] > 100


# -- cones of unrolled units --


def nested_change(at: DeepPoint, i: int, rng: random.Random) -> list[Fraction]:
    """How a random move of all below changes the outputs of a unit of the last hidden layer, to first order."""
    moves = [[Fraction(0)] * at.problem.m for _ in at.columns]
    for layer in at.layers:
        inputs, below = at.inputs_of(layer.index), moves
        moves = []
        for unit in range(layer.width):
            row = [Fraction(0)] * at.problem.m
            for j, w in enumerate(layer.weights[unit]):
                own = rng.randint(-2, 2) if layer.trains else 0
                row = [q + own * inputs[j][t] + w * below[j][t] for t, q in enumerate(row)]
            shift = rng.randint(-2, 2) if layer.trains_bias else 0
            up, down = layer.slopes
            z = [q + shift for q in row]
            slopes = [
                s if s is not None else (up if q > 0 else down) for s, q in zip(layer.slope[unit], z, strict=True)
            ]
            moves.append([s * q for s, q in zip(slopes, z, strict=True)])
    return moves[i]


def within(vector, cone) -> bool:
    """Whether a vector is a line plus a nonnegative combination of rays, by the exact linear program."""
    generators = [*cone.rays, *cone.lines, *(tuple(-q for q in line) for line in cone.lines)]
    return isinstance(cone_member(list(vector), [list(g) for g in generators]), Multipliers)


def test_every_move_is_in_some_cone_of_its_unit():
    seen = 0
    for seed in range(60):
        problem = case(random.Random(f"cones {seed}"), outputs=2, mixed=seed % 2 == 0)
        at = DeepPoint.of(problem, problem.point)
        if len(at.layers) < 2:
            continue
        try:
            model = unrolled_model(at, Work(at))
        except TooLarge:
            continue
        if not isinstance(model, Model):
            continue
        rng = random.Random(seed)
        for i in range(at.layers[-1].width):
            for _ in range(4):
                change = nested_change(at, i, rng)
                assert any(within(change, cone) for cone in model.units[i].cones), seed
                seen += 1
    assert seen > 60
