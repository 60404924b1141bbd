"""Pictures of a landscape: the disconnectivity graph with a point and a level on it, and the fits of its valleys.

Levels are to scale. Where one empty stretch of losses would take most of the height it is shortened, and the picture
says so: the axis is broken there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from exactgeo.landscape.merge_tree import sublevel_components
from exactgeo.pictures import (
    BAD,
    CLOSE,
    FAINT,
    GLOBAL,
    LINE,
    NOTE,
    PALETTE,
    SMALL,
    apart,
    axes_of,
    label,
    panel,
    position,
    styled,
    titled,
)
from exactgeo.problem.plot import draw_fit

if TYPE_CHECKING:
    from exactgeo.landscape.landscape import Landscape, Valley
    from exactgeo.problem import Point

__all__ = ["draw_tree", "draw_valley", "fits"]

NAMED = 60
"""Up to so many branches each leaf has its value written below it; beyond, the axis alone has numbers."""

PANELS = 6
BANDS = PALETTE[2:6]

EMPTY = 0.6
"""A stretch without levels of more than this part of the range is shortened,"""
SHORT = 0.1
"""to this part of the height."""

ABOVE = 0.06
"""The part of the height above the last level."""


# -- the tree ----------------------------------------------------------------------------------------------------------


@dataclass
class _Layout:
    """Leaves side by side, each merge above the middle of what it joins; equal leaves of one merge are one branch."""

    graph: Any
    x: dict[Any, float] = field(default_factory=dict)
    branches: list[list[Any]] = field(default_factory=list)
    merges: list[Any] = field(default_factory=list)
    names: dict[Any, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        roots = [[node] for node in self.graph if not self.graph.in_degree(node)]
        pending: list[tuple[list[Any], bool]] = [(root, False) for root in reversed(roots)]
        while pending:
            unit, placed = pending.pop()
            node = unit[0]
            if self.graph.nodes[node]["kind"] == "leaf":
                self.x.update(dict.fromkeys(unit, float(len(self.branches))))
                self.branches.append(unit)
            elif placed:
                below = [self.x[child] for child in self.graph.successors(node)]
                self.x[node] = (min(below) + max(below)) / 2
                self.merges.append(node)
            else:
                pending.append((unit, True))
                pending += [(below, False) for below in reversed(self._units(node))]

    def _units(self, node: Any) -> list[list[Any]]:
        def key(child: Any) -> tuple[Any, ...]:
            data = self.graph.nodes[child]
            return data["minimum"], data["kind"] == "merge"

        units: list[list[Any]] = []
        for (_, merge), same in groupby(sorted(self.graph.successors(node), key=key), key=key):
            members = list(same)
            units += [[child] for child in members] if merge else [members]
        return units


@styled
def draw_tree(found: Landscape, ax: Any = None, *, level: Fraction | None = None, point: Point | None = None) -> Any:
    """The merge tree: one branch a valley, from the level at which it is born to where it merges.

    Parameters
    ----------
    found : Landscape
        Complete.
    ax : matplotlib Axes, optional
        Without it, in a new figure, the fits of the lowest valleys stand beside the tree where inputs have one or two
        coordinates.
    level : Fraction, optional
        Each connected set of {loss <= level} has a colour, and they are counted.
    point : Point, optional
        Marked on its branch, at its loss.

    Returns
    -------
    matplotlib Axes
        That of the tree. Heights are losses; those that fit are written exactly on the left.
    """
    layout = _Layout(found.merge_tree, names={valley.node: valley.name for valley in found.valleys})
    axes = _axes(found, layout, ax)
    marked = None if point is None else (found.node_of(point), found.problem.loss_at(point))
    scale = _scaled(axes, layout, [q for q in (level, marked and marked[1]) if q is not None])
    parts = [] if level is None else sublevel_components(layout.graph, level)
    if level is not None:
        _sets(axes, layout, level, parts)
    _branches(axes, layout, scale)
    written = _levels(axes, layout, scale)
    if marked is not None:
        node, loss = marked
        axes.plot([layout.x[node]], [position(loss)], "*", color=NOTE, markersize=10, zorder=5, markeredgecolor=LINE)
        axes.annotate(
            f"point: {label(loss)}", (layout.x[node], position(loss)), (6, 5), textcoords="offset points", color=NOTE,
            fontsize=SMALL, bbox=CLOSE, zorder=6,
        )  # fmt: skip
    counted = ""
    if level is not None:
        counted = f"{{loss <= {label(level, decimal=False)}}} has {len(parts)} connected set{'s' * (len(parts) != 1)}"
    _words(axes, found, (layout, scale), written, counted)
    return axes


def _axes(found: Landscape, layout: _Layout, ax: Any) -> Any:
    """The axes of the tree; in a new figure with the fits beside them."""
    if ax is not None:
        return ax
    width = min(max(4.9, 2.4 + 0.24 * len(layout.branches)), 15.0)
    kinds = [next(same) for _, same in groupby(found.valleys, key=lambda v: (v.value, v.escapes_at))][:PANELS]
    beside = found.problem.d <= 2 and found.problem.outputs == 1 and bool(kinds)
    long = _longest(layout) / 72 if len(layout.branches) <= NAMED else 0.0
    height = max(4.8 + long, 1.5 * len(kinds) if beside else 0.0)
    axes = axes_of(None, width + (3.0 if beside else 0), height)
    if beside:
        grid = axes.figure.add_gridspec(1, 2, width_ratios=[width, 3.0])
        axes.set_subplotspec(grid[0])
        right = grid[1].subgridspec(max(len(kinds), 3), 1)
        fits(kinds, [panel(axes, right[k]) for k in range(len(kinds))])
    return axes


@dataclass(frozen=True)
class _Scale:
    """Losses on the screen: straight on each part, with a gap between the parts where the axis is broken.

    Attributes
    ----------
    parts : pairs of losses
        What is drawn to scale.
    knots : pairs of a loss and a height, as a part of that of the axes
    """

    parts: tuple[tuple[float, float], ...]
    knots: tuple[tuple[float, float], ...]

    @property
    def ceiling(self) -> float:
        return self.knots[-1][0]

    def height(self, loss: float) -> float:
        """Where a loss is."""
        return self._between(loss, self.knots)

    def loss(self, height: float) -> float:
        """What is there."""
        return self._between(height, tuple((b, a) for a, b in self.knots))

    @staticmethod
    def _between(q: float, knots: Sequence[tuple[float, float]]) -> float:
        (a, s), (b, t) = next((pair for pair in pairwise(knots) if q <= pair[1][0]), knots[-2:])
        return s + (t - s) * (q - a) / (b - a)


def _scale_of(levels: Sequence[Fraction], below: float) -> _Scale:
    """The scale of these levels, with a part of the height below them that is left for names."""
    low, high = position(levels[0]), position(levels[-1])
    parts = [(low, high)]
    gap, a, b = max(((b - a, a, b) for a, b in pairwise(levels)), default=(Fraction(0), levels[0], levels[0]))
    if len(levels) > 3 and gap > Fraction(EMPTY) * (levels[-1] - levels[0]):
        inset = position(levels[-1] - levels[0] - gap) / 25
        parts = [(low, position(a) + inset), (position(b) - inset, high)]
    length = sum(end - start for start, end in parts) or 1.0
    room = 1 - below - ABOVE - SHORT * (len(parts) - 1)
    knots, height = [(low - length * below / room, 0.0), (low, below)], below
    for k, (start, end) in enumerate(parts):
        if k:
            height += SHORT
            knots.append((start, height))
        if end > start:
            height += (end - start) / length * room
            knots.append((end, height))
    last, reached = knots[-1]
    knots.append((last + length * (1 - reached) / room, 1.0))
    return _Scale(tuple(parts), tuple(knots))


def _scaled(axes: Any, layout: _Layout, more: Sequence[Fraction]) -> _Scale:
    """The scale of a tree, set on the axes; data coordinates stay losses."""
    import numpy as np

    levels = sorted({layout.graph.nodes[node]["level"] for node in layout.graph} | set(more))
    few = len(layout.branches) <= NAMED
    scale = _scale_of(levels, min(0.45, (_longest(layout) + 12) / _points(axes)) if few else 0.03)
    if len(scale.parts) > 1:
        functions = np.vectorize(scale.height, otypes=[float]), np.vectorize(scale.loss, otypes=[float])
        axes.set_yscale("function", functions=functions)
    axes.set_ylim(scale.knots[0][0], scale.ceiling)
    axes.set_xlim(-0.8, max(len(layout.branches) - 0.2, 0.8))
    return scale


def _points(axes: Any) -> float:
    """The height of axes in points, before they are laid out: about."""
    return float(axes.get_position().height * axes.figure.get_figheight() * 72)


def _name(layout: _Layout, unit: Sequence[Any]) -> str:
    """What is written below a leaf: its valley, its value, and how many there are like it."""
    value, name = label(layout.graph.nodes[unit[0]]["level"]), layout.names.get(unit[0], "")
    return f"{name}: {value}" + (f" ×{len(unit)}" if len(unit) > 1 else "")


def _longest(layout: _Layout) -> float:
    """The length of the longest such name, in points: about."""
    return max(len(_name(layout, unit)) for unit in layout.branches) * SMALL * 0.64


def _branches(axes: Any, layout: _Layout, scale: _Scale) -> None:
    """The lines of the tree, and below each leaf its name and value."""
    graph, few = layout.graph, len(layout.branches) <= NAMED
    height = {node: position(graph.nodes[node]["level"]) for node in graph}
    fine = 1.2 if few else 0.5
    for node in layout.merges:
        below = list(graph.successors(node))
        ends = [layout.x[child] for child in below]
        axes.plot([min(ends), max(ends)], [height[node]] * 2, color=LINE, linewidth=fine, solid_capstyle="round")
        for child in below:
            if graph.nodes[child]["kind"] == "merge":
                axes.plot([layout.x[child]] * 2, [height[child], height[node]], color=LINE, linewidth=fine)
    for root in (node for node in layout.merges if not graph.in_degree(node)):
        axes.plot([layout.x[root]] * 2, [height[root], scale.ceiling], color=LINE, linewidth=fine)
    for unit in layout.branches:
        node, x = unit[0], layout.x[unit[0]]
        data = graph.nodes[node]
        colour = BAD if data["bad"] else GLOBAL
        top = next((height[parent] for parent in graph.predecessors(node)), scale.ceiling)
        axes.plot([x, x], [height[node], top], color=colour, linewidth=fine * (2 if len(unit) > 1 else 1))
        axes.plot(
            [x], [height[node]], "s" if data["bad"] else "o", color=colour,
            markersize=4 if few else 1.5, zorder=3,
        )  # fmt: skip
        if few:
            axes.annotate(
                _name(layout, unit), (x, height[node]), (0, -6), textcoords="offset points", rotation=90, ha="center",
                va="top", fontsize=SMALL, color=colour,
            )  # fmt: skip


def _levels(axes: Any, layout: _Layout, scale: _Scale) -> tuple[int, int]:
    """Levels exactly on the left, moved apart where they are close and tied to where they are; decimals on the right.

    Returns how many levels are written, and how many there are.
    """
    graph = layout.graph
    shown = [graph.nodes[node]["level"] for node in layout.merges]
    if len(layout.branches) > NAMED or not shown:
        shown += [graph.nodes[unit[0]]["level"] for unit in layout.branches]
    ranked = sorted(set(shown))
    at = {level: scale.height(position(level)) for level in ranked}
    gap = SMALL * 1.35 / _points(axes)
    most = int(1 / gap) - 1
    # As many as there is room for, evenly by rank, the lowest and the highest among them.
    chosen = ranked if len(ranked) <= most else [ranked[k * (len(ranked) - 1) // (most - 1)] for k in range(most)]
    heights = apart([at[level] for level in chosen], gap)
    over, under = heights[-1] + gap / 2 - 1, gap / 2 - heights[0]
    shift = -over if over > 0 else max(under, 0.0)
    for level, height in zip(chosen, heights, strict=True):
        ends = [at[level], at[level], height + shift]
        axes.plot([0, -0.01, -0.03], ends, transform=axes.transAxes, clip_on=False, color=FAINT, linewidth=0.5)
        axes.text(
            -0.035, height + shift, label(level), transform=axes.transAxes, ha="right", va="center", fontsize=SMALL
        )
    axes.plot([0, 0], [0, 1], transform=axes.transAxes, color=LINE, linewidth=0.8, clip_on=False)
    return len(chosen), len(ranked)


def _sets(axes: Any, layout: _Layout, level: Fraction, parts: Sequence[set[Any]]) -> None:
    """A level across the tree, and under each connected set below it a band of its colour."""
    graph, x, top = layout.graph, layout.x, position(level)
    axes.axhline(top, color=NOTE, linewidth=0.9, linestyle="--", zorder=1)
    wide = 9 if len(layout.branches) <= NAMED else 2.5
    for k, part in enumerate(parts):
        style = {
            "color": BANDS[k % len(BANDS)],
            "linewidth": wide,
            "alpha": 0.45,
            "zorder": 0,
            "solid_capstyle": "butt",
        }
        for node in part:
            below = list(graph.successors(node))
            height = position(graph.nodes[node]["level"])
            if below:
                ends = [x[child] for child in below]
                axes.plot([min(ends), max(ends)], [height, height], **style)
            above = [position(graph.nodes[parent]["level"]) for parent in graph.predecessors(node) if parent in part]
            axes.plot([x[node]] * 2, [height, *(above or [top])], **style)


def _ticks(axes: Any, scale: _Scale) -> None:
    """Decimals on the right; where the axis is broken each part has its own."""
    from matplotlib.ticker import FixedLocator, MaxNLocator

    found: list[float] = []
    for k, (a, b) in enumerate(scale.parts):
        lowest = scale.knots[0][0] if not k and scale.knots[0][0] < a and a > 0 else a
        ticks = MaxNLocator(6 if len(scale.parts) == 1 else 4).tick_values(lowest, b if b > a else scale.ceiling)
        found += [float(q) for q in ticks if lowest <= q <= (b if len(scale.parts) > 1 else scale.ceiling)]
    # Too close to each other they would be one.
    kept = [q for k, q in enumerate(found) if not k or scale.height(q) - scale.height(found[k - 1]) > 0.025]
    axes.yaxis.set_major_locator(FixedLocator(kept))
    if len(scale.parts) > 1:
        (_, a), (b, _) = scale.parts
        axes.axhspan(a, b, facecolor="white", alpha=0.85, zorder=2.5)
        for height in (a, b):
            axes.axhline(height, color=FAINT, linewidth=0.8, linestyle=(0, (2, 2)), zorder=2.6)


def _words(axes: Any, found: Landscape, tree: tuple[_Layout, _Scale], written: tuple[int, int], counted: str) -> None:
    """The decimal axis, what the colours mean, and the title."""
    from matplotlib.lines import Line2D

    layout, scale = tree
    for side in ("top", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["right"].set_visible(True)
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    axes.set_ylabel("loss")
    _ticks(axes, scale)
    handles = [Line2D([], [], marker="o", color=GLOBAL, linewidth=0, label="global minimum")]
    if found.bad_valleys:
        handles.append(Line2D([], [], marker="s", color=BAD, linewidth=0, label="bad valley"))
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, 0.0), ncols=2, borderaxespad=0.2)
    space = "full space" if found.full else "modulo permutation"
    good = len(found.valleys) - found.bad_valleys
    lines = [f"{found.problem.name or 'landscape'}, {space}: {good} global, {found.bad_valleys} bad"]
    lines += [counted] if counted else []
    if len(scale.parts) > 1:
        lines.append(f"axis broken: no level from {scale.parts[0][1]:.4g} to {scale.parts[1][0]:.4g}")
    notes = [f"{written[0]} of {written[1]} levels written"] if written[0] < written[1] else []
    if len(layout.branches) > NAMED and any(len(unit) > 1 for unit in layout.branches):
        notes.append("thick: several equal valleys")
    lines += ["; ".join(notes)] if notes else []
    titled(axes, "\n".join(lines))


# -- fits --------------------------------------------------------------------------------------------------------------


def draw_valley(valley: Valley, ax: Any = None, *, small: bool = False) -> Any:
    """The function at the bottom of a valley, with the data; returns the axes."""
    name = f"{valley.name}: {label(valley.value)}" if small else f"valley {valley.name} at {label(valley.value)}"
    if valley.escapes_at is not None:
        name += f"{chr(10) if small else ', '}escapes at {label(valley.escapes_at)}"
    elif not valley.bad:
        name += "\nglobal minimum" if small else ", a global minimum"
    return draw_fit(
        valley.landscape.problem, valley.point, ax, name=name, colour=BAD if valley.bad else GLOBAL, small=small
    )


def fits(valleys: Sequence[Valley], axes: Sequence[Any]) -> None:
    """The functions at the bottom of several valleys, one panel each."""
    for valley, ax in zip(valleys, axes, strict=True):
        draw_valley(valley, ax, small=True)
