"""Matplotlib's drawings as elements of the page: text as text, no id twice, colours that follow the reader's scheme.

Every colour becomes a variable of the page's stylesheet, with a value for light and one for dark; black is the colour
of the text. So one drawing serves both, and paper.
"""

from __future__ import annotations

import colorsys
import re
import warnings
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Any
from xml.etree import ElementTree

from exactgeo.errors import InputError
from exactgeo.report.html import Html, element

__all__ = ["colours", "drawn", "picture"]

XLINK = "{http://www.w3.org/1999/xlink}href"
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
LONG = re.compile(r"-?\d+\.\d{3,}")
VARIABLE = re.compile(r"var\(--c([0-9a-f]{6})\)")
MAPS = ("QuadContourSet", "QuadMesh")
"""What matplotlib calls the groups of filled contours and meshes."""

SERIFLESS = "'DejaVu Sans', Verdana, Geneva, 'Liberation Sans', Arial, sans-serif"
MISSING = "Pictures need the optional extra: pip install 'exactgeo[plot]'."


def picture(draw: Callable[[], Any], name: str, title: str) -> Html:
    """A figure of the page.

    Parameters
    ----------
    draw : callable
        Gives matplotlib Axes, as every ``.plot()`` does.
    name : str
        Of no other picture of the page.
    title : str
        Its caption, and what a reader who does not see it is told.

    Returns
    -------
    Html
        One sentence where it cannot be drawn.
    """
    if find_spec("matplotlib") is None:
        return element("p", MISSING, class_="note")
    from exactgeo.pictures import svg

    try:
        with warnings.catch_warnings():
            # The reader's browser has the letters that matplotlib's font has not.
            warnings.filterwarnings("ignore", "Glyph", UserWarning)
            source = svg(draw())
    except (InputError, ValueError) as error:
        # Numbers beyond floats, say: the numbers themselves stand beside it.
        return element("p", f"No picture: {error}.", class_="note")
    box = element("div", drawn(source, name, title), class_="scroll", role="region", aria_label=title, tabindex=0)
    return element("figure", box, element("figcaption", title))


def drawn(source: str, name: str, title: str) -> Html:
    """An ``<svg>`` of matplotlib's as an element of the page."""
    root = ElementTree.fromstring(source)
    box = root.get("viewBox", "0 0 1 1")
    width = float(box.split()[2])
    inside = [_markup(child, name) for child in root if _tag(child) != "metadata"]
    heading = element("title", title, id=f"{name}-title")
    # In pixels of the screen, a little larger than on paper.
    style = f"width: {width * 1.55:.0f}px"
    return element("svg", heading, inside, viewBox=box, role="img", aria_labelledby=f"{name}-title", style=style)


def _tag(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def _markup(node: ElementTree.Element, name: str, literal: bool = False) -> Html | None:
    """``literal``: inside a map, whose colours are numbers and the same in both schemes."""
    tag = _tag(node)
    if tag == "style":
        # It would reach the whole page; the page's own stylesheet says the same of pictures alone.
        return None
    literal = literal or node.get("id", "").startswith(MAPS)
    attributes = {}
    for key, value in node.attrib.items():
        word = "href" if key == XLINK else key.rpartition("}")[2]
        attributes[word] = _attribute(word, value, name, ink=tag in ("text", "tspan"), literal=literal)
    children: list[Any] = [node.text if tag in ("text", "tspan") else None]
    for child in node:
        children += [_markup(child, name, literal), child.tail if tag in ("text", "tspan") else None]
    return _element(tag, children, attributes)


def _element(tag: str, children: Iterable[Any], attributes: dict[str, str]) -> Html:
    # Names of attributes are matplotlib's own: camel case and hyphens stay.
    from exactgeo.report.html import join, text

    written = "".join(f' {key}="{text(value)}"' for key, value in attributes.items())
    return Html(f"<{tag}{written}>{join(children)}</{tag}>")


def _attribute(key: str, value: str, name: str, *, ink: bool, literal: bool) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == "href" and value.startswith("#"):
        return f"#{name}-{value[1:]}"
    if key == "d":
        # A hundredth of a point is less than any screen shows.
        return LONG.sub(lambda match: f"{float(match[0]):.2f}", value)
    value = value.replace("url(#", f"url(#{name}-")
    if key not in ("style", "fill", "stroke"):
        return value
    value = value.replace("'DejaVu Sans'", SERIFLESS)
    return value if literal else COLOUR.sub(lambda match: _variable(match, ink), value)


def _variable(match: re.Match[str], ink: bool) -> str:
    """The variable of a colour. White is the page's paper where it fills, and stays white as ink on a drawing."""
    colour = match[0].lower()
    if colour == "#ffffff" and (ink or match.string[: match.start()].rstrip(": ").endswith("stroke")):
        return "white"
    return "currentColor" if colour == "#000000" else f"var(--c{colour[1:]})"


# -- both schemes ------------------------------------------------------------------------------------------------------


def colours(markup: str) -> Html:
    """The stylesheet of the variables in some markup: each colour as it was drawn, and for a dark page."""
    found = sorted(set(VARIABLE.findall(markup)))
    if not found:
        return Html("")
    light = " ".join(f"--c{colour}: {_light(colour)};" for colour in found)
    dark = " ".join(f"--c{colour}: {_dark(colour)};" for colour in found)
    return Html(f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}")


def _light(colour: str) -> str:
    return "var(--paper)" if colour == "ffffff" else f"#{colour}"


def _dark(colour: str) -> str:
    """The same hue with a lightness for a dark page: paper becomes the page's, ink light, washes deep."""
    if colour == "ffffff":
        return "var(--paper)"
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (0, 2, 4))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    pale = saturation < 0.12 or lightness > 0.85
    lightness = 0.92 - 0.82 * lightness if pale else 0.52 + 0.3 * lightness
    parts = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)
