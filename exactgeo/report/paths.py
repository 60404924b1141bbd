"""A path as plain text: what is proved of it, and the losses and steps on the way."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from exactgeo.exact.algebraic import Algebraic
from exactgeo.exact.enclosure import Value
from exactgeo.report.tables import columns, labelled, loss_name, point_text, title_of
from exactgeo.shown import value_line

if TYPE_CHECKING:
    from exactgeo.path_search import FoundPath
    from exactgeo.paths import Path
    from exactgeo.problem import Problem

__all__ = ["path_text"]

ROWS = 20
"""Stretches that are listed."""

SHORT = 100
"""Characters of a point up to which it is written out."""

ENDS = {
    "infimum": "no parameters have a lower loss",
    "valley_minimum": "no path that never rises above the start goes lower",
    "local_minimum": "a local minimum",
    "open": "whether paths that never rise go lower is open",
}


def path_text(problem: Problem, found: FoundPath, answer: dict[str, Any]) -> str:
    """The report of ``exactgeo path``, from the path and its JSON answer."""
    lines = [title_of(problem, "the problem"), "", labelled("loss", loss_name(problem))]
    between = str(found.end) == "point"
    path = found.path
    if path is None:
        if found.at_least is not None:
            lines.append(labelled("highest", f"{value_line(found.at_least)} or more"))
        lines.append(labelled("because", found.reason))
        return "\n".join(lines)
    lines.append(labelled("from", f"loss {value_line(path.losses[0])}"))
    lines.append(labelled("to", f"loss {value_line(path.losses[-1])}" + ("" if between else f": {ENDS[found.end]}")))
    lines.append(labelled("highest", _highest(found, path, between)))
    if found.how:
        lines.append(labelled("by", found.how))
    if found.reason:
        lines.append(labelled("because", found.reason))
    for text in found.missing:
        lines.append(labelled("not by", text))
    for key in ("plot", "certificate"):
        if key in answer:
            lines.append(labelled(key, answer[key] or "none was written"))
    return "\n".join([*lines, "", *_table(path)])


def _highest(found: FoundPath, path: Path, between: bool) -> str:
    text = _value(path.highest)
    if not between:
        return f"{text}: it never rises" if path.never_rises else text
    if found.complete:
        return f"{text}: every path between the two points reaches it"
    if found.at_least is not None:
        text += f"; every path between the two points reaches {value_line(found.at_least)}"
    return text


def _value(value: Value | Algebraic) -> str:
    if isinstance(value, Algebraic):
        degree = len(value.polynomial) - 1
        return f"{value_line(value.enclosure)}, a root of a polynomial of degree {degree}"
    return value_line(value)


def _table(path: Path) -> list[str]:
    """One line a point where points are few and short, else one a stretch."""
    if len(path.points) <= ROWS and all(len(point_text(point)) <= SHORT for point in path.points):
        body = [[value_line(q), ""] for q in path.losses]
        for row, segment in zip(body[1:], path.segments, strict=True):
            row[1] = str(segment.kind)
        top, *rows = columns([["loss", "shape"], *body], indent="  ")
        return [top, *(f"{row}  {point_text(point)}" for row, point in zip(rows, path.points, strict=True))]
    stretches = list(path.stretches)
    body = [[value_line(path.losses[0]), "", "", "start"]]
    for step, first, size in stretches[:ROWS]:
        kinds = Counter(str(segment.kind) for segment in path.segments[first : first + size])
        shapes = ", ".join(kind if len(kinds) == 1 else f"{n} {kind}" for kind, n in sorted(kinds.items()))
        body.append([value_line(path.losses[first + size]), str(size), shapes, step or "move"])
    head = ["loss", "segments", "shape", "reached by"]
    lines = columns([head, *body], indent="  ")
    if len(stretches) > ROWS:
        lines.append(f"  ... and {len(stretches) - ROWS} more stretches (--json for all)")
    return lines
