"""Basins that join the trunk of a merge tree many at a time: the same tree as one by one, and every wall is one."""

from __future__ import annotations

import sys
from collections import Counter

import pytest
from executors import Later
from landscapes import CASES, shape
from problems import line

import exactgeo as eg
from exactgeo.basin import census
from exactgeo.basin.solvers import solve
from exactgeo.exact.enclosure import exact
from exactgeo.formats import problem_from_mapping
from exactgeo.landscape import landscape
from exactgeo.landscape.trunk import Trunk

FACING = sys.modules["exactgeo.landscape.facing"]


@pytest.mark.parametrize("name", CASES)
def test_however_many_are_looked_at_together_the_tree_is_the_same(monkeypatch, name):
    basins = census(CASES[name])
    monkeypatch.setattr(FACING, "TOGETHER", len(basins))
    plain = landscape(CASES[name], basins=basins)
    for together in (1, 7, 60):
        monkeypatch.setattr(FACING, "TOGETHER", together)
        found = landscape(CASES[name], basins=basins)
        assert shape(found) == shape(plain)
        # The values of a least spanning tree are those of all of them.
        values = [edge.value for edge in found._tree.edges]
        assert values == sorted(values)
        assert Counter(values) == Counter(edge.value for edge in plain._tree.edges)


def test_each_wall_of_the_spanning_tree_is_solved_alone(monkeypatch):
    monkeypatch.setattr(FACING, "TOGETHER", 40)
    found = landscape(CASES["line"])
    facets = {}
    for one, other, mask, _ in found.census.facets:
        facets.setdefault((one, other), set()).add(mask)
    edges = list(found._tree.edges)
    assert len(edges) == len(found._tree.edges) == len(found.census) - 1
    for edge in edges[::7]:
        assert edge.mask in facets[min(edge[:2]), max(edge[:2])]
        assert exact(solve(found.census.reduction.program, edge.mask).value) == edge.value
    assert edges[3:5] == found._tree.edges[3:5]
    assert edges[-1] == found._tree.edges[-1]


def test_most_basins_join_the_trunk_without_a_look_at_their_walls(monkeypatch):
    monkeypatch.setattr(FACING, "TOGETHER", 64)
    counts = Counter()
    honest = Trunk.split

    def counted(self, rows, through):
        listed, born, joined = honest(self, rows, through)
        counts.update(listed=len(listed), born=len(born), joined=len(joined.inside))
        return listed, born, joined

    monkeypatch.setattr(Trunk, "split", counted)
    found = landscape(line(8, 3))
    assert counts["joined"] > 0.8 * len(found.census)
    assert counts["born"] < counts["listed"] < 0.3 * len(found.census)


def test_an_executor_changes_nothing(monkeypatch):
    monkeypatch.setattr(FACING, "TOGETHER", 50)
    monkeypatch.setattr("exactgeo.basin.schedule.BLOCK", 64)
    plain, found = landscape(CASES["line"]), landscape(CASES["line"], executor=Later())
    assert found.to_json() == plain.to_json()
    assert list(found._tree.edges) == list(plain._tree.edges)
    assert [best.value for best in found.solved] == [best.value for best in plain.solved]


def test_levels_of_points_do_not_depend_on_it(monkeypatch):
    case = eg.load("swirszcz-prop1")
    wide = problem_from_mapping({"data": case.to_dict()["data"], "network": {"widths": [2]}})
    plain = landscape(wide)
    monkeypatch.setattr(FACING, "TOGETHER", 3)
    found = landscape(wide)
    pairs = [(a, b) for a in range(0, len(plain.census), 9) for b in range(0, len(plain.census), 11)]
    assert [found.critical_level(a, b) for a, b in pairs] == [plain.critical_level(a, b) for a, b in pairs]
