"""The forged certificates about random starts: see forge.py."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from forging import Edit, Tree, changed, put


def claim(*path: Any) -> Edit:
    return put("claims", 0, *path)


def start(name: str, *edits: Edit) -> Tree:
    return changed(f"start{name}", *edits)


def without(key: str, index: int) -> Edit:
    def edit(tree: Tree) -> None:
        del tree["claims"][0][key][index]

    return edit


def scaled(tree: Tree) -> None:
    """The first dual vector, ten times as long."""
    first = tree["claims"][0]["duals"][0]
    tree["claims"][0]["duals"][0] = [q.replace("/", "0/") if "/" in q else q + "0" * (q != "0") for q in first]


def turned(tree: Tree) -> None:
    """The opposite input weights in every solution."""
    for solution in tree["claims"][0]["solutions"]:
        for term in solution["terms"]:
            term["weights"] = [str(-Fraction(q)) for q in term["weights"]]


def bounds(low: str, high: str, width: int = 1) -> Edit:
    return claim("widths", [{"width": width, "lo": low, "hi": high}])


NEVER, ALWAYS = bounds("0", "1/1000"), bounds("999/1000", "1")

FORGED_PROBABILITY: dict[str, tuple[Tree, str]] = {
    "start-higher": (start("", bounds("1/5", "1")), "A start is good more often than it is."),
    "start-lower": (start("", bounds("0", "1/7")), "A start is good less often than it is."),
    "start-lower-at-great-width": (start("-wide", bounds("0", "1/2", 10**9)), "Wide networks start badly."),
    "start-without-a-dual": (
        start("", without("duals", 0), ALWAYS),
        "Types whose basins are bad are counted as good, for no dual vector says so.",
    ),
    "start-without-duals": (start("", claim("duals", []), bounds("1", "1")), "Every start is good."),
    "start-without-a-solution": (
        start("", without("solutions", 0)),
        "Types that nothing is known of are counted as good.",
    ),
    "start-without-solutions": (start("-always", claim("solutions", [])), "What nothing reaches is reached."),
    "start-bound-at-the-level": (
        start("-never", claim("at_most", "2"), NEVER),
        "Basins whose value is the level are above it.",
    ),
    "start-bound-too-low": (start("", claim("at_most", "5"), NEVER), "A dual bound below the level rules basins out."),
    "start-long-dual": (start("", scaled), "A dual vector that bounds nothing rules basins out."),
    "start-solution-above-the-level": (
        start("", claim("at_most", "1/3")),
        "A network above the level makes its types good.",
    ),
    "start-region-missing": (
        start("", lambda tree: tree["claims"][0]["regions"].popitem()),
        "Starts in a region that is not listed do not count.",
    ),
    "start-other-level": (start("-always", claim("at_most", "0")), "What holds at one level holds at a lower one."),
    "start-frozen-other-width": (
        start("-frozen-signs", bounds("0", "1", 4)),
        "Output weights that are frozen have signs at a width that is not theirs.",
    ),
    "start-no-width": (start("", claim("widths", [])), "A statement about no width."),
    "start-width-0": (start("", bounds("0", "1", 0)), "A network without neurons has a random start."),
    "start-frozen-inputs": (
        start("", put("problem", "train", "hidden", [False])),
        "Input weights that are frozen are drawn.",
    ),
    "start-bias-not-trained": (
        start("", put("problem", "train", "hidden_bias", [False])),
        "A hidden bias that is frozen is drawn with the weights.",
    ),
    "start-solution-turned": (
        start("-without-output-bias", turned),
        "A network at the opposite of its weights has the same loss, so other starts are good.",
    ),
    "start-logistic": (
        start("-hinge", put("problem", "loss", "kind", "logistic")),
        "A loss without rational values has them.",
    ),
}
