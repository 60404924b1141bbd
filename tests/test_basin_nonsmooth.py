"""All losses at which a local minimum exists, for the absolute and the hinge loss.

The first part is a second algorithm over ``fractions`` and ``itertools`` only (``basin_brute`` imports nothing else).
"""

from __future__ import annotations

import random
from fractions import Fraction
from functools import cache
from itertools import combinations, combinations_with_replacement, product

import basin_brute as brute
import pytest
from test_basin_census import problem

from exactgeo.basin import census

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
    kind = rng.choice(["absolute", "hinge"])
    x = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(m)]
    if rng.random() < 0.3:
        x[-1] = list(x[0])
    y = [rng.choice([1, -1]) if kind == "hinge" else rng.randint(-3, 3) for _ in range(m)]
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


@pytest.mark.parametrize("seed", range(60))
def test_against_every_joint_face_frozen_or_with_a_dead_cell(seed):
    rng = random.Random(seed)
    d, n = rng.choice([(1, 0), (1, 1), (1, 2), (2, 1)])
    freeze = rng.random() < 0.6
    activations = list(ACTIVATIONS) if freeze else ["relu"]
    check(*small(rng, d=d, m=rng.randint(1, 4 if n < 2 else 3), n=n, activations=activations, freeze=freeze))


@pytest.mark.parametrize("seed", range(60))
def test_against_every_joint_face_with_output_weights_of_0(seed):
    rng = random.Random(1000 + seed)
    d, n = rng.choice([(1, 1), (1, 1), (2, 1), (1, 2)])
    activations = ["abs", "leaky_relu(1/3)", "linear"]
    check(*small(rng, d=d, m=rng.randint(1, 4 if n < 2 else 3), n=n, activations=activations, freeze=False))
