"""A picture of a law: P[Bas <= level] against the width, the bounds of theorems, and random starts as a check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from exactgeo.pictures import PALETTE, axes_of, label, styled, titled

if TYPE_CHECKING:
    from exactgeo.probability.probabilities import LevelLaw, Probabilities

__all__ = ["draw_laws"]

PICTURED = 5
"""Levels of a picture."""

WIDEST = 64
"""The least width to which a picture goes."""

STARTS = 1_000
"""Random starts behind each point of a picture."""


@styled
def draw_laws(owner: Probabilities, laws: Sequence[LevelLaw], ax: Any = None) -> Any:
    """P[Bas <= level] of some laws of one problem against the width; returns the axes."""
    axes = axes_of(ax, 7, 4.2)
    widths, drawn = _drawn_widths(owner, laws), []
    chosen = _chosen(laws)
    for k, law in enumerate(chosen):
        colour = PALETTE[k % len(PALETTE)]
        style = "-" if len(widths) > 1 else "s"
        axes.plot(widths, [1 - law.above(n) for n in widths], style, color=colour, label=f"Bas <= {label(law.at_most)}")
        named: dict[int, list[tuple[int, float]]] = {}
        for n in widths:
            for row in law.theorems_at(n):
                named.setdefault(row.theorem, []).append((n, float(row.bound.lo)))
        for theorem, points in named.items():
            if (theorem, points) in drawn:
                continue
            drawn.append((theorem, points))
            axes.plot(*zip(*points, strict=True), "--", color=colour, label=f"bound of Theorem {theorem}")
        checked = [n for n in widths if n in (1, 2, 4, 8, 16, 32)] if len(widths) > 1 else widths
        for n, (below, low, high) in ((n, found) for n in checked if (found := law.simulated(n, STARTS)) is not None):
            part = below / STARTS
            axes.errorbar([n], [part], [[part - low], [high - part]], fmt=".", color=colour, capsize=2)
    axes.set(xlabel="width", ylabel="P[Bas <= level]", ylim=(-0.02, 1.02))
    if len(widths) > 1:
        axes.set_xscale("log")
        base = 2 if widths[-1] <= 2 * WIDEST else 10
        ticks = [base**k for k in range(24) if base**k <= widths[-1]]
        axes.set_xticks(ticks, list(map(str, ticks)))
        axes.set_xticks([], minor=True)
    else:
        axes.set_xticks(widths)
    words = [f"{owner.problem.name or 'random starts'}: how likely a random start lies in a basin of low value"]
    words.append(f"dots: {STARTS} simulated starts with 95 % intervals")
    if len(chosen) < len(laws):
        words.append(f"{len(chosen)} of {len(laws)} levels drawn")
    titled(axes, "; ".join(words))
    # Beside the picture: it hides nothing.
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)
    return axes


def _drawn_widths(owner: Probabilities, laws: Sequence[LevelLaw]) -> list[int]:
    if not owner.any_width:
        return [owner.width]
    asked = [row.width for law in laws for row in law]
    most, widths = max([WIDEST, *(n for n in asked if n <= 10**6)]), [1]
    while widths[-1] < most:
        widths.append(max(widths[-1] + 1, widths[-1] * 5 // 4))
    return sorted({*widths, 2, 4, 8, 16, 32})


def _chosen(laws: Sequence[LevelLaw]) -> list[LevelLaw]:
    """A few levels, the first and the last among them."""
    if len(laws) <= PICTURED:
        return list(laws)
    return [laws[k * (len(laws) - 1) // (PICTURED - 1)] for k in range(PICTURED)]
