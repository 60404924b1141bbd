"""The forged certificates about losses with weight decay: see forge.py."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from forging import Edit, Tree, changed, edited, put, tiny


def named(name: str, *edits: Edit) -> Tree:
    return changed(f"penalised-{name}", *edits)


def claim(*path: Any) -> Edit:
    return put("claims", 0, *path)


def proof(*path: Any) -> Edit:
    return claim("neurons", 0, *path)


def point(w: list[Any], v: list[str], biases: list[Any]) -> Edit:
    """Another point in every claim."""

    def edit(tree: Tree) -> None:
        for item in tree["claims"]:
            item["point"] = {"weights": [w, [v]], "biases": biases}

    return edit


def basin(key: str, value: Any) -> Edit:
    """In the first claim about a basin that has a neuron off 0: of its cell, or of the claim."""

    def edit(tree: Tree) -> None:
        found = next(item for item in tree["claims"] if any(q != "0" for (q,) in item["point"]["weights"][0]))
        number = next(i for i, (q,) in enumerate(found["point"]["weights"][0]) if q != "0")
        (found if key in found else found["cells"][number])[key] = value

    return edit


def lost(tree: Tree) -> None:
    """The losses with a quarter of the penalty."""
    for item in tree["claims"]:
        numbers = [q for matrix in item["point"]["weights"] for row in matrix for q in row]
        item["loss"] = str(Fraction(item["loss"]) - Fraction(3, 16) * sum(Fraction(q) ** 2 for q in numbers))


def everywhere(key: str, value: Any) -> Edit:
    """The same of each cell."""

    def edit(tree: Tree) -> None:
        for item in tree["claims"]:
            for cell in item["cells"]:
                cell[key] = value

    return edit


def both(key: str, value: Any) -> Edit:
    def edit(tree: Tree) -> None:
        for item in tree["claims"]:
            item[key] = value

    return edit


def flat_beside_silent_data(loss: str, y: list[str], shift: list[str], value: Any, l2: str) -> Tree:
    """b relu(b) beside 0 relu(c - x), c = 0, at x = 0, 1, 2, as one of a set of dimension 1; hidden biases have a penalty.

    The second neuron can grow at x = 0 alone; if it could everywhere, it would take over from the first.
    """
    point = {"weights": [[["0"], ["-1"]], [["1", "0"]]], "biases": [["1", "0"], shift]}
    bend = {"rule": "split", "row": 0}
    end = {"rule": "norm", "multipliers": {}, "slopes": {}}
    proofs = [{"parts": [], "above": [], "below": []}, {"parts": [], "above": [end], "below": [bend, end, end]}]
    ordered = "ordered_" * (loss == "logistic")
    about = {"point": point, "loss": value}
    first = {"kind": f"{ordered}penalised_minimum", **about, "radius": "1", "neurons": proofs}
    then = {"kind": f"{ordered}penalised_strictness", **about, "strictness": "flat", "flat_dimension": 1}
    train = {"hidden": [False], "output_bias": False}
    options: dict[str, Any] = {"hidden_bias": True, "output_bias": bool(shift), "train": train, "loss": loss}
    tree = tiny(first, x=[["0"], ["1"], ["2"]], y=y, **options)
    tree["problem"]["network"]["widths"] = [2]
    tree["problem"]["penalty"] = {"l2": l2, "l1": "0", "biases": True}
    return tree | {"version": 2, "claims": [first, then]}


def last(tree: Tree) -> None:
    """Only the last claim, a bound."""
    tree["claims"] = tree["claims"][-1:]


def idle(number: int) -> Tree:
    """Neurons at 0 that are all at their bound."""
    zero = {"parts": [], "above": [{"rule": "norm", "multipliers": {}, "slopes": {"0": "0"}}], "below": []}
    zero["below"] = [
        {"rule": "split", "row": 0},
        {"rule": "norm", "multipliers": {}, "slopes": {}},
        {"rule": "norm", "multipliers": {}, "slopes": {}},
    ]
    return named(
        "ray-alone",
        put("problem", "network", "widths", [number]),
        point([["0"]] * number, ["0"] * number, [[], []]),
        claim("neurons", [zero] * number),
    )


def _spoil(cover: list[Tree]) -> None:
    step = next(step for step in cover if step["rule"] == "implied")
    step["sign"] = -step["sign"]


def _nowhere(cover: list[Tree]) -> None:
    step = next(step for step in cover if step["rule"] == "implied")
    step |= {"sign": 0, "multipliers": {}}


def _rename(cover: list[Tree]) -> None:
    next(step for step in cover if step["rule"] == "implied")["rule"] = "guessed"


def _turn(way: Tree) -> None:
    def turned(part: Any) -> Any:
        if isinstance(part, list):
            return [turned(item) for item in part]
        return part.removeprefix("-") if part.startswith("-") else part if part == "0" else f"-{part}"

    way.update({key: turned(value) for key, value in way.items()})


NORM = {"rule": "norm", "multipliers": {}, "slopes": {}}

SPLIT = {"rule": "split", "row": 0}
_NETWORK = {"activation": ["1", "0"], "widths": [1]}


def first(tree: Tree) -> None:
    """Only the first claim, a minimum."""
    tree["claims"] = tree["claims"][:1]


def descent(w: str, fit: str, y: str, way: str, *, step: str, penalty: str = "0", **tables: str) -> Tree:
    """Of one weight and (w - y)^2 / 2: no local minimum, with ``fit + penalty`` as its loss."""
    lost = Fraction(fit) + Fraction(penalty)
    fields = {"point": {"weights": [[[w]]], "biases": [[]]}, "direction": {"weights": [[[way]]], "biases": [[]]}}
    tree = tiny({"kind": "penalised_descent", "loss": str(lost), "step": step, **fields}, x=[["1"]], y=[y])
    tree["problem"] |= {"penalty": {"l1": "0", "l2": "0", "biases": False, **tables}}
    tree["problem"]["network"] |= {"widths": [], "hidden_bias": [], "activation": ["1", "1"]}
    tree["problem"]["train"] |= {"hidden": [], "hidden_bias": []}
    tree["problem"]["loss"]["kind"] = "half_squared"
    return tree | {"version": 2}


FORGED_PENALTY: dict[str, tuple[Tree, str]] = {
    "penalised-loss-without-its-penalty": (
        named("strict", both("loss", "1/2")),
        "The loss of the point is that of its data alone.",
    ),
    "penalised-of-another-l2": (
        named("strict", put("problem", "penalty", "l2", "2")),
        "The loss is the same with twice the penalty.",
    ),
    "penalised-with-decayed-biases": (
        named("without-biases", put("problem", "penalty", "biases", True), both("loss", "1/9")),
        "A neuron at w = 0, b = 1 costs nothing where biases are penalised.",
    ),
    "penalised-kind-without-a-penalty": (
        named("strict", lambda tree: tree["problem"].pop("penalty")),
        "v w = 1 is a minimum of (v w - 2)^2 / 2.",
    ),
    "kind-without-its-penalty": (
        named("descent", claim("kind", "not_local_minimum")),
        "The loss without its penalty falls along a direction along which only the penalised one does.",
    ),
    "lower-point-under-a-penalty": (
        named(
            "strict",
            put(
                "claims",
                [
                    {
                        "kind": "lower_point",
                        "point": {"weights": [[["1"]], [["1"]]], "biases": [[], []]},
                        "loss": "1/2",
                        "better": {"weights": [[["1"]], [["2"]]], "biases": [[], []]},
                        "better_loss": "0",
                    }
                ],
            ),
        ),
        "A point of penalised loss 5/2 is better than one of 3/2.",
    ),
    "penalty-that-is-none": (
        named("strict", put("problem", "penalty", {"l2": "0", "l1": "0", "biases": False})),
        "No penalty is one.",
    ),
    "penalty-that-is-negative": (
        named("strict", put("problem", "penalty", "l2", "-1")),
        "A reward for weights is a penalty.",
    ),
    "penalised-minimum-of-sizes": (
        named("strict", put("problem", "penalty", {"l2": "1", "l1": "1", "biases": False}), both("loss", "7/2")),
        "With 1 for each unit of size the slopes are the same.",
    ),
    "penalised-slope-of-the-output-bias": (
        named("output-bias", point([["0"]], ["0"], [["0"], ["0"]]), both("loss", "4")),
        "c = 0 is a minimum for y = 2, 2.",
    ),
    "penalised-output-bias-without-penalty": (
        named("output-bias", put("problem", "penalty", "biases", False), both("loss", "1")),
        "c = 1 is a minimum for y = 2, 2 although nothing pulls it back.",
    ),
    "penalised-slope-of-a-linear-model": (
        named(
            "linear-model",
            lambda tree: [
                item.update(point={"weights": [[["2"]]], "biases": [[]]}, loss="5/4") for item in tree["claims"]
            ],
        ),
        "w = 2 is a minimum for y = 1, 2 with a penalty.",
    ),
    "penalised-slope-of-an-output-weight": (
        named("strict", point([["1"]], ["2"], [[], []]), both("loss", "5/2")),
        "v w = 2 with v = 2 is a minimum: the data are fitted.",
    ),
    "penalised-slope-of-an-input-weight": (
        named("frozen-outputs", point([["2"]], ["1"], [[], []]), both("loss", "2")),
        "w = 2 is a minimum with v = 1 frozen: the data are fitted.",
    ),
    # With b = -8/3 frozen: z = 1/3, r = -3, all slopes are 0, and the Hessian is indefinite.
    "penalised-longer-than-its-output": (
        named(
            "strict",
            put("problem", "network", "hidden_bias", [True]),
            put("problem", "data", "y", [["10/3"]]),
            point([["3"]], ["1"], [["-8/3"], []]),
            both("loss", "19/2"),
            claim("radius", "1/4"),
        ),
        "A saddle is a minimum: its input weight is longer than its output weight.",
    ),
    "penalised-covering-of-an-active-neuron": (
        named("strict", proof("above", [NORM])),
        "A neuron with an output has to be bounded.",
    ),
    "penalised-neighbourhood-too-large": (
        named("strict", claim("radius", "2")),
        "Within 2 of w = v = 1 both weights keep their sign.",
    ),
    "penalised-neighbourhood-of-all": (named("strict", claim("radius", None)), "w = v = 1 is the only minimum."),
    "penalised-beyond-its-bound": (
        named("ray-alone", put("problem", "data", "y", [["2"]]), both("loss", "2")),
        "For y = 2 a neuron at 0 is a minimum, as for y = 1.",
    ),
    "penalised-slope-below-its-kink": (
        named("ray-alone", proof("above", 0, "slopes", {"0": "-2"})),
        "relu(u) times -1 is at most -2 u.",
    ),
    "penalised-bound-left-out": (
        named("ray-alone", proof("below", [])),
        "A side that nothing is said about is bounded.",
    ),
    "penalised-cut-by-no-kink": (
        named("ray-alone", proof("below", 0, "row", 1)),
        "A cone is cut by a data point that is not there.",
    ),
    "penalised-negative-multiplier": (
        named(
            "ray-alone",
            put("problem", "data", "y", [["2"]]),
            both("loss", "2"),
            proof("below", 1, "multipliers", {"0": "-1"}),
        ),
        "A negative multiple of a side is at least 0.",
    ),
    "penalised-slope-in-a-free-bias": (
        named(
            "without-biases",
            put("problem", "network", "output_bias", False),
            put("problem", "train", "output_bias", False),
            put("problem", "data", {"x": [["1"], ["1"]], "y": [["1"], ["-1/2"]]}),
            point([["0"]], ["0"], [["0"], []]),
            both("loss", "5/8"),
            claim("radius", None),
            proof("above", [{"rule": "norm", "multipliers": {}, "slopes": {"0": "0"}}]),
            proof("below", [{"rule": "split", "row": 0}, NORM, NORM]),
        ),
        "A bias without penalty has no slope for x = 1, 1 and y = 1, -1/2.",
    ),
    "penalised-side-that-is-not-implied": (
        named("implied", lambda tree: _spoil(tree["claims"][0]["neurons"][0]["below"])),
        "A side is implied by others that do not imply it.",
    ),
    "penalised-step-of-no-rule": (
        named("implied", lambda tree: _rename(tree["claims"][0]["neurons"][0]["below"])),
        "A side is implied by an unknown rule.",
    ),
    "penalised-strictness-of-no-minimum": (
        named("strict", lambda tree: tree["claims"].pop(0)),
        "A point is strict, minimum or not.",
    ),
    "penalised-dimension": (
        named("balanced", put("claims", 1, "flat_dimension", 2)),
        "Two neurons on one ray trade two dimensions.",
    ),
    "penalised-dimension-of-no-ray": (
        named("ray", put("claims", 1, "flat_dimension", 0), put("claims", 1, "strictness", "strict")),
        "A neuron at 0 cannot take over.",
    ),
    "penalised-strictness": (
        named("balanced", put("claims", 1, "strictness", "strict_modulo_symmetry")),
        "A penalised loss is the same along rescalings.",
    ),
    "penalised-strictness-at-the-break-of-huber": (
        named("huber", put("problem", "data", {"x": [["1"], ["1"]], "y": [["2"], ["1"]]}), both("loss", "3/2")),
        "At its break a Huber loss is strictly convex, or affine.",
    ),
    "penalised-strictness-at-the-margin": (
        named(
            "strict",
            put("problem", "loss", "kind", "squared_hinge"),
            put("problem", "data", {"x": [["1"], ["1/2"]], "y": [["1"], ["1"]]}),
            put("problem", "penalty", "l2", "1/2"),
            both("loss", "3/4"),
        ),
        "At margin 1 a squared hinge is strictly convex, or constant.",
    ),
    "penalised-strictness-at-a-bound-with-a-free-bias": (
        named("without-biases", put("problem", "data", "y", [["-1/2"], ["1/2"]]), both("loss", "1/4")),
        "A neuron at its bound, whose bias has no penalty, has one dimension.",
    ),
    "penalised-strictness-at-a-bound-with-outputs": (
        named(
            "without-biases",
            put("problem", "data", "y", [["-1/2"], ["1/2"]]),
            put("problem", "train", "hidden_bias", [False]),
            both("loss", "1/4"),
        ),
        "A neuron at its bound, whose frozen bias gives it an output, is a point alone.",
    ),
    "penalised-strictness-with-a-frozen-bias": (
        named(
            "strict",
            put("problem", "network", "hidden_bias", [True]),
            put("problem", "data", {"x": [["1"], ["2"]], "y": [["1"], ["4"]]}),
            point([["1"]], ["1"], [["1"], []]),
            both("loss", "2"),
        ),
        "A neuron with a frozen bias has a ray.",
    ),
    "penalised-strictness-of-too-many-choices": (idle(10), "Ten neurons at their bound are checked choice by choice."),
    "penalised-bound-too-high": (
        named("ray-alone", put("claims", 2, "bound", "3/4")),
        "No penalised loss is below 3/4; that of the point is 1/2.",
    ),
    "penalised-bound-of-sizes": (
        named("ray-alone", last, put("problem", "penalty", "l1", "1")),
        "The squares prove a bound for sizes.",
    ),
    "penalised-bound-of-frozen-outputs": (
        named("ray-alone", last, put("problem", "train", "output", False)),
        "Frozen outputs are balanced.",
    ),
    "penalised-bound-with-a-frozen-bias": (
        named(
            "ray-alone", last, put("problem", "network", "hidden_bias", [True]), claim("point", "biases", [["5"], []])
        ),
        "With a bias of 5 no penalised loss is below 1/2; v = 1/5 fits y = 1 for 1/50.",
    ),
    "penalised-bound-of-a-dual-vector-too-long": (
        named(
            "ray-alone",
            last,
            put("problem", "data", "y", [["2"]]),
            claim("loss", "2"),
            claim("bound", "2"),
            claim("dual", ["-2"]),
        ),
        "For y = 2 no penalised loss is below 2; w = v = 1 has 3/2.",
    ),
    "penalised-descent-of-a-frozen-weight": (
        named("descent", put("problem", "train", "output", False), both("loss", "59/50")),
        "A frozen weight moves.",
    ),
    "penalised-descent-across-a-sign": (
        named(
            "descent-of-sizes",
            put("problem", "data", {"x": [["0"]], "y": [["0"]]}),
            claim("loss", "3/20"),
            claim("direction", {"weights": [[["-1"]], [["0"]]], "biases": [[], []]}),
            claim("step", "3"),
        ),
        "A size falls on beyond 0.",
    ),
    "penalised-descent-that-rises": (
        named("descent", lambda tree: _turn(tree["claims"][0]["direction"])),
        "The penalised loss falls both ways.",
    ),
    "penalised-descent-beyond-its-turn": (
        named("descent-at-zero", claim("step", "1")),
        "A fall of second order goes on for ever.",
    ),
    "penalised-descent-under-another-penalty": (
        named("descent", put("problem", "penalty", "l2", "1000"), both("loss", "10653/10")),
        "What falls under a penalty falls under a thousand times it.",
    ),
    "penalised-of-fewer-neurons": (
        named("ray", claim("neurons", [{"above": [], "below": [], "parts": []}])),
        "A neuron without a proof has none to give.",
    ),
    "penalised-within-nothing": (
        named("strict", claim("radius", "0")),
        "Every point is a local minimum within 0.",
    ),
    "penalised-beyond-the-first-neuron": (
        named("balanced", claim("radius", "7/10")),
        "Only the last neuron bounds the neighbourhood.",
    ),
    # -1 + 1/2 s up to s = 2 without the penalty, which has 3/2 s^2 of its own: the end is 1/2.
    "penalised-descent-without-the-square-of-its-step": (
        descent("0", "1/2", "1", "1", l2="3", step="3/5"),
        "The penalty of a step has no part of second order.",
    ),
    "penalised-descent-beyond-its-turn-within-1": (
        descent("7/8", "1/128", "1", "1", l2="1/1000000", step="1/2", penalty="49/128000000"),
        "A fall goes on beyond its turn, however short the way.",
    ),
    # The slope of the loss is -1 there, that of the size 2.
    "penalised-descent-of-a-size-from-0": (
        descent("0", "1/2", "1", "1/2", l1="2", step="1/8"),
        "A size does not grow from 0.",
    ),
    "penalised-descent-of-a-size-from-0-downwards": (
        descent("0", "1/2", "-1", "-1/2", l1="2", step="1/8"),
        "A size does not grow from 0 where the parameter falls.",
    ),
    "penalised-descent-that-stands-still": (
        descent("0", "1/2", "1", "0", l2="1", step="1"),
        "The loss falls where nothing moves.",
    ),
    "penalised-descent-to-its-own-level": (
        descent("0", "1/2", "1", "1", l2="1", step="1"),
        "The loss at the end of a step is lower than where it was, and equal to that.",
    ),
    "penalised-descent-of-no-length": (
        descent("0", "1/2", "1", "1", l2="1", step="0"),
        "The loss is lower at every step of (0, 0].",
    ),
    "penalised-bound-with-a-slope-in-a-free-bias": (
        named(
            "ray-alone",
            last,
            put("problem", "data", "x", [["0"]]),
            put("problem", "network", "hidden_bias", [True]),
            put("problem", "train", "hidden_bias", [True]),
            claim("point", "biases", [["0"], []]),
            claim("above", [{"rule": "norm", "multipliers": {}, "slopes": {"0": "0"}}]),
        ),
        "No penalised loss is below 1/2 for y = 1 at x = 0; a bias without penalty fits it for nothing.",
    ),
    "penalised-bound-with-a-frozen-bias-beside-an-output-bias": (
        named(
            "ray-alone",
            last,
            put("problem", "data", {"x": [["1"], ["-1"]], "y": [["1"], ["-1"]]}),
            put("problem", "network", {**_NETWORK, "hidden_bias": [True], "output_bias": True}),
            put("problem", "train", "output_bias", True),
            claim("point", "biases", [["5"], ["0"]]),
            claim("loss", "1"),
            claim("bound", "1"),
            claim("dual", ["-1", "1"]),
            claim("above", [SPLIT, NORM, NORM]),
            claim("below", [SPLIT, NORM, NORM]),
        ),
        "With a bias of 5 no penalised loss is below 1; that of w = v = 1/2 is.",
    ),
    "penalised-bound-of-another-length": (
        named("ray-alone", last, claim("dual", ["-1", "0"])),
        "A dual vector has a number for a datum that is not there.",
    ),
    "penalised-bound-without-the-price-of-the-output-bias": (
        named("output-bias", last, claim("bound", "2001/1000")),
        "An output bias gains nothing of a penalty.",
    ),
    "penalised-beyond-the-output-weight": (
        named("free-bias", point([["1"]], ["1"], [["10"], ["-8"]]), claim("radius", "2"), first),
        "Within 2 an output weight of 1 keeps its sign.",
    ),
    # With b = -3/4 frozen the slopes are 0 and the input weight is longer than the output weight.
    "penalised-longer-than-a-short-output": (
        named(
            "strict",
            put("problem", "network", "hidden_bias", [True]),
            put("problem", "data", "y", [["17/8"]]),
            point([["1"]], ["1/2"], [["-3/4"], []]),
            both("loss", "21/8"),
            claim("radius", "1/4"),
        ),
        "An input weight of 1 is no longer than an output weight of 1/2.",
    ),
    "penalised-strictness-at-twice-a-bound-with-a-free-bias": (
        named(
            "without-biases",
            put("problem", "penalty", "l2", "2"),
            put("problem", "data", "y", [["-1"], ["1"]]),
            both("loss", "1"),
        ),
        "A neuron at its bound of 2, whose bias has no penalty, has one dimension.",
    ),
    "penalised-two-rays-that-do-not-cancel": (
        edited(idle(2), put("claims", 1, "flat_dimension", 1), put("claims", 1, "strictness", "flat")),
        "Two neurons at their bound that both raise the prediction keep it.",
    ),
    "penalised-basin-of-a-point-outside": (
        named("basins", basin("signs", "--")),
        "A point with w = 1 is where w x is negative.",
    ),
    "penalised-basin-of-another-output": (
        named("basins", basin("output", -1)),
        "An output weight of 1 is negative.",
    ),
    "penalised-basin-of-a-side-left-open": (
        named("basins-with-a-bias", claim("cells", 0, "signs", "-0")),
        "At a kink a basin has both slopes.",
    ),
    "penalised-basin-of-few-signs": (named("basins", claim("cells", 0, "signs", "-")), "A datum has no side."),
    "penalised-basin-of-strange-signs": (
        named("basins", claim("cells", 0, "signs", "-?")),
        "A datum has a strange side.",
    ),
    "penalised-basin-beyond-the-penalty": (
        named("basins", put("problem", "penalty", "l2", "1/8"), lost),
        "A dual vector that the penalty outweighs at l2 = 1/2 does so at 1/8.",
    ),
    "penalised-basin-with-a-slope-in-its-bias": (
        named(
            "basins-with-a-bias", lambda tree: tree["claims"][-1]["cells"][0].update(multipliers={"0": "7", "1": "7"})
        ),
        "A bias without penalty may have a slope.",
    ),
    "penalised-basin-of-a-negative-multiplier": (
        named("basins", lambda tree: tree["claims"][-1]["cells"][0].update(multipliers={"0": "-1"})),
        "A side is outweighed by a negative multiple of itself.",
    ),
    "penalised-basin-above-its-bound": (
        named("basins", basin("bound", "100")),
        "No point of a basin with a point of loss 3 is below 100.",
    ),
    "penalised-basin-of-sizes": (
        named("basins-with-a-bias", put("problem", "penalty", "l1", "1/2")),
        "Sizes are squares: at 0 both cost nothing.",
    ),
    "penalised-flat-beside-silent-data": (
        flat_beside_silent_data("half_squared", ["2", "0", "2"], [], "5/2", "1"),
        "A neuron that is silent at some data changes the predictions there.",
    ),
    "penalised-basin-of-frozen-outputs": (
        named("basins-with-a-bias", put("problem", "train", "output", False), everywhere("output", 1)),
        "Output weights that are frozen at 0 grow with the inputs.",
    ),
    "penalised-side-that-is-none": (
        named("implied", lambda tree: _nowhere(tree["claims"][0]["neurons"][0]["below"])),
        "The kink itself is implied, and nothing beside it is left.",
    ),
}
