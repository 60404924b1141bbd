"""Arrays of intervals in fixed point: integers over one power of two, every rounding counted in the radius.

Proofs over many numbers at once: sums and products are those of Python's integers, so nothing is assumed of a machine's
floats.

References
----------
S. M. Rump, Verification methods, Acta Numerica 19 (2010), for midpoint-radius arithmetic of matrices.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from exactgeo.exact.enclosure import Enclosure
from exactgeo.frozen import dataclass

__all__ = ["BITS", "Intervals"]

BITS = 128
"""Binary digits behind the point."""

Integers = NDArray[Any]


@dataclass(frozen=True)
class Intervals:
    """An array of real numbers, each within ``radius / 2^BITS`` of ``middle / 2^BITS``.

    Examples
    --------
    >>> third = Intervals.of([[Fraction(1, 3)]])
    >>> found = (third @ third).enclosure((0, 0))
    >>> found.lo < Fraction(1, 9) < found.hi, found.hi - found.lo < Fraction(1, 2**120)
    (True, True)
    """

    middle: Integers
    radius: Integers

    @classmethod
    def of(cls, values: Sequence[Any] | Integers, radius: Fraction = Fraction(0)) -> Intervals:
        """Intervals of one radius around rationals, nested sequences of one shape."""
        exact = np.array(values, dtype=object)
        middle, spread = np.empty(exact.shape, object), np.empty(exact.shape, object)
        wide = -(-radius.numerator * 2**BITS // radius.denominator)
        for k, q in enumerate(exact.flat):
            middle.flat[k] = (q.numerator << BITS) // q.denominator
        spread.fill(wide + 1)
        return cls(middle, spread)

    @classmethod
    def between(cls, bounds: Iterable[tuple[Fraction, Fraction]]) -> Intervals:
        """A vector of intervals from their ends."""
        middle, radius = [], []
        for lo, hi in bounds:
            low, high = (lo.numerator << BITS) // lo.denominator, -(-(hi.numerator << BITS) // hi.denominator)
            middle.append((low + high) // 2)
            radius.append((high - low) // 2 + 1)
        return cls(_array(middle), _array(radius))

    @property
    def lower(self) -> Integers:
        return self.middle - self.radius

    @property
    def upper(self) -> Integers:
        return self.middle + self.radius

    @property
    def T(self) -> Intervals:
        return Intervals(self.middle.T, self.radius.T)

    def __add__(self, other: Intervals) -> Intervals:
        return Intervals(self.middle + other.middle, self.radius + other.radius)

    def __neg__(self) -> Intervals:
        return Intervals(-self.middle, self.radius)

    def __sub__(self, other: Intervals) -> Intervals:
        return self + -other

    def __getitem__(self, index: Any) -> Intervals:
        """A part, as numpy has it: an array, not a single entry."""
        return Intervals(self.middle[index], self.radius[index])

    def __mul__(self, other: Intervals) -> Intervals:
        return self._product(other, np.multiply)

    def __matmul__(self, other: Intervals) -> Intervals:
        return self._product(other, _dot)

    def _product(self, other: Intervals, times: Any) -> Intervals:
        one, two = np.abs(self.middle), np.abs(other.middle)
        spread = times(one, other.radius) + times(self.radius, two) + times(self.radius, other.radius)
        return Intervals(times(self.middle, other.middle) >> BITS, (spread >> BITS) + 2)

    def sum(self, axis: int) -> Intervals:
        return Intervals(self.middle.sum(axis=axis), self.radius.sum(axis=axis))

    def upper_size(self) -> Integers:
        """Bounds on the absolute values, in units of 2^-BITS."""
        return np.abs(self.middle) + self.radius

    def signs(self) -> NDArray[np.int8]:
        """1 and -1 where the sign is proved, 0 elsewhere."""
        return np.asarray(self.lower > 0, np.int8) - np.asarray(self.upper < 0, np.int8)

    def bent(self, up: Fraction, down: Fraction) -> Intervals:
        """``up z`` for z >= 0 and ``down z`` for z <= 0, entry by entry."""
        middle, radius = np.empty(self.middle.shape, object), np.empty(self.middle.shape, object)
        for k, (lo, hi) in enumerate(zip(self.lower.flat, self.upper.flat, strict=True)):
            ends = [(up if q > 0 else down) * q for q in (lo, hi)] + [Fraction(0)] * (lo < 0 < hi)
            low, high = min(ends).__floor__(), max(ends).__ceil__()
            middle.flat[k], radius.flat[k] = (low + high) // 2, (high - low + 1) // 2 + 1
        return Intervals(middle, radius)

    def enclosure(self, index: tuple[int, ...]) -> Enclosure:
        """Rational bounds on one entry."""
        return Enclosure(Fraction(self.lower[index], 2**BITS), Fraction(self.upper[index], 2**BITS))


_MANY = 20_000
"""Products in a matrix product from which flint is asked."""


def _dot(one: Integers, two: Integers) -> Integers:
    """The product of two arrays of integers; that of large matrices by flint, some twenty times as fast."""
    if one.ndim != 2 or two.ndim != 2 or one.size * two.shape[1] < _MANY:
        return np.asarray(np.dot(one, two))
    product = flint.fmpz_mat(one.tolist()) * flint.fmpz_mat(two.tolist())
    return _array([int(q) for q in product.entries()]).reshape(len(one), two.shape[1])


def _array(values: list[int]) -> Integers:
    found = np.empty(len(values), object)
    found[:] = values
    return found
