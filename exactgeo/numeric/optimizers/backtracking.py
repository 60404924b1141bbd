"""Gradient descent with a line search: each network keeps its own step."""

from __future__ import annotations

import numpy as np

from exactgeo.numeric.layers import Bools, Floats
from exactgeo.numeric.optimizers.optimizer import Optimizer, Walk

__all__ = ["SHORTEST", "Backtracking"]

ARMIJO = 1e-4
SHORTEST = 2.0**-60
"""A step this small, relative to the parameters, is taken for the end of the descent."""


class Backtracking(Optimizer):
    """The Barzilai-Borwein step of the last move, halved until the loss falls by Armijo's rule."""

    name = "backtracking"

    def __init__(self, rate: float = 0.1) -> None:
        super().__init__(rate)

    def begin(self, walk: Walk) -> None:
        walk.memory = {"step": np.full(len(walk.loss), self.rate)}

    def stuck(self, walk: Walk) -> Bools:
        norm = np.abs(walk.gradient).max(axis=1, initial=0.0)
        reach = SHORTEST * np.maximum(1.0, np.abs(walk.parameters).max(axis=1, initial=0.0))
        stuck: Bools = ~(walk.memory["step"] * norm > reach)
        return stuck

    def propose(self, walk: Walk) -> Floats:
        moved: Floats = walk.parameters - walk.memory["step"][:, None] * walk.gradient
        return moved

    def take(self, walk: Walk, proposed: Floats, loss: Floats, gradient: Floats) -> None:
        step = walk.memory["step"]
        square = np.einsum("np,np->n", walk.gradient, walk.gradient)
        accept = (loss <= walk.loss - ARMIJO * step * square) & (loss < walk.loss)
        # Where the loss no longer resolves the step (gradients near the root of the rounding unit), the gradient does.
        flat = np.abs(loss - walk.loss) <= 4 * np.finfo(np.float64).eps * walk.loss
        norm = np.abs(walk.gradient).max(axis=1, initial=0.0)
        accept |= flat & (np.abs(gradient).max(axis=1, initial=0.0) < norm)
        curvature = np.einsum("np,np->n", gradient - walk.gradient, walk.gradient)
        # Along s = -step g the change of gradient gives <s, s> / <s, y>; a non-convex stretch doubles the step.
        longer = np.where(curvature < 0, -step * square / curvature, 2 * step)
        walk.memory["step"] = np.where(accept, np.minimum(longer, 1e6), step / 2)
        walk.move(accept, proposed, loss, gradient)
