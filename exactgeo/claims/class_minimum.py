"""The claim that a point of a loss with classes is a local minimum, and the records of its proofs."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.class_global_minimum import ClassGlobalMinimumClaim
from exactgeo.claims.classes import ClassClaim, Softmaxes
from exactgeo.claims.deep_minimum import Cut, Leaf, Reachable, Unrolled
from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.ordered_minimum import OrderedMinimumClaim
from exactgeo.frozen import dataclass

__all__ = [
    "ClassBehind",
    "ClassInner",
    "ClassLeaf",
    "ClassMerged",
    "ClassMinimumClaim",
    "ClassUnitProof",
    "ClassUnrolled",
    "Silent",
]


@dataclass(frozen=True)
class ClassLeaf:
    """As :class:`~exactgeo.claims.deep_minimum.Leaf`, with slopes that need not be rational."""

    rule: ClassVar[str] = "slopes"

    slopes: FrozenDict[int, Softmaxes]

    @classmethod
    def of(cls, leaf: Leaf) -> ClassLeaf:
        return cls(FrozenDict((k, Softmaxes.of(q)) for k, q in leaf.slopes.items()))


@dataclass(frozen=True)
class ClassUnitProof:
    """As :class:`~exactgeo.claims.deep_minimum.UnitProof`."""

    margin: Fraction
    covers: tuple[tuple[Cut | ClassLeaf, ...], ...]


@dataclass(frozen=True)
class ClassUnrolled:
    """As :class:`~exactgeo.claims.deep_minimum.Unrolled`: the loss is convex, and only its slopes matter."""

    rule: ClassVar[str] = "unrolled"

    units: tuple[ClassUnitProof, ...]

    @classmethod
    def of(cls, proof: Unrolled) -> ClassUnrolled:
        units = []
        for unit in proof.units:
            covers = (
                tuple(ClassLeaf.of(step) if isinstance(step, Leaf) else step for step in cover) for cover in unit.covers
            )
            units.append(ClassUnitProof(unit.margin, tuple(covers)))
        return cls(tuple(units))


@dataclass(frozen=True)
class Silent:
    """One hidden layer: on all that is critical of each unit Phi is 0."""

    rule: ClassVar[str] = "silent"


@dataclass(frozen=True)
class ClassBehind:
    """As :class:`~exactgeo.claims.deep_minimum.Behind`."""

    rule: ClassVar[str] = "behind"

    layer: int
    claim: ClassMinimumClaim | ClassGlobalMinimumClaim | OrderedMinimumClaim


@dataclass(frozen=True)
class ClassMerged:
    """As :class:`~exactgeo.claims.deep_minimum.Merged`."""

    rule: ClassVar[str] = "merged"

    layer: int
    claim: ClassMinimumClaim | ClassGlobalMinimumClaim | OrderedMinimumClaim


@dataclass(frozen=True)
class ClassMinimumClaim(ClassClaim):
    """No parameters within ``radius`` of the point (max norm) have a lower loss.

    Attributes
    ----------
    radius : Fraction or None
        None, near enough to the point.
    proof : Reachable, ClassUnrolled, Silent, ClassBehind or ClassMerged
    """

    kind: ClassVar[str] = "class_minimum"

    radius: Fraction | None
    proof: Reachable | ClassUnrolled | Silent | ClassBehind | ClassMerged


ClassInner = ClassMinimumClaim | ClassGlobalMinimumClaim | OrderedMinimumClaim
"""The claims about a smaller network that one about the whole may rest on."""
