"""The door of arrangements: rows of numbers from outside, or one line that says what to write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from fractions import Fraction
from typing import Any

from exactgeo.errors import InputError
from exactgeo.exact.rational import parse_rational

__all__ = ["Reader"]

_WRITE_ROWS = "[[1, 0], [0, 1]], one row of d numbers a hyperplane"


class Reader:
    """Rows of numbers from outside; warns of the first float only."""

    def __init__(self) -> None:
        self._warn = True

    def _sequence(self, value: Any, where: str, expected: str, write: str) -> list[Any]:
        unordered = isinstance(value, (str, bytes, bytearray, Mapping, Set)) or getattr(value, "ndim", 1) == 0
        if unordered or not isinstance(value, Iterable):
            raise InputError(where, _shown(value), expected, write)
        return list(value)

    def vector(self, value: Any, where: str) -> tuple[Fraction, ...]:
        entries = self._sequence(value, where, "a list of numbers", '[1, "1/2", 3]')
        result = []
        for j, entry in enumerate(entries):
            floating = isinstance(entry, float) or (
                type(entry).__module__ == "numpy"
                and getattr(entry, "dtype", None) is not None
                and entry.dtype.kind == "f"
            )
            result.append(parse_rational(entry, f"{where}[{j}]", warn_float=self._warn))
            self._warn = self._warn and not floating
        return tuple(result)

    def matrix(self, value: Any, dimension: int | None) -> tuple[tuple[tuple[Fraction, ...], ...], int]:
        if dimension is not None and (type(dimension) is not int or dimension < 0):
            raise InputError("dimension", _shown(dimension), "an integer >= 0", "the number of coordinates")
        entries = self._sequence(value, "normals", "a list of rows", _WRITE_ROWS)
        shape = getattr(value, "shape", None)
        if isinstance(shape, tuple) and len(shape) != 2:
            raise InputError("normals", f"an array of shape {shape}", "shape (m, d)", _WRITE_ROWS)
        width = dimension if not isinstance(shape, tuple) or dimension is not None else int(shape[1])
        rows = []
        for t, entry in enumerate(entries):
            row = self.vector(self._sequence(entry, f"normals[{t}]", "a row of numbers", _WRITE_ROWS), f"normals[{t}]")
            if width is None:
                width = len(row)
            if len(row) != width:
                raise InputError(f"normals[{t}]", f"{len(row)} numbers", f"{width}", "rows of one length")
            rows.append(row)
        if width is None:
            raise InputError("normals", "no rows", "at least one, or the dimension", "dimension=d")
        return tuple(rows), width


def _shown(value: Any) -> str:
    return (
        f'"{value}"'
        if isinstance(value, str)
        else str(value)
        if isinstance(value, (int, float))
        else type(value).__name__
    )
