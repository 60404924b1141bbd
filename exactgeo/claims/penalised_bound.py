"""The claim that no parameters, at any width, have a penalised loss below a bound."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.claims.penalised_minimum import NormStep
from exactgeo.frozen import dataclass

__all__ = ["PenalisedBoundClaim"]


@dataclass(frozen=True)
class PenalisedBoundClaim(PointClaim):
    """No parameters with the point's frozen ones have a penalised loss below ``bound``, however many neurons there are.

    Attributes
    ----------
    bound : Fraction
        The point is a global minimum if it is its loss.
    dual : tuple of Fraction
        r, m numbers, of the plain sum over the data.
    above, below : tuple of NormStep
        Coverings that prove ``|sum_t r_t a(<u, x_t>)| <= l2 / weight * |u|`` for all input weights u.
    """

    kind: ClassVar[str] = "penalised_bound"

    bound: Fraction
    dual: tuple[Fraction, ...]
    above: tuple[NormStep, ...]
    below: tuple[NormStep, ...]
