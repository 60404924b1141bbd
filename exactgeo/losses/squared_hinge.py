"""The squared hinge loss."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.frozen import dataclass
from exactgeo.losses.piecewise_quadratic import Pieces, PiecewiseQuadratic

__all__ = ["SquaredHinge"]


@dataclass(frozen=True)
class SquaredHinge(PiecewiseQuadratic):
    """``max(0, 1 - y p)^2``, y = 1 or -1."""

    kind: ClassVar[str] = "squared_hinge"
    latex: ClassVar[str] = r"\max(0, 1 - y p)^2"
    example: ClassVar[str] = "squared_hinge"
    differentiable: ClassVar[bool] = True
    certified: ClassVar[bool] = True
    targets: ClassVar[tuple[str, str] | None] = ("-1 or 1", "-1 or 1")

    def allows(self, y: Fraction) -> bool:
        return abs(y) == 1

    def pieces(self, y: Fraction) -> Pieces:
        wrong, right = (ONE, -2 * y, ONE), (ZERO, ZERO, ZERO)
        return Pieces((y,), (wrong, right) if y > 0 else (right, wrong))

    def value(self, p: Fraction, y: Fraction) -> Fraction:
        slack = max(ZERO, 1 - y * p)
        return slack * slack
