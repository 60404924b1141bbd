"""Inputs that once went wrong, each with its right answer; where they come from stands in data/README.md."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import pytest
from command import run

import exactgeo as eg
from exactgeo.checking import check
from exactgeo.exact.enclosure import high, low

DATA = Path(__file__).parent / "data"


def path(name: str) -> str:
    return str(DATA / name)


def answer(capsys, *arguments: str):
    code, out, err = run(capsys, *arguments, "--json")
    assert "internal error" not in err
    return code, json.loads(out)


def about(value, number: float) -> bool:
    """Whether a proved enclosure holds a number, as far as a float can tell, and is narrow."""
    return float(low(value)) - 1e-12 <= number <= float(high(value)) + 1e-12 and high(value) - low(value) < Fraction(
        1, 10**9
    )


# -- basins -------------------------------------------------------------------------------------------------


def test_three_declared_classes_are_three(capsys):
    code, found = answer(capsys, "basins", path("three-classes.toml"))
    assert (code, list(found)) == (2, ["out_of_scope"])
    assert found["out_of_scope"]["reason"].startswith("cross_entropy with 3 classes")
    problem = eg.load(path("three-classes.toml"))
    assert problem.outputs == 3
    # At x = 0 all scores are 0 whatever the weights are: the loss of that point alone is log 3.
    zero = eg.load({**problem.to_dict(), "point": {"weights": [[[0], [0], [0]]]}}).point
    assert about(problem.enclosure_at(zero), 2 * math.log(3))


@pytest.mark.parametrize(("name", "value"), [("basins_linear_model.toml", "1/14"), ("basins_pl00.toml", "2")])
def test_problems_without_a_generating_column(capsys, name, value):
    code, found = answer(capsys, "basins", path(name))
    assert (code, found["minimum"], found["local_minimum_values"]) == (0, value, [value])
    assert [entry["value"] for entry in found["values"]] == [value]


def test_values_of_exclusive_or_under_the_logistic_loss():
    values = [value for value, _ in eg.basins(eg.load(path("xor-logistic.toml"))).values]
    for number, value in zip((0, math.log(2) / 2, 0.4773856262211097, math.log(2)), values, strict=True):
        assert about(value, number)


def test_an_affine_target_has_local_minima_off_the_line(capsys):
    code, found = answer(capsys, "basins", path("affine-target-leaky.toml"))
    assert (code, found["minimum"]) == (0, "0")
    assert found["local_minimum_values"] == ["0", "9/2675", "54/5005", "108/2525", "27/275"]


# -- certify, within one hidden layer -----------------------------------------------------------------------


def certified(capsys, tmp_path, name: str, *more: str):
    proof = tmp_path / "certificate.json"
    code, found = answer(capsys, "certify", path(name), "--certificate", str(proof), *more)
    assert not proof.exists() or check(str(proof)).accepted
    return code, found


def test_the_bottom_of_a_convex_logistic_problem(capsys, tmp_path):
    code, found = certified(capsys, tmp_path, "logistic-convex.toml")
    assert (code, found["verdict"], found["globality"]) == (0, "local_minimum", "global")
    lo, hi = (Fraction(found["loss_enclosure"][key]) for key in ("lo", "hi"))
    assert float(lo) == float(hi) == math.log(2)


def test_the_bottom_of_a_hinge_problem(capsys, tmp_path):
    code, found = certified(capsys, tmp_path, "hinge-at-minimum.toml")
    assert (code, found["verdict"], found["globality"], found["loss"]) == (0, "local_minimum", "global", "2")


def test_the_maximum_of_two_numbers(capsys, tmp_path):
    code, found = certified(capsys, tmp_path, "max-of-two.toml")
    assert (code, found["verdict"], found["globality"], found["loss"]) == (0, "local_minimum", "global", "0")
    assert (found["strictness"], found["flat_dimension"]) == ("flat", 4)


def test_ten_units_without_output(capsys, tmp_path):
    code, found = certified(capsys, tmp_path, "zero-output-layer-10.toml")
    assert (code, found["verdict"], found["globality"], found["loss"]) == (0, "local_minimum", "spurious", "2/3")
    assert (found["strictness"], found["flat_dimension"]) == ("flat", 29)


@pytest.mark.parametrize(
    ("name", "loss", "dimension"),
    [
        ("structured-d2-n6-m10.json", Fraction(1, 2), 18),
        ("structured-d3-n2-m27.json", Fraction(361, 18), 6),
        ("zero-unit-50-points.toml", None, 7),
        ("dead-layer-100x20.json", Fraction(1), 400),
    ],
)
def test_minima_with_large_flat_sets(capsys, tmp_path, name, loss, dimension):
    code, found = certified(capsys, tmp_path, name)
    assert (code, found["verdict"]) == (0, "local_minimum")
    assert loss is None or found["loss"] == str(loss)
    # The flat dimension, or why there is none at the limit: how far a search gets is a matter of the machine.
    if found["flat_dimension"] is None:
        assert "raise --time-limit" in found["reasons"]["flat_dimension"]
    else:
        assert found["flat_dimension"] == dimension


def test_a_minimum_on_the_diabetes_data(capsys, tmp_path):
    code, found = certified(capsys, tmp_path, "diabetes-442x10-n2.json")
    assert (code, found["verdict"]) == (0, "local_minimum")
    assert (found["strictness"], found["flat_dimension"]) == ("strict_modulo_symmetry", 2)


# -- trained networks: floats are no minima, polishing reaches one ------------------------------------------


def test_printed_floats_are_no_minimum(capsys, tmp_path):
    code, found = certified(capsys, tmp_path, "max-of-two-printed-floats.toml")
    assert (code, found["verdict"]) == (1, "not_local_minimum")
    trained = path("five-points-width-50-trained.json")
    code, found = certified(capsys, tmp_path, "five-points-width-50.toml", "--point", trained, "--time-limit", "0")
    assert (code, found["verdict"]) == (1, "not_local_minimum")


def test_printed_floats_are_polished_to_the_maximum(capsys):
    code, found = answer(capsys, "polish", path("max-of-two-printed-floats.toml"))
    assert (code, found["status"], found["loss"]) == (0, "exact", "0")


def test_fifty_trained_units_are_polished(capsys):
    trained = path("five-points-width-50-trained.json")
    code, found = answer(capsys, "polish", path("five-points-width-50.toml"), "--point", trained)
    assert (code, found["status"], found["loss"]) == (0, "exact", "16139/578750")
    assert (found["verdict"]["flat_dimension"], found["verdict"]["globality"]) == (148, "spurious")
    assert float(found["moved"]) < 1e-12


# -- deep nets, several outputs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("deep-dead-off-mean.toml", "not_local_minimum"), ("deep-dead-at-mean.toml", "local_minimum")],
)
def test_a_dead_layer_is_decided_by_the_mean(capsys, name, verdict):
    found = answer(capsys, "certify", path(name))[1]
    assert found["verdict"] == verdict
    (remark,) = found["remarks"]
    assert remark.startswith("hidden layer 2 is dead: its one unit is on the slope 0 of relu at every data point")
    assert "a bias raised by more than " in remark


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("two-outputs.toml", "not_local_minimum", None),
        ("output-relu.toml", "local_minimum", None),
    ],
)
def test_deep_questions_are_decided_and_refused_without_a_circle(capsys, name, kind, reason):
    code, found = answer(capsys, "certify", path(name))
    assert (found["verdict"], found["reason"], code == 3) == (kind, reason, kind == "undecided")
    # No advice in a circle: what serves instead is no command that refuses the problem in turn.
    code, found = answer(capsys, "basins", path(name))
    assert (code, found["out_of_scope"]["try_instead"]) == (2, "`exactgeo.numeric`, float64 and no proof")
