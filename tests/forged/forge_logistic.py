"""The forged certificates about losses without rational values: at least one for each obligation of the companion."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from forging import Edit, Tree, accepted, changed, drop, put, tiny

LOG2 = {"constant": "0", "terms": {"0": "1"}}


def first(name: str) -> Edit:
    """Keep the claims of one kind only."""
    return lambda tree: tree.update(claims=[claim for claim in tree["claims"] if claim["kind"] == name])


def data(x: list[list[str]], y: list[str]) -> Edit:
    def edit(tree: Tree) -> None:
        tree["problem"]["data"] = {"x": x, "y": [[q] for q in y]}

    return edit


def constant(tree: Any, by: str) -> None:
    """Add to the constant of a combination."""
    tree["constant"] = str(Fraction(tree["constant"]) + Fraction(by))


def line(w: list[str], way: list[str], y: list[str], step: str) -> Tree:
    """A descent of a linear model that has one weight a data point."""
    size = range(len(w))
    claim = {
        "kind": "ordered_descent",
        "point": {"weights": [[w]], "biases": [[]]},
        "loss": loss_of(w, y),
        "direction": {"weights": [[way]], "biases": [[]]},
        "step": step,
    }
    tree = tiny(claim, x=[["01"[j == k] for j in size] for k in size], y=y, loss="logistic")
    tree["problem"]["network"] |= {"widths": [], "hidden_bias": [], "activation": ["1", "1"]}
    tree["problem"]["train"] |= {"hidden": [], "hidden_bias": []}
    return tree | {"version": 2}


def ways(scores: list[str], neurons: list[Any], x: list[list[str]], y: list[str], step: str) -> Tree:
    """A descent of neurons (w, v, change of w, change of v) without kinks, which have these scores."""

    def row(q: Any) -> list[str]:
        return [*map(str, q)] if isinstance(q, tuple) else [str(q)]

    inputs, moves = [row(w) for w, _, _, _ in neurons], [row(u) for _, _, u, _ in neurons]
    outputs, turns = [str(v) for _, v, _, _ in neurons], [str(kappa) for _, _, _, kappa in neurons]
    claim = {
        "kind": "ordered_descent",
        "point": {"weights": [inputs, [outputs]], "biases": [[], []]},
        "loss": loss_of(scores, y),
        "direction": {"weights": [moves, [turns]], "biases": [[], []]},
        "step": step,
    }
    tree = tiny(claim, x=x, y=y, slopes=("1", "1"), loss="logistic")
    tree["problem"]["network"]["widths"] = [len(neurons)]
    return tree | {"version": 2}


def loss_of(scores: list[str], y: list[str]) -> Tree:
    """The sum of log(1 + exp(-y q)), in its one form."""
    terms: dict[str, Fraction] = {}
    for q in map(Fraction, scores):
        terms[str(abs(q))] = terms.get(str(abs(q)), Fraction(0)) + 1
    away = sum(min(-Fraction(t) * Fraction(q), Fraction(0)) for q, t in zip(scores, y, strict=True))
    return {"constant": str(away), "terms": {q: str(c) for q, c in terms.items()}}


def at_centre(tree: Tree) -> None:
    tree["claims"][0] |= {"slopes": ["-1/2", "1/2"], "inverse": [["1/2", "1/2"]]}
    tree["claims"][0]["point"] = {"weights": [[["0"]]], "biases": [["0"]]}


FLAT = ("claims", 1, "flatness")
PART = ("claims", 0, "neurons", 0, "parts", 0)
COVER = (*PART, "cover")


def twice(tree: Tree) -> list[Tree]:
    """The parts of the first neuron, each two times."""
    return [part for part in tree["claims"][0]["neurons"][0]["parts"] for _ in range(2)]


def leaf(tree: Tree, number: int = 0) -> Tree:
    """A leaf of the covering of the first part of the first neuron."""
    cover = tree["claims"][0]["neurons"][0]["parts"][0]["cover"]
    found: Tree = [step for step in cover if step["rule"] == "farkas"][number]
    return found


def kinks(tree: Tree, cone: int = 0) -> list[Tree]:
    found: list[Tree] = tree["claims"][0]["rooms"][0][cone]["kinks"]
    return found


def exchanged(tree: Tree) -> None:
    """More multiplier than there is: of one kink taken away and put on the other side."""
    multipliers = leaf(tree)["multipliers"]
    for key in multipliers:
        multipliers[key] = {"constant": str(-Fraction(multipliers[key]["constant"])), "terms": {
            q: str(-Fraction(w)) for q, w in multipliers[key]["terms"].items()}}  # fmt: skip


def of_squares(tree: Tree) -> None:
    tree["problem"]["loss"]["kind"] = "squared"


def two_scores(tree: Tree) -> None:
    tree["problem"]["data"]["y"] = [[y, y] for (y,) in tree["problem"]["data"]["y"]]
    tree["claims"][0]["point"]["weights"][-1] *= 2
    tree["claims"][0]["point"]["biases"][-1] *= 2


def scaled(tree: Tree) -> None:
    """A left inverse that is half of one."""
    inverse = tree["claims"][0]["inverse"]
    tree["claims"][0]["inverse"] = [[str(Fraction(q) / 2) for q in row] for row in inverse]


def no_basis(tree: Tree) -> None:
    tree["claims"][0] |= {"basis": [], "inverse": []}


def as_rational_claim(tree: Tree) -> None:
    claim = {"kind": "local_minimum", "point": tree["claims"][0]["point"], "loss": "0", "radius": None, "neurons": []}
    tree["claims"] = [claim]


def as_rational_bound(tree: Tree) -> None:
    point = tree["claims"][0]["point"]
    tree["claims"] = [{"kind": "global_minimum", "point": point, "loss": "0", "duals": [["0"] * 4], "regions": None}]


def moved_constant(tree: Tree) -> None:
    for step in ("slope",):
        kinks(tree)[0][step] = str(Fraction(kinks(tree)[0][step]) + Fraction(1, 1000))


FORGED_LOGISTIC: dict[str, tuple[Tree, str]] = {
    "logistic-of-squares": (
        changed("logistic-mirrored", of_squares),
        "What holds of the logistic loss holds of squares.",
    ),
    "logistic-as-rational": (
        changed("logistic-linear-model", as_rational_claim),
        "A loss without rational values is 0.",
    ),
    "logistic-bound-as-rational": (
        changed("logistic-linear-model", as_rational_bound),
        "A dual vector bounds a loss whose conjugate the rule does not know.",
    ),
    "logistic-two-scores": (
        changed("logistic-mirrored", two_scores),
        "Two outputs with a label each are one score.",
    ),
    "logistic-strange-generator": (
        changed("logistic-cones", lambda tree: leaf(tree)["slopes"]["3"]["terms"].update({"2/3": "1"})),
        "tanh(1/3) and tanh(1/6) are one number.",
    ),
    "logistic-another-loss": (
        changed("logistic-cones", first("ordered_minimum"), put("claims", 0, "loss", "constant", "-2")),
        "The loss is lower by 1 than it is.",
    ),
    "logistic-negative-multiplier": (
        changed("logistic-cones", exchanged),
        "A sum of negative multiples of what is nonnegative is nonnegative.",
    ),
    "logistic-steep-slope": (
        changed("logistic-cones", lambda tree: constant(leaf(tree)["slopes"]["3"], "1000")),
        "A kink has slopes beyond its sides.",
    ),
    "logistic-other-slope": (
        changed("logistic-cones", lambda tree: constant(leaf(tree)["slopes"]["3"], "-1/1000")),
        "The multipliers give another function.",
    ),
    "logistic-cut-twice": (
        changed("logistic-cones", put("claims", 0, "neurons", 0, "parts", 0, "cover", 1, {"rule": "split", "row": 0})),
        "A cone is cut by a kink whose side it has.",
    ),
    "logistic-side-not-implied": (
        changed(
            "logistic-cones",
            put(
                "claims",
                0,
                "neurons",
                0,
                "parts",
                0,
                "cover",
                1,
                {"rule": "implied", "row": 1, "sign": 1, "multipliers": {"0": "1"}},
            ),
        ),
        "x_0 >= 0 implies x_1 >= 0.",
    ),
    "logistic-part-left-out": (
        changed("logistic-kink", put("claims", 0, "neurons", 0, "parts", [])),
        "A kink that is left out does not bend.",
    ),
    "logistic-linear-part-left-out": (
        changed(
            "logistic-cones",
            lambda tree: constant(tree["claims"][0]["neurons"][0]["parts"][0]["linear"][0], "1"),
            lambda tree: [
                step["slopes"].clear()
                for step in tree["claims"][0]["neurons"][0]["parts"][0]["cover"]
                if step["rule"] == "none"
            ],
        ),
        "phi has another linear part.",
    ),
    "logistic-slope-of-the-bias": (
        changed("logistic-linear-model", data([["0", "0"], ["0", "1"], ["1", "0"], ["1", "1"]], ["1", "1", "1", "-1"])),
        "The loss falls along the bias and is least all the same.",
    ),
    "logistic-parts-of-a-silent-neuron": (
        changed(
            "logistic-silent",
            put("claims", 0, "neurons", 0, "parts", [{"rows": [], "linear": ["0", "0"], "cover": []}]),
        ),
        "A neuron with output weight 0 has a condition that is shared out.",
    ),
    "logistic-slope-of-an-output": (
        changed(
            "logistic-silent",
            data([["1"], ["2"], ["1"], ["2"]], ["1", "1", "-1", "-1"]),
            put("problem", "data", "x", 3, ["3"]),
        ),
        "The loss falls along an output weight.",
    ),
    "logistic-everywhere": (
        changed("logistic-silent", put("claims", 0, "radius", None)),
        "What is proved nearby holds everywhere.",
    ),
    "cross-entropy-radius-of-one-output": (
        changed("cross-entropy-radius", put("claims", 0, "radius", "1")),
        "Both output weights of a neuron may move by as much as their difference.",
    ),
    "logistic-strictness-of-no-minimum": (
        changed("logistic-cones", first("ordered_strictness")),
        "The point is strict, whether or not it is a minimum.",
    ),
    "cross-entropy-strict": (
        changed("cross-entropy", put("claims", 1, "strictness", "strict_modulo_symmetry")),
        "Softmax of two outputs is strict though both may move together.",
    ),
    "cross-entropy-frozen-strict": (
        changed("cross-entropy-frozen", put("claims", 1, "strictness", "strict_modulo_symmetry")),
        "A neuron whose two output weights are frozen at 1 may be rescaled.",
    ),
    "logistic-frozen-moves": (
        changed("logistic-kink-descent", put("claims", 0, "direction", "biases", 1, ["1"])),
        "A frozen bias moves.",
    ),
    "logistic-no-step": (
        changed("logistic-descent", put("claims", 0, "step", "-1/4")),
        "The loss falls along a step that is negative.",
    ),
    "logistic-across-a-kink": (
        changed(
            "logistic-descent",
            put("claims", 0, "direction", {"weights": [[["0"]], [["-1"]]], "biases": [["-9"], ["0"]]}),
        ),
        "The bound holds beyond a kink.",
    ),
    "logistic-uphill": (
        changed("logistic-separated", put("claims", 0, "direction", "weights", [[["-1"]]])),
        "The loss falls on the way up, by e^-1000.",
    ),
    "logistic-far": (
        changed("logistic-separated", put("claims", 0, "step", "2")),
        "The bound of a score far from 0 holds as far as one likes.",
    ),
    "logistic-kink-below": (
        changed("logistic-kink-descent", put("claims", 0, "step", "1")),
        "The loss falls for a step that is too long.",
    ),
    "logistic-kink-of-the-other-convergent": (
        changed(
            "logistic-kink",
            lambda tree: tree["claims"][0].update(
                point=accepted("logistic-kink-descent")["claims"][0]["point"],
                loss=accepted("logistic-kink-descent")["claims"][0]["loss"],
            ),
        ),
        "A convergent of log 2 from below is one from above.",
    ),
    "logistic-better-moves-what-is-frozen": (
        changed("logistic-lower-point", put("problem", "train", "output", False)),
        "A point with other frozen parameters is better.",
    ),
    "logistic-worse": (
        changed(
            "logistic-lower-point",
            lambda tree: tree["claims"][0].update(
                point=tree["claims"][0]["better"],
                loss=tree["claims"][0]["better_loss"],
                better=tree["claims"][0]["point"],
                better_loss=tree["claims"][0]["loss"],
            ),
        ),
        "A loss larger by e^-500 is lower.",
    ),
    "critical-no-radius": (changed("critical-bias", put("claims", 0, "radius", "0")), "The point itself is critical."),
    "critical-slopes-not-orthogonal": (
        changed("critical-bias", put("claims", 0, "slopes", 0, "-1/4")),
        "The slopes at the critical point are others.",
    ),
    "critical-too-near": (
        changed("critical-bias", put("claims", 0, "rho", "1/10000000")),
        "The critical vector is nearer than it is.",
    ),
    "critical-no-inverse": (
        changed("critical-bias", scaled),
        "The parameters move by half of what they do.",
    ),
    "critical-column-left-out": (
        changed("critical-bias", no_basis),
        "No parameter moves.",
    ),
    "critical-radius-too-small": (
        changed("critical-bias", put("claims", 0, "radius", "1/1000000000")),
        "The parameters lie nearer than they do.",
    ),
    "critical-cones-of-no-kink": (
        changed("critical-silent", put("claims", 0, "rooms", 0, [{"sides": [], "kinks": []}])),
        "A neuron without kinks has cones.",
    ),
    "critical-silent-alone": (
        changed(
            "critical-silent",
            data([["1"], ["1"], ["1"], ["-1"]], ["1", "1", "-1", "1"]),
            put("problem", "train", "output_bias", False),
            put("claims", 0, "point", "weights", 0, [["1"], ["-1"]]),
            put("claims", 0, "slopes", ["-1/3", "-1/3", "2/3", "-1/2"]),
            put("claims", 0, "inverse", [["1/3", "1/3", "1/3", "0"]]),
        ),
        "A neuron with output weight 0 that sees a point by itself may stay silent.",
    ),
    "critical-output-may-vanish": (
        changed("critical-output", put("claims", 0, "rho", "1")),
        "An output weight keeps its sign, however far the predictions move.",
    ),
    "critical-kink-may-be-crossed": (
        changed("critical-unit", put("claims", 0, "rho", "1/2")),
        "A pre-activation keeps its sign, however far the predictions move.",
    ),
    "critical-other-multipliers": (
        changed("critical-kink", moved_constant),
        "The multipliers give another function.",
    ),
    "critical-multiplier-does-not-follow": (
        changed("critical-kink", lambda tree: kinks(tree)[0].update(above=["0"] * 5, below=["1", "1", "0", "0", "0"])),
        "A multiplier keeps its distance from a slope that moves.",
    ),
    "critical-multiplier-in-two-ways": (
        changed("critical-kink", lambda tree: kinks(tree)[0].update(below=["1", "0", "0", "0", "0"])),
        "A multiplier changes in one way on the right and in another on the left.",
    ),
    "critical-no-room-on-the-right": (
        changed(
            "critical-kink",
            put("problem", "data", "y", [["1"], ["1"], ["1"], ["1"], ["-1"]]),
            put("claims", 0, "slopes", ["-1/2", "-1/2", "-1/3", "-1/3", "2/3"]),
        ),
        "The loss does not fall as a unit turns on at points whose labels want it.",
    ),
    "critical-no-room-on-the-left": (
        changed(
            "critical-kink",
            put("problem", "network", "activation", ["1", "1/2"]),
            lambda tree: kinks(tree)[0].update(below=["-1/2", "-1/2", "0", "0", "0"]),
        ),
        "The loss does not fall on the other side of a kink.",
    ),
    "critical-cone-left-out": (
        changed("critical-cones", drop("claims", 0, "rooms", 0, 0)),
        "What holds on some cones holds on all.",
    ),
    "ordered-of-fewer-neurons": (
        changed("logistic-silent", put("claims", 0, "neurons", [{"parts": []}])),
        "A neuron without a proof has none to give.",
    ),
    "ordered-of-an-empty-neighbourhood": (
        changed("logistic-silent", first("ordered_minimum"), put("claims", 0, "radius", "0")),
        "Every point is a local minimum within 0.",
    ),
    "ordered-beyond-a-kink-of-long-rows": (
        changed("logistic-silent", first("ordered_minimum"), put("claims", 0, "radius", "3/2")),
        "A kink is as far as its value, however long its row.",
    ),
    "ordered-by-an-unknown-rule": (
        changed("logistic-cones", put(*COVER, 0, {"rule": "clear", "row": 0, "sign": 1, "multipliers": {}})),
        "A side is clear without a rule.",
    ),
    "ordered-of-a-side-that-is-none": (
        changed("logistic-cones", put(*COVER, 0, {"rule": "implied", "row": 0, "sign": 0, "multipliers": {}})),
        "The kink itself is implied, and nothing beside it is left.",
    ),
    "ordered-of-another-linear-part": (
        changed(
            "logistic-silent",
            first("ordered_minimum"),
            data([["1"]], ["1"]),
            put("problem", "train", "output", False),
            put("problem", "train", "output_bias", False),
            put("claims", 0, "loss", LOG2),
            put("claims", 0, "point", {"weights": [[["1"], ["-1"]], [["1", "0"]]], "biases": [["0", "0"], ["-1"]]}),
        ),
        "The parts need not add up to the linear part of the function.",
    ),
    "ordered-of-a-kink-shared-out-twice": (
        changed("logistic-kink", lambda tree: tree["claims"][0]["neurons"][0].update(parts=twice(tree))),
        "A kink bends twice as much as it does.",
    ),
    "ordered-slope-of-no-kink": (
        changed("logistic-kink", put(*COVER, 0, "slopes", "7", {"constant": "0", "terms": {}})),
        "A kink that is not there has a slope.",
    ),
    "ordered-part-of-no-prediction": (
        changed("logistic-kink", put(*PART, "linear", [{"constant": "0", "terms": {"7": "1"}}])),
        "A generator may be of any number.",
    ),
    "ordered-descent-that-stands-still": (
        changed(
            "logistic-descent", put("claims", 0, "direction", {"weights": [[["0"]], [["0"]]], "biases": [["0"], ["0"]]})
        ),
        "The loss is lower at the point itself.",
    ),
    "ordered-lower-point-of-equal-loss": (
        changed(
            "logistic-lower-point",
            lambda tree: tree["claims"][0].update(better=tree["claims"][0]["point"]),
            lambda tree: tree["claims"][0].update(better_loss=tree["claims"][0]["loss"]),
        ),
        "A point is lower than itself.",
    ),
    "ordered-by-a-cover-of-no-parts": (
        changed("logistic-two-lengths", put(*FLAT, "tree", 0, {"rule": "cover", "neuron": 0, "part": 0})),
        "A face of a part that is not there is flat.",
    ),
    "ordered-flat-by-an-unknown-rule": (
        changed("logistic-two-lengths", put(*FLAT, "rule", "modes")),
        "A flat dimension is proved by another rule.",
    ),
    "ordered-beyond-the-first-output-weight": (
        changed("logistic-two-lengths", first("ordered_minimum"), put("claims", 0, "radius", "1/2")),
        "Only the last output weight bounds the neighbourhood.",
    ),
    "cross-entropy-radius-of-one-neuron": (
        changed(
            "cross-entropy-radius",
            put("problem", "network", "widths", [1]),
            put("claims", 0, "point", {"weights": [[["1"]], [["1"], ["3/2"]]], "biases": [[], ["1", "1/2"]]}),
            put("claims", 0, "neurons", [{"parts": []}]),
            put("claims", 0, "loss", {"constant": "0", "terms": {"0": "2"}}),
            put("claims", 0, "radius", "1/2"),
            first("ordered_minimum"),
            data([["1"], ["1"]], ["1", "0"]),
        ),
        "Both output weights of the one neuron may move by as much as their difference.",
    ),
    "ordered-descent-of-a-score-near-4": (
        line(["-7/2"], ["1"], ["1"], "5"),
        "The bound of a score of -7/2 holds as far as one likes.",
    ),
    "ordered-descent-of-a-score-that-moves-at-second-order": (
        ways(["4"], [(2, 2, 1, -1)], [["1"]], ["-1"], "2"),
        "The part of second order brings a score back.",
    ),
    "ordered-descent-of-a-score-that-moves-far-at-second-order": (
        ways(["4"], [(1, 4, "1/8", "-1/2")], [["1"]], ["-1"], "5"),
        "A part of second order grows as one of first order.",
    ),
    "ordered-descent-of-a-score-that-moves-within-1": (
        ways(["4"], [(2, 2, "3/2", "-3/2")], [["1"]], ["-1"], "7/10"),
        "A part of second order shrinks as one of third order.",
    ),
    "ordered-descent-by-the-last-neuron": (
        ways(["0"], [(1, 0, 1, 1), (1, 0, "1/2", "-1")], [["1"]], ["-1"], "1"),
        "Of second order only the last neuron counts.",
    ),
    # The terms are 0, 0, -1 and 1/2.
    "ordered-descent-of-third-order": (
        ways(
            ["0", "0"], [((0, 0), 1, (2, 2), 0), ((0, 0), 0, (0, -2), 1)], [["1", "0"], ["0", "1"]], ["1", "-1"], "5/2"
        ),
        "A fall of third order is half as much again.",
    ),
    "ordered-descent-beyond-its-turn-within-1": (
        line(["0"], ["8"], ["1"], "3/5"),
        "A fall goes on beyond its turn, however short the way.",
    ),
    "ordered-descent-that-rises-first": (
        ways(["0"], [(0, 1, "-1/10", 0), (0, 0, 10, 1)], [["1"]], ["1"], "1/5"),
        "What falls in the end falls from the start.",
    ),
    "ordered-descent-beyond-its-turn-of-third-order": (
        ways(["0"], [(0, 1, 1, 0), (0, 0, "1/10", 1)], [["1"]], ["1"], "16/5"),
        "The part of third order grows as one of second order.",
    ),
    "ordered-generator-of-nothing": (
        changed("logistic-kink", put("claims", 0, "loss", "terms", "7", "0")),
        "A combination has a generator that counts 0.",
    ),
    "ordered-part-of-no-kink": (
        changed("logistic-kink", put(*PART, "rows", [7])),
        "A part has a kink that is not there.",
    ),
    "critical-within-0": (
        changed("critical-bias", data([["0"], ["0"]], ["1", "-1"]), at_centre, put("claims", 0, "rho", "0")),
        "A vector within 0 of the point's is another one than the point's.",
    ),
    "critical-slopes-of-no-datum": (
        changed("critical-bias", lambda tree: tree["claims"][0]["slopes"].append("0")),
        "A datum that is not there has a slope.",
    ),
    # eta is 0.1; the curvature allows 0.08 at the far end of the ball, and 0.12 at the near one.
    "critical-curvature-of-the-near-end": (
        changed(
            "critical-bias",
            put("claims", 0, "point", "biases", [["29/30"]]),
            put("claims", 0, "rho", "1/2"),
            put("claims", 0, "radius", "1"),
        ),
        "The curvature is least where the ball is nearest to 0.",
    ),
    # The radius at which the bounds of the exponential, of 65 bits, lie on both sides of what is allowed.
    "critical-curvature-rounded-up": (
        changed("critical-bias", put("claims", 0, "rho", "18460853458656428577671/59029581035870565171200000000")),
        "The curvature is what its upper bound says.",
    ),
    "critical-of-a-score-of-10000": (
        changed("critical-bias", put("claims", 0, "point", "biases", [["10000"]])),
        "A curvature of e^-10000 is of use.",
    ),
    "critical-basis-from-the-end": (
        changed("critical-bias", put("claims", 0, "basis", [-1])),
        "A column has two numbers.",
    ),
    "critical-no-rows-of-an-inverse": (
        changed("critical-bias", put("claims", 0, "inverse", [])),
        "A left inverse has no row for a column.",
    ),
    "critical-fewer-rooms": (
        changed("critical-silent", put("claims", 0, "rooms", [[]])),
        "A neuron without cones has none to give.",
    ),
    "critical-behind-a-neuron-with-kinks": (
        changed("critical-two-kinks", put("claims", 0, "rooms", 1, [])),
        "The neurons behind one with kinks have nothing to show.",
    ),
    "critical-output-that-vanishes": (
        changed("critical-output", put("claims", 0, "rho", "693147/1000000"), put("claims", 0, "radius", "2")),
        "An output weight keeps its sign if it only gets to 0.",
    ),
    "critical-reach-of-the-last-neuron": (
        changed("critical-silent", put("claims", 0, "radius", "1/1000000000")),
        "Only what the last neuron moves counts.",
    ),
    "critical-reach-by-an-output-weight-below-1": (
        changed("critical-oblique-kink", put("claims", 0, "radius", "1/50000")),
        "Input weights move less if the output weight is small.",
    ),
    "critical-kink-that-is-reached": (
        changed("critical-unit", put("claims", 0, "rho", "8959/20000"), put("claims", 0, "radius", "10")),
        "A pre-activation keeps its sign if it only gets to 0.",
    ),
    "critical-kink-at-a-half": (
        changed(
            "critical-output",
            put("problem", "train", "hidden", [True]),
            put("claims", 0, "point", "weights", [[["1/2"]], [["693147/500000"]]]),
            put("claims", 0, "rho", "1"),
            put("claims", 0, "radius", "10"),
        ),
        "A pre-activation of 1/2 is as far from 0 as one of 2.",
    ),
    "critical-too-many-cones": (
        changed("critical-kink", put("claims", 0, "rooms", 0, [0] * 4097)),
        "A neuron has 4097 cones.",
    ),
    "critical-cone-of-no-side": (
        changed("critical-kink", put("claims", 0, "rooms", 0, 0, "sides", [])),
        "A cone has no side for a kink.",
    ),
    "critical-cone-of-side-2": (
        changed("critical-cones", put("claims", 0, "rooms", 0, 0, "sides", 0, 2)),
        "A side may be 2.",
    ),
    "critical-cone-of-no-kinks": (
        changed("critical-kink", put("claims", 0, "rooms", 0, 0, "kinks", [])),
        "A cone has no multiplier for a kink.",
    ),
    "critical-multiplier-of-no-datum": (
        changed("critical-kink", lambda tree: kinks(tree)[0]["above"].append("0")),
        "A multiplier follows a datum that is not there.",
    ),
    # The slope on the right is 0.1153 more than is needed, and the slopes at the critical vector move it by as much.
    "critical-room-too-narrow": (
        changed(
            "critical-narrow-room", put("claims", 0, "rho", "2824654807/10000000000"), put("claims", 0, "radius", "1")
        ),
        "A kink holds for slopes that are nearer than they are.",
    ),
    "critical-inverse-of-no-datum": (
        changed("critical-bias", lambda tree: tree["claims"][0]["inverse"][0].append("0")),
        "A left inverse has an entry for a datum that is not there.",
    ),
    "critical-rooms-of-another-form": (
        changed("critical-silent", put("claims", 0, "rooms", 1, {})),
        "The cones of a neuron are no list.",
    ),
    "critical-multiplier-below-of-no-datum": (
        changed("critical-kink", lambda tree: kinks(tree)[0]["below"].append("0")),
        "A multiplier follows on the left a datum that is not there.",
    ),
    "ordered-descent-of-no-length": (
        changed("logistic-descent", put("claims", 0, "step", "0")),
        "The loss is lower at every step of (0, 0].",
    ),
}
