"""The claim that says how large the set of equal loss around a local minimum is, and the records of its proof."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.modes import Modes
from exactgeo.frozen import dataclass
from exactgeo.kinds import Strictness

__all__ = ["Branch", "ByCover", "ByPair", "ByUnit", "Cone", "End", "StrictnessClaim", "Tree", "Vanishing"]

Integers = FrozenDict[int, int]
"""Whole weights of indices; those left out have weight 0."""


@dataclass(frozen=True)
class Vanishing:
    """``sum weights[k] * variable_k = sum equations[e] * equation_e``, but for variables that are 0 already.

    Every term of the left side is >= 0, or there is one term alone: so each of its variables is 0.
    """

    weights: Integers
    equations: Integers


@dataclass(frozen=True)
class ByCover:
    """A branch for each face of the covering of a neuron's part on which phi can be 0."""

    rule: ClassVar[str] = "cover"

    neuron: int
    part: int


@dataclass(frozen=True)
class ByUnit:
    """A branch for each state of an idle neuron: at rest, active with k > 0, with k < 0; without kinks no sign."""

    rule: ClassVar[str] = "unit"

    unit: int


@dataclass(frozen=True)
class ByPair:
    """A branch for each side of a kink: first its plus is 0, then its minus."""

    rule: ClassVar[str] = "split"

    pair: int


@dataclass(frozen=True)
class End:
    """The end of a branch.

    With ``still`` empty, what is left when the variables in ``zero`` vanish has at most the claimed dimension; else no
    move has t / k -> 0 for the active units numbered in ``still``, because with their t = 0 their k vanish.
    """

    rule: ClassVar[str] = "bound"

    still: tuple[int, ...] = ()
    zero: tuple[Vanishing, ...] = ()


Branch = ByCover | ByUnit | ByPair | End


@dataclass(frozen=True)
class Cone:
    """The largest cone of moves: the states of the units, the variables that are 0 on it, and a curve inside.

    The curve is moves x_1, x_2, ... such that ``sum eps^k x_k`` lies in the interior for small eps > 0, with t / k ->
    0. ``basis`` spans the cone; None where its numbers are long, and found by elimination.
    """

    states: tuple[int, ...]
    zero: tuple[int, ...]
    curve: tuple[tuple[int, ...], ...]
    basis: tuple[Integers, ...] | None


@dataclass(frozen=True)
class Tree:
    """Both halves of the proof of a flat dimension.

    Attributes
    ----------
    slants : tuple of tuple of int
        For each idle neuron without kinks fixed inputs u, for the bounds that leave it open; empty for the others.
    tree : tuple of Branch
        That the set of equal loss is not larger, in preorder.
    largest : Cone
        That it is not smaller.
    """

    rule: ClassVar[str] = "tree"

    slants: tuple[tuple[int, ...], ...]
    tree: tuple[Branch, ...]
    largest: Cone


@dataclass(frozen=True)
class StrictnessClaim(PointClaim):
    """How large the set of equal loss around the point is, a local minimum by a claim before this one.

    Attributes
    ----------
    strictness : Strictness
    flat_dimension : int
        Of the set of equal loss around the point, rescalings included.
    flatness : Tree or Modes
        Its proof; a tree refers to the coverings of the claim before.
    """

    kind: ClassVar[str] = "strictness"

    strictness: Strictness
    flat_dimension: int
    flatness: Tree | Modes
