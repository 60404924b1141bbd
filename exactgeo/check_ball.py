"""Companion of check.py: the claim `ball`, exactly one local minimum in a box around a point (docs/certificate-v2.md).

The equations of a stationary point with some kinks held, their slopes on a box, and the contraction that an approximate
inverse makes of them: intervals in fixed point, a middle and a radius in units of 2^-BITS, rounded outward.
"""

from fractions import Fraction
from itertools import count
from operator import mul
from types import SimpleNamespace

from exactgeo.check import (
    LOSSES,
    SMOOTH,
    companion,
    fields,
    form,
    line,
    look,
    many,
    meter,
    need,
    rational,
    vector,
    whole,
    zipped,
)

BITS = 128
UNIT = 1 << BITS
MAX_SIZE = 2**9  # of an entry of the inverse, in bits


# -- intervals --


def around(q, radius=0):
    """An interval that holds everything within a radius of a rational."""
    far = Fraction(radius) * UNIT
    return int(Fraction(q) * UNIT // 1), int(-(-far // 1)) + 1


def between(low, high):
    low, high = int(Fraction(low) * UNIT // 1), int(-(-Fraction(high) * UNIT // 1))
    return (low + high) // 2, (high - low) // 2 + 1


def times(a, b):
    return a[0] * b[0] >> BITS, (abs(a[0]) * b[1] + a[1] * abs(b[0]) + a[1] * b[1] >> BITS) + 2


def plus(*parts):
    return sum(a for a, _ in parts), sum(b for _, b in parts)


def minus(a):
    return -a[0], a[1]


def ends(a):
    return Fraction(a[0] - a[1], UNIT), Fraction(a[0] + a[1], UNIT)


def row(entries):
    """A vector: its middles, and what a bound of the radius of an inner product needs."""
    middles = [a for a, _ in entries]
    return SimpleNamespace(
        middles=middles, size=sum(map(abs, middles)), far=max((b for _, b in entries), default=0), count=len(middles)
    )


def inner(a, b):
    """The inner product of two vectors."""
    meter.spend(1 + a.count)
    far = a.size * b.far + a.far * b.size + a.count * a.far * b.far
    return sum(map(mul, a.middles, b.middles)) >> BITS, (far >> BITS) + 2


# -- the loss on intervals of predictions --


def logistic(q, y):
    """Slope, curvature and value of log(1 + exp(-y q)), and q an interval."""
    of, (low, high) = companion("check_logistic.py"), ends(q)

    def part(q, up):
        """A bound of 1 / (1 + exp(-q))."""
        x = Fraction(of.fall(abs(q), BITS)[up == (q < 0)], UNIT)
        return 1 / (1 + x) if q >= 0 else x / (1 + x)

    shift = Fraction(1 + y, 2)
    slope = between(part(low, 0) - shift, part(high, 1) - shift)
    near, far = 0 if low <= 0 <= high else min(abs(low), abs(high)), max(abs(low), abs(high))
    bend = between(part(-far, 0) * (1 - part(-far, 0)), part(-near, 1) * (1 - part(-near, 1)))
    middle = Fraction(q[0], UNIT)
    value = of.bounds(of.Mixed(min(-y * middle, 0), {abs(middle): Fraction(1)}), of.LOG, 0, BITS)
    return slope, bend, [Fraction(a) / UNIT for a in value]


def quadratic(p, q, y):
    """The same of a loss with rational values and a derivative."""
    need(p.kind in SMOOTH, "the rule needs a loss with a derivative")
    (curvature, r), (low, high) = SMOOTH[p.kind], ends(q)
    # Between these the loss is its parabola; the slope does not fall.
    inside = {"huber": lambda q: abs(q - y) < p.M, "squared_hinge": lambda q: y * q < 1}.get(p.kind, lambda q: True)
    # Both regions are intervals: the inside holds what lies between two of its points, and of two points on one side
    # of it what lies between is outside.
    both, same = inside(low) and inside(high), r(low, y, p.M) == r(high, y, p.M)
    bends = (0, 2 * curvature) if not both and not same else (2 * curvature * both,) * 2
    value = LOSSES[p.kind][0](Fraction(q[0], UNIT), y, p.M)
    return between(2 * curvature * r(low, y, p.M), 2 * curvature * r(high, y, p.M)), between(*bends), [value, value]


# -- the unknowns --


def kinks_of(p, here, n, rows):
    """The kinks that are held: {data point: factor} for each, of all data points with proportional lifted rows."""
    shapes, found = [line(x) if any(x) else None for x in here.lifted], []
    for t in many(rows, None, whole, range(len(p.x))):
        need(p.kinked and shapes[t] and any(here.rows[t]), "a kink where the activation has none")
        lead = next(k for k, q in enumerate(here.lifted[t]) if q)
        members = [s for s, shape in enumerate(shapes) if shape == shapes[t]]
        found.append({s: Fraction(here.lifted[s][lead]) / here.lifted[t][lead] for s in members})
    return found


def neuron(p, here, n, kinks, multipliers):
    """The slopes of a neuron's activation, 0 on a kink that is held; which of its parameters are unknown."""
    n.kinks, n.count = kinks_of(p, here, n, kinks), Fraction(1)
    n.held = held = set().union(*n.kinks)
    n.slope = [0 if t in held else p.slopes[z <= 0] * (z != 0 or not p.kinked) for t, z in enumerate(n.z)]
    n.live = bool(here.T and n.v and (held or any(s and any(x) for s, x in zipped(n.slope, here.rows))))
    need(n.live or not n.kinks, "kinks of a neuron that does not move")
    n.multipliers = vector(multipliers, len(n.kinks))
    # What the bias of a neuron with one slope does, the output bias does at no cost.
    straight = not n.kinks and len(set(n.slope)) == 1 and p.trains_bias[-1] and not here.biases
    n.T = [k for k in here.T if k < len(p.x[0]) or not straight]
    n.straight, n.bias, n.apart = n.T != here.T, n.w[-1], False


def tie(here, leaders, factors):
    """A neuron that is a multiple of another one under a penalty on both factors moves with it."""
    for i, (j, factor) in enumerate(zipped(leaders, factors)):
        n, leader = here.neurons[i], here.neurons[j]
        n.tied = i != j
        need(n.tied or factor == 1, "a neuron is a multiple of itself")
        if n.tied:
            free = here.joint and leader.live and leaders[j] == j
            need(free and 0 < abs(factor) <= 1, "a neuron is tied to no other")
            multiple = [factor * q for q in leader.w]
            same = n.v == factor * leader.v and all(n.w[k] == multiple[k] for k in leader.T)
            need(same and not n.kinks, "a neuron is another multiple of the one it is tied to")
            # With the kinks of its leader it has the slopes of its leader; a straight one has a bias of its own.
            n.apart, alike = n.w != multiple, n.slope == leader.slope and not leader.kinks
            need(alike or (factor > 0 and not n.apart), "a neuron is tied to one of other slopes")
            leader.count, leader.bias = leader.count + factor * factor, leader.bias + factor * n.w[-1]
    for n in here.neurons:
        n.live, n.count = n.live and not n.tied, n.count * (not n.tied)
        # What the neurons of a sum add up to: one with their mean bias.
        n.w = [*n.w[:-1], n.bias / n.count] if n.live and n.straight else n.w


def unknowns(p, here, point):
    """The unknown parameters, and where each neuron has its own; columns and decay of the affine ones."""
    values, at = [], count()
    for n in here.live:
        n.at = [next(at) for _ in n.T]
        values += [n.w[k] for k in n.T]
        n.out_at = next(at) if here.joint else None
        values += [n.v] * here.joint
    here.affine = []
    if not p.layers and p.trains[-1]:
        here.affine += [([x[k] for x in p.x], q, here.decay) for k, q in enumerate(point[0][0][0])]
    if p.layers and not here.T and here.moved:
        here.affine += [([s * z for s, z in zipped(n.slope, n.z)], n.v, here.decay) for n in here.neurons]
    if p.trains_bias[-1]:
        here.affine.append(([1] * len(p.x), point[1][-1][0], here.decay * here.biases))
    here.first, values = len(values), values + [q for _, q, _ in here.affine]
    here.parameters = len(values)
    return values + [q for n in here.live for q in n.multipliers]


def network(p, here, box):
    """What a box of unknowns makes of the network: parameters, outputs, slopes, curvatures and values of the loss."""
    at = SimpleNamespace(box=box, w={}, v={}, out={}, parts=[])
    total = list(map(around, here.offset))
    for i, n in enumerate(here.neurons):
        w = list(map(around, n.w))
        for k, j in zipped(n.T, n.at) if n.live else ():
            w[k] = box[j]
        at.w[i], at.v[i] = w, box[n.out_at] if n.live and here.joint else around(n.v)
        lifted = row(w)
        at.out[i] = [times(inner(lifted, x), around(s)) for s, x in zipped(n.slope, here.data)]
        if here.T or not here.moved:
            v = times(at.v[i], around(n.count))
            total = [plus(a, times(v, b)) for a, b in zipped(total, at.out[i])]
    for j, (column, _, _) in enumerate(here.affine, here.first):
        total = [plus(a, times(box[j], around(q))) for a, q in zipped(total, column)]
    meter.spend(64 * len(p.x) * (1 + len(here.neurons) + len(here.affine)))
    parts = [logistic(q, y) if p.kind == "logistic" else quadratic(p, q, y) for q, (y,) in zipped(total, p.y)]
    at.slopes, at.bends = [a for a, _, _ in parts], [b for _, b, _ in parts]
    rooms = [Fraction(q[1], UNIT) * max(map(abs, ends(slope))) for q, slope in zipped(total, at.slopes)]
    at.values = [(low - room, high + room) for room, (_, _, (low, high)) in zipped(rooms, parts)]
    return at


def pulls(here, at, n):
    """``sum slope_t r_t x_t`` of a neuron, by its unknown coordinates."""
    weighted = row([times(r, around(s)) for r, s in zipped(at.slopes, n.slope)])
    return [inner(weighted, here.columns[k]) for k in n.T]


def equations(here, at):
    """The left sides of the equations."""
    found, kinks, used = [], [], here.parameters
    slopes = row(at.slopes)
    for i, n in enumerate(here.neurons):
        if not n.live:
            continue
        shapes = [here.lifted[min(members, key=lambda t, m=members: m[t] != 1)] for members in n.kinks]
        for k, pull in zipped(n.T, pulls(here, at, n)):
            total = times(plus(times(at.v[i], pull), times(at.w[i][k], around(here.shrink[k]))), around(n.count))
            parts = [minus(times(at.box[used + j], around(x[k]))) for j, x in enumerate(shapes)]
            found.append(plus(total, *parts))
        if here.joint:
            total = plus(inner(slopes, row(at.out[i])), times(at.v[i], around(here.decay)))
            found.append(times(total, around(n.count)))
        kinks += [minus(inner(row(at.w[i]), row(list(map(around, x))))) for x in shapes]
        used += len(shapes)
    for j, (column, _, decay) in enumerate(here.affine, here.first):
        found.append(plus(inner(slopes, row(list(map(around, column)))), times(at.box[j], around(decay))))
    return found + kinks


def matrix(p, here, at, size):
    """Their slopes on a box: middles, and of each column a bound of the radii."""
    changes = []
    for i, n in enumerate(here.neurons):
        if n.live:
            v = times(at.v[i], around(n.count))
            for k in n.T:
                changes.append([times(v, around(s * x[k])) for s, x in zipped(n.slope, here.lifted)])
            changes += [[times(a, around(n.count)) for a in at.out[i]]] * here.joint
    changes += [list(map(around, column)) for column, _, _ in here.affine]
    meter.spend(8 * len(p.x) * (1 + len(changes)))
    rows, bent = list(map(row, changes)), [row([times(a, s) for a, s in zipped(c, at.bends)]) for c in changes]
    middles, far = [[0] * size for _ in range(size)], [0] * size

    def add(j, k, entry):
        middles[j][k] += entry[0]
        far[k] += entry[1]
        if j != k:
            middles[k][j] += entry[0]
            far[j] += entry[1]

    for j, a in enumerate(rows):
        for k in range(j + 1):
            add(j, k, inner(a, bent[k]))
    used = here.parameters
    for n in here.live:
        for k, j in zipped(n.T, n.at):
            add(j, j, around(here.shrink[k] * n.count))
        if here.joint:
            add(n.out_at, n.out_at, around(here.decay * n.count))
            for j, pull in zipped(n.at, pulls(here, at, n)):
                add(j, n.out_at, times(pull, around(n.count)))
        for members in n.kinks:
            lead = next(t for t, factor in members.items() if factor == 1)
            for k, j in zipped(n.T, n.at):
                add(j, used, minus(around(here.lifted[lead][k])))
            used += 1
    for j, (_, _, decay) in enumerate(here.affine, here.first):
        add(j, j, around(decay))
    return middles, far


def contraction(inverse, scale, values, slopes, radii):
    """|A g| + |I - A D| rho < rho, entry by entry: exactly one solution in the box."""
    (middles, far), size = slopes, len(radii)
    columns = list(zipped(*middles))
    whole_radii = [int(q * UNIT // 1) for q in radii]
    meter.spend(size**3 + 64 * size)
    for k, a in enumerate(inverse):
        total = sum(map(abs, a))
        reach = abs(sum(map(mul, a, (g for g, _ in values)))) + sum(abs(b) * g for b, (_, g) in zipped(a, values))
        reach <<= BITS
        for j, (column, wide, radius) in enumerate(zipped(columns, far, whole_radii)):
            rest = abs(((j == k) << scale + BITS) - sum(map(mul, a, column))) + total * wide
            reach += rest * (radius + 1)
        need(reach < whole_radii[k] << scale + BITS, "the approximate inverse does not contract the box into itself")


# -- the claim --


def ball(p, claim):
    tree, kinks, leaders, factors, multipliers, radii, scale, inverse, radius, low, high = fields(
        claim, "point kinks leaders factors multipliers radii scale inverse radius low high"
    )
    here = look(p, point := p.point(tree))
    l2, l1, here.biases = p.penalty or (0, 0, False)
    need(l1 == 0, "the rule is for squares alone")
    here.decay, here.joint = Fraction(l2) / p.weight, bool(l2 and here.T and here.moved)
    every = zipped(here.neurons, many(kinks, len(here.neurons), list), many(multipliers, len(here.neurons), list))
    here.data = [row(list(map(around, x))) for x in here.lifted]
    here.columns = [row(list(map(around, column))) for column in zipped(*here.lifted)]
    # Coordinates that have a penalty.
    here.shrink = [here.decay * (k in here.T and (k < len(p.x[0]) or here.biases)) for k in range(len(here.lifted[0]))]
    for n, rows, given in every:
        frozen = any(q for k, q in enumerate(n.w) if k not in here.T)
        need(not (here.T and here.moved and frozen), "trained output weights with input weights that are partly frozen")
        neuron(p, here, n, rows, given)
    tie(here, many(leaders, len(here.neurons), whole, range(len(here.neurons))), many(factors, None, rational))
    here.live = [n for n in here.neurons if n.live]
    values = unknowns(p, here, point)
    size, radii = len(values), vector(radii, len(values))
    need(all(q > 0 for q in radii), "a radius is not positive")
    scale, inverse = whole(scale, range(MAX_SIZE)), many(inverse, size, many, size, whole)
    form(all(abs(q).bit_length() <= MAX_SIZE for a in inverse for q in a), "an inverse with entries of too many bits")
    at = network(p, here, [around(q, r) for q, r in zipped(values, radii)])
    there = network(p, here, list(map(around, values)))
    contraction(inverse, scale, equations(here, there), matrix(p, here, at, size), radii)
    within = max(radii[: here.parameters], default=Fraction(0))
    radius = sides(p, here, radius, within)
    used = here.parameters
    for i, n in enumerate(here.neurons):
        for members in n.kinks:
            parts = [[times(at.slopes[t], around(p.activate(s * q))) for t, q in members.items()] for s in (1, -1)]
            right, left = (times(times(at.v[i], around(n.count)), plus(*part)) for part in parts)
            need(ends(plus(at.box[used], right))[0] > 0, "the loss need not rise on the right of a kink")
            need(ends(plus(at.box[used], minus(left)))[1] < 0, "the loss need not rise on the left of a kink")
            used += 1
        if here.T and not n.live and not n.tied:
            still(p, here, at, n)
    worth(p, here, at, rational(low), rational(high))
    return sentence(p, here, radius, within, low, high)


def sides(p, here, radius, within):
    """No pre-activation off the kinks, and no output weight, changes its sign within the radius."""
    bounds = []
    for n in [n for n in here.neurons if n.live or n.apart]:
        bounds += [abs(n.v)] * here.joint
        for t, (z, x) in enumerate(zipped(n.z, here.rows)):
            if p.kinked and t not in n.held and any(x):
                bounds.append(abs(z) / sum(map(abs, x)))
    radius = None if radius is None else rational(radius)
    fits = not bounds if radius is None else within <= radius < min(bounds, default=radius + 1)
    need(fits, "the box is too large, or too small")
    return radius


def still(p, here, at, n):
    """A neuron that does not move has no output, and no small move of it lowers the loss."""
    heavy = any(n.w[k] for k in here.T if here.shrink[k]) or (here.joint and n.v)
    need(not heavy, "a neuron without output has weights with a penalty")
    if not here.moved and not n.v:
        return  # its output weight is 0, and frozen
    slopes = {s for s, x in zipped(n.slope, here.rows) if any(x)}
    off = (z or not p.kinked or not any(x) for z, x in zipped(n.z, here.rows))
    need(all(off), "a neuron that does not move is on a kink")
    if slopes <= {0}:
        return
    level = here.joint and any(set(column) == {1} and not decay for column, _, decay in here.affine)
    need(level and len(set(n.slope)) == 1, "a neuron that does not move could lower the loss")
    gains = [ends(pull) for k, pull in zipped(n.T, pulls(here, at, n)) if here.shrink[k]]
    need(sum(max(abs(a), abs(b)) ** 2 for a, b in gains) < here.decay**2, "a neuron at 0 could gain more than it costs")


def worth(p, here, at, low, high):
    """The loss on the box lies between the bounds."""
    total = [sum(part) for part in zipped(*at.values)]
    squares = [(at.w[i][k], n.count) for i, n in enumerate(here.neurons) for k in here.T if here.shrink[k]]
    squares += [(at.v[i], n.count) for i, n in enumerate(here.neurons) if here.joint]
    squares += [(at.box[j], 1) for j, (_, _, decay) in enumerate(here.affine, here.first) if decay]
    paid = plus((0, 0), *(times(times(q, q), around(factor)) for q, factor in squares))
    total = [a + here.decay / 2 * b for a, b in zipped(total, ends(paid))]
    need(low <= p.weight * total[0] and p.weight * total[1] <= high, "the bounds of the loss are too narrow")


def sentence(p, here, radius, within, low, high):
    held = ["output weights"] * bool(here.live and here.moved and not here.joint)
    kinds = ["parameters of the neurons without output", "hidden biases of", "multiples of others in"]
    which = [(not n.live and not n.tied, n.straight * n.live or n.apart, n.tied) for n in here.neurons if here.T]
    for kind, own in zip(kinds, zipped(*which), strict=False):
        held += [f"{kind} {', '.join(str(i) for i, holds in enumerate(own) if holds)}"] * any(own)
    same = f" with the same {', '.join(held)}" if held else ""
    where = "There" if radius is None else f"Within {power(radius, 0)} of the point (max norm) there"
    of = companion("check_critical.py")
    ends = f"[{of.decimal(rational(low), 0)}, {of.decimal(rational(high), 1)}]"
    return (
        f"{where} is exactly one local minimum{same}; it lies within {power(within, 1)} of the point, and its "
        f"{'penalised ' * bool(p.penalty)}loss in {ends}."
    )


def power(q, up):
    """A power of two beside a positive number."""
    return f"2^{q.numerator.bit_length() - q.denominator.bit_length() + (1 if up else -1)}"
