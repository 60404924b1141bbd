"""The accepted certificates of losses without a derivative: subgradients for each case of moves, curves of descent."""

from __future__ import annotations

from collections.abc import Callable

import exactgeo as eg
from exactgeo.claims.certificate import Certificate
from exactgeo.formats import problem_from_mapping

_PLAIN = {"hidden_bias": False, "output_bias": False}


def _verdict(*, time_limit: float = 0, loss: str = "absolute", **tables: object) -> Callable[[], Certificate]:
    """What is local of a verdict; with its strictness where there is time."""

    def make() -> Certificate:
        found = eg.certify(problem_from_mapping({"loss": {"kind": loss}, **tables}), time_limit=time_limit).certificate
        assert found is not None
        return found

    return make


def _covered(cover: list[dict[str, object]], **tables: object) -> Callable[[], Certificate]:
    """With a covering in place of the one found."""

    def make() -> Certificate:
        tree = _verdict(**tables)().to_data()
        tree["claims"][0]["joint"][0]["cover"] = cover
        return Certificate.from_data(tree)

    return make


def _end(slopes: list[str], *multipliers: str) -> dict[str, object]:
    """A subgradient at the data 0, 3, 4; multipliers of the kinks 0, 1, 4 of neuron 0."""
    return {
        "rule": "subgradient",
        "slopes": dict(zip(("0", "3", "4"), slopes, strict=True)),
        "multipliers": {"0": dict(zip(("0", "1", "4"), multipliers, strict=True))},
        "strict": [],
    }


_IMPLIED: list[dict[str, object]] = [
    {"rule": "split", "neuron": 0, "row": 1},
    {"rule": "split", "neuron": 0, "row": 0},
    {"rule": "implied", "neuron": 0, "row": 4, "sign": -1, "multipliers": {"0": "2", "1": "5"}},
    _end(["1", "1", "-4/5"], "-4/5", "-2", "-2/5"),
    {"rule": "split", "neuron": 0, "row": 4},
    _end(["-1", "-3/5", "1"], "-4/5", "-2", "-2/5"),
    _end(["-1", "-3/5", "-4/5"], "-4/5", "-2", "-2/5"),
    _end(["1", "1", "1"], "1", "5/2", "1/2"),
]
_SCALES = {"x": [[1, 0], [0, 1]], "y": [0, -1]}

SUBGRADIENT_MAKERS: dict[str, Callable[[], Certificate]] = {
    # Each side of the kink needs a subgradient of its own.
    "absolute-no-common-subgradient": _verdict(
        data={"x": [[4], [-1]], "y": [0, 1]},
        network={"widths": [1], "activation": "leaky_relu(1/2)", **_PLAIN},
        point={"weights": [[[0]], [[1]]]},
    ),
    # Two neurons with output weights of both signs, the output bias between them.
    "absolute-two-neurons": _verdict(
        data={"x": [[0], [-1], [1]], "y": [2, 1, 1]},
        network={"widths": [2], "hidden_bias": False},
        point={"weights": [[[0], [0]], [[2, -1]]], "biases": [[], [1]]},
    ),
    # An output weight of 0: for one sign its slope is positive, and a neighbourhood for that.
    "absolute-sign-of-an-idle-neuron": _verdict(
        data=_SCALES, network={"widths": [1], **_PLAIN}, point={"weights": [[[1, 0]], [[0]]]}
    ),
    # One subgradient for moves of both signs: phi is 0.
    "absolute-idle-and-still": _verdict(
        data={"x": [[1], [2]], "y": [0, 0]},
        network={"widths": [1], **_PLAIN},
        point={"weights": [[[1]], [[0]]]},
    ),
    # Two parts, and a neuron that is decided alone, whose kink bends.
    "absolute-parts": _verdict(
        data={"x": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], "y": [1, 1, -1, -2]},
        network={"widths": [3], **_PLAIN},
        point={"weights": [[[1, -1, -1, -1], [-1, 1, -1, -1], [-1, -1, 0, -1]], [[1, 1, 1]]]},
    ),
    # One subgradient for all moves although kinks are concave: a covering for the neuron.
    "absolute-covered": _verdict(
        data={"x": [[2, -1], [-2, 1], [6, -3]], "y": ["-2/3", 0, 0]},
        network={"widths": [1], "output_bias": False},
        point={"weights": [[[0, 0]], [["-1/2"]]], "biases": [[0], []]},
    ),
    # The same on one side of a kink: on the other its slope is another one.
    "absolute-covered-on-a-side": _verdict(
        data={"x": [[-2, 2], [2, 2], [-1, 2], [2, -1]], "y": [2, 4, 0, 2]},
        network={"widths": [1], "hidden_bias": False},
        point={"weights": [[[0, 0]], [[-1]]], "biases": [[], [2]]},
    ),
    # The same of an output weight of 0 that gets a sign.
    "absolute-covered-with-a-sign": _verdict(
        data={"x": [[0], [-2], [-1]], "y": [0, 0, 2]},
        network={"widths": [1], "output_bias": False},
        point={"weights": [[[0]], [[0]]], "biases": [[0], []]},
    ),
    # Kinks of which one side is implied by two others.
    "absolute-implied-side": _covered(
        _IMPLIED,
        data={"x": [[1, 2], [0, -2], [0, 0], [1, 2], [-2, 1]], "y": [0, 1, 1, 0, 0]},
        network={"widths": [1], "activation": "leaky_relu(1/2)", **_PLAIN},
        point={"weights": [[[0, 0]], [[1]]]},
    ),
    # Two output weights of 0: each case has the signs of both, and slopes of both signs; the first has the smaller one.
    "absolute-two-idle-neurons": _verdict(
        data={"x": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "y": [0, 0, -1]},
        network={"widths": [2], **_PLAIN},
        point={"weights": [[[1, 0, 0], [0, 2, 0]], [[0, 0]]]},
    ),
    # The function of an active neuron is not 0 beside its kink: the multiplier of the kink makes up for it.
    "absolute-multiplier-of-a-kink": _verdict(
        data={"x": [[1, 0], [1, "-1/2"], [0, 1]], "y": [1, 0, -1]},
        network={"widths": [1], **_PLAIN},
        point={"weights": [[[1, 0]], [[1]]]},
    ),
    # Two data on opposite sides of one kink, which does not bend, and which the linear part needs.
    "absolute-kink-that-is-straight": _verdict(
        data={"x": [[0, 1], [0, -1], [1, -1], [1, 0]], "y": [-1, 1, 0, 2]},
        network={"widths": [1], **_PLAIN},
        point={"weights": [[[1, 0]], [[1]]]},
    ),
    "absolute-on-both-slopes": _verdict(
        data={"x": [[1], [-1], [-1]], "y": [2, 0, 0]},
        network={"widths": [1], "activation": "leaky_relu(1/2)", **_PLAIN},
        point={"weights": [[[1]], [[1]]]},
    ),
    "hinge-at-the-margin": _verdict(
        loss="hinge",
        data={"x": [[1], [-1], [2]], "y": [1, -1, 1]},
        network={"widths": [1]},
        point={"weights": [[[1]], [[1]]], "biases": [[0], [0]]},
    ),
    "hinge-linear-model": _verdict(
        loss="hinge",
        data={"x": [[1], [-1], [1]], "y": [1, -1, -1]},
        network={"widths": [], "output_bias": False},
        point={"weights": [[[1]]]},
    ),
    "absolute-frozen-idle": _verdict(
        data={"x": [[1], [-1]], "y": [0, 0]},
        network={"widths": [2], **_PLAIN},
        train={"output": False},
        point={"weights": [[[1], [0]], [[0, 1]]]},
    ),
    "absolute-flat": _verdict(
        time_limit=60,
        data={"x": [[1], [2], [3]], "y": [1, 2, 4]},
        network={"widths": [1], **_PLAIN},
        point={"weights": [[[1]], [[1]]]},
    ),
    "curve-on-two-scales": _verdict(
        data=_SCALES, network={"widths": [2], **_PLAIN}, point={"weights": [[[0, -1], [1, 0]], [[0, 0]]]}
    ),
    "curve-is-a-line": _verdict(
        data={"x": [[1], [-1]], "y": [2, 0]},
        network={"widths": [1]},
        point={"weights": [[[1]], [[1]]], "biases": [[0], [0]]},
    ),
    "curve-of-the-weights-of-a-linear-model": _verdict(
        loss="hinge",
        data={"x": [[1], [2]], "y": [1, -1]},
        network={"widths": [], "output_bias": False},
        point={"weights": [[[0]]]},
    ),
    "curve-of-a-linear-model": _verdict(
        loss="hinge",
        data={"x": [[1], [-1]], "y": [1, 1]},
        network={"widths": []},
        point={"weights": [[[1]]], "biases": [[0]]},
    ),
}
