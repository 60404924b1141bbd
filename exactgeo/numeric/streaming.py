"""Losses, signs and one-sided derivatives of large networks on many data points: bounded memory, bounds on rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactgeo.errors import InputError
from exactgeo.frozen import dataclass
from exactgeo.numeric.blocks import Blocks, Progress, blocks_of
from exactgeo.numeric.bounded_pass import BoundedPass, Hidden, bounded_gradient
from exactgeo.numeric.constructors import finite
from exactgeo.numeric.layers import Bools, Floats, Layers
from exactgeo.numeric.precision import PRECISIONS, Precision, precision_of

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What floats of one type say about N networks. Numeric throughout: no verdict, no proof.

    The errors are a priori bounds that hold for the exact rational problem too (a convex loss, nowhere negative),
    whatever the order of summation; infinity where a number left the range of the type.

    Attributes
    ----------
    networks : NumericNetworks
    dtype : str
    losses, loss_errors : float64, shape (N,)
    derivatives, derivative_errors : float64, shape (K, N), of the directions that were given
        A pre-activation whose sign is not sure counts with either slope.
    doubtful : int, shape (N,)
        Pre-activations of hidden units whose sign is not sure.
    kink_margin : float64, shape (N,)
        By how much the least hidden pre-activation beats the bound on its error; negative where one does not.
    active, unsure : tuple of uint8 arrays, shape (N, width, ceil(m / 8)), or None
        A hidden layer each, as ``numpy.packbits`` writes it: where the pre-activation is positive, and where its sign
        is not sure.
    """

    networks: Layers
    dtype: str
    losses: Floats
    loss_errors: Floats
    derivatives: Floats
    derivative_errors: Floats
    doubtful: NDArray[np.int64]
    kink_margin: Floats
    active: tuple[NDArray[np.uint8], ...] | None
    unsure: tuple[NDArray[np.uint8], ...] | None

    def __len__(self) -> int:
        return len(self.losses)

    def needs(self, index: int) -> str:
        """What a proof about network ``index`` would need."""
        parts = []
        if not np.isfinite(self.loss_errors[index]):
            parts.append(f"numbers within the range of {self.dtype}")
        elif self.doubtful[index]:
            finer = ", dtype float64 first" if self.dtype != "float64" else ""
            parts.append(f"the exact signs of {int(self.doubtful[index])} pre-activations{finer}")
        parts.append("the loss and the derivatives over the rationals: exactgeo.certify on the point")
        return "; ".join(parts)

    def to_json(self, index: int) -> dict[str, Any]:
        """The answer about one network as JSON values; ``status`` is always ``numeric``."""

        def number(value: Any) -> float | None:
            return float(value) if np.isfinite(value) else None

        return {
            "status": "numeric",
            "dtype": self.dtype,
            "loss": number(self.losses[index]),
            "loss_error": number(self.loss_errors[index]),
            "derivatives": [number(q) for q in self.derivatives[:, index]],
            "derivative_errors": [number(q) for q in self.derivative_errors[:, index]],
            "doubtful_kinks": int(self.doubtful[index]),
            "kink_margin": number(self.kink_margin[index]),
            "needs": self.needs(index),
        }


class _Totals:
    """What is added up over the blocks."""

    def __init__(self, nets: Layers, precision: Precision, directions: int, *, signs: bool) -> None:
        count = len(nets)
        self.nets, self.precision = nets, precision
        self.sums, self.errors = np.zeros((1 + directions, count)), np.zeros((1 + directions, count))
        self.absolute = np.zeros((1 + directions, count))
        self.doubtful, self.kink_margin = np.zeros(count, dtype=np.int64), np.full(count, np.inf)
        self.packed: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] | None = None
        if signs:
            shapes = [(count, width, -(-len(nets.x) // 8)) for width in nets.network.widths]
            self.packed = [(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)) for shape in shapes]

    def add_layer(self, layer: int, hidden: Hidden, part: slice, points: slice) -> None:
        z = hidden.z
        sure: Bools = z.surely_off_0()
        kinked = self.nets.network.activations[layer].slopes
        if kinked is not None and kinked[0] != kinked[1]:
            self.doubtful[part] += (~sure).sum(axis=(1, 2))
            beyond = np.where(np.isnan(z.value), -np.inf, np.abs(z.value) - z.error)
            least = beyond.min(axis=(1, 2), initial=np.inf)
            self.kink_margin[part] = np.minimum(self.kink_margin[part], least)
        if self.packed is not None:
            columns = slice(points.start // 8, -(-points.stop // 8))
            active, unsure = self.packed[layer]
            active[part, :, columns] = np.packbits(z.value > 0, axis=2)
            unsure[part, :, columns] = np.packbits(~sure, axis=2)

    def add_outputs(self, outputs: Hidden, part: slice, points: slice) -> None:
        form, y = self.nets.loss_form.at_points(points), self.nets.y[points]
        slope = bounded_gradient(form, outputs.act, y, classes=self.nets.loss.classes)
        total = form.total(outputs.act.value.astype(np.float64))
        self.sums[0, part] += total
        self.absolute[0, part] += np.abs(total)
        self.errors[0, part] += (slope.largest * slope.reach).sum(axis=(1, 2))
        for k, change in enumerate(outputs.changes, start=1):
            value, error = change.value.astype(np.float64), change.error.astype(np.float64)
            terms = slope.value * value
            self.sums[k, part] += terms.sum(axis=(1, 2))
            self.absolute[k, part] += np.abs(terms).sum(axis=(1, 2))
            off = slope.swing * (np.abs(value) + error) + np.abs(slope.value) * error
            self.errors[k, part] += off.sum(axis=(1, 2))

    def result(self, dtype: str) -> Evaluation:
        # Every sum here is in float64, whatever the type of the pass.
        relative = PRECISIONS["float64"].of_sum(2 * self.nets.y.size * self.nets.network.outputs)
        errors = (self.errors * (1 + relative) + self.absolute * relative) / self.nets.divisor
        sums = self.sums / self.nets.divisor
        unknown = ~np.isfinite(sums) | ~np.isfinite(errors)
        errors[unknown] = np.inf
        sums[1:][unknown[1:]] = np.nan
        sums[0][np.isnan(sums[0])] = np.inf
        active, unsure = zip(*self.packed, strict=True) if self.packed else ((), ())
        packed = (active, unsure) if self.packed is not None else (None, None)
        return Evaluation(
            self.nets, dtype, sums[0], errors[0], sums[1:], errors[1:], self.doubtful, self.kink_margin, *packed
        )


def _moves(nets: Layers, directions: ArrayLike | None) -> Floats:
    """Directions as an array of shape (K, N, P)."""
    if directions is None:
        return np.zeros((0, *nets.parameters.shape))
    moves = finite(directions, "directions", 2, 3)
    if moves.shape[-2:] != nets.parameters.shape:
        shapes = f"(N, P) or (K, N, P) with {nets.parameters.shape}"
        raise InputError("directions", f"shape {moves.shape}", shapes, "flatten(...)")
    return moves[None] if moves.ndim == 2 else moves


def evaluate(
    nets: Layers, *, dtype: str, memory: int, progress: Progress | None, directions: ArrayLike | None, signs: bool
) -> Evaluation:
    """See :meth:`NumericNetworks.evaluate`."""
    precision, moves = precision_of(dtype), _moves(nets, directions)
    blocks: Blocks = blocks_of(nets, precision, memory, progress, directions=len(moves))
    totals = _Totals(nets, precision, len(moves), signs=signs)
    depth = len(nets.network.widths)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for part in blocks.of_networks():
            some = BoundedPass(nets[part], precision, moves[:, part])
            for points in blocks.of_points(part):
                for layer, hidden in enumerate(some.layers(nets.x[points])):
                    if layer < depth:
                        totals.add_layer(layer, hidden, part, points)
                    else:
                        totals.add_outputs(hidden, part, points)
    return totals.result(dtype)
