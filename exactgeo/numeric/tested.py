"""phi of every neuron over the directions of its kink pattern: what was found, and how surely.

Values are in units of e = p - y, not of the loss derivative r; see :mod:`~exactgeo.numeric.conditions`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactgeo.frozen import dataclass
from exactgeo.numeric.kinks import Directions
from exactgeo.numeric.layers import Bools, Floats
from exactgeo.numeric.rounding import grid

__all__ = ["Phi", "Tested"]


@dataclass(frozen=True, eq=False)
class Phi:
    """phi of g neurons of one kink pattern on its D directions, kernel first; all shapes (g, D) but those of the
    neurons, (g,).

    Attributes
    ----------
    value, error : phi with its kinks taken as placed, and a bound on the rounding error
    high, low : float
        Bounds on phi whichever side the doubtful kinks are on, rounding included.
    outer : the neurons' output weights v
    doubtful : whether a kink of the neuron is
    """

    directions: Directions
    value: Floats
    error: Floats
    high: Floats
    low: Floats
    outer: Floats
    doubtful: Bools


class Tested:
    """Per neuron, shape (N, n): what phi was on the directions tested.

    Attributes
    ----------
    gain, direction, phi : how surely the loss falls, along which direction, and phi there
    linear, least_ray, least_derivative : as in :class:`~exactgeo.numeric.criterion.NumericCriterion`, units of e
    slack : how far the nearest inequality is from failing, less rounding; units of r
    holds, near : the conditions hold beyond the margin; nothing fails by more than it
    over : the kink pattern is above the budget
    span : greatest error of phi as a multiple of the unit of its direction's grid
    """

    def __init__(self, count: int, n: int, trained: int) -> None:
        shape = (count, n)
        self.gain = np.full(shape, -np.inf)
        self.direction = np.zeros((*shape, trained))
        self.phi = np.zeros(shape)
        self.linear = np.zeros(shape)
        self.least_ray = np.full(shape, np.inf)
        self.least_derivative = np.full(shape, np.inf)
        self.slack = np.full(shape, np.inf)
        self.holds = np.zeros(shape, dtype=np.bool_)
        self.near = np.zeros(shape, dtype=np.bool_)
        self.over = np.zeros(shape, dtype=np.bool_)
        self.span = np.zeros(shape)

    def record(self, neurons: NDArray[np.intp], phi: Phi, margin: float, factor: float) -> None:
        """Judge neurons (flat indices) of one kink pattern; the directions of the kernel count both ways."""
        kernel, rays = phi.directions
        unit = np.vstack([kernel, rays])
        sign = np.sign(phi.outer)[:, None]
        equality = (np.arange(len(unit)) < len(kernel)) | (sign == 0)
        # In units of the derivative of the loss where there is one: v_i phi, but phi itself at v_i = 0.
        scale = np.where(phi.outer == 0, 1.0, np.abs(phi.outer))[:, None]
        self._steepest(neurons, phi, unit, equality, sign, scale)

        self.linear.reshape(-1)[neurons] = np.where(equality, np.abs(phi.value), 0.0).max(axis=1)
        towards = np.where(equality, np.inf, sign * phi.value)
        self.least_ray.reshape(-1)[neurons] = towards.min(axis=1)
        both = np.where(equality, -np.abs(phi.value), towards).min(axis=1)
        self.least_derivative.reshape(-1)[neurons] = np.where(phi.outer == 0, np.inf, np.abs(phi.outer) * both)
        slack = (np.where(equality, np.inf, (towards - phi.error) * scale).min(axis=1)) * factor
        self.slack.reshape(-1)[neurons] = slack
        self.span.reshape(-1)[neurons] = np.ldexp(phi.error, -grid(unit)).max(axis=1)
        exact = np.where(equality, phi.value == 0, True).all(axis=1)
        self.holds.reshape(-1)[neurons] = exact & (slack > margin) & ~phi.doubtful
        limit = margin / factor
        near = np.where(equality, np.abs(phi.value) * scale <= limit, towards * scale >= -limit)
        self.near.reshape(-1)[neurons] = near.all(axis=1)

    def _steepest(
        self, neurons: NDArray[np.intp], phi: Phi, unit: Floats, equality: Bools, sign: Floats, scale: Floats
    ) -> None:
        # How far sign * phi is surely below 0; on an equality either side is a failure.
        below = np.where(sign > 0, -phi.high, phi.low)
        gain = np.where(equality, np.maximum(-phi.high, phi.low), below) * scale
        worst = gain.argmax(axis=1)
        rows = np.arange(len(neurons))
        self.gain.reshape(-1)[neurons] = gain[rows, worst]
        value = phi.value[rows, worst]
        flip = np.where(equality[rows, worst] & (sign[:, 0] * value > 0), -1.0, 1.0)
        self.direction.reshape(-1, unit.shape[1])[neurons] = unit[worst] * flip[:, None]
        self.phi.reshape(-1)[neurons] = value * np.where(sign[:, 0] == 0, 1.0, flip)
