"""The claim that another point has a lower loss."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.frozen import dataclass
from exactgeo.problem import Point

__all__ = ["LowerPointClaim"]


@dataclass(frozen=True)
class LowerPointClaim(PointClaim):
    """The point is not a global minimum, because ``better`` (same frozen parameters) has a lower loss.

    Attributes
    ----------
    better : Point
    better_loss : Fraction
    """

    kind: ClassVar[str] = "lower_point"

    better: Point
    better_loss: Fraction
