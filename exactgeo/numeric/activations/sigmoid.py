"""The float form of the logistic function."""

from __future__ import annotations

import numpy as np

from exactgeo.activations import Activation
from exactgeo.numeric.activations.form import ActivationForm, Floats

__all__ = ["SigmoidForm"]


class SigmoidForm(ActivationForm):
    """``1 / (1 + exp(-z))``."""

    def __init__(self, activation: Activation) -> None:
        pass

    def value(self, z: Floats) -> Floats:
        # exp only of what is at most 0: it may underflow, never overflow.
        small = np.exp(-np.abs(z))
        value: Floats = np.where(z >= 0, 1.0, small) / (1.0 + small)
        return value

    def slope(self, z: Floats) -> Floats:
        small = np.exp(-np.abs(z))
        slope: Floats = small / (1.0 + small) ** 2
        return slope
