"""The forged certificates of tests/certificates/reject: at least one for each obligation of each rule.

``python tests/forged/forge.py`` writes them, with ``index.json``: for each file the false theorem that a checker without the
obligation would let in, and the reason with which the checker rejects it; those of version 1 in ``v1/reject``. It also
writes ``verdicts.json``, the outcomes that a change of the checker is held to.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import sys
from pathlib import Path
from typing import Any

from forge_any_depth import FORGED_ANY_DEPTH
from forge_ball import FORGED_BALL
from forge_cells import FORGED_CELLS
from forge_classes import FORGED_CLASSES
from forge_deep import FORGED_DEEP
from forge_logistic import FORGED_LOGISTIC
from forge_minimum import FORGED_MINIMUM
from forge_ordered_penalty import FORGED_ORDERED_PENALTY
from forge_path import FORGED_PATH
from forge_penalty import FORGED_PENALTY
from forge_probability import FORGED_PROBABILITY
from forge_smooth import FORGED_SMOOTH
from forge_subgradient import FORGED_SUBGRADIENT
from forge_symmetry import FORGED_SYMMETRY
from forge_v1 import FORGED_V1
from forge_vector import FORGED_VECTOR
from forging import FOLDER, OLD, Tree, at, best, changed, modern, pair, put, tiny, written

ONLY_V1 = {
    "strictness-without-its-proof",
    "flat-dimension-without-its-proof",
    "descent-of-huber-as-a-square",
    "descent-of-huber-to-its-bound",
    "descent-to-another-loss",
    "descent-with-another-polynomial",
    "region-count",
}
"""Their fault is in fields that version 2 does not have."""


def still_path(bias: str, loss: str) -> Tree:
    """A path of one point of a network of three neurons that are silent, with this output bias."""
    point = {"weights": [[["0"]] * 3, [["1", "-2", "0"]]], "biases": [["0"] * 3, [bias]]}
    return {"kind": "path", "point": point, "loss": loss, "points": [], "losses": []}


FORGED: dict[str, tuple[Tree, str]] = (
    {name: (modern(tree), theorem) for name, (tree, theorem) in FORGED_V1.items() if name not in ONLY_V1}
    | FORGED_PENALTY
    | FORGED_BALL
    | {
        "strictness-of-no-minimum": (
            changed("prop1", lambda tree: tree["claims"].pop(0)),
            "The point is a strict minimum, whether or not it is a minimum.",
        ),
        "strictness-before-its-minimum": (
            changed("prop1", lambda tree: tree["claims"].insert(0, tree["claims"].pop(1))),
            "The point is a strict minimum, on which its being a minimum rests.",
        ),
        "paths-with-other-frozen-values": (
            {**changed("census-frozen"), "claims": [still_path("1", "41"), still_path("0", "34")]},
            "Whatever is frozen, the one has a path and the other, read as if about one problem.",
        ),
        "strictness-of-another-point": (
            changed("prop1", put("claims", 1, "point", {"weights": [[["2"]], [["1/2"]]], "biases": [["-6"], ["0"]]})),
            "One point is strict because another is a minimum.",
        ),
    }
)
FORGED |= FORGED_LOGISTIC | FORGED_ORDERED_PENALTY | FORGED_PROBABILITY
FORGED |= FORGED_SMOOTH

STRICT = {"kind": "penalised_strictness", "strictness": "strict", "flat_dimension": 0}


def _where(tree: Tree) -> Tree:
    return {key: tree["claims"][0][key] for key in ("point", "loss")}


FORGED |= {
    "second-order-that-is-negative": (
        changed("second-order", put("problem", "penalty", "l2", "1/5")),
        "Outputs resist whatever the penalty is: at 1/5 the loss falls along w = s, v = - s.",
    ),
    "second-order-too-far": (
        changed("second-order-without-kinks", put("claims", 0, "radius", "1000")),
        "The second order decides about all moves.",
    ),
    "second-order-everywhere": (
        changed("second-order-without-kinks", put("claims", 0, "radius", None)),
        "The second order decides about all moves, and no radius is needed.",
    ),
    "second-order-of-a-loss-that-is-straight": (
        changed(
            "second-order-of-huber",
            put("problem", "loss", "kind", "huber(1/2)"),
            put("problem", "penalty", "l2", "9/10"),
            put("claims", 0, "loss", "7/20"),
        ),
        "A residual of 3/5 curves a loss that is straight beyond 1/2.",
    ),
    "second-order-beyond-the-curved-part": (
        changed("second-order-of-huber", put("claims", 0, "radius", "1/8")),
        "A residual of 3/5 stays below 7/10 when the prediction moves by up to 5/32.",
    ),
    "second-order-on-a-kink": (
        changed(
            "second-order",
            put("claims", 0, "point", "biases", [["0"], []]),
        ),
        "A neuron on its kinks is smooth.",
    ),
    "second-order-strict": (
        changed("second-order", lambda tree: tree["claims"].append(STRICT | _where(tree))),
        "A minimum by its second order is the only point of its loss nearby: its bias is free.",
    ),
}

FLATNESS = ("claims", 1, "flatness")
END = {"rule": "bound", "still": [], "zero": []}


# h(dp) = 0 plus slopes of size 1 at the targets, where the unit left open has an output along all slants but one.
SLANTED = {"0": -2, "1": 1, "2": 1, "3": 2}
SLACKS = {"5": 4, "7": 1, "8": 3, "9": 1, "10": 3, "11": 2}


SIGNS = "--+++"  # of the basin of that name


def one_less(tree: Tree) -> None:
    """A cone of moves without one dimension of it."""
    tree["claims"][1]["flatness"]["largest"]["basis"].pop()


def still(tree: Tree) -> None:
    """A direction of zeros."""
    for key, layers in tree["claims"][0]["direction"].items():
        tree["claims"][0]["direction"][key] = json.loads(re.sub('"[^"]+"', '"0"', json.dumps(layers)))


def tree(name: str, *steps: Tree) -> Tree:
    """An accepted certificate with another tree."""
    return changed(name, put(*FLATNESS, "tree", list(steps)))


def ending(name: str, **fields: Any) -> Tree:
    return tree(name, END | fields)


FORGED |= {
    "tree-unit-twice": (
        tree("idle", {"rule": "unit", "unit": 0}, {"rule": "unit", "unit": 0}, END, END, END, END),
        "A unit is at rest and active.",
    ),
    "tree-vanishes-while-a-unit-is-open": (
        ending("idle", zero=[{"weights": {"0": 1}, "equations": {}}]),
        "What vanishes with a unit at rest vanishes with it active.",
    ),
    "tree-open-unit-along-one-slant": (
        changed(
            "open-unit",
            put(*FLATNESS, "slants", [[1]]),
            put(*FLATNESS, "tree", [END | {"zero": [{"weights": SLACKS, "equations": SLANTED}]}]),
        ),
        "What vanishes while a unit moves along one slant vanishes wherever it moves.",
    ),
    "tree-open-unit-lends-a-sign": (
        ending("open-unit-with-a-kink", zero=[{"weights": {"7": 1}, "equations": {}}]),
        "A side of a kink has a sign while that of its output weight is open.",
    ),
    "tree-still-while-a-unit-is-open": (
        ending("open-unit", still=[0]),
        "A unit that is open has no moves near the point.",
    ),
    "tree-rest-approaches": (
        tree("idle", {"rule": "unit", "unit": 0}, END | {"still": [0]}, END),
        "A unit at rest has moves that are none, so the set of equal loss is smaller than it is.",
    ),
    "tree-terms-of-both-signs": (
        ending("flat-split", zero=[{"weights": {"0": 1, "1": 1}, "equations": {}}]),
        "A sum of terms of both signs that is 0 has terms that are 0.",
    ),
    "tree-need-not-vanish": (
        ending("flat-split", zero=[{"weights": {"1": 1}, "equations": {}}]),
        "A variable is 0 without a reason.",
    ),
    "tree-output-need-not-stay": (
        tree("idle", {"rule": "unit", "unit": 0}, END, END | {"still": [0]}),
        "An active unit has no moves near the point.",
    ),
    "tree-larger-dimension": (
        changed("flat-split", put("claims", 1, "flat_dimension", 1)),
        "The set of equal loss has dimension 1; it has 2.",
    ),
    "largest-absent-variable": (
        changed("idle", put(*FLATNESS, "largest", "zero", [])),
        "A unit at rest moves.",
    ),
    "largest-sign-without-kinks": (
        changed("idle", put(*FLATNESS, "largest", "states", [-1]), put(*FLATNESS, "largest", "zero", [3])),
        "A unit without kinks has a sign.",
    ),
    "largest-active-at-rest": (
        changed("idle", put(*FLATNESS, "largest", "states", [1]), put(*FLATNESS, "largest", "zero", [3])),
        "An active unit whose output weight stays 0 approaches the point.",
    ),
    "largest-basis-leaves": (
        changed("flat-split", put(*FLATNESS, "largest", "basis", [{"0": -1, "2": 1}, {"1": 1}])),
        "A direction that leaves the cone counts as one of its.",
    ),
    "largest-basis-solves-nothing": (
        changed("flat-split", put(*FLATNESS, "largest", "basis", [{"0": -1, "2": 1}, {"0": 1}])),
        "A direction that changes the loss counts.",
    ),
    "largest-without-a-basis": (
        changed("flat-split", put(*FLATNESS, "largest", "basis", None), put(*FLATNESS[:-1], "flat_dimension", 3)),
        "A cone whose rank is taken has one dimension more.",
    ),
    "cover-of-no-neuron": (
        changed("kinks-of-two-neurons", put(*FLATNESS, "tree", 0, "neuron", 7)),
        "A neuron that is not there has a covering.",
    ),
    "cover-of-no-part": (
        changed("kinks-of-two-neurons", put(*FLATNESS, "tree", 0, "part", 7)),
        "A covering has a part that is not there.",
    ),
    "largest-of-no-unit": (
        changed("flat-split", put(*FLATNESS, "largest", "states", [0])),
        "A unit that is not there has a state.",
    ),
    "largest-of-a-state-that-is-none": (
        changed("idle", put(*FLATNESS, "largest", "states", 0, 2)),
        "A state of a unit may be 2.",
    ),
    "tree-unit-from-the-end": (
        changed("absolute-sign-of-an-idle-neuron", put(*FLATNESS, "tree", 0, "unit", -1)),
        "A unit is decided by its number from the end.",
    ),
    "tree-still-from-the-end": (
        changed("absolute-sign-of-an-idle-neuron", put(*FLATNESS, "tree", 2, "still", [-1])),
        "A unit approaches the point by its number from the end.",
    ),
    "largest-basis-dependent": (
        changed("flat-split", put(*FLATNESS, "largest", "basis", [{"3": 1}, {"3": 2}])),
        "One direction counts as two.",
    ),
}


def alike() -> Tree:
    """Two idle units with the same weights, of which the second is decided first."""
    point = {"weights": [[["1"], ["1"]], [["0", "0"]]], "biases": [[], []]}
    minimum = {"kind": "local_minimum", "point": point, "loss": "0", "radius": "1", "neurons": [{"parts": []}] * 2}
    largest = {"states": [0, 0], "zero": [], "curve": [], "basis": None}
    steps = [{"rule": "unit", "unit": 1}, END, END]
    flatness = {"rule": "tree", "slants": [[1], [1]], "tree": steps, "largest": largest}
    strict = {"kind": "strictness", "point": point, "loss": "0", "strictness": "flat", "flat_dimension": 3}
    return {**pair(minimum, x=[["1"]], y=["0"]), "version": 2, "claims": [minimum, {**strict, "flatness": flatness}]}


FORGED["tree-exchanged-out-of-order"] = (alike(), "Of units that may be exchanged both are left out.")

FORGED |= (
    FORGED_SUBGRADIENT | FORGED_MINIMUM | FORGED_DEEP | FORGED_ANY_DEPTH | FORGED_CELLS | FORGED_VECTOR | FORGED_PATH
)
FORGED |= FORGED_CLASSES | FORGED_SYMMETRY


FORGED |= {
    # A rate of -16 s^3 + 16 s^4, which is 0 at 1.
    "descent-of-third-order": (
        {
            **pair(
                {
                    "kind": "not_local_minimum",
                    "point": {"weights": [[["0", "0"], ["0", "0"]], [["1", "0"]]], "biases": [[], []]},
                    "loss": "2",
                    "direction": {"weights": [[["2", "2"], ["0", "-4"]], [["0", "1"]]], "biases": [[], []]},
                    "step": "5/4",
                },
                x=[["1", "0"], ["0", "1"]],
                y=["1", "-1"],
                slopes=("1", "1"),
            ),
            "version": 2,
        },
        "A fall of third order is half as much again.",
    ),
    "flat-without-a-dimension-of-what-the-others-determine": (
        changed("absolute-two-neurons", put("claims", 1, "flat_dimension", 3), one_less),
        "The equations of variables that the others determine count against the dimension.",
    ),
    "descent-that-stands-still": (
        changed("descent", still),
        "The loss falls where nothing moves.",
    ),
    "penalty-of-biases-that-is-none": (
        changed("penalised-strict", put("problem", "penalty", {"l2": "0", "l1": "0", "biases": True})),
        "No penalty is one if biases have it.",
    ),
    "global-of-no-dual-and-no-ray": (
        {
            **tiny(
                best(at("0", "0") | {"biases": [[], ["0"]]}, "1", [], {"0": [1]}), x=[["0"]], y=["1"], output_bias=True
            ),
            "version": 2,
        },
        "Without a dual vector there is a bound where no ray asks for one.",
    ),
    "no-claim": (changed("prop1", put("claims", [])), "Nothing is claimed, and all of it holds."),
    "arrangement-of-nothing": (
        changed("regions-central", put("arrangement", "normals", [])),
        "There are no hyperplanes.",
    ),
    "arrangement-of-no-dimension": (
        changed("regions-central", put("arrangement", "normals", [[], []])),
        "There is no space.",
    ),
    "arrangement-of-texts": (
        changed("regions-central", put("arrangement", "normals", ["100", "010"])),
        "A text is a row of numbers.",
    ),
    "basin-of-a-dual-too-long": (
        changed("basin", lambda tree: tree["claims"][0]["dual"].append("0")),
        "A dual vector has a number for a datum that is not there.",
    ),
    "basin-of-no-cells": (changed("basin", put("claims", 0, "cells", [])), "A neuron has no region."),
    "basin-of-another-letter": (
        changed("basin", lambda tree: tree["claims"][0]["cells"][0].update(signs="x" + SIGNS[1:])),
        "A region has a sign that is none.",
    ),
    "basin-of-a-long-region": (
        changed("basin", lambda tree: tree["claims"][0]["cells"][0].update(signs=SIGNS + "+")),
        "A region has a sign of a datum that is not there.",
    ),
}


def verdicts() -> Tree:
    """A hash of the checker's outcomes on each accepted certificate and on damaged copies of it."""
    from damage import damaged, outcome

    paths = sorted((FOLDER / "accept").glob("*.json"))
    trees = [json.loads(path.read_text()) for path in paths]
    found = {}
    for number, path in enumerate(paths):
        rng = random.Random(number)
        texts = [path.read_text(), *(written(damaged(trees[number], trees, rng)) for _ in range(40))]
        found[path.stem] = hashlib.sha256("\n".join(map(outcome, texts)).encode()).hexdigest()
    return found


def main() -> None:
    from damage import outcome

    for folder, forged in ((FOLDER / "reject", FORGED), (OLD / "reject", FORGED_V1)):
        folder.mkdir(parents=True, exist_ok=True)
        index = {}
        for name, (tree, theorem) in forged.items():
            (folder / f"{name}.json").write_text(written(tree))
            index[name] = {"false_theorem": theorem, "reason": outcome(written(tree))}
        (folder / "index.json").write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")
    (FOLDER / "verdicts.json").write_text(json.dumps(verdicts(), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
