"""Is what a certificate says of the logistic loss true? In decimals of 150 digits and more, without its proof.

Slopes are rounded there: tanh(q / 2) of one q is one number, so that what cancels cancels, and nothing else comes near 0 in
the small examples of the tests. Then the brute decision of the squared loss takes them as its residuals. Critical points
are found by Newton's method in floats.
"""

from __future__ import annotations

import itertools
import json
import random
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from typing import Any

import brute
import decay_judge
import numpy as np

F = Fraction
Tree = dict[str, Any]
NEAR = F(1, 10**100)


def numbers(tree: Any) -> Any:
    return [numbers(item) for item in tree] if isinstance(tree, list) else F(tree)


def outputs(problem: Tree) -> int:
    return 2 if problem["loss"]["kind"] == "cross_entropy" else 1


def case(problem: Tree, point: Tree) -> brute.Case:
    """The score at a point; its labels are 1 and -1."""
    net, train = problem["network"], problem["train"]
    weights, biases = numbers(point["weights"]), numbers(point["biases"])
    y = [q for (q,) in numbers(problem["data"]["y"])]
    if outputs(problem) == 2:
        assert set(y) <= {0, 1}
        y = [2 * q - 1 for q in y]
        weights[-1] = [[b - a for a, b in zip(*weights[-1], strict=True)]]
        biases[-1] = [biases[-1][1] - biases[-1][0]] if biases[-1] else []
    assert set(y) <= {1, -1}
    linear = not net["widths"]
    return brute.Case(
        x=tuple(map(tuple, numbers(problem["data"]["x"]))),
        y=tuple(y),
        slopes=tuple(numbers(net["activation"])),
        w=() if linear else tuple(map(tuple, weights[0])),
        b=tuple(biases[0]) if not linear and net["hidden_bias"][0] else None,
        v=tuple(weights[-1][0]),
        c=biases[-1][0] if net["output_bias"] else None,
        hidden=not linear and train["hidden"][0],
        hidden_bias=not linear and train["hidden_bias"][0],
        output=train["output"],
        output_bias=train["output_bias"],
        linear=linear,
    )


def digits(q: Fraction) -> int:
    """Enough for numbers of the order of exp(-2 q)."""
    assert abs(q) < 3000, "too large for the replay"
    return 150 + int(abs(q))


@cache
def softplus(q: Fraction) -> Fraction:
    with localcontext() as context:
        context.prec = digits(q)
        return F((1 + (Decimal(q.numerator) / q.denominator).exp()).ln())


@cache
def tanh_half(q: Fraction) -> Fraction:
    with localcontext() as context:
        context.prec = digits(q)
        fall = (-Decimal(abs(q).numerator) / abs(q).denominator).exp()
        return F((1 - fall) / (1 + fall)) * (1 if q > 0 else -1)


def loss(problem: Tree, point: Tree) -> Fraction:
    here = case(problem, point)
    total = sum((softplus(-y * p) for y, p in zip(here.y, brute.predictions(here), strict=True)), F(0))
    return total / len(here.y) if problem["loss"]["reduction"] == "mean" else total


def stated(problem: Tree, point: Tree, form: Tree) -> bool:
    """Whether the closed form is the loss."""
    total = F(form["constant"]) + sum((F(w) * softplus(F(q)) for q, w in form["terms"].items()), F(0))
    return abs(total - loss(problem, point)) < NEAR


def slopes(here: brute.Case) -> list[Fraction]:
    return [(tanh_half(p) - y) / 2 for p, y in zip(brute.predictions(here), here.y, strict=True)]


def squared(here: brute.Case, residuals: list[Fraction]) -> brute.Case:
    p = brute.predictions(here)
    return brute.Case(**{**vars(here), "y": tuple(a - r for a, r in zip(p, residuals, strict=True)), "loss": "squared"})


def local_minimum(problem: Tree, claim: Tree) -> bool:
    here = case(problem, claim["point"])
    if not stated(problem, claim["point"], claim["loss"]) or brute.decide(squared(here, slopes(here))) != "minimum":
        return False
    moved = bool(here.trained_directions()) and not here.linear
    reach = [abs(v) / outputs(problem) for v in here.v if v and here.output and moved]
    keep = [any(row[k] for row in here.trained_directions()) for k in range(len(here.lifted[0]))]
    for i, row in itertools.product(range(len(here.w)), here.lifted):
        z, size = brute.dot(row, here.weight(i)), sum(abs(q) for q, free in zip(row, keep, strict=True) if free)
        if z and size and here.slopes[0] != here.slopes[1]:
            reach.append(abs(z) / size)
    radius = claim["radius"]
    return not reach if radius is None else 0 < F(radius) <= min(reach, default=F(radius))


def strictness(problem: Tree, claim: Tree) -> bool:
    here = case(problem, claim["point"])
    if not stated(problem, claim["point"], claim["loss"]) or brute.decide(squared(here, slopes(here))) != "minimum":
        return False
    flat = brute.flat(squared(here, [F(0)] * len(here.y)), 20_000)
    assert flat is not None, "too many strata for the replay"
    two = outputs(problem) == 2
    common = two * (len(here.v) * here.output + (here.c is not None and here.output_bias))
    kind = flat.strictness if not common else "flat"
    if two and kind == "strict_modulo_symmetry":
        one, other = numbers(claim["point"]["weights"][-1])
        kind = "flat" if any(a == b != 0 for a, b in zip(one, other, strict=True)) else kind
    return (flat.dimension + common, kind) == (claim["flat_dimension"], claim["strictness"])


def shifted(point: Tree, way: Tree, s: Fraction) -> Tree:
    def add(a: Any, b: Any) -> Any:
        return [add(p, q) for p, q in zip(a, b, strict=True)] if isinstance(a, list) else str(F(a) + s * F(b))

    return {key: add(point[key], way[key]) for key in ("weights", "biases")}


def held(problem: Tree, point: Tree) -> list[Any]:
    train = problem["train"]
    flags = [*train["hidden"], train["output"], *train["hidden_bias"], train["output_bias"]]
    blocks = [*point["weights"], *point["biases"]]
    return [None if free else numbers(block) for free, block in zip(flags, blocks, strict=True)]


def descent(problem: Tree, claim: Tree) -> bool:
    point, way, step = claim["point"], claim["direction"], F(claim["step"])
    moved = shifted(point, way, F(1))
    if not stated(problem, point, claim["loss"]) or step <= 0 or held(problem, point) != held(problem, moved):
        return False
    start = loss(problem, point)
    samples = [step * k / 16 for k in range(1, 17)] + [step / 4**k for k in range(2, 12)]
    return all(loss(problem, shifted(point, way, s)) < start for s in samples)


def lower_point(problem: Tree, claim: Tree) -> bool:
    one, other = claim["point"], claim["better"]
    forms = stated(problem, one, claim["loss"]) and stated(problem, other, claim["better_loss"])
    return forms and held(problem, one) == held(problem, other) and loss(problem, other) < loss(problem, one)


def critical_point(problem: Tree, claim: Tree) -> bool:
    """Newton's method on the predictions with kinks held, then the conditions at many directions in floats."""
    here, rho, radius = case(problem, claim["point"]), F(claim["rho"]), F(claim["radius"])
    if rho <= 0 or radius <= 0:
        return False
    p = np.array(brute.predictions(here), dtype=float)
    y, x = np.array(here.y, dtype=float), np.array(here.lifted, dtype=float)
    basis = np.array(here.trained_directions(), dtype=float).reshape(-1, x.shape[1])
    columns, units = [], []
    if here.trains_offset:
        columns.append(np.ones(len(p)))
    if here.linear and here.output:
        columns += list(np.array(here.x, dtype=float).T)
    for i in range(len(here.w)):
        z = [brute.dot(row, here.weight(i)) for row in here.lifted]
        kinks = np.array([q == 0 and here.slopes[0] != here.slopes[1] for q in z])
        side = np.array([float(here.slopes[0] if q > 0 else here.slopes[1]) for q in z])
        units.append((kinks, side, np.array(z, dtype=float)))
        if here.v[i] and len(basis):
            _, sizes, right = np.linalg.svd(x[kinks] @ basis.T, full_matrices=True)
            free = right[np.sum(sizes > 1e-9) :] @ basis
            columns += list((x @ free.T * (side * ~kinks)[:, None]).T)
        if here.v[i] and here.output:
            columns.append(side * units[-1][2])
    space = np.array(columns).T.reshape(len(p), -1)
    u, sizes, _ = np.linalg.svd(space, full_matrices=False)
    u = u[:, sizes > 1e-9]
    q = p.copy()
    for _ in range(60):
        if np.abs(q).max(initial=0) > 1000:
            return False  # curvatures beyond floats: no statement that they could confirm
        s = (np.tanh(q / 2) - y) / 2
        hess = u.T @ (u / (4 * np.cosh(q / 2) ** 2)[:, None])
        q = q - u @ np.linalg.solve(hess, u.T @ s) if u.shape[1] else q
    s = (np.tanh(q / 2) - y) / 2
    if np.abs(u.T @ s).max(initial=0) > 1e-9 or np.linalg.norm(q - p) > float(rho) * 1.001 + 1e-12:
        return False
    rng = np.random.default_rng(0)
    for i, (kinks, side, z) in enumerate(units):
        if here.output and abs(s @ (side * z)) > 1e-7:
            return False
        if not len(basis) or not (here.v[i] or here.output):
            continue
        ways = np.vstack([rng.normal(size=(300, len(basis))), np.eye(len(basis)), -np.eye(len(basis))])
        ways = np.vstack([ways, *(np.outer([1, -1], b) for b in (x[kinks] @ basis.T)[:50])]) @ basis
        change = ways @ x.T
        slopes_there = np.where(kinks, np.where(change > 0, float(here.slopes[0]), float(here.slopes[1])), side)
        phi = (change * slopes_there) @ s
        if here.v[i] and (np.sign(float(here.v[i])) * phi).min() < -1e-7:
            return False
        if not here.v[i] and np.abs(phi).max() > 1e-7:
            return False
    return True


# -- weight decay --


def penalised(problem: Tree, point: Tree) -> Fraction:
    """The penalised loss at a point."""
    train, penalty = problem["train"], problem["penalty"]
    weights, biases = numbers(point["weights"]), numbers(point["biases"])
    parts = zip([*train["hidden"], train["output"]], weights, strict=True)
    kept = [q for trained, part in parts if trained for row in part for q in row]
    if penalty["biases"]:
        parts = zip([*train["hidden_bias"], train["output_bias"]], biases, strict=True)
        kept += [q for trained, part in parts if trained for q in part]
    squares = F(penalty["l2"]) / 2 * sum((q * q for q in kept), F(0))
    return loss(problem, point) + squares + F(penalty["l1"]) * sum(map(abs, kept), F(0))


def stated_with_penalty(problem: Tree, claim: Tree) -> bool:
    form = claim["loss"]
    total = F(form["constant"]) + sum((F(w) * softplus(F(q)) for q, w in form["terms"].items()), F(0))
    return abs(total - penalised(problem, claim["point"])) < NEAR


def decayed(problem: Tree, point: Tree) -> tuple[decay_judge.Case, bool]:
    """The score at a point; and whether nothing costs that moves no score: two outputs have to be opposite."""
    here, net, train = case(problem, point), problem["network"], problem["train"]
    found = decay_judge.Case(
        x=[list(row) for row in here.x],
        y=list(here.y),
        slopes=list(here.slopes),
        w=[list(here.weight(i)) for i in range(len(here.w))],
        v=list(here.v),
        c=here.c,
        biased=here.b is not None,
        linear=here.linear,
        hidden=here.hidden,
        hidden_bias=here.hidden_bias,
        output=here.output,
        output_bias=bool(net["output_bias"] and train["output_bias"]),
        loss="logistic",
        mean=problem["loss"]["reduction"] == "mean",
        l2=F(problem["penalty"]["l2"]),
        biases=problem["penalty"]["biases"],
        r=slopes(here),
        outputs=outputs(problem),
    )
    if outputs(problem) == 1:
        return found, True
    pairs = list(zip(*numbers(point["weights"][-1]), strict=True)) if here.output else []
    if found.output_bias and found.biases:
        pairs.append(tuple(numbers(point["biases"][-1])))
    return found, not any(sum(pair) for pair in pairs)


def within(problem: Tree, claim: Tree, count: int = 60) -> bool:
    """Nothing lower among some moves within the radius."""
    rng, size, point, train = random.Random(0), F(claim["radius"] or 1), claim["point"], problem["train"]
    blocks = [*zip([*train["hidden"], train["output"]], point["weights"], strict=True)]
    rows = [*zip([*train["hidden_bias"], train["output_bias"]], point["biases"], strict=True)]
    start = penalised(problem, point)
    for _ in range(count):
        scale = size / 2 ** rng.choice((0, 0, 2, 5, 9))
        move = lambda free: str(scale * rng.randint(-8, 8) / 8 * free)  # noqa: E731, B023
        way = {
            "weights": [[[move(free) for _ in row] for row in matrix] for free, matrix in blocks],
            "biases": [[move(free) for _ in row] for free, row in rows],
        }
        if penalised(problem, shifted(point, way, F(1))) < start - NEAR:
            return False
    return True


def penalised_minimum(problem: Tree, claim: Tree) -> bool:
    """Whatever its proof is."""
    return _penalised_minimum(json.dumps(problem), json.dumps({**claim, "neurons": []}))


@cache
def _penalised_minimum(problem_text: str, claim_text: str) -> bool:
    problem, claim = json.loads(problem_text), json.loads(claim_text)
    if not stated_with_penalty(problem, claim) or F(problem["penalty"]["l1"]):
        return False
    here, opposite = decayed(problem, claim["point"])
    found = decay_judge.decide(here)
    if not opposite or found == "descent" or (found == "open" and not within(problem, claim, 400)):
        return False
    near = decay_judge.Near(here)
    reach = [abs(v) / here.outputs for v in here.v if v and here.output and near.T]
    for z in near.z:
        for q, row in zip(z, near.rows, strict=True):
            size = sum(map(abs, row), F(0))
            reach += [abs(q) / size] if q and size and near.kinked else []
    radius = claim["radius"]
    return not reach if radius is None else 0 < F(radius) <= min(reach, default=F(radius))


def penalised_strictness(problem: Tree, claim: Tree) -> bool:
    if not stated_with_penalty(problem, claim) or F(problem["penalty"]["l1"]):
        return False
    here, opposite = decayed(problem, claim["point"])
    if not opposite or decay_judge.decide(here) != "minimum":
        return False
    found = decay_judge.dimension(here)
    return found == claim["flat_dimension"] and claim["strictness"] == ("flat" if found else "strict")


def penalised_descent(problem: Tree, claim: Tree) -> bool:
    point, way, step = claim["point"], claim["direction"], F(claim["step"])
    moved = shifted(point, way, F(1))
    if not stated_with_penalty(problem, claim) or step <= 0 or held(problem, point) != held(problem, moved):
        return False
    start = penalised(problem, point)
    samples = [step * k / 16 for k in range(1, 17)] + [step / 4**k for k in range(2, 12)]
    return all(penalised(problem, shifted(point, way, s)) < start for s in samples)


JUDGES = {
    "ordered_penalised_minimum": penalised_minimum,
    "ordered_penalised_strictness": penalised_strictness,
    "ordered_penalised_descent": penalised_descent,
    "ordered_minimum": local_minimum,
    "ordered_strictness": strictness,
    "ordered_descent": descent,
    "ordered_lower_point": lower_point,
    "critical_point": critical_point,
}
