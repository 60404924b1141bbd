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

F = Fraction
Tree = dict[str, Any]
Rows = list[list[Fraction]]
Place = Callable[[Fraction], Fraction]

SAMPLES = 24
ZOOMS = 12
NEAR = F(1, 10**12)  # how close to the highest loss of a segment `_highest` comes
STEP = F(1, 10**15)


def _rows(tree: Any) -> Rows:
    return [[F(q) for q in row] for row in tree]


def _layers(point: Tree) -> list[tuple[Rows, list[Fraction]]]:
    return [(_rows(w), [F(q) for q in b]) for w, b in zip(point["weights"], point["biases"], strict=True)]


def _predictions(problem: Tree, layers: list[tuple[Rows, list[Fraction]]]) -> Rows:
    up, down = map(F, problem["network"]["activation"])
    rows = _rows(problem["data"]["x"])
    for k, (matrix, bias) in enumerate(layers):
        if k:
            rows = [[z * (up if z > 0 else down) for z in row] for row in rows]
        rows = [
            [
                sum((w * q for w, q in zip(unit, row, strict=True)), bias[i] if bias else F(0))
                for i, unit in enumerate(matrix)
            ]
            for row in rows
        ]
    return rows


def _one(problem: Tree, prediction: Fraction, target: Fraction) -> Fraction:
    name, _, bound = problem["loss"]["kind"].partition("(")
    return F(basin_brute.loss(name, prediction, target, F(bound.removesuffix(")")) if bound else F(1)))


def _loss(problem: Tree, layers: list[tuple[Rows, list[Fraction]]]) -> Fraction:
    targets = _rows(problem["data"]["y"])
    pairs = zip(_predictions(problem, layers), targets, strict=True)
    total = sum((_one(problem, q, y) for row, ys in pairs for q, y in zip(row, ys, strict=True)), F(0))
    means = {"sum": 1, "mean": len(targets), "mean_entries": len(targets) * len(targets[0])}
    return total / means[problem["loss"]["reduction"]]


def _value(coefficients: list[str], s: Fraction) -> Fraction:
    return sum((F(q) * s**k for k, q in enumerate(coefficients)), F(0))


def _at(one: Tree, other: Tree, curved: list[Tree], s: Fraction) -> list[tuple[Rows, list[Fraction]]]:
    """The layers at one place of a segment."""
    found = []
    given = {layer["layer"]: layer for layer in curved}
    for k, ((w, b), (v, c)) in enumerate(zip(_layers(one), _layers(other), strict=True)):
        if k in given:
            bottom = _value(given[k]["denominator"], s)
            assert bottom > 0, "a pole"
            rows = [[_value(q, s) / bottom for q in row] for row in given[k]["numerators"]]
            found.append(([row[: len(w[0])] for row in rows], [row[-1] for row in rows] if b else []))
        else:
            found.append(
                (
                    [[p + s * (q - p) for p, q in zip(*pair, strict=True)] for pair in zip(w, v, strict=True)],
                    [p + s * (q - p) for p, q in zip(b, c, strict=True)],
                )
            )
    return found


def _held(problem: Tree, layers: list[tuple[Rows, list[Fraction]]]) -> list[Any]:
    train = problem["train"]
    trained = zip([*train["hidden"], train["output"]], [*train["hidden_bias"], train["output_bias"]], strict=True)
    return [
        (None if weights else w, None if biases else b)
        for (weights, biases), (w, b) in zip(trained, layers, strict=True)
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
    rows, sums = _predictions(problem, _layers(point)), Counter[Any]()
    for x, row, ys in zip(problem["data"]["x"], rows, _rows(problem["data"]["y"]), strict=True):
        for o, (q, y) in enumerate(zip(row, ys, strict=True)):
            for step in (-STEP, STEP):
                sums[(*map(F, x), "output", o, step)] += _one(problem, q + step, y) - _one(problem, q, y)
    return min(sums.values()) >= 0


def segmented_path(problem: Tree, claim: Tree) -> bool:
    points = [claim["point"], *claim["points"]]
    losses = [F(q) for q in (claim["loss"], *claim["losses"])]
    if [_loss(problem, _layers(point)) for point in points] != losses:
        return False
    held = _held(problem, _layers(points[0]))
    low, high = map(F, claim["highest"])
    best = max(losses)
    for (one, other), segment in zip(pairwise(points), claim["segments"], strict=True):

        def place(s: Fraction, ends: tuple[Tree, Tree] = (one, other), curved: Any = segment["curved"]) -> Any:
            return _at(*ends, curved, s)

        if [place(F(0)), place(F(1))] != [_layers(one), _layers(other)]:
            return False
        found = [place(F(k, SAMPLES)) for k in range(SAMPLES + 1)]
        values = [_loss(problem, layers) for layers in found]
        if any(_held(problem, layers) != held for layers in found) or not _shaped(segment["kind"], values):
            return False
        best = max(best, *values)
        if segment["kind"] == "above":
            best = max(best, _highest(lambda s, place=place: _loss(problem, place(s))))
    if best > high or best < low - NEAR:
        return False
    return not claim["lowest"] or _least(problem, points[-1])
