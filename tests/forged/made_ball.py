"""The accepted certificates about minima enclosed in a box, by name: see made.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import exactgeo as eg
from exactgeo.claims.certificate import Certificate
from exactgeo.local_minimum.ball import Ball, _Proof, ball_near
from exactgeo.local_minimum.stationary import Box, Stationary, Tie


class _Blind(_Proof):
    """A solution of the equations, whatever the loss does around it: what is forged."""

    def _sides(self, at: Stationary, within: Fraction) -> Fraction | None:
        try:
            return super()._sides(at, within)
        except Exception:
            return within

    def _bends(self, at: Stationary, box: Box) -> None:
        pass

    def _still(self, at: Stationary, box: Box) -> int:
        return 0


def _enclosed(x: list[Any], y: list[Any], w: list[Any], v: list[Any], **options: Any) -> Callable[[], Certificate]:
    """What is proved near a point: neurons w (bias b), v, output bias c; a linear model where w is empty."""
    bias, shift, linear = options.get("b"), options.get("c"), not w
    tables = {
        "data": {"x": x, "y": y},
        "network": {
            "widths": [] if linear else [len(v)],
            "activation": options.get("activation", "relu"),
            "hidden_bias": bias is not None,
            "output_bias": shift is not None,
        },
        "loss": {"kind": options.get("loss", "squared"), "reduction": "mean"},
        "penalty": {"l2": options.get("l2", 0), "l1": 0, "biases": options.get("biases", False)},
        "train": options.get("train", {}),
        "point": {
            "weights": [[v]] if linear else [w, [v]],
            "biases": [[] if shift is None else [shift]] if linear else [bias or [], [] if shift is None else [shift]],
        },
    }

    def make() -> Certificate:
        problem = eg.load(tables)
        held: Sequence[Sequence[int]] = [()] * (0 if linear else len(v))
        found = ball_near(problem, problem.point, options.get("kinks", held), options.get("ties", ()))
        if options.get("polish"):
            found = eg.polish(problem, method="balls").ball
        if options.get("blind"):
            ties = options.get("ties", (None,) * len(held))
            rows = tuple(map(tuple, options.get("kinks", held)))
            found = _Blind(Stationary(problem, problem.point, rows, ties)).proved()
        assert isinstance(found, Ball), found
        assert found.certificate is not None
        return found.certificate

    return make


_LINE = [[-2], [-1], [1], [2], [3]]
_KINK = {"b": ["-1"], "c": "1", "kinks": [[2]]}
_BEND = [2, 2, 0, 3, 4]
_SIGNS = [1, -1, 1, 1, -1]
_SHARED: dict[str, Any] = {
    "w": [["1", "0"], ["1", "0"]],
    "v": ["1", "1"],
    "loss": "half_squared",
    "l2": "1/3",
    "kinks": [[0], []],
    "ties": [None, Tie(0, Fraction(1))],
}

MAKERS: dict[str, Callable[[], Certificate]] = {
    # Squares of one unit whose kink is at the third point: the others pull it both ways.
    "ball-kink": _enclosed(_LINE, _BEND, [["1"]], ["2"], **_KINK),
    "ball-huber": _enclosed(_LINE, _BEND, [["1"]], ["2"], loss="huber(1)", **_KINK),
    "ball-decayed": _enclosed(_LINE, _BEND, [["6/5"]], ["6/5"], l2="1/10", **_KINK),
    "ball-decayed-biases": _enclosed(
        _LINE, _BEND, [["1"]], ["5/4"], b=["-1"], c="3/2", kinks=[[2]], l2="1/10", biases=True
    ),
    "ball-tied": _enclosed(
        _LINE,
        _BEND,
        [["1"], ["1/2"]],
        ["1", "1/2"],
        b=["-1", "-1/2"],
        c="1",
        kinks=[[2], []],
        l2="1/10",
        ties=[None, Tie(0, Fraction(1, 2))],
    ),
    # Of one slope at all data, and opposite: each has a bias of its own.
    "ball-tied-straight": _enclosed(
        _LINE,
        [-2, -1, 1, 2, 4],
        [["1"], ["-1/2"]],
        ["1", "-1/2"],
        b=["9", "8/5"],
        c="-8",
        l2="1/10",
        ties=[None, Tie(0, Fraction(-1, 2))],
    ),
    # A dead unit beside it, with and without a penalty; and one at 0 that has a slope.
    "ball-dead": _enclosed(_LINE, _BEND, [["1"], ["1"]], ["2", "5"], b=["-1", "-9"], c="1", kinks=[[2], []]),
    "ball-at-rest": _enclosed(
        _LINE,
        _BEND,
        [["6/5"], ["0"]],
        ["6/5", "0"],
        b=["-1", "-3"],
        c="1",
        kinks=[[2], []],
        l2="1/10",
        activation="leaky_relu(1/100)",
    ),
    "ball-straight": _enclosed(_LINE, [-2, -1, 1, 2, 4], [["1"]], ["1"], b=["5"], c="-5", l2="1/10"),
    "ball-frozen-outputs": _enclosed(_LINE, _BEND, [["1"]], ["2"], train={"output": False}, l2="1/10", **_KINK),
    "ball-frozen-inputs": _enclosed(
        _LINE, _BEND, [["1"]], ["1"], b=["0"], c="1", train={"hidden": False, "hidden_bias": False}
    ),
    "ball-logistic": _enclosed(_LINE, _SIGNS, [], ["0"], c="0", loss="logistic"),
    "ball-logistic-decayed": _enclosed(
        _LINE, _SIGNS, [["-1"]], ["1"], b=["-1/2"], c="1/2", loss="logistic", l2="1/50", polish=True
    ),
    "ball-squared-hinge": _enclosed(_LINE, _SIGNS, [], ["0"], c="0", loss="squared_hinge"),
    "ball-ridge": _enclosed(_LINE, _BEND, [], ["1"], c="1", l2="1/3"),
}

# No local minima, though they solve the equations: what is forged of them is in forge_ball.py.
BLIND: dict[str, Callable[[], Certificate]] = {
    # The kink would rather be further to the right: that side of the third point falls.
    "left": _enclosed(_LINE, [2, 2, 0, 2, 4], [["1"]], ["2"], blind=True, **_KINK),
    "right": _enclosed(_LINE, [2, 2, 4, 9, 8], [["1"]], ["2"], blind=True, **_KINK),
    "across": _enclosed(
        _LINE,
        [0, 0, "1/2", "3/2", "5/2"],
        [["4/5"], ["-2/5"]],
        ["4/5", "-2/5"],
        b=["-2/5", "1/5"],
        c="1/4",
        l2="1/100",
        ties=[None, Tie(0, Fraction(-1, 2))],
        blind=True,
    ),
    # Two equal units on a kink share its multiplier: for both it is steep enough, for each it is not.
    "shared-left": _enclosed(
        [[0, 1], [1, 0], [1, 1]], ["-4/3", "5/2", "5/2"], activation="leaky_relu(1/2)", blind=True, **_SHARED
    ),
    "shared-right": _enclosed(
        [[0, 1], [1, 0], [1, -1]], ["2/3", "5/2", "5/2"], activation="pl(1, 2)", blind=True, **_SHARED
    ),
    "heavy": _enclosed(
        _LINE, _BEND, [["6/5"], ["1"]], ["6/5", "1"], b=["-1", "-9"], c="1", kinks=[[2], []], l2="1/10", blind=True
    ),
    "on-a-kink": _enclosed(
        _LINE, _BEND, [["6/5"], ["0"]], ["6/5", "0"], b=["-1", "0"], c="1", kinks=[[2], []], l2="1/10", blind=True
    ),
    "idle": _enclosed(_LINE, _BEND, [["1"], ["1"]], ["2", "0"], b=["-1", "-1/2"], c="1", kinks=[[2], []], blind=True),
    "greedy": _enclosed(
        _LINE, _BEND, [["6/5"], ["0"]], ["6/5", "0"], b=["-1", "2"], c="1", kinks=[[2], []], l2="1/50", blind=True
    ),
}
