"""The claim how large the set of equal loss is around a local minimum under weight decay, of transcendental slopes."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.ordered import OrderedClaim
from exactgeo.frozen import dataclass
from exactgeo.kinds import Strictness

__all__ = ["OrderedPenalisedStrictnessClaim"]


@dataclass(frozen=True)
class OrderedPenalisedStrictnessClaim(OrderedClaim):
    """How large the set of equal loss around the point is, a local minimum by a claim before this one.

    Attributes
    ----------
    strictness : Strictness
    flat_dimension : int
        Of the set of equal loss around the point. Its proof is that of the minimum.
    """

    kind: ClassVar[str] = "ordered_penalised_strictness"

    strictness: Strictness
    flat_dimension: int
