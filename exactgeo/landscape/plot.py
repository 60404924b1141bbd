"""Pictures of a landscape: the disconnectivity graph and the fits at the leaves.

Matplotlib is an optional extra; figures are made with its object interface, so nothing global changes. Positions are
rounded to the screen; every number written is exact, or marked with ~ where it is too long to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any

from exactgeo import files
from exactgeo.exact.rational import format_rational, with_decimal
from exactgeo.pictures import drawable, no_matplotlib

if TYPE_CHECKING:
    from exactgeo.landscape.landscape import Landscape, Valley
    from exactgeo.problem import Point, Problem

__all__ = ["disconnectivity", "figure_of", "fits", "label", "save", "tree_figure", "write"]

GLOBAL, BAD, BRANCH, KINK = "#1b7837", "#b2182b", "#444444", "#9a9a9a"
SMALL = 7
LONGEST = 14
NAMED = 60
"""Up to so many branches each leaf has its value written below it; beyond, the axis alone has numbers."""

PANELS = 6


def figure_of(width: float, height: float) -> Any:
    """An empty figure of this size in inches, with a canvas of its own.

    Raises
    ------
    InputError
        Matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise no_matplotlib() from None
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def label(value: Fraction) -> str:
    """A rational as it is written in a picture: exactly with its decimal, or rounded where that is too long.

    Examples
    --------
    >>> print(label(Fraction(106, 5)), label(Fraction(1, 3**40)))
    106/5 = 21.2 ~8.22526e-20
    """
    text = format_rational(value)
    return with_decimal(value) if len(text) <= LONGEST else f"~{float(value):.6g}"


# -- the tree ----------------------------------------------------------------------------------------------------------


@dataclass
class _Layout:
    """Leaves side by side, each merge above the middle of what it joins; equal leaves of one merge are one branch."""

    graph: Any
    x: dict[Any, float] = field(default_factory=dict)
    branches: list[list[Any]] = field(default_factory=list)
    merges: list[Any] = field(default_factory=list)

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


def disconnectivity(found: Landscape, axes: Any) -> None:
    """Draw the merge tree: one branch a valley, from the level at which it is born to where it merges.

    Parameters
    ----------
    found : Landscape
        Complete.
    axes : matplotlib Axes
        Levels are to scale; those that fit are written exactly on the axis.
    """
    graph = found.merge_tree
    layout = _Layout(graph)
    levels = {node: graph.nodes[node]["level"] for node in graph}
    height = {node: float(level) for node, level in levels.items()}
    low, high = min(height.values()), max(height.values())
    span = high - low or 1.0
    fine = 1.2 if len(layout.branches) <= NAMED else 0.5
    for node in layout.merges:
        below = list(graph.successors(node))
        ends = [layout.x[child] for child in below]
        axes.plot([min(ends), max(ends)], [height[node]] * 2, color=BRANCH, linewidth=fine, solid_capstyle="round")
        for child in below:
            if graph.nodes[child]["kind"] == "merge":
                axes.plot([layout.x[child]] * 2, [height[child], height[node]], color=BRANCH, linewidth=fine)
    for unit in layout.branches:
        node, x = unit[0], layout.x[unit[0]]
        data = graph.nodes[node]
        color = BAD if data["bad"] else GLOBAL
        top = next((height[parent] for parent in graph.predecessors(node)), height[node] + span / 10)
        axes.plot([x, x], [height[node], top], color=color, linewidth=fine * (2 if len(unit) > 1 else 1))
        axes.plot([x], [height[node]], marker="o", color=color, markersize=3 if fine > 1 else 1)
        if len(layout.branches) <= NAMED:
            text = label(data["level"]) + (f" ×{len(unit)}" if len(unit) > 1 else "")
            axes.annotate(
                text, (x, height[node]), (0, -5), textcoords="offset points", rotation=90, ha="center", va="top",
                fontsize=SMALL, color=color,
            )  # fmt: skip
    shown = [levels[node] for node in layout.merges]
    if len(layout.branches) > NAMED or not shown:
        shown += [levels[unit[0]] for unit in layout.branches]
    floor = low - span * (0.22 if len(layout.branches) <= NAMED else 0.03)
    ceiling = high + span * 0.06
    axes.set_ylim(floor, ceiling)
    axes.set_xticks([])
    axes.set_xlim(-0.8, max(len(layout.branches) - 0.2, 0.8))
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(False)
    _levels(axes, found, layout, shown, floor, ceiling)


def _levels(
    axes: Any, found: Landscape, layout: _Layout, levels: Sequence[Fraction], floor: float, ceiling: float
) -> None:
    """Write levels exactly beside a scale, moved apart where they are close and tied to their place by a line."""
    ranked = sorted(set(levels))
    gap = (ceiling - floor) * SMALL * 1.35 / (axes.figure.get_figheight() * 72 * 0.85)
    most = int((ceiling - floor) / gap) - 1
    chosen = ranked
    if len(ranked) > most:
        # The lowest, the highest, and those that are not close to one chosen before.
        chosen, apart = [], (ceiling - floor) / most
        for level in [ranked[0], ranked[-1], *ranked]:
            if all(abs(float(level - other)) >= apart for other in chosen):
                chosen.append(level)
        chosen.sort()
    heights = _apart([float(level) for level in chosen], gap)
    over, under = heights[-1] + gap / 2 - ceiling, floor - heights[0] + gap / 2
    shift = -over if over > 0 else max(under, 0.0)
    side = axes.get_yaxis_transform()
    axes.set_yticks([])
    for level, height in zip(chosen, heights, strict=True):
        ends = [float(level), float(level), height + shift]
        axes.plot([0, -0.01, -0.03], ends, transform=side, clip_on=False, color=KINK, linewidth=0.5)
        axes.text(-0.035, height + shift, label(level), transform=side, ha="right", va="center", fontsize=SMALL)
    axes.plot([0, 0], [floor, ceiling], transform=side, color=BRANCH, linewidth=0.8, clip_on=False)
    space = "full space" if found.full else "modulo permutation"
    good = len(found.valleys) - found.bad_valleys
    text = f"{found.problem.name or 'landscape'}, {space}: {good} global, {found.bad_valleys} bad"
    notes = [f"{len(chosen)} of {len(ranked)} levels written"] if len(chosen) < len(ranked) else []
    if len(layout.branches) > NAMED and any(len(unit) > 1 for unit in layout.branches):
        notes.append("thick: several equal valleys")
    text += "\n" * bool(notes) + "; ".join(notes)
    axes.set_title(text, fontsize=SMALL + 1, loc="left")


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """The nearest heights (least squares) that are at least ``gap`` apart: pool adjacent violators."""
    pools: list[tuple[float, int]] = []
    for k, height in enumerate(heights):
        mean, size = height - k * gap, 1
        while pools and pools[-1][0] > mean:
            other, count = pools.pop()
            mean, size = (other * count + mean * size) / (count + size), count + size
        pools.append((mean, size))
    flat = [mean for mean, size in pools for _ in range(size)]
    return [mean + k * gap for k, mean in enumerate(flat)]


def tree_figure(found: Landscape) -> Any:
    """A matplotlib Figure: the disconnectivity graph and, for one-dimensional data, the fits at the lowest leaves.

    Raises
    ------
    InputError
        Matplotlib is not installed.
    """
    branches = len(_Layout(found.merge_tree).branches)
    width = min(max(4.5, 1.8 + 0.24 * branches), 15.0)
    with_fits = found.problem.d == 1
    figure = figure_of(width + (2.6 if with_fits else 0), 5.6)
    if not with_fits:
        disconnectivity(found, figure.add_subplot())
        return figure
    kinds = [next(same) for _, same in groupby(found.valleys, key=lambda v: (v.value, v.escapes_at))][:PANELS]
    grid = figure.add_gridspec(1, 2, width_ratios=[width, 2.6])
    disconnectivity(found, figure.add_subplot(grid[0]))
    right = grid[1].subgridspec(max(len(kinds), 3), 1)
    fits(kinds, [figure.add_subplot(right[k]) for k in range(len(kinds))])
    return figure


def save(found: Landscape, path: str) -> None:
    """Write :func:`tree_figure`; errors as for :func:`write`."""
    write(tree_figure(found), path)


def write(figure: Any, path: str) -> None:
    """Write a figure as .svg, .png or .pdf, whole or not at all.

    Raises
    ------
    InputError
        Another suffix, or the file cannot be written.
    """
    drawable(path)
    with files.replacing(path) as stream:
        figure.savefig(stream, format=path.lower().rpartition(".")[2], dpi=130)


# -- fits --------------------------------------------------------------------------------------------------------------


def fits(valleys: Sequence[Valley], axes: Sequence[Any]) -> None:
    """For one-dimensional data: the function at the bottom of each valley, with the data."""
    for valley, panel in zip(valleys, axes, strict=True):
        problem, point = valley.landscape.problem, valley.point
        inputs = [row[0] for row in problem.x]
        low, high = min(inputs), max(inputs)
        margin = (high - low) / 10 or Fraction(1)
        grid = sorted({low - margin + (high - low + 2 * margin) * Fraction(k, 200) for k in range(201)} | set(inputs))
        values = [_predict(problem, point, x) for x in grid]
        color = BAD if valley.bad else GLOBAL
        panel.plot([float(x) for x in grid], [float(q) for q in values], color=color, linewidth=1)
        panel.plot([float(q) for q in inputs], [float(row[0]) for row in problem.y], "o", color="black", markersize=2.5)
        escape = f"\nescapes at {label(valley.escapes_at)}" if valley.escapes_at is not None else ""
        panel.set_title(label(valley.value) + escape, fontsize=SMALL, color=color, pad=2)
        panel.tick_params(labelsize=SMALL - 2, length=2)


def _predict(problem: Problem, point: Point, x: Fraction) -> Fraction:
    return replace(problem, x=((x,),), y=((Fraction(0),),)).predictions(point)[0][0]
