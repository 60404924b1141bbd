"""A float minimiser of a loss with smooth activations: where the proof begins, and nothing that it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from exactgeo.deadline import Deadline
from exactgeo.errors import OutOfTime
from exactgeo.exact.krawczyk import Balls
from exactgeo.exact.vectors import Vector
from exactgeo.local_minimum.smooth_loss import SmoothLoss
from exactgeo.numeric.activations import form_of as activation_form
from exactgeo.numeric.losses import form_of as loss_form
from exactgeo.problem import Point

__all__ = ["eigenvectors", "lower", "minimiser"]

Floats: TypeAlias = NDArray[np.float64]

GRADIENT = 1e-10
"""Of the largest entry, where the descent ends."""
ITERATIONS = 20_000
DIFFERENCE = 1e-5
CURVED = 60
"""Steps with second derivatives."""


class _FloatLoss:
    """Value and gradient in float64, of the trained parameters as one vector."""

    def __init__(self, loss: SmoothLoss, frozen: Point, deadline: Deadline) -> None:
        problem = loss.problem
        self.loss, self.frozen, self.deadline = loss, frozen, deadline
        self.x = np.array(problem.x, dtype=float)
        form = loss_form(problem.loss, np.array(problem.y, dtype=float))
        activations = [activation_form(activation) for activation in problem.network.layer_activations]
        assert form is not None
        assert all(activation is not None for activation in activations)
        self.form, self.activations = form, [activation for activation in activations if activation is not None]
        self.shapes = [(len(matrix), len(matrix[0]) if matrix else 0) for matrix in frozen.weights]
        self.lengths = [len(bias) for bias in frozen.biases]
        self.free = np.array(loss.trained, dtype=bool)
        flat = [q for matrix in frozen.weights for row in matrix for q in row]
        self.every = np.array(flat + [q for bias in frozen.biases for q in bias], dtype=float)
        self.decay = float(problem.penalty.l2) * np.array(loss.decayed, dtype=float)
        self.weight = float(problem.weight)

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        self.deadline.check()
        every = self.every.copy()
        every[self.free] = theta
        weights, biases, at = [], [], 0
        for rows, columns in self.shapes:
            weights.append(every[at : at + rows * columns].reshape(rows, columns))
            at += rows * columns
        for length in self.lengths:
            biases.append(every[at : at + length])
            at += length
        values, sums = [self.x], []
        for matrix, bias, activation in zip(weights, biases, self.activations, strict=True):
            sums.append(values[-1] @ matrix.T + (bias if len(bias) else 0.0))
            values.append(activation.value(sums[-1]))
        predictions = values[-1].T[None]
        total = self.weight * float(self.form.total(predictions)[0]) + 0.5 * float(self.decay @ theta**2)
        error = self.weight * self.form.gradient(predictions)[0].T
        by_weights, by_biases = [], []
        for k in reversed(range(len(weights))):
            error = error * self.activations[k].slope(sums[k])
            by_weights.append((error.T @ values[k]).ravel())
            by_biases.append(error.sum(axis=0) if len(biases[k]) else np.zeros(0))
            error = error @ weights[k]
        gradient = np.concatenate([*by_weights[::-1], *by_biases[::-1]])[self.free] + self.decay * theta
        return total, gradient

    def hessian(self, theta: Floats) -> Floats:
        """From differences of gradients."""
        rows = []
        for k, q in enumerate(theta):
            step = np.zeros_like(theta)
            step[k] = DIFFERENCE * max(1.0, abs(float(q)))
            rows.append((self(theta + step)[1] - self(theta - step)[1]) / (2 * step[k]))
        found = np.array(rows).reshape(len(theta), -1)
        return np.asarray((found + found.T) / 2)


def minimiser(
    loss: SmoothLoss, start: Sequence[Fraction], frozen: Point, deadline: Deadline, *, curved: bool
) -> Vector:
    """Down from a start: by L-BFGS, or with second derivatives, which end at a saddle only by chance.

    Where the time ends, or nothing is finite, as far as it came.
    """
    objective, theta = _FloatLoss(loss, frozen, deadline), np.array([float(q) for q in start])
    best = [theta]

    def reached(found: Floats) -> None:
        if np.isfinite(found).all():
            best[0] = np.array(found)

    settings: dict[str, Any] = {"method": "L-BFGS-B"}
    settings["options"] = {"gtol": GRADIENT, "ftol": 0.0, "maxiter": ITERATIONS, "maxfun": 2 * ITERATIONS, "maxcor": 30}
    if curved:
        settings = {"method": "trust-exact", "hess": objective.hessian}
        settings["options"] = {"gtol": GRADIENT, "maxiter": CURVED}
    try:
        with np.errstate(all="ignore"):
            minimise: Any = scipy.optimize.minimize
            minimise(objective, theta, jac=True, callback=reached, **settings)
    except (OutOfTime, np.linalg.LinAlgError, ValueError):
        pass
    return tuple(Fraction(float(q)) for q in best[0])


def lower(loss: SmoothLoss, centre: Vector, ways: Sequence[Vector], frozen: Point, deadline: Deadline) -> Vector:
    """The lowest of some points beside a saddle, along these ways and back."""
    objective, start = _FloatLoss(loss, frozen, deadline), np.array([float(q) for q in centre])
    best, found = np.inf, start
    for way in ways:
        direction = np.array([float(q) for q in way])
        direction /= np.abs(direction).max()
        for step in np.geomspace(1e-3, 1.0, 7):
            for side in (step, -step):
                with np.errstate(all="ignore"):
                    value, _ = objective(start + side * direction)
                if value < best:
                    best, found = value, start + side * direction
    return tuple(Fraction(float(q)) for q in found)


def eigenvectors(matrix: Balls, sign: int) -> Iterator[list[list[Fraction]]]:
    """Rows that span about all eigenspaces of a sign, without the smallest eigenvalues: more of them, then fewer."""
    middle = np.array([[float(q.mid()) for q in row] for row in matrix.tolist()])
    if not np.isfinite(middle).all():
        return
    values, vectors = np.linalg.eigh(middle)
    for share in (1e-14, 1e-11, 1e-8, 1e-5, 1e-2):
        chosen = sign * values > share * np.abs(values).max()
        if chosen.any():
            yield [[Fraction(float(q)) for q in column] for column in vectors[:, chosen].T]
