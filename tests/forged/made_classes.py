"""The accepted certificates of cross-entropy with more than two classes, and with two in depth."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from class_problems import class_case, unequal_case

from exactgeo.claims.certificate import Certificate
from exactgeo.claims.class_descent import ClassDescentClaim
from exactgeo.claims.classes import LogSums
from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import LADDER, Descent
from exactgeo.local_minimum.along import descent_along
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.problem import Direction, Problem


def classes(x: Any, y: Any, weights: Any, biases: Any = None, **tables: Any) -> Problem:
    """A network with as many classes as rows of its last weights."""
    biases = biases or [[] for _ in weights]
    net = {"widths": [len(matrix) for matrix in weights[:-1]], "outputs": len(weights[-1])}
    net |= {"hidden_bias": [bool(b) for b in biases[:-1]], "output_bias": bool(biases[-1])}
    return problem_from_mapping(
        {
            "data": {"x": x, "y": y},
            "network": net | tables.pop("network", {}),
            "loss": {"kind": "cross_entropy"},
            "point": {"weights": weights, "biases": biases},
            **tables,
        }
    )


def seeded(seed: str, make: Callable[..., Problem] = class_case, **options: Any) -> Problem:
    return make(random.Random(seed), **options)


def by(rung: str, problem: Problem) -> Certificate:
    """The certificate of one rung."""
    chosen = next(one for one in LADDER if one.name == rung)
    assert problem.point is not None
    return chosen.decide(problem, problem.point).certificate  # type: ignore[union-attr]


KINKS = ([[1], [-1]], [0, 0], [[[0]], [[-1], [0], [2]]], [[], [1, 0, 0]])
"""A unit on its kinks, whose outputs are frozen: the scores are 1, 0, 0, and a move costs either way."""


def falling() -> Problem:
    """The same where a move gains: the labels are of the largest output weight."""
    x, _, weights, biases = KINKS
    return classes(x, [2, 2], weights, biases, train={"output": False, "output_bias": False})


def late(problem: Problem) -> Certificate:
    """Along the square of the way of first order."""
    point = problem.point
    assert point is not None
    first = next(one for one in LADDER if one.name == "first_order").decide(problem, point)
    assert isinstance(first, Descent)
    found = descent_along(problem, point, DeepPoint.of(problem, point).loss, (Direction.zero(point), *first.curve))
    assert found is not None
    return found.certificate


def _alternating() -> Certificate:
    """Three equal scores of which one falls: -s / 3 + s^2 / 9 - s^3 / 81, up to the rest."""
    problem = classes([[1]], [0], [[[0], [0], [0]]])
    point = problem.point
    assert point is not None
    way = Direction((((ZERO,), (-ONE,), (ZERO,)),), Direction.zero(point).biases)
    loss = LogSums.of(DeepPoint.of(problem, point).loss)
    return Certificate(problem, (ClassDescentClaim(point, loss, (way,), ONE / 4, 3),))


CLASS_MAKERS: dict[str, Callable[[], Certificate]] = {
    "class-linear-model": lambda: by(
        "linear_model", classes([[1], [-1], [1], [-1], [1], [-1]], [0, 0, 1, 1, 2, 2], [[[0], [0], [0]]], [[1, 1, 1]])
    ),
    "class-linear-model-descent": lambda: by("linear_model", classes([[1], [-1], [2]], [0, 1, 2], [[[1], [0], [2]]])),
    "class-function": lambda: by("reachable_span", seeded("m276", widths=[1, 1], outputs=2)),
    "class-reachable": lambda: by("reachable_span", seeded("m214", widths=[1, 1], outputs=2)),
    "class-unrolled": lambda: by("unrolled", seeded("m345", freeze=True)),
    "class-unrolled-shares": lambda: by("unrolled", seeded("m177", unequal_case)),
    "class-unrolled-kinks": lambda: by("unrolled", classes(*KINKS, train={"output": False, "output_bias": False})),
    "class-silent": lambda: by("silent_units", seeded("m101")),
    "class-behind": lambda: by("fixed_features", seeded("m389", freeze=True)),
    "class-behind-global": lambda: by("fixed_features", seeded("m7", widths=[2])),
    "class-behind-two-classes": lambda: by("fixed_features", seeded("m79", widths=[1, 1], outputs=2)),
    "class-merged": lambda: by("merged_layer", seeded("m388")),
    "class-descent-alternating": _alternating,
    "class-descent": lambda: by("first_order", seeded("m121", widths=[1, 1], outputs=2)),
    "class-descent-shares": lambda: by("first_order", falling()),
    "class-descent-shares-curve": lambda: late(falling()),
    "class-descent-dependent": lambda: by("dependent_outputs", seeded("m240")),
    "class-descent-on-kinks": lambda: by("germ_curves", seeded("m9", unequal_case)),
    "class-descent-of-order-8": lambda: by("germ_curves", seeded("m36", widths=[1, 1], outputs=2)),
}
