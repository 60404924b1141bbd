"""The claim that a point of a network with one hidden layer and several outputs is a local minimum."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.frozen import dataclass

__all__ = ["VectorMinimumClaim"]


@dataclass(frozen=True)
class VectorMinimumClaim(PointClaim):
    """No parameters near enough to the point have a lower loss. The cones of each unit, the critical faces and the
    quadratic forms on them are computed again.

    Attributes
    ----------
    rule : str
        ``silent``: all units are. ``definite``: all forms are positive. ``tied``: forms are nonnegative where that is
        enough. ``whole``: likewise, silent units taking part.
    """

    kind: ClassVar[str] = "vector_minimum"

    rule: str
