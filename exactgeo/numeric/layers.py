"""Many networks of one shape as stacked float64 layers: the data that evaluation, conditions and descent read.

Nothing here decides anything. The way to an exact point is :meth:`Layers.point`; what makes layers is in
:mod:`~exactgeo.numeric.constructors`, the public face in :mod:`~exactgeo.numeric.networks`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactgeo.errors import InputError, InternalError
from exactgeo.frozen import dataclass
from exactgeo.losses import Loss
from exactgeo.numeric.activations import ActivationForm
from exactgeo.numeric.activations import form_of as activation_form
from exactgeo.numeric.losses import LossForm
from exactgeo.problem import Network, Point, Problem, Train

__all__ = ["Block", "Bools", "Floats", "Layers", "as_floats", "expect_shape"]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

CHUNK = 1 << 16
"""Pre-activations of a layer held at once, so that they stay in cache: batches are worked off in slices."""


class Block(NamedTuple):
    """Where one layer stands in a row of parameters: columns of its weights and bias, and its shape."""

    weights: slice
    bias: slice | None
    units: int
    inputs: int


def as_floats(value: ArrayLike, where: str, *axes: int) -> Floats:
    """``value`` as a float64 array of its own, of as many axes as one of ``axes`` (any, where none is given)."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InputError(where, type(value).__name__, "an array of numbers", "a rectangular float array") from None
    if axes and array.ndim not in axes:
        wanted = f"{' or '.join(map(str, axes))} axes"
        raise InputError(where, f"an array of shape {array.shape}", wanted, f"an array of {wanted}")
    return array


def expect_shape(where: str, array: Floats, shape: tuple[int, ...]) -> None:
    """Refuse an array of another shape."""
    if array.shape != shape:
        raise InputError(where, f"shape {array.shape}", f"shape {shape}", f"an array of shape {shape}")


@dataclass(frozen=True, eq=False)
class Layers:
    """N networks of one shape over one data set.

    Attributes
    ----------
    parameters : float64, shape (N, P)
        Layer after layer, the weight matrix row by row, then its bias vector. :meth:`weights`,
        :meth:`biases` and :meth:`flatten` translate.
    x, y : float64, shapes (m, d) and (m, k); for classes k = 1
    network, loss, reduction, train : as in :class:`~exactgeo.problem.Problem`
    rounded : bool, shape (N,)
        True where a rational was not a float and was rounded: such a network can never be said to
        satisfy the conditions here.
    loss_form : LossForm
        The loss at the targets, in floats.
    problem : Problem or None
        The exact problem, when the networks came from one.
    """

    parameters: Floats
    x: Floats
    y: Floats
    network: Network
    loss: Loss
    reduction: str
    train: Train
    rounded: Bools
    loss_form: LossForm
    problem: Problem | None = None

    def __len__(self) -> int:
        return len(self.parameters)

    def __getitem__(self, chosen: slice | NDArray[Any]) -> Self:
        """The networks of a slice, a mask or an index array."""
        return replace(self, parameters=self.parameters[chosen], rounded=self.rounded[chosen])

    def at(self, parameters: Floats) -> Self:
        """The same setting with other float parameters, shape (N, P)."""
        return replace(self, parameters=parameters, rounded=np.zeros(len(parameters), dtype=np.bool_))

    @property
    def slopes(self) -> tuple[float, float]:
        """Slopes of the activation, right and left.

        Raises
        ------
        ValueError
            The activation is smooth, or the layers have several.
        """
        slopes = self.network.activation.slopes
        if slopes is None:
            raise ValueError(f"the {self.network.activation.name} activation has no slopes")
        return float(slopes[0]), float(slopes[1])

    @property
    def divisor(self) -> int:
        """What sums over the data points are divided by."""
        return {"sum": 1, "mean": len(self.x), "mean_entries": self.y.size}[self.reduction]

    def activation_forms(self) -> list[ActivationForm]:
        """The activation of each layer in floats, that of the outputs last."""
        forms = []
        for activation in (*self.network.activations, self.network.output_activation):
            form = activation_form(activation)
            if form is None:
                raise InternalError(f"layers with the {activation.name} activation, which has no float form")
            forms.append(form)
        return forms

    def blocks(self) -> list[Block]:
        """One :class:`Block` a layer."""
        sizes, flags = self.network.sizes, self.network.biases
        result: list[Block] = []
        start = 0
        for inputs, units, bias in zip(sizes[:-1], sizes[1:], flags, strict=True):
            stop = start + units * inputs
            result.append(Block(slice(start, stop), slice(stop, stop + units) if bias else None, units, inputs))
            start = stop + units * bias
        return result

    def weights(self, layer: int) -> Floats:
        """Weight matrices of a layer, shape (N, units, inputs)."""
        block = self.blocks()[layer]
        return self.parameters[:, block.weights].reshape(len(self), block.units, block.inputs)

    def biases(self, layer: int) -> Floats | None:
        """Bias vectors of a layer, shape (N, units), or None."""
        columns = self.blocks()[layer].bias
        return None if columns is None else self.parameters[:, columns]

    def flatten(self, weights: Sequence[ArrayLike], biases: Sequence[ArrayLike | None]) -> Floats:
        """Stacked layers as rows of ``parameters``: how directions are written.

        Raises
        ------
        InputError
            Arrays that do not belong to N networks, or do not have P entries each.
        """
        depth = self.network.depth
        if len(weights) != depth or len(biases) != depth:
            found = f"{len(weights)} and {len(biases)} layers"
            raise InputError("weights and biases", found, f"{depth} of each", "None for no bias")
        parts = []
        for layer, pair in enumerate(zip(weights, biases, strict=True)):
            for name, part in zip(("weights", "biases"), pair, strict=True):
                if part is None:
                    continue
                array = as_floats(part, f"{name}[{layer}]")
                expect_shape(f"{name}[{layer}]", array, (len(self), *array.shape[1:]))
                # The length of a row is written out: of no network there is nothing to infer it from.
                parts.append(array.reshape(len(self), prod(array.shape[1:])))
        result = np.concatenate(parts, axis=1)
        expect_shape("weights", result, self.parameters.shape)
        return result

    def trained(self) -> Bools:
        """Which of the P parameters are trained, shape (P,)."""
        mask = np.zeros(self.parameters.shape[1], dtype=np.bool_)
        for block, weights, bias in zip(self.blocks(), self.train.weights, self.train.biases, strict=True):
            mask[block.weights] = weights
            if block.bias is not None:
                mask[block.bias] = bias
        return mask

    def point(self, index: int) -> Point:
        """Network ``index`` as exact rationals: the dyadics its floats are."""
        row = [Fraction(float(value)) for value in self.parameters[index]]
        weights, biases = [], []
        for block in self.blocks():
            entries = row[block.weights]
            size = block.inputs
            weights.append(tuple(tuple(entries[u * size : (u + 1) * size]) for u in range(block.units)))
            biases.append(tuple(row[block.bias]) if block.bias is not None else ())
        return Point(tuple(weights), tuple(biases))

    def exact_problem(self) -> Problem:
        """The problem these networks belong to: the one given, or the dyadics of the arrays."""
        if self.problem is not None:
            return self.problem
        x, y = (tuple(tuple(Fraction(float(q)) for q in row) for row in array) for array in (self.x, self.y))
        return Problem(x, y, self.network, self.loss, self.train, self.reduction)

    def slices(self) -> Iterator[slice]:
        """Slices of networks small enough to be worked off at once."""
        width = max(self.network.sizes[1:])
        step = max(1, CHUNK // max(1, width * len(self.x)))
        for start in range(0, len(self), step):
            yield slice(start, start + step)
