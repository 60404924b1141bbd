"""The characteristic polynomial of an arrangement by deletion and restriction, without signs or points.

Shares no code with the enumeration of regions: it is the count that the enumeration must meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import gcd

__all__ = ["central_polynomial", "divide_by_t_minus_1", "evaluate"]

Vector = tuple[int, ...]


def central_polynomial(normals: Iterable[Vector], dimension: int) -> list[int]:
    """Characteristic polynomial of distinct linear hyperplanes, highest coefficient first.

    Parameters
    ----------
    normals : nonzero integer vectors, no two proportional
    dimension : int

    References
    ----------
    R. P. Stanley, An Introduction to Hyperplane Arrangements, Lemma 2.2 (deletion-restriction).

    Examples
    --------
    >>> central_polynomial([(1, 0), (0, 1), (1, 1)], 2), central_polynomial([], 3)
    ([1, -3, 2], [1, 0, 0, 0])
    """
    return _polynomial(tuple(sorted(map(_normalised, normals))), dimension, {})


def _polynomial(rows: tuple[Vector, ...], dimension: int, memo: dict[tuple[Vector, ...], list[int]]) -> list[int]:
    count = len(rows)
    if count <= 1 or dimension <= 2:
        head = [1, -count, count - 1][: dimension + 1] if count else [1]
        return head + [0] * (dimension + 1 - len(head))
    known = memo.get(rows)
    if known is not None:
        return known
    result = [1] + [0] * dimension
    for k, h in enumerate(rows):
        if dimension == 3:
            lines = len(_restriction(rows[:k], h))
            smaller = [1, -lines, lines - 1] if lines else [1, 0, 0]
        else:
            smaller = _polynomial(tuple(sorted(_restriction(rows[:k], h))), dimension - 1, memo)
        for degree, coefficient in enumerate(smaller):
            result[degree + 1] -= coefficient
    memo[rows] = result
    return result


def _normalised(row: Sequence[int]) -> Vector:
    divisor = gcd(*row)
    if next(q for q in row if q) < 0:
        divisor = -divisor
    return tuple([q // divisor for q in row])


def _restriction(rows: Iterable[Vector], h: Vector) -> set[Vector]:
    """The rows as functionals on the kernel of h, in a basis that leaves out one coordinate."""
    out = max(j for j, q in enumerate(h) if q)
    pivot = h[out]
    found = set()
    for row in rows:
        factor = row[out]
        reduced = [pivot * a - factor * b for a, b in zip(row, h, strict=True)] if factor else list(row)
        del reduced[out]
        found.add(_normalised(reduced))
    return found


def divide_by_t_minus_1(polynomial: Sequence[int]) -> tuple[list[int], int]:
    """Quotient and remainder of the division by t - 1: an affine arrangement's polynomial from its cone's.

    Examples
    --------
    >>> divide_by_t_minus_1([1, -3, 2])
    ([1, -2], 0)
    """
    quotient, carry = [], 0
    for coefficient in polynomial:
        carry += coefficient
        quotient.append(carry)
    return quotient[:-1], carry


def evaluate(polynomial: Sequence[int], t: int) -> int:
    """Value at an integer t (Horner)."""
    value = 0
    for coefficient in polynomial:
        value = value * t + coefficient
    return value
