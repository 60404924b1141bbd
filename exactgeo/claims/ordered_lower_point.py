"""The claim that another point has a lower loss, where losses are combinations of logarithms."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.ordered import Combined, OrderedClaim
from exactgeo.frozen import dataclass
from exactgeo.problem import Point

__all__ = ["OrderedLowerPointClaim"]


@dataclass(frozen=True)
class OrderedLowerPointClaim(OrderedClaim):
    """The point is not a global minimum, because ``better`` (same frozen parameters) has a lower loss."""

    kind: ClassVar[str] = "ordered_lower_point"

    better: Point
    better_loss: Combined
