"""Pictures of a landscape: the disconnectivity graph, slices of the loss, the fits at the leaves.

Matplotlib is an optional extra; figures are made with its object interface, so nothing global changes. Positions are
rounded to the screen; every number written is exact, or marked with ~ where it is too long to write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactgeo.errors import InputError
from exactgeo.exact.rational import format_rational

if TYPE_CHECKING:
    from exactgeo.landscape import Landscape, Valley
    from exactgeo.landscape import Path as Way
    from exactgeo.problem import Point, Problem

__all__ = ["disconnectivity", "fits", "path_figure", "save", "slice_line", "slice_plane", "tree_figure", "write"]

GLOBAL, BAD, BRANCH, KINK = "#1b7837", "#b2182b", "#444444", "#9a9a9a"
SMALL = 7
LONGEST = 14
NAMED = 60
"""Up to so many branches each leaf has its value written below it; beyond, the axis alone has numbers."""

PANELS = 6
FORMATS = (".svg", ".png", ".pdf")


def _figure(width: float, height: float) -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError(
            "matplotlib", "no such module", "the optional extra for pictures", "pip install 'exactgeo[plot]'"
        ) from None
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _label(value: Fraction) -> str:
    text = format_rational(value)
    return text if len(text) <= LONGEST else f"~{float(value):.6g}"


# -- the tree ----------------------------------------------------------------------------------------------------------


@dataclass
class _Layout:
    """Leaves side by side, each merge above the middle of what it joins; equal leaves of one merge are one branch."""

    graph: Any
    place: dict[Any, float] = field(default_factory=dict)
    branches: list[list[Any]] = field(default_factory=list)
    merges: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        roots = [[node] for node in self.graph if not self.graph.in_degree(node)]
        pending: list[tuple[list[Any], bool]] = [(root, False) for root in reversed(roots)]
        while pending:
            unit, placed = pending.pop()
            node = unit[0]
            if self.graph.nodes[node]["kind"] == "leaf":
                self.place.update(dict.fromkeys(unit, float(len(self.branches))))
                self.branches.append(unit)
            elif placed:
                spots = [self.place[child] for child in self.graph.successors(node)]
                self.place[node] = (min(spots) + max(spots)) / 2
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
        spots = [layout.place[child] for child in below]
        axes.plot([min(spots), max(spots)], [height[node]] * 2, color=BRANCH, linewidth=fine, solid_capstyle="round")
        for child in below:
            if graph.nodes[child]["kind"] == "merge":
                axes.plot([layout.place[child]] * 2, [height[child], height[node]], color=BRANCH, linewidth=fine)
    for unit in layout.branches:
        node, x = unit[0], layout.place[unit[0]]
        data = graph.nodes[node]
        color = BAD if data["bad"] else GLOBAL
        top = next((height[parent] for parent in graph.predecessors(node)), height[node] + span / 10)
        axes.plot([x, x], [height[node], top], color=color, linewidth=fine * (2 if len(unit) > 1 else 1))
        axes.plot([x], [height[node]], marker="o", color=color, markersize=3 if fine > 1 else 1)
        if len(layout.branches) <= NAMED:
            text = _label(data["level"]) + (f" ×{len(unit)}" if len(unit) > 1 else "")
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
        axes.text(-0.035, height + shift, _label(level), transform=side, ha="right", va="center", fontsize=SMALL)
    axes.plot([0, 0], [floor, ceiling], transform=side, color=BRANCH, linewidth=0.8, clip_on=False)
    space = "full space" if found.full else "modulo permutation"
    good = len(found.valleys) - found.bad_valleys
    text = f"{found.problem.name or 'landscape'}, {space}: {good} global, {found.bad_valleys} bad"
    notes = [f"{len(chosen)} of {len(ranked)} levels written"] if len(chosen) < len(ranked) else []
    if len(layout.branches) > NAMED and any(len(unit) > 1 for unit in layout.branches):
        notes.append("thick: several equal valleys")
    text += "\n" * bool(notes) + "; ".join(notes)
    axes.set_title(text, fontsize=SMALL + 1, loc="left")


def _apart(places: Sequence[float], gap: float) -> list[float]:
    """The nearest places (least squares) that are at least ``gap`` apart: pool adjacent violators."""
    pools: list[tuple[float, int]] = []
    for k, place in enumerate(places):
        mean, size = place - k * gap, 1
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
    figure = _figure(width + (2.6 if with_fits else 0), 5.6)
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
    """Write :func:`tree_figure` as .svg, .png or .pdf.

    Raises
    ------
    InputError
        Another suffix, or matplotlib is not installed.
    OSError
        The file cannot be written.
    """
    write(tree_figure(found), path)


def write(figure: Any, path: str) -> None:
    """Write a figure as .svg, .png or .pdf; errors as for :func:`save`."""
    if Path(path).suffix.lower() not in FORMATS:
        raise InputError("picture", path, "a file name that ends in " + ", ".join(FORMATS), "tree.svg")
    figure.savefig(path, dpi=130)


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
        escape = f", escapes at {_label(valley.escapes_at)}" if valley.escapes_at is not None else ""
        panel.set_title(_label(valley.value) + escape, fontsize=SMALL, color=color, pad=2)
        panel.tick_params(labelsize=SMALL - 2, length=2)


def _predict(problem: Problem, point: Point, x: Fraction) -> Fraction:
    from dataclasses import replace

    return replace(problem, x=((x,),), y=((Fraction(0),),)).predictions(point)[0][0]


# -- slices ------------------------------------------------------------------------------------------------------------


def slice_line(problem: Problem, one: Point, other: Point, *, samples: int = 400, axes: Any = None) -> Any:
    """The loss on the straight line between two points, with the kinks it crosses.

    Parameters
    ----------
    problem : Problem
        One hidden layer.
    one, other : Point
        At s = 0 and s = 1; both are evaluated, and their exact losses written.
    samples : int
    axes : matplotlib Axes, optional

    Returns
    -------
    matplotlib Figure
    """
    _refuse(problem)
    figure = _figure(5.5, 3.4) if axes is None else axes.figure
    axes = figure.add_subplot() if axes is None else axes
    step = _difference(one, other)
    crossings = sorted({s for a, b in _pre_activations(problem, one, other) if a != b and 0 < (s := a / (a - b)) < 1})
    grid = sorted({Fraction(k, samples) for k in range(samples + 1)} | set(crossings))
    values = [problem.loss_at(one.moved(step, s)) for s in grid]
    for s in crossings:
        axes.axvline(float(s), color=KINK, linewidth=0.6, linestyle=":")
    axes.plot([float(s) for s in grid], [float(q) for q in values], color=BRANCH, linewidth=1.2)
    top = max(values)
    peak = grid[values.index(top)]
    marks = [(Fraction(0), values[0]), (Fraction(1), values[-1])]
    axes.plot([float(s) for s, _ in marks], [float(q) for _, q in marks], "o", color=BAD, markersize=4)
    axes.set_xticks([0, 1], [f"s = 0\nloss {_label(values[0])}", f"s = 1\nloss {_label(values[-1])}"], fontsize=SMALL)
    axes.tick_params(axis="y", labelsize=SMALL)
    note = f"highest sample {float(top):.6g} at s = {float(peak):.4g}; {len(crossings)} kinks"
    axes.set_title(f"{problem.name or 'loss'} on a line: {note}", fontsize=SMALL + 1, loc="left")
    axes.set_ylabel("loss", fontsize=SMALL + 1)
    return figure


def path_figure(path: Way, *, samples: int = 24) -> Any:
    """The loss along a path, its breakpoints and the level it must reach.

    Parameters
    ----------
    path : exactgeo.landscape.Path
    samples : int
        Exact evaluations a segment.

    Returns
    -------
    matplotlib Figure
    """
    count = len(path.segments)
    figure = _figure(min(max(5.5, 2 + 0.25 * count), 12), 3.4)
    axes = figure.add_subplot()
    times = [Fraction(k, samples) for k in range(count * samples + 1)] if count else []
    axes.plot(
        [float(t) for t in times], [float(path.problem.loss_at(path.at(t))) for t in times], color=BRANCH, linewidth=1.2
    )
    axes.axhline(float(path.highest), color=KINK, linewidth=0.6, linestyle=":")
    axes.plot(range(count + 1), [float(q) for q in path.losses], "o", color=BRANCH, markersize=2.5)
    axes.plot([0, count], [float(path.losses[0]), float(path.losses[-1])], "o", color=BAD, markersize=4)
    axes.set_xticks([0, count] if count else [0])
    axes.set_xticklabels([f"start\nloss {_label(path.losses[0])}", f"end\nloss {_label(path.losses[-1])}"][: count + 1])
    axes.tick_params(labelsize=SMALL)
    axes.set_ylabel("loss", fontsize=SMALL + 1)
    axes.set_xlabel("breakpoints of the path, evenly spaced", fontsize=SMALL)
    axes.set_title(
        f"{path.problem.name or 'loss'} along a path: never above {_label(path.highest)}",
        fontsize=SMALL + 1,
        loc="left",
    )
    return figure


def slice_plane(
    problem: Problem, origin: Point, right: Point, up: Point, *, samples: int = 160, axes: Any = None
) -> Any:
    """The loss on the plane through three points, with the boundaries of the cells.

    Parameters
    ----------
    problem : Problem
        One hidden layer.
    origin, right, up : Point
        At (0, 0), (1, 0) and (0, 1).
    samples : int
        Each way; the loss is drawn from floats.
    axes : matplotlib Axes, optional

    Returns
    -------
    matplotlib Figure
    """
    import numpy as np

    _refuse(problem)
    figure = _figure(5.2, 4.4) if axes is None else axes.figure
    axes = figure.add_subplot() if axes is None else axes
    s, t = np.meshgrid(np.linspace(-0.4, 1.4, samples), np.linspace(-0.4, 1.4, samples))
    plane = _Plane(problem, origin, right, up)
    heights = plane.losses(s, t)
    # Equal areas between the shades, whatever the range of the loss.
    shades = np.unique(np.quantile(heights, np.linspace(0, 1, 25)))
    if len(shades) > 1:
        from matplotlib.colors import BoundaryNorm

        filled = axes.contourf(s, t, heights, levels=shades, cmap="viridis", norm=BoundaryNorm(shades, 256))
        bar = figure.colorbar(filled, ax=axes, format="%.4g")
        bar.ax.tick_params(labelsize=SMALL - 1)
    for a, b, c in plane.forms:
        if a or b:
            axes.contour(s, t, a * s + b * t + c, levels=[0], colors="white", linewidths=0.5)
    for name, (u, v), point in (("A", (0, 0), origin), ("B", (1, 0), right), ("C", (0, 1), up)):
        axes.plot([u], [v], "o", color="white", markeredgecolor="black", markersize=5)
        axes.annotate(
            f"{name}: {_label(problem.loss_at(point))}", (u, v), (6, 6), textcoords="offset points", fontsize=SMALL,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "linewidth": 0, "alpha": 0.85},
        )  # fmt: skip
    axes.set_title(f"{problem.name or 'loss'} on the plane A + s (B - A) + t (C - A)", fontsize=SMALL + 1, loc="left")
    axes.set_xlabel("s", fontsize=SMALL)
    axes.set_ylabel("t", fontsize=SMALL)
    axes.tick_params(labelsize=SMALL)
    return figure


def _refuse(problem: Problem) -> None:
    """What slices draw: one hidden layer, one output, piecewise linear, a rational loss."""
    net = problem.network
    if (
        len(net.widths) != 1
        or problem.outputs != 1
        or not net.activation.homogeneous
        or problem.loss.kind in ("logistic", "cross_entropy")
    ):
        raise InputError(
            problem.name or "problem",
            f"{len(net.widths)} hidden layers, {problem.outputs} outputs, {net.activation.name}, {problem.loss.kind}",
            "one hidden layer, one output, a piecewise linear activation and a loss with rational values",
            "a problem of that kind",
        )


def _difference(one: Point, other: Point) -> Point:
    return other.moved(one, Fraction(-1))


def _lifted(problem: Problem, point: Point) -> list[tuple[Fraction, ...]]:
    """Input weights of the hidden units, the bias last."""
    if problem.network.hidden_bias[0]:
        return [(*w, b) for w, b in zip(point.weights[0], point.biases[0], strict=True)]
    return list(point.weights[0])


def _sides(problem: Problem, point: Point) -> list[Fraction]:
    """All pre-activations, and all output weights: where one vanishes, a cell ends."""
    zero = Fraction(0)
    inner = [
        sum((a * b for a, b in zip(w, row, strict=True)), zero)
        for w in _lifted(problem, point)
        for row in problem.lifted
    ]
    return [*inner, *point.weights[1][0]]


def _pre_activations(problem: Problem, one: Point, other: Point) -> list[tuple[Fraction, Fraction]]:
    return list(zip(_sides(problem, one), _sides(problem, other), strict=True))


class _Plane:
    """The loss and the cell boundaries on a plane through three points, in floats."""

    def __init__(self, problem: Problem, origin: Point, right: Point, up: Point) -> None:
        self.problem = problem
        corners = [_sides(problem, point) for point in (origin, right, up)]
        self.forms = [(float(b - a), float(c - a), float(a)) for a, b, c in zip(*corners, strict=True)]
        bias = [point.biases[-1][0] if point.biases[-1] else Fraction(0) for point in (origin, right, up)]
        self.bias = (float(bias[1] - bias[0]), float(bias[2] - bias[0]), float(bias[0]))

    def losses(self, s: Any, t: Any) -> Any:
        import numpy as np

        def at(form: tuple[float, float, float]) -> Any:
            return form[0] * s + form[1] * t + form[2]

        problem, m = self.problem, self.problem.m
        slopes = problem.network.activation.slopes or (Fraction(0), Fraction(0))
        right, left = map(float, slopes)
        outputs = self.forms[len(self.forms) - problem.network.widths[0] :]
        total = 0.0
        for k in range(m):
            value = at(self.bias)
            for i, v in enumerate(outputs):
                z = at(self.forms[i * m + k])
                value = value + at(v) * np.where(z >= 0, right * z, left * z)
            total = total + _loss(problem)(value, float(problem.y[k][0]))
        return total / m if problem.reduction == "mean" else total


def _loss(problem: Problem) -> Callable[[Any, float], Any]:
    import numpy as np

    kind, bound = problem.loss.kind, float((*problem.loss.parameters, 1)[0])
    table: dict[str, Callable[[Any, float], Any]] = {
        "squared": lambda p, y: (p - y) ** 2,
        "half_squared": lambda p, y: (p - y) ** 2 / 2,
        "absolute": lambda p, y: np.abs(p - y),
        "huber": lambda p, y: np.where(
            np.abs(p - y) <= bound, (p - y) ** 2 / 2, bound * np.abs(p - y) - bound * bound / 2
        ),
        "hinge": lambda p, y: np.maximum(0, 1 - y * p),
        "squared_hinge": lambda p, y: np.maximum(0, 1 - y * p) ** 2,
    }
    return table[kind]
