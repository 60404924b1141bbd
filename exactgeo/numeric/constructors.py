"""Layers from stacked float arrays, and from exact points: everything that is refused is refused here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from exactgeo.activations import PiecewiseLinear
from exactgeo.errors import InputError
from exactgeo.exact.rational import format_rational
from exactgeo.losses import Loss, make_loss
from exactgeo.numeric.layers import Floats, Layers, expect_shape
from exactgeo.problem import Network, Point, Problem, Train

__all__ = ["finite", "of_arrays", "of_points"]


def finite(value: ArrayLike, where: str, ndim: int) -> Floats:
    """``value`` as a finite float64 array of ``ndim`` axes, refused otherwise."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InputError(where, type(value).__name__, "an array of numbers", "a rectangular float array") from None
    if array.ndim != ndim:
        raise InputError(where, f"an array of shape {array.shape}", f"{ndim} axes", f"an array of {ndim} axes")
    if not np.isfinite(array).all():
        raise InputError(where, "NaN or infinity", "finite numbers", "finite numbers")
    return array


def _data(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Inputs (m, d) and targets (m, k)."""
    data = finite(x, "x", 2)
    targets = finite(y, "y", np.ndim(y) if np.ndim(y) in (1, 2) else 2)
    targets = targets.reshape(len(targets), -1)
    if not data.size or len(data) != len(targets) or not targets.shape[1]:
        raise InputError("y", f"shape {targets.shape}", f"{len(data)} rows, at least one", "a target a row of x")
    return data, targets


def _stack(
    weights: Sequence[ArrayLike], biases: Sequence[ArrayLike | None], inputs: int, outputs: int
) -> tuple[Floats, tuple[int, ...]]:
    """Parameters (N, P) and the hidden widths."""
    if not weights or len(weights) != len(biases):
        raise InputError("biases", f"{len(biases)} layers", f"{len(weights)}, at least one", "None for no bias")
    blocks: list[Floats] = []
    widths: list[int] = []
    count = 0
    for index, (layer, bias) in enumerate(zip(weights, biases, strict=True)):
        matrix = finite(layer, f"weights[{index}]", 3)
        count = len(matrix) if index == 0 else count
        units = outputs if index == len(weights) - 1 else matrix.shape[1]
        expect_shape(f"weights[{index}]", matrix, (count, units, inputs))
        blocks.append(matrix.reshape(count, units * inputs))
        if bias is not None:
            vector = finite(bias, f"biases[{index}]", 2)
            expect_shape(f"biases[{index}]", vector, (count, units))
            blocks.append(vector)
        widths.append(units)
        inputs = units
    return np.concatenate(blocks, axis=1), tuple(widths[:-1])


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
    loss = loss or make_loss("squared")
    _expect_quadratic(loss, 'make_loss("squared")')
    data, targets = _data(x, y)
    parameters, widths = _stack(weights, biases, data.shape[1], targets.shape[1])
    right, left = (Fraction(float(s)) for s in finite(slopes, "slopes", 1))
    network = Network(
        data.shape[1],
        widths,
        targets.shape[1],
        (PiecewiseLinear.of_slopes(right, left),) * len(widths),
        tuple(bias is not None for bias in biases[:-1]),
        biases[-1] is not None,
    )
    depth = len(widths)
    train = train or Train((True,) * depth, network.hidden_bias, True, network.output_bias)
    if len(train.hidden) != depth or len(train.hidden_bias) != depth:
        raise InputError("train", f"{len(train.hidden)} layers", f"{depth} hidden layers", "one flag a hidden layer")
    exact = np.zeros(len(parameters), dtype=np.bool_)
    return Layers(parameters, data, targets, network, loss, train, exact, reduction=reduction)


def _expect_quadratic(loss: Loss, write: str) -> None:
    pieces = loss.pieces(Fraction(1))
    if pieces is None or pieces.breaks:
        raise InputError("loss", loss.name, "squared or half_squared", write)


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


def of_points(problem: Problem, points: Sequence[Point]) -> Layers:
    """See :meth:`NumericNetworks.from_points`."""
    uniform = problem.network.uniform
    slopes = None if uniform is None else uniform.slopes
    if slopes is None:
        found = "several activations" if uniform is None else uniform.name
        raise InputError("network.activation", found, "piecewise linear", '"relu" or "pl(1, -1/3)"')
    shared = _Rounding()
    x, y = shared.rows(problem.x, "data.x"), shared.rows(problem.y, "data.y")
    right, left = shared.rows([slopes], "network.activation")[0]
    table, rounded = [], []
    for index, point in enumerate(points):
        own = _Rounding()
        row: list[float] = []
        for layer, weights in enumerate(point.weights):
            for unit in own.rows(weights, f"points[{index}].weights[{layer}]"):
                row += unit
            if problem.network.biases[layer]:
                row += own.rows([point.biases[layer]], f"points[{index}].biases[{layer}]")[0]
        table.append(row)
        rounded.append(shared.altered or own.altered)
    sizes = problem.network.sizes
    size = sum(o * (i + problem.network.biases[k]) for k, (i, o) in enumerate(pairwise(sizes)))
    parameters = np.array(table, dtype=np.float64).reshape(len(points), size)
    _expect_quadratic(problem.loss, '"squared"')
    rounded_slopes = PiecewiseLinear.of_slopes(Fraction(right), Fraction(left))
    network = replace(problem.network, activations=(rounded_slopes,) * len(problem.network.widths))
    return Layers(
        parameters,
        np.array(x),
        np.array(y),
        network,
        problem.loss,
        problem.train,
        np.array(rounded, dtype=np.bool_),
        problem,
        problem.reduction,
    )
