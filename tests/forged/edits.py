"""Accepted certificates with one entry changed, everywhere and in every way: what random damage leaves to chance.

``candidates`` and ``edges`` list the changes of a certificate; those that kill a mutant which all others let live are kept
in ``tests/certificates/edits.json`` with their outcomes. ``python tests/forged/edits.py`` writes the outcomes again.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from damage import outcome, places
from forging import FOLDER, Tree, accepted, written

FILE = FOLDER / "edits.json"
BOUNDS = ("radius", "step", "margin", "low", "high", "lo", "hi", "at_most", "bound")
"""Fields with a largest, or least, value that is accepted."""
FINE = 2**70


def edited(tree: Tree, way: list[Any], value: Any) -> Tree:
    tree = copy.deepcopy(tree)
    holder: Any = tree
    for key in way[:-1]:
        holder = holder[key]
    holder[way[-1]] = value
    return tree


def candidates(tree: Tree) -> Iterator[tuple[list[Any], Any]]:
    """Each place of a certificate, with what is put there."""
    for found in places({key: tree[key] for key in tree if key not in ("format", "version")}):
        value: Any = tree
        for key in found:
            value = value[key]
        for other in _others(value):
            yield list(found), other


def _others(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, -value, 0, 10**9)
    elif isinstance(value, str):
        try:
            q = Fraction(value)
        except ValueError:
            yield "x"
        else:
            yield from map(str, dict.fromkeys((q + 1, q - 1, -q, 2 * q, q / 2, Fraction(0))))
    elif isinstance(value, list):
        yield from ([], {}, value[:-1], value[1:], [*value, *value[-1:]], value[::-1])
    elif isinstance(value, dict):
        if value:
            yield {key: value[key] for key in list(value)[1:]}
            names = sorted(value)
            if all(isinstance(q, type(value[names[0]])) for q in value.values()):
                yield dict(zip(names, [value[name] for name in [*names[1:], names[0]]], strict=True))
    elif value is None:
        yield from ("1", 0, [])


def edges(tree: Tree) -> Iterator[tuple[list[Any], Any]]:
    """The largest (or least) values of bounds that are accepted, and what is just beyond."""
    for found in places(tree["claims"]):
        way = ["claims", *found]
        if way[-1] in BOUNDS:
            yield from _edge(tree, way)


def _edge(tree: Tree, way: list[Any]) -> Iterator[tuple[list[Any], Any]]:
    value: Any = tree
    for key in way:
        value = value[key]
    if not isinstance(value, str):
        return

    def good(q: Fraction) -> bool:
        return outcome(written(edited(tree, way, str(q)))).startswith("accepted")

    inside = Fraction(value)
    size = abs(inside) or Fraction(1)
    beyond = next((q for k in range(8) for q in (inside + size * 4**k, inside - size * 4**k) if not good(q)), None)
    if beyond is None:
        return
    while abs(beyond - inside) * FINE > size:
        middle = (inside + beyond) / 2
        inside, beyond = (middle, beyond) if good(middle) else (inside, middle)
    simple = simplest(min(inside, beyond), max(inside, beyond))
    far = simple + (beyond - inside if beyond != simple else 0)
    yield from ((way, str(simple)), (way, str(far)))


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The rational of the least denominator in an interval."""
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -simplest(-high, -low)
    whole = -(-low // 1)
    if whole <= high:
        return Fraction(whole)
    rest = low // 1
    return rest + 1 / simplest(1 / (high - rest), 1 / (low - rest))


def pinned() -> list[Any]:
    """The kept ones: name, way, value, outcome."""
    return list(json.loads(FILE.read_text())) if FILE.exists() else []


def text_of(item: list[Any]) -> str:
    return written(edited(accepted(item[0]), item[1], item[2]))


def keep(items: list[Any]) -> None:
    """Writes the outcomes of today: look at the difference."""
    lines = [json.dumps([*item[:3], outcome(text_of(item))]) for item in items]
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    keep(pinned())
