"""Is what a certificate says of a path true? The network at many places of every segment, in fractions, without its proof.

A place is a whole point of the network: no polynomial, and no break of the network or of the loss is looked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import basin_brute
from walk_brute import between, outputs

F = Fraction
Tree = dict[str, Any]
Rows = list[list[Fraction]]
Net = tuple[list[Rows], Rows]
Place = Callable[[Fraction], Fraction]

SAMPLES = 24
ZOOMS = 12
NEAR = F(1, 10**12)  # how close to the highest loss of a segment `_highest` comes
STEP = F(1, 10**15)


def _rows(tree: Any) -> Rows:
    return [[F(q) for q in row] for row in tree]


def _net(point: Tree) -> Net:
    return [_rows(matrix) for matrix in point["weights"]], _rows(point["biases"])


def _predictions(problem: Tree, net: Net) -> Rows:
    slopes = [tuple(map(F, problem["network"]["activation"]))] * len(problem["network"]["widths"])
    return outputs(net, slopes, _rows(problem["data"]["x"]))


def _one(problem: Tree, prediction: Fraction, target: Fraction) -> Fraction:
    name, _, bound = problem["loss"]["kind"].partition("(")
    return F(basin_brute.loss(name, prediction, target, F(bound.removesuffix(")")) if bound else F(1)))


def _loss(problem: Tree, net: Net) -> Fraction:
    targets = _rows(problem["data"]["y"])
    pairs = zip(_predictions(problem, net), targets, strict=True)
    total = sum((_one(problem, q, y) for row, ys in pairs for q, y in zip(row, ys, strict=True)), F(0))
    means = {"sum": 1, "mean": len(targets), "mean_entries": len(targets) * len(targets[0])}
    return total / means[problem["loss"]["reduction"]]


def _curves(segment: Tree) -> list[Any]:
    """The curved layers as ``walk_brute`` has them."""
    return [
        (layer["layer"], [_rows(row) for row in layer["numerators"]], [F(q) for q in layer["denominator"]])
        for layer in segment["curved"]
    ]


def _held(problem: Tree, net: Net) -> list[Any]:
    train = problem["train"]
    flags = [[*train["hidden"], train["output"]], [*train["hidden_bias"], train["output_bias"]]]
    return [
        [None if trained else block for trained, block in zip(*pair, strict=True)]
        for pair in zip(flags, net, strict=True)
    ]


def _highest(height: Place) -> Fraction:
    """About the highest loss of a segment: around the highest of some places there are places again."""
    low, high, best = F(0), F(1), F(0)
    for _ in range(ZOOMS):
        places = [low + (high - low) * k / 8 for k in range(9)]
        values = [height(s) for s in places]
        best = max(best, *values)
        top = values.index(max(values))
        low, high = places[max(top - 1, 0)], places[min(top + 1, 8)]
    return best


def _shaped(kind: str, values: list[Fraction]) -> bool:
    steps = [b - a for a, b in pairwise(values)]
    return {
        "constant": not any(steps),
        "decreasing": all(q < 0 for q in steps),
        "rising": all(q > 0 for q in steps),
        "convex": all(a <= b for a, b in pairwise(steps)),
        "below": max(values) <= max(values[0], values[-1]),
        "above": True,
    }[kind]


def _least(problem: Tree, point: Tree) -> bool:
    """No other predictions that agree at equal rows have a lower loss: a little to each side, as the loss is convex."""
    rows, sums = _predictions(problem, _net(point)), Counter[Any]()
    for x, row, ys in zip(problem["data"]["x"], rows, _rows(problem["data"]["y"]), strict=True):
        for o, (q, y) in enumerate(zip(row, ys, strict=True)):
            for step in (-STEP, STEP):
                sums[(*map(F, x), "output", o, step)] += _one(problem, q + step, y) - _one(problem, q, y)
    return min(sums.values()) >= 0


def segmented_path(problem: Tree, claim: Tree) -> bool:
    points = [_net(point) for point in (claim["point"], *claim["points"])]
    losses = [F(q) for q in (claim["loss"], *claim["losses"])]
    if [_loss(problem, point) for point in points] != losses:
        return False
    held = _held(problem, points[0])
    low, high = map(F, claim["highest"])
    best = max(losses)
    for (one, other), segment in zip(pairwise(points), claim["segments"], strict=True):
        curves = _curves(segment)

        def place(s: Fraction, ends: Any = (one, other), curves: list[Any] = curves) -> Net:
            assert all(sum(q * s**k for k, q in enumerate(bottom)) > 0 for _, _, bottom in curves), "a pole"
            return between(*ends, s, curves)

        if (place(F(0)), place(F(1))) != (one, other):
            return False
        found = [place(F(k, SAMPLES)) for k in range(SAMPLES + 1)]
        values = [_loss(problem, net) for net in found]
        if any(_held(problem, net) != held for net in found) or not _shaped(segment["kind"], values):
            return False
        best = max(best, *values)
        if segment["kind"] == "above":
            best = max(best, _highest(lambda s, place=place: _loss(problem, place(s))))
    if best > high or best < low - NEAR:
        return False
    return not claim["lowest"] or _least(problem, claim["points"][-1] if claim["points"] else claim["point"])
