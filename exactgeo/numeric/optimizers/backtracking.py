"""Gradient descent with a line search: each network keeps its own step."""

from __future__ import annotations

import numpy as np

from exactgeo.numeric.layers import Bools, Floats
from exactgeo.numeric.optimizers.optimizer import Optimizer, State

__all__ = ["SHORTEST", "Backtracking"]

ARMIJO = 1e-4
SHORTEST = 2.0**-60
"""A step this small, relative to the parameters, is taken for the end of the descent."""


class Backtracking(Optimizer):
    """The Barzilai-Borwein step of the last move, halved until the loss falls by Armijo's rule."""

    name = "backtracking"

    def __init__(self, rate: float = 0.1) -> None:
        super().__init__(rate)

    def begin(self, state: State) -> None:
        state.memory = {"step": np.full(len(state.loss), self.rate)}

    def stuck(self, state: State) -> Bools:
        norm = np.abs(state.gradient).max(axis=1, initial=0.0)
        reach = SHORTEST * np.maximum(1.0, np.abs(state.parameters).max(axis=1, initial=0.0))
        stuck: Bools = ~(state.memory["step"] * norm > reach)
        return stuck

    def propose(self, state: State) -> Floats:
        moved: Floats = state.parameters - state.memory["step"][:, None] * state.gradient
        return moved

    def take(self, state: State, proposed: Floats, loss: Floats, gradient: Floats) -> None:
        step = state.memory["step"]
        square = np.einsum("np,np->n", state.gradient, state.gradient)
        accept = (loss <= state.loss - ARMIJO * step * square) & (loss < state.loss)
        # Where the loss no longer resolves the step (gradients near the root of the rounding unit), the gradient does.
        flat = np.abs(loss - state.loss) <= 4 * np.finfo(np.float64).eps * state.loss
        norm = np.abs(state.gradient).max(axis=1, initial=0.0)
        accept |= flat & (np.abs(gradient).max(axis=1, initial=0.0) < norm)
        curvature = np.einsum("np,np->n", gradient - state.gradient, state.gradient)
        # Along s = -step g the change of gradient gives <s, s> / <s, y>; a non-convex stretch doubles the step.
        longer = np.where(curvature < 0, -step * square / curvature, 2 * step)
        state.memory["step"] = np.where(accept, np.minimum(longer, 1e6), step / 2)
        state.move(accept, proposed, loss, gradient)
