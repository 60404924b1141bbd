"""Slices of a loss: on the straight line between two points, on the plane through three.

Floats only where a picture is drawn; the kinks, the cells' boundaries and every number written come from rationals.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from exactgeo.exact.enclosure import Value, high, low
from exactgeo.exact.vectors import ZERO, dot
from exactgeo.landscape.plot import BAD, BRANCH, KINK, SMALL, figure_of, label
from exactgeo.losses import Loss
from exactgeo.problem import Point, Problem, scope

__all__ = ["loss_value", "slice_line", "slice_plane"]


def slice_line(problem: Problem, one: Point, other: Point, *, samples: int = 400, axes: Any = None) -> Any:
    """The loss on the straight line between two points, with the kinks it crosses.

    Parameters
    ----------
    problem : Problem
        One hidden layer.
    one, other : Point
        At s = 0 and s = 1; both are evaluated, and their exact losses written: rounded where they are not rational.
    samples : int
    axes : matplotlib Axes, optional

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    OutOfScope
        Not one hidden layer, one output, and a piecewise linear activation.
    InputError
        Matplotlib is not installed; a point that is none of the problem's network.
    """
    figure, axes = _canvas(problem, axes, 5.5, 3.4)
    problem.expect_point(one, "one")
    problem.expect_point(other, "other")
    step, sides = one.towards(other), zip(_sides(problem, one), _sides(problem, other), strict=True)
    crossings = sorted({s for a, b in sides if a != b and 0 < (s := a / (a - b)) < 1})
    grid = sorted({Fraction(k, samples) for k in range(samples + 1)} | set(crossings))
    values = [loss_value(problem, one.moved(step, s)) for s in grid]
    for s in crossings:
        axes.axvline(float(s), color=KINK, linewidth=0.6, linestyle=":")
    axes.plot([float(s) for s in grid], list(map(_height, values)), color=BRANCH, linewidth=1.2)
    top = max(values, key=high)
    peak = grid[values.index(top)]
    marks = [(Fraction(0), values[0]), (Fraction(1), values[-1])]
    axes.plot([float(s) for s, _ in marks], [_height(q) for _, q in marks], "o", color=BAD, markersize=4)
    axes.set_xticks([0, 1], [f"s = 0\nloss {_label(values[0])}", f"s = 1\nloss {_label(values[-1])}"], fontsize=SMALL)
    axes.tick_params(axis="y", labelsize=SMALL)
    note = f"highest sample {_height(top):.6g} at s = {float(peak):.4g}; {len(crossings)} kinks"
    axes.set_title(f"{problem.name or 'loss'} on a line: {note}", fontsize=SMALL + 1, loc="left")
    axes.set_ylabel("loss", fontsize=SMALL + 1)
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

    Raises
    ------
    OutOfScope
        Not one hidden layer, one output, and a piecewise linear activation.
    InputError
        Matplotlib is not installed; a point that is none of the problem's network.
    """
    import numpy as np

    figure, axes = _canvas(problem, axes, 5.2, 4.4)
    for name, point in (("origin", origin), ("right", right), ("up", up)):
        problem.expect_point(point, name)
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
            f"{name}: {_label(loss_value(problem, point))}", (u, v), (6, 6), textcoords="offset points", fontsize=SMALL,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "linewidth": 0, "alpha": 0.85},
        )  # fmt: skip
    axes.set_title(f"{problem.name or 'loss'} on the plane A + s (B - A) + t (C - A)", fontsize=SMALL + 1, loc="left")
    axes.set_xlabel("s", fontsize=SMALL)
    axes.set_ylabel("t", fontsize=SMALL)
    axes.tick_params(labelsize=SMALL)
    return figure


def loss_value(problem: Problem, point: Point) -> Value:
    """The loss at a point: exactly where it is rational, else in proved bounds."""
    return problem.loss_at(point) if problem.loss.rational else problem.enclosure_at(point)


def _height(value: Value) -> float:
    return float((low(value) + high(value)) / 2)


def _label(value: Value) -> str:
    return label(value) if isinstance(value, Fraction) else f"~{_height(value):.6g}"


def _canvas(problem: Problem, axes: Any, width: float, height: float) -> tuple[Any, Any]:
    """Figure and axes to draw on, in inches where there are none yet; a problem out of scope is refused first."""
    outside = scope.slices(problem)
    if outside is not None:
        raise outside
    if axes is not None:
        return axes.figure, axes
    figure = figure_of(width, height)
    return figure, figure.add_subplot()


def _sides(problem: Problem, point: Point) -> list[Fraction]:
    """All pre-activations, and all output weights: where one vanishes, a cell ends."""
    inner = [dot(w, row) for w, _ in point.neurons for row in problem.lifted]
    return [*inner, *(v for _, v in point.neurons)]


class _Plane:
    """The loss and the cell boundaries on a plane through three points, in floats."""

    def __init__(self, problem: Problem, origin: Point, right: Point, up: Point) -> None:
        self.problem = problem
        corners = [[*_sides(problem, point), point.shift] for point in (origin, right, up)]
        *self.forms, self.shift = [(float(b - a), float(c - a), float(a)) for a, b, c in zip(*corners, strict=True)]

    def losses(self, s: Any, t: Any) -> Any:
        import numpy as np

        def at(form: tuple[float, float, float]) -> Any:
            return form[0] * s + form[1] * t + form[2]

        problem, m = self.problem, self.problem.m
        slopes = problem.network.activation.slopes or (ZERO, ZERO)
        right, left = map(float, slopes)
        outputs = self.forms[len(self.forms) - problem.network.widths[0] :]
        total = 0.0
        for k in range(m):
            value = at(self.shift)
            for i, v in enumerate(outputs):
                z = at(self.forms[i * m + k])
                value = value + at(v) * np.where(z >= 0, right * z, left * z)
            total = total + _heights(problem.loss, value, problem.y[k][0])
        return total * float(problem.weight)


def _heights(loss: Loss, predictions: Any, y: Fraction) -> Any:
    """The loss of an array of predictions, in floats."""
    import numpy as np

    pieces = loss.pieces(y)
    if pieces is None and not loss.rational:
        from exactgeo.numeric.losses import form_of

        form = form_of(loss, np.array([[float(y)]]))
        if form is not None:
            flat = np.asarray(predictions, dtype=float)
            return form.total(flat.reshape(-1, 1, 1)).reshape(flat.shape)
    if pieces is None:
        return np.vectorize(lambda p: float(loss.value(Fraction(float(p)), y)), otypes=[float])(predictions)
    index = np.searchsorted([float(q) for q in pieces.breaks], predictions)
    a, b, c = np.array([[float(q) for q in quadratic] for quadratic in pieces.quadratics])[index].transpose(
        (-1, *range(np.ndim(predictions)))
    )
    return (a * predictions + b) * predictions + c
