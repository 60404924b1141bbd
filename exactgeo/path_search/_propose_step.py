"""Where to go from a point to lower loss, one layer at a time, in floats: a proposal that exact arithmetic tries."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactgeo.frozen import dataclass
from exactgeo.numeric.losses import LossForm, form_of
from exactgeo.problem import Point, Problem

__all__ = ["Proposal", "Searcher"]

Floats: TypeAlias = NDArray[np.float64]

GRID = 24
"""Proposals are multiples of 2^-24: numbers stay short however many steps are taken."""

DAMPING = (1e-8, 1e-2)
"""Of the least-squares problem of a layer, beside its largest singular value."""

LENGTHS = (1.0, 0.5, 0.25, 0.0625, 2.0**-7, 2.0**-10)
"""Lengths of a step that are tried, the largest first."""


@dataclass(frozen=True)
class Proposal:
    """New weights and bias of one layer."""

    layer: int
    weights: tuple[tuple[Fraction, ...], ...]
    bias: tuple[Fraction, ...]


class Searcher:
    """The problem in floats.

    Parameters
    ----------
    problem : Problem
        Piecewise-linear activations, a loss with a float form.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._x = np.array([[float(q) for q in row] for row in problem.x]).reshape(problem.m, problem.d)
        targets = np.array([[float(q) for q in row] for row in problem.y])
        self._form: LossForm | None = form_of(problem.loss, targets)
        self._slopes = [tuple(map(float, a.slopes or (1, 1))) for a in problem.network.layer_activations]

    def proposals(self, point: Point) -> Iterator[Proposal]:
        """Layers to move, the last one first; each promises a lower loss."""
        if self._form is None:
            return
        weights = [np.array([[float(q) for q in row] for row in w]).reshape(len(w), -1) for w in point.weights]
        biases = [np.array([float(q) for q in b]) if b else None for b in point.biases]
        train = self.problem.train
        with np.errstate(all="ignore"):
            for layer in reversed(range(len(weights))):
                if not train.weights[layer] or not weights[layer].size:
                    continue
                for damping in DAMPING:
                    found = self._step(weights, biases, layer, damping)
                    if found is not None:
                        yield self._rounded(point, layer, *found)
                        break

    def _step(
        self, weights: list[Floats], biases: list[Floats | None], layer: int, damping: float
    ) -> tuple[Floats, Floats | None] | None:
        """The largest share of a damped Gauss-Newton step of a layer that lowers the loss."""
        assert self._form is not None
        loss, outputs, jacobian = self._jacobian(weights, biases, layer)
        gradient = self._form.gradient(outputs[None])[0]
        if not np.isfinite(loss) or not np.isfinite(jacobian).all():
            return None
        move = self._move(jacobian, gradient.reshape(-1), damping)
        if move is None:
            return None
        size = weights[layer].size
        for share in LENGTHS:
            trial, shifted = list(weights), list(biases)
            trial[layer] = weights[layer] + share * move[:size].reshape(weights[layer].shape)
            bias = biases[layer]
            if bias is not None and len(move) > size:
                shifted[layer] = bias + share * move[size:]
            if self._loss(trial, shifted) < loss:
                return trial[layer], shifted[layer]
        return None

    def _move(self, jacobian: Floats, gradient: Floats, damping: float) -> Floats | None:
        """Least squares towards where the slope of the loss would vanish if it were a parabola of curvature 2."""
        assert self._form is not None
        curvature = self._form.curvature or 1.0
        try:
            left, values, right = np.linalg.svd(jacobian, full_matrices=False)
        except np.linalg.LinAlgError:
            return None
        if not values.size or not values[0]:
            return None
        shrunk = values / (values**2 + (damping * values[0]) ** 2)
        found: Floats = -(right.T * shrunk) @ (left.T @ gradient) / curvature
        return found if np.isfinite(found).all() else None

    def _forward(self, weights: list[Floats], biases: list[Floats | None]) -> list[tuple[Floats, Floats]]:
        """Pre-activations and outputs of each layer, a row a unit."""
        rows, found = self._x.T, []
        for w, b, (up, down) in zip(weights, biases, self._slopes, strict=True):
            z = w @ rows + (0.0 if b is None else b[:, None])
            rows = np.where(z > 0, up * z, down * z)
            found.append((z, rows))
        return found

    def _loss(self, weights: list[Floats], biases: list[Floats | None]) -> float:
        assert self._form is not None
        return float(self._form.total(self._forward(weights, biases)[-1][1][None])[0])

    def _jacobian(self, weights: list[Floats], biases: list[Floats | None], layer: int) -> tuple[float, Floats, Floats]:
        """The loss, the predictions, and their derivatives in the trained parameters of a layer."""
        assert self._form is not None
        passed = self._forward(weights, biases)
        outputs = passed[-1][1]
        k, m = outputs.shape
        inputs = self._x.T if not layer else passed[layer - 1][1]
        # back[o, i, t]: the derivative of prediction (o, t) in pre-activation (i, t) of the layer.
        back = np.broadcast_to(np.eye(k)[:, :, None], (k, k, m)).copy()
        for j in reversed(range(layer, len(weights))):
            up, down = self._slopes[j]
            back = back * np.where(passed[j][0] > 0, up, down)[None]
            if j > layer:
                back = np.einsum("oit,ij->ojt", back, weights[j])
        parts = [np.einsum("oit,jt->otij", back, inputs).reshape(k * m, -1)]
        train = self.problem.train
        if biases[layer] is not None and train.biases[layer]:
            parts.append(np.einsum("oit->oti", back).reshape(k * m, -1))
        return float(self._form.total(outputs[None])[0]), outputs, np.concatenate(parts, axis=1)

    def _rounded(self, point: Point, layer: int, weights: Floats, bias: Floats | None) -> Proposal:
        kept = point.biases[layer]
        moved = bias is not None and self.problem.train.biases[layer]
        rows = tuple(tuple(map(_short, row)) for row in weights)
        return Proposal(layer, rows, tuple(map(_short, bias)) if moved and bias is not None else kept)


def _short(value: float) -> Fraction:
    return Fraction(round(float(value) * 2**GRID), 2**GRID)
