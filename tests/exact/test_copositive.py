"""Copositivity against brute force: values on grids and random vectors, and least values by faces."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from itertools import combinations, product

import pytest

from exactgeo.exact.copositive import copositivity
from exactgeo.exact.matrix import nullspace, solve_regular


def value(rows, x):
    return sum(x[i] * rows[i][j] * x[j] for i in range(len(x)) for j in range(len(x)))


def form(rng: random.Random, size: int) -> list[list[Fraction]]:
    """Small numbers: sums of a semidefinite form and a nonnegative one, some with a disturbance; or anything."""
    what = rng.random()
    rows = [[Fraction(0)] * size for _ in range(size)]
    if what < 0.7:
        for _ in range(rng.randint(1, size)):
            v = [rng.randint(-2, 2) for _ in range(size)]
            rows = [[q + v[i] * v[j] for j, q in enumerate(row)] for i, row in enumerate(rows)]
        for i, j in combinations(range(size), 2):
            q = rng.choice((0, 0, 1, 2))
            rows[i][j] += q
            rows[j][i] += q
    if what > 0.5:
        for i in range(size):
            for j in range(i + 1):
                q = Fraction(rng.randint(-1, 2), rng.choice((1, 2)))
                rows[i][j] += q
                rows[j][i] = rows[i][j]
    return rows


def least(rows) -> tuple[int, bool]:
    """Sign of the least value on the simplex, by its stationary points on every face (Lagrange), singular faces by a
    grid; and whether only regular faces were met."""
    size, low, sure = len(rows), 1, True
    for count in range(1, size + 1):
        for face in combinations(range(size), count):
            part = [[rows[i][j] for j in face] for i in face]
            bordered = [[*row, Fraction(1)] for row in part] + [[Fraction(1)] * count + [Fraction(0)]]
            x = solve_regular(bordered, [Fraction(0)] * count + [Fraction(1)])
            if x is None:
                sure = False
                for grid in product(range(1, 5), repeat=count):
                    q = value(part, grid)
                    low = min(low, (q > 0) - (q < 0))
            elif min(x[:-1]) > 0:
                q = value(part, x[:-1])
                low = min(low, (q > 0) - (q < 0))
    return low, sure


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_rays_alone_against_stationary_points_of_all_faces(size):
    rng, seen = random.Random(size), Counter()
    for _ in range(250):
        rows = form(rng, size)
        found = copositivity(rows, 0)
        low, sure = least(rows)
        sign = -1 if found.negative is not None else 1 if found.strict else 0
        seen[sign] += 1
        assert sign == low or (not sure and sign < low)
        for z in found.zeros:
            assert min(z) >= 0 < max(z)
            assert value(rows, z) == 0
    assert min(seen[k] for k in (-1, 0, 1)) >= 5


def test_free_variables_against_random_vectors_and_a_shift_of_the_rays():
    """With free variables y: no vector of a large grid is below; and where y is 0 the rays decide as without them."""
    rng, seen = random.Random(9), Counter()
    for _ in range(400):
        free, rays = rng.randint(1, 2), rng.randint(1, 2)
        rows = form(rng, free + rays)
        found = copositivity(rows, free)
        grid = list(product(*[range(-4, 5)] * free, *[range(5)] * rays))
        values = [(value(rows, x), x) for x in grid if any(x)]
        if found.negative is not None:
            assert min(found.negative[free:]) >= 0
            assert value(rows, found.negative) < 0
        else:
            assert min(values)[0] >= 0
            zeros = [x for q, x in values if q == 0]
            assert not (found.strict and zeros)
            assert found.strict or all(value(rows, z) == 0 and any(z) for z in found.zeros)
        seen[-1 if found.negative is not None else int(found.strict)] += 1
    assert min(seen.values()) >= 20


def test_a_kernel_of_the_free_part_is_no_definite_form():
    """(y, x): 0 y^2 + x^2 on the ray x is copositive and not strictly so, though what is left on the ray is positive."""
    one, zero = Fraction(1), Fraction(0)
    found = copositivity([[zero, zero], [zero, one]], 1)
    assert (found.negative, found.strict, found.zeros) == (None, False, ((1, 0),))
    assert copositivity([[zero, one], [one, one]], 1).negative is not None


def test_the_form_of_horn_is_copositive_and_no_sum_of_the_two_kinds():
    """Hall and Newman 1963: five zeros on pairs... of rays, none in the inside."""
    signs = [1, -1, 1, 1, -1]
    rows = [[Fraction(signs[(j - i) % 5]) for j in range(5)] for i in range(5)]
    found = copositivity(rows, 0)
    assert found.negative is None
    assert sorted(found.zeros) == sorted(tuple(int(k in (i, (i + 1) % 5)) for k in range(5)) for i in range(5))
    rows[0][0] -= Fraction(1, 1000)
    assert copositivity(rows, 0).negative is not None


def test_a_positive_kernel_on_two_rays_is_found():
    rows = [[Fraction(q) for q in row] for row in ([1, -1, 0], [-1, 1, 0], [0, 0, 1])]
    assert copositivity(rows, 0).zeros == ((1, 1, 0),)
    assert not nullspace([[1, 0], [0, 1]], 2)
