"""Are statements about smooth losses true? In floats, by difference quotients and Newton's iteration: no derivative is known."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tree = dict[str, Any]
Floats = NDArray[np.float64]
Function = Callable[[Floats], float]

NEAR = 1e-6
"""What difference quotients of second order leave of an answer."""


def number(text: str) -> float:
    return float(Fraction(text))


def flat(block: Any) -> list[str]:
    return [q for part in block for q in flat(part)] if isinstance(block, list) else [block]


def loss_of(problem: Tree, point: Tree) -> tuple[Function, Floats]:
    """The training loss as a function of the trained parameters, and these at the point."""
    train, net = problem["train"], problem["network"]
    free = [
        flag for flag, m in zip([*train["hidden"], train["output"]], point["weights"], strict=True) for _ in flat(m)
    ]
    free += [
        flag for flag, b in zip([*train["hidden_bias"], train["output_bias"]], point["biases"], strict=True) for _ in b
    ]
    every = np.array([number(q) for q in flat(point["weights"]) + flat(point["biases"])])
    chosen = np.array(free, bool)
    x, y = (np.array([[number(q) for q in row] for row in problem["data"][key]]) for key in ("x", "y"))
    act = {"tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}[net["activation"]]
    penalty = problem.get("penalty")
    weights = len(flat(point["weights"]))

    def loss(theta: Floats) -> float:
        values = every.copy()
        values[chosen] = theta
        rest, rows = list(values), x
        matrices = [np.array([[rest.pop(0) for _ in row] for row in matrix]) for matrix in point["weights"]]
        biases = [np.array([rest.pop(0) for _ in bias]) for bias in point["biases"]]
        for k, (matrix, bias) in enumerate(zip(matrices, biases, strict=True)):
            rows = rows @ matrix.T + (bias if len(bias) else 0)
            rows = act(rows) if k + 1 < len(matrices) else rows
        kind = problem["loss"]["kind"]
        terms = np.logaddexp(0, -y * rows) if kind == "logistic" else (rows - y) ** 2 / (1 + (kind == "half_squared"))
        total = float(terms.sum()) / (len(x) if problem["loss"]["reduction"] == "mean" else 1)
        if penalty:
            kept = chosen & ((np.arange(len(values)) < weights) | penalty["biases"])
            total += number(penalty["l2"]) / 2 * float((values[kept] ** 2).sum())
        return total

    return loss, every[chosen]


def derivatives(loss: Function, theta: Floats) -> tuple[Floats, Floats]:
    """Gradient and Hessian by difference quotients."""
    size, h = len(theta), 1e-4
    unit = np.eye(size) * h
    gradient = np.array([loss(theta + e) - loss(theta - e) for e in unit]) / (2 * h)
    hessian = np.array(
        [
            [loss(theta + a + b) - loss(theta + a - b) - loss(theta - a + b) + loss(theta - a - b) for b in unit]
            for a in unit
        ]
    )
    return gradient, hessian / (4 * h * h)


def critical(loss: Function, centre: Floats, radius: float, signs: list[int]) -> float | None:
    """The loss at the critical point of the box; None where there is none with these signs of curvatures."""
    theta = centre.copy()
    for _ in range(6):
        gradient, hessian = derivatives(loss, theta)
        if np.linalg.cond(hessian) > 1e10:
            return None
        theta = theta - np.linalg.solve(hessian, gradient)
    if np.abs(theta - centre).max() > radius + NEAR or np.abs(derivatives(loss, theta)[0]).max() > NEAR:
        return None
    found = np.linalg.eigvalsh(derivatives(loss, theta)[1])
    right = (found < 0).sum() == sum(sign < 0 for sign in signs) and len(signs) == len(found)
    # No other critical point in the box, as far as its corners and some points of it tell.
    source = np.random.default_rng(0)
    for _ in range(20):
        other = theta + radius * source.uniform(-1, 1, len(theta))
        if radius > 1e-3 and np.abs(derivatives(loss, other)[0]).max() < 1e-9:
            return None
    return loss(theta) if right else None


def between(value: float | None, claim: Tree) -> bool:
    return value is not None and number(claim["low"]) - NEAR <= value <= number(claim["high"]) + NEAR


def _minimum(problem: Tree, claim: Tree) -> bool:
    loss, centre = loss_of(problem, claim["point"])
    return between(critical(loss, centre, number(claim["radius"]), [1] * len(centre)), claim)


def _saddle(problem: Tree, claim: Tree) -> bool:
    loss, centre = loss_of(problem, claim["point"])
    return -1 in claim["signs"] and critical(loss, centre, number(claim["radius"]), claim["signs"]) is not None


def _descent(problem: Tree, claim: Tree) -> bool:
    loss, start = loss_of(problem, claim["point"])
    way = loss_of(problem, claim["direction"])[1]
    flags = [*problem["train"]["hidden"], problem["train"]["output"]]
    moved = [m for m, free in zip(claim["direction"]["weights"], flags, strict=True) if not free]
    flags = [*problem["train"]["hidden_bias"], problem["train"]["output_bias"]]
    moved += [b for b, free in zip(claim["direction"]["biases"], flags, strict=True) if not free]
    step = number(claim["step"])
    values = [loss(start + s * way) for s in np.linspace(0, step, 12)]
    return step > 0 and not any(map(number, flat(moved))) and bool(np.all(np.diff(values) < 0))


def population(teachers: list[list[str]], students: Floats, size: int) -> float:
    """``E (sum relu - sum relu)^2 / 2`` by pairs (Cho and Saul 2009)."""
    v = np.array([[number(q) for q in row] for row in teachers])
    rows = np.vstack([students.reshape(-1, size), v])
    signs = np.array([1.0] * (len(rows) - len(v)) + [-1.0] * len(v))
    lengths = np.linalg.norm(rows, axis=1)
    cosines = np.clip(rows @ rows.T / np.outer(lengths, lengths), -1, 1)
    angles = np.arccos(cosines)
    np.fill_diagonal(angles, 0)
    pairs = np.outer(lengths, lengths) * (np.sin(angles) + (np.pi - angles) * np.cos(angles)) / (2 * np.pi)
    return float(signs @ pairs @ signs) / 2


def _population(subject: Tree, claim: Tree) -> bool:
    centre = np.array([number(q) for q in flat(claim["students"])])
    size = len(subject["teachers"][0])

    def loss(theta: Floats) -> float:
        return population(subject["teachers"], theta, size)

    return between(critical(loss, centre, number(claim["radius"]), [1] * len(centre)), claim)


JUDGES = {
    "smooth_minimum": _minimum,
    "smooth_saddle": _saddle,
    "smooth_descent": _descent,
    "population_minimum": _population,
}
