"""Companion of check.py: the logistic loss, or cross-entropy with two outputs, with weight decay.

As check_penalty.py, with slopes as in check_logistic.py; ``outward`` is the factor of the squares of the score's output
weights. A sum of squares of combinations that are not all rational is no rational number: its tanh with the largest q
has a double pole, and nothing else of it has one there. So rule `length` ends as rule `sign` does.
"""

from fractions import Fraction
from types import SimpleNamespace

from exactgeo.check import (
    Rejected,
    companion,
    cone_of,
    course,
    cut,
    dot,
    fields,
    many,
    meter,
    need,
    rational,
    split,
    whole,
    zipped,
)

LOGISTIC, PENALTY = companion("check_logistic.py"), companion("check_penalty.py")
Mixed, inner, sign, shown = LOGISTIC.Mixed, LOGISTIC.inner, LOGISTIC.sign, LOGISTIC.shown
UNIT = 2**64


def stated(p, tree, loss):
    """The point of a statement, with the loss that it says; and the score's problem and point from near by."""
    point = p.point(tree)
    one, here = LOGISTIC.near(p, point)
    sizes, (l2, l1, biases) = PENALTY.penalised(p, point), p.penalty
    here.loss = here.loss + Mixed(l2 / 2 * dot(sizes, sizes) + l1 * sum(map(abs, sizes)))
    said = LOGISTIC.mixed(loss, {abs(q) for q in here.predictions})
    need(said == here.loss, "the penalised loss at a point is another one")
    here.shrink = Fraction(l2) / p.weight
    here.outward = here.shrink / p.sizes[-1]
    here.free = [j for j, k in enumerate(here.T) if k >= len(p.x[0]) and not biases]
    here.shift = here.outward * biases
    return point, one, here


# -- numbers --


def ends(number, bits):
    low, high = LOGISTIC.bounds(number, LOGISTIC.TANH, 0, bits)
    return Fraction(low) / 2**bits, Fraction(high) / 2**bits


def floor(number):
    """The rule `rounded`: the largest multiple of 2^-64 that is at most the number."""
    bits = 128
    while bits <= LOGISTIC.MAX_BITS:
        low, high = (q * UNIT // 1 for q in ends(number, bits))
        if low == high:
            return Fraction(low, UNIT)
        bits *= 2
    raise Rejected("a number is too near to a multiple of 2^-64")


def length(numbers, square):
    """The rule `length`: the sign of the sum of the squares minus a number."""
    if not any(q.terms for q in numbers):
        total = sum(q.constant**2 for q in numbers)
        return (total > square) - (total < square)
    bits = 64
    while bits <= LOGISTIC.MAX_BITS:
        sizes = [[abs(low), abs(high), low > 0 or high < 0] for low, high in (ends(q, bits) for q in numbers)]
        if sum(max(a, b) ** 2 for a, b, _ in sizes) < square:
            return -1
        if sum(min(a, b) ** 2 for a, b, away in sizes if away) > square:
            return 1
        bits *= 2
    raise Rejected("a length is too near to its bound")


def curvature(q, reach, up):
    """s (1 - s), the second derivative of the loss, with s = 1 / (1 + exp(|q| + reach)) rounded up or down."""
    far, side = abs(q) + reach, Fraction(-1 if up else 1, 2)
    s = Fraction(1, 2) if far == 0 else abs(floor(Mixed(side, {far: -side})))
    return s * (1 - s)


# -- local minimum --


def slope_of(here, one, n, factor):
    """``factor * phi``: a linear part, and {kink: (form, right slope, left slope)} of those that bend."""
    sides, bends = [factor * (s or 0) for s in n.slope], {}
    linear = [inner([s * row[k] for s, row in zipped(sides, here.rows)], here.r) for k in range(len(here.T))]
    for row, (shape, members) in n.kinks.items():
        slopes = [here.r[t] for t in members]
        right = inner([factor * one.activate(q) for q in members.values()], slopes)
        left = inner([-factor * one.activate(-q) for q in members.values()], slopes)
        if right == left:
            linear = [a + right * b for a, b in zipped(linear, shape)]
        else:
            bends[row] = shape, right, left
    return linear, bends


def bounded(here, linear, bends, cover):
    """As `bounded` of check_penalty.py, with combinations."""
    found, size = [], len(linear)

    def step_at(sides, step):
        meter.spend((1 + size) * (1 + len(sides) + 32 * len(bends) * (step.get("rule") == "norm")))
        if step.get("rule") != "norm":
            return cut(sides, step, bends)
        _, weights, slopes = fields(step, "rule multipliers slopes")
        cone = cone_of(sides, bends)
        weights = LOGISTIC.weighted(weights, cone, here.generators)
        slopes, q = LOGISTIC.weighted(slopes, bends.keys() - sides, here.generators), list(linear)
        need(all(sign(weight) >= 0 for weight in weights.values()), "a multiplier is negative")
        for row, (shape, right, left) in bends.items():
            slope = (right if sides[row] > 0 else left) if row in sides else slopes.get(row, Mixed())
            above = row in sides or (sign(slope - right) >= 0 and sign(left - slope) >= 0)
            need(above, "a slope that does not lie above its kink")
            q = [a + slope * b for a, b in zipped(q, shape)]
        for row, weight in weights.items():
            q = [a + weight * b for a, b in zipped(q, cone[row])]
        need(all(q[j].zero for j in here.free), "a slope in a bias without penalty")
        need(length(q, here.shrink * here.outward) <= 0, "a slope beyond the penalty")
        found.append(q)
        return []

    split(cover, {}, step_at)
    return found


def last_layer(p, here, point):
    """That no parameter of the last layer has a slope, each output by itself."""
    (weights, biases), [*_, trained] = point, p.trains
    columns = [n.out for n in here.neurons] if p.layers else list(zipped(*p.x))
    for r in range(p.sizes[-1]):
        side = 1 if r == p.sizes[-1] - 1 else -1
        for value, column in zipped(weights[-1][r], columns) if trained else ():
            slope = inner(column, here.r) * side + Mixed(here.shrink * value)
            need(slope.zero, "the penalised loss has a slope in a weight of the last layer")
        if biases[-1] and p.trains_bias[-1]:
            slope = inner([1] * len(p.x), here.r) * side + Mixed(here.shrink * biases[-1][r] * p.penalty[2])
            need(slope.zero, "the penalised loss has a slope in an output bias")


def ordered_penalised_minimum(p, claim):
    tree, loss, radius, proofs = fields(claim, "point loss radius neurons")
    point, one, here = stated(p, tree, loss)
    need(p.penalty[1] == 0, "the proof is for squares alone")
    last_layer(p, here, point)
    bounds, here.leaves, here.resisting = [], [], False
    for n, (parts, above, below) in zipped(here.neurons, many(proofs, len(here.neurons), fields, "parts above below")):
        linear, bends = slope_of(here, one, n, n.v)
        own = [0 if j in here.free else n.w[k] for j, k in enumerate(here.T)]
        linear = [a + Mixed(here.shrink * w) for a, w in zipped(linear, own)]
        LOGISTIC.nonnegative(linear, bends, parts, here.generators)
        both, leaves = here.moved and here.T, []
        if both and n.v:
            good = here.shrink * dot(own, own) <= here.outward * n.v * n.v
            need(good, "the input weights are longer than what balances the output weight")
        if both and not n.v and above == below == []:
            here.resisting = True
        elif both and not n.v:
            for factor, cover in ((1, above), (-1, below)):
                leaves += [(factor, q) for q in bounded(here, *slope_of(here, one, n, factor), cover)]
        else:
            need(above == below == [], "a covering of a neuron with nothing to cover")
        here.leaves.append(leaves)
        bounds += [abs(n.v) / p.sizes[-1]] if n.v and both else []
        bounds += [abs(z) / sum(map(abs, row)) for z, row in zipped(n.z, here.rows) if p.kinked and z and any(row)]
    if radius is None:
        need(not bounds, "the neighbourhood is too large")
    else:
        need(0 < rational(radius) <= min(bounds, default=rational(radius)), "the neighbourhood is too large or empty")
    if here.resisting:
        need(radius is not None, "the second order of the loss holds in a neighbourhood alone")
        second_order(p, here, rational(radius) * p.sizes[-1])
    where = "with the same frozen ones" if radius is None else f"within {radius} of the point in the max norm"
    p.minima.append((point, here))
    return f"No parameters {where} have a penalised loss below the point's, {shown(here.loss)}."


def second_order(p, here, rho):
    """As `second_order` of check_penalty.py, of moves of the score; curvatures and mixed entries are rounded."""
    need(not any(n.kinks for n in here.neurons), "a neuron on a kink has no second order")
    size = len(here.affine) + len(here.neurons) * (len(here.T) + here.moved)
    meter.spend(size**3 + len(p.x) * size**2)
    columns, square, heights = list(here.affine), [[0] * size for _ in range(size)], [{} for _ in p.x]
    for k in range(len(here.affine)):  # of a network with neurons: the output bias
        square[k][k] += here.shift
    for n in here.neurons:
        first, output = len(columns), len(columns) + len(here.T)
        for j in range(len(here.T)):
            slopes = [(s or 0) * row[j] for s, row in zipped(n.slope, here.rows)]
            columns.append([n.v * q for q in slopes])
            square[first + j][first + j] += here.shrink * (j not in here.free)
            if here.moved:
                slope = inner(slopes, here.r)
                near = floor(slope)
                square[first + j][output] += near
                square[output][first + j] += near
                for place in (first + j, output) if slope != Mixed(near) else ():
                    square[place][place] -= Fraction(1, UNIT)
                for t, q in enumerate(slopes):
                    heights[t][output] = heights[t].get(output, 0) + abs(q)
        if here.moved:
            columns.append(n.out)
            square[output][output] += here.outward
    for t, q in enumerate(here.predictions):
        first, total = [column[t] for column in columns], sum(heights[t].values())
        reached = sum(map(abs, first))
        weight = curvature(q, rho * reached + rho * rho * total, up=False)
        for a, one in enumerate(first):
            square[a] = [e + weight * one * other for e, other in zipped(square[a], first)]
            square[a][a] -= weight * rho * (abs(one) * total + heights[t].get(a, 0) * reached)
    need(PENALTY.semidefinite(square), "the second order of the loss is negative somewhere")


def ordered_penalised_strictness(p, claim):
    tree, loss, strictness, dimension = fields(claim, "point loss strictness flat_dimension")
    point, one, _ = stated(p, tree, loss)
    here = next((here for known, here in p.minima if known == point), None)
    need(here is not None, "no claim before has shown that the point is a local minimum")
    need(not here.resisting, "a minimum by its second order may be part of a set of equal loss")
    found = PENALTY.largest(moves(p, one, here))
    need(whole(dimension) == found, "the flat dimension is another one")
    need(strictness == ("flat" if found else "strict"), "the strictness is another one")
    return f"The set of equal loss around it is {'of dimension ' + str(found) if found else 'the point alone'}."


def moves(p, one, here):
    """As `moves` of check_penalty.py; every prediction has to stay. Two output biases without penalty move together."""
    free, at = here.free, SimpleNamespace(lines=[], groups=[], idle=0)
    if p.trains_bias[-1] and not p.penalty[2]:
        at.lines.append([1] * len(p.x))
        at.idle += p.sizes[-1] - 1
    for n, leaves in zipped(here.neurons, here.leaves) if here.T else ():
        if not n.v:
            at.idle += len(free)
            bound, rays = here.shrink * here.outward, {}
            for factor, q in leaves:
                if length(q, bound) == 0:  # so q is rational
                    need(not free, "a neuron at its bound has a bias without penalty")
                    u = tuple(a.constant for a in q)
                    z = [dot(u, row) for row in here.rows]
                    change = [a * s if s is not None else one.activate(a) for a, s in zipped(z, n.slope)]
                    if inner(change, here.r) == Mixed(factor * bound):
                        rays[factor, u] = [-factor * a for a in change]
            need(not rays or not any(n.out), "a neuron at its bound has an output")
            at.groups += [list(rays.values())] * bool(rays)
            continue
        own = [n.w[k] for j, k in enumerate(here.T) if j not in free]
        if here.moved and here.shrink * dot(own, own) == here.outward * n.v * n.v:
            need(not any(q for k, q in enumerate(n.w) if k not in here.T), "a balanced neuron has a frozen bias")
            at.lines.append([n.v * q for q in n.out])
        for j in free:
            columns = []
            for side in (1, -1):
                rows = zipped(here.rows, n.slope)
                change = [side * row[j] * s if s is not None else one.activate(side * row[j]) for row, s in rows]
                columns += [[n.v * q for q in change]] if inner(change, here.r).zero else []
            if None in n.slope:
                at.groups += [columns] * bool(columns)
            else:
                at.lines += columns[:1]
    return at


# -- not a local minimum --


def bend(q, reach):
    """The rule `tangent`: w with l(q + e) <= l(q) + r e + w e^2 for |e| <= reach.

    1/8; within 1 that of check_logistic.py far from 0, or (1/2 + reach) l''(q) rounded up, as e^x <= 1 + 2 x there.
    """
    found = Mixed(Fraction(1, 8))
    if reach > 1:
        return found
    near = (Fraction(1, 2) + reach) * curvature(q, 0, up=True)
    found = Mixed(min(found.constant, near))
    far = LOGISTIC.bend(q)
    return far if abs(q) > 3 and sign(far - found) < 0 else found


def ordered_penalised_descent(p, claim):
    tree, loss, way, step = fields(claim, "point loss direction step")
    point, _, here = stated(p, tree, loss)
    way, step = p.point(way), rational(step)
    need(not any(p.frozen(way)), "the direction moves a frozen parameter")
    need(step > 0, "the step is not positive")
    first, second = course(p, here, LOGISTIC.score(p, way)[1], step)
    reach = [step * abs(a) + step * step * abs(b) for a, b in zipped(first, second)]
    bends = [bend(q, e) for q, e in zipped(here.predictions, reach)]
    once, twice, l1 = 0, 0, p.penalty[1] / p.weight
    for value, move in zipped(PENALTY.penalised(p, point), PENALTY.penalised(p, way)):
        need(not l1 or value * (value + step * move) >= 0, "a penalised parameter changes sign on the way")
        side = value or move
        once += here.shrink * value * move + l1 * move * ((side > 0) - (side < 0))
        twice += here.shrink / 2 * move * move
    terms = [
        inner(first, here.r) + Mixed(once),
        inner(second, here.r) + inner([a * a for a in first], bends) + Mixed(twice),
        inner([2 * a * b for a, b in zipped(first, second)], bends),
        inner([b * b for b in second], bends),
    ]
    low = next((k for k, q in enumerate(terms) if not q.zero), 0)
    bound = terms[low]
    for k, q in enumerate(terms[low + 1 :], start=1):
        bound = bound + q * (step**k if sign(q) > 0 else 0)
    need(sign(bound) < 0, "the penalised loss does not fall")
    return (
        f"The point, of penalised loss {shown(here.loss)}, is no local minimum: "
        f"the penalised loss is lower at point + s * direction, 0 < s <= {step}."
    )
