"""Small inputs that went wrong once, with the right answers: limits, refusals and censuses at the edge of their scope."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import pytest
from command import run

DATA = Path(__file__).parent / "data"


def test_forty_hyperplanes_in_dimension_12_say_how_many_regions_are_known(capsys):
    code, out, err = run(capsys, "regions", str(DATA / "hyperplanes-40-in-12.json"), "--time-limit", "0", "--json")
    answer = json.loads(out)
    assert (code, answer["complete"], answer["rank"]) == (3, False, 12)
    assert 0 < answer["found"] <= answer["at_most"]
    # Rank-many independent ones have 2^12 regions, each of the others adds 2^11 at least; in general position
    # Zaslavsky's sum of binomials, and these are.
    assert answer["at_least"] == 2**12 + 28 * 2**11
    assert answer["estimate"] == answer["at_most"] == sum(math.comb(40, i) for i in range(13))
    assert err.count("\n") == 1
    code, out, _ = run(
        capsys, "regions", str(DATA / "hyperplanes-40-in-12.json"), "--count-only", "--time-limit", "0", "--json"
    )
    answer = json.loads(out)
    assert (code, "found" in answer, answer["at_least"]) == (3, False, 2**12 + 28 * 2**11)


def test_count_only_counts_where_that_is_cheap(capsys, tmp_path):
    file = tmp_path / "moment.json"
    file.write_text(json.dumps({"normals": [[t**k for k in range(6)] for t in range(1, 31)]}))
    code, out, _ = run(capsys, "regions", str(file), "--count-only", "--json")
    answer = json.loads(out)
    assert (code, answer["count"]) == (0, 2 * sum(math.comb(29, i) for i in range(6)))
    assert list(answer) == ["count", "rank", "characteristic_polynomial", "bounded"]
    assert sum(map(abs, answer["characteristic_polynomial"])) == answer["count"]


def test_a_picture_of_another_kind_is_refused_before_the_landscape_is_computed(capsys, monkeypatch):
    def begun(*_, **__):
        raise AssertionError("the work has begun")

    monkeypatch.setattr("exactgeo.cli.landscape.problem_of", begun)
    code, out, err = run(capsys, "landscape", str(DATA / "plane-landscape.json"), "--plot", "o.jpg")
    assert (code, out) == (2, "")
    expected = "a file name ending in .svg, .png or .pdf; write --plot FILE.svg"
    assert err == f"exactgeo: --plot: got o.jpg, expected {expected}\n"


@pytest.mark.parametrize(
    ("name", "count", "orbits", "minimum"),
    [
        ("basins_linear_model.toml", 1, 1, None),
        # The constant model of the mean 1: 0 + 1 + 1. Two basins: the output weight of the unit that does nothing has a
        # sign still, as Definition 2 of Safran and Shamir counts them.
        ("basins_pl00.toml", 2, 2, "2"),
    ],
)
def test_a_census_without_columns(capsys, name, count, orbits, minimum):
    code, out, _ = run(capsys, "basins", str(DATA / name), "--json")
    answer = json.loads(out)
    assert (code, answer["count"], answer["orbits"]) == (0, count, orbits)
    if minimum is None:
        # Least squares by the normal equations: sum of squares about the mean less (sum xy - m x y)^2 / sum xx.
        x, y = [1, 2, -1], [1, 0, 2]
        mean_x, mean_y = Fraction(sum(x), 3), Fraction(sum(y), 3)
        xx = sum((a - mean_x) ** 2 for a in x)
        xy = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
        minimum = str(sum((b - mean_y) ** 2 for b in y) - xy**2 / xx)
    assert answer["minimum"] == minimum
    assert answer["minimum_decimal"] == f"{float(Fraction(minimum)):.15g}"
    assert answer["complete"] is True


def test_the_declared_classes_are_not_dropped(capsys):
    # All three scores are 0 at x = 0, so the infimum is log 3, never log 2; a sentence in its place is right as well.
    code, out, err = run(capsys, "basins", str(DATA / "three-classes.toml"), "--json")
    answer = json.loads(out)
    assert (code, list(answer)) == (2, ["out_of_scope"])
    assert answer["out_of_scope"]["reason"] == "cross_entropy with 3 classes, which is no scalar score"
    assert err.startswith("exactgeo: three-classes: out of scope: ")


@pytest.mark.parametrize("arguments", [["basins"], ["basins", "--minima"], ["landscape"], ["landscape", "--full"]])
def test_what_is_out_of_reach_is_said_at_once_with_what_serves_instead(capsys, tmp_path, arguments):
    rows = [[(t * t * k + 7 * t + k) % 19 - 9 for k in range(10)] for t in range(100)]
    point = {"weights": [rows[:5], [[1, -1, 2, -2, 1]]], "biases": [[0] * 5, [0]]}
    tree = {"data": {"x": rows, "y": list(range(100))}, "network": {"widths": [5]}, "point": point}
    file = tmp_path / "large.json"
    file.write_text(json.dumps(tree))
    code, out, err = run(capsys, arguments[0], str(file), *arguments[1:], "--json")
    answer = json.loads(out)
    assert (code, answer["complete"]) == (3, False)
    assert "is out of reach" in answer["reason"]
    assert answer["regions_at_least"] <= answer["regions_estimate"] <= answer["regions_at_most"]
    assert "`exactgeo certify`" in answer["try_instead"]
    assert err.startswith(f"exactgeo: {file}: about ")
    assert err.count("\n") == 1
    code, out, _ = run(capsys, arguments[0], str(file), *arguments[1:])
    assert (code, "None" in out, out.splitlines()[0]) == (3, False, str(file))
