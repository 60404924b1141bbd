"""What floats can be sure of: sums that cannot have rounded, numbers that cannot over- or underflow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactgeo.numeric.layers import Bools, Floats

__all__ = ["UNIT", "exactly_zero", "grid", "in_range"]

UNIT = 2.0**-53
RANGE = 2.0**100
"""Nonzero numbers outside [1/RANGE, RANGE] may underflow or overflow on the way: nothing is decided from them."""


def exactly_zero(left: Floats, right: Floats) -> Bools:
    """Whether the dot products of the rows are 0 with every product and sum exact in floats (sufficient for 0)."""
    # Dekker's product and Knuth's sum give the rounding error of each operation as a float.
    split = 134217729.0
    total = np.zeros(len(left))
    exact = np.ones(len(left), dtype=np.bool_)
    for a, b in zip(left.T, right.T, strict=True):
        product = a * b
        a_high = split * a - (split * a - a)
        b_high = split * b - (split * b - b)
        a_low, b_low = a - a_high, b - b_high
        error = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
        new = total + product
        part = new - total
        exact &= (error == 0) & ((total - (new - part)) + (product - part) == 0)
        total = new
    exact &= total == 0
    return exact


def grid(array: Floats) -> NDArray[np.int64]:
    """Exponent of the greatest power of two that divides all entries of each row (4096 for a row of zeros)."""
    mantissa, exponent = np.frexp(array)
    bits = (mantissa * 2.0**53).astype(np.int64)
    lowest = np.frexp((bits & -bits).astype(np.float64))[1] - 54
    powers = np.where(array == 0, 4096, exponent.astype(np.int64) + lowest)
    least: NDArray[np.int64] = powers.min(axis=-1, initial=4096)
    return least


def in_range(array: Floats) -> Bools:
    """Whether no entry of a row may underflow or overflow on the way."""
    size = np.abs(array)
    fits: Bools = ((size == 0) | ((size >= 1 / RANGE) & (size <= RANGE))).all(axis=-1)
    return fits
