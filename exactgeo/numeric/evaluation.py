"""Forward and backward passes of many networks: predictions, losses, activation patterns, derivatives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactgeo.activations import LINEAR
from exactgeo.errors import InputError
from exactgeo.frozen import dataclass
from exactgeo.numeric.layers import Bools, Floats, Layers

__all__ = ["Patterns", "loss_and_gradient", "losses", "one_sided_derivatives", "patterns", "preactivations"]


LIMIT = 2.0**1000
"""Sums of absolute terms below this cannot overflow on the way, whatever their order."""


@dataclass(frozen=True, eq=False)
class Patterns:
    """Signs of the pre-activations, one array a hidden layer.

    Attributes
    ----------
    signs : tuple of int8 arrays, shape (N, width, m)
        -1, 0 or 1; 0 where the margin is at most ``kink_tolerance``.
    margins : tuple of float64 arrays, shape (N, width, m)
        Absolute pre-activations: how far each sign is from changing.
    kink_tolerance : float
    """

    signs: tuple[NDArray[np.int8], ...]
    margins: tuple[Floats, ...]
    kink_tolerance: float


def preactivations(nets: Layers) -> list[Floats]:
    """See :meth:`NumericNetworks.preactivations`."""
    result: list[Floats] = []
    overflows = _may_overflow(nets)
    count, m, forms = len(nets), len(nets.x), nets.activation_forms()
    for layer, block in enumerate(nets.blocks()):
        weights, bias = nets.weights(layer), nets.biases(layer)
        if layer == 0:
            # The inputs are shared: one product for all networks and units.
            z = (weights.reshape(count * block.units, block.inputs) @ nets.x.T).reshape(count, block.units, m)
        else:
            z = weights @ forms[layer - 1].value(result[-1])
        if bias is not None:
            z += bias[:, :, None]
        if overflows:
            # A partial sum beyond the range of floats says nothing, not even the sign: NaN goes through every layer.
            z[~np.isfinite(z)] = np.nan
        result.append(z)
    return result


def _may_overflow(nets: Layers) -> bool:
    """Whether a pre-activation may overflow, from the largest numbers alone: one glance at the parameters."""
    reach, slope = float(np.abs(nets.x).max(initial=0.0)), 1.0
    largest = float(np.abs(nets.parameters).max(initial=0.0))
    for inputs, activation in zip(nets.network.sizes, (*nets.network.activations, LINEAR), strict=False):
        reach = largest * (inputs * slope * reach + 1.0)
        # Of the smooth activations no value is above 1.
        slope = 1.0 if activation.slopes is None else max(1.0, *map(abs, map(float, activation.slopes)))
    return not reach * slope < LIMIT


def _unknown(layers: list[Floats]) -> Bools:
    """The networks in which a pre-activation has overflowed, shape (N,)."""
    # NaN goes through every layer, so the last one tells.
    return np.asarray(np.isnan(layers[-1]).any(axis=(1, 2)))


def losses(nets: Layers) -> Floats:
    """See :meth:`NumericNetworks.losses`."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        parts = [_losses(nets[part], preactivations(nets[part])[-1]) for part in nets.slices()]
    return np.concatenate(parts) if parts else np.zeros(0)


def _losses(nets: Layers, outputs: Floats) -> Floats:
    total = nets.loss_form.total(nets.activation_forms()[-1].value(outputs))
    # From finite parameters NaN is an overflow; a loss that is flat far off would not pass it on.
    unknown = _unknown([outputs])
    unknown |= np.isnan(total)
    total[unknown] = np.where(np.isfinite(nets.parameters[unknown]).all(axis=1), np.inf, np.nan)
    return total / nets.divisor


def patterns(nets: Layers, kink_tolerance: float) -> Patterns:
    """See :meth:`NumericNetworks.patterns`."""
    depth, count = len(nets.network.widths), len(nets)
    shapes = [(count, width, len(nets.x)) for width in nets.network.widths]
    signs = tuple(np.empty(shape, dtype=np.int8) for shape in shapes)
    margins = tuple(np.empty(shape) for shape in shapes)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for part in nets.slices():
            for layer, z in enumerate(preactivations(nets[part])[:depth]):
                above, below = z > kink_tolerance, z < -kink_tolerance
                np.subtract(above.view(np.int8), below.view(np.int8), out=signs[layer][part])
                np.abs(z, out=margins[layer][part])
    return Patterns(signs, margins, kink_tolerance)


def one_sided_derivatives(nets: Layers, directions: ArrayLike, kink_tolerance: float) -> Floats:
    """See :meth:`NumericNetworks.one_sided_derivatives`."""
    moves = np.asarray(directions, dtype=np.float64)
    if moves.shape[-2:] != nets.parameters.shape:
        shapes = f"(N, P) or (K, N, P) with {nets.parameters.shape}"
        raise InputError("directions", f"shape {moves.shape}", shapes, "flatten(...)")
    batch = moves[None] if moves.ndim == 2 else moves
    result = np.empty(batch.shape[:2])
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for part in nets.slices():
            some = nets[part]
            layers = preactivations(some)
            for index in range(len(batch)):
                result[index, part] = _derivative(some, layers, batch[index, part], kink_tolerance)
    return result[0] if moves.ndim == 2 else result


def _derivative(nets: Layers, layers: list[Floats], move: Floats, kink_tolerance: float) -> Floats:
    tangent, forms = replace(nets, parameters=move), nets.activation_forms()
    rows, change = nets.x.T, np.zeros(0)
    for layer, (z, form) in enumerate(zip(layers, forms, strict=True)):
        below, change = change, tangent.weights(layer) @ rows
        if layer:
            change += nets.weights(layer) @ below
        bias = tangent.biases(layer)
        if bias is not None:
            change += bias[:, :, None]
        rows, change = form.value(z), form.change(z, change, kink_tolerance)
    total: Floats = np.einsum("nkm,nkm->n", nets.loss_form.gradient(rows, change, kink_tolerance), change)
    total[_unknown(layers) | ~np.isfinite(total)] = np.nan
    return total / nets.divisor


def loss_and_gradient(nets: Layers, trained: Bools) -> tuple[Floats, Floats]:
    """Losses (N,) and gradients (N, P), zero on frozen entries; the left slope on a kink; NaN where it overflows."""
    layers, forms = preactivations(nets), nets.activation_forms()
    gradient = np.empty_like(nets.parameters)
    back = nets.loss_form.gradient(forms[-1].value(layers[-1])) * forms[-1].slope(layers[-1]) / nets.divisor
    blocks = nets.blocks()
    for layer in reversed(range(len(layers))):
        block = blocks[layer]
        if layer == 0:
            # The number of points is written out: with no unit there is nothing to infer it from.
            change = back.reshape(len(nets) * block.units, nets.x.shape[0]) @ nets.x
        else:
            change = back @ forms[layer - 1].value(layers[layer - 1]).transpose(0, 2, 1)
        gradient[:, block.weights] = change.reshape(len(nets), block.units * block.inputs)
        if block.bias is not None:
            gradient[:, block.bias] = back.sum(axis=2)
        if layer > 0:
            back = nets.weights(layer).transpose(0, 2, 1) @ back * forms[layer - 1].slope(layers[layer - 1])
    gradient[_unknown(layers)] = np.nan
    gradient[~np.isfinite(gradient)] = np.nan
    gradient[:, ~trained] = 0.0
    return _losses(nets, layers[-1]), gradient
