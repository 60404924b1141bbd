"""A piecewise linear output activation as one more hidden layer, whose outputs a frozen identity passes on.

Whatever is asked of points of such a problem is asked of the same network so written: its parameters are the same,
with an identity behind them that nobody trains.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from exactgeo.activations import LINEAR
from exactgeo.exact.vectors import ONE, ZERO, Matrix
from exactgeo.problem.network import Network, Train
from exactgeo.problem.point import Direction, Point
from exactgeo.problem.problem import Problem

__all__ = ["bends_outputs", "with_identity", "with_linear_outputs", "without_identity"]

Layers = TypeVar("Layers", Point, Direction)


def bends_outputs(problem: Problem) -> bool:
    """Whether the outputs have an activation that is piecewise linear, and not linear."""
    last = problem.network.output_activation
    return last != LINEAR and last.homogeneous and not problem.penalty


def with_linear_outputs(problem: Problem) -> Problem:
    """The same network with its output activation as that of one more hidden layer; its point, if any, as well."""
    net, train = problem.network, problem.train
    network = Network(
        net.inputs,
        (*net.widths, net.outputs),
        net.outputs,
        net.layer_activations,
        net.biases,
        False,
    )
    point = None if problem.point is None else with_identity(problem.point)
    frozen = None if problem.frozen is None else with_identity(problem.frozen)
    trained = Train(train.weights, train.biases, False, False)
    return replace(problem, network=network, train=trained, frozen=frozen, point=point)


def with_identity(point: Point) -> Point:
    """The same parameters with the identity behind them."""
    return Point((*point.weights, _identity(len(point.weights[-1]))), (*point.biases, ()))


def without_identity(layers: Layers) -> Layers:
    """A point or a direction of the larger network as one of the network itself.

    Law: ``without_identity(with_identity(point)) == point``.
    """
    return type(layers)(layers.weights[:-1], layers.biases[:-1])


def _identity(size: int) -> Matrix:
    return tuple(tuple(ONE if i == j else ZERO for j in range(size)) for i in range(size))
