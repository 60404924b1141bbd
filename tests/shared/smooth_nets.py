"""Random problems with smooth activations, and their losses in mpmath: no derivative is known there."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath

from exactgeo.formats import problem_from_mapping
from exactgeo.problem import Problem

Tables = dict[str, Any]


def tables(source: random.Random, *, uniform: bool = False, layers: int = 2) -> Tables:
    """A problem file: one to ``layers`` hidden layers, every freezing, penalties, one or two outputs."""
    d, widths = source.randint(1, 3), [source.randint(1, 3) for _ in range(source.randint(1, layers))]
    m, loss = source.randint(1, 4), source.choice(["squared", "half_squared", "logistic"])
    k = 1 if loss == "logistic" else source.randint(1, 2)

    def number() -> str:
        return str(Fraction(source.randint(-8, 8), source.randint(1, 5)))

    def rows(count: int, length: int) -> list[list[str]]:
        return [[number() for _ in range(length)] for _ in range(count)]

    sizes = [d, *widths, k]
    biases = [*(source.random() < 0.7 for _ in widths), source.random() < 0.7]
    names = [source.choice(["tanh", "sigmoid"]) for _ in widths]
    found: Tables = {
        "data": {"x": rows(m, d), "y": [[source.choice([1, -1])] for _ in range(m)] if k == 1 else rows(m, k)},
        "network": {"widths": widths, "activation": names[0] if uniform else names},
        "loss": {"kind": loss, "reduction": source.choice(["sum", "mean"])},
        "train": {"hidden": [source.random() < 0.8 for _ in widths], "output": source.random() < 0.9},
        "point": {
            "weights": [rows(units, below) for below, units in pairwise(sizes)],
            "biases": [
                [number() for _ in range(units if has else 0)] for units, has in zip(sizes[1:], biases, strict=True)
            ],
        },
    }
    found["network"] |= {"hidden_bias": biases[:-1], "output_bias": biases[-1]}
    if loss != "logistic" and k == 1:
        found["data"]["y"] = rows(m, 1)
    if source.random() < 0.5:
        found["penalty"] = {
            "l2": number().lstrip("-") if source.random() < 0.5 else "1/7",
            "biases": source.random() < 0.5,
        }
        if found["penalty"]["l2"] == "0":
            found["penalty"]["l2"] = "1/3"
    return found


def problem(source: random.Random, **choices: Any) -> Problem:
    return problem_from_mapping(tables(source, **choices))


def real(q: Fraction) -> mpmath.mpf:
    return mpmath.mpf(q.numerator) / q.denominator


ACTIVATIONS = {"tanh": mpmath.tanh, "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)), "linear": lambda z: z}
LOSSES = {
    "squared": lambda p, y: (p - y) ** 2,
    "half_squared": lambda p, y: (p - y) ** 2 / 2,
    "logistic": lambda p, y: mpmath.log1p(mpmath.exp(-y * p)),
}


def loss_at(problem: Problem, weights: Sequence[Any], biases: Sequence[Any]) -> mpmath.mpf:
    """The loss of a network in mpmath at its working precision, the penalty included; from the definitions alone."""
    total = mpmath.mpf(0)
    names = [*(activation.name for activation in problem.network.activations), "linear"]
    for x, y in zip(problem.x, problem.y, strict=True):
        values = list(map(real, x))
        for matrix, bias, name in zip(weights, biases, names, strict=True):
            sums = [mpmath.fsum(w * q for w, q in zip(row, values, strict=True)) for row in matrix]
            values = [ACTIVATIONS[name](z + b) for z, b in zip(sums, bias or [0] * len(sums), strict=True)]
        total += sum(LOSSES[problem.loss.name](p, real(t)) for p, t in zip(values, y, strict=True))
    total /= problem.m if problem.reduction == "mean" else 1
    train = problem.train
    kept = [q for matrix, free in zip(weights, train.weights, strict=True) if free for row in matrix for q in row]
    if problem.penalty.biases:
        kept += [q for bias, free in zip(biases, train.biases, strict=True) if free for q in bias]
    return total + real(problem.penalty.l2) / 2 * sum(q * q for q in kept)
