"""The hinge loss, and what the losses of signs share."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.frozen import dataclass
from exactgeo.losses.piecewise_quadratic import Pieces, PiecewiseQuadratic

__all__ = ["Hinge"]


@dataclass(frozen=True)
class Hinge(PiecewiseQuadratic):
    """``max(0, 1 - y p)``, y = 1 or -1."""

    kind: ClassVar[str] = "hinge"
    latex: ClassVar[str] = r"\max(0, 1 - y p)"
    example: ClassVar[str] = "hinge"
    differentiable: ClassVar[bool] = False
    certified: ClassVar[bool] = True
    targets: ClassVar[tuple[str, str] | None] = ("-1 or 1", "-1 or 1")

    def allows(self, y: Fraction) -> bool:
        return abs(y) == 1

    def pieces(self, y: Fraction) -> Pieces:
        wrong, right = (ZERO, -y, ONE), (ZERO, ZERO, ZERO)
        return Pieces((y,), (wrong, right) if y > 0 else (right, wrong))

    def value(self, p: Fraction, y: Fraction) -> Fraction:
        return max(ZERO, 1 - y * p)
