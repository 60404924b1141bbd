"""The Huber loss.

References
----------
P. J. Huber, Robust estimation of a location parameter, Ann. Math. Statist. 35 (1964).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.frozen import dataclass
from exactgeo.losses.piecewise_quadratic import Pieces, PiecewiseQuadratic

__all__ = ["Huber"]


@dataclass(frozen=True)
class Huber(PiecewiseQuadratic):
    """``r^2 / 2`` for ``|r| <= M``, else ``M |r| - M^2 / 2``, r = p - y.

    Attributes
    ----------
    bound : Fraction
        M > 0.
    """

    bound: Fraction = ONE

    kind: ClassVar[str] = "huber"
    example: ClassVar[str] = "huber(1)"
    differentiable: ClassVar[bool] = True
    certified: ClassVar[bool] = True

    @property
    def latex(self) -> str:  # type: ignore[override]
        """With the value of M."""
        cases = r"\tfrac{1}{2} (p - y)^2 & \text{if } |p - y| \le M \\ M |p - y| - \tfrac{1}{2} M^2 & \text{else}"
        bound = format_rational(self.bound)
        return rf"\begin{{cases}} {cases} \end{{cases}} \quad (M = {bound})"

    @classmethod
    def refuse_parameters(cls, parameters: Sequence[Fraction]) -> str | None:
        return None if parameters[0] > 0 else "huber(M) with M > 0"

    def pieces(self, y: Fraction) -> Pieces:
        bound = self.bound
        tail = -bound * bound / 2
        return Pieces(
            (y - bound, y + bound),
            (
                (ZERO, -bound, bound * y + tail),
                (Fraction(1, 2), -y, y * y / 2),
                (ZERO, bound, -bound * y + tail),
            ),
        )

    def value(self, p: Fraction, y: Fraction) -> Fraction:
        r = abs(p - y)
        return r * r / 2 if r <= self.bound else self.bound * (r - self.bound / 2)
