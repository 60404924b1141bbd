"""Laws every enumerator of regions obeys, over the registry; the filter's bound and fallback; blocks."""

from __future__ import annotations

import itertools
import math
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from multiprocessing import get_context

import numpy as np
import pytest
from arrangement_brute import brute_force
from arrangements import ORACLES, arrangements, build, check_laws, coxeter_b, differences, random_rows
from executors import FAULTS, Backwards, Changing, Faulty, Later, Stale
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exactgeo.arrangement import Arrangement, stream
from exactgeo.arrangement.bits import common
from exactgeo.arrangement.enumerators import ENUMERATORS
from exactgeo.arrangement.enumerators._filter_minors import Minors, scaled_floats
from exactgeo.arrangement.enumerators.blocks import flag_sweep
from exactgeo.arrangement.enumerators.flag import FlagSweep
from exactgeo.arrangement.enumerators.protocol import DistinctHyperplanes
from exactgeo.errors import InputError, InternalError, TaskLost

NAMES = sorted(ENUMERATORS)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=60)
@given(data=st.booleans().flatmap(arrangements))
@example(data=([], [], 0))
@example(data=([[0, 0]], [1], 2))
@example(data=([[1]], [0], 1))
@example(data=([[1], [2]], [1, 1], 1))
@example(data=([[1, 1], [1, 1], [2, 2], [-1, -1], [0, 0]], [0, 1, 2, 3, -1], 2))
@example(data=([[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, -1, 0], [0, 0, 1]], [0, 0, 1, 0, 0], 3))
def test_brute_force_agrees(name, data):
    normals, offsets, d = data
    arrangement = Arrangement(normals, offsets, dimension=d)
    regions = arrangement.regions(name)
    assert list(regions) == brute_force(normals, offsets)
    check_laws(arrangement, regions)


@pytest.mark.parametrize("entry", [e for e in ORACLES if e["count"] <= 12_000], ids=lambda e: e["name"])
def test_enumerators_agree_on_published_arrangements(entry):
    arrangement = Arrangement(*build(entry["name"], entry["d"], entry["m"]))
    found = {name: arrangement.regions(name) for name in NAMES}
    for regions in found.values():
        assert regions.count == entry["count"]
        assert np.array_equal(regions.signs, found[NAMES[0]].signs)
        assert regions.masks == found[NAMES[0]].masks
        assert np.array_equal(regions.packed, found[NAMES[0]].packed)
    check_laws(arrangement, found["sweep"])


@pytest.mark.parametrize("reach", [1, 3, 1000, 10**9, 10**100])
@pytest.mark.parametrize("affine", [False, True])
def test_enumerators_agree_on_random_arrangements(reach, affine):
    # reach 1: repeated, parallel and concurrent hyperplanes; 10^9 and 10^100: general position, rounding filter.
    for seed, (d, m) in enumerate([(2, 9), (3, 11), (4, 10), (5, 9)]):
        rows = random_rows(seed, m, d, reach)
        offsets = [row[0] for row in random_rows(seed + 50, m, 1, reach)] if affine else None
        arrangement = Arrangement(rows, offsets)
        found = [arrangement.regions(name) for name in NAMES]
        assert len({regions.count for regions in found} | {arrangement.count()}) == 1
        for regions in found:
            assert np.array_equal(regions.signs, found[0].signs)
        check_laws(arrangement, arrangement.regions("sweep"), 20)


@pytest.mark.parametrize("rows", [67, 140])
def test_more_than_64_hyperplanes(rows):
    circle = [[t, t * t - 7, 1 + t % 3] for t in range(-rows // 2, rows - rows // 2)]
    repeated = circle + [[-2 * q for q in row] for row in circle[5:9]] + [[0, 0, 0]]
    arrangement = Arrangement(repeated)
    assert arrangement.regions("sweep").packed.shape[1] == -(-rows // 64)
    if rows < 100:
        assert np.array_equal(arrangement.regions("sweep").signs, arrangement.regions("deletion-restriction").signs)
    check_laws(arrangement, arrangement.regions("sweep"), 30)
    if rows > 100:
        return
    graph = arrangement.tope_graph()
    # Euler on the sphere: each region is a polygon, so edges = regions + vertices - 2.
    assert graph.number_of_edges() == arrangement.count() + len(arrangement.rays()) - 2


def test_degenerate_families_in_bulk():
    for normals, offsets, count in (
        (coxeter_b(4), None, 384),
        (differences(6, [0])[0], None, 720),
        (*differences(5, [0, 1]), 6**4),
        (*differences(5, [-1, 0, 1]), math.factorial(5) * math.comb(10, 5) // 6),
    ):
        arrangement = Arrangement(normals, offsets)
        regions = arrangement.regions("sweep")
        assert regions.count == count
        check_laws(arrangement, regions, 100)


def test_a_linear_image_has_the_same_regions():
    # Large coefficients: the zeros of a degenerate arrangement are then found by integers, and counted.
    matrix = random_rows(7, 4, 4, 10**12)
    plain = Arrangement(coxeter_b(4)).regions("sweep")
    image = [[sum(a * b for a, b in zip(row, column, strict=True)) for column in matrix] for row in coxeter_b(4)]
    moved = Arrangement(image).regions("sweep")
    assert np.array_equal(plain.signs, moved.signs)
    assert plain.fallbacks == 0
    assert moved.fallbacks > 100
    check_laws(Arrangement(image), moved, 20)


@pytest.mark.parametrize("k", [7, 16, 40, 155, 300])
def test_thin_cells_by_the_sweep(k):
    regions = Arrangement([(1, 0), (10**k, 1), (0, 1)]).regions("sweep")
    assert list(regions) == [(-1, -1, -1), (-1, -1, 1), (-1, 1, 1), (1, -1, -1), (1, 1, -1), (1, 1, 1)]
    arrangement = Arrangement([(1, 0, 2), (10**k, 1, 3), (0, 1, 5), (1, 1, Fraction(1, 10**k)), (3, -1, 1)])
    assert np.array_equal(arrangement.regions("sweep").signs, arrangement.regions("deletion-restriction").signs)
    check_laws(arrangement, arrangement.regions("sweep"))


def test_nearly_concurrent_hyperplanes_reach_the_integers():
    # Hyperplanes that miss a common line by 2^-90: float64 cannot tell on which side.
    rows = [[2**90 * t, 2**90 * t * t + (t % 5), 1 + t, (-t) ** 3] for t in range(1, 13)]
    arrangement = Arrangement(rows)
    regions = arrangement.regions("sweep")
    assert regions.fallbacks > 0
    assert np.array_equal(regions.signs, arrangement.regions("deletion-restriction").signs)


def test_floats_are_dyadic():
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(14, 4))
    with pytest.warns(UserWarning, match="exact dyadic"):
        arrangement = Arrangement(rows)
    assert arrangement.count() == arrangement.regions("sweep").count == 2 * sum(math.comb(13, i) for i in range(4))
    assert np.array_equal(arrangement.regions("sweep").signs, arrangement.regions("deletion-restriction").signs)


def determinant(rows):
    if not rows:
        return 1
    return sum(
        (-1) ** j * rows[0][j] * determinant([[*row[:j], *row[j + 1 :]] for row in rows[1:]]) for j in range(len(rows))
    )


@pytest.mark.parametrize("reach", [5, 2**40, 10**60])
def test_the_error_bound_holds(reach):
    table = random_rows(reach % 97, 7, 5, reach)
    minors = Minors(table)
    assert minors.exact == (reach == 5)
    scaled = [[Fraction(q) for q in row] for row in minors.rows.tolist()]
    found = minors.start()
    for order, row in enumerate([0, 3, 1, 6, 2], start=1):
        found = minors.extend(order, found, np.array([row]))
        for i, columns in enumerate(minors.sets[order]):
            chosen = [[table[t][j] for j in columns] for t in [0, 3, 1, 6, 2][:order]]
            # Up to the powers of two taken out of rows and columns, known from the floats themselves.
            exact = Fraction(determinant(chosen))
            for t in [0, 3, 1, 6, 2][:order]:
                exact /= Fraction(2) ** scale_of(table, scaled, minors.scales, t)
            for j in columns:
                exact /= Fraction(2) ** minors.scales[j]
            assert abs(Fraction(float(found[i, 0])) - exact) <= Fraction(minors.bound(order))


def scale_of(table, scaled, sides, t):
    """The exponent taken out of row t: table = scaled * 2^(row + column), up to rounding."""
    j = next(j for j, q in enumerate(table[t]) if q)
    ratio = abs(Fraction(table[t][j]) / scaled[t][j] / Fraction(2) ** sides[j])
    return round(math.log2(ratio.numerator) - math.log2(ratio.denominator))


def test_scaling_survives_any_range():
    rows, sides_ = scaled_floats([[10**400, 1], [-(10**400) - 1, 3], [0, 0]])
    assert np.abs(rows).max() <= 1
    assert len(sides_) == 2
    assert (np.sign(rows) == [[1, 1], [-1, 1], [0, 0]]).all()


@pytest.mark.parametrize("affine", [False, True])
def test_general_position_by_all_minors_and_by_the_polynomial(affine, monkeypatch):
    # Points of the moment curve; then one in the span of two, or of three, others.
    moment = [[t**j for j in range(4)] for t in range(1, 25)]
    double = [*moment[:-1], [a + 7 * b for a, b in zip(*moment[3:5], strict=True)]]
    triple = [*moment[:-1], [a + 7 * b + 11 * c for a, b, c in zip(*moment[3:6], strict=True)]]
    for rows, expected in ((moment, True), (double, False), (triple, False)):
        found = []
        for least in (400, 10**6):
            monkeypatch.setattr("exactgeo.arrangement.hyperplanes._MINORS_FROM", least)
            normals, offsets = ([row[:3] for row in rows], [-row[3] for row in rows]) if affine else (rows, None)
            arrangement = Arrangement(normals, offsets)
            assert arrangement._uniform is (expected if least == 400 else None)
            assert arrangement.in_general_position is expected
            found.append(arrangement.characteristic_polynomial)
        assert found[0] == found[1]


def test_general_position_is_verified_not_assumed():
    moment = [[t**j for j in range(4)] for t in range(1, 25)]
    # The last row in the span of three others: one of 10,626 minors vanishes.
    bent = [*moment[:-1], [a + 7 * b + 11 * c for a, b, c in zip(*moment[3:6], strict=True)]]
    arrangement = Arrangement(bent)
    assert arrangement.count() == Arrangement(moment).count() - 2
    assert arrangement.count() == arrangement.regions("sweep").count
    assert arrangement.characteristic_polynomial[-1] != Arrangement(moment).characteristic_polynomial[-1]
    with pytest.raises(InternalError, match="general position"):
        flag_sweep(DistinctHyperplanes(tuple(map(tuple, bent)), 4, central=True, uniform=True)).words()


def test_a_wrong_count_is_an_internal_error(monkeypatch):
    arrangement = Arrangement([[1, t, t * t, t**3] for t in range(14)])
    true = FlagSweep.block
    monkeypatch.setattr(FlagSweep, "block", lambda self, i: true(self, i)[1:] if i == 2 else true(self, i))
    with pytest.raises(InternalError, match=r"\d+ regions found, \d+ counted"):
        arrangement.regions("sweep")
    with pytest.raises(InternalError, match=r"\d+ regions found, \d+ counted"):
        list(arrangement.blocks())


def test_a_region_found_twice_is_an_internal_error(monkeypatch):
    true = FlagSweep.block
    monkeypatch.setattr(FlagSweep, "block", lambda self, i: np.concatenate([true(self, i)[:1], true(self, i)[:-1]]))
    with pytest.raises(InternalError, match="twice"):
        Arrangement([[1, t, t * t, t**3] for t in range(9)]).regions("sweep")


def test_common_elements_with_a_hash_that_collides():
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(50), 40)
    left = rng.permuted(np.tile(np.arange(60, dtype=np.uint64), (50, 1)), axis=1)[:, :40].reshape(-1, 1)
    right = rng.permuted(np.tile(np.arange(60, dtype=np.uint64), (50, 1)), axis=1)[:, :40].reshape(-1, 1)
    expected = set(zip(owner.tolist(), left[:, 0].tolist(), strict=True)) & set(
        zip(owner.tolist(), right[:, 0].tolist(), strict=True)
    )
    found = common(owner, left, right)
    assert {(int(owner[i]), int(left[i, 0])) for i in found} == expected


STREAMED = {
    "general position": Arrangement(random_rows(1, 22, 5, 99)),
    "special position": Arrangement([v for v in itertools.product((0, 1), repeat=5) if any(v)]),
    "special position, affine": Arrangement(*differences(5, [-1, 0, 1])),
    "lines": Arrangement([[1 + t % 7, t * t % 11] for t in range(90)], [t % 5 for t in range(90)]),
    "planes": Arrangement([[1, t % 17, t * t % 31] for t in range(90)]),
    "small": Arrangement([[1, 0], [0, 1]]),
}


@pytest.mark.parametrize("kind", STREAMED)
def test_blocks_hold_every_region_once_whatever_the_executor(kind):
    arrangement = STREAMED[kind]
    blocks = list(arrangement.blocks())
    whole = np.concatenate(blocks)
    assert all(block.dtype == np.int8 for block in blocks)
    assert np.array_equal(np.unique(whole, axis=0), arrangement.regions().signs)
    assert len(whole) == arrangement.count()
    for workers in (1, 3):
        with ThreadPoolExecutor(workers) as pool:
            for one, other in zip(blocks, arrangement.blocks(pool), strict=True):
                assert np.array_equal(one, other)
    packed = np.concatenate(list(arrangement.blocks(packed=True)))
    assert {row.tobytes() for row in packed} == {row.tobytes() for row in arrangement.regions().packed}


def test_workers_start_beforehand_where_there_may_be_many_regions(monkeypatch):
    arrangement, pool, started = STREAMED["general position"], Later(), []
    monkeypatch.setattr("exactgeo.arrangement.arrangement.start", lambda *given: started.append(given))
    list(arrangement.blocks(pool))
    assert not started
    monkeypatch.setattr("exactgeo.arrangement.arrangement._FOR_WORKERS", arrangement.count())
    list(arrangement.blocks(pool))
    list(arrangement.blocks())
    assert started == [(pool, "exactgeo.arrangement.stream")]


def test_no_task_is_cancelled_unless_the_reader_stops():
    """Dask complains of what is cancelled."""
    arrangement, pool = STREAMED["general position"], Later()
    blocks = list(arrangement.blocks(pool))
    assert len(pool.futures) == len(blocks) > 2
    assert all(future.done() and not future.cancelled() for future in pool.futures)
    pool.futures.clear()
    reader = arrangement.blocks(pool)
    assert len(next(reader)) == len(blocks[0])
    reader.close()
    # Nobody asks for them any more, and none had begun.
    assert len(pool.futures) > 2
    assert [future.cancelled() for future in pool.futures] == [False] + [True] * (len(pool.futures) - 1)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("at", [1, 2])
def test_blocks_of_an_executor_that_loses_raises_or_mixes_up(fault, at):
    arrangement = STREAMED["general position"]
    blocks = list(arrangement.blocks())
    given = []
    with pytest.raises(TaskLost, match="executor: block"):
        given.extend(arrangement.blocks(Faulty(fault, at)))
    # What came before is right.
    assert len(given) <= at < len(blocks)
    assert all(np.array_equal(one, other) for one, other in zip(given, blocks, strict=False))


@pytest.mark.parametrize("pool", [Backwards(), Faulty("breaks", 2), Faulty("breaks later", 1)])
def test_blocks_of_an_executor_that_reorders_or_ends(pool):
    arrangement = STREAMED["special position"]
    for one, other in zip(arrangement.blocks(), arrangement.blocks(pool), strict=True):
        assert np.array_equal(one, other)


def test_blocks_of_another_arrangement_or_no_blocks():
    arrangement, other = STREAMED["general position"], Arrangement(random_rows(2, 22, 5, 99))
    first = Later()
    list(other.blocks(first))
    with pytest.raises(TaskLost, match="another run"):
        list(arrangement.blocks(Stale(first)))
    for change in (lambda words: "words", lambda words: words[:, :0], lambda words: words.astype(float)):
        with pytest.raises(TaskLost, match="no answer"):
            list(arrangement.blocks(Changing(change)))


def test_blocks_of_processes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        for arrangement in STREAMED.values():
            for one, other in zip(arrangement.blocks(), arrangement.blocks(processes), strict=True):
                assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", ["general position", "special position", "planes"])
def test_workers_that_do_not_see_the_flats_find_them(monkeypatch, kind):
    """As on another machine."""
    arrangement = STREAMED[kind]
    monkeypatch.setattr("exactgeo.mapped.Mapped.get", lambda mapped: None)
    for one, other in zip(arrangement.blocks(), arrangement.blocks(Later()), strict=True):
        assert np.array_equal(one, other)


def test_the_flats_are_found_once(monkeypatch):
    arrangement, calls = STREAMED["general position"], []
    honest = stream.in_blocks
    monkeypatch.setattr(
        stream, "in_blocks", lambda planes, **options: calls.append(planes) or honest(planes, **options)
    )
    list(arrangement.blocks(Later()))
    assert len(calls) == 1
    # An executor that ends: here they are mapped as well.
    list(arrangement.blocks(Faulty("breaks", 1)))
    assert len(calls) == 2


def test_blocks_are_bounded():
    arrangement = Arrangement(random_rows(2, 26, 6, 50))
    sizes = [len(block) for block in arrangement.blocks()]
    assert sum(sizes) == arrangement.count() == 2 * sum(math.comb(25, i) for i in range(6))
    assert max(sizes) <= 1 << 18


def test_nobody_holds_the_vertices():
    arrangement = Arrangement(random_rows(3, 26, 5, 3))
    assert not arrangement.in_general_position
    sweep = flag_sweep(replace(arrangement._distinct, uniform=False))
    total = sum(len(sweep.block(i)) for i in range(sweep.blocks))
    assert 2 * total == arrangement.count()
    assert len(sweep.levels) == sweep.dimension == 4
    held = sum(len(level.zero) for level in sweep.levels)
    sweep.complete()
    assert len(sweep.levels[-1].zero) > held
    assert len(sweep.words()) == total


def test_an_unknown_enumerator_is_refused():
    with pytest.raises(InputError, match="sweep"):
        Arrangement([[1]]).regions("guess")


@pytest.mark.slow
def test_resonance_6():
    arrangement = Arrangement([v for v in itertools.product((0, 1), repeat=6) if any(v)])
    regions = arrangement.regions()
    assert regions.count == 1_066_044  # OEIS A034997
    assert np.array_equal(regions.packed[::-1] ^ regions.packed[0] ^ regions.packed[-1], regions.packed)


@pytest.mark.slow
def test_seven_dimensions_streamed():
    arrangement = Arrangement(random_rows(1, 40, 7, 99))
    assert sum(map(len, arrangement.blocks())) == 7_861_102 == 2 * sum(math.comb(39, i) for i in range(7))


# -- few hyperplanes: stars, with the points that the enumerator without them gives --


def by_default(normals, offsets, dimension, monkeypatch, *, stars):
    """Masks, points and signs of the default enumeration, with stars or as where numpy is not loaded."""
    from exactgeo.arrangement.enumerators import stars as module

    with monkeypatch.context() as context:
        if not stars:
            context.setattr(module, "stars_of_few", lambda *_: None)
        regions = Arrangement(normals, offsets, dimension=dimension).regions()
        return regions.masks, list(regions.witnesses()), regions.signs.tolist(), list(regions)


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.booleans().flatmap(arrangements))
@example(data=([[1, t, t * t] for t in range(12)], None, 3))
@example(data=([[1, t, t * t, t**3] for t in range(-7, 8)], None, 4))
@example(data=([[1, 0, 10**9], [0, 1, 1], [1, 1, 1], [1, 2, 3]], None, 3))
def test_few_regions_are_the_same_with_and_without_stars(data, monkeypatch):
    one, other = (by_default(*data, monkeypatch, stars=stars) for stars in (True, False))
    assert one == other


@pytest.mark.parametrize(
    ("rows", "offsets"),
    [
        (coxeter_b(3), None),
        (coxeter_b(4), None),
        ([list(row) for row in itertools.product((0, 1), repeat=4) if any(row)], None),
        ([[1, t, t * t] for t in range(20)], None),
        ([[1, t] for t in range(12)], [t**2 % 5 for t in range(12)]),
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [1, 1, 1], [2, 1, 1]], [0, 0, 0, 1, 2, 3]),
    ],
)
def test_stars_are_what_few_regions_come_from(rows, offsets, monkeypatch):
    from exactgeo.arrangement.enumerators import stars as module

    asked = []
    honest = module._half
    monkeypatch.setattr(module, "_half", lambda vectors: asked.append(honest(vectors)) or asked[-1])
    assert by_default(rows, offsets, None, monkeypatch, stars=True) == by_default(
        rows, offsets, None, monkeypatch, stars=False
    )
    assert len(asked) == 1
    assert asked[0]


def test_stars_leave_numbers_whose_products_do_not_fit_to_the_others(monkeypatch):
    from exactgeo.arrangement.enumerators import stars as module

    rows = [[1, t, t * t, t**3] for t in range(5, 22, 2)]
    assert max(map(max, rows)) < module._LARGEST
    large = [[q * 10**20 + (k == j) for j, q in enumerate(row)] for k, row in enumerate(rows)]
    for normals in (rows, large):
        hyperplanes = Arrangement(normals)._distinct
        assert module.stars_of_few(hyperplanes, pytest.fail) is None
        assert Arrangement(normals).regions().masks == Arrangement(normals).regions("deletion-restriction").masks


def test_points_of_other_regions_are_an_error(monkeypatch):
    from exactgeo.arrangement.enumerators import stars as module

    honest = module._half
    regions = Arrangement(coxeter_b(3)).regions()
    assert len(regions.witness(0)) == 3
    wrong = Arrangement(coxeter_b(3))
    # As many, but one of them is no region.
    monkeypatch.setattr(module, "_half", lambda vectors: [*honest(vectors)[1:], 0b000110001])
    with pytest.raises(InternalError, match="two enumerators find different regions"):
        wrong.regions().witness(0)
    monkeypatch.setattr(module, "_half", lambda vectors: honest(vectors)[1:])
    with pytest.raises(InternalError, match="46 regions found, 48 counted"):
        Arrangement(coxeter_b(3)).regions()
