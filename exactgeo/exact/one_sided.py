"""Products of rational matrices, the columns of a matrix that span it, and inverses from one side.

A matrix is a tuple of rows of Fractions. Cost: one elimination each.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import flint

from exactgeo.errors import InternalError
from exactgeo.exact.matrix import rref
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector, dot

__all__ = ["added", "determinant", "left_inverse", "product", "right_inverse", "spanning", "transposed", "weighted"]


def transposed(rows: Matrix) -> Matrix:
    """Columns as rows; of no rows no rows.

    Examples
    --------
    >>> transposed(((1, 2), (3, 4)))
    ((1, 3), (2, 4))
    """
    return tuple(zip(*rows, strict=True))


def product(a: Matrix, b: Matrix) -> Matrix:
    """``a b``.

    Examples
    --------
    >>> [[str(q) for q in row] for row in product(((Fraction(1), Fraction(2)),), ((Fraction(3),), (Fraction(1),)))]
    [['5']]
    """
    columns = transposed(b)
    return tuple(tuple(dot(row, column) for column in columns) for row in a)


def added(a: Matrix, b: Matrix, factor: Fraction = ONE) -> Matrix:
    """``a + factor b``."""
    return tuple(tuple(p + factor * q for p, q in zip(r, s, strict=True)) for r, s in zip(a, b, strict=True))


def weighted(rows: Sequence[Vector], weights: Sequence[Fraction]) -> Vector:
    """``sum_k weights[k] rows[k]`` of at least one row."""
    return tuple(dot(weights, column) for column in zip(*rows, strict=True))


def spanning(vectors: Sequence[Vector]) -> tuple[list[int], list[Vector]]:
    """Which vectors are independent of those before them, and every vector as a combination of these.

    Parameters
    ----------
    vectors : n vectors of one length

    Returns
    -------
    chosen : list of int, ascending
    coefficients : n vectors of len(chosen) Fractions
        Law: ``vectors[j] == sum_k coefficients[j][k] vectors[chosen[k]]``.

    Examples
    --------
    >>> one, two = Fraction(1), Fraction(2)
    >>> chosen, coefficients = spanning([(one, one), (two, two), (one, two)])
    >>> chosen, [[str(q) for q in row] for row in coefficients]
    ([0, 2], [['1', '0'], ['2', '0'], ['0', '1']])
    """
    if not vectors:
        return [], []
    table, chosen = rref(list(zip(*vectors, strict=True)), len(vectors))
    return chosen, [tuple(row[j] for row in table) for j in range(len(vectors))]


def right_inverse(rows: Matrix) -> Matrix:
    """R with ``rows R = 1``, zero but in as many rows as there are; ``rows`` has independent rows.

    Raises
    ------
    InternalError
        They are not.

    Examples
    --------
    >>> [[str(q) for q in row] for row in right_inverse(((Fraction(0), Fraction(2)),))]
    [['0'], ['1/2']]
    """
    size = len(rows)
    if not size:
        return ()
    width = len(rows[0])
    unit = [tuple(ONE if i == j else ZERO for j in range(size)) for i in range(size)]
    table, pivots = rref([(*row, *tail) for row, tail in zip(rows, unit, strict=True)], width + size)
    if len(pivots) < size or pivots[size - 1] >= width:
        raise InternalError("a matrix has no inverse from the right")
    where = dict(zip(pivots, table, strict=True))
    return tuple(where[j][width:] if j in where else (ZERO,) * size for j in range(width))


def left_inverse(rows: Matrix) -> Matrix:
    """L with ``L rows = 1``; ``rows`` has independent columns. Raises as :func:`right_inverse`."""
    return transposed(right_inverse(transposed(rows)))


def determinant(rows: Matrix) -> Fraction:
    """The determinant of a square matrix.

    Examples
    --------
    >>> print(determinant(((Fraction(1), Fraction(2)), (Fraction(3), Fraction(4)))), determinant(()))
    -2 1
    """
    size = len(rows)
    found = flint.fmpq_mat(size, size, [flint.fmpq(q.numerator, q.denominator) for row in rows for q in row]).det()
    return Fraction(int(found.p), int(found.q))
