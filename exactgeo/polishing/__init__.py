"""From trained floats to the certified local minimum beside them.

Where no pre-activation changes its side the training problem is convex (:mod:`exactgeo.polishing.cell`). Two methods go
down from cell to cell. In rationals (:mod:`exactgeo.polishing.exactly`) each minimum of a cell is solved, and the
decision of ``certify`` says whether it is a local minimum of the whole loss. In balls
(:mod:`exactgeo.polishing.enclosed`) floats go down, and where they end intervals prove that a box holds exactly one
local minimum.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from exactgeo.deadline import Deadline
from exactgeo.polishing.cell import moving_coordinates
from exactgeo.polishing.difference import lifted, score_of
from exactgeo.polishing.enclosed import Enclosed, enclosed, verdict_of
from exactgeo.polishing.exactly import exactly
from exactgeo.polishing.none_within import none_within
from exactgeo.polishing.polished import Polished, safe_decimal
from exactgeo.polishing.smooth import OpenEnd, critical_near, sloped_within
from exactgeo.problem import Point, Problem, scope

__all__ = ["METHODS", "Polished", "polish", "safe_decimal"]

METHODS = ("exact", "balls")

LONG = 1300
"""(Unknowns) x (bits of a datum) from which rationals are too long, and balls are tried first."""


def polish(
    problem: Problem,
    point: Point,
    *,
    method: str | None = None,
    time_limit: float = 60.0,
    known: Callable[[Polished], None] = lambda found: None,
) -> Polished:
    """Go down from a trained network to a certified local minimum beside it.

    Parameters
    ----------
    problem : Problem
        At most one hidden layer, one output or two classes, a piecewise-linear activation; or sigmoid and tanh, of any
        depth.
    point : Point
        Trained floats, as the dyadics they are.
    method : str or None
        ``exact``: rationals; ``balls``: an enclosure. None: rationals where numbers stay small, else balls; and the
        other where one declines.
    time_limit : float
        Seconds; then the best point so far.
    known : callable
        Told after each cell how far the descent has come.

    Raises
    ------
    exactgeo.OutOfScope
        Named: what puts the problem, or the method, outside.

    Notes
    -----
    Cost: for each cell a float program; in rationals some exact solves with numbers of about (unknowns) x (bits of the
    data), in balls one proof at the end.
    """
    for outside in (scope.polish(problem), scope.polish_by(problem, method)):
        if outside is not None:
            raise outside
    deadline = Deadline.after(time_limit)
    if scope.smooth(problem) is None:
        return _smoothly(problem, point, deadline)
    if problem.outputs > 1:
        found = polish(*score_of(problem, point), method=method, time_limit=time_limit)
        return lifted(problem, point, found)
    radius = none_within(problem, point)
    undecided = Polished(problem, point, point, 0, radius, None, reason="")
    for chosen in _methods(problem, method):
        if chosen == "exact":
            found = exactly(problem, point, radius, deadline, known)
        else:
            found = _by_balls(problem, point, radius, deadline, known)
        if found.verdict is not None:
            return found
        reason = found.reason if not undecided.reason else f"{undecided.reason}; {found.reason}"
        undecided = Polished(problem, point, found.point, undecided.cells + found.cells, radius, None, reason=reason)
    return undecided


def _methods(problem: Problem, method: str | None) -> list[str]:
    """What is tried, in order."""
    if method is not None:
        return [method]
    order = ["exact", "balls"] if _bits(problem) <= LONG else ["balls", "exact"]
    return [name for name in order if scope.polish_by(problem, name) is None]


def _bits(problem: Problem) -> int:
    """(Unknowns) x (bits of a datum)."""
    unknowns = sum(problem.network.widths) * len(moving_coordinates(problem)) + 1 if problem.network.widths else 1
    data = [q for row in problem.lifted for q in row] + [q for row in problem.y for q in row]
    return unknowns * max(max(q.denominator.bit_length(), abs(q.numerator).bit_length()) for q in data)


def _by_balls(
    problem: Problem, point: Point, radius: Fraction, deadline: Deadline, known: Callable[[Polished], None]
) -> Polished:
    def over(cells: int) -> bool:
        ended = f"the descent was ended after {deadline.seconds:g} s, in cell {cells}; raise --time-limit"
        known(Polished(problem, point, point, cells, radius, None, reason=ended))
        return not deadline.left

    found: Enclosed = enclosed(problem, point, over)
    if found.ball is None:
        return Polished(problem, point, point, found.cells, radius, None, reason=f"balls: {found.reason}")
    verdict = verdict_of(found.ball)
    return Polished(problem, point, found.ball.point, found.cells, radius, verdict, found.ball)


def _smoothly(problem: Problem, point: Point, deadline: Deadline) -> Polished:
    """Of smooth activations: no cells, but critical points."""
    radius = sloped_within(problem, point)
    found = critical_near(problem, point, deadline)
    if isinstance(found, OpenEnd):
        return Polished(problem, point, found.point, found.visited, radius, None, reason=found.reason)
    radius = max(radius, found.none_within(point))
    if found.minimum:
        return Polished(problem, point, found.point, found.visited, radius, found.verdict(), found)
    reason = f"a saddle, proved, is the last critical point that was reached in {deadline.seconds:g} s"
    return Polished(problem, point, found.point, found.visited, radius, None, reason=reason)
