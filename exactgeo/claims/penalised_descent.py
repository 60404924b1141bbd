"""The claim that a loss with a penalty falls along a direction."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
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
    loss_after : Fraction
        The loss at ``point + step * direction``.
    polynomial : tuple of Fraction
        Coefficients in s, constant term (0) first, of an upper bound of ``loss(point + s * direction) - loss(point)`` on
        [0, step], equal to it for the squared losses: no pre-activation changes sign on the way, and with l1 no
        parameter that is penalised.
    """

    kind: ClassVar[str] = "penalised_descent"

    direction: Direction
    step: Fraction
    loss_after: Fraction
    polynomial: tuple[Fraction, ...]
