"""One forward pass over a block of networks and data points, in either float type, with a bound on every error.

The bounds are a priori (Higham 2002, chapter 3): they hold for every order of summation, with or without fused
operations, and for products of matrices that work in the type they are given. They grow with the width: of random
errors most is usually lost.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactgeo.activations import Activation
from exactgeo.frozen import dataclass
from exactgeo.numeric.activations import form_of
from exactgeo.numeric.activations.form import ActivationForm
from exactgeo.numeric.layers import Bools, Layers
from exactgeo.numeric.losses.form import LossForm
from exactgeo.numeric.precision import PRECISIONS, Precision

__all__ = ["BoundedPass", "Enclosed", "Gradient", "Hidden", "Reals", "bounded_gradient"]

Reals: TypeAlias = NDArray[Any]
"""float32 or float64."""


@dataclass(frozen=True, eq=False)
class Enclosed:
    """Floats with bounds: the number meant differs from ``value`` by at most ``error`` (infinity: nothing is known)."""

    value: Reals
    error: Reals

    def surely_off_0(self) -> Bools:
        """Where the sign is that of the value."""
        return np.asarray(np.abs(self.value) > self.error)


@dataclass(frozen=True, eq=False)
class Hidden:
    """A layer: pre-activations, activations, and the changes of these along each direction; shapes (N, units, m)."""

    z: Enclosed
    act: Enclosed
    changes: list[Enclosed]


@dataclass(frozen=True, eq=False)
class Gradient:
    """Derivatives of the loss in the predictions, float64, shape (N, k, m).

    Attributes
    ----------
    value : at the predictions that were computed
    swing : how far any one-sided derivative at the predictions that are meant may be from it
    largest : bound on its size between the two
    reach : bound on how far these two are apart
    """

    value: Reals
    swing: Reals
    largest: Reals
    reach: Reals


class BoundedPass:
    """Some networks in one float type, to be asked about one block of data points after the other.

    Parameters
    ----------
    nets : Layers
    moves : float64, shape (K, N, P)
        Directions whose one-sided derivatives go through the layers with the values.
    """

    def __init__(self, nets: Layers, precision: Precision, moves: NDArray[np.float64]) -> None:
        self.precision, self.count = precision, len(nets)
        self._activations = (*nets.network.activations, nets.network.output_activation)
        cast = nets.parameters.astype(precision.dtype)
        cast_moves = moves.astype(precision.dtype)
        self._layers = []
        for block in nets.blocks():
            shape = (-1, len(nets), block.units, block.inputs)
            rows = np.concatenate([cast[None], cast_moves])
            weights = rows[:, :, block.weights].reshape(shape)
            biases = None if block.bias is None else rows[:, :, block.bias]
            self._layers.append((weights, np.abs(weights) + precision.dtype.type(precision.floor), biases))

    def layers(self, x: NDArray[np.float64]) -> Any:
        """Each :class:`Hidden` layer at the rows of ``x`` in turn; the last are the predictions."""
        inputs = np.ascontiguousarray(x.T.astype(self.precision.dtype))
        below = Enclosed(inputs, self.precision.unit * 2 * np.abs(inputs) + self.precision.floor * self.precision.unit)
        changes: list[Enclosed] | None = None
        for (stacked, sizes, biases), activation in zip(self._layers, self._activations, strict=True):
            terms = stacked.shape[-1]
            z = self._bounded(self._affine(stacked[0], sizes[0], biases, 0, below), terms)
            moved = []
            for k in range(1, len(stacked)):
                value, error = self._affine(stacked[k], sizes[k], biases, k, below)
                if changes is not None:
                    more, more_error = self._affine(stacked[0], sizes[0], None, 0, changes[k - 1])
                    value += more
                    error += more_error + self.precision.unit * 2 * np.abs(value)
                moved.append(self._bounded((value, error), terms))
            form = form_of(activation)
            assert form is not None
            hidden = self._activated(activation, form, z, moved)
            yield hidden
            below, changes = hidden.act, hidden.changes

    def _affine(
        self, weights: Reals, sizes: Reals, biases: Reals | None, k: int, below: Enclosed
    ) -> tuple[Reals, Reals]:
        """``weights @ below + bias`` of direction k (0: the networks themselves), and the bound on its error."""
        relative = self.precision.of_sum(weights.shape[-1])
        size = relative * np.abs(below.value) + below.error
        if below.value.ndim == 2:
            # The inputs are shared: one product for all networks and units.
            flat = (-1, weights.shape[-1])
            shape = (self.count, weights.shape[1], below.value.shape[1])
            value, error = weights.reshape(flat) @ below.value, sizes.reshape(flat) @ size
            value, error = value.reshape(shape), error.reshape(shape)
        else:
            value, error = weights @ below.value, sizes @ size
        if biases is not None:
            value += biases[k][:, :, None]
            error += relative * np.abs(biases[k])[:, :, None]
            error += self.precision.unit * 2 * np.abs(value)
        return value, error

    def _bounded(self, pair: tuple[Reals, Reals], terms: int) -> Enclosed:
        value, error = pair
        relative = self.precision.of_sum(terms)
        # Second order, underflow, and the rounding of the bound itself.
        error *= 1 + 8 * relative if relative < 2.0**-5 else np.inf
        error += self.precision.tiny * (terms + 16)
        unknown = ~np.isfinite(value) | ~np.isfinite(error)
        if unknown.any():
            value[unknown], error[unknown] = np.nan, np.inf
        return Enclosed(value, error)

    def _activated(self, activation: Activation, form: ActivationForm, z: Enclosed, moved: list[Enclosed]) -> Hidden:
        few = 16 * self.precision.unit
        if activation.slopes is None:
            # sigmoid and tanh: slopes and their slopes are at most 1, values too.
            act = Enclosed(form.value(z.value), z.error + few)
            slope, leeway = form.slope(z.value), np.minimum(z.error, 1) + few
            return Hidden(z, act, [self._times(slope, leeway, 1.0, move) for move in moved])
        right, left = map(float, activation.slopes)
        if right == left == 1.0:
            return Hidden(z, z, moved)
        steepest = max(abs(right), abs(left), self.precision.floor)
        # ReLU's products are exact. That a slope was rounded to 0 or 1 is within the room that of_sum leaves.
        exact = {right, left} <= {0.0, 1.0, -1.0}
        error = steepest * z.error if exact else steepest * (z.error + few * np.abs(z.value)) + self.precision.tiny
        act = Enclosed(form.value(z.value), error)
        if not moved:
            return Hidden(z, act, [])
        kind = self.precision.dtype.type
        sure = z.surely_off_0()
        leeway = np.where(sure, kind(few * steepest), kind(abs(right - left) + few * steepest))
        changes = []
        for move in moved:
            # On a kink the side is that to which it moves; which it is where that is not sure, ``leeway`` leaves open.
            side = np.where(sure, z.value, move.value)
            slope = np.where(side >= 0, kind(right), kind(left))
            changes.append(self._times(slope, leeway, steepest, move))
        return Hidden(z, act, changes)

    def _times(self, slope: Reals, leeway: Reals, steepest: float, move: Enclosed) -> Enclosed:
        value = slope * move.value
        error = (leeway + 4 * self.precision.unit * steepest) * (np.abs(move.value) + move.error)
        error = error + steepest * move.error + self.precision.tiny
        unknown = ~np.isfinite(value)
        if unknown.any():
            value[unknown], error[unknown] = np.nan, np.inf
        return Enclosed(value, error)


def bounded_gradient(form: LossForm, predictions: Enclosed, y: NDArray[np.float64], *, classes: bool) -> Gradient:
    """The derivatives of a convex loss at predictions of shape (N, k, m); ``y`` has shape (m, k)."""
    few = 32 * PRECISIONS["float64"].unit
    p, error = predictions.value.astype(np.float64), predictions.error.astype(np.float64)
    value = form.gradient(p)
    if classes:
        # Softmax: a derivative is below 1, and changes by less than the greatest change of a score.
        reach = error + few * (np.abs(p).max(axis=1, keepdims=True) + 1)
        swing = np.broadcast_to(reach.max(axis=1, keepdims=True), p.shape) + few
        return Gradient(value, swing, np.ones_like(p), reach)
    reach = error + few * (np.abs(p) + np.abs(y.T) + 1)
    # The derivative of a convex function grows, and every side of it lies between those at the ends.
    low, high = form.gradient(p - reach), form.gradient(p + reach)
    largest = np.maximum(np.abs(low), np.abs(high)) * (1 + few)
    swing = np.maximum(np.abs(high - value), np.abs(value - low)) + few * largest
    swing[np.isnan(swing)] = np.inf
    return Gradient(value, swing, largest, reach)
