"""Degenerate points of networks of any depth: kinks, parallel, zero and dead units, and residuals chosen so that the
conditions of first order hold as far as they are linear.

``case(rng)`` gives a problem with a point; the options narrow it to a family. ``mixed``: an activation of its own for
each layer; ``bent``: one for the outputs as well.
"""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise
from typing import Any

from exactgeo.exact.matrix import nullspace
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.problem import Problem
from exactgeo.problem.linear_outputs import bends_outputs, with_linear_outputs

ACTIVATIONS = ("relu", "relu", "relu", "leaky_relu(1/2)", "abs")
MIXED = ("relu", "relu", "leaky_relu(1/2)", "abs", "linear", "pl(2, -1/3)")


def case(rng: random.Random, **options: Any) -> Problem:
    """A problem with a degenerate point, all trained unless ``freeze`` says otherwise."""
    depth = options.get("depth") or rng.choice([2, 2, 2, 3])
    widths = options["widths"] if "widths" in options else [rng.randint(1, 3) for _ in range(depth)]
    d, k, m = rng.randint(1, 2), options.get("outputs") or rng.choice([1, 1, 2]), rng.randint(1, options.get("data", 5))
    activation = options.get("activation") or rng.choice(ACTIVATIONS)
    last = "linear"
    if options.get("mixed"):
        activation = [rng.choice(MIXED) for _ in widths]
    if options.get("bent"):
        last = rng.choice(MIXED)
    bias = [options.get("bias", rng.random() < 0.5) and rng.random() < 0.8 for _ in widths]
    output_bias = rng.random() < 0.5
    x = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(m)]
    sizes = [d, *widths, k]
    weights = [[[rng.choice((-2, -1, -1, 0, 1, 1, 2)) for _ in range(a)] for _ in range(b)] for a, b in pairwise(sizes)]
    biases = [[rng.choice((-1, 0, 1)) for _ in range(n)] if has else [] for n, has in zip(widths, bias, strict=True)]
    biases.append([rng.randint(-1, 1) for _ in range(k)] if output_bias else [])
    _disturb(rng, weights, biases)
    train = {}
    if options.get("freeze") and rng.random() < 0.6:
        train = {"hidden": [rng.random() < 0.6 for _ in widths], "hidden_bias": [rng.random() < 0.6 for _ in widths]}
        train |= {"output": rng.random() < 0.6, "output_bias": rng.random() < 0.6}
    tables = {
        "data": {"x": x, "y": [[0] * k for _ in range(m)]},
        "network": {
            "widths": list(widths),
            "activation": activation,
            "output_activation": last,
            "hidden_bias": bias,
            "output_bias": output_bias,
        },
        "loss": {"kind": options.get("loss", "squared"), "reduction": rng.choice(["sum", "mean"])},
        "train": train,
        "point": {"weights": weights, "biases": biases},
    }
    plain = problem_from_mapping(tables)
    if bends_outputs(plain):
        plain = with_linear_outputs(plain)
    at = DeepPoint.of(plain, plain.point)
    r = _residuals(rng, at)
    y = [[str(at.predictions[o][t] - r[o * m + t]) for o in range(k)] for t in range(m)]
    return problem_from_mapping({**tables, "data": {"x": x, "y": y}})


def _disturb(rng: random.Random, weights: list, biases: list) -> None:
    """Zero and repeated units, dead and all-active layers."""
    for layer in range(len(weights)):
        what, rows = rng.random(), weights[layer]
        if what < 0.08:
            weights[layer] = [[0] * len(row) for row in rows]
        elif what < 0.2:
            rows[rng.randrange(len(rows))] = [0] * len(rows[0])
        elif what < 0.3 and len(rows) > 1:
            rows[1] = list(rows[0])
        if layer < len(weights) - 1 and biases[layer]:
            shift = {0: -9, 1: 9}.get(rng.randrange(8))
            if shift is not None:
                biases[layer] = [shift] * len(biases[layer])


def _residuals(rng: random.Random, at: DeepPoint) -> list[Fraction]:
    """In the null space of the conditions of first order that are linear in them, if there is one."""
    m, k = at.problem.m, len(at.predictions)
    rows = []
    inputs = at.inputs_of(len(at.layers))
    for o in range(k):
        for column in [*(inputs if at.trains_output else ()), *([(1,) * m] if at.trains_shift else ())]:
            row = [0] * (m * k)
            row[o * m : (o + 1) * m] = column
            rows.append(row)
    if rng.random() < 0.8:
        rows += _lower_rows(at)
    kernel = nullspace(rows, m * k) if rows else []
    if not kernel or rng.random() < 0.05:
        return [Fraction(rng.randint(-2, 2)) for _ in range(m * k)]
    total = [Fraction(0)] * (m * k)
    for vector in kernel:
        q = rng.choice((-2, -1, 0, 1, 1, 2))
        total = [a + q * b for a, b in zip(total, vector, strict=True)]
    return total


def _lower_rows(at: DeepPoint) -> list[list[Fraction]]:
    """The derivative of each prediction in each parameter of a hidden layer, kinks left out."""
    m, k, rows = at.problem.m, len(at.predictions), []
    # back[o][j][t]: the derivative of prediction o in the output of unit j of the layer, at t.
    back = [[[w] * m for w in unit] for unit in at.output]
    for layer in reversed(at.layers):
        inner = [
            [[back[o][i][t] * (layer.slope[i][t] or 0) for t in range(m)] for i in range(layer.width)] for o in range(k)
        ]
        inputs = at.inputs_of(layer.index)
        for i in range(layer.width):
            columns = [*(inputs if layer.trains else ()), *([(1,) * m] if layer.trains_bias else ())]
            rows += [[inner[o][i][t] * column[t] for o in range(k) for t in range(m)] for column in columns]
        back = [
            [
                [sum(inner[o][i][t] * layer.weights[i][j] for i in range(layer.width)) for t in range(m)]
                for j in range(len(inputs))
            ]
            for o in range(k)
        ]
    return [row for row in rows if any(row)]
