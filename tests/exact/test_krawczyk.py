"""One zero in a box, proved: against exact roots, exact inertia, and maps with no zero, two zeros, or a double one."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise

import flint
import numpy as np
import pytest

from exactgeo.exact.krawczyk import (
    Factor,
    Zero,
    ball,
    balls,
    bounds,
    box,
    contraction,
    factor,
    inverse,
    precision,
    prove_zero,
    rounded,
)

ONE = Fraction(1)


def roots_map(roots):
    """f(x)_i = the product over j of (x_i - roots_ij)."""

    def value(x):
        return balls([[prod([q - ball(r) for r in row])] for q, row in zip(box(x), roots, strict=True)])

    def derivative(x, radius):
        size = len(x)
        rows = [[ball(0)] * size for _ in range(size)]
        for i, (q, row) in enumerate(zip(box(x, radius), roots, strict=True)):
            rows[i][i] = sum(
                (prod([q - ball(r) for k, r in enumerate(row) if k != j]) for j in range(len(row))), ball(0)
            )
        return balls(rows)

    return value, derivative


def prod(factors):
    found = ball(1)
    for q in factors:
        found = found * q
    return found


def test_the_zero_is_in_the_box_and_no_other_is():
    source = random.Random(3)
    for _ in range(40):
        size = source.randint(1, 3)
        roots = [sorted({Fraction(source.randint(-30, 30), 7) for _ in range(3)}) for _ in range(size)]
        value, derivative = roots_map(roots)
        goal = [source.choice(row) for row in roots]
        start = tuple(q + Fraction(source.randint(-9, 9), 1000) for q in goal)
        found = prove_zero(value, derivative, start, 80)
        assert isinstance(found, Zero)
        inside = [[r for r in row if abs(r - c) <= found.radius] for row, c in zip(roots, found.centre, strict=True)]
        assert all(len(row) == 1 for row in inside)
        gap = max(abs(row[0] - c) for row, c in zip(inside, found.centre, strict=True))
        assert gap <= found.within < Fraction(1, 2**60)


@pytest.mark.parametrize("slope", [Fraction(1, 10**6), Fraction(0)])
def test_no_zero_is_proved_where_there_is_none_or_a_double_one(slope):
    """x^2 + slope."""
    found = prove_zero(
        lambda x: balls([[ball(x[0]) * ball(x[0]) + ball(slope)]]),
        lambda x, r: balls([[2 * ball(x[0], r)]]),
        (Fraction(1, 3),),
        64,
    )
    assert found is None


def test_a_box_with_two_zeros_is_refused():
    """x^2 - 1 on [-2, 2], whatever the matrix."""
    for a in (Fraction(1, 2), Fraction(-1, 2), Fraction(1, 100), Fraction(0)):
        assert contraction(balls([[-1]]), balls([[2 * ball(0, 2)]]), balls([[a]]), Fraction(2)) is None


def test_the_step_must_end_inside():
    """x - 3: one zero, outside the box of radius 3 only on its edge."""
    value, derivative, one = balls([[-3]]), balls([[1]]), balls([[1]])
    assert contraction(value, derivative, one, Fraction(3)) is None
    assert contraction(value, derivative, one, Fraction(4)) >= 3


def test_inertia_is_that_of_the_characteristic_polynomial():
    """By Descartes' rule, which is exact where all roots are real; zero diagonals and exchanged pivots among them."""
    source = random.Random(5)
    seen = set()
    for case in range(120):
        size = source.randint(1, 6)
        square = np.array([[source.randint(-3, 3) for _ in range(size)] for _ in range(size)])
        square = square + square.T
        if case % 3 == 0:
            np.fill_diagonal(square, 0)
        matrix = flint.fmpz_mat(square.tolist())
        with precision(128):
            found = factor(balls(square.tolist()), 64)
            if not matrix.det():
                if found is not None:
                    assert contraction(balls([[0]] * size), balls(square.tolist()), found.product(), ONE) is None
                continue
            assert contraction(balls([[0]] * size), balls(square.tolist()), found.product(), ONE) is not None
        signs = [int(q) > 0 for q in matrix.charpoly().coeffs() if q]
        flipped = [int(q) * (-1) ** k > 0 for k, q in enumerate(matrix.charpoly().coeffs()) if q]
        positive = sum(a != b for a, b in pairwise(signs))
        negative = sum(a != b for a, b in pairwise(flipped))
        assert (found.negative, size - found.negative) == (negative, positive)
        seen.add(found.negative)
    assert seen >= {0, 1, 2, 3}


def test_a_wrong_inertia_is_not_proved():
    matrix = balls([[2, 1], [1, -3]])
    right = factor(matrix, 64)
    assert contraction(balls([[0], [0]]), matrix, right.product(), ONE) is not None
    wrong = Factor(right.rows, (1, 1))
    assert contraction(balls([[0], [0]]), matrix, wrong.product(), ONE) is None


def test_a_singular_derivative_has_no_inverse_that_proves():
    singular = balls([[1, 2], [2, 4]])
    found = inverse(singular, 64)
    assert found is None or contraction(balls([[0], [0]]), singular, balls(found), ONE) is None


def test_balls_hold_what_they_are_made_of():
    source = random.Random(8)
    with precision(53):
        for _ in range(200):
            middle, radius = Fraction(source.randint(-99, 99), 7), Fraction(source.randint(0, 99), 11)
            held = bounds(ball(middle, radius))
            assert held.lo <= middle - radius <= middle + radius <= held.hi
            near = rounded(ball(middle), 20)
            assert abs(near - middle) <= abs(middle) / 2**19
            assert near.numerator.bit_length() <= 21
