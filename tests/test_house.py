"""The rules of the house that a program can check: no tolerance on the exact side, light and one-way imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "exactgeo"
EXACT = ("exact", "arrangement", "local_minimum", "basin", "landscape", "formats", "library")
FLOAT_FILES = re.compile(r"_propose_\w+\.py|_filter\.py")
TOLERANCE = re.compile(r"\b(eps|epsilon|tol|tolerance|isclose|allclose)\b|\d[eE]-\d")


def exact_files() -> list[Path]:
    files = [path for folder in EXACT for path in sorted((PACKAGE / folder).rglob("*.py"))]
    files += sorted(PACKAGE.glob("*.py"))
    return [path for path in files if not FLOAT_FILES.fullmatch(path.name)]


def code_only(path: Path) -> str:
    """The source without docstrings and comments, where words are free."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body
            if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
                node.body = body[1:] or [ast.Pass()]
    return ast.unparse(tree)


@pytest.mark.parametrize("path", exact_files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_tolerance_on_the_exact_side(path):
    found = [match.group() for match in TOLERANCE.finditer(code_only(path))]
    assert not found, f"{path}: {found}; a float file is named _propose_*.py or _filter.py"


def test_the_pattern_finds_what_it_looks_for():
    for text in ("abs(x) < eps", "tol = 3", "np.isclose(a, b)", "x < 1e-9", "2.5E-3"):
        assert TOLERANCE.search(text)
    for text in ("steps = 1", "total", "protocol", "1e5"):
        assert not TOLERANCE.search(text)


def test_check_imports_only_the_standard_library():
    tree = ast.parse((PACKAGE / "check.py").read_text(encoding="utf-8"))
    names = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in ([ast.alias(node.module or "")] if isinstance(node, ast.ImportFrom) else node.names)
    }
    assert names <= sys.stdlib_module_names | {"__future__"}


def test_importing_the_package_loads_nothing_heavy():
    heavy = {"numpy", "scipy", "sympy", "cvxpy", "networkx", "flint", "click"}
    code = f"import sys, exactgeo; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_no_file_is_two_rooms():
    long = {path.name: n for path in PACKAGE.rglob("*.py") if (n := len(path.read_text("utf-8").splitlines())) > 750}
    assert not long.keys() - {"check.py"}, long
