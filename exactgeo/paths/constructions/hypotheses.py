"""What constructions ask of a network and of what is trained: each a sentence where it does not hold.

Layers are counted from 1; the last one is the output. Every function raises :class:`PathRefused` with the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable

from exactgeo.activations import LINEAR
from exactgeo.paths.builder import PathRefused
from exactgeo.problem import Point, Problem

__all__ = [
    "bijective",
    "decreasing",
    "kinked",
    "no_wider",
    "piecewise_linear",
    "plain",
    "same_frozen_bias",
    "trained",
    "trained_bias",
    "two_sided",
    "unfrozen_bias",
]


def named(problem: Problem, layer: int) -> str:
    return "the output layer" if layer == problem.network.depth else f"hidden layer {layer}"


def plain(problem: Problem) -> None:
    """No penalty, nothing applied to the outputs, and a hidden layer."""
    if problem.penalty:
        raise PathRefused("the loss has a penalty")
    if problem.network.output_activation != LINEAR:
        raise PathRefused(f"the outputs have an activation, {problem.network.output_activation.name}")
    if not problem.network.widths:
        raise PathRefused("there is no hidden layer")


def piecewise_linear(problem: Problem, layers: Iterable[int]) -> None:
    """Activations of hidden layers are piecewise linear with their kink at 0, and not 0."""
    for layer in layers:
        activation = problem.network.activations[layer - 1]
        if activation.slopes is None:
            raise PathRefused(f"the activation of hidden layer {layer}, {activation.name}, is not piecewise linear")
        if not any(activation.slopes):
            raise PathRefused(f"the activation of hidden layer {layer} is 0")


def bijective(problem: Problem, layers: Iterable[int]) -> None:
    """Activations of hidden layers are piecewise linear, strictly monotonic and onto: two slopes of one sign."""
    for layer in layers:
        activation = problem.network.activations[layer - 1]
        if activation.slopes is None or activation.slopes[0] * activation.slopes[1] <= 0:
            name = activation.name
            raise PathRefused(f"the activation of hidden layer {layer}, {name}, is not piecewise linear and bijective")


def two_sided(problem: Problem, layers: Iterable[int]) -> None:
    """Activations of hidden layers are flat nowhere; those that are not bijective have trained biases."""
    for layer in layers:
        activation = problem.network.activations[layer - 1]
        if activation.slopes is None or not all(activation.slopes):
            raise PathRefused(f"the activation of hidden layer {layer}, {activation.name}, is flat on one side")
        if activation.slopes[0] * activation.slopes[1] < 0:
            trained_bias(problem, [layer])


def kinked(problem: Problem, layers: Iterable[int]) -> None:
    """Activations of hidden layers are piecewise linear with two slopes."""
    for layer in layers:
        activation = problem.network.activations[layer - 1]
        if activation.slopes is None or not activation.has_kink:
            raise PathRefused(f"the activation of hidden layer {layer}, {activation.name}, has no kink")


def trained(problem: Problem, layers: Iterable[int]) -> None:
    """Weights of layers are trained."""
    for layer in layers:
        if not problem.train.weights[layer - 1]:
            raise PathRefused(f"the weights of {named(problem, layer)} are not trained")


def trained_bias(problem: Problem, layers: Iterable[int]) -> None:
    """Layers have biases, and these are trained."""
    for layer in layers:
        if not problem.network.biases[layer - 1] or not problem.train.biases[layer - 1]:
            raise PathRefused(f"{named(problem, layer)} has no trained bias")


def unfrozen_bias(problem: Problem, point: Point, layers: Iterable[int]) -> None:
    """Layers have no bias that is frozen at another value than 0."""
    for layer in layers:
        if not problem.train.biases[layer - 1] and any(point.biases[layer - 1]):
            raise PathRefused(f"the bias of {named(problem, layer)} is frozen, and not 0")


def same_frozen_bias(problem: Problem, point: Point, layers: Iterable[int]) -> None:
    """Layers have no biases that are frozen at several values."""
    for layer in layers:
        if not problem.train.biases[layer - 1] and len(set(point.biases[layer - 1])) > 1:
            raise PathRefused(f"the biases of {named(problem, layer)} are frozen at several values")


def decreasing(problem: Problem, first: int) -> None:
    """Every layer above ``first`` has fewer units than the one below it, the output layer included."""
    sizes = problem.network.sizes
    for layer in range(first + 1, problem.network.depth + 1):
        if sizes[layer] >= sizes[layer - 1]:
            below = f"the layer below it, {sizes[layer]} and {sizes[layer - 1]}"
            raise PathRefused(f"{named(problem, layer)} has not fewer units than {below}")


def no_wider(problem: Problem, layers: Iterable[int]) -> None:
    """Layers have no more units than the one below each."""
    sizes = problem.network.sizes
    for layer in layers:
        if sizes[layer] > sizes[layer - 1]:
            raise PathRefused(
                f"{named(problem, layer)} has more units than the layer below it, {sizes[layer]} and {sizes[layer - 1]}"
            )
