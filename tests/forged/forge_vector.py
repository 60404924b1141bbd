"""Forged certificates of networks with one hidden layer and several outputs: one for each obligation of check_vector.py."""

from __future__ import annotations

import json
import random

from deep_problems import case
from forging import Tree, changed, put
from made_vector import halved, meeting, network, one_ray
from vector_problems import pieces_case, vector_case

from exactgeo.claims.certificate import Certificate
from exactgeo.claims.vector_minimum import VectorMinimumClaim
from exactgeo.problem import Problem

_CLAIM = ("claims", 0)


def _said(problem: Problem, rule: str) -> Tree:
    """The point of a problem, said to be a minimum."""
    point = problem.point
    assert point is not None
    claim = VectorMinimumClaim(point, problem.loss_at(point), rule)
    return dict(json.loads(Certificate(problem, (claim,)).to_json()))


def _of(make: object, seed: str, rule: str, width: int, outputs: int) -> Tree:
    return _said(make(random.Random(seed), widths=[width], outputs=outputs), rule)  # type: ignore[operator]


def _on_one_datum(*weights: list[int]) -> Problem:
    """Units with these output weights v_i, each active on a datum of its own, with their kinks on one more, where the
    residual is orthogonal to all v_i: the form on the rays is their Gram matrix, less 1 on its diagonal."""
    number, outputs = len(weights), len(weights[0]) + 1
    data = range(number + 1)
    x = [[int(i == t) for i in data] for t in data]
    w = [[int(t == i) - (t not in (i, number)) for t in data] for i in range(number)]
    rows = [[*v, 0] for v in weights]
    return network(x, [*rows, [0] * (outputs - 1) + [-1]], w, [list(column) for column in zip(*rows, strict=True)])


def _beside_two() -> Problem:
    """A silent unit with the outputs of the loud one, and a dead one behind it."""
    w = [[1, 0], [1, -1], [-1, -1]]
    return network([[1, 0], [0, 1]], [[3, 1], [0, "199/100"]], w, [[2, 1, 1], [0, 1, 1]])


def _chain() -> Problem:
    """Three units: the first has to do with the second, that with the third, on whose rays the form is negative."""
    x = [[int(i == t) for i in range(5)] for t in range(5)]
    w = [[1, -1, -1, -1, 0], [-1, 1, -1, 0, 0], [-1, -1, 1, 0, -1]]
    y = [[1, 1, 0], [1, 1, 0], [-1, -1, 0], [0, 0, -1], [0, 0, 1]]
    return network(x, y, w, [[1, 1, -1], [1, 1, -1], [0, 0, 0]])


# Along the ray of the first unit the loss stays as it is, and the residual turns: the second unit then descends.
_TURN = network(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1]],
    [[1, 0], [0, -1], [1, 0], [1, 0]],
    [[1, 0, -2], [0, -1, 1]],
    [[1, 1], [0, 0]],
)
# The same beside another zero, on the one face of the first unit: the first zero is flat, the second is not.
_TURN_OF_THE_SECOND = network(
    [[1, 0, 0, 0], [1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 2]],
    [[-1, 0, 0], [3, 0, 0], ["3/2", 0, 1], ["3/2", 0, 1], ["3/2", 0, 1], [-1, 0, "3/2"]],
    [[1, -1, -1, 0], [-1, 1, -2, 0], [-1, 0, 1, -1]],
    [[1, "3/2", "3/2"], [0, 0, 0], [0, 1, 1]],
)
_SPLIT = network([[1, 0], [0, 1]], [[2, 0], [0, 1]], [[1, 0], [1, 0]], [[1, 1], [0, 0]])
_DEEP = {"weights": [[["1"]], [["1"]], [["1"], ["0"]]], "biases": [[], [], []]}


def _deep() -> Tree:
    """Two hidden layers."""
    tree = changed("vector-silent", put(*_CLAIM, "point", _DEEP), put(*_CLAIM, "loss", "0"))
    tree["problem"]["network"] |= {"widths": [1, 1], "hidden_bias": [False, False]}
    tree["problem"]["train"] |= {"hidden": [True, True], "hidden_bias": [False, False]}
    tree["problem"]["data"]["y"] = [["1", "0"]]
    return tree


FORGED_VECTOR: dict[str, tuple[Tree, str]] = {
    "vector-by-an-unknown-rule": (
        changed("vector-silent", put(*_CLAIM, "rule", "trust")),
        "A proof by no rule.",
    ),
    "vector-of-a-deeper-network": (_deep(), "The units of the first of two hidden layers are all there are."),
    "vector-silent-of-a-loud-unit": (
        _said(one_ray("201/100"), "silent"),
        "A unit on which the residuals act is silent.",
    ),
    "vector-silent-of-a-split-unit": (_said(_SPLIT, "silent"), "Two halves of a minimum are a minimum."),
    "vector-that-falls-along-a-ray": (
        changed("vector-silent", put(*_CLAIM, "point", "weights", 1, [["1"], ["0"]])),
        "The loss falls as a dead unit wakes.",
    ),
    "vector-that-falls-along-a-line": (
        _said(network([[1, 0], [0, 1]], [[0, 0], [2, 0]], [[1, 1]], [[1], [0]]), "silent"),
        "The loss has a slope in the weights of a unit without kinks.",
    ),
    "vector-with-a-slope-in-an-output-weight": (
        _said(network([[1, 0], [0, 1]], [[3, 0], [0, 1]], [[1, 0]], [[2], [0]]), "definite"),
        "An output weight that has a slope stays.",
    ),
    "vector-with-frozen-output-weights": (
        changed("vector-definite", put("problem", "train", "output", False)),
        "Frozen output weights follow.",
    ),
    "vector-with-a-slope-in-the-output-bias": (
        changed(
            "vector-definite",
            put("problem", "network", "output_bias", True),
            put("problem", "train", "output_bias", True),
            put(*_CLAIM, "point", "biases", 1, ["0", "0"]),
        ),
        "An output bias that has a slope stays.",
    ),
    "vector-definite-of-another-loss": (
        changed(
            "vector-definite", put("problem", "loss", "kind", "huber(199/100)"), put(*_CLAIM, "loss", "39601/20000")
        ),
        "A loss is a square at the end of its curved piece.",
    ),
    "vector-definite-at-breaks-alone": (
        _said(pieces_case(random.Random("h136"), end=True), "definite"),
        "A loss whose predictions are all at breaks is a square.",
    ),
    "vector-definite-of-slopes-at-breaks": (
        _said(pieces_case(random.Random("h22"), end=True), "definite"),
        "Slopes at the ends of curved pieces are residuals inside of them.",
    ),
    "vector-definite-that-is-0": (
        changed("vector-tied", put(*_CLAIM, "rule", "definite")),
        "A form that is 0 somewhere is positive.",
    ),
    "vector-definite-negative-on-a-ray": (_said(one_ray("201/100"), "definite"), "A form is positive on no ray."),
    "vector-tied-negative-on-a-ray": (_said(one_ray("201/100"), "tied"), "A form that is negative on a ray is enough."),
    "vector-tied-negative-on-lines": (
        changed(
            "vector-tied-block",
            put(*_CLAIM, "point", "weights", 1, 2, ["0", "0"]),
            *(put("problem", "data", "y", t, 2, q) for t, q in enumerate(("-3", "-3", "3", "3"))),
            put(*_CLAIM, "loss", "36"),
        ),
        "The smaller singular values are the better ones.",
    ),
    "vector-tied-of-a-split-unit": (_said(_SPLIT, "tied"), "Outputs that others can stand in for are bound."),
    "vector-tied-of-dependent-outputs": (
        _of(case, "q222", "tied", 2, 2),
        "A determinant that is 0 makes every form nonnegative.",
    ),
    "vector-whole-of-dependent-outputs": (
        _of(case, "q222", "whole", 2, 2),
        "Output weights of units that stand in for each other are bound.",
    ),
    "vector-definite-of-what-is-whole": (
        changed("vector-whole", put(*_CLAIM, "rule", "definite")),
        "Changes of silent units that balance those of loud ones cost something.",
    ),
    "vector-tied-that-is-not-flat": (
        _of(vector_case, "q13192", "tied", 2, 3),
        "A zero of a form is a curve of equal loss.",
    ),
    "vector-tied-of-a-chain": (
        _said(_chain(), "tied"),
        "Units that have to do with each other through a third are decided apart.",
    ),
    "vector-tied-with-another-zero-beside": (
        _said(_on_one_datum([1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 1, -1]), "tied"),
        "Beside a flat zero the form may be 0.",
    ),
    "vector-tied-of-zeros-in-a-row": (
        _said(_on_one_datum([1, 0], [0, 1], [1, 0]), "tied"),
        "Of three zeros two that are 0 with the third are 0 with each other.",
    ),
    "vector-tied-of-zeros-that-share-rays": (
        _said(_on_one_datum([1, 1, 0, 0, 0], [-1, 0, 1, 0, 0], [1, 0, 0, 1, 0], [-1, 0, 0, 0, 1]), "tied"),
        "Zeros are coordinates though each ray is in two of them.",
    ),
    "vector-whole-beside-a-slope": (
        _said(_TURN, "whole"),
        "A curve of equal loss has no way down beside it.",
    ),
    "vector-whole-beside-a-slope-of-the-second-zero": (
        _said(_TURN_OF_THE_SECOND, "whole"),
        "Of zeros between which the form is positive the first is flat, and so are all.",
    ),
    "vector-whole-where-outputs-meet": (
        _said(meeting(1013, 1), "whole"),
        "The best output weights are known where outputs are dependent.",
    ),
    "vector-tied-negative-half-squared": (
        _said(halved("201/100"), "tied"),
        "Half of a loss is four times as forgiving.",
    ),
    "vector-tied-far-below": (_said(one_ray("4"), "tied"), "What is very negative is enough."),
    "vector-tied-beside-two-silent-units": (
        _said(_beside_two(), "tied"),
        "Outputs that a silent unit can stand in for are bound.",
    ),
}
