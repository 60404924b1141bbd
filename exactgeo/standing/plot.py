"""A picture of a verdict: the fit of a local minimum, or the loss along the way down."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactgeo.exact.enclosure import Value
from exactgeo.exact.vectors import ZERO
from exactgeo.local_minimum import Descent, smooth_loss
from exactgeo.pictures import BAD, GLOBAL, LINE, axes_of, label, panel, position, styled, titled
from exactgeo.problem import Point
from exactgeo.problem.plot import draw_fit

if TYPE_CHECKING:
    from exactgeo.standing.verdict import Verdict

__all__ = ["draw_descent", "draw_verdict"]

SAMPLES, FEW, LARGE = 48, 8, 10_000
"""Losses along a way down; of a forward pass with more products than the last number, as few as the second."""


def draw_verdict(found: Verdict, ax: Any = None) -> Any:
    """The fit with its kinks; of a point that is no local minimum the loss along the way down.

    Returns
    -------
    matplotlib Axes
        In a new figure a way down has the fits at both its ends beside it, where inputs have one coordinate.
    """
    descent = found.descent
    if descent is None:
        words = [str(found.kind).replace("_", " ")]
        value = found.loss if found.loss is not None else found.loss_enclosure
        words += [] if value is None else [f"loss {label(value)}"]
        words += [found.globality] if found.globality != "unknown" else []
        words += [] if found.escapes_at is None else [f"in a bad valley that escapes at {label(found.escapes_at)}"]
        return draw_fit(found.problem, found.point, ax, name=", ".join(words))
    beside = ax is None and found.problem.d == 1
    axes = draw_descent(descent, ax, width=8.6 if beside else 5.2)
    if beside:
        grid = axes.figure.add_gridspec(1, 2, width_ratios=[1, 1])
        axes.set_subplotspec(grid[0])
        # In as many lines as half the width asks for.
        titled(axes, axes.get_title(loc="left").replace("\n", " "))
        right = panel(axes, grid[1])
        draw_fit(found.problem, found.point, right, name="the fits of both ends")
        draw_fit(found.problem, descent.end, right, colour=BAD, dashed="after the step")
    return axes


@styled
def draw_descent(descent: Descent, ax: Any = None, *, width: float = 5.2) -> Any:
    """The loss along a way down, up to the step to which it is proved to stay below its start; returns the axes."""
    problem, start, step = descent.problem, descent.claim.point, descent.step
    axes = axes_of(ax, width, 3.5)
    count = FEW if problem.products > LARGE else SAMPLES
    times = [step * Fraction(k, count) for k in range(count + 1)]
    losses = [_loss(descent, _at(descent, start, s)) for s in times]
    axes.plot([position(s) for s in times], list(map(position, losses)), color=LINE)
    axes.plot([0, position(step)], [position(losses[0]), position(losses[-1])], "o", color=GLOBAL, markersize=5)
    axes.axhline(position(losses[0]), color=BAD, linewidth=0.6, linestyle="--", zorder=0)
    axes.margins(x=0.08, y=0.14)
    ends = f"s = 0\nloss {label(losses[0])}", f"s = {label(step, decimal=False)}\nloss {label(losses[-1])}"
    axes.set_xticks([0, position(step)], ends)
    axes.ticklabel_format(axis="y", useOffset=False)
    way = "straight: point + s P" if len(descent.curve) == 1 else "a curve: point + s P1 + s^2 P2 + ..."
    axes.set_xlabel(f"s; {way};  ||P{'1' * (len(descent.curve) > 1)}|| ~ {_size(descent.curve[0]):.4g}")
    axes.set_ylabel("loss")
    titled(
        axes,
        f"{problem.name or 'point'}: not a local minimum, the loss is lower for 0 < s <= {label(step, decimal=False)}",
    )
    return axes


def _at(descent: Descent, start: Point, s: Fraction) -> Point:
    for power, direction in enumerate(descent.curve, 1):
        start = start.moved(direction, s**power)
    return start


def _loss(descent: Descent, point: Point) -> Value:
    found = smooth_loss(descent.problem, point)
    if found is not None:
        return found.lo if found.lo == found.hi else found
    problem = descent.problem
    return problem.loss_at(point) if problem.loss.rational else problem.enclosure_at(point)


def _size(direction: Any) -> float:
    rows = [*(row for matrix in direction.weights for row in matrix), *direction.biases]
    return float(position(sum((q**2 for row in rows for q in row), ZERO)) ** 0.5)
