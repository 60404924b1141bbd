"""Forged certificates of networks with one hidden layer and several outputs: one for each obligation of check_vector.py."""

from __future__ import annotations

import json
import random

from deep_problems import case
from forging import Tree, changed, put
from made_vector import network, one_ray
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
}
