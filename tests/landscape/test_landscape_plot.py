"""Pictures: every number readable and exact, nothing overlapping, refusals in one line."""

from __future__ import annotations

import random
import sys
from fractions import Fraction
from types import SimpleNamespace

import networkx as nx
import pytest
from command import run
from pictures import outside, overlaps, texts
from problems import D1, KINK, PLANE, problem

import exactgeo as eg
from exactgeo.errors import InputError
from exactgeo.landscape import landscape, plot
from exactgeo.path_search.plot import path_figure

pytest.importorskip("matplotlib")
F = Fraction


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
    assert "1/2 = 0.5" in [text for text, _ in texts(found.plot())]


def test_branches_stand_where_the_levels_are():
    found = landscape(problem(*D1, 1))
    axes = found.plot().axes[0]
    lines = {(tuple(line.get_xdata()), tuple(line.get_ydata())) for line in axes.lines}
    # 14, 18 and 614/29 side by side, each up to 106/5.
    for place, value in enumerate([14.0, 18.0, float(F(614, 29))]):
        assert ((place, place), (value, 21.2)) in lines
    assert ((0.0, 2.0), (21.2, 21.2)) in lines


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


# -- paths -------------------------------------------------------------------------------------------------------------


def test_a_path_is_drawn_as_it_is_evaluated():
    one, other = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop1-better")
    path = eg.path(one, one.point, other.point).path
    figure = path_figure(path, samples=4)
    curve = max(figure.axes[0].lines, key=lambda line: len(line.get_xdata()))
    assert list(curve.get_ydata()) == [float(one.loss_at(path.at(F(k, 4)))) for k in range(4 * len(path.segments) + 1)]
    assert max(curve.get_ydata()) == 21.2
    assert overlaps(figure) == []
    assert outside(figure) == []
    assert {"start\nloss 18", "end\nloss 14"} <= {text for text, _ in texts(figure)}
    alone = path_figure(eg.path(one, one.point, one.point).path)
    assert "start\nloss 18" in [text for text, _ in texts(alone)]


def test_the_command_draws_a_path(capsys, tmp_path):
    out = tmp_path / "path.png"
    code, text, _ = run(capsys, "path", "swirszcz-prop1", "--to", "swirszcz-prop1-better", "--plot", str(out))
    assert code == 0
    assert str(out) in text
    assert b"PNG" in out.read_bytes()[:20]
