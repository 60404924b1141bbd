"""Companion of check.py: minima of networks with one hidden layer and several outputs, by second-order forms.

`vector_minimum`: with P the predictions, a_i the outputs of unit i, v_i its output weights, k_i their move and s_i the
change of a_i, the squared loss changes by ``|dP|^2 + 2 sum_i <v_i + k_i, Phi(s_i)>``, ``dP = sum_i k_i a_i^T +
(v_i + k_i) s_i^T`` and ``Phi(s) = sum_t r_t s_t``, where s_i ranges over finitely many cones. Nothing is written down:
cones, faces and forms are computed. Theory: docs/mathematics.md, "Vector outputs".
"""

from fractions import Fraction
from itertools import combinations, product
from math import comb, prod
from types import SimpleNamespace

from exactgeo.check import (
    SMOOTH,
    companion,
    dot,
    echelon,
    fields,
    form,
    line,
    meter,
    need,
    primitive,
    stated,
    typed,
    zipped,
)


def kernel(rows, size):
    """A basis of the vectors that are orthogonal to all rows."""
    found = echelon(rows)
    free = [k for k in range(size) if k not in found]
    return [
        [Fraction(-found[k][j], found[k][k]) if k in found else Fraction(k == j) for k in range(size)] for j in free
    ]


def orthogonal(vectors):
    """An orthogonal basis of their span."""
    basis = []
    for vector in vectors:
        if any(rest := off(vector, basis)):
            basis.append(primitive(rest))
    return basis


def off(vector, basis):
    """What of a vector is orthogonal to an orthogonal basis."""
    meter.spend(16 * len(basis) * (1 + len(vector)))
    for other in basis:
        if q := dot(vector, other):
            q = Fraction(q) / dot(other, other)
            vector = [a - q * b for a, b in zipped(vector, other)]
    return vector


# -- units and their cones --


def cones(p, layer, i):
    """Rule `cones`: the lines, and the rays with their sides of each kink, of the regions of a unit's input weights."""
    size = len(layer.own)
    data = list(zipped(*layer.own)) if size else [()] * len(p.x)
    rows = sorted({line(row) for row, slope in zipped(data, layer.slope[i]) if slope is None and any(row)})
    pivots = list(echelon(rows))
    number = comb(len(rows), max(len(pivots) - 1, 0))
    meter.spend(64 * number * (1 + len(rows)) * (1 + size) ** 2)
    inner, rays = [[row[j] for j in pivots] for row in rows], {}
    for chosen in combinations(inner, len(pivots) - 1) if pivots else []:
        cut = kernel(chosen, len(pivots))
        for ray in [primitive(cut[0]), primitive([-q for q in cut[0]])] if len(cut) == 1 else []:
            rays[tuple(dict(zipped(pivots, ray)).get(j, 0) for j in range(size))] = [dot(row, ray) for row in inner]

    def change(u):
        moves = [dot(row, u) for row in data]
        slopes = [p.slopes[0 if q > 0 else 1] if s is None else s for s, q in zipped(layer.slope[i], moves)]
        return [s * q for s, q in zipped(slopes, moves)]

    return [change(u) for u in kernel(rows, size)], [(change(u), sides) for u, sides in rays.items()]


def largest(near, chosen, left, done):
    """The largest sets of numbers that are all near one another."""
    meter.spend(64 + 8 * len(left))
    if not left and not done:
        yield chosen
    for i in sorted(left):
        yield from largest(near, [*chosen, i], left & near[i], done & near[i])
        left, done = left - {i}, done | {i}


def curved(p, here):
    """Rule `curved`: the data points where the loss of each prediction is, near the point, one multiple of (q - y)^2,
    but for a constant."""
    inside = {"huber": lambda q, y: abs(q - y) < p.M, "squared_hinge": lambda q, y: y * q < 1}
    rule = inside.get(p.kind, lambda q, y: p.kind in ("squared", "half_squared"))
    rows = zipped(zipped(*here.last.z), p.y)
    return [t for t, (row, ys) in enumerate(rows) if all(rule(q, y) for q, y in zipped(row, ys))]


def squares(units, residuals, kept):
    """Rule `squares`: at the data points kept, with the slopes at all, they are a lower bound of a convex loss: there
    the residuals have the same products with all that the units can be."""
    vectors = [s for unit in units for s in [unit.feature, *unit.changes]]
    found = []
    for row in residuals:
        rows = [[*(s[t] for t in kept), dot(row, s)] for s in vectors]
        solutions = [z for z in kernel(rows, len(kept) + 1) if z[-1]]
        need(solutions, "the slopes of the loss are more than those at squares")
        found.append([-q / solutions[0][-1] for q in solutions[0][:-1]])

    def short(vectors):
        return [[s[t] for t in kept] for s in vectors]

    for unit in units:
        [unit.feature], unit.changes = short([unit.feature]), short(unit.changes)
        unit.faces = [(short(lines), short(rays)) for lines, rays in unit.faces]
    return units, lambda s: [dot(row, s) for row in found], found


def look(p, here, residuals):
    """The units, an output bias one of them: feature, weight, critical faces (lines, rays), whether it is loud."""
    layer, last, size = here.hidden[0], here.last, p.sizes[-1]
    need(last.trains, "the output weights are frozen")
    need(not any(dot(r, own) for own in last.own for r in residuals), "the loss has a slope in the last layer")

    def phi(s):
        return [dot(row, s) for row in residuals]

    units = []
    for i, feature in enumerate(layer.out):
        weight = [row[i] for row in last.weights]
        lines, rays = cones(p, layer, i)
        need(not any(dot(weight, phi(s)) for s in lines), "the loss has a slope along a line")
        need(all(dot(weight, phi(s)) >= 0 for s, _ in rays), "the loss falls along a ray")
        rays = [(s, sides) for s, sides in rays if not dot(weight, phi(s))]
        # Rays of which no two are on different sides of a kink bound one region: the sum of them is on all their sides.
        meter.spend(8 * len(rays) ** 2 * (1 + len(rays[0][1]) if rays else 1))
        near = [
            {j for j, (_, b) in enumerate(rays) if j != k and all(x * y >= 0 for x, y in zipped(a, b))}
            for k, (_, a) in enumerate(rays)
        ]
        faces = [(lines, [rays[k][0] for k in face]) for face in largest(near, [], set(range(len(rays))), set())]
        loud = any(any(phi(s)) for s in [*lines, *(s for s, _ in rays)])
        changes = [*lines, *(s for s, _ in rays)]
        units.append(SimpleNamespace(feature=feature, weight=weight, faces=faces, changes=changes, loud=loud))
    constant = SimpleNamespace(feature=[1] * len(p.x), weight=[0] * size, faces=[([], [])], changes=[], loud=False)
    return units + [constant] * last.trains_bias, phi, residuals


# -- quadratic forms --


def copositive(rows, free):
    """Rule `copositive`: a form is nonnegative where all but the first variables are so; its zeros on least sets of
    rays, and () where there are others."""
    rows, open_, zeros = [list(row) for row in rows], list(range(free)), []
    meter.spend(16 * (1 + len(rows)) ** 3 + (64 + 16 * (len(rows) - free) ** 3) * 2 ** (len(rows) - free))
    while open_:
        need(all(rows[i][i] >= 0 for i in open_), "a quadratic form is negative somewhere")
        pivot = next((i for i in open_ if rows[i][i]), None)
        if pivot is None:
            need(not any(any(rows[i]) for i in open_), "a quadratic form is negative somewhere")
            zeros.append(())
            break
        open_.remove(pivot)
        top = rows[pivot]
        for i in [*open_, *range(free, len(rows))]:
            factor = Fraction(rows[i][pivot]) / top[pivot]
            rows[i] = [a - factor * b for a, b in zipped(rows[i], top)] if factor else rows[i]
    for count in range(1, len(rows) - free + 1):
        for chosen in combinations(range(free, len(rows)), count):
            part = [[rows[i][j] for j in chosen] for i in chosen]
            # The (x, t) with part x + t = 0: with t = 0 a zero, else part (x / t) = -1. Where they are more than one
            # line neither has to be looked at: a least set of rays that fails, or has a zero, has one.
            if len(cut := kernel([[*row, 1] for row in part], count + 1)) == 1:
                *x, t = cut[0]  # t is 0 or 1
                need(not t or min(x) < 0, "a quadratic form is negative on some rays")
                if not t and not min(x) <= 0 <= max(x):
                    zeros.append({j: abs(q) for j, q in zipped(chosen, x)})
    return zeros


def pointed(lines, rays):
    """The same cone by orthogonal lines, and rays orthogonal to them of which no two are opposite."""
    lines = orthogonal(lines)
    while True:
        found = {primitive(rest) for ray in rays if any(rest := off(ray, lines))}
        opposite = [ray for ray in found if tuple(-q for q in ray) in found]
        if not opposite:
            return lines, [list(ray) for ray in sorted(found)]
        lines = orthogonal([*lines, *opposite])


def within(vectors, basis):
    return not any(any(off(vector, basis)) for vector in vectors)


def actors(units, features, basis, chosen):
    """Rule `actors`: units on one face each: what they change, without multiples of their own outputs, and of others'
    that they may take on; and whether they are loud, have no rays, and may each take on all others."""
    found = {}
    for i, (lines, rays) in chosen.items():
        own = [features[i]] if i in features else []
        found[i] = pointed(*([off(off(s, basis), own) for s in part] for part in (lines, rays)))
    whole, acting = all(i in features and not found[i][1] for i in chosen), []
    for i, (lines, rays) in found.items():
        if i in features:
            span = orthogonal([features[i], *lines])
            held = [j for j in chosen if j in features and within([features[j], *found[j][0], *found[j][1]], span)]
            own = orthogonal([features[j] for j in {i, *held}])
            lines, rays = pointed(*([off(s, own) for s in part] for part in (lines, rays)))
            whole = whole and len({*held, i}) == len(chosen)
        acting.append(SimpleNamespace(feature=features.get(i), weight=units[i].weight, lines=lines, rays=rays))
    return acting, whole


def quadratic(acting, phi, size):
    """The form in the moves of output weights, multiples of lines and of rays; and how many of these are free."""
    moves = [(n, o) for n, unit in enumerate(acting) if unit.feature is not None for o in range(size)]
    changes = [(n, s) for n, unit in enumerate(acting) for s in unit.lines]
    free = len(moves) + len(changes)
    changes += [(n, s) for n, unit in enumerate(acting) for s in unit.rays]
    tensors = [([int(o == j) for j in range(size)], acting[n].feature) for n, o in moves]
    tensors += [(acting[n].weight, s) for n, s in changes]
    meter.spend(16 * len(tensors) ** 2 * (1 + size + len(tensors[0][1]) if tensors else 1))
    rows = [[dot(v, w) * dot(a, b) for w, b in tensors] for v, a in tensors]
    for c, (n, s) in enumerate(changes, len(moves)):
        for k, (other, o) in enumerate(moves):
            if n == other:
                rows[c][k] += phi(s)[o]
                rows[k][c] += phi(s)[o]
    return rows, free


def flat(acting, residuals, rows, free, zeros):
    """Rule `flat`: zeros of a form along which the loss is constant and has no slopes, beside which it is positive; and
    between two of them the form is positive, or 0 as between all that are near."""
    changes = [(n, s) for part in ("lines", "rays") for n, unit in enumerate(acting) for s in getattr(unit, part)]
    own, zeros = distinct(free, len(rows) - len(changes), spanning(rows, free, zeros))
    images = [[dot(row, zero) for row in rows] for zero in zeros]
    left = list(range(len(zeros)))
    while left:
        near = {k: [j for j in left if not dot(zeros[j], images[k])] for k in left}
        part = near[left[0]]
        need(all(near[k] == part for k in part), "a quadratic form is 0 between some zeros and not between others")
        together(acting, residuals, rows, free, changes, [zeros[k] for k in part], {own[k] for k in part})
        left = [k for k in left if k not in part]


def spanning(rows, free, zeros):
    """Zeros as vectors: those on free variables alone, those on rays with free variables at their best."""
    rest = len(rows) - free
    found = [[*z, *[0] * rest] for z in kernel([row[:free] for row in rows[:free]], free)] if () in zeros else []
    for zero in filter(None, zeros):
        lifts = kernel([[*row[:free], sum(row[j] * q for j, q in zero.items())] for row in rows[:free]], free + 1)
        *ahead, _ = next(x for x in lifts if x[-1])  # 1
        found.append([*ahead, *(zero.get(j, 0) for j in range(free, len(rows)))])
    return found


def distinct(free, start, zeros):
    """For each zero a variable that no other has, a ray or else a line; zeros of the same span."""
    for i in range(len(zeros)):
        z, k = zeros[i], next((k for k in range(start, free) if zeros[i][k]), None)
        if not any(z[free:]) and k is not None:
            zeros = [
                x if j == i else [a - Fraction(x[k]) / z[k] * b for a, b in zipped(x, z)] for j, x in enumerate(zeros)
            ]
    own = []
    for z in zeros:
        mine = range(free, len(z)) if any(z[free:]) else range(start, free)
        own.append(next((k for k in mine if z[k] and sum(1 for x in zeros if x[k]) == 1), None))
    need(None not in own, "a zero of a quadratic form has no variable of its own")
    return own, zeros


def together(acting, residuals, rows, free, changes, zeros, own):
    """The same for zeros between which the form is 0."""
    used = {k for z in zeros for k in range(free, len(rows)) if z[k]}
    rises = {k for k in range(free, len(rows)) if k not in used and all(dot(rows[k], z) for z in zeros)}
    level = [k for k in range(free, len(rows)) if k not in used and k not in rises]
    inner = [*(k for k in [*range(free), *sorted(used)] if k not in own), *level]
    beside = copositive([[rows[a][b] for b in inner] for a in inner], len(inner) - len(level))
    need(not beside, "a quadratic form is 0 beside a zero")
    numbered = list(enumerate(changes, len(rows) - len(changes)))
    still = [change for k, change in numbered if k not in rises]
    # Polynomials of degree 4 for each unit that moves are 0 if they are on a grid of more points.
    sizes = [4 * len({n for k, (n, _) in numbered if z[k]}) + 1 for z in zeros]
    meter.spend(64 * prod(sizes) * (1 + len(acting)) ** 2 * (1 + len(residuals)) * (1 + len(residuals[0])))
    for at in product(*([Fraction(k, 1013) for k in range(1, size + 1)] for size in sizes)):
        total = [sum(q * z[k] for q, z in zipped(at, zeros)) for k in range(len(rows))]
        columns = [unit.feature for unit in acting]
        for (n, s), q in zipped(changes, total[len(rows) - len(changes) :]):
            columns[n] = [a + q * b for a, b in zipped(columns[n], s)] if q else columns[n]
        unmoved(acting, residuals, columns, still)


def unmoved(acting, residuals, columns, still):
    """With these outputs and the best output weights the loss is the same, and has no slope along these changes."""
    weights, rests = [], []
    for o, row in enumerate(residuals):
        target = [sum(unit.weight[o] * unit.feature[t] for unit in acting) - r for t, r in enumerate(row)]
        gram = [[*(dot(a, b) for b in columns), -dot(a, target)] for a in columns]
        *best, last = kernel(gram, len(columns) + 1)[0]
        need(last, "outputs become dependent")  # else 1
        weights.append(best)
        rests.append([sum(q * a[t] for q, a in zipped(weights[-1], columns)) - y for t, y in enumerate(target)])
    need(sum(dot(a, a) for a in rests) == sum(dot(a, a) for a in residuals), "the loss changes along a zero")
    slopes = [sum(w[n] * dot(rest, s) for w, rest in zipped(weights, rests)) for n, s in still]
    need(not any(slopes), "the loss has a slope beside a curve of equal loss")


def faces_of(units, chosen):
    meter.spend(1024 * prod(len(units[i].faces) for i in chosen))
    for choice in product(*(units[i].faces for i in chosen)):
        yield dict(zipped(chosen, choice))


def reduced(units, rule):
    """Rule `reduced`: the units whose output weights take part (the loud ones; `whole`: all that move) with their
    outputs, and a basis of what these are orthogonal to: outputs of the others, and changes that are left out."""
    gone, takes = (
        [],
        {i for i, unit in enumerate(units) if (any(map(any, unit.changes)) if rule == "whole" else unit.loud)},
    )
    for i, unit in enumerate(units):
        if i not in takes:
            gone += [unit.feature, *(unit.changes if rule == "tied" or not any(unit.weight) else [])]
    basis = orthogonal(gone)
    features = {i: off(units[i].feature, basis) for i in sorted(takes)}
    need(len(orthogonal(features.values())) == len(features), "outputs of loud units are dependent")
    return basis, features


def parts(units, features, basis):
    """The loud units, apart where all that they can be is orthogonal to all that others can be."""
    reach = {i: [f, *(off(s, basis) for s in units[i].changes)] for i, f in features.items()}
    left = list(features)
    while left:
        part = [left.pop(0)]
        for i in part:
            near = [j for j in left if any(dot(a, b) for a in reach[i] for b in reach[j])]
            part += near  # in place: the loop goes on over them
            left = [j for j in left if j not in near]
        yield sorted(part)


def positive(units, phi, residuals, rule, size):
    """The forms of the units on all products of critical faces, by a rule: positive, or 0 where that is enough."""
    basis, features = reduced(units, rule)
    quiet = [i for i, unit in enumerate(units) if i not in features and not within(unit.changes, basis)]
    for part in [[*features, *quiet]] if rule == "definite" else parts(units, features, basis):
        for chosen in faces_of(units, part):
            acting, whole = actors(units, features, basis, chosen)
            zeros = copositive(*(rows := quadratic(acting, phi, size)))
            need(not zeros or rule != "definite", "a quadratic form is 0 somewhere")
            complete = (whole or len(part) == 1) and all(units[i].loud for i in part)
            if zeros and not complete:
                flat(acting, residuals, *rows, zeros)


def vector_minimum(p, claim):
    tree, loss, rule = fields(claim, "point loss rule")
    point = stated(p, tree, loss)
    need(p.layers == 1, "the rule needs one hidden layer")
    here = companion("check_deep.py").layers(p, point)
    units, phi, residuals = look(p, here, [[q / (2 * SMOOTH[p.kind][0]) for q in row] for row in here.gradient])
    form(typed(rule, str) in ("silent", "definite", "tied", "whole"), "an unknown proof")
    if rule == "silent":
        need(not any(unit.loud for unit in units), "a unit is loud")
    else:
        kept = curved(p, here)
        need(kept, "the loss is no square near the point")
        if len(kept) < len(p.x):
            units, phi, residuals = squares(units, residuals, kept)
        positive(units, phi, residuals, rule, p.sizes[-1])
    return f"The point, of loss {loss}, is a local minimum: no parameters near enough to it have a lower loss."
