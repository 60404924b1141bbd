"""The claim that a random start lies in a basin of low value with a probability between two bounds."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.claims.landscape import Solution
from exactgeo.claims.regions import RegionTable
from exactgeo.frozen import dataclass

__all__ = ["BasinProbabilityClaim", "WidthBounds"]


@dataclass(frozen=True)
class WidthBounds:
    """Bounds on the probability at a width."""

    width: int
    lo: Fraction
    hi: Fraction


@dataclass(frozen=True)
class BasinProbabilityClaim(PointClaim):
    """P[Bas <= at_most] under Assumption 1 of Safran and Shamir lies between bounds, at some widths.

    ``point`` and ``loss`` are those of any parameters with the frozen values that are meant.

    Attributes
    ----------
    at_most : Fraction
    duals : tuple of vectors of m rationals
        With a bound above ``at_most``, one for each maximal set of types whose basins are all above it.
    regions : RegionTable
        All regions of one neuron's arrangement, empty where the activation has no kink.
    solutions : tuple of Solution
        Of a loss of at most ``at_most``, one for each minimal set of types that none of the dual vectors allows.
    widths : tuple of WidthBounds
    """

    kind: ClassVar[str] = "basin_probability"

    at_most: Fraction
    duals: tuple[tuple[Fraction, ...], ...]
    regions: RegionTable
    solutions: tuple[Solution, ...]
    widths: tuple[WidthBounds, ...]
