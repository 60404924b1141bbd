"""The claim that every path from one point to another reaches a level."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.claims.regions import RegionTable
from exactgeo.frozen import dataclass
from exactgeo.problem import Point

__all__ = ["BarrierClaim"]


@dataclass(frozen=True)
class BarrierClaim(PointClaim):
    """Every path from the point to the other reaches ``level``, and before it does no loss is below ``floor``.

    Attributes
    ----------
    other : Point
    other_loss, level, floor : Fraction
    full : bool
        Whether the other point is outside only as it is labelled, though a permutation of it is inside.
    duals : tuple of vectors of m rationals
        That bound the basins around the point by ``floor`` and the walls that close them off by ``level``.
    regions : RegionTable
        As for :class:`~exactgeo.claims.global_minimum.GlobalMinimumClaim`.
    """

    kind: ClassVar[str] = "barrier"

    other: Point
    other_loss: Fraction
    level: Fraction
    floor: Fraction
    full: bool
    duals: tuple[tuple[Fraction, ...], ...]
    regions: RegionTable
