"""The accepted certificates about smooth losses: networks with sigmoid and tanh, and population losses."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import exactgeo as eg
from exactgeo.claims.certificate import Certificate
from exactgeo.deadline import Deadline
from exactgeo.formats import problem_from_mapping
from exactgeo.polishing.population import minimum_near
from exactgeo.polishing.smooth import Critical, critical_near

SECONDS = 60.0
SHORT = {"x": [[-1], [1], [2]], "y": [1, -1, 2]}


def _critical(saddles: int = 10, **tables: object) -> Callable[[], Certificate]:
    def make() -> Certificate:
        problem = problem_from_mapping(tables)
        assert problem.point is not None
        found = critical_near(problem, problem.point, Deadline.after(SECONDS), saddles=saddles)
        assert isinstance(found, Critical), found
        assert found.minimum == bool(saddles)
        return Certificate(problem, (found.claim,))

    return make


def _descent(**tables: object) -> Callable[[], Certificate]:
    def make() -> Certificate:
        found = eg.certify(problem_from_mapping(tables)).certificate
        assert found is not None
        return found

    return make


def _population(teachers: list[list[str]], students: list[list[str]]) -> Callable[[], Certificate]:
    def make() -> Certificate:
        rows = [tuple(tuple(map(Fraction, row)) for row in matrix) for matrix in (teachers, students)]
        found = minimum_near(rows[0], rows[1])
        assert found is not None
        return found.certificate

    return make


MAKERS: dict[str, Callable[[], Certificate]] = {
    "smooth-minimum": _critical(
        data=SHORT,
        network={"widths": [1], "activation": "tanh"},
        loss={"kind": "squared", "reduction": "mean"},
        penalty={"l2": "1/10"},
        point={"weights": [[[1]], [[1]]], "biases": [[0], [0]]},
    ),
    "smooth-minimum-logistic": _critical(
        data={"x": [[-1, 0], [1, 1], [2, -1]], "y": [1, -1, 1]},
        network={"widths": [1], "activation": "sigmoid"},
        loss={"kind": "logistic"},
        penalty={"l2": "1/5", "biases": True},
        point={"weights": [[[1, -1]], [[1]]], "biases": [[0], [0]]},
    ),
    "smooth-minimum-deep": _critical(
        data={"x": [[-1], [1], [2]], "y": [[1, 0], [-1, 1], [2, 1]]},
        network={"widths": [1, 1], "activation": "tanh", "hidden_bias": [False, True], "output_bias": False},
        loss={"kind": "half_squared"},
        train={"hidden_bias": [False, False]},
        penalty={"l2": "1/50"},
        point={"weights": [[[1]], [[1]], [[1], [1]]], "biases": [[], ["1/3"], []]},
    ),
    "smooth-saddle": _critical(
        0,
        data=SHORT,
        network={"widths": [1], "activation": "tanh", "hidden_bias": False, "output_bias": False},
        penalty={"l2": "1/10"},
        point={"weights": [[[0]], [[0]]]},
    ),
    "smooth-descent": _descent(
        data=SHORT,
        network={"widths": [2], "activation": "sigmoid"},
        loss={"kind": "squared", "reduction": "mean"},
        point={"weights": [[[1], [-2]], [[1, 3]]], "biases": [[0, 1], ["1/2"]]},
    ),
    "smooth-descent-frozen": _descent(
        data={"x": [[-1], [1], [2]], "y": [1, -1, 1]},
        network={"widths": [2, 1], "activation": "tanh", "hidden_bias": [True, False]},
        loss={"kind": "logistic"},
        train={"hidden": [True, False], "output_bias": False},
        penalty={"l2": "1/4"},
        point={"weights": [[[1], [-2]], [[1, 3]], [[2]]], "biases": [[0, 1], [], ["1/2"]]},
    ),
    "population-one-student": _population([["1", "0"], ["0", "1"]], [["9/10", "9/10"]]),
    "population-two-students": _population(
        [["1", "0", "0"], ["0", "1", "0"], ["0", "0", "1"], ["1", "1", "1"]], [["1", "1", "1/2"], ["1/4", "1/2", "3/2"]]
    ),
}
