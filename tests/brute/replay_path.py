"""Is the statement of a path true? Every segment at many rational places, and the ends, from the data alone."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import basin_brute
import walk_brute

F = Fraction
Tree = dict[str, Any]
PLACES = [F(k, 24) for k in range(25)]
SHARE = F(1, 50)
"""Of the size of the loss: how far from its true height the highest of the places may be."""


def numbers(tree: Any) -> Any:
    return [numbers(item) for item in tree] if isinstance(tree, list) else F(tree)


def segmented_path(problem: Tree, claim: Tree) -> bool:
    name, _, bound = problem["loss"]["kind"].partition("(")
    huber = F(bound.removesuffix(")")) if bound else F(1)
    x, y = numbers(problem["data"]["x"]), numbers(problem["data"]["y"])
    slopes = [numbers(problem["network"]["activation"])] * len(problem["network"]["widths"])
    weight = F(1, len(x) if problem["loss"]["reduction"] == "mean" else 1)

    def loss(net: tuple[Any, Any]) -> Fraction:
        pairs = ((p, t) for row, ts in zip(walk_brute.outputs(net, slopes, x), y, strict=True)
                 for p, t in zip(row, ts, strict=True))  # fmt: skip
        return weight * sum((basin_brute.loss(name, p, t, huber) for p, t in pairs), F(0))

    points = [claim["point"], *claim["points"]]
    nets = [(numbers(point["weights"]), numbers(point["biases"])) for point in points]
    ends = numbers([claim["loss"], *claim["losses"]])
    if [loss(net) for net in nets] != ends or any(
        frozen(problem, point) != frozen(problem, points[0]) for point in points
    ):
        return False
    low, high = numbers(claim["highest"])
    top = max(ends)
    for (one, other), segment in zip(pairwise(nets), claim["segments"], strict=True):
        curves = [(c["layer"], numbers(c["numerators"]), numbers(c["denominator"])) for c in segment["curved"]]
        values = [loss(walk_brute.between(one, other, s, curves)) for s in PLACES]
        if (values[0], values[-1]) != (loss(one), loss(other)) or not shaped(segment["kind"], values):
            return False
        top = max(top, *values)
    near = SHARE * (1 + abs(low)) if any(segment["kind"] == "above" for segment in claim["segments"]) else 0
    return low <= top + near and top <= high and (not claim["lowest"] or least(name, huber, x, y, slopes, nets[-1]))


def shaped(kind: str, values: list[Fraction]) -> bool:
    if kind == "constant":
        return len(set(values)) == 1
    if kind in ("decreasing", "rising"):
        return all((a > b) if kind == "decreasing" else (a < b) for a, b in pairwise(values))
    if kind == "convex":
        changes = [b - a for a, b in pairwise(values)]
        return changes == sorted(changes)
    return kind == "above" or max(values) == max(values[0], values[-1])


def least(name: str, huber: Fraction, x: Any, y: Any, slopes: Any, net: tuple[Any, Any]) -> bool:
    """No constant nearby is better for the data of one row: the loss is convex."""
    found = walk_brute.outputs(net, slopes, x)
    for row in x:
        for o in range(len(y[0])):
            members = [(p[o], t[o]) for other, p, t in zip(x, found, y, strict=True) if other == row]
            here, *moved = (
                sum((basin_brute.loss(name, p + e, t, huber) for p, t in members), F(0))
                for e in (F(0), F(1, 10**9), F(-1, 10**9))
            )
            if min(moved) < here:
                return False
    return True


def frozen(problem: Tree, point: Tree) -> list[Any]:
    train = problem["train"]
    flags = [*train["hidden"], train["output"], *train["hidden_bias"], train["output_bias"]]
    blocks = [*point["weights"], *point["biases"]]
    return [None if free else numbers(block) for free, block in zip(flags, blocks, strict=True)]


JUDGES = {"segmented_path": segmented_path}
