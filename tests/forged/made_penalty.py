"""The accepted certificates about losses with weight decay, by name: see made.py."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import exactgeo as eg
from exactgeo.basin.group_norm import Bounded
from exactgeo.basin.penalised import penalised_census
from exactgeo.claims.certificate import Certificate
from exactgeo.exact.enclosure import Enclosure


def _decayed(
    x: list[Any], y: list[Any], w: list[Any], v: list[Any], l2: object = 1, loss: str = "half_squared", **options: Any
) -> Callable[[], Certificate]:
    """What is certified of a point with a penalty."""
    bias, shift = options.get("b"), options.get("c")
    linear = not w
    tables = {
        "data": {"x": x, "y": y},
        "network": {
            "widths": [] if linear else [len(v)],
            "activation": options.get("activation", "relu"),
            "hidden_bias": bias is not None,
            "output_bias": shift is not None,
        },
        "loss": {"kind": loss, "reduction": options.get("reduction", "sum")},
        "penalty": {"l2": l2, "l1": options.get("l1", 0), "biases": options.get("biases", False)},
        "train": options.get("train", {}),
        "point": {
            "weights": [[v]] if linear else [w, [v]],
            "biases": [[] if shift is None else [shift]] if linear else [bias or [], [] if shift is None else [shift]],
        },
    }

    def make() -> Certificate:
        found = eg.certify(eg.load(tables), time_limit=0).certificate
        assert found is not None
        return found

    return make


def _basins(x: list[Any], y: list[Any], width: int, l2: object, *, still: bool = False, **options: Any) -> Any:
    """Bounds of all basins, by dual vectors in sixteenths: what floats propose is not the same everywhere. The points are
    in sixteenths too, or ``still`` at 0."""
    tables = {
        "data": {"x": x, "y": y},
        "network": {"widths": [width], "hidden_bias": False, "output_bias": False, **options.get("network", {})},
        "loss": {"kind": options.get("loss", "half_squared"), "reduction": options.get("reduction", "sum")},
        "penalty": {"l2": l2, "biases": options.get("biases", False)},
    }

    def coarse(q: Fraction) -> Fraction:
        return Fraction(round(16 * q), 16)

    def make() -> Certificate:
        found = penalised_census(eg.load(tables))
        claims = []
        for orbit, best in found.orbits_found:
            dual = tuple(coarse(q * Fraction(7, 8)) for q in best.dual)
            inputs = tuple(tuple(coarse(q) * (not still) for q in z) for z in best.inputs)
            rough = Bounded(Enclosure(Fraction(100), Fraction(100)), dual, inputs, coarse(best.shift) * (not still))
            claims.append(found.claim(orbit, rough))
        return Certificate(found.problem, tuple(claims))

    return make


_AXES = [[1, 0], [0, 1], [1, 1], [2, 1], [1, 2]]

MAKERS: dict[str, Callable[[], Certificate]] = {
    # F = (v w - 2)^2 / 2 + (w^2 + v^2) / 2 of two neurons: all splittings of v w = 1 have one value.
    "penalised-balanced": _decayed([[1]], [2], [["3/5"], ["4/5"]], ["3/5", "4/5"]),
    "penalised-strict": _decayed([[1]], [2], [[1]], [1]),
    # The neuron at 0 may take over from the other one.
    "penalised-ray": _decayed([[1]], [2], [[1], [0]], [1, 0]),
    "penalised-two-rays": _decayed([[1]], [2], [[1], [0], [0]], [1, 0, 0]),
    # A ray that pushes the prediction the same way as no other parameter: nothing may take over.
    "penalised-ray-alone": _decayed([[1]], [1], [[0]], [0]),
    "penalised-split": _decayed([*_AXES[:3], [1, -1]], ["-1/2", "1/2", "1/3", "-1/4"], [[0, 0]], [0]),
    "penalised-implied": _decayed(_AXES, ["1/8", "1/8", "1/8", "1/8", "1/9"], [[0, 0]], [0]),
    "penalised-two-at-zero": _decayed(_AXES, ["-1/8", "-1/8", "-1/8", "1/8", "1/9"], [[0, 0], [0, 0]], [0, 0]),
    "penalised-kink": _decayed([[1], [0], [-1]], [2, 0, 1], [[1]], [1]),
    # scikit-learn leaves the biases out; the hidden one of a neuron at 0 is free, that of a dead one is too.
    "penalised-without-biases": _decayed([[1], [-1]], ["-1/3", "1/3"], [[0]], [0], b=[1], c=0),
    "penalised-free-bias": _decayed([[1], [-1]], ["7/2", "1/2"], [[1]], [1], b=[2], c=0),
    "penalised-bias-at-a-kink": _decayed([[1], [-1]], ["5/2", "-1/2"], [[1]], [1], b=[1], c=0),
    "penalised-biases": _decayed([[1], [2]], ["1/3", "-1/3"], [[0]], [0], b=[0], c=0, biases=True, l2=2),
    "penalised-output-bias": _decayed([[1], [-1]], [2, 2], [[0]], [0], b=[0], c=1, biases=True, l2=2),
    "penalised-linear-model": _decayed([[1], [1]], [1, 2], [], [1], reduction="mean", l2="1/2"),
    "penalised-huber": _decayed([[1], [1]], [9, 1], [[1]], [1], loss="huber(1)"),
    "penalised-frozen-outputs": _decayed([[1]], [2], [[1]], [1], train={"output": False}),
    "penalised-frozen-inputs": _decayed([[1]], [3], [[1]], ["3/2"], train={"hidden": False}),
    "penalised-descent": _decayed([[1]], [2], [["3/5"], ["1"]], ["3/5", "16/25"]),
    "penalised-descent-at-zero": _decayed([[1]], [2], [[0]], [0]),
    "penalised-descent-with-the-output-bias": _decayed([[1], [-1]], ["-3/5", "3/5"], [[0]], [0], b=[1], c=0),
    "penalised-descent-of-a-bias": _decayed([[1], [2]], [1, 2], [[0]], [0], b=[0], c=None),
    "penalised-descent-of-sizes": _decayed([[1]], [2], [[1]], ["1/2"], l2=0, l1="1/10"),
    # Of three data two are inside the margin, at which alone a move must keep the prediction.
    "penalised-squared-hinge": _decayed(
        [[1], [0], [-2]], [1, -1, -1], [[1]], [1], loss="squared_hinge", b=[1], c="-3/2"
    ),
    # The neuron at 0 takes over where the prediction is to fall; both weights of the other are 2.
    "penalised-falling-ray": _decayed([[1]], [-5], [[2], [0]], [-2, 0]),
    "penalised-frozen-outputs-of-long-inputs": _decayed([[1]], [4], [[2]], [1], train={"output": False}),
    "penalised-linear-model-with-a-bias": _decayed([[1], [-1]], [3, 0], [], [1], c=1, biases=True),
    # A bias without penalty moves data on both slopes, of which the Huber loss lets one go.
    "penalised-leaky-bias": _decayed(
        [[1], [0]], [3, -6], [[2]], [2], b=[-1], activation="leaky_relu(1/2)", loss="huber(2)"
    ),
    "penalised-bias-beside-a-datum-that-is-off": _decayed([[1], [0], [-2]], [3, 0, 5], [[1]], [1], b=[1]),
    "penalised-two-idle-biases": _decayed([[1], [-1]], ["-1/3", "1/3"], [[0], [0]], [0, 0], b=[1, 2], c=0),
    "penalised-two-biases-at-kinks": _decayed(
        [[1], [-1]], ["5/2", "-1/2"], [["3/5"], ["4/5"]], ["3/5", "4/5"], b=["3/5", "4/5"], c=0
    ),
    # Three data are left of a kink and right of it at once: the two that cancel leave a slope.
    "penalised-kink-that-is-straight": _decayed(
        [[0, 1], [0, -1], [1, -1], [1, 0]], ["-1", "1", "0", "3"], [[1, 0]], [1]
    ),
    # A neuron that is off at 0 by its frozen bias never takes over.
    "penalised-off-at-zero": _decayed([[1]], [2], [[0]], [0], b=[-1], train={"hidden_bias": False}),
    "penalised-basins": _basins([[1], [2]], [3, 1], 2, "1/2", reduction="mean"),
    "penalised-basins-with-a-bias": _basins(
        [[1], [-1]], [2, -1], 1, "1/2", still=True, network={"hidden_bias": True}, loss="huber(3/2)"
    ),
    "penalised-basins-with-penalised-biases": _basins(
        [[1], [2]], [3, 1], 1, "1/2", network={"output_bias": True}, biases=True
    ),
    "penalised-mean": _decayed([[1], [-1]], ["2", "-1/3"], [[1]], [1], l2="1/2", reduction="mean"),
    "penalised-output-bias-of-a-mean": _decayed(
        [[1], [-1]], [2, 2], [[0]], [0], b=[0], c=1, biases=True, reduction="mean"
    ),
}
