"""Adam (Kingma and Ba 2015, Algorithm 1)."""

from __future__ import annotations

import numpy as np

from exactgeo.numeric.layers import Floats
from exactgeo.numeric.optimizers.optimizer import Optimizer, Walk, cooled

__all__ = ["Adam"]


class Adam(Optimizer):
    """beta = (0.9, 0.999), epsilon = 1e-8; with ``cooling`` > 0 the rate falls in that last part of the steps."""

    name = "adam"
    cools = True
    betas = 0.9, 0.999
    floor = 1e-8

    def __init__(self, rate: float = 0.01, cooling: float = 0.0) -> None:
        super().__init__(rate, cooling)

    def begin(self, walk: Walk) -> None:
        walk.memory = {"first": np.zeros_like(walk.parameters), "second": np.zeros_like(walk.parameters)}

    def propose(self, walk: Walk) -> Floats:
        one, two = self.betas
        first, second = walk.memory["first"], walk.memory["second"]
        first *= one
        first += (1.0 - one) * walk.gradient
        second *= two
        second += (1.0 - two) * walk.gradient**2
        rate = cooled(self.rate, walk, self.cooling) / (1.0 - one ** (walk.step + 1))
        moved: Floats = walk.parameters - rate * first / (np.sqrt(second / (1.0 - two ** (walk.step + 1))) + self.floor)
        return moved

    def take(self, walk: Walk, proposed: Floats, loss: Floats, gradient: Floats) -> None:
        walk.move(np.ones(len(loss), dtype=np.bool_), proposed, loss, gradient)
