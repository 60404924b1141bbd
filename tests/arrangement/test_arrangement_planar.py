"""Lines in a plane: the sweep along lines against the general one, deletion-restriction, Fractions and formulas."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from arrangements import check_laws, random_rows
from hypothesis import example, given
from hypothesis import strategies as st

from exactgeo.arrangement import Arrangement
from exactgeo.arrangement.bits import find_words, sort_words
from exactgeo.arrangement.characteristic import _points_met, _restriction
from exactgeo.arrangement.enumerators._propose_order import Crossings
from exactgeo.arrangement.enumerators.blocks import flag_sweep
from exactgeo.arrangement.enumerators.planar import Planar

PRIME = 2**31 - 1
small = st.integers(-2, 2)
any_size = small | st.sampled_from([7, 2**26, -(2**26) - 1, 2**40 + 1, PRIME, 2 * PRIME, 10**30, -(10**30) - 1])


@st.composite
def lines(draw, entries):
    """Concurrent, parallel, horizontal and repeated lines."""
    rows = [(1, 0, draw(small)), (draw(small), 1, draw(small))]
    for _ in range(draw(st.integers(0, 9))):
        kind = draw(st.sampled_from(["new", "parallel", "through", "level"]))
        if kind == "new":
            rows.append((draw(entries), draw(entries), draw(entries)))
        elif kind == "level":
            rows.append((0, draw(entries.filter(bool)), draw(entries)))
        else:
            i, j = (draw(st.integers(0, len(rows) - 1)) for _ in range(2))
            p, q = draw(entries), draw(entries)
            other = rows[j] if kind == "through" else (0, 0, 1)
            rows.append(tuple(p * a + q * b for a, b in zip(rows[i], other, strict=True)))
    return rows


def regions_by_euler(rows):
    """1 + lines + the sum over vertices of (lines through it - 1), in Fractions."""
    distinct = {}
    for a, b, c in rows:
        if a or b:
            lead = Fraction(a or b)
            distinct[a / lead, b / lead, c / lead] = None
    through = {}
    for p, q in itertools.combinations(distinct, 2):
        det = p[0] * q[1] - p[1] * q[0]
        if det:
            vertex = (p[1] * q[2] - p[2] * q[1]) / det, (p[2] * q[0] - p[0] * q[2]) / det
            through.setdefault(vertex, set()).update((p, q))
    return 1 + len(distinct) + sum(len(found) - 1 for found in through.values())


@given(lines(any_size))
@example([(1, 0, 0), (0, 1, 0)])
@example([(1, 0, 0), (0, 1, 0), (0, 1, 1), (0, -1, 3), (1, 1, 0), (1, -1, 0)])
@example([(1, 0, 0), (1, 1, 0), (1, 0, 5), (1, 0, -5), (2**26, -(2**26) - 1, 0), (PRIME, 2 * PRIME, PRIME)])
def test_affine_lines(rows):
    arrangement = Arrangement([row[:2] for row in rows], [-row[2] for row in rows])
    regions = arrangement.regions("sweep")
    assert regions.count == regions_by_euler(rows)
    assert list(regions) == list(arrangement.regions("deletion-restriction"))
    check_laws(arrangement, regions)


@given(lines(small | st.sampled_from([10**30, 2**26])), st.permutations(range(3)))
def test_planes_through_the_origin_agree_with_the_general_sweep(rows, turn):
    arrangement = Arrangement([[row[i] for i in turn] for row in [*rows, (0, 0, 1)]])
    assert arrangement.rank == 3
    plane = Planar(arrangement._distinct)
    general = flag_sweep(arrangement._distinct)
    found, expected = plane.words(), general.words()
    assert np.array_equal(found[sort_words(found)], expected[sort_words(expected)])
    assert arrangement.count() == 2 * len(found)
    check_laws(arrangement, arrangement.regions("sweep"))


@given(lines(any_size))
@example([(1, 0, 0), (0, 1, 0), (PRIME, 0, 3), (0, PRIME, 3 * PRIME), (PRIME, PRIME, 5), (2 * PRIME, PRIME, PRIME)])
def test_points_met_modulo_a_prime(rows):
    vectors = Arrangement([*rows, (0, 0, 1)])._oriented[0]
    assert _points_met(vectors) == [len(_restriction(vectors[:k], h)) for k, h in enumerate(vectors)]


def test_equal_residues_are_not_taken_for_equal_points():
    # On the line x = 0, the points y = 0 and y = PRIME (and its multiples) look alike modulo the prime.
    rows = [*((t, 1, -t * PRIME) for t in range(40)), (1, 0, 0)]
    assert _points_met(rows)[-1] == 40
    rows = [*((t, PRIME, t * PRIME) for t in range(1, 40)), (1, 0, 0)]
    assert _points_met(rows)[-1] == 39


def test_grids_with_diagonals():
    # k vertical, k horizontal lines and the diagonals of the grid: up to four lines through a vertex.
    k = 40
    rows = [(1, 0, -t) for t in range(k)] + [(0, 1, -t) for t in range(k)]
    rows += [(1, -1, t) for t in range(1 - k, k)] + [(1, 1, -t) for t in range(2 * k - 1)]
    arrangement = Arrangement([row[:2] for row in rows], [-row[2] for row in rows])
    regions = arrangement.regions()
    assert arrangement.m == 6 * k - 2
    assert regions.count == arrangement.count() == regions_by_euler(rows)
    assert regions.fallbacks == 0  # so small that equal quotients are equal numbers
    check_laws(arrangement, regions, 20)
    blocks = list(arrangement.blocks())
    assert np.array_equal(np.unique(np.concatenate(blocks), axis=0), regions.signs)


@pytest.mark.parametrize(("m", "reach"), [(130, 99), (130, 10**60)])
def test_many_planes_in_general_position(m, reach):
    # Points of a parabola, and its image under a matrix.
    image = random_rows(m, 3, 3, reach)
    rows = [[sum(t**i * q for i, q in enumerate(column)) for column in image] for t in range(m)]
    arrangement = Arrangement(rows)
    regions = arrangement.regions()
    expected = 2 * sum(math.comb(m - 1, i) for i in range(3))
    assert regions.count == arrangement.count() == expected
    check_laws(arrangement, regions, 20)


def nearly_concurrent(size, count, seed):
    """Lines with coefficients about ``size``, every third one with determinant 1 or -1 with the two before."""
    rng = random.Random(seed)
    rows = []
    while len(rows) < count:
        p, q = (tuple(rng.randint(-size, size) for _ in range(3)) for _ in range(2))
        v = p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]
        if math.gcd(*v) != 1:
            continue
        g, s, t = extended(v[0], v[1])
        _, u, w = extended(g, v[2])
        third = [u * s, u * t, w]
        assert abs(sum(a * b for a, b in zip(third, v, strict=True))) == 1
        # Subtract multiples of p and q until it is as short as they are: Cramer, rounded.
        d = [sum(x * y for x, y in zip(a, b, strict=True)) for a, b in ((p, p), (p, q), (q, q), (p, third), (q, third))]
        det = d[0] * d[2] - d[1] ** 2
        i, j = round(Fraction(d[3] * d[2] - d[4] * d[1], det)), round(Fraction(d[0] * d[4] - d[1] * d[3], det))
        rows += [p, q, tuple(c - i * a - j * b for a, b, c in zip(p, q, third, strict=True))]
    return rows


def extended(a, b):
    """(g, s, t) with g = gcd = s a + t b, up to sign."""
    s, t, u, v = 1, 0, 0, 1
    while b:
        k = a // b
        a, b, s, u, t, v = b, a - k * b, u, s - k * u, v, t - k * v
    return a, s, t


@pytest.mark.parametrize(("size", "exact"), [(2**24, True), (2**28, False), (2**40, False), (10**100, False)])
def test_nearly_concurrent_lines_reach_the_integers(size, exact):
    rows = nearly_concurrent(size, 12, 5)
    arrangement = Arrangement([row[:2] for row in rows], [-row[2] for row in rows])
    regions = arrangement.regions("sweep")
    assert Planar(arrangement._distinct).crossings.exact == exact
    assert regions.fallbacks >= 8
    assert regions.count == regions_by_euler(rows) == 1 + 12 + 66
    assert np.array_equal(regions.signs, arrangement.regions("deletion-restriction").signs)
    check_laws(arrangement, regions)


def check_orders(rows):
    """Orders, ties and numbers of crossings against Fractions; the crossings, to ask for more."""
    rows = [row if row[0] > 0 or (not row[0] and row[1] < 0) else tuple(-q for q in row) for row in rows]
    crossings = Crossings(rows)
    order, again, number = crossings.along(0, len(rows))
    for i, (a, b, c) in enumerate(rows):
        places = {}
        for j, (p, q, r) in enumerate(rows):
            det = a * q - b * p
            if det:
                x, y = Fraction(b * r - c * q, det), Fraction(c * p - a * r, det)
                places[j] = -b * x + a * y
        assert number[i] == len(places)
        found = [places[j] for j in order[i, : number[i]].tolist()]
        assert found == sorted(places.values())
        assert again[i, : number[i]].tolist() == [False, *(p == q for p, q in itertools.pairwise(found))][: number[i]]
    return crossings


@pytest.mark.parametrize("factor", [1, 2**22, 10**50])
def test_orders_along_lines_are_those_of_fractions(factor):
    rng = random.Random(factor)
    image = [[rng.randint(-factor, factor) or 1 for _ in range(3)] for _ in range(3)]
    cube = [row for row in itertools.product(range(-2, 3), repeat=3) if math.gcd(*row) == 1]
    half = [row for row in cube if next(q for q in row if q) > 0]
    rows = [tuple(sum(p * q for p, q in zip(row, column, strict=True)) for column in image) for row in half]
    assert (check_orders([row for row in rows if any(row[:2])]).fallbacks > 0) == (factor > 1)


@pytest.mark.parametrize("start", [10, 27, 30, 60, 115, 500])
def test_nearly_parallel_lines(start):
    # Neighbours in the Fibonacci sequence: directions whose determinants are Fibonacci numbers again, from 1 on.
    numbers = [0, 1]
    while len(numbers) < start + 20:
        numbers.append(numbers[-1] + numbers[-2])
    rng = random.Random(start)
    size = numbers[start]
    rows = [(numbers[start + i], numbers[start + i + 1], rng.randint(-size, size)) for i in range(14)]
    rows += [(q, p, -r) for p, q, r in rows[:3]] + [(2 * p, 2 * q, 3 * r + 1) for p, q, r in rows[:3]]
    assert check_orders(rows).fallbacks > 0
    arrangement = Arrangement([row[:2] for row in rows], [-row[2] for row in rows])
    assert arrangement.regions("sweep").count == arrangement.count() == regions_by_euler(rows)
    check_laws(arrangement, arrangement.regions("sweep"), 30)


def test_a_determinant_lost_in_rounding_does_not_place_its_crossing():
    # On the first line the others cross far out on either side; rounded determinants would have them near 0.
    p, q, r = 1, 1, 2
    for _ in range(115):
        p, q, r = q, r, q + r
    rows = [(p, q, 0), (q, r, 1), (q, r, -1), (1, 0, 1000), (1, 0, -1000), (0, -1, 1000), (0, -1, -1000)]
    assert check_orders(rows).fallbacks > 0
    p, q, r = q, r, q + r
    assert check_orders([(p, q, 0), (q, r, 1), (q, r, -1), *rows[3:]]).fallbacks > 0


@pytest.mark.parametrize("width", [1, 2, 5])
def test_sorting_and_finding_bit_sets(width):
    rng = np.random.default_rng(width)
    scattered = rng.integers(0, 2**64, size=(3000, width), dtype=np.uint64)
    runs = np.repeat(scattered[:40], 100, axis=0)
    runs[:, -1] ^= np.arange(4000, dtype=np.uint64)
    for words in (scattered, runs, np.asfortranarray(runs), runs[:1], runs[:0]):
        turn = sort_words(words)
        rows = [tuple(row) for row in words.tolist()]
        assert [rows[i] for i in turn.tolist()] == sorted(rows)
        ordered = words[turn]
        assert find_words(ordered, words).tolist() == np.argsort(turn).tolist()
        other = words ^ np.uint64(1 << 40)
        known = set(rows)
        assert (find_words(ordered, other) >= 0).tolist() == [tuple(row) in known for row in other.tolist()]
