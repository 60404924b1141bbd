"""The self-test of an installed exactgeo: recorded certificates, examples of docstrings, laws of the registries.

What it runs lies beside the package (``_selftest/``, put there when a wheel is built), or in ``tests/`` of a checkout.
"""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import json
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import exactgeo
from exactgeo.checking import CHECKER
from exactgeo.frozen import dataclass

__all__ = ["PARTS", "Part", "folder"]


@dataclass(frozen=True)
class Part:
    """What one part of the self-test gave.

    Attributes
    ----------
    name : str
    tried : int
        Certificates, examples or laws that were run.
    failures : tuple of str
        One line for each that did not give what it should.
    skipped : str
        Why the part was not run; empty where it was.
    """

    name: str
    tried: int
    failures: tuple[str, ...] = ()
    skipped: str = ""


def folder() -> Path:
    """Where certificates and laws are: inside an installed package, else the ``tests/`` of a source checkout."""
    package = Path(exactgeo.__file__).resolve().parent
    shipped = package / "_selftest" / "tests"
    return shipped if shipped.is_dir() else package.parent / "tests"


def certificates() -> Part:
    """Certificates that the checker has to accept, and false ones that it has to reject, each for its recorded reason.

    Cost: about 10 s for a thousand files, in this process.
    """
    with _checker() as checker:
        return _recorded(checker)


def _recorded(checker: ModuleType) -> Part:
    failures = []
    accepted = sorted((folder() / "certificates" / "accept").glob("*.json"))
    for path in accepted:
        said = _outcome(checker, path)
        failures += [f"{path.stem}: {said}"] * (not said.startswith("accepted"))
    rejected = json.loads((folder() / "certificates" / "reject" / "index.json").read_text(encoding="utf-8"))
    for name, row in rejected.items():
        said = _outcome(checker, folder() / "certificates" / "reject" / f"{name}.json")
        failures += [f"{name}: {said}; expected {row['reason']}"] * (said != row["reason"])
    return Part("certificates", len(accepted) + len(rejected), tuple(failures))


@contextmanager
def _checker() -> Iterator[ModuleType]:
    """The checker loaded from its file, as the command runs it: it imports nothing of this package."""
    name = "exactgeo.check"  # under which its companions look for it, and under which another one may be loaded
    before = sys.modules.get(name)
    spec = importlib.util.spec_from_file_location(name, CHECKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before


def _outcome(checker: ModuleType, path: Path) -> str:
    try:
        checker.examine(str(path), None)
    except (checker.Rejected, checker.Refused) as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:  # what the command calls malformed
        return f"Refused: malformed ({type(error).__name__})"
    return "accepted"


def docstrings() -> Part:
    """The examples of all docstrings of the package. Cost: about 20 s."""
    tried, failures = 0, []
    for module in _modules():
        for test in doctest.DocTestFinder(exclude_empty=True).find(module):
            if not test.examples:
                continue
            report: list[str] = []
            results = doctest.DocTestRunner(verbose=False).run(test, out=report.append)
            tried += results.attempted
            failures += [f"{test.name}: {results.failed} of {results.attempted} examples"] * bool(results.failed)
    return Part("docstrings", tried, tuple(failures))


def _modules() -> Iterator[ModuleType]:
    """All modules but the start of the command and the checker's files, which are programs of their own."""
    yield exactgeo
    for found in pkgutil.walk_packages(exactgeo.__path__, "exactgeo."):
        last = found.name.rpartition(".")[2]
        if last != "__main__" and last != "check" and not last.startswith(("check_", "_proofs", "_selftest")):
            yield importlib.import_module(found.name)


def laws() -> Part:
    """The laws of losses, activations, claims, rungs, solvers and enumerators, by pytest where it is installed."""
    if importlib.util.find_spec("pytest") is None or importlib.util.find_spec("hypothesis") is None:
        return Part("laws", 0, skipped="they need pytest and hypothesis: pip install 'exactgeo[test]'")
    tests = folder()
    paths = " ".join(str(tests / name) for name in ("brute", "forged", "shared"))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        str(tests / "laws" / "selftest.ini"),
        "-p",
        "no:cacheprovider",
    ]
    command += ["-o", f"pythonpath={paths}", "--rootdir", str(tests), "--confcutdir", str(tests)]
    command.append(str(tests / "laws"))
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if run.returncode and not lines:
        lines = (run.stdout + run.stderr).splitlines()[-3:]
    counts = run.stdout.splitlines()[-1:] or [""]
    tried = sum(int(count) for count, what in _pairs(counts[0]) if what in ("passed", "failed"))
    return Part("laws", tried, tuple(lines))


def _pairs(summary: str) -> Iterator[tuple[str, str]]:
    """(count, what) in the last line of pytest: "3 failed, 120 passed in 9.1s"."""
    words = summary.replace(",", "").split()
    yield from ((one, other) for one, other in pairwise(words) if one.isdigit())


PARTS: dict[str, Callable[[], Part]] = {"certificates": certificates, "docstrings": docstrings, "laws": laws}
"""The parts of the self-test by name, in the order in which they run."""
