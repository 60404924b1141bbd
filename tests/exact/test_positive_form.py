"""Forms from their values on a lattice, and their positivity, against sums of squares, sampled values and roots."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from math import comb, prod

from exactgeo.exact.positive_form import form_through, lattice, not_positive
from exactgeo.exact.sturm import roots_between


def value(form, at):
    return sum((q * prod(y**n for y, n in zip(at, key, strict=True)) for key, q in form.items()), Fraction(0))


def drawn(rng, size, degree):
    return {key: Fraction(rng.randint(-3, 3)) + (4 if max(key) == degree else 0) for key in lattice(size, degree)}


def test_a_form_is_known_by_its_values_on_a_lattice():
    rng = random.Random(1)
    for size, degree in ((2, 2), (2, 5), (3, 3), (3, 4), (4, 2), (4, 4)):
        form = drawn(rng, size, degree)
        points = list(lattice(size, degree))
        assert len(set(points)) == comb(size + degree - 1, degree)
        found = form_through({at: value(form, at) for at in points})
        assert {key: q for key, q in found.items() if q} == {key: q for key, q in form.items() if q}


def test_a_form_in_two_variables_is_positive_iff_it_has_no_root():
    rng, seen = random.Random(2), Counter()
    for _ in range(120):
        form = drawn(rng, 2, rng.choice((2, 4, 6)))
        degree = sum(next(iter(form)))
        on_line = [form.get((k, degree - k), Fraction(0)) for k in range(degree + 1)]
        bound = 2 + sum(map(abs, on_line)) / abs(on_line[-1]) if on_line[-1] else None
        positive = (
            bound is not None and on_line[-1] > 0 and on_line[0] > 0 and not roots_between(on_line, -bound, bound)
        )
        found = not_positive(form)
        assert (found is None) == positive
        if found is not None:
            assert any(found)
            below = any(value(form, (Fraction(k, 64), side)) < 0 for k in range(-200, 201, 3) for side in (0, 1))
            assert value(form, found) <= 0 or not below
        seen[positive] += 1
    assert min(seen.values()) > 10


def test_in_three_variables_no_value_is_below():
    rng, seen = random.Random(3), Counter()
    for _ in range(30):
        form = drawn(rng, 3, 4)
        found = not_positive(form)
        seen[found is None] += 1
        if found is None:
            for _ in range(60):
                at = [Fraction(rng.randint(-9, 9)) for _ in range(3)]
                assert not any(at) or value(form, at) > 0
        else:
            grid = [
                (Fraction(i), Fraction(j), Fraction(k)) for i in range(-4, 5) for j in range(-4, 5) for k in range(3)
            ]
            assert value(form, found) <= 0 or all(value(form, at) >= 0 for at in grid)
    assert min(seen.values()) > 3


def test_a_square_that_vanishes_is_not_positive():
    """(y_1 - y_2)^2, and (3 y_1 - 7 y_2)^2, whose zero no part has in its middle."""
    one = {(2, 0): Fraction(1), (1, 1): Fraction(-2), (0, 2): Fraction(1)}
    assert not_positive(one) is not None
    assert not_positive({(2, 0): Fraction(9), (1, 1): Fraction(-42), (0, 2): Fraction(49)}) is not None
