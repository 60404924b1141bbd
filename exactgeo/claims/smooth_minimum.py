"""The claim that a box holds exactly one critical point of a loss with smooth activations, a strict local minimum."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import Claim
from exactgeo.frozen import dataclass
from exactgeo.problem import Point

__all__ = ["SmoothMinimumClaim"]


@dataclass(frozen=True)
class SmoothMinimumClaim(Claim):
    """Exactly one critical point within ``radius``; it is a strict local minimum.

    Attributes
    ----------
    point : Point
        The centre of the box; its frozen parameters are those of the statement.
    radius : Fraction
        Max norm, in the trained parameters.
    factor : square matrix of dyadic rationals
        R, of the trained parameters in order: ``R R^T`` is about the inverse of the Hessian.
    low, high : Fraction
        Bounds of the loss at the critical point.
    """

    kind: ClassVar[str] = "smooth_minimum"

    point: Point
    radius: Fraction
    factor: tuple[tuple[Fraction, ...], ...]
    low: Fraction
    high: Fraction
