"""The forged certificates about the logistic loss with weight decay: see forge.py."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from forge_penalty import flat_beside_silent_data
from forging import Edit, Tree, changed, put


def named(name: str, *edits: Edit) -> Tree:
    return changed(f"ordered-penalised-{name}", *edits)


def claim(*path: Any) -> Edit:
    return put("claims", 0, *path)


def proof(*path: Any) -> Edit:
    return claim("neurons", 0, *path)


def number(constant: str, **terms: str) -> Tree:
    return {"constant": constant, "terms": terms}


def loss(constant: str, terms: Tree) -> Edit:
    """Another loss in every claim."""

    def edit(tree: Tree) -> None:
        for item in tree["claims"]:
            item["loss"] = {"constant": constant, "terms": dict(terms)}

    return edit


def data(x: list[list[str]], y: list[str]) -> Edit:
    return put("problem", "data", {"x": x, "y": [[q] for q in y]})


def point(weights: list[Any], biases: list[Any]) -> Edit:
    """Another point in every claim."""

    def edit(tree: Tree) -> None:
        for item in tree["claims"]:
            item["point"] = {"weights": weights, "biases": biases}

    return edit


def penalty(l2: str, l1: str = "0", biases: bool = False) -> Edit:
    return put("problem", "penalty", {"l2": l2, "l1": l1, "biases": biases})


def leaf(side: str, at: int, key: str, name: str, value: Tree) -> Edit:
    """A number of the leaf with this place among the leaves of a covering."""

    def edit(tree: Tree) -> None:
        cover = tree["claims"][0]["neurons"][0][side]
        [step for step in cover if step["rule"] == "norm"][at][key][name] = value

    return edit


def step(side: str, kind: str, **changes: Any) -> Edit:
    """The first step of this rule, changed."""

    def edit(tree: Tree) -> None:
        cover = tree["claims"][0]["neurons"][0][side]
        next(item for item in cover if item["rule"] == kind).update(changes)

    return edit


def only(kind: str) -> Edit:
    return lambda tree: tree.update(
        claims=[item for item in tree["claims"] if item["kind"] == f"ordered_penalised_{kind}"]
    )


def longer(factor: int) -> Edit:
    """A step that is so many times as long."""

    def edit(tree: Tree) -> None:
        tree["claims"][0]["step"] = str(factor * Fraction(tree["claims"][0]["step"]))

    return edit


NORM: Tree = {"rule": "norm", "multipliers": {}, "slopes": {}}

FORGED_ORDERED_PENALTY: dict[str, tuple[Tree, str]] = {
    "ordered-penalised-loss-without-its-penalty": (
        named("strict", loss("-1", {"0": "1", "1": "1"})),
        "The squares of the weights are no part of the loss.",
    ),
    "ordered-penalised-of-squares": (
        named("bound", put("problem", "loss", "kind", "squared")),
        "What holds of the logistic loss holds of squares.",
    ),
    "ordered-penalised-kind-without-a-penalty": (
        named("bound", lambda tree: tree["problem"].pop("penalty")),
        "A loss without a penalty has one.",
    ),
    "ordered-penalised-as-if-it-had-none": (
        named("bound", claim("kind", "ordered_minimum")),
        "A claim that knows of no penalty speaks of one.",
    ),
    "ordered-penalised-minimum-of-sizes": (
        named("bound", penalty("80683/100000", "1/10")),
        "At w = v = 0 the sizes of weights have a second order.",
    ),
    "ordered-penalised-slope-of-the-output-bias": (
        named("bound", put("problem", "train", "output_bias", True)),
        "An output bias has no slope where all labels are 1.",
    ),
    "ordered-penalised-slope-of-a-class": (
        named("linear-classes", penalty("1", biases=True), loss("25", {"0": "2"})),
        "Equal biases of two classes cost nothing.",
    ),
    "ordered-penalised-classes-that-are-not-opposite": (
        named("classes", point([[["0"]], [["1"], ["1"]]], [[], []]), loss("1061/500", {"0": "2"})),
        "Two equal output weights cost nothing.",
    ),
    "ordered-penalised-slope-of-an-output-weight": (
        named("strict", penalty("1/3"), loss("-2/3", {"0": "1", "1": "1"})),
        "w = v = 1 is balanced for every l2.",
    ),
    "ordered-penalised-slope-of-an-input-weight": (
        named(
            "strict",
            put("problem", "train", "output", False),
            penalty("1/3"),
            loss("-5/6", {"0": "1", "1": "1"}),
            claim("radius", "1"),
        ),
        "w = 1 is best for every l2.",
    ),
    "ordered-penalised-longer-than-its-output": (
        named(
            "balanced-classes",
            put("problem", "network", "hidden_bias", [True]),
            data([["1", "0"], ["0", "1"]], ["1", "1"]),
            point([[["4", "4"]], [["-2"], ["2"]]], [["-3"], ["2", "-2"]]),
            penalty("1/2"),
            loss("10", {"0": "2"}),
            claim("radius", "1"),
        ),
        "Weights that a frozen bias keeps longer than their output weight balance it.",
    ),
    "ordered-penalised-covering-of-an-active-neuron": (
        named("strict", proof("above", [{"rule": "norm", "multipliers": {}, "slopes": {}}])),
        "A neuron with an output weight has a bound.",
    ),
    "ordered-penalised-parts-left-out": (
        named("kinks", proof("parts", [])),
        "Kinks that nothing is said about do not bend.",
    ),
    "ordered-penalised-neighbourhood-too-large": (
        named("strict", claim("radius", "2")),
        "Within 2 of w = v = 1 both weights keep their sign.",
    ),
    "ordered-penalised-neighbourhood-of-two-classes": (
        named("wide-classes", claim("radius", "6")),
        "The difference of two output weights moves no more than each of them.",
    ),
    "ordered-penalised-neighbourhood-of-all": (
        named("strict", claim("radius", None)),
        "w = v = 1 is a minimum among all.",
    ),
    "ordered-penalised-neighbourhood-empty": (named("strict", claim("radius", "0")), "0 is a radius."),
    "ordered-penalised-beyond-its-bound": (
        named("bound", penalty("40341/50000")),
        "3 / (1 + e) is at most 0.80682.",
    ),
    "ordered-penalised-beyond-the-bound-of-classes": (
        named("classes", penalty("2121/1000")),
        "3 / 2 is at most 2.121 / sqrt(2).",
    ),
    "ordered-penalised-beyond-a-bound-of-a-mean": (
        named("mean", put("problem", "loss", "reduction", "sum"), loss("0", {"0": "2"})),
        "The bound of a mean is that of the sum.",
    ),
    "ordered-penalised-slope-below-its-kink": (
        named("cones", leaf("above", 0, "slopes", "0", number("-1"))),
        "A bend to 0 has every slope below its own.",
    ),
    "ordered-penalised-slope-above-its-kink": (
        named("cones", leaf("above", 0, "slopes", "0", number("1"))),
        "A concave bend has every slope above both of its own.",
    ),
    "ordered-penalised-negative-multiplier": (
        named("cones", leaf("above", 1, "multipliers", "4", number("1/2", **{"1": "-7/6"}))),
        "A negative multiple of a side is at least 0.",
    ),
    "ordered-penalised-multiplier-of-no-side": (
        named("cones", leaf("above", 1, "multipliers", "0", number("1"))),
        "A side that is not given is at least 0.",
    ),
    "ordered-penalised-strange-generator": (
        named("cones", leaf("above", 0, "slopes", "0", number("-1/2", **{"2": "1/2"}))),
        "A slope is made of predictions that there are not.",
    ),
    "ordered-penalised-bound-left-out": (
        named("bound", proof("below", [])),
        "A side that nothing is said about is bounded.",
    ),
    "ordered-penalised-cone-left-out": (
        named("cones", lambda tree: tree["claims"][0]["neurons"][0]["above"].pop()),
        "A covering leaves a cone out.",
    ),
    "ordered-penalised-cut-by-no-kink": (
        named("bound", step("below", "split", row=1)),
        "A cone is cut by a datum in the direction of another.",
    ),
    "ordered-penalised-cut-twice": (
        named("cones", proof("below", 1, "row", 0)),
        "A cone is cut by a kink whose side it has.",
    ),
    "ordered-penalised-split-with-more": (
        named("bound", step("below", "split", sign=1)),
        "A split has a side.",
    ),
    "ordered-penalised-side-that-is-not-implied": (
        named("cones", step("below", "implied", multipliers={"0": "1"})),
        "x_0 >= 0 implies 2 x_0 + x_1 >= 0.",
    ),
    "ordered-penalised-step-of-no-rule": (
        named("cones", step("below", "implied", rule="obvious")),
        "A side is implied by an unknown rule.",
    ),
    "ordered-penalised-side-of-no-sign": (
        named("cones", step("below", "implied", sign=0)),
        "A side is implied that is neither.",
    ),
    "ordered-penalised-slope-in-a-free-bias": (
        named(
            "free-bias",
            put("problem", "network", "output_bias", False),
            put("problem", "train", "output_bias", False),
            data([["1"], ["-1"]], ["1", "1"]),
            point([[["0"]], [["0"]]], [["0"], []]),
            penalty("2"),
            claim("radius", None),
            proof(
                "above",
                [{"rule": "norm", "multipliers": {}, "slopes": {"0": number("0"), "1": number("0")}}],
            ),
            proof("below", [{"rule": "split", "row": 0}, *[{"rule": "split", "row": 1}, NORM, NORM] * 2]),
        ),
        "A bias without penalty has no slope where both labels are 1.",
    ),
    "ordered-penalised-second-order-that-is-negative": (
        named("second-order", penalty("3/5")),
        "l2 (l2 + 1) >= 1 at l2 = 3/5.",
    ),
    "ordered-penalised-second-order-of-classes": (
        named("second-order-of-classes", penalty("7/10")),
        "l2 (l2 / 2 + 1) >= 1 at l2 = 7/10.",
    ),
    "ordered-penalised-second-order-too-far": (
        named("second-order", claim("radius", "4")),
        "The second order holds as far as one likes.",
    ),
    "ordered-penalised-second-order-of-classes-too-far": (
        named("second-order-of-classes", claim("radius", "2")),
        "Two output weights move their difference by no more than each.",
    ),
    "ordered-penalised-second-order-everywhere": (
        named("second-order", claim("radius", None), put("problem", "network", "activation", ["1", "1"])),
        "The second order holds for all parameters.",
    ),
    "ordered-penalised-second-order-rounded": (
        named("second-order-rounded", penalty("3/10", biases=True)),
        "(1 - tanh(1/2))^2 is at most 3/10 (3/10 + 2 l''(1)).",
    ),
    "ordered-penalised-second-order-on-a-kink": (
        named(
            "second-order",
            point([[["0"]], [["0"]]], [["0"], []]),
            claim("radius", "1"),
        ),
        "On a kink the loss has a second order.",
    ),
    "ordered-penalised-strictness-of-no-minimum": (
        named("strict", lambda tree: tree["claims"].pop(0)),
        "A point is strict, minimum or not.",
    ),
    "ordered-penalised-strictness-by-the-second-order": (
        named(
            "second-order",
            lambda tree: tree["claims"].append(
                {
                    "kind": "ordered_penalised_strictness",
                    "point": tree["claims"][0]["point"],
                    "loss": tree["claims"][0]["loss"],
                    "strictness": "strict",
                    "flat_dimension": 0,
                }
            ),
        ),
        "A minimum by its second order is strict.",
    ),
    "ordered-penalised-dimension": (
        named("ray", put("claims", 1, "flat_dimension", 2)),
        "Two neurons on one ray trade two dimensions.",
    ),
    "ordered-penalised-dimension-of-no-ray": (
        named("ray", put("claims", 1, "flat_dimension", 0), put("claims", 1, "strictness", "strict")),
        "A neuron at 0 cannot take over.",
    ),
    "ordered-penalised-dimension-of-classes": (
        named("linear-classes", put("claims", 1, "flat_dimension", 0), put("claims", 1, "strictness", "strict")),
        "Two output biases without penalty are held.",
    ),
    "ordered-penalised-strictness": (
        named("ray", put("claims", 1, "strictness", "strict_modulo_symmetry")),
        "A penalised loss is the same along rescalings.",
    ),
    "ordered-penalised-strictness-at-a-bound-with-a-free-bias": (
        named("free-bias", penalty("1")),
        "A neuron at its bound, whose bias has no penalty, has one dimension.",
    ),
    "ordered-penalised-strictness-at-a-bound-with-outputs": (
        named(
            "free-bias",
            penalty("1"),
            put("problem", "train", "hidden_bias", [False]),
            put("claims", 1, "flat_dimension", 0),
            put("claims", 1, "strictness", "strict"),
        ),
        "A neuron at its bound, whose frozen bias gives it an output, is a point alone.",
    ),
    "ordered-penalised-descent-of-a-frozen-bias": (
        named("descent-at-zero", claim("direction", "biases", 1, ["1"])),
        "A frozen bias moves.",
    ),
    "ordered-penalised-flat-beside-silent-data": (
        flat_beside_silent_data("logistic", ["1", "-1", "1"], ["-1"], number("1/2", **{"0": "3"}), "1/2"),
        "A neuron that is silent at some data changes the predictions there.",
    ),
    "ordered-penalised-descent-of-no-length": (named("descent", claim("step", "0")), "The loss is lower at once."),
    "ordered-penalised-descent-uphill": (
        named("descent-of-a-bias", claim("direction", {"weights": [[["0"]], [["-1"]]], "biases": [["1"], ["0"]]})),
        "A neuron that grows against the label lowers the loss.",
    ),
    "ordered-penalised-descent-within-its-bound": (
        named("descent-at-zero", penalty("80683/100000")),
        "3 / (1 + e) is beyond 0.80683.",
    ),
    "ordered-penalised-descent-too-far": (named("descent-of-classes", longer(8)), "The loss falls eight times as far."),
    "ordered-penalised-descent-over-a-kink": (
        named("descent-far", claim("direction", "weights", 0, [["-8"]]), claim("step", "1")),
        "A pre-activation changes its sign on a straight way.",
    ),
    "ordered-penalised-descent-of-sizes-over-0": (
        named("descent-of-sizes", claim("direction", "weights", [[["0"]], [["-2"]]]), claim("step", "1")),
        "A size falls for ever.",
    ),
}
