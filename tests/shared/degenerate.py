"""Small problems with forced degeneracy, and how to hand them to exactgeo.

Points on kinks, repeated, collinear and zero data, zero weights, duplicated and dead neurons, every freezing; and
residuals drawn from the null space of the smooth conditions, so that only the kinks decide.
"""

from __future__ import annotations

import random
from fractions import Fraction

from brute import Case, activate, dot, integers, nullspace, predictions
from hypothesis import strategies as st

from exactgeo.activations import PiecewiseLinear
from exactgeo.losses import make_loss
from exactgeo.problem import Network, Point, Problem, Train

F = Fraction

RELU, ABS = (F(1), F(0)), (F(1), F(-1))

ACTIVATIONS = {
    (F(1), F(0)): "relu",
    (F(1), F(1, 10)): "leaky_relu(1/10)",
    (F(1), F(-1)): "abs",
    (F(1), F(1)): "linear",
    (F(2), F(-1, 3)): "pl(2, -1/3)",
    (F(-1, 2), F(-2)): "pl(-1/2, -2)",
    (F(1), F(1000001, 1000000)): "pl(1, 1000001/1000000)",
    (F(0), F(0)): "pl(0, 0)",
}
_SLOPES = [*ACTIVATIONS] + [(F(1), F(0))] * 5 + [(F(1), F(-1))] * 2


def make(x, y, w, v, *, b=None, c=None, slopes=RELU, **flags) -> Case:
    """A case from plain numbers; w is a list of rows."""
    return Case(
        x=tuple(tuple(F(q) for q in row) for row in x),
        y=tuple(F(q) for q in y),
        slopes=tuple(F(q) for q in slopes),
        w=tuple(tuple(F(q) for q in row) for row in w),
        b=None if b is None else tuple(F(q) for q in b),
        v=tuple(F(q) for q in v),
        c=None if c is None else F(c),
        **flags,
    )


def to_problem(case: Case) -> Problem:
    """The same problem in exactgeo's types, with its point."""
    name = ACTIVATIONS.get(case.slopes, f"pl({case.slopes[0]}, {case.slopes[1]})")
    bias = () if case.linear else (case.b is not None,)
    offset = () if case.c is None else (case.c,)
    if case.linear:
        point = Point(((case.v,),), (offset,))
    else:
        point = Point((case.w, (case.v,)), (case.b if case.b is not None else (), offset))
    return Problem(
        x=case.x,
        y=tuple((q,) for q in case.y),
        network=Network(
            len(case.x[0]),
            () if case.linear else (len(case.w),),
            1,
            () if case.linear else (PiecewiseLinear(name, case.slopes),),
            bias,
            case.c is not None,
        ),
        loss=make_loss(case.loss),
        reduction=case.reduction,
        train=Train(
            () if case.linear else (case.hidden,),
            () if case.linear else (case.hidden_bias,),
            case.output,
            case.output_bias,
        ),
        point=point,
    )


def _data(rng: random.Random, m: int, d: int) -> tuple[tuple[Fraction, ...], ...]:
    rows: list[tuple[Fraction, ...]] = []
    for _ in range(m):
        kind = rng.random()
        if kind < 0.08:
            rows.append((F(0),) * d)
        elif rows and kind < 0.2:
            rows.append(rng.choice(rows))
        elif rows and kind < 0.35:
            factor = rng.choice((F(-1), F(2), F(-1, 2)))
            rows.append(tuple(factor * q for q in rng.choice(rows)))
        elif len(rows) > 1 and kind < 0.45:
            p, q = rng.sample(rows, 2)
            rows.append(tuple(2 * a - b for a, b in zip(p, q, strict=True)))
        else:
            rows.append(tuple(F(rng.randint(-2, 2)) for _ in range(d)))
    return tuple(rows)


def _weight(rng: random.Random, lifted: tuple, earlier: list) -> tuple[Fraction, ...]:
    size = len(lifted[0])
    kind = rng.random()
    if kind < 0.12:
        return (F(0),) * size
    if earlier and kind < 0.28:
        factor = rng.choice((F(1), F(1), F(-1), F(2)))
        return tuple(factor * q for q in rng.choice(earlier))
    if kind < 0.84:
        # Orthogonal to some of the points: they lie on the kink.
        chosen = rng.sample(lifted, min(len(lifted), max(1, rng.randint(size - 2, size - 1))))
        basis = nullspace([integers(x) for x in chosen], size)
        if basis:
            mix = [rng.choice((-1, 1, 2)) for _ in basis]
            w = [sum(q * z[j] for q, z in zip(mix, basis, strict=True)) for j in range(size)]
            return tuple(F(q) / rng.choice((1, 1, 2, 3)) for q in w)
    if kind < 0.88:
        for _ in range(8):  # dead (or nearly) under ReLU
            w = tuple(F(rng.randint(-3, 3)) for _ in range(size))
            if all(dot(x, w) <= 0 for x in lifted):
                return w
    return tuple(F(rng.randint(-3, 3), rng.choice((1, 1, 2))) for _ in range(size))


def smooth_conditions(rng: random.Random, case: Case) -> list[list[Fraction]]:
    """Linear conditions on the residual that every minimum meets; for v_i = 0 sometimes only those of first order."""
    lifted, basis = case.lifted, case.trained_directions()
    rows: list[list[Fraction]] = []
    if case.trains_offset:
        rows.append([F(1)] * len(lifted))
    if case.linear and case.output:
        rows += [[x[j] for x in case.x] for j in range(len(case.x[0]))]
    right, left = case.slopes
    full = rng.random() < 0.35
    for i in range(len(case.w)):
        w, v = case.weight(i), case.v[i]
        pre = [dot(x, w) for x in lifted]
        slope = [right if z > 0 else left for z in pre]
        kinks = [t for t, z in enumerate(pre) if z == 0 and right != left]
        if case.output:
            rows.append([activate(case, z) for z in pre])
        if v != 0:
            # On the directions that leave every kink point where it is, the loss is smooth.
            outside = nullspace([integers(e) for e in basis], len(w)) if basis else []
            smooth = nullspace([integers(lifted[t]) for t in kinks] + outside, len(w)) if basis else []
            rows += [[slope[t] * dot(lifted[t], u) for t in range(len(lifted))] for u in smooth]
        elif case.output and full:
            half = (right + left) / 2
            for e in basis:
                rows.append([(half if t in kinks else slope[t]) * dot(lifted[t], e) for t in range(len(lifted))])
            lines: dict[tuple[int, ...], list[Fraction]] = {}
            for t in kinks:
                part = [dot(lifted[t], e) for e in basis]
                if any(part):
                    key = integers(part)
                    key = max(key, tuple(-q for q in key))
                    size = max(abs(q) for q in part)
                    lines.setdefault(key, [F(0)] * len(lifted))[t] = size
            rows += lines.values()
    return rows


def _draw(rng: random.Random, tiny: bool) -> tuple[Case, list[Fraction]]:
    d = rng.choice((1, 1, 2) if tiny else (1, 2, 2, 3))
    m = rng.randint(1, 4 if tiny else 6)
    x = _data(rng, m, d)
    biased = rng.random() < 0.5
    lifted = tuple((*row, F(1)) for row in x) if biased else x
    offset = rng.random() < 0.6
    linear = rng.random() < 0.05
    n = d if linear else rng.choice((1, 1, 1, 2, 2) if tiny else (0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3))
    weights: list[tuple[Fraction, ...]] = []
    if not linear:
        for _ in range(n):
            weights.append(_weight(rng, lifted, weights))
    silent = rng.choice((0, 0, 0.4, 0.8))
    v = [F(0) if not linear and rng.random() < silent else rng.choice((F(1), F(-1), F(2), F(-1, 2))) for _ in range(n)]
    if not linear and n and rng.random() < 0.05:
        weights[0], v[0] = (F(0),) * len(lifted[0]), F(0)
    if not linear and n > 1 and weights[0] == weights[1] and rng.random() < 0.4:
        v[1] = -v[0]  # they cancel
    frozen = rng.random() < 0.4
    flags = [not frozen or rng.random() < 0.6 for _ in range(4)]
    case = Case(
        x=x,
        y=(F(0),) * m,
        slopes=rng.choice(_SLOPES),
        w=tuple(w[:d] for w in weights),
        b=tuple(w[d] for w in weights) if biased and not linear else None,
        v=tuple(v),
        c=F(rng.randint(-2, 2)) if offset else None,
        hidden=flags[0],
        hidden_bias=flags[1],
        output=flags[2],
        output_bias=flags[3],
        linear=linear,
        loss=rng.choice(("squared", "half_squared")),
        reduction=rng.choice(("sum", "mean")),
    )
    if rng.random() < 0.06:
        return case, [F(rng.randint(-2, 2)) for _ in range(m)]
    basis = nullspace([integers(row) for row in smooth_conditions(rng, case)], m)
    push = rng.choice((1, 1, 1, 0, -1))
    bend = case.slopes[0] - case.slopes[1]
    best: tuple[int, list[Fraction]] | None = None
    for _ in range(12 if push else 1):
        mix = [rng.randint(-2, 2) for _ in basis]
        r = [F(sum(q * z[t] for q, z in zip(mix, basis, strict=True))) for t in range(m)]
        score = 0
        for i in range(len(case.w)):
            for t, row in enumerate(case.lifted):
                if dot(row, case.weight(i)) == 0 and any(row):
                    bent = case.v[i] * bend * r[t]
                    score += (bent > 0) - 3 * (bent < 0) if push > 0 else (bent < 0)
        score -= 2 * (not any(r))
        if best is None or score > best[0]:
            best = score, r
    assert best is not None
    return case, best[1]


def kinks_matter(case: Case, r: list[Fraction]) -> bool:
    """Whether some point with a residual lies on the kink of a neuron that moves."""
    if case.slopes[0] == case.slopes[1] or not case.trained_directions():
        return False
    return any(
        r[t] != 0 and (case.v[i] != 0 or case.output) and any(row) and dot(row, case.weight(i)) == 0
        for i in range(len(case.w))
        for t, row in enumerate(case.lifted)
    )


def generate(rng: random.Random, tiny: bool = False) -> Case:
    """A random degenerate problem; ``tiny`` ones are small enough for the brute flat dimension."""
    for _ in range(6):
        case, r = _draw(rng, tiny)
        if rng.random() < (1 if kinks_matter(case, r) else 0.25 if any(r) else 0.03):
            break
    factor = rng.choice((F(1), F(1), F(1, 3)))
    y = tuple(p - factor * q for p, q in zip(predictions(case), r, strict=True))
    return Case(**{**vars(case), "y": y})


def cases(tiny: bool = False) -> st.SearchStrategy[Case]:
    """Hypothesis strategy over :func:`generate`."""
    return st.randoms(use_true_random=False).map(lambda rng: generate(rng, tiny))
