"""Which pictures can be drawn, asked before anything is computed for one."""

from __future__ import annotations

from importlib.util import find_spec

from exactgeo import files
from exactgeo.errors import InputError

__all__ = ["FORMATS", "drawable", "no_matplotlib"]

FORMATS = (".svg", ".png", ".pdf")


def drawable(path: str, option: str = "picture") -> None:
    """Refuse what could not be drawn.

    Raises
    ------
    InputError
        Another suffix than those of :data:`FORMATS`, a file that cannot be written, or matplotlib is not installed.
    """
    files.writable(path, FORMATS, option)
    if find_spec("matplotlib") is None:
        raise no_matplotlib()


def no_matplotlib() -> InputError:
    """What is said where the optional library is missing."""
    extra = "the optional extra for pictures"
    return InputError("matplotlib", "no such module", extra, "pip install 'exactgeo[plot]'")
