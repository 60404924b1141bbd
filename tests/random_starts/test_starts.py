"""How often training ends where: ends beside the exact list, basins of the starts, published shares, the command."""

from __future__ import annotations

import json
from fractions import Fraction as F
from itertools import pairwise

import numpy as np
import pytest
from command import run

import exactgeo as eg
from exactgeo.basin.reduction import reduce
from exactgeo.errors import InputError, OutOfScope
from exactgeo.numeric import NumericNetworks, random_starts, train
from exactgeo.random_starts import Settings, _base, _Exact, starts
from exactgeo.random_starts.patterns import BasinValues

CENTRED = [["-1/2", "-1/2"], ["-1/2", "1/2"], ["1/2", "-1/2"], ["1/2", "1/2"]]


def centred_xor(width, activation, outer):
    """Output weights frozen, no output bias, mean loss."""
    return eg.load(
        {
            "data": {"x": CENTRED, "y": [0, 1, 1, 0]},
            "network": {"widths": [width], "activation": activation, "output_bias": False},
            "loss": {"kind": "squared", "reduction": "mean"},
            "train": {"output": False},
            "point": {"weights": [[[0, 0]] * width, [outer]], "biases": [[0] * width, []]},
        }
    )


def tally(entries):
    return {str(entry.value): entry.proportion.count for entry in entries}


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"count": 0}, "count"),
        ({"count": 2.5}, "count"),
        ({"seed": -1}, "seed"),
        ({"init": "xavier"}, "init"),
        ({"optimizer": "sgd"}, "optimizer"),
        ({"rate": 0}, "rate"),
        ({"rate": float("nan")}, "rate"),
        ({"steps": -1}, "steps"),
        ({"cooling": 1.5}, "cooling"),
        ({"within": 0}, "within"),
        ({"scale": -1.0}, "scale"),
        ({"bias_scale": float("inf")}, "bias_scale"),
        ({"mean": float("nan")}, "mean"),
        ({"mean": "1"}, "mean"),
    ],
)
def test_refusals(wrong, where):
    with pytest.raises(InputError) as refusal:
        eg.starts(eg.load("xor-1"), **({"count": 3} | wrong))
    assert refusal.value.where == where


def test_refusals_come_before_the_census(monkeypatch):
    monkeypatch.setattr("exactgeo.random_starts.census", None)
    for wrong in ({"scale": -1.0}, {"init": "xavier"}, {"count": 0}, {"rate": -1}):
        with pytest.raises(InputError):
            eg.starts(eg.load("xor-1"), **({"count": 3} | wrong))


def test_a_penalty_is_refused():
    problem = eg.load({"data": {"x": [[1]], "y": [1]}, "network": {"widths": [1]}, "penalty": {"l2": 1}})
    with pytest.raises(OutOfScope, match="penalty"):
        eg.starts(problem, 3)


# -- published shares --------------------------------------------------------------------------------------------------


def test_one_absolute_unit_on_centred_xor_ends_in_the_spurious_minima_as_often_as_was_found():
    # Of 1,000 starts of another seed 0, 68, 362, 614 ended at 1/4.
    problem = centred_xor(1, "abs", [1])
    bad = []
    for scale in (0.0, 0.1, 0.5, 1.0):
        found = eg.starts(problem, 1000, optimizer="gradient_descent", steps=3000, cooling=0, bias_scale=scale)
        assert tally(found.ends).keys() == {"0", "1/4"}
        assert (found.not_converged, found.clusters) == (0, ())
        bad.append(tally(found.ends)["1/4"])
    assert bad[0] == 0
    assert 40 < bad[1] < 130 < 300 < bad[2] < 440 < 520 < bad[3] < 660


def test_two_frozen_relu_units_end_at_three_losses_only():
    problem = centred_xor(2, "relu", [1, 1])
    found = eg.starts(problem, 300, optimizer="gradient_descent", rate=0.3, steps=6000)
    counts = tally(found.ends)
    assert counts.keys() == {"0", "1/4", "1/2"}
    assert min(counts.values()) > 0
    assert (found.not_converged, found.clusters) == (0, ())


# -- the exact list is never missed ------------------------------------------------------------------------------------

TOYS = [
    "swirszcz-prop1", "swirszcz-prop3-local", "kink-global", "xor-1", "xor-2-pm", "jellyfish-1", "jellyfish-2",
    "safran-shamir-c1-d2-bad", "safran-shamir-c2-d2-good", "swirszcz-prop2-local",
]  # fmt: skip


@pytest.mark.parametrize("name", TOYS)
def test_ends_never_miss_the_exact_list(name):
    found = eg.starts(eg.load(name), 120, seed=3, optimizer="lbfgs", steps=4000)
    assert found.clusters == ()
    assert found.not_converged <= 12
    assert sum(end.proportion.count for end in found.ends) == 120 - found.not_converged
    # Every end that counts is as near to its value as it says, and to no basin of a lower one.
    for loss, end in zip(found.losses[found.end_of >= 0], found.end_of[found.end_of >= 0], strict=True):
        value = found.ends[end].value
        assert abs(loss - float(value)) <= 1e-6 * max(1, value)
    for index, point in found.points.items():
        exact = found.problem.loss_at(point)
        assert abs(exact - found.ends[index].value) < F(1, 10**5)


def test_an_end_that_is_not_at_the_minimum_of_its_basin_does_not_count():
    # Half way down no start has converged, whatever its loss is near.
    found = eg.starts(eg.load("xor-2"), 50, optimizer="gradient_descent", steps=5)
    assert (found.not_converged, tally(found.ends)) == (50, {"0": 0, "1/2": 0, "2/3": 0, "1": 0})
    assert found.best > 0


def test_stationary_ends_off_the_list_would_be_shown(monkeypatch):
    # The list with one value struck out: the ends there are told as what contradicts it.
    honest = _Exact.of

    def short(problem, found, time_limit):
        exact = honest(problem, found, time_limit)
        exact.values.remove(F(1))
        return exact

    problem = eg.load("xor-1")
    before = eg.starts(problem, 40, optimizer="lbfgs")
    monkeypatch.setattr(_Exact, "of", short)
    found = eg.starts(problem, 40, optimizer="lbfgs")
    assert [(cluster.proportion.count, round(cluster.about, 6)) for cluster in found.clusters] == [
        (tally(before.ends)["1"], 1.0)
    ]


# -- the basins of the starts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["swirszcz-prop1", "xor-2", "jellyfish-2-pm", "safran-shamir-c1-d2-mixed"])
def test_basins_of_starts_are_those_of_the_census(name):
    problem = eg.load(name)
    census = eg.basins(problem)
    nets = random_starts(NumericNetworks.from_points(problem, [problem.point]), 60, seed=8)
    for index, value in enumerate(BasinValues(reduce(problem)).of(nets)):
        (basin,) = census.containing(nets.point(index))
        assert value == basin.value


def test_a_sign_that_floats_cannot_tell_is_computed():
    # w x + b at x = 1/3 with w = 3 and b = -1 is 0; with b one unit above it is not.
    problem = eg.load({"data": {"x": [["1/3"], [1]], "y": [0, 1]}, "network": {"widths": [1]}})
    up = np.nextafter(-1.0, 0.0)
    rows = [[3.0, b, 1.0, 0.0] for b in (-1.0, up, np.nextafter(-1.0, -2.0))]
    nets = NumericNetworks.from_points(problem, [_base(problem)])
    values = BasinValues(reduce(problem)).of(nets.at(np.array(rows)))
    census = eg.basins(problem)
    assert values[0] is None
    for row, value in list(zip(rows, values, strict=True))[1:]:
        (basin,) = census.containing(nets.at(np.array([row])).point(0))
        assert value == basin.value


def test_a_sum_that_floats_lose_has_its_true_sign():
    # 2^53 + 1 - 2^53 - 1/2 is 1/2 and not -1/2, as a sum of floats from the left.
    x = [[1, 1, 1], [1, 0, 0], [0, 0, 1]]
    problem = eg.load({"data": {"x": x, "y": [3, 1, 0]}, "network": {"widths": [1]}})
    base = NumericNetworks.from_points(problem, [_base(problem)])
    nets = base.at(np.array([[2.0**53, 1.0, -(2.0**53), -0.5, 1.0, 0.0]]))
    (basin,) = eg.basins(problem).containing(nets.point(0))
    lookup = BasinValues(reduce(problem))
    assert lookup._signs(nets).tolist() == [[[1, 1, -1]]]
    assert lookup.of(nets) == [basin.value]


def test_starts_on_a_boundary_are_counted_apart():
    # Biases of 0 put every neuron on the kink of the point (0, 0).
    found = eg.starts(eg.load("xor-2"), 30, init="he", steps=10)
    assert found.basins == ()
    assert "30 starts lie on the boundary" in found.basins_reason
    assert found.to_json()["assumption_1"] is False


def test_basins_without_a_census():
    # 30 units: far too many basins to list, but those of the starts have exact values all the same.
    problem = eg.load({"data": {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [0, 1, 1, 0]}, "network": {"widths": [30]}})
    found = eg.starts(problem, 20, optimizer="lbfgs", steps=300, time_limit=60)
    assert found.ends is None
    assert found.reason
    assert sum(tally(found.basins).values()) == 20
    assert tally(found.basins)["0"] >= 15
    assert sum(cluster.proportion.count for cluster in found.clusters) + found.not_converged == 20


# -- networks without an exact list ------------------------------------------------------------------------------------


def test_smooth_networks_end_in_numeric_clusters():
    problem = eg.load(
        {"data": {"x": [[0], [1], [2]], "y": [0, 1, 0]}, "network": {"widths": [1], "activation": "sigmoid"}}
    )
    found = eg.starts(problem, 40, optimizer="lbfgs", steps=2000)
    answer = found.to_json()
    assert (answer["ends"], answer["basins"]) == (None, None)
    assert "sigmoid" in answer["reasons"]["ends"]
    assert {cluster["status"] for cluster in answer["clusters"]} == {"numeric"}
    assert sum(cluster["starts"] for cluster in answer["clusters"]) + answer["not_converged"]["starts"] == 40


@pytest.mark.parametrize("loss", ["absolute", "huber(1/4)", "hinge", "squared_hinge", "logistic", "half_squared"])
def test_every_loss_has_starts(loss):
    labels = [-1, 1, 1, -1]
    problem = eg.load({"data": {"x": CENTRED, "y": labels}, "network": {"widths": [1]}, "loss": {"kind": loss}})
    found = eg.starts(problem, 60, seed=1, optimizer="lbfgs", steps=2000)
    assert found.basins is not None
    if loss == "logistic":
        assert found.ends is None
        # Enclosures that overlap are counted together: no two entries may be of one value.
        bounds = [(entry.value.lo, entry.value.hi) for entry in found.basins]
        assert all(one[1] < two[0] for one, two in pairwise(bounds))
        return
    assert found.clusters == ()
    assert sum(end.proportion.count for end in found.ends) > 40


# -- reproducible, bounded, in parts -----------------------------------------------------------------------------------


def test_batches_change_nothing(monkeypatch):
    problem = eg.load("swirszcz-prop1")
    told = []
    settings = Settings(optimizer="lbfgs", steps=500, seed=4)
    whole = starts(problem, 50, settings)
    monkeypatch.setattr("exactgeo.random_starts.BATCH", 16)
    parts = starts(problem, 50, settings, known=told.append)
    assert [part.count for part in told] == [16, 32, 48]
    assert not any(part.complete for part in told)
    assert (tally(parts.ends), tally(parts.basins)) == (tally(whole.ends), tally(whole.basins))
    assert parts.to_records()[7] == whole.to_records()[7]


def test_the_same_seed_gives_the_same_answer_and_another_gives_another():
    problem = eg.load("xor-1")
    one, two, other = (eg.starts(problem, 30, seed, steps=200).losses for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_a_plain_loop_ends_where_the_vectorised_run_does():
    problem = eg.load("xor-2")
    base = NumericNetworks.from_points(problem, [problem.point])
    nets = random_starts(base, 8, seed=5)
    end = train(nets, Settings(optimizer="gradient_descent", rate=0.05, cooling=0).optimizer_of(), iterations=3000)
    x, y = np.array(problem.x, float), np.array(problem.y, float)[:, 0]
    for k in range(8):
        (w, v), (b, c) = ([nets.weights(i)[k].copy() for i in (0, 1)], [nets.biases(i)[k].copy() for i in (0, 1)])
        for _ in range(3000):
            z = x @ w.T + b
            a = np.maximum(z, 0)
            r = 2 * (a @ v[0] + c[0] - y)
            g = np.outer(r, v[0]) * (z > 0)
            w, b, v, c = w - 0.05 * g.T @ x, b - 0.05 * g.sum(0), v - 0.05 * (r @ a)[None], c - 0.05 * r.sum()
        loss = ((np.maximum(x @ w.T + b, 0) @ v[0] + c[0] - y) ** 2).sum()
        assert abs(loss - end.losses[k]) < 1e-6


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_prints_the_interface(capsys):
    code, out, _ = run(capsys, "starts", "swirszcz-prop1", "--count", "50", "--optimizer", "lbfgs", "--json")
    answer = json.loads(out)
    assert code == 0
    assert {"ends", "not_converged", "basins", "seed", "optimizer", "init"} <= answer.keys()
    assert [end["value"] for end in answer["ends"]] == ["14", "18", "75/4", "614/29", "106/5"]
    for entry in [*answer["ends"], *answer["basins"]]:
        low, high = F(entry["interval"]["lo"]), F(entry["interval"]["hi"])
        assert low <= F(entry["share"]) <= high
        assert F(entry["share"]) == F(entry["starts"], 50)
    for entry in answer["basins"]:
        # Of 50 starts: an interval that misses with a chance of 10^-9 is six deviations long.
        chance, share = F(entry["probability"]["lo"]), F(entry["starts"], 50)
        assert 0 < chance < 1
        assert (share - chance) ** 2 < 36 * chance * (1 - chance) / 50 + F(1, 100)
    assert "basins.probability" not in answer["reasons"]
    assert set(answer["not_converged"]) == {"starts", "best", "beyond_floats", "status"}


def test_basins_of_other_distributions_have_no_known_probability(capsys):
    code, out, _ = run(
        capsys, "starts", "swirszcz-prop1", "--count", "20", "--optimizer", "lbfgs", "--mean", "1", "--json"
    )
    answer = json.loads(out)
    assert code == 0
    assert all(entry["probability"] is None for entry in answer["basins"])
    assert "basins.probability" in answer["reasons"]


def test_the_text_has_the_loss_its_decimals_and_what_is_numeric(capsys):
    code, out, _ = run(capsys, "starts", "swirszcz-prop1", "--count", "30", "--optimizer", "lbfgs")
    assert code == 0
    for words in ("squared loss, sum", "106/5 = 21.2", "95 % interval", "not converged", "numeric"):
        assert words in out
    code, out, _ = run(capsys, "starts", "swirszcz-prop1", "--count", "30", "--steps", "3", "--rate", "1e200")
    assert "beyond the range of floats: a lower rate may help" in out


def test_the_time_limit_ends_it_with_what_is_known(capsys):
    code, out, _ = run(capsys, "starts", "xor-1", "--count", "5", "--time-limit", "0", "--json")
    answer = json.loads(out)
    assert (code, answer["complete"], answer["starts"]) == (3, False, 0)


def test_the_histogram_is_drawn(capsys, tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "ends.svg"
    code, out, _ = run(
        capsys, "starts", "xor-1", "--count", "20", "--optimizer", "lbfgs", "--plot", str(picture), "--json"
    )
    assert (code, json.loads(out)["plot"]) == (0, str(picture))
    text = picture.read_text(encoding="utf-8")
    assert text.startswith("<?xml")
    code, out, _ = run(capsys, "starts", "xor-1", "--plot", str(tmp_path / "ends.txt"))
    assert code == 2
