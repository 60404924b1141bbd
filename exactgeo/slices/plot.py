"""Pictures of slices: floats where something is drawn; kinks, cells' boundaries and every number from rationals."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import degrees, isqrt
from typing import TYPE_CHECKING, Any

from exactgeo.exact.algebraic import Algebraic
from exactgeo.exact.enclosure import Value, high
from exactgeo.exact.vectors import ONE, ZERO
from exactgeo.pictures import (
    BAD,
    CLOSE,
    FAINT,
    GLOBAL,
    LINE,
    LONGEST,
    NOTE,
    SMALL,
    axes_of,
    label,
    position,
    sparse,
    styled,
    titled,
)
from exactgeo.problem import Direction
from exactgeo.slices.balance import length_squared

if TYPE_CHECKING:
    from exactgeo.slices.line import LineSlice
    from exactgeo.slices.plane import PlaneSlice

__all__ = ["draw_line", "draw_plane", "length"]

SCALED = "neurons scaled to |w| ~ |v|: the same functions"
SHOWN = 60
"""Kinks that are drawn."""


@styled
def draw_line(found: LineSlice, ax: Any = None, *, samples: int = 240) -> Any:
    """The loss along a line: its kinks, its ends, and the largest value; see :meth:`LineSlice.plot`."""
    axes = axes_of(ax, 5.6, 3.5)
    # At other kinks the curve has a corner between two samples.
    rational = {s for s in found.kinks if isinstance(s, Fraction)}
    grid = sorted({Fraction(k, samples) for k in range(samples + 1)} | rational)
    losses = [found.loss_at(s) for s in grid]
    if len(found.kinks) <= SHOWN:
        for s in found.kinks:
            axes.axvline(position(s), color=FAINT, linewidth=0.6, linestyle=":", zorder=0)
    axes.plot([position(s) for s in grid], list(map(position, losses)), color=LINE)
    top, s, said = _top(found, grid, losses)
    axes.plot([0, 1], list(map(position, found.ends)), "o", color=GLOBAL, markersize=5, zorder=4)
    axes.plot([position(s)], [position(top)], "^", color=BAD, markersize=6, zorder=5)
    axes.axhline(position(top), color=BAD, linewidth=0.6, linestyle="--", zorder=0)
    axes.margins(y=0.1)
    where = label(s, decimal=False) if _short(s) else f"~{position(s):.6g}"
    axes.set_xticks([0, 1], [f"A: s = 0\nloss {label(found.ends[0])}", f"B: s = 1\nloss {label(found.ends[1])}"])
    axes.set_xlabel(f"s of A + s (B - A);  ||B - A|| {length(found.length_squared)}")
    axes.set_ylabel("loss")
    lines = [f"{found.problem.name or 'loss'} on a line: {said} {label(top)} at s = {where}"]
    lines.append(f"{len(found.kinks)} kinks" + (f"; {SCALED}" if found.scaled else ""))
    titled(axes, "\n".join(lines))
    return axes


def _top(
    found: LineSlice, grid: Sequence[Fraction], losses: Sequence[Value]
) -> tuple[Value | Algebraic, Fraction, str]:
    """The maximum and where it is; of a loss without rational values the highest sample, and the words say so."""
    if found.highest is not None:
        return *found.highest, "maximum"
    top = max(losses, key=high)
    return top, grid[losses.index(top)], f"highest of {len(grid)} samples"


@styled
def draw_plane(found: PlaneSlice, ax: Any = None, *, levels: Sequence[Fraction] = (), samples: int = 160) -> Any:
    """The loss on a plane, with named contours and the cells; see :meth:`PlaneSlice.plot`."""
    import numpy as np
    from matplotlib.colors import BoundaryNorm

    axes = axes_of(ax, 5.6, 4.8)
    s, t = np.meshgrid(np.linspace(-0.4, 1.4, samples), np.linspace(-0.4, 1.4, samples))
    heights = found.losses(s, t)
    # Equal areas between the shades, whatever the range of the loss.
    shades = np.unique(np.quantile(heights, np.linspace(0, 1, 25)))
    if len(shades) > 1:
        norm = BoundaryNorm(shades, 256)
        filled = axes.contourf(s, t, heights, levels=shades, cmap="cividis", norm=norm)
        bar = axes.figure.colorbar(filled, ax=axes, format="%.4g")
        bar.ax.tick_params(labelsize=SMALL - 1)
        bar.set_label("loss, shades of equal area", fontsize=SMALL)
    for wall in found.walls(s, t):
        if wall.min() < 0 < wall.max():
            axes.contour(s, t, wall, levels=[0], colors="white", linewidths=0.5)
    names = dict(zip("ABC", found.corners, strict=True))
    corner_names = []
    written = _contours(axes, (s, t, heights), names, levels)
    corners = ((0, 0), (1, 0), (0, 1))
    for (name, loss), (u, v), (dx, dy) in zip(names.items(), corners, ((-6, -13), (-6, -13), (7, 5)), strict=True):
        axes.plot([u], [v], "o", color="white", markeredgecolor="black", markersize=5, zorder=5)
        at = {"xytext": (dx, dy), "textcoords": "offset points", "fontsize": SMALL, "bbox": CLOSE, "zorder": 6}
        corner_names.append(axes.annotate(f"{name}: {label(loss)}", (u, v), **at))
    peaks = _peaks(axes, found)
    one, two = (length_squared(found.origin.towards(point)) for point in (found.right, found.up))
    axes.set_xlabel(f"s of A + s (B - A) + t (C - A);  ||B - A|| {length(one)}")
    axes.set_ylabel(f"t;  ||C - A|| {length(two)}")
    lines = [f"{found.problem.name or 'loss'} on the plane through A, B and C; {_angle(found)}"]
    lines += [peaks] if peaks else []
    lines += [SCALED] if found.scaled else []
    titled(axes, "\n".join(lines))
    sparse(axes, [*corner_names, *written])
    return axes


def _contours(axes: Any, drawn: Any, names: dict[str, Any], levels: Sequence[Fraction]) -> list[Any]:
    """Contours at the losses of the points and at what was asked for, with their names on them."""
    s, t, heights = drawn
    named: dict[float, list[str]] = {}
    for name, loss in [*names.items(), *((label(q, decimal=False), q) for q in levels)]:
        named.setdefault(position(loss), []).append(name)
    inside = {q: f"loss {' = '.join(names)}" for q, names in sorted(named.items()) if heights.min() < q < heights.max()}
    if not inside:
        return []
    lines = axes.contour(s, t, heights, levels=list(inside), colors=BAD, linewidths=1.0, linestyles="--")
    texts = list(axes.clabel(lines, fmt=inside, fontsize=SMALL - 1))
    for text in texts:
        text.set_bbox(CLOSE)
    sparse(axes, texts, inside=True)
    return [text for text in texts if text.axes is not None]


def _peaks(axes: Any, found: PlaneSlice) -> str:
    """The sides of the triangle, with the exact maximum of each inside it; what the title says of them."""
    corners = {"A": (0.0, 0.0), "B": (1.0, 0.0), "C": (0.0, 1.0)}
    words = []
    for pair, side in zip(("AB", "AC", "BC"), found.sides, strict=True):
        (a, b), (c, d) = corners[pair[0]], corners[pair[1]]
        axes.plot([a, c], [b, d], color="black", linewidth=0.7, zorder=3)
        if side.highest is None:
            continue
        top, s = side.highest
        if ZERO < s < ONE:
            u = position(s)
            axes.plot(
                [a + u * (c - a)], [b + u * (d - b)], "^", color=NOTE, markeredgecolor="black", markersize=7, zorder=5
            )
        words.append(f"{pair} {label(top)}")
    return f"maximum on the sides: {', '.join(words)}" if words else ""


def length(square: Fraction) -> str:
    """A length by its square: whole or a root where that is short, with its decimal.

    Examples
    --------
    >>> length(Fraction(25)), length(Fraction(1, 4)), length(Fraction(26))
    ('= 5', '= 1/2 = 0.5', '= sqrt(26) ~ 5.09902')
    """
    top, bottom = isqrt(square.numerator), isqrt(square.denominator)
    if top**2 == square.numerator and bottom**2 == square.denominator and len(f"{top}/{bottom}") <= LONGEST:
        return f"= {label(Fraction(top, bottom))}"
    about = f"~ {position(square) ** 0.5:.6g}"
    return f"= sqrt({square}) {about}" if _short(square) else about


def _short(q: Fraction) -> bool:
    return len(str(q)) <= 10


def _angle(found: PlaneSlice) -> str:
    import numpy as np

    one, two = (_flat(found.origin.towards(point)) for point in (found.right, found.up))
    size = float(np.linalg.norm(one) * np.linalg.norm(two))
    cosine = float(np.dot(one, two)) / size if size else 1.0
    return f"angle at A {degrees(np.arccos(min(1.0, max(-1.0, cosine)))):.0f}°"


def _flat(direction: Direction) -> list[float]:
    rows = [*(row for matrix in direction.weights for row in matrix), *direction.biases]
    return [position(q) for row in rows for q in row]
