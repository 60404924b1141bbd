"""The claim that a list of regions of an arrangement is complete."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.claim import Claim
from exactgeo.claims.fields import FrozenDict
from exactgeo.frozen import dataclass

__all__ = ["RegionTable", "RegionsClaim"]

RegionTable = FrozenDict[str, tuple[int, ...]]
"""From sign vectors (text of +, -, 0) to an integer point of each region: x, or (x, s) for x / s."""


@dataclass(frozen=True)
class RegionsClaim(Claim):
    """These are all regions of the arrangement.

    Attributes
    ----------
    regions : RegionTable
    """

    kind: ClassVar[str] = "regions"

    regions: RegionTable
