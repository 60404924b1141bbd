"""Basins of penalised problems: enclosures against CVXPY, against descent from many starts, and by hand."""

from __future__ import annotations

import json
import random
from fractions import Fraction as F
from itertools import pairwise

import cvxpy as cp
import numpy as np
import pytest
from command import run
from damage import outcome
from scipy.optimize import minimize

import exactgeo as eg
from exactgeo.basin.penalised import penalised_census
from exactgeo.errors import OutOfScope
from exactgeo.formats import read_problem

D1 = [[5], [4], [3], [1], [-1]], [2, 1, 0, -3, 3]
XOR = [[0, 0], [1, 1], [0, 1], [1, 0]], [1, 1, -1, -1]


def penalised(x, y, width=1, *, l2="1/10", loss="half_squared", b=True, c=True, biases=False, **options):
    return eg.load(
        {
            "data": {"x": x, "y": y},
            "network": {
                "widths": [width],
                "hidden_bias": b,
                "output_bias": c,
                "activation": options.get("activation", "relu"),
            },
            "loss": {"kind": loss, "reduction": options.get("reduction", "sum")},
            "penalty": {"l2": l2, "biases": biases, "l1": options.get("l1", 0)},
            "train": options.get("train", {}),
        }
    )


def close(enclosure, value, slack=1e-6):
    size = 1 + abs(value)
    return float(enclosure.lo) <= value + slack * size and value - slack * size <= float(enclosure.hi)


def test_by_hand():
    """x = 1, y = 2, l2 = 1: min over z >= 0 of (z - 2)^2 / 2 + z is 3/2; the other cells stay at 0, value 2."""
    found = penalised_census(penalised([[1]], [2], l2=1, b=False, c=False))
    assert (found.count, found.orbits, found.regions_per_neuron) == (4, 4, 2)
    (low, once), (high, rest) = found.values
    assert (once, rest) == (1, 3)
    assert low.lo <= F(3, 2) <= low.hi
    assert high.lo <= 2 <= high.hi
    assert found.infinite_width_minimum.lo <= F(3, 2) <= found.infinite_width_minimum.hi
    assert found.minimum_attained
    assert all(value.hi - value.lo < F(1, 10**6) for value, _ in found.values)


def again(problem, cells):
    """The same value from constraints b s <z, x> >= 0, written out here."""
    slope = {"relu": (1.0, 0.0), "abs": (1.0, -1.0), "leaky_relu(1/2)": (1.0, 0.5)}[problem.network.activation.name]
    rows = np.array([[float(q) for q in row] for row in problem.lifted])
    y = np.array([float(q) for (q,) in problem.y])
    size = rows.shape[1] if problem.penalty.biases else problem.d
    p, cost, limits = 0, 0, []
    for region, sign in cells:
        z = cp.Variable(rows.shape[1])
        s = np.array(region)
        p = p + cp.multiply(np.where(s >= 0, slope[0], slope[1]), rows @ z)
        limits.append(cp.multiply(sign * s, rows @ z) >= 0)
        cost = cost + cp.norm(z[:size])
    if problem.network.output_bias:
        c = cp.Variable()
        p = p + c
        cost = cost + (c**2 / 2 if problem.penalty.biases else 0)
    kind = problem.loss.name
    if kind == "half_squared":
        loss = cp.sum_squares(p - y) / 2
    elif kind == "huber(1)":
        loss = cp.sum(cp.huber(p - y, 1)) / 2
    elif kind == "absolute":
        loss = cp.norm1(p - y)
    else:
        loss = cp.sum(cp.logistic(-cp.multiply(y, p)))
    program = cp.Problem(cp.Minimize(float(problem.weight) * loss + float(problem.penalty.l2) * cost), limits)
    return program.solve(solver=cp.SCS, eps=1e-9, max_iters=200_000)


CASES = {
    "half_squared": penalised(*D1),
    "biases": penalised(*D1, biases=True, activation="abs"),
    "two": penalised(D1[0][:3], D1[1][:3], 2, activation="leaky_relu(1/2)", reduction="mean"),
    "huber": penalised(*D1, loss="huber(1)", c=False),
    "absolute": penalised(*D1, loss="absolute", b=False),
    "logistic": penalised(*XOR, loss="logistic"),
    "plane without bias": penalised([[1, 2], [2, 4], [-1, -2]], [1, 2, 3], b=False),
}


@pytest.mark.parametrize("name", CASES)
def test_against_another_model_of_the_same_program(name):
    found = penalised_census(CASES[name])
    rng = random.Random(1)
    for orbit, best in rng.sample(found.orbits_found, min(5, len(found.orbits_found))):
        cells = [found.program.cells[k] for part in orbit for k in part]
        assert close(best.value, again(CASES[name], cells), 1e-5), (name, orbit)
        assert best.value.hi - best.value.lo < F(1, 10**6)


def descended(problem, starts, seed):
    """The least penalised loss that local search finds from many starts, in floats."""
    x = np.array([[float(q) for q in row] for row in problem.lifted])
    y = np.array([float(q) for (q,) in problem.y])
    n, size, d = problem.network.widths[0], x.shape[1], problem.d
    right, left = map(float, problem.network.activation.slopes)
    l2, weight, shift = float(problem.penalty.l2), float(problem.weight), problem.network.output_bias
    rng = np.random.default_rng(seed)

    def value(theta):
        w, v = theta[: n * size].reshape(n, size), theta[n * size : n * size + n]
        z = x @ w.T
        p = np.where(z > 0, right, left) * z @ v + (theta[-1] if shift else 0)
        loss = np.sum((p - y) ** 2) / 2 if problem.loss.name == "half_squared" else np.sum(np.logaddexp(0, -y * p))
        kept = theta if problem.penalty.biases else np.concatenate([w[:, :d].ravel(), v])
        return weight * loss + l2 / 2 * kept @ kept

    best = np.inf
    for _ in range(starts):
        theta = rng.normal(size=n * size + n + shift) * rng.choice([0.3, 1, 2])
        for method in ("BFGS", "Nelder-Mead"):
            with np.errstate(all="ignore"):
                theta = minimize(value, theta, method=method, options={"maxiter": 800}).x
        best = min(best, value(theta))
    return best


@pytest.mark.parametrize(
    "problem",
    [
        penalised(*D1, biases=True),
        penalised(*D1, activation="abs", l2=2),
        penalised(D1[0][:4], D1[1][:4], 2, b=False, l2=1),
        penalised(*XOR, loss="logistic", b=False),
    ],
    ids=["relu", "abs", "two", "logistic"],
)
def test_no_search_goes_below(problem):
    found = penalised_census(problem)
    best = descended(problem, 12, 3)
    assert best >= float(found.minimum.lo) - 1e-9
    assert best >= float(found.infinite_width_minimum.lo) - 1e-9
    # Nelder and Mead come near the minimum, so the bound is no empty one.
    assert best <= float(found.minimum.hi) * (1 + 1e-3) + 1e-3


@pytest.mark.parametrize("name", CASES)
def test_the_point_of_the_minimum(name):
    """Balanced up to rounding it has the upper bound, and no decided minimum is below the lower one."""
    found = penalised_census(CASES[name])
    there = CASES[name].enclosure_at(found.best)
    assert there.lo >= found.minimum.lo
    if CASES[name].loss.name != "absolute":
        assert there.hi <= found.minimum.hi + F(1, 10**9)
    assert found.infinite_width_minimum.lo <= found.minimum.hi


def test_wider_is_lower_until_it_is_not():
    """As many neurons as cells reach the minimum of all widths (Pilanci and Ergen)."""
    values = [penalised_census(penalised([[1], [-1], [2]], [2, 1, -1], n, l2="1/3")).minimum for n in (1, 2, 3)]
    wide = penalised_census(penalised([[1], [-1], [2]], [2, 1, -1], 1, l2="1/3")).infinite_width_minimum
    for one, more in pairwise(values):
        assert more.lo <= one.hi
    assert values[2].lo <= wide.hi
    assert wide.lo <= values[2].hi


@pytest.mark.parametrize("name", CASES)
def test_the_certificate_of_all_widths(name):
    """The lower bound of all widths is proved without a list of regions; losses without derivatives included."""
    found = penalised_census(CASES[name])
    if name == "logistic":
        assert found.certificate is None
        return
    claim, *basins = found.certificate.claims
    assert claim.bound <= found.infinite_width_minimum.hi
    assert claim.bound - found.infinite_width_minimum.lo <= F(1, 10**6)
    assert claim.loss == CASES[name].loss_at(found.best)
    for basin, (_, best) in zip(basins, found.orbits_found, strict=True):
        assert best.value.lo - F(1, 10**9) <= basin.bound <= basin.loss <= best.value.hi + F(1, 10**6)
        assert CASES[name].loss_at(basin.point) == basin.loss
    assert outcome(found.certificate.to_json()).startswith("accepted: ")


def test_the_certificate_of_many_basins_bounds_all_widths_alone(monkeypatch):
    found = penalised_census(penalised([[1], [-1], [2]], [2, 1, -1], 2))
    assert {type(claim).kind for claim in found.certificate.claims} == {"penalised_bound", "penalised_basin"}
    monkeypatch.setattr("exactgeo.basin.penalised.MOST_CLAIMED", found.orbits - 1)
    assert [claim.kind for claim in found.certificate.claims] == ["penalised_bound"]


def test_more_decay_costs_more():
    last = F(0)
    for l2 in ("1/1000", "1/10", 1, 10, 1000):
        found = penalised_census(penalised(*D1, l2=l2)).minimum
        assert found.hi >= last
        last = found.lo
    bare = eg.basins(
        eg.load({"data": {"x": D1[0], "y": D1[1]}, "network": {"widths": [1]}, "loss": {"kind": "half_squared"}})
    )
    small = penalised_census(penalised(*D1, l2=F(1, 10**9))).minimum
    assert abs(float(small.hi - bare.minimum)) < 1e-6


def test_a_certified_minimum_lies_in_the_enclosure():
    data = {"data": {"x": [[1]], "y": [2]}, "network": {"widths": [2], "hidden_bias": False, "output_bias": False}}
    data |= {"loss": {"kind": "half_squared"}, "penalty": {"l2": 1}}
    data |= {"point": {"weights": [[["3/5"], ["4/5"]], [["3/5", "4/5"]]]}}
    problem = eg.load(data)
    assert eg.certify(problem).kind == "local_minimum"
    found = eg.basins(problem)
    assert found.minimum.lo <= problem.loss_at(problem.point) <= found.minimum.hi


def test_the_bounds_are_recomputed_from_the_dual_vector():
    """A lower bound holds at random points of its basin, whatever the floats were."""
    problem = penalised(*D1, l2=1)
    found = penalised_census(problem)
    rng = random.Random(5)
    for orbit, best in found.orbits_found:
        ((k,),) = orbit
        (region, sign), (rays, _) = found.program.cells[k], found.program.cones[k]
        for _ in range(5):
            weights = [F(rng.randint(0, 4), 3) for _ in rays]
            w = [sum((q * ray[j] for q, ray in zip(weights, rays, strict=True)), F(0)) for j in range(2)]
            assert all(s * (w[0] * row[0] + w[1]) >= 0 for s, row in zip(region, problem.x, strict=True))
            point = {
                "weights": [[[w[0]]], [[sign * F(rng.randint(0, 5), 2)]]],
                "biases": [[w[1]], [F(rng.randint(-3, 3))]],
            }
            other = eg.load({**json.loads(json.dumps(problem.to_dict())), "point": point})
            assert other.loss_at(other.point) >= best.value.lo


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"train": {"hidden": False}}, "hidden weights are frozen"),
        ({"l1": 1}, "the key l1"),
        ({"l2": 0, "l1": 1}, "the key l1"),
    ],
)
def test_other_penalties_and_freezings_are_refused_by_name(options, reason):
    with pytest.raises(OutOfScope, match=reason):
        eg.basins(penalised(*D1, **options))


def test_frozen_outputs_are_refused_by_name():
    frozen = {"train": {"output": False}, "point": {"weights": [[[1]], [[1]]], "biases": [[0], [0]]}}
    with pytest.raises(OutOfScope, match="output weights are frozen"):
        eg.basins(eg.load({**penalised(*D1).to_dict(), **frozen}))


def test_the_census_of_the_loss_alone_refuses_a_penalty():
    from exactgeo.basin import census
    from exactgeo.numeric import NumericNetworks

    problem = eg.load({**penalised(*D1).to_dict(), "point": {"weights": [[[1]], [[1]]], "biases": [[0], [0]]}})
    for question in (
        lambda: census(problem),
        lambda: eg.landscape(problem),
        lambda: eg.path(problem, problem.point, problem.point),
        lambda: NumericNetworks.from_points(problem, [problem.point]),
    ):
        with pytest.raises(OutOfScope, match="a \\[penalty\\] on the parameters"):
            question()


def test_nothing_of_a_penalty_is_forgotten_by_the_other_ways():
    """One half of the weights' squares, at any depth; and the file says so again."""
    deep = {
        "data": {"x": [[1]], "y": [0]},
        "network": {"widths": [1, 1]},
        "penalty": {"l2": 2, "l1": "1/2", "biases": True},
    }
    deep |= {"point": {"weights": [[[1]], [[-2]], [[3]]], "biases": [[1], [1], [0]]}}
    problem = eg.load(deep)
    assert problem.loss_at(problem.point) == 0 + (1 + 4 + 9 + 1 + 1) + F(1 + 2 + 3 + 1 + 1, 2)
    assert read_problem(problem.to_toml().encode()) == problem
    assert eg.certify(problem).kind == "undecided"


@pytest.mark.parametrize(("b", "c"), [(True, True), (True, False), (False, True), (False, False)])
def test_the_command(b, c, tmp_path, capsys):
    file = tmp_path / "p.toml"
    file.write_text(penalised([[1], [-1]], [1, 2], b=b, c=c, l2="1/3").to_toml())
    code, out, _ = run(capsys, "basins", str(file), "--json", "--minima", "--out", str(tmp_path / "b.csv"))
    answer = json.loads(out)
    assert code == 0
    assert F(answer["minimum"]["lo"]) <= F(answer["minimum"]["hi"])
    assert F(answer["infinite_width_minimum"]["lo"]) <= F(answer["minimum"]["hi"])
    assert answer["local_minimum_values"] is answer["local_minima"] is None
    assert "certify" in answer["reason"]
    assert len((tmp_path / "b.csv").read_text().splitlines()) == 1 + answer["orbits"]
    assert "at any width" in run(capsys, "basins", str(file))[1]
    assert run(capsys, "basins", str(file), "--out", str(tmp_path / "b.sqlite"))[0] == 2
    assert run(capsys, "basins", str(file), "--time-limit", "0")[0] == 3
    for command in ("landscape", "explain"):
        code, _, error = run(capsys, command, str(file))
        assert code == 2
        assert "penalty" in error or command == "explain"
