"""The forged certificates about landscapes, barriers and paths."""

from __future__ import annotations

from typing import Any

from forging import BOTH, ONE, Edit, Tree, at, drop, put, tiny
from forging import changed_v1 as changed

LANDSCAPE = ("claims", 0)


def scene(point: Tree, loss: str, duals: list[list[str]], values: list[tuple[str, int]], **fields: Any) -> Tree:
    """A claim about all basins of one neuron without biases on one point x > 0, with nothing but the value 0 reached."""
    listed = [{"value": value, "basins": number} for value, number in values]
    claim = {"kind": "landscape", "point": point, "loss": loss, "full": False, "duals": duals, "regions": BOTH}
    claim |= {"solutions": [{"terms": [], "affine": []}], "values": listed, "valleys": None, "infinite_width": None}
    return claim | fields


def without(key: str, place: int) -> Edit:
    """Leave one entry out of a list of the last claim."""

    def edit(tree: Tree) -> None:
        del tree["claims"][-1][key][place]

    return edit


def way(*ends: tuple[str, str, str]) -> Tree:
    """A claim that a path of one neuron without biases leads through these (w, v, loss)."""
    (w, v, loss), *rest = ends
    claim = {"kind": "path", "point": at(w, v), "loss": loss}
    return claim | {"points": [at(w, v) for w, v, _ in rest], "losses": [loss for _, _, loss in rest]}


def ridge(point: Tree, loss: str, other: Tree, other_loss: str, **fields: Any) -> Tree:
    """A claim about x = y = 1 and a neuron without biases: every path reaches level 1."""
    claim = {"kind": "barrier", "point": point, "loss": loss, "other": other, "other_loss": other_loss}
    claim |= {"level": "1", "floor": "0", "full": False, "duals": [["0"], ["-2"]], "regions": BOTH}
    return claim | fields


LANDSCAPES: dict[str, tuple[Tree, str]] = {
    # landscape
    "landscape-of-frozen-input-weights": (
        tiny(scene(at("0", "1"), "1", [["-2"]], [("1", 4)]), **ONE, train={"hidden": [False]}),
        "The one basin of frozen input weights is four.",
    ),
    "landscape-basin-not-reached": (
        changed("landscape", without("solutions", 3)),
        "A basin has the minimum 1/6, without any point that has it.",
    ),
    "landscape-basin-not-bounded": (
        tiny(scene(at("0", "1"), "0", [], [("0", 4)]), x=[["1"]], y=["0"]),
        "Basins have the minimum 0 that a point has, for want of a lower bound: true here, for no reason.",
    ),
    "landscape-solution-in-another-basin": (
        changed(
            "landscape",
            put(*LANDSCAPE, "solutions", 4, {"terms": [{"sign": 1, "weights": ["1", "-1"]}], "affine": ["0"]}),
            put(*LANDSCAPE, "solutions", 3, {"terms": [{"sign": 1, "weights": ["1", "-1"]}], "affine": ["1/6"]}),
        ),
        "A basin has the minimum that a neuron of another basin reaches.",
    ),
    "landscape-solution-of-another-sign": (
        changed("landscape", put(*LANDSCAPE, "solutions", 4, "terms", 0, "sign", -1)),
        "A neuron of output weight -1 reaches the minimum 0.",
    ),
    "landscape-output-of-two": (
        changed(
            "landscape",
            put(*LANDSCAPE, "solutions", 4, {"terms": [{"sign": 2, "weights": ["1/2", "-1/2"]}], "affine": ["0"]}),
        ),
        "Nothing false, but an output sign that is none.",
    ),
    "landscape-solution-at-another-offset": (
        changed("landscape-frozen", put(*LANDSCAPE, "point", "biases", 1, ["2"]), put(*LANDSCAPE, "loss", "43")),
        "The minima of a frozen output bias 1 are those of 2.",
    ),
    "landscape-without-its-bounds": (
        changed("landscape", put(*LANDSCAPE, "duals", [])),
        "The minima are those of the solutions, as if nothing were below.",
    ),
    "landscape-dual-not-balanced": (
        changed("landscape", put(*LANDSCAPE, "duals", 0, ["-1/3", "2/3", "0"])),
        "A bound that the output bias breaks holds.",
    ),
    "landscape-region-left-out": (
        changed("landscape", drop(*LANDSCAPE, "regions", "--+")),
        "There are ten basins, those of five regions; the sixth is missing.",
    ),
    "landscape-basins-of-a-value": (
        changed("landscape", put(*LANDSCAPE, "values", 0, "basins", 3)),
        "Three basins have the minimum 0; two have it.",
    ),
    "landscape-value-left-out": (
        changed("landscape", without("values", 2)),
        "The minima are 0, 1/6 and 2/3; one basin has 1/2.",
    ),
    "landscape-number-that-is-a-word": (
        changed("landscape", put(*LANDSCAPE, "values", 2, "basins", True)),
        "Nothing false, but a number of basins that is a word.",
    ),
    "landscape-full-by-a-word": (
        changed("landscape", put(*LANDSCAPE, "full", 0)),
        "Nothing false, but a number where yes or no stands.",
    ),
    "landscape-as-if-full": (
        changed("landscape-modulo-permutation", put(*LANDSCAPE, "full", True)),
        "The numbers modulo permutation are those of the full space.",
    ),
    "landscape-valley-that-escapes-lower": (
        changed("landscape", put(*LANDSCAPE, "valleys", 1, "escapes_at", "1/2")),
        "The valley at 1/6 escapes at 1/2; it does at 2/3.",
    ),
    "landscape-valley-that-never-escapes": (
        changed("landscape", put(*LANDSCAPE, "valleys", 1, "escapes_at", None)),
        "The valley at 1/6 has no way out; it escapes at 2/3.",
    ),
    "landscape-valley-left-out": (
        changed("landscape", without("valleys", 1)),
        "There is no bad valley; one at 1/6 escapes at 2/3.",
    ),
    "landscape-equal-valleys-as-one": (
        changed("landscape-of-equal-valleys", put(*LANDSCAPE, "valleys", 0, "number", 1)),
        "The global minima are connected; they are two sets.",
    ),
    "landscape-copies-as-one": (
        changed("landscape-two-copies", put(*LANDSCAPE, "valleys", 0, "number", 1)),
        "The global minima of the full space are connected; permutations of them are not.",
    ),
    "landscape-wall-not-reached": (
        changed("landscape-of-many-levels", without("solutions", 3)),
        "Two basins are joined at a level that no point of their wall is shown to have.",
    ),
    "landscape-wall-not-bounded": (
        changed("landscape-of-many-levels", without("duals", 5)),
        "Two basins are joined at a level below their wall, for want of a better bound.",
    ),
    "landscape-least-of-all-widths": (
        changed("landscape", put(*LANDSCAPE, "infinite_width", "1/6")),
        "No width has a loss below 1/6; width 1 has 0.",
    ),
    "landscape-least-of-all-widths-not-bounded": (
        changed("landscape-of-many-levels", without("duals", 4)),
        "No width has a loss below 0, by the bounds of basins of width 1.",
    ),
    "landscape-least-of-all-widths-not-reached": (
        changed("landscape-of-many-levels", without("solutions", 15)),
        "Some width has loss 0, which no solution shows.",
    ),
    "landscape-all-widths-of-frozen-outputs": (
        changed("landscape-frozen", put(*LANDSCAPE, "infinite_width", "36")),
        "No width has a loss below 36, whatever the frozen output weights of further neurons.",
    ),
    # barrier
    "barrier-to-other-frozen-parameters": (
        tiny(
            ridge(at("-1", "1"), "1", at("1", "2"), "1", level="2", duals=[["-2"], ["0"]]),
            x=[["1"]],
            y=["1"],
            train={"output": False},
        ),
        "A path from output weight 1 to output weight 2 that does not change it reaches 2.",
    ),
    "barrier-from-another-loss": (
        changed("barrier-mean", put("claims", 3, "loss", "1/19")),
        "The point, of loss 1/19, is in a bad valley; its loss is 1/18.",
    ),
    "barrier-to-another-loss": (
        changed("barrier-mean", put("claims", 3, "other_loss", "1/100")),
        "The other point has the loss 1/100; it has 0.",
    ),
    "barrier-below-the-point": (
        tiny(ridge(at("0", "0"), "1", at("1", "1"), "0"), **ONE),
        "The point is in a bad valley that escapes at its own loss.",
    ),
    "barrier-floor": (
        changed("barrier-mean", put("claims", 3, "floor", "1/17")),
        "No loss below 1/17 is met before the level 2/9; the point has 1/18.",
    ),
    "barrier-floor-beside-the-point": (
        changed(
            "prop1",
            lambda tree: tree.update(claims=tree["claims"][3:]),
            put("claims", 0, "point", at("7/4", "1") | {"biases": [["-7"], ["1/4"]]}),
            put("claims", 0, "loss", "75/4"),
            put("claims", 0, "floor", "75/4"),
        ),
        "No loss below 75/4 is met before 106/5, as in one of the two basins that hold the point; the other goes to 18.",
    ),
    "barrier-floor-without-a-bound": (
        tiny(ridge(at("-1", "0"), "1", at("1", "1"), "0", level="2", floor="1", duals=[]), **ONE),
        "No loss below 1 is met from a dead neuron for x = y = 1; a path to v > 0, w > 0 falls to 0.",
    ),
    "barrier-level": (
        changed(
            "barrier-mean",
            put("claims", 3, "level", "1/2"),
            put("claims", 3, "floor", "0"),
            lambda tree: tree["claims"][3]["duals"].append(["0", "0", "0"]),
        ),
        "Every path to the global minimum reaches 1/2; some need only 2/9.",
    ),
    "barrier-between-points-of-one-basin": (
        tiny(ridge(at("1", "1/2"), "1/4", at("1", "1"), "0"), **ONE),
        "Every path from v = 1/2 to v = 1 reaches the loss 1; the straight one falls.",
    ),
    "barrier-of-one-way-round": (
        tiny(ridge(at("1", "0"), "1", at("-1", "0"), "1", level="2"), **ONE),
        "Every path from w = 1, v = 0 to w = -1, v = 0 reaches 2; the straight one keeps the loss 1.",
    ),
    "barrier-to-a-copy": (
        changed("path-between-copies", put("claims", 1, "full", False)),
        "Nothing false, but modulo permutation the other point is the point.",
    ),
    "barrier-of-a-copy-too-high": (
        changed("path-between-copies", put("claims", 1, "level", "5/4")),
        "Every path from a perfect fit to its copy reaches 5/4; one needs only 1.",
    ),
    "barrier-full-by-a-word": (
        changed("path-between-copies", put("claims", 1, "full", 1)),
        "Nothing false, but a number where yes or no stands.",
    ),
    # path
    "path-rescaled-to-the-other-side": (
        changed(
            "path-with-a-rescaling",
            put("claims", 0, "points", 0, "weights", [[["-2"]], [["-1/2"]]]),
            put("claims", 0, "losses", ["5"]),
        ),
        "Rescaling by -1 leads from (2, 1/2) to (-2, -1/2) without a change of the loss on the way.",
    ),
    "path-rescaled-without-its-bias": (
        changed(
            "path-with-a-rescaling",
            put("claims", 0, "points", 0, "biases", [["1"], ["0"]]),
            put("claims", 0, "losses", ["3/16"]),
        ),
        "Rescaling the weight alone keeps the output, whatever the bias does.",
    ),
    "path-that-moves-a-frozen-weight": (
        tiny(way(("1", "0", "1"), ("1", "1", "0")), **ONE, train={"output": False}),
        "A path in the trained parameters leads from v = 0 to v = 1, though v is frozen.",
    ),
    "path-across-a-kink": (
        tiny(way(("1", "1", "0"), ("-1", "1", "0")), x=[["1"], ["-1"]], y=["1", "1"], slopes=("1", "-1")),
        "The loss on the way from w = 1 to w = -1 is at most 0; at w = 0 it is 2.",
    ),
    "path-of-both-weights": (
        tiny(way(("3", "0", "4"), ("0", "3", "4")), x=[["1"]], y=["2"]),
        "The loss from (w, v) = (3, 0) to (0, 3) is at most 4, as if w v were affine; half-way it is 1/16.",
    ),
    "path-of-both-weights-uphill": (
        tiny(way(("3", "0", "1"), ("0", "3", "1")), x=[["1"]], y=["1"]),
        "The loss from (w, v) = (3, 0) to (0, 3) is at most 1, as if w v were affine; half-way it is 25/16.",
    ),
    "path-of-another-loss": (
        tiny(way(("1", "0", "1"), ("1", "1", "1")), **ONE),
        "The path ends at a loss of 1; it ends at 0.",
    ),
}
