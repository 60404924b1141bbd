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
from losses import is_kinked, loss_names, targets

import exactgeo as eg
from exactgeo.basin.census import Census
from exactgeo.cli.limited import Run

VERDICT_KEYS = {
    "remarks",
    "rungs",
    "reasons",
    "verdict",
    "loss",
    "loss_decimal",
    "rung",
    "strictness",
    "flat_dimension",
    "globality",
    "better",
    "lower_bound",
    "lower_bound_decimal",
    "bad_valley",
    "component_infimum",
    "component_infimum_decimal",
    "escapes_at",
    "escapes_at_decimal",
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
        "network": {"widths": [1, 1], "activation": ["relu", "tanh"]},
        "point": {"weights": [[[1]], [[1]], [[1]]], "biases": [[0], [0], [0]]},
    }
    file.write_text(json.dumps(deep))
    code, out, _ = run(capsys, "certify", str(file), "--json")
    answer = json.loads(out)
    assert (code, answer["verdict"], answer["globality"]) == (3, "undecided", "unknown")
    assert answer["reason"] == "out_of_scope: a smooth activation; in scope: piecewise linear activations"
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
        "loss_after_decimal": "6.16666666666667",
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


def points_file(folder: Path, biases: tuple[int, ...], name: str = "points.json") -> str:
    points = [{"weights": [[[1]], [[1]]], "biases": [[b], [0]]} for b in biases]
    (folder / name).write_text(json.dumps(points))
    return str(folder / name)


def test_a_list_of_points_is_one_line_each(capsys, tmp_path):
    file = points_file(tmp_path, (-3, -2, -3))
    code, out, err = run(capsys, "certify", "swirszcz-prop1", "--points", file, "--json")
    answers = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (1, "")
    assert [(a.pop("index"), a["verdict"]) for a in answers] == [
        (0, "local_minimum"),
        (1, "not_local_minimum"),
        (2, "local_minimum"),
    ]
    problem = eg.load("swirszcz-prop1")
    for answer, b in zip(answers, (-3, -2, -3), strict=True):
        point = {"weights": [[[1]], [[1]]], "biases": [[b], [0]]}
        assert answer == eg.certify(problem, point).to_json()
    code, out, _ = run(capsys, "certify", "swirszcz-prop1", "--points", file)
    assert (code, out.splitlines()) == (
        1,
        [
            "0: local_minimum, loss 18, strict_modulo_symmetry, spurious",
            "1: not_local_minimum, loss 21",
            "2: local_minimum, loss 18, strict_modulo_symmetry, spurious",
            "3 points, 2 local_minimum, 1 not_local_minimum",
        ],
    )


def test_the_exit_code_of_many_points_is_that_of_the_worst(capsys, tmp_path):
    good, mixed, none = (
        points_file(tmp_path, biases, f"{len(biases)}.json") for biases in ((-3, -3), (-3, -2, -3), ())
    )
    for options, codes in (([], (0, 1, 0)), (["--expect", "local_minimum"], (0, 1, 0))):
        for file, code in zip((good, mixed, none), codes, strict=True):
            assert run(capsys, "certify", "swirszcz-prop1", "--points", file, *options)[0] == code


def test_a_bad_point_of_many_is_refused_by_its_index(capsys, tmp_path):
    file = tmp_path / "points.json"
    good = '{"weights": [[[1]], [[1]]], "biases": [[-3], [0]]}'
    for bad, where in (
        ('{"weights": [[[1]], [[1]]], "biases": [["x"], [0]]}', "[1]: biases[0][0]"),
        ('{"weights": [[[1]], [[1]]]}', "[1]"),
        ("3", "[1]"),
    ):
        for text, at in ((f"[{good}, {bad}]", ""), (f'{{"points": [{good}, {bad}]}}', ": points")):
            file.write_text(text)
            code, out, err = run(capsys, "certify", "swirszcz-prop1", "--points", str(file))
            assert (code, out, err.count("\n")) == (2, "", 1)
            assert f"points.json{at}{where}" in err
    file.write_text('{"weights": [[[1]], [[1]]]}')
    assert "points" in run(capsys, "certify", "swirszcz-prop1", "--points", str(file))[2]
    for other in (["--point", str(file)], ["--certificate", str(tmp_path / "c.json")]):
        code, _, err = run(capsys, "certify", "swirszcz-prop1", "--points", str(file), *other)
        assert (code, other[0] in err) == (2, True)
    code, _, err = run(capsys, "certify", "-", "--points", "-")
    assert (code, "standard input" in err) == (2, True)


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


TRANSPOSED = {
    "data": {"x": [[1, 0], [0, 1], [1, 1]], "y": [1, 3, "1/3"]},
    "network": {"widths": [2], "hidden_bias": False, "output_bias": False},
    "point": {"weights": [[[1, 3], [0, 1]], [[1, 1]]], "biases": [[], []]},
}
"""Its square weight matrix is the transpose of the one meant, and nothing but the predictions can tell."""


def test_a_transposed_matrix_shows_in_the_predictions_beside_the_targets(capsys, tmp_path):
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(TRANSPOSED))
    out = run(capsys, "certify", str(file))[1]
    lines = [line.split() for line in out.splitlines()]
    assert [line[-3:] for line in lines[4:8]] == [
        ["t", "target", "prediction"],
        ["0", "1", "1"],
        ["1", "3", "4"],
        ["2", "1/3", "5"],
    ]
    out = run(capsys, "explain", str(file))[1]
    assert [line.split()[-3:] for line in out.splitlines()[5:8]] == [
        ["1", "1", "0"],
        ["3", "4", "1"],
        ["1/3", "5", "14/3"],
    ]
    answer = json.loads(run(capsys, "explain", str(file), "--json")[1])
    assert (answer["targets"], answer["predictions"]) == (["1", "3", "1/3"], ["1", "4", "5"])
    assert answer["slopes"] == [["0", "0"], ["2", "2"], ["28/3", "28/3"]]


def test_predictions_of_several_outputs_of_deep_nets_and_long_numbers(capsys, tmp_path):
    file = tmp_path / "problem.json"
    long = f"{10**40}/3"
    deep = {
        "data": {"x": [[1]], "y": [[1, long]]},
        "network": {"widths": [1, 1], "hidden_bias": False, "output_bias": False},
        "point": {"weights": [[[2]], [[3]], [[1], [-1]]], "biases": [[], [], []]},
    }
    file.write_text(json.dumps(deep))
    assert "(1, ~3.33333e+39)     (6, -6)" in run(capsys, "certify", str(file))[1]
    # A sigmoid is irrational: there is nothing exact to show.
    smooth = {**TRANSPOSED, "network": {**TRANSPOSED["network"], "activation": "sigmoid"}}
    file.write_text(json.dumps(smooth))
    # The title is the name of the file, which is that of this test.
    assert "prediction" not in run(capsys, "certify", str(file))[1].partition("\n")[2]


def test_many_points_are_counted_not_listed(capsys, tmp_path):
    file = tmp_path / "problem.json"
    many = {
        "data": {"x": [[t] for t in range(1, 101)], "y": list(range(100))},
        "network": {"widths": [1]},
        "point": {"weights": [[[1]], [[1]]], "biases": [[-40], [0]]},
    }
    file.write_text(json.dumps(many))
    out = run(capsys, "certify", str(file))[1]
    assert "... and 94 more (exactgeo explain --json for all)\n" in out
    assert len(out.splitlines()) < 25
    out = run(capsys, "explain", str(file))[1]
    assert "  ... and 80 more (--json for all)\n" in out
    assert "w.x > 0 at t =  40, 41, 42" in out
    assert "58, 59, ... (60 in all)\n" in out
    assert len(json.loads(run(capsys, "explain", str(file), "--json")[1])["predictions"]) == 100


@pytest.mark.parametrize("loss", loss_names(is_kinked))
def test_explain_shows_both_derivatives_of_a_loss_with_kinks(capsys, tmp_path, loss):
    file = tmp_path / "problem.json"
    y = targets(loss, [1, -1, 1, -1])
    file.write_text(
        json.dumps(
            {
                "data": {"x": [[-2], [-1], [1], [2]], "y": list(map(str, y))},
                "network": {"widths": [1]},
                "loss": {"kind": loss},
                "point": {"weights": [[[1]], [[1]]], "biases": [[-1], [1]]},
            }
        )
    )
    problem = eg.load(str(file))
    predictions = [row[0] for row in problem.predictions(problem.point)]
    slopes = [problem.loss.slopes(p, q) for p, q in zip(predictions, y, strict=True)]
    assert any(left != right for left, right in slopes)
    answer = json.loads(run(capsys, "explain", str(file), "--json")[1])
    assert answer["slopes"] == [[str(left), str(right)] for left, right in slopes]
    assert (answer["residuals"], answer["conditions"], answer["neurons"][0]["phi"]) == (None, [], None)
    assert [answer["neurons"][0][key] for key in ("positive", "negative", "kinks")] == [[3], [0, 1], [2]]
    out = run(capsys, "explain", str(file))[1]
    rows = [line.split("  ")[-1].strip() for line in out.splitlines()[5:9]]
    assert rows == [str(left) if left == right else f"[{left}, {right}]" for left, right in slopes]
    assert "phi" not in out


def test_standard_input(tmp_path):
    text = Path(__file__).parents[2].joinpath("exactgeo/library").glob("**/swirszcz-prop1.toml")
    done = subprocess.run(
        [sys.executable, "-m", "exactgeo", "certify", "-", "--json"], input=next(text).read_bytes(), capture_output=True
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["loss"] == "18"


def test_interrupt_ends_quietly(tmp_path):
    """Ctrl-C during a long enumeration: what is known, one line, no traceback, exit 130."""
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
    assert err == b"exactgeo: interrupted\n"
    assert out.splitlines()[0].startswith(b"regions found so far        ")


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


def test_the_least_value_so_far_is_told_when_it_is_known(capsys, monkeypatch):
    """Not when the next basins are done: the run may be ended before."""
    told = []
    monkeypatch.setattr(Run, "tell", lambda self, text, known, **_: told.append(known))
    assert run(capsys, "basins", "swirszcz-prop1")[0] == 0
    assert [known for known in told if "valued" in known][-1] == {"orbits": 20, "valued": 20, "minimum": "14"}


def test_a_census_that_was_ended_makes_its_answer_once(capsys, monkeypatch):
    """It may hold a million values, and its time is over."""
    made, honest = [], Census.answer
    monkeypatch.setattr(Census, "answer", lambda self, **options: made.append(options) or honest(self, **options))
    assert run(capsys, "basins", "swirszcz-prop1", "--time-limit", "0")[0] == 3
    assert len(made) == 1
    made.clear()
    assert run(capsys, "basins", "swirszcz-prop1")[0] == 0
    assert [options.get("searched", True) for options in made] == [False, True]


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
    """What the census or convexity knows, certify says, whether or not a rung decides the loss."""
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
    assert [answer["rung"] for answer in answers] == ["subgradient", "subgradient", "linear_model"]
    assert [answer["strictness"] for answer in answers] == ["flat", "flat", "strict"]
    assert [answer["loss"] for answer in answers] == ["2", "2", None]
    assert answers[2]["loss_form"] == "log(2)"
    low, high = (Fraction(answers[2]["loss_enclosure"][key]) for key in ("lo", "hi"))
    assert Fraction(693147, 10**6) < low <= high < Fraction(693148, 10**6)
    for k in range(3):
        assert run(capsys, "check", str(tmp_path / f"{k}.cert"), str(tmp_path / f"{k}.json"))[0] == 0
    spurious = {**hinge, "point": {"weights": [[[0]], [[0]]], "biases": [[0], [0]]}}
    (tmp_path / "s.json").write_text(json.dumps(spurious))
    answer = json.loads(run(capsys, "certify", str(tmp_path / "s.json"), "--json")[1])
    assert (answer["verdict"], answer["rung"], answer["globality"]) == ("not_local_minimum", "second_order", "spurious")
