"""Settling by blocks: against the solver one set at a time, signs by filter, degenerate data, bounded memory."""

from __future__ import annotations

import random
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import combinations_with_replacement

import basin_brute as brute
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from losses import is_rational, loss_names, targets

from exactgeo.basin import census, solvers
from exactgeo.basin.batch import masks_of, solve_masks, solve_sets, words_of
from exactgeo.basin.cone_program import Program
from exactgeo.basin.reduction import reduce
from exactgeo.basin.schedule import Listing
from exactgeo.basin.solvers import solve
from exactgeo.exact._filter_signs import dot_signs
from exactgeo.formats import problem_from_mapping
from exactgeo.losses import make_loss


def problem(x, y, width, loss="squared", **network):
    return problem_from_mapping(
        {"data": {"x": x, "y": y}, "network": {"widths": [width], **network}, "loss": {"kind": loss}}
    )


def data(rng, kind):
    """Eight points of the plane, generic or degenerate."""
    x = [[rng.randint(-9, 9), rng.randint(-9, 9)] for _ in range(6)]
    if kind == "repeated":
        x[3:] = x[:3]
    elif kind == "on a line":
        x = [[t, 2 * t] for t, _ in x]
    elif kind == "zero rows":
        x[0] = x[1] = [0, 0]
    return x, [rng.randint(-9, 9) for _ in x]


LOSSES = loss_names(is_rational)


def labelled(x, y, loss):
    return x, targets(loss, y)


small = st.integers(-3, 3) | st.sampled_from([10**9, -(10**9), 10**25, -(10**25), 2**53, 2**53 + 1])


@given(st.integers(1, 5).flatmap(lambda m: st.tuples(*[st.lists(st.lists(small, min_size=m, max_size=m))] * 2)))
def test_signs_of_dot_products(pair):
    vectors, columns = pair
    wanted = [[int(np.sign(sum(a * b for a, b in zip(v, c, strict=True)))) for c in columns] for v in vectors]
    assert dot_signs(vectors, columns).tolist() == wanted


def test_signs_where_floats_see_nothing():
    # The dot product is 1 beside terms of 10^20, and 0 with rounded terms.
    assert dot_signs([(10**20 + 1, -(10**20))], [(1, 1), (1, 0), (0, 0)]).tolist() == [[1, 1, 0]]
    third = [10**17 + 1, -(10**17) - 1, 0]
    assert dot_signs([third, [1, 1, 1]], [(3, 3, 5)]).tolist() == [[0], [1]]


@given(
    st.integers(2, 4).flatmap(
        lambda m: st.tuples(
            st.lists(st.tuples(*[small] * m).filter(any), min_size=1, max_size=5, unique=True),
            st.tuples(*[small] * m),
            st.sets(st.integers(0, 9), max_size=2),
            st.booleans(),
        )
    )
)
def test_signs_of_residuals(case):
    """Also where the entries are beyond what floats tell apart, and columns are opposite or dependent."""
    vectors, y, chosen, line = case
    columns = tuple(dict.fromkeys([*vectors, *(tuple(-q for q in v) for v in vectors)]))
    lines = ((1,) * len(y),) if line else ()
    program = Program(
        make_loss("squared"), Fraction(1), tuple(map(Fraction, y)), (Fraction(0),) * len(y), columns, lines
    )
    found = solvers.of(program).refined(sorted(j for j in chosen if j < len(columns)))
    if found is None:
        return
    best = solvers.of(program).on_support(found.basis)
    assert best is not None
    assert best.value == found.value
    assert solvers.of(program).signs([found]).tolist() == [list(program.signs(best.gradient))]


def test_signs_of_residuals_that_floats_get_wrong():
    # The residual is (1, -1) / 2 next to entries of 10^20: with the second column it makes exactly -1/2, then 0, then 1/2.
    n = 10**20
    columns = ((1, 1), (n, n + 1), (n, n), (n + 1, n))
    program = Program(
        make_loss("squared"), Fraction(1), (Fraction(n + 1), Fraction(n)), (Fraction(0),) * 2, columns, ()
    )
    found = solvers.of(program).refined([0])
    # The gradient is minus twice the residual.
    assert solvers.of(program).signs([found]).tolist() == [[0, 1, 0, -1]]


@given(st.lists(st.integers(0, 2**130 - 1), min_size=1))
def test_words_and_back(masks):
    assert masks_of(words_of(masks, 130)) == masks


@given(
    st.integers(1, 4).flatmap(
        lambda m: st.tuples(
            st.lists(st.tuples(*[st.integers(-2, 2)] * m), max_size=7, unique=True),
            st.lists(st.integers(-3, 3), min_size=m, max_size=m),
            st.sampled_from([(), ((1,) * m,)]),
            st.sampled_from(["squared", "half_squared"]),
        )
    )
)
def test_every_set_of_columns_against_the_exact_method(case):
    columns, y, lines, kind = case
    zero = (Fraction(0),) * len(y)
    program = Program(make_loss(kind), Fraction(1), tuple(map(Fraction, y)), zero, tuple(columns), lines)
    masks = list(range(1 << len(columns)))
    optima, owner = solve_masks(program, masks)
    for mask, place in zip(masks, owner, strict=True):
        best, wanted = optima[place], solve(program, mask)
        assert (best.value, best.gradient) == (wanted.value, wanted.gradient)
        assert best.support & ~mask == 0 == mask & ~best.allowed


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", ["generic", "repeated", "on a line", "zero rows"])
def test_a_block_against_the_exact_method(kind, loss):
    found = census(problem(*labelled(*data(random.Random(5), kind), loss), 2, loss=loss))
    reduction = found.reduction
    for i in random.Random(1).sample(range(len(found)), 20):
        basin, wanted = found[i], solve(reduction.program, reduction.mask(found[i].patterns))
        assert basin.value == wanted.value == found.problem.loss_at(basin.minimiser)
        assert (
            basin.optimum.support & ~reduction.mask(basin.patterns)
            == 0
            == reduction.mask(basin.patterns) & ~basin.optimum.allowed
        )


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    "x",
    [
        [[10**400], [1], [-(10**390)], [3]],
        [[Fraction(10**200, 7)], [Fraction(1, 3)], [Fraction(-1, 10**300)], [0]],
        [[10**17], [10**17 + 1], [10**17 + 3], [10**17 + 7]],
    ],
)
def test_data_that_floats_do_not_tell_apart(x, loss):
    found = census(problem(*labelled(x, [10**30, -1, 2, Fraction(-1, 10**9 + 7)], loss), 1, loss=loss))
    reduction = found.reduction
    for basin in found:
        assert basin.value == solve(reduction.program, reduction.mask(basin.patterns)).value
        assert found.problem.loss_at(basin.minimiser) == basin.value


@pytest.mark.parametrize("loss", LOSSES)
def test_proposals_are_not_believed(monkeypatch, loss):
    """With nonsense for proposals the answers are the same: only the time differs."""
    case = problem(*labelled(*data(random.Random(2), "repeated"), loss), 1, loss=loss)
    good = census(case).to_records()
    rng = np.random.default_rng(0)
    # What the first census met is still known, so these are bases of other sets; the first of them uses no column.
    monkeypatch.setattr(
        "exactgeo.basin.solvers._propose_bases.Pivoting.ends",
        lambda walk, allowed, starts=None: rng.integers(0, walk.known, len(allowed)),
    )
    assert census(case).to_records() == good


@pytest.mark.parametrize("loss", [*LOSSES, "logistic"])
def test_what_was_settled_before_changes_nothing(monkeypatch, loss):
    from exactgeo.basin.batch import _prepared

    case = problem(*labelled(*data(random.Random(6), "on a line"), loss), 2, loss=loss)
    monkeypatch.setattr("exactgeo.basin.schedule.BLOCK", 50)
    _prepared.cache_clear()
    fresh = census(case)
    again = census(case)
    monkeypatch.setattr("exactgeo.basin.batch.REMEMBERED", 5)
    forgetful = census(case)
    _prepared.cache_clear()
    for found in (again, forgetful):
        assert found.to_records() == fresh.to_records()
        assert [b.optimum for b in found] == [b.optimum for b in fresh]


def test_threads_do_not_share_a_walk():
    from exactgeo.basin.batch import _prepared

    program = reduce(problem([[0], [1]], [1, 2], 1)).program
    with ThreadPoolExecutor(1) as other:
        assert other.submit(_prepared, program).result() is not _prepared(program)
    assert _prepared(program) is _prepared(program)


def test_blocks_do_not_change_values_or_points(monkeypatch):
    x, y = [[0], [1], [1], [3], [4]], [2, -1, 0, 3, 1]
    whole = census(problem(x, y, 2))
    monkeypatch.setattr("exactgeo.basin.schedule.BLOCK", 7)
    parts = census(problem(x, y, 2))
    assert parts.to_records() == whole.to_records()
    assert sorted(b.value for b in parts) == brute.basin_values(x, y, 2)
    for basin in parts:
        assert parts.problem.loss_at(basin.minimiser) == basin.value
        assert basin.index in {b.index for b in parts.containing(basin.minimiser)}


def test_orbits_come_in_blocks_of_whole_numbers(monkeypatch):
    monkeypatch.setattr("exactgeo.basin.schedule.BLOCK", 100)
    reduction = reduce(problem([[t] for t in range(6)], list(range(6)), 2))
    listing = Listing.of(reduction)
    found = [listing.rows(number) for number in range(listing.blocks)]
    assert [len(block) for block in found] == [100, 100, 100]
    wanted = list(combinations_with_replacement(range(24), 2))
    assert [tuple(row) for block in found for row in block.tolist()] == wanted
    empty = Listing.of(reduce(problem([[1], [2]], [1, 2], 0)))
    assert (empty.blocks, empty.rows(0).shape) == (1, (1, 0))


def test_memory_is_of_the_block():
    # 11,480 orbits in 2 blocks and 1.8 million in 220: listing the second as far as block 2 takes no more.
    peaks = []
    for m, width in ((10, 3), (20, 4)):
        reduction = reduce(problem([[t] for t in range(m)], list(range(m)), width))
        listing = Listing.of(reduction)
        tracemalloc.start()
        listing.rows(0), listing.rows(listing.blocks - 1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) < 2_000_000


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_tables_are_written_without_listing_them(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr(sys.modules["exactgeo.basin.table"], "RECORDS", 256)
    found = census(problem([[t] for t in range(10)], [3, -1, 4, 1, -5, 9, 2, -6, 5, 3], 3))
    found.to_json()
    found.write(tmp_path / f"warm.{suffix}")
    tracemalloc.start()
    found.write(tmp_path / f"out.{suffix}")
    streamed = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    records = found.to_records()
    listed = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(records) == 11480
    assert streamed < listed / 4


def test_time_ends_between_optima():
    reduction = reduce(problem(*data(random.Random(4), "generic"), 1))
    sets = words_of([reduction.mask(choice) for choice in reduction.orbit_choices()], len(reduction.program.columns))
    optima, owner, _ = solve_sets(reduction.program, sets, seconds=0.0)
    assert (optima, set(owner.tolist())) == ([], {-1})


def test_many_optima_are_not_searched_for_minima_unasked(monkeypatch):
    monkeypatch.setattr("exactgeo.basin.minima.OPTIMA", 3)
    found = census(problem([[0], [1], [3]], [1, -1, 2], 1))
    assert found.distinct > 3
    answer = found.to_json()
    assert answer["local_minimum_values"] is None
    assert "above the budget of 3; --minima forces it" in answer["reason"]
    assert census(found.problem).to_json(minima=True)["local_minimum_values"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["generic", "repeated", "on a line", "zero rows"])
def test_values_of_a_larger_census_in_cvxpy(kind):
    rng = random.Random(7)
    found = census(problem(*data(rng, kind), 3))
    for index in rng.sample(range(len(found)), 150):
        value = found[index].program().solve()
        assert abs(value - float(found[index].value)) <= 1e-5 * (1 + abs(value))


@pytest.mark.parametrize("loss", ["squared", "absolute", "logistic"])
def test_optima_are_in_the_order_in_which_the_sets_need_them(loss):
    """Whatever was solved before: the sets are asked for in one order, in another, and in part."""
    rng = random.Random(3)
    x = [[rng.randint(-9, 9)] for _ in range(5)]
    y = [rng.choice((-1, 1)) for _ in x]
    reduction = reduce(problem(x, y, 1, loss))
    masks = [reduction.mask(choice) for choice in reduction.orbit_choices()]
    alone = {mask: solve(reduction.program, mask).value for mask in masks}
    for order in (masks, masks[::-1], masks[::3], [masks[0], *masks]):
        optima, owner, _ = solve_sets(reduction.program, words_of(order, len(reduction.program.columns)))
        firsts = [owner.tolist().index(k) for k in range(len(optima))]
        assert firsts == sorted(firsts)
        assert owner.min() >= 0
        if loss != "logistic":
            assert [optima[k].value for k in owner.tolist()] == [alone[mask] for mask in order]
