"""Where random starts ended, as text and as a histogram."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactgeo.exact.enclosure import plain
from exactgeo.report.tables import columns, labelled, loss_name, title_of, value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exactgeo.numeric.proportions import Proportion
    from exactgeo.random_starts import Ending, Starts

__all__ = ["histogram", "starts_text"]

ROWS = 20
APART = 0.03
"""Values nearer to each other, as a part of the picture, have one label."""


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


def histogram(found: Starts) -> Any:
    """The losses at the ends, and the exact local minimum values as lines.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    InputError
        Matplotlib is not installed.
    """
    import numpy as np

    from exactgeo.landscape.plot import BAD, BRANCH, GLOBAL, SMALL, figure_of, label

    figure = figure_of(6.0, 3.4)
    axes = figure.add_subplot()
    losses = found.losses[np.isfinite(found.losses)]
    values = [end.value for end in found.ends or () if isinstance(end.value, Fraction)]
    # Ends far above the list would leave it no width.
    top = 1.05 * float(values[-1]) if values and values[-1] else float(losses.max(initial=1.0))
    shown = losses[losses <= top]
    bottom = float(min(losses.min(initial=top), values[0] if values else top))
    axes.hist(shown, bins=80, range=(bottom, top if top > bottom else bottom + 1.0), color=BRANCH)
    # Room for the values above the bars.
    axes.set_ylim(top=1.5 * axes.get_ylim()[1])
    last = -math.inf
    for k, value in enumerate(values):
        axes.axvline(float(value), color=GLOBAL if k == 0 else BAD, linewidth=0.7, linestyle="--")
        # What would be written over its neighbour is not.
        if float(value) - last < APART * (top - bottom):
            continue
        last = float(value)
        axes.text(
            float(value), 1.0, label(value), rotation=90, fontsize=SMALL, va="top", ha="right",
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
    axes.set_xlabel(f"loss at the end ({loss_name(found.problem)})", fontsize=SMALL + 1)
    axes.set_ylabel("starts", fontsize=SMALL + 1)
    axes.tick_params(labelsize=SMALL)
    beyond = f"; {found.count - len(shown)} beyond" if len(shown) < found.count else ""
    title = f"{found.problem.name or 'starts'}: {found.count} starts, {found.settings.optimizer}{beyond}"
    axes.set_title(title, fontsize=SMALL + 1, loc="left")
    return figure
