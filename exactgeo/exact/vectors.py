"""Rational vectors and matrices as tuples, and their inner products."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from operator import mul

__all__ = ["ONE", "ZERO", "Integers", "Matrix", "Vector", "dot", "integer_dot", "integer_products"]

Vector = tuple[Fraction, ...]
Matrix = tuple[Vector, ...]
Integers = tuple[int, ...]

ZERO, ONE = Fraction(0), Fraction(1)


def dot(a: Sequence[Fraction | int], b: Sequence[Fraction | int]) -> Fraction:
    """Inner product of two vectors of one length.

    Examples
    --------
    >>> print(dot([Fraction(1, 2), 3], [4, Fraction(1, 3)]), dot([], []))
    3 0
    """
    total = ZERO
    for p, q in zip(a, b, strict=True):
        if p and q:
            total += p * q
    return total


def integer_dot(a: Sequence[int], b: Sequence[int]) -> int:
    """Inner product of two integer vectors of one length, which is not checked: for inner loops.

    Examples
    --------
    >>> integer_dot([1, 2], [3, 4])
    11
    """
    return sum(map(mul, a, b))


def integer_products(vector: Integers, points: Sequence[Integers]) -> list[int]:
    """The products of a vector with many points; short ones are written out, which is three times as fast.

    Examples
    --------
    >>> integer_products((1, 2), [(3, 4), (0, 1)])
    [11, 2]
    """
    if len(vector) == 3:
        a, b, c = vector
        return [a * x + b * y + c * z for x, y, z in points]
    if len(vector) == 4:
        a, b, c, d = vector
        return [a * x + b * y + c * z + d * w for x, y, z, w in points]
    return [sum(map(mul, vector, point)) for point in points]
