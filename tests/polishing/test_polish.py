"""From floats to a certified minimum: trained networks, both radii, walks across kinks."""

from __future__ import annotations

import json
from fractions import Fraction as F

import numpy as np
import pytest

import exactgeo as eg
from exactgeo.polishing import polish, safe_decimal
from exactgeo.polishing.cell import Cell, pattern_of
from exactgeo.polishing.none_within import none_within
from exactgeo.polishing.optimum import minimise_on
from exactgeo.problem import Point

XOR = ([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
# Data of a few digits, as one prints them: with 53 bits a datum the numbers of a minimum are 17 times as long.
SINE = ([[F(t, 6) - 1] for t in range(13)], [F(round(1000 * np.sin(3 * (t / 6 - 1))), 1000) for t in range(13)])


def trained(x, y, width, seed, steps=4000, rate=0.05, *, hidden_bias=True, output_bias=True):
    """Plain gradient descent of the mean squared error in numpy."""
    rng = np.random.default_rng(seed)
    X, Y = np.array(x, float), np.array(y, float)
    W, b = rng.normal(size=(width, X.shape[1])), 0.1 * rng.normal(size=width) * hidden_bias
    v, c = rng.normal(size=width), 0.0
    for _ in range(steps):
        z = X @ W.T + b
        a = np.maximum(z, 0)
        r = (a @ v + c - Y) * 2 / len(Y)
        g = np.outer(r, v) * (z > 0)
        W, v = W - rate * g.T @ X, v - rate * a.T @ r
        b, c = b - rate * g.sum(0) * hidden_bias, c - rate * r.sum() * output_bias
    biases = [b if hidden_bias else None, np.array([c]) if output_bias else None]
    return eg.from_arrays(x, y, [W, v[None, :]], biases, reduction="mean")


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("data", [XOR, SINE], ids=["xor", "sine"])
def test_every_trained_network_ends_in_a_certified_minimum(data, seed, tmp_path):
    problem = trained(*data, 2 + seed % 2, seed)
    found = polish(problem, problem.point)
    assert found.status == "exact", found.reason
    assert found.verdict.kind == "local_minimum"
    assert found.loss <= found.loss_before
    assert found.verdict.point == found.point
    path = tmp_path / "c.json"
    found.verdict.certificate.write(path)
    assert eg.check(path).accepted
    # The two radii cannot contradict each other: a minimum within one_within is none within none_within.
    assert found.none_within <= found.one_within


@pytest.mark.parametrize("seed", range(4))
def test_the_minimum_of_a_cell_is_not_beaten_in_it(seed):
    problem = trained(*SINE, 3, seed, steps=500)
    start = problem.point
    cell = Cell.of(problem, start, pattern_of(problem, start))
    assert cell.point_at(cell.values_at(start)) == start
    values = minimise_on(cell)
    lowest = problem.loss_at(cell.point_at(values))
    rng = np.random.default_rng(seed)
    ours = cell.values_at(start)
    for _ in range(50):
        # Between the minimiser and other points of the closed cell, at several scales.
        scale = F(1, 10 ** int(rng.integers(0, 9)))
        other = tuple(q + F(int(rng.integers(-9, 10)), 90) * abs(q) for q in ours)
        moved = tuple(p + scale * (q - p) for p, q in zip(values, other, strict=True))
        inside = all(
            sum(a * q for a, q in zip(row, moved, strict=True)) >= bound
            for row, bound in zip(cell.constraints, cell.bounds, strict=True)
        )
        if inside:
            assert problem.loss_at(cell.point_at(moved)) >= lowest


def test_frozen_blocks_stay():
    problem = trained(*XOR, 3, 1, steps=800)
    for train in ({"output": False}, {"output_bias": False}, {"hidden": False, "hidden_bias": False}):
        tables = problem.to_dict()
        frozen = eg.load({**tables, "train": {**tables["train"], **train}})
        found = eg.polish(frozen)
        assert found.status == "exact"
        before, after = frozen.point, found.point
        if "output" in train:
            assert after.weights[1] == before.weights[1]
        if "output_bias" in train:
            assert after.biases[1] == before.biases[1]
        if "hidden" in train:
            assert (after.weights[0], after.biases[0]) == (before.weights[0], before.biases[0])


def test_no_local_minimum_lies_within_the_first_radius():
    for seed in range(3):
        problem = trained(*XOR, 2, seed, steps=300)
        radius = none_within(problem, problem.point)
        assert radius > 0
        rng = np.random.default_rng(seed)
        for _ in range(20):
            moved = inside(problem.point, radius, rng)
            assert eg.certify(problem, moved, time_limit=0).kind == "not_local_minimum"


def inside(point, radius, rng):
    def near(q):
        return q + radius * F(int(rng.integers(-1000, 1001)), 1000)

    return Point(
        tuple(tuple(tuple(near(q) for q in row) for row in m) for m in point.weights),
        tuple(tuple(near(q) for q in row) for row in point.biases),
    )


def test_the_first_radius_is_nothing_at_a_minimum():
    problem = eg.load("swirszcz-prop1")
    assert none_within(problem, problem.point) == 0
    found = polish(problem, problem.point)
    assert (found.point, found.moved, found.loss) == (problem.point, 0, 18)


def test_the_first_radius_is_not_far_too_small():
    # One unit, one datum: dL/dv = 2 (v w - 1) w at w = v = 2 is positive while both stay above 1. Products of
    # intervals by their middles lose the rest.
    problem = eg.from_arrays([[1]], [1], [[[F(2)]], [[F(2)]]])
    assert F(2, 5) < none_within(problem, problem.point) <= 1


def test_a_time_limit_of_nothing_says_so():
    problem = trained(*SINE, 3, 0, steps=10)
    found = polish(problem, problem.point, time_limit=-1)
    assert found.status == "undecided"
    assert "time-limit" in found.reason
    assert found.one_within is None


def test_out_of_scope_is_named():
    for options, reason in (
        ({"l1": "1/10"}, "the key l1"),
        ({"loss": "absolute", "l2": "1/10"}, r"under a \[penalty\]"),
        ({"widths": [1, 1]}, "2 hidden layers"),
        ({"train": {"hidden_bias": False}}, "partly frozen"),
        ({"loss": "cross_entropy", "l2": "1/10"}, "2 outputs"),
    ):
        deep, two = "widths" in options, options.get("loss") == "cross_entropy"
        tables = {
            "data": {"x": [[1]], "y": [1]},
            "network": {"widths": options.get("widths", [1]), "outputs": 1 + two},
            "loss": {"kind": options.get("loss", "squared")},
            "train": options.get("train", {}),
            "point": {
                "weights": [[["1"]], *([[["1"]]] if deep else []), [["1"]] * (1 + two)],
                "biases": [["1"], *([["1"]] if deep else []), ["0"] * (1 + two)],
            },
        }
        penalty = {key: options[key] for key in ("l1", "l2") if key in options}
        problem = eg.load({**tables, "penalty": penalty} if penalty else tables)
        with pytest.raises(eg.OutOfScope, match=reason):
            eg.polish(problem)


def test_decimals_are_rounded_to_the_safe_side():
    for value in (F(1, 3), F(2, 3) * 10**20, F(999999, 10**9), F(1), F(10) ** -40):
        down, up = (F(safe_decimal(value, up=up)) for up in (False, True))
        assert down <= value <= up
        assert up - down <= value / 50
    assert safe_decimal(F(9999, 10), up=True) == "1.00e3"


def test_scikit_learn_ends_in_certified_minima():
    network = pytest.importorskip("sklearn.neural_network")
    import warnings

    X, y = np.array(SINE[0]), np.array(SINE[1])
    for seed in range(3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator = network.MLPRegressor(
                hidden_layer_sizes=(3,), solver="lbfgs", alpha=0, max_iter=3000, random_state=seed
            ).fit(X, y)
        found = eg.polish(eg.from_sklearn(estimator, X, y))
        assert (found.status, found.verdict.kind) == ("exact", "local_minimum")


def test_the_command(capsys, tmp_path):
    from exactgeo.cli import main

    path, certificate = tmp_path / "p.toml", tmp_path / "c.json"
    path.write_text(trained(*XOR, 2, 0).to_toml())
    with pytest.raises(SystemExit) as end:
        main(["polish", str(path), "--json", "--certificate", str(certificate)])
    assert end.value.code == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "exact"
    assert answer["verdict"]["verdict"] == "local_minimum"
    assert F(answer["none_within"]) <= F(answer["one_within"]) == F(answer["moved"])
    assert eg.check(certificate).accepted
    with pytest.raises(SystemExit) as end:
        main(["polish", str(path)])
    out = capsys.readouterr().out
    assert end.value.code == 0
    assert f"one within {answer['one_within']}, proved exactly" in out
    with pytest.raises(SystemExit) as end:
        main(["polish", str(path), "--time-limit", "0", "--json"])
    assert end.value.code in (0, 3)


@pytest.mark.parametrize("loss", ["squared", "absolute", "hinge", "logistic"])
def test_a_hidden_layer_without_neurons_has_an_output_bias(loss):
    """It once ended with an error of numpy: there is no input weight to look at."""
    point = {"weights": [[], [[]]], "biases": [[], ["1/5"]]}
    data = {"x": [[-2, -1], [-2, -1], [1, "3/2"], [1, "1/2"]], "y": [1, -1, 1, -1]}
    problem = eg.load({"data": data, "network": {"widths": [0]}, "loss": {"kind": loss}, "point": point})
    found = eg.polish(problem).verdict
    assert found.kind == "local_minimum"
    # |1 - c| + |1 + c| is least on [-1, 1]; the others are so at 0 alone, or on all of it.
    assert (none_within(problem, problem.point) > 0) == (loss in ("squared", "logistic"))
