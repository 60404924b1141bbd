"""The second opinion on one-hidden-layer, scalar-output, piecewise-linear nets with the squared loss.

It shares no code with exactgeo and uses none of its theory: no rays, no criterion with "phi_i". Near a point each
neuron stays in one of finitely many cells (the signs of its pre-activations on the data that lie on its kink). On a
joint cell the predictions are linear in ``zeta_i = v_i' w_i' - v_i w_i``, and

    loss' - loss = 2 <r, dp> + |dp|^2     (up to a positive factor),

so a joint cell holds lower points arbitrarily near iff ``<r, dp> < 0`` somewhere on its cone: a system of strict
homogeneous linear inequalities, settled by Fourier-Motzkin elimination over the integers.

Where ``v_i = 0`` only products ``zeta_i = kappa (w_i + u)`` with u small occur. With ``y = kappa u`` this is the cone
``zeta_i = kappa w_i + y``, cut down to ``|y| < eps |kappa|`` for every eps > 0. Feasibility is monotone in eps and is
decided by signs of minors, which are polynomials in eps with bounded integer coefficients; one eps below
1 / (1 + their bound) answers for all. Thin cones, and neurons that must move on different scales, need no special case.

A relatively open cone has the dimension of its linear hull; that gives the dimension of the set of equal predictions.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

F = Fraction
Row = tuple[Fraction, ...]
Ints = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A problem with its point. ``linear`` is ``widths = []``: then v holds the d coefficients and w is empty."""

    x: tuple[Row, ...]
    y: Row
    slopes: tuple[Fraction, Fraction]
    w: tuple[Row, ...]
    b: Row | None  # None: no hidden bias in the network
    v: Row
    c: Fraction | None  # None: no output bias
    hidden: bool = True
    hidden_bias: bool = True
    output: bool = True
    output_bias: bool = True
    linear: bool = False
    loss: str = "squared"
    reduction: str = "sum"

    @property
    def lifted(self) -> tuple[Row, ...]:
        return tuple((*row, F(1)) for row in self.x) if self.b is not None else self.x

    def weight(self, i: int) -> Row:
        return (*self.w[i], self.b[i]) if self.b is not None else self.w[i]

    def trained_directions(self) -> list[Row]:
        """Basis of T, the trained directions of one neuron's lifted weight."""
        d = len(self.x[0])
        size = d + (self.b is not None)
        keep = [j for j in range(size) if (self.hidden if j < d else self.hidden_bias)]
        return [tuple(F(int(j == k)) for j in range(size)) for k in keep]

    @property
    def trains_offset(self) -> bool:
        return self.c is not None and self.output_bias


def dot(p: Sequence, q: Sequence):
    return sum((a * b for a, b in zip(p, q, strict=True)), 0)


def activate(case: Case, z: Fraction) -> Fraction:
    return z * case.slopes[0 if z > 0 else 1]


def forward(case: Case, w: Sequence[Sequence], b: Sequence | None, v: Sequence, c: Fraction | None) -> list[Fraction]:
    """Predictions with other parameters in place of the case's own."""
    result = []
    for x in case.x:
        if case.linear:
            p = dot(v, x)
        else:
            p = F(0)
            for i, unit in enumerate(w):
                p += v[i] * activate(case, dot(unit, x) + (b[i] if b is not None else 0))
        result.append(p + (c if c is not None else 0))
    return result


def predictions(case: Case) -> list[Fraction]:
    return forward(case, case.w, case.b, case.v, case.c)


def residual(case: Case) -> list[Fraction]:
    return [p - y for p, y in zip(predictions(case), case.y, strict=True)]


def loss(case: Case, w: Sequence[Sequence], b: Sequence | None, v: Sequence, c: Fraction | None) -> Fraction:
    total = sum(((p - y) ** 2 for p, y in zip(forward(case, w, b, v, c), case.y, strict=True)), F(0))
    if case.loss == "half_squared":
        total /= 2
    return total / len(case.x) if case.reduction == "mean" else total


# ---------------------------------------------------------------------------------------------------------------------
# linear algebra and Fourier-Motzkin over the integers


def integers(row: Sequence) -> Ints:
    """The primitive integer vector on the same ray."""
    scale = math.lcm(*(F(q).denominator for q in row)) if row else 1
    ints = [int(F(q) * scale) for q in row]
    shrink = math.gcd(*ints) if ints else 1
    return tuple(q // shrink for q in ints) if shrink > 1 else tuple(ints)


def echelon(rows: Sequence[Sequence[int]], size: int) -> tuple[list[list[int]], list[int]]:
    """Reduced row echelon form without fractions (each row up to a factor), and its pivot columns."""
    work = [list(row) for row in rows if any(row)]
    pivots: list[int] = []
    done = 0
    for col in range(size):
        pick = next((k for k in range(done, len(work)) if work[k][col]), None)
        if pick is None:
            continue
        work[done], work[pick] = work[pick], work[done]
        head = work[done]
        for k, other in enumerate(work):
            if k != done and other[col]:
                f, g = head[col], other[col]
                fresh = [f * a - g * b for a, b in zip(other, head, strict=True)]
                shrink = math.gcd(*fresh)
                work[k] = [a // shrink for a in fresh] if shrink > 1 else fresh
        pivots.append(col)
        done += 1
        if done == len(work):
            break
    return work[:done], pivots


def nullspace(rows: Sequence[Sequence[int]], size: int) -> list[Ints]:
    """Integer basis of {z : row . z = 0 for all rows}."""
    reduced, pivots = echelon(rows, size)
    basis = []
    for free in (j for j in range(size) if j not in pivots):
        scale = math.lcm(*(row[col] for row, col in zip(reduced, pivots, strict=True)), 1)
        z = [0] * size
        z[free] = scale
        for row, col in zip(reduced, pivots, strict=True):
            z[col] = -row[free] * scale // row[col]
        basis.append(integers(z))
    return basis


def feasible(strict: Sequence[Sequence[int]], equal: Sequence[Sequence[int]], size: int) -> bool:
    """Whether some z has ``row . z > 0`` for all strict rows and ``row . z = 0`` for all equal rows.

    Fourier-Motzkin on the null space of the equalities; infeasible iff a positive combination of strict rows is the
    zero row (Gordan). A combination whose support contains another one's is redundant (Chernikov) and dropped.
    """
    if not strict:
        return True
    if equal:
        basis = nullspace(equal, size)
        strict = [tuple(dot(row, z) for z in basis) for row in strict]
        size = len(basis)
    rows: dict[Ints, int] = {}
    for k, row in enumerate(strict):
        rows.setdefault(integers(row), 1 << k)
    columns = set(range(size))
    while True:
        if any(not any(row) for row in rows):
            return False
        if not rows:
            return True
        tally = {}
        for col in columns:
            up = sum(row[col] > 0 for row in rows)
            down = sum(row[col] < 0 for row in rows)
            tally[col] = up * down - up - down
        col = min(tally, key=lambda j: (tally[j], j))
        columns.discard(col)
        above = [(row, h) for row, h in rows.items() if row[col] > 0]
        below = [(row, h) for row, h in rows.items() if row[col] < 0]
        found = [(row, h) for row, h in rows.items() if row[col] == 0]
        for p, hp in above:
            for q, hq in below:
                f, g = -q[col], p[col]
                found.append((integers([f * a + g * b for a, b in zip(p, q, strict=True)]), hp | hq))
        found.sort(key=lambda item: item[1].bit_count())
        rows, supports = {}, []
        for row, h in found:
            if not any(s & h == s for s in supports):
                supports.append(h)
                rows.setdefault(row, h)
        # A duplicate row with another support adds nothing to a system of strict inequalities.


@lru_cache(maxsize=20000)
def faces(normals: tuple[Ints, ...], size: int, with_zero: bool) -> tuple[Ints, ...]:
    """Sign vectors of the central arrangement: its open cells, or all its relatively open faces."""
    found: list[Ints] = [()]
    for _ in normals:
        grown = []
        for signs in found:
            for s in (-1, 0, 1) if with_zero else (-1, 1):
                trial = (*signs, s)
                strict = [tuple(t * a for a in n) for t, n in zip(trial, normals, strict=False) if t]
                equal = [n for t, n in zip(trial, normals, strict=False) if not t]
                if feasible(strict, equal, size):
                    grown.append(trial)
        found = grown
    return tuple(found)


# ---------------------------------------------------------------------------------------------------------------------
# cells of one neuron


@dataclass(frozen=True)
class Cell:
    """One way a neuron can move: coordinates q, its share of dp (m rows), and the cone in q."""

    size: int
    shift: tuple[Ints, ...]  # m rows over q, common scale for all neurons
    strict: tuple[Ints, ...]
    equal: tuple[Ints, ...]
    boxed: tuple[int, int] | None = None  # (sign of kappa, dim T): q = (kappa, y), |y| < eps |kappa|
    free: int = 0  # dimensions of the set of equal predictions that q does not count
    off_orbit: bool = False  # leaves the rescaling orbit whatever q is


def _in_span(vector: Sequence, basis: Sequence[Sequence]) -> bool:
    size = len(vector)
    rows = [integers(row) for row in basis]
    return len(echelon(rows, size)[1]) == len(echelon([*rows, integers(vector)], size)[1])


def _data_scale(case: Case) -> int:
    numbers = [q for row in case.lifted for q in row] + [q for i in range(len(case.w)) for q in case.weight(i)]
    x = math.lcm(*(q.denominator for q in numbers))
    return x * x * math.lcm(*(q.denominator for q in case.slopes))


def neuron_cells(case: Case, i: int, with_zero: bool) -> list[Cell]:
    """All cells of neuron i at the point; with_zero: all relatively open faces instead of open cells."""
    lifted, w, v = case.lifted, case.weight(i), case.v[i]
    right, left = case.slopes
    basis = case.trained_directions()
    scale = _data_scale(case)
    pre = [dot(x, w) for x in lifted]
    # Coordinates on T are the trained entries, so a point's normal on T is its trained part.
    normal = [tuple(dot(x, e) for e in basis) for x in lifted]
    kinks = [t for t in range(len(lifted)) if pre[t] == 0 and any(normal[t]) and right != left]
    orbit = _in_span(w, basis) and (case.output or v == 0)
    cells: list[Cell] = []

    if v == 0:
        # kappa = 0: the neuron stays silent and u is free.
        on_orbit = len(basis) == 0 or (len(basis) == 1 and orbit and any(w))
        silent = tuple(() for _ in lifted)
        cells.append(Cell(0, silent, (), (), free=len(basis), off_orbit=not on_orbit))
        if not case.output:
            return cells

    patterns = faces(tuple(integers(normal[t]) for t in kinks), len(basis), with_zero)
    if v != 0:
        span = list(basis)
        if case.output and not _in_span(w, basis):
            span.append(w)
    else:
        span = [w, *basis]
    for signs in patterns:
        slope = [right if z > 0 else left for z in pre]
        for t, s in zip(kinks, signs, strict=True):
            slope[t] = right if s > 0 else left
        shift = tuple(tuple(int(scale * slope[t] * dot(lifted[t], e)) for e in span) for t in range(len(lifted)))
        for b in (1, -1) if v == 0 else (1 if v > 0 else -1,):
            strict = [
                tuple(b * s * a for a in integers([dot(lifted[t], e) for e in span]))
                for t, s in zip(kinks, signs, strict=True)
                if s
            ]
            equal = [integers([dot(lifted[t], e) for e in span]) for t, s in zip(kinks, signs, strict=True) if not s]
            if v == 0:
                strict.append((b, *(0 for _ in basis)))
                box = (b, len(basis))
                cells.append(Cell(len(span), shift, tuple(strict), tuple(equal), box, off_orbit=True))
            else:
                free = int(case.output and orbit)
                cells.append(Cell(len(span), shift, tuple(strict), tuple(equal), free=free))
    return cells


def _offset_cells(case: Case) -> list[Cell]:
    """The cells (one each) of the output offset and of a linear model's coefficients."""
    cells = []
    scale = _data_scale(case)
    if case.trains_offset:
        cells.append(Cell(1, tuple((scale,) for _ in case.x), (), ()))
    if case.linear and case.output:
        cells.append(Cell(len(case.x[0]), tuple(tuple(int(scale * q) for q in row) for row in case.x), (), ()))
    return cells


def _system(parts: Sequence[Cell], r: Sequence[int] | None = None) -> tuple[list[Ints], list[Ints], list[Ints], int]:
    """Strict rows, equal rows and dp (m rows) of the product of cells, in joint coordinates, and their number.

    With a residual r the strict rows end with ``<r, dp> < 0``.
    """
    size = sum(cell.size for cell in parts)
    strict: list[Ints] = []
    equal: list[Ints] = []
    boxes: list[tuple[int, int, int]] = []
    shift: list[list[int]] = [[] for _ in parts[0].shift] if parts else []
    start = 0
    for cell in parts:
        before, after = (0,) * start, (0,) * (size - start - cell.size)
        strict += [(*before, *row, *after) for row in cell.strict]
        equal += [(*before, *row, *after) for row in cell.equal]
        if cell.boxed:
            boxes.append((start, *cell.boxed))
        for collected, row in zip(shift, cell.shift, strict=True):
            collected += row
        start += cell.size
    if r is not None:
        strict.append(integers([-dot(r, column) for column in zip(*shift, strict=True)]))
    largest = max((abs(q) for row in [*strict, *equal, *shift] for q in row), default=1)
    # Minors of the whole system are polynomials in eps; their coefficients stay far below 2^bits.
    bits = 2 * (size + 2) * (largest.bit_length() + 2 * size + 8)
    for at, sign, dim in boxes:
        for j in range(dim):
            for s in (1, -1):
                box = [0] * size
                box[at] = sign
                box[at + 1 + j] = s << bits
                strict.append(tuple(box))
    return strict, equal, [tuple(row) for row in shift], size


# ---------------------------------------------------------------------------------------------------------------------
# the decision


def decide(case: Case, joint: bool = False) -> str:
    """``minimum``, or the order of the least descent that exists: ``first`` or ``second``.

    ``<r, dp>`` is a sum over neurons and the cones are products, so each neuron can be asked alone; ``joint=True``
    asks all joint cells instead.
    """
    r = integers(residual(case))
    groups = [[cell] for cell in _offset_cells(case)]
    groups += [neuron_cells(case, i, with_zero=False) for i in range(len(case.w))]
    products: Iterator[Sequence[Cell]]
    products = itertools.product(*groups) if joint else ((cell,) for group in groups for cell in group)
    second = False
    for parts in products:
        strict, equal, _, size = _system(parts, r)
        if size == 0 or not feasible(strict, equal, size):
            continue
        if not any(cell.boxed for cell in parts):
            return "first"
        second = True
    if not second:
        return "minimum"
    # At v_i = 0 the first-order derivatives are those in v_i alone, <r, a(X w_i)>.
    for i in range(len(case.w)):
        if case.v[i] == 0 and case.output:
            feature = [activate(case, dot(x, case.weight(i))) for x in case.lifted]
            if dot(r, feature) != 0:
                return "first"
    return "second"


# ---------------------------------------------------------------------------------------------------------------------
# the set of equal predictions


@dataclass(frozen=True)
class Flat:
    dimension: int
    strictness: str


def flat(case: Case, budget: int = 600, curved: Sequence[Sequence[bool]] | None = None) -> Flat | None:
    """Dimension of the germ of {equal predictions} and strictness, or None when there are more than budget strata.

    Strata: a relatively open face for each neuron, and for v_i = 0 the sign of v_i' (0 included). On a stratum the set
    is {dp = 0} in a relatively open cone P; it counts when P meets every box |y| < eps |kappa|, and then has the
    dimension of the linear hull of P, plus 1 for each rescaling that zeta does not see, plus dim T for a silent neuron.

    With ``curved`` (for each data point: does the convex loss bend below its prediction, and above) it is the germ of
    {equal loss} at a local minimum, with the derivatives of the loss as residuals: <r, dp> = 0, and each dp is 0 or has
    a sign for which the loss does not bend.
    """
    groups = [[cell] for cell in _offset_cells(case)]
    groups += [neuron_cells(case, i, with_zero=True) for i in range(len(case.w))]
    sides = [[s for s in (-1, 0, 1) if not (s and bends[s > 0])] for bends in curved or [(True, True)] * len(case.x)]
    if math.prod(map(len, [*groups, *sides])) > budget:
        return None
    orbit_dimension = 0
    for i in range(len(case.w)):
        w, v = case.weight(i), case.v[i]
        moves = _in_span(w, case.trained_directions()) and (case.output or v == 0)
        orbit_dimension += int(moves and (v != 0 or any(w)))
    strata = []
    for parts in itertools.product(*groups):
        strict, equal, shift, size = _system(parts, integers(residual(case)))
        equal.append(strict.pop(sum(len(cell.strict) for cell in parts)))
        shift, hidden = shift or [()] * len(case.x), sum(cell.free for cell in parts)
        for signs in itertools.product(*sides):
            ways = [tuple(s * q for q in row) for s, row in zip(signs, shift, strict=True) if s]
            still = [*equal, *(row for s, row in zip(signs, shift, strict=True) if not s)]
            hull = size - len(echelon(still, size)[1])
            outside = hull > 0 or any(cell.off_orbit for cell in parts)
            strata.append((hull + hidden, outside, [*strict, *ways], still, size))
    strata.sort(key=lambda s: -s[0])
    dimension, outside_orbit = None, False
    for total, outside, strict, equal, size in strata:
        if dimension is not None and not outside:
            continue
        if feasible(strict, equal, size):
            dimension = total if dimension is None else dimension
            outside_orbit = outside_orbit or outside
            if outside_orbit:
                break
    assert dimension is not None, "the stratum of the point itself is never empty"
    if dimension == 0:
        return Flat(0, "strict")
    if not outside_orbit:
        assert dimension == orbit_dimension
        return Flat(dimension, "strict_modulo_symmetry")
    return Flat(dimension, "flat")


# ---------------------------------------------------------------------------------------------------------------------
# dense exact sampling

DEEPEST = 64  # every perturbation is an integer multiple of 2^-DEEPEST


def kink_directions(case: Case, i: int) -> list[Ints]:
    """Directions of neuron i where its cells meet: null vectors of independent sets of kink normals, and axes."""
    basis = case.trained_directions()
    if not basis:
        return []
    w, lifted = case.weight(i), case.lifted
    size = len(w)
    outside = nullspace([integers(e) for e in basis], size)
    normals = [integers(x) for x in lifted if dot(x, w) == 0]
    found: dict[Ints, None] = {}
    for count in range(len(basis)):
        for subset in itertools.combinations(normals, count):
            line = nullspace([*subset, *outside], size)
            if len(line) <= 2:
                for u in line:
                    found.setdefault(u)
    for e in basis:
        found.setdefault(integers(e))
    return list(found)


def best_difference(case: Case, rng: random.Random, samples: int = 200) -> Fraction:
    """The least ``sum_t (p'_t - y_t)^2 - (p_t - y_t)^2`` over many exact points near the case's own.

    Axis and kink-ray moves, moves of several neurons at once, second-order moves (eps u, +-eps^2 kappa) and
    (eps u, +-eps kappa), moves along the rescaling; scales 2^-3 to 2^-30. All arithmetic is on Python integers.

    Points that left the neighbourhood do not count: those where a pre-activation or an output weight, nonzero at the
    case's point, has another sign. Within it a local minimum is never beaten, since the loss is convex in dp.
    """
    n, d = len(case.v), len(case.lifted[0])
    numbers = [q for i in range(len(case.w)) for q in case.weight(i)]
    numbers += [*case.v, *([case.c] if case.c is not None else [])]
    dp = math.lcm(*(q.denominator for q in numbers), 1)
    dx = math.lcm(*(q.denominator for row in case.lifted for q in row))
    da = math.lcm(*(q.denominator for q in case.slopes))
    unit = dp << DEEPEST

    d_w = np.zeros((samples, len(case.w), d), dtype=object)
    d_v = np.zeros((samples, n), dtype=object)
    d_c = np.zeros(samples, dtype=object)
    trained = [int(any(e[j] for e in case.trained_directions())) for j in range(d)]
    rays = [kink_directions(case, i) for i in range(len(case.w))]
    for k in range(samples):
        e = rng.randint(3, 30)
        fine = 1 << (DEEPEST - e)
        finer = 1 << (DEEPEST - min(2 * e, DEEPEST))
        many = rng.random() < 0.4
        for i in [*range(len(case.w))] if many else [rng.randrange(n)] if case.w else []:
            style = rng.randrange(6)
            if style == 0:
                u = [rng.randint(-3, 3) * t for t in trained]
            elif rays[i]:
                u = [rng.choice((-1, 1)) * q for q in rng.choice(rays[i])]
                if style >= 4:
                    u = [a + rng.choice((-1, 1, 2)) * q for a, q in zip(u, rng.choice(rays[i]), strict=True)]
            else:
                u = [0] * d
            kappa = rng.choice((-2, -1, -1, 0, 1, 1, 2))
            small = fine
            if case.v[i] == 0:
                small = rng.choice((fine, finer, finer, fine >> 4))
            elif style == 3:
                u = [int(q * dp) * t for q, t in zip(case.weight(i), trained, strict=True)]
                kappa = -int(case.v[i] * dp)
            d_w[k, i] = [q * fine for q in u]
            if case.output:
                d_v[k, i] = kappa * small
        if case.linear and case.output:
            d_v[k] = [rng.randint(-2, 2) * fine for _ in range(n)]
        if case.trains_offset and rng.random() < 0.3:
            d_c[k] = rng.choice((-1, 1)) * rng.choice((fine, finer))

    def scaled(q: Fraction, factor: int) -> int:
        return int(q * factor)

    x = np.array([[scaled(q, dx) for q in row] for row in case.lifted], dtype=object)
    v = np.array([scaled(q, unit) for q in case.v], dtype=object) + d_v * dp
    c = (scaled(case.c, unit) if case.c is not None else 0) + d_c * dp
    inside = np.ones(samples, dtype=bool)
    if case.linear:
        p = (v @ x.T) * (unit * da) + (c * (unit * dx * da))[:, None]
    else:
        p = np.repeat((c * (unit * dx * da))[:, None], len(case.x), axis=1)
        for i in range(n):
            w = np.array([scaled(q, unit) for q in case.weight(i)], dtype=object) + d_w[:, i] * dp
            z = w @ x.T
            for t, start in enumerate(dot(row, case.weight(i)) for row in case.lifted):
                inside &= (z[:, t] * ((start > 0) - (start < 0)) > 0) | (start == 0)
            inside &= (v[:, i] * ((case.v[i] > 0) - (case.v[i] < 0)) > 0) | (case.v[i] == 0)
            p = p + v[:, i, None] * np.where(z > 0, z * scaled(case.slopes[0], da), z * scaled(case.slopes[1], da))
    whole = unit * unit * dx * da
    center = [q * whole for q in predictions(case)]
    dy = math.lcm(*(q.denominator for q in case.y))
    r = [q * whole * dy for q in residual(case)]
    assert all(q.denominator == 1 for q in [*center, *r])
    shift = p - np.array([int(q) for q in center], dtype=object)
    change = (shift * (2 * np.array([int(q) for q in r], dtype=object) + shift * dy)).sum(axis=1)
    return F(min(change[inside], default=0), whole * whole * dy)
