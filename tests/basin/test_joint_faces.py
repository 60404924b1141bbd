"""All losses at which a local minimum exists, for the absolute and the hinge loss.

The first part is a second algorithm over ``fractions`` and ``itertools`` only (``basin_brute`` imports nothing else).
"""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import combinations, combinations_with_replacement, product

import basin_brute as brute
import numpy as np
import pytest
from losses import in_floats, is_kinked, loss_names, named, targets
from problems import problem
from strange_losses import LiftedPinball, Pinball

from exactgeo.basin import census
from exactgeo.basin import minima as module
from exactgeo.basin.minima.joint_faces import levels

# -- the second algorithm ----------------------------------------------------------------------------------------------

TINY = Fraction(1, 10**9)
"""Below every positive breakpoint of the parametric programs here, whose data are integers up to 9 (m <= 4)."""


@cache
def least(kind, y, generators, offset):
    """Minimum of the loss over offset + cone: every vertex of the cone cut along the kinks of the loss.

    A minimiser is a combination of independent generators; over their weights >= 0 the loss is piecewise linear, so it
    is least at a point where as many weights or kinks vanish as there are generators.
    """
    m = len(y)
    best = sum(brute.loss(kind, o, t) for o, t in zip(offset, y, strict=True))
    for size in range(1, m + 1):
        for part in combinations(generators, size):
            for at in combinations(range(m), size):
                weights = brute.solve([[c[t] for c in part] for t in at], [y[t] - offset[t] for t in at])
                if weights is not None and min(weights) >= 0:
                    p = [o + brute.dot(weights, [c[t] for c in part]) for t, o in enumerate(offset)]
                    best = min(best, sum(brute.loss(kind, a, b) for a, b in zip(p, y, strict=True)))
    return best


def inside(kind, y, generators, lines, alpha):
    """Is the loss alpha, their least one, reached with positive weights of all generators?

    The mean of minimisers is one: so with a positive weight of each generator in turn.
    """
    zero = (Fraction(0),) * len(y)
    full = generators + lines
    return least(kind, y, full, zero) == alpha and all(
        least(kind, y, full, tuple(TINY * q for q in g)) == alpha for g in generators
    )


def as_key(columns):
    return tuple(sorted(set(map(tuple, columns))))


def directions(width, count):
    """Directions on no special line, each with two more close to it; in one or two dimensions."""
    if width == 1:
        return [((Fraction(s),),) for s in (1, -1)]
    result = []
    for k in range(count):
        t = Fraction(2 * k + 1 - count, count) + Fraction(1, 997)
        for base in ((Fraction(1), t), (Fraction(-1), t), (t, Fraction(1)), (t, Fraction(-1))):
            turned = (-base[1], base[0])
            near = [tuple(a + e * b for a, b in zip(base, turned, strict=True)) for e in (TINY, -TINY)]
            result.append((base, *near))
    return result


def local_values(x, y, n, *, kind, bias, output_bias, slopes, frozen=None, idle=0):
    """Losses at local minima with exactly ``idle`` output weights 0 and those units' input weights not 0.

    idle = 0: all of them. idle > 0: those found with the input weights of these units in many directions. With
    directions w_j and signs s_j fixed, the loss is convex in the other units and in |v_j|, so no small move along s_j
    a(X w_j) lowers it iff alpha is its minimum over the cone with these columns too.
    """
    rows = [[Fraction(q) for q in row] + ([Fraction(1)] if bias else []) for row in x]
    y = tuple(Fraction(q) for q in y)
    slopes = tuple(Fraction(q) for q in slopes)
    width = len(rows[0])
    if slopes[0] == slopes[1]:
        # Nothing is cut: one face, and it is spanned by plus and minus the unit vectors.
        rays = [tuple(Fraction(s * (i == j)) for i in range(width)) for j in range(width) for s in (1, -1)]
        cut = [(0,) * len(rows)]
        plain = [tuple(slopes[0] * brute.dot(ray, row) for row in rows) for ray in rays]
        columns = {(cut[0], b): [tuple(b * q for q in c) for c in plain if any(c)] for b in (1, -1)}
        open_cells = cut
    else:
        rays = brute.rays(rows, width)
        cut = brute.faces(rows, width)
        columns = {(s, b): brute.columns(s, rows, rays, slopes, b) for s in cut for b in (1, -1)}
        open_cells = brute.regions(rows, width)
    lines = as_key([[Fraction(s)] * len(y) for s in (1, -1)]) if output_bias else ()
    zero = (Fraction(0),) * len(y)

    def star(face, b):
        return {as_key(columns[s, b]) for s in open_cells if all(a in (0, q) for a, q in zip(face, s, strict=True))}

    options = {b: [(as_key(columns[s, b]), star(s, b)) for s in cut] for b in (1, -1)}
    if frozen is None:
        choices = combinations_with_replacement(options[1] + options[-1], n - idle)
    else:
        choices = product(*(options[1 if v > 0 else -1] for v in frozen if v))
    found = set()
    seen = set()
    for choice in choices:
        generators = as_key([c for mine, _ in choice for c in mine])
        around = {as_key([c for part in parts for c in part]) for parts in product(*(s for _, s in choice))}
        key = generators, frozenset(around)
        if key in seen:
            continue
        seen.add(key)
        alpha = least(kind, y, generators + lines, zero)
        if alpha in found or any(least(kind, y, cell + lines, zero) != alpha for cell in around):
            continue
        if not inside(kind, y, generators, lines, alpha):
            continue
        if idle:
            outputs = [
                [tuple(brute.activate(brute.dot(w, row), slopes) for row in rows) for w in near]
                for near in directions(width, 40 if idle == 1 else 8)
            ]
            if not any(
                all(
                    least(kind, y, as_key([*cell, *lines, *moves]), zero) == alpha
                    for exact in product(*nears)
                    for signs in product((1, -1), repeat=idle)
                    for moves in [[[s * q for q in c] for s, c in zip(signs, exact, strict=True)]]
                    for cell in around
                )
                for nears in combinations_with_replacement(outputs, idle)
            ):
                continue
        found.add(alpha)
    return found


# -- against it --------------------------------------------------------------------------------------------------------

ACTIVATIONS = {"relu": (1, 0), "abs": (1, -1), "leaky_relu(1/3)": (1, Fraction(1, 3)), "linear": (1, 1)}


def small(rng, *, d, m, n, activations, freeze):
    kind = rng.choice(loss_names(is_kinked))
    x = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(m)]
    if rng.random() < 0.3:
        x[-1] = list(x[0])
    y = [rng.choice([1, -1]) if named(kind).targets else rng.randint(-3, 3) for _ in range(m)]
    name = rng.choice(activations)
    frozen = [rng.choice([1, -1, 2, 0]) for _ in range(n)] if freeze else None
    options = {"bias": d == 1 and rng.random() < 0.6, "output_bias": rng.random() < 0.4}
    case = problem(
        x, y, n, loss=kind, frozen=frozen, activation=name, hidden_bias=options["bias"],
        output_bias=options["output_bias"],
    )  # fmt: skip
    return case, (x, y, n), {**options, "kind": kind, "slopes": ACTIVATIONS[name], "frozen": frozen}


def dead(data, options):
    """Is there a cell on which no datum is active?"""
    rows = [[*row, 1] if options["bias"] else row for row in data[0]]
    rows = [[-q for q in row] for row in rows if any(row)]
    return not rows or (options["slopes"][1] == 0 and brute.feasible(rows, [], len(rows[0])))


def check(case, data, options):
    found = census(case)
    values = found.local_minimum_values
    plain = local_values(*data, **options)
    if options["frozen"] is not None or dead(data, options):
        assert values == sorted(plain)
        # An output weight of 0 adds no value where a unit can be dead.
        if options["frozen"] is None and data[2] == 1:
            assert local_values(*data, **options, idle=1) <= plain
        return values
    wanted = plain | local_values(*data, **options, idle=1)
    if data[2] == 1:
        assert values == sorted(wanted)
        return values
    if values is None:
        assert "output weights of 0" in found.reason
        return None
    assert set(values) == wanted
    assert local_values(*data, **options, idle=2) <= wanted
    return values


@pytest.mark.parametrize("seed", range(50))
def test_against_every_joint_face_frozen_or_with_a_dead_cell(seed):
    rng = random.Random(seed)
    d, n = rng.choice([(1, 0), (1, 1), (1, 2), (2, 1)])
    freeze = rng.random() < 0.6
    activations = list(ACTIVATIONS) if freeze else ["relu"]
    check(*small(rng, d=d, m=rng.randint(1, 4 if n < 2 else 3), n=n, activations=activations, freeze=freeze))


@pytest.mark.parametrize("seed", range(28))
def test_against_every_joint_face_with_output_weights_of_0(seed):
    rng = random.Random(1000 + seed)
    d, n = rng.choice([(1, 1), (1, 1), (2, 1), (1, 2)])
    activations = ["abs", "leaky_relu(1/3)", "linear"]
    check(*small(rng, d=d, m=rng.randint(1, 4 if n < 2 else 3), n=n, activations=activations, freeze=False))


@pytest.mark.parametrize("seed", range(24))
def test_a_loss_that_is_no_more_than_a_class(seed):
    rng = random.Random(2000 + seed)
    loss = rng.choice([Pinball(Fraction(1, 5)), LiftedPinball()])
    d, n = rng.choice([(1, 1), (2, 1), (1, 2)])
    case, data, options = small(rng, d=d, m=rng.randint(2, 3), n=n, activations=list(ACTIVATIONS), freeze=n == 2)
    check(replace(case, loss=loss), data, {**options, "kind": by_pieces(loss)})


@cache
def by_pieces(loss):
    def pieces(y):
        return loss.pieces(y).breaks, loss.pieces(y).quadratics

    return pieces


# Found among random draws: an output weight of 0 adds a value (these are few).
ADDED = [5021, 5030, 5043, 5070, 5086, 5101, 5164, 5173, 5175, 5203, 5277, 5286]
# Two output weights of 0 pass the test one by one.
BOTH = [5061, 5200, pytest.param(5020, marks=pytest.mark.slow), pytest.param(5052, marks=pytest.mark.slow)]


def drawn(seed):
    rng = random.Random(seed)
    d, n = rng.choice([(1, 1), (2, 1), (2, 1), (1, 2)])
    activations = ["abs", "leaky_relu(1/3)", "linear"]
    return small(rng, d=d, m=rng.randint(2, 4 if n < 2 else 3), n=n, activations=activations, freeze=False)


@pytest.mark.parametrize("seed", ADDED)
def test_an_output_weight_of_0_may_add_a_value(seed):
    case, data, options = drawn(seed)
    assert set(check(case, data, options)) > local_values(*data, **options)


@pytest.mark.parametrize("seed", BOTH)
def test_two_output_weights_of_0_where_each_alone_would_do(seed):
    check(*drawn(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6000, 6300))
def test_against_every_joint_face_slow(seed):
    check(*drawn(seed))


# -- by hand -----------------------------------------------------------------------------------------------------------

PLAIN = {"hidden_bias": False, "output_bias": False}


def values(*data, **options):
    return census(problem(*data, **{**PLAIN, **options})).local_minimum_values


def test_an_output_weight_of_0_by_hand():
    # L = |v relu(w_1)| + |v relu(w_2) - 1|. Near w = (3, 1), v = 0 it is about 3 |k| + |k - 1| >= 1 at v = k. It is 0 at
    # w = (0, 1), v = 1. Elsewhere it falls as v relu(w_1) goes to 0 or v relu(w_2) to 1.
    assert values([[1, 0], [0, 1]], [0, 1], 1, loss="absolute") == [0, 1]
    # The same without a dead cell, a(z) = z: only v = 0 holds the 1, at w = (3, 1) for instance.
    assert values([[1, 0], [0, 1]], [0, 1], 1, loss="absolute", activation="linear") == [0, 1]
    # Two linear units with v = 0 move in every direction of the plane, for w' near w are not parallel: 1 is gone.
    assert values([[1, 0], [0, 1]], [0, 1], 2, loss="absolute", activation="linear") == [0]
    # One datum: every direction with w != 0 moves the prediction to y.
    assert values([[1]], [1], 1, loss="absolute", activation="linear") == [0]


def test_two_output_weights_of_0_by_hand():
    # Linear units over R^3, predictions z = v_1 w_1 + v_2 w_2, L = sum_{t < 3} 10 |<x_t, z>| + |z_3 - 1| with x_t = e_1,
    # e_2 scaled by 10. Along span(w_1, w_2) from z = 0 the loss does not fall iff |z_3| <= 10 (|z_1| + |z_2|) there: so
    # with both v = 0 at w_1 = e_1 + e_3, w_2 = e_2 + e_3, say, 1 is a local minimum; with three units it is not.
    data = ([[10, 0, 0], [0, 10, 0], [0, 0, 1]], [0, 0, 1])
    for n, wanted in ((1, [0, 1]), (2, [0, 1]), (3, [0])):
        assert values(*data, n, loss="absolute", activation="linear") == wanted


def test_frozen_output_weights_by_hand():
    # v = -1 on x = 1, y = 2: predictions are -relu(w) <= 0, so w <= 0 holds all minima.
    assert values([[1]], [2], 1, loss="absolute", frozen=[-1]) == [2]
    # v = 1: fit it, or be dead (w < 0); at w = 0 the loss falls with w.
    assert values([[1]], [2], 1, loss="absolute", frozen=[1]) == [0, 2]
    # Frozen at 0 there is one loss.
    assert values([[1]], [2], 1, loss="absolute", frozen=[0]) == [2]
    # |w| on x = 1, -2, y = 1, 1: | |w| - 1 | + | 2|w| - 1 | is least, 1/2, at |w| = 1/2; w = 0 (loss 2) is no minimum.
    assert values([[1], [-2]], [1, 1], 1, loss="absolute", frozen=[1], activation="abs") == [Fraction(1, 2)]
    # y = -1: w = 0 is best, 2.
    assert values([[1], [-2]], [-1, -1], 1, loss="absolute", frozen=[1], activation="abs") == [2]


def test_hinge_by_hand():
    # Labels 1, -1 at x = 1, -1, one relu: w > 0, v w >= 1 gives 0 + 1, and w < 0, v |w| <= -1 too. From predictions
    # 0, 0 (loss 2) there is a way down for either sign of v, and a unit with v = 0, w != 0 grows. No dead cell.
    assert values([[1], [-1]], [1, -1], 1, loss="hinge") == [1]
    # Labels 1, 1: predictions are <= 0 near v = -1, w = 0, so 2 is a local minimum; v = 1 fits one of them.
    assert values([[1], [-1]], [1, 1], 1, loss="hinge") == [1, 2]
    assert values([[1], [-1]], [1, 1], 2, loss="hinge") == [0, 1, 2]


def test_mean_losses_are_scaled():
    data = ([[0], [1], [3]], [1, -2, 2])
    total = census(problem(*data, 1, loss="absolute")).local_minimum_values
    assert census(problem(*data, 1, loss="absolute", reduction="mean")).local_minimum_values == [v / 3 for v in total]


def test_connected_sets_are_left_out_with_a_reason():
    found = census(problem([[0], [1]], [1, -1], 1, loss="absolute"))
    # Asked for first, and the values after it.
    assert found.local_minima is None
    assert "absolute" in found.reason
    assert found.local_minimum_values[0] == found.minimum
    assert found.to_json()["local_minimum_values"] is not None


def test_budget(monkeypatch):
    monkeypatch.setattr(module, "JOINT", 0)
    found = census(problem([[0], [1]], [1, -1], 1, loss="absolute"))
    assert found.local_minimum_values is None
    assert "budget" in found.reason


# -- members -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", loss_names(is_kinked))
@pytest.mark.parametrize("activation", ["relu", "leaky_relu(1/3)", "abs"])
@pytest.mark.parametrize("width", [1, 2])
def test_nothing_near_a_member_is_lower(loss, activation, width):
    x = [[-1], [0], [1], [2]]
    y = targets(loss, [1, -2, 3, 1])
    found = census(problem(x, y, width, loss=loss, activation=activation))
    known = {found.reduction.mask(basin.patterns): basin.optimum for basin in found}
    points = levels(found.reduction, known, 10**6).points
    assert list(points) == found.local_minimum_values
    rng = np.random.default_rng(7)
    left = 1.0
    right = {"relu": 0.0, "abs": -1.0, "leaky_relu(1/3)": 1 / 3}[activation]
    for value, point in points.items():
        centre = [np.array(part, dtype=float) for part in (point.weights[0], point.biases[0], point.weights[1][0])]
        # Every scale of each parameter by itself: lexicographically small moves are where v = 0 could fail.
        size = lambda *shape: rng.normal(size=(20_000, *shape)) * 10.0 ** rng.uniform(-9, -3, size=(20_000, *shape))  # noqa: E731
        w, b, v = (part.astype(float) + size(*part.shape) for part in centre)
        c = float(point.biases[1][0]) + size()
        z = w[:, None, :, 0] * np.array(x, dtype=float)[None, :, :1] + b[:, None, :]
        p = (np.where(z > 0, left * z, right * z) * v[:, None, :]).sum(axis=2) + c[:, None]
        losses = sum(in_floats(named(loss), target)(p[:, t]) for t, target in enumerate(y))
        assert losses.min() > float(value) - 1e-12


def test_a_region_is_cut_more_than_once():
    # The first cut of the region leads nowhere; with that branch alone a value is lost.
    data = ([[0], [2], [-1]], [0, -3, -2], 1)
    options = {"kind": "absolute", "bias": True, "output_bias": False, "slopes": (1, Fraction(1, 3)), "frozen": None}
    check(problem(*data, loss="absolute", activation="leaky_relu(1/3)", output_bias=False), data, options)


def test_what_is_not_decided_says_so():
    # Two units with v = 0: each alone keeps the loss; one choice of signs lowers it at all weights tried.
    found = census(problem([[1], [-1], [1], [2]], [1, 1, 1, -1], 2, loss="hinge", activation="abs"))
    assert found.local_minimum_values is None
    assert "several trained output weights of 0" in found.reason
