"""Rational linear algebra against elimination written out in Fractions."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactgeo.errors import InternalError
from exactgeo.exact import matrix
from exactgeo.exact.matrix import integer_rows, least_squares, nullspace, primitive, rank, rref, solve

numbers = st.one_of(st.integers(-2, 2), st.fractions(-3, 3, max_denominator=4), st.sampled_from([0, 10**30, -(10**30)]))


@st.composite
def matrices(draw, least=0):
    """Rows of numbers, made dependent half of the time, and their width."""
    height, width = draw(st.integers(least, 5)), draw(st.integers(0, 5))
    table = [tuple(draw(numbers) for _ in range(width)) for _ in range(height)]
    if len(table) > 1 and draw(st.booleans()):
        factor = draw(numbers)
        table[-1] = tuple(factor * q + p for p, q in zip(table[0], table[-2], strict=True))
    return table, width


def gauss(rows, width):
    """Reduced row echelon form by the book."""
    table = [[Fraction(q) for q in row] for row in rows]
    pivots, top = [], 0
    for j in range(width):
        found = next((i for i in range(top, len(table)) if table[i][j]), None)
        if found is None:
            continue
        table[top], table[found] = table[found], table[top]
        table[top] = [q / table[top][j] for q in table[top]]
        for i in range(len(table)):
            if i != top:
                table[i] = [p - table[i][j] * q for p, q in zip(table[i], table[top], strict=True)]
        pivots.append(j)
        top += 1
    return [tuple(row) for row in table[:top]], pivots


@settings(deadline=None)
@given(st.lists(numbers, max_size=6))
def test_primitive_is_the_positive_multiple_without_common_divisor(row):
    result = primitive(row)
    assert all(type(q) is int for q in result)
    assert gcd(*result) == int(any(row))
    for i, p in enumerate(row):
        assert (p > 0) == (result[i] > 0)
        assert all(p * result[j] == q * result[i] for j, q in enumerate(row))


@settings(deadline=None)
@given(matrices())
def test_rref_and_rank_agree_with_elimination_in_fractions(given_matrix):
    rows, width = given_matrix
    table, pivots = rref(rows, width)
    assert (table, pivots) == gauss(rows, width)
    assert rank(rows, width) == len(pivots)
    assert all(type(q) is Fraction for row in table for q in row)


@settings(deadline=None)
@given(matrices())
def test_nullspace_is_a_basis_of_primitive_vectors(given_matrix):
    rows, width = given_matrix
    basis = nullspace(rows, width)
    assert len(basis) == width - len(gauss(rows, width)[1])
    assert len(gauss(basis, width)[1]) == len(basis)
    for vector in basis:
        assert gcd(*vector) == 1
        assert all(type(q) is int for q in vector)
        assert all(sum(p * q for p, q in zip(row, vector, strict=True)) == 0 for row in rows)


@settings(deadline=None)
@given(matrices(least=1), st.data())
def test_solve_finds_a_solution_or_there_is_none(given_matrix, data):
    rows, width = given_matrix
    if data.draw(st.booleans()):
        x = [data.draw(numbers) for _ in range(width)]
        rhs = [sum((Fraction(p) * q for p, q in zip(row, x, strict=True)), Fraction(0)) for row in rows]
    else:
        rhs = [data.draw(numbers) for _ in rows]
    found = solve(rows, rhs)
    consistent = width not in gauss([(*row, q) for row, q in zip(rows, rhs, strict=True)], width + 1)[1]
    assert (found is not None) == consistent
    if found is not None:
        assert len(found) == width
        assert all(sum(p * q for p, q in zip(row, found, strict=True)) == q0 for row, q0 in zip(rows, rhs, strict=True))


def test_solve_without_rows_or_unknowns():
    assert solve([], []) == ()
    assert solve([()], [0]) == ()
    assert solve([()], [1]) is None


@settings(deadline=None)
@given(matrices(), st.data())
def test_least_squares_residual_is_orthogonal_and_complete(given_matrix, data):
    columns, length = given_matrix
    y = [data.draw(numbers) for _ in range(length)]
    coefficients, residual = least_squares(columns, y)
    assert len(coefficients) == len(columns)
    assert len(residual) == length
    for t in range(length):
        assert residual[t] == y[t] - sum(c * column[t] for c, column in zip(coefficients, columns, strict=True))
    for column in columns:
        assert sum(p * q for p, q in zip(column, residual, strict=True)) == 0
    support = [column for c, column in zip(coefficients, columns, strict=True) if c]
    assert len(gauss(support, length)[1]) == len(support)


@settings(deadline=None)
@given(matrices())
def test_integer_rows_share_one_scale(given_matrix):
    rows, _ = given_matrix
    ints, scale = integer_rows(rows)
    assert scale > 0
    assert ints == [[scale * q for q in row] for row in rows]
    assert all(type(q) is int for row in ints for q in row)


def test_a_solver_that_lies_is_caught(monkeypatch):
    def lie(rows, width):
        table, den, pivots = honest(rows, width)
        return [[q + 1 if j == width - 1 else q for j, q in enumerate(row)] for row in table], den, pivots

    honest = matrix.echelon
    monkeypatch.setattr(matrix, "echelon", lie)
    with pytest.raises(InternalError, match="linear solve"):
        solve([[2, 1], [1, 3]], [1, 1])
