"""Two classes under softmax: the loss is that of the difference of the scores, and a minimum of that is one of the two.

The difference is linear in the output weights and biases, and every small change of it is one of these: local minima go
over both ways. A change of the two rows by at most r changes their difference by at most 2 r.
"""

from __future__ import annotations

from fractions import Fraction

from exactgeo.exact.vectors import Vector
from exactgeo.local_minimum.ordered_criterion import one_score
from exactgeo.polishing.polished import Polished
from exactgeo.polishing.smooth import Critical
from exactgeo.polishing.spread import spread_near
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
    there, radius = _apart(point, found.point), found.none_within / 2
    if found.verdict is None:
        return Polished(problem, point, there, found.cells, radius, None, reason=found.reason)
    kinks = found.ball.kinks if found.ball is not None and not isinstance(found.ball, Critical) else ()
    spread = spread_near(problem, there, kinks)
    if spread is None:
        reason = "balls: the difference of the scores ends in a minimum, whose predictions were not enclosed for both"
        return Polished(problem, point, there, found.cells, radius, None, reason=reason)
    return Polished(problem, point, spread.point, found.cells, radius, spread.verdict(), spread)


def _apart(point: Point, score: Point) -> Point:
    """The point with the hidden layer of the score's, and rows of outputs that differ as it says."""
    first, second = point.weights[-1]
    (wanted,) = score.weights[-1]
    pairs = [_around(a, b, q) for a, b, q in zip(first, second, wanted, strict=True)]
    weights = (*score.weights[:-1], (tuple(a for a, _ in pairs), tuple(b for _, b in pairs)))
    shift: Vector = ()
    if point.biases[-1]:
        one, other = point.biases[-1]
        shift = _around(one, other, score.biases[-1][0])
    return Point(weights, (*score.biases[:-1], shift))


def _around(first: Fraction, second: Fraction, difference: Fraction) -> tuple[Fraction, Fraction]:
    middle = (first + second) / 2
    return middle - difference / 2, middle + difference / 2
