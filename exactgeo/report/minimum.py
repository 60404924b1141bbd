"""The global minimum, or bounds on it, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exactgeo.exact.enclosure import plain
from exactgeo.report.tables import labelled, loss_name, point_text, title_of, value_text
from exactgeo.shown import value_line

if TYPE_CHECKING:
    from exactgeo.basin.branch import GlobalMinimum

__all__ = ["minimum_text"]


def minimum_text(found: GlobalMinimum, certificate_path: str | None = None, *, asked: bool = False) -> str:
    """The report of ``exactgeo minimum``."""
    lines = [title_of(found.problem, "the problem"), "", labelled("loss", loss_name(found.problem))]
    if found.minimum is not None:
        lines.append(labelled("global minimum", value_text(plain(found.minimum))))
    else:
        best = plain(found.incumbent)
        lines.append(labelled("lowest so far", "unknown" if best is None else value_text(best)))
        lines.append(labelled("at least", value_line(found.lower_bound)))
        if found.gap is not None:
            lines.append(labelled("gap", value_line(found.gap)))
    if found.point is not None:
        lines.append(labelled("at", point_text(found.point)))
    lines.append(labelled("nodes", str(found.nodes)))
    if found.reason:
        lines.append(labelled("because", found.reason))
    if asked:
        lines.append(labelled("certificate", certificate_path or "none was written"))
    return "\n".join(lines)
