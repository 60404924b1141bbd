"""The directions on which a neuron's conditions are tested: what its kink points cut the space of directions into.

Kernel and rays of the arrangement of a set of data points depend on the data alone; they are computed over the
rationals, once for every set of kink points that occurs, and only then become floats.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exactgeo.arrangement import Arrangement
from exactgeo.exact.matrix import primitive
from exactgeo.numeric.layers import Bools, Floats

__all__ = ["Directions", "KinkDirections", "alike"]


class Directions(NamedTuple):
    """Directions of greatest entry in (1/2, 1], one a row: a basis of the kernel, to be tested both ways, and rays."""

    kernel: Floats
    rays: Floats


def _scaled(rows: list[tuple[int, ...]], width: int) -> Floats:
    """Integer rows as floats, each over the power of two above its greatest entry (so the division is exact)."""
    result = [[float(Fraction(q, 1 << (max(map(abs, row)) - 1).bit_length())) for q in row] for row in rows]
    return np.array(result, dtype=np.float64).reshape(len(rows), width)


class KinkDirections:
    """Directions by kink pattern, for the trained coordinates ``xt`` (m rows) of the data."""

    def __init__(self, xt: Floats, max_rays: int) -> None:
        self.xt, self.max_rays = xt, max_rays
        self._known: dict[bytes, Directions | None] = {}

    def __call__(self, pattern: Bools) -> Directions | None:
        """Those of one pattern, shape (m,); None above the budget."""
        key = pattern.tobytes()
        if key not in self._known:
            self._known[key] = self._directions([[Fraction(float(q)) for q in row] for row in self.xt[pattern]])
        return self._known[key]

    def _directions(self, rows: list[list[Fraction]]) -> Directions | None:
        width = self.xt.shape[1]
        arrangement = Arrangement(rows, dimension=width)
        # A repeated hyperplane adds no subset of rank - 1 of them, and so no ray.
        distinct = {max(row, tuple(-q for q in row)) for row in map(primitive, rows) if any(row)}
        if arrangement.rank and comb(len(distinct), arrangement.rank - 1) > self.max_rays:
            return None
        return Directions(_scaled(arrangement.lineality(), width), _scaled(arrangement.rays(), width))


def alike(patterns: Bools, among: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """The indices ``among`` the rows of ``patterns``, split into those of equal rows."""
    kinked = patterns[among].any(axis=1)
    if not kinked.all():
        yield among[~kinked]
    if kinked.any():
        packed = np.packbits(patterns[among[kinked]], axis=1)
        _, inverse = np.unique(packed, axis=0, return_inverse=True)
        ordered = np.argsort(inverse.ravel(), kind="stable")
        cuts = np.flatnonzero(np.diff(inverse.ravel()[ordered])) + 1
        yield from np.split(among[kinked][ordered], cuts)
