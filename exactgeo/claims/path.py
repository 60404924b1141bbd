"""The claim that the loss on a path stays below the largest of its breakpoints."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.frozen import dataclass
from exactgeo.problem import Point

__all__ = ["PathClaim"]


@dataclass(frozen=True)
class PathClaim(PointClaim):
    """The loss on the straight lines from the point through ``points`` is nowhere above the largest of their losses.

    On each line every neuron keeps its input weights, or keeps its output weight and crosses no kink of the data.

    Attributes
    ----------
    points : tuple of Point
        Behind the first one, ``point``.
    losses : tuple of Fraction
        At ``points``.
    """

    kind: ClassVar[str] = "path"

    points: tuple[Point, ...]
    losses: tuple[Fraction, ...]
