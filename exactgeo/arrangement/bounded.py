"""The unbounded regions of an affine arrangement: those that reach beyond all vertices in a generic direction.

In essential coordinates a region is pointed. Let y be a linear functional that is 0 on no ray of a recession cone, and
T larger than its size at every vertex. A bounded region takes its extreme values of y at vertices and meets neither
y = T nor y = -T; an unbounded one holds a ray on which y is not 0 and, having no vertex beyond, meets one of them. So
the unbounded regions are the regions of the restrictions to these two hyperplanes, with the same signs. Where y was
not generic some are missing, and ``|chi(1)|`` says how many there must be (Zaslavsky 1975, Theorem C).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isqrt, prod

from exactgeo.arrangement.operations import eliminated, pivot
from exactgeo.arrangement.regions import Regions
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import Integers

__all__ = ["unbounded"]

_ATTEMPTS = 40


def unbounded(
    rows: Sequence[Integers],
    regions: Regions,
    expected: int,
    regions_of: Callable[[Sequence[Sequence[Fraction]]], Regions],
) -> list[int]:
    """Indices of the regions that are not relatively bounded, increasing.

    Parameters
    ----------
    rows : integer vectors
        The hyperplanes on essential coordinates, constants last.
    regions : Regions
        Theirs.
    expected : int
        How many are unbounded.
    regions_of : function
        The regions of the arrangement of some functionals, constants last.

    Raises
    ------
    InternalError
        More than expected, or as many in no direction that was tried.
    """
    if expected in (0, regions.count):
        return list(range(expected))
    import numpy as np

    from exactgeo.arrangement.bits import distinct, find_words, pack

    rank = len(rows[0]) - 1
    # Cramer and Hadamard: no coordinate of a vertex exceeds a product of norms of rows.
    norms = sorted((isqrt(sum(q * q for q in row)) + 1 for row in rows), reverse=True)
    for attempt in range(_ATTEMPTS):
        rng = random.Random(attempt)
        y = [rng.randint(-(4**attempt) - 1, 4**attempt + 1) for _ in range(rank)]
        p = pivot((*y, 0))
        if p is None:
            continue
        far = 1 + sum(map(abs, y)) * prod(norms[:rank])
        found = []
        for level in (-far, far):
            beyond = regions_of(eliminated(rows, (*y, -level), p))
            traces = find_words(regions.packed, pack(beyond.signs[:, regions.leads] > 0))
            if (traces < 0).any():
                raise InternalError("a region of a restriction is the trace of no region")
            found.append(traces)
        indices = distinct(np.concatenate(found))
        if len(indices) == expected:
            return [int(i) for i in indices]
        if len(indices) > expected:
            raise InternalError(f"{len(indices)} unbounded regions found, {expected} counted")
    raise InternalError("no generic direction was found")
