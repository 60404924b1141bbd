"""The absolute loss."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.frozen import dataclass
from exactgeo.losses.piecewise_quadratic import Pieces, PiecewiseQuadratic

__all__ = ["Absolute"]


@dataclass(frozen=True)
class Absolute(PiecewiseQuadratic):
    """``|p - y|``."""

    kind: ClassVar[str] = "absolute"
    latex: ClassVar[str] = r"|p - y|"
    example: ClassVar[str] = "absolute"
    differentiable: ClassVar[bool] = False
    certified: ClassVar[bool] = True

    def pieces(self, y: Fraction) -> Pieces:
        return Pieces((y,), ((ZERO, -ONE, y), (ZERO, ONE, -y)))

    def value(self, p: Fraction, y: Fraction) -> Fraction:
        return abs(p - y)
