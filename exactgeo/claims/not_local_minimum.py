"""The claim that the loss falls along a direction."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.frozen import dataclass
from exactgeo.problem import Direction

__all__ = ["NotLocalMinimumClaim"]


@dataclass(frozen=True)
class NotLocalMinimumClaim(PointClaim):
    """``loss(point + s * direction) < loss(point)`` for every ``0 < s <= step``.

    Attributes
    ----------
    direction : Direction
        Parameters' shape, primitive integers; 0 for frozen parameters.
    step : Fraction
        A power of 1/2, at most 1.
    """

    kind: ClassVar[str] = "not_local_minimum"

    direction: Direction
    step: Fraction
