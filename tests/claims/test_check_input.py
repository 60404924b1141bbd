"""What the checker refuses to read, how it ends, and the problem beside the certificate."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tomllib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from damage import CHECKER, checker, command
from forging import accepted, accepted_v1, changed, drop, modern, put, written
from made import ACCEPT, D1

import exactgeo as eg
from exactgeo import library
from exactgeo.claims.certificate import Certificate
from exactgeo.claims.local_minimum import LocalMinimumClaim, NeuronProof
from exactgeo.claims.strictness import StrictnessClaim
from exactgeo.claims.subject import problem_data
from exactgeo.cli import main
from exactgeo.formats import problem_from_mapping

PROP1 = (ACCEPT / "prop1.json").read_text()


def refused(text: str) -> str:
    with pytest.raises(checker().Refused) as refusal:
        checker().run(text)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"18"', "18.0", "is no rational"),
        ('"18"', "1e2", "is no rational"),
        ('"18"', "NaN", "is no rational"),
        ('"18"', "18", "is no str"),
        ('"18"', '"36/2"', "not in lowest terms"),
        ('"18"', '"18/1"', "not in lowest terms"),
        ('"18"', '"+18"', "is no rational"),
        ('"18"', '"018"', "is no rational"),
        ('"18"', '"-0"', "is no rational"),
        ('"18"', '"18/0"', "is no rational"),
        ('"18"', '"18\\n"', "is no rational"),
        ('"18"', '"\u0661\u0668"', "is no rational"),
        ('"18"', '"18.5"', "is no rational"),
        ('"18"', "null", "is no str"),
        ('"18"', "true", "is no str"),
        ('"version":2', '"version":3', "another format or version"),
        ('"version":2', '"version":1', "unknown or missing key"),
        ('"version":2', '"version":0', "another format or version"),
        ('"version":2', '"version":true', "is no int"),
        ('"version":2', '"version":"2"', "is no int"),
        ('"version":2', '"version":2,"version":2', "stands twice"),
        ('"version":2', '"version":2,"note":""', "unknown or missing key"),
        ('"exactgeo-certificate"', '"vipr"', "another format or version"),
        ('"loss":"18"', '"loss":"18","loss":"18"', "stands twice"),
        ('"loss":"18"', '"loss":"18","Loss":"18"', "unknown or missing key"),
        (',"radius":"1/8"', "", "unknown or missing key"),
        ('"kind":"local_minimum"', '"kind":"theorem"', "unknown kind"),
        ('"kind":"local_minimum",', "", "is no str"),
        ('"kind":"local_minimum"', '"kind":"regions"', "unknown kind"),
        ('"kind":"squared"', '"kind":"pinball"', "a loss not in the format"),
        ('"kind":"squared"', '"kind":"logistic"', "losses of signs need y = 1 or -1"),
        ('"kind":"squared"', '"kind":"cross_entropy"', "a target that is no class"),
        ('"kind":"squared"', '"kind":"huber(2/4)"', "not in lowest terms"),
        ('"kind":"squared"', '"kind":"huber(-1)"', "M > 0"),
        ('"kind":"squared"', '"kind":"huber(0)"', "a loss not in the format"),
        ('"kind":"squared"', '"kind":"huber(1"', "a loss not in the format"),
        ('"kind":"squared"', '"kind":"squared(1)"', "a loss not in the format"),
        ('"kind":"squared"', '"kind":"hinge"', "y = 1 or -1"),
        ('"reduction":"sum"', '"reduction":"max"', "a reduction not in the format"),
        ('"widths":[1]', '"widths":[1000000000]', "out of range"),
        ('"widths":[1]', '"widths":[-1]', "out of range"),
        ('"widths":[1]', '"widths":[1,1]', "a list of length"),
        ('"activation":["1","0"]', '"activation":["1"]', "a list of length"),
        ('"output_bias":true,"widths"', '"output_bias":1,"widths"', "is no bool"),
        ('"output_bias":true,"widths"', '"output_bias":false,"widths"', "a bias that is not there"),
        ('"hidden_bias":[true]', '"hidden_bias":[]', "a list of length"),
        ('"hidden":[true]', '"hidden":[1]', "is no bool"),
        ('"hidden":[true]', '"hidden":["no"]', "is no bool"),
        ('"hidden":[true]', '"hidden":[]', "a list of length"),
        ('[["5"],["4"],', '[["5","1"],["4"],', "a list of length"),
        ('[["5"],["4"],["3"],["1"],["-1"]]', "[]", "there is no data"),
    ],
)
def test_refused_fields(old, new, reason):
    text = PROP1.replace(old, new)
    assert text != PROP1
    assert reason in refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "3",
        '"',
        '{"problem":{},"arrangement":{}}',
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000,
        PROP1[:-3],
        PROP1 + PROP1,
        PROP1.replace('"18"', '"' + "7" * 60_000 + '"'),
        PROP1.replace('"version":2', '"version":' + "1" * 10_000_000),
        PROP1.replace('"18"', '"1/' + "7" * 49_000 + '"').replace("[", '["' + "8" * 49_000 + '",' * 20),
    ],
    ids=range(13),
)
def test_refused_texts_at_once(text, tmp_path):
    path = tmp_path / "cert.json"
    path.write_text(text)
    done = command(path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "refused" in done.stderr


def test_refused_files(tmp_path):
    (tmp_path / "latin.json").write_bytes(b'{"\xff": 1}')
    (tmp_path / "long.json").write_bytes(b" " * (checker().MAX_BYTES + 1))
    for path in (tmp_path, tmp_path / "missing.json", tmp_path / "latin.json", tmp_path / "long.json"):
        done = command(path)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert command().returncode == command("a", "b", "c").returncode == 2


def test_a_billion_digits_by_exponent_in_the_problem_beside(tmp_path):
    beside = tmp_path / "problem.toml"
    for number in ("1e999999999", '"1e999999999"', "1" * 100_000, '"1/3 "'):
        beside.write_text(f"[data]\nx = [[{number}]]\ny = [1]\n[network]\nwidths = [1]\n")
        assert command(ACCEPT / "prop1.json", beside).returncode in (1, 2)
    beside.write_text(".".join("a" * 100_000) + " = 1")
    assert command(ACCEPT / "prop1.json", beside).returncode == 2
    for text in ("x = [", "[data]\nx = 3", "", '{"data": 1, "data": 2}', "weights = 3"):
        beside.write_text(text)
        assert command(ACCEPT / "prop1.json", beside).returncode == 2


def test_json_answer():
    done = command(ACCEPT / "prop1.json", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert answer["accepted"] is True
    assert answer["sha256"] == __import__("hashlib").sha256(PROP1.encode()).hexdigest()
    assert "1/8" in answer["statement"]
    assert "18" in answer["statement"]
    assert "14" in answer["statement"]
    assert any("squared" in line for line in answer["hypotheses"])
    done = command(ACCEPT.parent / "reject" / "loss-at-the-point.json", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "accepted": False,
        "statement": None,
        "claims": [],
        "points": {},
        "hypotheses": [],
        "sha256": None,
        "report": "",
        "reason": "rejected: the loss at a point is another one",
    }


def test_the_checker_imports_the_standard_library_only():
    code = f"""
import runpy, sys
sys.argv = ["check.py", sys.argv[1]]
try:
    runpy.run_path({str(CHECKER)!r}, run_name="__main__")
except SystemExit as end:
    assert end.code == 0
print([name for name in sys.modules if name.split(".")[0] not in {{*sys.stdlib_module_names, "__main__"}}])
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(ACCEPT / "prop1.json")], capture_output=True, text=True, timeout=60
    )
    # Under this name the companions find the core.
    assert done.stdout.splitlines()[-1] == "['exactgeo.check']", done


@pytest.mark.parametrize("name", [name for name, _ in library.names()])
def test_every_named_problem_with_its_file_beside(name, tmp_path):
    """The text of the named problem (with its defaults) denotes the problem of the certificate."""
    module = checker().companion("check_problem.py")
    certificate = eg.certify(eg.load(name), time_limit=0).certificate
    problem, point = module.restate(library.text(name))
    assert problem == problem_data(certificate.subject)
    assert point == certificate.claims[0].point.to_dict()
    again, _ = module.restate(json.dumps(eg.load(name).to_dict()))
    assert again == problem


def test_the_problem_beside(tmp_path, capsys):
    def run(certificate: str, beside: str | Path) -> int:
        with pytest.raises(SystemExit) as end:
            main(["check", str(ACCEPT / f"{certificate}.json"), str(beside)])
        capsys.readouterr()
        return int(end.value.code or 0)

    assert run("prop1", "swirszcz-prop1") == 0
    assert run("prop1", "swirszcz-prop1-better") == 1  # another point of the same problem
    assert run("prop1", "kink-global") == 1
    assert run("census", "swirszcz-prop1") == 0  # a global minimum is about no point of the file
    text = library.text("swirszcz-prop1")
    tree = tomllib.loads(text)
    for edit in (
        ("network", "activation", "leaky_relu(1/10)"),
        ("network", "widths", [2]),
        ("data", "y", [2, 1, 0, -3, 4]),
        ("loss", "kind", "half_squared"),
        ("loss", "reduction", "mean"),
        ("train", "output", False),
        ("train", "hidden_bias", False),
    ):
        other = {**tree, edit[0]: {**tree.get(edit[0], {}), edit[1]: edit[2]}}
        (tmp_path / "other.json").write_text(json.dumps(other))
        # A point of another shape is no point of the file's problem.
        assert run("prop1", tmp_path / "other.json") == (2 if edit[1] == "widths" else 1)
    (tmp_path / "other.json").write_text(json.dumps({**tree, "weight_decay": 1}))
    assert run("prop1", tmp_path / "other.json") == 2


def test_frozen_parameters_of_the_problem_beside(tmp_path):
    tables = {
        "data": {"x": [[0], [1], [2]], "y": [-3, 4, -3]},
        "network": {"widths": [3]},
        "train": {"output": False, "output_bias": False},
        "point": {"weights": [[[0], [0], [0]], [[1, -2, 0]]], "biases": [[0, 0, 0], [1]]},
    }
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(tables))
    assert command(ACCEPT / "census-frozen.json", path).returncode == 0
    tables["point"]["weights"][1] = [[1, -3, 0]]
    path.write_text(json.dumps(tables))
    assert command(ACCEPT / "census-frozen.json", path).returncode == 1


@pytest.mark.parametrize(
    "tables",
    [
        {"network": {"widths": [1], "activation": "pl(2, -1/3)"}},
        {"network": {"widths": [1], "activation": " leaky_relu( 0.1 )"}, "loss": {"kind": "half_squared"}},
        {"network": {"widths": [1], "activation": "abs", "hidden_bias": [False]}, "loss": {"reduction": "mean"}},
        {"network": {"widths": []}},
        {"network": {"widths": [1]}, "train": {"hidden": [False], "output_bias": False}},
    ],
)
def test_problem_files_of_all_kinds_beside(tables):
    bias = tables["network"].get("hidden_bias", [True])[0]
    linear = not tables["network"]["widths"]
    point = {"weights": [[["0.5"]]], "biases": [["1/2"]]}
    if not linear:
        point = {"weights": [[[0]], [["1e-1"]]], "biases": [[2] if bias else [], [0.25]]}
    text = json.dumps({"data": D1, **tables, "point": point})
    certificate = eg.certify(eg.load(json.loads(text, parse_float=str)), time_limit=0).certificate
    assert checker().run(certificate.to_json())
    problem, found = checker().companion("check_problem.py").restate(text)
    assert problem == problem_data(certificate.subject)
    assert found == certificate.claims[0].point.to_dict()


@pytest.mark.parametrize(
    "tables",
    [
        {"network": {"widths": [], "activation": "sigmoid"}},
        {"network": {"widths": [2, 1], "activation": "linear", "hidden_bias": [True, False]}},
        {"network": {"widths": [1], "activation": "abs", "output_bias": False}},
        {"network": {"widths": [1]}, "loss": {"kind": " huber( 0.5 ) ", "reduction": "mean"}},
        {"network": {"widths": [1]}, "data": {"x": [[1]], "y": [["1/2", 3]]}},
        {
            "network": {
                "widths": [1, 2],
                "activation": ["relu", "relu"],
                "output_activation": "linear",
                "outputs": 1,
            }
        },
        {"network": {"widths": [1]}, "train": {"hidden": [False], "hidden_bias": False, "output": False}},
    ],
)
def test_restated_as_the_tool_states_it(tables):
    text = "\n " + json.dumps({"data": D1, **tables})
    assert checker().companion("check_problem.py").restate(text)[0] == problem_data(
        eg.load(json.loads(text, parse_float=str))
    )


def test_points_of_a_list_beside(tmp_path, capsys):
    """A certificate that begins with a landscape lists points of its own; the problem and what is frozen must agree."""

    def run(path: Path) -> int:
        with pytest.raises(SystemExit) as end:
            main(["check", str(path), "swirszcz-prop1"])
        return end.value.code or 0

    listed = tmp_path / "minima.json"
    certificate = eg.basins(eg.load("swirszcz-prop1")).prove(minima=True)
    certificate.write(listed)
    assert run(listed) == 0
    assert "the points are those of the claims, not that of the file" in capsys.readouterr().out
    tree = json.loads(listed.read_text())
    tree["claims"] = tree["claims"][1:] + tree["claims"][:1]
    turned = tmp_path / "turned.json"
    turned.write_text(written(tree))
    assert run(turned) == 1
    assert "another point than the file beside it" in capsys.readouterr().err
    assert run(ACCEPT / "landscape-frozen.json") == 1


def test_a_point_without_biases_beside():
    network = {"widths": [1], "hidden_bias": False, "output_bias": False}
    text = json.dumps({"data": D1, "network": network, "point": {"weights": [[[1]], [[2]]]}})
    assert checker().companion("check_problem.py").restate(text)[1] == eg.load(json.loads(text)).point.to_dict()


def test_standard_input_and_python():
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(CHECKER), "-"], input=PROP1, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    answer = eg.check(ACCEPT / "prop1.json")
    assert (answer.accepted, answer.code, answer.reason) == (True, 0, "")
    answer = eg.check(ACCEPT.parent / "reject" / "strictness.json")
    assert (answer.accepted, answer.code) == (False, 1)


def test_the_name_check_stays_a_function():
    import exactgeo.check  # noqa: F401

    assert callable(eg.check)


def test_a_slow_check_ends_in_time():
    start = time.monotonic()
    assert eg.check(ACCEPT / "prop1.json", time_limit=0) is None
    assert time.monotonic() - start < 60


def test_affine_arrangement_beside(tmp_path):
    tables = {"normals": [[1, 0], [10**7, 1], [0, 1], [0, 0]], "offsets": [0, 1, 2, 3]}
    path = tmp_path / "arrangement.json"
    path.write_text(json.dumps(tables))
    assert command(ACCEPT / "regions-affine.json", path).returncode == 0
    path.write_text(json.dumps({**tables, "offsets": [0, 1, 2, 4]}))
    assert command(ACCEPT / "regions-affine.json", path).returncode == 1
    assert command(ACCEPT / "regions-affine.json", "/dev/null").returncode == 2


def test_too_many_cases_are_refused():
    tree = accepted("regions-central")
    assert "there is no hyperplane" in refused(written(changed("regions-central", put("arrangement", "normals", [[]]))))
    assert len(tree["claims"][0]["regions"]) == 12
    idle = problem_from_mapping(
        {
            "data": {"x": [[1]], "y": [0]},
            "network": {"widths": [14], "hidden_bias": False, "output_bias": False},
            "point": {"weights": [[[1]] * 14, [[0] * 14]]},
        }
    )
    claim = LocalMinimumClaim.read(accepted("idle")["claims"][0])
    claim = replace(claim, point=idle.point, loss=Fraction(0), neurons=(NeuronProof(()),) * 14, radius=Fraction(1))
    # Version 1's proof, which lists the modes of the neurons with output weight 0.
    listed = StrictnessClaim.read(modern(accepted_v1("idle"))["claims"][1])
    flat = replace(listed, point=idle.point, loss=Fraction(0))
    assert "too many neurons" in refused(Certificate(idle, (claim, flat)).to_json())


def test_dropped_claims():
    assert "there is no claim" in refused(written(changed("census", drop("claims", 0))))
