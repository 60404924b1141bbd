"""Probabilities of regions from random vectors: estimates with an interval, and called so; nothing here is a proof."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from exactgeo.exact.spherical import Number, exact, span_of
from exactgeo.exact.vectors import Integers

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["COUNT", "Samples", "clopper_pearson", "directions"]

COUNT = 2**20
"""Random vectors."""

BLOCK = 2**16

MISS = 1e-12
"""An interval misses its probability with at most this chance."""


def clopper_pearson(hits: int, count: int, miss: float) -> tuple[float, float]:
    """The interval that contains a probability but for a chance ``miss``, from the number of hits.

    References
    ----------
    C. J. Clopper, E. S. Pearson, Biometrika 26 (1934) 404.
    """
    from scipy.special import betaincinv

    low = float(betaincinv(hits, count - hits + 1, miss / 2)) if hits else 0.0
    high = float(betaincinv(hits + 1, count - hits, 1 - miss / 2)) if hits < count else 1.0
    return low, high


def directions(size: int, count: int, seed: int) -> npt.NDArray[np.float64]:
    """Random vectors, normally distributed: (count, size)."""
    import numpy as np

    return np.random.default_rng(seed).standard_normal((count, size))


class Samples:
    """Random vectors and the regions that they lie in.

    Parameters
    ----------
    planes : distinct normals
    masks : sequence of int
        For each region the normals that are positive on it, as bits.
    seed : int
    count : int, optional

    Attributes
    ----------
    intervals : int
        How many intervals were asked for: each misses with a chance of at most ``MISS``.
    """

    def __init__(self, planes: Sequence[Integers], masks: Sequence[int], seed: int, count: int | None = None) -> None:
        import numpy as np

        self.count = count = count or COUNT
        index = {mask: k for k, mask in enumerate(masks)}
        self._hits = [0] * len(masks)
        self._known: dict[tuple[int, ...], Number] = {}
        matrix = np.array(planes, dtype=float).T
        random = np.random.default_rng(seed)
        for first in range(0, count, BLOCK):
            w = random.standard_normal((min(BLOCK, count - first), len(matrix)))
            packed = np.packbits(w @ matrix > 0, axis=1, bitorder="little")
            rows, numbers = np.unique(packed, axis=0, return_counts=True)
            for row, number in zip(rows, numbers.tolist(), strict=True):
                # A vector that rounding puts nowhere is no hit of any region.
                k = index.get(int.from_bytes(row.tobytes(), "little"))
                if k is not None:
                    self._hits[k] += number

    @cached_property
    def regions(self) -> tuple[Number, ...]:
        """An interval for each region, as a ball."""
        return tuple(self.probability((k,)) for k in range(len(self._hits)))

    def hits(self, regions: Sequence[int]) -> tuple[int, int]:
        """Hits of a union of regions, and the number of all vectors."""
        return sum(self._hits[k] for k in regions), self.count

    def probability(self, regions: tuple[int, ...]) -> Number:
        """An interval for a union of regions, as a ball."""
        if len(regions) in (0, len(self._hits)):
            return exact(int(bool(regions)))
        if regions not in self._known:
            from fractions import Fraction

            low, high = clopper_pearson(self.hits(regions)[0], self.count, MISS)
            self._known[regions] = span_of(exact(Fraction(low)), exact(Fraction(high)))
        return self._known[regions]

    @property
    def intervals(self) -> int:
        return len(self._known)
