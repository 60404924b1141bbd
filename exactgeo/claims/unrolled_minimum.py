"""The claim that a point of a deep network with several outputs is a local minimum, by cones of unrolled units."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.frozen import dataclass

__all__ = ["UnrolledMinimumClaim"]


@dataclass(frozen=True)
class UnrolledMinimumClaim(PointClaim):
    """No parameters near enough to the point have a lower loss. The cones of each unit of the last hidden layer, on a
    copy of the network below it, their critical faces and the quadratic forms on them are computed again.

    Attributes
    ----------
    rule : str
        ``definite``: all forms are positive. ``tied``, ``whole``: forms are nonnegative where that is enough, of loud
        units or of all that move.
    """

    kind: ClassVar[str] = "unrolled_minimum"

    rule: str
