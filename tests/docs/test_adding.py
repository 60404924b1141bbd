"""The loss of docs/adding.md is what the page says: run from the page, it obeys the laws and gives a census."""

from __future__ import annotations

import re
import sys
import types
from fractions import Fraction as F
from pathlib import Path

import exactgeo as eg
from exactgeo.losses import LOSSES

PAGE = (Path(__file__).parents[2] / "docs" / "adding.md").read_text(encoding="utf-8")


def test_the_loss_of_the_page_works_by_its_class_alone(monkeypatch):
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    page = types.ModuleType("page_of_a_loss")
    monkeypatch.setitem(sys.modules, page.__name__, page)
    exec(compile(code[1], "adding.md", "exec"), page.__dict__)
    monkeypatch.setitem(LOSSES, "pinball", page.Pinball)
    problem = eg.load(
        {
            "data": {"x": [[0], [1], [2]], "y": [0, 2, 1]},
            "network": {"widths": [1]},
            "loss": {"kind": "pinball(1/3)"},
            "point": {"weights": [[[1]], [[1]]], "biases": [[0], [0]]},
        }
    )
    found = eg.basins(problem)
    # By hand at the point: below the target by 1, above it by 1: 1/3 + 2/3.
    assert (found.count, found.minimum, problem.loss_at(problem.point)) == (12, F(1, 3), 1)
    assert eg.certify(problem).kind == "not_local_minimum"
    best = eg.certify(problem, found.best)
    assert (best.kind, best.loss, best.globality) == ("local_minimum", F(1, 3), "global")
    assert best.strictness is not None
    assert eg.load({**problem.to_dict()}) == problem


def test_every_registry_of_the_page_is_there():
    for line in (
        "losses/__init__.py",
        "ACTIVATIONS",
        "LADDER",
        "SOLVERS",
        "CLAIMS",
        "ENUMERATORS",
        "paper.toml",
    ):
        assert line in PAGE
