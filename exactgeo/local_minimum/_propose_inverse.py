"""Float proposals for an enclosed minimum: an inverse, multipliers, the radii of a box. They prove nothing."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from exactgeo.exact.fixed_point import BITS, Intervals

__all__ = ["floats_of", "inverse", "multipliers", "radii"]

Floats = NDArray[np.float64]


def floats_of(numbers: Intervals) -> Floats:
    """The middles."""
    return np.array([q / 2**BITS for q in numbers.middle.flat], float).reshape(numbers.middle.shape)


def inverse(matrix: Intervals) -> tuple[NDArray[np.object_], int] | None:
    """Integers and a scale s: near the inverse of a symmetric matrix, times 2^s. None where floats see none."""
    entries = floats_of(matrix)
    if not entries.size:
        return np.zeros(entries.shape, object), 0
    # Equations in units in which their rows are of one size.
    sizes = np.ones(len(entries))
    for _ in range(4):
        largest = np.abs(entries * sizes[:, None] * sizes).max(axis=1)
        if not largest.all():
            return None
        sizes /= np.sqrt(largest)
    try:
        found = np.linalg.inv(entries * sizes[:, None] * sizes)
    except np.linalg.LinAlgError:
        return None
    found = found * sizes[:, None] * sizes
    if not np.isfinite(found).all():
        return None
    scale = max(20, 12 + math.ceil(math.log2(max(np.abs(entries).sum(axis=0).max(), 1))))
    exact = np.empty(found.shape, object)
    for k, q in enumerate(found.flat):
        exact.flat[k] = round(math.ldexp(float(q), scale))
    return exact, scale


def multipliers(matrix: Intervals, value: Intervals, known: int) -> list[float]:
    """The least-squares solution for the unknowns behind the first ``known`` in the first equations."""
    block = floats_of(matrix)[:known, known:]
    return [float(q) for q in np.linalg.lstsq(block, -floats_of(value)[:known], rcond=None)[0]]


def radii(change: Floats, rest: Floats) -> Floats | None:
    """Radii a little above a solution of ``radius = change + rest radius``; None where there is none."""
    if not len(change):
        return change
    size = float(np.abs(rest).sum(axis=1).max())
    try:
        found = np.linalg.solve(np.eye(len(change)) - rest, change)
    except np.linalg.LinAlgError:
        return None
    if size >= 1 and not (np.isfinite(found).all() and (found >= 0).all()):
        return None
    above: Floats = 2 * np.abs(found) + 2.0 ** (8 - BITS)
    return above
