"""What the command loads before it works: `--help` only click, `certify` of a proposition no large library."""

from __future__ import annotations

import keyword
import pkgutil
import subprocess
import sys

import pytest

import exactgeo.cli

LARGE = {"cvxpy", "matplotlib", "networkx", "rich", "scipy", "sympy"}
LISTED = """
import sys
from exactgeo.cli import main
try:
    main({arguments})
except SystemExit as end:
    assert end.code == 0, end.code
print(*sorted({names} & set(sys.modules)), file=sys.stderr)
"""


def loaded(names: set[str], *arguments: str) -> str:
    """Those of the modules ``names`` that the command with these arguments has loaded."""
    code = LISTED.format(arguments=list(arguments), names=names)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stderr.strip()


@pytest.mark.parametrize("arguments", [["--help"], ["certify", "--help"], ["--version"]])
def test_help_loads_no_library_and_no_room(arguments):
    rooms = {"api", "arrangement", "basin", "claims", "exact", "formats", "landscape", "library", "problem", "report"}
    assert loaded(LARGE | {"numpy", "flint"} | {f"exactgeo.{room}" for room in rooms}, *arguments) == ""


def test_certify_of_a_proposition_loads_no_large_library():
    assert loaded(LARGE, "certify", "swirszcz-prop1") == ""


def test_certify_of_a_proposition_loads_what_it_asks():
    """Of everything that is registered: the rungs up to the one that decides, the claims that are made, one loss, one
    solver, one enumerator, one command; and of the rest neither paths nor pictures, processes nor masked arrays."""
    exactgeo = {name for name in _modules() if not name.startswith("exactgeo.check")}
    asked = set(loaded(exactgeo, "certify", "swirszcz-prop1").split())
    for folder, expected in {
        "local_minimum.rungs": {
            *("linear_model", "ordered_slopes", "ordered_weight_decay", "rung", "two_layer", "weight_decay")
        },
        "claims": {
            *("barrier", "certificate", "claim", "fields", "global_minimum", "local_minimum", "lower_point", "modes"),
            *("regions", "strictness", "subject"),
        },
        "losses": {"loss", "piecewise_quadratic", "squared"},
        "basin.solvers": {"_propose_bases", "_propose_nnls", "projection", "solver"},
        "arrangement.enumerators": {"deletion", "protocol"},
        "cli": {"certify", "completion", "exits", "limited", "options"},
        "landscape": {"claims", "component", "frontier", "walls"},
        "local_minimum.deep": {"dead"},
        "local_minimum.vector": set(),
        "paths": set(),
        "numeric": set(),
        "polishing": set(),
    }.items():
        within = {name.removeprefix(f"exactgeo.{folder}.") for name in asked if name.startswith(f"exactgeo.{folder}.")}
        assert within == expected, folder
    assert len(asked) < 120
    others = {"concurrent.futures.process", "csv", "exactgeo.pictures", "multiprocessing", "numpy.ma", "sqlite3"}
    others |= {"exactgeo.basin.basin", "exactgeo.activations.sigmoid", "exactgeo.activations.tanh"}
    assert loaded(others, "certify", "swirszcz-prop1") == ""


def _modules() -> set[str]:
    return {module.name for module in pkgutil.walk_packages(exactgeo.__path__, "exactgeo.")}


@pytest.mark.parametrize("command", ["basins", "minimum", "landscape"])
def test_no_search_of_a_small_problem_loads_a_modelling_library(command):
    # Only `Basin.program()` is a model of cvxpy.
    assert loaded({"cvxpy", "matplotlib", "pandas", "sympy"}, command, "swirszcz-prop1") == ""


def test_the_list_is_of_what_is_loaded():
    assert loaded({"click", "exactgeo.problem"}, "certify", "swirszcz-prop1") == "click exactgeo.problem"


def test_every_command_has_a_file_of_its_name():
    for name, command in exactgeo.cli.cli.commands.items():
        # No module can have the name of a keyword.
        assert command.callback.__module__ == f"exactgeo.cli.{name}" + "_" * keyword.iskeyword(name)
