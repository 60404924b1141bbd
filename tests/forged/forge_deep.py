"""Forged certificates of networks of any depth: one for each obligation of check_deep.py."""

from __future__ import annotations

from typing import Any

from forging import Tree, changed, drop, put, tiny

_CLAIM = ("claims", 0)
_PROOF = ("claims", 0, "proof")
_UNIT = (*_PROOF, "units", 0)
_COVER = (*_UNIT, "covers", 0)


def _one(
    loss: str,
    value: str,
    *,
    slopes: tuple[str, str] = ("1", "0"),
    y: str,
    w: str = "1",
    v: str = "1",
    radius: str = "1/8",
    **options: Any,
) -> Tree:
    """One neuron, x = 1, said to be a minimum because its derivatives are out of reach."""
    point = {"weights": [[[w]], [[v]]], "biases": [[], []]}
    claim = {"kind": "deep_minimum", "point": point, "loss": value, "radius": radius, "proof": {"rule": "reachable"}}
    return tiny(claim, x=[["1"]], y=[y], slopes=slopes, loss=loss, **options) | {"version": 2}


def _linear() -> Tree:
    """No hidden layer, at the best fit."""
    point = {"weights": [[["1"]]], "biases": [[]]}
    claim = {"kind": "deep_minimum", "point": point, "loss": "0", "radius": "1", "proof": {"rule": "reachable"}}
    tree = tiny(claim, x=[["1"]], y=["1"]) | {"version": 2}
    tree["problem"]["network"] |= {"widths": [], "hidden_bias": []}
    tree["problem"]["train"] |= {"hidden": [], "hidden_bias": []}
    return tree


def _idle() -> Tree:
    """A unit with weights 0 on its kink, below the target: it is proved for one sign of the output weight alone."""
    tree = _one("squared", "1", y="-1", w="0", v="0")
    covers = [[{"rule": "slopes", "slopes": {}}]] * 2
    tree["claims"][0]["proof"] = {"rule": "unrolled", "units": [{"margin": "0", "covers": covers}]}
    return tree


def _frozen_kink() -> Tree:
    """Two layers of one unit, the second frozen and on its kink: what moves below it can only lower the loss."""
    tree = _one("squared", "1", y="1")
    tree["problem"]["network"] |= {"widths": [1, 1], "hidden_bias": [False, True]}
    tree["problem"]["train"] |= {"hidden": [True, False], "hidden_bias": [False, False]}
    [claim] = tree["claims"]
    claim["point"] = {"weights": [[["1"]], [["1"]], [["1"]]], "biases": [[], ["-1"], []]}
    claim["proof"] = {"rule": "unrolled", "units": [{"margin": "0", "covers": [[{"rule": "slopes", "slopes": {}}]]}]}
    return tree


def _split_at(name: str, unit: int, kink: int) -> Tree:
    """A covering that starts with a split at a kink, and goes on as before on both of its sides."""

    def edit(tree: Tree) -> None:
        covers = tree["claims"][0]["proof"]["units"][unit]["covers"]
        covers[0] = [{"rule": "split", "kink": kink}, *covers[0], *covers[0]]

    return changed(name, edit)


FORGED_DEEP: dict[str, tuple[Tree, str]] = {
    **{
        f"deep-kink-{kink}-that-is-not-there-{name}": (
            _split_at(f"deep-{name}", 0, kink),
            "A covering is cut by a kink that no copy has.",
        )
        for name, kink in (
            ("unrolled-margin-zero-weight", 4),
            ("unrolled-split-zero-weight", 3),
            ("unrolled-17", 6),
            ("unrolled-7", 0),
            ("unrolled-slopes", 3),
        )
    },
    "deep-kink-of-a-frozen-layer": (_frozen_kink(), "A unit of a frozen layer does not move."),
    "deep-idle-unit-of-one-sign": (_idle(), "An output weight of 0 moves to one side only."),
    "deep-mean-over-the-data-alone": (
        changed("deep-mean-over-entries", put("problem", "loss", "reduction", "mean")),
        "A mean over data points and outputs is one over the data points.",
    ),
    "deep-without-a-layer": (_linear(), "Where there is no hidden layer the rule for one holds."),
    "deep-of-the-absolute-loss": (
        _one("absolute", "0", y="1"),
        "The absolute loss has one slope at its kink.",
    ),
    "deep-slope-within-reach": (
        _one("squared", "1", y="2"),
        "A point from which the output weight descends is a minimum.",
    ),
    "deep-slope-within-reach-on-a-kink": (
        _one("squared", "1", y="1", w="0"),
        "A unit on its kink is out of reach.",
    ),
    "deep-radius-of-nothing": (
        changed("deep-reach", put(*_CLAIM, "radius", "0")),
        "A neighbourhood of radius 0 says something.",
    ),
    "deep-radius-over-a-kink": (
        _one("squared", "4", y="2", w="-1", v="3", radius="1"),
        "A unit that is woken within the radius has no influence.",
    ),
    "deep-radius-over-a-weight": (
        changed("deep-unrolled-split", put(*_CLAIM, "radius", "1")),
        "A weight may change its sign and its copy stays the same.",
    ),
    "deep-radius-over-an-output-weight": (
        changed("deep-unrolled-slopes", put(*_CLAIM, "radius", "1")),
        "An output weight may change its sign and nothing else.",
    ),
    "deep-radius-over-a-margin": (
        changed("deep-unrolled-margin", put(*_CLAIM, "radius", "1/3")),
        "Output weights move further than the proof says.",
    ),
    "deep-unrolled-with-a-slope": (
        changed("deep-unrolled-split", put("problem", "data", "y", 0, ["-4"]), put(*_CLAIM, "loss", "13/2")),
        "The output bias has a slope, and the units cost nothing.",
    ),
    "deep-unrolled-of-fewer-units": (
        changed("deep-unrolled-split", put(*_PROOF, "units", [])),
        "A unit without a proof costs nothing.",
    ),
    "deep-unrolled-of-one-sign": (
        changed("deep-unrolled-margin", drop(*_UNIT, "covers", 3)),
        "Output weights move up, never down.",
    ),
    "deep-unrolled-margin-of-one-output": (
        changed("deep-unrolled-split", put(*_UNIT, "margin", "1/2")),
        "One output has a margin.",
    ),
    "deep-unrolled-split-twice": (
        changed("deep-unrolled-split", put(*_COVER, 1, {"rule": "split", "kink": 1})),
        "A side that is known is chosen again.",
    ),
    "deep-unrolled-split-of-no-kink": (
        changed("deep-unrolled-split", put(*_COVER, 0, "kink", 2)),
        "A kink is cut that is not there.",
    ),
    "deep-unrolled-half-of-a-split": (
        changed("deep-unrolled-split", drop(*_COVER, 2)),
        "Moves to the right of a kink are all there are.",
    ),
    "deep-unrolled-slope-above": (
        changed("deep-unrolled-split", put(*_COVER, 1, "slopes", {"0": "100", "1": "-200"})),
        "A kink costs more on its right than its slope there.",
    ),
    "deep-unrolled-slope-below": (
        changed("deep-unrolled-split", put(*_COVER, 2, "slopes", {"0": "-5", "1": "10"})),
        "A kink costs less on its left than its slope there.",
    ),
    "deep-unrolled-derivative": (
        changed("deep-unrolled-split", put(*_COVER, 1, "slopes", {"0": "2", "1": "-5"})),
        "A trained weight has a derivative and does not move.",
    ),
    "deep-unrolled-without-slopes": (
        changed("deep-unrolled-zero-weight", put("problem", "train", "output", True), put(*_UNIT, "covers", [])),
        "A trained output weight 0 needs no proof.",
    ),
    "deep-unrolled-one-copy": (
        changed("deep-unrolled-split-zero-weight", put(*_COVER, 1, "slopes", {"2": "-8"})),
        "Of the two copies over a weight 0 one is enough.",
    ),
    "deep-unrolled-unknown-step": (
        changed("deep-unrolled-split", put(*_COVER, 1, "rule", "farkas")),
        "A step of another kind of covering ends a branch.",
    ),
    "deep-by-an-unknown-proof": (
        changed("deep-reach", put(*_PROOF, {"rule": "trust"})),
        "A proof by no rule.",
    ),
    "deep-curve-over-a-kink": (
        changed("deep-curve-two-outputs", put(*_CLAIM, "step", "64")),
        "The loss falls as far as one likes.",
    ),
    "deep-curve-of-a-frozen-layer": (
        changed("deep-curve", put("problem", "train", "hidden", [True, False])),
        "A frozen layer moves.",
    ),
    "deep-curve-upwards": (
        changed("deep-curve", put(*_CLAIM, "curve", 0, "weights", 2, [["-2"]])),
        "The loss falls along a curve that leads up.",
    ),
    "deep-behind-a-layer-that-moves": (
        changed("deep-behind-frozen-layers", put("problem", "train", "hidden", [True, True])),
        "The outputs of a trained layer do not move.",
    ),
    "deep-behind-another-point": (
        changed("deep-behind-frozen-layers", put(*_PROOF, "claim", "point", "weights", 0, [["1"], ["2"]])),
        "A minimum of the smaller network is one of the whole, wherever it is.",
    ),
    "deep-behind-no-minimum": (
        changed("deep-behind-frozen-layers", put(*_PROOF, "claim", "kind", "lower_point")),
        "A claim of any kind about the smaller network will do.",
    ),
    "deep-behind-too-far": (
        changed("deep-behind-in-depth", put(*_PROOF, "claim", "radius", "1/32")),
        "What holds near a point of the smaller network holds further away in the whole.",
    ),
    "deep-behind-a-false-claim": (
        changed(
            "deep-behind-a-dead-layer",
            put("problem", "network", "output_bias", True),
            put("problem", "train", "output_bias", True),
            put(*_CLAIM, "point", "biases", 2, ["0"]),
            put(*_PROOF, "claim", "point", "biases", 0, ["0"]),
        ),
        "A dead layer off the mean is a minimum though the output bias moves.",
    ),
    "deep-merged-of-two-slopes": (
        changed(
            "deep-unrolled-slopes", put(*_PROOF, {"rule": "merged", "layer": 0, "claim": {"kind": "deep_minimum"}})
        ),
        "A layer on a kink is linear.",
    ),
    "deep-merged-too-far": (
        changed("deep-merged", put(*_PROOF, "claim", "radius", "1/16")),
        "Products of moves are as small as the moves.",
    ),
    "linear-network-of-the-second-component": (
        # Outputs are turned by the angle of 3, 4, 5; the component that is left out is longer by a twentieth.
        changed(
            "linear-network-tie",
            put("problem", "data", "y", [["3/5", "4/5"], ["-21/25", "63/100"]]),
            put(*_CLAIM, "point", "weights", [[["1", "0"]], [["3/5"], ["4/5"]]]),
            put(*_CLAIM, "loss", "441/400"),
        ),
        "A best fit of rank one may leave out the longest component.",
    ),
    "linear-network-of-another-loss": (
        changed("linear-network-fit", put("problem", "loss", "kind", "huber(8)")),
        "Derivatives of the huber loss are residuals.",
    ),
    "linear-network-that-bends": (
        changed("linear-network-fit", put("problem", "network", "activation", ["1", "0"])),
        "A network with kinks is linear.",
    ),
    "linear-network-of-slope-zero": (
        changed("linear-network-fit", put("problem", "network", "activation", ["0", "0"]), put(*_CLAIM, "loss", "8")),
        "A network whose hidden outputs are 0 is linear with slope 1.",
    ),
    "linear-network-frozen": (
        changed("linear-network-fit", put("problem", "train", "output", False)),
        "Frozen weights could move.",
    ),
    "linear-network-with-a-hidden-bias": (
        changed(
            "linear-network-three-layers",
            put("problem", "network", "hidden_bias", [False, True]),
            put("problem", "train", "hidden_bias", [False, True]),
            put(*_CLAIM, "point", "biases", [[], ["0", "0"], []]),
        ),
        "A bias behind the first layer moves nothing.",
    ),
    "linear-network-off-its-mean": (
        changed(
            "linear-network-fit",
            put("problem", "network", "output_bias", True),
            put("problem", "train", "output_bias", True),
            put(*_CLAIM, "point", "biases", [[], ["1", "0"]]),
            put(*_CLAIM, "loss", "2"),
        ),
        "An output bias that has a slope stays.",
    ),
    "linear-network-with-a-slope": (
        changed("linear-network-tie", put("problem", "data", "y", 0, ["3", "0"]), put(*_CLAIM, "loss", "5")),
        "A point from which a weight descends is a minimum.",
    ),
    "linear-network-of-lower-rank": (
        changed(
            "linear-network-tie",
            put(*_CLAIM, "point", "weights", [[["0", "0"]], [["0"], ["0"]]]),
            put(*_CLAIM, "loss", "8"),
        ),
        "The origin is a minimum.",
    ),
    "linear-network-of-a-lower-value": (
        changed("linear-network-tie", put("problem", "data", "y", 1, ["0", "3"]), put(*_CLAIM, "loss", "9")),
        "The smaller singular value is the better one.",
    ),
}
