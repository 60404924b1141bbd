"""What every report is made of: a title, labelled lines, aligned columns, and numbers that fit a screen."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactgeo.exact.combination import Number
from exactgeo.exact.enclosure import Value
from exactgeo.shown import value_line

if TYPE_CHECKING:
    from exactgeo.problem import Direction, Point, Problem

__all__ = [
    "columns",
    "labelled",
    "loss_line",
    "loss_name",
    "point_text",
    "title_of",
    "value_text",
]

LABEL_WIDTH = 16


def value_text(value: Any) -> str:
    """A rational of a JSON answer, or the enclosure [lo, hi] of a value that has none, rounded for the eye."""
    if isinstance(value, dict):
        return f"in [{float(Fraction(value['lo'])):.12g}, {float(Fraction(value['hi'])):.12g}]"
    return value_line(Fraction(value))


def point_text(point: Point | Direction) -> str:
    """One line: ``W1 = [...], b1 = [...], W2 = ...``."""
    return str(point)


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
