"""Exact linear programs against the enumeration of all vertices and extreme rays, in Fractions."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactgeo.errors import InternalError
from exactgeo.exact import lp
from exactgeo.exact.lp import LPAnswer, Multipliers, Separator, cone_member, minimise, positive_part


def dot(p, q):
    return sum((a * b for a, b in zip(p, q, strict=True) if a and b), Fraction(0))


def unique_solution(columns, rhs):
    """The x with ``sum x_j columns[j] = rhs`` if the columns are independent and it exists, else None."""
    table = [[Fraction(column[i]) for column in columns] + [Fraction(q)] for i, q in enumerate(rhs)]
    width, top = len(columns), 0
    for j in range(width):
        found = next((i for i in range(top, len(table)) if table[i][j]), None)
        if found is None:
            return None
        table[top], table[found] = table[found], table[top]
        table[top] = [q / table[top][j] for q in table[top]]
        for i in range(len(table)):
            if i != top and table[i][j]:
                table[i] = [p - table[i][j] * q for p, q in zip(table[i], table[top], strict=True)]
        top += 1
    return None if any(row[-1] for row in table[top:]) else [row[-1] for row in table[:top]]


def vertices(columns, rhs):
    """Basic feasible solutions of ``sum x_j columns[j] = rhs``, x >= 0."""
    for size in range(len(rhs) + 1):
        for support in itertools.combinations(range(len(columns)), size):
            found = unique_solution([columns[j] for j in support], rhs)
            if found is not None and all(q >= 0 for q in found):
                x = [Fraction(0)] * len(columns)
                for j, q in zip(support, found, strict=True):
                    x[j] = q
                yield x


def oracle(cost, rows, rhs):
    """Status and value: a pointed polyhedron is the hull of its vertices plus the cone of its extreme rays."""
    columns = [[row[j] for row in rows] for j in range(len(cost))]
    best = min((dot(cost, x) for x in vertices(columns, rhs)), default=None)
    if best is None:
        return "infeasible", None
    # Extreme rays, scaled to sum 1, are the vertices of the recession cone's slice.
    slice_columns = [[*column, 1] for column in columns]
    if any(dot(cost, ray) < 0 for ray in vertices(slice_columns, [0] * len(rhs) + [1])):
        return "unbounded", None
    return "optimal", best


def check_witness(answer, cost, rows, rhs):
    columns = [[row[j] for row in rows] for j in range(len(cost))]
    if answer.status != "infeasible":
        assert all(q >= 0 for q in answer.x)
        assert [dot(row, answer.x) for row in rows] == list(rhs)
    if answer.status == "optimal":
        assert all(dot(answer.y, column) <= c for column, c in zip(columns, cost, strict=True))
        assert dot(answer.y, rhs) == dot(cost, answer.x) == answer.value
    elif answer.status == "infeasible":
        assert all(dot(answer.y, column) <= 0 for column in columns)
        assert dot(answer.y, rhs) > 0
    else:
        assert all(q >= 0 for q in answer.ray)
        assert not any(dot(row, answer.ray) for row in rows)
        assert dot(cost, answer.ray) < 0


def small_programs(count, seed):
    """min c.x, A x >= b, x >= 0 with 2-3 variables, 3-5 rows, integers -2..2, slack columns added."""
    rng = random.Random(seed)
    for _ in range(count):
        n, k = rng.randint(2, 3), rng.randint(3, 5)
        rows = [[rng.randint(-2, 2) for _ in range(n)] + [-int(i == j) for j in range(k)] for i in range(k)]
        yield [rng.randint(-2, 2) for _ in range(n)] + [0] * k, rows, [rng.randint(-2, 2) for _ in range(k)]


def det(rows):
    """Determinant by expansion along the first row."""
    if not rows:
        return 1
    minors = ([row[:j] + row[j + 1 :] for row in rows[1:]] for j in range(len(rows)))
    return sum((-1) ** j * rows[0][j] * det(minor) for j, minor in enumerate(minors) if rows[0][j])


def corners(rows, rhs):
    """Points where n independent rows of ``rows x >= rhs`` (integers) are tight and all hold, by Cramer's rule."""
    n = len(rows[0])
    for tight in itertools.combinations(range(len(rows)), n):
        bottom = det([rows[i] for i in tight])
        if not bottom:
            continue
        swapped = ([[*rows[i][:j], rhs[i], *rows[i][j + 1 :]] for i in tight] for j in range(n))
        top = [det(matrix) if bottom > 0 else -det(matrix) for matrix in swapped]
        if all(dot(row, top) >= q * abs(bottom) for row, q in zip(rows, rhs, strict=True)):
            yield [Fraction(q, abs(bottom)) for q in top]


def corner_oracle(cost, rows, rhs):
    """Status and value of min c.x, A x >= b, x >= 0: like :func:`oracle`, quicker in few variables."""
    n = len(cost)
    rows = [*rows, *([int(i == j) for j in range(n)] for i in range(n))]
    best = min((dot(cost, x) for x in corners(rows, [*rhs, *[0] * n])), default=None)
    if best is None:
        return "infeasible", None
    # Extreme rays have n - 1 tight rows; scaled to sum 1 they are corners with the row of ones tight.
    rays = corners([*rows, [1] * n, [-1] * n], [0] * len(rows) + [1, -1])
    return ("unbounded", None) if any(dot(cost, ray) < 0 for ray in rays) else ("optimal", best)


def compare(programs):
    seen = {"optimal": 0, "infeasible": 0, "unbounded": 0}
    for cost, rows, rhs in programs:
        answer = minimise(cost, rows, rhs)
        n = len(cost) - len(rhs)
        expected = corner_oracle(cost[:n], [row[:n] for row in rows], rhs)
        assert (answer.status, answer.value) == expected, (cost, rows, rhs)
        check_witness(answer, cost, rows, rhs)
        seen[answer.status] += 1
    return seen


def test_small_programs_agree_with_the_enumeration_of_vertices_and_rays():
    assert min(compare(small_programs(2000, 28089)).values()) > 200


@pytest.mark.slow
def test_ten_thousand_small_programs_agree_with_the_enumeration():
    assert min(compare(small_programs(10_000, 1)).values()) > 1000


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_program_that_sympy_gets_wrong(order):
    # sympy 1.14.0 linprog returned (1, [0, 1]) for two of the six orders (sympy issue 28089); y >= 1 and x >= 1: 2.
    rows = [[1, 1], [1, 0], [0, 1]]
    table = [[*rows[i], *(-int(i == j) for j in range(3))] for i in order]
    answer = minimise([1, 1, 0, 0, 0], table, [1, 1, 1])
    assert answer.value == 2
    assert answer.x[:2] == (1, 1)


@pytest.mark.parametrize("cost", [["3/4", -150, "1/50", -6], ["3/4", -20, "1/2", -6]])
def test_programs_on_which_careless_pivoting_cycles(cost):
    # Beale 1955 and Chvatal 1983: degenerate at 0, the largest-coefficient rule cycles.
    c = [-Fraction(q) for q in cost]
    if cost[1] == -150:
        rows = [[Fraction(1, 4), -60, Fraction(-1, 25), 9], [Fraction(1, 2), -90, Fraction(-1, 50), 3], [0, 0, 1, 0]]
    else:
        rows = [[Fraction(1, 4), -8, -1, 9], [Fraction(1, 2), -12, Fraction(-1, 2), 3], [0, 0, 1, 0]]
    rows = [[*row, *(int(i == j) for j in range(3))] for i, row in enumerate(rows)]
    answer = minimise([*c, 0, 0, 0], rows, [0, 0, 1])
    assert (answer.status, answer.value) == oracle([*c, 0, 0, 0], rows, [0, 0, 1])
    assert answer.value == (Fraction(-1, 20) if cost[1] == -150 else Fraction(-5, 4))


degenerate = st.integers(-2, 2) | st.sampled_from([0, 0, Fraction(1, 2), Fraction(-2, 3), 10**25])


@st.composite
def programs(draw):
    """Repeated, opposite, zero and dependent rows and columns, right sides mostly 0."""
    n, k = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    rows = [[draw(degenerate) for _ in range(n)] for _ in range(k)]
    rhs = [draw(degenerate) for _ in range(k)]
    if k > 1 and draw(st.booleans()):
        factor = draw(st.sampled_from([1, -1, 2, 0]))
        rows[-1] = [factor * q for q in rows[0]]
        rhs[-1] = factor * rhs[0] + draw(st.sampled_from([0, 0, 1]))
    if n > 1 and draw(st.booleans()):
        factor = draw(st.sampled_from([1, -1, 2, 0]))
        for row in rows:
            row[-1] = factor * row[0]
    return [draw(degenerate) for _ in range(n)], rows, rhs


@settings(deadline=None, max_examples=300)
@given(programs())
def test_degenerate_programs_agree_with_the_enumeration(program):
    cost, rows, rhs = program
    answer = minimise(cost, rows, rhs)
    assert (answer.status, answer.value) == oracle(cost, rows, rhs)
    check_witness(answer, cost, rows, rhs)


def test_programs_without_rows_or_variables():
    assert minimise([], [], []).status == "optimal"
    assert minimise([1, 0], [], []).value == 0
    assert minimise([1, -1], [], []).status == "unbounded"
    assert minimise([], [[], []], [0, 1]).status == "infeasible"


vectors = st.integers(0, 4).flatmap(
    lambda d: st.tuples(
        st.lists(degenerate, min_size=d, max_size=d),
        st.lists(st.lists(degenerate, min_size=d, max_size=d), max_size=5),
        st.lists(st.lists(degenerate, min_size=d, max_size=d), max_size=2),
    )
)


@settings(deadline=None, max_examples=400)
@given(vectors, st.booleans())
def test_cone_member_agrees_with_the_enumeration_of_supports(data, repeat):
    target, generators, lines = data
    if repeat and generators:
        generators = [*generators, generators[0], [-q for q in generators[-1]]]
    signed = [*generators, *lines, *([-q for q in line] for line in lines)]
    member = next(vertices(signed, target), None) is not None
    answer = cone_member(target, generators, lines)
    assert isinstance(answer, Multipliers) == member
    if isinstance(answer, Separator):
        assert all(dot(answer.normal, g) >= 0 for g in generators)
        assert not any(dot(answer.normal, line) for line in lines)
        assert dot(answer.normal, target) < 0
        assert all(type(q) is int for q in answer.normal)
    else:
        assert all(q >= 0 for q in answer.generators)
        weights = (*answer.generators, *answer.lines)
        for t, q in enumerate(target):
            assert sum(w * v[t] for w, v in zip(weights, [*generators, *lines], strict=True)) == q
        support = [g for q, g in zip(weights, [*generators, *lines], strict=True) if q]
        assert unique_solution(support, target) is not None, "the support is dependent"


def test_cone_member_on_many_random_cones_with_the_target_on_the_boundary():
    rng = random.Random(5)
    separated = 0
    for _ in range(300):
        d, n = rng.randint(2, 8), rng.randint(2, 20)
        generators = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(n)]
        wall = [rng.randint(-2, 2) for _ in range(d)]
        generators = [g if dot(g, wall) >= 0 else [-q for q in g] for g in generators]
        on_wall = [g for g in generators if dot(g, wall) == 0]
        target = [sum(column) for column in zip(*on_wall, strict=True)] if on_wall else generators[0]
        assert isinstance(cone_member(target, generators), Multipliers)
        outside = [p - q for p, q in zip(target, wall, strict=True)]
        if any(wall) and on_wall:
            assert isinstance(cone_member(outside, generators), Separator)
            separated += 1
    assert separated > 150


def test_cone_member_when_the_hurried_pivots_are_spent():
    """The least-index rule alone decides the same."""

    class Patient(lp._Tableau):
        __slots__ = ()

        def restore_feasibility(self, check):
            return super().restore_feasibility(0, check)

    rng = random.Random(7)
    for _ in range(200):
        d, n = rng.randint(1, 5), rng.randint(1, 10)
        generators = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(n)]
        target = [rng.randint(-2, 2) for _ in range(d)]
        quick = cone_member(target, generators)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lp, "_Tableau", Patient)
            patient = cone_member(target, generators)
        assert type(patient) is type(quick)


@settings(deadline=None, max_examples=200)
@given(vectors)
def test_positive_part_finds_everything_that_vanishes(data):
    first, forms, equalities = data
    dimension = len(first)
    forms = [*forms, first, *equalities, *([-q for q in row] for row in equalities)]
    forms += [[-q for q in first]] if dimension % 2 else []
    found = positive_part(forms, dimension)
    assert {k for k, form in enumerate(forms) if dot(form, found.point) > 0} == set(range(len(forms))) - found.zero
    assert all(dot(forms[k], found.point) == 0 for k in found.zero)
    assert found.weights.keys() == found.zero
    assert all(q > 0 for q in found.weights.values())
    for t in range(dimension):
        assert sum(q * forms[k][t] for k, q in found.weights.items()) == 0


def test_positive_part_of_whole_space_and_of_a_point():
    assert positive_part([], 3).point == (0, 0, 0)
    assert positive_part([[Fraction(1, 2)], [-3]], 1).weights == {0: 6, 1: 1}
    assert positive_part([[], []], 0).zero == {0, 1}


def test_a_wrong_answer_does_not_leave(monkeypatch):
    program = ([1, 1, 0], [[1, 1, -1]], [1])
    good = minimise(*program)
    lp._replay_lp(good, *program)
    one = Fraction(1)
    for bad in (
        LPAnswer("optimal", (one, one, one), good.y, value=Fraction(2)),
        LPAnswer("optimal", good.x, (Fraction(2),), value=good.value),
        LPAnswer("optimal", (one, Fraction(0), one), good.y, value=one),
        LPAnswer("infeasible", y=(one,)),
        LPAnswer("unbounded", good.x, ray=(one, Fraction(0), one)),
    ):
        with pytest.raises(InternalError, match="replay"):
            lp._replay_lp(bad, *program)
    monkeypatch.setattr(lp._Tableau, "value", lambda self, i: Fraction(7))
    with pytest.raises(InternalError, match="replay"):
        cone_member([1, 2], [[1, 0], [0, 1]])


def test_a_separator_that_does_not_separate_is_caught(monkeypatch):
    monkeypatch.setattr(lp, "_separate", lambda vectors, zero, values: (1,) * zero)
    with pytest.raises(InternalError, match="separating"):
        cone_member([-1, 2], [[1, 0], [0, 1], [1, -3]])


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_ties_are_broken_by_the_least_index(order):
    # All right sides 0. Found by search: entering the least index and leaving by the first (or last) row cycles.
    class Counted(lp._Tableau):
        __slots__ = ("pivots",)

        def pivot(self, *arguments):
            self.pivots += 1
            assert self.pivots < 100, "cycling"
            return super().pivot(*arguments)

    rows = [[0, 0, 1, -8, -9, 7, 1, 5, 0], [1, 0, -2, 9, 3, 4, 0, -4, 0], [0, 1, 5, -8, -5, 1, 0, -3, 0]]
    cost = [0, 0, -1, -4, 1, -8, 0, 4]
    tableau = Counted([rows[i] for i in order], [(6, 0, 1)[i] for i in order], 0)
    tableau.pivots = 0
    column = tableau.optimise([*cost, 0])
    status, _ = oracle(cost, [row[:-1] for row in rows], [0, 0, 0])
    assert status == ("optimal" if column is None else "unbounded")
