"""No tolerance: thin cells, long coefficients, large denominators, floats as dyadics, dimensions beyond the sweep's."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from arrangements import check_laws, random_rows

from exactgeo.arrangement import Arrangement
from exactgeo.arrangement.enumerators import ENUMERATORS
from exactgeo.exact.rational import FloatTakenExactly

NAMES = sorted(ENUMERATORS)
SIX = [(-1, -1, -1), (-1, -1, 1), (-1, 1, 1), (1, -1, -1), (1, 1, -1), (1, 1, 1)]


@pytest.mark.parametrize("name", NAMES)
def test_thin_cells_for_every_k(name):
    for k in range(301):
        arrangement = Arrangement([(1, 0), (10**k, 1), (0, 1)])
        regions = arrangement.regions(name)
        assert list(regions) == SIX
        assert [arrangement.signs_of(w) for w in regions.witnesses()] == SIX


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("k", [0, 8, 16, 17, 60, 299, 300])
def test_thin_cells_across_other_hyperplanes(name, k):
    # Three in a pencil and d - 2 across: 6 * 2^(d - 2) regions, in a plane of lines (d = 3), and by the sweep (d = 4, 5).
    for d in (3, 4, 5):
        rows = [[1, 0], [10**k, 1], [0, 1]]
        across = [[int(i == j) for i in range(d)] for j in range(2, d)]
        arrangement = Arrangement([[*row, *[0] * (d - 2)] for row in rows] + across)
        assert arrangement.count() == arrangement.regions(name).count == 6 * 2 ** (d - 2)
        check_laws(arrangement, arrangement.regions(name), 10)
    # Strips of width 10^-k: as affine lines they are three regions deep.
    strips = Arrangement([[1, 0], [1, 0], [0, 1], [0, 1]], [0, f"1e-{k}", 0, f"1e-{k}"])
    assert strips.regions(name).count == 9
    assert strips.bounded == len(strips.bounded_regions()) == 1


@pytest.mark.parametrize(("d", "m"), [(2, 20), (3, 18), (4, 13), (5, 11)])
@pytest.mark.parametrize("affine", [False, True])
def test_coefficients_of_a_hundred_digits(d, m, affine):
    rows = random_rows(d, m, d, 10**100)
    # And special position: a row in the span of two others.
    rows.append([3 * a - 10**99 * b for a, b in zip(*rows[:2], strict=True)])
    offsets = [row[0] for row in random_rows(d + 9, m + 1, 1, 10**100)] if affine else None
    arrangement = Arrangement(rows, offsets)
    found = [arrangement.regions(name) for name in NAMES]
    assert np.array_equal(found[0].signs, found[1].signs)
    assert found[0].count == arrangement.count()
    check_laws(arrangement, arrangement.regions("sweep"), 10)


@pytest.mark.parametrize("name", NAMES)
def test_large_denominators(name):
    rng = random.Random(7)
    rows = random_rows(3, 14, 4, 9)
    whole = Arrangement(rows)
    bottoms = [rng.randint(1, 10**60) for _ in rows]
    shares = Arrangement([[Fraction(q, b) for q in row] for row, b in zip(rows, bottoms, strict=True)])
    assert np.array_equal(whole.regions(name).signs, shares.regions(name).signs)
    # Denominators that differ within a row do move hyperplanes: nothing may be rounded on the way in.
    near = Arrangement([[1, Fraction(1, 3)], [1, Fraction(10**60 + 1, 3 * 10**60)], [0, 1]], [0, 0, 0])
    assert list(near.regions(name)) == SIX
    affine = Arrangement([[1, 1], [1, 1], [1, -1]], [Fraction(1, 10**90), Fraction(1, 10**90 + 1), 0])
    assert affine.regions(name).count == 6


@pytest.mark.parametrize("name", NAMES)
def test_extreme_floats_are_the_dyadics_they_are(name):
    tiny, huge = 5e-324, 1.7e308
    with pytest.warns(FloatTakenExactly):
        arrangement = Arrangement([[1.0, tiny], [1.0, 0.0], [1.0, -tiny], [huge, 1.0], [0.1, 0.3], [0.3, 0.9]])
    # 3 * 0.1 is not 0.3 in binary, and 3 * 0.3 is not 0.9: the last two rows are different lines.
    assert arrangement.count() == arrangement.regions(name).count == 12
    assert arrangement.normals[4][0] == Fraction(0.1)
    check_laws(arrangement, arrangement.regions(name))
    rng = np.random.default_rng(5)
    with pytest.warns(FloatTakenExactly):
        scattered = Arrangement(rng.normal(size=(12, 3)) * 10.0 ** rng.integers(-200, 200, size=(12, 1)))
    assert scattered.regions(name).count == 2 * sum(math.comb(11, i) for i in range(3))


def test_the_number_of_exact_decisions_is_reported():
    plain = Arrangement([[1, t, t * t, t**3] for t in range(12)])
    assert plain.regions("sweep").fallbacks == 0
    assert plain.regions("deletion-restriction").fallbacks == 0
    # The same arrangement in other coordinates: concurrency has to be decided by integers, and no more than that.
    grid = [[1, 0, -t, 0] for t in range(4)] + [[0, 1, -t, 0] for t in range(4)] + [[0, 0, 1, -t] for t in range(3)]
    assert Arrangement(grid).regions("sweep").fallbacks == 0
    matrix = random_rows(1, 4, 4, 10**40)
    image = [[sum(a * b for a, b in zip(row, column, strict=True)) for column in matrix] for row in grid]
    moved = Arrangement(image).regions("sweep")
    assert moved.fallbacks > 0
    assert np.array_equal(moved.signs, Arrangement(grid).regions("sweep").signs)


@pytest.mark.parametrize("name", NAMES)
def test_dimensions_above_nine(name):
    # Boolean arrangement and one more hyperplane across: 2^12 - 2 regions of 12 generic hyperplanes in R^11.
    d = 11
    unit = [[int(i == j) for j in range(d)] for i in range(d)]
    arrangement = Arrangement([*unit, [1] * d])
    assert arrangement.count() == 2 * sum(math.comb(d, i) for i in range(d)) == 2 ** (d + 1) - 2
    regions = arrangement.regions(name)
    check_laws(arrangement, regions, 10)
    assert (1,) * 12 in regions
    assert (*(1,) * 11, -1) not in regions


def test_dimensions_above_nine_by_default():
    unit = [[int(i == j) for j in range(11)] for i in range(11)]
    affine = Arrangement([*unit, unit[0]], [0] * 11 + [1])
    assert affine._default_enumerator == "deletion-restriction"
    assert affine.regions().count == affine.count() == 3 * 2**10
    assert affine.bounded == 0
    blocks = list(affine.blocks())
    assert sum(map(len, blocks)) == affine.count()
    assert np.array_equal(np.concatenate(blocks), affine.regions().signs)
    box = Arrangement([*unit[:10], *unit[:10], unit[10], unit[10]], [0] * 10 + [1] * 10 + [0, 1], dimension=11)
    assert box.count() == 3**11
    assert box.bounded == 1
