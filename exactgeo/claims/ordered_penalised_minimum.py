"""The claim that a point is a local minimum under weight decay, where slopes are transcendental; and its proof."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.local_minimum import Implied, Split
from exactgeo.claims.ordered import Combined, OrderedClaim
from exactgeo.claims.ordered_minimum import OrderedPart
from exactgeo.frozen import dataclass

__all__ = ["OrderedNormLeaf", "OrderedNormStep", "OrderedPenalisedMinimumClaim", "OrderedPenalisedProof"]


@dataclass(frozen=True)
class OrderedNormLeaf:
    """As :class:`~exactgeo.claims.penalised_minimum.NormLeaf`, with combinations."""

    rule: ClassVar[str] = "norm"

    multipliers: FrozenDict[int, Combined]
    slopes: FrozenDict[int, Combined]


OrderedNormStep = Split | Implied | OrderedNormLeaf


@dataclass(frozen=True)
class OrderedPenalisedProof:
    """That a neuron's conditions hold; see :class:`~exactgeo.claims.penalised_minimum.PenalisedProof`."""

    parts: tuple[OrderedPart, ...]
    above: tuple[OrderedNormStep, ...]
    below: tuple[OrderedNormStep, ...]


@dataclass(frozen=True)
class OrderedPenalisedMinimumClaim(OrderedClaim):
    """No parameters within ``radius`` of the point (max norm) have a lower loss, the penalty included.

    Attributes
    ----------
    radius : Fraction or None
        None when every radius will do.
    neurons : tuple of OrderedPenalisedProof
        One a hidden neuron.
    """

    kind: ClassVar[str] = "ordered_penalised_minimum"

    radius: Fraction | None
    neurons: tuple[OrderedPenalisedProof, ...]
