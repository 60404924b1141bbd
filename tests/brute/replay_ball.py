"""Is what a certificate says of a minimum in a box true? In floats, by many moves, without its proof.

The centre is within rounding of the minimum where the claim is true: along many directions, those of the kinks among
them, the loss does not fall; along those of the parameters that are not held it rises; and no pre-activation off the
kinks changes its side within the radius.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

F = Fraction
Tree = dict[str, Any]
Floats = NDArray[np.float64]

NEAR = 1e-9


def floats(tree: Any) -> Floats:
    return np.array([floats(item) for item in tree] if isinstance(tree, list) else float(F(tree)), dtype=float)


class Net:
    """A problem, its point as one vector, and the loss of any other vector."""

    def __init__(self, problem: Tree, point: Tree) -> None:
        self.problem, net, train = problem, problem["network"], problem["train"]
        self.x = floats(problem["data"]["x"])
        self.y = floats(problem["data"]["y"])[:, 0]
        self.up, self.down = floats(net["activation"])
        self.shapes = [np.array(matrix).shape for matrix in point["weights"]]
        self.lengths = [len(bias) for bias in point["biases"]]
        parts = [floats(matrix).ravel() for matrix in point["weights"]] + [floats(bias) for bias in point["biases"]]
        self.theta = np.concatenate([part.reshape(-1) for part in parts])
        trained = [*train["hidden"], train["output"], *train["hidden_bias"], train["output_bias"]]
        self.free = np.concatenate([np.full(part.size, flag) for part, flag in zip(parts, trained, strict=True)])
        penalty = problem.get("penalty") or {"l2": "0", "l1": "0", "biases": False}
        layers = len(self.shapes)
        heavy = [k < layers or penalty["biases"] for k in range(2 * layers)]
        self.decayed = self.free & np.concatenate(
            [np.full(part.size, flag) for part, flag in zip(parts, heavy, strict=True)]
        )
        self.l2, self.l1 = float(F(penalty["l2"])), float(F(penalty["l1"]))
        self.kind, _, bound = problem["loss"]["kind"].partition("(")
        self.bound = float(F(bound.removesuffix(")"))) if bound else 0.0
        self.weight = 1 / len(self.x) if problem["loss"]["reduction"] == "mean" else 1.0

    def split(self, theta: Floats) -> tuple[list[Floats], list[Floats]]:
        weights, biases, used = [], [], 0
        for rows, columns in self.shapes:
            weights.append(theta[used : used + rows * columns].reshape(rows, columns))
            used += rows * columns
        for length in self.lengths:
            biases.append(theta[used : used + length])
            used += length
        return weights, biases

    def sums(self, theta: Floats) -> Floats:
        """Pre-activations of the hidden layer, (m, n)."""
        weights, biases = self.split(theta)
        return self.x @ weights[0].T + (biases[0] if len(biases[0]) else 0)

    def value(self, theta: Floats) -> float:
        weights, biases = self.split(theta)
        rows = self.x
        if len(weights) == 2:
            z = self.sums(theta)
            rows = np.where(z > 0, self.up * z, self.down * z)
        p = (rows @ weights[-1].T)[:, 0] + (biases[-1][0] if len(biases[-1]) else 0)
        r, margin = np.abs(p - self.y), 1 - self.y * p
        losses = {
            "squared": lambda: r**2,
            "half_squared": lambda: r**2 / 2,
            "absolute": lambda: r,
            "huber": lambda: np.where(r <= self.bound, r**2 / 2, self.bound * (r - self.bound / 2)),
            "hinge": lambda: np.maximum(margin, 0),
            "squared_hinge": lambda: np.maximum(margin, 0) ** 2,
            "logistic": lambda: np.logaddexp(0, -self.y * p),
        }[self.kind]()
        own = theta[self.decayed]
        return self.weight * float(losses.sum()) + self.l2 / 2 * float(own @ own) + self.l1 * float(np.abs(own).sum())


def ball(problem: Tree, claim: Tree) -> bool:
    net = Net(problem, claim["point"])
    base = net.value(net.theta)
    if not float(F(claim["low"])) - NEAR <= base <= float(F(claim["high"])) + NEAR:
        return False
    rng = np.random.default_rng(0)
    ways = rng.normal(size=(400, len(net.theta))) * net.free
    if len(net.shapes) == 2:
        # Of one neuron alone as well, with the output bias.
        n, d = net.shapes[0]
        for i in range(n):
            own = np.zeros(len(net.theta), bool)
            own[[*range(i * d, i * d + d), n * d + i, *([n * d + n + i] if net.lengths[0] else [])]] = True
            ways = np.concatenate([ways, rng.normal(size=(200, len(net.theta))) * (net.free & own)])
    for size in (1e-3, 1e-4):
        if min(net.value(net.theta + size * way) for way in ways) < base - 1e-11:
            return False
    return _apart(net, claim) and _alone(net, claim)


def _apart(net: Net, claim: Tree) -> bool:
    """No pre-activation off the kinks, and under a penalty no output weight, changes its side within the radius."""
    if len(net.shapes) == 1 or claim["radius"] is None:
        return True
    radius = float(F(claim["radius"]))
    train = net.problem["train"]
    moving = np.array([train["hidden"][0]] * net.x.shape[1] + [train["hidden_bias"][0]] * bool(net.lengths[0]))
    lifted = np.column_stack([net.x, np.ones(len(net.x))])[:, : len(moving)]
    reach = np.abs(lifted) @ moving * radius
    weights, _ = net.split(net.theta)
    for v, z, factor in zip(weights[1][0], net.sums(net.theta).T, floats(claim["factors"]), strict=True):
        far = np.abs(z) > NEAR
        live = v and np.where(z > 0, net.up, net.down)[far].any()
        if live and net.up != net.down and (np.abs(z) <= reach * factor)[far & (reach > 0)].any():
            return False
        if live and net.l2 and train["output"] and moving.any() and abs(v) <= radius * factor:
            return False
    return True


def _alone(net: Net, claim: Tree) -> bool:
    """The loss rises along every direction of what is not held, by second differences on the face of the kinks."""
    free, rows = net.free.copy(), []
    if len(net.shapes) == 2:
        n, d = net.shapes[0]
        z = net.sums(net.theta)
        weights, _ = net.split(net.theta)
        moving = any(net.problem["train"][key][0] for key in ("hidden", "hidden_bias"))
        for i, v in enumerate(weights[1][0]):
            own = [*range(i * d, i * d + d), *([n * d + n + i] if net.lengths[0] else [])]
            slopes = np.where(np.abs(z[:, i]) <= NEAR, np.nan, np.where(z[:, i] > 0, net.up, net.down))
            if moving and not net.l2:
                free[n * d + i] = False
            if moving and (not v or not np.nan_to_num(slopes, nan=1).any() or claim["leaders"][i] != i):
                free[[*own, n * d + i]] = False
            if moving and net.lengths[0] and net.lengths[1] and len(set(slopes)) == 1 and not np.isnan(slopes).any():
                free[own[-1]] = False
            for t in np.flatnonzero(np.abs(z[:, i]) <= NEAR):
                row = np.zeros(len(free))
                row[own] = [*net.x[t], *([1.0] if net.lengths[0] else [])]
                rows.append(row * free)
    basis = np.eye(len(free))[free]
    if rows and len(basis):
        _, sizes, right = np.linalg.svd(np.array(rows)[:, free], full_matrices=True)
        basis = right[int(np.sum(sizes > 1e-9)) :] @ basis
    if not len(basis):
        return True
    step = 1e-4
    hessian = np.zeros((len(basis), len(basis)))
    for a, b in product(range(len(basis)), repeat=2):
        ends = [
            net.value(net.theta + step * (s * basis[a] + t * basis[b])) for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))
        ]
        hessian[a, b] = (ends[0] - ends[1] - ends[2] + ends[3]) / (4 * step * step)
    return bool(np.linalg.eigvalsh((hessian + hessian.T) / 2).min() > 1e-6)
