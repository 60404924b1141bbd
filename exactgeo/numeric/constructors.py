"""Layers from stacked float arrays, and from exact points: everything that is refused is refused here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from exactgeo.activations import Activation, PiecewiseLinear
from exactgeo.errors import InputError, expect_type
from exactgeo.exact.rational import format_rational
from exactgeo.losses import Loss
from exactgeo.losses.squared import Squared
from exactgeo.numeric.activations import form_of as activation_form
from exactgeo.numeric.layers import Floats, Layers, as_floats, expect_shape
from exactgeo.numeric.losses import LossForm
from exactgeo.numeric.losses import form_of as loss_form
from exactgeo.problem import REDUCTIONS, Network, Point, Problem, Train, scope

__all__ = ["at_least_0", "finite", "of_arrays", "of_points"]


def finite(value: ArrayLike, where: str, *axes: int) -> Floats:
    """``value`` as a finite float64 array of as many axes as one of ``axes``, refused otherwise."""
    array = as_floats(value, where, *axes)
    if not np.isfinite(array).all():
        raise InputError(where, "NaN or infinity", "finite numbers", "finite numbers")
    return array


def at_least_0(value: float, where: str) -> float:
    """A finite number of at least 0, refused otherwise."""
    if not isinstance(value, Real) or not 0 <= value < np.inf:
        raise InputError(where, str(value), "a number of at least 0", "1e-9")
    return float(value)


def _data(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Inputs (m, d) and targets (m, k)."""
    data = finite(x, "x", 2)
    targets = finite(y, "y", 1, 2)
    if targets.ndim == 1:
        targets = targets[:, None]
    if not data.size or len(data) != len(targets) or not targets.shape[1]:
        raise InputError("y", f"shape {targets.shape}", f"{len(data)} rows, at least one", "a target a row of x")
    return data, targets


def _stack(
    weights: Sequence[ArrayLike], biases: Sequence[ArrayLike | None], inputs: int, outputs: int, *, exact: bool
) -> tuple[Floats, tuple[int, ...], int]:
    """Parameters (N, P), the hidden widths and the number of outputs: ``outputs``, or more if not ``exact``."""
    for name, layers in (("weights", weights), ("biases", biases)):
        if np.ndim(layers) == 0 if not isinstance(layers, Sequence) else isinstance(layers, str):
            raise InputError(name, type(layers).__name__, "one array a layer", "a list of arrays")
    if not len(weights) or len(weights) != len(biases):
        raise InputError("biases", f"{len(biases)} layers", f"{len(weights)}, at least one", "None for no bias")
    blocks: list[Floats] = []
    widths: list[int] = []
    count = 0
    for index, (layer, bias) in enumerate(zip(weights, biases, strict=True)):
        matrix = finite(layer, f"weights[{index}]", 3)
        count = len(matrix) if index == 0 else count
        units = matrix.shape[1]
        if index == len(weights) - 1:
            units = outputs if exact else max(units, outputs)
        expect_shape(f"weights[{index}]", matrix, (count, units, inputs))
        blocks.append(matrix.reshape(count, units * inputs))
        if bias is not None:
            vector = finite(bias, f"biases[{index}]", 2)
            expect_shape(f"biases[{index}]", vector, (count, units))
            blocks.append(vector)
        widths.append(units)
        inputs = units
    return np.concatenate(blocks, axis=1), tuple(widths[:-1]), widths[-1]


def of_arrays(
    weights: Sequence[ArrayLike],
    biases: Sequence[ArrayLike | None],
    x: ArrayLike,
    y: ArrayLike,
    slopes: tuple[float, float],
    loss: Loss | None,
    reduction: str,
    train: Train | None,
) -> Layers:
    """See :meth:`NumericNetworks.from_layers`."""
    loss = Squared() if loss is None else loss
    expect_type(loss, Loss, "loss", "one that exactgeo.losses.make_loss makes")
    if train is not None:
        expect_type(train, Train, "train", "an exactgeo.problem.Train")
    if reduction not in REDUCTIONS:
        raise InputError("reduction", str(reduction), " or ".join(REDUCTIONS), '"sum"')
    data, targets = _data(x, y)
    _expect_targets(loss, targets)
    least = loss.outputs(tuple((Fraction(row[0]),) for row in targets.tolist())) if loss.classes else targets.shape[1]
    parameters, widths, outputs = _stack(weights, biases, data.shape[1], least, exact=not loss.classes)
    pair = finite(slopes, "slopes", 1)
    expect_shape("slopes", pair, (2,))
    right, left = (Fraction(float(s)) for s in pair)
    activations = (PiecewiseLinear.of_slopes(right, left),) * len(widths)
    flags = tuple(bias is not None for bias in biases)
    network = Network(data.shape[1], widths, outputs, activations, flags[:-1], flags[-1])
    depth = len(widths)
    train = train or Train((True,) * depth, network.hidden_bias, True, network.output_bias)
    if len(train.hidden) != depth or len(train.hidden_bias) != depth:
        raise InputError("train", f"{len(train.hidden)} layers", f"{depth} hidden layers", "one flag a hidden layer")
    rounded = np.zeros(len(parameters), dtype=np.bool_)
    return Layers(parameters, data, targets, network, loss, reduction, train, rounded, _loss_form(loss, targets))


def _expect_targets(loss: Loss, targets: Floats) -> None:
    expected, write = loss.targets or ("a number", "1")
    if loss.classes and targets.shape[1] != 1:
        raise InputError("y", f"{targets.shape[1]} targets a row", "one class a row", "a column")
    for y in sorted(set(targets.ravel().tolist())):
        if not loss.allows(Fraction(y)):
            raise InputError("y", str(y), expected, write)


def _loss_form(loss: Loss, targets: Floats) -> LossForm:
    form = loss_form(loss, targets)
    if form is None:
        raise scope.no_float_form(f"the {loss.name} loss")
    return form


class _Rounding:
    """Rationals to nearest floats, and whether any of them was another number."""

    def __init__(self) -> None:
        self.altered = False

    def rows(self, rows: Iterable[Iterable[Fraction]], where: str) -> list[list[float]]:
        return [[self.number(q, where) for q in row] for row in rows]

    def number(self, q: Fraction, where: str) -> float:
        try:
            value = float(q)
        except OverflowError:
            raise InputError(where, format_rational(q), "a number below 1.8e308", "a smaller number") from None
        self.altered = self.altered or Fraction(value) != q
        return value

    def activation(self, activation: Activation) -> Activation:
        """The same with slopes that are floats."""
        if activation_form(activation) is None:
            raise scope.no_float_form(f"the {activation.name} activation")
        if activation.slopes is None:
            return activation
        right, left = (Fraction(self.number(q, "network.activation")) for q in activation.slopes)
        return PiecewiseLinear(activation.name, (right, left))


def of_points(problem: Problem, points: Sequence[Point]) -> Layers:
    """See :meth:`NumericNetworks.from_points`."""
    scope.expect_problem(problem)
    expect_type(points, Sequence, "points", "a list of Points")
    for index, point in enumerate(points):
        problem.expect_point(point, f"points[{index}]")
    shared = _Rounding()
    x, y = shared.rows(problem.x, "data.x"), shared.rows(problem.y, "data.y")
    net = problem.network
    activations = tuple(shared.activation(activation) for activation in net.activations)
    network = replace(net, activations=activations, output_activation=shared.activation(net.output_activation))
    table, rounded = [], []
    for index, point in enumerate(points):
        own = _Rounding()
        row: list[float] = []
        for layer, (weights, biases) in enumerate(zip(point.weights, point.biases, strict=True)):
            for unit in own.rows(weights, f"points[{index}].weights[{layer}]"):
                row += unit
            if net.biases[layer]:
                row += own.rows([biases], f"points[{index}].biases[{layer}]")[0]
        table.append(row)
        rounded.append(shared.altered or own.altered)
    size = sum(o * (i + bias) for (i, o), bias in zip(pairwise(net.sizes), net.biases, strict=True))
    parameters = np.array(table, dtype=np.float64).reshape(len(points), size)
    targets = np.array(y)
    return Layers(
        parameters,
        np.array(x),
        targets,
        network,
        problem.loss,
        problem.reduction,
        problem.train,
        np.array(rounded, dtype=np.bool_),
        _loss_form(problem.loss, targets),
        problem,
    )
