"""What became of trained floats: the answer of :func:`exactgeo.polish`."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from exactgeo.exact.enclosure import Enclosure, Value, plain
from exactgeo.exact.vectors import ZERO
from exactgeo.frozen import dataclass
from exactgeo.local_minimum import smooth_loss
from exactgeo.local_minimum.ball import Ball
from exactgeo.polishing.many_minima import ManyMinima
from exactgeo.polishing.smooth import Critical
from exactgeo.problem import Point, Problem
from exactgeo.shown import Reported, brief, value_line
from exactgeo.standing import Verdict

__all__ = ["Polished", "loss_value", "safe_decimal"]


@dataclass(frozen=True)
class Polished(Reported):
    """What became of trained floats.

    Attributes
    ----------
    problem : Problem
    start : Point
        The floats, as the dyadics they are.
    point : Point
        The last point: where ``status`` is ``exact`` a local minimum, where it is ``enclosed`` the centre of a box that
        holds exactly one.
    cells : int
        How many were visited.
    none_within : Fraction
        No local minimum lies within this max-norm distance of ``start``.
    verdict : Verdict or None
        What ``certify`` says of ``point``, or what is proved of the minimum in the box; None where there is neither.
    ball : Ball, Critical, ManyMinima or None
        Where the minimum is enclosed.
    reason : str
        Why there is no minimum; "" where there is one.
    """

    problem: Problem
    start: Point
    point: Point
    cells: int
    none_within: Fraction
    verdict: Verdict | None
    ball: Ball | Critical | ManyMinima | None = None
    reason: str = ""

    @property
    def status(self) -> str:
        """``exact``, ``enclosed`` or ``undecided``."""
        return "undecided" if self.verdict is None else "exact" if self.ball is None else "enclosed"

    @property
    def loss(self) -> Value:
        """At ``point``, or at the minimum that is enclosed."""
        return loss_value(self.problem, self.point) if self.ball is None else self.ball.value

    @property
    def loss_before(self) -> Value:
        """At ``start``."""
        return loss_value(self.problem, self.start)

    @property
    def moved(self) -> Fraction:
        """Max-norm distance from ``start`` to ``point``."""
        there = self.start.towards(self.point)
        rows = [row for matrix in there.weights for row in matrix] + list(there.biases)
        return max((abs(q) for row in rows for q in row), default=ZERO)

    @property
    def radius(self) -> Fraction | None:
        """The minimum lies within it of ``point`` (max norm); None where it is not enclosed."""
        return None if self.ball is None else self.ball.within

    @property
    def one_within(self) -> Fraction | None:
        """A local minimum lies within this max-norm distance of ``start``; None where none was found."""
        return None if self.verdict is None else self.moved + (self.radius or ZERO)

    def _shown(self) -> str:
        one = "" if self.one_within is None else f", a local minimum within {safe_decimal(self.one_within, up=True)}"
        none = f", none within {safe_decimal(self.none_within, up=False)}" if self.none_within else ""
        why = f", {brief(self.reason)}" if self.reason else ""
        return f"polished: {self.status}, loss {value_line(self.loss)}{one}{none}{why}"

    def plot(self, ax: Any = None) -> Any:
        """The function of ``point`` beside the data and, with one input, that of ``start`` dashed, on matplotlib axes,
        which are returned.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        """
        from exactgeo.pictures import label
        from exactgeo.problem.plot import before_and_after

        name = f"{self.status}, loss {label(self.loss)}, moved {safe_decimal(self.moved, up=True)}"
        return before_and_after(self.problem, self.start, self.point, ax, name=name)

    def to_json(self, certificate: str | None = None) -> dict[str, Any]:
        """The answer of ``exactgeo polish --json``: radii and distances are decimals rounded to the safe side."""
        found = {
            "status": self.status,
            "reason": self.reason or None,
            "point": self.point.to_dict(),
            **_loss("loss", self.loss),
            **_loss("loss_before", self.loss_before),
            "moved": safe_decimal(self.moved, up=True),
            "cells": self.cells,
            "none_within": safe_decimal(self.none_within, up=False),
            "one_within": None if self.one_within is None else safe_decimal(self.one_within, up=True),
        }
        if self.ball is not None:
            found["radius"] = safe_decimal(self.ball.within, up=True)
            alone = None if isinstance(self.ball, ManyMinima) else self.ball.radius
            found["alone_within"] = None if alone is None else safe_decimal(alone, up=False)
        verdict = None if self.verdict is None else self.verdict.to_json(certificate)
        return found | {"verdict": verdict, "certificate": certificate}


@lru_cache(maxsize=16)
def loss_value(problem: Problem, point: Point) -> Value:
    """The training loss, an enclosure where it need not be rational."""
    found = smooth_loss(problem, point) or problem.enclosure_at(point)
    return found.lo if found.lo == found.hi else found


def _loss(key: str, value: Value) -> dict[str, Any]:
    if isinstance(value, Enclosure):
        middle = float((value.lo + value.hi) / 2)
        return {key: None, f"{key}_enclosure": plain(value), f"{key}_decimal": f"{middle:.15g}"}
    return {key: plain(value), f"{key}_decimal": f"{float(value):.15g}"}


def safe_decimal(value: Fraction, *, up: bool) -> str:
    """Three significant decimal digits, rounded up or down.

    Examples
    --------
    >>> safe_decimal(Fraction(2, 3), up=True), safe_decimal(Fraction(2, 3), up=False)
    ('6.67e-1', '6.66e-1')
    """
    if not value:
        return "0"
    exponent = 0
    while value >= Fraction(10) ** (exponent + 1):
        exponent += 1
    while value < Fraction(10) ** exponent:
        exponent -= 1
    scaled = value / Fraction(10) ** (exponent - 2)
    digits = -(-scaled.numerator // scaled.denominator) if up else scaled.numerator // scaled.denominator
    if digits == 1000:
        digits, exponent = 100, exponent + 1
    return f"{digits // 100}.{digits % 100:02d}e{exponent}"
