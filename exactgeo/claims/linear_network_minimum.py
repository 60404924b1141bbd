"""The claim that a point of a deep linear network is a local minimum, and a global one."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.frozen import dataclass

__all__ = ["LinearNetworkMinimumClaim"]


@dataclass(frozen=True)
class LinearNetworkMinimumClaim(PointClaim):
    """No parameters have a lower loss. There is nothing to write down: derivatives, ranks and one quadratic form, of
    the size of the layer of the least width, are computed again."""

    kind: ClassVar[str] = "linear_network_minimum"

    @property
    def radius(self) -> None:
        """Every radius will do."""
        return
