"""The accepted certificates of `unrolled_minimum` whose cones have what those of made_deep.py have not: rays on both sides of
a kink, rays beside a line that crosses it, silent units, a trained output bias."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exactgeo.claims.certificate import Certificate
from exactgeo.claims.unrolled_minimum import UnrolledMinimumClaim
from exactgeo.formats import problem_from_mapping
from exactgeo.problem import Problem


def deep(x: Any, y: Any, weights: Any, biases: Any, activation: Any, **options: Any) -> Problem:
    """A network of any depth with the biases that its point has."""
    tables = {
        "data": {"x": x, "y": y},
        "network": {
            "widths": [len(layer) for layer in weights[:-1]],
            "activation": activation,
            "hidden_bias": [bool(layer) for layer in biases[:-1]],
            "output_bias": bool(biases[-1]),
        },
        "point": {"weights": weights, "biases": biases},
    }
    return problem_from_mapping({**tables, **options})


def unrolled(problem: Problem, rule: str) -> Certificate:
    """The point of a problem, said to be a minimum by a rule."""
    point = problem.point
    assert point is not None
    return Certificate(problem, (UnrolledMinimumClaim(point, problem.loss_at(point), rule),))


def _said(rule: str, *layers: Any, **options: Any) -> Callable[[], Certificate]:
    return lambda: unrolled(deep(*layers, **options), rule)


CELL_MAKERS: dict[str, Callable[[], Certificate]] = {
    "unrolled-rays-cut": _said(
        "tied",
        [[0], [1]],
        [[0, 0], [-1, -2]],
        [[[-1]], [[-1]], [[1], [1]]],
        [[0], [0], []],
        ["relu", "relu"],
    ),
    "unrolled-rays-beside-a-line": _said(
        "tied",
        [[2], [1], [-1], [0]],
        [[8, 4], [-2, 2], [-4, 4], [-2, 0]],
        [[[2]], [[2]], [[2], [1]]],
        [[0], [-4], []],
        ["relu", "relu"],
        train={"hidden": [False, True], "hidden_bias": [True, False]},
    ),
    "unrolled-rays-below-a-line": _said(
        "tied",
        [[0], [0], [-1], [1]],
        [[8, -4], [8, -8], [4, 0], [-8, -4]],
        [[[1]], [[1]], [[1], [1]]],
        [[1], [-2], []],
        ["relu", "relu"],
    ),
    "unrolled-silent-unit": _said(
        "tied",
        [[2], [1]],
        [[4, 4], [4, 0]],
        [[[-2]], [[2]], [[1], [1]]],
        [[1], [], []],
        ["relu", "relu"],
        train={"hidden_bias": [False, False]},
    ),
    "unrolled-output-bias": _said(
        "tied",
        [[1], [2]],
        [[0, 0], [0, 0]],
        [[[0]], [[1]], [[1], [-2]]],
        [[1], [-1], [0, 0]],
        ["relu", "relu"],
    ),
    "unrolled-whole-output-bias": _said(
        "whole",
        [[1], [2]],
        [[1, -2], [2, -4]],
        [[[1]], [[1]], [[1], [-2]]],
        [[], [], [0, 0]],
        ["relu", "relu"],
    ),
    "unrolled-whole": _said(
        "whole",
        [[1, 1], [-2, -1], [-2, 0], [-2, 0], [-1, 0]],
        [[-1, -1], [1, 0], [-1, -1], [2, 1], [0, -1]],
        [[[0, -1]], [[1], [-2]], [[1, 2], [0, 0]]],
        [[], [], []],
        ["relu", "relu"],
        loss={"kind": "squared", "reduction": "mean"},
        train={"hidden": [False, False]},
    ),
}
