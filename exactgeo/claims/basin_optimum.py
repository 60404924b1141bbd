"""The claim that a point has the least loss of a basin."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.claims.fields import Weights
from exactgeo.frozen import dataclass

__all__ = ["BasinCell", "BasinOptimumClaim"]


@dataclass(frozen=True)
class BasinCell:
    """Where one neuron is in a basin, and what proves that it can do no better there.

    Attributes
    ----------
    signs : str
        Its sign vector: one of ``+``, ``-``, ``0`` (a zero row) a data point.
    output : int
        The sign of its output weight; 0 only for a neuron frozen at output weight 0.
    multipliers : mapping from data points to rationals
        ``output * sum_t dual_t a'(s_t) x_t = sum_t multiplier_t s_t x_t``.
    """

    signs: str
    output: int
    multipliers: Weights


@dataclass(frozen=True)
class BasinOptimumClaim(PointClaim):
    """The point is in the basin of the given cells, and none of its points has a lower loss.

    Attributes
    ----------
    cells : tuple of BasinCell
        One a neuron.
    dual : tuple of m rationals
        The dual vector of the sum over the data, also where the loss is a mean.
    """

    kind: ClassVar[str] = "basin_optimum"

    cells: tuple[BasinCell, ...]
    dual: tuple[Fraction, ...]
