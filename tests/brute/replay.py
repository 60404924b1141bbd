"""Is the statement of a certificate true? Decided again without its proof, and without the checker.

Local minima by the cells of ``brute.py``, descents and paths by the roots of the loss along the way (at many points of it
where the loss is no square), global minima and
basins by trying all supports (``basin_brute.py``), landscapes and barriers by all pairs of basins
(``landscape_brute.py``), regions by trying all sign vectors: fractions and itertools only.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

import basin_brute
import brute
import decay_judge
import probability_brute
import replay_ball
import replay_classes
import replay_logistic
import replay_path
import replay_smooth
import subgradient_brute
from landscape_brute import Brute, summary

F = Fraction
Tree = dict[str, Any]
Numbers = list[Fraction]


def numbers(tree: Any) -> Any:
    return [numbers(item) for item in tree] if isinstance(tree, list) else F(tree)


def holds(tree: Tree) -> bool:
    """Whether every claim of a certificate is true."""
    subject = next(tree[key] for key in ("problem", "arrangement", "population") if key in tree)
    return all(_holds(json.dumps(subject), json.dumps(claim)) for claim in tree["claims"])


@lru_cache(maxsize=4096)
def _holds(subject: str, claim: str) -> bool:
    loaded = json.loads(claim)
    judge = {
        "local_minimum": _local_minimum,
        "strictness": _strictness,
        "subgradient_minimum": _subgradient_minimum,
        "deep_minimum": _deep_minimum,
        "linear_network_minimum": lambda problem, claim: _deep_minimum(problem, {**claim, "radius": "16"}),
        **dict.fromkeys(("symmetric_minimum", "vector_minimum", "unrolled_minimum"), _near_minimum),
        "deep_global_minimum": lambda problem, claim: _deep_minimum(problem, {**claim, "radius": "16"}),
        "descent_curve": _curve,
        "not_local_minimum": _descent,
        "lower_point": _lower_point,
        "global_minimum": _global_minimum,
        "lower_bound": _lower_bound,
        "basin_optimum": _basin,
        "regions": _regions,
        "landscape": _landscape,
        "barrier": _barrier,
        "path": _path,
        "penalised_minimum": _penalised_minimum,
        "penalised_strictness": _penalised_strictness,
        "penalised_descent": _penalised_descent,
        "penalised_bound": _penalised_bound,
        "penalised_basin": _penalised_basin,
        "basin_probability": _basin_probability,
        "ball": replay_ball.ball,
        "segmented_path": replay_path.segmented_path,
        "class_minimum": lambda problem, claim: _deep_minimum(problem, claim, CLASSES),
        "class_global_minimum": lambda problem, claim: _deep_minimum(problem, {**claim, "radius": "16"}, CLASSES),
        "class_descent": lambda problem, claim: _curve(problem, claim, CLASSES),
        **replay_logistic.JUDGES,
        **replay_smooth.JUDGES,
    }[loaded["kind"]]
    return judge(json.loads(subject), loaded)


def activate(z: Fraction, slopes: Sequence[Fraction]) -> Fraction:
    return z * slopes[0 if z > 0 else 1]


def loss(problem: Tree, point: Tree) -> Fraction:
    """The training loss at a point of any depth."""
    slopes = numbers(problem["network"]["activation"])
    every = slopes if isinstance(slopes[0], list) else [slopes] * len(point["weights"])
    rows = numbers(problem["data"]["x"])
    weights, biases = numbers(point["weights"]), numbers(point["biases"])
    for k, matrix in enumerate(weights):
        bias = biases[k] or [F(0)] * len(matrix)
        rows = [[brute.dot(unit, row) + b for unit, b in zip(matrix, bias, strict=True)] for row in rows]
        if k + 1 < len(weights):
            rows = [[activate(z, every[k]) for z in row] for row in rows]
    name, bound = kind(problem)
    total = F(0)
    for row, target in zip(rows, numbers(problem["data"]["y"]), strict=True):
        total += sum((basin_brute.loss(name, p, y, bound) for p, y in zip(row, target, strict=True)), F(0))
    entries = {"sum": 1, "mean": len(rows), "mean_entries": len(rows) * len(rows[0])}
    return total / entries[problem["loss"]["reduction"]]


def kind(problem: Tree) -> tuple[str, Fraction]:
    name, _, bound = problem["loss"]["kind"].partition("(")
    return name, F(bound.removesuffix(")")) if bound else F(1)


def frozen(problem: Tree, point: Tree) -> list[Any]:
    train = problem["train"]
    weights = [*train["hidden"], train["output"]]
    biases = [*train["hidden_bias"], train["output_bias"]]
    return [
        None if trained else numbers(block)
        for trained, block in zip([*weights, *biases], [*point["weights"], *point["biases"]], strict=True)
    ]


def moved(point: Tree, way: Tree, s: Fraction) -> Tree:
    def add(a: Any, b: Any) -> Any:
        return [add(p, q) for p, q in zip(a, b, strict=True)] if isinstance(a, list) else str(F(a) + s * F(b))

    return {key: add(point[key], way[key]) for key in ("weights", "biases")}


def case(problem: Tree, point: Tree) -> brute.Case:
    net, train = problem["network"], problem["train"]
    weights, biases = numbers(point["weights"]), numbers(point["biases"])
    linear = not net["widths"]
    biased = not linear and net["hidden_bias"][0]
    return brute.Case(
        x=tuple(map(tuple, numbers(problem["data"]["x"]))),
        y=tuple(y for (y,) in numbers(problem["data"]["y"])),
        slopes=tuple(numbers(net["activation"])),
        w=() if linear else tuple(map(tuple, weights[0])),
        b=tuple(biases[0]) if biased else None,
        v=tuple(weights[-1][0]),
        c=biases[-1][0] if net["output_bias"] else None,
        hidden=not linear and train["hidden"][0],
        hidden_bias=not linear and train["hidden_bias"][0],
        output=train["output"],
        output_bias=train["output_bias"],
        linear=linear,
        loss=problem["loss"]["kind"],
        reduction=problem["loss"]["reduction"],
    )


def bend(problem: Tree, p: Fraction, y: Fraction) -> tuple[Fraction, bool, bool]:
    """Derivative of the loss at a prediction, and whether it is strictly convex just below it, and just above."""
    name, bound = kind(problem)
    e = p - y
    if name == "huber":
        return max(-bound, min(bound, e)), -bound < e <= bound, -bound <= e < bound
    if name == "squared_hinge":
        beyond, at = y * p > 1, y * p == 1
        return -2 * y * max(F(0), 1 - y * p), not beyond and (not at or y > 0), not beyond and (not at or y < 0)
    assert name in ("squared", "half_squared"), "no derivative, or not here"
    return (2 if name == "squared" else 1) * e, True, True


def _local_minimum(problem: Tree, claim: Tree) -> bool:
    here, _ = _squared(problem, claim["point"])
    if loss(problem, claim["point"]) != F(claim["loss"]) or brute.decide(here) != "minimum":
        return False
    # Version 1 says the strictness in the same claim.
    if (claim.get("flat_dimension"), claim.get("strictness")) != (None, None) and not _strictness(problem, claim):
        return False
    # The neighbourhood in which no pre-activation off the kinks and no output weight changes its sign.
    reach = [abs(v) for v in here.v if v and here.output and not here.linear]
    d = len(here.x[0])
    for i in range(len(here.w)):
        for row in here.lifted:
            z = brute.dot(row, here.weight(i))
            size = sum(abs(q) for k, q in enumerate(row) if (here.hidden if k < d else here.hidden_bias))
            if z and size and here.slopes[0] != here.slopes[1]:
                reach.append(abs(z) / size)
    radius = claim["radius"]
    return not reach if radius is None else 0 < F(radius) <= min(reach, default=F(radius))


def _germs(problem: Tree, here: brute.Case) -> list[tuple[Fraction, Fraction, bool, bool]]:
    """Left and right derivative at each prediction, and on which sides the loss is affine."""
    name, _ = kind(problem)
    found = []
    for p, y in zip(brute.predictions(here), here.y, strict=True):
        if name == "absolute":
            found.append((F(1 if p > y else -1), F(-1 if p < y else 1), True, True))
        elif name == "hinge":
            low, high = (-y if y * p < 1 or (y * p == 1 and s * y < 0) else F(0) for s in (-1, 1))
            found.append((low, high, True, True))
        else:
            slope, below, above = bend(problem, p, y)
            found.append((slope, slope, not below, not above))
    return found


def _subgradient_minimum(problem: Tree, claim: Tree) -> bool:
    point, start = claim["point"], loss(problem, claim["point"])
    here = case(problem, point)
    slopes = [(low, high) for low, high, _, _ in _germs(problem, here)]
    if start != F(claim["loss"]) or subgradient_brute.decide(here, slopes, 100_000) != "minimum":
        return False
    # The neighbourhood: exact points in it, on several scales.
    radius, rng = claim["radius"], random.Random(0)
    size = F(16) if radius is None else F(radius)
    if size <= 0:
        return False

    def somewhere(block: Any, trained: bool, scale: Fraction) -> Any:
        if isinstance(block, list):
            return [somewhere(q, trained, scale) for q in block]
        return str(F(block) + (scale * F(rng.choice((-8, 8, rng.randint(-8, 8), 0)), 8) if trained else 0))

    train = problem["train"]
    for _ in range(200):
        scales = [size / 2 ** rng.choice((0, 0, 2, 5)) for _ in range(2 * len(point["weights"]))]
        end = {
            key: [
                somewhere(block, trained, scales.pop())
                for block, trained in zip(point[key], [*train[hidden], train[last]], strict=True)
            ]
            for key, hidden, last in (("weights", "hidden", "output"), ("biases", "hidden_bias", "output_bias"))
        }
        if loss(problem, end) < start:
            return False
    return True


RATIONAL = (loss, F, F(0))
CLASSES = (replay_classes.loss, replay_classes.stated, replay_classes.NEAR)
"""How losses are computed, how they are stated, and how near two of them are one."""


def _curve(problem: Tree, claim: Tree, way_of: Any = RATIONAL) -> bool:
    value, stated, near = way_of
    point, step, start = claim["point"], F(claim["step"]), value(problem, claim["point"])
    if (
        abs(start - stated(claim["loss"])) > near
        or step <= 0
        or any(any(_flat_numbers(frozen(problem, way))) for way in claim["curve"])
    ):
        return False
    few = bool(near)
    samples = [step * k / (8 if few else 60) for k in range(1, 9 if few else 61)]
    for s in [*samples, *(step / 8**k for k in range(2, 6 if few else 16))]:
        end = point
        for power, way in enumerate(claim["curve"], 1):
            end = moved(end, way, s**power)
        if value(problem, end) >= start - near:
            return False
    return True


def _near_minimum(problem: Tree, claim: Tree) -> bool:
    """A claim without a radius: about points near enough."""
    return _deep_minimum(problem, {**claim, "radius": "1/1024"})


def _deep_minimum(problem: Tree, claim: Tree, way_of: Any = RATIONAL) -> bool:
    """No lower loss within the radius at many random points near the point, on random scales."""
    # Without a radius the claim speaks of points near enough: an error would show on the smaller scales as well.
    value, stated, same = way_of
    point, radius, start = claim["point"], F(claim["radius"] or "1/1024"), value(problem, claim["point"])
    if abs(start - stated(claim["loss"])) > same or radius <= 0:
        return False
    rng, train = random.Random(0), problem["train"]
    weights, biases = [*train["hidden"], train["output"]], [*train["hidden_bias"], train["output_bias"]]
    for _ in range(30 if same else 120):
        s, density = radius / 2 ** rng.choice((0, 1, 3, 6, 10)), rng.choice((0.3, 0.6, 1))

        def near(block: Any, s: Fraction = s, density: float = density) -> Any:
            if isinstance(block, list):
                return [near(item) for item in block]
            size = s ** rng.randint(1, 3) if s < 1 else s
            return str(size * rng.randint(-3, 3) / 3 if rng.random() < density else F(0))

        def still(block: Any) -> Any:
            return [still(item) for item in block] if isinstance(block, list) else "0"

        way = {
            key: [(near if free else still)(block) for block, free in zip(point[key], frees, strict=True)]
            for key, frees in (("weights", weights), ("biases", biases))
        }
        if value(problem, moved(point, way, F(1))) < start - same:
            return False
    return True


def _flat_numbers(block: Any) -> list[Fraction]:
    return [q for part in block for q in _flat_numbers(part)] if isinstance(block, list) else [block or F(0)]


def _squared(problem: Tree, point: Tree) -> tuple[brute.Case, list[list[bool]]]:
    """To first order the loss is that of squares with its derivatives as residuals; on which sides it is curved."""
    here = case(problem, point)
    bends = [bend(problem, p, y) for p, y in zip(brute.predictions(here), here.y, strict=True)]
    targets = [p - slope for p, (slope, _, _) in zip(brute.predictions(here), bends, strict=True)]
    return replace(here, y=tuple(targets), loss="squared"), [curved for _, *curved in bends]


def _strictness(problem: Tree, claim: Tree) -> bool:
    if kind(problem)[0] in ("absolute", "hinge"):
        here = case(problem, claim["point"])
        germs = _germs(problem, here)
        slopes = [(low, high) for low, high, _, _ in germs]
        if loss(problem, claim["point"]) != F(claim["loss"]):
            return False
        if subgradient_brute.decide(here, slopes, 100_000) != "minimum":
            return False
        dimension = subgradient_brute.flat(here, germs, 100_000)
        name = "strict" if dimension == 0 else "flat"
        if dimension and dimension == subgradient_brute.orbit(here):
            name = "strict_modulo_symmetry"
        return (dimension, name) == (claim["flat_dimension"], claim["strictness"])
    here, curved = _squared(problem, claim["point"])
    if loss(problem, claim["point"]) != F(claim["loss"]) or brute.decide(here) != "minimum":
        return False
    flat = brute.flat(here, 20_000, curved)
    assert flat is not None, "too many strata for the replay"
    return (flat.dimension, flat.strictness) == (claim["flat_dimension"], claim["strictness"])


def _value(polynomial: Numbers, s: Fraction) -> Fraction:
    return sum((q * s**k for k, q in enumerate(polynomial)), F(0))


def _interpolate(points: Sequence[tuple[Fraction, Fraction]]) -> Numbers:
    """The polynomial through the points, lowest coefficient first (Newton)."""
    xs = [x for x, _ in points]
    table = [y for _, y in points]
    for k in range(1, len(xs)):
        for j in range(len(xs) - 1, k - 1, -1):
            table[j] = (table[j] - table[j - 1]) / (xs[j] - xs[j - k])
    result: Numbers = [F(0)]
    for k in range(len(xs) - 1, -1, -1):
        shifted = [F(0), *result]
        result = [a - xs[k] * b for a, b in zip(shifted, [*result, F(0)], strict=True)]
        result[0] += table[k]
    while len(result) > 1 and not result[-1]:
        result.pop()
    return result


def _roots(polynomial: Numbers, low: Fraction, high: Fraction) -> int:
    """Number of distinct roots in (low, high], by Sturm; the polynomial is not 0 at low."""
    chain = [polynomial, [k * q for k, q in enumerate(polynomial)][1:] or [F(0)]]
    while any(chain[-1]):
        rest, divisor = list(chain[-2]), chain[-1]
        while len(rest) >= len(divisor):
            factor = rest[-1] / divisor[-1]
            for k in range(1, len(divisor) + 1):
                rest[-k] -= factor * divisor[-k]
            rest.pop()
        while len(rest) > 1 and not rest[-1]:
            rest.pop()
        chain.append([-q for q in rest] or [F(0)])

    def changes(s: Fraction) -> int:
        signs = [v > 0 for v in (_value(p, s) for p in chain) if v]
        return sum(a != b for a, b in pairwise(signs))

    return changes(low) - changes(high)


def _descent(problem: Tree, claim: Tree) -> bool:
    point, way, step = claim["point"], claim["direction"], F(claim["step"])
    start = loss(problem, point)
    if start != F(claim["loss"]) or step <= 0:
        return False
    if "loss_after" in claim and loss(problem, moved(point, way, step)) != F(claim["loss_after"]):
        return False
    if any(
        q for block in frozen(problem, way) for row in block or [] for q in (row if isinstance(row, list) else [row])
    ):
        return False
    here, there = case(problem, point), case(problem, moved(point, way, F(1)))
    breaks = {F(0), step}
    for i in range(len(here.w)):
        for row in here.lifted:
            z, q = brute.dot(row, here.weight(i)), brute.dot(row, there.weight(i)) - brute.dot(row, here.weight(i))
            if q and 0 < -z / q < step:
                breaks.add(-z / q)
    ordered = sorted(breaks)
    for low, high in pairwise(ordered):
        if "squared" not in kind(problem)[0] or "hinge" in kind(problem)[0]:
            # The pieces of the loss end at roots that need not be rational: many points instead, nearer and nearer low.
            samples = [low + (high - low) * k / 40 for k in range(1, 41)]
            samples += [low + (high - low) / 8**k for k in range(2, 13)]
            if any(loss(problem, moved(point, way, s)) >= start for s in samples):
                return False
            continue
        samples = [low + (high - low) * k / 4 for k in range(5)]
        change = _interpolate([(s, loss(problem, moved(point, way, s)) - start) for s in samples])
        if low == 0:
            while len(change) > 1 and not change[0]:
                change = change[1:]
        if not _value(change, low) or _value(change, high) >= 0 or _roots(change, low, high):
            return False
    return True


def _lower_point(problem: Tree, claim: Tree) -> bool:
    same = frozen(problem, claim["point"]) == frozen(problem, claim["better"])
    low, high = loss(problem, claim["better"]), loss(problem, claim["point"])
    return same and low < high and (low, high) == (F(claim["better_loss"]), F(claim["loss"]))


def _least(problem: Tree, generators: list[Numbers], offset: Numbers) -> Fraction:
    name, bound = kind(problem)
    y = [t for (t,) in numbers(problem["data"]["y"])]
    ones = [[F(s)] * len(y) for s in (1, -1)] if problem["train"]["output_bias"] else []
    value = basin_brute.minimum(name, [*generators, *ones], y, bound, offset)
    return value / len(y) if problem["loss"]["reduction"] == "mean" else value


def _frame(problem: Tree, point: Tree) -> tuple[list[Numbers], Numbers]:
    """The data that a neuron sees, and the part of the predictions that a frozen output bias fixes."""
    x = numbers(problem["data"]["x"])
    net, train = problem["network"], problem["train"]
    biased = bool(net["widths"]) and net["hidden_bias"][0]
    # A hidden bias frozen at another value than 0 is treated as trained, which can only lower the minimum: the
    # statement is then proved if it holds there too.
    if biased and not train["hidden_bias"][0] and not any(numbers(point["biases"][0])):
        biased = False
    fixed = F(point["biases"][-1][0]) if net["output_bias"] and not train["output_bias"] else F(0)
    return [[*row, F(1)] if biased else row for row in x], [fixed] * len(x)


def _global_minimum(problem: Tree, claim: Tree) -> bool:
    here = loss(problem, claim["point"])
    return here == F(claim["loss"]) and (here == 0 or here == _infimum(problem, claim["point"]))


def _lower_bound(problem: Tree, claim: Tree) -> bool:
    here, bound = loss(problem, claim["point"]), F(claim["bound"])
    return here == F(claim["loss"]) and bound <= here and (bound <= 0 or bound <= _infimum(problem, claim["point"]))


def _infimum(problem: Tree, point: Tree) -> Fraction:
    """The least loss of all parameters with the point's frozen ones, over all basins."""
    net, train = problem["network"], problem["train"]
    assert len(net["widths"]) <= 1
    rows, offset = _frame(problem, point)
    slopes = numbers(net["activation"])
    weights = numbers(point["weights"])
    if not net["widths"] or not (train["hidden"][0] or train["hidden_bias"][0]):
        # Affine in the trained parameters.
        features = [list(c) for c in zip(*rows, strict=True)]
        if net["widths"]:
            units = case(problem, point)
            lifted = [units.weight(i) for i in range(len(units.w))]
            features = [[activate(brute.dot(w, row), slopes) for row in units.lifted] for w in lifted]
        if train["output"]:
            return _least(problem, [[s * q for q in c] for c in features for s in (1, -1)], offset)
        fixed = [o + brute.dot(weights[-1][0], [c[t] for c in features]) for t, o in enumerate(offset)]
        return _least(problem, [], fixed)
    # Input weights that are frozen beside a trained bias are treated as trained, for the same reason.
    width, outputs = len(rows[0]), weights[1][0]
    if slopes[0] == slopes[1]:
        columns = [[slopes[0] * s * row[k] for row in rows] for k in range(width) for s in (1, -1)]
        return _least(problem, columns if any(outputs) or train["output"] else [], offset)
    rays, cells = basin_brute.rays(rows, width), basin_brute.regions(rows, width)
    choices: list[tuple[Any, ...]] = [()]
    for v in outputs:
        signs = (1, -1) if train["output"] else ((v > 0) - (v < 0),)
        slots = [(cell, b) for b in signs for cell in cells] if signs != (0,) else [(cells[0], 0)]
        choices = list(dict.fromkeys(tuple(sorted((*old, new))) for old in choices for new in slots))
    return min(
        _least(problem, [c for s, b in choice if b for c in basin_brute.columns(s, rows, rays, slopes, F(b))], offset)
        for choice in choices
    )


def _basin(problem: Tree, claim: Tree) -> bool:
    point, here = claim["point"], loss(problem, claim["point"])
    rows, offset = _frame(problem, point)
    slopes, units = numbers(problem["network"]["activation"]), case(problem, point)
    rays = basin_brute.rays(rows, len(rows[0]))
    generators = []
    for i, cell in enumerate(claim["cells"]):
        signs = ["-0+".index(s) - 1 for s in cell["signs"]]
        sides = [brute.dot(units.weight(i), row) for row in units.lifted]
        if any(s * z < 0 for s, z in zip(signs, sides, strict=True)) or cell["output"] * units.v[i] < 0:
            return False
        if any(s == 0 and any(row) for s, row in zip(signs, rows, strict=True)) and slopes[0] != slopes[1]:
            return False
        if cell["output"]:
            # A zero data point has no side, whatever is written.
            signs = [s if any(row) else 0 for s, row in zip(signs, rows, strict=True)]
            generators += basin_brute.columns(signs, rows, rays, slopes, F(cell["output"]))
        elif units.v[i] or problem["train"]["output"]:
            return False
    return here == F(claim["loss"]) == _least(problem, generators, offset)


def _brute(problem: Tree, point: Tree) -> tuple[Brute, Fraction]:
    """All basins of the full space and what they share, and the factor of a mean."""
    return _all_pairs(json.dumps(problem), json.dumps([point["biases"], None if problem["train"]["output"] else point]))


@lru_cache(maxsize=512)
def _all_pairs(text: str, held: str) -> tuple[Brute, Fraction]:
    problem, (biases, point) = json.loads(text), json.loads(held)
    net, train = problem["network"], problem["train"]
    name, bound = kind(problem)
    y = [t for (t,) in numbers(problem["data"]["y"])]
    if net["output_bias"] and not train["output_bias"]:
        assert "hinge" not in name, "the replay shifts the targets"
        y = [t - F(biases[-1][0]) for t in y]
    assert train["hidden"][0], "for trained input weights"
    biased = net["hidden_bias"][0] and train["hidden_bias"][0]
    assert biased or not net["hidden_bias"][0] or not any(numbers(biases[0])), "no cones"
    found = Brute(
        numbers(problem["data"]["x"]),
        y,
        net["widths"][0],
        bias=biased,
        output_bias=train["output_bias"],
        slopes=numbers(net["activation"]),
        kind=name,
        bound=bound,
        frozen=None if point is None else numbers(point["weights"][1][0]),
    )
    return found, F(1, len(y)) if problem["loss"]["reduction"] == "mean" else F(1)


def _landscape(problem: Tree, claim: Tree) -> bool:
    if loss(problem, claim["point"]) != F(claim["loss"]):
        return False
    if not problem["network"]["widths"]:
        rows, offset = _frame(problem, claim["point"])
        inputs = [[s * q for q in c] for c in zip(*rows, strict=True) for s in (1, -1)]
        if not problem["train"]["output"]:
            w = numbers(claim["point"]["weights"][0][0])
            inputs, offset = [], [q + brute.dot(w, row) for q, row in zip(offset, rows, strict=True)]
        least = _least(problem, inputs, offset)
        alone = [{"value": str(least), "basins": 1}], [{"value": str(least), "escapes_at": None, "number": 1}]
        return claim["values"] == alone[0] and claim["valleys"] in (None, alone[1]) and claim["infinite_width"] is None
    if len(set(problem["network"]["activation"])) == 1:
        return _one_region(problem, claim)
    found, share = _brute(problem, claim["point"])
    names = {basin: basin for basin in found.basins}
    if not claim["full"]:
        names = {b: tuple(sorted(zip(map(str, found.outputs), b, strict=True))) for b in found.basins}
    lows = {names[basin]: value * share for basin, value in zip(found.basins, found.value, strict=True)}
    if [(F(e["value"]), e["basins"]) for e in claim["values"]] != sorted(Counter(lows.values()).items()):
        return False
    if claim["infinite_width"] is not None:
        rows, offset = _frame(problem, claim["point"])
        slopes, rays = numbers(problem["network"]["activation"]), basin_brute.rays(rows, len(rows[0]))
        every = [[b * activate(brute.dot(ray, row), slopes) for row in rows] for ray in rays for b in (1, -1)]
        if not problem["train"]["output"] or F(claim["infinite_width"]) != _least(problem, every, offset):
            return False
    if claim["valleys"] is None:
        return True
    leaves = found.valleys()
    levels = summary(leaves if claim["full"] else found.modulo_permutation(leaves))
    scaled = Counter((value * share, escape and escape * share) for value, escape in levels)
    written = [(F(e["value"]), e["escapes_at"] and F(e["escapes_at"]), e["number"]) for e in claim["valleys"]]
    return written == sorted([(*key, n) for key, n in scaled.items()], key=lambda leaf: (leaf[0], leaf[1] or 0))


def _one_region(problem: Tree, claim: Tree) -> bool:
    """The landscape of an activation without a kink: basins are signs of output weights."""
    assert problem["train"]["output"]
    n = problem["network"]["widths"][0]
    rows, offset = _frame(problem, claim["point"])
    slope = F(problem["network"]["activation"][0])
    least = _least(problem, [[s * slope * q for q in c] for c in zip(*rows, strict=True) for s in (1, -1)], offset)
    # The wall between two basins: the other neurons do as well, unless there are none.
    apart = n == 1 and _least(problem, [], offset) != least
    leaves = [{"value": str(least), "escapes_at": None, "number": 2 if apart else 1}]
    values = [{"value": str(least), "basins": 2**n if claim["full"] else n + 1}]
    wide = None if claim["infinite_width"] is None else F(claim["infinite_width"])
    return claim["values"] == values and claim["valleys"] in (None, leaves) and wide in (None, least)


def _basin_probability(problem: Tree, claim: Tree) -> bool:
    """Widths above 3 are not judged."""
    if loss(problem, claim["point"]) != F(claim["loss"]):
        return False
    net, train, point = problem["network"], problem["train"], claim["point"]
    name, bound = kind(problem)
    y = [t for (t,) in numbers(problem["data"]["y"])]
    if net["output_bias"] and not train["output_bias"]:
        assert "hinge" not in name, "the replay shifts the targets"
        y = [t - F(point["biases"][-1][0]) for t in y]
    biased = net["hidden_bias"][0] and train["hidden_bias"][0]
    if not train["hidden"][0] or (net["hidden_bias"][0] and not biased and any(numbers(point["biases"][0]))):
        return False
    frozen = None if train["output"] else [v for v in numbers(point["weights"][1][0]) if v]
    level = F(claim["at_most"]) * (len(y) if problem["loss"]["reduction"] == "mean" else 1)
    for item in claim["widths"]:
        width, given = item["width"], frozen
        if frozen is not None and width != len(frozen):
            if len({v > 0 for v in frozen}) > 1:
                return False
            given = frozen[:1] * width
        if width <= 3:
            found, error = probability_brute.law(
                numbers(problem["data"]["x"]),
                y,
                level,
                width,
                bias=biased,
                output_bias=train["output_bias"],
                slopes=numbers(net["activation"]),
                kind=name,
                bound=bound,
                frozen=given,
            )
            if not F(item["lo"]) - error <= found <= F(item["hi"]) + error:
                return False
    return True


def _barrier(problem: Tree, claim: Tree) -> bool:
    point, other, level = claim["point"], claim["other"], F(claim["level"])
    here, there = loss(problem, point), loss(problem, other)
    if (here, there) != (F(claim["loss"]), F(claim["other_loss"])) or here >= level:
        return False
    if frozen(problem, point) != frozen(problem, other):
        return False
    found, share = _brute(problem, point)

    def holding(tree: Tree) -> set[int]:
        units = case(problem, tree)
        active = [i for i in range(len(units.w)) if problem["train"]["output"] or units.v[i]]
        return set(
            found.containing([units.weight(i)[: len(found.rows[0])] for i in active], [units.v[i] for i in active])
        )

    reached, pending = set(), list(holding(point))
    while pending:
        i = pending.pop()
        if i not in reached:
            reached.add(i)
            pending += [j for pair, value in found.pairs.items() if i in pair and value * share < level for j in pair]
    floor = min(found.value[i] for i in reached) * share
    return F(claim["floor"]) <= floor and (there >= level or not reached & holding(other))


def _path(problem: Tree, claim: Tree) -> bool:
    points = [claim["point"], *claim["points"]]
    losses = [F(q) for q in (claim["loss"], *claim["losses"])]
    if [loss(problem, point) for point in points] != losses:
        return False
    held = frozen(problem, points[0])
    if any(frozen(problem, point) != held for point in points):
        return False
    assert len(problem["network"]["widths"]) <= 1
    return all(_below(problem, one, other, max(losses)) for one, other in pairwise(points))


def _below(problem: Tree, one: Tree, other: Tree, level: Fraction) -> bool:
    """Is the loss on a straight line nowhere above the level? For squared losses by roots, else at many points.

    A neuron that is only rescaled keeps its output on the way, so it may start where it ends.
    """
    start = json.loads(json.dumps(one))
    for i in range(len(one["weights"][0]) if problem["network"]["widths"] else 0):
        a, b = (
            (F(tree["weights"][1][0][i]), numbers([*tree["weights"][0][i], *tree["biases"][0][i : i + 1]]))
            for tree in (one, other)
        )
        if a[0] * b[0] > 0 and [a[0] * q for q in a[1]] == [b[0] * q for q in b[1]]:
            start["weights"][0][i], start["weights"][1][0][i] = other["weights"][0][i], other["weights"][1][0][i]
            start["biases"][0][i : i + 1] = other["biases"][0][i : i + 1]
    one = start
    way = moved(other, one, F(-1))
    here, there = case(problem, one), case(problem, other)
    breaks = {F(0), F(1)}
    for i in range(len(here.w)):
        for row in here.lifted:
            z, q = brute.dot(row, here.weight(i)), brute.dot(row, there.weight(i))
            if z * q < 0:
                breaks.add(z / (z - q))
    for low, high in pairwise(sorted(breaks)):
        samples = [low + (high - low) * k / 4 for k in range(5)]
        height = _interpolate([(s, loss(problem, moved(one, way, s)) - level) for s in samples])
        if "squared" not in kind(problem)[0] or "hinge" in kind(problem)[0]:
            samples = [low + (high - low) * k / 40 for k in range(41)]
            if any(loss(problem, moved(one, way, s)) > level for s in samples):
                return False
        elif not _never_positive(height, low, high):
            return False
    return True


def _never_positive(polynomial: Numbers, low: Fraction, high: Fraction) -> bool:
    """Between its ends; roots there are divided out, with the sign of (s - low) and (high - s)."""
    for end, sign in ((low, 1), (high, -1)):
        while any(polynomial) and not _value(polynomial, end):
            quotient = [F(0)] * (len(polynomial) - 1)
            carry = F(0)
            for k in range(len(polynomial) - 1, 0, -1):
                carry = quotient[k - 1] = polynomial[k] + end * carry
            polynomial = [sign * q for q in quotient] or [F(0)]
    if not any(polynomial):
        return True
    if _value(polynomial, low) > 0 or _value(polynomial, high) > 0:
        return False
    if _roots(polynomial, low, high) < 2:
        return True
    middle = (low + high) / 2
    return _never_positive(polynomial, low, middle) and _never_positive(polynomial, middle, high)


def _regions(arrangement: Tree, claim: Tree) -> bool:
    normals, offsets = numbers(arrangement["normals"]), arrangement["offsets"]
    if offsets is None:
        found = basin_brute.regions(normals, len(normals[0]))
    else:
        rows = [[*row, -F(q)] for row, q in zip(normals, offsets, strict=True)]
        height = [F(0)] * len(normals[0]) + [F(1)]
        found = [s[:-1] for s in basin_brute.regions([*rows, height], len(height)) if s[-1] > 0]
    written = ["".join("-0+"[s + 1] for s in signs) for signs in found]
    return sorted(written) == sorted(claim["regions"]) and claim.get("count", len(written)) == len(written)


# -- weight decay --


def _penalised(problem: Tree, point: Tree) -> Fraction:
    """The penalised loss at a point."""
    train, penalty = problem["train"], problem["penalty"]
    weights, biases = numbers(point["weights"]), numbers(point["biases"])
    kept = [
        q
        for trained, part in zip([*train["hidden"], train["output"]], weights, strict=True)
        if trained
        for row in part
        for q in row
    ]
    if penalty["biases"]:
        kept += [
            q
            for trained, part in zip([*train["hidden_bias"], train["output_bias"]], biases, strict=True)
            if trained
            for q in part
        ]
    size = F(penalty["l2"]) / 2 * sum((q * q for q in kept), F(0)) + F(penalty["l1"]) * sum(map(abs, kept), F(0))
    return loss(problem, point) + size


def _penalised_minimum(problem: Tree, claim: Tree) -> bool:
    if _penalised(problem, claim["point"]) != F(claim["loss"]) or F(problem["penalty"]["l1"]):
        return False
    here = decay_judge.of_problem(problem, claim["point"])
    found = decay_judge.decide(here)
    if found == "descent" or (found == "open" and not _least_nearby(problem, claim)):
        return False
    near = decay_judge.Near(here)
    reach = [abs(v) for v in here.v if v and here.output and near.T]
    for z in near.z:
        for q, row in zip(z, near.rows, strict=True):
            size = sum(map(abs, row), F(0))
            reach += [abs(q) / size] if q and size and near.kinked else []
    radius = claim["radius"]
    return not reach if radius is None else 0 < F(radius) <= min(reach, default=F(radius))


def _least_nearby(problem: Tree, claim: Tree) -> bool:
    """Nothing lower among many moves within the radius; where the conditions of first order leave a point open."""
    rng, size = random.Random(0), F(claim["radius"] or 1)
    train = problem["train"]
    weights = [*train["hidden"], train["output"]]
    biases = [*train["hidden_bias"], train["output_bias"]]

    def move(scale: F, free: bool) -> str:
        return str(scale * rng.randint(-8, 8) / 8 if free else F(0))

    for _ in range(400):
        scale = size / 2 ** rng.choice((0, 0, 2, 5, 9))
        way = {
            "weights": [
                [[move(scale, free) for _ in row] for row in matrix]
                for matrix, free in zip(claim["point"]["weights"], weights, strict=True)
            ],
            "biases": [
                [move(scale, free) for _ in row] for row, free in zip(claim["point"]["biases"], biases, strict=True)
            ],
        }
        if _penalised(problem, moved(claim["point"], way, F(1))) < F(claim["loss"]):
            return False
    return True


def _penalised_strictness(problem: Tree, claim: Tree) -> bool:
    if _penalised(problem, claim["point"]) != F(claim["loss"]) or F(problem["penalty"]["l1"]):
        return False
    here = decay_judge.of_problem(problem, claim["point"])
    if decay_judge.decide(here) != "minimum":
        return False
    found = decay_judge.dimension(here)
    return found == claim["flat_dimension"] and claim["strictness"] == ("flat" if found else "strict")


def _penalised_descent(problem: Tree, claim: Tree) -> bool:
    """Lower at many points of the way, small ones and the last."""
    start, step = F(claim["loss"]), F(claim["step"])
    if _penalised(problem, claim["point"]) != start or step <= 0:
        return False
    if any(part is not None and any(map(bool, _flat(part))) for part in frozen(problem, claim["direction"])):
        return False
    places = [step * F(k, 64) for k in range(1, 65)] + [step / 2**k for k in range(7, 60, 4)]
    return all(_penalised(problem, moved(claim["point"], claim["direction"], s)) < start for s in places)


def _penalised_basin(problem: Tree, claim: Tree) -> bool:
    """The point lies in the basin, and nothing lower does, among random points there and near the point."""
    point, bound, train = claim["point"], F(claim["bound"]), problem["train"]
    if _penalised(problem, point) != F(claim["loss"]) or F(claim["loss"]) < bound or F(problem["penalty"]["l1"]):
        return False
    net = problem["network"]
    biased = net["hidden_bias"][0] and train["hidden_bias"][0]
    if not (train["hidden"][0] and train["output"]) or (not biased and any(map(F, _flat(point["biases"][0])))):
        return False

    def inside(there: Tree) -> bool:
        here = case(problem, there)
        for i, cell in enumerate(claim["cells"]):
            if (
                cell["output"] not in (1, -1)
                or cell["output"] * here.v[i] < 0
                or len(cell["signs"]) != len(here.lifted)
            ):
                return False
            for sign, row in zip(cell["signs"], here.lifted, strict=True):
                side, seen = "-0+".index(sign) - 1, row if biased else row[: len(problem["data"]["x"][0])]
                if side * brute.dot(here.weight(i), row) < 0:
                    return False
                if not side and any(seen) and here.slopes[0] != here.slopes[1]:
                    return False
        return True

    if not inside(point):
        return False
    rng, flags = random.Random(0), [*train["hidden"], train["output"]]
    biases = [*train["hidden_bias"], train["output_bias"]]
    for _ in range(300):
        size, at = rng.choice(((3, 0), (1, 1), (F(1, 8), 1), (F(1, 64), 1)))

        def put(q: Any, free: bool, size: Fraction = size, at: int = at) -> str:
            return str(F(q) * (at if free else 1) + size * F(rng.randint(-12, 12), 8) * free)

        there = {
            "weights": [[[put(q, f) for q in row] for row in m] for m, f in zip(point["weights"], flags, strict=True)],
            "biases": [[put(q, f) for q in row] for row, f in zip(point["biases"], biases, strict=True)],
        }
        if _penalised(problem, there) < bound and inside(there):
            return False
    return True


def _penalised_bound(problem: Tree, claim: Tree) -> bool:
    """What the dual vector proves, by every face of a neuron at 0; a bound above the point's loss is none."""
    if _penalised(problem, claim["point"]) != F(claim["loss"]) or F(problem["penalty"]["l1"]):
        return False
    found = decay_judge.bound(decay_judge.of_problem(problem, claim["point"]), numbers(claim["dual"]))
    return found is not None and F(claim["bound"]) <= found <= F(claim["loss"])


def _flat(part: Any) -> Numbers:
    return [q for item in part for q in _flat(item)] if isinstance(part, list) else [part]
