"""Which pictures can be drawn, asked before anything is computed for one."""

from __future__ import annotations

import pathlib
from importlib.util import find_spec

from exactgeo.errors import InputError

__all__ = ["FORMATS", "drawable", "no_matplotlib"]

FORMATS = (".svg", ".png", ".pdf")


def drawable(where: str, path: str) -> None:
    """Refuse what could not be drawn.

    Raises
    ------
    InputError
        Another suffix than those of :data:`FORMATS`, or matplotlib is not installed.
    """
    if pathlib.Path(path).suffix.lower() not in FORMATS:
        raise InputError(where, path, "a file name that ends in " + ", ".join(FORMATS), "tree.svg")
    if find_spec("matplotlib") is None:
        raise no_matplotlib()


def no_matplotlib() -> InputError:
    """What is said where the optional library is missing."""
    extra = "the optional extra for pictures"
    return InputError("matplotlib", "no such module", extra, "pip install 'exactgeo[plot]'")
