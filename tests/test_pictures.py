"""The convention of all pictures: axes given are used and returned, one style, the same file twice, whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import pairwise

import pytest
from command import run
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pictures import texts, unreadable

import exactgeo as eg
from exactgeo import pictures
from exactgeo.arrangement import Arrangement
from exactgeo.errors import InputError
from exactgeo.exact.enclosure import Enclosure
from exactgeo.pictures import BAD, GLOBAL, NOTE, PALETTE, label, position, save, svg
from exactgeo.probability.probabilities import Laws
from exactgeo.problem.plot import draw_fit, kinks, polyline
from exactgeo.slices import slice_line, slice_plane

F = Fraction
PROP1, BETTER, PLATEAU = "swirszcz-prop1", "swirszcz-prop1-better", "swirszcz-d1-plateau"
MOVED = {"weights": [[[1]], [[1]]], "biases": [["-5/2"], [0]]}


@cache
def problem():
    return eg.load(PROP1)


@cache
def law():
    found = Laws(eg.probabilities(problem()), [F(14), F(18)], None)
    found.run(None)
    return found


SHOWN = {
    "problem": problem,
    "verdict": lambda: eg.certify(problem()),
    "descent": lambda: eg.certify(problem(), MOVED),
    "census": lambda: eg.basins(problem()),
    "basin": lambda: eg.basins(problem())[0],
    "minimum": lambda: eg.minimum(problem()),
    "landscape": lambda: eg.landscape(problem()),
    "valley": lambda: eg.landscape(problem()).valleys[1],
    "path": lambda: eg.path(problem(), problem().point, eg.load(BETTER).point).path,
    "found path": lambda: eg.path(problem(), problem().point, eg.load(BETTER).point),
    "line": lambda: slice_line(problem(), problem().point, eg.load(BETTER).point),
    "plane": lambda: slice_plane(problem(), *(eg.load(name).point for name in (PROP1, BETTER, PLATEAU))),
    "laws": law,
    "law": lambda: law().laws[0],
    "starts": lambda: eg.starts(problem(), 10, optimizer="lbfgs"),
    "polished": lambda: eg.polish(problem()),
    "penalised census": lambda: eg.basins(eg.load({**problem().to_dict(), "penalty": {"l2": "1/10"}})),
    "arrangement": lambda: Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, 1]),
}


@pytest.mark.parametrize("name", SHOWN)
def test_every_object_draws_on_given_axes_and_returns_them(name):
    shown = SHOWN[name]()
    given = Figure(figsize=(7, 6), layout="constrained").add_subplot()
    assert shown.plot(given) is given
    made = shown.plot(ax=None)
    assert isinstance(made, Axes)
    assert unreadable(made.figure) == []


@pytest.mark.parametrize("name", ["landscape", "plane", "arrangement"])
def test_the_same_picture_is_the_same_text(name):
    shown = SHOWN[name]()
    once = svg(shown.plot())
    assert once == svg(shown.plot())
    assert once.startswith("<svg")
    assert "<text" in once
    assert "<dc:date>" not in once


def test_no_figure_is_left_to_pyplot():
    code = "import sys, exactgeo as eg; eg.load('swirszcz-prop1').plot(); print('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_files_are_the_same_twice_and_hold_no_date(tmp_path):
    for suffix in ("svg", "pdf", "png"):
        one, two = tmp_path / f"one.{suffix}", tmp_path / f"two.{suffix}"
        save(problem().plot(), str(one))
        save(problem().plot(), str(two))
        assert one.read_bytes() == two.read_bytes()
        assert b"CreationDate" not in one.read_bytes()
        assert b"<dc:date>" not in one.read_bytes()


def test_no_setting_of_the_user_is_changed_or_followed():
    from matplotlib import rc_context, rcParams

    before = dict(rcParams)
    plain = svg(problem().plot())
    assert dict(rcParams) == before
    with rc_context({"font.size": 30, "axes.titlesize": 40, "text.usetex": False, "lines.linewidth": 9}):
        assert svg(problem().plot()) == plain


COMMANDS = {
    "certify": (PROP1,),
    "basins": (PROP1,),
    "minimum": (PROP1,),
    "landscape": (PROP1,),
    "path": (PROP1, "--to", BETTER),
    "slice": (PROP1, "--to", BETTER),
    "probabilities": (PROP1, "--at-most", "14"),
    "starts": (PROP1, "--count", "5", "--optimizer", "lbfgs"),
    "polish": (PROP1,),
    "explain": (PROP1,),
}


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("slice", "landscape", "path")])
def test_every_command_says_where_its_picture_is(command, capsys, tmp_path):
    out = tmp_path / "out.svg"
    code, text, _ = run(capsys, command, *COMMANDS[command], "--plot", str(out), "--json")
    assert (code, json.loads(text)["plot"]) == (0, str(out))
    assert out.read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize("command", ["certify", "landscape", "slice"])
def test_an_interrupted_picture_leaves_no_file(command, capsys, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Figure, "savefig", interrupted)
    code, _, _ = run(capsys, command, *COMMANDS[command], "--plot", str(tmp_path / "out.svg"))
    assert code == 130
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_drawn_is_said_and_the_answer_stays(capsys, tmp_path):
    file, out = tmp_path / "large.json", tmp_path / "out.svg"
    data = {"x": [["1e400"], [1]], "y": [0, 0]}
    point = {"weights": [[[1]], [[0]]], "biases": [[0], [0]]}
    file.write_text(json.dumps({"data": data, "network": {"widths": [1]}, "point": point}))
    code, text, err = run(capsys, "certify", str(file), "--plot", str(out), "--json")
    assert (code, json.loads(text)["plot"], out.exists()) == (0, None, False)
    assert "a number beyond 10^308 cannot be drawn" in err
    code, text, err = run(capsys, "certify", PROP1, "--point", PROP1, "--point", BETTER, "--plot", str(out))
    assert (code, text) == (2, "")
    assert "one point" in err


@pytest.mark.parametrize("name", [r"a $\frac b$ and $", "\u6e26 \u0639", "long " * 60])
def test_a_name_is_no_formula_and_may_have_any_letters(name, tmp_path):
    odd = replace(problem(), name=name.strip())
    for shown in (odd, eg.certify(odd), eg.landscape(odd), eg.basins(odd)):
        axes = shown.plot()
        assert odd.name.split()[0] in axes.get_title(loc="left")
        save(axes, str(tmp_path / "out.png"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert unreadable(axes.figure) == []


def test_without_matplotlib_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(InputError, match="no such module"):
        problem().plot()


# -- numbers and colours -------------------------------------------------------------------------------------------------


def test_labels_are_exact_where_they_are_short():
    assert label(F(106, 5)) == "106/5 = 21.2"
    assert label(F(106, 5), decimal=False) == "106/5"
    assert label(F(1, 3**40)) == "~8.22526e-20"
    assert label(Enclosure(F(1), F(1) + F(1, 10**20))) == "~1"
    assert position(Enclosure(F(1), F(3))) == 2
    with pytest.raises(ValueError, match="beyond"):
        position(F(10**400))


def _linear(colour):
    """A colour in linear light."""
    import numpy as np

    c = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def test_colours_stay_apart_without_red_or_green():
    """Machado, Oliveira and Fernandes 2009, full deutan and protan deficiency, in linear light."""
    import numpy as np

    deutan = np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    )
    protan = np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    )
    for seen in (np.eye(3), deutan, protan):
        for one, other in ((GLOBAL, BAD), (GLOBAL, NOTE), (BAD, NOTE), *pairwise(PALETTE)):
            assert np.abs(seen @ _linear(one) - seen @ _linear(other)).max() > 0.1, (one, other)


# -- fits ----------------------------------------------------------------------------------------------------------------


def test_a_fit_goes_through_its_kinks_exactly():
    one = problem()
    inputs, rows = polyline(one, one.point, F(-2), F(6))
    assert [inputs[k] for k in kinks(inputs, rows)] == [3]
    axes = one.plot()
    curve = next(line for line in axes.lines if line.get_label() == "prediction")
    drawn = dict(zip(curve.get_xdata(), curve.get_ydata(), strict=True))
    assert drawn[3.0] == 0
    data = next(line for line in axes.lines if line.get_label() == "data")
    assert list(zip(data.get_xdata(), data.get_ydata(), strict=True)) == [(5, 2), (4, 1), (3, 0), (1, -3), (-1, 3)]
    named = draw_fit(one, one.point, neurons=True)
    assert "neuron 0\n3" in [text for text, _ in texts(named.figure)]


@pytest.mark.parametrize("activation", ["relu", "abs", "leaky_relu(1/10)"])
def test_a_deep_fit_is_the_network(activation):
    data = {"x": [[k] for k in range(6)], "y": [0, 1, 0, 2, 1, 3]}
    weights = [[[1], [-1], ["3/2"]], [[1, 2, 3], [-1, 1, -1]], [[1, 1]]]
    point = {"weights": weights, "biases": [[-1, 2, -4], ["1/3", 1], [0]]}
    deep = eg.load({"data": data, "network": {"widths": [3, 2], "activation": activation}, "point": point})
    inputs, rows = polyline(deep, deep.point, F(-3), F(8))
    assert inputs == sorted(set(inputs))
    for (a, (p,)), (b, (q,)) in zip(
        zip(inputs, rows, strict=True), zip(inputs[1:], rows[1:], strict=True), strict=False
    ):
        for t in (F(0), F(1, 3), F(1)):
            at = eg.load({**deep.to_dict(), "data": {"x": [[str(a + t * (b - a))]], "y": [0]}})
            assert at.predictions(at.point)[0][0] == p + t * (q - p)


def test_other_fits_say_what_they_draw():
    wide = {"x": [[1, 2, 3], [0, 1, 1], [2, 0, 1]], "y": [1, 2, 0]}
    three = eg.load(
        {"data": wide, "network": {"widths": [1]}, "point": {"weights": [[[1, 1, 0]], [[1]]], "biases": [[0], [0]]}}
    )
    axes = three.plot()
    (points,) = [line for line in axes.lines if line.get_label() == "data"]
    assert (list(points.get_xdata()), list(points.get_ydata())) == ([1, 2, 0], [3, 1, 2])
    flat = eg.load("jellyfish-2").plot()
    assert flat.get_xlabel() == "$x_1$"
    assert len(flat.figure.axes) == 2
    scores = {"weights": [[[1], [-1]], [[1, 2], [-1, 1]]], "biases": [[-1, 2], [0, 1]]}
    classes = {"data": {"x": [[0], [1], [2]], "y": [0, 1, 1]}, "network": {"widths": [2], "outputs": 2},
               "loss": {"kind": "cross_entropy"}, "point": scores}  # fmt: skip
    assert {"score 0", "score 1"} <= {line.get_label() for line in eg.load(classes).plot().lines}
    smooth = eg.load({**problem().to_dict(), "network": {"widths": [1], "activation": "tanh"}})
    curve = next(line for line in smooth.plot().lines if line.get_label() == "prediction")
    at = list(curve.get_xdata()).index(4.0)
    assert abs(curve.get_ydata()[at] - 0.7615941559557649) < 1 / 10**6


def test_the_pictures_of_a_census_hold_its_values():
    found = eg.basins(problem())
    axes = found.plot()
    sticks = [path.vertices[0][0] for path in axes.collections[0].get_paths()]
    assert sticks == [position(value) for value, _ in found.values]
    marked = {line.get_xdata()[0] for line in axes.lines if line.get_marker() in ("o", "s")}
    assert marked == {position(q) for q in found.local_minimum_values}


def test_a_way_down_is_drawn_by_exact_losses():
    verdict = eg.certify(problem(), MOVED)
    axes = verdict.plot()
    (curve,) = [line for line in axes.lines if len(line.get_xdata()) > 10]
    descent = verdict.descent
    assert curve.get_ydata()[0] == position(verdict.loss)
    assert curve.get_ydata()[-1] == position(descent.loss_after)
    assert max(curve.get_ydata()) == curve.get_ydata()[0]
    assert "not a local minimum" in axes.get_title(loc="left")
    assert pictures.FORMATS == (".svg", ".png", ".pdf")
