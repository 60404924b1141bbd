"""The claim that a loss with weight decay falls along a direction, where slopes are transcendental."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.ordered import OrderedClaim
from exactgeo.frozen import dataclass
from exactgeo.problem import Direction

__all__ = ["OrderedPenalisedDescentClaim"]


@dataclass(frozen=True)
class OrderedPenalisedDescentClaim(OrderedClaim):
    """``loss(point + s * direction) < loss(point)`` for every ``0 < s <= step``, the penalty included.

    Attributes
    ----------
    direction : Direction
        Parameters' shape; 0 for frozen parameters.
    step : Fraction
        A power of 1/2, at most 1.
    """

    kind: ClassVar[str] = "ordered_penalised_descent"

    direction: Direction
    step: Fraction
