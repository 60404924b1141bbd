"""Tree to values: numbers, vectors, matrices, flags and tables, each refused with its path."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Iterable, Mapping, Sequence, Set
from fractions import Fraction
from typing import Any

from exactgeo.errors import InputError
from exactgeo.exact.rational import FloatTakenExactly, format_rational, parse_rational
from exactgeo.formats._text import NumberText, Table

__all__ = ["Numbers", "describe", "entries", "flag", "in_order", "listed", "table", "text"]

_NUMBER, _WRITE_NUMBER = "a rational number", '"1/2", 0.5 or 3'


def _numpy_kind(value: Any) -> str:
    return str(getattr(getattr(value, "dtype", None), "kind", ""))


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool) or (_numpy_kind(value) == "b" and not value.shape)


def describe(value: Any) -> str:
    """A few words for what stood there."""
    if value is None:
        return "null"
    if _is_flag(value):
        return str(bool(value)).lower()
    if isinstance(value, NumberText):
        return str(value)
    if isinstance(value, str):
        return f'"{value}"'
    if type(value) is int:
        return format_rational(value) if value.bit_length() < 200 else f"a number of {value.bit_length()} bits"
    if isinstance(value, float | Fraction):
        return str(value) if isinstance(value, float) else describe_fraction(value)
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, datetime.date | datetime.time):
        return "a date or time"
    rows = entries(value)
    if rows is not None:
        return "an empty list" if not rows else f"a list of {len(rows)} {'entry' if len(rows) == 1 else 'entries'}"
    return type(value).__name__


def describe_fraction(value: Fraction) -> str:
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    return format_rational(value) if bits < 200 else f"a number of {bits} bits"


def entries(value: Any) -> Sequence[Any] | None:
    """The entries of a list, tuple, array, series or table of columns; None for anything else."""
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, str | bytes | bytearray | Mapping):
        return None
    if isinstance(value, Sequence):
        return value
    if _numpy_kind(value) in ("m", "M") and value.shape:
        return list(value)  # tolist() makes plain integers of dates and spans
    for method in ("tolist", "to_numpy"):
        if callable(getattr(value, method, None)):
            inner = getattr(value, method)()
            return entries(inner) if type(inner) is not type(value) else None
    return None


def in_order(value: Any) -> Sequence[Any] | None:
    """The entries of whatever has an order: of a generator too, which is read once. For callers from Python."""
    found = entries(value)
    unordered = isinstance(value, str | bytes | bytearray | Mapping | Set) or getattr(value, "ndim", 1) == 0
    return list(value) if found is None and isinstance(value, Iterable) and not unordered else found


def listed(names: Sequence[str]) -> str:
    """``a, b or c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def close(name: str, names: Sequence[str]) -> str | None:
    """The name most like a misspelt one."""
    import difflib

    found = difflib.get_close_matches(name[:60].lower(), names, n=1, cutoff=0.5)
    return found[0] if found else None


def _shown(key: object) -> str:
    return str(key) if str(key).replace("-", "_").isidentifier() else f'"{key}"'


def table(value: Any, where: str, known: Sequence[str], separator: str = ".") -> Mapping[str, Any]:
    """A table all of whose keys are known, each given once."""
    if not isinstance(value, Mapping):
        raise InputError(where, describe(value), "a table", f"a table with the keys {', '.join(known)}")
    duplicate = value.duplicate if isinstance(value, Table) else None
    if duplicate is not None:
        raise InputError(f"{where}{separator}{_shown(duplicate)}", "a key given twice", "each key once", "it only once")
    for key in value:
        if key not in known:
            guess = close(key, known) if isinstance(key, str) else None
            raise InputError(
                f"{where}{separator}{_shown(key)}",
                "an unknown key",
                listed(known),
                guess or "the problem without this key",
            )
    return value


def text(value: Any, where: str, limit: int) -> str:
    """A string to be printed in reports."""
    if isinstance(value, NumberText) or not isinstance(value, str):
        raise InputError(where, describe(value), "a string", "text in quotes")
    if len(value) > limit:
        raise InputError(where, f"{len(value)} characters", f"at most {limit}", "a shorter one")
    if not value.replace("\n", "").isprintable():
        raise InputError(where, f'"{value}"', "printable characters", "it without control characters")
    return str(value)


def flag(value: Any, where: str, *, also: str = "") -> bool:
    """A boolean, numpy's included."""
    if _is_flag(value):
        return bool(value)
    raise InputError(where, describe(value), f"a boolean{also}", "true or false")


class Numbers:
    """Reads numbers of one problem, point or arrangement, and warns once about all its floats."""

    def __init__(self) -> None:
        self._first_float: tuple[str, Any] | None = None

    def number(self, value: Any, where: str) -> Fraction:
        if type(value) is Fraction:
            top, bottom = value.as_integer_ratio()
            if type(top) is type(bottom) is int and top.bit_length() < 64 > bottom.bit_length():
                return value
        if not isinstance(value, (str, int, float, Fraction)) and (
            value is None or isinstance(value, Mapping | datetime.date | datetime.time) or entries(value) is not None
        ):
            raise InputError(where, describe(value), _NUMBER, _WRITE_NUMBER)
        result = parse_rational(value, where, warn_float=False)
        if self._first_float is None and (isinstance(value, float) or _numpy_kind(value) == "f"):
            self._first_float = where, value
        return result

    def vector(
        self, value: Any, where: str, size: int | None, what: str, write: str, *, each: str = "a list of numbers"
    ) -> tuple[Fraction, ...]:
        """``size`` numbers; ``what`` says in words what their number is, ``write`` what belongs there."""
        row = entries(value)
        if row is None:
            raise InputError(where, describe(value), each, "numbers in brackets, such as [5]")
        if size is not None and len(row) != size:
            raise InputError(where, _count(len(row), "entry", "entries"), f"{size} ({what})", write)
        return tuple(
            [
                Fraction(entry)
                if type(entry) is int and entry.bit_length() < 64
                else self.number(entry, f"{where}[{j}]")
                for j, entry in enumerate(row)
            ]
        )

    def warn(self, stacklevel: int) -> None:
        """Warn if a float was met."""
        if self._first_float is None:
            return
        where, value = self._first_float
        exact = parse_rational(value, where, warn_float=False)
        warnings.warn(
            f"{where}: floats are taken as the exact dyadics they are, such as {value!s} as {format_rational(exact)}; "
            'pass strings such as "1/10" or Fractions for other rationals',
            FloatTakenExactly,
            stacklevel=stacklevel + 1,
        )


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
