"""Companion of check.py: the claim `critical_point`, a minimum of the logistic loss near a rational point.

Exactly one critical prediction vector, by enclosures; and parameters that have it, a local minimum, by exact
multipliers with room for the slopes at that vector (docs/certificate-v2.md).
"""

from fractions import Fraction
from math import isqrt

from exactgeo.check import (
    Rejected,
    companion,
    dot,
    echelon,
    fields,
    form,
    many,
    meter,
    need,
    primitive,
    rational,
    typed,
    vector,
    whole,
    zipped,
)

MAX_CONES = 2**12  # of the kinks of one neuron


def columns(here):
    """Changes of the score by the trained parameters, kinks held: (values, neuron or None, move of T or None)."""
    found = [(column, None, None) for column in here.affine]
    for i, n in enumerate(here.neurons):
        if n.v:
            for move in held(here, n):
                values = [n.sign * (s or 0) * dot(row, move) for s, row in zipped(n.slope, here.rows)]
                found.append((values, i, move))
            found += [([n.sign * a for a in n.out], i, None)] * here.moved
    return found


def held(here, n):
    """A basis of the directions of T along all kinks of a neuron, one a free coordinate."""
    table, size = echelon([shape for shape, _ in n.kinks.values()]), len(here.T)
    moves = []
    for k in (k for k in range(size) if k not in table):
        moves.append([Fraction(int(j == k)) for j in range(size)])
        for pivot, row in table.items():
            moves[-1][pivot] = Fraction(-row[k], row[pivot])
    return list(map(primitive, moves))


def root(q):
    """A rational that is at least the square root."""
    shift = max(0, 64 + (q.denominator.bit_length() - q.numerator.bit_length()) // 2) if q else 0
    return Fraction(isqrt(-((-q.numerator << 2 * shift) // q.denominator)) + 1, 2**shift) if q else Fraction(0)


def length(vector):
    """A rational that is at least the Euclidean length."""
    return root(Fraction(dot(vector, vector)))


def critical_point(p, claim):
    tree, rho, radius, slopes, basis, inverse, rooms = fields(claim, "point rho radius slopes basis inverse rooms")
    of = companion("check_logistic.py")
    one, here = of.near(p, p.point(tree))
    rho, radius, m = rational(rho), rational(radius), len(p.x)
    need(rho > 0 and radius > 0, "a radius is not positive")
    every, r = columns(here), vector(slopes, m)
    need(not any(dot(r, values) for values, _, _ in every), "the slopes are not orthogonal to a trained column")
    # Rule `newton`: eta <= mu rho.
    most = max(map(abs, here.predictions)) + rho
    if most > of.MAX_BITS // 4:
        raise Rejected("the curvature is below every number of use")
    bits = 2 * int(most) + 64
    x = Fraction(of.fall(most, bits)[0], 2**bits)
    allowed = x / (1 + x) ** 2 * rho
    bits = 64 + max(0, allowed.denominator.bit_length() - allowed.numerator.bit_length())
    gaps = [[e / 2**bits for e in of.bounds(q - of.Mixed(a), of.TANH, 0, bits)] for q, a in zipped(here.r, r)]
    eta = root(sum((max(abs(low), abs(high)) ** 2 for low, high in gaps), Fraction(0)))
    need(eta <= allowed, "the slopes are too far from those of the loss")
    # The parameters: a left inverse of independent columns that span all of them.
    chosen = [every[j] for j in many(basis, None, whole, range(len(every)))]
    inverse = many(inverse, len(chosen), vector, m)
    meter.spend(8 * m * len(chosen) ** 2)
    for j, row in enumerate(inverse):
        need(all(dot(row, v) == (j == k) for k, (v, _, _) in enumerate(chosen)), "a left inverse is none")
    span = echelon([v for v, _, _ in chosen])
    need(all(inside(v, span) for v, _, _ in every), "the basis leaves a trained column out")
    need(reach(one, here, chosen, [rho * sum(map(abs, row)) for row in inverse]) <= radius, "the radius is too small")
    # The conditions: the slopes at the critical point are orthogonal to the span, and this near to r.
    room, rooms = rho / 4 + eta, many(rooms, len(here.neurons), typed, list)
    for n, cones in zipped(here.neurons, rooms):
        if n.v and n.kinks:
            kinks_hold(one, here, n, cones, r, span, room)
            continue
        need(cones == [], "cones of a neuron without kinks")
        if not n.v and here.moved:
            need(all(inside(v, span) for v in idle(one, here, n)), "a silent neuron has columns of its own")
    low = of.bounds(here.loss, of.LOG, 0, 64)
    low, high = low[0] / 2**64 - p.weight * eta * rho, low[1] / 2**64
    near_by = f"within {radius} of the point in the max norm"
    return (
        f"Among the predictions that the point's signs of pre-activations allow there is exactly one critical vector, "
        f"within {rho} of the point's; some parameters {near_by} have it and are a local minimum, of loss in "
        f"[{decimal(low, 0)}, {decimal(high, 1)}]."
    )


def decimal(q, up):
    """Twelve decimals, rounded outward."""
    scaled = q * 10**12
    units = -(-scaled.numerator // scaled.denominator) if up else scaled.numerator // scaled.denominator
    return f"{'-' * (units < 0)}{abs(units) // 10**12}.{abs(units) % 10**12:012d}"


def inside(values, span):
    """The rule `rank`: whether a vector lies in a span, given in echelon form."""
    meter.spend(8 * len(values) * (1 + len(span)))
    values = list(values)
    for pivot, row in span.items():
        if values[pivot]:
            factor = Fraction(values[pivot]) / row[pivot]
            values = [a - factor * b for a, b in zipped(values, row)]
    return not any(values)


def reach(one, here, chosen, limits):
    """How far the parameters move, in the max norm; no sign changes on the way."""
    far, size = [Fraction(0)], len(here.T)
    kappas, taus = [Fraction(0)] * len(here.neurons), [[Fraction(0)] * size for _ in here.neurons]
    for (_, i, move), limit in zipped(chosen, limits):
        if i is None:
            far.append(limit)
        elif move is None:
            kappas[i] += limit
        else:
            taus[i] = [a + limit * abs(b) for a, b in zipped(taus[i], move)]
    for n, kappa, tau in zipped(here.neurons, kappas, taus):
        left = abs(n.v) - kappa
        need(not n.v or left > 0, "an output weight may change its sign")
        far += [kappa, *(q / left for q in tau if q)]
        for z, row in zipped(n.z, here.rows):
            calm = not (one.kinked and z) or not any(tau) or dot(tau, map(abs, row)) < left * abs(z)
            need(calm, "a pre-activation may change its sign")
    return max(far)


def vectors(one, here, n, side):
    """``side * phi`` as vectors of the data: one a coordinate of T, and (form, right, left) of each kink."""
    m = range(len(here.rows))
    linear = [[side * (n.slope[t] or 0) * here.rows[t][k] for t in m] for k in range(len(here.T))]
    bends = []
    for shape, members in n.kinks.values():
        right = [side * one.activate(members[t]) if t in members else 0 for t in m]
        left = [-side * one.activate(-members[t]) if t in members else 0 for t in m]
        bends.append((shape, right, left))
    return linear, bends


def idle(one, here, n):
    """Vectors to which the slopes are orthogonal iff phi = 0 on T and at w."""
    linear, bends = vectors(one, here, n, 1)
    found = [n.out]
    for shape, right, left in bends:
        found.append([a - b for a, b in zipped(right, left)])
        linear = [[a + q * b for a, b in zipped(row, right)] for q, row in zipped(shape, linear)]
    return [*found, *linear]


def kinks_hold(one, here, n, cones, r, span, room):
    """``sign(v) phi >= 0`` for slopes within ``room`` of r, orthogonal to the span, on cones that cover T."""
    linear, bends = vectors(one, here, n, n.sign)
    form(len(cones) <= MAX_CONES, "too many cones")
    seen = set()
    for sides, kinks in many(cones, None, fields, "sides kinks"):
        sides = many(sides, len(bends), whole, (-1, 0, 1))
        seen.add(tuple(sides))
        kinks = many(kinks, len(bends), fields, "slope above below")
        kinks = [(rational(q), vector(above, len(r)), vector(below, len(r))) for q, above, below in kinks]
        meter.spend(8 * len(r) * (1 + len(bends)) * (4 + len(linear)))
        for k, row in enumerate(linear):
            total, change = dot(row, r), row
            for (shape, right, _), (slope, above, _) in zipped(bends, kinks):
                total += shape[k] * slope
                change = [a + shape[k] * (b + c) for a, b, c in zipped(change, right, above)]
            need(total == 0, "the multipliers do not give the function")
            need(inside(change, span), "the multipliers do not follow the slopes")
        for (_, right, left), side, (slope, above, below) in zipped(bends, sides, kinks):
            gap = [a + b - c - d for a, b, c, d in zipped(right, above, left, below)]
            need(inside(gap, span), "a multiplier that changes in two ways")
            over, under = dot(right, r) - slope, slope - dot(left, r)
            need(side < 0 or over >= room * length(above), "a slope without room on the right of its kink")
            need(side > 0 or under >= room * length(below), "a slope without room on the left of its kink")
    cut = [j for j in range(len(bends)) if any(sides[j] for sides in seen)]
    every = {tuple(sides[j] for j in cut) for sides in seen}
    alike = all(all(sides[j] for j in cut) for sides in seen)
    need(alike and len(every) == 2 ** len(cut), "a cone of the kinks is left out")
