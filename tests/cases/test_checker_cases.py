"""Small inputs on which the checker once went wrong, and files of ten megabytes: each ends at once, with the right answer."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from damage import CHECKER, checker
from forging import accepted, written

DATA = Path(__file__).parent / "data"
MEGABYTES = 10 * 2**20


def answer(*files: str | Path, seconds: float = 60) -> dict:
    line = [sys.executable, "-I", "-S", str(CHECKER), "--json", *map(str, files)]
    return json.loads(subprocess.run(line, capture_output=True, text=True, timeout=seconds, check=False).stdout)


# -- the inputs of the table --


def test_claims_about_two_points_are_seen_to_be():
    found = answer(DATA / "two-points-one-loss.json")
    assert found["accepted"]
    one, other = found["claims"]
    assert one["point"] == {"weights": [[["-1"]], [["1"]]], "biases": [[], []]}
    assert other["point"] == {"weights": [[["1"]], [["0"]]], "biases": [[], []]}
    assert found["points"]["P1"] == one["point"]
    assert found["points"]["P2"] == other["point"]
    assert found["statement"].startswith("At P1: No parameters")
    assert " At P2: The point, of loss 1, is no local minimum" in found["statement"]
    lines = found["report"].splitlines()
    assert lines[1].startswith("  local_minimum (point P1): No parameters")
    assert lines[2].startswith("  not_local_minimum (point P2; direction P3): The point")
    assert lines[3:6] == [
        "  P1: weights [[[-1]], [[1]]], biases [[], []]",
        "  P2: weights [[[1]], [[0]]], biases [[], []]",
        "  P3: weights [[[0]], [[1]]], biases [[], []]",
    ]


def test_claims_about_different_frozen_values_are_rejected():
    module, tree = checker(), accepted("census-frozen")
    frozen = {"weights[1]": [["1", "-2", "0"]], "biases[1]": ["1"]}
    module.run(written(tree))
    found = module.examine("certificate", None)
    assert [claim["frozen"] for claim in found["claims"]] == [frozen]
    assert "\n  frozen: weights[1] = [[1, -2, 0]], biases[1] = [1]\n" in found["report"]
    # Two paths of one point each, which are true whatever is frozen.
    paths = []
    for bias in ("1", "0"):
        point = {"weights": [[["0"]] * 3, [["1", "-2", "0"]]], "biases": [["0"] * 3, [bias]]}
        paths.append({"kind": "path", "point": point, "loss": "0", "points": [], "losses": []})
        paths[-1]["loss"] = str(module.evaluate(problem := module.Problem(tree["problem"]), problem.point(point)))
    assert module.run(written({**tree, "claims": paths[:1]}))
    assert module.run(written({**tree, "claims": paths[1:]}))
    assert module.run(written({**tree, "claims": [paths[0], *tree["claims"]]}))
    with pytest.raises(module.Rejected, match="the claims speak of different frozen values"):
        module.run(written({**tree, "claims": paths}))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("other-loss-logistic", "refused: 'logistic(1/2)' in the problem file has another number of arguments"),
        ("typo-in-train", "refused: unknown or missing key ['frozen'] in the problem file"),
        ("exp-40", "refused: '1e99999' in the problem file is no number, or one of too many digits"),
    ],
)
def test_a_problem_file_that_the_tool_refuses(name, reason):
    found = answer(DATA / f"{name}.json", DATA / f"{name}.toml")
    assert (found["accepted"], found["statement"]) == (False, None)
    assert found["reason"].startswith(reason)
    assert answer(DATA / f"{name}.json")["accepted"], "without the file it proves what it says"


def test_an_honest_census_of_sixty_points():
    """Its work is counted, not timed: one step for each pair of a region and 64 rays, none for a pair of both."""
    module = checker()
    assert module.run(gzip.decompress((DATA / "honest-rank3-60.json.gz").read_bytes()).decode())
    assert module.meter.spent < module.MAX_WORK


def test_the_work_of_a_file_is_counted_before_it_is_done():
    """Small relatives of the huge files below: each is refused by what it would take."""
    module = checker()
    for tree, reason in (
        (wide(x=[primes(5000)], y=[["1"]]), "numbers of too many digits over a common denominator"),
        (wide(x=[primes(500)] * 300, y=[["1"]] * 300), "more work than a check may take"),
        (deep(3000, 1), "more work than a check may take"),
        (deep(20, 60), "more work than a check may take"),
    ):
        with pytest.raises(module.Refused, match=reason):
            module.run(written(tree))


def covered(kind: str, size: int, depth: int) -> dict:
    """sum |u_j| >= 0 on a covering by 2^depth cones, all other kinks left open at a leaf."""
    unit = [[str(int(i == j)) for i in range(size)] for j in range(size)]
    ordered = kind == "ordered_minimum"

    def number(text: str) -> object:
        return {"constant": text, "terms": {}} if ordered else text

    weights = {str(j): number("1/2" if ordered else "1") for j in range(depth)}
    leaf = {"rule": "farkas", "multipliers": weights, "slopes": {}}

    def cover(row: int) -> list:
        return [leaf] if row == depth else [{"rule": "split", "row": row}, *cover(row + 1), *cover(row + 1)]

    neuron = {"parts": [{"rows": [*range(size)], "linear": [number("0")] * size, "cover": cover(0)}]}
    claim = {"kind": kind, "point": {"weights": [[["0"] * size], [["1"]]], "biases": [[], []]}, "loss": str(size)}
    if ordered:
        claim["loss"] = {"constant": "0", "terms": {"0": str(size)}}
    claim |= {"radius": None, "neurons": [neuron | ({"above": [], "below": []} if kind == "penalised_minimum" else {})]}
    problem = {
        "data": {"x": unit, "y": [["-1"]] * size},
        "network": {"widths": [1], "activation": ["1", "-1"], "hidden_bias": [False], "output_bias": False},
        "loss": {"kind": "logistic" if ordered else "squared", "reduction": "sum"},
        "train": {"hidden": [True], "hidden_bias": [False], "output": False, "output_bias": False},
    }
    if kind == "penalised_minimum":
        problem["penalty"] = {"l2": "1", "l1": "0", "biases": False}
    return {"format": "exactgeo-certificate", "version": 2, "problem": problem, "claims": [claim]}


@pytest.mark.parametrize("kind", ["local_minimum", "ordered_minimum", "penalised_minimum"])
def test_a_leaf_of_a_covering_is_work_for_each_of_its_kinks(kind):
    """Ten megabytes of such leaves took minutes: only their multipliers were counted."""
    module, size, depth = checker(), 12, 4
    assert module.run(written(covered(kind, size, depth)))
    assert module.meter.spent >= 2**depth * 8 * size * size


def test_a_leaf_of_a_covering_by_norms_is_work_for_each_of_its_kinks():
    """sum |u_j| <= sqrt(size) |u|, and its negative, on the orthants."""
    module, size = checker(), 6
    tree = covered("penalised_minimum", size, size)
    leaf = {"rule": "norm", "multipliers": {}, "slopes": {}}
    (claim,) = tree["claims"]
    cover = [leaf if step["rule"] == "farkas" else step for step in claim["neurons"][0]["parts"][0]["cover"]]
    claim["neurons"] = [{"parts": [], "above": cover, "below": cover}]
    claim["point"]["weights"][1] = [["0"]]
    tree["problem"]["train"]["output"] = True
    tree["problem"]["penalty"]["l2"] = str(2 * size)
    assert module.run(written(tree))
    assert module.meter.spent >= 2 * 2**size * 8 * size * size


# -- ten megabytes of anything --


def fill(text: str, room: int = MEGABYTES) -> list[str]:
    """As many copies of an entry as fill the room."""
    return [text] * (room // (len(text) + 3))


def landscape_of_many() -> dict:
    tree = accepted("landscape")
    (claim,) = tree["claims"]
    claim["solutions"] *= MEGABYTES // (len(json.dumps(claim["solutions"])))
    return tree


def many_duals() -> dict:
    tree = accepted("census-two-neurons")
    rng = random.Random(0)
    (claim,) = tree["claims"]
    m = len(tree["problem"]["data"]["x"])
    claim["duals"] = [[str(rng.randint(-99, 99)) for _ in range(m)] for _ in range(MEGABYTES // (6 * m))]
    return tree


def wide(**problem: object) -> dict:
    tree = accepted("census")
    tree["problem"]["data"] |= problem
    return tree


def primes(count: int) -> list[str]:
    """Numbers without a common denominator, of 25 digits."""
    return [f"1/{10**24 + 2 * k + 1}" for k in range(count)]


def planes(m: int, d: int) -> dict:
    rng = random.Random(0)
    normals = [[str(rng.randint(-9, 9)) for _ in range(d)] for _ in range(m)]
    claim = {"kind": "regions", "regions": {"+" * m: [1] * d}}
    return {
        "format": "exactgeo-certificate",
        "version": 2,
        "arrangement": {"normals": normals, "offsets": None},
        "claims": [claim],
    }


def deep(layers: int, width: int) -> dict:
    """A network whose predictions have ever more digits."""
    sizes = [1, *[width] * layers, 1]
    number = f"1/{10**20 + 39}"
    weights = [[[number] * a for _ in range(b)] for a, b in pairwise(sizes)]
    point = {"weights": weights, "biases": [[]] * (layers + 1)}
    network = {
        "widths": [width] * layers,
        "activation": ["1", "0"],
        "hidden_bias": [False] * layers,
        "output_bias": False,
    }
    train = {"hidden": [True] * layers, "hidden_bias": [False] * layers, "output": True, "output_bias": False}
    return {
        "format": "exactgeo-certificate",
        "version": 2,
        "problem": {
            "data": {"x": [["1"]], "y": [["1"]]},
            "network": network,
            "loss": {"kind": "squared", "reduction": "sum"},
            "train": train,
        },
        "claims": [{"kind": "global_minimum", "point": point, "loss": "0", "duals": [], "regions": None}],
    }


def repeated(name: str) -> dict:
    tree = accepted(name)
    return {**tree, "claims": tree["claims"] * (MEGABYTES // len(json.dumps(tree["claims"])))}


HUGE = {
    "brackets": lambda: "[" * MEGABYTES,
    "objects": lambda: '{"a":' * (MEGABYTES // 5),
    "lists": lambda: "[" + "[]," * (MEGABYTES // 3) + "[]]",
    "keys": lambda: "{" + ",".join(f'"{k}":0' for k in range(MEGABYTES // 12)) + "}",
    "one number": lambda: '{"version":' + "7" * MEGABYTES + "}",
    "numbers of 51 digits": lambda: written(wide(y=[["7" * 51]] * (MEGABYTES // 57))),
    "numbers of 50 digits": lambda: written(wide(x=[fill("7" * 50)], y=[["1"]])),
    "no common denominator": lambda: written(wide(x=[primes(MEGABYTES // 30)], y=[["1"]])),
    "few common denominators": lambda: written(wide(x=[primes(700)] * 500, y=[["1"]] * 500)),
    "rows": lambda: written(wide(x=[["1"]] * (MEGABYTES // 14), y=[["1"]] * (MEGABYTES // 14))),
    "columns": lambda: written(wide(x=[fill("1")], y=[["1"]])),
    "square": lambda: written(wide(x=[["1"] * 1500] * 1500, y=[["1"]] * 1500)),
    "claims": lambda: written(repeated("prop1")),
    "small claims": lambda: written(repeated("deep-zero-loss")),
    "solutions": lambda: written(landscape_of_many()),
    "duals": lambda: written(many_duals()),
    "planes": lambda: written(planes(1000, 40)),
    "planes in a plane": lambda: written(planes(200_000, 3)),
    "planes of many dimensions": lambda: written(planes(60, 30_000)),
    "layers": lambda: written(deep(60_000, 1)),
    "wide layers": lambda: written(deep(40, 60)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HUGE)
def test_ten_megabytes_of_anything_end(name, tmp_path):
    """Refused, rejected or accepted, but ended: the limit here is for a crowded machine, benchmarks have the figures."""
    path = tmp_path / "huge.json"
    path.write_text(HUGE[name]())
    found = answer(path, seconds=120)
    assert found["accepted"] or len(found["reason"]) < 300


BESIDE = {
    "exponents": "x = [[" + "1e9999," * 100_000 + "1]]",
    "short exponents": "x = [[" + "1e49," * 600_000 + "1]]",
    "brackets": "x = " + "[" * 100_000,
    "dotted": ".".join("a" * 1_000_000) + " = 1",
    "tables": "[a]\n" * 900_000,
    "nested tables": "\n".join(f"[{'.'.join('abcdefgh' * 3)}.k{k}]" for k in range(60_000)),
    "tables in tables": "x = " + "{a = " * 100_000,
    "hexadecimal": "x = 0x" + "f" * 3_900_000,
    "digits": "x = " + "7" * 3_900_000,
    "text": 'x = "' + "\\u0041" * 600_000 + '"',
    "more than TOML may be": "# " + "x" * MEGABYTES,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BESIDE)
def test_a_huge_problem_file_beside_ends(name, tmp_path):
    path = tmp_path / "huge.toml"
    path.write_text(BESIDE[name])
    found = answer(DATA / "exp-40.json", path, seconds=120)
    assert not found["accepted"]
    assert len(found["reason"]) < 300
