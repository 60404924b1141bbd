"""The accepted certificates of lower bounds, each made again by the tool: trees of a branch and bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import exactgeo as eg
from exactgeo.basin.branch import known_of
from exactgeo.basin.branch.search import Search
from exactgeo.basin.reduction import reduce
from exactgeo.claims.certificate import Certificate
from exactgeo.formats import problem_from_mapping

__all__ = ["MINIMUM_MAKERS", "Countdown", "stopped"]

_SHORT = {"x": [[0], [1], [2], [3]], "y": [0, 2, "-1/2", 1]}
_PLANE = {"x": [[0, 0], [1, 0], [0, 1], [1, 1], [2, 1]], "y": [1, -1, 2, 0, 1]}
_SIGNED = {"x": [[0], [1], [2], [3], [5]], "y": [1, -1, 1, -1, 1]}


class Countdown:
    """A deadline that allows so many batches of nodes; no clock has a say."""

    seconds = 1.0

    def __init__(self, batches: int) -> None:
        self._batches = batches

    def over(self) -> None:
        """A batch is over."""
        self._batches -= 1

    @property
    def left(self) -> float:
        return 1e9 if self._batches > 0 else 0.0


def stopped(problem: eg.Problem, batches: int) -> Any:
    """What a search knows that ended after so many batches of nodes."""
    search = Search(reduce(problem, regions=False))
    deadline = Countdown(batches)
    search.run(deadline, deadline.over)
    found = known_of(problem, search, search.lower_bound(), not search.open_nodes(), False)
    search.seal()
    return found


def _minimum(**tables: object) -> Callable[[], Certificate]:
    def make() -> Certificate:
        found = eg.minimum(problem_from_mapping(tables)).certificate
        assert found is not None
        return found

    return make


def _bound(batches: int, **tables: object) -> Callable[[], Certificate]:
    def make() -> Certificate:
        found = stopped(problem_from_mapping(tables), batches)
        assert not found.complete
        assert 0 < found.lower_bound < found.incumbent
        return found.certificate

    return make


MINIMUM_MAKERS = {
    "minimum": _minimum(data={"x": [[5], [4], [3], [1], [-1]], "y": [2, 1, 0, -3, 3]}, network={"widths": [1]}),
    "minimum-two-neurons": _minimum(
        data={"x": [[x] for x in range(6)], "y": [0, 3, -1, 2, -2, 4]}, network={"widths": [2]}
    ),
    "minimum-plane": _minimum(data=_PLANE, network={"widths": [1]}, loss={"reduction": "mean"}),
    "minimum-of-opposite-outputs": _minimum(
        data={"x": [[-2], [-1], [1], [2], [3]], "y": [-1, 4, -2, 1, 3]},
        network={"widths": [3]},
        train={"output": False, "output_bias": False},
        point={"weights": [[[0], [0], [0]], [[2, -1, 0]]], "biases": [[0, 0, 0], ["1/2"]]},
    ),
    "minimum-huber": _minimum(data=_SHORT, network={"widths": [1]}, loss={"kind": "huber(1/2)"}),
    "minimum-absolute": _minimum(data=_SHORT, network={"widths": [1]}, loss={"kind": "absolute"}),
    "minimum-hinge": _minimum(data=_SIGNED, network={"widths": [1]}, loss={"kind": "hinge"}),
    "minimum-squared-hinge": _minimum(data=_SIGNED, network={"widths": [1]}, loss={"kind": "squared_hinge"}),
    "minimum-leaky": _minimum(
        data=_SHORT, network={"widths": [2], "activation": "leaky_relu(-1/2)", "output_bias": False}
    ),
    "minimum-abs": _minimum(data=_PLANE, network={"widths": [1], "activation": "abs", "hidden_bias": False}),
    "minimum-linear-activation": _minimum(data=_PLANE, network={"widths": [2], "activation": "linear"}),
    "minimum-linear-model": _minimum(data=_PLANE, network={"widths": []}),
    "minimum-zero": _minimum(data={"x": [[0], [1]], "y": [0, 1]}, network={"widths": [1]}),
    "lower-bound": _bound(1, data={"x": [[x] for x in range(7)], "y": [2, 2, -4, 0, 4, 3, 2]}, network={"widths": [1]}),
}
