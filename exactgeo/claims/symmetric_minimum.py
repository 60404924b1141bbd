"""The claim that a point off all kinks is a local minimum, by its Hessian and its symmetries."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.frozen import dataclass
from exactgeo.problem import Direction

__all__ = ["SymmetricMinimumClaim"]


@dataclass(frozen=True)
class SymmetricMinimumClaim(PointClaim):
    """No parameters near enough to the point have a lower loss. Hessian and symmetries are computed again.

    Attributes
    ----------
    curve : tuple of Direction
        () where the Hessian vanishes along the symmetries alone; else, of the one line more, the coefficients of s,
        s^2, ... of a curve along which the loss tells.
    """

    kind: ClassVar[str] = "symmetric_minimum"

    curve: tuple[Direction, ...]
