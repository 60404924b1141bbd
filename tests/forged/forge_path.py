"""The forged certificates of paths: what a segment hides, jumps, kinks, frozen parameters, poles, wrong levels."""

from __future__ import annotations

from typing import Any

from forging import Tree, changed, put

CLAIM = ("claims", 0)
DEEP, CURVED = "segments-of-a-deep-network", "segments-curved"


def chain(*weights: str) -> Tree:
    """A point of a network of one unit a layer without biases."""
    return {"weights": [[[w]] for w in weights], "biases": [[] for _ in weights]}


def line(points: list[Tree], losses: list[str], kind: str, *, x: list[str], y: list[str], **options: Any) -> Tree:
    """One segment through the parameters of such a network, straight but for what the options say."""
    hidden = len(points[0]["weights"]) - 1
    train = {"hidden": [True] * hidden, "hidden_bias": [False] * hidden, "output": True, "output_bias": False}
    claim = {
        "kind": "segmented_path",
        "point": points[0],
        "loss": losses[0],
        "points": points[1:],
        "losses": losses[1:],
        "segments": [{"kind": kind, "curved": options.get("curved", [])}],
        "highest": options.get("highest", ["0", "0"]),
        "lowest": options.get("lowest", False),
    }
    problem = {
        "data": {"x": [[q] for q in x], "y": [[q] for q in y]},
        "network": {
            "widths": [1] * hidden,
            "activation": options.get("slopes", ["1", "0"]),
            "hidden_bias": [False] * hidden,
            "output_bias": False,
        },
        "loss": {"kind": options.get("loss", "squared"), "reduction": "sum"},
        "train": train | options.get("train", {}),
    }
    return {"format": "exactgeo-certificate", "version": 2, "problem": problem, "claims": [claim]}


def layer(index: int, entry: list[str], denominator: list[str]) -> Tree:
    return {"layer": index, "numerators": [[entry]], "denominator": denominator}


UP_AND_DOWN = {"x": ["1"], "y": ["1"]}  # (3, 0) -> (0, 3): the prediction is 9 s (1 - s), the loss 1, 25/16 half-way, 1

FORGED_PATH: dict[str, tuple[Tree, str]] = {
    "segments-with-a-bump-between": (
        line([chain("3", "0"), chain("0", "3")], ["1", "1"], "below", highest=["1", "1"], **UP_AND_DOWN),
        "The loss from (3, 0) to (0, 3) is nowhere above its ends, 1; half-way it is 25/16.",
    ),
    "segments-with-a-bump-called-constant": (
        line([chain("3", "0"), chain("0", "3")], ["1", "1"], "constant", highest=["1", "1"], **UP_AND_DOWN),
        "The loss is constant from (3, 0) to (0, 3), as it is at the ends.",
    ),
    "segments-with-a-bump-called-convex": (
        line([chain("3", "0"), chain("0", "3")], ["1", "1"], "convex", highest=["1", "1"], **UP_AND_DOWN),
        "The loss is convex from (3, 0) to (0, 3), so at most 1.",
    ),
    "segments-with-a-bump-that-is-higher": (
        line([chain("3", "0"), chain("0", "3")], ["1", "1"], "above", highest=["3/2", "3/2"], **UP_AND_DOWN),
        "The highest loss from (3, 0) to (0, 3) is 3/2; half-way it is 25/16.",
    ),
    "segments-with-a-bump-that-is-lower": (
        line([chain("3", "0"), chain("0", "3")], ["1", "1"], "above", highest=["2", "2"], **UP_AND_DOWN),
        "The loss from (3, 0) to (0, 3) reaches 2.",
    ),
    "segments-touching-a-break-half-way": (
        line(
            [chain("-1/2", "-1/2", "0", "100"), chain("1/2", "1/2", "100", "0")],
            ["0", "0"],
            "below",
            x=["1"],
            y=["0"],
            slopes=["1", "1"],
            loss="absolute",
        ),
        "The absolute loss is nowhere above 0 where the prediction is 10000 (s - 1/2)^2 s (1 - s), which only touches its "
        "target half-way.",
    ),
    "segments-higher-than-is-said": (
        changed(DEEP, put(*CLAIM, "highest", ["1", "2"])),
        "The highest loss of a path that ends at 11215/324 is at most 2.",
    ),
    "segments-with-bounds-in-the-other-order": (
        line([chain("3", "0"), chain("0", "3")], ["1", "1"], "above", highest=["2", "3/2"], **UP_AND_DOWN),
        "The highest loss is at least 2 and at most 3/2.",
    ),
    "segments-falling-that-rise-first": (
        line([chain("1", "0"), chain("1", "3")], ["1", "4"], "decreasing", highest=["4", "4"], **UP_AND_DOWN),
        "The loss falls on the way from 1 to 4.",
    ),
    "segments-falling-that-stand-still": (
        line([chain("0", "1"), chain("0", "3")], ["1", "1"], "decreasing", highest=["1", "1"], **UP_AND_DOWN),
        "The loss falls strictly from 1 to 1.",
    ),
    "segments-rising-that-fall-first": (
        line([chain("1", "0"), chain("1", "3")], ["1", "4"], "rising", highest=["4", "4"], **UP_AND_DOWN),
        "The loss rises strictly from 1 to 4, and falls to 0 first.",
    ),
    "segments-across-a-kink": (
        line(
            [chain("1", "1"), chain("-1", "1")], ["0", "0"], "constant",
            x=["1", "-1"], y=["1", "1"], slopes=["1", "-1"],
        ),
        "The loss stays 0 from w = 1 to w = -1; at w = 0 it is 2.",
    ),
    "segments-across-a-kink-of-a-layer-behind": (
        line(
            [chain("1", "1", "1"), chain("1", "-1", "1")], ["0", "0"], "constant",
            x=["1"], y=["1"], slopes=["1", "-1"],
        ),
        "The loss stays 0 while the second layer goes from 1 to -1; at 0 it is 1.",
    ),
    "segments-across-a-break-of-the-loss": (
        line([chain("1", "0"), chain("1", "2")], ["1", "1"], "constant", highest=["1", "1"], loss="absolute", **UP_AND_DOWN),
        "|p - 1| is constant from p = 0 to p = 2.",
    ),
    "segments-that-move-a-frozen-layer": (
        line(
            [chain("1", "0"), chain("1", "1")], ["1", "0"], "decreasing", highest=["1", "1"],
            train={"output": False}, **UP_AND_DOWN,
        ),
        "A path in the trained parameters leads from v = 0 to v = 1, though v is frozen.",
    ),
    "segments-that-move-a-frozen-layer-and-back": (
        line(
            [chain("1", "0"), chain("1", "0")], ["1", "1"], "convex", highest=["1", "1"], train={"output": False},
            curved=[layer(1, ["0", "1", "-1"], ["1"])], **UP_AND_DOWN,
        ),
        "The frozen v goes to 1/4 and back to 0 on a segment.",
    ),
    "segments-that-jump": (
        changed(DEEP, put(*CLAIM, "losses", 0, "3725/162")),
        "The path goes on at a point that has another loss.",
    ),
    "segments-with-a-point-too-many": (
        changed(DEEP, lambda tree: tree["claims"][0]["segments"].pop()),
        "A path has a point that no segment leads to.",
    ),
    "segments-curved-with-a-jump-at-the-start": (
        line(
            [chain("1", "1"), chain("1", "1")], ["0", "0"], "constant",
            curved=[layer(1, ["2", "-1"], ["1"])], **UP_AND_DOWN,
        ),
        "The curve of v starts at 2, and the path at 1.",
    ),
    "segments-curved-with-a-jump-at-the-end": (
        line(
            [chain("1", "1"), chain("1", "1")], ["0", "0"], "constant",
            curved=[layer(1, ["1", "1"], ["1"])], **UP_AND_DOWN,
        ),
        "The curve of v ends at 2, and the path at 1.",
    ),
    "segments-curved-through-a-pole": (
        line(
            [chain("1", "1"), chain("-1", "-1")], ["0", "0"], "constant",
            curved=[layer(1, ["1"], ["1", "-2"])], slopes=["1", "1"], **UP_AND_DOWN,
        ),
        "w v is 1 from (1, 1) to (-1, -1), with v = 1 / (1 - 2 s): through infinity.",
    ),
    "segments-curved-with-a-pole-at-the-end": (
        line(
            [chain("1", "1"), chain("0", "1")], ["0", "1"], "constant", highest=["1", "1"],
            curved=[layer(1, ["1", "-1"], ["1", "-1"])], **UP_AND_DOWN,
        ),
        "A denominator that is 0 at the end agrees with every end.",
    ),
    "segments-curved-the-other-way": (
        line(
            [chain("-1", "-1"), chain("-1", "-1")], ["0", "0"], "constant",
            curved=[layer(0, ["1"], ["-1"])], x=["1"], y=["0"],
        ),
        "A negative denominator turns a relu that is off into one that is on.",
    ),
    "segments-curved-twice": (
        changed(CURVED, lambda tree: tree["claims"][0]["segments"][0]["curved"].append(tree["claims"][0]["segments"][0]["curved"][0])),
        "A layer is given by two curves.",
    ),
    "segments-curved-of-a-layer-that-is-not-there": (
        changed(CURVED, put(*CLAIM, "segments", 0, "curved", 0, "layer", 2)),
        "A curve of a third layer, which the network does not have.",
    ),
    "segments-curved-of-another-shape": (
        changed(CURVED, lambda tree: tree["claims"][0]["segments"][0]["curved"][0]["numerators"][0].pop()),
        "A curve that leaves the bias open.",
    ),
    "segments-to-a-loss-that-is-not-least": (
        changed(DEEP, put(*CLAIM, "lowest", True)),
        "No parameters have a loss below 11215/324.",
    ),
    "segments-to-the-least-of-each-datum-apart": (
        line([chain("1", "2")], ["2"], "constant", x=["1", "1"], y=["1", "3"], highest=["2", "2"], lowest=False)
        | {"claims": [
            {
                "kind": "segmented_path", "point": chain("1", "1"), "loss": "4", "points": [], "losses": [],
                "segments": [], "highest": ["4", "4"], "lowest": True,
            }
        ]},
        "Of two equal rows with targets 1 and 3 the prediction 1 is best; 2 is.",
    ),
    "segments-of-a-kind-that-is-none": (
        changed(DEEP, put(*CLAIM, "segments", 0, "kind", "flat")),
        "Nothing false, but a word that the format does not have.",
    ),
    "segments-lowest-by-a-word": (
        changed(DEEP, put(*CLAIM, "lowest", 0)),
        "Nothing false, but a number where yes or no stands.",
    ),
    "segments-with-a-long-polynomial": (
        changed(CURVED, put(*CLAIM, "segments", 0, "curved", 0, "denominator", ["1"] * 65)),
        "A polynomial of a degree that no path needs.",
    ),
    "segments-with-a-zero-at-the-end": (
        changed(CURVED, put(*CLAIM, "segments", 0, "curved", 0, "denominator", ["1", "0"])),
        "Nothing false, but a polynomial in two forms.",
    ),
    "segments-of-the-logistic-loss": (
        line([chain("1", "0"), chain("1", "1")], ["0", "0"], "decreasing", loss="logistic", **UP_AND_DOWN),
        "A path of a loss that has no rational values.",
    ),
}  # fmt: skip
