"""The float form of tanh."""

from __future__ import annotations

import numpy as np

from exactgeo.activations import Activation
from exactgeo.numeric.activations.form import ActivationForm, Floats

__all__ = ["TanhForm"]


class TanhForm(ActivationForm):
    """``tanh(z)``."""

    def __init__(self, activation: Activation) -> None:
        pass

    def value(self, z: Floats) -> Floats:
        value: Floats = np.tanh(z)
        return value

    def slope(self, z: Floats) -> Floats:
        # 1 - tanh^2 = 4 / (exp(z) + exp(-z))^2, without the difference.
        small = np.exp(-2.0 * np.abs(z))
        slope: Floats = 4.0 * small / (1.0 + small) ** 2
        return slope
