"""HTML pieces: elements that escape what they hold, tables that scroll, long numbers that fold; one stylesheet.

Everything from a file is text, never markup: an element takes strings and escapes them, and only what is :class:`Html`
already goes in as it is. What a reader could not see (controls, changes of direction) is written as its escape.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from exactgeo.exact.algebraic import Algebraic
from exactgeo.exact.combination import Combination, Number
from exactgeo.exact.enclosure import Enclosure, Value
from exactgeo.exact.rational import format_rational, read_rational, with_decimal
from exactgeo.shown import short_text

__all__ = [
    "Html",
    "bounded",
    "cell",
    "code",
    "element",
    "facts",
    "fold",
    "fragment",
    "inline",
    "join",
    "number",
    "prose",
    "shortened",
    "stylesheet",
    "table",
    "text",
    "user",
    "visible",
]

LONG = 44
"""Characters of a number that is written out; a longer one is folded."""

FOLDED_LINES = 24
"""Lines of a block of code that stands open; a longer one is folded."""

COLUMN = 26
"""The same in a table."""

WRITTEN = re.compile(r"-?\d+(?:/\d+)?(?![.\d])")
"""A rational in a sentence."""

VOID = frozenset({"meta", "br", "hr", "img", "col", "link"})
MEASURE = Context(prec=15, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_FLOOR)
ABOVE = Context(prec=15, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_CEILING)


class Html(str):
    """Text that is markup: it is not escaped again."""

    __slots__ = ()


Child = Any
"""Html, a string (escaped), a number, None (left out), or an iterable of these."""


def visible(value: object) -> str:
    """A string in which every character shows: controls, surrogates and changes of direction as their escapes.

    Examples
    --------
    >>> visible("a" + chr(0x202E) + "b")
    'a\\\\u202eb'
    """
    return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in str(value))


def _escape(c: str) -> str:
    """As TOML and JSON write it, so that what is copied is still the same text."""
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


def text(value: object) -> Html:
    """A string as markup that shows it.

    Examples
    --------
    >>> print(text('<script>"&'))
    &lt;script&gt;&quot;&amp;
    """
    return value if isinstance(value, Html) else Html(html.escape(visible(value)))


def join(children: Iterable[Child], between: str = "") -> Html:
    """Children one after the other."""
    return Html(between.join(_flat(children)))


def _flat(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, str) or not isinstance(child, Iterable):
            yield text(child)
        else:
            yield from _flat(child)


def element(tag: str, /, *children: Child, **attributes: str | int | bool | None) -> Html:
    """One element. Attributes: ``class_`` is class, ``aria_label`` aria-label; None and False leave one out.

    Examples
    --------
    >>> print(element("a", "x < 1", href="#a&b", class_="q", hidden=True))
    <a href="#a&amp;b" class="q" hidden>x &lt; 1</a>
    """
    written = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        word = key.rstrip("_").replace("_", "-")
        written.append(f" {word}" if value is True else f' {word}="{text(value)}"')
    start = f"<{tag}{''.join(written)}>"
    return Html(start if tag in VOID else f"{start}{join(children)}</{tag}>")


def prose(value: str) -> Html:
    """A sentence whose words in backticks are code.

    Examples
    --------
    >>> print(prose("try `exactgeo basins` <now>"))
    try <code>exactgeo basins</code> &lt;now&gt;
    """
    parts = value.split("`")
    # An odd number of backticks means none of them.
    return text(value) if len(parts) % 2 == 0 else join(element("code", p) if k % 2 else p for k, p in enumerate(parts))


def user(value: object) -> Html:
    """A name or a sentence from a file: its direction of writing stays inside."""
    return element("bdi", value)


def code(value: object, *, label: str, folded: bool | None = None, id: str | None = None) -> Html:
    """A block of code to be copied; a long one is folded."""
    shown = visible(value)
    lines = shown.count("\n") + 1
    block = element("pre", element("code", shown), tabindex=0, aria_label=label, dir="ltr", id=id)
    if folded or (folded is None and lines > FOLDED_LINES):
        return fold(f"{label}: {lines} lines", block)
    return block


def fold(summary: Child, *body: Child, open: bool = False) -> Html:
    """What opens when it is asked for, without a script."""
    return element("details", element("summary", summary), *body, open=open)


def facts(rows: Iterable[tuple[str, Child] | None]) -> Html:
    """Labels and what they say; None is left out."""
    pairs = [(element("dt", row[0]), element("dd", row[1])) for row in rows if row is not None]
    return element("dl", pairs, class_="facts")


def table(
    head: Sequence[Child],
    rows: Sequence[Sequence[Child]],
    *,
    label: str,
    right: Iterable[int] = (),
    marked: Iterable[int] = (),
    total: int | None = None,
    rest: str = "",
) -> Html:
    """A table in a box of its own, which scrolls where it is wider than the page.

    Parameters
    ----------
    head : one cell a column
    rows : of as many cells
    label : str
        What a reader who does not see it is told.
    right : columns of numbers
    marked : rows that stand out
    total : int, optional
        How many rows there are, where some are left out; ``rest`` says where they are.
    """
    ends, special = frozenset(right), frozenset(marked)

    def side(k: int) -> str | None:
        return "n" if k in ends else None

    top = element("tr", [element("th", cell, scope="col", class_=side(k)) for k, cell in enumerate(head)])
    body = [
        element(
            "tr",
            [element("td", cell, class_=side(k)) for k, cell in enumerate(row)],
            class_="here" if n in special else None,
        )
        for n, row in enumerate(rows)
    ]
    drawn = element("table", element("thead", top), element("tbody", body))
    box = element("div", drawn, class_="scroll", role="region", aria_label=label, tabindex=0)
    more = 0 if total is None else total - len(rows)
    where = f" ({rest})" if rest else ""
    return join([box, element("p", f"… and {more:,} more{where}.", class_="more") if more > 0 else None])


# -- numbers -----------------------------------------------------------------------------------------------------------


def inline(q: Number | Value | Algebraic | int) -> str:
    """A number inside a sentence: exact and with its decimal where it is short, else its size and length.

    Examples
    --------
    >>> print(inline(Fraction(106, 5)), inline(14), inline(Fraction(1, 3)))
    106/5 = 21.2 14 1/3 ≈ 0.333333
    >>> print(inline(Fraction(1, 3**200)))
    ≈ 3.76486e-96 (a rational of 98 characters)
    >>> print(inline(Enclosure(Fraction(1, 3), Fraction(2, 3))))
    in [0.333333333333333, 0.666666666666667]
    """
    if isinstance(q, Algebraic):
        return f"{inline(q.enclosure)}, a root of a polynomial of degree {len(q.polynomial) - 1}"
    if isinstance(q, Enclosure):
        return f"in [{_rounded(q.lo, MEASURE)}, {_rounded(q.hi, ABOVE)}]"
    if isinstance(q, Combination):
        words, digits = str(q), q.decimal(15)
        size = "of no size that floats have" if digits is None else f"≈ {digits}"
        return f"{words} {size}" if len(words) <= LONG else f"{size} (a closed form of {len(words)} characters)"
    words = format_rational(q)
    if len(words) <= LONG:
        return with_decimal(q).replace("~", "≈")
    return f"{_size(q)} (a rational of {len(words):,} characters)"


def number(q: Number | Value | Algebraic | int | None) -> Html:
    """A number by itself: as :func:`inline`, and a long one whole where it is unfolded."""
    if q is None:
        return text("—")
    words = inline(q)
    if isinstance(q, Combination):
        whole = str(q)
        return element("span", words, class_="q") if len(whole) <= LONG else _whole(words, whole)
    if isinstance(q, Algebraic):
        polynomial = ", ".join(map(format_rational, q.polynomial))
        return _whole(words, f"coefficients of 1, x, x^2, ...: {polynomial}")
    if isinstance(q, Enclosure):
        ends = f"[{format_rational(q.lo)}, {format_rational(q.hi)}]"
        return element("span", words, class_="q") if len(ends) <= LONG else _whole(words, ends)
    whole = format_rational(q)
    if len(whole) > LONG:
        return _whole(words, whole)
    exact, _, decimal = words.partition(" ")
    return element("span", element("span", exact, class_="x"), f" {decimal}" if decimal else None, class_="q")


def cell(q: Number | Value | Algebraic | int | None) -> Html:
    """A number in a table: as :func:`number`, but what is longer than a column is only its size until it is unfolded.

    Examples
    --------
    >>> print(cell(Fraction(1, 3**60)))
    <details class="long"><summary>≈ 2.35898e-29</summary><code>1/42391158275216203514294433201</code></details>
    """
    whole = format_rational(q) if isinstance(q, Fraction | int) else ""
    return _whole(_size(q), whole) if len(whole) > COLUMN and isinstance(q, Fraction | int) else number(q)


def shortened(sentence: str) -> Html:
    """A sentence whose long numbers are their sizes, and the whole of it where it is unfolded."""
    short = WRITTEN.sub(_sized, sentence)
    return text(sentence) if short == sentence else join([short, fold("with every digit", element("code", sentence))])


def _sized(match: re.Match[str]) -> str:
    written = match[0]
    if len(written) <= LONG:
        return written
    try:
        return inline(read_rational(written))
    except ValueError:
        return written


def _whole(summary: str, whole: str) -> Html:
    return element("details", element("summary", summary), element("code", whole), class_="long")


def bounded(q: Number | int) -> Html:
    """A number for a narrow column: exact where it is short, else rounded and marked so."""
    return element("span", short_text(q).replace("~", "≈ "), class_="q")


def _size(q: Fraction | int) -> str:
    return "≈ " + short_text(q).removeprefix("~")


def _rounded(q: Fraction, context: Context) -> str:
    return f"{context.divide(Decimal(q.numerator), Decimal(q.denominator)).normalize(context):g}"


# -- what it stands in -------------------------------------------------------------------------------------------------


@cache
def stylesheet(name: str) -> Html:
    """A stylesheet of this folder: ``pieces``, of everything in here; ``page``, of a page around it."""
    return Html((Path(__file__).parent / "page" / f"{name}.css").read_text(encoding="utf-8").strip())


def fragment(*children: Child) -> Html:
    """A piece for a notebook: with its own style, which reaches nothing else."""
    return element("div", element("style", stylesheet("pieces")), *children, class_="exactgeo")
