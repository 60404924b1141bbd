"""The accepted certificates about random starts, by name: see made.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import exactgeo as eg
from exactgeo.claims.certificate import Certificate


def _law(
    x: list[Any],
    y: list[Any],
    at_most: object,
    widths: Sequence[int] = (1, 2),
    loss: str = "squared",
    reduction: str = "sum",
    **options: Any,
) -> Callable[[], Certificate]:
    """The law at one level; ``v`` are frozen output weights, ``c`` a frozen output bias."""
    net = {"widths": [1], "hidden_bias": True, "output_bias": True, **options.get("network", {})}
    tables: dict[str, Any] = {"data": {"x": x, "y": y}, "network": net, "loss": {"kind": loss, "reduction": reduction}}
    if "v" in options or "c" in options:
        v = options.get("v", [1])
        net["widths"] = [len(v)]
        tables["train"] = {"output": "v" not in options, "output_bias": net["output_bias"] and "c" not in options}
        tables["point"] = {
            "weights": [[[0] * len(x[0])] * len(v), [v]],
            "biases": [[0] * len(v) if net["hidden_bias"] else [], [options.get("c", 0)] if net["output_bias"] else []],
        }

    def make() -> Certificate:
        found = eg.probabilities(eg.load(tables)).law(at_most, widths).certificate()
        assert found is not None
        return found

    return make


_X, _Y = [[1], [2], [-1]], [1, -1, 2]
_PLAIN = {"hidden_bias": False, "output_bias": False}

MAKERS: dict[str, Callable[[], Certificate]] = {
    "start": _law(_X, _Y, "1/2"),
    "start-wide": _law(_X, _Y, 0, widths=(2, 1000, 10**9)),
    "start-always": _law(_X, _Y, 100),
    "start-never": _law([[1], [1]], [1, -1], 1),
    "start-abs": _law(_X, _Y, "1/2", network={"activation": "abs"}),
    "start-leaky": _law(_X, _Y, "1/2", network={"activation": "leaky_relu(1/10)"}),
    "start-two-slopes": _law(_X, _Y, 1, network={"activation": "pl(2, -1/3)"}),
    "start-linear-activation": _law(_X, _Y, 3, network={"activation": "linear"}),
    "start-without-output-bias": _law(_X, _Y, 1, network={"output_bias": False}),
    "start-frozen": _law(_X, _Y, 2, widths=(1, 4), v=[1]),
    "start-frozen-signs": _law(_X, _Y, 2, widths=(3,), v=[1, 2, -1, 0], c=1),
    "start-singletons": _law([[1, 0], [-1, 0], [0, 1]], [1, 1, -1], 0, network=_PLAIN, reduction="mean"),
    "start-plane": _law([[1, 0], [0, 1], [1, 1], [0, 0]], [1, 1, -1, 2], 5, network=_PLAIN),
    "start-rank-3": _law([[1, 0], [0, 1], [1, 1]], [1, -1, 2], 1, widths=(1, 5)),
    "start-rank-4": _law(
        [[2, -1, -1, -2], [-1, 2, 1, 0], [-1, 1, 2, 1], [-2, 0, 1, 3]], [1, -1, 1, 1], 2, widths=(1, 5), network=_PLAIN
    ),
    "start-hinge": _law([[1], [2]], [1, -1], "1/2", loss="hinge"),
    "start-huber": _law([[1], [2]], [1, -1], "1/2", loss="huber(1)"),
}
