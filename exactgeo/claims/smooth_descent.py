"""The claim that a loss with smooth activations falls along a direction."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import Claim
from exactgeo.frozen import dataclass
from exactgeo.problem import Direction, Point

__all__ = ["SmoothDescentClaim"]


@dataclass(frozen=True)
class SmoothDescentClaim(Claim):
    """The derivative of the loss along ``point + s * direction`` is negative for every ``0 <= s <= step``.

    Attributes
    ----------
    point : Point
        Its frozen parameters are those of the statement.
    direction : Direction
        0 for frozen parameters.
    step : Fraction
        A power of 1/2, at most 1.
    """

    kind: ClassVar[str] = "smooth_descent"

    point: Point
    direction: Direction
    step: Fraction

    @property
    def at_point(self) -> None:
        """The loss has no exact value."""
        return None
