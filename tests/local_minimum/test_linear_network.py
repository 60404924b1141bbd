"""Deep linear networks: against the best approximation of the least rank, in floats, and against random curves."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from damage import outcome
from deep_problems import case

import exactgeo as eg
from exactgeo.exact.quadratic_form import negative_vector
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import decide
from exactgeo.local_minimum.deep.germs import germ_descent
from exactgeo.local_minimum.deep.linear import LinearNetwork
from exactgeo.problem import scope


def least_loss(problem) -> float:
    """The least loss of all R of rank at most the least width, by singular values."""
    x = np.array([[float(q) for q in row] for row in problem.x]).T
    y = np.array([[float(q) for q in row] for row in problem.y]).T
    net = problem.network
    if net.output_bias and problem.train.output_bias:
        x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    elif net.hidden_bias and net.hidden_bias[0]:
        x = np.vstack([x, np.ones(len(problem.x))])
    if net.output_bias and not problem.train.output_bias:
        y = y - np.array([[float(q)] for q in problem.point.biases[-1]])
    onto = np.linalg.pinv(x) @ x
    singular = np.linalg.svd(y @ onto, compute_uv=False)
    rank = min([*net.widths, len(singular)])
    total = float(np.sum((y - y @ onto) ** 2) + np.sum(singular[rank:] ** 2))
    return total * float(problem.weight)


def cases(count: int):
    for seed in range(count):
        rng = random.Random(f"linear {seed}")
        options = {"outputs": rng.choice([1, 2, 2, 3]), "bias": seed % 3 == 0}
        problem = case(rng, activation="linear", **options)
        if scope.linear_network(problem) is None:
            yield seed, problem


def test_a_point_is_a_minimum_iff_no_parameters_are_better():
    """The theorem says more than is asked: local minima are global. Every class occurs."""
    seen = Counter()
    for seed, problem in cases(700):
        found = decide(problem)
        net, loss = LinearNetwork(problem, problem.point), float(problem.loss_at(problem.point))
        assert found.tries[-1].rung == "linear_network"
        text = found.certificate.to_json()
        assert outcome(text).startswith("accepted: "), (seed, outcome(text))
        best = least_loss(problem)
        if found.kind == "local_minimum":
            assert loss == pytest.approx(best, abs=1e-7), seed
            assert germ_descent(problem, problem.point, count=512, seed=seed) is None
            seen["fit" if net.optimal else "form"] += 1
        else:
            assert found.kind == "not_local_minimum"
            assert loss > best - 1e-7
            lead = next(k for k, q in enumerate(found.polynomial) if q)
            deficient = len(net.factors) > 1 and not net.optimal and lead > 2
            seen["degenerate" if deficient else f"order {lead}"] += 1
    assert min(seen[key] for key in ("fit", "form", "degenerate", "order 1", "order 2")) >= 5, seen


def bottleneck(gap: int, *, x=None, bias: bool = False):
    """Y = diag(2, 2 - gap) through one unit that fits its first coordinate: a minimum for gap >= 0, a tie at 0."""
    weights = [[[2, 0]], [[1], [0]]]
    tables = {
        "data": {"x": x or [[1, 0], [0, 1]], "y": [[2, 0], [0, f"{20 - gap}/10"]]},
        "network": {"widths": [1], "activation": "linear", "hidden_bias": False, "output_bias": bias},
        "point": {"weights": weights},
    }
    return problem_from_mapping(tables)


@pytest.mark.parametrize(("gap", "kind"), [(1, "local_minimum"), (0, "local_minimum"), (-1, "not_local_minimum")])
def test_equal_singular_values_are_minima(gap, kind):
    verdict = eg.certify(bottleneck(gap))
    assert (verdict.kind, verdict.rung) == (kind, "linear_network" if kind == "local_minimum" else "second_order")
    assert verdict.globality == ("global" if kind == "local_minimum" else "spurious")


def test_the_rank_of_the_weights_is_not_that_of_the_predictions():
    """R has full rank and R X has not; and the rank of X counts as a width: then G = 0 decides."""
    tables = {
        "data": {"x": [[0, 1], [0, 2]], "y": [[1, 0], [0, 1]]},
        "network": {"widths": [1], "activation": "linear", "hidden_bias": False, "output_bias": False},
        "point": {"weights": [[[1, 0]], [[1], [1]]]},
    }
    assert decide(problem_from_mapping(tables)).kind == "not_local_minimum"
    tables["point"] = {"weights": [[[5, 1]], [["1/5"], ["2/5"]]]}
    found = decide(problem_from_mapping(tables))
    assert (found.kind, found.loss) == ("local_minimum", 1)


def test_all_weights_zero_descend_at_the_order_of_the_depth():
    for depth in (1, 2, 3, 4):
        tables = {
            "data": {"x": [[1], [2]], "y": [[1, 0], [2, 1]]},
            "network": {"widths": [2] * depth, "activation": "linear", "hidden_bias": False, "output_bias": True},
            "point": {"weights": [[[0]] * 2, *[[[0, 0]] * 2] * depth], "biases": [*[[]] * depth, ["3/2", "1/2"]]},
        }
        found = decide(problem_from_mapping(tables))
        assert found.kind == "not_local_minimum"
        assert outcome(found.certificate.to_json()).startswith("accepted: ")


def test_a_form_with_a_negative_value_says_where():
    rng, seen = random.Random(3), Counter()
    for _ in range(300):
        size, rank = rng.randint(1, 4), rng.randint(1, 4)
        rows = [[Fraction(rng.randint(-2, 2)) for _ in range(size)] for _ in range(rank)]
        signs = [rng.choice((1, 1, 1, -1)) for _ in range(rank)]
        form = [
            [sum(s * row[i] * row[j] for s, row in zip(signs, rows, strict=True)) for j in range(size)]
            for i in range(size)
        ]
        x = negative_vector(form)
        least = float(np.linalg.eigvalsh(np.array(form, dtype=float)).min())
        assert (x is None) == (least > -1e-9)
        if x is not None:
            assert sum(x[i] * form[i][j] * x[j] for i in range(size) for j in range(size)) < 0
        seen[x is None] += 1
    assert min(seen.values()) > 50
