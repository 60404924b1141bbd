"""Is the loss lower along some random germ curve? A refutation that any claimed minimum must survive."""

from __future__ import annotations

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.combination import Number
from exactgeo.exact.vectors import ZERO
from exactgeo.local_minimum.along import descent_along
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.problem import Direction, Point, Problem

__all__ = ["germ_descent"]

COUNT, REPLAYED = 16384, 12
"""Of the curves that floats try, and of those that are replayed."""


LARGEST = 50_000
"""Products of a forward pass: beyond, curves take too long to be replayed."""


def germ_descent(
    problem: Problem, point: Point, *, count: int = COUNT, seed: int = 0, check: Check = unlimited
) -> Descent | None:
    """A descent along a random curve, with as few parameters moved as the loss needs; None where none was found.

    Parameters
    ----------
    problem : Problem
        Piecewise linear activations, a loss that is quadratic between breaks or has classes.
    point : Point
    count, seed : int
        Of the random curves. The answer is the same for the same numbers.
    """
    # numpy loads when a curve is asked for.
    from exactgeo.local_minimum.deep._propose_germs import proposed_curves

    if problem.products > LARGEST:
        return None
    loss = DeepPoint.of(problem, point).loss
    for curve in proposed_curves(problem, point, count, seed, REPLAYED, check):
        check()
        found = descent_along(problem, point, loss, curve)
        if found is not None:
            return _shortened(problem, point, loss, found)
    return None


def _shortened(problem: Problem, point: Point, loss: Number, found: Descent) -> Descent:
    """The same with every block at rest that need not move."""
    for k in range(2 * len(point.weights)):
        shorter = tuple(_without(direction, k) for direction in found.curve)
        if shorter != found.curve:
            found = descent_along(problem, point, loss, shorter) or found
    return found


def _without(direction: Direction, block: int) -> Direction:
    """A direction with one block, of the weights and then the biases, at rest."""
    weights, biases = list(direction.weights), list(direction.biases)
    if block < len(weights):
        weights[block] = tuple((ZERO,) * len(row) for row in weights[block])
    else:
        biases[block - len(weights)] = (ZERO,) * len(biases[block - len(weights)])
    return Direction(tuple(weights), tuple(biases))
