"""Basins a second way: brute force in fractions. Imports nothing of exactgeo.

Regions and faces by Fourier-Motzkin on all sign patterns, rays by all subsets of rows, optima by trying every
independent set of generators with every assignment of the data to a piece or a kink of the loss, local minima by
every combination of faces.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, combinations_with_replacement, product


def dot(a, b):
    return sum((p * q for p, q in zip(a, b, strict=True)), Fraction(0))


def echelon(rows, width):
    """Reduced rows and pivots."""
    rows = [[Fraction(q) for q in row] for row in rows]
    done, pivots = [], []
    for j in range(width):
        k = next((i for i, row in enumerate(rows) if row[j]), None)
        if k is None:
            continue
        head = rows.pop(k)
        head = [q / head[j] for q in head]
        rows = [[a - row[j] * b for a, b in zip(row, head, strict=True)] for row in rows]
        done = [[a - row[j] * b for a, b in zip(row, head, strict=True)] for row in done] + [head]
        pivots.append(j)
    return done, pivots


def rank(rows, width):
    return len(echelon(rows, width)[1])


def solve(rows, rhs):
    """The unique solution, or None (none, or several)."""
    width = len(rows[0]) if rows else 0
    table, pivots = echelon([[*row, q] for row, q in zip(rows, rhs, strict=True)], width + 1)
    if (pivots and pivots[-1] == width) or len(pivots) < width:
        return None
    return [row[-1] for row in table]


def feasible(strict, equal, width):
    """Is there w with <a, w> > 0 for a in strict, = 0 for a in equal? Fourier-Motzkin."""
    table, pivots = echelon(equal, width)
    rows = []
    for row in strict:
        row = [Fraction(q) for q in row]
        for head, j in zip(table, pivots, strict=True):
            row = [a - row[j] * b for a, b in zip(row, head, strict=True)]
        rows.append(row)
    for j in range(width):
        low = [row for row in rows if row[j] > 0]
        high = [row for row in rows if row[j] < 0]
        rows = [row for row in rows if not row[j]]
        rows += [[a / p[j] - b / q[j] for a, b in zip(p, q, strict=True)] for p in low for q in high]
    return not rows  # what is left reads 0 > 0


def faces(rows, width):
    """All covectors in {-1, 0, 1}^m, by trying all patterns."""
    return [
        s
        for s in product((-1, 0, 1), repeat=len(rows))
        if feasible(
            [[a * q for q in row] for a, row in zip(s, rows, strict=True) if a],
            [row for a, row in zip(s, rows, strict=True) if not a],
            width,
        )
    ]


def regions(rows, width):
    return [s for s in faces(rows, width) if all(a or not any(row) for a, row in zip(s, rows, strict=True))]


def rays(rows, width):
    """Both directions of every line cut out, on the pivot coordinates."""
    _, pivots = echelon(rows, width)
    r = len(pivots)
    found = set()
    for subset in combinations([[row[j] for j in pivots] for row in rows], max(r - 1, 0)):
        table, heads = echelon(subset, r)
        if r and len(heads) == r - 1:
            free = next(j for j in range(r) if j not in heads)
            inner = [Fraction(0)] * r
            inner[free] = Fraction(1)
            for row, j in zip(table, heads, strict=True):
                inner[j] = -row[free]
            full = [Fraction(0)] * width
            for j, q in zip(pivots, inner, strict=True):
                full[j] = q
            size = max(map(abs, full))
            found |= {tuple(q / size for q in full), tuple(-q / size for q in full)}
    return sorted(found)


def activate(z, slopes):
    return z * (slopes[0] if z >= 0 else slopes[1])


def columns(signs, rows, all_rays, slopes, factor):
    """factor * a(X ray) for the rays in the closure of a region or face."""
    width = len(rows[0])
    result = []
    for ray in all_rays or [(Fraction(0),) * width]:
        sides = [dot(ray, row) for row in rows]
        if all((a > 0) - (a < 0) in (0, s) for a, s in zip(sides, signs, strict=True)):
            result.append([factor * activate(a, slopes) for a in sides])
    return [c for c in result if any(c)]


LOSSES = {
    "squared": lambda p, y, bound: (p - y) ** 2,
    "half_squared": lambda p, y, bound: (p - y) ** 2 / 2,
    "absolute": lambda p, y, bound: abs(p - y),
    "huber": lambda p, y, bound: (p - y) ** 2 / 2 if abs(p - y) <= bound else bound * abs(p - y) - bound * bound / 2,
    "hinge": lambda p, y, bound: max(Fraction(0), 1 - y * p),
    "squared_hinge": lambda p, y, bound: max(Fraction(0), 1 - y * p) ** 2,
}


def loss(kind, p, y, bound=Fraction(1)):
    """``kind`` is a name, or gives for a target the breaks and the quadratics (a, b, c) between them."""
    if callable(kind):
        breaks, quadratics = kind(y)
        a, b, c = quadratics[sum(q < p for q in breaks)]
        return a * p * p + b * p + c
    return LOSSES[kind](p, y, bound)


def pieces(kind, y, bound):
    """Per datum: ('at', prediction), ('quadratic', centre), ('linear', slope) or ('curve', (a, b)); constants do not
    matter."""
    if callable(kind):
        breaks, quadratics = kind(y)
        return [*(("at", q) for q in breaks), *(("curve", (a, b)) for a, b, _ in quadratics)]
    if kind in ("squared", "half_squared"):
        return [("quadratic", y)]
    if kind == "absolute":
        return [("at", y), ("linear", Fraction(1)), ("linear", Fraction(-1))]
    if kind == "huber":
        return [("quadratic", y), ("linear", bound), ("linear", -bound), ("at", y + bound), ("at", y - bound)]
    if kind == "hinge":
        return [("at", y), ("linear", -y), ("linear", Fraction(0))]
    return [("quadratic", y), ("linear", Fraction(0)), ("at", y)]


def minimum(kind, generators, y, bound=Fraction(1), offset=None):
    """Least loss over offset + the cone of the generators: every independent subset, every piece of every datum.

    An optimum with as many data at kinks as possible is the only stationary point of its pieces and kinks.
    """
    m = len(y)
    offset = offset or [Fraction(0)] * m
    best = sum(loss(kind, o, t, bound) for o, t in zip(offset, y, strict=True))
    distinct = [list(g) for g in dict.fromkeys(tuple(g) for g in generators)]
    for size in range(1, m + 1):
        for subset in combinations(distinct, size):
            if rank(subset, m) < size:
                continue
            for state in product(*(pieces(kind, t, bound) for t in y)):
                at = [t for t in range(m) if state[t][0] == "at"]
                # Stationary: sum_t g_t c_t[k] + sum over kinks of a free multiplier = 0.
                system, rhs = [], []
                for k in range(size):
                    row = [Fraction(0)] * size
                    constant = Fraction(0)
                    for t in range(m):
                        name, q = state[t]
                        if name == "quadratic":
                            row = [a + subset[k][t] * c[t] for a, c in zip(row, subset, strict=True)]
                            constant += subset[k][t] * (q - offset[t])
                        elif name == "linear":
                            constant -= subset[k][t] * q
                        elif name == "curve":
                            row = [a + 2 * q[0] * subset[k][t] * c[t] for a, c in zip(row, subset, strict=True)]
                            constant -= subset[k][t] * (q[1] + 2 * q[0] * offset[t])
                    system.append([*row, *(subset[k][t] for t in at)])
                    rhs.append(constant)
                for t in at:
                    system.append([*(c[t] for c in subset), *([Fraction(0)] * len(at))])
                    rhs.append(state[t][1] - offset[t])
                weights = solve(system, rhs)
                if weights is None or min(weights[:size]) < 0:
                    continue
                p = [o + dot(weights[:size], [c[t] for c in subset]) for t, o in enumerate(offset)]
                best = min(best, sum(loss(kind, a, b, bound) for a, b in zip(p, y, strict=True)))
    return best


def basin_values(
    x, y, n, *, bias=True, output_bias=True, slopes=(1, 0), kind="squared", bound=Fraction(1), frozen=None
):
    """Value of every orbit of basins, as a sorted list; ``frozen`` holds the output weights if they are not trained."""
    rows = [[Fraction(q) for q in row] + ([Fraction(1)] if bias else []) for row in x]
    y = [Fraction(q) for q in y]
    width = len(rows[0])
    slopes = tuple(Fraction(q) for q in slopes)
    ones = [[Fraction(s)] * len(y) for s in (1, -1)] if output_bias else []
    all_rays = rays(rows, width)
    cells = regions(rows, width)
    if frozen is None:
        slots = [columns(s, rows, all_rays, slopes, b) for b in (1, -1) for s in cells]
        choices = list(combinations_with_replacement(slots, n))
    else:
        groups = {v: [f for f in frozen if f == v] for v in frozen if v}
        parts = [
            combinations_with_replacement([columns(s, rows, all_rays, slopes, v) for s in cells], len(group))
            for v, group in groups.items()
        ]
        choices = [sum(choice, ()) for choice in product(*parts)]
    known = {}
    result = []
    for choice in choices:
        generators = frozenset(tuple(c) for part in choice for c in part)
        if generators not in known:
            known[generators] = minimum(kind, [*generators, *ones], y, bound)
        result.append(known[generators])
    return sorted(result)


def inside(point, generators, lines):
    """Is the point in the relative interior of the cone of the generators plus the span of the lines?

    The mean of all basic solutions is positive everywhere exactly if every generator has a positive weight somewhere
    (directions of recession among the generators count as well).
    """
    m = len(point)
    pool = [*generators, *lines, *([-q for q in line] for line in lines)]
    seen = [False] * len(generators)
    member = not any(point)
    for target in ([list(point)] + [[-q for q in g] for g in generators]) if generators else [list(point)]:
        own = generators.index([-q for q in target]) if target != list(point) else None
        for size in range(m + 1):
            for subset in combinations(range(len(pool)), size):
                vectors = [pool[j] for j in subset]
                if rank(vectors, m) < size:
                    continue
                if size == 0:
                    weights = [] if not any(target) else None
                else:
                    weights = solve([[v[t] for v in vectors] for t in range(m)], target)
                if weights is None or min(weights, default=0) < 0:
                    continue
                if own is None:
                    member = True
                else:
                    seen[own] = True  # -g is in the cone: g may be added for free
                for j, w in zip(subset, weights, strict=True):
                    if j < len(generators) and w > 0:
                        seen[j] = True
    return member and all(seen)


def residual(vectors, y):
    """y minus its projection on the span."""
    basis = []
    for v in vectors:
        for b in basis:
            v = [p - dot(v, b) / dot(b, b) * q for p, q in zip(v, b, strict=True)]
        if any(v):
            basis.append(v)
    e = list(y)
    for b in basis:
        e = [p - dot(e, b) / dot(b, b) * q for p, q in zip(e, b, strict=True)]
    return e


def local_minimum_values(x, y, n, *, bias=True, output_bias=True, slopes=(1, 0), frozen=None):
    """All losses at which the squared loss has a local minimum: every combination of faces and output signs."""
    rows = [[Fraction(q) for q in row] + ([Fraction(1)] if bias else []) for row in x]
    y = [Fraction(q) for q in y]
    slopes = tuple(Fraction(q) for q in slopes)
    width = len(rows[0])
    all_rays = rays(rows, width)
    lines = [[Fraction(1)] * len(y)] if output_bias else []
    options = []
    for s in faces(rows, width):
        for b in (1, -1, 0):
            options.append((s, b, columns(s, rows, all_rays, slopes, b) if b else []))
    if frozen is None:
        choices = combinations_with_replacement(options, n)
    else:
        choices = product(
            *(
                [(s, b, [[abs(v) * q for q in c] for c in cs]) for s, b, cs in options if b == (1 if v > 0 else -1)]
                for v in frozen
                if v
            )
        )

    def slope(s, u, r):
        """Derivative of sum_t r_t a(<w, x_t>) at a point w of the face s in direction u."""
        total = Fraction(0)
        for sign, row, q in zip(s, rows, r, strict=True):
            side = dot(u, row)
            total += q * (activate(side, slopes) if not sign else side * slopes[sign < 0])
        return total

    verdicts = {}

    def allowed(s, b, r):
        key = (s, b, tuple(r))
        if key not in verdicts:
            values = [slope(s, u, r) for u in all_rays]
            verdicts[key] = all(v == 0 for v in values) if not b else all(b * v >= 0 for v in values)
        return verdicts[key]

    known = {}
    found = set()
    for choice in choices:
        generators = [c for _, _, part in choice for c in part]
        key = frozenset(map(tuple, generators))
        if key not in known:
            e = residual([*lines, *generators], y)
            known[key] = [e, None]
        e = known[key][0]
        value = dot(e, e)
        if value in found or not all(allowed(s, b, [-2 * q for q in e]) for s, b, _ in choice):
            continue
        if known[key][1] is None:
            known[key][1] = inside([a - b for a, b in zip(y, e, strict=True)], [list(g) for g in key], lines)
        if known[key][1]:
            found.add(value)
    return sorted(found)
