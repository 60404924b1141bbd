"""Rational matrices: rank, null space, reduced form, linear solve and least squares, exact, with python-flint inside.

A matrix is a sequence of rows of ints or Fractions; flint's own types never leave this module. Cost: one
fraction-free elimination each, cubic in the size, on integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

import flint

from exactgeo.errors import InternalError
from exactgeo.exact.vectors import ZERO, integer_dot

__all__ = [
    "annihilates",
    "echelon",
    "independent_rows",
    "integer_rows",
    "least_squares",
    "nullspace",
    "primitive",
    "products",
    "rank",
    "rref",
    "solve",
    "solve_regular",
]

Number = int | Fraction
Row = Sequence[Number]


def primitive(row: Row) -> tuple[int, ...]:
    """The positively proportional integer vector with greatest common divisor 1; zero stays zero.

    Parameters
    ----------
    row : sequence of int or Fraction

    Examples
    --------
    >>> from fractions import Fraction
    >>> primitive([Fraction(-1, 2), Fraction(1, 3), 0])
    (-3, 2, 0)
    """
    try:
        ints: Row = row
        divisor = gcd(*row)  # type: ignore[arg-type]
    except TypeError:
        bottom = lcm(*(q.denominator for q in row))
        ints = [q.numerator * (bottom // q.denominator) for q in row]
        divisor = gcd(*ints)  # type: ignore[arg-type]
    return tuple(map(int, ints)) if divisor <= 1 else tuple([int(q) // divisor for q in ints])


def integer_rows(rows: Sequence[Row]) -> tuple[list[list[int]], int]:
    """All rows times one common positive integer that clears every denominator, and that integer."""
    if all(type(q) is int for row in rows for q in row):
        return [list(row) for row in rows], 1  # type: ignore[arg-type]
    scale = lcm(*(q.denominator for row in rows for q in row))
    return [[q.numerator * (scale // q.denominator) for q in row] for row in rows], scale


def echelon(rows: Sequence[Row], ncols: int) -> tuple[list[list[int]], int, list[int]]:
    """Reduced row echelon form: the nonzero rows of ``den * rref``, that ``den`` > 0, and the pivot columns.

    Examples
    --------
    >>> echelon([[2, 1, 0], [0, 3, 1], [2, 4, 1]], 3)
    ([[6, 0, -1], [0, 6, 2]], 6, [0, 1])
    """
    if not rows or not ncols:
        return [], 1, []
    reduced, bottom, count = flint.fmpz_mat([primitive(row) for row in rows]).rref()
    flat, den = list(map(int, reduced.entries())), int(bottom)
    if den < 0:
        den, flat = -den, [-q for q in flat]
    table = [flat[i * ncols : (i + 1) * ncols] for i in range(int(count))]
    pivots: list[int] = []
    for row in table:
        start = pivots[-1] + 1 if pivots else 0
        pivots.append(next(j for j in range(start, ncols) if row[j]))
    return table, den, pivots


def rank(rows: Sequence[Row], ncols: int) -> int:
    """Rank of the matrix with these rows of length ``ncols``; either may be 0.

    Examples
    --------
    >>> rank([[1, 2], [2, 4], [0, 0]], 2), rank([], 3)
    (1, 0)
    """
    if not rows or not ncols:
        return 0
    return int(flint.fmpz_mat([primitive(row) for row in rows]).rank())


def rref(rows: Sequence[Row], ncols: int) -> tuple[list[tuple[Fraction, ...]], list[int]]:
    """Reduced row echelon form without its zero rows, and the pivot columns.

    Examples
    --------
    >>> table, pivots = rref([[1, 2, 3], [2, 4, 7]], 3)
    >>> [[str(q) for q in row] for row in table], pivots
    ([['1', '2', '0'], ['0', '0', '1']], [0, 2])
    """
    table, den, pivots = echelon(rows, ncols)
    return [tuple(Fraction(q, den) for q in row) for row in table], pivots


def nullspace(rows: Sequence[Row], ncols: int) -> list[tuple[int, ...]]:
    """A basis of ``{x : rows x = 0}`` as primitive integer vectors, one a free column, positive there.

    Cost: of many rows only as many are eliminated as are independent; what is found modulo a prime is tried on all.

    Examples
    --------
    >>> nullspace([[1, 2, 3]], 3), nullspace([], 2)
    ([(-2, 1, 0), (-3, 0, 1)], [(1, 0), (0, 1)])
    """
    if not rows or not ncols:
        return _kernel([], 1, [], ncols)
    if len(rows) * ncols < _MANY:
        return _kernel(*echelon(rows, ncols), ncols)
    matrix = flint.fmpz_mat([primitive(row) for row in rows])
    reduced, count = flint.nmod_mat(matrix, _PRIME).rref()
    if int(count) == ncols:
        # Independent modulo a prime is independent.
        return []
    basis = _lifted(reduced, int(count), ncols)
    if basis is None or not _annihilates(matrix, basis):
        basis = _kernel(*echelon([rows[k] for k in independent_rows(rows, ncols)], ncols), ncols)
        if not _annihilates(matrix, basis):
            # The prime divides a minor: a row was left out that counts.
            basis = _kernel(*echelon(rows, ncols), ncols)
    return basis


_MANY = 2_000
"""Entries from which a matrix is first looked at modulo a prime."""

_PRIME = (1 << 62) - 57


def independent_rows(rows: Sequence[Row], ncols: int) -> list[int]:
    """Rows that are independent, and as many as there are modulo a prime: all that count unless the prime is unlucky.

    Examples
    --------
    >>> independent_rows([[1, 2], [2, 4], [0, 1]], 2)
    [0, 2]
    """
    if not rows or not ncols:
        return []
    columns = flint.nmod_mat(flint.fmpz_mat([primitive(row) for row in rows]).transpose(), _PRIME)
    reduced, count = columns.rref()
    return _pivots(reduced, int(count), len(rows))


def _pivots(reduced: flint.nmod_mat, count: int, ncols: int) -> list[int]:
    pivots: list[int] = []
    for i in range(count):
        start = pivots[-1] + 1 if pivots else 0
        pivots.append(next(j for j in range(start, ncols) if int(reduced[i, j])))
    return pivots


def _kernel(table: list[list[int]], den: int, pivots: list[int], ncols: int) -> list[tuple[int, ...]]:
    chosen = set(pivots)
    basis = []
    for free in range(ncols):
        if free in chosen:
            continue
        vector = [0] * ncols
        vector[free] = den
        for row, pivot in zip(table, pivots, strict=True):
            vector[pivot] = -row[free]
        basis.append(primitive(vector))
    return basis


def _lifted(reduced: flint.nmod_mat, count: int, ncols: int) -> list[tuple[int, ...]] | None:
    """The null space of which this is the reduced form modulo the prime, if its entries are short fractions."""
    pivots = _pivots(reduced, count, ncols)
    chosen = set(pivots)
    basis = []
    for free in range(ncols):
        if free in chosen:
            continue
        vector: list[Number] = [0] * ncols
        vector[free] = 1
        for i, pivot in enumerate(pivots):
            residue = int(reduced[i, free])
            if residue:
                short = _short_fraction(residue)
                if short is None:
                    return None
                vector[pivot] = -short
        basis.append(primitive(vector))
    return basis


def _short_fraction(residue: int) -> Fraction | None:
    """The fraction with both terms below 2^30 that is congruent to the residue: there is at most one."""
    a, b, u, v = _PRIME, residue, 0, 1
    while b >= 1 << 30:
        q = a // b
        a, b, u, v = b, a - q * b, v, u - q * v
    return Fraction(b, v) if 0 < abs(v) < 1 << 30 else None


def annihilates(rows: Sequence[Row], vectors: Sequence[Row]) -> bool:
    """Whether every row is 0 on every vector, all of one length.

    Examples
    --------
    >>> annihilates([[1, 2]], [[-2, 1]]), annihilates([[1, 2]], [[2, 1]]), annihilates([], [[1]])
    (True, False, True)
    """
    if not rows or not vectors:
        return True
    return _annihilates(flint.fmpz_mat([primitive(row) for row in rows]), [primitive(vector) for vector in vectors])


def _annihilates(matrix: flint.fmpz_mat, basis: Sequence[Sequence[int]]) -> bool:
    if not basis:
        return True
    product = matrix * flint.fmpz_mat(basis).transpose()
    return product == flint.fmpz_mat(matrix.nrows(), len(basis))


def products(vectors: Sequence[Sequence[int]], others: Sequence[Sequence[int]]) -> list[list[int]]:
    """The inner product of each vector with each of the others, whole numbers all.

    Examples
    --------
    >>> products([(1, 2), (0, -1)], [(3, 4)]), products([(1, 2)], [])
    ([[11], [-4]], [[]])
    """
    if not vectors or not others:
        return [[] for _ in vectors]
    table = flint.fmpz_mat([list(v) for v in vectors]) * flint.fmpz_mat([list(v) for v in others]).transpose()
    return [list(map(int, row)) for row in table.tolist()]


def solve(rows: Sequence[Row], rhs: Row) -> tuple[Fraction, ...] | None:
    """One solution of ``rows x = rhs``, zero outside the pivot columns; None when there is none.

    Parameters
    ----------
    rows : sequence of rows of int or Fraction, shape (k, n)
        May be singular or rectangular. Without rows the number of unknowns is unknown and () is returned.
    rhs : sequence of int or Fraction, length k

    Raises
    ------
    InternalError
        The solution failed its own substitution.

    Examples
    --------
    >>> [str(q) for q in solve([[2, 1], [4, 2]], [1, 2])], solve([[2, 1], [4, 2]], [1, 3])
    (['1/2', '0'], None)
    """
    if not rows:
        return ()
    width = len(rows[0])
    table, den, pivots = echelon([(*row, q) for row, q in zip(rows, rhs, strict=True)], width + 1)
    if pivots and pivots[-1] == width:
        return None
    numerators = {pivot: row[width] for row, pivot in zip(table, pivots, strict=True)}
    for row, q in zip(rows, rhs, strict=True):
        if sum(row[j] * top for j, top in numerators.items()) != q * den:
            raise InternalError("a linear solve failed its substitution")
    solution = [ZERO] * width
    for pivot, top in numerators.items():
        solution[pivot] = Fraction(top, den)
    return tuple(solution)


def solve_regular(rows: Sequence[Row], rhs: Row) -> tuple[Fraction, ...] | None:
    """The solution of a square system with a regular matrix; None where it is singular.

    Raises
    ------
    InternalError
        The solution failed its own substitution.

    Examples
    --------
    >>> [str(q) for q in solve_regular([[2, 1], [0, 3]], [1, 1])], solve_regular([[1, 1], [1, 1]], [0, 0])
    (['1/3', '1/3'], None)
    """
    if not rows:
        return ()
    scaled = [primitive((*row, q)) for row, q in zip(rows, rhs, strict=True)]
    try:
        found = flint.fmpz_mat([row[:-1] for row in scaled]).solve(flint.fmpz_mat([[row[-1]] for row in scaled]))
    except ZeroDivisionError:
        return None
    solution = tuple(Fraction(int(q.p), int(q.q)) for q in found.entries())
    scale = lcm(*(q.denominator for q in solution))
    tops = [q.numerator * (scale // q.denominator) for q in solution]
    if any(integer_dot(row, tops) != row[-1] * scale for row in scaled):
        raise InternalError("a linear solve failed its substitution")
    return solution


def least_squares(columns: Sequence[Row], y: Row) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    """Coefficients that minimise ``|y - sum_j coefficient_j column_j|^2`` and the residual ``y - sum``.

    The coefficients are zero outside the first maximal independent set of columns; the residual is unique.

    Parameters
    ----------
    columns : n columns of m ints or Fractions
        Dependent, repeated and zero columns are allowed, and n = 0.
    y : sequence of int or Fraction, length m

    Raises
    ------
    InternalError
        The residual is not orthogonal to every column.

    Examples
    --------
    >>> coefficients, residual = least_squares([[1, 1, 1], [2, 2, 2]], [1, 2, 6])
    >>> [str(q) for q in coefficients], [str(q) for q in residual]
    (['3', '0'], ['-2', '-1', '3'])
    """
    ints, scale = integer_rows([*columns, y])
    target, count, length = ints.pop(), len(columns), len(y)
    rows = [[column[t] for column in ints] for t in range(length)]
    _, _, basis = echelon(rows, count)
    coefficients = [ZERO] * count
    if basis:
        chosen = flint.fmpz_mat([ints[j] for j in basis])
        solution = (chosen * chosen.transpose()).solve(chosen * flint.fmpz_mat([[q] for q in target]))
        for j, q in zip(basis, solution.entries(), strict=True):
            coefficients[j] = Fraction(int(q.p), int(q.q))
    bottom = lcm(*(q.denominator for q in coefficients))
    weights = [(j, coefficients[j].numerator * (bottom // coefficients[j].denominator)) for j in basis]
    residual = [bottom * target[t] - sum(w * ints[j][t] for j, w in weights) for t in range(length)]
    if any(integer_dot(column, residual) for column in ints):
        raise InternalError("a least-squares residual is not orthogonal to its columns")
    return tuple(coefficients), tuple(Fraction(q, bottom * scale) for q in residual)
