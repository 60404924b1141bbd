"""The rays of few hyperplanes in rank 2 and 3 as products of pairs, in whole numbers that 64 bits hold."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from exactgeo.arrangement.regions import RowTable
from exactgeo.exact.vectors import Integers

__all__ = ["Ray", "rays_of_few"]

FEW, ROWS, LARGEST = 64, 62, 2**19
"""Hyperplanes of which all pairs are taken, rows that are bits of a number, and entries of which products of three,
six times added, are numbers of 63 bits."""

Ray = tuple[Integers, int, int]
"""Primitive integer vector, the rows positive on it and the rows negative on it (bit sets, row 0 the highest bit)."""


def rays_of_few(hyperplanes: Sequence[Integers], table: RowTable) -> list[Ray] | None:
    """The rays of a central arrangement, in lexicographic order and in all coordinates; None where it is none of these.

    The signs are those of the products of the rows with the rays, so they are proved.
    """
    rank, rows = len(table.coordinates), len(table.functionals)
    entries = chain(chain.from_iterable(hyperplanes), chain.from_iterable(table.functionals))
    if rank not in (2, 3) or len(hyperplanes) > FEW or rows > ROWS or max(map(abs, entries)) >= LARGEST:
        return None
    import numpy as np

    planes = np.array(hyperplanes, dtype=np.int64).T
    if rank == 2:
        points = np.stack([-planes[1], planes[0]], axis=1)
    else:
        order = np.arange(len(hyperplanes))
        one, other = (order[:, None] < order).nonzero()
        (a, b, c), (d, e, f) = planes[:, one], planes[:, other]
        points = np.stack([b * f - c * e, c * d - a * f, a * e - b * d], axis=1)
    points //= np.gcd.reduce(points, axis=1)[:, None]
    points = np.concatenate([points, -points])
    points = points[np.lexsort(points.T[::-1])]
    first = np.ones(len(points), dtype=bool)
    first[1:] = (points[1:] != points[:-1]).any(axis=1)
    points = points[first]
    sides = points @ np.array(table.functionals, dtype=np.int64).T
    bits = 1 << np.arange(rows - 1, -1, -1)
    positive, negative = ((way * sides > 0) @ bits for way in (1, -1))
    vectors = points
    if rank < table.dimension:
        vectors = np.zeros((len(points), table.dimension), dtype=np.int64)
        vectors[:, list(table.coordinates)] = points
    return list(zip(map(tuple, vectors.tolist()), positive.tolist(), negative.tolist(), strict=True))
