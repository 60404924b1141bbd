"""The claim how large the set of equal loss is around a local minimum of a loss with weight decay."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.frozen import dataclass
from exactgeo.kinds import Strictness

__all__ = ["PenalisedStrictnessClaim"]


@dataclass(frozen=True)
class PenalisedStrictnessClaim(PointClaim):
    """How large the set of equal loss around the point is, a local minimum by a claim before this one.

    Attributes
    ----------
    strictness : Strictness
    flat_dimension : int
        Of the set of equal loss around the point. Its proof is that of the minimum.
    """

    kind: ClassVar[str] = "penalised_strictness"

    strictness: Strictness
    flat_dimension: int
