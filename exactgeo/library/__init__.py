"""Named problems that ship with the package: one TOML file each, with its source in the first lines."""

from __future__ import annotations

from pathlib import Path

from exactgeo.errors import InputError
from exactgeo.formats import read_problem
from exactgeo.problem import Problem

__all__ = ["load", "names", "path", "text"]

_FOLDER = Path(__file__).parent / "problems"


def _paths() -> dict[str, Path]:
    return {path.stem: path for path in sorted(_FOLDER.glob("*.toml"), key=lambda path: path.stem)}


def names() -> list[tuple[str, str]]:
    """Every named problem with its one-line description, sorted by name.

    Examples
    --------
    >>> dict(names())["swirszcz-prop1"]
    'Proposition 1: a spurious local minimum of one ReLU unit on D1, loss 18.'
    """
    result = []
    for name, path in _paths().items():
        with path.open(encoding="utf-8") as file:
            result.append((name, file.readline().removeprefix("#").strip()))
    return result


def text(name: str) -> str:
    """The file of a named problem.

    Raises
    ------
    InputError
        No problem has this name.

    Examples
    --------
    >>> print(text("kink-global").splitlines()[0])
    # A global minimum that lies on a kink and nowhere else: one ReLU unit, loss 10.
    """
    return path(name).read_text(encoding="utf-8")


def load(name: str) -> Problem:
    """A named problem, with its point.

    Raises
    ------
    InputError
        No problem has this name.

    Examples
    --------
    >>> problem = load("swirszcz-prop1")
    >>> print(problem.loss_at(problem.point))
    18
    """
    return read_problem(path(name), name=name)


def path(name: str) -> Path:
    """The file of a named problem.

    Raises
    ------
    InputError
        No problem has this name.
    """
    paths = _paths()
    if not isinstance(name, str) or name not in paths:
        import difflib

        close = difflib.get_close_matches(str(name)[:60].lower(), paths, n=3, cutoff=0.4)
        write = ", ".join(close) if close else "one that `exactgeo examples` lists"
        raise InputError("named problem", f'"{name}"', "the name of a problem in the library", write)
    return paths[name]
