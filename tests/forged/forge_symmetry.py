"""Forged certificates of `symmetric_minimum` and `deep_global_minimum` beside those of forge_any_depth.py: each is accepted by
a checker with one small fault that no other file shows."""

from __future__ import annotations

import json
from typing import Any

from forge_any_depth import _down
from forging import Tree, changed, edited, put
from made_cells import deep
from made_symmetry import symmetric

_CURVE = ("claims", 0, "curve")


def _near(*layers: Any, **options: Any) -> Tree:
    """The point of a network, said to be a minimum by its symmetries."""
    return dict(json.loads(symmetric(deep(*layers, **options)).to_json()))


def _global(proof: Tree, *layers: Any, **options: Any) -> Tree:
    """The point of a network, said to be a global minimum."""
    tree: Tree = json.loads(symmetric(deep(*layers, **options)).to_json())
    (claim,) = tree["claims"]
    fields = {"point": claim["point"], "loss": claim["loss"], "proof": proof}
    return {**tree, "claims": [{"kind": "deep_global_minimum", **fields}]}


def _linear(loss: str) -> Tree:
    """A linear model of one weight, 1, said to be the best."""
    point = {"weights": [[["1"]]], "biases": [[]]}
    return {"rule": "behind", "layer": 0, "claim": {"kind": "linear_network_minimum", "point": point, "loss": loss}}


FORGED_SYMMETRY: dict[str, tuple[Tree, str]] = {
    "symmetric-beside-its-curve": (
        edited(_down(4), put(*_CURVE, 1, "weights", 1, 1, 1, "43636/4225")),
        "Beside a curve only the coordinate that it runs along may have a slope.",
    ),
    "symmetric-on-a-curve-that-turns": (
        changed("symmetric-fourth-order", put(*_CURVE, 1, "biases", 0, ["1", "-18/13"])),
        "The coordinate along a curve may be any polynomial.",
    ),
    "symmetric-below-a-trained-zero": (
        _near(
            [[1], [-3]],
            ["-1/4", "1/4"],
            [[[0]], [[2]], [[0]]],
            [["3/2"], ["3/2"], [0]],
            ["pl(2, 3)", "abs"],
            train={"hidden": [False, True], "hidden_bias": False, "output_bias": False},
        ),
        "Below a weight that is 0 and trained nothing has influence.",
    ),
    "symmetric-shift-below-a-trained-zero": (
        _near(
            [[-1, -3]],
            [2],
            [[[-1, 2]], [[0], [0]], [[2, 0]]],
            [[9], ["1/2", "-1/2"], []],
            ["abs", "pl(2, 2)"],
            loss={"kind": "half_squared"},
            train={"hidden": [False, True], "hidden_bias": [True, False], "output": False},
        ),
        "Below trained weights a constant is given back by biases that are frozen.",
    ),
    "symmetric-shift-of-the-last-layer": (
        _near(
            [[-3], [2]],
            [0, 0],
            [[[0], [-1]], [[-1, 0]], [[0]]],
            [["3/2", 5], [-1], []],
            ["pl(3, 1)", "leaky_relu(1/2)"],
            loss={"reduction": "mean"},
            train={"hidden": [False, False]},
        ),
        "Below trained weights a constant is given back by biases of a layer below.",
    ),
    "deep-global-without-a-layer": (
        _global({"rule": "function"}, [[1]], [1], [[[1]]], [[]], []),
        "Where there is no hidden layer the rule for one holds.",
    ),
    "deep-global-of-all-data": (
        _global({"rule": "function"}, [[1], [2]], [-1, 1], [[[1]], [[0]]], [[], []], ["relu"]),
        "Slopes that sum to 0 over unequal inputs do so over equal ones.",
    ),
    "deep-global-behind-its-only-layer": (
        _global(_linear("1"), [[1]], [1], [[[-1]], [[1]]], [[], []], ["relu"]),
        "The outputs of a trained layer are fixed where it is dead.",
    ),
}
