"""The forged certificates about smooth losses: at least one for each obligation of the two companions."""

from __future__ import annotations

from fractions import Fraction

from forging import Edit, Tree, accepted, changed, put

ZERO = {"weights": [[["0"]], [["0"]]], "biases": [["0"], ["0"]]}


def shifted(*path: str | int, by: str) -> Edit:
    """Add to a rational."""

    def edit(tree: Tree) -> None:
        node = tree
        for key in path[:-1]:
            node = node[key]  # type: ignore[index]
        node[path[-1]] = str(Fraction(node[path[-1]]) + Fraction(by))  # type: ignore[index]

    return edit


def scaled(by: str) -> Edit:
    """Another factor of the inverse."""

    def edit(tree: Tree) -> None:
        claim = tree["claims"][0]
        claim["factor"] = [[str(Fraction(q) * Fraction(by)) for q in row] for row in claim["factor"]]

    return edit


def as_minimum(tree: Tree) -> None:
    """A saddle with the words of a minimum."""
    claim = tree["claims"][0]
    del claim["signs"]
    claim |= {"kind": "smooth_minimum", "low": "0", "high": "100"}


def as_saddle(tree: Tree) -> None:
    claim = tree["claims"][0]
    del claim["low"], claim["high"]
    claim |= {"kind": "smooth_saddle", "signs": [1] * len(claim["factor"])}


def nothing_trained(tree: Tree) -> None:
    tree["problem"]["train"] = {"hidden": [False], "hidden_bias": [False], "output": False, "output_bias": False}
    tree["claims"][0]["factor"] = []


def of_slopes(tree: Tree) -> None:
    tree["problem"]["network"]["activation"] = ["1", "0"]


def as_rational_descent(tree: Tree) -> None:
    tree["claims"][0] |= {"kind": "not_local_minimum", "loss": "1"}


def uphill(tree: Tree) -> None:
    """The direction turned around."""
    way = tree["claims"][0]["direction"]
    way["weights"] = [[[str(-Fraction(q)) for q in row] for row in matrix] for matrix in way["weights"]]
    way["biases"] = [[str(-Fraction(q)) for q in row] for row in way["biases"]]


def without(*names: str) -> Edit:
    def edit(tree: Tree) -> None:
        for name in names:
            tree["problem"].pop(name)

    return edit


def flat_problem(tree: Tree) -> None:
    """Two units in place of one, both as before: a line of critical points."""
    tree["problem"]["network"]["widths"] = [2]
    point = tree["claims"][0]["point"]
    point["weights"] = [
        point["weights"][0] * 2,
        [[str(Fraction(q) / 2) for q in row] * 2 for row in point["weights"][1]],
    ]
    point["biases"] = [point["biases"][0] * 2, point["biases"][1]]
    size = 7
    tree["claims"][0]["factor"] = [[str(int(i == j)) for j in range(size)] for i in range(size)]


def two_targets(tree: Tree) -> None:
    tree["problem"]["data"]["y"] = [[*row, "7"] for row in tree["problem"]["data"]["y"]]


MINIMUM, LOGISTIC, DEEP, SADDLE = "smooth-minimum", "smooth-minimum-logistic", "smooth-minimum-deep", "smooth-saddle"
DESCENT, FROZEN, STUDENT = "smooth-descent", "smooth-descent-frozen", "population-one-student"

FORGED_SMOOTH: dict[str, tuple[Tree, str]] = {
    "smooth-no-radius": (changed(MINIMUM, put("claims", 0, "radius", "0")), "A point alone is a box."),
    "smooth-wide": (
        changed(MINIMUM, put("claims", 0, "radius", "4")),
        "The only critical point nearby is the only one far around.",
    ),
    "smooth-moved": (
        changed(MINIMUM, shifted("claims", 0, "point", "biases", 1, 0, by="1/100")),
        "A critical point lies in a box beside it.",
    ),
    "smooth-other-target": (
        changed(MINIMUM, put("problem", "data", "y", 0, ["2"])),
        "A critical point for some targets is one for others.",
    ),
    "smooth-other-activation": (
        changed(MINIMUM, put("problem", "network", "activation", "sigmoid")),
        "A critical point of tanh is one of the logistic function.",
    ),
    "smooth-other-penalty": (
        changed(MINIMUM, put("problem", "penalty", "biases", True)),
        "A penalty of the biases changes nothing.",
    ),
    "smooth-without-penalty": (changed(MINIMUM, without("penalty")), "A penalty changes nothing."),
    "smooth-sum-for-mean": (
        changed(MINIMUM, put("problem", "loss", "reduction", "sum")),
        "A sum is a mean, penalty and all.",
    ),
    "smooth-half": (
        changed(MINIMUM, put("problem", "loss", "kind", "half_squared")),
        "Half the loss, and the same penalty.",
    ),
    "smooth-factor": (changed(MINIMUM, scaled("3/2")), "Any matrix is about an inverse."),
    "smooth-factor-not-dyadic": (
        changed(MINIMUM, put("claims", 0, "factor", 0, 0, "1/3")),
        "A third is known in binary digits.",
    ),
    "smooth-factor-too-fine": (
        changed(MINIMUM, put("claims", 0, "factor", 0, 0, f"1/{2**257}")),
        "Numbers are finer than the arithmetic.",
    ),
    "smooth-factor-row-as-text": (
        changed(SADDLE, put("claims", 0, "factor", 0, "11")),
        "A word is a row of its letters.",
    ),
    "smooth-loss-below": (changed(MINIMUM, put("claims", 0, "high", "1")), "The loss is lower than it is."),
    "smooth-loss-above": (changed(LOGISTIC, put("claims", 0, "low", "2")), "The loss is higher than it is."),
    "smooth-flat": (changed(MINIMUM, flat_problem), "A line of critical points is one of them."),
    "smooth-nothing-trained": (changed(MINIMUM, nothing_trained), "Where nothing moves there is a strict minimum."),
    "smooth-saddle-as-minimum": (changed(SADDLE, as_minimum), "A saddle is a minimum."),
    "smooth-minimum-as-saddle": (changed(MINIMUM, as_saddle), "A minimum is a saddle without negative curvatures."),
    "smooth-more-negative": (
        changed(SADDLE, put("claims", 0, "signs", [-1, -1])),
        "Both curvatures are negative, where one is.",
    ),
    "smooth-sign-zero": (changed(SADDLE, put("claims", 0, "signs", [1, 0])), "A curvature is 0 and its inverse too."),
    "smooth-sparse-penalty": (
        changed(MINIMUM, put("problem", "penalty", "l1", "1/100")),
        "Absolute values have derivatives.",
    ),
    "smooth-huber": (changed(DEEP, put("problem", "loss", "kind", "huber(1)")), "Huber's loss has two derivatives."),
    "smooth-of-slopes": (changed(DESCENT, of_slopes), "A claim about tanh holds of ReLU."),
    "smooth-as-rational": (changed(DESCENT, as_rational_descent), "A descent of a smooth loss is one of a polynomial."),
    "smooth-two-targets": (changed(DESCENT, two_targets), "A network with one output has two targets."),
    "smooth-no-step": (changed(DESCENT, put("claims", 0, "step", "0")), "The loss falls up to a step of 0."),
    "smooth-step-back": (
        changed(DESCENT, put("claims", 0, "step", "-1/8")),
        "The loss falls along a step that is negative.",
    ),
    "smooth-uphill": (changed(DESCENT, uphill), "The loss falls on the way up."),
    "smooth-too-far": (changed(DESCENT, put("claims", 0, "step", "8")), "The loss falls for a step that is too long."),
    "smooth-frozen-moves": (
        changed(FROZEN, put("claims", 0, "direction", "biases", 2, ["1/4096"])),
        "A frozen bias moves.",
    ),
    "smooth-still": (
        changed(
            SADDLE,
            lambda tree: tree["claims"].__setitem__(
                0,
                {
                    "kind": "smooth_descent",
                    "point": tree["claims"][0]["point"],
                    "step": "1/4",
                    "direction": {"weights": [[["0"]], [["0"]]], "biases": [[], []]},
                },
            ),
        ),
        "The loss falls though nothing moves.",
    ),
    "smooth-critical-falls": (
        changed(
            SADDLE,
            lambda tree: tree["claims"].__setitem__(
                0,
                {
                    "kind": "smooth_descent",
                    "point": tree["claims"][0]["point"],
                    "step": "1/4",
                    "direction": {"weights": [[["1"]], [["1"]]], "biases": [[], []]},
                },
            ),
        ),
        "The loss falls to first order at a critical point.",
    ),
    "population-no-radius": (changed(STUDENT, put("claims", 0, "radius", "0")), "A point alone is a box."),
    "population-wide": (changed(STUDENT, put("claims", 0, "radius", "1/2")), "The only critical point far around."),
    "population-through-zero": (
        changed(STUDENT, put("claims", 0, "radius", "2")),
        "The loss is smooth where a student is 0.",
    ),
    "population-other-teacher": (
        changed(STUDENT, put("population", "teachers", 0, ["1", "1"])),
        "The minimum for some teachers is that for others.",
    ),
    "population-parallel": (
        changed(STUDENT, put("claims", 0, "students", [["1", "0"]])),
        "The loss is smooth where a student is parallel to a teacher.",
    ),
    "population-factor": (changed(STUDENT, scaled("3/2")), "Any matrix is about an inverse."),
    "population-loss": (changed(STUDENT, put("claims", 0, "high", "1/20")), "The loss is lower than it is."),
    "population-no-teacher": (changed(STUDENT, put("population", "teachers", [])), "Nobody teaches."),
    "population-no-student": (changed(STUDENT, put("claims", 0, "students", [])), "Nobody learns."),
    "population-beside-a-problem": (
        {**accepted(STUDENT), "problem": accepted(DESCENT)["problem"]},
        "A file is about a problem and a population.",
    ),
    "population-as-problem": (
        {**accepted(DESCENT), "claims": accepted(STUDENT)["claims"]},
        "A population loss is a training loss.",
    ),
    "population-with-a-descent": (
        {**accepted(STUDENT), "claims": accepted(DESCENT)["claims"]},
        "A training loss is a population loss.",
    ),
}
