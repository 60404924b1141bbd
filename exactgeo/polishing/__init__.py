"""From trained floats to the certified local minimum beside them.

Where no pre-activation changes its side the training problem is convex (:mod:`exactgeo.polishing.cell`), and its
minimum is rational for one parabola a target (:mod:`exactgeo.polishing.optimum`). The decision of ``certify`` says
whether that is a local minimum of the whole loss; where it is not, its descent leads into the next cell. The loss falls
strictly, so the walk ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from exactgeo.deadline import Deadline
from exactgeo.exact.enclosure import Value
from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import ZERO
from exactgeo.local_minimum import Descent, Minimum, decide
from exactgeo.polishing.cell import Cell, Pattern, pattern_of
from exactgeo.polishing.none_within import none_within
from exactgeo.polishing.optimum import Unsettled, minimise_on
from exactgeo.problem import Direction, Point, Problem, scope
from exactgeo.standing import Verdict, verdict_on

__all__ = ["Polished", "polish"]


@dataclass(frozen=True)
class Polished:
    """What became of trained floats.

    Attributes
    ----------
    problem : Problem
    start : Point
        The floats, as the dyadics they are.
    loss_before : Fraction
    point : Point
        The last point of the walk: where ``reason`` is empty a local minimum.
    cells : int
        How many were visited.
    none_within : Fraction
        No local minimum lies within this max-norm distance of ``start``.
    verdict : Verdict or None
        What ``certify`` says of ``point``; None where the walk did not end.
    reason : str
        Why it did not end.
    """

    problem: Problem
    start: Point
    loss_before: Fraction
    point: Point
    cells: int
    none_within: Fraction
    verdict: Verdict | None
    reason: str = ""

    @property
    def status(self) -> str:
        """``exact``, or ``undecided``."""
        return "undecided" if self.verdict is None else "exact"

    @property
    def loss(self) -> Value:
        return self.problem.loss_at(self.point)

    @property
    def moved(self) -> Fraction:
        """Max-norm distance from ``start`` to ``point``."""
        there = self.start.towards(self.point)
        rows = [row for matrix in there.weights for row in matrix] + list(there.biases)
        return max((abs(q) for row in rows for q in row), default=ZERO)

    @property
    def one_within(self) -> Fraction | None:
        """A local minimum lies within this max-norm distance of ``start``; None where none was found."""
        return None if self.verdict is None else self.moved

    def to_json(self, certificate: str | None = None) -> dict[str, Any]:
        """The answer of ``exactgeo polish --json``: radii and distances are decimals rounded to the safe side."""
        loss = self.problem.loss_at(self.point)
        return {
            "status": self.status,
            "reason": self.reason or None,
            "point": self.point.to_dict(),
            "loss": format_rational(loss),
            "loss_decimal": f"{float(loss):.15g}",
            "loss_before": format_rational(self.loss_before),
            "loss_before_decimal": f"{float(self.loss_before):.15g}",
            "moved": safe_decimal(self.moved, up=True),
            "cells": self.cells,
            "none_within": safe_decimal(self.none_within, up=False),
            "one_within": None if self.one_within is None else safe_decimal(self.one_within, up=True),
            "verdict": None if self.verdict is None else self.verdict.to_json(certificate),
            "certificate": certificate,
        }


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


VERDICT = 5.0
"""Seconds for the verdict on the minimum: as ``certify`` has them."""


def polish(
    problem: Problem, point: Point, *, time_limit: float = 60.0, known: Callable[[Polished], None] = lambda found: None
) -> Polished:
    """Walk from a trained network to a certified local minimum beside it.

    Parameters
    ----------
    problem : Problem
        One hidden layer, one output, a piecewise-linear activation, a loss that is one parabola a target (squared,
        half_squared).
    point : Point
        Trained floats, as the dyadics they are.
    time_limit : float
        Seconds; then the best point so far.
    known : callable
        Told after each cell how far the walk has come.

    Raises
    ------
    exactgeo.OutOfScope
        Named: what puts the problem outside.

    Notes
    -----
    Cost: for each cell a float QP and some exact solves with numbers of about (unknowns) x (bits of the data).
    """
    outside = scope.polish(problem)
    if outside is not None:
        raise outside
    deadline = Deadline.after(time_limit)
    before = problem.loss_at(point)
    radius = none_within(problem, point)
    here, pattern, cells = point, pattern_of(problem, point), 0

    def stopped(reason: str) -> Polished:
        return Polished(problem, point, before, here, cells, radius, None, reason)

    while True:
        over = stopped(f"the walk was ended after {time_limit:g} s, in cell {cells}; raise --time-limit")
        known(over)
        if not deadline.left:
            return over
        cells += 1
        try:
            cell = Cell.of(problem, here, pattern)
            here = cell.point_at(minimise_on(cell))
        except Unsettled as failure:
            return stopped(f"cell {cells}: {failure}")
        found = decide(problem, here, strictness=False)
        if isinstance(found, Minimum):
            verdict = verdict_on(problem, here, min(deadline.left, VERDICT))
            return Polished(problem, point, before, here, cells, radius, verdict)
        if not isinstance(found, Descent) or found.direction is None:
            return stopped("the decision is left open at the minimum of a cell")
        pattern = _beyond(problem, here, pattern, found.direction)


def _beyond(problem: Problem, point: Point, pattern: Pattern, direction: Direction) -> Pattern:
    """The cell that a descent enters."""
    return pattern_of(problem, point, pattern, Point(direction.weights, direction.biases))
