"""The claim that a loss with classes falls along a polynomial curve."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.classes import ClassClaim
from exactgeo.frozen import dataclass
from exactgeo.problem import Direction

__all__ = ["ClassDescentClaim"]


@dataclass(frozen=True)
class ClassDescentClaim(ClassClaim):
    """``loss(point + sum_l s^l curve_l) < loss(point)`` for every ``0 < s <= step``.

    No pre-activation changes its sign on (0, step], so the scores are polynomials in s, and the loss is a power series:
    its lowest coefficient, of ``order``, is negative, and outweighs what follows.

    Attributes
    ----------
    curve : tuple of Direction
        The coefficients of s, s^2, ...; 0 for frozen parameters.
    step : Fraction
        A power of 1/2, at most 1.
    order : int
        From 1 to 64. Where the scores of a data point differ it is below twice the order at which they move, so that
        the slopes of the loss decide.
    """

    kind: ClassVar[str] = "class_descent"

    curve: tuple[Direction, ...]
    step: Fraction
    order: int
