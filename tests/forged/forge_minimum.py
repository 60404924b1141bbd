"""The forged certificates of lower bounds: trees of a branch and bound."""

from __future__ import annotations

from forging import Tree, changed, put, tiny

CLAIM = ("claims", 0)


def tree(name: str, *steps: int) -> Tree:
    """An accepted certificate with another tree."""
    return changed(name, put(*CLAIM, "tree", list(steps)))


def _frozen(v: str, slopes: tuple[str, str]) -> Tree:
    """One neuron of a frozen output weight at w = 0, x = 1, y = -1: with the right w its loss is 0, and not 1."""
    point = {"weights": [[["0"]], [[v]]], "biases": [[], []]}
    claim = {"kind": "lower_bound", "point": point, "loss": "1", "bound": "1", "duals": [["2"]], "tree": [0]}
    tree = tiny(claim, x=[["1"]], y=["-1"], slopes=slopes) | {"version": 2}
    tree["problem"]["train"]["output"] = False
    return tree


FORGED_MINIMUM: dict[str, tuple[Tree, str]] = {
    "lower-bound-without-a-negative-neuron": (
        _frozen("-1", ("1", "0")),
        "Neurons of negative frozen output weights add nothing.",
    ),
    "lower-bound-on-one-side-of-a-line": (
        _frozen("1", ("1", "1")),
        "A neuron without a kink has outputs of one sign alone.",
    ),
    "lower-bound-above-its-duals": (
        changed("lower-bound", put(*CLAIM, "bound", "705/22")),
        "The point is a global minimum, for a search that did not end.",
    ),
    "lower-bound-above-the-point": (
        changed("minimum-zero", put(*CLAIM, "bound", "1"), put(*CLAIM, "duals", []), put(*CLAIM, "tree", [])),
        "A point of loss 0 has none below 1.",
    ),
    "lower-bound-of-another-loss": (
        changed("minimum", put(*CLAIM, "loss", "15")),
        "The point of loss 14 has the loss 15, and is no global minimum.",
    ),
    "lower-bound-dual-not-balanced": (
        changed("minimum", put(*CLAIM, "duals", 2, ["0", "0", "0", "6", "-5"])),
        "A bound that the output bias escapes.",
    ),
    "lower-bound-dual-of-a-steeper-loss": (
        changed("minimum-huber", put(*CLAIM, "duals", 0, ["0", "-1", "1", "0"])),
        "Slopes that Huber's loss does not have bound it.",
    ),
    "lower-bound-dual-not-allowed": (
        tree("minimum", 0, -1, 1, -5, 0, 2),
        "A leaf has a bound that some of its columns go below.",
    ),
    "lower-bound-root-not-bounded": (
        tree("minimum", 1, -1, 1, -5, 2, 0),
        "All neurons of one output sign have a bound that holds only where some sides are decided.",
    ),
    "lower-bound-other-output-sign": (
        tree("minimum-zero", 0),
        "A bound for negative output weights is one for all.",
    ),
    "lower-bound-without-a-leaf": (
        tree("minimum", 0, -1, 1, -5, 2),
        "What lies on one side of a data point is left out.",
    ),
    "lower-bound-without-both-on-the-positive-side": (
        tree("minimum-two-neurons", 0, -12, -1, 1, -6, -10, 2, -11, 2, 3, 0, -4, -7, 4, 3, -1, 0, -6, -7, 2, 3, 0),
        "Two alike neurons are never both on the positive side.",
    ),
    "lower-bound-behind-the-end": (
        tree("minimum", 0, -1, 1, -5, 2, 0, 0),
        "A tree with more than all parameters, read in another order.",
    ),
    "lower-bound-dual-that-is-not-there": (
        tree("minimum", 0, -1, 1, -5, 3, 0),
        "A leaf without a bound.",
    ),
    "lower-bound-group-that-is-not-there": (
        tree("minimum", 0, -1, 1, -10, 2, 0),
        "A side is decided of no neuron.",
    ),
    "lower-bound-of-frozen-outputs-exchanged": (
        changed("minimum-of-opposite-outputs", put(*CLAIM, "tree", [-10, -1, 0, -2, 1, 2, -8, -5, 3, 2, -5, 4, 2])),
        "The neuron of negative output weight is split in place of the positive one.",
    ),
}
