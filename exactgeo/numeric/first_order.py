"""One-sided first-order conditions of one hidden layer at size: necessary for a local minimum, with margins.

With r the loss derivatives and ``phi_i(u) = sum_t r_t a'(z_it; <u, x_t>)`` a local minimum has ``sum_t r_t = 0``,
``sum_t r_t a(z_it) = 0`` and ``v_i phi_i >= 0`` (see :mod:`~exactgeo.numeric.conditions`). Here ``phi_i`` is tested on
the axes of the trained coordinates and on the orthants that they span: for each of them ``|phi_i(u) - <g_i, u>|`` is
at most ``<E_i, |u|>``, where E_i bounds rounding, and at a kink or where a sign is not sure both slopes count. No ray
of the arrangement is computed, so the work is that of two gradients whatever the number of kinks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactgeo.frozen import dataclass
from exactgeo.numeric.blocks import Progress, blocks_of
from exactgeo.numeric.bounded_pass import BoundedPass, Gradient, Hidden, Reals, bounded_gradient
from exactgeo.numeric.criterion import CODES, NumericAnswer, NumericStatus
from exactgeo.numeric.layers import Bools, Floats, Layers
from exactgeo.numeric.precision import Precision, precision_of
from exactgeo.problem import scope

__all__ = ["FirstOrder", "first_order"]


@dataclass(frozen=True, eq=False)
class FirstOrder(NumericAnswer):
    """Necessary conditions of N networks, in floats of one type. Numeric throughout: no verdict, no proof.

    DESCENT is said only where a one-sided derivative along a single trained coordinate is below minus the margin,
    beyond the bound on rounding. All else is CLOSE: these conditions do not suffice, so HOLDS is never said.

    Attributes
    ----------
    networks : NumericNetworks
    dtype : str
    margin : float
    codes : int8, shape (N,)
        Position of the status in :class:`NumericStatus`.
    rate : float64, shape (N,)
        The loss surely falls at this rate along the direction in ``descents``; 0 where there is none.
    descents : int8, shape (N, P)
        Entries -1, 0, 1, as :meth:`NumericNetworks.flatten` writes them: every coordinate along which the loss surely
        falls by more than the margin.
    slopes : float64, shape (N, P)
        Derivatives of the loss along the coordinates (a kink counts with the slope of the side it was computed on).
    errors : float64, shape (N, P)
        What these are off by at most, on either side; infinity where a number left the range of the type.
    candidates : bool, shape (N,)
        No derivative is off 0 by more than the margin but for what kinks and doubtful signs leave open.
    doubtful : int, shape (N,)
        Pre-activations that may be on their kink.
    """

    networks: Layers
    dtype: str
    margin: float
    codes: NDArray[np.int8]
    rate: Floats
    descents: NDArray[np.int8]
    slopes: Floats
    errors: Floats
    candidates: Bools
    doubtful: NDArray[np.int64]

    def _needs_more(self, index: int) -> str:
        parts = []
        if not np.isfinite(self.errors[index]).all():
            parts.append(f"numbers within the range of {self.dtype}")
        if self.dtype != "float64":
            parts.append("dtype float64, whose margins are smaller")
        if self.doubtful[index]:
            parts.append(f"{int(self.doubtful[index])} kinks placed exactly, and phi on the rays they cut")
        parts.append("equalities that hold exactly at rational coordinates, then exactgeo.certify on that point")
        return "; ".join(parts)

    def to_json(self, index: int) -> dict[str, Any]:
        """The answer about one network as JSON values; ``status`` is always ``numeric``."""
        largest = float(np.abs(self.slopes[index]).max(initial=0.0))
        return {
            "status": "numeric",
            "dtype": self.dtype,
            "margin": self.margin,
            "answer": str(self.status(index)),
            "rate": float(self.rate[index]),
            "largest_slope": largest if np.isfinite(largest) else None,
            "candidate": bool(self.candidates[index]),
            "doubtful_kinks": int(self.doubtful[index]),
            "needs": self.needs(index),
        }


class _Sums:
    """The sums of a slice of networks: of their slopes along v, c and w~, bounds on rounding, and what kinks add."""

    def __init__(self, nets: Layers, precision: Precision, blocks: int) -> None:
        count, n, (right, left) = len(nets), nets.network.widths[0], nets.slopes
        self.nets, self.precision, self.blocks = nets, precision, blocks
        self.right, self.left, self.steepest = right, left, max(abs(right), abs(left))
        # Columns: the inputs, then 1 for the hidden bias.
        width = nets.x.shape[1] + 1
        self.phi, self.phi_error = np.zeros((count, n, width)), np.zeros((count, 1, width))
        self.kinks = np.zeros((count, n, width))
        self.radial, self.radial_error = np.zeros((count, n)), np.zeros((count, n))
        self.total, self.total_error = np.zeros(count), np.zeros(count)
        self.doubtful = np.zeros(count, dtype=np.int64)

    def add(self, hidden: Hidden, slope: Gradient, x: Floats) -> None:
        """One block of data points, its derivatives of shape (N, 1, points)."""
        kind, relative = self.precision.dtype, self.precision.of_sum(len(x) + self.blocks)
        if relative >= 2.0**-5:
            relative = np.inf
        rows = np.hstack([x, np.ones((len(x), 1))]).astype(kind)
        r = slope.value.astype(kind)
        size = np.abs(r) + self.precision.floor
        leeway = slope.swing.astype(kind) + relative * size
        z, act = hidden.z, hidden.act
        pieces = np.where(z.value >= 0, kind.type(self.right), kind.type(self.left)) * r
        shape = (-1, pieces.shape[2])
        self.phi += (pieces.reshape(shape) @ rows).reshape(self.phi.shape)
        sizes = np.abs(rows) + self.precision.floor
        grown = 1 + 8 * relative
        lost = self.precision.tiny * len(x)
        self.phi_error += grown * max(self.steepest, 1.0) * (leeway @ sizes) + lost
        self._add_kinks(~z.surely_off_0(), size + leeway, sizes, grown)
        self.radial += (act.value @ r.transpose(0, 2, 1))[:, :, 0]
        off = np.abs(act.value) @ leeway.transpose(0, 2, 1) + act.error @ (size + leeway).transpose(0, 2, 1)
        self.radial_error += grown * off[:, :, 0] + lost
        self.total += slope.value.sum(axis=(1, 2))
        self.total_error += grown * leeway.sum(axis=(1, 2))

    def _add_kinks(self, unsure: Bools, size: Reals, sizes: Reals, grown: float) -> None:
        if self.right == self.left:
            return
        self.doubtful += unsure.sum(axis=(1, 2))
        met = unsure.any(axis=(0, 1))
        if met.any():
            either = abs(self.right - self.left) * size[:, :, met]
            self.kinks += grown * (np.where(unsure[:, :, met], either, 0) @ sizes[met])

    def rows(self) -> tuple[Floats, Floats, Floats]:
        """Slopes, bounds on rounding and on what kinks add, as rows of parameters; frozen entries are 0."""
        nets, v = self.nets, self.nets.weights(1)[:, 0]
        d = nets.x.shape[1]
        first, last = nets.network.biases
        rounding = np.broadcast_to(self.phi_error, self.phi.shape)
        zero = np.zeros((len(nets), self.radial.shape[1]))
        few = 1 + 8 * self.precision.unit

        def row(by_input: Floats, radial: Floats, total: Floats) -> Floats:
            inner = v[:, :, None] * by_input
            parts = [inner[:, :, :d], radial[:, None, :]]
            biases = [inner[:, :, d] if first else None, total[:, None] if last else None]
            return np.asarray(nets.flatten(parts, biases) / nets.divisor * nets.trained())

        slopes = row(self.phi, self.radial, self.total)
        errors = np.abs(row(rounding, self.radial_error, self.total_error)) * few
        # v may have been rounded, products and quotients are.
        errors += 16 * 2.0**-53 * np.abs(slopes)
        kinks = np.abs(row(self.kinks, zero, np.zeros(len(nets)))) * few
        unknown = ~(np.isfinite(slopes) & np.isfinite(errors) & np.isfinite(kinks)) & nets.trained()
        slopes[unknown], errors[unknown], kinks[unknown] = np.nan, np.inf, np.inf
        slopes[:, ~nets.trained()] = errors[:, ~nets.trained()] = kinks[:, ~nets.trained()] = 0.0
        return slopes, errors, kinks


def first_order(nets: Layers, *, margin: float, dtype: str, memory: int, progress: Progress | None) -> FirstOrder:
    """See :meth:`NumericNetworks.first_order`."""
    outside = scope.numeric_conditions(nets.network, nets.loss, quadratic=not nets.loss.classes)
    if outside is not None:
        raise outside
    precision = precision_of(dtype)
    blocks = blocks_of(nets, precision, memory, progress)
    shape = nets.parameters.shape
    slopes, errors = np.zeros(shape), np.zeros(shape)
    descents, rate = np.zeros(shape, dtype=np.int8), np.zeros(len(nets))
    candidates, doubtful = np.zeros(len(nets), dtype=np.bool_), np.zeros(len(nets), dtype=np.int64)
    count = -(-len(nets.x) // blocks.points)
    with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
        for part in blocks.of_networks():
            sums = _Sums(nets[part], precision, count)
            some = BoundedPass(nets[part], precision, np.zeros((0, *nets[part].parameters.shape)))
            for points in blocks.of_points(part):
                hidden, outputs = some.layers(nets.x[points])
                form = nets.loss_form.at_points(points)
                sums.add(hidden, bounded_gradient(form, outputs.act, nets.y[points], classes=False), nets.x[points])
            slope, rounding, kinks = sums.rows()
            gain = np.abs(slope) - rounding - kinks
            sure = gain > margin
            slopes[part], errors[part] = slope, rounding + kinks
            descents[part] = np.where(sure, -np.sign(slope), 0)
            rate[part] = np.where(sure, gain, 0.0).sum(axis=1)
            candidates[part] = (np.abs(slope) - kinks <= margin).all(axis=1)
            doubtful[part] = sums.doubtful
    found = (descents != 0).any(axis=1)
    codes = np.where(found, CODES[NumericStatus.DESCENT], CODES[NumericStatus.CLOSE]).astype(np.int8)
    return FirstOrder(nets, dtype, margin, codes, rate, descents, slopes, errors, candidates & ~found, doubtful)
