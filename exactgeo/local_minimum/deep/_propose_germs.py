"""Random germ curves: integer directions on random scales, tried in floats by the thousand. They prove nothing.

Each trained parameter moves by ``s^e q`` with a small integer q and an exponent e of 1 to 4, or not at all. The losses
at three small s are computed in float64; curves along which it seems to fall are proposed, and replayed in rationals by
:func:`exactgeo.local_minimum.along.descent_along`.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactgeo.deadline import Check, unlimited
from exactgeo.problem import Direction, Point, Problem

__all__ = ["proposed_curves"]

Floats = NDArray[np.float64]

EXPONENTS = 4
SCALES = (2.0**-4, 2.0**-7, 2.0**-10)
DENSITIES = (0.25, 0.5, 1.0)
BATCH = 1024
WORK = 100_000_000
"""Products of all passes: fewer curves of large networks."""
NOISE = 1e-11
"""A fall below this part of the loss may be rounding."""


class _Blocks:
    """The trained blocks of a point in a row: weights and biases, layer by layer."""

    def __init__(self, problem: Problem, point: Point) -> None:
        train, net = problem.train, problem.network
        self.problem, self.point = problem, point
        self.weights = [np.array([[float(q) for q in row] for row in w]).reshape(len(w), -1) for w in point.weights]
        self.biases = [np.array([float(q) for q in b]) for b in point.biases]
        free = [b and has for b, has in zip(train.biases, net.biases, strict=True)]
        self.sizes = [w.size * t for w, t in zip(self.weights, train.weights, strict=True)]
        self.shifts = [b.size * t for b, t in zip(self.biases, free, strict=True)]
        self.size = sum(self.sizes) + sum(self.shifts)

    def moved(self, steps: Floats) -> tuple[list[Floats], list[Floats]]:
        """Weights and biases of many moves, one a row of ``steps``."""
        weights, biases, start = [], [], 0
        for w, size in zip(self.weights, self.sizes, strict=True):
            part = steps[:, start : start + size].reshape(-1, *w.shape) if size else 0.0
            weights.append(np.broadcast_to(w + part, (len(steps), *w.shape)))
            start += size
        for b, size in zip(self.biases, self.shifts, strict=True):
            part = steps[:, start : start + size] if size else 0.0
            biases.append(np.broadcast_to(b + part, (len(steps), len(b))))
            start += size
        return weights, biases

    def losses(self, steps: Floats) -> Floats:
        """The losses of many moves."""
        problem = self.problem
        weights, biases = self.moved(steps)
        rows = np.broadcast_to(
            np.array([[float(q) for q in row] for row in problem.x]).T, (len(steps), problem.d, problem.m)
        )
        for k, activation in enumerate((*problem.network.activations, problem.network.output_activation)):
            rows = weights[k] @ rows
            if biases[k].shape[1]:
                rows = rows + biases[k][:, :, None]
            assert activation.slopes is not None
            up, down = map(float, activation.slopes)
            rows = np.where(rows > 0, up * rows, down * rows) if up != down else up * rows
        total = np.zeros(len(steps))
        if problem.loss.classes:
            for t, (y,) in enumerate(problem.y):
                total += np.logaddexp.reduce(rows[:, :, t] - rows[:, int(y), t, None], axis=1)
            return total
        for t, targets in enumerate(problem.y):
            for o, y in enumerate(targets):
                pieces = problem.loss.pieces(y)
                assert pieces is not None
                numbers = np.array([[float(q) for q in row] for row in pieces.quadratics])
                at = np.searchsorted([float(q) for q in pieces.breaks], rows[:, o, t])
                a, b, c = numbers[at].T
                total += (a * rows[:, o, t] + b) * rows[:, o, t] + c
        return total

    def curve(self, exponents: NDArray[np.int64], values: NDArray[np.int64]) -> tuple[Direction, ...]:
        """The curve of one row of exponents and whole numbers."""
        last = int(exponents[values != 0].max())
        return tuple(self._direction(np.where(exponents == power, values, 0)) for power in range(1, last + 1))

    def _direction(self, row: NDArray[np.int64]) -> Direction:
        entries = iter(row.tolist())
        zero = Direction.zero(self.point)
        weights = [
            tuple(tuple(Fraction(next(entries)) for _ in unit) for unit in matrix) if size else matrix
            for matrix, size in zip(zero.weights, self.sizes, strict=True)
        ]
        biases = [
            tuple(Fraction(next(entries)) for _ in row) if size else row
            for row, size in zip(zero.biases, self.shifts, strict=True)
        ]
        return Direction(tuple(weights), tuple(biases))


def proposed_curves(
    problem: Problem, point: Point, count: int, seed: int, most: int, check: Check = unlimited
) -> Iterator[tuple[Direction, ...]]:
    """Curves along which the loss seems to fall, at most ``most`` of ``count`` tried ones. Cost: 3 count float passes.

    Parameters
    ----------
    problem : Problem
        Piecewise linear activations, a loss that is quadratic between breaks or has classes.
    point : Point
    count, seed, most : int
    check : callable
        Called before each batch.
    """
    blocks = _Blocks(problem, point)
    if not blocks.size:
        return
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        start = blocks.losses(np.zeros((1, blocks.size)))[0]
        batch = max(16, min(BATCH, BATCH * 1000 // blocks.size))
        count = max(batch, min(count, WORK // max(problem.products, 1)))
        for first in range(0, count, batch):
            check()
            rows = min(batch, count - first)
            # All on one scale, or each on its own; few parameters, or all.
            highest = rng.integers(1, EXPONENTS + 1, (rows, 1))
            exponents = 1 + rng.integers(0, 1 << 16, (rows, blocks.size)) % highest
            values = rng.integers(-3, 4, (rows, blocks.size))
            values *= rng.random((rows, blocks.size)) < rng.choice(DENSITIES, (rows, 1))
            falls = np.zeros(rows, dtype=bool)
            for s in SCALES:
                falls |= blocks.losses(values * s**exponents) < start - NOISE * (1 + start)
            for k in np.flatnonzero(falls & values.any(axis=1))[:most]:
                most -= 1
                yield blocks.curve(exponents[k], values[k])
            if most <= 0:
                return
