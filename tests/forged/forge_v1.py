"""The forged certificates of tests/certificates/v1/reject: at least one for each obligation of version 1.

``forge.py`` has them in version 2 as well, and writes both.
"""

from __future__ import annotations

import copy

from forge_landscape import LANDSCAPES
from forging import BOTH, ONE, Tree, at, basin, best, drop, minimum, pair, put, tiny
from forging import changed_v1 as changed

COVER = ("claims", 0, "neurons", 0, "parts", 0, "cover")
FLAT = ("claims", 0, "flatness")
LEAST = ("claims", 0, "flatness", "covers", 0, "cover", 0)
NOT_BOUNDED = "The set of equal loss has the dimension claimed, where it can be larger."


def still(curve: list[list[int]]) -> Tree:
    """Flatness without kinks and idle neurons, by one leaf."""
    covers = [{"mode": [], "cover": [{"rule": "bound", "still": [], "zero": []}]}]
    return {"covers": covers, "largest": {"mode": [], "zero": [], "curve": curve}}


def offset_descent(
    c: str, start: str, *, step: str, after: str, polynomial: list[str], y: list[str], loss: str = "huber(1)"
) -> Tree:
    """A claim that lowering the output bias, beside a unit that is silent, lowers the loss."""
    point = {"weights": [[["-1"]], [["1"]]], "biases": [[], [c]]}
    way = {"weights": [[["0"]], [["0"]]], "biases": [[], ["-1"]]}
    claim = {"kind": "not_local_minimum", "point": point, "loss": start, "direction": way, "step": step}
    claim |= {"loss_after": after, "polynomial": polynomial}
    return tiny(claim, x=[["1"] for _ in y], y=y, loss=loss, output_bias=True)


def vanishing(sign: int) -> Tree:
    """The leaf that shows plus and minus of two kinks to be 0: their sum is what the predictions change by."""
    zero = [
        {"variable": k, "bounds": {str(k ^ 1): "1"}, "equations": {str(k // 2 - 1): str(-sign)}} for k in (2, 3, 4, 5)
    ]
    return {"rule": "bound", "still": [], "zero": zero}


FORGED_V1: dict[str, tuple[Tree, str]] = {
    # evaluate
    "loss-at-the-point": (
        changed("prop1", put("claims", 0, "loss", "17")),
        "The loss at the point is 17 (it is 18).",
    ),
    "loss-without-a-value": (
        changed("prop1", put("claims", 0, "loss", None)),
        "No parameters nearby have a loss below the point's, whatever that is.",
    ),
    "loss-of-the-better-point": (
        changed("prop1", put("claims", 1, "better_loss", "13")),
        "Some parameters have loss 13, below the global minimum 14.",
    ),
    "better-is-not-better": (
        changed(
            "prop1",
            put("claims", 1, "better", at("1", "1") | {"biases": [["-3"], ["0"]]}),
            put("claims", 1, "better_loss", "18"),
        ),
        "A point is no global minimum because of a point with the same loss: every point would be none.",
    ),
    "better-has-other-frozen-parameters": (
        tiny(
            {"kind": "lower_point", "point": at("1", "2"), "loss": "1", "better": at("1", "1"), "better_loss": "0"},
            **ONE,
            train={"output": False},
        ),
        "The point can be improved in its trained parameters, by changing the frozen ones.",
    ),
    # scope
    "local-minimum-of-another-loss": (
        tiny(minimum(at("1", "1"), "0"), **ONE, loss="absolute"),
        "A rule for the squared loss applies to the absolute loss.",
    ),
    "descent-of-another-loss": (
        changed(
            "descent",
            put("problem", "loss", "kind", "absolute"),
            put("claims", 0, "loss", "17/3"),
            drop("claims", 1),
        ),
        "The absolute loss is the polynomial that the squared loss is.",
    ),
    "deep-network": (
        changed(
            "deep-zero-loss",
            put("claims", 0, "point", "biases", [["0", "0"], ["0", "0"], ["1", "0"]]),
            put("claims", 0, "loss", "2"),
            put("claims", 0, "duals", [["2", "2"]]),
        ),
        "No parameters of a deep network have a loss below 2, by a rule for one hidden layer (they reach 0).",
    ),
    "two-outputs": (
        changed(
            "two-outputs-zero-loss",
            put("claims", 0, "point", "biases", [["0"], ["1", "0"]]),
            put("claims", 0, "loss", "1"),
            put("claims", 0, "duals", [["2"]]),
        ),
        "No parameters of a network with two outputs have a loss below 1, by a rule for one (they reach 0).",
    ),
    "two-hidden-layers": (
        changed(
            "two-layers-zero-loss",
            put("claims", 0, "point", "biases", [["0"], ["0"], ["1"]]),
            put("claims", 0, "loss", "1"),
            put("claims", 0, "duals", [["2"]]),
        ),
        "No parameters of a network with two hidden layers have a loss below 1, by a rule for one (they reach 0).",
    ),
    # local minimum: stationarity
    "slope-in-the-output-bias": (
        tiny(minimum({"weights": [[["1"]], [["1"]]], "biases": [[], ["1"]]}, "1"), **ONE, output_bias=True),
        "w = v = c = 1 is a local minimum for x = y = 1; lowering c lowers the loss.",
    ),
    "slope-in-an-output-weight": (
        tiny(minimum(at("1", "2"), "1"), **ONE),
        "w = 1, v = 2 is a local minimum for x = y = 1; lowering v lowers the loss.",
    ),
    "slope-in-input-weights": (
        tiny(minimum(at("1", "2"), "1"), **ONE, train={"output": False}),
        "w = 1 is a local minimum for x = y = 1 and v = 2 frozen; lowering w lowers the loss.",
    ),
    "silent-neuron-with-a-slope": (
        tiny(minimum(at("0", "0"), "1"), **ONE),
        "w = v = 0 is a local minimum for x = y = 1; moving both up lowers the loss.",
    ),
    "parts-of-a-silent-neuron": (
        tiny(
            minimum(
                at("0", "0"),
                "1",
                neurons=[
                    {
                        "parts": [
                            {
                                "rows": [0],
                                "linear": ["0"],
                                "cover": [{"rule": "farkas", "multipliers": {}, "slopes": {"0": "0"}}],
                            }
                        ]
                    }
                ],
            ),
            x=[["1"]],
            y=["-1"],
        ),
        "phi >= 0 is enough where v = 0: w = v = 0 is a local minimum for x = 1, y = -1; w up, v down is lower.",
    ),
    # local minimum: parts and coverings
    "part-left-out": (
        changed("cones", put("claims", 0, "neurons", 0, "parts", [])),
        "phi >= 0 with nothing proved of its kinks: every point that is stationary off them is a local minimum.",
    ),
    "part-with-another-linear-share": (
        changed(
            "parts",
            lambda tree: tree["claims"][0]["neurons"][0]["parts"].append(
                {
                    "rows": [],
                    "linear": ["0" for _ in tree["claims"][0]["neurons"][0]["parts"][0]["linear"]],
                    "cover": [],
                }
            ),
        ),
        "A part without a cone is proved by an empty covering: any linear function is nonnegative.",
    ),
    "kink-in-two-parts": (
        changed(
            "cones",
            lambda tree: tree["claims"][0]["neurons"][0]["parts"].append(
                copy.deepcopy(tree["claims"][0]["neurons"][0]["parts"][0])
            ),
        ),
        "phi >= 0 where the parts count one convex kink twice.",
    ),
    "cone-left-out": (
        changed("cones", drop(*COVER, -1)),
        "phi >= 0 everywhere, from a covering that never visits its last cone: it may be negative there.",
    ),
    "steps-behind-the-end": (
        changed(
            "cones",
            lambda tree: tree["claims"][0]["neurons"][0]["parts"][0]["cover"].append(
                tree["claims"][0]["neurons"][0]["parts"][0]["cover"][-1]
            ),
        ),
        "A covering with a leaf too many: the reading of it is ambiguous.",
    ),
    "split-by-a-decided-kink": (
        changed("cones", put(*COVER, 1, {"rule": "split", "row": 0})),
        "phi >= 0, where one half of a cone counts for the other half as well.",
    ),
    "implied-side-that-is-not": (
        changed("cones", put(*COVER, 2, "multipliers", {"0": "1"})),
        "The positive side of a kink is all that is left to look at, where both are left.",
    ),
    "implied-by-a-negative-multiple": (
        changed(
            "cones", put(*COVER, 2, {"rule": "implied", "row": 2, "sign": -1, "multipliers": {"0": "-1", "1": "-1"}})
        ),
        "The positive cone of two kinks implies the negative side of their sum.",
    ),
    "implied-without-a-side": (
        changed("cones", put(*COVER, 2, {"rule": "implied", "row": 2, "sign": 0, "multipliers": {}})),
        "A kink has the side 0 everywhere, and counts with one slope on both of its sides.",
    ),
    "step-by-an-unknown-rule": (
        changed("cones", put(*COVER, 2, "rule", "obvious")),
        "A side is known by a rule that the format does not have.",
    ),
    "multipliers-of-a-leaf": (
        changed("cones", put(*COVER, 3, "multipliers", {"0": "10", "1": "11"})),
        "phi >= 0 on a cone, by multipliers that add up to another function.",
    ),
    "negative-multiplier-of-a-basin": (
        tiny(basin(at("0", "1"), "1", ["-2"], multipliers={"0": "-2"}), **ONE),
        "No w >= 0, v >= 0 has a loss below 1 for x = y = 1; w = v = 1 has loss 0.",
    ),
    "slope-beyond-its-kink": (
        tiny(
            minimum(
                at("0", "1"),
                "1",
                neurons=[
                    {
                        "parts": [
                            {
                                "rows": [0],
                                "linear": ["0"],
                                "cover": [{"rule": "farkas", "multipliers": {}, "slopes": {"0": "0"}}],
                            }
                        ]
                    }
                ],
            ),
            **ONE,
        ),
        "w = 0, v = 1 is a local minimum for x = y = 1 (a concave kink taken for a convex one); raising w lowers it.",
    ),
    # local minimum: neighbourhood, strictness
    "neighbourhood-past-an-output-weight-of-0": (
        changed("small-output-weight", put("claims", 0, "radius", "1/2")),
        "No parameters within 1/2 have a lower loss, across v = 0 from v = 1/3.",
    ),
    "neighbourhood-too-large": (
        changed("prop1", put("claims", 0, "radius", "5")),
        "No parameters within 5 of the point of Proposition 1 have a lower loss; its better point is within 5.",
    ),
    "neighbourhood-without-extent": (
        changed("prop1", put("claims", 0, "radius", "0")),
        "Any point is a local minimum, in the neighbourhood that is the point.",
    ),
    "neighbourhood-of-the-last-neuron": (
        pair(
            minimum(
                {"weights": [[["1"], ["100"]], [["1", "1"]]], "biases": [[], []]},
                "0",
                radius="50",
                neurons=[{"parts": []}] * 2,
                strictness="flat",
                flatness={
                    "covers": [{"mode": [], "cover": [{"rule": "bound", "still": [], "zero": []}]}],
                    "largest": {"mode": [], "zero": [], "curve": [[0, 0]]},
                },
            ),
            x=[["1"]],
            y=["101"],
            train={"output": False},
        ),
        "No kink of the first neuron is within 50, because none of the second is.",
    ),
    "neighbourhood-of-all": (
        changed("prop1", put("claims", 0, "radius", None)),
        "The point of Proposition 1 is a global minimum.",
    ),
    "neighbourhood-empty": (
        changed("prop1", put("claims", 0, "radius", "-1")),
        "A neighbourhood of negative radius, which holds no point at all.",
    ),
    "strictness": (
        changed("plateau", put("claims", 0, "strictness", "strict_modulo_symmetry")),
        "Near the plateau of D1 all points of equal loss are rescalings (the dead unit moves in 3 dimensions).",
    ),
    # losses other than squares
    "huber-minimum-by-its-residuals": (
        tiny(
            minimum({"weights": [[["-1"]], [["1"]]], "biases": [[], ["0"]]}, "5/2"),
            x=[["1"], ["1"], ["1"]],
            y=["1", "1", "-2"],
            loss="huber(1)",
            output_bias=True,
        ),
        "c = 0 is a local minimum for y = 1, 1, -2 and huber(1), since the residuals have sum 0; raising c lowers it.",
    ),
    "squared-hinge-minimum-by-its-residuals": (
        tiny(
            minimum(at("1", "6/5"), "4/25", strictness="strict", flat_dimension=0, flatness=still([[0]])),
            x=[["1"], ["1/2"]],
            y=["1", "1"],
            loss="squared_hinge",
            train={"hidden": [False]},
        ),
        "v = 6/5 is best for x = 1, 1/2 and y = 1, 1, as it is for squares; v = 2 has both margins.",
    ),
    "strictness-without-its-proof": (
        changed("huber-minimum-at-the-break", put("claims", 0, "strictness", "strict")),
        "The point is a strict local minimum (its rescalings have the same loss), for which there is no proof.",
    ),
    "flat-dimension-without-its-proof": (
        changed("huber-minimum-at-the-break", put("claims", 0, "flat_dimension", 0)),
        "The set of equal loss is the point (its rescalings have the same loss), for which there is no proof.",
    ),
    "flat-huber-beyond-its-break": (
        tiny(
            minimum(
                {"weights": [[["-1"]], [["1"]]], "biases": [[], ["0"]]},
                "5",
                strictness="flat",
                flat_dimension=2,
                flatness=still([[0, 0, 0]]),
            ),
            x=[["1"], ["1"]],
            y=["3", "-3"],
            loss="huber(1)",
            output_bias=True,
        ),
        "The set of equal loss has the dimension 2 of w and v; for y = 3, -3 and huber(1) c moves as well.",
    ),
    "flat-huber-at-its-break": (
        changed("huber-minimum", put("problem", "loss", "kind", "huber(3)")),
        "A loss that is a square on one side of a prediction is one on both.",
    ),
    "flat-squared-hinge-at-the-margin": (
        tiny(
            minimum(
                {"weights": [[["-1"]], [["1"]]], "biases": [[], ["1"]]},
                "0",
                strictness="flat",
                flat_dimension=2,
                flatness=still([[0, 0, 0]]),
            ),
            **ONE,
            loss="squared_hinge",
            output_bias=True,
        ),
        "The set of equal loss has the dimension 2 of w and v; raising c from the margin 1 keeps the loss 0 as well.",
    ),
    "flat-squared-hinge-without-data": (
        tiny(
            minimum(at("1", "3/2"), "0", strictness="flat", flat_dimension=1, flatness=still([[0, 0]])),
            **ONE,
            loss="squared_hinge",
        ),
        "The set of equal loss around w = 1, v = 3/2 has dimension 1, where no datum is within its margin; it is 2.",
    ),
    "flat-squared-hinge-beside-the-margin": (
        tiny(
            minimum(
                {"weights": [[["-2"]], [["1"]]], "biases": [[], ["3"]]},
                "16",
                radius=None,
                strictness="flat",
                flatness=still([[0]]),
            ),
            x=[["0"], ["1"], ["2"]],
            y=["-1", "1", "-1"],
            slopes=("1", "1"),
            loss="squared_hinge",
            output_bias=True,
            train={"output": False, "output_bias": False},
        ),
        "w = -2 may move, as if the data at the margin 1 did not count; one of them holds it on either side.",
    ),
    "flat-squared-hinge-beyond-the-margin": (
        changed("squared-hinge-minimum", put("claims", 0, "flat_dimension", 1), put("claims", 0, "strictness", "flat")),
        "The set of equal loss has dimension 1, as if the datum beyond the margin held its prediction; it is 3.",
    ),
    "descent-of-huber-by-its-residuals": (
        offset_descent("0", "3", step="1", after="7/2", polynomial=["0", "-2", "3/2", "0", "0"], y=["1", "0", "-3"]),
        "Lowering c = 0 lowers the loss for y = 1, 0, -3 and huber(1), by the residual 3, whose slope is 1.",
    ),
    "descent-of-huber-with-half-its-curvature": (
        offset_descent("1/2", "1/8", step="3/2", after="1/2", polynomial=["0", "-1/2", "1/4", "0", "0"], y=["0"]),
        "Lowering c from 1/2 to -1 lowers huber(1) of c all the way, by half of its curvature.",
    ),
    "descent-of-huber-as-a-square": (
        changed(
            "huber-descent",
            put("claims", 0, "polynomial", ["0", "-12/5", "1/2", "0", "0"]),
        ),
        "The Huber loss is the polynomial that half the squared loss is.",
    ),
    "descent-of-huber-to-its-bound": (
        changed("huber-descent", put("claims", 0, "loss_after", "7/4")),
        "The loss after the step is what the polynomial adds to it (13/8), a bound.",
    ),
    "descent-of-the-squared-hinge-beyond-the-margin": (
        offset_descent(
            "2", "0", step="1", after="0", polynomial=["0", "-2", "1", "0", "0"], y=["1"], loss="squared_hinge"
        ),
        "Lowering c = 2 lowers the loss for y = 1, which is 0: data beyond the margin pull.",
    ),
    # flat dimension
    "flat-dimension-of-another-mode": (
        tiny(
            minimum(
                at("0", "0") | {"biases": [["0"], []]},
                "0",
                radius=None,
                strictness="flat",
                flatness={
                    "covers": [{"mode": [sign], "cover": [vanishing(sign)]} for sign in (1, -1)],
                    "largest": {"mode": [1], "zero": [2, 3, 4, 5], "curve": [[0, 0, 0, 0, 0, 0, 1]]},
                },
            ),
            x=[["0"], ["1"]],
            y=["0", "0"],
            slopes=("1", "-1"),
            hidden_bias=True,
        ),
        "The set of equal loss around w = b = v = 0 has dimension 1, that of v alone; (w, b) is free at v = 0.",
    ),
    "flat-dimension-too-low": (
        changed("prop1", put("claims", 0, "flat_dimension", 0), put("claims", 0, "strictness", "strict")),
        "The point of Proposition 1 is a strict local minimum; its rescalings have the same loss.",
    ),
    "flat-dimension-too-high": (
        changed("prop1", put("claims", 0, "flat_dimension", 2), put("claims", 0, "strictness", "flat")),
        "The minimum of Proposition 1 is flat beyond its rescalings.",
    ),
    "flat-beside-a-dead-unit": (
        pair(
            minimum(
                {"weights": [[["-1"], ["0"]], [["0", "1"]]], "biases": [[], []]},
                "0",
                neurons=[{"parts": []}] * 2,
                strictness="flat",
                flat_dimension=3,
                flatness={
                    "covers": [{"mode": [], "cover": [{"rule": "bound", "still": [], "zero": []}]}],
                    "largest": {"mode": [], "zero": [1, 2], "curve": [[0, 0, 0, 1]]},
                },
            ),
            x=[["1"]],
            y=["0"],
        ),
        "The set of equal loss has dimension 3; with the dead unit's two and those of w <= 0 and v it is 4.",
    ),
    "flat-neuron-counted-from-the-end": (
        changed("idle-separated", put(*FLAT, "covers", 1, "cover", 0, "still", [0, -1])),
        "Nothing false, but a second way to write a number: -1 for the last neuron.",
    ),
    "flat-mode-left-out": (
        changed("idle-separated", drop(*FLAT, "covers", 1)),
        f"{NOT_BOUNDED} Two neurons that move with opposite signs were not looked at.",
    ),
    "flat-mode-twice": (
        changed(
            "idle",
            lambda tree: tree["claims"][0]["flatness"]["covers"].append(tree["claims"][0]["flatness"]["covers"][0]),
        ),
        "Two coverings of one mode, of which a reader may check either.",
    ),
    "flat-leaf-too-large": (
        changed("flat-vanishing", put(*LEAST, "zero", [])),
        f"{NOT_BOUNDED} Nothing shows that the two sides of the kink do not move.",
    ),
    "flat-variable-that-need-not-vanish": (
        changed("flat-vanishing", put(*LEAST, "zero", 0, "equations", {})),
        f"{NOT_BOUNDED} A move that is possible is declared to be 0.",
    ),
    "flat-negative-bound": (
        changed("flat-vanishing", put(*LEAST, "zero", 0, {"variable": 1, "bounds": {"1": "-1"}, "equations": {}})),
        f"{NOT_BOUNDED} Any variable vanishes as x - x = 0.",
    ),
    "flat-variable-without-a-sign": (
        changed("flat-vanishing", put(*LEAST, "zero", 0, {"variable": 0, "bounds": {}, "equations": {}})),
        f"{NOT_BOUNDED} A move that may have either sign is taken for a nonnegative one.",
    ),
    "flat-separated-without-its-weight": (
        changed("idle-separated", drop(*FLAT, "covers", 1, "cover", 0, "zero", 0)),
        f"{NOT_BOUNDED} Moves on a slower scale than their output weight are ruled out without proof.",
    ),
    "flat-kink-left-open": (
        pair(
            minimum(
                {"weights": [[["0"], ["0"]], [["1", "-1"]]], "biases": [[], []]},
                "0",
                radius=None,
                neurons=[{"parts": []}] * 2,
                strictness="flat",
                flat_dimension=2,
                flatness={"covers": [], "largest": {"mode": [], "zero": [], "curve": [[0, 1, 1, 0, 1, 1]]}},
            ),
            x=[["1"]],
            y=["0"],
            slopes=("1", "-1"),
            train={"output": False},
        ),
        "|w_1| = |w_2| has dimension 2, as if a kink could move both ways at once.",
    ),
    "flat-curve-outside-its-equations": (
        changed("prop1", put(*FLAT, "largest", "curve", [[0, 0, 0, 0, 0, 1]])),
        "The set of equal loss contains a move that changes the predictions.",
    ),
    "flat-curve-on-the-boundary": (
        changed("slow-curve", put(*FLAT, "largest", "curve", [[0, 0, 0, 0, 1]])),
        "A cone has its full dimension though every point of it has a vanishing side.",
    ),
    "flat-curve-too-fast": (
        changed("slow-curve", put(*FLAT, "largest", "curve", [[0, -1, 0, 1, 1]])),
        "Moves t = k u with t / k not small belong to a neighbourhood of the point.",
    ),
    # descent
    "descent-with-a-frozen-parameter": (
        changed(
            "descent",
            put("problem", "train", "hidden", [False]),
            put("problem", "train", "hidden_bias", [False]),
            put("problem", "train", "output_bias", False),
            put("problem", "train", "output", False),
        ),
        "The point can be improved in its trained parameters: along frozen ones.",
    ),
    "descent-across-a-kink": (
        tiny(
            {
                "kind": "not_local_minimum",
                "point": at("1", "1"),
                "loss": "4",
                "direction": at("-1", "0"),
                "step": "2",
                "loss_after": "0",
                "polynomial": ["0", "-4", "1", "0", "0"],
            },
            x=[["1"]],
            y=["-1"],
        ),
        "The loss falls to 0 along w = 1 - s for x = 1, y = -1; behind the kink at s = 1 it stays 1.",
    ),
    "descent-with-another-polynomial": (
        changed("descent", put("claims", 0, "polynomial", ["0", "-1", "0", "0", "0"])),
        "The loss falls along a direction because a polynomial falls that is not the loss.",
    ),
    "descent-to-another-loss": (
        changed("descent", put("claims", 0, "loss_after", "0")),
        "The loss after the step is 0.",
    ),
    "descent-that-rises": (
        tiny(
            {
                "kind": "not_local_minimum",
                "point": at("1", "1"),
                "loss": "0",
                "direction": at("1", "0"),
                "step": "1",
                "loss_after": "1",
                "polynomial": ["0", "0", "1", "0", "0"],
            },
            **ONE,
        ),
        "A global minimum is no local minimum.",
    ),
    "descent-that-turns": (
        tiny(
            {
                "kind": "not_local_minimum",
                "point": at("2", "1"),
                "loss": "1",
                "direction": at("-1", "0"),
                "step": "4",
                "loss_after": "9",
                "polynomial": ["0", "-2", "1", "0", "0"],
            },
            **ONE,
            slopes=("1", "1"),
        ),
        "The loss is lower at every step up to 4 though it is 9 there.",
    ),
    "descent-to-the-same-loss": (
        tiny(
            {
                "kind": "not_local_minimum",
                "point": at("2", "1"),
                "loss": "1",
                "direction": at("-1", "0"),
                "step": "2",
                "loss_after": "1",
                "polynomial": ["0", "-2", "1", "0", "0"],
            },
            **ONE,
            slopes=("1", "1"),
        ),
        "The loss is lower at every step up to 2, where it is the same.",
    ),
    "descent-beyond-its-turn": (
        tiny(
            {
                "kind": "not_local_minimum",
                "point": at("2", "1"),
                "loss": "1",
                "direction": at("-4", "0"),
                "step": "3/5",
                "loss_after": "49/25",
                "polynomial": ["0", "-8", "16", "0", "0"],
            },
            **ONE,
            slopes=("1", "1"),
        ),
        "The loss is lower at every step up to 3/5, where it is 49/25 and not 1.",
    ),
    "descent-without-a-step": (
        changed("descent", put("claims", 0, "step", "0"), put("claims", 0, "loss_after", "23/3")),
        "The loss is lower for 0 < s <= 0, that is nowhere.",
    ),
    "descent-backwards": (
        tiny(
            {
                "kind": "not_local_minimum",
                "point": at("2", "1"),
                "loss": "1",
                "direction": at("-1", "0"),
                "step": "-1",
                "loss_after": "4",
                "polynomial": ["0", "-2", "1", "0", "0"],
            },
            **ONE,
        ),
        "The loss is lower for 0 < s <= -1, that is nowhere.",
    ),
    # dual bounds
    "dual-not-balanced": (
        tiny(
            basin({"weights": [[["0"]], [["0"]]], "biases": [[], ["0"]]}, "1", ["-2"], signs="-"),
            **ONE,
            output_bias=True,
        ),
        "A dead basin has no loss below 1 for y = 1; its output bias reaches 0.",
    ),
    "dual-out-of-range": (
        tiny(basin(at("2", "1"), "3", ["3"], multipliers={"0": "3"}), x=[["1"]], y=["-1"], loss="absolute"),
        "No w, v >= 0 have an absolute loss below 3 for x = 1, y = -1, by a slope of 3; w = v = 0 has loss 1.",
    ),
    "dual-bound-too-low": (
        tiny(basin(at("2", "1"), "1", ["0"]), **ONE),
        "No w >= 0, v >= 0 has a loss below 1 for x = y = 1, by the bound 0.",
    ),
    "dual-bound-at-another-offset": (
        {
            "format": "exactgeo-certificate",
            "version": 1,
            "problem": {
                "data": {"x": [["1"]], "y": [["0"]]},
                "network": {"widths": [], "activation": ["1", "1"], "hidden_bias": [], "output_bias": False},
                "loss": {"kind": "squared", "reduction": "sum"},
                "train": {"hidden": [], "hidden_bias": [], "output": False, "output_bias": False},
            },
            "claims": [best({"weights": [[["1"]]], "biases": [[]]}, "1", [["-2"]], None)],
        },
        "A bound that holds at the prediction -1 holds at the frozen prediction 1.",
    ),
    "basin-side-left-open": (
        tiny(basin(at("0", "1"), "1", ["-2"], signs="0"), **ONE),
        "A basin without a side has no loss below 1 for x = y = 1; it is everything, and w = v = 1 has loss 0.",
    ),
    "basin-without-the-point": (
        tiny(basin(at("2", "1"), "1", ["-2"], signs="-"), **ONE),
        "The point w = 2 is a point of the basin w <= 0.",
    ),
    "basin-with-another-output-sign": (
        tiny(basin(at("2", "1"), "1", ["-2"], output=-1, multipliers={"0": "2"}), **ONE),
        "The point v = 1 is a point of the basin v <= 0.",
    ),
    "basin-output-sign-left-open": (
        tiny(basin(at("0", "0"), "1", ["-2"], output=0), **ONE),
        "No w >= 0 with v of any sign has a loss below 1 for x = y = 1; w = v = 1 has loss 0.",
    ),
    "basin-output-of-two": (
        changed(
            "basin", put("claims", 0, "cells", 0, "output", 2), put("claims", 0, "cells", 0, "multipliers", "2", "9")
        ),
        "Nothing false, but a sign that is none.",
    ),
    "basin-multipliers": (
        tiny(basin(at("0", "1"), "1", ["-2"]), **ONE),
        "No w >= 0, v >= 0 has a loss below 1 for x = y = 1, as if the basin could not raise its prediction.",
    ),
    # regions
    "region-left-out": (
        changed("regions-affine", drop("claims", 0, "regions", "--+-"), put("claims", 0, "count", 6)),
        "The arrangement has 6 regions; the thin seventh is missing.",
    ),
    "region-left-out-in-space": (
        changed("regions-central", lambda tree: tree["claims"][0]["regions"].popitem(), put("claims", 0, "count", 11)),
        "The arrangement has 11 regions; one of 12 is missing.",
    ),
    "region-that-is-none": (
        changed(
            "regions-affine",
            drop("claims", 0, "regions", "--+-"),
            put("claims", 0, "regions", "-++--"[:3] + "+", [-2, 5, 2]),
        ),
        "A sign vector that no point has is a region.",
    ),
    "region-on-a-hyperplane": (
        changed("regions-affine", drop("claims", 0, "regions", "--+-"), put("claims", 0, "regions", "0---", [0, 0, 1])),
        "A face is a region, and takes the place of one that is missing.",
    ),
    "region-behind-infinity": (
        changed(
            "regions-affine", drop("claims", 0, "regions", "--+-"), put("claims", 0, "regions", "++-+", [2, -5, -2])
        ),
        "A region of the cone over the arrangement that its slice does not meet is one of its regions.",
    ),
    "regions-of-ragged-normals": (
        changed("regions-affine", put("arrangement", "normals", 3, ["0", "0", "5"])),
        "The regions of hyperplanes in different spaces.",
    ),
    "region-at-infinity": (
        {
            "format": "exactgeo-certificate",
            "version": 1,
            "arrangement": {"normals": [["1"]], "offsets": ["1"]},
            "claims": [{"kind": "regions", "count": 2, "regions": {"+": [1, 0], "-": [0, 1]}}],
        },
        "A direction is a point of a region, though a region may have none.",
    ),
    "region-count": (
        changed("regions-affine", put("claims", 0, "count", 8)),
        "The arrangement has 8 regions, with 7 in the list.",
    ),
    # global minimum
    "global-without-a-bound": (
        tiny(best(at("0", "0"), "1", [], None), **ONE),
        "No parameters have a loss below 1 for x = y = 1, without any bound.",
    ),
    "global-without-a-dual": (
        tiny(best(at("0", "0"), "1", [], BOTH), **ONE),
        "No parameters have a loss below 1 for x = y = 1: an empty list bounds every basin.",
    ),
    "global-without-a-dual-of-an-affine-model": (
        changed("linear-model", put("claims", 1, "duals", []), put("claims", 1, "regions", None)),
        "No parameters of a linear model have a loss below that of any point.",
    ),
    "global-as-if-affine": (
        tiny(best(at("0", "0"), "1", [["-2"]], None), **ONE),
        "The predictions are affine in all parameters, so that w = v = 0 is a global minimum for x = y = 1.",
    ),
    "global-basin-without-a-bound": (
        tiny(best(at("0", "0"), "1", [["-2"]], BOTH), **ONE),
        "No parameters have a loss below 1 for x = y = 1; the basin w, v >= 0 holds w = v = 1 of loss 0.",
    ),
    "global-at-another-offset": (
        tiny(
            best(at("1", "1"), "1", [["-4"]], None),
            x=[["1"]],
            y=["2"],
            train={"hidden": [False], "output": False},
        ),
        "A bound that holds at the prediction 0 holds at the frozen prediction 1.",
    ),
    "global-of-one-direction": (
        tiny(
            best(at("0", "1"), "1", [["2"]], {}),
            x=[["1"]],
            y=["-1"],
            slopes=("1", "1"),
            train={"output": False},
        ),
        "No w has a loss below 1 for y = -1 and a linear activation: those above 0 have none; w = -1 has loss 0.",
    ),
    "global-basins-of-one-sign": (
        tiny(best(at("0", "0"), "1", [["2"]], BOTH), x=[["1"]], y=["-1"]),
        "No parameters have a loss below 1 for x = 1, y = -1: those with v > 0 have none; w = 1, v = -1 has loss 0.",
    ),
    "global-region-left-out": (
        tiny(best(at("0", "0"), "1", [["-2"]], {"-": [-1]}), **ONE),
        "No parameters have a loss below 1 for x = y = 1: the region with lower ones is not in the list.",
    ),
    "global-pair-of-neurons": (
        pair(
            best(
                {"weights": [[["1"], ["0"]], [["1", "0"]]], "biases": [[], []]},
                "1",
                [["-2", "0"], ["0", "-2"]],
                {"+-": [1], "-+": [-1]},
            ),
            x=[["1"], ["-1"]],
            y=["1", "1"],
        ),
        "Two neurons have no loss below 1 because each by itself has none; they reach 0.",
    ),
} | LANDSCAPES
