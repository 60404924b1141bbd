"""The claim that in a box around a point lies exactly one local minimum."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import Claim
from exactgeo.frozen import dataclass
from exactgeo.problem import Point

__all__ = ["BallClaim"]


@dataclass(frozen=True)
class BallClaim(Claim):
    """Exactly one local minimum within ``radius`` of a point, with the same held parameters; its value in [low, high].

    Attributes
    ----------
    point : Point
        The centre. Held are the frozen parameters; without a penalty the output weights where the input weights are
        trained too; the parameters of neurons without output; the hidden biases of neurons with one slope, where the
        output bias does the same; and the factors.
    kinks : tuple of tuples of int
        Of each neuron the data points on a kink, one of those with proportional rows.
    leaders : tuple of int; factors : tuple of Fraction
        Of each neuron itself and 1, or whose multiple its parameters are.
    multipliers : tuple of tuples of Fraction
        Near those of the kinks.
    radii : tuple of Fraction
        Of a box around the point and the multipliers that has exactly one solution of the equations, by unknowns in the
        order of docs/certificate-v2.md.
    scale : int
    inverse : tuple of tuples of int
        Near an inverse of the matrix of slopes of the equations, times ``2^scale``.
    radius : Fraction or None
        Of the parameters, max norm; None where nothing has a side.
    low, high : Fraction
        Bounds on the loss.
    """

    kind: ClassVar[str] = "ball"

    point: Point
    kinks: tuple[tuple[int, ...], ...]
    leaders: tuple[int, ...]
    factors: tuple[Fraction, ...]
    multipliers: tuple[tuple[Fraction, ...], ...]
    radii: tuple[Fraction, ...]
    scale: int
    inverse: tuple[tuple[int, ...], ...]
    radius: Fraction | None
    low: Fraction
    high: Fraction
