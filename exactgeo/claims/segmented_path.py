"""The claim that a path of segments leads from a point to another, with the shape of the loss on each."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.frozen import dataclass
from exactgeo.problem import Point

__all__ = ["CurvedLayer", "PathSegment", "SegmentedPathClaim"]


@dataclass(frozen=True)
class CurvedLayer:
    """A layer that is a rational function of s on a segment.

    Attributes
    ----------
    layer : int
        From 0.
    numerators : rows (weights, then bias) of polynomials
        Coefficients of 1, s, s^2, ... without zeros at the end.
    denominator : polynomial
        Positive on [0, 1].
    """

    layer: int
    numerators: tuple[tuple[tuple[Fraction, ...], ...], ...]
    denominator: tuple[Fraction, ...]


@dataclass(frozen=True)
class PathSegment:
    """What moves on a segment, and the shape of the loss.

    Attributes
    ----------
    kind : str
        ``constant``, ``decreasing`` and ``rising`` (strictly), ``convex``, ``below`` (never above the higher of its
        ends), ``above``.
    curved : tuple of CurvedLayer
        All other parameters move straight.
    """

    kind: str
    curved: tuple[CurvedLayer, ...]


@dataclass(frozen=True)
class SegmentedPathClaim(PointClaim):
    """A path from the point through ``points``; on no segment a pre-activation changes its sign.

    Attributes
    ----------
    points : tuple of Point
        Behind the first one, ``point``.
    losses : tuple of Fraction
        At ``points``.
    segments : tuple of PathSegment
    highest : (Fraction, Fraction)
        Bounds on the largest loss on the path; equal where it is attained at a point.
    lowest : bool
        Whether no parameters have a lower loss than the last point, as no predictions that agree at equal rows have.
    """

    kind: ClassVar[str] = "segmented_path"

    points: tuple[Point, ...]
    losses: tuple[Fraction, ...]
    segments: tuple[PathSegment, ...]
    highest: tuple[Fraction, ...]
    lowest: bool
