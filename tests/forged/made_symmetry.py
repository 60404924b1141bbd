"""The accepted certificates of `symmetric_minimum` that need what those of made_deep.py do not (shifts, null vectors of units
with different slopes, layers without units, a curve of more terms than its order), and of `deep_global_minimum` by every
kind of claim about the smaller network."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from balanced import balanced
from made_cells import deep

from exactgeo.claims import PointClaim
from exactgeo.claims.certificate import Certificate
from exactgeo.claims.deep_global_minimum import BehindFrozen, DeepGlobalMinimumClaim, Function
from exactgeo.claims.linear_network_minimum import LinearNetworkMinimumClaim
from exactgeo.claims.symmetric_minimum import SymmetricMinimumClaim
from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.local_minimum import LADDER, Minimum
from exactgeo.problem import Direction, Problem


def symmetric(problem: Problem, curve: tuple[Direction, ...] = ()) -> Certificate:
    """The point of a problem, said to be a minimum by its symmetries."""
    point = problem.point
    assert point is not None
    return Certificate(problem, (SymmetricMinimumClaim(point, problem.loss_at(point), curve),))


def _said(*layers: Any, **options: Any) -> Callable[[], Certificate]:
    return lambda: symmetric(deep(*layers, **options))


def _slower() -> Certificate:
    """The curve that tells at fourth order, at s / 2 and with a third coefficient, in output weights alone."""
    problem = next(balanced((1,)))
    rung = next(rung for rung in LADDER if rung.name == "smooth_point")
    assert problem.point is not None
    found = rung.decide(problem, problem.point)
    assert isinstance(found, Minimum)
    (claim,) = found.certificate.claims
    assert isinstance(claim, SymmetricMinimumClaim)
    ways = [_times(way, ONE / 2 ** (k + 1)) for k, way in enumerate(claim.curve)]
    return symmetric(problem, (*ways, Direction(claim.curve[0].weights, Direction.zero(problem.point).biases)))


def _times(way: Direction, q: Fraction) -> Direction:
    weights = tuple(tuple(tuple(q * w for w in row) for row in matrix) for matrix in way.weights)
    return Direction(weights, tuple(tuple(q * b for b in bias) for bias in way.biases))


def _behind_a_frozen_layer(kind: type[PointClaim], *fields: Any) -> Callable[[], Certificate]:
    """Of three layers the first is frozen and passes its input on; a claim about the other two."""

    def make() -> Certificate:
        problem = deep([[1], [2]], [1, 2], [[[1]], [[1]], [[1]]], [[], [], []], ["linear"] * 2, train=_LOWEST)
        smaller = deep([[1], [2]], [1, 2], [[[1]], [[1]]], [[], []], "linear")
        assert problem.point is not None
        assert smaller.point is not None
        inner = kind(smaller.point, ZERO, *fields)
        claim = DeepGlobalMinimumClaim(problem.point, ZERO, BehindFrozen(0, inner))
        return Certificate(problem, (claim,))

    return make


_LOWEST = {"hidden": [False, True]}
SYMMETRY_MAKERS: dict[str, Callable[[], Certificate]] = {
    "symmetric-shift": _said([[1], [2]], [5, 7], [[[1]], [[2]]], [[1], [1]], ["relu"]),
    "symmetric-shift-of-a-slope": _said([[1], [2]], [7, 11], [[[1]], [[2]]], [[1], [-1]], ["pl(2, 1)"]),
    "symmetric-null-of-two-slopes": _said(
        [[1], [2]],
        [1, 1],
        [[[0], [0]], [[1, 1]]],
        [[1, -1], []],
        ["pl(2, 1)"],
        train={"hidden_bias": False, "output": False},
    ),
    "symmetric-outputs-of-two-slopes": _said([[1], [2]], [2, -1], [[[1], [-1]], [[0, 0]]], [[], []], ["pl(2, 1)"]),
    "symmetric-without-inputs": _said(
        [[1]], [[0, 1]], [[], [[]], [[1], [1]]], [[], [], [0, 1]], ["linear"] * 2, train={"hidden": [False, True]}
    ),
    "symmetric-before-no-units": _said([[1], [1]], [0, 1], [[[1]], [], [[]]], [[], [], ["1/2"]], ["relu", "relu"]),
    "symmetric-beside-a-frozen-bias": _said(
        [[1], [2]], [3, 5], [[[1], [1]], [[1, 1]]], [[0, 1], []], ["relu"], train={"hidden_bias": False}
    ),
    "symmetric-units-of-other-data": _said(
        [[1], [3], [-2]],
        [["5/8", "7/4"], [6, "43/8"], ["17/4", "9/2"]],
        [[[0], [0], [-1]], [[-1, -1, 2], [1, 0, -1]], [[0, 1], [0, 1]]],
        [[], [-3, "-1/2"], []],
        ["pl(2, 2)", "abs"],
        train={"hidden": [True, False], "hidden_bias": [False, True], "output": False},
    ),
    "symmetric-slopes-of-other-data": _said(
        [[3], [-3]],
        [["-1/4", 0], ["717/2", 330]],
        [[[-3], [2], [2]], [[1, -1, 1], [3, -2, -2]], [[2, 3], [1, 3]]],
        [["-1/2", "-3/2", "3/2"], [], []],
        ["pl(3, 1)", "relu"],
        loss={"kind": "huber(5)"},
        train={"hidden": [False, False], "output": False},
    ),
    "symmetric-shift-in-depth": _said(
        [[-2]], [4], [[[2]], [[-1]], [[1]]], [[-3], [9], []], ["abs", "pl(2, 2)"], loss={"kind": "half_squared"}
    ),
    "symmetric-on-a-slower-curve": _slower,
    "deep-global-of-a-linear-network": _behind_a_frozen_layer(LinearNetworkMinimumClaim),
    "deep-global-of-a-deep-network": _behind_a_frozen_layer(DeepGlobalMinimumClaim, Function()),
}
