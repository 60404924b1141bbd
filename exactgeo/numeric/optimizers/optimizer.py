"""What an optimizer of many networks at once is."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactgeo.numeric.layers import Bools, Floats

__all__ = ["Optimizer", "State"]


@dataclass
class State:
    """Networks on their way; every array has them on its first axis.

    Attributes
    ----------
    parameters, loss, gradient : float64, shapes (N, P), (N,), (N, P)
        Where each one stands.
    memory : dict of arrays
        What the optimizer keeps; networks that have ended leave it.
    step, steps : int
        Points looked at after the start, and how many there may be.
    """

    parameters: Floats
    loss: Floats
    gradient: Floats
    steps: int
    step: int = 0
    memory: dict[str, NDArray[Any]] = field(default_factory=dict)

    def keep(self, chosen: Bools) -> None:
        """Leave the other networks behind."""
        self.parameters, self.loss, self.gradient = self.parameters[chosen], self.loss[chosen], self.gradient[chosen]
        self.memory = {name: array[chosen] for name, array in self.memory.items()}

    def move(self, accept: Bools, parameters: Floats, loss: Floats, gradient: Floats) -> None:
        """Go on to other points where they are accepted."""
        if accept.all():
            self.parameters, self.loss, self.gradient = parameters, loss, gradient
            return
        self.parameters = np.where(accept[:, None], parameters, self.parameters)
        self.loss = np.where(accept, loss, self.loss)
        self.gradient = np.where(accept[:, None], gradient, self.gradient)


class Optimizer(ABC):
    """A rule that goes from point to point, for many networks at once and each on its own.

    Law: where a network goes does not depend on the networks beside it. All functions take the networks still on their
    way; frozen parameters have a gradient of 0 and must not move.

    Attributes
    ----------
    name : str
    rate : float
        The step that is tried first, where the optimizer searches for one.
    cools : bool
        Whether it takes ``cooling`` beside its rate.
    """

    name: str
    cools: bool = False

    def __init__(self, rate: float, cooling: float = 0.0) -> None:
        self.rate = rate
        self.cooling = cooling

    def begin(self, state: State) -> None:  # noqa: B027 - an optimizer may have no memory
        """Make the memory."""

    @abstractmethod
    def propose(self, state: State) -> Floats:
        """The points to look at next, shape (N, P)."""

    @abstractmethod
    def take(self, state: State, proposed: Floats, loss: Floats, gradient: Floats) -> None:
        """Move there, or not."""

    def stuck(self, state: State) -> Bools:
        """Which networks will not move any more, shape (N,)."""
        return np.zeros(len(state.loss), dtype=np.bool_)


def cooled(rate: float, state: State, cooling: float) -> float:
    """The rate of a step: constant, then halved again and again in the last part of the steps."""
    begin = (1.0 - cooling) * state.steps
    if state.step < begin:
        return rate
    halvings = HALVINGS * (state.step - begin) / max(cooling * state.steps, 1.0)
    return rate * math.exp2(-halvings)


HALVINGS = 36
"""Of the rate while it is cooled: at the end a network on a kink swings by 1e-11 of what it did."""
