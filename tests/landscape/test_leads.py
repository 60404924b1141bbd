"""Walls that have their basin's own optimum: the first of each, here or by an executor that nobody believes."""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from executors import FAULTS, Backwards, Changing, Elsewhere, Faulty, Later, Pool, Stale
from landscapes import CASES, shape
from problems import line, problem

from exactgeo.basin import census
from exactgeo.basin.batch import masks_of
from exactgeo.errors import TaskLost
from exactgeo.landscape import landscape
from exactgeo.landscape.leads import AFTER, BEFORE, DOWN, NONE, looked_up, ways_of
from exactgeo.landscape.merge_tree import _Grower, grow
from exactgeo.landscape.walls import Walls

FACING, LEADS = (sys.modules[f"exactgeo.landscape.{name}"] for name in ("facing", "leads"))
CASE = line(7, 3)
BASINS = census(CASE)


@pytest.fixture(autouse=True)
def soon_and_small(monkeypatch):
    """An executor is asked for small blocks however few basins there are."""
    monkeypatch.setattr(FACING, "TOGETHER", 200)
    monkeypatch.setattr(LEADS, "BLOCK", 300)
    monkeypatch.setattr(LEADS, "MANY", 0)


def tree(executor=None, **options):
    """The tree alone: what the executor is asked for is nothing else."""
    return grow(BASINS, Walls(BASINS.reduction.program), full=False, executor=executor, **options)


def told(found):
    return [(*vars_of(node),) for node in found.nodes], [found.entry[k] for k in range(len(BASINS))], list(found.edges)


def vars_of(node):
    return node.level, node.minimum, node.children, node.basins, node.parent, node.escape


@pytest.fixture
def plain():
    return told(tree())


def ground(basins):
    grower = _Grower(basins, Walls(basins.reduction.program), False, None, None)
    grower.rank()
    return grower.ground()


def first_by_hand(basins, values, row):
    """Kind, row behind and columns of a basin's wall, from the facets one by one."""
    support, best = basins.optimum(row).support, (NONE, 0, 0)
    for behind, mask, _ in basins.facets.around(row):
        if support & ~mask:
            continue
        kind = NONE
        if values[behind] < values[row]:
            kind = DOWN
        elif values[behind] == values[row] and behind != row:
            kind = BEFORE if behind < row else AFTER
        if kind < best[0]:
            best = kind, behind, mask
    return best


@pytest.mark.parametrize("name", ["repeated", "absolute", "law 2", "law 8", "law 9"])
def test_the_first_wall_of_each_basin(name):
    basins = census(CASES[name])
    here, values = ground(basins), [basin.value for basin in basins]
    seen = Counter()
    for start in range(0, len(basins), LEADS.BLOCK):
        end = start + LEADS.BLOCK
        found, rows = looked_up(here, start, end, ways_of(here, start, end)), here.order[start:end].tolist()
        walls = zip(rows, found.kind.tolist(), found.outside.tolist(), masks_of(found.sets), strict=True)
        for row, *wall in walls:
            assert tuple(wall) == first_by_hand(basins, values, row)
            seen[wall[0]] += 1
    assert seen[DOWN] > seen[BEFORE] > seen[AFTER] > 0


def test_the_valley_of_one_basin_has_none():
    here, values = ground(BASINS), [basin.value for basin in BASINS]
    (row,) = here.order[looked_up(here, 0, len(BASINS), ways_of(here, 0, len(BASINS))).kind == NONE].tolist()
    assert first_by_hand(BASINS, values, row) == (NONE, 0, 0)


@pytest.mark.parametrize("pool", [Later, Backwards, Elsewhere, Pool])
def test_an_executor_changes_no_byte(pool, plain):
    assert told(tree(pool())) == plain


def test_threads_change_no_byte(plain):
    with ThreadPoolExecutor(2) as executor:
        assert told(tree(executor)) == plain


def test_each_block_is_asked_for_once_and_what_all_need_is_sent_once():
    pool = Pool()
    tree(pool)
    assert -(-(len(BASINS) - 300) // LEADS.BLOCK) <= len(pool.given) <= -(-len(BASINS) // LEADS.BLOCK)
    assert max(pool.sent) < 2000


@pytest.mark.parametrize("fault", ["breaks", "breaks later"])
@pytest.mark.parametrize("at", [0, 2])
def test_an_executor_that_ends_changes_no_byte(fault, at, plain):
    pool = Faulty(fault, at)
    assert told(tree(pool)) == plain
    assert len(pool.futures) < at + 6


@pytest.mark.parametrize("fault", FAULTS)
def test_a_task_that_is_lost_is_one_error(fault):
    with pytest.raises(TaskLost, match=r"^executor: leads \d+: got .*; write"):
        tree(Faulty(fault, 1))


def test_answers_of_another_tree_are_not_taken():
    first = Later()
    tree(first)
    with pytest.raises(TaskLost, match="the answer of another run"):
        tree(Stale(first))


def one(number):
    """The first wall is another one."""

    def change(ways):
        ways = ways.copy()
        ways[0] = number
        return ways

    return change


REFUSED = {
    "none": lambda ways: None,
    "a list": lambda ways: ways.tolist(),
    "floats": lambda ways: ways.astype(float),
    "too few": lambda ways: ways[1:],
    "below": one(-2),
    "beyond": one(10**6),
    "walls of others": lambda ways: np.roll(ways, 7),
}


@pytest.mark.parametrize("change", REFUSED)
def test_what_is_no_wall_of_its_basin_is_refused(change):
    with pytest.raises(TaskLost, match="leads"):
        tree(Changing(REFUSED[change]))


def test_a_wall_with_another_optimum_or_of_another_basin_is_refused():
    """Each crossing of the first neuron in place of the right one: of this basin, and of others."""
    here = ground(BASINS)
    facets, ways = here.facets, ways_of(here, 0, 300)
    crossings, choices = facets.crossings[0], facets.numbering.rows(here.order[:300])
    pairs, refused = np.arange(len(crossings.targets)), Counter()
    for at in range(0, 300, 11):
        mine = np.repeat(choices[at : at + 1], len(pairs), axis=0)
        masks = masks_of(facets.others(mine, 0) | crossings.shared)
        low, high = crossings.starts[choices[at, 0]], crossings.starts[choices[at, 0] + 1]
        support = BASINS.optimum(int(here.order[at])).support
        for pair, mask in zip(pairs.tolist(), masks, strict=True):
            own, fits = low <= pair < high, not support & ~mask
            changed = ways.copy()
            changed[at] = pair
            if own and fits:
                looked_up(here, 0, 300, changed)
                continue
            with pytest.raises(TaskLost, match="an optimum that is not theirs"):
                looked_up(here, 0, 300, changed)
            refused[own, fits] += 1
    # For each of the two reasons alone, too.
    assert min(refused[False, True], refused[True, False]) > 0


def test_who_knows_no_wall_costs_time_and_changes_nothing():
    found = landscape(CASE, basins=BASINS)
    honest = shape(found)
    found._tree = tree(Changing(lambda ways: np.where(np.arange(len(ways)) % 3, -1, ways).astype(np.int32)))
    assert shape(found) == honest


def test_a_time_limit_ends_the_wait_for_a_task_that_never_returns():
    found = tree(Faulty("hangs", 1), seconds=1000)
    whole = tree()
    assert not found.complete
    assert whole.nodes[0].level < found.level < whole.nodes[-1].level
    below = [node.level for node in whole.nodes if node.level < found.level]
    assert [node.level for node in found.nodes] == below


def test_few_basins_are_looked_at_here(monkeypatch, plain):
    monkeypatch.setattr(LEADS, "MANY", len(BASINS))
    pool = Later()
    assert told(tree(pool)) == plain
    assert pool.futures == []


def test_an_executor_is_asked_only_where_it_made_the_census():
    """Workers are not started for the tree alone."""
    pools = Later(), Later()
    assert landscape(CASE, executor=pools[0]).to_json() == landscape(CASE, executor=pools[1], basins=BASINS).to_json()
    assert any(future.result().number for future in pools[0].futures)
    assert pools[1].futures == []
    assert landscape(problem([[1], [2]], [1, -1], 1), executor=Later()).bad_valleys == 0
