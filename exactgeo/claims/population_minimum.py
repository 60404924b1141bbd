"""The claim that a box holds exactly one critical point of a Gaussian population loss, a strict local minimum."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import Claim
from exactgeo.frozen import dataclass

__all__ = ["PopulationMinimumClaim"]


@dataclass(frozen=True)
class PopulationMinimumClaim(Claim):
    """Exactly one critical point within ``radius`` of the students; it is a strict local minimum.

    Attributes
    ----------
    students : n rows of d rationals
        The centre of the box.
    radius : Fraction
        Max norm, in all entries.
    factor : square matrix of dyadic rationals
        R, of the entries row by row: ``R R^T`` is about the inverse of the Hessian.
    low, high : Fraction
        Bounds of the loss at the critical point.
    """

    kind: ClassVar[str] = "population_minimum"

    students: tuple[tuple[Fraction, ...], ...]
    radius: Fraction
    factor: tuple[tuple[Fraction, ...], ...]
    low: Fraction
    high: Fraction
