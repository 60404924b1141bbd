"""Solid angles: known ones, other ways to them, and what every answer is held to."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import permutations, product

import flint
import pytest
import solid_brute
from scipy.stats import beta

from exactgeo import Arrangement
from exactgeo.errors import InternalError
from exactgeo.exact.spherical import (
    Orthants,
    decimal_bounds,
    enclosure_of,
    exact,
    is_exact,
    largest,
    may_vanish,
    power,
    span_of,
    working,
)
from exactgeo.probability import _propose_samples
from exactgeo.probability import regions as rooms
from exactgeo.probability.regions import chambers, distribute, measure_of

F = Fraction


def gram(rows):
    return [[F(sum(a * b for a, b in zip(r, s, strict=True))) for s in rows] for r in rows]


def near(number, q) -> bool:
    """Whether a number, exact or a small ball, is a rational."""
    with working():
        return may_vanish(number - exact(F(q))) and (is_exact(number) or number.rad() < flint.arb(10) ** -40)


def orthant(matrix):
    with working():
        return Orthants(matrix).probability(tuple(range(len(matrix))))


def roots(kind: str, n: int) -> list[list[Fraction]]:
    """Simple roots."""
    if kind == "F":
        return [[0, 1, -1, 0], [0, 0, 1, -1], [0, 0, 0, 1], [F(1, 2), -F(1, 2), -F(1, 2), -F(1, 2)]]
    size = n + 1 if kind == "A" else n
    chain = [[int(j == i) - int(j == i + 1) for j in range(size)] for i in range(size - 1)]
    ends = {"A": [], "B": [[int(j == n - 1) for j in range(n)]], "D": [[int(j >= n - 2) for j in range(n)]]}
    return chain + ends[kind]


GROUPS = {
    ("A", 2): 6,
    ("B", 2): 8,
    ("A", 3): 24,
    ("B", 3): 48,
    ("A", 4): 120,
    ("D", 4): 192,
    ("B", 4): 384,
    ("F", 4): 1152,
    ("A", 5): 720,
    ("D", 5): 1920,
    ("B", 5): 3840,
}


@pytest.mark.parametrize(("kind", "n"), GROUPS, ids=lambda value: str(value))
def test_weyl_chambers(kind, n):
    """By the formulas, without the group: one of as many congruent chambers."""
    assert near(orthant(gram(roots(kind, n))), F(1, GROUPS[kind, n]))


@pytest.mark.parametrize(("kind", "n"), GROUPS, ids=lambda value: str(value))
def test_weyl_chambers_by_their_group(kind, n):
    found = chambers([tuple(map(int, (2 * F(q) for q in row))) for row in roots(kind, n)])
    assert found[(1 << n) - 1] == F(1, GROUPS[kind, n])
    assert sum(found.values()) == 1


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_equicorrelated(n):
    assert near(orthant([[F(2 if i == j else 1) for j in range(n)] for i in range(n)]), F(1, n + 1))


OBTUSE = [[2, -1, -1, -2], [-1, 2, 1, 0], [-1, 1, 2, 1], [-2, 0, 1, 3]]
"""A Gram matrix for which an orthoscheme has its vectors g and w at an obtuse angle."""


@pytest.mark.parametrize("order", [p for p in permutations(range(4)) if list(p[1:]) == sorted(p[1:])], ids=str)
def test_an_obtuse_orthoscheme_from_every_apex(order):
    found = enclosure_of(orthant([[F(OBTUSE[i][j]) for j in order] for i in order]), 27)
    assert found.lo <= F("0.005890863883682778193798745") <= found.hi
    assert found.hi - found.lo <= F(2, 10**27)


def positive(rng: random.Random, n: int, size: int = 4) -> list[list[Fraction]]:
    while True:
        rows = [[rng.randint(-size, size) for _ in range(n)] for _ in range(n)]
        if flint.fmpz_mat(rows).det() != 0:
            return gram(rows)


def plackett(matrix) -> flint.arb:
    """The orthant of four vectors by Plackett's formula, an integral of two angles, with a proved error.

    Along G(t) = D + t (G - D), D the diagonal, ``dP/dt`` is the sum over pairs of ``g_ij / (4 pi^2 sqrt(1 - t^2 r_ij^2))``
    times the angle that is left to the other two: arccos of minus their correlation given i and j.
    """
    n = [[flint.fmpq(q.numerator, q.denominator) for q in row] for row in matrix]

    def corr(i, j, t):
        return t * flint.acb(n[i][j]) / flint.acb(n[i][i] * n[j][j]).sqrt() if i != j else flint.acb(1)

    def slope(t, analytic):
        total = flint.acb(0)
        for i in range(4):
            for j in range(i):
                k, m = (x for x in range(4) if x not in (i, j))
                r = corr(i, j, t)

                def given(a, b, r=r, i=i, j=j, t=t):
                    ai, aj, bi, bj = corr(a, i, t), corr(a, j, t), corr(b, i, t), corr(b, j, t)
                    return corr(a, b, t) - (ai * bi + aj * bj - r * (ai * bj + aj * bi)) / (1 - r * r)

                rho = given(k, m) / (given(k, k) * given(m, m)).sqrt(analytic=analytic)
                # asin, so that its cuts are seen.
                log = (flint.acb(0, 1) * rho + (1 - rho * rho).sqrt(analytic=analytic)).log(analytic=analytic)
                angle = flint.acb.pi() / 2 - flint.acb(0, 1) * log
                rate = flint.acb(n[i][j]) / flint.acb(n[i][i] * n[j][j]).sqrt()
                total += rate / (1 - r * r).sqrt(analytic=analytic) * angle / (2 * flint.acb.pi())
        return total / (2 * flint.acb.pi())

    old = flint.ctx.prec
    flint.ctx.prec = 64
    try:
        return (flint.acb.integral(slope, 0, 1) + flint.acb(1) / 16).real
    finally:
        flint.ctx.prec = old


@pytest.mark.parametrize("seed", range(6))
def test_the_closed_form_against_plackett_s_integral(seed):
    matrix = positive(random.Random(seed), 4)
    found, other = orthant(matrix), plackett(matrix)
    with working():
        assert other.rad() < flint.arb(10) ** -10
        assert (flint.arb(found) - other).contains(0)


def miss(hits: int, count: int, level: float = 1e-9) -> tuple[float, float]:
    low = float(beta.ppf(level / 2, hits, count - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - level / 2, hits + 1, count - hits)) if hits < count else 1.0
    return low, high


def in_interval(number, hits: int, count: int) -> bool:
    low, high = miss(hits, count)
    lo, hi = decimal_bounds(number)
    return low <= float(hi) and float(lo) <= high


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("seed", range(10))
def test_a_million_random_vectors(n, seed):
    matrix = positive(random.Random(100 * n + seed), n)
    assert in_interval(orthant(matrix), solid_brute.hits_of_gram(matrix, 10**6, seed), 10**6)


def arrangement(seed: int, m: int, d: int, size: int = 3):
    rng = random.Random(seed)
    rows = [tuple(F(rng.randint(-size, size)) for _ in range(d)) for _ in range(m)]
    return rows, [tuple(map(int, s)) for s in Arrangement(rows, dimension=d).regions()]


@pytest.mark.slow
@pytest.mark.parametrize(("m", "d"), [(6, 2), (7, 3), (7, 4), (7, 5), (7, 6), (8, 6)])
def test_the_regions_against_a_million_random_vectors(m, d):
    rows, signs = arrangement(5 * m + d, m, d)
    found = measure_of(rows, signs)
    count = 10**6
    hit = solid_brute.hits(rows, count, 3)
    for number, region in zip(found.regions, signs, strict=True):
        assert in_interval(number, hit.get(tuple(s or -1 for s in region), 0), count)


@pytest.mark.parametrize("seed", range(5))
def test_the_regions_of_rank_3_against_girard_s_formula(seed):
    rng = random.Random(seed)
    rows = [(1, rng.randint(-5, 5), k) for k in range(-4, 5)]
    rows = [tuple(map(F, row)) for row in rows]
    signs = [tuple(map(int, s)) for s in Arrangement(rows).regions()]
    found, other = measure_of(rows, signs), solid_brute.girard([[int(q) for q in row] for row in rows])
    assert other.keys() == set(signs)
    for number, region in zip(found.regions, signs, strict=True):
        assert abs(float(decimal_bounds(number)[0]) - other[region]) < 1e-9


@pytest.mark.parametrize(("m", "d"), [(1, 1), (3, 1), (5, 2), (6, 3), (6, 4), (6, 5)])
@pytest.mark.parametrize("seed", range(4))
def test_degenerate_arrangements(m, d, seed):
    """Zero, repeated and opposite rows, orthogonal parts: each region against the same region without the rest."""
    rows, signs = arrangement(seed, m, d, size=1)
    found = measure_of(rows, signs)
    with working():
        assert near(sum(found.regions, exact(0)), 1)
    # The half space of every row that is not zero.
    for t, row in enumerate(rows):
        if any(row):
            with working():
                assert near(found.of(k for k, s in enumerate(signs) if s[t] > 0), F(1, 2))


def test_orthogonal_parts_multiply():
    """A plane of rank 2, a line, and a part of rank 3, all at once and one by one."""
    parts = [[(1, 0), (1, 2)], [(1,)], [(1, 0, 0), (1, 1, 0), (1, 2, 3)]]
    rows, at = [], 0
    for part in parts:
        for row in part:
            rows.append(tuple(F(q) for q in [0] * at + list(row) + [0] * (6 - at - len(row))))
        at += len(part[0])
    whole = [tuple(map(int, s)) for s in Arrangement(rows).regions()]
    found = measure_of(rows, whole)
    single = []
    for part in parts:
        exacted = [tuple(map(F, row)) for row in part]
        signs = [tuple(map(int, s)) for s in Arrangement(exacted).regions()]
        single.append(dict(zip(signs, measure_of(exacted, signs).regions, strict=True)))
    for region, number in zip(whole, found.regions, strict=True):
        with working():
            expected = single[0][region[:2]] * single[1][region[2:3]] * single[2][region[3:]]
            assert near(number, 0) is False
            assert may_vanish(number - expected)


@pytest.mark.parametrize("d", [1, 3, 7])
def test_coordinates_are_powers_of_a_half(d):
    rows = [tuple(F(int(i == j)) for j in range(d)) for i in range(d)]
    found = measure_of(rows, list(product((1, -1), repeat=d)))
    assert {str(q) for q in found.regions} == {f"1/{2**d}"}


def test_the_braid_arrangement_is_exact():
    rows = [tuple(F(int(i == k) - int(j == k)) for k in range(5)) for i in range(5) for j in range(i)]
    found = measure_of(rows, [tuple(map(int, s)) for s in Arrangement(rows).regions()])
    assert found.method == "chambers"
    assert {str(q) for q in found.regions} == {"1/120"}


@pytest.mark.parametrize(
    "normals",
    [
        [(1, 0), (2, 1)],  # an angle that is no part of pi
        [(1, 0, 0), (0, 1, 0), (1, 1, 1)],
        [(1, 0), (0, 1), (1, 1), (1, -1), (3, 4)],
        [
            (1, 1, 0, 0, 0, 0, 0),
            (1, 0, 1, 0, 0, 0, 0),
            (1, 0, 0, 1, 0, 0, 0),
            (0, 1, 1, 1, 0, 0, 1),
            (1, 1, 1, 1, 1, 1, 1),
        ],
    ],
)
def test_an_infinite_group_is_none(normals):
    assert chambers(normals) is None


def test_rank_6_is_an_estimate(monkeypatch):
    monkeypatch.setattr(_propose_samples, "COUNT", 20_000)
    rows, signs = arrangement(11, 7, 6, size=5)
    found = measure_of(rows, signs)
    assert found.method == "samples"
    assert found.samples.intervals == len(signs)
    again = measure_of(rows, signs)
    assert [str(q) for q in again.regions] == [str(q) for q in found.regions]
    assert [str(q) for q in measure_of(rows, signs, seed=1).regions] != [str(q) for q in found.regions]


def test_a_part_of_rank_6_that_is_a_product_is_proved():
    rows = [tuple(F(q) for q in row) for row in ([1, 2, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0], [3, 0, 1, 0, 0, 0])]
    rows += [tuple(row[3:] + row[:3]) for row in rows]
    signs = [tuple(map(int, s)) for s in Arrangement(rows).regions()]
    found = measure_of(rows, signs)
    assert found.method == "orthants"
    hit = solid_brute.hits(rows, 20_000, 1)
    assert all(in_interval(q, hit.get(s, 0), 20_000) for q, s in zip(found.regions, signs, strict=True))


def test_probabilities_that_contradict_each_other_are_our_bug(monkeypatch):
    """The orthant of three hyperplanes, a little off: regions and their opposites no longer agree."""
    rows, signs = arrangement(3, 6, 3)
    honest = Orthants.probability

    def wrong(self, subset):
        found = honest(self, subset)
        return found + exact(F(1, 10**20)) if subset == (0, 1, 3) else found

    monkeypatch.setattr(rooms.Orthants, "probability", wrong)
    with pytest.raises(InternalError, match="contradict"):
        measure_of(rows, signs)


def test_a_missing_region_is_our_bug():
    rows, signs = arrangement(3, 5, 3)
    with pytest.raises((InternalError, KeyError)):
        measure_of(rows, signs[1:])


def test_distribute_inverts_the_sums():
    """Any function on the regions, from its sums over orthants."""
    rows, signs = arrangement(8, 6, 3, size=5)
    masks = [sum(1 << t for t, s in enumerate(region) if s > 0) for region in signs]
    wanted = {mask: exact(k * k - 7) for k, mask in enumerate(masks)}
    asked = []

    def given(subset):
        asked.append(subset)
        return sum((q for mask, q in wanted.items() if mask & subset == subset), exact(0))

    assert distribute(set(masks), range(len(rows)), given) == wanted
    assert len(asked) == len(set(asked)) == len(masks)


def test_numbers_stay_rational_as_long_as_they_are_short():
    half = exact(F(1, 2))
    assert str(power(half, 10)) == "1/1024"
    with working():
        assert not is_exact(power(half, 10**6))
        assert decimal_bounds(power(half, 10**6), 5) == ("1.01E-301030", "1.0101E-301030")
    assert str(largest([half, exact(F(2, 3))])) == "2/3"
    assert is_exact(span_of(half, half))
    assert not is_exact(span_of(half, exact(1)))


@pytest.mark.parametrize(
    ("q", "digits", "expected"),
    [
        (F(1, 3), 3, ("0.333", "0.334")),
        (F(2, 3), 3, ("0.666", "0.667")),
        (F(1), 5, ("1", "1")),
        (F(0), 5, ("0", "0")),
        (F(1, 1024), 20, ("0.0009765625", "0.0009765625")),
        (F(999999, 1000000), 3, ("0.999", "1")),
        (F(1, 10**9), 4, ("1E-9", "1E-9")),
    ],
)
def test_decimals_are_rounded_outward(q, digits, expected):
    low, high = decimal_bounds(exact(q), digits)
    assert F(low) <= q <= F(high)
    assert (low, high) == expected
