"""About how many regions an arrangement has, from a few random sets of hyperplanes: a proposal, and called an estimate.

There are as many regions as sets of hyperplanes without a broken circuit (NBC sets, empty set included) [1]_, so the
share of these among random k-sets, times the number of k-sets, has the number of those of size k as its mean. Ranks are
those of residues modulo a prime.

References
----------
.. [1] H. Whitney, A logical expansion in mathematics, Bull. AMS 38 (1932); T. Zaslavsky, Facing up to arrangements,
   Mem. AMS 154 (1975), Theorem A.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from math import comb

from exactgeo.exact.vectors import Integers

__all__ = ["estimated_count", "without_broken_circuit"]

_PRIME = 2**31 - 1


def estimated_count(vectors: Sequence[Integers], rank: int, *, samples: int = 100, seed: int = 0) -> int:
    """An estimate, unbiased but for the prime, of the number of regions of distinct central hyperplanes.

    Parameters
    ----------
    vectors : n integer vectors of length ``rank`` that span
    rank : int
    samples : int
        Sets drawn of each size whose number is more than a hundredth of all.
    seed : int

    Examples
    --------
    >>> estimated_count([(1, t, t * t) for t in range(50)], 3), 2 * (1 + 49 + 49 * 24)
    (2452, 2452)
    """
    # Every region has a negative: half the count is that of sets without the first hyperplane, and its circuits.
    count = len(vectors)
    if not count:
        return 1
    sizes = [comb(count - 1, k) for k in range(rank)]
    most, rng, total = sum(sizes), random.Random(seed), 0
    for k, number in enumerate(sizes):
        if 100 * number < most or k < 2:
            total += number
            continue
        drawn = (rng.sample(range(1, count), k) for _ in range(samples))
        total += number * sum(without_broken_circuit(vectors, chosen) for chosen in drawn) // samples
    return 2 * total


def without_broken_circuit(vectors: Sequence[Integers], chosen: Iterable[int]) -> bool:
    """Whether a set is independent, and no earlier vector is in the span of those of its members that come later."""
    import numpy as np

    rest = np.array([[q % _PRIME for q in vector] for vector in vectors], dtype=np.int64)
    for member in sorted(chosen, reverse=True):
        # All before the last member are outside the span of the members after it.
        row = rest[member]
        pivots = np.flatnonzero(row)
        if not len(pivots):
            return False
        p = int(pivots[0])
        row = row * pow(int(row[p]), -1, _PRIME) % _PRIME
        rest = (rest[: member + 1] - rest[: member + 1, p : p + 1] * row % _PRIME) % _PRIME
        if not rest[:member].any(axis=1).all():
            return False
    return True
