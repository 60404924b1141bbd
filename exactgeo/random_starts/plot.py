"""A picture of random starts: the losses at their ends, and the exact local minimum values as lines."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from exactgeo.pictures import BAD, GLOBAL, LINE, SMALL, axes_of, label, position, sparse, styled, titled

if TYPE_CHECKING:
    from exactgeo.random_starts import Starts

__all__ = ["draw_starts"]


@styled
def draw_starts(found: Starts, ax: Any = None) -> Any:
    """A histogram of the ends, with the exact local minimum values as lines; returns the axes.

    Values whose labels would lie on another are not written, and the title says how many.
    """
    import numpy as np

    axes = axes_of(ax, 6.2, 3.6)
    losses = found.losses[np.isfinite(found.losses)]
    values = [end.value for end in found.ends or () if isinstance(end.value, Fraction)]
    # Ends far above the list would leave it no width.
    top = 1.05 * position(values[-1]) if values and values[-1] else float(losses.max(initial=1.0))
    shown = losses[losses <= top]
    bottom = float(min(losses.min(initial=top), position(values[0]) if values else top))
    axes.hist(shown, bins=80, range=(bottom, top if top > bottom else bottom + 1.0), color=LINE)
    # Room for the values above the bars.
    axes.set_ylim(top=1.55 * axes.get_ylim()[1])
    names = []
    for k, value in enumerate(values):
        colour = BAD if k else GLOBAL
        axes.axvline(position(value), color=colour, linewidth=0.7, linestyle="--")
        name = axes.text(
            position(value), 0.99, label(value), rotation=90, fontsize=SMALL, va="top", ha="right", color=colour,
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
        names.append(name)
    axes.set_xlabel(f"loss at the end ({found.problem.loss.name.replace('_', ' ')}, {found.problem.reduction})")
    axes.set_ylabel("starts")
    words = [f"{found.problem.name or 'starts'}: {found.count} starts, {found.settings.optimizer}"]
    if len(shown) < found.count:
        words.append(f"{found.count - len(shown)} beyond")
    if values:
        words.append(
            "blue: the least loss of a local minimum, orange: the others" if len(values) > 1 else "blue: minimum"
        )
    titled(axes, "; ".join(words))
    gone = sparse(axes, names)
    if gone:
        titled(axes, "; ".join([*words, f"{len(values) - gone} of {len(values)} values written"]))
    return axes
