"""Walls that are solved together before somebody asks: the values of each alone, and no other answers."""

from __future__ import annotations

import random
import sys
from fractions import Fraction as F

import numpy as np
import pytest
from landscapes import CASES, LAWS, shape
from losses import is_rational, loss_names
from problems import D1, line, problem
from stores import dump

from exactgeo.basin import census
from exactgeo.basin.solvers import solve
from exactgeo.landscape import landscape
from exactgeo.landscape.walls import Walls
from exactgeo.store import Store

FACING, TREE, WALLS = (sys.modules[f"exactgeo.landscape.{name}"] for name in ("facing", "merge_tree", "walls"))


@pytest.mark.parametrize("kind", loss_names(is_rational))
def test_walls_solved_together_have_the_value_of_each(kind):
    known = census(line(5, 2, kind=kind))
    program = known.reduction.program
    masks = sorted({mask for _, _, mask, _ in known.facets})
    walls = Walls(program)
    walls.ahead(masks + masks)
    assert walls.optima == []
    for mask in masks:
        alone, found = solve(program, mask), walls.optimum(mask)
        assert (walls.value(mask), found.value) == (alone.value, alone.value)
        assert found.support & ~mask == mask & ~found.allowed == 0
    assert len(walls.optima) == len(masks) > walls.solved > 0


def test_a_wall_does_not_depend_on_those_it_is_solved_with():
    known = census(CASES["repeated"])
    masks = sorted({mask for _, _, mask, _ in known.facets})
    rng, answers = random.Random(0), []
    for count in (1, 5, len(masks)):
        walls, left = Walls(known.reduction.program), masks.copy()
        rng.shuffle(left)
        while left:
            walls.ahead(left[:count])
            left = left[count:]
        answers.append({mask: walls.whole(walls._ahead[mask]) for mask in masks if mask in walls._ahead})
    assert answers[0] == answers[1] == answers[2]
    assert len(answers[0]) > 0.9 * len(masks)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("full", [False, True])
def test_however_many_are_solved_together_the_tree_is_the_same(monkeypatch, name, full):
    case = CASES[name]
    if name == "line":
        case = line(7, 2)
    monkeypatch.setattr(FACING, "TOGETHER", 50)
    basins, found = census(case), []
    for ahead in (1, 3, 1000):
        monkeypatch.setattr(TREE, "AHEAD", ahead)
        found.append(landscape(case, basins=basins, full=full))
    for other in found[1:]:
        assert other.to_json() == found[0].to_json()
        assert list(other._tree.edges) == list(found[0]._tree.edges)
        assert other.solved == found[0].solved
        assert other.spanning_tree() == found[0].spanning_tree()
        assert other._walls.solved == found[0]._walls.solved
    if not full:
        assert shape(found[0]) == shape(found[-1])


def test_a_store_holds_the_same_however_many_are_solved_together(monkeypatch, tmp_path):
    held = []
    for ahead in (1, 1000):
        monkeypatch.setattr(TREE, "AHEAD", ahead)
        with Store(tmp_path / f"{ahead}.sqlite") as store:
            landscape(line(8, 2), store=store)
        held.append(dump(tmp_path / f"{ahead}.sqlite"))
    assert held[0] == held[1]


def test_walls_of_a_tree_are_not_solved_alone(monkeypatch):
    def never(*arguments):
        raise AssertionError("solved alone")

    case, calls, honest = line(9, 2), [], WALLS.solve_sets
    basins = census(case)
    monkeypatch.setattr(WALLS, "solve", never)
    monkeypatch.setattr(WALLS, "solve_sets", lambda *given: calls.append(len(given[1])) or honest(*given))
    found = landscape(case, basins=basins)
    assert found._walls.solved > 2 * len(calls) > 0
    assert max(calls) <= TREE.AHEAD


@pytest.mark.parametrize("full", [False, True])
def test_a_wall_between_what_basins_join_at_its_level_is_not_solved(full):
    solved = [landscape(CASES[name], full=full)._walls.solved for name in ("law 1", "law 5", "law 9")]
    assert solved == [6, 2, 0]


def test_ctrl_c_while_walls_are_solved_ends_the_tree(monkeypatch):
    case, honest, left = problem(*D1, 2), WALLS.solve_sets, [3]
    basins = census(case)
    monkeypatch.setattr(TREE, "AHEAD", 1)

    def interrupted(*given):
        left[0] -= 1
        found, owner, _ = honest(*given)
        return found, owner, left[0] == 0

    monkeypatch.setattr(WALLS, "solve_sets", interrupted)
    found = landscape(case, basins=basins)
    assert (found.complete, left) == (False, [0])
    assert "raise --time-limit" in found.reason
    assert landscape(case, basins=basins).complete


def test_of_the_walls_of_some_levels_those_that_may_join():
    """Level by level with one union-find for known walls: against all of it at once."""
    rng = random.Random(1)
    for _ in range(200):
        count, nodes = rng.randrange(40), rng.randrange(2, 9)
        one, other = (np.array([rng.randrange(nodes) for _ in range(count)], dtype=np.int32) for _ in range(2))
        known = np.array([rng.random() < 0.5 for _ in range(count)], dtype=bool)
        rank = np.sort(np.array([rng.randrange(4) for _ in range(count)], dtype=np.int32))
        wanted = []
        for k in range(count):
            before = [j for j in range(count) if known[j] and ((rank[j] <= rank[k]) if not known[k] else j < k)]
            ends, grown = {int(one[k])}, True
            while grown:
                size = len(ends)
                for j in before:
                    if {int(one[j]), int(other[j])} & ends:
                        ends |= {int(one[j]), int(other[j])}
                grown = len(ends) > size
            if int(other[k]) not in ends:
                wanted.append(k)
        assert FACING._joining(one, other, known, rank).tolist() == wanted


def test_values_are_found_where_floats_are_not_enough():
    from exactgeo.basin.batch import Solved
    from exactgeo.basin.optima import Optima
    from exactgeo.basin.table import Levels

    third, near, huge = F(1, 3), F(1, 3) + F(1, 10**40), F(10**400)
    given = [near, huge + 1, third, F(5), huge, third, -huge, F(7), F(1, 10**400)]
    optima = Optima(9, [Solved(value, 1 << k, 1 << k, True, (k,)) for k, value in enumerate(given)])
    assert optima.floats().tolist() == [1 / 3, np.inf, 1 / 3, 5.0, np.inf, 1 / 3, -np.inf, 7.0, 0.0]
    levels = Levels(optima, np.array([1, 1, 1, 1, 1, 1, 1, 0, 1]))
    values = [value for value, _ in levels]
    assert values == [-huge, F(1, 10**400), third, near, F(5), huge, huge + 1]
    assert levels.ranks.tolist() == [3, 6, 2, 4, 5, 2, 0, -1, 1]
    for value in (*values, F(0), F(6), third - F(1, 10**50), near - F(1, 10**50), huge - 1, huge + 2, -huge - 1):
        assert levels.below(value) == sum(other < value for other in values)


@pytest.mark.parametrize(("data", "width", "options"), LAWS[:4])
def test_a_run_taken_up_opens_the_same_walls(tmp_path, data, width, options):
    """Which walls were solved already is in no answer."""
    case = problem(*data, width, **options)
    with Store(tmp_path / "run.sqlite") as store:
        first = landscape(case, store=store)
    with Store(tmp_path / "run.sqlite", resume=True) as store:
        again = landscape(case, store=store)
    assert list(again._tree.edges) == list(first._tree.edges)
    assert again.spanning_tree() == first.spanning_tree()
