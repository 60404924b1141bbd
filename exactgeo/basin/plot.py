"""A picture of a census: every value of a basin, and which of them are losses of local minima."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Any

from exactgeo.exact.enclosure import Value
from exactgeo.pictures import BAD, GLOBAL, LINE, NOTE, SMALL, axes_of, label, position, sparse, styled, titled

__all__ = ["draw_values"]

MANY = 30
"""Times as many basins at one value as at another: then counts stand on a logarithmic axis."""


@styled
def draw_values(
    values: Sequence[tuple[Value, int]],
    minima: Collection[Fraction] | None,
    ax: Any = None,
    *,
    title: str = "",
    wide: Value | None = None,
) -> Any:
    """Basin values as sticks, one a value, as high as there are basins modulo permutation.

    Parameters
    ----------
    values : pairs of a value and its number of basins, ascending
    minima : collection of Fraction or None
        The losses of local minima: marked. None where they are not known, and the title says so.
    ax : matplotlib Axes, optional
    title : str
    wide : Fraction or Enclosure, optional
        The least loss at any width.

    Returns
    -------
    matplotlib Axes
    """
    from matplotlib.lines import Line2D

    axes = axes_of(ax, 6.2, 3.6)
    counts = [count for _, count in values]
    at = [position(value) for value, _ in values]
    thick = 1.6 if len(values) <= 60 else 0.6
    log = bool(counts) and max(counts) > MANY * min(counts)
    axes.vlines(at, 0.5 if log else 0, counts, color=LINE, linewidth=thick)
    names: list[tuple[bool, Any]] = []
    for k, (value, count) in enumerate(values):
        marked = minima is not None and value in minima
        colour = GLOBAL if k == 0 else BAD if marked else LINE
        if marked or k == 0:
            shape = "o" if k == 0 else "s"
            axes.plot([position(value)], [count], shape, color=colour, markersize=4, zorder=3)
        text = axes.annotate(
            label(value), (position(value), count), (0, 6), textcoords="offset points", rotation=90, ha="center",
            va="bottom", fontsize=SMALL, color=colour, annotation_clip=False,
        )  # fmt: skip
        names.append((not (marked or k == 0), text))
    # One far away would leave the values no width.
    drawn = wide is not None and bool(at) and at[0] - position(wide) <= (at[-1] - at[0]) / 2
    if wide is not None and drawn:
        axes.axvline(position(wide), color=NOTE, linewidth=0.9, linestyle=":", zorder=0)
    most = max(counts, default=1)
    # Room for labels above the sticks.
    if log:
        axes.set_yscale("log")
        axes.set_ylim(0.5, most**1.6 * 3)
    else:
        axes.set_ylim(0, 1.7 * most)
    axes.margins(x=0.05)
    _aside(axes, at, [text for _, text in names])
    axes.set_xlabel("value of a basin: the least loss in it")
    axes.set_ylabel("basins modulo permutation")
    handles = [Line2D([], [], marker="o", color=GLOBAL, linewidth=0, label="least value")]
    if minima is not None and any(value in minima for value, _ in values[1:]):
        handles.append(Line2D([], [], marker="s", color=BAD, linewidth=0, label="other losses of local minima"))
    if wide is not None:
        text = f"least at any width: {label(wide)}"
        handles.append(Line2D([], [], color=NOTE, linewidth=0.9 * drawn, linestyle=":", label=text))
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, -0.16), ncols=3, borderaxespad=0.2)
    words = [title, *(["which are local minima is not known"] if minima is None else [])]
    titled(axes, "; ".join(words))
    gone = sparse(axes, [text for _, text in sorted(names, key=lambda named: named[0])])
    if gone:
        titled(axes, "; ".join([*words, f"{len(values) - gone} of {len(values)} values written"]))
    return axes


def _aside(axes: Any, at: Sequence[float], texts: Sequence[Any]) -> None:
    """Labels on the far side of their sticks where the next stick would run through them."""
    axes.autoscale_view()
    places = [float(axes.transData.transform((x, 1))[0]) for x in at]
    height = SMALL * axes.figure.dpi / 72
    for k, text in enumerate(texts):
        if k + 1 < len(places) and places[k + 1] - places[k] < height:
            text.set_horizontalalignment("right")
        elif k and places[k] - places[k - 1] < height:
            text.set_horizontalalignment("left")
