"""L-BFGS with a weak Wolfe line search, which also serves losses that have kinks (Lewis and Overton 2013)."""

from __future__ import annotations

import numpy as np

from exactgeo.numeric.layers import Bools, Floats
from exactgeo.numeric.optimizers.backtracking import ARMIJO, SHORTEST
from exactgeo.numeric.optimizers.optimizer import Optimizer, State

__all__ = ["LBFGS"]

WOLFE = 0.9
PAIRS = 10


class LBFGS(Optimizer):
    """The last ten pairs of moves and changes of gradient; a step is found by bisection between what is too short and
    too long. Where no step is found the pairs are forgotten, and where there were none the network is stuck."""

    name = "lbfgs"

    def __init__(self, rate: float = 0.1) -> None:
        super().__init__(rate)

    def begin(self, state: State) -> None:
        count, size = state.parameters.shape
        state.memory = {
            "moves": np.zeros((count, PAIRS, size)),
            "changes": np.zeros((count, PAIRS, size)),
            "inverse": np.zeros((count, PAIRS)),
            "pairs": np.zeros(count, dtype=np.int64),
            "direction": -state.gradient,
            "step": np.full(count, self.rate),
            "short": np.zeros(count),
            "long": np.full(count, np.inf),
            "stuck": np.zeros(count, dtype=np.bool_),
        }

    def stuck(self, state: State) -> Bools:
        stuck: Bools = state.memory["stuck"]
        return stuck

    def propose(self, state: State) -> Floats:
        moved: Floats = state.parameters + state.memory["step"][:, None] * state.memory["direction"]
        return moved

    def take(self, state: State, proposed: Floats, loss: Floats, gradient: Floats) -> None:
        memory = state.memory
        step, direction = memory["step"], memory["direction"]
        slope = np.einsum("np,np->n", state.gradient, direction)
        # NaN of a point beyond the range of floats is a step too long.
        falls = (loss <= state.loss + ARMIJO * step * slope) & (loss < state.loss)
        flattens = np.einsum("np,np->n", gradient, direction) >= WOLFE * slope
        accept = falls & flattens
        memory["long"] = np.where(falls, memory["long"], step)
        memory["short"] = np.where(falls & ~flattens, step, memory["short"])
        between = (memory["short"] + memory["long"]) / 2
        memory["step"] = np.where(np.isfinite(memory["long"]), between, 2 * memory["short"])
        if accept.any():
            self._remember(state, accept, proposed, gradient)
        reach = SHORTEST * np.maximum(1.0, np.abs(state.parameters).max(axis=1, initial=0.0))
        spread = np.where(np.isfinite(memory["long"]), memory["long"] - memory["short"], np.inf)
        failed = ~accept & ~(spread * np.abs(direction).max(axis=1, initial=0.0) > reach)
        state.move(accept, proposed, loss, gradient)
        memory["stuck"] = failed & (memory["pairs"] == 0)
        memory["pairs"] = np.where(failed, 0, memory["pairs"])
        fresh = accept | failed
        if fresh.any():
            memory["direction"] = np.where(fresh[:, None], self._direction(state), direction)
            # Without pairs the direction is the gradient, whose length says nothing of the step.
            plain = self.rate / np.maximum(1.0, np.abs(state.gradient).max(axis=1, initial=0.0))
            first = np.where(memory["pairs"] > 0, 1.0, plain)
            memory["step"] = np.where(fresh, first, memory["step"])
            memory["short"] = np.where(fresh, 0.0, memory["short"])
            memory["long"] = np.where(fresh, np.inf, memory["long"])

    @staticmethod
    def _remember(state: State, accept: Bools, proposed: Floats, gradient: Floats) -> None:
        """The newest pair first."""
        memory = state.memory
        move, change = proposed - state.parameters, gradient - state.gradient
        product = np.einsum("np,np->n", move, change)
        good = accept & (product > 0)
        inverse = np.where(good, 1.0 / np.where(good, product, 1.0), 0.0)
        for name, newest in (("moves", move), ("changes", change), ("inverse", inverse)):
            later = np.roll(memory[name], 1, axis=1)
            later[:, 0] = newest
            memory[name][good] = later[good]
        memory["pairs"] = np.where(good, np.minimum(memory["pairs"] + 1, PAIRS), memory["pairs"])

    @staticmethod
    def _direction(state: State) -> Floats:
        """The two-loop recursion (Nocedal and Wright, Algorithm 7.4), and minus the gradient where that rises."""
        memory = state.memory
        moves, changes, inverse, pairs = (memory[name] for name in ("moves", "changes", "inverse", "pairs"))
        direction = -state.gradient
        factors = np.zeros_like(inverse)
        for k in range(PAIRS):
            factors[:, k] = inverse[:, k] * np.einsum("np,np->n", moves[:, k], direction) * (k < pairs)
            direction = direction - factors[:, k, None] * changes[:, k]
        square = np.einsum("np,np->n", changes[:, 0], changes[:, 0]) * inverse[:, 0]
        scaled = (pairs > 0) & (square > 0)
        direction = direction / np.where(scaled, square, 1.0)[:, None]
        for k in reversed(range(PAIRS)):
            back = inverse[:, k] * np.einsum("np,np->n", changes[:, k], direction)
            direction = direction + ((factors[:, k] - back) * (k < pairs))[:, None] * moves[:, k]
        falls = np.einsum("np,np->n", direction, state.gradient) < 0
        chosen: Floats = np.where((falls & np.isfinite(direction).all(axis=1))[:, None], direction, -state.gradient)
        return chosen
