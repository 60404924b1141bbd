"""The claim that a loss with a penalty falls along a direction."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.frozen import dataclass
from exactgeo.problem import Direction

__all__ = ["PenalisedDescentClaim"]


@dataclass(frozen=True)
class PenalisedDescentClaim(PointClaim):
    """``loss(point + s * direction) < loss(point)`` for every ``0 < s <= step``, the penalty included.

    Attributes
    ----------
    direction : Direction
        0 for frozen parameters.
    step : Fraction
        A power of 1/2, at most 1.
    """

    kind: ClassVar[str] = "penalised_descent"

    direction: Direction
    step: Fraction
