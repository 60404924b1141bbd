"""Degenerate points of networks with one hidden layer and several outputs, where the second order decides.

``vector_case(rng)``: features of small whole numbers, many kinks, parallel and zero units, and residuals that are
orthogonal to the outputs of the units and, weighted with v_i, to what a unit changes off its kinks: so that units are
loud, and ties are frequent.
"""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

from exactgeo.exact.matrix import nullspace
from exactgeo.formats import problem_from_mapping
from exactgeo.losses import make_loss
from exactgeo.problem import Problem

SLOPES = {"relu": (1, 0), "leaky_relu(1/2)": (1, Fraction(1, 2)), "abs": (1, -1)}


def vector_case(rng: random.Random, **options: Any) -> Problem:
    """A problem with a degenerate point, all trained."""
    n, k = options.get("widths", [rng.randint(1, 3)])[0], options.get("outputs") or rng.choice([2, 2, 3])
    d, m = rng.randint(1, 3), rng.randint(2, 7)
    name = options.get("activation") or rng.choice(["relu", "relu", "relu", "leaky_relu(1/2)", "abs"])
    bias, output_bias = d < 3 and rng.random() < 0.4, rng.random() < 0.4
    x = _data(rng, d, m)
    w = [[rng.choice((-1, 0, 0, 1, 1)) for _ in range(d)] for _ in range(n)]
    b = [rng.choice((-1, 0, 0, 1)) for _ in range(n)] if bias else []
    v = [[rng.choice((-1, 0, 1, 1, 2)) for _ in range(n)] for _ in range(k)]
    if n > 1 and rng.random() < 0.25:
        w[1], b[1:2] = [rng.choice((1, 2)) * q for q in w[0]], b[:1]
    if rng.random() < 0.3:
        # Output weights that are orthogonal, or all alike.
        v = [[int(o == i) for i in range(n)] for o in range(k)] if rng.random() < 0.6 else [[1] * n for _ in range(k)]
    up, down = map(Fraction, SLOPES[name])
    z = [
        [sum(p * q for p, q in zip(unit, row, strict=True)) + (b[i] if b else 0) for row in x]
        for i, unit in enumerate(w)
    ]
    out = [[(up if q > 0 else down) * q for q in row] for row in z]
    conditions = []
    for o in range(k):
        for column in [*out, *([[1] * m] if output_bias else [])]:
            conditions.append([q if p == o else 0 for p in range(k) for q in column])
    for i in range(n):
        slopes = [up if q > 0 else down if q < 0 else 0 for q in z[i]]
        for column in [*zip(*x, strict=True), *([[1] * m] if bias else [])]:
            conditions.append([v[o][i] * s * q for o in range(k) for s, q in zip(slopes, column, strict=True)])
    kernel = nullspace(conditions, m * k)
    r, scale = [Fraction(0)] * (m * k), rng.choice((1, 1, Fraction(1, 2), Fraction(1, 8)))
    for vector in kernel:
        q = rng.choice((-1, 0, 0, 1, 1)) * scale
        r = [p + q * e for p, e in zip(r, vector, strict=True)]
    c = [rng.randint(-1, 1) for _ in range(k)] if output_bias else []
    y = []
    for t in range(m):
        outputs = [sum(v[o][i] * out[i][t] for i in range(n)) + (c[o] if c else 0) for o in range(k)]
        y.append([str(outputs[o] - r[o * m + t]) for o in range(k)])
    return problem_from_mapping(
        {
            "data": {"x": x, "y": y},
            "network": {"widths": [n], "activation": name, "hidden_bias": bias, "output_bias": output_bias},
            "loss": {"kind": options.get("loss", "squared")},
            "train": options.get("train", {}),
            "point": {"weights": [w, v], "biases": [b, c]},
        }
    )


def hinge_case(rng: random.Random, **options: Any) -> Problem:
    """The same for the squared hinge loss, without biases: labels 1 and -1 by which no output weight has a slope."""
    n, k = options.get("widths", [rng.randint(1, 2)])[0], options.get("outputs") or rng.choice([2, 2, 3])
    name = options.get("activation") or rng.choice(["relu", "relu", "leaky_relu(1/2)", "abs"])
    up, down = map(Fraction, SLOPES[name])
    while True:
        d, m = rng.randint(1, 3), rng.randint(2, 6)
        x = _data(rng, d, m)
        w = [[rng.choice((-1, 0, 0, 1, 1)) for _ in range(d)] for _ in range(n)]
        v = [[Fraction(rng.choice((-1, 0, 1, 1, 2)), 2) for _ in range(n)] for _ in range(k)]
        z = [[sum(p * q for p, q in zip(unit, row, strict=True)) for row in x] for unit in w]
        out = [[(up if q > 0 else down) * q for q in row] for row in z]
        y = [_labels(rng, [sum(q * a[t] for q, a in zip(row, out, strict=True)) for t in range(m)], out) for row in v]
        found = [row for row in y if row is not None]
        if len(found) == k:
            break
    squared = problem_from_mapping(
        {
            "data": {"x": x, "y": [list(row) for row in zip(*found, strict=True)]},
            "network": {"widths": [n], "activation": name, "hidden_bias": False, "output_bias": False},
            "point": {"weights": [w, [[str(q) for q in row] for row in v]]},
        }
    )
    # A problem file has one label a data point; certificates and the arguments have as many as there are outputs.
    return replace(squared, loss=make_loss("squared_hinge"))


def _labels(rng: random.Random, p: list[Any], out: list[list[Fraction]]) -> tuple[int, ...] | None:
    """Labels of one output at which the loss has no slope in its weights; None where there are none."""
    every = list(product((1, -1), repeat=len(p)))
    rng.shuffle(every)
    for y in every:
        r = [-s * max(Fraction(0), 1 - s * q) for s, q in zip(y, p, strict=True)]
        if not any(sum(a * b for a, b in zip(r, row, strict=True)) for row in out):
            return y
    return None


def pieces_case(rng: random.Random, **options: Any) -> Problem:
    """``vector_case`` with the Huber loss: all residuals inside of its curved piece, or the largest at its end."""
    problem = vector_case(rng, **options)
    assert problem.point is not None
    predictions = problem.predictions(problem.point)
    sizes = [abs(p - y) for ps, ys in zip(predictions, problem.y, strict=True) for p, y in zip(ps, ys, strict=True)]
    largest = max(sizes) or Fraction(1)
    bound = largest if options.get("end") else 2 * largest
    return problem_from_mapping({**problem.to_dict(), "loss": {"kind": f"huber({bound})"}})


def _data(rng: random.Random, d: int, m: int) -> list[list[int]]:
    """Points on few lines: unit vectors, their opposites and sums."""
    choices = [[int(i == j) for i in range(d)] for j in range(d)]
    choices += [[-q for q in row] for row in choices]
    rows = [list(rng.choice(choices)) for _ in range(m)]
    for row in rows:
        if rng.random() < 0.4:
            other = rng.choice(choices)
            row[:] = [p + q for p, q in zip(row, other, strict=True)]
    return rows
