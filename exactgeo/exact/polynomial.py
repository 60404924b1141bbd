"""Polynomials in one variable s over Q, as coefficients of 1, s, s^2, ...: what a curve of parameters is made of.

The sign of a polynomial for small s > 0 is that of its lowest coefficient that is not 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactgeo.exact.vectors import ZERO

__all__ = ["Polynomial", "add", "keeps_sign", "multiply", "order", "quotient", "times", "value"]

Polynomial = list[Fraction]
"""Coefficients of 1, s, s^2, ...; [] is 0."""


def add(a: Sequence[Fraction], b: Sequence[Fraction]) -> Polynomial:
    """a + b.

    Examples
    --------
    >>> [str(q) for q in add([Fraction(1)], [Fraction(2), Fraction(3)])]
    ['3', '3']
    """
    size = max(len(a), len(b))
    return [(a[k] if k < len(a) else ZERO) + (b[k] if k < len(b) else ZERO) for k in range(size)]


def multiply(a: Sequence[Fraction], b: Sequence[Fraction]) -> Polynomial:
    """a b. Cost: the product of the lengths."""
    total = [ZERO] * max(0, len(a) + len(b) - 1)
    for i, p in enumerate(a):
        if p:
            for j, q in enumerate(b):
                total[i + j] += p * q
    return total


def times(q: Fraction, a: Sequence[Fraction]) -> Polynomial:
    """q a."""
    return [q * p for p in a]


def value(a: Sequence[Fraction], s: Fraction) -> Fraction:
    """a at s."""
    return sum((q * s**k for k, q in enumerate(a)), ZERO)


def order(a: Sequence[Fraction]) -> int | None:
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


def keeps_sign(a: Sequence[Fraction], step: Fraction) -> bool:
    """Whether the lowest coefficient outweighs those of the other sign on (0, step]; so does 0.

    Examples
    --------
    >>> [keeps_sign([Fraction(2), Fraction(-1)], Fraction(s)) for s in (1, 2)]
    [True, False]
    """
    low = order(a)
    if low is None:
        return True
    sign = 1 if a[low] > 0 else -1
    return sign * a[low] + sum((min(sign * q, ZERO) * step ** (k - low) for k, q in enumerate(a) if k > low), ZERO) > 0
