"""Two classes under softmax: the loss is that of the difference of the scores, and a minimum of that is one of the two.

The difference is linear in the output weights and biases, and every small change of it is one of these: local minima go
over both ways. A change of the two rows by at most r changes their difference by at most 2 r.
"""

from __future__ import annotations

from fractions import Fraction

from exactgeo.local_minimum.ordered_criterion import one_score
from exactgeo.polishing.many_minima import many_minima_near
from exactgeo.polishing.polished import Polished
from exactgeo.polishing.smooth import Critical
from exactgeo.problem import Point, Problem

__all__ = ["lifted", "score_of"]


def score_of(problem: Problem, point: Point) -> tuple[Problem, Point]:
    """The logistic problem of the difference."""
    return one_score(problem, point)


def lifted(problem: Problem, point: Point, found: Polished) -> Polished:
    """What became of the difference, as what became of both: the mean of the two rows stays.

    Parameters
    ----------
    problem : Problem
        Two classes, cross-entropy, no penalty.
    point : Point
    found : Polished
        Of its difference.
    """
    way = point.as_scalar().towards(found.point).apart
    there, radius = point.moved(way, Fraction(1)), found.none_within / 2
    if found.verdict is None:
        return Polished(problem, point, there, found.cells, radius, None, reason=found.reason)
    kinks = found.ball.kinks if found.ball is not None and not isinstance(found.ball, Critical) else ()
    many = many_minima_near(problem, there, kinks)
    if many is None:
        reason = "balls: the difference of the scores ends in a minimum, whose predictions were not enclosed for both"
        return Polished(problem, point, there, found.cells, radius, None, reason=reason)
    return Polished(problem, point, many.point, found.cells, radius, many.verdict(), many)
