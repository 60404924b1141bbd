"""Rational vectors and matrices as tuples, and their inner products."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from operator import mul

__all__ = ["ONE", "ZERO", "Integers", "Matrix", "Vector", "dot", "integer_dot"]

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
