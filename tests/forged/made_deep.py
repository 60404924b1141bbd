"""The accepted certificates of networks of any depth and any number of outputs."""

from __future__ import annotations

import random
from collections.abc import Callable

from deep_problems import case

from exactgeo.claims.certificate import Certificate
from exactgeo.formats import problem_from_mapping
from exactgeo.local_minimum import LADDER, decide


def _seed(seed: int) -> Callable[[], Certificate]:
    return lambda: decide(case(random.Random(seed), freeze=seed % 3 == 0)).certificate  # type: ignore[union-attr]


def _linear(y: list[object], weights: list[object], reduction: str = "sum", **network: object) -> Callable[[], Certificate]:
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
    "deep-mean-over-entries": _linear(
        [[1, 0], [3, -3]], [[[1, -1]], [[1], [0]]], widths=[1], activation="relu", reduction="mean_entries"
    ),
    "linear-network-tie": _linear([[2, 0], [0, 2]], [[[2, 0]], [[1], [0]]], widths=[1]),
    "linear-network-fit": _linear([[2, 0], [0, 2]], [[[2, 0], [0, 1]], [[1, 0], [0, 2]]], widths=[2]),
    "linear-network-three-layers": _linear(
        [[3, 0], [0, 2]], [[[3, 0]], [[1], [1]], [["1/2", "1/2"], [0, 0]]], widths=[1, 2]
    ),
    "linear-network-curve": _linear([[2, 0], [0, 2]], [[[0, 0]], [[0], [0]], [[0, 0], [0, 0]]], widths=[1, 2]),
}
