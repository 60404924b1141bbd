"""The forged certificates about minima enclosed in a box: see forge.py."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from forging import Edit, Tree, changed, put
from made_ball import BLIND


def named(name: str, *edits: Edit) -> Tree:
    return changed(f"ball-{name}", *edits)


def claim(*path: Any) -> Edit:
    return put("claims", 0, *path)


def scaled(factor: Fraction, *way: Any) -> Edit:
    """A rational of the claim, or each of a list, times a factor."""

    def turned(value: Any) -> Any:
        return list(map(turned, value)) if isinstance(value, list) else str(Fraction(value) * factor)

    def edit(tree: Tree) -> None:
        place: Any = tree["claims"][0]
        for step in way[:-1]:
            place = place[step]
        place[way[-1]] = turned(place[way[-1]])

    return edit


def moved(value: str) -> Callable[[Tree], None]:
    """The centre elsewhere: its output bias."""
    return claim("point", "biases", -1, [value])


def kinks(*rows: list[int]) -> Edit:
    return claim("kinks", list(rows))


HALF, MANY = Fraction(1, 2), Fraction(2**40)

FORGED_BALL: dict[str, tuple[Tree, str]] = {
    "ball-no-inverse": (named("kink", claim("inverse", 0, 0, 0)), "A matrix is an inverse that is none."),
    "ball-centre-elsewhere": (named("kink", moved("3/2")), "The minimum lies at another output bias."),
    "ball-box-too-small": (named("kink", scaled(1 / MANY, "radii")), "The minimum is nearer than it is proved to be."),
    "ball-negative-radius": (named("kink", scaled(Fraction(-1), "radii", 0)), "A box is less than nothing."),
    "ball-too-large": (named("kink", claim("radius", "9")), "There is no other minimum far away."),
    "ball-everywhere": (named("kink", claim("radius", None)), "There is no other minimum at all."),
    "ball-within-the-box": (
        named("kink", claim("radius", "1/1000000000000000000000000000000000000000000000000")),
        "The one minimum is nearer than it is known to be.",
    ),
    "ball-values-above": (named("kink", scaled(Fraction(2), "low")), "The minimum is higher than it is."),
    "ball-values-below": (named("kink", scaled(HALF, "high"), scaled(HALF, "low")), "The minimum is lower than it is."),
    "ball-logistic-values": (named("logistic", scaled(Fraction(11, 10), "low")), "The minimum is higher than it is."),
    "ball-of-sizes": (named("ridge", put("problem", "penalty", "l1", "1")), "Squares alone are a penalty of sizes."),
    "ball-of-no-derivative": (
        named("ridge", put("problem", "loss", "kind", "absolute")),
        "The absolute loss is stationary where it has a kink.",
    ),
    "ball-without-penalty": (
        named("decayed", put("problem", "penalty", "l2", "1/11")),
        "The minimum of one penalty is that of another one.",
    ),
    "ball-other-target": (
        named("kink", put("problem", "data", "y", 4, ["5"])),
        "The minimum for one target is that for another one.",
    ),
    "ball-frozen-bias": (
        named("kink", put("problem", "train", "hidden_bias", [False])),
        "With a frozen bias the output weight needs no equation of its own.",
    ),
    "ball-kink-of-a-line": (
        named(
            "straight", put("problem", "network", "activation", ["1", "1"]), kinks([0]), claim("multipliers", [["0"]])
        ),
        "A line has a kink.",
    ),
    "ball-kink-of-a-dead-unit": (
        named("frozen-inputs", kinks([0]), claim("multipliers", [["0"]])),
        "A neuron that does not move is held at a kink.",
    ),
    "ball-itself-twice": (named("decayed", claim("factors", ["2"])), "A neuron is twice itself."),
    "ball-tied-without-penalty": (
        named("dead", claim("leaders", [0, 0]), claim("factors", ["1", "1/2"])),
        "Without a penalty neurons of one direction are tied.",
    ),
    "ball-tied-to-another": (
        named("tied", claim("factors", ["1", "1/4"])),
        "A neuron is a quarter of another one; it is half of it.",
    ),
    "ball-tied-with-another-bias": (
        named("tied", claim("point", "biases", 0, 1, "-1/4")),
        "A neuron with its kinks elsewhere is a multiple of another one.",
    ),
    "ball-tied-across": (BLIND["across"]().to_data(), "A neuron that works on the other side is a multiple of one."),
    "ball-tied-too-large": (
        named("tied-straight", claim("radius", "1/4")),
        "Within the radius a neuron that is tied keeps its side; its bias is smaller.",
    ),
}

FORGED_BALL |= {
    "ball-silent-kink": (
        named("at-rest", kinks([2], [0]), claim("multipliers", 1, ["0"])),
        "A neuron whose output weight is 0 is held at a kink.",
    ),
    "ball-falls-on-the-right": (BLIND["right"]().to_data(), "Across the kink the loss rises; it falls on the right."),
    "ball-falls-on-the-left": (BLIND["left"]().to_data(), "Across the kink the loss rises; it falls on the left."),
    "ball-shared-kink-on-the-left": (
        BLIND["shared-left"]().to_data(),
        "The loss rises across the kink of two equal neurons; it falls on the left, though not with twice the multiplier.",
    ),
    "ball-shared-kink-on-the-right": (
        BLIND["shared-right"]().to_data(),
        "The loss rises across the kink of two equal neurons; it falls on the right, though not with twice the multiplier.",
    ),
    "ball-heavy-dead-unit": (
        BLIND["heavy"]().to_data(),
        "The weights of a dead unit have a penalty, and could shrink.",
    ),
    "ball-at-rest-on-a-kink": (BLIND["on-a-kink"]().to_data(), "A neuron at 0 is on the kinks of all data points."),
    "ball-idle": (BLIND["idle"]().to_data(), "A neuron of output weight 0 has outputs that could help."),
    "ball-greedy": (BLIND["greedy"]().to_data(), "A neuron at 0 gains more than its penalty."),
}
