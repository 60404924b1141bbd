"""Forged certificates of losses without a derivative: one for each obligation of check_subgradient.py."""

from __future__ import annotations

from typing import Any

from forging import Tree, at, changed, edited, put, tiny


def _minimum(point: Tree, value: str, *cover: Tree, data: tuple[int, ...] = (), **options: Any) -> Tree:
    """One neuron, in a part of its own if there is a cover."""
    joint = [{"neurons": [0], "data": list(data), "cover": list(cover)}] if cover else []
    claim = {"kind": "subgradient_minimum", "point": point, "loss": value, "radius": "1"}
    claim |= {"neurons": [{"parts": []}], "joint": joint}
    return tiny(claim, **{"loss": "absolute", **options}) | {"version": 2}


def _line(point: Tree, value: str, way: Tree, step: str, **options: Any) -> Tree:
    claim = {"kind": "descent_curve", "point": point, "loss": value, "curve": [way], "step": step}
    return tiny(claim, **options) | {"version": 2}


def _end(**fields: Any) -> Tree:
    return {"rule": "subgradient", "slopes": {}, "multipliers": {}, "strict": []} | fields


def _fit(loss: str, v: list[str], w: list[str], scale: str, y: str) -> Tree:
    """Two neurons of an exact fit, each alone; the neighbourhood is 1."""
    point = {"weights": [[[q] for q in w], [v]], "biases": [[], []]}
    tree = _minimum(point, "0", x=[[scale]], y=[y], loss=loss)
    tree["problem"]["network"]["widths"] = [2]
    tree["claims"][0]["neurons"] *= 2
    return tree


def _also(tree: Tree, part: Tree) -> Tree:
    return edited(tree, lambda tree: tree["claims"][0]["joint"].append(part))


_AHEAD = {"x": [["1"]], "y": ["9/8"]}
_BREAK = {"x": [["1"]], "y": ["1"]}
_PART = ("claims", 0, "joint", 0)
_COVER = (*_PART, "cover", 0, "neurons", "0")
_SIDED = (*_PART, "cover", 1, "neurons", "0")
_LEAF = {"rule": "farkas", "multipliers": {}, "slopes": {"0": "0", "1": "0", "2": "0"}}
_SHARED = {"rows": [0, 1, 2], "linear": ["0", "0"], "cover": [_LEAF]}
_STILL = {"rule": "covered", "slopes": {}, "neurons": {"0": {"steep": {}, "parts": [_SHARED]}}, "strict": []}


def _strict_by_a_covering() -> Tree:
    """relu(x + b) + relu(d) at x = 0, 1, b = 0, d = 1: on b >= 0 the two biases make up for each other."""
    point = {"weights": [[["1"], ["0"]], [["1", "1"]]], "biases": [["0", "1"], []]}
    train = {"hidden": [False], "hidden_bias": [True], "output": False, "output_bias": False}
    tree = _minimum(point, "2", x=[["0"], ["1"]], y=["0", "3"], loss="squared", hidden_bias=True, train=train)
    tree["problem"]["network"]["widths"] = [2]
    # The slope 2 is that of the right side of the kink, and in halves, as the flat dimension counts, none of its sides.
    leaf = {"rule": "farkas", "multipliers": {}, "slopes": {"0": "2"}}
    tree["claims"][0]["neurons"] = [{"parts": [{"rows": [0], "linear": ["-2"], "cover": [leaf]}]}, {"parts": []}]
    steps = [{"rule": "cover", "neuron": 0, "part": 0}, {"rule": "bound", "still": [], "zero": []}]
    largest = {"states": [], "zero": [1, 2], "curve": [], "basis": None}
    flatness = {"rule": "tree", "slants": [], "tree": steps, "largest": largest}
    claim = {"kind": "strictness", "point": point, "loss": "2", "strictness": "strict", "flat_dimension": 0}
    tree["claims"].append(claim | {"flatness": flatness})
    return tree


_NO_SLOPE = {"hidden": [False], "output": False, "output_bias": True}


def _covered_twice() -> Tree:
    """relu(x) + (x + 2) -> relu((1 + e) x + e) + (1 - e) x + 2 - e keeps all predictions: no strict minimum."""
    point = {"weights": [[["1"], ["1"]], [["1", "1"]]], "biases": [["0", "2"], []]}
    # Twice the slope that `tangent` has: that of the square itself.
    leaf = {"rule": "farkas", "multipliers": {}, "slopes": {"1": "2"}}
    tree = _minimum(
        point,
        "6",
        x=[["-1"], ["0"], ["1"], ["2"]],
        y=["1", "1", "6", "5"],
        loss="squared",
        hidden_bias=True,
        train={"output": False},
    )
    tree["problem"]["network"]["widths"] = [2]
    parts = [{"rows": [1], "linear": ["0", "-2"], "cover": [leaf]}]
    tree["claims"][0] |= {"radius": "1/4", "neurons": [{"parts": parts}, {"parts": []}]}
    steps = [{"rule": "cover", "neuron": 0, "part": 0}, {"rule": "bound", "still": [], "zero": []}]
    largest = {"states": [], "zero": [2, 3], "curve": [], "basis": None}
    flatness = {"rule": "tree", "slants": [], "tree": steps, "largest": largest}
    claim = {"kind": "strictness", "point": point, "loss": "6", "strictness": "strict", "flat_dimension": 0}
    tree["claims"].append(claim | {"flatness": flatness})
    return tree


FORGED_SUBGRADIENT: dict[str, tuple[Tree, str]] = {
    "strictness-by-coverings-of-subgradients": (
        _covered_twice(),
        "A minimum is strict by a face of a covering whose slopes are twice those that the faces are read with; a ray of "
        "equal loss starts there.",
    ),
    "subgradient-lends-its-covering": (
        _strict_by_a_covering(),
        "A minimum that a half-line of equal loss leaves is strict, by a covering with slopes of another scale.",
    ),
    "subgradient-of-two-parts": (
        changed("absolute-parts", put("claims", 0, "joint", 1, "data", [0, 1])),
        "One datum has two slopes at once, each for the neurons it suits.",
    ),
    "subgradient-and-the-output-bias": (
        _minimum(
            {"weights": [[["1"]], [["1"]]], "biases": [[], ["0"]]},
            "2",
            x=[["1"]],
            y=["3"],
            output_bias=True,
            train=_NO_SLOPE,
        ),
        "A point from which the output bias descends is a minimum.",
    ),
    "subgradient-without-its-part": (
        changed("absolute-two-neurons", put("claims", 0, "joint", [])),
        "An output bias needs no subgradient where the slopes of its data are open.",
    ),
    "subgradient-of-a-neuron-alone": (
        changed("absolute-no-common-subgradient", put("claims", 0, "joint", [])),
        "A neuron is at a minimum for the left derivatives alone.",
    ),
    "subgradient-without-its-data": (
        changed("absolute-parts", put(*_PART, "data", [])),
        "The slope of a datum is its left derivative, whatever the move.",
    ),
    "subgradient-of-a-frozen-neuron": (
        changed("absolute-frozen-idle", put(*_PART, "neurons", [0, 1])),
        "A neuron frozen off has conditions of its own.",
    ),
    "subgradient-parts-of-a-frozen-neuron": (
        changed(
            "absolute-frozen-idle",
            put("claims", 0, "neurons", 0, "parts", [{"rows": [], "linear": ["0"], "cover": []}]),
        ),
        "A neuron frozen off has a function to share out.",
    ),
    "subgradient-everywhere": (
        changed("absolute-no-common-subgradient", put("claims", 0, "radius", None)),
        "An output weight may change its sign and the point stays the lowest.",
    ),
    "subgradient-beyond-its-strict-slope": (
        changed("absolute-sign-of-an-idle-neuron", put("claims", 0, "radius", "1")),
        "A slope of an output weight outweighs any move of its inputs.",
    ),
    "subgradient-alone-with-a-slope": (
        _minimum(at("1", "1"), "2", x=[["1"]], y=["3"]),
        "A point from which the output weight descends is a minimum.",
    ),
    "subgradient-alone-that-bends": (
        _minimum(at("0", "0"), "2", x=[["1"], ["-1"]], y=["1", "1"]),
        "An output weight of 0 beside kinks that bend has no way down.",
    ),
    "subgradient-of-a-sign-twice": (
        changed(
            "absolute-sign-of-an-idle-neuron",
            put(*_PART, "cover", [{"neuron": 0, "rule": "sign"}, {"neuron": 0, "rule": "sign"}]),
        ),
        "A sign that is known is chosen again.",
    ),
    "subgradient-of-no-kink": (
        changed("absolute-no-common-subgradient", put(*_PART, "cover", 0, "row", 1)),
        "A kink is cut by a datum that has none of its own.",
    ),
    "subgradient-of-a-side-not-implied": (
        changed("absolute-implied-side", put(*_PART, "cover", 2, "multipliers", {"0": "1", "1": "5"})),
        "A cone is left out because two others are said to imply a side.",
    ),
    "subgradient-outside-the-loss": (
        changed("absolute-no-common-subgradient", put(*_PART, "cover", 1, "slopes", {"0": "2"})),
        "The absolute loss has a slope of 2.",
    ),
    "subgradient-with-a-slope-in-the-bias": (
        changed("absolute-two-neurons", put(*_PART, "cover", 1, "slopes", {"2": "1/2"})),
        "Slopes that do not add up to 0 leave the output bias at rest.",
    ),
    "subgradient-strict-of-the-other-sign": (
        changed("absolute-sign-of-an-idle-neuron", put(*_PART, "cover", 2, "slopes", {"0": "1"})),
        "An output weight that goes down costs what one that goes up does.",
    ),
    "subgradient-with-a-slope-in-an-output": (
        changed("absolute-idle-and-still", put(*_PART, "cover", 0, "slopes", {"0": "1"})),
        "An output weight has a slope and moves both ways at no gain.",
    ),
    "subgradient-multiplier-above": (
        changed("absolute-implied-side", put(*_PART, "cover", 3, "multipliers", "0", "0", "10")),
        "A kink costs more on its right than its slope there.",
    ),
    "subgradient-multiplier-below": (
        changed("absolute-implied-side", put(*_PART, "cover", 7, "multipliers", "0", "1", "-50")),
        "A kink costs more on its left than its slope there.",
    ),
    "subgradient-that-bends-both-ways": (
        _minimum(at("0", "0"), "0", _end(slopes={"0": "1"}), data=(0,), x=[["1"]], y=["0"]),
        "phi and its opposite are both above 0 where it bends.",
    ),
    "subgradient-of-another-function": (
        changed(
            "absolute-frozen-idle",
            put(*_PART, "cover", 0, _end(slopes={"0": "1"}, multipliers={"1": {"0": "1/2"}})),
        ),
        "The multipliers need not add up to the function of the neuron.",
    ),
    "covered-outside-the-loss": (
        changed("absolute-covered", put(*_PART, "cover", 0, "slopes", "1", "-2")),
        "The absolute loss has a slope of -2.",
    ),
    "covered-by-another-slope": (
        changed("absolute-covered", put(*_PART, "cover", 0, "slopes", "1", "-1/2")),
        "The covering is that of other slopes.",
    ),
    "covered-by-nothing": (
        changed("absolute-covered", put(*_PART, "cover", 0, "neurons", {})),
        "A neuron that bends needs no covering.",
    ),
    "covered-by-half": (
        changed("absolute-covered", put(*_COVER, "parts", 0, "cover", [_LEAF])),
        "A kink that is concave is straight.",
    ),
    "covered-and-steep-without-a-side": (
        changed("absolute-covered", put(*_COVER, "steep", {"0": "-7"})),
        "A kink with moves on both sides has another slope on one of them.",
    ),
    "covered-and-steep-the-wrong-way": (
        changed("absolute-covered-on-a-side", put(*_SIDED, "steep", {"2": "7"})),
        "Beyond its side a kink falls, and the covering does not say so.",
    ),
    "covered-and-not-steep": (
        changed("absolute-covered-on-a-side", put(*_SIDED, "steep", {})),
        "The covering is that of a function with another slope beyond the side.",
    ),
    "covered-of-another-neuron": (
        changed("absolute-covered", put(*_PART, "cover", 0, "neurons", "1", {"steep": {}, "parts": []})),
        "A neuron of no part is covered.",
    ),
    "covered-and-strict": (
        changed("absolute-covered", put(*_PART, "cover", 0, "strict", [0])),
        "A neuron with an output weight has a slope in it, and needs no covering.",
    ),
    "covered-and-still": (
        changed("absolute-covered-with-a-sign", put(*_PART, "cover", [_STILL])),
        "An output weight without a sign is covered as one with a sign.",
    ),
    "covered-that-bends-both-ways": (
        _minimum(at("0", "0"), "0", _STILL | {"slopes": {"0": "1"}, "neurons": {}}, data=(0,), x=[["1"]], y=["0"]),
        "phi and its opposite are both above 0 where it bends.",
    ),
    "subgradient-of-another-loss": (
        changed("absolute-no-common-subgradient", put("claims", 0, "loss", "1/2")),
        "The loss at the point is another one.",
    ),
    "curve-over-a-kink": (
        _line(
            at("1", "1"),
            "1",
            {"weights": [[["-1"]], [["0"]]], "biases": [[], []]},
            "2",
            x=[["1"]],
            y=["0"],
            loss="absolute",
        ),
        "The loss falls along a line also beyond a kink.",
    ),
    "curve-over-a-break": (
        _line(
            at("1", "1"),
            "1",
            {"weights": [[["1"]], [["0"]]], "biases": [[], []]},
            "3",
            x=[["1"]],
            y=["2"],
            loss="absolute",
        ),
        "The loss falls along a line also beyond its break.",
    ),
    "curve-of-a-square-over-its-end": (
        _line(
            at("1", "1"),
            "9/2",
            {"weights": [[["1"]], [["0"]]], "biases": [[], []]},
            "8",
            x=[["1"]],
            y=["4"],
            loss="huber(4)",
        ),
        "The loss falls along a line until it is where it was.",
    ),
    "curve-without-curve": (
        changed("curve-is-a-line", put("claims", 0, "curve", [])),
        "The loss is lower at the point itself.",
    ),
    "curve-of-no-length": (
        changed("curve-is-a-line", put("claims", 0, "step", "0")),
        "The loss is lower at every step of (0, 0].",
    ),
    "curve-of-frozen-parameters": (
        changed(
            "curve-is-a-line",
            put("problem", "train", {"hidden": [False], "hidden_bias": [False], "output": False, "output_bias": False}),
        ),
        "Frozen parameters descend.",
    ),
    "curve-upwards": (
        _line(
            at("1", "1"),
            "1",
            {"weights": [[["1"]], [["0"]]], "biases": [[], []]},
            "1",
            x=[["1"]],
            y=["0"],
            loss="absolute",
        ),
        "The loss falls where it rises.",
    ),
    "subgradient-of-a-square-alone": (
        _minimum(at("2", "1"), "1", x=[["1"]], y=["3"], loss="squared"),
        "A square has the slope 3 q - 2 y, which is 0 beside its minimum.",
    ),
    "subgradient-of-a-square-with-a-gap": (
        _minimum(at("2", "1"), "1", _end(), data=(0,), x=[["1"]], y=["3"], loss="squared"),
        "A square has another slope on its right than on its left.",
    ),
    "subgradient-at-a-break-without-a-gap": (
        _minimum(at("1", "-1"), "1/2", _end(), data=(0,), x=[["1"]], y=["0"], loss="huber(1)"),
        "The Huber loss has a kink where its pieces meet.",
    ),
    "subgradient-of-a-datum-by-two-names": (
        changed("absolute-parts", put("claims", 0, "joint", 1, "data", [0, -4])),
        "One datum has two slopes at once, as it has two numbers.",
    ),
    "subgradient-of-fewer-neurons": (
        changed("absolute-two-neurons", put("claims", 0, "neurons", [{"parts": []}])),
        "A neuron without a proof has none to give.",
    ),
    "subgradient-beyond-the-first-output-weight": (
        _fit("squared", ["1/2", "1"], ["2", "1"], "1", "2"),
        "Only the last neuron bounds the neighbourhood.",
    ),
    "subgradient-beyond-the-first-kink": (
        _fit("squared", ["1", "1"], ["1/2", "1"], "2", "3"),
        "A change of the input weights of 1 does not reach a kink at 1/2.",
    ),
    "subgradient-of-an-empty-neighbourhood": (
        changed("absolute-parts", put("claims", 0, "radius", "0")),
        "Every point is a local minimum within 0.",
    ),
    "subgradient-of-a-sign-of-no-neuron": (
        changed("absolute-sign-of-an-idle-neuron", put(*_PART, "cover", 0, "neuron", 7)),
        "A neuron that is not there has a sign.",
    ),
    "subgradient-of-a-kink-of-no-neuron": (
        changed("absolute-no-common-subgradient", put(*_PART, "cover", 0, "neuron", 7)),
        "A neuron that is not there has a kink.",
    ),
    "subgradient-by-an-unknown-rule": (
        changed("absolute-implied-side", put(*_PART, "cover", 2, "rule", "clear")),
        "A side is clear without a rule.",
    ),
    "subgradient-of-a-side-that-is-none": (
        changed("absolute-implied-side", put(*_PART, "cover", 2, "sign", 0)),
        "The kink itself is implied, and nothing beside it is left.",
    ),
    "subgradient-strict-of-no-neuron": (
        changed("absolute-no-common-subgradient", put(*_PART, "cover", 1, "strict", [7])),
        "A neuron that is not there has a slope of its sign.",
    ),
    "subgradient-multipliers-of-no-neuron": (
        changed("absolute-no-common-subgradient", put(*_PART, "cover", 1, "multipliers", {"7": {}})),
        "A neuron that is not there has multipliers.",
    ),
    "subgradient-multipliers-without-a-cone": (
        changed("absolute-idle-and-still", put(*_PART, "cover", 0, "multipliers", {"0": {}})),
        "A neuron of no sign has multipliers.",
    ),
    "subgradient-multipliers-of-a-strict-neuron": (
        changed("absolute-sign-of-an-idle-neuron", put(*_PART, "cover", 2, "multipliers", {"0": {}})),
        "A neuron with a slope of its sign has multipliers.",
    ),
    "subgradient-with-a-slope-in-an-output-weight-that-has-a-sign": (
        _minimum(
            at("1", "1"),
            "0",
            _end(slopes={"0": "1/2"}),
            data=(0,),
            x=[["1"]],
            y=["1"],
            train={"hidden": [False]},
        ),
        "An output weight with a sign moves to one side only.",
    ),
    "subgradient-multiplier-below-on-both-sides": (
        changed(
            "absolute-no-common-subgradient",
            put(*_PART, "cover", [_end(slopes={"0": "0"}, multipliers={"0": {"0": "-50"}})]),
        ),
        "A kink of which no side is taken is bounded on its right alone.",
    ),
    "curve-of-another-slope": (
        _line(
            at("1", "-2"),
            "1/8",
            {"weights": [[["0"]], [["1"]]], "biases": [[], []]},
            "1/16",
            x=[["1"]],
            y=["-5/2"],
            loss="half_squared",
        ),
        "A square has the slope 3 q / 2 - y.",
    ),
    "subgradient-beyond-the-first-of-two-strict-slopes": (
        changed("absolute-two-idle-neurons", put("claims", 0, "radius", "1/2")),
        "Only the last output weight with a slope bounds the neighbourhood.",
    ),
    "subgradient-behind-a-strict-neuron": (
        changed("absolute-two-idle-neurons", put(*_PART, "cover", 3, _end(slopes={"0": "1", "1": "1"}, strict=[0]))),
        "The neurons behind one with a slope of its sign have nothing to show.",
    ),
    "subgradient-of-the-sign-of-another-neuron": (
        changed("absolute-two-idle-neurons", put(*_PART, "cover", 3, "slopes", "1", "1")),
        "Two output weights that go up and down have the slopes of two that go up.",
    ),
    # For the other sign phi is above 0 as it bends, whatever the radius.
    "subgradient-beyond-the-slope-of-a-falling-output-weight": (
        changed("absolute-sign-of-an-idle-neuron", put(*_PART, "cover", 1, _end()), put("claims", 0, "radius", "1")),
        "A slope of an output weight that goes down outweighs any move of its inputs.",
    ),
    "subgradient-beyond-the-slope-of-a-rising-output-weight": (
        changed(
            "absolute-sign-of-an-idle-neuron",
            put("problem", "data", "y", [["0"], ["1"]]),
            put(*_PART, "cover", 2, _end()),
            put("claims", 0, "radius", "1"),
        ),
        "A slope of an output weight that goes up outweighs any move of its inputs.",
    ),
    "subgradient-of-a-neuron-from-the-end": (
        _also(
            _minimum(at("1", "1"), "2", x=[["1"], ["1"]], y=["0", "2"]),
            {"neurons": [-1], "data": [], "cover": [_end()]},
        ),
        "A neuron that is decided alone is decided in a part as well, by its number from the end.",
    ),
    # -s/4 + s^2 is 0 at 1/4.
    "curve-of-a-square-over-its-end-within-1": (
        _line(at("1", "1"), "1/64", {"weights": [[["1"]], [["0"]]], "biases": [[], []]}, "1/2", **_AHEAD),
        "The loss falls along a line until it is where it was, however short the way.",
    ),
    # -20 s^2 + s^4 is 0 at the root of 20.
    "curve-of-a-fourth-power-over-its-end": (
        edited(
            _line(at("1", "1"), "100", {}, "5", x=[["1"]], y=["11"]),
            put("claims", 0, "curve", [at("0", "0"), at("1", "0")]),
        ),
        "The loss falls along a curve beyond where it was.",
    ),
    # The loss is 1 - w beside w = 0: below it on the right.
    "subgradient-multiplier-above-on-both-sides": (
        _minimum(at("0", "1"), "1", _end(), x=[["1"]], y=["1"]),
        "A kink of which no side is taken is bounded on its left alone.",
    ),
    "curve-down-from-a-break": (
        _line(
            at("1", "1"), "0", {"weights": [[["-1"]], [["0"]]], "biases": [[], []]}, "1/2", loss="absolute", **_BREAK
        ),
        "A loss has on the left of its break the slope it has on the right.",
    ),
}
