"""The accepted certificates of networks of any depth and any number of outputs."""

from __future__ import annotations

import random
from collections.abc import Callable

import linear_problems
from balanced import balanced, side_by_side
from deep_problems import case

import exactgeo as eg
from exactgeo.claims.certificate import Certificate
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import LADDER, decide


def _seed(seed: int) -> Callable[[], Certificate]:
    return lambda: decide(case(random.Random(seed), freeze=seed % 3 == 0)).certificate  # type: ignore[union-attr]


def _linear(
    y: list[object], weights: list[object], reduction: str = "sum", **network: object
) -> Callable[[], Certificate]:
    tables = {
        "data": {"x": [[1, 0], [0, 1]], "y": y},
        "loss": {"reduction": reduction},
        "network": {"activation": "linear", "hidden_bias": False, "output_bias": False, **network},
        "point": {"weights": weights},
    }
    return lambda: decide(problem_from_mapping(tables)).certificate  # type: ignore[union-attr]


def _rung(name: str, seed: object, **options: object) -> Callable[[], Certificate]:
    rung = next(rung for rung in LADDER if rung.name == name)

    def make() -> Certificate:
        problem = case(random.Random(seed), **options)  # type: ignore[arg-type]
        return rung.decide(problem, problem.point).certificate  # type: ignore[union-attr, arg-type]

    return make


def _case(seed: int, **options: object) -> Callable[[], Certificate]:
    return lambda: decide(case(random.Random(seed), **options)).certificate  # type: ignore[union-attr, arg-type]


def _smooth(
    y: list[object], *, w: tuple[int, ...] = (1,), v: tuple[object, ...] = (0, 0), **options: object
) -> Callable[[], Certificate]:
    """Neurons without biases and two outputs, at data 1 and 1, by their second derivatives."""
    rung = next(rung for rung in LADDER if rung.name == "smooth_point")
    tables = {
        "data": {"x": [[1], [1]], "y": y},
        "network": {"widths": [len(w)], "hidden_bias": False, "output_bias": False},
        "point": {"weights": [[[q] for q in w], [list(row) if isinstance(row, tuple) else [row] for row in v]]},
        **options,
    }

    def make() -> Certificate:
        problem = problem_from_mapping(tables)
        return rung.decide(problem, problem.point).certificate  # type: ignore[union-attr, arg-type]

    return make


def _best_fit(seed: int) -> Callable[[], Certificate]:
    rung = next(rung for rung in LADDER if rung.name == "linear_network")

    def make() -> Certificate:
        problem = linear_problems.case(random.Random(seed))
        return rung.decide(problem, problem.point).certificate  # type: ignore[union-attr, arg-type]

    return make


def _by_hand(
    name: str, x: list[object], y: list[object], weights: list[object], **network: object
) -> Callable[[], Certificate]:
    """What one rung makes of a network without biases."""
    rung = next(rung for rung in LADDER if rung.name == name)

    def make() -> Certificate:
        tables = {
            "data": {"x": x, "y": y},
            "loss": {"kind": network.get("loss", "squared")},
            "network": {
                "widths": network["widths"],
                "activation": network.get("activation", "relu"),
                "hidden_bias": False,
                "output_bias": False,
            },
            "point": {"weights": weights},
        }
        problem = problem_from_mapping(tables)
        return rung.decide(problem, problem.point).certificate  # type: ignore[union-attr, arg-type]

    return make


def _balanced() -> Certificate:
    problem = next(balanced((1,)))
    rung = next(rung for rung in LADDER if rung.name == "smooth_point")
    return rung.decide(problem, problem.point).certificate  # type: ignore[union-attr, arg-type]


def _side_by_side() -> Certificate:
    relu = [problem for problem in balanced() if problem.network.activations[0].slopes == (1, 0)]
    problem = side_by_side(relu[0], relu[-1])
    rung = next(rung for rung in LADDER if rung.name == "smooth_point")
    return rung.decide(problem, problem.point).certificate  # type: ignore[union-attr, arg-type]


def _among_all(
    y: list[object], weights: list[object], x: tuple[int, ...] = (1, 2), **tables: object
) -> Callable[[], Certificate]:
    """A point of a deep network without biases, with what is known of it among all points."""
    network = {"widths": [len(matrix) for matrix in weights[:-1]], "hidden_bias": False, "output_bias": False}  # type: ignore[arg-type]
    found = {
        "data": {"x": [[q] for q in x], "y": y},
        "network": network | tables.pop("network", {}),  # type: ignore[operator]
        "point": {"weights": weights, "biases": tables.pop("biases", [[]] * len(weights))},
        **tables,
    }
    return lambda: eg.certify(problem_from_mapping(found), time_limit=20).certificate  # type: ignore[return-value]


_LINEAR = {"activation": "linear", "freeze": True}
_DEEPER = {**_LINEAR, "bias": True, "depth": 3}
_HUBER = {**_DEEPER, "loss": "huber(1)"}
_HALF = {"bias": True, "depth": 2, "loss": "half_squared"}
# Each kills mutants of the checker that the others let live.
_KILLERS: dict[str, tuple[str, int, dict[str, object]]] = {
    "merged-layer-1": ("merged_layer", 1, _LINEAR),
    "merged-layer-7": ("merged_layer", 7, _LINEAR),
    "merged-layer-3": ("merged_layer", 3, {"activation": "abs", "bias": True, "freeze": True}),
    "merged-layer-12": ("merged_layer", 12, {"bias": True, "freeze": True}),
    "merged-layer-2": ("merged_layer", 2, {**_HALF, "freeze": True, "activation": "relu"}),
    "merged-layer-8": ("merged_layer", 8, {**_HALF, "freeze": True, "activation": "pl(2, -1/3)"}),
    "merged-layer-4": ("merged_layer", 4, _HUBER),
    "merged-layer-12-in-depth": ("merged_layer", 12, {**_DEEPER, "loss": "squared"}),
    "unrolled-3": ("unrolled", 3, {"freeze": True}),
    "unrolled-7": ("unrolled", 7, {"freeze": True}),
    "unrolled-10": ("unrolled", 10, {"freeze": True}),
    "unrolled-17": ("unrolled", 17, {"freeze": False, "loss": "squared"}),
    "unrolled-4": ("unrolled", 4, _HUBER),
    "reachable-span-4": ("reachable_span", 4, {"freeze": False, "loss": "huber(1)"}),
    "fixed-features-5": ("fixed_features", 5, {"freeze": True, "bias": True}),
    "fixed-features-4": ("fixed_features", 4, _HUBER),
    "descent-at-a-corner": (
        "fixed_features",
        5,
        {"freeze": False, "activation": "leaky_relu(1/2)", "loss": "huber(1)", "bias": True, "depth": 2},
    ),
    "descent-1": ("first_order", 1, {"freeze": True, "loss": "half_squared"}),
}

DEEP_MAKERS: dict[str, Callable[[], Certificate]] = {
    "deep-curve": _seed(819),
    "deep-curve-two-outputs": _seed(1336),
    "deep-reach": _seed(939),
    "deep-reach-on-a-kink": _seed(543),
    "deep-reach-two-outputs": _seed(1355),
    "deep-unrolled": _seed(1164),
    "deep-unrolled-zero-weight": _seed(1158),
    "deep-unrolled-slopes": _seed(1126),
    "deep-unrolled-split": _seed(919),
    "deep-unrolled-margin": _seed(552),
    "deep-unrolled-split-zero-weight": _seed(188),
    "deep-unrolled-margin-zero-weight": _seed(596),
    "deep-behind-a-dead-layer": _rung("fixed_features", 31, bias=True),
    "deep-behind-frozen-layers": _rung("fixed_features", 84, activation="linear", freeze=True),
    "deep-behind-in-depth": _rung("fixed_features", 217, bias=True),
    "deep-merged": _rung("merged_layer", 115, bias=True),
    "deep-merged-in-depth": _rung("merged_layer", 157, freeze=True, bias=True),
    "deep-merged-to-a-linear-network": _rung("merged_layer", 69, activation="linear", freeze=True),
    "deep-mixed-activations": _case(478, outputs=2, mixed=True, freeze=True),
    "deep-bent-outputs": _case(551, mixed=True, bent=True),
    "deep-merged-near": _case(585, outputs=2),
    "symmetric": _smooth([[1, 0], [-1, 0]]),
    "symmetric-huber": _smooth([[2, 1], [0, 1]], v=(1, 1), loss={"kind": "huber(3)"}),
    "symmetric-outputs-that-cancel": _smooth([[1, 0], [-1, 0]], w=(1, 2), v=((0, 0), (0, 0))),
    "symmetric-fourth-order": _balanced,
    "symmetric-fourth-order-on-two-lines": _side_by_side,
    "symmetric-flat-plane": _rung("smooth_point", "multi b 0", activation="linear"),
    "symmetric-flat-space": _rung("smooth_point", "multi c 36", activation="linear", freeze=True, outputs=2),
    "symmetric-flat-line": _case(457, outputs=2, mixed=True, freeze=True),
    "unrolled-faces": _case(197, outputs=2),
    "unrolled-faces-mixed": _case(418, outputs=2, mixed=True, freeze=True),
    "unrolled-faces-tied": _case(412, outputs=2),
    "deep-global-function": _among_all(
        [0, 2, 5], [[[4]], [[1]], [[1]]], (1, 1, 2), network={"output_bias": True}, biases=[[], [], [-3]]
    ),
    "deep-global-behind": _among_all([1, 0], [[[1]], [[1]], [["1/5"]]], train={"hidden": [False, True]}),
    "deep-global-merged": _among_all([1, 0], [[[1]], [[1]], [["1/5"]]], network={"activation": ["linear", "relu"]}),
    "deep-mean-over-entries": _linear(
        [[1, 0], [3, -3]], [[[1, -1]], [[1], [0]]], widths=[1], activation="relu", reduction="mean_entries"
    ),
    **{f"deep-{label}": _rung(name, seed, **options) for label, (name, seed, options) in _KILLERS.items()},
    **{f"linear-network-{seed}": _best_fit(seed) for seed in (0, 2, 7, 13, 38, 74, 95)},
    "deep-descent-3": lambda: decide(case(random.Random(3), freeze=False, loss="squared")).certificate,  # type: ignore[union-attr,return-value]
    "deep-idle-unit-of-two-signs": _by_hand("unrolled", [[1], [1]], [-1, 1], [[[0]], [[0]]], widths=[1]),
    "deep-idle-unit-of-two-slopes": _by_hand(
        "unrolled",
        [[1], [1]],
        [-1, 1],
        [[[0]], [[0]]],
        widths=[1],
        activation="pl(2, -1/3)",
        loss="half_squared",
    ),
    "deep-merged-at-one-datum": _by_hand("merged_layer", [[1]], [1], [[[1]], [[1]], [[1]]], widths=[1, 1]),
    "deep-layer-without-units": _by_hand("reachable_span", [[1], [2]], [-1, 1], [[], [[]], [[1]]], widths=[0, 1]),
    "linear-network-tie": _linear([[2, 0], [0, 2]], [[[2, 0]], [[1], [0]]], widths=[1]),
    "linear-network-fit": _linear([[2, 0], [0, 2]], [[[2, 0], [0, 1]], [[1, 0], [0, 2]]], widths=[2]),
    "linear-network-three-layers": _linear(
        [[3, 0], [0, 2]], [[[3, 0]], [[1], [1]], [["1/2", "1/2"], [0, 0]]], widths=[1, 2]
    ),
    "linear-network-curve": _linear([[2, 0], [0, 2]], [[[0, 0]], [[0], [0]], [[0, 0], [0, 0]]], widths=[1, 2]),
}
