"""The claim that a point is a local minimum, by subgradients of the loss, and the records of its proof."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.claims.fields import FrozenDict, Weights
from exactgeo.claims.local_minimum import NeuronProof, Part
from exactgeo.frozen import dataclass

__all__ = [
    "CoveredSubgradient",
    "JointProof",
    "JointStep",
    "KinkSplit",
    "NeuronCover",
    "SideImplied",
    "SignSplit",
    "Subgradient",
    "SubgradientMinimumClaim",
]


@dataclass(frozen=True)
class KinkSplit:
    """The moves of a neuron are cut by ``<form_row, u> = 0``: the positive side follows, then the negative one."""

    rule: ClassVar[str] = "split"

    neuron: int
    row: int


@dataclass(frozen=True)
class SideImplied:
    """``sign * form_row = sum multipliers[s] * side_s * form_s`` over the sides of the neuron: the side is known."""

    rule: ClassVar[str] = "implied"

    neuron: int
    row: int
    sign: int
    multipliers: Weights


@dataclass(frozen=True)
class SignSplit:
    """The output weight of a neuron, 0 at the point, gets a sign: moves to >= 0 follow, then those to <= 0."""

    rule: ClassVar[str] = "sign"

    neuron: int


@dataclass(frozen=True)
class Subgradient:
    """One vector of slopes for all moves of the case.

    Attributes
    ----------
    slopes : Weights
        At the data points of the part, each between the left and the right derivative.
    multipliers : mapping from neurons to mappings from kinks (by row) to m
        ``sign phi = lin + sum m form``, m between the slopes on both sides of the kink, or beyond one of them where the
        case has only the other side. None of a neuron in ``strict``, nor of one whose output weight has no sign.
    strict : tuple of int
        The neurons with output weight 0 and ``sign phi(w) > 0``.
    """

    rule: ClassVar[str] = "subgradient"

    slopes: Weights
    multipliers: FrozenDict[int, Weights]
    strict: tuple[int, ...]


@dataclass(frozen=True)
class NeuronCover:
    """``sign phi >= 0`` of one neuron on the sides that the case has of its kinks, for one vector of slopes.

    Attributes
    ----------
    steep : Weights
        For kinks of which the case has one side the slope taken on the other side, where nothing is claimed.
    parts : tuple of Part
        As for a loss with a derivative: what phi is with these slopes, shared out and covered.
    """

    steep: Weights
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class CoveredSubgradient:
    """One vector of slopes for all moves of the case, with a covering for each neuron, which has cases of its own.

    Attributes
    ----------
    slopes : Weights
        At the data points of the part, each between the left and the right derivative.
    neurons : mapping from neurons to NeuronCover
        All but those in ``strict``, and those without parts.
    strict : tuple of int
        The neurons with output weight 0 and ``sign phi(w) > 0``.
    """

    rule: ClassVar[str] = "covered"

    slopes: Weights
    neurons: FrozenDict[int, NeuronCover]
    strict: tuple[int, ...]


JointStep = KinkSplit | SideImplied | SignSplit | Subgradient | CoveredSubgradient


@dataclass(frozen=True)
class JointProof:
    """Neurons that share data points where the loss has no derivative: cases in preorder, a subgradient at each end.

    Attributes
    ----------
    neurons : tuple of int
    data : tuple of int
        The data points; no other part, and no neuron outside, depends on their slopes.
    cover : tuple of JointStep
    """

    neurons: tuple[int, ...]
    data: tuple[int, ...]
    cover: tuple[JointStep, ...]


@dataclass(frozen=True)
class SubgradientMinimumClaim(PointClaim):
    """No parameters within ``radius`` of the point (max norm) have a lower loss.

    Attributes
    ----------
    radius : Fraction or None
        None when every radius will do.
    neurons : tuple of NeuronProof
        One a hidden neuron, as for a loss with a derivative; without parts for the neurons of ``joint``.
    joint : tuple of JointProof
    """

    kind: ClassVar[str] = "subgradient_minimum"

    radius: Fraction | None
    neurons: tuple[NeuronProof, ...]
    joint: tuple[JointProof, ...]
