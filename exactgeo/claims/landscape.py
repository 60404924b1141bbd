"""The claim that lists the minima of all basins, the valleys, and the least loss of all widths."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.claims.regions import RegionTable
from exactgeo.frozen import dataclass

__all__ = ["BasinMinimum", "LandscapeClaim", "Solution", "SolutionTerm", "Valley"]


@dataclass(frozen=True, order=True)
class SolutionTerm:
    """A neuron of a solution: its output weight, 1 or -1, and its (lifted) input weights."""

    sign: int
    weights: tuple[Fraction, ...]


@dataclass(frozen=True, order=True)
class Solution:
    """A network whose loss is attained in every basin into whose cells its neurons fit.

    Attributes
    ----------
    terms : tuple of SolutionTerm
    affine : tuple of Fraction
        The coefficients of what is affine: the inputs of a linear model, the output bias.
    """

    terms: tuple[SolutionTerm, ...]
    affine: tuple[Fraction, ...]


@dataclass(frozen=True)
class BasinMinimum:
    """A minimum of basins, and the number of basins that have it."""

    value: Fraction
    basins: int


@dataclass(frozen=True)
class Valley:
    """Valleys of one value and one level of escape (None: nothing is lower), and their number."""

    value: Fraction
    escapes_at: Fraction | None
    number: int


@dataclass(frozen=True)
class LandscapeClaim(PointClaim):
    """The minima of all basins, and, where they are given, all valleys and the least loss of all widths.

    ``point`` and ``loss`` are those of any parameters with the frozen values that are meant.

    Attributes
    ----------
    full : bool
        Basins and valleys of the full space, not modulo permutation.
    values : tuple of BasinMinimum
        Ascending.
    duals : tuple of vectors of m rationals
    regions : RegionTable
        As for :class:`~exactgeo.claims.global_minimum.GlobalMinimumClaim`, duals one for each basin and for each wall
        that joins no two components.
    solutions : tuple of Solution
        One for each basin and for each wall that joins two components.
    valleys : tuple of Valley, or None before the levels
        Ascending.
    infinite_width : Fraction or None
    """

    kind: ClassVar[str] = "landscape"

    full: bool
    values: tuple[BasinMinimum, ...]
    duals: tuple[tuple[Fraction, ...], ...]
    regions: RegionTable
    solutions: tuple[Solution, ...]
    valleys: tuple[Valley, ...] | None
    infinite_width: Fraction | None
