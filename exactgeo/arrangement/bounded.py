"""The unbounded regions of an affine arrangement: those that reach beyond all vertices in a generic direction.

In essential coordinates a region is pointed. Let y be a linear functional that is 0 on no ray of a recession cone, and
T larger than its size at every vertex. A bounded region takes its extreme values of y at vertices and meets neither
y = T nor y = -T; an unbounded one holds a ray on which y is not 0 and, having no vertex beyond, meets one of them. So
the unbounded regions are the regions of the restrictions to these two hyperplanes, with the same signs. Where y was
not generic some are missing, and ``|chi(1)|`` says how many there must be (Zaslavsky 1975, Theorem C).
"""

from __future__ import annotations

import random
from math import isqrt, prod
from typing import TYPE_CHECKING

from exactgeo.arrangement.operations import eliminated, pivot
from exactgeo.errors import InternalError

if TYPE_CHECKING:
    from exactgeo.arrangement.arrangement import Arrangement

__all__ = ["unbounded"]

_ATTEMPTS = 40


def unbounded(arrangement: Arrangement) -> list[int]:
    """Indices of the regions that are not relatively bounded, increasing."""
    count, rank = arrangement.count(), arrangement.rank
    expected = count - arrangement.bounded
    if expected in (0, count):
        return list(range(expected))
    import numpy as np

    from exactgeo.arrangement.bits import find_words, pack

    rows = arrangement._inner
    regions = arrangement.regions()
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
            cut = eliminated(rows, (*y, -level), p)
            beyond = arrangement._made([row[:-1] for row in cut], [-row[-1] for row in cut], rank - 1).regions()
            places = find_words(regions.packed, pack(beyond.signs[:, regions.leads] > 0))
            if (places < 0).any():
                raise InternalError("a region of a restriction is the trace of no region")
            found.append(places)
        indices = np.unique(np.concatenate(found))
        if len(indices) == expected:
            return [int(i) for i in indices]
        if len(indices) > expected:
            raise InternalError(f"{len(indices)} unbounded regions found, {expected} counted")
    raise InternalError("no generic direction was found")
