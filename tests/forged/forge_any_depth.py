"""Forged certificates of deep networks: activations layer by layer, `symmetric_minimum`, `deep_global_minimum`,
`unrolled_minimum`; at least one for each obligation of check_symmetry.py, check_deep_global.py and check_cells.py."""

from __future__ import annotations

import json
import random
from typing import Any

from balanced import balanced, side_by_side
from deep_problems import case
from forging import Tree, accepted, changed, put

from exactgeo.claims.certificate import Certificate
from exactgeo.claims.symmetric_minimum import SymmetricMinimumClaim
from exactgeo.local_minimum import LADDER, Descent

_CLAIM = ("claims", 0)
_LAST = ("claims", 1)
_PROOF = ("claims", 1, "proof")
_NET = ("problem", "network")


def _neuron(claim: Tree, y: list[list[str]], **options: Any) -> Tree:
    """A certificate about one neuron without biases, x = 1."""
    outputs = len(y[0])
    problem = {
        "data": {"x": [["1"]] * len(y), "y": y},
        "network": {
            "widths": [1],
            "activation": options.get("slopes", ["1", "1"]),
            "hidden_bias": [False],
            "output_bias": False,
        },
        "loss": {"kind": options.get("of", "squared"), "reduction": "sum"},
        "train": {"hidden": [True], "hidden_bias": [False], "output": True, "output_bias": False},
    }
    point = {"weights": [[[options.get("w", "0")]], [["0"]] * outputs], "biases": [[], []]}
    return {"format": "exactgeo-certificate", "version": 2, "problem": problem, "claims": [{"point": point, **claim}]}


def _still(loss: str, y: list[list[str]], curve: list[Tree] | None = None, **options: Any) -> Tree:
    """All weights 0, said to be a minimum by the symmetries."""
    return _neuron({"kind": "symmetric_minimum", "loss": loss, "curve": curve or []}, y, **options)


def _way(w: str, *v: str) -> Tree:
    """A direction of it."""
    return {"weights": [[[w]], [[q] for q in v]], "biases": [[], []]}


def _linear_model() -> Tree:
    tree = _still("0", [["0"]])
    tree["problem"]["network"] |= {"widths": [], "hidden_bias": []}
    tree["problem"]["train"] |= {"hidden": [], "hidden_bias": []}
    tree["claims"][0]["point"] = {"weights": [[["0"]]], "biases": [[]]}
    return tree


def _down(order: int, terms: int | None = None) -> Tree:
    """A point at which the loss falls at this order, with its curve or the first terms of it, said to be a minimum."""
    for problem in balanced((-1,)):
        found = next(rung for rung in LADDER if rung.name == "smooth_point").decide(problem, problem.point)  # type: ignore[arg-type]
        if isinstance(found, Descent) and next(k for k, q in enumerate(found.polynomial) if q) == order:
            tree = json.loads(found.certificate.to_json())
            (claim,) = tree["claims"]
            fields = {"point": claim["point"], "loss": claim["loss"], "curve": claim["curve"][:terms]}
            return {**tree, "claims": [{"kind": "symmetric_minimum", **fields}]}
    raise AssertionError(order)


def _several(seed: str, **options: Any) -> Tree:
    """A smooth point at which the Hessian vanishes along several lines, said to be a minimum."""
    problem = case(random.Random(seed), **options)
    assert problem.point is not None
    claim = SymmetricMinimumClaim(problem.point, problem.loss_at(problem.point), ())
    return dict(json.loads(Certificate(problem, (claim,)).to_json()))


def _apart(*fourth: int) -> Tree:
    """Two problems of :mod:`balanced` side by side."""
    relu = [problem for problem in balanced() if problem.network.activations[0].slopes == (1, 0)]
    problem = side_by_side(*(relu[k] for k in fourth))
    assert problem.point is not None
    claim = SymmetricMinimumClaim(problem.point, problem.loss_at(problem.point), ())
    return dict(json.loads(Certificate(problem, (claim,)).to_json()))


def _behind_a_frozen_layer() -> Tree:
    """A claim of a lower bound, below the loss of its point, behind a frozen layer that does nothing."""
    tree = accepted("lower-bound")
    (inner,) = tree["claims"]
    point = {"weights": [[["1"]], *inner["point"]["weights"]], "biases": [["0"], *inner["point"]["biases"]]}
    tree["problem"]["network"] |= {"widths": [1, 1], "hidden_bias": [True, True]}
    tree["problem"]["train"] |= {"hidden": [False, True], "hidden_bias": [False, True]}
    proof = {"rule": "behind", "layer": 0, "claim": inner}
    return {**tree, "claims": [{"kind": "deep_global_minimum", "point": point, "loss": inner["loss"], "proof": proof}]}


FORGED_ANY_DEPTH: dict[str, tuple[Tree, str]] = {
    # -- activations layer by layer
    "deep-mixed-of-one-kind": (
        changed("deep-mixed-activations", put(*_NET, "activation", [["1", "0"], ["1", "0"]])),
        "One activation is written as several.",
    ),
    "deep-mixed-of-too-many": (
        changed("deep-mixed-activations", put(*_NET, "activation", [["1", "0"], ["1", "1"], ["1", "0"]])),
        "There are more activations than layers.",
    ),
    "deep-mixed-of-three-slopes": (
        changed("deep-mixed-activations", put(*_NET, "activation", [["1", "0", "2"], ["1", "1"]])),
        "An activation has three slopes.",
    ),
    "deep-merged-near-with-a-radius": (
        changed("deep-merged-near", put(*_CLAIM, "radius", "1/8")),
        "What holds near enough to a point of the smaller network holds within some radius of the whole.",
    ),
    "deep-reach-without-a-radius": (
        changed("deep-reach", put(*_CLAIM, "radius", None)),
        "A proof that has a radius is said without it.",
    ),
    # -- symmetric_minimum
    "symmetric-without-a-layer": (_linear_model(), "Where there is no hidden layer the rule for one holds."),
    "symmetric-on-a-kink": (
        _still("1", [["1"]], slopes=["1", "0"]),
        "A loss with a kink is smooth.",
    ),
    "symmetric-at-a-break": (
        _still("1/2", [["1"]], of="huber(1)"),
        "A loss at a break is quadratic there.",
    ),
    "symmetric-with-a-slope": (
        changed("symmetric", put("problem", "data", "y", 0, ["2", "0"]), put(*_CLAIM, "loss", "5")),
        "A point from which an output weight descends is a minimum.",
    ),
    "symmetric-at-a-saddle": (
        _still("1", [["1"]]),
        "The origin of a chain is a minimum.",
    ),
    "symmetric-along-more": (
        _still("0", [["0"]]),
        "The Hessian may vanish along any line.",
    ),
    "symmetric-without-its-curve": (
        changed("symmetric-flat-line", put(*_CLAIM, "curve", [])),
        "The Hessian may vanish along one line more.",
    ),
    "symmetric-with-a-curve": (
        changed("symmetric", put(*_CLAIM, "curve", [_way("0", "0", "0")])),
        "A curve where there is no line.",
    ),
    "symmetric-along-two-lines": (
        _still("0", [["0"]], [_way("0", "1")]),
        "A curve on one of two lines tells of both.",
    ),
    "symmetric-off-its-slice": (
        changed("symmetric-flat-line", put(*_CLAIM, "curve", 0, "weights", 0, [["1", "0"], ["0", "0"]])),
        "A curve along a symmetry tells.",
    ),
    "symmetric-on-a-curve-of-zero": (
        changed(
            "symmetric-flat-line",
            put(*_CLAIM, "curve", 0, "weights", 1, [["0", "0"], ["0", "0"], ["0", "0"]]),
            put(*_CLAIM, "curve", 0, "weights", 2, [["0", "0", "0"], ["0", "0", "0"]]),
        ),
        "A curve that rests tells.",
    ),
    "symmetric-beside-its-line": (
        changed("symmetric-flat-line", put(*_CLAIM, "curve", 0, "weights", 2, [["-1", "0", "0"], ["0", "0", "0"]])),
        "A curve that leaves the line tells.",
    ),
    "symmetric-on-a-frozen-block": (
        changed("symmetric-flat-line", put("problem", "train", "output", False)),
        "The curve moves what is frozen.",
    ),
    "symmetric-down-a-curve": (_down(4), "The loss falls at fourth order along its curve."),
    "symmetric-off-its-line": (
        changed(
            "symmetric-flat-line",
            put(*_CLAIM, "curve", 0, "weights", 1, [["0", "0"], ["0", "0"], ["0", "0"]]),
            put(*_CLAIM, "curve", 0, "weights", 2, [["0", "0", "0"], ["0", "1", "0"]]),
        ),
        "A coordinate that is 0 along the line tells of it.",
    ),
    "symmetric-on-lines-down": (
        _apart(0, 1),
        "Of two lines one has a third order.",
    ),
    "symmetric-on-lines-that-do-not-tell": (
        _several("multi a 93", mixed=True, freeze=True, bias=True),
        "What is 0 to the last order is 0.",
    ),
    "symmetric-on-the-straight-line": (
        _down(4, 1),
        "Along the line the loss rises at fourth order, and beside it the other parameters do not help.",
    ),
    "symmetric-down-a-line": (_down(3), "The loss falls at third order along its curve."),
    # -- deep_global_minimum
    "deep-global-of-unequal-slopes": (
        changed("deep-global-behind", put(*_PROOF, {"rule": "function"})),
        "No function of the inputs has a lower loss, whatever the slopes are.",
    ),
    "deep-global-behind-a-trained-layer": (
        changed("deep-global-behind", put("problem", "train", "hidden", [True, True])),
        "The outputs of a trained layer are fixed.",
    ),
    "deep-global-of-a-layer-that-bends": (
        changed("deep-global-merged", put(*_NET, "activation", ["1", "0"])),
        "A layer of one slope near the point is linear everywhere.",
    ),
    "deep-global-of-another-point": (
        changed("deep-global-behind", put(*_PROOF, "claim", "point", "weights", 0, [["2"]])),
        "A minimum of the smaller network is one of the whole, wherever it is.",
    ),
    "deep-global-of-a-local-claim": (
        changed("deep-global-behind", put(*_PROOF, "claim", "kind", "local_minimum")),
        "A local minimum of the smaller network is a global one of the whole.",
    ),
    "deep-global-by-an-unknown-proof": (
        changed("deep-global-behind", put(*_PROOF, "rule", "trust")),
        "A proof by no rule.",
    ),
    "deep-global-of-a-false-claim": (
        changed("deep-global-behind", put(*_PROOF, "claim", "duals", [["0", "0"]])),
        "A bound of the smaller network is too low.",
    ),
    "deep-global-above-a-bound": (
        _behind_a_frozen_layer(),
        "A lower bound of the smaller network is its minimum.",
    ),
    "deep-global-of-no-layer": (
        changed("deep-global-behind", put(*_PROOF, "layer", 2)),
        "There are layers behind the last.",
    ),
    # -- unrolled_minimum
    "unrolled-faces-of-huber": (
        changed("unrolled-faces", put("problem", "loss", "kind", "huber(1)"), put(*_CLAIM, "loss", "1/2")),
        "A loss is a square at the end of its curved piece.",
    ),
    "unrolled-faces-by-an-unknown-rule": (
        changed("unrolled-faces", put(*_CLAIM, "rule", "trust")),
        "A proof by no rule.",
    ),
    "unrolled-faces-definite-on-a-tie": (
        changed("unrolled-faces-tied", put(*_CLAIM, "rule", "definite")),
        "A form that is 0 somewhere is positive.",
    ),
    "unrolled-faces-with-a-slope": (
        changed("unrolled-faces", put("problem", "data", "y", 0, ["-3", "-2"]), put(*_CLAIM, "loss", "3/2")),
        "A point from which an output weight descends is a minimum.",
    ),
    "unrolled-faces-frozen": (
        changed("unrolled-faces", put("problem", "train", "output", False)),
        "Frozen output weights move.",
    ),
    "unrolled-faces-that-fall": (
        changed("unrolled-faces", put("problem", "data", "y", 1, ["-1", "-1"])),
        "The loss falls along a ray of a unit and costs nothing.",
    ),
    "unrolled-faces-along-a-line": (
        changed(
            "unrolled-faces-mixed",
            put("problem", "data", "y", 0, ["3", "1"]),
            put("problem", "data", "y", 1, ["1", "-1"]),
            put(*_CLAIM, "loss", "4"),
        ),
        "The loss has a slope along a line of a unit and costs nothing.",
    ),
}
