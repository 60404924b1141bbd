"""Closed forms against the sets of types, the bounds of the theorems below the exact value, and examples of the paper."""

from __future__ import annotations

import random
from fractions import Fraction
from math import comb, exp

import numpy as np
import pytest

import exactgeo as eg
from exactgeo.exact.spherical import decimal_bounds, exact, is_exact, may_vanish, middle, working
from exactgeo.probability.bounds import bounds
from exactgeo.probability.closed_forms import independent_data, separate_lines
from exactgeo.probability.law import ClosedLaw

F = Fraction
PLAIN = {"hidden_bias": False, "output_bias": False}


def problem(x, y, loss="squared", widths=1, **tables):
    net = {"widths": [widths], **PLAIN, **tables.pop("network", {})}
    return eg.load(
        {"data": {"x": x, "y": y}, "network": net, "loss": {"kind": loss, **tables.pop("reduction", {})}, **tables}
    )


def singletons(rng: random.Random):
    d, m = rng.randint(1, 3), rng.randint(1, 6)
    x = [[rng.choice([-2, -1, 1, 3]) if j == t % d else 0 for j in range(d)] for t in range(m)]
    loss = rng.choice(["squared", "absolute", "hinge", "huber(1)"])
    y = [rng.choice([-1, 1]) if loss == "hinge" else rng.randint(-2, 2) for _ in range(m)]
    return x, y, loss


@pytest.mark.parametrize("seed", range(12))
def test_separate_lines_against_the_sets(seed):
    loaded = problem(*singletons(random.Random(seed)))
    form, found = separate_lines(loaded), eg.probabilities(loaded)
    for level in (form.least - 1, form.least, form.least + 1, form.least + F(7, 2), form.least + 30):
        for row in found.law(level, widths=[1, 2, 5, 20]):
            assert form.above(level, row.width) == exact(row.above.value)


@pytest.mark.parametrize("seed", range(6))
def test_turned_lines_have_the_law_of_the_coordinates(seed):
    """A rotation (3, 4, 5) of the data: lines that are orthogonal, no singletons."""
    x, y, loss = singletons(random.Random(seed))
    x = [[*row, 0][:2] if len(row) < 2 else row for row in x]
    turned = [[3 * a - 4 * b, 4 * a + 3 * b, *(5 * q for q in rest)] for a, b, *rest in x]
    one, other = separate_lines(problem(x, y, loss)), separate_lines(problem(turned, y, loss))
    assert one.least == other.least
    assert one.above(one.least + 1, 3) == other.above(one.least + 1, 3)


@pytest.mark.parametrize(
    ("x", "y", "width"),
    [
        ([[1, 0], [-1, 0], [0, 1]], [1, 1, -1], 3),  # the line asks twice for +, another once for -
        ([[1, 0], [0, 1]], [1, 1], 1),
        ([[1], [-1]], [1, -1], 2),
        ([[1], [-1]], [1, 1], 2),
        ([[1], [2]], [0, 0], 0),
    ],
)
def test_from_which_width_on_the_least_sum_is_reached(x, y, width):
    form = separate_lines(problem(x, y))
    assert form.least_from == width
    reached = [form.above(form.least, n) != 1 for n in range(1, 6)]
    assert reached == [n >= width for n in range(1, 6)]


def test_great_widths_by_the_expansion():
    """The same number as the sum over the number of positive output weights, at widths where both can be had."""
    for seed in range(6):
        form = separate_lines(problem(*singletons(random.Random(seed))))
        with working():
            for width in (1, 2, 7, 60):
                assert may_vanish(form._expanded(width) - form.above(form.least, width))


def test_many_dimensions():
    d = 400
    rows = [[int(i == j) for i in range(d)] for j in range(d)]
    form = separate_lines(problem(rows, [1 if j % 2 else -1 for j in range(d)]))
    with working():
        for n in (1, 10, 40):
            # Given k positive output weights every coordinate has what it asks for with chance 1 - 2^-k or 1 - 2^-(n-k).
            expected = sum(comb(n, k) * ((1 - 0.5**k) * (1 - 0.5 ** (n - k))) ** 200 for k in range(n + 1)) / 2**n
            assert abs(1 - middle(form.above(F(0), n)) - expected) < 1e-12
        lo, hi = decimal_bounds(form.above(F(0), 10**9), 8)
    # d (3/4)^n, for all else is much smaller.
    assert (lo, hi) == ("9.8573468E-124938735", "9.8573469E-124938735")


def test_the_command_takes_the_closed_form_in_many_dimensions():
    d = 20
    rows = [[int(i == j) for i in range(d)] for j in range(d)]
    found = eg.probabilities(problem(rows, [1] * d, widths=3))
    assert found.levels() == [0]
    law = found.law(0, widths=[1, 5, 10**9])
    assert isinstance(law.law, ClosedLaw)
    assert law.complete
    assert law[0].probability.value == F(1, 2 ** (d + 1))
    assert law.rate.value == F(3, 4)
    assert law.certificate() is None
    with pytest.raises(eg.OutOfScope, match="regions"):
        _ = found.regions


@pytest.mark.parametrize("seed", range(10))
def test_independent_data_against_the_sets(seed):
    rng = random.Random(seed)
    m = rng.randint(1, 4)
    x = [[rng.randint(-3, 3) for _ in range(m + 1)] for _ in range(m)]
    loaded = problem(x, [rng.randint(-2, 2) for _ in range(m)])
    form = independent_data(loaded)
    if np.linalg.matrix_rank(x) < m:
        assert form is None
        return
    law = eg.probabilities(loaded).law(0)
    with working():
        for width in (1, 2, 5, 20, 10**6):
            assert may_vanish(form.above(F(0), width) - law.law.above(width))
    assert form.above(F(-1), 3) == 1
    assert form.above(F(1), 3) is None


@pytest.mark.parametrize(
    "tables",
    [
        {"network": {"hidden_bias": True}},
        {"network": {"output_bias": True}},
        {"network": {"activation": "leaky_relu(1/10)"}},
        {"network": {"activation": "abs"}},
        {"loss": "logistic"},
    ],
)
def test_problems_without_a_closed_form(tables):
    loaded = problem([[1, 0], [0, 1]], [1, -1], **tables)
    assert separate_lines(loaded) is None
    assert independent_data(loaded) is None


def test_data_that_are_no_lines_have_no_closed_form():
    assert separate_lines(problem([[1, 0], [1, 1]], [1, 1])) is None
    assert separate_lines(problem([[1, 0], [0, 1], [1, 1]], [1, 1, 1])) is None


# -- the theorems --


def theorems(loaded, level, width):
    with working():
        found = bounds(loaded, F(level), width, separate_lines(loaded), independent_data(loaded))
        return {b.theorem: (b.below, middle(b.number)) for b in found}


def test_theorems_2_and_4_are_below_the_exact_value():
    loaded = problem([[1, 0, 0], [0, 2, 0], [0, 0, 1]], [1, -2, 1])
    law = eg.probabilities(loaded).law(0, widths=[2, 5, 10, 20, 40])
    for row in law:
        given = theorems(loaded, 0, row.width)
        assert given == {
            2: (True, max(0.0, 1 - 6 * 0.75**row.width)),
            4: (True, max(0.0, 1 - 3 * 0.75**row.width)),
        }
        assert all(bound <= float(row.probability.hi) for _, bound in given.values())
    assert [(row.theorem, row.width) for row in law.theorems][:2] == [(2, 2), (4, 2)]


def test_theorem_2_needs_the_width_at_which_its_level_is_the_sum():
    loaded = problem([[1, 0], [-1, 0], [0, 1]], [1, 1, -1])
    assert theorems(loaded, 0, 2) == {}
    assert theorems(loaded, 0, 3).keys() == {2}
    assert theorems(loaded, -1, 3) == {}


def test_theorem_3():
    x = [["3/5", "4/5"], ["4/5", "-3/5"], ["1/2", "1/2"]]
    point = {"weights": [[[1, 0]], [[1]]]}
    loaded = problem(x, ["3/5", "4/5", "1/2"], reduction={"reduction": "mean"}, point=point)
    level, widths = F(1, 2), (100, 1000)
    p = (0.5 * (1 - 0.125)) ** 0.5 / (2 * np.pi)
    step = int(np.ceil(1 / p))
    for width in widths:
        assert theorems(loaded, level, width)[3] == (True, pytest.approx(1 - exp(-width / (4 * step))))
        row = eg.probabilities(loaded).law(level, widths=[width])[0]
        assert theorems(loaded, level, width)[3][1] <= float(row.probability.hi)
    assert theorems(loaded, level, 2 * step - 1) == {}
    assert theorems(loaded, 0, 1000) == {}
    # No perfect fit, rows that are too long, or the sum instead of the mean: nothing is said.
    for other in (
        problem(x, [1, 1, 1], reduction={"reduction": "mean"}, point=point),
        problem(
            [[2 * F(q) for q in row] for row in x], ["6/5", "8/5", 1], reduction={"reduction": "mean"}, point=point
        ),
        problem(x, ["3/5", "4/5", "1/2"], point=point),
    ):
        assert 3 not in theorems(other, level, 1000)


def test_theorem_5():
    x = [[1, 0], ["10001/10000", 0], [0, 1], [0, "9999/10000"]]
    loaded = problem(x, [1, 1, -1, -1], reduction={"reduction": "mean"})
    width = 30
    for level, known in ((F(1, 1000), True), (F(1, 10**9), False), (0, False)):
        given = theorems(loaded, level, width)
        assert (5 in given) is known
        if known:
            assert given[5] == (True, pytest.approx(1 - 2 * (7 / 8) ** width))
            row = eg.probabilities(loaded).law(level, widths=[width])[0]
            assert given[5][1] <= float(row.probability.hi)
    far = problem([[1, 0], ["11/10", 0], [0, 1]], [1, 1, -1], reduction={"reduction": "mean"})
    assert 5 not in theorems(far, 10, width)


def appendix_c(d: int, epsilon: str = "1/8"):
    """Theorem 6 with the squared loss (C.2): each coordinate has a good side and a bad one; the root of 2/8 is 1/2."""
    x, y = [], []
    for j in range(d):
        for entry, target in (("1/2", "1/2"), (-1, 1)):
            x.append([entry if k == j else 0 for k in range(d)])
            y.append(target)
    return problem(
        x,
        y,
        reduction={"reduction": "mean"},
        train={"output": False},
        point={"weights": [[[1] * d], [[1]]]},
    )


@pytest.mark.parametrize("d", [1, 4, 30, 80])
def test_theorem_6(d):
    """The number K of bad coordinates is binomial, and Bas = (K c + (d - K) eps) / d with c = 1/2, eps = 1/8."""
    loaded = appendix_c(d)
    form, level = separate_lines(loaded), F(1, 4)
    with working():
        above = form.above(level, 1)
    most = max(k for k in range(d + 1) if F(k, 2) + F(d - k, 8) <= d * level)
    expected = F(sum(comb(d, k) for k in range(most + 1)), 2**d)
    if is_exact(above):
        assert exact(1) - above == exact(expected)
    else:
        with working():
            assert may_vanish(exact(1) - above - exact(expected))
    given = theorems(loaded, F(1, 8), 1)
    assert given[6] == (False, pytest.approx(exp(-d / 16)))
    with working():
        assert 1 - middle(form.above(F(1, 8), 1)) <= given[6][1]
    assert 6 not in theorems(loaded, F(1, 8) + F(1, 1000), 1)


def test_theorem_6_through_the_sets():
    loaded = appendix_c(3)
    form = separate_lines(loaded)
    for level in eg.probabilities(loaded).levels():
        row = eg.probabilities(loaded).law(level)[0]
        assert form.above(level, 1) == exact(row.above.value)


def test_proposition_1_for_one_datum():
    """For one datum far away the start is above the loss at 0 iff the outputs that count have the wrong sign: with
    spherical output weights exactly (1 - 2^-n) / 2."""
    random_, count = np.random.default_rng(3), 10**5
    for n in (1, 2, 4):
        inputs, v = random_.standard_normal((count, n)), random_.standard_normal((count, n))
        prediction = (v * np.maximum(inputs, 0)).sum(axis=1)
        worse = int(((prediction - 1e6) ** 2 > 1e12).sum())
        expected = (1 - 0.5**n) / 2
        assert abs(worse / count - expected) < 6 * (expected * (1 - expected) / count) ** 0.5
