"""The claim that near a point lies exactly one critical prediction vector, and a local minimum that has it."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import Claim
from exactgeo.frozen import dataclass
from exactgeo.problem import Point

__all__ = ["CriticalPointClaim", "KinkRoom", "Room"]


@dataclass(frozen=True)
class KinkRoom:
    """A multiplier of one kink, and how its distance from phi's slopes changes with those of the loss.

    Attributes
    ----------
    slope : Fraction
    above, below : tuple of m rationals
        As the slopes of the loss change, those of phi to the right and to the left of the kink fall behind the
        multiplier by their inner products with the change: vectors modulo the trained columns.
    """

    slope: Fraction
    above: tuple[Fraction, ...]
    below: tuple[Fraction, ...]


@dataclass(frozen=True)
class Room:
    """That a neuron's phi is nonnegative on one cone, with room for the slopes at the critical point.

    Attributes
    ----------
    sides : tuple of int
        Of each kink in the order of their first data points: 1, -1, or 0 where both sides are meant.
    kinks : tuple of KinkRoom
        One a kink; the linear part of phi and the multiples of the forms add up to 0.
    """

    sides: tuple[int, ...]
    kinks: tuple[KinkRoom, ...]


@dataclass(frozen=True)
class CriticalPointClaim(Claim):
    """Exactly one critical prediction vector within ``rho``; parameters within ``radius`` have it, a local minimum.

    Attributes
    ----------
    point : Point
        Its zero pre-activations stay 0; its frozen parameters are those of the statement.
    rho : Fraction
        Of the predictions, Euclidean.
    radius : Fraction
        Of the parameters, max norm.
    slopes : tuple of m rationals
        Orthogonal to all trained columns, near the slopes of the loss at the point.
    basis : tuple of int
        Independent columns by their numbers in the order of docs/certificate-v2.md.
    inverse : tuple of vectors
        A left inverse of these columns: one row a column.
    rooms : tuple of tuples of Room
        Of each hidden neuron, a covering of the cones of its kinks.
    """

    kind: ClassVar[str] = "critical_point"

    point: Point
    rho: Fraction
    radius: Fraction
    slopes: tuple[Fraction, ...]
    basis: tuple[int, ...]
    inverse: tuple[tuple[Fraction, ...], ...]
    rooms: tuple[tuple[Room, ...], ...]
