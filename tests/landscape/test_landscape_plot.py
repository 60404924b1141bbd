"""Pictures: every number readable and exact, nothing overlapping, refusals in one line."""

from __future__ import annotations

import json
import random
import sys
from fractions import Fraction
from itertools import combinations
from types import SimpleNamespace

import networkx as nx
import pytest
from command import run
from problems import D1, KINK, PLANE, problem

import exactgeo as eg
from exactgeo.errors import InputError
from exactgeo.landscape import landscape, plot

pytest.importorskip("matplotlib")
F = Fraction


def texts(figure):
    """Every text that shows, with its box on the canvas."""
    from matplotlib.text import Text

    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    beyond = set()
    for axes in figure.axes:
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            # Matplotlib keeps labels for ticks beyond the limits and does not draw them.
            beyond |= {id(t.label1) for t in axis.get_major_ticks() if not low <= t.get_loc() <= high}
    shown = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text() and id(t) not in beyond]
    return [(t.get_text(), t.get_window_extent(renderer)) for t in shown]


def overlaps(figure):
    boxes = texts(figure)
    return [(a, b) for (a, p), (b, q) in combinations(boxes, 2) if p.shrunk(0.98, 0.9).overlaps(q.shrunk(0.98, 0.9))]


def outside(figure):
    width, height = figure.canvas.get_width_height()
    return [t for t, b in texts(figure) if b.x0 < -1 or b.y0 < -1 or b.x1 > width + 1 or b.y1 > height + 1]


def synthetic(count, seed):
    """A merge tree of so many leaves, with levels that crowd, and long rationals."""
    rng = random.Random(seed)
    tree, tops, level = nx.DiGraph(), [], F(0)
    for k in range(count):
        value = F(rng.randint(1, 900), rng.choice([1, 7, 1013, 99991])) if k else F(0)
        tree.add_node(k, level=value, minimum=value, kind="leaf", escapes_at=None, bad=k > 0, basins=())
        tops.append(k)
    level = max(data["level"] for _, data in tree.nodes(data=True))
    name = count
    while len(tops) > 1:
        rng.shuffle(tops)
        size = rng.choice([2, 2, 3])
        joined, tops = tops[:size], tops[size:]
        level += F(rng.choice([1, 1, 50]), rng.choice([3, 500, 10007]))
        tree.add_node(name, level=level, minimum=min(tree.nodes[t]["minimum"] for t in joined), kind="merge", basins=())
        tree.add_edges_from((name, t) for t in joined)
        tops.append(name)
        name += 1
    return SimpleNamespace(
        merge_tree=tree,
        full=False,
        valleys=range(count),
        bad_valleys=count - 1,
        problem=SimpleNamespace(name="synthetic", d=2),
    )


@pytest.mark.parametrize(("count", "seed"), [(5, 0), (5, 1), (50, 0), (50, 1), (500, 0)])
def test_no_two_labels_overlap(count, seed):
    figure = plot.tree_figure(synthetic(count, seed))
    assert overlaps(figure) == []
    assert outside(figure) == []


@pytest.mark.parametrize(("data", "width", "full"), [(D1, 1, False), (D1, 2, True), (KINK, 1, False), (PLANE, 1, True)])
def test_real_trees_are_readable_and_hold_their_numbers(data, width, full):
    found = landscape(problem(*data, width), full=full)
    figure = found.plot()
    assert overlaps(figure) == []
    assert outside(figure) == []
    written = " ".join(text for text, _ in texts(figure))
    for valley in found.valleys:
        assert str(valley.value) in written
    for _, node in found.merge_tree.nodes(data=True):
        assert str(node["level"]) in written


def test_one_valley_alone():
    found = landscape(problem([[1], [2]], [1, 0], 2, frozen=[0, 0]))
    assert "1/2" in [text for text, _ in texts(found.plot())]


def test_branches_stand_where_the_levels_are():
    found = landscape(problem(*D1, 1))
    axes = found.plot().axes[0]
    lines = {(tuple(line.get_xdata()), tuple(line.get_ydata())) for line in axes.lines}
    # 14, 18 and 614/29 side by side, each up to 106/5.
    for place, value in enumerate([14.0, 18.0, float(F(614, 29))]):
        assert ((place, place), (value, 21.2)) in lines
    assert ((0.0, 2.0), (21.2, 21.2)) in lines


def test_a_slice_evaluates_its_ends_and_its_kinks():
    one, other = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop1-better")
    figure = plot.slice_line(one, one.point, other.point, samples=50)
    (curve,) = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 10]
    heights = curve.get_ydata()
    assert (heights[0], heights[-1], max(heights)) == (18, 14, 23)
    assert overlaps(figure) == []


def test_a_plane_draws_the_loss_it_computes():
    one, other, third = (eg.load(n) for n in ("swirszcz-prop1", "swirszcz-prop1-better", "swirszcz-d1-plateau"))
    plane = plot._Plane(one, one.point, other.point, third.point)
    step = plot._difference(one.point, other.point)
    up = plot._difference(one.point, third.point)
    for s, t in [(0, 0), (1, 0), (0, 1), (F(1, 3), F(-1, 4)), (F(5, 4), F(1, 2))]:
        exact = one.loss_at(one.point.moved(step, F(s)).moved(up, F(t)))
        assert abs(float(plane.losses(float(s), float(t))) - float(exact)) < 0.0001
    figure = plot.slice_plane(one, one.point, other.point, third.point, samples=30)
    assert overlaps(figure) == []
    assert {"A: 18", "B: 14", "C: 106/5"} <= {text for text, _ in texts(figure)}


def test_labels_apart():
    assert plot._apart([0, 10], 1) == [0, 10]
    assert plot._apart([0, 0], 1) == [-0.5, 0.5]
    assert plot._apart([0, 0, 0, 9], 2) == [-2, 0, 2, 9]


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_command_draws(capsys, tmp_path, suffix):
    out = tmp_path / f"tree.{suffix}"
    code, text, _ = run(capsys, "landscape", "swirszcz-prop1", "--plot", str(out))
    assert code == 0
    assert str(out) in text
    start = out.read_bytes()[:200]
    assert b"PNG" in start if suffix == "png" else b"<?xml" in start


def test_refusals_in_one_line(capsys, tmp_path, monkeypatch):
    code, out, err = run(capsys, "landscape", "swirszcz-prop1", "--plot", str(tmp_path / "tree.txt"))
    assert (code, out) == (2, "")
    assert ".svg" in err
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    code, out, err = run(capsys, "landscape", "swirszcz-prop1", "--plot", str(tmp_path / "tree.svg"))
    assert (code, out) == (2, "")
    assert "pip install 'exactgeo[plot]'" in err
    with pytest.raises(InputError, match="no such module"):
        landscape(problem(*D1, 1)).plot()


# -- paths and slices --------------------------------------------------------------------------------------------------


def test_a_path_is_drawn_as_it_is_evaluated():
    one, other = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop1-better")
    path = eg.path(one, one.point, other.point).path
    figure = plot.path_figure(path, samples=4)
    curve = max(figure.axes[0].lines, key=lambda line: len(line.get_xdata()))
    assert list(curve.get_ydata()) == [float(one.loss_at(path.at(F(k, 4)))) for k in range(4 * len(path.segments) + 1)]
    assert max(curve.get_ydata()) == 21.2
    assert overlaps(figure) == []
    assert outside(figure) == []
    assert {"start\nloss 18", "end\nloss 14"} <= {text for text, _ in texts(figure)}
    alone = plot.path_figure(eg.path(one, one.point, one.point).path)
    assert "start\nloss 18" in [text for text, _ in texts(alone)]


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


def test_the_command_draws_a_path(capsys, tmp_path):
    out = tmp_path / "path.png"
    code, text, _ = run(capsys, "path", "swirszcz-prop1", "--to", "swirszcz-prop1-better", "--plot", str(out))
    assert code == 0
    assert str(out) in text
    assert b"PNG" in out.read_bytes()[:20]


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
