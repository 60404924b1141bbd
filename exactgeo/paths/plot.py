"""A picture of a path: the loss along it with its exact levels and its maximum, and what each stretch does."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactgeo.exact.enclosure import Value
from exactgeo.pictures import BAD, FAINT, GLOBAL, LINE, NOTE, SMALL, axes_of, label, position, styled, titled

if TYPE_CHECKING:
    from exactgeo.paths.path import Path

__all__ = ["draw_path"]

LISTED = 12
"""Stretches whose words are written; of more, those of the most segments."""

SAMPLES = 1600
"""Evaluations of the loss along a path, at most, but two a segment."""

DOTS = 80
"""Up to so many segments their ends are marked."""

SHADES = ("#f1f1f1", "#ffffff")


@styled
def draw_path(path: Path, ax: Any = None, *, samples: int | None = None, at_least: Value | None = None) -> Any:
    """The loss along a path.

    Parameters
    ----------
    path : exactgeo.paths.Path
    ax : matplotlib Axes, optional
    samples : int, optional
        Exact evaluations a segment.
    at_least : Fraction or Enclosure, optional
        What every path between the two ends reaches: a line of its own.

    Returns
    -------
    matplotlib Axes
        Segments are evenly spaced; stretches of one step are shaded in turn, numbered, and named below.
    """
    count, named = len(path.segments), _named(path)
    axes = axes_of(ax, min(max(6.0, 2 + 0.25 * count), 12), 3.4 + 0.16 * len(named))
    axes.margins(y=0.12)
    each = samples or max(2, min(24, SAMPLES // max(count, 1)))
    times = [Fraction(k, each) for k in range(count * each + 1)] if count else []
    axes.plot([position(t) for t in times], [position(path.loss_at(t)) for t in times], color=LINE)
    if count <= DOTS:
        axes.plot(range(count + 1), [position(q) for q in path.losses], "o", color=LINE, markersize=2.5)
    first, last, top = path.losses[0], path.losses[-1], path.highest
    axes.axhline(position(top), color=BAD, linewidth=0.6, linestyle="--", zorder=1)
    if at_least is not None and position(at_least) != position(top):
        axes.axhline(position(at_least), color=NOTE, linewidth=0.8, linestyle=":", zorder=1)
    axes.plot([0, count], [position(first), position(last)], "o", color=GLOBAL, markersize=5, zorder=4)
    axes.plot([position(path.highest_at)], [position(top)], "^", color=BAD, markersize=6, zorder=5)
    axes.set_xticks([0, count] if count else [0])
    axes.set_xticklabels([f"start\nloss {label(first)}", f"end\nloss {label(last)}"][: count + 1])
    axes.set_ylabel("loss")
    _stretches(axes, path, named)
    said = "never rises, from " if path.never_rises else "never above "
    lines = [f"{path.problem.name or 'loss'} along a path: {said}{label(top)}"]
    if at_least is not None:
        same = position(at_least) == position(top) and at_least == top
        lines.append(f"every path reaches {'that' if same else label(at_least)}")
    titled(axes, "\n".join(lines))
    return axes


def _named(path: Path) -> list[tuple[int, str, int, int]]:
    """(number, step, first segment, how many) of the stretches that are named."""
    every = [(k, *stretch) for k, stretch in enumerate(path.stretches, 1)]
    return sorted(sorted(every, key=lambda stretch: -stretch[3])[:LISTED])


def _stretches(axes: Any, path: Path, named: list[tuple[int, str, int, int]]) -> None:
    """Shade the stretches, number those that are named, and say below what they do."""
    for k, (_, first, size) in enumerate(path.stretches):
        axes.axvspan(first, first + size, color=SHADES[k % 2], zorder=0, linewidth=0)
    count, lines = len(path.segments), []
    wide = 0.03 * count
    for number, step, first, size in named:
        if size >= wide:
            axes.text(
                first + size / 2, 0.985, str(number), transform=axes.get_xaxis_transform(), ha="center", va="top",
                fontsize=SMALL - 1, color=FAINT,
            )  # fmt: skip
        kinds = Counter(str(segment.kind) for segment in path.segments[first : first + size])
        lines.append(f"{number}  {step or 'move'}: " + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))
    total = sum(1 for _ in path.stretches)
    if total > len(named):
        lines.append(f"and {total - len(named)} shorter stretches")
    axes.set_xlabel("\n".join(["segments, evenly spaced", *lines]), fontsize=SMALL, loc="left")
