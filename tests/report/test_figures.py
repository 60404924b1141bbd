"""Slices of a loss: ends and kinks evaluated, the plane against exact losses, refusals in one line."""

from __future__ import annotations

import json
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from command import run
from losses import is_rational, loss_names, named, target
from pictures import overlaps, texts

import exactgeo as eg
from exactgeo.report import figures

pytest.importorskip("matplotlib")
F = Fraction


def test_a_slice_evaluates_its_ends_and_its_kinks():
    one, other = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop1-better")
    figure = figures.slice_line(one, one.point, other.point, samples=50)
    (curve,) = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 10]
    heights = curve.get_ydata()
    assert (heights[0], heights[-1], max(heights)) == (18, 14, 23)
    assert overlaps(figure) == []


def test_a_plane_draws_the_loss_it_computes():
    one, other, third = (eg.load(n) for n in ("swirszcz-prop1", "swirszcz-prop1-better", "swirszcz-d1-plateau"))
    plane = figures._Plane(one, one.point, other.point, third.point)
    step, up = one.point.towards(other.point), one.point.towards(third.point)
    for s, t in [(0, 0), (1, 0), (0, 1), (F(1, 3), F(-1, 4)), (F(5, 4), F(1, 2))]:
        exact = one.loss_at(one.point.moved(step, F(s)).moved(up, F(t)))
        assert abs(float(plane.losses(float(s), float(t))) - float(exact)) < 0.0001
    figure = figures.slice_plane(one, one.point, other.point, third.point, samples=30)
    assert overlaps(figure) == []
    assert {"A: 18", "B: 14", "C: 106/5 = 21.2"} <= {text for text, _ in texts(figure)}


@pytest.mark.parametrize("third", [False, True])
def test_the_command_draws_slices(capsys, tmp_path, third):
    out = tmp_path / "slice.svg"
    more = ["--to", "swirszcz-d1-plateau"] if third else []
    code, text, _ = run(capsys, "slice", "swirszcz-prop1", "--to", "swirszcz-prop1-better", *more, "-o", str(out))
    assert (code, text) == (0, f"wrote {out}: losses 18, 14{', 106/5' if third else ''}\n")
    assert b"<?xml" in out.read_bytes()[:200]
    png = str(tmp_path / "slice.png")
    code, text, _ = run(capsys, "slice", "swirszcz-prop1", "--to", "swirszcz-prop1-better", "-o", png, "--json")
    assert (code, json.loads(text)) == (0, {"file": png, "losses": ["18", "14"]})


def test_what_slices_do_not_draw_is_refused(capsys, tmp_path):
    deep = tmp_path / "deep.json"
    point = {"weights": [[[1]], [[1]], [[1]]], "biases": [[0], [0], [0]]}
    deep.write_text(json.dumps({"data": {"x": [[1]], "y": [0]}, "network": {"widths": [1, 1]}, "point": point}))
    for arguments, message in (
        ([str(deep), "--to", str(deep)], "2 hidden layers"),
        (["swirszcz-prop1", *["--to", "swirszcz-prop1-better"] * 3], "3 points"),
        (["swirszcz-prop1", "--to", "swirszcz-prop2-local"], "weights"),
    ):
        code, out, err = run(capsys, "slice", *arguments, "-o", str(tmp_path / "s.svg"))
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert message in err


@pytest.mark.parametrize("name", loss_names(is_rational))
def test_heights_are_the_values_of_the_loss(name):
    loss, points = named(name), [F(k, 4) for k in range(-12, 13)]
    for y in {target(loss, F(q)) for q in (-1, 1, F(2, 3))}:
        exact = [float(loss.value(p, y)) for p in points]
        heights = figures._heights(loss, np.array([[float(p) for p in points]]), y)
        assert np.abs(heights - [exact]).max() < 0.000001
        # And of a loss that has no pieces.
        bare = SimpleNamespace(pieces=lambda y: None, value=loss.value, rational=True)
        assert (figures._heights(bare, np.array([[float(p) for p in points]]), y) == [exact]).all()


SIGNED = {
    "data": {"x": [[1], [-1], [2]], "y": [1, -1, 1]},
    "network": {"widths": [1]},
    "loss": {"kind": "logistic"},
    "point": {"weights": [[[1]], [[1]]], "biases": [[0], [0]]},
}


def test_a_loss_without_rational_values_is_drawn_from_enclosures(capsys, tmp_path):
    """Scores 1, 0, 2 at the one end, -1, 1, -2 at the other: each sampled height lies in its proved bounds."""
    one = eg.load(SIGNED)
    far = {"weights": [[[-1]], [[2]]], "biases": [["1/2"], [-1]]}
    other = eg.load({**SIGNED, "point": far})
    figure = figures.slice_line(one, one.point, other.point, samples=40)
    (curve,) = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 10]
    step = one.point.towards(other.point)
    for s, height in zip(curve.get_xdata(), curve.get_ydata(), strict=True):
        bounds = one.enclosure_at(one.point.moved(step, F(float(s))))
        assert abs(height - float(bounds.lo)) < 1 / 10**9
    ends = [eg.load({**SIGNED, "point": point}) for point in (far, {"weights": [[[0]], [[1]]], "biases": [[2], [1]]})]
    plane = figures._Plane(one, one.point, *(end.point for end in ends))
    for s, t, end in ((0, 0, one), (1, 0, ends[0]), (0, 1, ends[1])):
        assert abs(float(plane.losses(float(s), float(t))) - float(end.enclosure_at(end.point).lo)) < 1 / 10**9
    first, second = tmp_path / "one.json", tmp_path / "other.json"
    first.write_text(json.dumps(SIGNED))
    second.write_text(json.dumps({**SIGNED, "point": far}))
    out = tmp_path / "slice.svg"
    code, text, _ = run(capsys, "slice", str(first), "--to", str(second), "-o", str(out), "--json")
    answer = json.loads(text)
    assert (code, answer["losses"]) == (0, [None, None])
    bounds = answer["losses_enclosure"][0]
    assert F(bounds["lo"]) <= F(float(curve.get_ydata()[0])) + F(1, 10**9)
    assert 0 < F(bounds["hi"]) - F(bounds["lo"]) < F(1, 10**15)
    code, text, _ = run(capsys, "slice", str(first), "--to", str(second), "-o", str(out))
    assert code == 0
    assert text.startswith(f"wrote {out}: losses [")
