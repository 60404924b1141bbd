"""Degenerate arrangements against brute force over all sign vectors, by Fourier-Motzkin elimination in Fractions."""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import gcd

from arrangement_brute import brute_force, kernel, sign, whitney
from arrangements import arrangements, entries
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exactgeo.arrangement import Arrangement
from exactgeo.arrangement.few_rays import rays_of_few
from exactgeo.arrangement.rays import Rays


def check(normals, offsets, d, arrangement):
    expected = brute_force(normals, offsets)
    regions = arrangement.regions()
    assert list(regions) == expected
    assert regions.signs.shape == (len(expected), len(normals))
    assert [tuple(row) for row in regions.signs.tolist()] == expected
    assert regions.count == arrangement.count() == len(expected)
    assert arrangement.rank == len(kernel(normals, d)[1])
    for i, signs in enumerate(expected):
        w = regions.witness(i)
        assert all(type(q) is Fraction for q in w)
        values = [sum(a * b for a, b in zip(row, w, strict=True)) - q for row, q in zip(normals, offsets, strict=True)]
        assert tuple(map(sign, values)) == signs == arrangement.signs_of(w)
        assert signs in regions
    assert arrangement.characteristic_polynomial == whitney(normals, offsets, d)


@settings(deadline=None, max_examples=150)
@given(arrangements(affine=True))
@example(([], [], 0))
@example(([], [], 3))
@example(([[], []], [1, 0], 0))
@example(([[0, 0]], [0], 2))
@example(([[1], [1], [-1]], [0, 1, 0], 1))
@example(([[1, 1], [1, 1], [2, 2], [-1, -1], [0, 0]], [0, 1, 2, 3, -1], 2))
@example(([[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, -1, 0]], [0, 0, 1, 0], 3))
def test_affine_arrangements_agree_with_brute_force(data):
    normals, offsets, d = data
    check(normals, offsets, d, Arrangement(normals, offsets, dimension=d))


def bounded_regions(normals, offsets, d, regions):
    """Regions whose recession cone lies in the lineality space: no row can grow along it."""
    found = []
    for signs in regions:
        cone = [[s * a for a in row] for s, row in zip(signs, normals, strict=True) if any(row)]
        grows = False
        for t in range(len(cone)):
            # Is there x with <cone_t, x> >= 1 and all <cone_s, x> >= 0? Scaled strict version on the closed cone:
            # by duality it fails exactly when -cone_t is a nonnegative combination of the rows.
            grows = grows or not in_cone([-q for q in cone[t]], cone)
        if not grows:
            found.append(signs)
    return found


def in_cone(target, generators):
    """Caratheodory: target is a nonnegative combination of independent generators."""
    width = len(target)
    for size in range(width + 1):
        for support in itertools.combinations(generators, size):
            if len(kernel(support, width)[1]) < size:
                continue
            columns = [[*(g[i] for g in support), -target[i]] for i in range(width)]
            basis, pivots = kernel(columns, size + 1)
            if pivots == list(range(size)) and all(q >= 0 for q in basis[0]):
                return True
    return False


@settings(deadline=None, max_examples=60)
@given(arrangements(affine=True))
@example(([], [], 2))
@example(([[1, 0]], [1], 2))
@example(([[1, 0], [1, 0]], [0, 1], 2))
@example(([[0, 0]], [1], 2))
@example(([[1, 0], [0, 1], [1, 1], [1, -1]], [0, 0, 1, 0], 2))
def test_bounded_regions_are_those_without_a_direction_of_growth(data):
    normals, offsets, d = data
    arrangement = Arrangement(normals, offsets, dimension=d)
    expected = bounded_regions(normals, offsets, d, arrangement.regions())
    found = arrangement.bounded_regions()
    assert list(found) == expected
    assert arrangement.bounded == len(found) == found.count
    assert sorted([*arrangement.unbounded_regions(), *expected]) == list(arrangement.regions())
    assert not any(signs in found for signs in arrangement.unbounded_regions())
    for i, signs in enumerate(expected):
        assert found.index(signs) == i
        assert arrangement.signs_of(found.witness(i)) == signs


@settings(deadline=None, max_examples=150)
@given(arrangements(affine=False))
@example(([], [], 0))
@example(([[0, 0], [0, 0]], [0, 0], 2))
@example(([[1, 2, 3], [2, 4, 6], [-1, -2, -3]], [0, 0, 0], 3))
@example(([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0], [1, -1, 0]], [0, 0, 0, 0, 0], 3))
def test_central_arrangements_agree_with_brute_force(data):
    normals, offsets, d = data
    arrangement = Arrangement(normals, dimension=d)
    assert arrangement.central
    check(normals, offsets, d, arrangement)
    assert Arrangement(normals, offsets, dimension=d).central


@settings(deadline=None, max_examples=100)
@given(arrangements(affine=False))
@example(([], [], 3))
@example(([[1, 2, 3], [2, 4, 6]], [0, 0], 3))
def test_rays_are_the_lines_of_all_subsets_of_rank_minus_one(data):
    normals, _, d = data
    arrangement = Arrangement(normals, dimension=d)
    lineality, pivots = kernel(normals, d)
    assert len(arrangement.lineality()) == len(lineality)
    assert len(kernel(arrangement.lineality(), d)[1]) == len(lineality)
    assert not any(sum(a * b for a, b in zip(row, v, strict=True)) for row in normals for v in arrangement.lineality())
    rank = len(pivots)
    fixed = [[int(i == j) for i in range(d)] for j in range(d) if j not in pivots]
    expected = set()
    for subset in itertools.combinations(normals, rank - 1) if rank else ():
        basis, _ = kernel([*subset, *fixed], d)
        if len(basis) == 1:
            bottom = 1
            for q in basis[0]:
                bottom *= q.denominator
            ints = [int(q * bottom) for q in basis[0]]
            expected |= {tuple(s * q // gcd(*ints) for q in ints) for s in (1, -1)}
    rays = arrangement.rays()
    assert rays == sorted(expected)
    by_region = arrangement.rays_by_region()
    for i, signs in enumerate(arrangement.regions()):
        chosen = [
            ray
            for ray in rays
            if all(
                s * sum(a * b for a, b in zip(row, ray, strict=True)) >= 0
                for s, row in zip(signs, normals, strict=True)
            )
        ]
        assert arrangement.rays_of(signs) == chosen == [rays[k] for k in by_region[i]]
        if any(signs):
            # The rays generate the closure: their sum is an interior point, and there are rank independent ones.
            total = [sum(column) for column in zip(*chosen, strict=True)]
            assert arrangement.signs_of(total) == signs
            assert len(kernel(chosen, d)[1]) == rank


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 4).flatmap(
        lambda d: st.tuples(
            st.lists(st.lists(entries, min_size=d, max_size=d), max_size=9),
            st.lists(st.lists(st.fractions(-9, 9, max_denominator=9), min_size=d, max_size=d), max_size=30),
        )
    )
)
def test_every_point_off_the_hyperplanes_lies_in_a_listed_region(data):
    rows, points = data
    width = len(points[0]) if points else len(rows[0]) if rows else 1
    for offsets in (None, [t % 3 - 1 for t in range(len(rows))]):
        arrangement = Arrangement(rows, offsets, dimension=width)
        silent = [not any(row) and not q for row, q in zip(arrangement.normals, arrangement.offsets, strict=True)]
        for point in points:
            signs = arrangement.signs_of(point)
            if all(s or quiet for s, quiet in zip(signs, silent, strict=True)):
                assert signs in arrangement.regions()


@settings(deadline=None, max_examples=150)
@given(arrangements(affine=False))
@example(([[0, 0, 0], [1, 0, 2], [-2, 0, -4], [0, 0, 1], [3, 0, 1]], [0] * 5, 3))
@example(([[2**19 - 1, 1 - 2**19, 3], [1 - 2**19, 2**19 - 2, 5], [0, 1, 2**19 - 1], [2, 3, 5]], [0] * 4, 3))
def test_products_of_pairs_are_the_rays_of_flats(data):
    normals, _, d = data
    arrangement = Arrangement(normals, dimension=d)
    vectors, table = arrangement._oriented[0], arrangement._table
    found = rays_of_few(vectors, table)
    short = all(abs(q) < 2**19 for row in table.functionals for q in row)
    assert (found is not None) == (short and arrangement.rank in (2, 3))
    assert found is None or found == Rays(vectors, table).by_flats(vectors, table)


def test_products_that_might_not_fit_are_not_taken():
    for normals in ([[2**19, 1], [1, 0]], [[1, t] for t in range(65)], [[1, 0], *[[0, 1]] * 62]):
        arrangement = Arrangement(normals)
        assert rays_of_few(arrangement._oriented[0], arrangement._table) is None
        assert len(arrangement.rays()) == 2 * len(set(map(tuple, normals)))
