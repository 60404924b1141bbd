"""Down over cells in rationals, until the decision of ``certify`` says that a minimum of a cell is a local one.

The loss falls strictly from cell to cell, so the descent ends.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from exactgeo.deadline import Deadline
from exactgeo.local_minimum import Descent, Minimum, decide
from exactgeo.polishing.cell import Cell, pattern_of
from exactgeo.polishing.optimum import Unsettled, minimise_on
from exactgeo.polishing.polished import Polished
from exactgeo.problem import Point, Problem
from exactgeo.standing import verdict_on

__all__ = ["exactly"]

VERDICT = 5.0
"""Seconds for the verdict on the minimum: as ``certify`` has them."""


def exactly(
    problem: Problem, point: Point, radius: Fraction, deadline: Deadline, known: Callable[[Polished], None]
) -> Polished:
    """The local minimum in rationals.

    Parameters
    ----------
    problem : Problem
        A loss with rational values, no penalty.
    point : Point
    radius : Fraction
        No local minimum lies within it of the point.
    deadline : Deadline
    known : callable
        Told after each cell how far the descent has come.
    """
    here, pattern, cells = point, pattern_of(problem, point), 0

    def stopped(reason: str) -> Polished:
        return Polished(problem, point, here, cells, radius, None, reason=reason)

    while True:
        over = stopped(f"the descent was ended after {deadline.seconds:g} s, in cell {cells}; raise --time-limit")
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
            return Polished(problem, point, here, cells, radius, verdict)
        if not isinstance(found, Descent):
            return stopped(f"the decision is left open at the minimum of cell {cells}")
        # A descent along a curve enters the cell of its first power that leaves the kink.
        ways = found.curve if found.direction is None else (found.direction,)
        pattern = pattern_of(problem, here, pattern, [Point(way.weights, way.biases) for way in ways])
