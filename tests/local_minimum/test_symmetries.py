"""Minima off all kinks: symmetries of the loss, and the one line more on which the splitting lemma decides (D5)."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from itertools import islice

import pytest
from balanced import balanced
from damage import outcome
from deep_problems import case

from exactgeo.exact.vectors import dot
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import LADDER, decide
from exactgeo.local_minimum.along import descent_along, loss_along
from exactgeo.local_minimum.deep.germs import germ_descent
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.deep.second_order import SecondOrder
from exactgeo.local_minimum.deep.splitting import Splitting
from exactgeo.local_minimum.deep.symmetry import Symmetries

RUNG = next(rung for rung in LADDER if rung.name == "smooth_point")
OPTIONS = {"bias": True, "freeze": True, "mixed": True}


def smooth(count: int, **options):
    """Smooth points of random networks."""
    for seed in range(count):
        problem = case(random.Random(f"smooth {seed}"), **options)
        second = SecondOrder(DeepPoint.of(problem, problem.point)) if RUNG.accepts(problem) is None else None
        if second is not None and second.smooth and second.parameters:
            yield seed, problem, second


def test_the_gradient_is_that_of_the_loss_along_lines():
    for seed, problem, second in smooth(60, **OPTIONS):
        rng = random.Random(seed)
        x = [rng.randint(-2, 2) for _ in second.parameters]
        change = [*loss_along(problem, problem.point, (second.direction(x),)).change, 0, 0]
        assert change[1] == problem.weight * dot(second.gradient, x), seed


@pytest.mark.parametrize(
    "options", [OPTIONS, {"outputs": 2, "bias": True}, {"activation": "linear", "freeze": True}], ids=str
)
def test_along_a_symmetry_no_prediction_changes_and_gradients_stay_orthogonal(options):
    """At the point, and at points nearby, where a symmetry is computed anew: it is a field."""
    seen = 0
    for seed, problem, second in smooth(90, **options):
        rng, start = random.Random(seed), DeepPoint.of(problem, problem.point)
        step = start.radius() / 4
        away = second.direction([rng.randint(-1, 1) for _ in second.parameters])
        for point in (problem.point, problem.point.moved(away, step)):
            there = SecondOrder(DeepPoint.of(problem, point))
            for vector in Symmetries(there).vectors:
                seen += 1
                changes = loss_along(problem, point, (there.direction(vector),)).change
                assert len(changes) < 2 or changes[1] == 0, seed
    assert seen > 300


def test_minima_by_symmetries_survive_and_count_the_kernel():
    seen = Counter()
    for seed, problem, second in smooth(260, **OPTIONS):
        found = RUNG.decide(problem, problem.point)
        seen[str(found.kind)] += 1
        if found.kind == "undecided":
            continue
        assert outcome(found.certificate.to_json()).startswith("accepted: "), seed
        if found.kind == "local_minimum":
            assert germ_descent(problem, problem.point, count=1024, seed=seed + 1) is None, seed
            lines = Splitting(second, Symmetries(second).vectors).lines
            assert (lines == 1) == bool(found.claim.curve)
    assert min(seen["local_minimum"], seen["not_local_minimum"]) >= 20


def test_the_rescalings_are_symmetries_and_a_frozen_layer_has_none():
    tables = {
        "data": {"x": [[1], [1]], "y": [[1, 0], [-1, 0]]},
        "network": {"widths": [1], "hidden_bias": False, "output_bias": False},
        "point": {"weights": [[[1]], [[0], [0]]]},
    }
    problem = problem_from_mapping(tables)
    second = SecondOrder(DeepPoint.of(problem, problem.point))
    assert Symmetries(second).vectors == [(1, 0, 0)]
    assert RUNG.decide(problem, problem.point).kind == "local_minimum"
    frozen = problem_from_mapping({**tables, "train": {"hidden": [False]}})
    assert Symmetries(SecondOrder(DeepPoint.of(frozen, frozen.point))).vectors == []


def test_equal_predictions_need_not_be_critical():
    """p = u (x + b) with the output weight u = 0: b moves nothing, and elsewhere on that line u descends."""
    tables = {
        "data": {"x": [[1], [3]], "y": [3, -1]},
        "network": {"widths": [1, 1], "activation": "linear", "hidden_bias": [True, False], "output_bias": False},
        "train": {"hidden": [False, True], "output": False},
        "point": {"weights": [[[1]], [[0]], [[1]]], "biases": [[0], [], []]},
    }
    problem = problem_from_mapping(tables)
    second = SecondOrder(DeepPoint.of(problem, problem.point))
    assert second.gradient == (0, 0)
    found = decide(problem)
    assert (found.kind, found.argument) == ("not_local_minimum", "second_order")


def _orders(problems) -> Counter:
    seen = Counter()
    for problem in problems:
        found = RUNG.decide(problem, problem.point)
        assert outcome(found.certificate.to_json()).startswith("accepted: ")
        low = next(k for k, q in enumerate(
            loss_along(problem, problem.point, found.claim.curve).change if found.kind == "local_minimum" else found.polynomial
        ) if q)  # fmt: skip
        seen[str(found.kind), low] += 1
        if found.kind == "local_minimum":
            assert germ_descent(problem, problem.point, count=512, seed=1) is None
            for way in (found.claim.curve, [q if k % 2 else q.turned for k, q in enumerate(found.claim.curve)]):
                assert descent_along(problem, problem.point, found.loss, way) is None
    return seen


def test_points_that_are_decided_at_third_and_fourth_order():
    seen = _orders(islice(balanced(), 0, None, 12))
    assert set(seen) == {("local_minimum", 4), ("not_local_minimum", 3), ("not_local_minimum", 4)}


@pytest.mark.slow
def test_all_of_them():
    seen = _orders(balanced())
    assert min(seen.values()) >= 10
    assert sum(seen.values()) > 200


def test_a_tie_moved_by_a_thousandth_is_decided_by_its_hessian():
    problem = next(balanced((1,)))
    assert RUNG.decide(problem, problem.point).claim.curve
    for factor, kind in (("999/1000", "local_minimum"), ("1001/1000", "not_local_minimum")):
        tables = problem.to_dict()
        for row in tables["data"]["y"]:
            row[1:] = [str(Fraction(q) * Fraction(factor)) for q in row[1:]]
        moved = problem_from_mapping(tables)
        found = RUNG.decide(moved, moved.point)
        assert found.kind == kind
        if kind == "local_minimum":
            assert found.claim.curve == ()
        else:
            assert found.argument == "second_order"
