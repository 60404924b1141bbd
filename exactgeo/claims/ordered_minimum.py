"""The claim that a point is a local minimum, where slopes are transcendental; and the records of its proof."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.local_minimum import Implied, Split
from exactgeo.claims.ordered import Combined, OrderedClaim
from exactgeo.frozen import dataclass

__all__ = ["OrderedLeaf", "OrderedMinimumClaim", "OrderedNeuronProof", "OrderedPart", "OrderedStep"]


@dataclass(frozen=True)
class OrderedLeaf:
    """Proof on one cone of signs; a slope for each bend left open, between its left and its right one."""

    rule: ClassVar[str] = "farkas"

    multipliers: FrozenDict[int, Combined]
    slopes: FrozenDict[int, Combined]


OrderedStep = Split | Implied | OrderedLeaf


@dataclass(frozen=True)
class OrderedPart:
    """One component: its terms, its part of the linear function, and the covering in preorder."""

    rows: tuple[int, ...]
    linear: tuple[Combined, ...]
    cover: tuple[OrderedStep, ...]


@dataclass(frozen=True)
class OrderedNeuronProof:
    """That a neuron's condition holds: phi is the sum of the parts, and each of them is nonnegative."""

    parts: tuple[OrderedPart, ...]


@dataclass(frozen=True)
class OrderedMinimumClaim(OrderedClaim):
    """No parameters within ``radius`` of the point (max norm) have a lower loss.

    Attributes
    ----------
    radius : Fraction or None
        None when every radius will do.
    neurons : tuple of OrderedNeuronProof
        One a hidden neuron.
    """

    kind: ClassVar[str] = "ordered_minimum"

    radius: Fraction | None
    neurons: tuple[OrderedNeuronProof, ...]
