"""Newton's iteration in floats on a penalised loss near its minimum, over sides that change. It proves nothing.

A conic program is exact to some seven digits, and a loss that is nearly flat there hides its kinks: second derivatives
of the network's own loss see them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exactgeo.frozen import dataclass
from exactgeo.polishing._propose_network import FloatNetwork, Floats

__all__ = ["refined", "value"]

STEPS = 60
STALLS = 6
"""Steps without a fall of the loss."""
DAMPINGS = 12
"""Tries of one step, each with ten times the damping."""

FLAT = 1e-13
"""Damping that is there always, for flat directions."""

ENOUGH = 1e-14
"""Where the largest step beside the largest parameter is that small, it ends."""


def refined(
    network: FloatNetwork, w: Floats, v: Floats, shift: float, kinks: Sequence[Sequence[int]]
) -> tuple[Floats, Floats, float]:
    """The parameters after Newton's iteration; kinks that are held stay held.

    Parameters
    ----------
    network : FloatNetwork
        With a penalty on both factors.
    w : (n, D); v : (n,); shift : output bias
        Neurons with v = 0 do not move.
    kinks : data points of each neuron
    """
    newton = _Newton(network, tuple(int(i) for i in np.flatnonzero(v)), tuple(map(tuple, kinks)))
    start = newton.joined(w, v, shift)
    return newton.parted(newton.end(start, w, v), w, v, shift)


def value(network: FloatNetwork, w: Floats, v: Floats, shift: float) -> float:
    """The penalised loss, in units of the sum over the data."""
    newton = _Newton(network, tuple(int(i) for i in np.flatnonzero(v)), ((),) * len(v))
    return newton.value(newton.joined(w, v, shift), w, v)


@dataclass(frozen=True)
class _Newton:
    network: FloatNetwork
    live: tuple[int, ...]
    kinks: tuple[tuple[int, ...], ...]

    def joined(self, w: Floats, v: Floats, shift: float) -> Floats:
        return np.concatenate(
            [w[np.ix_(self.live, self.network.moving)].ravel(), v[list(self.live)], self._bias(shift)]
        )

    def _bias(self, shift: float) -> Floats:
        problem = self.network.problem
        return np.array([shift] * (problem.network.output_bias and problem.train.output_bias))

    def parted(self, theta: Floats, w: Floats, v: Floats, shift: float) -> tuple[Floats, Floats, float]:
        size, count = len(self.network.moving), len(self.live)
        w, v = w.copy(), v.copy()
        w[np.ix_(self.live, self.network.moving)] = theta[: count * size].reshape(count, size)
        v[list(self.live)] = theta[count * size : count * (size + 1)]
        return w, v, float(theta[-1]) if len(theta) > count * (size + 1) else shift

    def held(self, w: Floats) -> Floats:
        """Rows of the equations of the kinks."""
        net, size = self.network, len(self.network.moving)
        rows = [(number, t) for number, i in enumerate(self.live) for t in self.kinks[i]]
        found = np.zeros((len(rows), len(self.live) * (size + 1) + len(self._bias(0.0))))
        for k, (number, t) in enumerate(rows):
            found[k, number * size : (number + 1) * size] = net.x[t, net.moving]
        return found

    def end(self, theta: Floats, w: Floats, v: Floats) -> Floats:
        held = self.held(w)
        if len(held):
            theta = theta - np.linalg.lstsq(held, held @ theta, rcond=None)[0]
        value, damping, stalls = self.value(theta, w, v), 0.0, 0
        for _ in range(STEPS):
            gradient, hessian = self.derivatives(theta, w, v)
            scale = float(np.abs(np.diag(hessian)).max())
            for _ in range(DAMPINGS):
                step = _step(gradient, hessian, (damping + FLAT) * scale, held)
                there = self.value(theta + step, w, v)
                if np.isfinite(there) and there <= value + 1e-15 * abs(value):
                    break
                damping = max(10 * damping, 1e-10)
            else:
                return theta
            stalls += there >= value - 1e-15 * abs(value)
            theta, value, damping = theta + step, there, damping / 100 if damping > 1e-12 else 0.0
            if stalls > STALLS or np.abs(step).max(initial=0) <= ENOUGH * np.abs(theta).max(initial=0):
                return theta
        return theta

    def _network(self, theta: Floats, w: Floats, v: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Slopes and outputs of the live neurons, their output weights, predictions."""
        net = self.network
        w, v, shift = self.parted(theta, w, v, float(net.point.shift))
        z = net.x @ w[list(self.live)].T
        for number, i in enumerate(self.live):
            z[list(net.members(self.kinks[i])), number] = 0.0
        slopes = np.where(z == 0, 0.0, net.slope_of(z)) if net.slopes[0] != net.slopes[1] else net.slope_of(z)
        bias = shift if net.problem.network.output_bias else 0.0
        return slopes, slopes * z, v[list(self.live)], (slopes * z) @ v[list(self.live)] + bias

    def _shrink(self) -> Floats:
        net = self.network
        inner = np.zeros(len(net.moving))
        inner[net.heavy] = net.decay
        ends = [self._bias(0.0) * 0 + net.decay * net.problem.penalty.biases]
        return np.concatenate([np.tile(inner, len(self.live)), np.full(len(self.live), net.decay), *ends])

    def value(self, theta: Floats, w: Floats, v: Floats) -> float:
        with np.errstate(all="ignore"):
            return self.network.terms.value(self._network(theta, w, v)[3]) + float(self._shrink() @ theta**2) / 2

    def derivatives(self, theta: Floats, w: Floats, v: Floats) -> tuple[Floats, Floats]:
        net, size, count = self.network, len(self.network.moving), len(self.live)
        slopes, outputs, outer, p = self._network(theta, w, v)
        x, r, bend = net.x[:, net.moving], net.terms.slopes(p), net.terms.bends(p)
        columns = [slopes[:, [k]] * x * outer[k] for k in range(count)]
        change = np.concatenate([*columns, outputs, np.ones((len(p), len(self._bias(0.0))))], axis=1)
        shrink = self._shrink()
        hessian = change.T @ (bend[:, None] * change) + np.diag(shrink)
        for k in range(count):
            pull, at = (slopes[:, k] * r) @ x, count * size + k
            hessian[k * size : (k + 1) * size, at] += pull
            hessian[at, k * size : (k + 1) * size] += pull
        return change.T @ r + shrink * theta, hessian


def _step(gradient: Floats, hessian: Floats, damping: float, held: Floats) -> Floats:
    """Newton's step with equations; short where it is not told."""
    count, size = held.shape
    matrix = np.zeros((size + count, size + count))
    matrix[:size, :size] = hessian + damping * np.eye(size)
    matrix[size:, :size], matrix[:size, size:] = held, held.T
    matrix[size:, size:] = -FLAT * np.eye(count)
    right = np.concatenate([-gradient, np.zeros(count)])
    try:
        return np.asarray(np.linalg.solve(matrix, right)[:size])
    except np.linalg.LinAlgError:
        return np.full(size, np.nan)
