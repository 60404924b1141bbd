"""Losses with classes, for the replay: cross-entropy under softmax in decimals of 300 digits, without any proof."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from typing import Any

F = Fraction
Tree = dict[str, Any]
NEAR = F(1, 10**280)
"""Two losses that are nearer are one."""


def numbers(tree: Any) -> Any:
    return [numbers(item) for item in tree] if isinstance(tree, list) else F(tree)


@cache
def log_sum(row: tuple[Fraction, ...]) -> Fraction:
    top = max(row)
    with localcontext() as context:
        context.prec = 300
        # What is below exp(-2000) is none of 300 digits beside 1.
        parts = [(Decimal(q.numerator) / q.denominator).exp() for q in (r - top for r in row) if q > -2000]
        return top + F(sum(parts).ln())


def scores(problem: Tree, point: Tree) -> list[list[Fraction]]:
    slopes = numbers(problem["network"]["activation"])
    every = slopes if isinstance(slopes[0], list) else [slopes] * len(point["weights"])
    rows = numbers(problem["data"]["x"])
    weights, biases = numbers(point["weights"]), numbers(point["biases"])
    for k, matrix in enumerate(weights):
        bias = biases[k] or [F(0)] * len(matrix)
        rows = [
            [
                sum((a * b for a, b in zip(unit, row, strict=True)), F(0)) + c
                for unit, c in zip(matrix, bias, strict=True)
            ]
            for row in rows
        ]
        if k + 1 < len(weights):
            rows = [[z * every[k][0 if z > 0 else 1] for z in row] for row in rows]
    return rows


def loss(problem: Tree, point: Tree) -> Fraction:
    """The training loss at a point of any depth, rounded to 300 digits."""
    labels = [int(F(y)) for (y,) in problem["data"]["y"]]
    rows = scores(problem, point)
    total = sum((log_sum(tuple(q - row[y] for q in row)) for row, y in zip(rows, labels, strict=True)), F(0))
    return total if problem["loss"]["reduction"] == "sum" else total / len(rows)


def stated(form: Tree) -> Fraction:
    """A loss in its closed form."""
    terms = ((log_sum(tuple(F(q) for q in text.split(" "))), F(weight)) for text, weight in form["terms"].items())
    return F(form["constant"]) + sum((value * weight for value, weight in terms), F(0))
