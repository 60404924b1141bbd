"""The characteristic polynomial of an arrangement by deletion and restriction, without signs or points.

Shares no code with the enumeration of regions: it is the count that the enumeration must meet.

In rank 3 all that counts is in how many points each line meets the lines before it. Where there are many, these points
are told apart as ratios modulo a prime, in numpy: different residues are different points; equal residues are equal
points only once integers have said so. Where there are few, the same is done with quotients.

Where that becomes much and permutations of coordinates map the arrangement to itself, :mod:`.symmetric` goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import factorial, gcd, prod
from typing import TYPE_CHECKING, Any

from exactgeo.exact.vectors import Integers

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Residues = npt.NDArray[np.int64]

__all__ = ["central_polynomial", "divide_by_t_minus_1", "evaluate"]

# Below, quotients are as fast, and need no numpy.
_NUMPY = 30
_PRIME = 2**31 - 1
_PAIRS = 1 << 16
_MUCH = 200
"""Restrictions from which on it is asked whether there is a symmetry."""
_SYMMETRIES = 24
"""Fewer do not pay."""

Memo = dict[tuple[Integers, ...], list[int]]


class _Much(Exception):
    """More restrictions than that."""


def central_polynomial(normals: Iterable[Integers], dimension: int) -> list[int]:
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
    rows, memo = tuple(sorted(map(_normalised, normals))), Memo()
    try:
        return _polynomial(rows, dimension, memo, _MUCH)
    except _Much:
        from exactgeo.arrangement.symmetric import coordinate_classes, symmetric_polynomial

        classes = coordinate_classes(rows)
    symmetries = prod(factorial(len(part)) for part in classes)
    found = symmetric_polynomial(rows, classes) if symmetries >= _SYMMETRIES else None
    return found or _polynomial(rows, dimension, memo, None)


def _polynomial(rows: tuple[Integers, ...], dimension: int, memo: Memo, most: int | None) -> list[int]:
    """The same of sorted and normalised rows.

    Raises
    ------
    _Much
        ``memo``, which may be used again, holds more than ``most`` restrictions.
    """
    count = len(rows)
    if count <= 1 or dimension <= 2:
        head = [1, -count, count - 1][: dimension + 1] if count else [1]
        return head + [0] * (dimension + 1 - len(head))
    known = memo.get(rows)
    if known is not None:
        return known
    if most is not None and len(memo) > most:
        raise _Much
    result = [1] + [0] * dimension
    if dimension == 3:
        met = _points_met(rows) if count >= _NUMPY else _few_points_met(rows)
        if met is None:
            met = [len(_restriction(rows[:k], h)) for k, h in enumerate(rows)]
        result = [1, -count, sum(met), count - 1 - sum(met)]
    else:
        for k, h in enumerate(rows):
            smaller = _polynomial(tuple(sorted(_restriction(rows[:k], h))), dimension - 1, memo, most)
            for degree, coefficient in enumerate(smaller):
                result[degree + 1] -= coefficient
    memo[rows] = result
    return result


def _normalised(row: Sequence[int]) -> Integers:
    divisor = gcd(*row)
    for q in row:
        if q:
            if q < 0:
                divisor = -divisor
            break
    return tuple(row) if divisor == 1 else tuple([q // divisor for q in row])


def _restriction(rows: Iterable[Integers], h: Integers) -> set[Integers]:
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


def _few_points_met(rows: Sequence[Integers]) -> list[int] | None:
    from exactgeo.arrangement._filter_points import points_met

    return points_met(rows)


def _points_met(rows: Sequence[Integers]) -> list[int]:
    """In how many points each line of the projective plane meets those before it.

    Line k meets line j in the ratio of two coordinates of their cross product, one where k is not 0 left out.
    """
    import numpy as np

    count = len(rows)
    small = max(abs(q) for row in rows for q in row) < 2**22
    residues = np.array([[q % _PRIME for q in row] for row in rows], dtype=np.int64)
    integers = np.array(rows, dtype=np.int64 if small else object)
    pivots = np.array([max(j for j, q in enumerate(row) if q) for row in rows])
    met = np.zeros(count, dtype=np.int64)
    unclear: set[int] = set()
    low = 1
    while low < count:
        high = min(count, low + max(1, _PAIRS // low))
        # All pairs (k, j), j < k, of some lines k.
        k = np.repeat(np.arange(low, high), np.arange(low, high))
        j = np.arange(len(k)) - np.searchsorted(k, k)
        top, bottom = (q % _PRIME for q in _crossing(residues, pivots, k, j))
        far = bottom == 0
        # A vector that vanishes modulo the prime says nothing.
        unclear.update(k[far & (top == 0)].tolist())
        ratio = np.where(far, _PRIME, top * _inverses(np.where(far, 1, bottom)) % _PRIME)
        key = k << 32 | ratio
        by_key = np.argsort(key)
        key, k, j = key[by_key], k[by_key], j[by_key]
        again = np.flatnonzero(key[1:] == key[:-1]) + 1
        met += np.bincount(k, minlength=count) - np.bincount(k[again], minlength=count)
        top, bottom = _crossing(integers, pivots, k[again], j[again])
        top_before, bottom_before = _crossing(integers, pivots, k[again], j[again - 1])
        # Modulo 2^64 where the entries are small: the difference is then below 2^92, and 0 modulo the prime.
        differ = np.not_equal(top * bottom_before, bottom * top_before).astype(np.bool_)
        unclear.update(k[again][differ].tolist())
        low = high
    for line in unclear:
        met[line] = len(_restriction(rows[:line], rows[line]))
    return met.tolist()


def _crossing(table: npt.NDArray[Any], pivots: Residues, k: Residues, j: Residues) -> tuple[Any, Any]:
    """Up to sign, the coordinates other than the pivot of k of the point where lines k and j meet."""
    import numpy as np

    out = pivots[k]
    scale, factor = table[k, out], table[j, out]
    first, second = np.where(out == 0, 1, 0), np.where(out == 2, 1, 2)
    return scale * table[j, first] - factor * table[k, first], scale * table[j, second] - factor * table[k, second]


def _inverses(values: Residues) -> Residues:
    """Inverses modulo the prime of nonzero residues: one for all, by products in pairs."""
    import numpy as np

    if len(values) == 1:
        return np.array([pow(int(values[0]), -1, _PRIME)])
    half = len(values) // 2
    left, right, rest = values[:half], values[half : 2 * half], values[2 * half :]
    both = _inverses(np.concatenate([left * right % _PRIME, rest]))
    inverse = both[:half]
    return np.concatenate([inverse * right % _PRIME, inverse * left % _PRIME, both[half:]])


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
