"""The claim that no parameters have a lower loss."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.claims.regions import RegionTable
from exactgeo.frozen import dataclass

__all__ = ["GlobalMinimumClaim"]


@dataclass(frozen=True)
class GlobalMinimumClaim(PointClaim):
    """No parameters with the point's frozen ones have a lower loss.

    Attributes
    ----------
    duals : tuple of vectors of m rationals
        Dual vectors whose bound is ``loss``, such that every basin is allowed by one of them. None for loss 0.
    regions : RegionTable or None
        All regions of one neuron's arrangement; None where the predictions are affine in the trained parameters, empty
        where the activation has no kink.
    """

    kind: ClassVar[str] = "global_minimum"

    duals: tuple[tuple[Fraction, ...], ...] = ()
    regions: RegionTable | None = None
