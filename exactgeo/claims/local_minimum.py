"""The claim that a point is a local minimum, and the records of its proof, which the prover fills."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.claims.fields import Weights
from exactgeo.frozen import dataclass

__all__ = ["Implied", "Leaf", "LocalMinimumClaim", "NeuronProof", "Part", "Split", "Step"]


@dataclass(frozen=True)
class Split:
    """The cone is cut by ``<form_row, u> = 0``: the positive side follows, then the negative one."""

    rule: ClassVar[str] = "split"

    row: int


@dataclass(frozen=True)
class Implied:
    """On this cone ``sign * form_row = sum multipliers[s] * sign_s * form_s``, so the side is known."""

    rule: ClassVar[str] = "implied"

    row: int
    sign: int
    multipliers: Weights


@dataclass(frozen=True)
class Leaf:
    """Proof on one cone of signs: linear + decided slopes + subgradients = sum multipliers[t] * sign_t * form_t.

    ``slopes`` holds, for each undecided (convex) term, a slope between its left and its right one.
    """

    rule: ClassVar[str] = "farkas"

    multipliers: Weights
    slopes: Weights


Step = Split | Implied | Leaf


@dataclass(frozen=True)
class Part:
    """One component: its terms, its part of the linear function, and the covering in preorder."""

    rows: tuple[int, ...]
    linear: tuple[Fraction, ...]
    cover: tuple[Step, ...]


@dataclass(frozen=True)
class NeuronProof:
    """That a neuron's condition holds: phi is the sum of the parts, and each of them is nonnegative."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class LocalMinimumClaim(PointClaim):
    """No parameters within ``radius`` of the point (max norm) have a lower loss.

    Attributes
    ----------
    radius : Fraction or None
        None when every radius will do.
    neurons : tuple of NeuronProof
        One a hidden neuron.
    """

    kind: ClassVar[str] = "local_minimum"

    radius: Fraction | None
    neurons: tuple[NeuronProof, ...]
