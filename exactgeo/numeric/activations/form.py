"""What the float form of an activation is: values and one-sided derivatives of many pre-activations at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["ActivationForm", "Floats"]

Floats: TypeAlias = NDArray[np.float64]


class ActivationForm(ABC):
    """An activation in float64, of pre-activations of any shape."""

    @abstractmethod
    def value(self, z: Floats) -> Floats:
        """a(z). Law: that of the activation, up to rounding."""

    @abstractmethod
    def slope(self, z: Floats) -> Floats:
        """Its derivative, from the left where the two sides differ."""

    def change(self, z: Floats, moves: Floats, tolerance: float) -> Floats:
        """The one-sided derivative along ``moves``; pre-activations within ``tolerance`` of a kink count as on it.

        Law: ``slope(z) moves`` away from every kink.
        """
        return self.slope(z) * moves
