"""Explanations of networks of any depth: the numbers are those of plain evaluation, and every unit is there."""

from __future__ import annotations

import json
from fractions import Fraction

from command import run

TABLES = {
    "data": {"x": [[1], [-1], [2]], "y": [[1, 0], [2, 0], [0, 0]]},
    "network": {"widths": [2, 1], "hidden_bias": [True, False], "output_bias": True},
    "point": {"weights": [[[1], [0]], [[1, -1]], [[1], [2]]], "biases": [[0, -3], [], [0, 1]]},
}


def test_every_layer_and_output_is_explained(capsys, tmp_path):
    file = tmp_path / "deep.json"
    file.write_text(json.dumps(TABLES))
    code, out, _ = run(capsys, "explain", str(file), "--json")
    found = json.loads(out)
    assert code == 0
    assert found["predictions"] == [["1", "3"], ["0", "1"], ["2", "5"]]
    assert found["gradient"] == [["0", "6"], ["-4", "2"], ["4", "10"]]
    units = [[(u["positive"], u["negative"], u["kinks"]) for u in layer["units"]] for layer in found["layers"]]
    assert units == [[([0, 2], [1], []), ([], [0, 1, 2], [])], [([0, 2], [], [1])]]
    assert [c["value"] for c in found["conditions"]] == ["0", "8", "18", "26"]
    assert [Fraction(c["value"]) == 0 for c in found["conditions"]] == [c["holds"] for c in found["conditions"]]
    assert found["verdict"] == "not_local_minimum"
    code, text, _ = run(capsys, "explain", str(file))
    assert code == 0
    assert "layer 1, unit 1: w = (0), b = -3" in text
    assert "output 1: sum_t g_t = 18, must be = 0: FAILS" in text
    assert "output 1: v = (2)" in text


def test_the_remark_about_a_dead_layer_is_there(capsys, tmp_path):
    file = tmp_path / "dead.json"
    point = {**TABLES["point"], "biases": [[-9, -3], [], [0, 1]]}
    file.write_text(json.dumps({**TABLES, "point": point}))
    found = json.loads(run(capsys, "explain", str(file), "--json")[1])
    assert [layer["dead"] for layer in found["layers"]] == [True, False]
    assert found["remarks"][0].startswith("hidden layer 1 is dead: its 2 units are on the slope 0")
    assert "hidden layer 1 is dead" in run(capsys, "explain", str(file))[1]
