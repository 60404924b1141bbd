"""Degenerate points of cross-entropy with several classes: kinks, parallel, zero and dead units, and labels chosen so that
the conditions of first order hold as far as they are linear.

``class_case(rng)``: all scores of a data point are equal, as they must be at a critical point whose output weights are
trained. Data points with the same outputs of the last hidden layer have all labels equally often, unless these are 0.
``unequal_case(rng)``: output weights and output bias frozen, scores that differ, and pre-activations that are often 0.
"""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise
from typing import Any

from exactgeo.formats import problem_from_mapping
from exactgeo.problem import Problem

SLOPES = {"relu": (1, 0), "leaky_relu(1/2)": (1, Fraction(1, 2)), "abs": (1, -1), "linear": (1, 1)}
NAMES = ("relu", "relu", "relu", "leaky_relu(1/2)", "abs")


def class_case(rng: random.Random, **options: Any) -> Problem:
    """A problem with a degenerate point; ``widths``, ``outputs``, ``freeze`` and ``activation`` narrow it."""
    k = options.get("outputs") or rng.choice([3, 3, 4])
    widths = options["widths"] if "widths" in options else [rng.randint(1, 3) for _ in range(rng.choice([1, 2, 2, 3]))]
    name = options.get("activation") or rng.choice(NAMES)
    tables, features = _network(rng, k, list(widths), name)
    x, y = tables["data"]["x"], []
    groups: dict[tuple[Fraction, ...], list[list[int]]] = {}
    for row in x:
        groups.setdefault(features(row), []).append(row)
    x = []
    for feature, rows in groups.items():
        if not any(feature) and rng.random() < 0.9:
            x += rows
            y += [rng.randrange(k) for _ in rows]
            continue
        while len(rows) % k:
            rows.append(list(rng.choice(rows)))
        labels = [t % k for t in range(len(rows))]
        rng.shuffle(labels)
        x, y = x + rows, y + labels
    if tables["network"]["output_bias"] and rng.random() < 0.9:
        x, y = _balanced(rng, x, y, k, features)
    if rng.random() < 0.05:
        y[rng.randrange(len(y))] = rng.randrange(k)
    tables["data"] = {"x": x, "y": y}
    if options.get("freeze") and rng.random() < 0.6:
        flags = {key: [rng.random() < 0.6 for _ in widths] for key in ("hidden", "hidden_bias")}
        tables["train"] = flags | {"output": rng.random() < 0.6, "output_bias": rng.random() < 0.6}
    return problem_from_mapping(tables)


def unequal_case(rng: random.Random, **options: Any) -> Problem:
    """The same with frozen outputs, whose scores differ."""
    k = options.get("outputs") or rng.choice([3, 3, 4])
    widths = options["widths"] if "widths" in options else [rng.randint(1, 2) for _ in range(rng.choice([1, 1, 2]))]
    tables, _ = _network(rng, k, list(widths), options.get("activation") or rng.choice(NAMES))
    last, x = tables["point"]["weights"][-1], tables["data"]["x"]
    for row in last:
        row[:] = [rng.choice((-2, -1, 0, 1, 2)) for _ in row]
    tables["network"]["output_bias"] = True
    tables["point"]["biases"][-1] = [rng.choice((-1, 0, 0, 1)) for _ in range(k)]
    tables["network"]["hidden_bias"] = [False] * len(widths)
    tables["point"]["biases"][:-1] = [[] for _ in widths]
    if rng.random() < 0.5:
        tables["point"]["weights"][0] = [[0] * len(x[0]) for _ in range(widths[0])]
    y = [rng.randrange(k) for _ in x]
    if rng.random() < 0.7:
        # Each point with its opposite and the same label.
        x, y = x + [[-q for q in row] for row in x], y + y
    tables["data"] = {"x": x, "y": y}
    tables["train"] = {"output": False, "output_bias": False}
    return problem_from_mapping(tables)


def _network(rng: random.Random, k: int, widths: list[int], name: str) -> tuple[dict[str, Any], Any]:
    """The tables of a network whose outputs are all the same, and what gives the last hidden layer's outputs."""
    d, m = rng.randint(1, 2), rng.randint(1, 5)
    x = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(m)]
    sizes = [d, *widths]
    weights: list[Any] = [
        [[rng.choice((-2, -1, -1, 0, 1, 1, 2)) for _ in range(a)] for _ in range(b)] for a, b in pairwise(sizes)
    ]
    bias = [rng.random() < 0.4 for _ in widths]
    biases: list[Any] = [
        [rng.choice((-1, 0, 1)) for _ in range(n)] if has else [] for n, has in zip(widths, bias, strict=True)
    ]
    for layer, rows in enumerate(weights):
        what = rng.random()
        if what < 0.1:
            weights[layer] = [[0] * len(row) for row in rows]
        elif what < 0.3:
            rows[rng.randrange(len(rows))] = [0] * len(rows[0])
        elif what < 0.4 and len(rows) > 1:
            rows[1] = list(rows[0])
        if biases[layer] and rng.random() < 0.25:
            biases[layer] = [rng.choice((-9, 9))] * len(biases[layer])
    common = [rng.choice((-1, 0, 0, 1, 2)) for _ in range(sizes[-1])]
    weights.append([list(common) for _ in range(k)])
    output_bias = rng.random() < 0.5
    shift = rng.randint(-1, 1)
    biases.append([shift] * k if output_bias else [])
    up, down = map(Fraction, SLOPES[name])

    def features(row: list[int]) -> tuple[Fraction, ...]:
        values = [Fraction(q) for q in row]
        for matrix, shifts in zip(weights[:-1], biases[:-1], strict=True):
            z = [sum(p * q for p, q in zip(unit, values, strict=True)) for unit in matrix]
            z = [q + b for q, b in zip(z, shifts or [0] * len(z), strict=True)]
            values = [(up if q > 0 else down) * q for q in z]
        return tuple(values)

    tables = {
        "data": {"x": x},
        "network": {
            "widths": widths,
            "activation": name,
            "hidden_bias": bias,
            "output_bias": output_bias,
            "outputs": k,
        },
        "loss": {"kind": "cross_entropy", "reduction": rng.choice(["sum", "mean"])},
        "point": {"weights": weights, "biases": biases},
    }
    return tables, features


def _balanced(rng: random.Random, x: list[Any], y: list[int], k: int, features: Any) -> tuple[list[Any], list[int]]:
    """With points more, whose features are 0, so that all labels are equally often; without them where there are none."""
    silent = [row for row in x if not any(features(row))]
    most = max(y.count(label) for label in range(k))
    if not silent or k * most > 18:
        return x, y
    for label in range(k):
        for _ in range(most - y.count(label)):
            x, y = [*x, list(rng.choice(silent))], [*y, label]
    return x, y
