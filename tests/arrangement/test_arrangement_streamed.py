"""Blocks of regions that need little in common: the same regions as those that keep all flats, whatever the flag."""

from __future__ import annotations

import itertools
import pickle
import random
from dataclasses import replace

import numpy as np
import pytest
from executors import Backwards, Faulty, Later

from exactgeo import Arrangement
from exactgeo.arrangement.enumerators import flag, flats, local_regions
from exactgeo.arrangement.enumerators._filter_minors import NotGeneric
from exactgeo.arrangement.enumerators.blocks import flag_sweep
from exactgeo.arrangement.enumerators.flag import Flag
from exactgeo.arrangement.enumerators.general_position import GeneralPosition
from exactgeo.arrangement.enumerators.special_position import SpecialPosition


def drawn(seed: int, count: int, size: int, reach: int = 99) -> list[list[int]]:
    rng = random.Random(seed)
    return [[rng.randint(-reach, reach) for _ in range(size)] for _ in range(count)]


def regions(sweep: GeneralPosition) -> set[bytes]:
    words = [row.tobytes() for row in sweep.words()]
    assert len(set(words)) == len(words)
    return set(words)


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("affine", [False, True])
def test_what_is_kept_changes_no_region(size, affine):
    rows = drawn(size, size + 6, size)
    arrangement = Arrangement(rows, [7 * t + 1 for t in range(len(rows))]) if affine else Arrangement(rows)
    assert arrangement.in_general_position
    distinct = replace(arrangement._distinct, uniform=True)
    kept, streamed = (flag_sweep(distinct, keep=keep) for keep in (True, False))
    assert regions(kept) == regions(streamed)
    assert len(regions(streamed)) * (1 if affine else 2) == arrangement.count()
    dimension = streamed.dimension
    assert len(streamed.levels) == (dimension if streamed.exact else max(1, dimension - 1))


def through(point: list[int], seed: int) -> Arrangement:
    """Planes of space in general position, three of them through a point."""
    rng = random.Random(seed)
    normals = drawn(seed, 9, 3, 10**6)
    offsets = [sum(a * b for a, b in zip(normal, point, strict=True)) for normal in normals[:3]]
    return Arrangement(normals, [*offsets, *(rng.randint(-(10**6), 10**6) for _ in normals[3:])])


@pytest.mark.parametrize("seed", range(6))
def test_a_flag_that_meets_a_vertex_is_as_good_as_one_beside_it(monkeypatch, seed):
    """The plane of this flag goes through a vertex of the arrangement; its line and its point through nothing."""
    point = [2, -3, 5]
    arrangement = through(point, seed)
    assert arrangement.in_general_position
    honest = regions(flag_sweep(arrangement._distinct))
    rng = random.Random(seed)
    base, one, last = ([rng.randint(-(10**6), 10**6) for _ in range(3)] for _ in range(3))
    two = [p - b - s for p, b, s in zip(point, base, one, strict=True)]
    vectors = [[*base, 1], [*one, 0], [*two, 0], [*last, 0]]
    monkeypatch.setattr(flag, "_drawn", lambda *_: vectors)
    with pytest.raises(NotGeneric):
        GeneralPosition(Flag(arrangement._distinct, 0))
    streamed = GeneralPosition(Flag(arrangement._distinct, 0), keep=False)
    assert streamed.minors.moved
    assert regions(streamed) == honest
    # On whichever side the flag is moved: so is that of the opposite direction.
    vectors[3] = [-q for q in vectors[3]]
    assert regions(GeneralPosition(Flag(arrangement._distinct, 0), keep=False)) == honest


def test_a_flag_that_meets_more_is_not(monkeypatch):
    """Its line goes through the vertex."""
    point = [2, -3, 5]
    arrangement = through(point, 1)
    vectors = [[10**6, 7, -9, 1], [point[0] - 10**6, point[1] - 7, point[2] + 9, 0], [1, 2, 3, 0], [5, 1, 1, 0]]
    monkeypatch.setattr(flag, "_drawn", lambda *_: vectors)
    with pytest.raises(NotGeneric):
        GeneralPosition(Flag(arrangement._distinct, 0), keep=False)


def test_blocks_do_not_depend_on_how_they_are_cut(monkeypatch):
    arrangement = Arrangement(drawn(3, 18, 5))
    whole = np.concatenate(list(arrangement.blocks(packed=True)))
    monkeypatch.setattr(flag, "BATCH", 16)
    cut = list(arrangement.blocks(packed=True))
    assert len(cut) > 10
    assert {row.tobytes() for row in np.concatenate(cut)} == {row.tobytes() for row in whole}
    assert sum(map(len, cut)) == len(whole) == arrangement.count()


# -- flats in special position, by tasks --


def special(**options):
    rows = [row for row in itertools.product((0, 1), repeat=5) if any(row)]
    return SpecialPosition(Flag(Arrangement(rows)._distinct, 0), **options)


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(flag, "BATCH", 16)
    monkeypatch.setattr(local_regions, "_CUT", 20)


def test_flats_found_by_tasks_are_the_same(small_pieces):
    """Whoever does them, in whatever order: levels, joins, local regions and blocks, to the last byte."""
    alone, later, backwards = special(), Later(), Backwards()
    # An executor that ends: the rest is done here.
    for executor in (later, backwards, Faulty("breaks", 9)):
        sweep = special(executor=executor)
        assert pickle.dumps(sweep) == pickle.dumps(alone)
        assert all(np.array_equal(sweep.block(i), alone.block(i)) for i in range(alone.blocks))
    assert len(later.futures) > 40


def test_what_workers_get_of_flats_is_little(small_pieces, monkeypatch):
    """Minors where flats are extended, and only those of the level; joins where local regions are found."""
    got = []
    honest = flats.piece_by_piece
    for module in (flats, local_regions):
        monkeypatch.setattr(
            module, "piece_by_piece", lambda e, f, whole, parts: got.append(whole) or honest(e, f, whole, parts)
        )
    sweep = special()
    extended, located = ([one for one in got if hasattr(one, "kept") is has] for has in (False, True))
    assert [{id(level) for level in one.levels} for one in extended] == [{id(level)} for level in sweep.levels[:-1]]
    assert not any(one.joins for one in extended)
    assert [len(one.kept) for one in located] == [1, 2, 3]
    assert not any(level.minors.size for one in located for level in one._flats.levels)


def test_a_special_flag_of_tasks_is_drawn_again(small_pieces, monkeypatch):
    """A worker that finds it so says it, and no task is lost."""
    rows = [row for row in itertools.product((0, 1), repeat=5) if any(row)]
    honest, failed = flats.FlatsByJoins.extended, []

    def once(self, piece):
        if not failed:
            failed.append(piece)
            raise NotGeneric
        return honest(self, piece)

    monkeypatch.setattr(flats, "_MANY", 1)
    monkeypatch.setattr(flats.FlatsByJoins, "extended", once)
    sweep = flag_sweep(Arrangement(rows)._distinct, executor=Later())
    assert len(failed) == 1
    assert 2 * sum(len(sweep.block(i)) for i in range(sweep.blocks)) == 11_292


def test_flags_of_small_numbers_that_are_all_special():
    """A later flag is rounded, and finds the same."""
    arrangement = Arrangement([row for row in itertools.product((0, 1), repeat=4) if any(row)])
    exact, rounded = (SpecialPosition(Flag(arrangement._distinct, n)) for n in (0, flag._SMALL_ATTEMPTS))
    assert (exact.exact, rounded.exact) == (True, False)
    assert {row.tobytes() for row in exact.words()} == {row.tobytes() for row in rounded.words()}


@pytest.mark.slow
def test_braid_10():
    """Of the first 54 flags of short numbers each is special."""
    rows = [[(k == i) - (k == j) for k in range(10)] for i, j in itertools.combinations(range(10), 2)]
    assert sum(map(len, Arrangement(rows).blocks(packed=True))) == 3_628_800
