"""Problems that many tests start from."""

from __future__ import annotations

import random
from fractions import Fraction

from losses import named, targets

from exactgeo.formats import problem_from_mapping
from exactgeo.problem import Problem

D1 = ([[5], [4], [3], [1], [-1]], [2, 1, 0, -3, 3])
KINK = ([[-1], [0], [1], [2]], [1, -2, 3, 1])
PLANE = ([[0, 0], [1, 0], [0, 1], [1, 1]], [0, 1, 1, 0])


def problem(x, y, width, *, loss="squared", frozen=None, reduction="sum", **network):
    data = {
        "data": {"x": x, "y": y},
        "network": {"widths": [width], **network},
        "loss": {"kind": loss, "reduction": reduction},
    }
    if frozen is not None:
        hidden = [0] * width if network.get("hidden_bias", True) else []
        data["train"] = {"output": False}
        data["point"] = {
            "weights": [[[0] * len(x[0])] * width, [frozen]],
            "biases": [hidden, [0] if network.get("output_bias", True) else []],
        }
    return problem_from_mapping(data)


def line(m: int, width: int, *, shift: int = 0, kind: str = "squared") -> Problem:
    rng = random.Random(3)
    labels = named(kind).targets is not None
    y = targets(kind, [rng.choice([-1, 1]) if labels else rng.randint(-9, 9) + shift for _ in range(m)])
    data = {"x": [[t] for t in range(m)], "y": y}
    return problem_from_mapping({"data": data, "network": {"widths": [width]}, "loss": {"kind": kind}})


def random_case(rng):
    """Small and degenerate: repeated and zero points, rank-deficient data, every kind of activation and freezing."""
    d, m, n = rng.choice([1, 1, 2]), rng.randint(1, 4), rng.choice([1, 1, 2])
    x = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(m)]
    if d == 2 and rng.random() < 0.5:
        x = [[a, 2 * a] for a, _ in x]
    y = [rng.randint(-3, 3) for _ in range(m)]
    name, slopes = rng.choice(
        [
            ("relu", (1, 0)),
            ("abs", (1, -1)),
            ("leaky_relu(1/3)", (1, Fraction(1, 3))),
            ("pl(1/2, -2)", (Fraction(1, 2), -2)),
        ]
    )
    options = {"bias": rng.random() < 0.6, "output_bias": rng.random() < 0.6, "slopes": slopes}
    frozen = rng.choice([None, None, [rng.choice([1, -1, 2, 0]) for _ in range(n)]])
    case = problem(
        x, y, n, frozen=frozen, activation=name, hidden_bias=options["bias"], output_bias=options["output_bias"]
    )
    return case, (x, y, n), {**options, "frozen": frozen}


SIGNED = ("hinge", "squared_hinge", "logistic")
"""Losses whose targets are signs."""


def on_integers(m, d, n, seed, loss="squared", top=9, **network):
    """Random whole numbers up to ``top``, or signs."""
    rng = random.Random(seed)
    y = [rng.choice((1, -1)) if loss in SIGNED else rng.randint(-top, top) for _ in range(m)]
    data = {"x": [[rng.randint(-top, top) for _ in range(d)] for _ in range(m)], "y": y}
    return problem_from_mapping({"data": data, "network": {"widths": [n], **network}, "loss": {"kind": loss}})
