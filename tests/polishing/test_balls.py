"""Minima enclosed in a box: trained networks with and without a penalty, long data, and what has no minimum."""

from __future__ import annotations

import warnings
from fractions import Fraction as F

import numpy as np
import pytest

import exactgeo as eg
from exactgeo.exact.enclosure import low
from exactgeo.kinds import Strictness
from exactgeo.local_minimum.ball import Ball, NoBall, Wrong, ball_near
from exactgeo.local_minimum.stationary import Tie
from exactgeo.numeric.losses import form_of
from exactgeo.polishing import polish
from exactgeo.polishing.none_within import none_within
from exactgeo.problem import Point

XOR = (np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([0, 1, 1, 0.0]))
SINE = (np.linspace(-1, 1, 50)[:, None], np.sin(3 * np.linspace(-1, 1, 50)))


def iris():
    data = pytest.importorskip("sklearn.datasets").load_iris()
    kept = data.target > 0
    return data.data[kept], np.where(data.target[kept] == 1, 1.0, -1.0)


def regression(x, y, width, seed, alpha):
    network = pytest.importorskip("sklearn.neural_network")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = network.MLPRegressor(
            hidden_layer_sizes=(width,), solver="lbfgs", alpha=alpha, max_iter=3000, random_state=seed
        ).fit(x, y)
    return eg.from_sklearn(estimator, x, y)


def accepted(found, tmp_path):
    path = tmp_path / "c.json"
    found.verdict.certificate.write(path)
    answer = eg.check(path)
    assert answer.accepted, answer.reason
    return answer


def loss_of(problem):
    """The training loss in floats, of a list of weights and one of biases."""
    x, y = (np.array([[float(q) for q in row] for row in rows]) for rows in (problem.x, problem.y))
    form, train, l2 = form_of(problem.loss, y), problem.train, float(problem.penalty.l2)
    slopes = problem.network.activation.slopes if problem.network.widths else (1, 1)

    def value(weights, biases):
        rows = x
        for k, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
            rows = rows @ matrix.T + (bias if len(bias) else 0)
            if k + 1 < len(weights):
                rows = np.where(rows > 0, float(slopes[0]) * rows, float(slopes[1]) * rows)
        squares = sum((m**2).sum() * t for m, t in zip(weights, train.weights, strict=True))
        squares += problem.penalty.biases * sum((b**2).sum() * t for b, t in zip(biases, train.biases, strict=True))
        return float(problem.weight) * float(form.total(rows.T[None])[0]) + l2 / 2 * squares

    return value


def floats(point):
    weights = [np.array([[float(q) for q in row] for row in matrix]) for matrix in point.weights]
    return weights, [np.array([float(q) for q in bias]) for bias in point.biases]


def not_beaten(found, seed=0):
    """No point of a random search around the minimum is lower."""
    problem, rng = found.problem, np.random.default_rng(seed)
    value = loss_of(problem)
    weights, biases = floats(found.point)
    base, far = value(weights, biases), float(found.ball.radius or 1)
    if problem.network.widths:
        # Parameters that are held, too, move less than to a kink.
        x = np.array([[float(q) for q in row] for row in problem.x])
        z = np.abs(x @ weights[0].T + (biases[0] if len(biases[0]) else 0))
        far = min(far, z[z > 1e-9].min(initial=1) / (1 + np.abs(x).sum(axis=1).max()))
    assert abs(base - float(low(found.loss))) < 1e-9 * max(1, abs(base))
    for scale in far * 10.0 ** rng.uniform(-4, -1, size=200):
        moved = [m + scale * rng.normal(size=m.shape) * t for m, t in zip(weights, problem.train.weights, strict=True)]
        shifted = [b + scale * rng.normal(size=b.shape) * t for b, t in zip(biases, problem.train.biases, strict=True)]
        assert value(moved, shifted) >= base - 1e-12 * max(1, abs(base))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("data", ["xor", "sine", "iris"])
def test_networks_trained_with_decay_end_in_enclosed_minima(data, seed, tmp_path):
    x, y = {"xor": XOR, "sine": SINE}[data] if data != "iris" else iris()
    problem = regression(x, y, 2 + seed % 2, seed, 1e-2)
    found = polish(problem, problem.point)
    assert (found.status, found.reason) == ("enclosed", "")
    assert found.verdict.kind == "local_minimum"
    assert "exactly one local minimum" in accepted(found, tmp_path).statement
    assert found.none_within <= found.one_within
    assert found.radius < F(1, 10**20)
    not_beaten(found, seed)


@pytest.mark.parametrize("loss", ["squared", "half_squared", "huber(1/2)", "squared_hinge", "logistic"])
@pytest.mark.parametrize("l2", [0, F(1, 20)])
def test_every_loss_with_a_derivative(loss, l2, tmp_path):
    signed = loss in ("squared_hinge", "logistic")
    x = [[F(-5, 2)], [F(-3, 2)], [F(-1, 2)], [F(1, 3)], [F(7, 4)], [3]]
    y = [1, -1, 1, -1, 1, -1] if signed else [2, 1, F(1, 2), 0, 2, F(7, 2)]
    tables = {
        "data": {"x": [[str(q) for q in row] for row in x], "y": list(map(str, y))},
        "network": {"widths": [2]},
        "loss": {"kind": loss, "reduction": "mean"},
        "point": {"weights": [[["1"], ["-1"]], [["1", "1/2"]]], "biases": [["0.25", "-0.375"], ["1/8"]]},
    }
    if l2:
        tables["penalty"] = {"l2": str(l2)}
    problem = eg.load(tables)
    found = polish(problem, problem.point, method="balls")
    if found.status == "enclosed":
        accepted(found, tmp_path)
        not_beaten(found)
        return
    # What balls decline, rationals decide: or it is said why there is nothing to decide.
    assert found.reason.startswith("balls: ")
    again = polish(problem, problem.point)
    assert again.status == "exact" or l2 or loss == "logistic"


def test_both_methods_agree():
    problem = regression(*SINE, 3, 1, 0)
    exact = polish(problem, problem.point, method="exact")
    balls = polish(problem, problem.point, method="balls")
    assert (exact.status, balls.status) == ("exact", "enclosed")
    assert abs(float(exact.loss) - float(balls.loss.lo)) < 1e-3
    # The exact decision of a rational point of the box: the minimum itself is irrational to it.
    near = eg.certify(problem, balls.point, time_limit=0)
    assert near.kind in ("local_minimum", "not_local_minimum")
    assert balls.loss.lo <= problem.loss_at(balls.point) + F(1, 10**20)


def test_the_command_says_that_it_is_an_enclosure(capsys, tmp_path):
    import json

    from exactgeo.cli import main

    path = tmp_path / "p.toml"
    path.write_text(regression(*XOR, 2, 0, 1e-2).to_toml())
    for more in ((), ("--json",)):
        with pytest.raises(SystemExit) as end:
            main(["polish", str(path), "--method", "balls", *more])
        assert end.value.code == 0
    text, answer = capsys.readouterr().out.rsplit("\n{", 1)
    assert "exactly one local minimum in a box around the point, proved by enclosure" in text
    assert "no other local minimum" in text
    found = json.loads("{" + answer)
    assert (found["status"], found["loss"], found["verdict"]["rung"]) == ("enclosed", None, "ball")
    assert F(found["radius"]) < F(found["alone_within"])
    assert F(found["moved"]) <= F(found["one_within"])


def test_methods_that_cannot_be_are_refused():
    problem = regression(*XOR, 2, 0, 1e-2)
    with pytest.raises(eg.OutOfScope, match="irrational as a rule"):
        polish(problem, problem.point, method="exact")
    absolute = eg.from_arrays([[1.0]], [1.0], [[[1.0]], [[1.0]]], loss="absolute")
    with pytest.raises(eg.OutOfScope, match="kinks"):
        polish(absolute, absolute.point, method="balls")
    with pytest.raises(eg.InputError, match="None, exact or balls"):
        eg.polish(absolute, method="floats")


def test_separated_classes_have_no_minimum():
    tables = {
        "data": {"x": [[-2], [-1], [1], [2]], "y": [-1, -1, 1, 1]},
        "network": {"widths": [1]},
        "loss": {"kind": "logistic"},
        "point": {"weights": [[["1"]], [["1"]]], "biases": [["5/2"], ["-2"]]},
    }
    problem = eg.load(tables)
    found = eg.polish(problem)
    assert (found.status, found.one_within) == ("undecided", None)
    assert "no minimum on the last cell" in found.reason
    assert "an exact proof" in found.reason
    # With a penalty there is one; and without it where the classes are mixed.
    assert eg.polish(eg.load({**tables, "penalty": {"l2": "1/10"}})).status == "enclosed"
    mixed = {**tables, "data": {"x": [[-2], [-1], [1], [2]], "y": [-1, 1, -1, 1]}, "network": {"widths": []}}
    mixed["point"] = {"weights": [[["1"]]], "biases": [["0"]]}
    found = eg.polish(eg.load(mixed))
    assert found.status == "enclosed"
    assert found.verdict.globality == "global"


@pytest.mark.parametrize("loss", ["absolute", "hinge"])
def test_corners_of_losses_without_a_derivative(loss, tmp_path):
    rng = np.random.default_rng(5)
    for _ in range(6):
        x = rng.integers(-8, 9, size=(7, 2)) / 4
        y = np.sign(x[:, 0] + rng.normal(size=7) + 0.01) if loss == "hinge" else rng.integers(-8, 9, size=7) / 4
        weights = [rng.integers(-8, 9, size=(2, 2)) / 8, rng.integers(1, 9, size=(1, 2)) / 8]
        problem = eg.from_arrays(x, y, weights, [np.array([0.5, 0.25]), np.array([0.125])], loss=loss)
        found = eg.polish(problem)
        assert found.status == "exact", found.reason
        assert found.verdict.kind == "local_minimum"
        assert found.loss <= found.loss_before
        accepted(found, tmp_path)


def test_what_is_held_and_what_is_flat():
    x, y = [[-2], [-1], [1], [2], [3]], [2, 2, 0, 3, 4]
    one = eg.from_arrays(x, y, [[[1]], [[2]]], [[-1], [1]])
    found = ball_near(one, one.point, [[2]])
    assert isinstance(found, Ball)
    assert (found.moving, found.free) == (1, 0)
    from exactgeo.polishing.enclosed import verdict_of

    assert verdict_of(found).strictness is Strictness.STRICT_MODULO_SYMMETRY
    dead = eg.from_arrays(x, y, [[[1], [1]], [[2, 5]]], [[-1, -9], [1]])
    found = ball_near(dead, dead.point, [[2], []])
    assert isinstance(found, Ball)
    assert (found.free, verdict_of(found).strictness) == (3, Strictness.FLAT)
    # Not on the kink, where floats might have seen it: the loss falls.
    assert isinstance(ball_near(one, one.point, [[1]]), NoBall)


def test_no_local_minimum_lies_within_the_first_radius_under_a_penalty():
    problem = regression(*XOR, 2, 0, 1e-2)
    radius = none_within(problem, problem.point)
    assert radius > 0
    rng = np.random.default_rng(0)
    for _ in range(10):
        moved = Point(
            *(
                tuple(
                    tuple(tuple(q + radius * F(int(rng.integers(-999, 1000)), 1000) for q in row) for row in part)
                    if isinstance(part[0], tuple)
                    else tuple(q + radius * F(int(rng.integers(-999, 1000)), 1000) for q in part)
                    for part in layers
                )
                for layers in (problem.point.weights, problem.point.biases)
            )
        )
        assert eg.certify(problem, moved, time_limit=0).kind == "not_local_minimum"


def test_the_first_radius_of_losses_that_are_not_squares():
    for loss, y in (("absolute", 1.0), ("hinge", 1.0), ("logistic", 1.0), ("huber(1)", 4.0)):
        problem = eg.from_arrays([[1.0]], [y], [[[0.5]], [[0.5]]], loss=loss)
        assert 0 < none_within(problem, problem.point) < 1


@pytest.mark.slow
@pytest.mark.parametrize("width", [2, 4, 8])
@pytest.mark.parametrize("alpha", [0, 1e-3])
def test_diabetes(width, alpha, tmp_path):
    datasets = pytest.importorskip("sklearn.datasets")
    x, y = datasets.load_diabetes(return_X_y=True)
    problem = regression(x / x.std(axis=0), (y - y.mean()) / y.std(), width, 0, alpha)
    found = polish(problem, problem.point, method="balls", time_limit=200)
    assert found.status == "enclosed", found.reason
    assert sum(map(len, found.ball.claim.kinks)) >= width
    accepted(found, tmp_path)
    not_beaten(found)


def hessian_kernel(problem, point):
    """How many eigenvalues of the Hessian are 0, by differences of gradients in floats; off kinks."""
    value = loss_of(problem)
    weights, biases = floats(point)
    parts = [*weights, *biases]
    flat = np.concatenate([part.ravel() for part in parts])

    def at(theta):
        found, used = [], 0
        for part in parts:
            found.append(theta[used : used + part.size].reshape(part.shape))
            used += part.size
        return value(found[: len(weights)], found[len(weights) :])

    step, eye = 1e-4, np.eye(len(flat))
    rows = [
        [
            sum(a * b * at(flat + step * (a * eye[j] + b * eye[k])) for a in (1, -1) for b in (1, -1)) / (4 * step**2)
            for j in range(len(flat))
        ]
        for k in range(len(flat))
    ]
    return int((np.abs(np.linalg.eigvalsh(np.array(rows))) < 1e-6).sum())


# Neurons of one direction in the minimum: of one slope with either sign, and with a kink of their own in common.
ALIKE = {
    "straight": ([[1], [F(-1, 2)], [F(1, 4)]], [9, F(8, 5), 3], [-2, -1, 1, 2, 4], 5),
    "bent": ([[F(4, 5)], [F(2, 5)]], [F(-2, 5), F(-1, 5)], [0, 0, F(1, 2), F(3, 2), F(5, 2)], 2),
}


@pytest.mark.parametrize("name", ALIKE)
def test_neurons_of_one_direction_are_enclosed_together(name, tmp_path):
    w, b, y, flat = ALIKE[name]
    x = [[-2], [-1], [1], [2], [3]]
    v = [q for (q,) in w]
    problem = eg.from_arrays(x, y, [w, [v]], [b, [F(1, 4)]], reduction="mean", l2=F(1, 20))
    found = polish(problem, problem.point, method="balls")
    assert (found.status, found.reason) == ("enclosed", "")
    assert "multiples of others" in accepted(found, tmp_path).statement
    not_beaten(found)
    assert found.verdict.flat_dimension == hessian_kernel(problem, found.point) == flat


@pytest.mark.parametrize(
    ("activation", "bent", "y", "side"), [("leaky_relu(1/2)", 1, "-4/3", -1), ("pl(1, 2)", -1, "2/3", 1)]
)
def test_equal_neurons_share_the_multiplier_of_their_kink(activation, bent, y, side):
    """Stationary along the kink; across it the loss falls for each, and would rise with the multiplier of both."""
    w, v = [[1, 0], [1, 0]], [[1, 1]]
    x, y = [[0, 1], [1, 0], [1, bent]], [y, "5/2", "5/2"]
    options = {"loss": "half_squared", "activation": activation, "l2": 1, "reduction": "sum"}
    problem = eg.from_arrays(x, y, [w, v], None, **options)
    apart = eg.from_arrays(x, y, [[[1, F(side, 2**20)], [1, 0]], v], None, **options)
    assert apart.loss_at(apart.point) < problem.loss_at(problem.point)
    found = ball_near(problem, problem.point, [[0], []], [None, Tie(0, F(1))])
    assert isinstance(found, NoBall)
    assert found.wrong == Wrong(0, 0, held=True)


@pytest.mark.parametrize("seed", range(3))
def test_what_floats_do_not_tell_is_enclosed(seed, tmp_path):
    """Neurons in parallel, at 0, and with one slope but at data whose loss is as good as 0."""
    x, y = iris()
    network = pytest.importorskip("sklearn.neural_network")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = network.MLPClassifier((4,), solver="lbfgs", alpha=1e-4, max_iter=3000, random_state=3 * seed % 5)
        problem = eg.from_sklearn(estimator.fit(x, y), x, y)
    found = polish(problem, problem.point)
    assert (found.status, found.reason) == ("enclosed", "")
    accepted(found, tmp_path)
    not_beaten(found, seed)


def test_a_minimum_that_is_not_alone_has_its_predictions_enclosed(tmp_path):
    x = [[-2, -4], [-1, -2], [0, 0], [1, 2], [2, 4], [3, 6]]
    y = [1, -1, 1, -1, 1, -1]
    problem = eg.from_arrays(x, y, [[[1.0, 2.0]]], [[0.125]], loss="logistic")
    found = polish(problem, problem.point)
    assert (found.status, found.verdict.kind, found.verdict.globality) == ("enclosed", "local_minimum", "global")
    assert found.verdict.strictness is None
    assert "exactly one critical vector" in accepted(found, tmp_path).statement
    assert found.to_json()["alone_within"] is None
    # One column is twice the other: the same problem with one of them has one minimum.
    single = eg.from_arrays([row[:1] for row in x], y, [[[1.0]]], [[0.125]], loss="logistic")
    alone = polish(single, single.point)
    assert alone.verdict.strictness is Strictness.STRICT
    assert found.loss.lo <= alone.loss.hi
    assert alone.loss.lo <= found.loss.hi


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_two_classes_under_softmax_end_where_their_difference_does(seed, tmp_path):
    rng = np.random.default_rng(seed)
    x = [[F(-5, 2)], [F(-3, 2)], [F(-1, 2)], [F(1, 3)], [F(7, 4)], [3], [4]]
    classes = [0, 1, 0, 1, 0, 1, 0]
    w, b, v, c = (rng.normal(size=size).round(3) for size in ((1, 1), (1,), (2, 1), (2,)))
    both = eg.from_arrays(x, classes, [w, v], [b, c], loss="cross_entropy")
    found = polish(both, both.point)
    one = eg.from_arrays(x, [2 * q - 1 for q in classes], [w, v[1:] - v[:1]], [b, c[1:] - c[:1]], loss="logistic")
    alone = polish(one, one.point)
    assert found.status == alone.status == "enclosed"
    assert found.loss.lo <= alone.loss.hi
    assert alone.loss.lo <= found.loss.hi
    statement = accepted(found, tmp_path).statement
    assert "local minimum" in statement
    assert 0 < found.none_within <= found.one_within
    # The mean of the two rows is what it was.
    for before, after in zip(both.point.weights[1][0], found.point.weights[1][0], strict=True):
        other = both.point.weights[1][1][0], found.point.weights[1][1][0]
        assert before + other[0] == after + other[1]
    base = float(found.loss.hi)
    for scale in 10.0 ** rng.uniform(-5, -3, size=50):
        weights, biases = floats(found.point)
        z = np.array(x, float) @ (weights[0] + scale * rng.normal(size=(1, 1))).T + biases[0]
        p = np.maximum(z, 0) @ (weights[1] + scale * rng.normal(size=(2, 1))).T + biases[1]
        picked = p[np.arange(7), classes]
        assert (np.log(np.exp(p).sum(1)) - picked).sum() >= base - 1e-9


def test_what_polish_does_not_take_is_one_sentence():
    two = {"weights": [[[1]], [[2], [1]]], "biases": [[0], [1, 0]]}
    tables = {"data": {"x": [[-1], [1]], "y": [0, 1]}, "network": {"widths": [1]}, "point": two}
    with pytest.raises(eg.OutOfScope, match="2 outputs under a"):
        eg.polish(eg.load({**tables, "loss": {"kind": "cross_entropy"}, "penalty": {"l2": 1}}))
