"""The claim that the loss falls along a direction, where slopes are transcendental."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.ordered import OrderedClaim
from exactgeo.frozen import dataclass
from exactgeo.problem import Direction

__all__ = ["OrderedDescentClaim"]


@dataclass(frozen=True)
class OrderedDescentClaim(OrderedClaim):
    """``loss(point + s * direction) < loss(point)`` for every ``0 < s <= step``.

    Attributes
    ----------
    direction : Direction
        Parameters' shape; 0 for frozen parameters.
    step : Fraction
        A power of 1/2, at most 1.
    """

    kind: ClassVar[str] = "ordered_descent"

    direction: Direction
    step: Fraction
