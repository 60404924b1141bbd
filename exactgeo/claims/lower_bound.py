"""The claim that no parameters have a loss below a bound, by a branch and bound."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.claim import PointClaim
from exactgeo.frozen import dataclass

__all__ = ["LowerBoundClaim"]


@dataclass(frozen=True)
class LowerBoundClaim(PointClaim):
    """No parameters with the point's frozen ones have a loss below ``bound``: its own, if it is a global minimum.

    Attributes
    ----------
    bound : Fraction
    duals : tuple of vectors of m rationals
        Dual vectors whose bounds are no lower than ``bound``.
    tree : tuple of int
        Its nodes in preorder, a tree for each number of positive output weights (only theirs where they are frozen):
        k >= 0 closes a node by dual k; ``-1 - (g m + t)`` splits group g at data point t, with a child for each number
        of its neurons on the positive side, from 0. The children have the other groups, and those neurons in place of
        the group, the positive ones first.
    """

    kind: ClassVar[str] = "lower_bound"

    bound: Fraction
    duals: tuple[tuple[Fraction, ...], ...]
    tree: tuple[int, ...]
