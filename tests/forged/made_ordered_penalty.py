"""The accepted certificates about the logistic loss with weight decay, by name: see made.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import exactgeo as eg
from exactgeo.claims.certificate import Certificate

HELD = {"output_bias": False}


def _decayed(
    x: list[Any], y: list[Any], w: list[Any], v: list[Any], l2: object = 1, **options: Any
) -> Callable[[], Certificate]:
    """What is certified of a point; two rows of output weights are two classes."""
    bias, shift, two = options.get("b"), options.get("c"), isinstance(v[0], list)
    last = [] if shift is None else shift if two else [shift]
    tables = {
        "data": {"x": x, "y": y},
        "network": {
            "widths": [len(w)] if w else [],
            "hidden_bias": bias is not None,
            "output_bias": shift is not None,
        }
        | ({"activation": options.get("activation", "relu")} if w else {})
        | ({"outputs": 2} if two else {}),
        "loss": {"kind": "cross_entropy" if two else "logistic", "reduction": options.get("reduction", "sum")},
        "penalty": {"l2": l2, "l1": options.get("l1", 0), "biases": options.get("biases", False)},
        "train": options.get("train", {}),
        "point": {"weights": [*([w] if w else []), v if two else [v]], "biases": [*([bias or []] if w else []), last]},
    }

    def make() -> Certificate:
        found = eg.certify(eg.load(tables), time_limit=0).certificate
        assert found is not None
        return found

    return make


_AXES = [[1, 0], [0, 1], [1, 1], [2, 1], [1, 2]]
_FOUR = [[1], [-1], [2], [-2]]

ORDERED_PENALTY_MAKERS: dict[str, Callable[[], Certificate]] = {
    # 3 / (1 + e) = 0.80682... is the bound of l2.
    "ordered-penalised-bound": _decayed([[1], [2]], [1, 1], [[0]], [0], l2="80683/100000", c=1, train=HELD),
    "ordered-penalised-cones": _decayed(
        [*_AXES, [-1, 1], [-1, -1]], [1, 1, -1, 1, -1, 1, -1], [[0, 0]], [0], l2=4, c=1, train=HELD
    ),
    "ordered-penalised-two-at-zero": _decayed(
        _AXES, [1, -1, 1, -1, 1], [[0, 0], [0, 0]], [0, 0], l2=5, c=-3, train=HELD
    ),
    # At its own bound, which is rational, the neuron at 0 may take over from the other one.
    "ordered-penalised-ray": _decayed([[1], [0]], [1, -1], [[1], [0]], [1, 0], l2="1/2", c=-1, train=HELD),
    "ordered-penalised-strict": _decayed([[1], [0]], [1, -1], [[1]], [1], l2="1/2", c=-1, train=HELD),
    # Kinks of a neuron of frozen output weight, with slopes of either sign; the biases of two are penalised.
    "ordered-penalised-kinks": _decayed(
        [[1, 0], [0, 1], *[[2, 1], [1, -1], [-1, 2]] * 2],
        [1, 1, *[-1] * 6],
        [[0, 0]],
        [1],
        l2=3,
        c="1/2",
        train={"output": False, "output_bias": False},
    ),
    "ordered-penalised-free-bias": _decayed([[1], [-1]], [1, -1], [[0]], [0], l2=2, b=[1], c=0),
    "ordered-penalised-biases": _decayed([[1], [2]], [1, -1], [[0]], [0], l2=2, b=[0], c=0, biases=True),
    "ordered-penalised-mean": _decayed([[1], [2]], [1, 1], [[0]], [0], l2="3/4", reduction="mean"),
    "ordered-penalised-classes": _decayed([[1], [2]], [1, 1], [[0]], [[0], [0]], l2="2122/1000"),
    # |w|^2 = 2 balances v = 2, which is two opposite weights.
    "ordered-penalised-balanced-classes": _decayed(
        [[1, 0], [0, 1]], [1, 1], [[1, 1]], [["-1"], ["1"]], c=["1", "-1"], train=HELD
    ),
    # The output weights leave zero before the pre-activation does.
    "ordered-penalised-wide-classes": _decayed(
        [[1, 7]], [1], [[1, 7]], [["-5"], ["5"]], l2=5, c=["250", "-250"], train=HELD
    ),
    "ordered-penalised-linear-classes": _decayed([[1], [1]], [0, 1], [], [[0], [0]], c=[5, 5]),
    "ordered-penalised-second-order": _decayed(
        _FOUR, [1, -1, -1, 1], [[0]], [0], l2="13/20", b=[1], train={"hidden_bias": False}
    ),
    "ordered-penalised-second-order-of-classes": _decayed(
        _FOUR, [1, 0, 0, 1], [[0]], [[0], [0]], l2="9/10", b=[1], train={"hidden_bias": False}
    ),
    # The mixed entry is tanh(1/2) - 1.
    "ordered-penalised-second-order-rounded": _decayed(
        [[1], [-1]],
        [1, 1],
        [[1]],
        [0],
        l2="1/2",
        b=[0],
        c=1,
        biases=True,
        activation="linear",
        train={"hidden": False, "output_bias": False},
    ),
    "ordered-penalised-descent": _decayed([[1], [-1]], [1, -1], [[1]], [1]),
    "ordered-penalised-descent-at-zero": _decayed([[1], [2]], [1, 1], [[0]], [0], l2="8068/10000", c=1, train=HELD),
    "ordered-penalised-descent-of-a-bias": _decayed([[1]], [1], [[0]], [0], b=[0], c=40, train=HELD),
    "ordered-penalised-descent-of-classes": _decayed([[1], [2]], [1, 1], [[0]], [[0], [0]], l2=2, b=[1], c=[1, 2]),
    "ordered-penalised-descent-of-both": _decayed([[1], [-1]], [1, 1], [[0]], [[1], [1]], l2=3),
    "ordered-penalised-descent-of-sizes": _decayed([[1]], [1], [[1]], [1], l2=0, l1="1/10"),
    "ordered-penalised-descent-far": _decayed([[3]], [1], [[5]], [1], l2="1/1000"),
}
