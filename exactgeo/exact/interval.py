"""Proved enclosures of transcendental functions of rationals, in ball arithmetic.

Nothing but :class:`~exactgeo.exact.enclosure.Enclosure` leaves this file, and balls of flint are imported here and in
:mod:`exactgeo.exact.krawczyk` alone. The bounds are rigorous whatever the working precision is.

References
----------
F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, IEEE Trans. Comput. 66 (2017).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache

import flint

from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.vectors import ZERO

__all__ = ["decay", "entropy", "log1p_rate", "log_sum_exp", "sigmoid", "softplus", "tanh"]

BITS = 128
"""Working precision."""

MAX_EXPONENT = 2**20
"""Bounds nearer to 0 than 2 to minus this are not written out."""


def _ball(q: Fraction) -> flint.arb:
    return flint.arb(flint.fmpq(q.numerator, q.denominator))


def _dyadic(number: flint.arb, up: bool) -> Fraction:
    """The number itself; one too small to be written out is rounded, to 0 or away from it."""
    mantissa, exponent = (int(q) for q in number.man_exp())
    if mantissa and exponent < -MAX_EXPONENT:
        return Fraction(1 if up else -1, 2**MAX_EXPONENT) if up == (mantissa > 0) else ZERO
    return Fraction(mantissa) * Fraction(2) ** exponent


def _enclosed(compute: Callable[[], flint.arb], bits: int) -> Enclosure:
    old = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        ball = compute()
        return Enclosure(_dyadic(ball.lower(), up=False), _dyadic(ball.upper(), up=True))
    finally:
        flint.ctx.prec = old


def softplus(q: Fraction, bits: int = BITS) -> Enclosure:
    """``log(1 + exp(q))``.

    Examples
    --------
    >>> softplus(Fraction(0)).lo < Fraction(6931472, 10**7) < softplus(Fraction(0)).hi + Fraction(1, 10**6)
    True
    """
    return _enclosed(lambda: _ball(q).exp().log1p(), bits)


def entropy(s: Fraction, bits: int = BITS) -> Enclosure:
    """``-s log s - (1 - s) log(1 - s)`` for 0 <= s <= 1, with 0 log 0 = 0."""
    parts = [part for part in (s, 1 - s) if part]
    return _enclosed(lambda: sum((-_ball(part) * _ball(part).log() for part in parts), flint.arb(0)), bits)


def log_sum_exp(values: Sequence[Fraction], bits: int = BITS) -> Enclosure:
    """``log(exp(values[0]) + exp(values[1]) + ...)`` for at least one value."""
    top = max(values)
    return _enclosed(
        lambda: sum((_ball(q - top).exp() for q in values), flint.arb(0)).log() + _ball(top),
        bits,
    )


def sigmoid(q: Fraction, bits: int = BITS) -> Enclosure:
    """``1 / (1 + exp(-q))``."""
    return _enclosed(lambda: 1 / (1 + (-_ball(q)).exp()), bits)


def tanh(q: Fraction, bits: int = BITS) -> Enclosure:
    """The hyperbolic tangent."""
    return _enclosed(lambda: _ball(q).tanh(), bits)


@lru_cache(maxsize=4096)
def decay(q: Fraction, bits: int) -> Enclosure:
    """``exp(-q)`` for q >= 0, in bounds at most 2^-bits apart, whatever q is.

    Examples
    --------
    >>> decay(Fraction(10**9), 64).hi == Fraction(1, 2**64), decay(Fraction(0), 64).lo <= 1
    (True, True)
    """
    if q > bits:
        # exp(-q) < 2^-q.
        return Enclosure(Fraction(0), Fraction(1, 2**bits))
    found = _enclosed(lambda: (-_ball(q)).exp(), bits + 8)
    return Enclosure(found.lo, min(found.hi, Fraction(1)))


@lru_cache(maxsize=4096)
def log1p_rate(q: Fraction, bits: int) -> Enclosure:
    """``log(1 + x) / x`` at x = exp(-q), q >= 0, in bounds at most 2^-bits apart: between log 2 and 1."""
    if q > bits:
        # 1 - x / 2 <= log(1 + x) / x <= 1.
        return Enclosure(1 - Fraction(1, 2**bits), Fraction(1))

    def rate() -> flint.arb:
        x = (-_ball(q)).exp()
        return x.log1p() / x

    found = _enclosed(rate, bits + 16)
    return Enclosure(found.lo, min(found.hi, Fraction(1)))
