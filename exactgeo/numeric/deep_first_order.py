"""One-sided first-order conditions of networks of any depth and any number of outputs, in batch: floats, and no proof.

At any depth the one-sided derivative ``L'(p; q)`` is positively homogeneous and piecewise linear in q, nested kinks
included. It is computed for all networks at once along a list of directions: both ways along each trained coordinate,
down the gradient on either side of the kinks, and random ones. That none of them descends proves nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactgeo.frozen import dataclass
from exactgeo.numeric.criterion import CODES, NumericAnswer, NumericStatus
from exactgeo.numeric.evaluation import loss_and_gradient, one_sided_derivatives
from exactgeo.numeric.layers import Bools, Floats, Layers
from exactgeo.numeric.streaming import evaluate

__all__ = ["DeepFirstOrder", "deep_first_order"]

NUMBERS = 1 << 22
"""Of the directions that are tried together."""


@dataclass(frozen=True, eq=False)
class DeepFirstOrder(NumericAnswer):
    """Least one-sided derivatives of N networks. Numeric throughout: no verdict, no proof.

    Attributes
    ----------
    networks : NumericNetworks
    margin, kink_tolerance : float
    codes : int8, shape (N,)
        Position of the status in :class:`NumericStatus`: DESCENT where a derivative is below minus the margin, else
        CLOSE. HOLDS is never said.
    derivatives : float64, shape (N,)
        The least of all directions; NaN where numbers overflow.
    descents : float64, shape (N, P)
        The direction that has it, of greatest entry 1 (zeros where nothing is trained).
    sure : bool, shape (N,)
        Whether that derivative is negative beyond a bound on its rounding, whichever side doubtful kinks are on.
    tried : int
        Directions a network.
    doubtful : int, shape (N,)
        Pre-activations whose sign is not sure.
    """

    networks: Layers
    margin: float
    kink_tolerance: float
    codes: NDArray[np.int8]
    derivatives: Floats
    descents: Floats
    sure: Bools
    tried: int
    doubtful: NDArray[np.int64]

    def _needs_more(self, index: int) -> str:
        return "all directions at once: certify(index) branches on the kinks over the rationals"

    def to_json(self, index: int) -> dict[str, Any]:
        """The answer about one network as JSON values; ``status`` is always ``numeric``."""
        least = float(self.derivatives[index])
        return {
            "status": "numeric",
            "margin": self.margin,
            "kink_tolerance": self.kink_tolerance,
            "answer": str(self.status(index)),
            "derivative": least if np.isfinite(least) else None,
            "sure": bool(self.sure[index]),
            "directions": self.tried,
            "doubtful_kinks": int(self.doubtful[index]),
            "needs": self.needs(index),
        }


def deep_first_order(nets: Layers, *, margin: float, kink_tolerance: float, count: int, seed: int) -> DeepFirstOrder:
    """See :meth:`NumericNetworks.deep_first_order`."""
    size, trained = nets.parameters.shape[1], nets.trained()
    columns = np.flatnonzero(trained)
    least, ways = np.full(len(nets), np.inf), np.zeros(nets.parameters.shape)
    step = max(1, NUMBERS // max(1, size * len(nets)))
    tried = 0
    for moves in (*_along_axes(nets, columns, step), _downwards(nets, trained), *_random(nets, count, seed, step)):
        found = one_sided_derivatives(nets, moves, kink_tolerance)
        tried += len(moves)
        if not len(moves) or not len(nets):
            continue
        known = np.where(np.isnan(found), np.inf, found)
        best = known.argmin(axis=0)
        rows = np.arange(len(nets))
        better = known[best, rows] < least
        least[better] = known[best, rows][better]
        ways[better] = moves[best, rows][better]
    said = evaluate(nets, dtype="float64", memory=1 << 28, progress=None, directions=ways[None], signs=False)
    sure = said.derivatives[0] + said.derivative_errors[0] < 0
    codes = np.where(least < -margin, CODES[NumericStatus.DESCENT], CODES[NumericStatus.CLOSE]).astype(np.int8)
    derivatives = np.where(np.isfinite(least), least, np.nan)
    return DeepFirstOrder(nets, margin, kink_tolerance, codes, derivatives, ways, sure, tried, said.doubtful)


def _along_axes(nets: Layers, columns: NDArray[np.int64], step: int) -> list[Floats]:
    """Both ways along each trained coordinate, some at a time."""
    size, found = nets.parameters.shape[1], []
    for start in range(0, len(columns), step):
        chosen = columns[start : start + step]
        rows = np.zeros((2 * len(chosen), 1, size))
        rows[np.arange(len(chosen)), 0, chosen] = 1.0
        rows[len(chosen) + np.arange(len(chosen)), 0, chosen] = -1.0
        found.append(np.broadcast_to(rows, (len(rows), len(nets), size)))
    return found


def _downwards(nets: Layers, trained: Bools) -> Floats:
    """Down the gradient on the left of the kinks, on its own and with its signs alone, and block by block."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        _, gradient = loss_and_gradient(nets, trained)
    gradient = np.nan_to_num(gradient, nan=0.0, posinf=0.0, neginf=0.0)
    found = [-gradient, -np.sign(gradient)]
    for block in nets.blocks():
        kept = np.zeros(gradient.shape[1], dtype=bool)
        kept[block.weights] = True
        if block.bias is not None:
            kept[block.bias] = True
        found.append(np.where(kept, -gradient, 0.0))
    return _scaled(np.stack(found))


def _random(nets: Layers, count: int, seed: int, step: int) -> list[Floats]:
    """Random directions of few or all trained coordinates, some at a time."""
    generator, trained = np.random.default_rng(seed), nets.trained()
    found = []
    for start in range(0, count, step):
        shape = (min(step, count - start), *nets.parameters.shape)
        kept = generator.random(shape) < generator.choice([0.25, 0.5, 1.0], (*shape[:2], 1))
        found.append(_scaled(np.where(kept & trained, generator.standard_normal(shape), 0.0)))
    return found


def _scaled(moves: Floats) -> Floats:
    largest = np.abs(moves).max(axis=-1, keepdims=True, initial=0.0)
    return np.asarray(moves / np.where(largest > 0, largest, 1.0))
