"""What the command loads before it works: `--help` only click, `certify` of a proposition no large library."""

from __future__ import annotations

import keyword
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
