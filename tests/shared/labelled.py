"""Degenerate problems of classes with points at which the logistic loss may well have a local minimum."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F

from degenerate import generate, to_problem

from exactgeo.losses import make_loss
from exactgeo.problem import Network, Point, Problem, Train


def labelled(rng: random.Random, tiny: bool = True) -> Problem:
    """A degenerate network and point; labels at random, or data repeated, mirrored or balanced so that slopes cancel."""
    case = to_problem(generate(rng, tiny))
    recipe = rng.choice(("random", "balanced", "mirrored", "frozen", "frozen", "silent"))
    train = case.train
    x, y = case.x, tuple((F(rng.choice((1, -1))),) for _ in case.x)
    point = case.point
    if recipe == "balanced":
        copies = rng.choice((1, 1, 2))
        x, y = x + x * copies, y + tuple((-q,) for (q,) in y) * copies
    elif recipe == "mirrored":
        x, y = x + tuple(tuple(-q for q in row) for row in x), y + tuple((-q,) for (q,) in y)
    elif recipe == "frozen":
        train = Train(train.hidden, train.hidden_bias, False, False)
    if recipe in ("balanced", "mirrored") and rng.random() < 0.7:
        # Predictions 0: the last layer is silent, or cancels.
        last = tuple(F(0) for _ in point.weights[-1][0])
        keep = rng.random() < 0.3
        weights = point.weights if keep else (*point.weights[:-1], (last,))
        point = Point(weights, (*point.biases[:-1], tuple(F(0) for _ in point.biases[-1])))
    if recipe == "silent" and case.network.widths:
        # No neuron is seen by the data points that count for the bias.
        point = Point(point.weights, (*point.biases[:-1], tuple(F(0) for _ in point.biases[-1])))
        train = replace(train, hidden=(True,) * len(train.hidden), output=False)
    return Problem(x, y, case.network, make_loss("logistic"), train, case.reduction, point=point)


def two_outputs(problem: Problem, rng: random.Random) -> Problem:
    """The same score as the difference of two outputs under softmax."""
    net = problem.network
    size = len(problem.point.weights[-1][0])
    first = Point(
        (*problem.point.weights[:-1], (tuple(F(rng.randint(-1, 1)) for _ in range(size)),)),
        (*problem.point.biases[:-1], tuple(F(rng.randint(-1, 1)) for _ in problem.point.biases[-1])),
    )
    network = Network(net.inputs, net.widths, 2, net.activations, net.hidden_bias, net.output_bias)
    y = tuple(((1 + q) / 2,) for (q,) in problem.y)
    return Problem(problem.x, y, network, make_loss("cross_entropy"), problem.train, problem.reduction,
                   point=problem.point.with_outputs(2, first))  # fmt: skip
