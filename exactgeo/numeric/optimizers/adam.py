"""Adam (Kingma and Ba 2015, Algorithm 1)."""

from __future__ import annotations

import numpy as np

from exactgeo.numeric.layers import Floats
from exactgeo.numeric.optimizers.optimizer import Optimizer, State, cooled

__all__ = ["Adam"]


class Adam(Optimizer):
    """beta = (0.9, 0.999), epsilon = 1e-8; with ``cooling`` > 0 the rate falls in that last part of the steps."""

    name = "adam"
    cools = True
    betas = 0.9, 0.999
    floor = 1e-8

    def __init__(self, rate: float = 0.01, cooling: float = 0.0) -> None:
        super().__init__(rate, cooling)

    def begin(self, state: State) -> None:
        state.memory = {"first": np.zeros_like(state.parameters), "second": np.zeros_like(state.parameters)}

    def propose(self, state: State) -> Floats:
        one, two = self.betas
        first, second = state.memory["first"], state.memory["second"]
        first *= one
        first += (1.0 - one) * state.gradient
        second *= two
        second += (1.0 - two) * state.gradient**2
        rate = cooled(self.rate, state, self.cooling) / (1.0 - one ** (state.step + 1))
        moved: Floats = state.parameters - rate * first / (
            np.sqrt(second / (1.0 - two ** (state.step + 1))) + self.floor
        )
        return moved

    def take(self, state: State, proposed: Floats, loss: Floats, gradient: Floats) -> None:
        state.move(np.ones(len(loss), dtype=np.bool_), proposed, loss, gradient)
