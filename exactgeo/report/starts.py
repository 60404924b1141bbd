"""Where random starts ended, as text and as a histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exactgeo.exact.enclosure import plain
from exactgeo.report.tables import columns, labelled, loss_name, title_of, value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exactgeo.numeric.proportions import Proportion
    from exactgeo.random_starts import Ending, Starts

__all__ = ["starts_text"]

ROWS = 20


def starts_text(found: Starts) -> str:
    """The report of ``exactgeo starts``."""
    settings = found.settings
    optimizer = settings.optimizer_of()
    lines = [title_of(found.problem, "the problem"), ""]
    drawn = f"{settings.init}, scale {settings.scale:g}"
    drawn += "" if settings.bias_scale is None else f", biases {settings.bias_scale:g}"
    drawn += f", mean {settings.mean:g}" if settings.mean else ""
    lines.append(labelled("starts", f"{found.count}, {drawn}, seed {settings.seed}"))
    cooling = f", cooled in the last {settings.cooling:.0%}" if optimizer.cools and settings.cooling else ""
    lines.append(
        labelled("training", f"{settings.optimizer}, rate {optimizer.rate:g}, {settings.steps} steps{cooling}")
    )
    lines.append(labelled("loss", loss_name(found.problem)))
    if found.ends is None:
        lines.append(labelled("exact list", f"not known: {found.reason}"))
    else:
        lines += ["", f"  ends at exact local minimum values (numeric: within {settings.closeness.loss:g} and nearly"]
        lines += ["  stationary, in a basin of exactly this value)"]
        lines += _table(found.ends, "value")
    if found.clusters:
        lines += [
            "",
            "  nearly stationary ends by their loss (numeric)" + ("" if found.ends is None else ", not listed"),
        ]
        rows = [[f"about {cluster.about:.9g}", *_proportion(cluster.proportion)] for cluster in found.clusters[:ROWS]]
        lines += columns([["loss", "starts", "share", "95 % interval"], *rows], indent="  ")
        lines += _more(len(found.clusters))
    rest = f"{found.not_converged} of {found.count}"
    if found.best is not None:
        rest += f", the lowest at about {found.best:.9g}"
    if found.overflows:
        rest += f"; {found.overflows} beyond the range of floats: a lower rate may help"
    lines += ["", labelled("not converged", rest)]
    if found.basins is None:
        lines.append(labelled("basins", f"not known: {found.basins_reason}"))
    else:
        lines += ["", "  basins that the starts lie in, by their exact values"]
        lines += _table(found.basins, "value")
        if found.basins_reason:
            lines.append(f"  {found.basins_reason}")
    return "\n".join(lines)


def _table(entries: Sequence[Ending], heading: str) -> list[str]:
    reached = [entry for entry in entries if entry.proportion.count]
    rows = [[value_text(plain(entry.value)), *_proportion(entry.proportion)] for entry in reached[:ROWS]]
    lines = columns([[heading, "starts", "share", "95 % interval"], *rows], indent="  ") + _more(len(reached))
    without = [value_text(plain(entry.value)) for entry in entries if not entry.proportion.count]
    if without:
        lines.append(f"  none at {', '.join(without[:6])}{', ...' if len(without) > 6 else ''}")
    return lines


def _more(number: int) -> list[str]:
    return [f"  ... and {number - ROWS} more (--json for all)"] if number > ROWS else []


def _proportion(found: Proportion) -> list[str]:
    percent = f"{float(found.low):.1%} to {float(found.high):.1%}"
    return [str(found.count), f"{float(found.ratio):.1%}", percent]
