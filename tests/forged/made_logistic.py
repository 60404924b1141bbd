"""The accepted certificates about losses without rational values."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import exactgeo as eg
from exactgeo.claims.certificate import Certificate
from exactgeo.claims.ordered import Combined
from exactgeo.claims.ordered_lower_point import OrderedLowerPointClaim
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import exact_loss
from exactgeo.local_minimum.critical_point import CriticalPoint, critical_point_near
from exactgeo.problem import Point

Tables = dict[str, object]
LOGISTIC = {"kind": "logistic"}


def _local(**tables: object) -> Callable[[], Certificate]:
    """What is local of a verdict."""

    def make() -> Certificate:
        problem = problem_from_mapping({"loss": LOGISTIC, **tables})
        found = eg.certify(problem, time_limit=0).certificate
        assert found is not None
        return found

    return make


def _near(rho: str, **tables: object) -> Callable[[], Certificate]:
    def make() -> Certificate:
        problem = problem_from_mapping({"loss": LOGISTIC, **tables})
        found = critical_point_near(problem, problem.point, Fraction(rho))
        assert isinstance(found, CriticalPoint), found
        return found.certificate

    return make


def _lower(**tables: object) -> Callable[[], Certificate]:
    """A point of smaller weights in the same direction is better, by e^-500 or so."""

    def make() -> Certificate:
        problem = problem_from_mapping({"loss": LOGISTIC, **tables})
        better = Point(((tuple(q + 1 for q in problem.point.inputs),),), problem.point.biases)
        losses = (Combined.of(exact_loss(problem, point)) for point in (problem.point, better))
        return Certificate(problem, (OrderedLowerPointClaim(problem.point, next(losses), better, next(losses)),))

    return make


_NO_BIAS = {"widths": [1], "hidden_bias": False, "output_bias": False}
_CONES = {
    # Concave kinks (label 1) and convex ones (label -1) of one neuron at w = 0, repeated until phi >= 0.
    "x": [[1, 0], [0, 1], [1, 1], *[[2, 1], [1, 2], [2, -1], [-1, 2], [-1, -1], [-2, 1], [1, -2]] * 2],
    "y": [1, 1, 1, *[-1] * 14],
}
# Convergents of log 2, from above and from below: trap T6.
_ABOVE, _BELOW = "56329360186853476865/81266088598021724246", "172040526737798773009/248202014756547403191"


def _kink(c: str) -> Callable[[], Certificate]:
    """phi = 3 sigma(c) - 2 on the right of the kink: a local minimum iff c > log 2."""
    return _local(
        data={"x": [[1], [1], [1]], "y": [1, 1, -1]},
        network={"widths": [1], "hidden_bias": False},
        train={"output": False, "output_bias": False},
        point={"weights": [[[0]], [[1]]], "biases": [[], [c]]},
    )


MAKERS: dict[str, Callable[[], Certificate]] = {
    "logistic-linear-model": _local(
        data={"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [-1, 1, 1, -1]},
        network={"widths": []},
        loss=LOGISTIC | {"reduction": "mean"},
        point={"weights": [[[0, 0]]], "biases": [[0]]},
    ),
    "logistic-kink": _kink(_ABOVE),
    "logistic-kink-descent": _kink(_BELOW),
    "logistic-cones": _local(
        data=_CONES,
        network={"widths": [1], "hidden_bias": False},
        train={"output": False, "output_bias": False},
        point={"weights": [[[0, 0]], [[1]]], "biases": [[], ["1/3"]]},
    ),
    # A side that two others imply is the left one.
    "logistic-implied-side": _local(
        data={"x": [[-1, -2], [-1, -1], [1, 0], [0, -1], [-2, -1], [2, 1]], "y": [-1, 1, 1, 1, -1, -1]},
        network={"widths": [1], "hidden_bias": False},
        train={"output": False, "output_bias": False},
        point={"weights": [[[0, 0]], [[1]]], "biases": [[], ["1/3"]]},
    ),
    # Two active data leave a linear part, two on the kink make up for it.
    "logistic-linear-part": _local(
        data={"x": [[1, 1], [1, 0], [0, 1], [0, 1]], "y": [1, -1, -1, -1]},
        network={"widths": [1], "hidden_bias": False},
        train={"output_bias": False},
        point={"weights": [[[1, 0]], [[1]]], "biases": [[], [-1]]},
    ),
    # Two data on opposite sides of one kink, which does not bend, and which the linear part needs.
    "logistic-kink-that-is-straight": _local(
        data={"x": [[0, 1], [0, -1], [1, -1], [1, 0]], "y": [-1, 1, -1, 1]},
        network=_NO_BIAS | {"widths": [2]},
        point={"weights": [[[1, 0], [1, 0]], [[1, -1]]]},
    ),
    "logistic-two-lengths": _local(
        data={"x": [[1], [1]], "y": [1, -1]},
        network=_NO_BIAS | {"widths": [2]},
        point={"weights": [[[2], [1]], [["1/4", "-1/2"]]]},
    ),
    "logistic-mirrored": _local(
        data={"x": [[1], [-1]], "y": [1, -1]},
        network={"widths": []},
        train={"output": False},
        point={"weights": [[[3]]], "biases": [[0]]},
    ),
    "logistic-silent": _local(
        data={"x": [[1], [2], [1], [2]], "y": [1, -1, -1, 1]},
        network={"widths": [2]},
        point={"weights": [[[1], [-1]], [[0, 3]]], "biases": [[1, -1], [0]]},
    ),
    "logistic-descent": _local(
        data={"x": [[1], [-2], [3]], "y": [1, -1, 1]},
        network={"widths": [1]},
        point={"weights": [[[1]], [[2]]], "biases": [[1], [-1]]},
    ),
    "logistic-separated": _local(
        data={"x": [[1], [-1]], "y": [1, -1]},
        network={"widths": [], "output_bias": False},
        point={"weights": [[[1000]]]},
    ),
    "logistic-second-order": _local(
        data={"x": [[1], [2]], "y": [1, -1]}, network=_NO_BIAS, point={"weights": [[[0]], [[0]]]}
    ),
    "logistic-lower-point": _lower(
        data={"x": [[1], [-1]], "y": [1, -1]},
        network={"widths": [], "output_bias": False},
        loss=LOGISTIC | {"reduction": "mean"},
        point={"weights": [[[500]]]},
    ),
    "cross-entropy": _local(
        data={"x": [[1], [2], [1], [2]], "y": [1, 0, 0, 1]},
        network={"widths": [1], "outputs": 2},
        loss={"kind": "cross_entropy"},
        point={"weights": [[[1]], [[1], [1]]], "biases": [[1], [2, 2]]},
    ),
    "cross-entropy-frozen": _local(
        data={"x": [[1], [-1]], "y": [1, 0]},
        network=_NO_BIAS | {"outputs": 2},
        loss={"kind": "cross_entropy"},
        train={"output": False},
        point={"weights": [[[1]], [[1], [1]]]},
    ),
    "cross-entropy-linear-model": _local(
        data={"x": [[1], [1]], "y": [1, 0]},
        network={"widths": [], "outputs": 2},
        loss={"kind": "cross_entropy"},
        point={"weights": [[[1], [1]]], "biases": [[2, 2]]},
    ),
    # The output weights of the first neuron are frozen at 0: its input weight is free, and nothing else.
    "cross-entropy-frozen-at-0": _local(
        data={"x": [[1], [1]], "y": [1, 0]},
        network=_NO_BIAS | {"widths": [2], "outputs": 2, "activation": "leaky_relu(1/2)"},
        loss={"kind": "cross_entropy"},
        train={"output": False},
        point={"weights": [[[1], [0]], [[0, 1], [0, 3]]]},
    ),
    "cross-entropy-radius": _local(
        data={"x": [[1], [1], [-1]], "y": [1, 0, 1]},
        network={"widths": [2], "hidden_bias": False, "outputs": 2},
        loss={"kind": "cross_entropy"},
        train={"output_bias": False},
        point={"weights": [[[1], [1]], [[0, 0], [1, -1]]], "biases": [[], [0, 0]]},
    ),
    "cross-entropy-descent": _local(
        data={"x": [[1], [2], [3]], "y": [1, 0, 1]},
        network={"widths": [1], "outputs": 2},
        loss={"kind": "cross_entropy"},
        point={"weights": [[[1]], [[0], [1]]], "biases": [[1], [0, 0]]},
    ),
    "critical-bias": _near(
        "1/100000",
        data={"x": [[0], [0], [0]], "y": [1, 1, -1]},
        network={"widths": []},
        point={"weights": [[[0]]], "biases": [["693147/1000000"]]},
    ),
    # Two of three labels are 1 at x = 1, one of four at x = 2.
    "critical-unit": _near(
        "1/1000",
        data={"x": [[1]] * 3 + [[2]] * 4, "y": [1, 1, -1, 1, -1, -1, -1]},
        network={"widths": [1]},
        loss=LOGISTIC | {"reduction": "mean"},
        point={"weights": [[[1]], [["-17918/10000"]]], "biases": [["-1/2"], [f"{6931 + 8959}/10000"]]},
    ),
    # The point x = 0 lies on the kink, its two labels of -1 hold it there.
    "critical-kink": _near(
        "1/100000",
        data={"x": [[0]] * 2 + [[1]] * 3, "y": [-1, -1, 1, 1, -1]},
        network={"widths": [1], "output_bias": False},
        point={"weights": [[[1]], [["693147/1000000"]]], "biases": [[0], []]},
    ),
    "critical-cones": _near(
        "1/100000",
        data={"x": [*_CONES["x"], *[[0, 0]] * 12], "y": [*_CONES["y"], *[1] * 12]},
        network={"widths": [1], "hidden_bias": False},
        train={"output": False},
        point={"weights": [[[0, 0]], [[1]]], "biases": [[], ["689929/10000000"]]},
    ),
    "critical-output": _near(
        "1/100000",
        data={"x": [[1], [1], [1]], "y": [1, 1, -1]},
        network={"widths": [1], "hidden_bias": False, "output_bias": False},
        train={"hidden": False},
        point={"weights": [[[1]], [["693147/1000000"]]]},
    ),
    "critical-silent": _near(
        "1/100000",
        data={"x": [[1], [1], [1]], "y": [1, 1, -1]},
        network={"widths": [2], "hidden_bias": False},
        loss={"kind": "logistic"},
        point={"weights": [[[1], [1]], [["693147/1000000", 0]]], "biases": [[], [0]]},
    ),
    # The kink x = 2 lies at w, b = 1, -2: along it the input weight moves half as far as the bias.
    "critical-oblique-kink": _near(
        "1/100000",
        data={"x": [[2]] * 2 + [[3]] * 3, "y": [-1, -1, 1, 1, -1]},
        network={"widths": [1], "output_bias": False},
        point={"weights": [[[1]], [["693147/1000000"]]], "biases": [[-2], []]},
    ),
    # The kink x_1 = 0 makes up for the active data, of which those with x_1 = 1 have a slope.
    "critical-multiplier": _near(
        "1/100000",
        data={"x": [[1, 0], *[[1, 1]] * 2, *[[0, 1]] * 2], "y": [-1, 1, 1, -1, -1]},
        network=_NO_BIAS,
        point={"weights": [[[1, 0]], [["693147/1000000"]]]},
    ),
    # A kink that has little to spare: the slope on its right is 2 / (1 + 2 exp(-1/4)), and 2/3 is needed.
    "critical-narrow-room": _near(
        "1/100000",
        data={"x": [[1, 0], *[[1, 1]] * 2, *[[0, 1]] * 2], "y": [-1, 1, 1, -1, -1]},
        network=_NO_BIAS | {"output_bias": True},
        train={"output_bias": False},
        point={
            "weights": [[[1, 0]], [[f"{2 * 693147 - 250000}/1000000"]]],
            "biases": [[], [f"{250000 - 693147}/1000000"]],
        },
    ),
    "critical-linear-model": _near(
        "1/100000",
        data={"x": [[2], [3]], "y": [1, -1]},
        network={"widths": [], "output_bias": False},
        point={"weights": [[["-15616815/100000000"]]]},
    ),
    # An output weight of 0 whose neuron has a kink: what it sees the other parameters move as well.
    "critical-silent-kink": _near(
        "1/100000",
        data={
            "x": [*[[1, 0]] * 2, *[[0, 1]] * 2, *[[1, 1]] * 3, *[[0, -1]] * 3],
            "y": [1, -1, 1, -1, 1, 1, -1, 1, -1, -1],
        },
        network={"widths": [2], "hidden_bias": False},
        point={"weights": [[[1, 0], [1, 1]], [[0, "693147/1000000"]]], "biases": [[], ["-693147/1000000"]]},
    ),
    # Two neurons, each with the kink of the other one's data.
    "critical-two-kinks": _near(
        "1/100000",
        data={"x": [[-1], [-1], [1], [1], [1], *[[0]] * 2], "y": [1, -1, 1, 1, -1, -1, -1]},
        network={"widths": [2], "output_bias": False},
        point={"weights": [[[1], [1]], [["693147/2000000", "693147/2000000"]]], "biases": [[0, 0], []]},
    ),
}
