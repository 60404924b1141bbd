"""Forged certificates of cross-entropy with several classes: one for each obligation of check_classes.py."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from forging import Tree, accepted, changed, put
from made_classes import KINKS, classes

from exactgeo.claims.certificate import Certificate
from exactgeo.claims.class_descent import ClassDescentClaim
from exactgeo.claims.class_global_minimum import ClassGlobalMinimumClaim, NoFunction, NoSlope
from exactgeo.claims.class_minimum import ClassMinimumClaim, Silent
from exactgeo.claims.classes import ClassClaim, LogSums
from exactgeo.claims.deep_minimum import Reachable
from exactgeo.exact.vectors import ONE
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.problem import Direction, Problem

_CLAIM = ("claims", 0)
_LINEAR = "class-linear-model"
_HALF = ONE / 2
_ONE_UNIT = ([[1], [1], [-1]], [0, 1, 2], [[[1]], [[0], [0], [0]]])
"""One unit with outputs 1, 1, 0: its output weights have a slope."""
_FOREIGN = {"rule": "slopes", "slopes": {"0": {"constant": "0", "terms": {"-7 of 0 -7 -7": "1"}}}}


def _said(problem: Problem, kind: type[ClassClaim], *fields: Any) -> Tree:
    """The point of a problem, said to be what a claim says."""
    point = problem.point
    assert point is not None
    claim = kind(point, LogSums.of(DeepPoint.of(problem, point).loss), *fields)
    return dict(json.loads(Certificate(problem, (claim,)).to_json()))


def _unit(**tables: Any) -> Problem:
    return classes(*_ONE_UNIT, **tables)


def _along(problem: Problem, weights: Any, step: Any, order: int, powers: int = 1) -> Tree:
    """A fall along s^powers times a direction of the weights."""
    point = problem.point
    assert point is not None
    zero = Direction.zero(point)
    way = Direction(tuple(tuple(tuple(ONE * q for q in row) for row in matrix) for matrix in weights), zero.biases)
    return _said(problem, ClassDescentClaim, (*[zero] * (powers - 1), way), Fraction(step), order)


def _fourth() -> Problem:
    """Scores 1, 0, 0 of a linear model at one data point."""
    return classes([[1]], [0], [[[1], [0], [0]]])


def _loud() -> Problem:
    """Two data points on both sides of a unit on its kinks, with labels that gain by a move one way or another."""
    return classes([[1], [-1], [0], [0]], [0, 1, 1, 0], [[[0]], [[0], [0], [0]]])


FORGED_CLASSES: dict[str, tuple[Tree, str]] = {
    "class-of-the-squared-loss": (
        changed(
            "vector-silent",
            put(
                "claims",
                [{**accepted("class-silent")["claims"][0], "point": accepted("vector-silent")["claims"][0]["point"]}],
            ),
        ),
        "A claim about classes is one about squares.",
    ),
    "class-with-another-loss": (
        changed(_LINEAR, put(*_CLAIM, "loss", {"constant": "0", "terms": {"0 0 0": "5"}})),
        "Six data points with equal scores cost 5 log 3.",
    ),
    "class-with-another-row": (
        changed(_LINEAR, put(*_CLAIM, "loss", {"constant": "0", "terms": {"0 0": "6"}})),
        "Three equal scores cost log 2.",
    ),
    "class-outputs-of-another-loss": (
        changed("vector-silent", put("problem", "network", "outputs", 3)),
        "Outputs that are no classes are counted as if they were.",
    ),
    "class-outputs-of-two": (
        changed("class-behind-two-classes", put("problem", "network", "outputs", 2)),
        "Two classes are said in two ways.",
    ),
    "class-label-beyond": (
        changed(_LINEAR, put("problem", "data", "y", 0, ["3"])),
        "A label 3 of three classes 0, 1, 2.",
    ),
    "class-label-that-is-no-integer": (
        changed(_LINEAR, put("problem", "data", "y", 0, ["1/2"])),
        "A label 1/2.",
    ),
    "class-logistic-of-three": (
        changed(
            _LINEAR,
            put(*_CLAIM, "kind", "ordered_minimum"),
            lambda tree: tree["claims"][0].pop("proof"),
            put(*_CLAIM, "radius", None),
            put(*_CLAIM, "neurons", []),
        ),
        "Three classes have the score of two.",
    ),
    "class-affine-with-a-hidden-layer": (
        _said(_unit(), ClassGlobalMinimumClaim, NoSlope()),
        "A hidden layer that is trained leaves the scores affine.",
    ),
    "class-affine-with-a-slope": (
        changed(_LINEAR, put("problem", "data", "y", 0, ["1"])),
        "Unbalanced labels leave equal scores the best.",
    ),
    "class-function-with-a-slope": (
        _said(_unit(), ClassGlobalMinimumClaim, NoFunction()),
        "Labels that an input tells apart are not told apart.",
    ),
    "class-by-an-unknown-rule": (
        changed(_LINEAR, put(*_CLAIM, "proof", {"rule": "trust"})),
        "A proof by no rule.",
    ),
    "class-minimum-by-an-unknown-rule": (
        changed("class-reachable", put(*_CLAIM, "proof", {"rule": "trust"})),
        "A proof by no rule.",
    ),
    "class-minimum-without-a-hidden-layer": (
        _said(classes([[1]], [0], [[[0], [0], [0]]]), ClassMinimumClaim, ONE, Reachable()),
        "A linear model is a local minimum because nothing is hidden.",
    ),
    "class-reachable-with-a-slope": (
        _said(_unit(), ClassMinimumClaim, _HALF, Reachable()),
        "The output weights reach a change in which the loss has a slope.",
    ),
    "class-reachable-too-far": (
        changed("class-reachable", put(*_CLAIM, "radius", "1000")),
        "Nothing changes its sign, however far.",
    ),
    "class-silent-of-a-loud-unit": (
        _said(_loud(), ClassMinimumClaim, None, Silent()),
        "A unit with output weights 0 that labels pull at is silent.",
    ),
    "class-silent-in-depth": (
        _said(classes([[1]], [0], [[[0]], [[0]], [[0], [0], [0]]]), ClassMinimumClaim, None, Silent()),
        "The units of one of two hidden layers are all there are.",
    ),
    "class-silent-within-a-radius": (
        changed("class-silent", put(*_CLAIM, "radius", "1/1024")),
        "Silent units are silent within any radius.",
    ),
    "class-unrolled-a-share-of-no-point": (
        changed("class-unrolled-kinks", put(*_CLAIM, "proof", "units", 0, "covers", [[_FOREIGN]])),
        "A slope is a share of scores that no data point has.",
    ),
    "class-unrolled-that-falls": (
        changed(
            "class-unrolled-kinks",
            put("problem", "data", "y", [["2"], ["2"]]),
            put(*_CLAIM, "loss", {"constant": "2", "terms": {"0 -1 -1": "2"}}),
        ),
        "On kinks both ways cost, whatever the labels are.",
    ),
    "class-behind-no-layer": (
        changed("class-behind", put(*_CLAIM, "proof", "layer", -1)),
        "There is a layer before the first.",
    ),
    "class-merged-too-far": (
        changed("class-merged", put(*_CLAIM, "radius", "1/1024"), put(*_CLAIM, "proof", "claim", "radius", "1/4096")),
        "A minimum of the smaller network within a radius is one of the whole within a larger one.",
    ),
    "class-descent-nowhere": (
        changed("class-descent", put(*_CLAIM, "curve", [])),
        "The loss falls along no curve.",
    ),
    "class-descent-of-no-length": (
        changed("class-descent", put(*_CLAIM, "step", "0")),
        "The loss falls on an empty interval.",
    ),
    "class-descent-of-what-is-frozen": (
        changed("class-descent-shares", put("problem", "train", "hidden", [False])),
        "A frozen weight follows the way down.",
    ),
    "class-descent-that-rises": (
        _along(classes(*KINKS, train={"output": False, "output_bias": False}), [[[1]], [[0], [0], [0]]], "1/64", 1),
        "The loss falls where a label has the least output weight.",
    ),
    "class-descent-too-far-for-its-series": (
        changed("class-descent", put(*_CLAIM, "step", "1")),
        "A series holds as far as one likes.",
    ),
    "class-descent-too-far": (
        _along(_fourth(), [[[1], [0], [0]]], "1/2", 1),
        "What follows the first term of a series is nothing.",
    ),
    "class-descent-by-curvature": (
        _along(_fourth(), [[[1], [0], [0]]], "1/1024", 2),
        "The second coefficient is linear in the shares.",
    ),
    "class-descent-of-order-0": (
        changed("class-descent", put(*_CLAIM, "order", 0)),
        "A series has a term of order 0 that is negative.",
    ),
    "class-descent-cut-off": (
        changed("class-descent-of-order-8", put(*_CLAIM, "order", 7)),
        "Up to order 7 the series is 0, which is a fall.",
    ),
}
