"""The landscape as plain text: the table of valleys and the merge tree."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from exactgeo.report.tables import columns, labelled, loss_name, title_of, value_text
from exactgeo.report.text import sizes
from exactgeo.shown import value_line

if TYPE_CHECKING:
    from fractions import Fraction

    from exactgeo.landscape import Landscape
    from exactgeo.problem import Problem

__all__ = ["landscape_text"]

ROWS = 20
"""Rows of the table of valleys, and lines of the tree."""


def landscape_text(problem: Problem, found: Landscape, answer: dict[str, Any]) -> str:
    """The report of ``exactgeo landscape``, from the landscape and its JSON answer."""
    lines = [title_of(problem, "the problem"), ""]
    lines.append(labelled("loss", loss_name(problem)))
    lines.append(labelled("space", "the full space" if found.full else "modulo permutation of neurons"))
    if found.census.count is None:
        lines += sizes(answer)
    else:
        lines.append(labelled("basins", f"{found.census.count}, {found.census.orbits} modulo permutation"))
    lowest = answer["global_minimum"]
    if not found.complete:
        lines.append(labelled("global minimum", "unknown" if lowest is None else value_text(lowest)))
        lines.append(labelled("because", answer["reason"]))
        if found.known_below is not None:
            lines.append(labelled("bad valleys", f"{sum(v.bad for v in found.known_valleys)} or more"))
    else:
        if found.global_minima_connected:
            extent = "at a connected set of points"
        else:
            joined = value_text(answer["connected_at"])
            extent = f"at {len(found.valleys) - found.bad_valleys} connected sets, joined at {joined}"
        lines.append(labelled("global minimum", f"{value_text(lowest)}, {extent}"))
        lines.append(labelled("bad valleys", str(found.bad_valleys)))
    if "point" in answer:
        lines += _point(answer["point"])
        if "reason" in answer["point"]:
            lines.append(labelled("because", answer["point"]["reason"]))
    if "level" in answer:
        sets = answer["level"]["connected_sets"]
        said = "unknown" if sets is None else f"{sets} in {{loss <= {answer['level']['at_most']}}}"
        lines.append(labelled("connected sets", said))
    for key in ("plot", "certificate"):
        if key in answer:
            lines.append(labelled(key, answer[key] or "none was written"))
    valleys = found.known_valleys
    if not valleys:
        return "\n".join(lines)
    kinds = [
        (key, len(list(same)))
        for key, same in groupby(valleys, key=lambda v: (v.value, v.escapes_at, v.barrier, v.bad))
    ]
    body = [
        [value_line(value), _exit(exit, bad), "" if rise is None else value_line(rise), str(count)]
        for (value, exit, rise, bad), count in kinds[:ROWS]
    ]
    lines += ["", *columns([["valley at", "escapes at", "barrier", "valleys"], *body], indent="  ")]
    if len(kinds) > ROWS:
        lines.append(f"  ... and {len(kinds) - ROWS} more kinds of valley (--json for all)")
    if found.complete and 1 < len(valleys) <= ROWS:
        lines += ["", *_tree(found.merge_tree)]
    return "\n".join(lines)


def _exit(level: Fraction | None, bad: bool) -> str:
    if level is None:
        return "unknown" if bad else ""
    return value_line(level)


def _point(point: dict[str, Any]) -> list[str]:
    loss, lowest = f"loss {value_text(point['loss'])}", value_text(point["component_infimum"])
    if point["bad_valley"] is None:
        return [labelled("the point", f"{loss}, its component goes down to {lowest} or lower")]
    if point["bad_valley"]:
        escape = f" and escapes at {value_text(point['escapes_at'])}" if point["escapes_at"] else ""
        return [
            labelled(
                "the point",
                f"{loss}, in a bad valley that goes down to {lowest}{escape}",
            )
        ]
    lines = [labelled("the point", f"{loss}, in no bad valley: its component goes down to the global minimum")]
    if point["descent"] is not None:
        lines.append(labelled("way down", " -> ".join(map(value_text, point["descent"]["losses"]))))
    return lines


def _tree(graph: Any) -> Iterator[str]:
    """The merge tree, highest level first, drawn with branches."""
    roots = [node for node in graph if not graph.in_degree(node)]
    pending = [(node, "  ", "  ") for node in reversed(roots)]
    while pending:
        node, lead, indent = pending.pop()
        data = graph.nodes[node]
        label = value_line(data["level"])
        if data["kind"] == "leaf":
            label += " valley" if data["bad"] else " global minimum"
        yield lead + label
        below = sorted(graph.successors(node), key=lambda child: (graph.nodes[child]["minimum"], str(child)))
        for k, child in reversed(list(enumerate(below))):
            last = k == len(below) - 1
            pending.append((child, indent + ("└─ " if last else "├─ "), indent + ("   " if last else "│  ")))
