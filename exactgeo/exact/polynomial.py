"""Polynomials in one variable s over Q, as coefficients of 1, s, s^2, ...: what a curve of parameters is made of.

Coefficients may be whole numbers, which is faster. The sign of a polynomial for small s > 0 is that of its lowest
coefficient that is not 0.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeVar

from exactgeo.exact.vectors import ZERO

__all__ = ["Polynomial", "add", "keeps_sign", "multiply", "order", "quotient", "times", "value"]

Polynomial = list[Fraction]
"""Coefficients of 1, s, s^2, ...; [] is 0."""


Q = TypeVar("Q", int, Fraction)


def add(a: Sequence[Q], b: Sequence[Q]) -> list[Q]:
    """a + b.

    Examples
    --------
    >>> [str(q) for q in add([Fraction(1)], [Fraction(2), Fraction(3)])]
    ['3', '3']
    """
    if len(a) < len(b):
        a, b = b, a
    return [*map(operator.add, a, b), *a[len(b) :]]


def multiply(a: Sequence[Q], b: Sequence[Q]) -> list[Q]:
    """a b. Cost: the product of the lengths."""
    total: list[Any] = [0] * max(0, len(a) + len(b) - 1)
    for i, p in enumerate(a):
        if p:
            for j, q in enumerate(b):
                total[i + j] += p * q
    return total


def times(q: Any, a: Sequence[Any]) -> list[Any]:
    """q a."""
    return [q * p for p in a]


def value(a: Sequence[Fraction | int], s: Fraction) -> Fraction:
    """a at s."""
    return sum((q * s**k for k, q in enumerate(a)), ZERO)


def order(a: Sequence[Fraction | int]) -> int | None:
    """The lowest power with a coefficient, None of 0.

    Examples
    --------
    >>> order([Fraction(0), Fraction(-1)]), order([])
    (1, None)
    """
    return next((k for k, q in enumerate(a) if q), None)


def quotient(top: Sequence[Fraction], bottom: Sequence[Fraction], last: int) -> Polynomial:
    """The power series of top / bottom up to s^last; top vanishes to the order of bottom at least."""
    start = order(bottom)
    assert start is not None
    shifted, lead = [*top[start:], *[ZERO] * (last + 1)], bottom[start:]
    found: Polynomial = []
    for k in range(last + 1):
        rest = shifted[k] - sum((lead[j] * found[k - j] for j in range(1, min(k, len(lead) - 1) + 1)), ZERO)
        found.append(rest / lead[0])
    return found


def keeps_sign(a: Sequence[int], halvings: int) -> bool:
    """Whether the lowest coefficient outweighs those of the other sign on (0, 1 / 2^halvings]; so does 0.

    Examples
    --------
    >>> [keeps_sign([2, -3], k) for k in (0, 1)]
    [False, True]
    """
    low = order(a)
    if low is None:
        return True
    sign = 1 if a[low] > 0 else -1
    last = len(a) - 1
    against = sum(min(sign * q, 0) << halvings * (last - k) for k, q in enumerate(a) if k > low)
    return (sign * a[low] << halvings * (last - low)) + against > 0
