"""The claim how large the set of equal loss around a local minimum is, for a loss that is strictly convex."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.ordered import OrderedClaim
from exactgeo.claims.strictness import Tree
from exactgeo.frozen import dataclass
from exactgeo.kinds import Strictness

__all__ = ["OrderedStrictnessClaim"]


@dataclass(frozen=True)
class OrderedStrictnessClaim(OrderedClaim):
    """How large the set of equal loss around a local minimum is: that of equal scores.

    Attributes
    ----------
    strictness : Strictness
    flat_dimension : int
        Of the set of equal loss, rescalings included.
    flatness : Tree
        The proof, for the score: two outputs have one dimension more for each parameter that both share.
    """

    kind: ClassVar[str] = "ordered_strictness"

    strictness: Strictness
    flat_dimension: int
    flatness: Tree
