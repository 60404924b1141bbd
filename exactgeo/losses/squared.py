"""The squared loss, and half of it."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.exact.vectors import ONE
from exactgeo.frozen import dataclass
from exactgeo.losses.piecewise_quadratic import Pieces, PiecewiseQuadratic

__all__ = ["HalfSquared", "Squared"]

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Squared(PiecewiseQuadratic):
    """``(p - y)^2``."""

    kind: ClassVar[str] = "squared"
    latex: ClassVar[str] = r"(p - y)^2"
    example: ClassVar[str] = "squared"
    differentiable: ClassVar[bool] = True
    smooth: ClassVar[bool] = True
    certified: ClassVar[bool] = True

    def pieces(self, y: Fraction) -> Pieces:
        return Pieces((), ((ONE, -2 * y, y * y),))

    def value(self, p: Fraction, y: Fraction) -> Fraction:
        r = p - y
        return r * r


@dataclass(frozen=True)
class HalfSquared(PiecewiseQuadratic):
    """``(p - y)^2 / 2``."""

    kind: ClassVar[str] = "half_squared"
    latex: ClassVar[str] = r"\tfrac{1}{2} (p - y)^2"
    example: ClassVar[str] = "half_squared"
    differentiable: ClassVar[bool] = True
    smooth: ClassVar[bool] = True
    certified: ClassVar[bool] = True

    def pieces(self, y: Fraction) -> Pieces:
        return Pieces((), ((HALF, -y, y * y / 2),))

    def value(self, p: Fraction, y: Fraction) -> Fraction:
        r = p - y
        return r * r / 2
