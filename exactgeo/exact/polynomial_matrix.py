"""Matrices of polynomials in one variable s over Q: products by flint, entry by entry a sign on 0 < s < 1.

What a forward pass of a network along a segment is made of. A matrix is the list of its coefficient matrices, so that
a product of two of degree 1 is three or four products of rational matrices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint

from exactgeo.exact.sturm import flint_rational, rational, sign_on
from exactgeo.exact.vectors import ZERO, Matrix

__all__ = ["PolynomialMatrix"]


class PolynomialMatrix:
    """A matrix of rows by columns whose entries are polynomials in s.

    Examples
    --------
    >>> one, two = ((Fraction(1), Fraction(0)),), ((Fraction(1), Fraction(2)),)
    >>> row = PolynomialMatrix.between(one, two, 2)
    >>> column = PolynomialMatrix.of(((Fraction(3),), (Fraction(1),)), 1)
    >>> [str(q) for q in row.times(column).entry(0, 0)]
    ['3', '2']
    """

    __slots__ = ("__dict__", "_parts", "columns", "rows")

    def __init__(self, parts: Sequence[Any], rows: int, columns: int) -> None:
        kept = list(parts)
        nothing = flint.fmpq_mat(rows, columns)
        while len(kept) > 1 and kept[-1] == nothing:
            kept.pop()
        self._parts: list[Any] = kept or [nothing]
        self.rows, self.columns = rows, columns

    @classmethod
    def of(cls, matrix: Sequence[Sequence[Fraction]], columns: int) -> PolynomialMatrix:
        """A constant matrix."""
        return cls([_flint(matrix, columns)], len(matrix), columns)

    @classmethod
    def between(
        cls, one: Sequence[Sequence[Fraction]], other: Sequence[Sequence[Fraction]], columns: int
    ) -> PolynomialMatrix:
        """(1 - s) one + s other."""
        start = _flint(one, columns)
        return cls([start, _flint(other, columns) - start], len(one), columns)

    @classmethod
    def of_entries(cls, entries: Sequence[Sequence[Sequence[Fraction]]], columns: int) -> PolynomialMatrix:
        """From the coefficients of each entry."""
        size = max((len(entry) for row in entries for entry in row), default=1)
        parts = [
            _flint([[entry[k] if k < len(entry) else ZERO for entry in row] for row in entries], columns)
            for k in range(max(size, 1))
        ]
        return cls(parts, len(entries), columns)

    @property
    def degree(self) -> int:
        return len(self._parts) - 1

    def times(self, other: PolynomialMatrix) -> PolynomialMatrix:
        """The product."""
        total: list[Any] = [None] * (self.degree + other.degree + 1)
        for i, a in enumerate(self._parts):
            for j, b in enumerate(other._parts):
                product = a * b
                total[i + j] = product if total[i + j] is None else total[i + j] + product
        return PolynomialMatrix(total, self.rows, other.columns)

    def extended(self, row: Sequence[Fraction]) -> PolynomialMatrix:
        """One more row below, each of its entries this polynomial: the ones that biases multiply."""
        found = []
        size = max(len(self._parts), len(row))
        for k in range(size):
            table = self._parts[k].tolist() if k < len(self._parts) else [[0] * self.columns] * self.rows
            last = [flint_rational(row[k]) if k < len(row) else 0] * self.columns
            found.append(_of_flint([*table, last], self.columns))
        return PolynomialMatrix(found, self.rows + 1, self.columns)

    def entry(self, i: int, j: int) -> list[Fraction]:
        """The coefficients of an entry, without zeros at the end."""
        found = [rational(q) for q in self._entry(i, j)]
        while found and not found[-1]:
            found.pop()
        return found

    def entries(self) -> Iterator[tuple[int, int, list[Fraction]]]:
        """(row, column, polynomial), row by row."""
        for i in range(self.rows):
            for j in range(self.columns):
                yield i, j, self.entry(i, j)

    def _entry(self, i: int, j: int) -> list[Any]:
        return [part[i, j] for part in self._parts]

    @cached_property
    def sides(self) -> tuple[tuple[int | None, ...], ...]:
        """Of each entry the sign on (0, 1), None where it changes."""
        if self.degree > 1:
            found = [sign_on([rational(q) for q in entry]) for entry in zip(*map(_entries, self._parts), strict=True)]
        else:
            starts = [(q > 0) - (q < 0) for q in _entries(self._parts[0])]
            ends = starts if not self.degree else [(q > 0) - (q < 0) for q in _entries(self._parts[0] + self._parts[1])]
            found = [None if a * b < 0 else a or b for a, b in zip(starts, ends, strict=True)]
        return tuple(tuple(found[i * self.columns : (i + 1) * self.columns]) for i in range(self.rows))

    def bent(self, slopes: tuple[Fraction, Fraction], at: Fraction | None = None) -> PolynomialMatrix:
        """Each entry times the slope of its side, right or left of 0.

        No entry may change its sign on 0 < s < 1; with a place ``at``, on the stretch around it that is meant.
        """
        up, down = map(flint_rational, slopes)
        if up == down:
            return self if up == 1 else PolynomialMatrix([up * part for part in self._parts], self.rows, self.columns)
        sides = self.sides if at is None else [[(q > 0) - (q < 0) for q in row] for row in self.at(at)]
        factors = [[up if side == 1 else down for side in row] for row in sides]
        parts = []
        for part in self._parts:
            table = [
                [f * q for f, q in zip(fs, row, strict=True)] for fs, row in zip(factors, _table(part), strict=True)
            ]
            parts.append(_of_flint(table, self.columns))
        return PolynomialMatrix(parts, self.rows, self.columns)

    def quadratic(self, forms: Sequence[Sequence[tuple[Fraction, Fraction]]]) -> tuple[list[Fraction], list[Fraction]]:
        """The sums over the entries p of a p p and of b p, for a pair (a, b) an entry.

        Examples
        --------
        >>> one = Fraction(1)
        >>> row = PolynomialMatrix.between(((one, 0 * one),), ((2 * one, one),), 2)
        >>> [list(map(str, total)) for total in row.quadratic((((one, one), (2 * one, 0 * one)),))]
        [['1', '2', '3'], ['1', '1']]
        """
        weights = [(flint_rational(a), flint_rational(b)) for row in forms for a, b in row]
        parts = [_entries(part) for part in self._parts]
        size = len(parts)
        squares, firsts = [flint.fmpq(0)] * (2 * size - 1), [flint.fmpq(0)] * size
        for (a, b), *entry in zip(weights, *parts, strict=True):
            for i, p in enumerate(entry):
                if p:
                    firsts[i] += b * p
                    ap = a * p
                    for j, q in enumerate(entry):
                        squares[i + j] += ap * q
        return list(map(rational, squares)), list(map(rational, firsts))

    def at(self, s: Fraction) -> Matrix:
        """The matrix at a number."""
        total, power = self._parts[0], flint.fmpq(1)
        for part in self._parts[1:]:
            power *= flint_rational(s)
            total = total + power * part
        return tuple(tuple(map(rational, row)) for row in _table(total))


def _entries(matrix: Any) -> list[Any]:
    return list(matrix.entries())


def _table(matrix: Any) -> list[list[Any]]:
    return matrix.tolist() if matrix.nrows() and matrix.ncols() else [[] for _ in range(matrix.nrows())]


def _of_flint(table: Sequence[Sequence[Any]], columns: int) -> Any:
    return flint.fmpq_mat(len(table), columns, [q for row in table for q in row])


def _flint(matrix: Sequence[Sequence[Fraction]], columns: int) -> Any:
    return flint.fmpq_mat(len(matrix), columns, [flint_rational(q) for row in matrix for q in row])
