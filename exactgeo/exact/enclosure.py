"""Values that may have no exact rational form: a rational, or proved bounds around a real number, and their order."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from exactgeo.errors import InternalError
from exactgeo.exact.rational import decimal, format_rational

__all__ = ["Enclosure", "Value", "exact", "high", "low", "order", "plain", "scaled"]


@dataclass(frozen=True, order=True, slots=True)
class Enclosure:
    """Proved bounds ``lo <= value <= hi`` on a value that has no exact rational form.

    Examples
    --------
    >>> print(Enclosure(Fraction(1, 3), Fraction(1, 2)) + Enclosure(Fraction(1), Fraction(2)))
    [1.33333333333333, 2.5]
    """

    lo: Fraction
    hi: Fraction

    def __str__(self) -> str:
        return f"[{decimal(self.lo)}, {decimal(self.hi)}]"

    def __repr__(self) -> str:
        return f"<in {self}>"

    def __add__(self, other: Enclosure | Fraction | int) -> Enclosure:
        if isinstance(other, Enclosure):
            return Enclosure(self.lo + other.lo, self.hi + other.hi)
        return Enclosure(self.lo + other, self.hi + other)

    __radd__ = __add__


Value = Fraction | Enclosure


def low(value: Value) -> Fraction:
    """The proved lower bound; the value itself where it is rational."""
    return value.lo if isinstance(value, Enclosure) else value


def high(value: Value) -> Fraction:
    """The proved upper bound; the value itself where it is rational."""
    return value.hi if isinstance(value, Enclosure) else value


def exact(value: Value) -> Fraction:
    """A value that the caller knows to be rational.

    Raises
    ------
    InternalError
        It is an enclosure.
    """
    if isinstance(value, Enclosure):
        raise InternalError("an enclosure stands where only rationals belong")
    return value


def scaled(value: Value, factor: Fraction) -> Value:
    """``factor * value`` for a positive factor."""
    if isinstance(value, Enclosure):
        return Enclosure(value.lo * factor, value.hi * factor)
    return value * factor


def order(value: Fraction) -> tuple[float, Fraction]:
    """A sort key: conversion to float is monotone, so the rational decides only between equal floats.

    Examples
    --------
    >>> order(Fraction(1, 3)) < order(Fraction(1, 3) + Fraction(1, 10**40)) < order(Fraction(10**400))
    True
    """
    try:
        return float(value), value
    except OverflowError:
        return float("inf") if value > 0 else float("-inf"), value


def plain(value: Value | None) -> Any:
    """As JSON: ``"p/q"``, ``{"lo": ..., "hi": ...}`` or None."""
    if isinstance(value, Enclosure):
        return {"lo": format_rational(value.lo), "hi": format_rational(value.hi)}
    return None if value is None else format_rational(value)
