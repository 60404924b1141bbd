"""Refutations at any depth: polynomial curves, replayed by the checker and by plain evaluation."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

import pytest
from damage import outcome
from deep_problems import case

import exactgeo as eg
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum.along import descent_along, loss_along
from exactgeo.local_minimum.deep.germs import germ_descent
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.problem import Direction


def test_a_refutation_by_germs_is_accepted_and_the_loss_falls_at_every_step():
    seen = Counter()
    for seed in range(60):
        problem = case(random.Random(seed), freeze=seed % 3 == 0, loss=("squared", "huber(1)")[seed % 2])
        found = germ_descent(problem, problem.point, count=512)
        if found is None:
            continue
        seen[found.argument] += 1
        assert outcome(found.certificate.to_json()).startswith("accepted: ")
        for k in range(4):
            step = found.step / 3**k
            change = sum(q * step**power for power, q in enumerate(found.polynomial))
            assert problem.loss_at(found.claim.at(step)) == found.loss + change < found.loss
    assert len(seen) >= 2
    assert sum(seen.values()) > 20


def test_the_loss_along_any_curve_is_that_of_plain_evaluation():
    for seed in range(60):
        rng = random.Random(seed)
        problem = case(rng, freeze=seed % 3 == 0)
        point = problem.point

        def way(like, trained, rng=rng):
            return tuple(tuple(Fraction(rng.randint(-2, 2)) if trained else Fraction(0) for _ in row) for row in like)

        def direction(problem=problem, point=point, way=way):
            train = problem.train
            weights = tuple(way(w, t) for w, t in zip(point.weights, train.weights, strict=True))
            return Direction(weights, way(point.biases, False))

        curve = (direction(), direction(), direction())
        found = loss_along(problem, point, curve)
        step = found.step
        moved = point
        for power, d in enumerate(curve, 1):
            moved = moved.moved(d, step**power)
        assert problem.loss_at(moved) == problem.loss_at(point) + sum(q * step**k for k, q in enumerate(found.change))


def chain(depth: int, activation: str = "linear"):
    """x = 1, y = 1, one unit a layer, all weights 0: a saddle of order depth + 1."""
    return problem_from_mapping(
        {
            "data": {"x": [[1]], "y": [1]},
            "network": {"widths": [1] * depth, "activation": activation, "hidden_bias": False, "output_bias": False},
            "point": {"weights": [[[0]]] * (depth + 1)},
        }
    )


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_origin_falls_at_the_order_of_its_depth_and_no_sooner(depth):
    """Along a line with all weights the loss changes at order depth + 1; with one weight at rest not at all."""
    problem = chain(depth, "relu")
    ones = tuple(((Fraction(1),),) for _ in range(depth + 1))
    line = (Direction(ones, ((),) * (depth + 1)),)
    found = loss_along(problem, problem.point, line)
    assert found.lead == depth + 1
    still = (Direction((*ones[:-1], ((Fraction(0),),)), ((),) * (depth + 1)),)
    assert descent_along(problem, problem.point, Fraction(1), still) is None
    germ = germ_descent(problem, problem.point)
    assert germ is not None
    assert germ.step > 0


def test_no_germ_refutes_a_look_alike():
    """|x| at the origin with antisymmetric targets: the saddle of order 3 that is none; and x = 0."""
    tables = {
        "data": {"x": [[1], [-1]], "y": [1, -1]},
        "network": {"widths": [1, 1], "activation": "abs", "hidden_bias": False, "output_bias": False},
        "point": {"weights": [[[0]], [[0]], [[0]]]},
    }
    assert germ_descent(problem_from_mapping(tables), eg.load(tables).point) is None
    tables["data"] = {"x": [[0]], "y": [1]}
    assert germ_descent(problem_from_mapping(tables), eg.load(tables).point) is None


def test_the_layers_of_a_point():
    problem = problem_from_mapping(
        {
            "data": {"x": [[1], [-1]], "y": [[1, 0], [2, 0]]},
            "network": {"widths": [2, 1], "hidden_bias": [True, False], "output_bias": True},
            "point": {"weights": [[[1], [0]], [[1, -1]], [[1], [2]]], "biases": [[0, -3], [], [0, 1]]},
        }
    )
    at = DeepPoint.of(problem, problem.point)
    assert at.predictions == ((1, 0), (3, 1))
    assert at.gradient == ((0, -4), (6, 2))
    assert list(at.kinks()) == [(1, 0, 1)]
    assert [layer.dead for layer in at.layers] == [False, False]
    assert [layer.single for layer in at.layers] == [None, None]
    # Pre-activation 1 of the second layer moves by 2 (1 + r) 2 r + r within r: 1/8 is near enough, 1/4 is not.
    assert at.radius() == Fraction(1, 8)
    assert not at.holds(Fraction(1, 4))
