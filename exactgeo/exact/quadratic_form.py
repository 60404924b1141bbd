"""Is a rational quadratic form nonnegative everywhere? By symmetric elimination, with a vector where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactgeo.exact.matrix import primitive
from exactgeo.exact.vectors import ONE, ZERO, dot

__all__ = ["negative_vector"]


def negative_vector(rows: Sequence[Sequence[Fraction]]) -> tuple[int, ...] | None:
    """An integer x with ``x^T Q x < 0``; None where Q is positive semidefinite.

    Parameters
    ----------
    rows : n rows of n rationals
        Of a symmetric matrix Q. Cost: n^3 / 3 rationals.

    Examples
    --------
    >>> one, two = Fraction(1), Fraction(2)
    >>> negative_vector([[one, one], [one, one]]), negative_vector([[one, two], [two, one]])
    (None, (-2, 1))
    """
    size = len(rows)
    left = [list(row) for row in rows]
    open_, pivots = list(range(size)), list[tuple[int, list[Fraction]]]()
    x: dict[int, Fraction] | None = None
    while open_ and x is None:
        below = next((i for i in open_ if left[i][i] < 0), None)
        if below is not None:
            x = {below: ONE}
            break
        pivot = next((i for i in open_ if left[i][i] > 0), None)
        if pivot is None:
            pairs = ((i, j) for i in open_ for j in open_ if left[i][j])
            pair = next(pairs, None)
            if pair is None:
                return None
            # All squares have coefficient 0, and this product has not.
            i, j = pair
            x = {i: -ONE if left[i][j] > 0 else ONE, j: ONE}
            break
        row = left[pivot]
        pivots.append((pivot, list(row)))
        open_.remove(pivot)
        for i in open_:
            if row[i]:
                factor = row[i] / row[pivot]
                left[i] = [p - factor * q for p, q in zip(left[i], row, strict=True)]
    if x is None:
        return None
    found = [x.get(i, ZERO) for i in range(size)]
    for pivot, row in reversed(pivots):
        # The square that the pivot completes is 0.
        found[pivot] = -sum((q * found[i] for i, q in enumerate(row) if i != pivot), ZERO) / row[pivot]
    return primitive(found) if dot(found, found) else None
