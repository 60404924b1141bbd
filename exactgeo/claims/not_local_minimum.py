"""The claim that the loss falls along a direction."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
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
    loss_after : Fraction
        The loss at ``point + step * direction``.
    polynomial : tuple of Fraction
        Coefficients of ``loss(point + s * direction) - loss(point)`` in s, constant term (0) first, valid on
        [0, step]: no pre-activation changes sign on the way. For a loss of several pieces an upper bound, by the
        largest of their curvatures.
    """

    kind: ClassVar[str] = "not_local_minimum"

    direction: Direction
    step: Fraction
    loss_after: Fraction
    polynomial: tuple[Fraction, ...]
