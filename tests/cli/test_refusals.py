"""Every refusal is one line on stderr and exit 2, and with --json one object on stdout that says the same."""

from __future__ import annotations

import json

import pytest
from command import run

from exactgeo.errors import InputError, OutOfScope

REFUSED = [
    ["certify", "swirszcz-prop9"],
    ["certify", "missing.toml"],
    ["certify", "swirszcz-prop1", "--expect", "yes"],
    ["certify", "swirszcz-prop1", "--point", "gone.toml"],
    ["explain", "missing.toml"],
    ["basins", "missing.toml"],
    ["basins", "swirszcz-prop1", "--out", "basins.txt"],
    ["basins", "swirszcz-prop1", "--resume"],
    ["landscape", "missing.toml"],
    ["landscape", "swirszcz-prop1", "--out", "run.csv"],
    ["landscape", "swirszcz-prop1", "--resume"],
    ["path", "swirszcz-prop1", "--to", "gone.toml"],
    ["slice", "swirszcz-prop1", "--to", "gone.toml", "-o", "slice.svg"],
    ["slice", "swirszcz-prop1", *3 * ["--to", "swirszcz-prop1-better"], "-o", "slice.svg"],
    ["regions", "missing.json"],
    ["check", "missing.json", "swirszcz-prop9"],
    ["export", "missing.json", "-o", "out.v"],
    ["examples", "nosuch"],
    ["proofs", "nosuch"],
]


@pytest.mark.parametrize("arguments", REFUSED, ids=" ".join)
def test_a_refusal_is_an_object_with_the_fields_of_its_line(capsys, arguments):
    code, out, line = run(capsys, *arguments)
    assert (code, out, line.count("\n")) == (2, "", 1)
    code, out, again = run(capsys, *arguments, "--json")
    assert (code, again) == (2, line)
    answer = json.loads(out)
    assert list(answer) == ["error"]
    assert line == f"exactgeo: {InputError(**answer['error'])}\n"


@pytest.mark.parametrize(
    ("arguments", "command", "found"),
    [
        (["certify"], "exactgeo certify", "Missing argument 'FILE-OR-NAME'."),
        (["certify", "swirszcz-prop1", "--nosuch"], "exactgeo certify", "No such option"),
        (["basins", "swirszcz-prop1", "--time-limit", "-1"], "exactgeo basins", "Invalid value for '--time-limit'"),
        (["nosuch"], "exactgeo", "No such command"),
    ],
)
def test_a_command_line_that_cannot_be_read(capsys, arguments, command, found):
    code, out, line = run(capsys, *arguments)
    assert (code, out, line.count("\n")) == (2, "", 1)
    assert line.startswith(f"exactgeo: {found}")
    code, out, again = run(capsys, *arguments, "--json")
    assert (code, again) == (2, line)
    error = json.loads(out)["error"]
    assert (error["where"], error["write"]) == (command, f"{command} --help")
    assert error["found"].startswith(found)


DEEP = {"widths": [1, 1], "activation": ["relu", "tanh"], "hidden_bias": False, "output_bias": False}
WIDE = {"widths": [2], "hidden_bias": False, "output_bias": False}
OUTSIDE = {
    "deep": {"data": {"x": [[1], [2]], "y": [0, 1]}, "network": DEEP, "point": {"weights": [[[1]], [[1]], [[1]]]}},
    "two-outputs": {
        "data": {"x": [[1, 0], [0, 1]], "y": [[1, 0], [0, 2]]},
        "network": WIDE,
        "loss": {"kind": "absolute"},
        "point": {"weights": [[[1, 0], [0, 1]], [[1, 0], [0, 1]]]},
    },
    "smooth": {
        "data": {"x": [[1], [2]], "y": [0, 1]},
        "network": WIDE | {"activation": "tanh"},
        "point": {"weights": [[[0], [0]], [[1, 1]]]},
    },
    "logistic": {
        "data": {"x": [[1], [2]], "y": [1, -1]},
        "network": WIDE,
        "loss": {"kind": "logistic"},
        "point": {"weights": [[[0], [0]], [[1, 1]]]},
    },
}


@pytest.mark.parametrize(
    ("command", "name"),
    [
        *(
            (command, name)
            for command in ("basins", "explain", "landscape", "path", "slice")
            for name in ("deep", "two-outputs", "smooth")
            if command not in ("path", "slice") or name == "smooth"
        ),
        ("landscape", "logistic"),
    ],
)
def test_out_of_scope_has_its_own_line_and_object(capsys, tmp_path, command, name):
    file = tmp_path / "problem.json"
    file.write_text(json.dumps({"name": name} | OUTSIDE[name]))
    others = {"path": ["--to", str(file)], "slice": ["--to", str(file), "-o", str(tmp_path / "slice.svg")]}
    arguments = [command, str(file), *others.get(command, [])]
    code, out, line = run(capsys, *arguments)
    assert (code, out, line.count("\n")) == (2, "", 1)
    code, out, again = run(capsys, *arguments, "--json")
    assert (code, again) == (2, line)
    answer = json.loads(out)
    assert list(answer) == ["out_of_scope"]
    assert list(answer["out_of_scope"]) == ["reason", "in_scope", "try_instead"]
    assert line == f"exactgeo: {name}: out of scope: {OutOfScope(**answer['out_of_scope'])}\n"
    # Advice that is followed is not refused in turn.
    advised = answer["out_of_scope"]["try_instead"].partition("`exactgeo ")[2].partition("`")[0]
    if advised in ("basins", "certify", "landscape"):
        assert run(capsys, advised, str(file), "--json")[0] in (0, 1)


def test_certify_refutes_a_smooth_point_with_a_slope(capsys, tmp_path):
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(OUTSIDE["smooth"]))
    code, out, line = run(capsys, "certify", str(file), "--json")
    answer = json.loads(out)
    assert (code, line, answer["verdict"], answer["rung"]) == (1, "", "not_local_minimum", "smooth_gradient")
    assert answer["loss"] is None or answer["descent"]["loss_after"] is None


@pytest.mark.parametrize("name", ["deep", "two-outputs"])
def test_certify_out_of_scope_is_undecided(capsys, tmp_path, name):
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(OUTSIDE[name]))
    code, out, line = run(capsys, "certify", str(file), "--json")
    answer = json.loads(out)
    assert (code, line, answer["verdict"]) == (3, "", "undecided")
    assert answer["reason"].startswith("out_of_scope: ")


def test_a_check_out_of_time_is_an_object_too(capsys, tmp_path):
    path = str(tmp_path / "certificate.json")
    run(capsys, "certify", "swirszcz-prop1", "--certificate", path)
    reason = "no answer within 0 s; raise --time-limit"
    code, out, line = run(capsys, "check", path, "--time-limit", "0", "--json")
    assert (code, json.loads(out)) == (3, {"accepted": None, "reason": reason})
    assert line == f"exactgeo: {path}: {reason}\n"


def test_a_point_may_be_a_named_problem(capsys):
    code, out, _ = run(capsys, "certify", "swirszcz-prop1", "--point", "swirszcz-prop1-better", "--json")
    answer = json.loads(out)
    assert (code, answer["loss"], answer["globality"]) == (0, "14", "global")
    assert (
        json.loads(run(capsys, "explain", "swirszcz-prop1", "--point", "swirszcz-prop1-better", "--json")[1])["loss"]
        == "14"
    )
