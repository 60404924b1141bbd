"""The logistic loss: no rational values, but exact signs at rational predictions; proved enclosures elsewhere.

References
----------
docs/mathematics.md, "Exponentials at rational points".
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from exactgeo.exact.combination import (
    MAX_SHIFT,
    LogCombination,
    Number,
    TanhCombination,
    Unresolved,
    rounded_down,
)
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.vectors import ZERO
from exactgeo.frozen import dataclass
from exactgeo.losses.loss import Loss

if TYPE_CHECKING:
    from exactgeo.exact.krawczyk import Ball

__all__ = ["Logistic"]


@dataclass(frozen=True)
class Logistic(Loss):
    """``log(1 + exp(-y p))``, y = 1 or -1."""

    kind: ClassVar[str] = "logistic"
    latex: ClassVar[str] = r"\log(1 + e^{-y p})"
    example: ClassVar[str] = "logistic"
    rational: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    ordered: ClassVar[bool] = True
    smooth: ClassVar[bool] = True
    certified: ClassVar[bool] = True
    targets: ClassVar[tuple[str, str] | None] = ("-1 or 1", "-1 or 1")

    def allows(self, y: Fraction) -> bool:
        return abs(y) == 1

    def pieces(self, y: Fraction) -> None:
        return None

    def value(self, p: Fraction, y: Fraction) -> Fraction:
        raise ValueError("the logistic loss has no exact rational values")

    def enclosure(self, p: Fraction, y: Fraction) -> Enclosure:
        # Balls load when one is asked for.
        from exactgeo.exact.interval import softplus

        return softplus(-y * p)

    def slopes(self, p: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
        """-y / (1 + exp(y p)): by the theorem of Lindemann rational at p = 0 only."""
        if p:
            raise ValueError("the derivative of the logistic loss is rational at 0 only")
        return -y / 2, -y / 2

    def jet(self, p: Ball, y: Fraction) -> tuple[Ball, Ball, Ball]:
        z = int(y) * p
        # Of a wide ball tanh is bounded, exp is not.
        share = (1 - (z / 2).tanh()) / 2
        return (-z).exp().log1p(), -int(y) * share, share * (1 - share)

    def derivative(self, p: Fraction, y: Fraction) -> Number:
        """``(tanh(p / 2) - y) / 2``."""
        return (TanhCombination.tanh_half(p) - y) / 2

    def exact_value(self, p: Fraction, y: Fraction) -> Number:
        return LogCombination.softplus(-y * p)

    def curvature(self) -> Fraction:
        """The second derivative ``1 / (4 cosh(p / 2)^2)`` is largest at 0."""
        return Fraction(1, 4)

    def quadratic_bound(self, p: Fraction) -> tuple[Number, Fraction | None]:
        """An eighth everywhere; far from 0, within 1, ``7/10 (1 - tanh(|p| / 2))``.

        The logarithm of l'' has a slope below 1 in absolute value, so l'' is at most e l''(p) within 1 of p, and
        ``l''(p) = s (1 - s) <= (1 - tanh(|p| / 2)) / 2``; and e / 4 < 7 / 10.
        """
        if abs(p) <= 3:
            return Fraction(1, 8), None
        return (1 - TanhCombination.tanh_half(abs(p))) * Fraction(7, 10), Fraction(1)

    def least_curvature(self, p: Fraction, radius: Fraction) -> Fraction:
        """``x / (1 + x)^2`` with x = exp(-|p|), which falls as |p| grows."""
        # It grows with x on [0, 1], so that a lower bound of x will do.
        from exactgeo.exact.interval import decay

        far = abs(p) + radius
        if far > MAX_SHIFT:
            raise Unresolved(f"a curvature of the order of exp(-{float(far):.3g}), below every rational of use")
        x = decay(far, 2 * int(far) + 64).lo
        return x / (1 + x) ** 2

    def bend_within(self, p: Fraction, reach: Fraction) -> Number:
        """An eighth; within 1 the bound of :meth:`quadratic_bound`, or ``(1/2 + reach) l''(p)``, whichever is least.

        ``e^x <= 1 + 2 x`` for 0 <= x <= 1. l''(p) = s (1 - s), s = 1 / (1 + exp(|p|)) <= 1/2, grows with s, which is
        rounded up.
        """
        least: Number = Fraction(1, 8)
        if reach > 1:
            return least
        s = -rounded_down((TanhCombination.tanh_half(abs(p)) - 1) / 2)
        least = min(least, (Fraction(1, 2) + reach) * s * (1 - s))
        far, limit = self.quadratic_bound(p)
        return far if limit is not None and far < least else least

    def curvature_floor(self, p: Fraction, radius: Fraction) -> Fraction:
        """``s (1 - s)`` where |p| is largest, s rounded down."""
        s = rounded_down((1 - TanhCombination.tanh_half(abs(p) + radius)) / 2)
        return s * (1 - s)

    def slope_range(self, lo: Fraction, hi: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
        """``sigmoid(p) - 1`` for y = 1 and ``sigmoid(p)`` for y = -1: both grow with p."""
        from exactgeo.exact.interval import sigmoid

        shift = (1 + y) / 2
        return sigmoid(lo).lo - shift, sigmoid(hi).hi - shift

    def curvature_range(self, lo: Fraction, hi: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
        """``s (1 - s)``, s = sigmoid(-|p|), falls as |p| grows."""
        from exactgeo.exact.interval import sigmoid

        far, near = max(abs(lo), abs(hi)), ZERO if lo <= 0 <= hi else min(abs(lo), abs(hi))
        least, most = sigmoid(-far).lo, sigmoid(-near).hi
        return least * (1 - least), most * (1 - most)

    def affine(self, p: Fraction, y: Fraction) -> tuple[bool, bool]:
        return False, False

    def conjugate(self, r: Fraction, y: Fraction) -> Fraction | None:
        """``s log s + (1 - s) log(1 - s)`` at s = -y r: infinite outside [0, 1], rational at its ends only."""
        s = -y * r
        if not 0 <= s <= 1:
            return None
        if s in (0, 1):
            return ZERO
        raise ValueError("the conjugate of the logistic loss is rational at 0 and 1 only")

    def conjugate_enclosure(self, r: Fraction, y: Fraction) -> Enclosure | None:
        if not 0 <= -y * r <= 1:
            return None
        from exactgeo.exact.interval import entropy

        found = entropy(-y * r)
        return Enclosure(-found.hi, -found.lo)
