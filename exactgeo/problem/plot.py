"""A network's function beside its data: a curve with its kinks, a map with contours, or predictions against targets.

With one input and activations that are linear but for a kink at 0 the curve is exact: it is drawn through its kinks,
which are rational. Everything else is drawn from floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from exactgeo.exact.vectors import Vector, dot
from exactgeo.pictures import (
    BAD,
    CLOSE,
    DATA,
    FAINT,
    GLOBAL,
    LINE,
    PALETTE,
    SMALL,
    axes_of,
    label,
    position,
    sparse,
    styled,
    titled,
)
from exactgeo.problem.point import Point

if TYPE_CHECKING:
    from exactgeo.activations import Activation
    from exactgeo.problem.problem import Problem

__all__ = ["before_and_after", "draw_fit", "kinks", "polyline"]

UNITS, SAMPLES, GRID, TABLE = 64, 401, 121, 2001
NAMED = 12
"""Kinks that are named."""


# -- the function ------------------------------------------------------------------------------------------------------


def polyline(problem: Problem, point: Point, lo: Fraction, hi: Fraction) -> tuple[list[Fraction], list[Vector]]:
    """The function of a network with one input on [lo, hi]: where it may bend, and its outputs there, exactly.

    Every activation is linear but for a kink at 0, so between these inputs the outputs are affine. Cost: one forward
    pass an input; there is one for each kink of a unit.
    """
    inputs = [lo, hi]
    rows: list[Vector] = [(lo,), (hi,)]
    for weights, bias, activation in zip(point.weights, point.biases, problem.network.layer_activations, strict=True):
        shifts = bias or (Fraction(0),) * len(weights)
        rows = [tuple(dot(unit, row) + b for unit, b in zip(weights, shifts, strict=True)) for row in rows]
        if activation.has_kink:
            inputs, rows = _cut(inputs, rows)
        rows = [tuple(map(activation, row)) for row in rows]
    return inputs, rows


def _cut(inputs: list[Fraction], rows: list[Vector]) -> tuple[list[Fraction], list[Vector]]:
    """Functions that are affine between inputs, also where one of them passes 0."""
    at, values = [inputs[0]], [rows[0]]
    for (x, one), (y, other) in pairwise(zip(inputs, rows, strict=True)):
        for t in sorted({a / (a - b) for a, b in zip(one, other, strict=True) if a * b < 0}):
            at.append(x + t * (y - x))
            values.append(tuple(a + t * (b - a) for a, b in zip(one, other, strict=True)))
        at.append(y)
        values.append(other)
    return at, values


def kinks(inputs: Sequence[Fraction], rows: Sequence[Vector]) -> list[int]:
    """Of a :func:`polyline` the indices at which some output does bend.

    Examples
    --------
    >>> at = [Fraction(k) for k in range(4)]
    >>> kinks(at, [(0 * at[0],), (at[1],), (at[2],), (at[1],)])
    [2]
    """
    slopes = [
        tuple((b - a) / (y - x) for a, b in zip(one, other, strict=True))
        for (x, one), (y, other) in pairwise(zip(inputs, rows, strict=True))
    ]
    return [k + 1 for k, (left, right) in enumerate(pairwise(slopes)) if left != right]


def _floats(problem: Problem, point: Point, inputs: Any) -> Any:
    """The outputs at many inputs, in floats: (count, k) of (count, d)."""
    import numpy as np

    rows = np.asarray(inputs, dtype=float)
    for weights, bias, activation in zip(point.weights, point.biases, problem.network.layer_activations, strict=True):
        matrix = np.array([[position(q) for q in unit] for unit in weights]).reshape(len(weights), rows.shape[1])
        rows = rows @ matrix.T + np.array([position(q) for q in bias] if bias else [0.0])
        rows = _bent(activation, rows)
    return rows


def _bent(activation: Activation, z: Any) -> Any:
    import numpy as np

    if activation.slopes is not None:
        up, down = map(float, activation.slopes)
        return np.where(z >= 0, up * z, down * z)
    at = np.unique(z)
    if len(at) > TABLE:
        # A screen shows no more than a table of so many values, which are enclosed.
        at = np.linspace(at[0], at[-1], TABLE)
    return np.interp(z, at, [position(activation.enclosure(Fraction(float(q)))) for q in at])


def _exact(problem: Problem) -> bool:
    net = problem.network
    return all(activation.slopes for activation in net.layer_activations) and sum(net.widths) <= UNITS


# -- drawing -----------------------------------------------------------------------------------------------------------


@styled
def draw_fit(
    problem: Problem,
    point: Point | None,
    ax: Any = None,
    *,
    name: str = "",
    colour: str = GLOBAL,
    dashed: str = "",
    small: bool = False,
    neurons: bool = False,
) -> Any:
    """Data, and the function that a point of the network computes; without a point the data alone.

    Parameters
    ----------
    problem : Problem
    point : Point, optional
    ax : matplotlib Axes, optional
    name : str
        What the title says of the point.
    colour : str
    dashed : str
        If not empty, a dashed curve alone, to stand beside another, and its name in the legend.
    small : bool
        A panel beside other pictures.
    neurons : bool
        Whether kinks are named by the neurons of the first hidden layer.

    Returns
    -------
    matplotlib Axes
        One input: the outputs as curves with their kinks. Two inputs: one output as a map with contours, classes as
        areas. More: predictions against targets, or for classes how far the right one leads.
    """
    one = problem.d == 1
    axes = axes_of(ax, 4.6, 3.2 if one else 3.7)
    if dashed and one and point is not None:
        return _legend(_curves(axes, problem, point, colour, dashed))
    if one:
        if point is not None:
            _curves(axes, problem, point, colour)
            _kink_names(axes, problem, point, neurons and not small)
        _data(axes, problem, small)
    elif problem.d == 2 and (problem.outputs == 1 or problem.loss.classes):
        _map(axes, problem, point, small)
    elif point is not None:
        _against(axes, problem, point, colour)
    if small:
        axes.tick_params(labelsize=SMALL - 2, length=2)
        axes.set_title(name, fontsize=SMALL, color=colour, pad=2)
    else:
        titled(axes, ": ".join(part for part in (problem.name, name) if part))
    return axes


def _window(values: Sequence[Fraction]) -> tuple[Fraction, Fraction]:
    low, high = min(values), max(values)
    margin = (high - low) / 8 or Fraction(1)
    return low - margin, high + margin


def _curves(axes: Any, problem: Problem, point: Point, colour: str, dashed: str = "") -> Any:
    import numpy as np

    lo, hi = _window([row[0] for row in problem.x])
    if _exact(problem):
        inputs, rows = polyline(problem, point, lo, hi)
        at, values = [position(x) for x in inputs], np.array([[position(q) for q in row] for row in rows])
        bends = kinks(inputs, rows)
    else:
        at, bends = (
            sorted({*np.linspace(position(lo), position(hi), SAMPLES), *(position(r[0]) for r in problem.x)}),
            [],
        )
        values = _floats(problem, point, [[x] for x in at])
    several = problem.outputs > 1
    for k in range(problem.outputs):
        shade = PALETTE[k % len(PALETTE)] if several else colour
        name = f"score {k}" if problem.loss.classes else f"output {k}" if several else "prediction"
        shown = (name if not dashed else dashed if k == 0 else None), "--" if dashed else "-"
        axes.plot(at, values[:, k], shown[1], color=shade, label=shown[0])
        if bends and not dashed:
            axes.plot(
                [at[b] for b in bends], values[bends, k], "o", markerfacecolor="none", color=shade, markersize=6,
                markeredgewidth=0.8, label="kinks" if k == 0 else None, zorder=4,
            )  # fmt: skip
    return axes


def _kink_names(axes: Any, problem: Problem, point: Point, named: bool) -> None:
    """Where neurons of the first hidden layer have their kinks: dotted lines, with their numbers above."""
    net = problem.network
    if not net.widths or not net.activations[0].has_kink:
        return
    lo, hi = _window([row[0] for row in problem.x])
    shifts = point.biases[0] or (Fraction(0),) * net.widths[0]
    found: dict[Fraction, list[int]] = {}
    for i, ((w,), b) in enumerate(zip(point.weights[0], shifts, strict=True)):
        if w and lo < -b / w < hi:
            found.setdefault(-b / w, []).append(i)
    last = None
    for x, owners in sorted(found.items()):
        axes.axvline(position(x), color=FAINT, linewidth=0.6, linestyle=":", zorder=0)
        close = last is not None and position(x - last) < position(hi - lo) / 10
        if not named or len(found) > NAMED or close:
            continue
        last = x
        text = "neuron " + ", ".join(map(str, owners[:3])) + (", ..." if len(owners) > 3 else "")
        axes.text(
            position(x), 0.98, f"{text}\n{label(x, decimal=False)}", transform=axes.get_xaxis_transform(),
            fontsize=SMALL - 1, color=LINE, ha="center", va="top", bbox=CLOSE,
        )  # fmt: skip


def _data(axes: Any, problem: Problem, small: bool) -> None:
    inputs = [position(row[0]) for row in problem.x]
    size = 2.5 if small else 4
    if problem.loss.classes:
        for k in range(problem.outputs):
            own = [x for x, row in zip(inputs, problem.y, strict=True) if row[0] == k]
            shade, row = PALETTE[k % len(PALETTE)], 0.03 + 0.03 * (k % 3)
            axes.plot(own, [row] * len(own), "|", color=shade, markersize=8, transform=axes.get_xaxis_transform())
    else:
        for k in range(len(problem.y[0])):
            shade = PALETTE[k % len(PALETTE)] if problem.outputs > 1 else DATA
            values = [position(row[k]) for row in problem.y]
            axes.plot(inputs, values, "o", color=shade, markersize=size, label="data" if k == 0 else None)
    if not small:
        axes.set_xlabel("x")
        axes.set_ylabel("scores; data below by class" if problem.loss.classes else "prediction and y")
        axes.margins(y=0.14)
        _legend(axes)


def _legend(axes: Any) -> Any:
    """What the curves are, beside the picture: there it hides nothing."""
    if len(axes.get_legend_handles_labels()[1]) <= 8:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)
    return axes


def _map(axes: Any, problem: Problem, point: Point | None, small: bool) -> None:
    """Two inputs: the prediction as areas of equal steps, data in the same colours, kinks as lines."""
    import numpy as np
    from matplotlib.colors import ListedColormap, Normalize

    columns = list(zip(*problem.x, strict=True))
    (left, right), (low, high) = (tuple(map(position, _window(column))) for column in columns)
    at = [list(map(position, column)) for column in columns]
    y = np.array([position(row[0]) for row in problem.y])
    classes = problem.loss.classes
    colours: Any = "cividis"
    norm = Normalize(y.min() - 0.5, y.max() + 0.5)
    if classes:
        names = [PALETTE[k % len(PALETTE)] for k in range(problem.outputs)]
        colours, norm = ListedColormap(names), Normalize(-0.5, problem.outputs - 0.5)
    if point is not None:
        s, t = np.meshgrid(np.linspace(left, right, GRID), np.linspace(low, high, GRID))
        values = _floats(problem, point, np.stack([s.ravel(), t.ravel()], axis=1))
        if classes:
            image = values.argmax(axis=1).reshape(s.shape)
            axes.pcolormesh(s, t, image, cmap=colours, norm=norm, alpha=0.3, rasterized=True, linewidth=0)
        else:
            values = values.reshape(s.shape)
            norm = Normalize(min(values.min(), y.min()), max(values.max(), y.max()) or 1.0)
            if values.max() > values.min():
                axes.contourf(s, t, values, levels=16, cmap=colours, norm=norm)
                lines = axes.contour(s, t, values, levels=7, colors="white", linewidths=0.5)
                if not small:
                    sparse(axes, axes.clabel(lines, fontsize=SMALL - 1, fmt="%.3g"), inside=True)
        _kink_lines(axes, problem, point, (left, right), (low, high))
    drawn = axes.scatter(
        *at, c=y, cmap=colours, norm=norm, s=9 if small else 22, edgecolors="white", linewidths=0.9, zorder=3
    )
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)
    if not small:
        bar = axes.figure.colorbar(drawn, ax=axes)
        bar.ax.tick_params(labelsize=SMALL)
        if classes:
            bar.set_ticks(range(problem.outputs))
        bar.set_label("class" if classes else "prediction, and y at the data", fontsize=SMALL)
        axes.set_xlabel("$x_1$")
        axes.set_ylabel("$x_2$")


def _kink_lines(axes: Any, problem: Problem, point: Point, across: Sequence[float], up: Sequence[float]) -> None:
    """Where neurons of the first hidden layer have their kinks, through the whole window."""
    net = problem.network
    if not net.widths or not net.activations[0].has_kink:
        return
    shifts = point.biases[0] or (Fraction(0),) * net.widths[0]
    for (p, q), b in zip(point.weights[0], shifts, strict=True):
        a, c, e = position(p), position(q), position(b)
        if abs(a) > abs(c):
            axes.plot([-(e + c * v) / a for v in up], up, ":", color=BAD, linewidth=1.1)
        elif c:
            axes.plot(across, [-(e + a * u) / c for u in across], ":", color=BAD, linewidth=1.1)


def _against(axes: Any, problem: Problem, point: Point, colour: str) -> None:
    """Predictions against targets; for classes how far the score of the right one leads."""
    import numpy as np

    values = _floats(problem, point, [[position(q) for q in row] for row in problem.x])
    if problem.loss.classes:
        own = np.array([int(row[0]) for row in problem.y])
        rest = values.copy()
        rest[np.arange(len(own)), own] = -np.inf
        lead = values[np.arange(len(own)), own] - rest.max(axis=1)
        axes.plot(own, lead, "o", color=colour, markersize=3, alpha=0.7)
        axes.axhline(0, color=FAINT, linewidth=0.8)
        axes.set_xticks(range(problem.outputs))
        axes.set_xlabel("class")
        axes.set_ylabel("score of the class minus the best other")
        return
    targets = np.array([[position(q) for q in row] for row in problem.y])
    for k in range(problem.outputs):
        shade = PALETTE[k % len(PALETTE)] if problem.outputs > 1 else colour
        axes.plot(
            targets[:, k],
            values[:, k],
            "o",
            color=shade,
            markersize=3.5,
            label=f"output {k}" if problem.outputs > 1 else "data",
        )
    ends = [float(min(targets.min(), values.min())), float(max(targets.max(), values.max()))]
    axes.plot(ends, ends, "--", color=FAINT, linewidth=0.8, zorder=0, label="equal")
    axes.set_xlabel("y")
    axes.set_ylabel("prediction")
    _legend(axes)


def before_and_after(problem: Problem, start: Point, end: Point, ax: Any = None, *, name: str = "") -> Any:
    """The fit of one point, and with one input that of an earlier one as a dashed curve; returns the axes."""
    axes = draw_fit(problem, end, ax, name=name)
    if problem.d == 1 and start != end:
        draw_fit(problem, start, axes, colour=BAD, dashed="before")
    return axes
