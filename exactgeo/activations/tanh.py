"""The hyperbolic tangent as an activation: smooth, rational at 0 only."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from exactgeo.activations.activation import Activation
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.frozen import dataclass

if TYPE_CHECKING:
    from exactgeo.exact.krawczyk import Ball

__all__ = ["Tanh"]


@dataclass(frozen=True)
class Tanh(Activation):
    """The hyperbolic tangent; by the theorem of Lindemann irrational at every rational z but 0."""

    name: str = "tanh"
    slopes: None = None

    @property
    def latex(self) -> str:
        return r"\tanh(z)"

    def __call__(self, z: Fraction) -> Fraction:
        if z:
            raise ValueError("tanh has no exact rational values but at 0")
        return ZERO

    def enclosure(self, z: Fraction) -> Enclosure:
        # Balls load when one is asked for.
        from exactgeo.exact.interval import tanh

        return tanh(z)

    def derivatives(self, z: Fraction) -> tuple[Fraction, Fraction]:
        if z:
            raise ValueError("the derivative of tanh is rational at 0 only")
        return ONE, ONE

    def jet(self, z: Ball) -> tuple[Ball, Ball, Ball]:
        value = z.tanh()
        slope = 1 - value * value
        return value, slope, -2 * value * slope
