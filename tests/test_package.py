"""The names of the package: each is what it says, in whatever order modules are imported."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import exactgeo as eg

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
NAMES = """
import importlib, pkgutil, types
import exactgeo as eg

def modules():
    return [found.name for found in pkgutil.walk_packages(eg.__path__, "exactgeo.") if found.name != "exactgeo.__main__"]

def named():
    return {name: getattr(eg, name) for name in eg.__all__}
"""


def run(code: str) -> str:
    """What a fresh interpreter prints for the code, after the helpers above."""
    return subprocess.run([sys.executable, "-c", NAMES + code], capture_output=True, text=True, check=True).stdout


def test_importing_every_submodule_leaves_each_name_what_it_was():
    code = """
before = named()
for module in modules():
    importlib.import_module(module)
print([name for name, value in named().items() if value is not before[name]])
print([name for name, value in before.items() if isinstance(value, types.ModuleType)])
"""
    assert run(code) == "[]\n[]\n"


def test_names_asked_for_after_every_submodule_are_no_modules():
    code = """
for module in modules():
    importlib.import_module(module)
print([name for name, value in named().items() if isinstance(value, types.ModuleType)])
print(all(importlib.import_module(f"exactgeo.{room}") is not None for room in ("check", "landscape")))
"""
    assert run(code) == "[]\nTrue\n"


def test_what_a_package_exports_is_no_submodule_of_the_same_name():
    code = """
for module in modules():
    importlib.import_module(module)
for module in modules():
    package = importlib.import_module(module)
    if hasattr(package, "__path__"):
        for name in getattr(package, "__all__", ()):
            if isinstance(getattr(package, name), types.ModuleType):
                print(module, name)
"""
    assert run(code) == ""


def test_every_name_is_there_and_no_other():
    # What TAB offers is what a user wants, whatever submodules are loaded.
    assert set(dir(eg)) == {*eg.__all__, "__version__"}
    assert all(getattr(eg, name) is not None for name in dir(eg))
    assert eg.__version__ == tomllib.loads(PROJECT.read_text())["project"]["version"]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        eg.nothing  # noqa: B018
