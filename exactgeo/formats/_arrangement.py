"""Tree to the normals and offsets of a hyperplane arrangement."""

from __future__ import annotations

from typing import Any

from exactgeo.errors import InputError
from exactgeo.exact.vectors import Matrix, Vector
from exactgeo.formats._problem import rational_rows
from exactgeo.formats._values import Numbers, table, text

__all__ = ["build_arrangement", "build_polytope"]


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


def build_polytope(tree: Any, label: str, dimension: int, *, stacklevel: int) -> tuple[Matrix, Vector]:
    """The rows of A and the entries of b of a [polytope] ``A x <= b`` in this dimension."""
    keys = table(tree, label, ("polytope", "name", "source"), separator=": ")
    write = "[polytope] with A = [[1, 0], [-1, 0]] and b = [1, 0], for A x <= b"
    if "polytope" not in keys:
        raise InputError(f"{label}: polytope", "nothing", "a table [polytope]", write)
    inner = table(keys["polytope"], f"{label}: polytope", ("A", "b"))
    for key in ("A", "b"):
        if key not in inner:
            raise InputError(f"{label}: polytope.{key}", "nothing", "one entry an inequality", write)
    numbers = Numbers()
    rows = rational_rows(inner["A"], f"{label}: polytope.A", numbers, "inequality", "[[1, 0], [-1, 0]]")
    width = len(rows[0]) if rows else dimension
    if width != dimension:
        found, expected = f"rows of {width} numbers", f"{dimension}, the dimension of the arrangement"
        raise InputError(f"{label}: polytope.A", found, expected, "one number a coordinate")
    bounds = numbers.vector(inner["b"], f"{label}: polytope.b", len(rows), "rows of A", "one number an inequality")
    numbers.warn(stacklevel + 1)
    return rows, bounds
