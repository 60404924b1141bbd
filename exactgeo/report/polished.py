"""What became of trained floats, as text."""

from __future__ import annotations

from exactgeo.polishing import Polished, safe_decimal
from exactgeo.report.tables import labelled, loss_line, title_of, value_line
from exactgeo.report.text import verdict_text

__all__ = ["polished_text"]


def polished_text(found: Polished, certificate_path: str | None = None) -> str:
    """The report of ``exactgeo polish``: two radii, then what ``certify`` says of the point."""
    none = safe_decimal(found.none_within, up=False)
    lines = [title_of(found.problem, "the network"), ""]
    if found.none_within:
        lines.append(f"  no local minimum within {none} of your network (largest change of a parameter)")
    else:
        lines.append("  no distance is proved within which there is no local minimum")
    if found.one_within is not None:
        lines.append(f"  one within {safe_decimal(found.one_within, up=True)}, proved exactly")
    plural = "s" * (found.cells != 1)
    lines.append(labelled("your loss", loss_line(found.problem, found.loss_before)))
    lines.append(
        labelled("walk", f"{found.cells} cell{plural}, down to {value_line(found.problem.loss_at(found.point))}")
    )
    if found.verdict is None:
        lines.append(labelled("because", found.reason))
        return "\n".join(lines)
    return "\n".join([*lines, "", verdict_text(found.verdict, certificate_path)])
