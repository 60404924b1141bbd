"""How a certificate is forged: an accepted one with something changed, or a small one written out."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "certificates"
Tree = dict[str, Any]
Edit = Callable[[Tree], None]


OLD = FOLDER / "v1"
OLD_FIELDS = {
    "local_minimum": ("strictness", "flat_dimension", "flatness"),
    "not_local_minimum": ("loss_after", "polynomial"),
    "regions": ("count",),
}


def accepted(name: str) -> Tree:
    return dict(json.loads((FOLDER / "accept" / f"{name}.json").read_text()))


def accepted_v1(name: str) -> Tree:
    return dict(json.loads((OLD / "accept" / f"{name}.json").read_text()))


def modern(tree: Tree) -> Tree:
    """A certificate of version 1 as one of version 2, whatever is wrong with it."""
    claims: list[Any] = []
    for claim in tree["claims"]:
        old = OLD_FIELDS.get(claim.get("kind"), ())
        claims.append({key: value for key, value in claim.items() if key not in old})
        if claim.get("kind") == "local_minimum" and claim.get("flatness") is not None:
            claims.append({"kind": "strictness", **{key: claim[key] for key in ("point", "loss", *old)}})
    return {**tree, "version": 2, "claims": claims}


def written(tree: Tree) -> str:
    return json.dumps(tree, sort_keys=True, separators=(",", ":")) + "\n"


def tiny(
    claim: Tree, *, x: list[list[str]], y: list[str], slopes: tuple[str, str] = ("1", "0"), **options: Any
) -> Tree:
    """A certificate about one neuron without biases, or as the options say."""
    hidden_bias, output_bias = options.get("hidden_bias", False), options.get("output_bias", False)
    train = {"hidden": [True], "hidden_bias": [hidden_bias], "output": True, "output_bias": output_bias}
    problem = {
        "data": {"x": x, "y": [[q] for q in y]},
        "network": {
            "widths": [1],
            "activation": list(slopes),
            "hidden_bias": [hidden_bias],
            "output_bias": output_bias,
        },
        "loss": {"kind": options.get("loss", "squared"), "reduction": "sum"},
        "train": {**train, **options.get("train", {})},
    }
    return {"format": "exactgeo-certificate", "version": 1, "problem": problem, "claims": [claim]}


def pair(claim: Tree, **options: Any) -> Tree:
    """The same about two neurons."""
    tree = tiny(claim, **options)
    tree["problem"]["network"]["widths"] = [2]
    return tree


def at(w: str, v: str) -> Tree:
    return {"weights": [[[w]], [[v]]], "biases": [[], []]}


def minimum(point: Tree, loss: str, **fields: Any) -> Tree:
    """A claim of local minimality of one neuron, flat dimension 1, with nothing to prove unless the fields say so."""
    flatness = {"covers": [], "largest": {"mode": [], "zero": [], "curve": [[0, 0]]}}
    claim = {"kind": "local_minimum", "point": point, "loss": loss, "radius": "1", "neurons": [{"parts": []}]}
    claim |= {"strictness": "strict_modulo_symmetry", "flat_dimension": 1, "flatness": flatness}
    return claim | fields


def basin(point: Tree, loss: str, dual: list[str], **cell: Any) -> Tree:
    cells = [{"signs": "+", "output": 1, "multipliers": {}} | cell]
    return {"kind": "basin_optimum", "point": point, "loss": loss, "cells": cells, "dual": dual}


def best(point: Tree, loss: str, duals: list[list[str]], regions: Tree | None) -> Tree:
    return {"kind": "global_minimum", "point": point, "loss": loss, "duals": duals, "regions": regions}


def changed(name: str, *edits: Edit) -> Tree:
    return edited(accepted(name), *edits)


def changed_v1(name: str, *edits: Edit) -> Tree:
    return edited(accepted_v1(name), *edits)


def edited(tree: Tree, *edits: Edit) -> Tree:
    tree = copy.deepcopy(tree)
    for edit in edits:
        edit(tree)
    return tree


def put(*path: Any) -> Edit:
    """Put the last argument at the place that the others lead to."""
    *way, key, value = path

    def edit(tree: Tree) -> None:
        place: Any = tree
        for step in way:
            place = place[step]
        place[key] = value

    return edit


def drop(*path: Any) -> Edit:
    *way, key = path

    def edit(tree: Tree) -> None:
        place: Any = tree
        for step in way:
            place = place[step]
        del place[key]

    return edit


ONE = {"x": [["1"]], "y": ["1"]}
BOTH = {"+": [1], "-": [-1]}
