"""The claim that a point is a local minimum of a loss with weight decay, and the records of its proof."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.claims.fields import Weights
from exactgeo.claims.local_minimum import Implied, Part, Split
from exactgeo.frozen import dataclass

__all__ = ["NormLeaf", "NormStep", "PenalisedMinimumClaim", "PenalisedProof"]


@dataclass(frozen=True)
class NormLeaf:
    """Proof on one cone of signs that the function is at most ``<q, u>``, with q no longer than the bound.

    q = linear + decided slopes + ``slopes`` of the undecided (concave) terms + ``multipliers[t] * sign_t * form_t``.
    """

    rule: ClassVar[str] = "norm"

    multipliers: Weights
    slopes: Weights


NormStep = Split | Implied | NormLeaf


@dataclass(frozen=True)
class PenalisedProof:
    """That a neuron's conditions hold.

    Attributes
    ----------
    parts : tuple of Part
        That the slope of the penalised loss in the neuron's inputs is nonnegative every way.
    above, below : tuple of NormStep
        Where the output weight is 0 and trained, coverings that prove ``phi(u) <= bound |u|`` and ``-phi(u) <= bound
        |u|``; else empty.
    """

    parts: tuple[Part, ...]
    above: tuple[NormStep, ...]
    below: tuple[NormStep, ...]


@dataclass(frozen=True)
class PenalisedMinimumClaim(PointClaim):
    """No parameters within ``radius`` of the point (max norm) have a lower loss, the penalty included.

    Attributes
    ----------
    radius : Fraction or None
        None when every radius will do.
    neurons : tuple of PenalisedProof
        One a hidden neuron.
    """

    kind: ClassVar[str] = "penalised_minimum"

    radius: Fraction | None
    neurons: tuple[PenalisedProof, ...]
