"""The logistic function as an activation: smooth, rational at 0 only."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from exactgeo.activations.activation import Activation
from exactgeo.exact.enclosure import Enclosure
from exactgeo.frozen import dataclass

if TYPE_CHECKING:
    from exactgeo.exact.krawczyk import Ball

__all__ = ["Sigmoid"]


@dataclass(frozen=True)
class Sigmoid(Activation):
    """``1 / (1 + exp(-z))``; by the theorem of Lindemann irrational at every rational z but 0."""

    name: str = "sigmoid"
    slopes: None = None

    @property
    def latex(self) -> str:
        return r"1 / (1 + e^{-z})"

    def __call__(self, z: Fraction) -> Fraction:
        if z:
            raise ValueError("sigmoid has no exact rational values but at 0")
        return Fraction(1, 2)

    def enclosure(self, z: Fraction) -> Enclosure:
        # Balls load when one is asked for.
        from exactgeo.exact.interval import sigmoid

        return sigmoid(z)

    def derivatives(self, z: Fraction) -> tuple[Fraction, Fraction]:
        if z:
            raise ValueError("the derivative of sigmoid is rational at 0 only")
        return Fraction(1, 4), Fraction(1, 4)

    def jet(self, z: Ball) -> tuple[Ball, Ball, Ball]:
        # Of a wide ball tanh is bounded, exp is not.
        value = (1 + (z / 2).tanh()) / 2
        slope = value * (1 - value)
        return value, slope, slope * (1 - 2 * value)
