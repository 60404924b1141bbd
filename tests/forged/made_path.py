"""The accepted certificates of paths: segments of every shape, of every depth, straight and curved."""

from __future__ import annotations

from collections.abc import Callable

import exactgeo as eg
from exactgeo.api import own_point
from exactgeo.claims.certificate import Certificate
from exactgeo.formats import point_from_mapping, problem_from_mapping
from exactgeo.landscape.path import laid
from exactgeo.paths import Path, PathBuilder

__all__ = ["PATH_MAKERS"]

Maker = Callable[[], Certificate]
_PLANE = {"x": [[1, 0], [0, 1], [-1, 1], [2, -1]], "y": [1, -1, 2, 0]}
_TWICE = {"x": [[1, 0], [0, 1], [1, 0]], "y": [[1, 0], [2, -1], [3, 1]]}

_START = {
    "weights": [[[1, 0], [-1, 2]], [[1, -1], [0, 2]], [[1, 1]]],
    "biases": [[0, 1], [0, 0], [1]],
}
_END = {
    "weights": [[[0, 2], [1, 1]], [[2, 1], [-1, 1]], [[-1, 2]]],
    "biases": [[1, 0], [-1, 0], [0]],
}


def _written(path: Path) -> Certificate:
    found = path.certificate
    assert found is not None
    return found


def _by_layers(end: object, **tables: object) -> Maker:
    """Layer after layer, from the point of the tables to another."""

    def make() -> Certificate:
        problem = problem_from_mapping(tables)
        goal = point_from_mapping(end, problem)
        builder = PathBuilder(problem, own_point(problem))
        for k in range(problem.network.depth):
            builder.move(f"layer {k}", {k: goal.weights[k]}, {k: goal.biases[k]})
        return _written(builder.path)

    return make


def _at_once(end: object, **tables: object) -> Maker:
    """One straight line in all layers."""

    def make() -> Certificate:
        problem = problem_from_mapping(tables)
        builder = PathBuilder(problem, own_point(problem))
        builder.straight(point_from_mapping(end, problem), "at once")
        return _written(builder.path)

    return make


def _rescaled() -> Certificate:
    """Two neurons rescaled by factors of their own, a third one left alone; the outputs are rational functions."""
    tables = {
        "data": _PLANE,
        "network": {"widths": [3]},
        "point": {"weights": [[[1, 2], [-1, 1], [1, 1]], [[2, -1, 1]]], "biases": [[0, 1, 0], [1]]},
    }
    problem = problem_from_mapping(tables)
    end = {"weights": [[[2, 4], [-3, 3], [1, 1]], [[1, "-1/3", 1]]], "biases": [[0, 3, 0], [1]]}
    return _written(laid(problem, [own_point(problem), point_from_mapping(end, problem)]))


def _down(**tables: object) -> Maker:
    def make() -> Certificate:
        found = eg.path(problem_from_mapping(tables))
        assert found.complete
        assert found.certificate is not None
        return found.certificate

    return make


def _chain(*weights: str | int) -> dict[str, object]:
    """A point of a network of one unit a layer without biases."""
    return {"weights": [[[w]] for w in weights]}


def _line(widths: int, y: str, point: dict[str, object], activation: str = "relu") -> dict[str, object]:
    network = {"widths": [1] * widths, "activation": activation, "hidden_bias": False, "output_bias": False}
    return {"data": {"x": [[1]], "y": [y]}, "network": network, "point": point}


_DEEP = {"data": _PLANE, "network": {"widths": [2, 2], "activation": "leaky_relu(1/3)"}, "point": _START}

PATH_MAKERS: dict[str, Maker] = {
    "segments-of-a-deep-network": _by_layers(_END, **_DEEP, loss={"kind": "squared", "reduction": "mean"}),
    "segments-between-breaks": _by_layers(_END, **_DEEP, loss={"kind": "absolute"}),
    "segments-of-huber": _by_layers(_END, **_DEEP, loss={"kind": "huber(1/2)"}),
    "segments-above-their-ends": _at_once(_chain(0, 1, 2), **_line(2, "-1", _chain(2, 0, 1))),
    "segments-as-high-as-a-rational": _at_once(_chain(0, 3), **_line(1, "1", _chain(3, 0))),
    "segments-below-their-ends": _at_once(_chain(0, 3), **_line(1, "3/2", _chain(3, 0))),
    "segments-curved": _rescaled,
    "segments-of-two-outputs": _by_layers(
        {"weights": [[[1, -1]], [[2], [1]]], "biases": [[1], [0, 1]]},
        data=_TWICE,
        network={"widths": [1], "activation": "abs"},
        point={"weights": [[[-1, 1]], [[1], [-1]]], "biases": [[0], [0, 0]]},
    ),
    "segments-to-the-least-loss": _down(
        data=_TWICE,
        network={"widths": [3, 2], "activation": "leaky_relu(1/2)"},
        point={
            "weights": [[[1, 0], [0, 0], [1, 0]], [[1, 0, 0], [0, 0, 0]], [[1, 1], [0, 0]]],
            "biases": [[0, 0, 0], [0, 0], [1, 0]],
        },
    ),
    "segments-none": _by_layers(_chain(1, 1), **_line(1, "1", _chain(1, 1), "linear")),
}
