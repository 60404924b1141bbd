"""Points of a slice: which representative is drawn, for (w, v) and (s w, v / s) compute the same; losses, lengths."""

from __future__ import annotations

from fractions import Fraction

from exactgeo.exact.enclosure import Value
from exactgeo.exact.vectors import ZERO
from exactgeo.problem import Direction, Point, Problem

__all__ = ["balanced", "length_squared", "loss_value", "single"]

WIDE = 16
"""Sizes of w and v that are no further apart than this factor stay as they are."""


def balanced(problem: Problem, point: Point) -> Point:
    """The same function, with input and output weights of about the same size: a choice of what is drawn.

    A neuron whose |w| and |v| are more than a factor 16 apart is scaled by a power of 2, so that they are at most a
    factor 2 apart; the loss is the same. A neuron with w = 0 or v = 0 stays, and so do all of another network than one
    with one hidden layer and one output, and where a scaling would move what is frozen or penalised, or the activation
    is no ``homogeneous`` one.

    Parameters
    ----------
    problem : Problem
    point : Point

    Examples
    --------
    >>> import exactgeo as eg
    >>> problem = eg.load({"data": {"x": [[1], [2]], "y": [0, 1]}, "network": {"widths": [1]},
    ...     "point": {"weights": [[[62429]], [["1/190926"]]], "biases": [[0], [0]]}})
    >>> [(w, v)] = balanced(problem, problem.point).neurons
    >>> [str(q) for q in w], str(v), problem.loss_at(problem.point) == problem.loss_at(balanced(problem, problem.point))
    (['62429/131072', '0'], '65536/95463', True)
    """
    train = problem.train
    if not single(problem) or problem.penalty or not problem.network.activations[0].homogeneous:
        return point
    if not (train.hidden[0] and train.output and (train.hidden_bias[0] or not problem.network.hidden_bias[0])):
        return point
    neurons = [(tuple(_power(w, v) * q for q in w), v / _power(w, v)) for w, v in point.neurons]
    return point.with_neurons(neurons)


def single(problem: Problem) -> bool:
    """Whether it has a single hidden layer and a single output: neurons (w, v)."""
    return len(problem.network.widths) == 1 and problem.outputs == 1


def _power(w: tuple[Fraction, ...], v: Fraction) -> Fraction:
    """The power of 2 by which w is multiplied."""
    ratio = v**2 / sum(q**2 for q in w) if v and any(w) else Fraction(1)
    if 1 <= ratio * WIDE**2 <= WIDE**4:
        return Fraction(1)
    # s^4 is near the ratio of the squares, which may be beyond all floats.
    power = (ratio.numerator.bit_length() - ratio.denominator.bit_length()) // 4
    while ratio > 4 * Fraction(16) ** power:
        power += 1
    while 4 * ratio < Fraction(16) ** power:
        power -= 1
    return Fraction(2) ** power


def loss_value(problem: Problem, point: Point) -> Value:
    """The loss at a point: exactly where it is rational, else in proved bounds."""
    return problem.loss_at(point) if problem.loss.rational else problem.enclosure_at(point)


def length_squared(direction: Direction) -> Fraction:
    """The square of the Euclidean norm of a move of all parameters."""
    rows = [*(row for matrix in direction.weights for row in matrix), *direction.biases]
    return sum((q**2 for row in rows for q in row), ZERO)
