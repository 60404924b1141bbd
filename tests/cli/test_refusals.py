"""Every refusal is one line on stderr and exit 2, and with --json one object on stdout that says the same."""

from __future__ import annotations

import json

import pytest
from command import run

from exactgeo import api
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


def test_out_of_scope_has_its_own_line_and_object(capsys, monkeypatch):
    def path(problem, one, other, *, time_limit):
        raise OutOfScope("3 outputs, " + 40 * "long words ", "one output", "`exactgeo certify`")

    monkeypatch.setattr(api, "path", path)
    arguments = ["path", "swirszcz-prop1", "--to", "swirszcz-prop1-better"]
    reason = "3 outputs, " + 40 * "long words "
    # The reason is shown whole, unlike what stood in a file.
    line = f"exactgeo: swirszcz-prop1: out of scope: {reason}; in scope: one output; try `exactgeo certify`\n"
    assert run(capsys, *arguments) == (2, "", line)
    code, out, again = run(capsys, *arguments, "--json")
    assert (code, again) == (2, line)
    fields = {"reason": reason, "in_scope": "one output", "try_instead": "`exactgeo certify`"}
    assert json.loads(out) == {"out_of_scope": fields}


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
