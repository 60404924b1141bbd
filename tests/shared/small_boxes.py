"""Is the loss lower somewhere in small boxes around a point? Projected descents in floats: an adversary of minima."""

from __future__ import annotations

import numpy as np

from exactgeo.numeric import NumericNetworks
from exactgeo.numeric.evaluation import loss_and_gradient
from exactgeo.problem import Problem

RADII = (2.0**-6, 2.0**-9, 2.0**-12)


def falls(problem: Problem, most: float, seed: int, starts: int = 24, steps: int = 60) -> bool:
    """Whether projected gradient descents from random points of small boxes around the point end below it, in each of
    the boxes within ``most`` that are small."""
    own = NumericNetworks.from_points(problem, [problem.point])
    rng, trained = np.random.default_rng(seed), own.trained()
    start = float(own.losses()[0])
    below = []
    for radius in (r for r in RADII if r <= most):
        moves = radius * rng.uniform(-1, 1, (starts, own.parameters.shape[1])) * trained
        best = np.full(starts, np.inf)
        for step in range(steps):
            loss, gradient = loss_and_gradient(own.at(own.parameters + moves), trained)
            best = np.minimum(best, loss)
            size = np.abs(gradient).max(axis=1, keepdims=True)
            pace = radius / (2 + step)
            moves = np.clip(moves - pace * gradient / np.where(size > 0, size, 1), -radius, radius)
        below.append(best.min() < start - 1e-12 * (1 + start) - 1e-3 * radius**4)
    return bool(below) and all(below)
