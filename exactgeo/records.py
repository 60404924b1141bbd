"""Lists of things as records: plain dicts, one a thing, and from them a table of pandas."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from exactgeo.errors import InputError
from exactgeo.exact.rational import read_rational

if TYPE_CHECKING:
    import pandas

__all__ = ["Records", "frame"]


class Records:
    """What is a list of things, or holds one.

    A record is a flat dict of plain Python values. Exact numbers are text as in ``--json``: ``"106/5"``, an enclosure
    ``"[lo, hi]"``; None where there is none.

    Attributes
    ----------
    COLUMNS : tuple of str
        The keys of every record, in order.
    EXACT : tuple of str
        Those whose values are exact numbers as text.
    """

    COLUMNS: ClassVar[tuple[str, ...]]
    EXACT: ClassVar[tuple[str, ...]] = ()

    def records(self) -> Iterator[dict[str, Any]]:
        """One flat dict after the other, keys in the order of ``COLUMNS``."""
        raise NotImplementedError

    def to_records(self) -> list[dict[str, Any]]:
        """All :meth:`records`, in a list."""
        return list(self.records())

    def to_pandas(self) -> pandas.DataFrame:
        """All :meth:`records` as a table; beside each column X of exact numbers X_float, rounded to float64.

        Raises
        ------
        InputError
            pandas is not installed.
        """
        return frame(self.records(), self.COLUMNS, self.EXACT)


def frame(records: Iterable[dict[str, Any]], names: tuple[str, ...], exact: tuple[str, ...]) -> pandas.DataFrame:
    """A table with these columns, and one of floats beside each of exact numbers.

    Raises
    ------
    InputError
        pandas is not installed.
    """
    try:
        pandas = import_module("pandas")
    except ImportError:
        extra = "the optional extra for tables"
        raise InputError("pandas", "no such module", extra, "pip install 'exactgeo[pandas]'") from None
    rows = list(records)
    columns: dict[str, Any] = {}
    for name in names:
        columns[name] = [row[name] for row in rows]
        if name in exact:
            numbers = [_float(row[name]) for row in rows]
            columns[name] = pandas.Series(columns[name], dtype=object)
            columns[f"{name}_float"] = pandas.Series(numbers, dtype="float64")
    return pandas.DataFrame(columns)


def _float(text: str | None) -> float:
    """The float next to an exact number, the middle of an enclosure; NaN for None.

    Examples
    --------
    >>> _float("106/5"), _float("[1/4, 3/4]"), _float("2.5E-3010"), _float("-1" + 400 * "0"), _float(None)
    (21.2, 0.5, 0.0, -inf, nan)
    """
    if text is None:
        return math.nan
    if text.startswith("["):
        lo, hi = map(read_rational, text[1:-1].split(", "))
        return _nearest((lo + hi) / 2)
    try:
        return _nearest(read_rational(text))
    except ValueError:
        # A probability's bound: a decimal, perhaps with an exponent.
        return float(text)


def _nearest(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
