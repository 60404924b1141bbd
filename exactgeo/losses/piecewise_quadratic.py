"""Losses that are quadratics between breaks: given by their pieces alone, everything else follows."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar, NamedTuple

from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.vectors import Vector
from exactgeo.losses.loss import Loss

__all__ = ["Pieces", "PiecewiseQuadratic", "Quadratic"]

Quadratic = tuple[Fraction, Fraction, Fraction]
"""(a, b, c): the function ``a p^2 + b p + c``, a >= 0."""


class Pieces(NamedTuple):
    """A convex, continuous function of p: ``quadratics[k]`` between ``breaks[k - 1]`` and ``breaks[k]``.

    Attributes
    ----------
    breaks : tuple of Fraction, ascending
    quadratics : tuple of (a, b, c), one more than breaks
        a >= 0; neighbours agree at their break, and their slopes there do not fall.
    """

    breaks: Vector
    quadratics: tuple[Quadratic, ...]

    def at(self, p: Fraction) -> Fraction:
        """The value."""
        a, b, c = self.quadratics[bisect_left(self.breaks, p)]
        return (a * p + b) * p + c if a else b * p + c

    def around(self, p: Fraction) -> tuple[Quadratic, Quadratic]:
        """The quadratics to the left and to the right of p: the same one twice off the breaks."""
        return self.quadratics[bisect_left(self.breaks, p)], self.quadratics[bisect_right(self.breaks, p)]

    def slopes(self, p: Fraction) -> tuple[Fraction, Fraction]:
        """The left and the right derivative."""
        left, right = self.around(p)
        before = 2 * left[0] * p + left[1] if left[0] else left[1]
        if left is right:
            return before, before
        return before, 2 * right[0] * p + right[1] if right[0] else right[1]

    def conjugate(self, r: Fraction) -> Fraction | None:
        """``sup_p r p - f(p)``; None where it is infinite."""
        (first, low, constant), (last, high, _) = self.quadratics[0], self.quadratics[-1]
        if (not first and r < low) or (not last and r > high):
            return None
        # A concave function: its supremum is at a break or where a piece is stationary; constant on a piece of slope r.
        candidates = [*self.breaks, *self._stationary(r)]
        if not candidates:
            return -constant
        return max(r * p - self.at(p) for p in candidates)

    def _stationary(self, r: Fraction) -> Iterator[Fraction]:
        for k, (a, b, _) in enumerate(self.quadratics):
            if a:
                p = (r - b) / (2 * a)
                if (not k or self.breaks[k - 1] <= p) and (k == len(self.breaks) or p <= self.breaks[k]):
                    yield p

    @property
    def bends(self) -> tuple[Fraction, ...]:
        """How much the slope jumps at each break."""
        jumps = []
        for p, (a, b, _), (d, e, _) in zip(self.breaks, self.quadratics, self.quadratics[1:], strict=False):
            jumps.append(2 * (d - a) * p + e - b)
        return tuple(jumps)


class PiecewiseQuadratic(Loss):
    """A loss that its pieces say all of; a subclass may write out a shorter ``value`` of its own."""

    rational: ClassVar[bool] = True

    @abstractmethod
    def pieces(self, y: Fraction) -> Pieces:
        """The loss as quadratics between breaks."""

    def value(self, p: Fraction, y: Fraction) -> Fraction:
        return _pieces(self, y).at(p)

    def enclosure(self, p: Fraction, y: Fraction) -> Enclosure:
        value = self.value(p, y)
        return Enclosure(value, value)

    def slopes(self, p: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
        return _pieces(self, y).slopes(p)

    def affine(self, p: Fraction, y: Fraction) -> tuple[bool, bool]:
        left, right = _pieces(self, y).around(p)
        return not left[0], not right[0]

    def conjugate(self, r: Fraction, y: Fraction) -> Fraction | None:
        return _pieces(self, y).conjugate(r)

    def curvature_range(self, lo: Fraction, hi: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
        if not self.differentiable:
            return super().curvature_range(lo, hi, y)
        pieces = _pieces(self, y)
        met = pieces.quadratics[bisect_left(pieces.breaks, lo) : bisect_right(pieces.breaks, hi) + 1]
        return 2 * min(a for a, _, _ in met), 2 * max(a for a, _, _ in met)


@lru_cache(maxsize=4096)
def _pieces(loss: PiecewiseQuadratic, y: Fraction) -> Pieces:
    return loss.pieces(y)
