"""Forged certificates of `unrolled_minimum`: a false minimum for each step in which check_cells.py makes, cuts, and moves the
cones of unrolled copies. The loss falls near each point, but for the file of too many cones."""

from __future__ import annotations

import json
from typing import Any

from forging import Tree
from made_cells import deep, unrolled


def _said(rule: str, *layers: Any, **options: Any) -> Tree:
    return dict(json.loads(unrolled(deep(*layers, **options), rule).to_json()))


FORGED_CELLS: dict[str, tuple[Tree, str]] = {
    "unrolled-behind-a-kink": (
        _said(
            "tied",
            [[-1, 2], [1, -1], [2, 1]],
            [[1, -1], [16, -8], [10, -5]],
            [[[-1, 2]], [[-1]], [[2], [-1]]],
            [[-5], [], []],
            ["abs", "abs"],
        ),
        "A cone behind a kink has the slope ahead of it.",
    ),
    "unrolled-on-one-side": (
        _said(
            "tied",
            [[2, 0], [2, -1], [-1, 2]],
            [[-2, -1], [0, 1], [1, 0]],
            [[[0, 0]], [[1]], [[1], [2]]],
            [[0], [0], []],
            ["relu", "relu"],
        ),
        "A cone with rays on both sides of a kink is on one of them.",
    ),
    "unrolled-cut-between-rays": (
        _said(
            "tied",
            [[0, 1], [2, -1], [-1, 2], [2, 1]],
            [[5, 1], [-1, 3], [-1, -1], [3, 3]],
            [[[1, 1]], [[1]], [[1], [1]]],
            [[-1], [1], []],
            ["relu", "relu"],
        ),
        "Where a kink cuts a cone between two rays there is no ray.",
    ),
    "unrolled-over-a-negative-weight": (
        _said(
            "tied",
            [[1, -1], [1, -1], [-1, 0]],
            [[0, 3], [2, -2], [-2, -1]],
            [[[1, -2]], [[0]], [[-1], [-2]]],
            [[-3], [0], [0, 0]],
            ["relu", "relu"],
        ),
        "Below a negative weight a unit changes as below a positive one.",
    ),
    "unrolled-last-choice": (
        _said(
            "tied",
            [[-1], [0], [1], [2]],
            [[2, -2], [2, -1], [0, -1], [-1, 1]],
            [[[0], [1]], [[2, -1]], [[-2], [-1]]],
            [[0, -1], [0], []],
            ["relu", "relu"],
            train={"hidden": [True, False]},
        ),
        "The cones of the last choice of cones below are all there are.",
    ),
    "unrolled-lines-of-other-cones": (
        _said(
            "tied",
            [[-1, 0], [0, 1], [2, 1], [1, 1]],
            [[8, 0, -8], [8, 4, -4], [2, -5, 19], [14, 25, -47]],
            [[[2, 1], [2, 1]], [[2, -1]], [[2], [1], [1]]],
            [[-1, -1], [-1], []],
            ["relu", "relu"],
        ),
        "A cone without rays lies in every other one.",
    ),
    "unrolled-half-squared": (
        _said(
            "tied",
            [[-2, -2], [1, -1], [1, -2]],
            [[5, 7], [-7, 11], [9, -16]],
            [[[-1, -1]], [[-1], [1]], [[1, 2], [0, 1]]],
            [[], [], [-1, -1]],
            ["relu", "relu"],
            loss={"kind": "half_squared", "reduction": "sum"},
        ),
        "Half of a loss is four times as forgiving.",
    ),
    "unrolled-features-of-a-layer-below": (
        _said(
            "tied",
            [[-1, 2], [1, 2], [0, 2]],
            [[1, -1], ["-1/2", "-1/2"], ["-1/4", "-1/4"]],
            [[[-1, 1]], [[-1]], [[-1]], [[1], [1]]],
            [[-3], [], [0], []],
            ["leaky_relu(1/2)", "leaky_relu(1/2)", "leaky_relu(1/2)"],
            train={"hidden": [False, False, True], "hidden_bias": [True, False, False]},
        ),
        "The outputs of the second hidden layer are those of the last.",
    ),
    "unrolled-of-too-many-cones": (
        _said(
            "tied",
            [[1, -2], [-2, 0], [-2, -1]],
            [[6, "-9/2"], [12, "-15/2"], [12, "-15/2"]],
            [[[-2, 1], [-2, -1]], [[0, 0], [-1, -1]], [[0, 1]], [[-2], [1]]],
            [[], [], [-9], [-1, -1]],
            ["leaky_relu(1/2)", "leaky_relu(1/2)", "leaky_relu(1/2)"],
        ),
        "More cones than a check may take are cones.",
    ),
    "unrolled-halves-of-a-line": (
        _said(
            "definite",
            [[-1], [-1]],
            [["1/2", "-1/2"], [0, 0]],
            [[[1], [-1]], [[1, -1]], [[1], [-1]]],
            [[1, -1], [], []],
            ["abs", "abs"],
        ),
        "The half of a line on the right of a kink is that on the left.",
    ),
    "unrolled-two-right-sides": (
        _said(
            "definite",
            [[2], [0], [1]],
            [["-1/5", "-1/10"], ["-1/5", "-1/10"], ["2/5", "1/5"]],
            [[[0]], [[2]], [[-2], [-1]]],
            [[0], [0], [0, 0]],
            ["pl(2, -1/3)", "pl(2, -1/3)"],
            train={"hidden": [True, False], "hidden_bias": [False, True]},
        ),
        "Both parts of a cone have the slope on the right of the kink.",
    ),
    "unrolled-rays-of-the-other-side": (
        _said(
            "definite",
            [[-1, -1], [2, 0], [1, -1]],
            [["2/5", "-1/5"], [0, 0], ["-2/5", "1/5"]],
            [[[0, 0]], [[1]], [[-2], [1]]],
            [[0], [0], []],
            ["relu", "relu"],
        ),
        "The part of a cone on one side of a kink has the rays of both.",
    ),
    "unrolled-lines-beside-a-kink": (
        _said(
            "definite",
            [[1, -1], [0, 1], [2, 0], [1, 1]],
            [["-5/2", "5/2"], [-3, 3], [-2, 2], ["1/2", "-1/2"]],
            [[[1, 1]], [[-1]], [[-1], [1]]],
            [[-2], [-1], []],
            ["abs", "abs"],
            train={"hidden_bias": [False, True]},
        ),
        "Of two lines that cross a kink another multiple of one than that on the kink stays.",
    ),
}
