"""Signs and roots of polynomials against products of known factors, and the algebraic numbers they define."""

import random
from fractions import Fraction as F

import pytest

from exactgeo.exact.algebraic import Algebraic, value_at_root
from exactgeo.exact.polynomial import multiply, value
from exactgeo.exact.polynomial_matrix import PolynomialMatrix
from exactgeo.exact.sturm import isolate, rational_roots, refined, roots_between, sign_on


def product(rng):
    """A polynomial from known factors: its rational roots with multiplicity, and how many roots sqrt(q) has in (0, 1)."""
    roots = [F(rng.randint(-3, 7), rng.randint(1, 5)) for _ in range(rng.randint(0, 4))]
    roots += [rng.choice(roots)] if roots and rng.random() < 0.5 else []
    squares = [F(rng.choice((1, 2, 3, 5, 7)), rng.choice((11, 13))) for _ in range(rng.randint(0, 2))]
    found = [F(rng.choice((-2, -1, 1, 3)))]
    for root in roots:
        found = multiply(found, [-root, F(1)])
    for square in squares:
        found = multiply(found, [-square, F(0), F(1)])
    return found, roots, squares


@pytest.mark.parametrize("seed", range(150))
def test_against_known_factors(seed):
    rng = random.Random(seed)
    found, roots, squares = product(rng)
    inside = {root for root in roots if 0 < root < 1}
    assert roots_between(found) == len(inside) + len(set(squares))
    assert rational_roots(found) == (sorted(inside), not squares)
    odd = any(roots.count(root) % 2 for root in inside) or any(squares.count(square) % 2 for square in squares)
    samples = [value(found, F(k, 1009)) for k in range(1, 1009)]
    sign = sign_on(found)
    if odd:
        assert sign is None
        assert min(samples) < 0 < max(samples)
    else:
        assert sign == (1 if max(samples) > 0 else -1)
        assert all(sign * q >= 0 for q in samples)


def test_isolated_roots_are_apart_and_refined():
    for seed in range(40):
        found, roots, squares = product(random.Random(seed))
        isolated = isolate(found)
        assert len(isolated) == len({root for root in roots if 0 < root < 1}) + len(set(squares))
        for factor, a, b in isolated:
            for _ in range(9):
                a, b = refined(factor, a, b)
            assert b - a <= F(1, 500)
            assert a == b or value(factor, a) * value(factor, b) < 0
            assert a != b or not value(found, a)


def test_the_sign_at_the_ends_is_left_out():
    assert sign_on([F(0), F(1), F(-1)]) == 1
    assert sign_on([F(0), F(-1)], F(-1), F(0)) == 1
    assert sign_on([]) == sign_on([F(0), F(0)]) == 0
    assert sign_on([F(0), F(0), F(1), F(-2), F(1)]) == 1


def test_numbers_are_compared_exactly():
    two, three = (Algebraic((F(-q), F(0), F(1)), F(1), F(2)) for q in (2, 3))
    again = Algebraic((F(4), F(0), F(-2)), F(7, 5), F(3, 2))
    minus = Algebraic((F(-2), F(0), F(1)), F(-2), F(0))
    assert two == again
    assert two != minus
    assert two != three
    assert minus < two < three
    assert F(14142135623730950488, 10**19) < two < F(14142135623730950489, 10**19)
    assert two.enclosure.lo**2 < 2 < two.enclosure.hi**2
    assert two.enclosure.hi - two.enclosure.lo < F(1, 10**14)
    big = Algebraic((F(-2 * 10**40), F(0), F(1)), F(10**20), F(2 * 10**20))
    assert big.enclosure.lo**2 < 2 * 10**40 < big.enclosure.hi**2


def test_a_value_at_a_root_is_the_number():
    # s^2 = 1/3 in (0, 1); 2 s - 2 s^3 = 4 s / 3, whose square is 16/27.
    [root] = isolate([F(-1), F(0), F(3)])
    found = value_at_root([F(0), F(2), F(0), F(-2)], [F(1)], root)
    assert found.polynomial[0] / found.polynomial[2] == F(-16, 27)
    assert found > 0
    # The same over a denominator, and a rational value at an irrational root.
    assert value_at_root([F(0), F(2), F(0), F(-2)], [F(0), F(3)], root) == F(4, 9)


def test_products_of_matrices_at_numbers():
    rng = random.Random(1)

    def matrix(rows, columns):
        return [[F(rng.randint(-5, 5), rng.randint(1, 3)) for _ in range(columns)] for _ in range(rows)]

    for rows, middle, columns in ((2, 3, 1), (1, 0, 2), (0, 2, 2), (3, 1, 4)):
        one, other, right = matrix(rows, middle), matrix(rows, middle), matrix(middle, columns)
        found = PolynomialMatrix.between(one, other, middle).times(PolynomialMatrix.of(right, columns))
        s = F(rng.randint(-3, 3), 7)
        left = [[a + s * (b - a) for a, b in zip(*pair, strict=True)] for pair in zip(one, other, strict=True)]
        wanted = tuple(
            tuple(sum((q * right[k][j] for k, q in enumerate(row)), F(0)) for j in range(columns)) for row in left
        )
        assert found.at(s) == wanted
    bent = PolynomialMatrix.between([[F(-1), F(0), F(2)]], [[F(0), F(3), F(1)]], 3).bent((F(1), F(1, 2)))
    assert bent.at(F(1, 2)) == ((F(-1, 4), F(3, 2), F(3, 2)),)


def test_a_value_that_is_0_at_an_irrational_root():
    """(9 s^2 - 9 s + 1)^2 at a root of 9 s^2 - 9 s + 1; an old flint has no minimal polynomial for it."""
    root = ((F(1), F(-9), F(9)), F(0), F(1, 2))
    assert value_at_root([F(1), F(-18), F(99), F(-162), F(81)], [F(1)], root) == 0
