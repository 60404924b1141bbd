"""The claim that no point of a box is a local minimum: exactly one is critical, and the loss curves down there."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import Claim
from exactgeo.frozen import dataclass
from exactgeo.problem import Point

__all__ = ["SmoothSaddleClaim"]


@dataclass(frozen=True)
class SmoothSaddleClaim(Claim):
    """Exactly one critical point within ``radius``; its Hessian has a negative eigenvalue.

    Attributes
    ----------
    point : Point
        The centre of the box; its frozen parameters are those of the statement.
    radius : Fraction
        Max norm, in the trained parameters.
    factor : square matrix of dyadic rationals
        R, of the trained parameters in order: ``R D R^T`` is about the inverse of the Hessian.
    signs : tuple of 1 and -1
        The diagonal of D: the signs of the eigenvalues.
    """

    kind: ClassVar[str] = "smooth_saddle"

    point: Point
    radius: Fraction
    factor: tuple[tuple[Fraction, ...], ...]
    signs: tuple[int, ...]
