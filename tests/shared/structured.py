"""Problem files with structured points: what an adversary would write down, and what training ends in.

Beside the degeneracy of :mod:`degenerate` (kinks, repeated, collinear and zero rows): units that are equal, multiples,
cancel, are idle (v = 0), dead, or 0 altogether, in any number; activations of all signs, two slopes 10^-9 apart, both
0; every freezing; every rational loss, both reductions; long numbers. Targets are drawn so that the smooth conditions
hold, so that many points are local minima and the kinks decide.

``structured(random.Random(seed))`` is the mapping of a problem file with its point; everything in it is JSON.
"""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

from brute import Case, integers, nullspace, predictions
from degenerate import smooth_conditions
from losses import is_rational, loss_names, named, target

F = Fraction

ACTIVATIONS = {
    "relu": (F(1), F(0)),
    "abs": (F(1), F(-1)),
    "linear": (F(1), F(1)),
    "leaky_relu(1/10)": (F(1), F(1, 10)),
    "leaky_relu(3)": (F(1), F(3)),
    "pl(2, -1/3)": (F(2), F(-1, 3)),
    "pl(-1/2, -2)": (F(-1, 2), F(-2)),
    "pl(-1, 1/2)": (F(-1), F(1, 2)),
    "pl(0, 1)": (F(0), F(1)),
    "pl(0, -1)": (F(0), F(-1)),
    "pl(1, 1000000001/1000000000)": (F(1), F(1000000001, 10**9)),
    "pl(-1, -999999999/1000000000)": (F(-1), F(-999999999, 10**9)),
    "pl(0, 0)": (F(0), F(0)),
}
_OFTEN = [*ACTIVATIONS, "relu", "relu", "relu", "abs", "leaky_relu(1/10)"]
LOSSES = loss_names(is_rational)


def structured(rng: random.Random, *, points: int = 8, inputs: int = 3, units: int = 6) -> dict[str, Any]:
    """A problem file: at most so many data points, inputs and hidden units."""
    d, m = rng.randint(1, inputs), rng.randint(1, points)
    n = rng.choice([0, *range(1, units + 1)])
    name, loss = rng.choice(_OFTEN), rng.choice(LOSSES)
    biased, offset = rng.random() < 0.6, rng.random() < 0.7
    x = _rows(rng, m, d)
    lifted = [(*row, F(1)) for row in x] if biased else x
    neurons = _units(rng, n, lifted)
    free = [True] * 4 if rng.random() < 0.6 else [rng.random() < 0.6 for _ in range(4)]
    case = Case(
        x=tuple(x),
        y=(F(0),) * m,
        slopes=ACTIVATIONS[name],
        w=tuple(w[:d] for w, _ in neurons),
        b=tuple(w[d] for w, _ in neurons) if biased else None,
        v=tuple(v for _, v in neurons),
        c=_number(rng) if offset else None,
        hidden=free[0],
        hidden_bias=free[1],
        output=free[2],
        output_bias=free[3],
    )
    return {
        "data": {"x": [_text(row) for row in x], "y": _text(_targets(rng, case, loss))},
        "network": {"widths": [n], "activation": name, "hidden_bias": biased, "output_bias": offset},
        "loss": {"kind": loss, "reduction": rng.choice(("sum", "mean"))},
        "train": dict(zip(("hidden", "hidden_bias", "output", "output_bias"), free, strict=True)),
        "point": {
            "weights": [[_text(w) for w in case.w], [_text(case.v)]],
            "biases": [_text(case.b or ()), [] if case.c is None else _text([case.c])],
        },
    }


def _text(values: Any) -> list[str]:
    return [str(q) for q in values]


def _number(rng: random.Random) -> Fraction:
    kind = rng.random()
    if kind < 0.03:
        return F(rng.randint(-(10**30), 10**30), rng.randint(1, 10**30))
    return F(rng.randint(-3, 3), 1 if kind < 0.8 else rng.choice((2, 3)))


def _rows(rng: random.Random, m: int, d: int) -> list[tuple[Fraction, ...]]:
    """Zero rows, repeated and scaled ones, rows on a line with two others; now and then all of them on one line."""
    line = tuple(_number(rng) for _ in range(d)) if rng.random() < 0.15 else None
    rows: list[tuple[Fraction, ...]] = []
    for _ in range(m):
        kind = rng.random()
        if line is not None:
            rows.append(tuple(rng.randint(-3, 3) * q for q in line))
        elif kind < 0.08:
            rows.append((F(0),) * d)
        elif rows and kind < 0.22:
            rows.append(rng.choice(rows))
        elif rows and kind < 0.35:
            factor = rng.choice((F(-1), F(2), F(-1, 2)))
            rows.append(tuple(factor * q for q in rng.choice(rows)))
        elif len(rows) > 1 and kind < 0.5:
            p, q = rng.sample(rows, 2)
            rows.append(tuple(2 * a - b for a, b in zip(p, q, strict=True)))
        else:
            rows.append(tuple(_number(rng) for _ in range(d)))
    return rows


def _units(rng: random.Random, n: int, lifted: list) -> list[tuple[tuple[Fraction, ...], Fraction]]:
    """Units of their own, and copies that are equal, scaled, cancel or fold; each may be idle (v = 0)."""
    idle, copies = rng.choice((0, 0, 0.3, 0.8, 1)), rng.choice((0, 0.3, 0.7))
    units: list[tuple[tuple[Fraction, ...], Fraction]] = []
    for _ in range(n):
        if units and rng.random() < copies:
            w, v = rng.choice(units)
            scale, sign = rng.choice(((F(1), 1), (F(1), -1), (F(2), 1), (F(1, 3), -1), (F(-1), 1), (F(-1), -1)))
            units.append((tuple(scale * q for q in w), sign * v / abs(scale)))
        else:
            v = F(0) if rng.random() < idle else rng.choice((F(1), F(-1), F(2), F(-1, 2)))
            units.append((_weights(rng, lifted), v))
    return units


def _weights(rng: random.Random, lifted: list) -> tuple[Fraction, ...]:
    size, kind = len(lifted[0]), rng.random()
    if kind < 0.15:
        return (F(0),) * size
    if kind < 0.65:
        # Orthogonal to some of the points: they lie on the kink.
        basis = nullspace([integers(row) for row in rng.sample(lifted, min(len(lifted), rng.randint(1, size)))], size)
        if basis:
            mix = [rng.choice((-1, 1, 2)) for _ in basis]
            return tuple(F(sum(q * z[j] for q, z in zip(mix, basis, strict=True))) for j in range(size))
    w = [_number(rng) for _ in range(size)]
    if kind > 0.85:
        # Dead, or active everywhere, where one bias or one sign does it.
        w[-1] = rng.choice((F(-50), F(50)))
    return tuple(w)


def _targets(rng: random.Random, case: Case, loss: str) -> list[Fraction]:
    """Targets at which the derivatives of the loss are near a solution of the smooth conditions, where they can be."""
    m = len(case.x)
    basis = nullspace([integers(row) for row in smooth_conditions(rng, case)], m)
    mix = [rng.randint(-2, 2) for _ in basis]
    r = [F(sum(q * z[t] for q, z in zip(mix, basis, strict=True))) for t in range(m)]
    largest = max(map(abs, r), default=F(0))
    if largest and rng.random() < 0.5:
        # Within the bound of a loss with straight ends, or just on it.
        r = [q / largest for q in r]
    if rng.random() < 0.1:
        r[rng.randrange(m)] += rng.choice((1, -1)) * F(1, rng.choice((1, 1, 10**9)))
    kind = named(loss)
    if kind.targets is not None:
        return [target(kind, -q if q else F(rng.choice((-1, 1)))) for q in r]
    return [p - q for p, q in zip(predictions(case), r, strict=True)]
