"""How results show themselves: numbers for a screen, one line an object, and the report where one is printed.

``repr`` of every public object is one line of bounded length, exact where it is short, with its decimal; ``str`` of an
answer of a command is that command's text. Reports stand above results, which know them by name only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sized
from dataclasses import fields, is_dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from importlib import import_module
from typing import Any

from exactgeo.exact.combination import Combination, Number
from exactgeo.exact.enclosure import Enclosure, Value
from exactgeo.exact.rational import format_rational, with_decimal

__all__ = ["Reported", "Shown", "Viewed", "brief", "made_of", "number_text", "short_text", "value_line", "vector_text"]

NUMBER_WIDTH = 60
SHORT_WIDTH = 18
LINE_WIDTH = 240
"""Characters of a line that is made of an object's fields."""
PART_WIDTH = 100
"""Characters of what a field holds, where that is no number."""
LISTED = 4
"""Numbers of a row that are written out."""

SIX_DIGITS = Context(prec=6, Emax=MAX_EMAX, Emin=MIN_EMIN)


def number_text(q: Number | int) -> str:
    """A number for a screen: long ones are cut in the middle, with their length and size; digits of irrational ones.

    Examples
    --------
    >>> print(number_text(Fraction(1, 3)), number_text(10**60))
    1/3 100000000000000000000000...000000000000 (61 characters, about 1e+60)
    >>> from exactgeo.exact.combination import LogCombination
    >>> print(number_text(LogCombination.softplus(Fraction(0)) / 2))
    1/2*log(2) = 0.346573590279973
    """
    if isinstance(q, Combination):
        text, digits = str(q), q.decimal(15)
        text = text if len(text) <= NUMBER_WIDTH else f"{text[:24]}...{text[-12:]} ({len(text)} characters)"
        return text + (f" = {digits}" if digits is not None else "")
    text = format_rational(q)
    if len(text) <= NUMBER_WIDTH:
        return text
    return f"{text[:24]}...{text[-12:]} ({len(text)} characters, about {_size(q)})"


def short_text(q: Number | int) -> str:
    """A number for a narrow column: as it is where it is short, else its size.

    Examples
    --------
    >>> print(short_text(Fraction(1, 3)), short_text(Fraction(10**20, 3)))
    1/3 ~3.33333e+19
    """
    if isinstance(q, Combination):
        text, digits = str(q), q.decimal(6)
        return text if len(text) <= SHORT_WIDTH or digits is None else f"~{digits}"
    text = format_rational(q)
    return text if len(text) <= SHORT_WIDTH else f"~{_size(q)}"


def _size(q: Fraction | int) -> str:
    """Six digits, whatever the exponent."""
    rounded = SIX_DIGITS.divide(Decimal(q.numerator), Decimal(q.denominator))
    return f"{rounded.normalize(SIX_DIGITS):g}"


def value_line(q: Number | Value | int) -> str:
    """:func:`number_text`, and the decimal of a rational that is no integer; the bounds of an enclosure.

    Examples
    --------
    >>> print(value_line(Fraction(106, 5)), value_line(14))
    106/5 = 21.2 14
    """
    if isinstance(q, Enclosure):
        return f"in {q}"
    if isinstance(q, Combination):
        return number_text(q)
    return with_decimal(q) if len(format_rational(q)) <= NUMBER_WIDTH else number_text(q)


def vector_text(values: Iterable[Number | int]) -> str:
    """A row of numbers in parentheses.

    Examples
    --------
    >>> print(vector_text([1, Fraction(-1, 2)]))
    (1, -1/2)
    """
    return "(" + ", ".join(map(number_text, values)) + ")"


def brief(value: Any) -> str:
    """Anything in one line: numbers with their decimals, short rows of numbers, the sizes of the rest.

    Examples
    --------
    >>> print(brief(Fraction(1, 3)), brief((1, Fraction(1, 2))), brief([[1, 2], [3, 4]]), brief(None), brief("a"))
    1/3 ~ 0.333333 (1, 1/2) 2 entries None a
    """
    if isinstance(value, Fraction | Combination | Enclosure):
        return value_line(value)
    if isinstance(value, bool | None):
        return str(value)
    if isinstance(value, int):
        return number_text(value)
    if isinstance(value, str):
        return _cut(" ".join(value.split()))
    if not isinstance(value, Sized):
        return _cut(repr(value))
    row = list(value) if isinstance(value, tuple | list) and len(value) <= LISTED else []
    if row and all(type(q) in (int, Fraction) for q in row):
        return f"({', '.join(map(short_text, row))})"
    return f"{len(value)} entr{'y' if len(value) == 1 else 'ies'}"


def _cut(text: str, width: int = PART_WIDTH) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def made_of(result: object, report: str, *arguments: object) -> str:
    """What a function of :mod:`exactgeo.report`, named ``module.function``, makes of a result."""
    module, _, name = report.rpartition(".")
    return str(getattr(import_module(f"exactgeo.report.{module}"), name)(result, *arguments))


class Shown:
    """What has one line for ``repr``: that of :meth:`_shown`, in a dataclass too, which would write every digit."""

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = Shown.__repr__  # type: ignore[method-assign]

    def _shown(self) -> str:
        """The line; of a dataclass what its fields hold."""
        if not is_dataclass(self):
            return type(self).__name__
        parts = [(item.name, getattr(self, item.name)) for item in fields(self) if item.repr]
        said = [f"{name} {text}" for name, value in parts if (text := brief(value))]
        return _cut(f"{type(self).__name__}: {', '.join(said)}", LINE_WIDTH)

    def __repr__(self) -> str:
        return f"<{self._shown()}>"


class Viewed:
    """What a notebook shows as HTML: a table or two, escaped, of bounded size."""

    def _repr_html_(self) -> str:
        return made_of(self, "views.in_notebook")


class Reported(Shown):
    """What is an answer of a command: printed it is that command's text."""

    def __str__(self) -> str:
        return made_of(self, "printed.text_of")
