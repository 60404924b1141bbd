"""The claim that no parameters of a basin have a penalised loss below a bound."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.basin_optimum import BasinCell
from exactgeo.claims.claim import PointClaim
from exactgeo.frozen import dataclass

__all__ = ["PenalisedBasinClaim"]


@dataclass(frozen=True)
class PenalisedBasinClaim(PointClaim):
    """The point is in the basin of the given cells, and none of its points has a penalised loss below ``bound``.

    So the least loss of the basin is at least ``bound`` and at most ``loss``.

    Attributes
    ----------
    bound : Fraction
    cells : tuple of BasinCell
        One a neuron. With q = ``sum_t multiplier_t s_t x_t - output * sum_t dual_t a'(s_t) x_t``, without the
        coordinate of a bias that has no penalty, ``|q| <= l2 / weight``.
    dual : tuple of m rationals
        Of the plain sum over the data.
    """

    kind: ClassVar[str] = "penalised_basin"

    bound: Fraction
    cells: tuple[BasinCell, ...]
    dual: tuple[Fraction, ...]
