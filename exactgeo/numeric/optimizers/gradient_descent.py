"""Gradient descent with one rate for all networks."""

from __future__ import annotations

import numpy as np

from exactgeo.numeric.layers import Floats
from exactgeo.numeric.optimizers.optimizer import Optimizer, State, cooled

__all__ = ["GradientDescent"]


class GradientDescent(Optimizer):
    """``theta - rate g``; with ``cooling`` > 0 the rate falls in that last part of the steps."""

    name = "gradient_descent"
    cools = True

    def __init__(self, rate: float = 0.1, cooling: float = 0.0) -> None:
        super().__init__(rate, cooling)

    def propose(self, state: State) -> Floats:
        moved: Floats = state.parameters - cooled(self.rate, state, self.cooling) * state.gradient
        return moved

    def take(self, state: State, proposed: Floats, loss: Floats, gradient: Floats) -> None:
        state.move(np.ones(len(loss), dtype=np.bool_), proposed, loss, gradient)
