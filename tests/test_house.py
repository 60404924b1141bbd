"""The rules of the house that a program can check: no tolerance on the exact side, light imports, and the ratchets.

A ratchet is a rule with a list of exceptions, `tests/ratchets.toml`, that may only become shorter. After an improvement, a rename
or a merge, `python tests/shared/ratchets.py` writes the list again; it refuses to make it longer in total.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import ratchets
from ratchets import PACKAGE, code_only

FLOATS = ("numeric", "report")
FLOAT_FILES = re.compile(r"_(?:propose|filter)_\w+\.py")
TOLERANCE = re.compile(r"\b(eps|epsilon|tol|tolerance|isclose|allclose)\b|\d[eE]-\d")


def exact_files() -> list[Path]:
    """All but the two rooms of floats and the files that are named for theirs."""
    files = [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] not in FLOATS]
    return [path for path in files if not FLOAT_FILES.fullmatch(path.name)]


@pytest.mark.parametrize("path", exact_files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_tolerance_on_the_exact_side(path):
    found = [match.group() for match in TOLERANCE.finditer(code_only(path.read_text(encoding="utf-8")))]
    assert not found, f"{path}: {found}; a float file is named _propose_*.py or _filter_*.py"


def test_the_pattern_finds_what_it_looks_for():
    for text in ("abs(x) < eps", "tol = 3", "np.isclose(a, b)", "x < 1e-9", "2.5E-3"):
        assert TOLERANCE.search(text)
    for text in ("steps = 1", "total", "protocol", "1e5"):
        assert not TOLERANCE.search(text)


def test_importing_the_package_loads_nothing_heavy():
    heavy = {"numpy", "scipy", "sympy", "cvxpy", "networkx", "flint", "click"}
    code = f"import sys, exactgeo; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_no_file_is_two_rooms():
    long = {path.name: n for path in PACKAGE.rglob("*.py") if (n := len(path.read_text("utf-8").splitlines())) > 650}
    assert not long.keys() - {"check.py"}, long


# -- The ratchets --------------------------------------------------------------------------------------------

REWRITE = "write the list again: python tests/shared/ratchets.py"


@pytest.mark.parametrize("name", ratchets.RATCHETS)
def test_the_list_of_exceptions_only_becomes_shorter(name):
    sources = ratchets.package_sources()
    now = ratchets.RATCHETS[name](sources)
    allowed = ratchets.read_list(ratchets.LIST.read_text(encoding="utf-8"))[name]
    worse, gone = ratchets.worse(now, allowed), ratchets.gone(now, allowed)
    if name == "circles":
        worse = [f"{line}: {' -> '.join(ratchets.one_circle(sources, line.split(' = ')[0]))}" for line in worse]
    head = ratchets.HEADS[name]
    assert not worse, "\n  ".join([f"not allowed ({head}):", *worse, f"change the code; after a mere move, {REWRITE}"])
    assert not gone, "\n  ".join(["no longer so, which is good:", *gone, REWRITE])


def test_the_list_reads_back():
    text = ratchets.LIST.read_text(encoding="utf-8")
    assert ratchets.write_list(ratchets.read_list(text)) == text, REWRITE


def test_a_circle_is_found_wherever_the_import_stands():
    sources = {
        "__init__.py": "",
        "a.py": "def f():\n    from exactgeo.room import b",
        "room/__init__.py": "from exactgeo.room.c import C",
        "room/b.py": "from .c import C",
        "room/c.py": "import exactgeo.d",
        "d.py": "from exactgeo.a import f",
        "e.py": "from exactgeo import a",
    }
    group = "a.py, d.py, room/b.py, room/c.py"
    assert ratchets.circles(sources) == {group: 4}
    assert ratchets.one_circle(sources, group) == ["a.py", "room/b.py", "room/c.py", "d.py", "a.py"]


def test_no_circle_through_the_init_above_or_the_type_checker():
    sources = {
        "__init__.py": "from exactgeo.room import b",
        "room/__init__.py": "from exactgeo.room.b import B",
        "room/b.py": "import exactgeo.room.c",
        "room/c.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from exactgeo.room.b import B",
    }
    assert ratchets.circles(sources) == {}
    through_the_init = sources | {"room/c.py": "from exactgeo.room import B"}
    assert ratchets.circles(through_the_init) == {"room/__init__.py, room/b.py, room/c.py": 3}


def test_long_functions_and_classes_are_measured_without_words():
    body = "\n".join(f"        x{i} = {i}  # a comment\n\n        # another\n" for i in range(60))
    text = f'class C:\n    """Words.\n\n    Words.\n    """\n    def f(self):\n        """Words."""\n{body}\n'
    assert ratchets.long_functions({"a.py": text}) == {"a.py C.f": 61}
    assert ratchets.long_functions({"a.py": text.replace("        x7 = 7", "")}) == {}
    assert ratchets.long_classes({"a.py": text}) == {}
    fields = "\n".join(f"    x{i}: int" for i in range(300))
    assert ratchets.long_classes({"a.py": f'class C:\n    """Words."""\n{fields}'}) == {"a.py C": 301}


def test_a_branch_on_a_loss_is_found_in_every_form():
    text = """
\"\"\"The huber loss.\"\"\"
def f(kind, loss: str = "squared"):
    if kind == "huber" or kind in ("hinge", "squared_hinge"):
        return {"logistic": 1}[kind]
    match kind:
        case "absolute":
            return kind.startswith("huber")
"""
    assert ratchets.loss_names({"room/a.py": text}) == {"room/a.py": 6}
    assert ratchets.loss_names({"losses/a.py": text, "check.py": text, "formats/a.py": text}) == {}


def test_layers_balls_and_old_names_are_found():
    layers = {"a.py": "p.weights[1][0] + p.biases[-1] + weights[layer]", "problem/a.py": "weights[0]"}
    assert ratchets.layers_by_number(layers) == {"a.py": 2}
    ball = "from flint import arb, fmpq"
    flint = {"a.py": ball, "b.py": "import flint\nflint.arb(1)", "exact/interval.py": ball}
    assert ratchets.balls(flint) == {"a.py": 1, "b.py": 1}
    text = "class Cells:\n    __slots__ = ()\n    AT_ONCE = 3\n    def f(self, keeper):\n        self._settled = 1\n"
    names = ["AT_ONCE", "Cells", "_settled", "keeper", "seats"]
    assert ratchets.old_names({"room/seats.py": text}) == {f"room/seats.py {name}": 1 for name in names}
    free = "import os\nclass Homeless:\n    seating: int\n    def f(self):\n        spot = os.walk(2)\n"
    assert ratchets.old_names({"room/cellsize.py": free}) == {}


def test_the_list_may_not_become_longer():
    assert ratchets.worse({"a": 3, "b": 1}, {"a": 2, "c": 1}) == ["a = 3 (allowed: 2)", "b = 1 (allowed: none)"]
    assert ratchets.gone({"a": 1}, {"a": 2, "c": 1}) == ["c"]
    merged = '[functions]  # words\n<<<<<<< HEAD\n"a f" = 61\n=======\n"a f" = 63\n>>>>>>> other\n'
    assert ratchets.read_list(merged)["functions"] == {"a f": 63}


# -- The tests themselves ------------------------------------------------------------------------------------

TESTS = Path(__file__).parent


def test_every_folder_and_helper_of_the_tests_is_in_their_readme():
    readme = (TESTS / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w./]+)`", readme))
    folders = {f"{path.name}/" for path in TESTS.rglob("*") if path.is_dir() and path.name != "__pycache__"}
    helpers = {path.name for path in TESTS.rglob("*.py") if not path.name.startswith("test_")}
    top = {path.name for path in TESTS.glob("test_*.py")}
    missing = (folders | helpers | top) - named
    assert not missing, "tests/README.md does not say what they hold"
    known = {path.name for path in TESTS.rglob("*")}
    gone = {name for name in named - {"tests/", "pytest", "exactgeo"} if name.rstrip("/") not in known}
    assert not gone, "tests/README.md names them"


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_no_test_imports_another():
    # But for the mutants, which run whole test files.
    found = {(path.name, name) for path in TESTS.rglob("*.py") for name in imported(path) if name.startswith("test_")}
    assert found == {("mutants.py", "test_check_verdicts"), ("mutants.py", "test_check_intervals")}


def test_second_algorithms_share_no_code_with_the_first():
    files = {path.stem: path for path in (TESTS / "brute").glob("*.py")}
    allowed = sys.stdlib_module_names | files.keys() | {"numpy"}
    assert {name.split(".")[0] for path in files.values() for name in imported(path)} <= allowed
