"""What all pictures have in common: axes, one style, labels, and one way to write a file.

Every object that has something to show has ``.plot(ax=None)``: it draws on the given axes, or on new ones in a figure
of their own, and returns the axes; ``.plot().figure`` is the figure. Positions are rounded to the screen; every number
written is exact where it is short, else a decimal marked with ``~``.

Matplotlib is an optional extra, imported when something is drawn. Figures are made without pyplot, so that nothing
global is left behind.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import wraps
from importlib.util import find_spec
from textwrap import wrap
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from warnings import catch_warnings, filterwarnings

from exactgeo import files
from exactgeo.errors import InputError

if TYPE_CHECKING:
    from exactgeo.exact.algebraic import Algebraic
    from exactgeo.exact.enclosure import Value

__all__ = [
    "BAD",
    "CLOSE",
    "DATA",
    "FAINT",
    "FORMATS",
    "GLOBAL",
    "LINE",
    "LONGEST",
    "NOTE",
    "PALETTE",
    "SMALL",
    "apart",
    "axes_of",
    "drawable",
    "label",
    "no_matplotlib",
    "panel",
    "position",
    "save",
    "sparse",
    "styled",
    "svg",
    "titled",
]

FORMATS = (".svg", ".png", ".pdf")

# Okabe and Ito, Color Universal Design (2008): told apart with every kind of colour vision.
GLOBAL, BAD, NOTE = "#0072B2", "#D55E00", "#CC79A7"
"""A global minimum, what is above it, and what is pointed at."""

LINE, FAINT, DATA = "#444444", "#9A9A9A", "#000000"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#444444")

SMALL = 7
"""The size of labels, in points; titles are one larger."""

LONGEST = 14
"""Characters of a rational that is written as it is."""

CLOSE = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
"""The paper under a label that stands on a drawing."""

FONTS = ("DejaVu Sans", "Verdana", "Arial", "sans-serif")

STYLE: Any = {
    "font.family": list(FONTS[:1]),
    "font.size": SMALL,
    "mathtext.fontset": "dejavusans",
    "axes.titlesize": SMALL + 1,
    "axes.titlelocation": "left",
    "axes.labelsize": SMALL + 1,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.facecolor": "white",
    "axes.edgecolor": LINE,
    "figure.facecolor": "white",
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "text.usetex": False,
    "path.simplify": False,
    # Text stays text; the same picture is the same file.
    "svg.fonttype": "none",
    "svg.hashsalt": "exactgeo",
    "pdf.fonttype": 42,
}

DATED = {"svg": "Date", "pdf": "CreationDate"}

P = ParamSpec("P")
R = TypeVar("R")


# -- files -------------------------------------------------------------------------------------------------------------


def drawable(path: str, option: str = "picture") -> None:
    """Refuse what could not be drawn.

    Raises
    ------
    InputError
        Another suffix than those of :data:`FORMATS`, a file that cannot be written, or matplotlib is not installed.
    """
    files.writable(path, FORMATS, option)
    if find_spec("matplotlib") is None:
        raise no_matplotlib()


def no_matplotlib() -> InputError:
    """What is said where the optional library is missing."""
    extra = "the optional extra for pictures"
    return InputError("matplotlib", "no such module", extra, "pip install 'exactgeo[plot]'")


def save(axes: Any, path: str) -> None:
    """Write the figure of some axes as .svg, .png or .pdf, whole or not at all; the same picture is the same file.

    Parameters
    ----------
    axes : matplotlib Axes
        As ``.plot()`` returns them; all that is in their figure is written.
    path : str

    Raises
    ------
    InputError
        Another suffix, or the file cannot be written.
    """
    drawable(path)
    # Drawn in memory first: what cannot be drawn leaves no file.
    content = _content(axes, path.lower().rpartition(".")[2])
    with files.replacing(path) as stream:
        stream.write(content)


def svg(axes: Any) -> str:
    """The figure of some axes as one ``<svg>`` element, to stand in a page: text as text, no date, no script."""
    text = _content(axes, "svg").decode()
    start, stop = text.find("<metadata>"), text.find("</metadata>")
    text = text[:start] + text[stop + len("</metadata>") :] if start >= 0 else text
    return text[text.index("<svg") :].strip()


def _content(axes: Any, suffix: str) -> bytes:
    from matplotlib import rc_context

    stream = io.BytesIO()
    metadata = {DATED[suffix]: None} if suffix in DATED else {}
    with rc_context(STYLE), catch_warnings():
        # A name may have letters that the font lacks; in an .svg the reader's font has them.
        filterwarnings("ignore", message="Glyph .* missing from font")
        axes.figure.savefig(stream, format=suffix, dpi=150, metadata=metadata)
    return stream.getvalue()


# -- drawing -----------------------------------------------------------------------------------------------------------


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """The one style, for as long as a function draws.

    Raises
    ------
    InputError
        Matplotlib is not installed.
    """

    @wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            from matplotlib import rc_context
            from matplotlib.figure import Figure  # noqa: F401 - asked for here, so that it is refused in one form
        except ImportError:
            raise no_matplotlib() from None
        with rc_context(STYLE), catch_warnings():
            filterwarnings("ignore", message="Glyph .* missing from font")
            return draw(*args, **kwargs)

    return inside


@styled
def panel(axes: Any, spec: Any) -> Any:
    """Further axes in the figure of some axes, in the one style."""
    found = axes.figure.add_subplot(spec)
    found.tick_params(labelsize=SMALL, length=2.5, color=LINE)
    return found


def titled(axes: Any, text: str) -> None:
    """A title above axes, in as many lines as their width asks for."""
    figure = axes.figure
    inches = axes.get_position().width * figure.get_figwidth()
    width = max(24, int(inches * 72 / (0.56 * (SMALL + 1))))
    lines = [part for line in text.split("\n") for part in (wrap(line, width) or [""])]
    # A name from a file is no formula, whatever dollars it has.
    axes.set_title("\n".join(lines), fontsize=SMALL + 1, loc="left", parse_math=False)


def sparse(axes: Any, texts: Sequence[Any], *, inside: bool = False) -> int:
    """Take away labels that would lie on earlier ones, or outside the figure (or the axes); returns how many."""
    axes.figure.draw_without_rendering()
    frame = axes.bbox if inside else axes.figure.bbox
    kept: list[Any] = []
    gone = 0
    for text in texts:
        box = text.get_window_extent()
        outside = box.x0 < frame.x0 or box.y0 < frame.y0 or box.x1 > frame.x1 or box.y1 > frame.y1
        if outside or any(box.overlaps(other) for other in kept):
            text.remove()
            gone += 1
        else:
            kept.append(box)
    return gone


def axes_of(ax: Any, width: float, height: float, projection: str | None = None) -> Any:
    """The given axes, or new ones in a figure of this size in inches; asked by a function that is :func:`styled`."""
    if ax is not None:
        return ax
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(projection=projection)
    # Ticks are made when they are drawn, outside the style.
    axes.tick_params(labelsize=SMALL, length=2.5, color=LINE)
    return axes


# -- numbers -----------------------------------------------------------------------------------------------------------


def label(value: Value | Algebraic, *, decimal: bool = True) -> str:
    """A number as it is written in a picture: exact where it is short, else rounded and marked so.

    Parameters
    ----------
    value : Fraction, Enclosure or Algebraic
    decimal : bool
        Whether a fraction has its decimal beside it.

    Examples
    --------
    >>> print(label(Fraction(106, 5)), label(Fraction(106, 5), decimal=False), label(Fraction(1, 3**40)))
    106/5 = 21.2 106/5 ~8.22526e-20
    """
    from exactgeo.exact.rational import format_rational, with_decimal

    if not isinstance(value, Fraction):
        return f"~{position(value):.6g}"
    text = format_rational(value)
    if len(text) > LONGEST:
        return f"~{position(value):.6g}"
    return with_decimal(value) if decimal else text


def position(value: Value | Algebraic | int) -> float:
    """Where a number is drawn: of one without rational form the middle of its enclosure.

    Raises
    ------
    ValueError
        It is beyond the range of floats.

    Examples
    --------
    >>> position(Fraction(1, 4))
    0.25
    """
    bounds: Any = getattr(value, "enclosure", value)
    try:
        if hasattr(bounds, "lo"):
            return float((bounds.lo + bounds.hi) / 2)
        return float(bounds)
    except OverflowError:
        raise ValueError("a number beyond 10^308 cannot be drawn") from None


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """The nearest heights (least squares) that are at least ``gap`` apart: pool adjacent violators.

    Examples
    --------
    >>> apart([0, 0, 0, 9], 2)
    [-2.0, 0.0, 2.0, 9.0]
    """
    pools: list[tuple[float, int]] = []
    for k, height in enumerate(heights):
        mean, size = height - k * gap, 1
        while pools and pools[-1][0] > mean:
            other, count = pools.pop()
            mean, size = (other * count + mean * size) / (count + size), count + size
        pools.append((mean, size))
    flat = [mean for mean, size in pools for _ in range(size)]
    return [float(mean + k * gap) for k, mean in enumerate(flat)]
