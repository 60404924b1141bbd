"""The claim that the loss falls along a polynomial curve."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.frozen import dataclass
from exactgeo.problem import Direction, Point

__all__ = ["DescentCurveClaim"]


@dataclass(frozen=True)
class DescentCurveClaim(PointClaim):
    """``loss(point + sum_l s^l curve_l) < loss(point)`` for every ``0 < s <= step``.

    On (0, step] no pre-activation and no change of a prediction changes sign, and no prediction passes a break of the
    loss, so the loss is one polynomial in s: its lowest coefficient is negative and outweighs the positive ones.

    Attributes
    ----------
    curve : tuple of Direction
        The coefficients of s, s^2, ...; 0 for frozen parameters. One of them is a straight line.
    step : Fraction
        A power of 1/2, at most 1.
    """

    kind: ClassVar[str] = "descent_curve"

    curve: tuple[Direction, ...]
    step: Fraction

    def at(self, s: Fraction) -> Point:
        """The point of the curve at s."""
        end = self.point
        for power, direction in enumerate(self.curve, 1):
            end = end.moved(direction, s**power)
        return end
