"""What every report is made of: a title, labelled lines, aligned columns, and numbers that fit a screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactgeo.exact.combination import Combination, Number
from exactgeo.exact.enclosure import Enclosure, Value
from exactgeo.exact.rational import format_rational, with_decimal

if TYPE_CHECKING:
    from exactgeo.problem import Direction, Point, Problem

__all__ = [
    "columns",
    "labelled",
    "loss_line",
    "loss_name",
    "number_text",
    "point_text",
    "short_text",
    "title_of",
    "value_line",
    "value_text",
    "vector_text",
]

LABEL_WIDTH = 16
NUMBER_WIDTH = 60
SHORT_WIDTH = 18
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


def value_text(value: Any) -> str:
    """A rational of a JSON answer, or the enclosure [lo, hi] of a value that has none, rounded for the eye."""
    if isinstance(value, dict):
        return f"in [{float(Fraction(value['lo'])):.12g}, {float(Fraction(value['hi'])):.12g}]"
    return value_line(Fraction(value))


def point_text(point: Point | Direction) -> str:
    """One line: ``W1 = [...], b1 = [...], W2 = ...``."""
    parts = []
    for k, (weights, bias) in enumerate(zip(point.weights, [*point.biases, *[()] * len(point.weights)], strict=False)):
        parts.append(f"W{k + 1} = [{', '.join(vector_text(row) for row in weights)}]")
        if bias:
            parts.append(f"b{k + 1} = {vector_text(bias)}")
    return ", ".join(parts)


def title_of(problem: Problem, unnamed: str) -> str:
    """The first line of a report: the problem's name and source."""
    name = problem.name or unnamed
    return f"{name} ({problem.source})" if problem.source else name


def labelled(label: str, text: str) -> str:
    """A line of a report: an indented label and what it says.

    Examples
    --------
    >>> labelled("loss", "18")
    '  loss            18'
    """
    return f"  {label:<{LABEL_WIDTH}}{text}"


MEANS = {"sum": "sum", "mean": "mean over the data points", "mean_entries": "mean over data points and outputs"}


def loss_name(problem: Problem) -> str:
    """Which loss a number is: its kind, and whether it is a sum or a mean.

    Examples
    --------
    >>> import exactgeo as eg
    >>> loss_name(eg.load("swirszcz-prop1"))
    'squared loss, sum'
    """
    penalty = ", with the penalty" if problem.penalty else ""
    return f"{problem.loss.name.replace('_', ' ')} loss, {MEANS[problem.reduction]}{penalty}"


def loss_line(problem: Problem, loss: Number | Value) -> str:
    """A loss with its decimal and its name.

    Examples
    --------
    >>> import exactgeo as eg
    >>> loss_line(eg.load("swirszcz-prop1"), Fraction(106, 5))
    '106/5 = 21.2 (squared loss, sum)'
    """
    return f"{value_line(loss)} ({loss_name(problem)})"


def columns(rows: Sequence[Sequence[object]], *, left: bool = False, indent: str = "") -> list[str]:
    """Rows as aligned lines, the first the heading; columns of numbers end where their heading ends.

    Examples
    --------
    >>> columns([("value", "orbits"), ("14", 1)])
    ['value  orbits', '   14       1']
    >>> columns([("document", "result"), ("sum", "passed")], left=True)
    ['document  result', 'sum       passed']
    """
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    if left:
        return [(indent + "  ".join(map(str.ljust, row, widths))).rstrip() for row in cells]
    return [indent + "  ".join(map(str.rjust, row, widths)) for row in cells]
