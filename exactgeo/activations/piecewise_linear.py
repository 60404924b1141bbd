"""Piecewise-linear activations with their kink at 0: ReLU, leaky ReLU, absolute value, any two slopes, none."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from exactgeo.activations.activation import Activation
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.frozen import dataclass

if TYPE_CHECKING:
    from exactgeo.exact.krawczyk import Ball

__all__ = ["LINEAR", "PiecewiseLinear"]


@dataclass(frozen=True)
class PiecewiseLinear(Activation):
    """``a(z) = right z`` for z >= 0, ``left z`` for z <= 0.

    Attributes
    ----------
    name : str
    slopes : (right, left)
    """

    name: str
    slopes: tuple[Fraction, Fraction]

    @classmethod
    def relu(cls) -> PiecewiseLinear:
        return cls("relu", (ONE, ZERO))

    @classmethod
    def leaky_relu(cls, left: Fraction) -> PiecewiseLinear:
        return cls(f"leaky_relu({format_rational(left)})", (ONE, left))

    @classmethod
    def of_slopes(cls, right: Fraction, left: Fraction) -> PiecewiseLinear:
        return cls(f"pl({format_rational(right)}, {format_rational(left)})", (right, left))

    @classmethod
    def absolute(cls) -> PiecewiseLinear:
        return cls("abs", (ONE, -ONE))

    @classmethod
    def linear(cls) -> PiecewiseLinear:
        return cls("linear", (ONE, ONE))

    def __call__(self, z: Fraction) -> Fraction:
        return z * (self.slopes[0] if z >= 0 else self.slopes[1])

    def enclosure(self, z: Fraction) -> Enclosure:
        value = self(z)
        return Enclosure(value, value)

    def derivatives(self, z: Fraction) -> tuple[Fraction, Fraction]:
        right, left = self.slopes
        return (left if z <= 0 else right), (right if z >= 0 else left)

    def jet(self, z: Ball) -> tuple[Ball, Ball, Ball] | None:
        from exactgeo.exact.krawczyk import ball

        right, left = self.slopes
        if right != left and not (z > 0 or z < 0):
            return None
        slope = ball(left if z < 0 else right)
        return slope * z, slope, ball(0)


LINEAR = PiecewiseLinear.linear()
