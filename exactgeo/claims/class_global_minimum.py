"""The claim that no parameters have a lower loss than a point, of a loss with classes, and its proofs."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.classes import ClassClaim
from exactgeo.frozen import dataclass

__all__ = ["ClassGlobalMinimumClaim", "NoFunction", "NoSlope"]


@dataclass(frozen=True)
class NoSlope:
    """The scores are affine in what is trained, and the loss has no slope in it."""

    rule: ClassVar[str] = "affine"


@dataclass(frozen=True)
class NoFunction:
    """Of data points with equal inputs the slopes of the loss sum to 0: no function of the inputs has a lower loss."""

    rule: ClassVar[str] = "function"


@dataclass(frozen=True)
class ClassGlobalMinimumClaim(ClassClaim):
    """No parameters with the point's frozen ones have a lower loss.

    Attributes
    ----------
    proof : NoSlope or NoFunction
    """

    kind: ClassVar[str] = "class_global_minimum"
    radius: ClassVar[None] = None

    proof: NoSlope | NoFunction
