"""The claim that no parameters of a network of any depth have a lower loss, and the records of its proofs."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.claims.global_minimum import GlobalMinimumClaim
from exactgeo.claims.linear_network_minimum import LinearNetworkMinimumClaim
from exactgeo.claims.lower_bound import LowerBoundClaim
from exactgeo.frozen import dataclass

__all__ = ["BehindFrozen", "DeepGlobalMinimumClaim", "Everywhere", "Function", "MergedLinear"]


@dataclass(frozen=True)
class Function:
    """Of data points with equal inputs the slopes of the loss sum to 0: no function of the inputs has a lower loss."""

    rule: ClassVar[str] = "function"


@dataclass(frozen=True)
class BehindFrozen:
    """Nothing up to a hidden layer is trained: the network behind it, with the outputs of the layer as its data.

    Attributes
    ----------
    layer : int
        From 0.
    claim : a claim of a global minimum
        About the network behind it.
    """

    rule: ClassVar[str] = "behind"

    layer: int
    claim: GlobalMinimumClaim | LowerBoundClaim | LinearNetworkMinimumClaim | DeepGlobalMinimumClaim


@dataclass(frozen=True)
class MergedLinear:
    """A layer with a linear activation is one layer with the next, whatever the parameters are.

    Attributes
    ----------
    layer : int
        From 0.
    claim : a claim of a global minimum
        About the network with one layer less.
    """

    rule: ClassVar[str] = "merged"

    layer: int
    claim: GlobalMinimumClaim | LowerBoundClaim | LinearNetworkMinimumClaim | DeepGlobalMinimumClaim


@dataclass(frozen=True)
class DeepGlobalMinimumClaim(PointClaim):
    """No parameters with the point's frozen ones have a lower loss.

    Attributes
    ----------
    proof : Function, BehindFrozen or MergedLinear
    """

    kind: ClassVar[str] = "deep_global_minimum"

    proof: Function | BehindFrozen | MergedLinear


Everywhere = GlobalMinimumClaim | LowerBoundClaim | LinearNetworkMinimumClaim | DeepGlobalMinimumClaim
"""The claims about a smaller network that one about the whole may rest on; a bound must be the loss itself."""
