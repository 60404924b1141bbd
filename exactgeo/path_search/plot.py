"""A picture of a path: the loss along it with its exact levels, and what each stretch does.

Positions are rounded to the screen; every number written is exact, or marked with ~ where it is too long to write.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

from exactgeo.exact.algebraic import Algebraic
from exactgeo.exact.enclosure import Enclosure, Value, high
from exactgeo.landscape.plot import BAD, BRANCH, KINK, SMALL, figure_of, label
from exactgeo.paths import Path

__all__ = ["path_figure"]

LISTED = 12
"""Stretches whose words are written; of more, those of the most segments."""

SAMPLES = 1600
"""Evaluations of the loss along a path, at most, but two a segment."""

DOTS = 80
"""Up to so many segments their ends are marked."""

SHADES = ("#f1f1f1", "#ffffff")


def path_figure(path: Path, *, samples: int | None = None) -> Any:
    """The loss along a path.

    Parameters
    ----------
    path : exactgeo.paths.Path
    samples : int, optional
        Exact evaluations a segment.

    Returns
    -------
    matplotlib Figure
        Segments are evenly spaced; stretches of one step are shaded in turn, numbered, and named below.

    Raises
    ------
    InputError
        Matplotlib is not installed.
    """
    count = len(path.segments)
    named = _named(path)
    figure = figure_of(min(max(6.0, 2 + 0.25 * count), 12), 3.4 + 0.16 * len(named))
    axes = figure.add_subplot()
    axes.margins(y=0.09)
    each = samples or max(2, min(24, SAMPLES // max(count, 1)))
    times = [Fraction(k, each) for k in range(count * each + 1)] if count else []
    axes.plot([float(t) for t in times], [_float(path.loss_at(t)) for t in times], color=BRANCH, linewidth=1.2)
    top = path.highest
    axes.axhline(_float(top), color=KINK, linewidth=0.6, linestyle=":")
    if count <= DOTS:
        axes.plot(range(count + 1), [_float(q) for q in path.losses], "o", color=BRANCH, markersize=2.5)
    first, last = path.losses[0], path.losses[-1]
    axes.plot([0, count], [_float(first), _float(last)], "o", color=BAD, markersize=4)
    axes.set_xticks([0, count] if count else [0])
    axes.set_xticklabels([f"start\nloss {_written(first)}", f"end\nloss {_written(last)}"][: count + 1])
    axes.tick_params(labelsize=SMALL)
    axes.set_ylabel("loss", fontsize=SMALL + 1)
    _stretches(axes, path, named)
    title = f"{path.problem.name or 'loss'} along a path: " + (
        "never rises, from " if path.never_rises else "never above "
    )
    axes.set_title(title + _written(top), fontsize=SMALL + 1, loc="left")
    return figure


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
                fontsize=SMALL - 1, color=KINK,
            )  # fmt: skip
        kinds = Counter(str(segment.kind) for segment in path.segments[first : first + size])
        lines.append(f"{number}  {step or 'move'}: " + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))
    total = sum(1 for _ in path.stretches)
    if total > len(named):
        lines.append(f"and {total - len(named)} shorter stretches")
    axes.set_xlabel("\n".join(["segments, evenly spaced", *lines]), fontsize=SMALL, loc="left")


def _float(value: Value | Algebraic) -> float:
    if isinstance(value, Algebraic):
        value = value.enclosure
    return float((value.lo + value.hi) / 2 if isinstance(value, Enclosure) else value)


def _written(value: Value | Algebraic) -> str:
    if isinstance(value, Fraction):
        return label(value)
    bounds = value.enclosure if isinstance(value, Algebraic) else value
    return f"~{float(high(bounds)):.6g}"
