"""The claim that a point of a network of any depth is a local minimum, and the records of its proofs."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.claims.fields import Weights
from exactgeo.claims.linear_network_minimum import LinearNetworkMinimumClaim
from exactgeo.claims.local_minimum import LocalMinimumClaim
from exactgeo.claims.symmetric_minimum import SymmetricMinimumClaim
from exactgeo.claims.unrolled_minimum import UnrolledMinimumClaim
from exactgeo.claims.vector_minimum import VectorMinimumClaim
from exactgeo.frozen import dataclass

__all__ = [
    "Behind",
    "Cut",
    "DeepMinimumClaim",
    "Inner",
    "Leaf",
    "Merged",
    "Nearby",
    "Proof",
    "Reachable",
    "Step",
    "UnitProof",
    "Unrolled",
]


@dataclass(frozen=True)
class Cut:
    """A kink of an unrolled unit, by number: the moves to its right side follow, then those to its left."""

    rule: ClassVar[str] = "split"

    kink: int


@dataclass(frozen=True)
class Leaf:
    """The end of a branch: a slope for each kink (0 where left out), with which all derivatives are 0."""

    rule: ClassVar[str] = "slopes"

    slopes: Weights


Step = Cut | Leaf


@dataclass(frozen=True)
class UnitProof:
    """That a unit of the last hidden layer costs nothing, whatever its unrolled copy does.

    Attributes
    ----------
    margin : Fraction
        Of several outputs, output weights trained: how far each of them may move; 0 else.
    covers : tuple of branchings, in preorder
        One for each output weight that stands for those nearby.
    """

    margin: Fraction
    covers: tuple[tuple[Step, ...], ...]


@dataclass(frozen=True)
class Unrolled:
    """Each unit of the last hidden layer is proved on a copy of the network below it that shares no unit.

    Attributes
    ----------
    units : tuple of UnitProof
        One a unit of the last hidden layer.
    """

    rule: ClassVar[str] = "unrolled"

    units: tuple[UnitProof, ...]


@dataclass(frozen=True)
class Reachable:
    """The slopes of the loss are orthogonal to all changes of the predictions that are within reach."""

    rule: ClassVar[str] = "reachable"


@dataclass(frozen=True)
class Behind:
    """The outputs of a hidden layer do not move: the point is one of the network behind it, with these as its data.

    Attributes
    ----------
    layer : int
        From 0. It is dead, or nothing up to it is trained.
    claim : a claim of a minimum
        About the network behind it.
    """

    rule: ClassVar[str] = "behind"

    layer: int
    claim: Inner


@dataclass(frozen=True)
class Merged:
    """A hidden layer whose units keep one slope each is linear: with the layer behind it, it is one layer.

    Attributes
    ----------
    layer : int
        From 0.
    claim : a claim of a minimum
        About the network with one layer less.
    """

    rule: ClassVar[str] = "merged"

    layer: int
    claim: Inner


Proof = Reachable | Unrolled | Behind | Merged


@dataclass(frozen=True)
class DeepMinimumClaim(PointClaim):
    """No parameters within ``radius`` of the point (max norm) have a lower loss.

    Attributes
    ----------
    radius : Fraction or None
        None, near enough to the point: of a smaller network no more is known.
    proof : Reachable, Unrolled, Behind or Merged
    """

    kind: ClassVar[str] = "deep_minimum"

    radius: Fraction | None
    proof: Reachable | Unrolled | Behind | Merged


Nearby = SymmetricMinimumClaim | VectorMinimumClaim | UnrolledMinimumClaim
"""Claims about points near enough, without a radius."""

Inner = LocalMinimumClaim | LinearNetworkMinimumClaim | DeepMinimumClaim | Nearby
"""The claims about a smaller network that one about the whole may rest on."""
