"""Tree to the normals and offsets of a hyperplane arrangement."""

from __future__ import annotations

from typing import Any

from exactgeo.errors import InputError
from exactgeo.exact.vectors import Matrix, Vector
from exactgeo.formats._problem import rational_rows
from exactgeo.formats._values import Numbers, table, text

__all__ = ["build_arrangement"]


def build_arrangement(tree: Any, label: str, *, stacklevel: int) -> tuple[Matrix, Vector | None]:
    """Normals, m rows of d rationals, and m offsets or None for a central arrangement."""
    keys = table(tree, label, ("normals", "offsets", "name", "source"), separator=": ")
    for key, limit in (("name", 200), ("source", 10_000)):
        if key in keys:
            text(keys[key], f"{label}: {key}", limit)
    if "normals" not in keys:
        raise InputError(
            f"{label}: normals", "nothing", "one row of numbers per hyperplane", "normals = [[1, 0], [0, 1]]"
        )
    numbers = Numbers()
    normals = rational_rows(keys["normals"], f"{label}: normals", numbers, "hyperplane", "[[1, 0], [0, 1]]")
    offsets = None
    if "offsets" in keys:
        write = "one number per hyperplane"
        offsets = numbers.vector(keys["offsets"], f"{label}: offsets", len(normals), "rows of normals", write)
    numbers.warn(stacklevel + 1)
    return normals, offsets
