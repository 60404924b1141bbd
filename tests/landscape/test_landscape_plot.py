"""Pictures: every number readable and exact, nothing overlapping, refusals in one line."""

from __future__ import annotations

import random
import sys
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import networkx as nx
import pytest
from command import run
from pictures import texts, unreadable
from problems import D1, KINK, PLANE, problem

import exactgeo as eg
from exactgeo.errors import InputError
from exactgeo.landscape import landscape
from exactgeo.landscape.plot import draw_tree
from exactgeo.paths import PathBuilder
from exactgeo.paths.plot import draw_path
from exactgeo.pictures import apart, position

F = Fraction


def synthetic(count, seed, gap=0):
    """A merge tree of so many leaves, with levels that crowd, and long rationals; all merges above a gap."""
    rng = random.Random(seed)
    tree, tops, level = nx.DiGraph(), [], F(0)
    for k in range(count):
        value = F(rng.randint(1, 900), rng.choice([1, 7, 1013, 99991])) if k else F(0)
        tree.add_node(k, level=value, minimum=value, kind="leaf", escapes_at=None, bad=k > 0, basins=())
        tops.append(k)
    level = max(data["level"] for _, data in tree.nodes(data=True)) + gap
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
        valleys=[SimpleNamespace(node=k, name=f"V{k}", value=k, escapes_at=None) for k in range(count)],
        bad_valleys=count - 1,
        problem=SimpleNamespace(name="synthetic", d=3, outputs=1),
    )


@pytest.mark.parametrize(("count", "seed", "gap"), [(5, 0, 0), (12, 1, 9000), (50, 0, 0), (500, 0, 0)])
def test_no_two_labels_overlap(count, seed, gap):
    figure = draw_tree(synthetic(count, seed, gap), level=F(600)).figure
    assert unreadable(figure) == []


def test_an_empty_stretch_is_shortened_and_the_picture_says_so():
    found = synthetic(12, 1, 9000)
    axes = draw_tree(found)
    assert "axis broken: no level from" in axes.get_title(loc="left")
    levels = sorted({position(node["level"]) for _, node in found.merge_tree.nodes(data=True)})
    heights = axes.transData.transform([(0, level) for level in levels])[:, 1]
    # In order, and none where the axis is broken; coordinates stay losses.
    assert all(a < b for a, b in pairwise(heights))
    (low, high) = next((a, b) for a, b in pairwise(levels) if b - a > 5000)
    low_px, high_px = axes.transData.transform([(0, low), (0, high)])[:, 1]
    assert high_px - low_px < 0.2 * axes.bbox.height
    assert "axis broken" not in draw_tree(synthetic(12, 1)).get_title(loc="left")


@pytest.mark.parametrize(("data", "width", "full"), [(D1, 1, False), (D1, 2, True), (KINK, 1, False), (PLANE, 1, True)])
def test_real_trees_are_readable_and_hold_their_numbers(data, width, full):
    found = landscape(problem(*data, width), full=full)
    figure = found.plot().figure
    assert unreadable(figure) == []
    written = " ".join(text for text, _ in texts(figure))
    for valley in found.valleys:
        assert str(valley.value) in written
    for _, node in found.merge_tree.nodes(data=True):
        assert str(node["level"]) in written


def test_one_valley_alone():
    found = landscape(problem([[1], [2]], [1, 0], 2, frozen=[0, 0]))
    assert "V0: 1/2 = 0.5" in [text for text, _ in texts(found.plot().figure)]


def test_branches_stand_where_the_levels_are():
    found = landscape(problem(*D1, 1))
    lines = {(tuple(line.get_xdata()), tuple(line.get_ydata())) for line in found.plot().lines}
    # 14, 18 and 614/29 side by side, each up to 106/5.
    for at, value in enumerate([14.0, 18.0, float(F(614, 29))]):
        assert ((at, at), (value, 21.2)) in lines
    assert ((0.0, 2.0), (21.2, 21.2)) in lines


@pytest.mark.parametrize("full", [False, True])
def test_a_point_is_marked_on_its_branch(full):
    found = landscape(problem(*D1, 2), full=full)
    if not full:
        assert all(found.node_of(valley.point) == valley.node for valley in found.valleys)
    for valley in found.valleys[:2]:
        axes = found.plot(point=valley.point)
        (star,) = [line for line in axes.lines if line.get_marker() == "*"]
        assert star.get_ydata()[0] == float(valley.value)
        assert any(text.startswith("point: ") for text, _ in texts(axes.figure))


def test_a_point_above_a_merge_stands_above_it():
    found = landscape(eg.load("swirszcz-prop1"))
    high = found.problem.point.moved(found.problem.point, F(1, 2))
    assert found.problem.loss_at(high) > F(106, 5)
    root = [node for node in found.merge_tree if not found.merge_tree.in_degree(node)]
    assert [found.node_of(high)] == root


def test_the_connected_sets_of_a_level_are_counted_and_coloured():
    found = landscape(problem(*D1, 1))
    for level, sets in ((F(13), 0), (F(14), 1), (F(20), 2), (F(106, 5), 1), (F(30), 1)):
        assert len(found.sublevel_sets(level)) == sets
        axes = found.plot(level=level)
        said = f"has {sets} connected set{'s' * (sets != 1)}"
        assert said in axes.get_title(loc="left")
        assert float(level) in {line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--"}
        bands = {line.get_color() for line in axes.lines if line.get_linewidth() > 5}
        assert len(bands) == sets
    assert [[str(v.value) for v in part] for part in found.sublevel_sets("20")] == [["14"], ["18"]]


def test_each_valley_has_its_fit():
    found = landscape(problem(*D1, 1))
    figure = found.plot().figure
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[1:] == [
        "V0: 14\nglobal minimum", "V1: 18\nescapes at 106/5 = 21.2", "V2: 614/29 ~ 21.1724\nescapes at 106/5 = 21.2",
    ]  # fmt: skip
    alone = found.valleys[1].plot()
    assert "valley V1 at 18, escapes at 106/5" in alone.get_title(loc="left")


def test_labels_apart():
    assert apart([0, 10], 1) == [0, 10]
    assert apart([0, 0], 1) == [-0.5, 0.5]
    assert apart([0, 0, 0, 9], 2) == [-2, 0, 2, 9]


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


# -- paths -------------------------------------------------------------------------------------------------------------


def test_a_path_is_drawn_as_it_is_evaluated():
    one, other = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop1-better")
    path = eg.path(one, one.point, other.point).path
    axes = draw_path(path, samples=4)
    figure = axes.figure
    curve = max(axes.lines, key=lambda line: len(line.get_xdata()))
    assert list(curve.get_ydata()) == [float(one.loss_at(path.at(F(k, 4)))) for k in range(4 * len(path.segments) + 1)]
    assert max(curve.get_ydata()) == 21.2
    (peak,) = [line for line in axes.lines if line.get_marker() == "^"]
    assert (peak.get_xdata()[0], peak.get_ydata()[0]) == (float(path.highest_at), 21.2)
    assert path.loss_at(path.highest_at) == path.highest
    assert unreadable(figure) == []
    assert {"start\nloss 18", "end\nloss 14"} <= {text for text, _ in texts(figure)}
    alone = draw_path(eg.path(one, one.point, one.point).path)
    assert "start\nloss 18" in [text for text, _ in texts(alone.figure)]


def test_what_every_path_reaches_is_said():
    one, other = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop1-better")
    found = eg.path(one, one.point, other.point)
    assert "every path reaches that" in found.plot().get_title(loc="left")
    below = draw_path(found.path, at_least=F(20))
    assert "every path reaches 20" in below.get_title(loc="left")
    assert 20.0 in {line.get_ydata()[0] for line in below.lines if line.get_linestyle() == ":"}


def test_the_maximum_inside_a_segment_is_where_it_is():
    """Two weights that move at once: a parabola's top, rational or not."""
    data = {"data": {"x": [[1], [2]], "y": [1, -2]}, "network": {"widths": [1], "activation": "linear"}}
    one = eg.load({**data, "point": {"weights": [[[1]], [[3]]], "biases": [[1], [0]]}})
    other = eg.load({**data, "point": {"weights": [[[3]], [[-1]]], "biases": [[2], [0]]}})
    builder = PathBuilder(one, one.point)
    builder.straight(other.point, "across")
    path = builder.path
    assert path.highest > max(path.losses)
    assert abs(position(path.loss_at(path.highest_at)) - position(path.highest)) < 1 / 10**9


def test_the_command_draws_a_path(capsys, tmp_path):
    out = tmp_path / "path.png"
    code, text, _ = run(capsys, "path", "swirszcz-prop1", "--to", "swirszcz-prop1-better", "--plot", str(out))
    assert code == 0
    assert str(out) in text
    assert b"PNG" in out.read_bytes()[:20]
