"""The command line as users and scripts meet it: exit codes, one JSON object, one line for every error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from command import run

import exactgeo as eg

VERDICT_KEYS = {
    "rungs",
    "reasons",
    "verdict",
    "loss",
    "rung",
    "strictness",
    "flat_dimension",
    "globality",
    "better",
    "bad_valley",
    "component_infimum",
    "escapes_at",
    "descent",
    "certificate",
    "reason",
}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["swirszcz-prop1"], 0),
        (["swirszcz-prop2-local"], 1),
        (["swirszcz-prop2-local", "--expect", "not_local_minimum"], 0),
        (["swirszcz-prop1", "--expect", "not_local_minimum"], 1),
        (["swirszcz-prop1", "--time-limit", "0"], 0),
    ],
)
def test_exit_codes_of_certify(capsys, arguments, code):
    assert run(capsys, "certify", *arguments)[0] == code


def test_undecided_exits_3(capsys, tmp_path):
    file = tmp_path / "deep.json"
    deep = {
        "data": {"x": [[1], [2]], "y": [0, 1]},
        "network": {"widths": [1, 1]},
        "point": {"weights": [[[1]], [[1]], [[1]]], "biases": [[0], [0], [0]]},
    }
    file.write_text(json.dumps(deep))
    code, out, _ = run(capsys, "certify", str(file), "--json")
    answer = json.loads(out)
    assert (code, answer["verdict"], answer["globality"]) == (3, "undecided", "unknown")
    assert answer["reason"] == "out_of_scope: 2 hidden layers; in scope: at most one hidden layer"
    code, _, err = run(capsys, "explain", str(file))
    assert (code, "out of scope: 2 hidden layers" in err) == (2, True)


def test_json_is_one_object_with_the_promised_keys(capsys):
    code, out, err = run(capsys, "certify", "swirszcz-prop1", "--json")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert set(answer) == VERDICT_KEYS
    assert answer["loss"] == "18"
    assert answer["better"]["loss"] == "14"
    assert answer["better"]["complete"] is True
    descent = json.loads(run(capsys, "certify", "swirszcz-prop2-local", "--json")[1])["descent"]
    assert descent == {
        "direction": {"weights": [[["0"], ["0"]], [["0", "0"]]], "biases": [["0", "0"], ["-1"]]},
        "step": "1/2",
        "loss_after": "37/6",
    }


def test_text_says_what_the_json_says(capsys):
    out = run(capsys, "certify", "swirszcz-prop1")[1]
    assert "a local minimum, proved exactly" in out
    assert "spurious: the global minimum is 14, at" in out
    out = run(capsys, "certify", "swirszcz-prop2-global")[1]
    assert "NOT a local minimum, proved exactly" in out
    assert "b2 = (-1)" in out


def test_points_of_one_problem(capsys, tmp_path):
    for name, b in (("a.toml", -3), ("b.toml", -2)):
        (tmp_path / name).write_text(f"weights = [[[1]], [[1]]]\nbiases = [[{b}], [0]]\n")
    files = [str(tmp_path / "a.toml"), str(tmp_path / "b.toml")]
    code, out, _ = run(capsys, "certify", "swirszcz-prop1", "--point", files[0], "--point", files[1], "--json")
    answers = json.loads(out)["points"]
    assert code == 1
    assert [(a["file"], a["verdict"]) for a in answers] == [
        (files[0], "local_minimum"),
        (files[1], "not_local_minimum"),
    ]


def test_certificate_is_written_whole_or_not_at_all(capsys, tmp_path):
    target = tmp_path / "out.json"
    answer = json.loads(run(capsys, "certify", "swirszcz-prop1", "--certificate", str(target), "--json")[1])
    assert answer["certificate"] == str(target)
    assert target.read_text() == eg.certify(eg.load("swirszcz-prop1")).certificate.to_json()
    code, out, err = run(capsys, "certify", "swirszcz-prop1", "--certificate", str(tmp_path / "no" / "out.json"))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "expected a folder that is there" in err
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["certify", "swirszcz-prop9"], "swirszcz-prop"),
        (["certify", "missing.toml"], "missing.toml"),
        (["certify", "swirszcz-prop1", "--expect", "yes"], '--expect: got "yes", expected a verdict; write'),
        (["certify", "swirszcz-prop1", "--point", "gone.toml"], "gone.toml"),
        (["certify", "swirszcz-prop1", "--nosuch"], "No such option"),
        (["nosuch"], "No such command"),
        (["regions", "missing.json"], "missing.json"),
        (["examples", "nosuch"], "nosuch"),
        (["certify"], "Missing argument"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(capsys, arguments, message):
    code, out, err = run(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("exactgeo: ")
    assert message in err


def test_regions(capsys, tmp_path):
    file = tmp_path / "three.toml"
    file.write_text("normals = [[1, 0], [0, 1], [1, 1]]\n")
    code, out, _ = run(capsys, "regions", str(file), "--json", "--signs")
    answer = json.loads(out)
    assert code == 0
    assert (answer["count"], answer["rank"], answer["characteristic_polynomial"]) == (6, 2, [1, -3, 2])
    assert answer["bounded"] == 0
    assert answer["signs"] == sorted(answer["signs"])
    assert len(answer["signs"]) == 6
    assert "regions" in run(capsys, "regions", str(file))[1]


def test_examples(capsys):
    listing = json.loads(run(capsys, "examples", "--json")[1])["examples"]
    assert "swirszcz-prop1" in {entry["name"] for entry in listing}
    text = run(capsys, "examples", "swirszcz-prop1")[1]
    assert eg.load(text.encode()) == eg.load("swirszcz-prop1")


def test_explain_shows_the_numbers(capsys):
    out = run(capsys, "explain", "kink-global")[1]
    assert "r_t = p_t - y_t" in out
    assert "must be >= 0: holds" in out
    answer = json.loads(run(capsys, "explain", "swirszcz-prop2-local", "--json")[1])
    assert answer["verdict"] == "not_local_minimum"
    assert [c for c in answer["conditions"] if not c["holds"]] == [
        {"quantity": "sum_t r_t", "value": "3", "required": "= 0", "holds": False}
    ]


def test_standard_input(tmp_path):
    text = Path(__file__).parents[2].joinpath("exactgeo/library").glob("**/swirszcz-prop1.toml")
    done = subprocess.run(
        [sys.executable, "-m", "exactgeo", "certify", "-", "--json"], input=next(text).read_bytes(), capture_output=True
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["loss"] == "18"


def test_interrupt_ends_quietly(tmp_path):
    """Ctrl-C during a long enumeration: one line, no traceback, exit 130."""
    file = tmp_path / "big.json"
    rows = [[t**k for k in range(7)] for t in range(1, 60)]
    file.write_text(json.dumps({"normals": rows}))
    process = subprocess.Popen(
        [sys.executable, "-m", "exactgeo", "regions", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=4)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert (out, err.strip()) == (b"", b"exactgeo: interrupted")


def test_closed_pipe_is_not_an_error():
    done = subprocess.run(
        f"{sys.executable} -m exactgeo examples | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr


def test_a_census_that_knows_nothing(capsys):
    code, text, _ = run(capsys, "basins", "swirszcz-prop1", "--time-limit", "0")
    assert code == 3
    assert text.splitlines()[-2:] == [
        "  lowest so far   unknown",
        "  because         the search was ended before every basin had its value",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["certify", "swirszcz-prop1"],
        ["basins", "swirszcz-prop1", "--minima"],
        ["landscape", "swirszcz-prop1", "--full"],
        ["path", "swirszcz-prop1", "--to", "swirszcz-prop1-better"],
    ],
)
def test_every_certificate_is_accepted_beside_its_problem(capsys, tmp_path, arguments):
    path = str(tmp_path / "cert.json")
    code, text, _ = run(capsys, *arguments, "--certificate", path)
    assert code == 0
    assert f"  certificate     {path}" in text.splitlines()
    assert run(capsys, "check", path, "swirszcz-prop1")[0] == 0
    code, text, _ = run(capsys, *arguments, "--certificate", path, "--json")
    assert json.loads(text)["certificate"] == path
    missing = str(tmp_path / "no" / "cert.json")
    code, text, error = run(capsys, *arguments, "--certificate", missing)
    assert (code, error.count("\n")) == (2, 1)


def test_a_global_minimum_is_a_local_one_whatever_the_loss(capsys, tmp_path):
    """What the census or convexity knows, certify says: the ladder has no rung for these losses yet."""
    data = {"x": [[-2], [-1], [1], [2]], "y": [1, -1, -1, 1]}
    hinge = {
        "data": data,
        "network": {"widths": [1]},
        "loss": {"kind": "hinge"},
        "point": {"weights": [[[1]], [[2]]], "biases": [[-1], [-1]]},
    }
    logistic = {
        "data": {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [-1, 1, 1, -1]},
        "network": {"widths": []},
        "loss": {"kind": "logistic", "reduction": "mean"},
        "point": {"weights": [[[0, 0]]], "biases": [[0]]},
    }
    features = {**hinge, "train": {"hidden": False, "hidden_bias": False}}
    answers = []
    for k, problem in enumerate((hinge, features, logistic)):
        file = tmp_path / f"{k}.json"
        file.write_text(json.dumps(problem))
        code, out, _ = run(capsys, "certify", str(file), "--json", "--certificate", str(tmp_path / f"{k}.cert"))
        answers.append(json.loads(out))
        assert (code, answers[-1]["verdict"], answers[-1]["globality"]) == (0, "local_minimum", "global")
        assert answers[-1]["rung"] == "global_minimum"
        assert answers[-1]["strictness"] is None
        assert "strictness" in answers[-1]["reasons"]
    assert [answer["loss"] for answer in answers] == ["2", "2", None]
    # ln 2 = 0.693147..., as an enclosure; and a loss without rational values has no certificate yet.
    low, high = (Fraction(answers[2]["loss_enclosure"][key]) for key in ("lo", "hi"))
    assert Fraction(693147, 10**6) < low <= high < Fraction(693148, 10**6)
    assert [answer["certificate"] is None for answer in answers] == [False, False, True]
    for k in (0, 1):
        assert run(capsys, "check", str(tmp_path / f"{k}.cert"), str(tmp_path / f"{k}.json"))[0] == 0
    spurious = {**hinge, "point": {"weights": [[[0]], [[0]]], "biases": [[0], [0]]}}
    (tmp_path / "s.json").write_text(json.dumps(spurious))
    answer = json.loads(run(capsys, "certify", str(tmp_path / "s.json"), "--json")[1])
    assert (answer["verdict"], answer["globality"], answer["better"]["loss"]) == ("undecided", "spurious", "2")
