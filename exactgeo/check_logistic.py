"""Companion of check.py: points of the logistic loss, and of cross-entropy with two outputs (docs/certificate-v2.md).

The slope of log(1 + exp(-y q)) at a rational q is (tanh(q / 2) - y) / 2, its value a rational plus log(1 + exp(|q|)).
The numbers tanh(q / 2), q > 0, and 1 are linearly independent over Q, and so are log(1 + exp(q)), q >= 0, and 1: a
combination is 0 iff its coefficients are (rule `coefficients`), and else its sign shows in narrow enough bounds
(rule `sign`). Bounds of exp(-x) are sums of Taylor's series in integers, rounded outward.
"""

from copy import copy
from fractions import Fraction
from functools import cache

from exactgeo.check import (
    Rejected,
    companion,
    cone_of,
    course,
    cut,
    fields,
    form,
    look,
    many,
    meter,
    need,
    rational,
    split,
    typed,
    whole,
    zipped,
)

MAX_BITS = 2**15  # of one enclosure


# -- bounds of exp(-x) and of what the two kinds of generators are made of, as integers over 2^bits --


@cache
def fall(x, bits):
    """Bounds of exp(-x), x >= 0."""
    if x > bits:
        return 0, 1  # 2^-x is larger
    meter.spend(160 + (bits // 16) ** 2)
    halved = 0
    while x > Fraction(2**halved, 2):
        halved += 1
    scale = bits + halved + 16
    unit, top, bottom = 1 << scale, x.numerator << scale, x.denominator << halved
    small, large = top // bottom, -(-top // bottom)
    low = high = term = ceiling = unit
    n = 0
    while ceiling > 1:
        n += 1
        term, ceiling = term * small // (n << scale), -(-ceiling * large // (n << scale))
        low, high = low + term, high + ceiling
    high += ceiling  # the rest of the series: each term is less than half of the one before
    low, high = unit * unit // high, -(-unit * unit // low)
    for _ in range(halved):
        low, high = low * low >> scale, -(-high * high >> scale)
    return low >> scale - bits, -(-high >> scale - bits)


def tanh_factor(q, bits):
    """Of (tanh(q / 2) - 1) exp(q) = -2 / (1 + exp(-q))."""
    low, high = fall(q, bits)
    unit = 1 << bits
    return -2 * unit * unit // (unit + low), -(2 * unit * unit // (unit + high))


def log_factor(q, bits):
    """Of log(1 + x) / x at x = exp(-q): 2 / (2 + x) times 1 + z^2 / 3 + z^4 / 5 + ..., z = x / (2 + x) <= 1 / 3."""
    unit = 1 << bits
    sums = []
    for x, up in zipped(fall(q, bits), (0, 1)):
        # Both factors are monotone in x, one falls and one grows: each is bounded by itself.
        square = (x * unit // (2 * unit + x) + up) ** 2 // unit + up
        total, power, n = unit, unit, 1
        while power > 1:
            power, n = power * square // unit + up, n + 2
            total += power // n + up
        sums.append(total + 2 * up)
    low, high = fall(q, bits)
    return 2 * unit * sums[0] // (2 * unit + high) - 1, 2 * unit * sums[1] // (2 * unit + low) + 1


TANH = (lambda q: 1, tanh_factor)
LOG = (lambda q: q, log_factor)


class Mixed:
    """``constant + sum terms[q] * generator(q)``; a generator is limit(q) + exp(-q) factor(q)."""

    def __init__(self, constant=0, terms=None):
        self.constant, self.terms = constant, {q: c for q, c in (terms or {}).items() if c}

    def __add__(self, other):
        terms = dict(self.terms)
        for q, c in other.terms.items():
            terms[q] = terms.get(q, 0) + c
        return Mixed(self.constant + other.constant, terms)

    def __mul__(self, factor):
        return Mixed(self.constant * factor, {q: c * factor for q, c in self.terms.items()})

    def __sub__(self, other):
        return self + other * -1

    def __eq__(self, other):
        """The rule `coefficients`."""
        return (self.constant, self.terms) == (other.constant, other.terms)

    __hash__ = None

    @property
    def zero(self):
        return not (self.constant or self.terms)


def inner(weights, numbers):
    """``sum weights[k] * numbers[k]``."""
    meter.spend(8 * len(weights))
    constant, terms = 0, {}
    for w, number in zipped(weights, numbers):
        if w:
            constant += w * number.constant
            for q, c in number.terms.items():
                terms[q] = terms.get(q, 0) + w * c
    return Mixed(constant, terms)


def bounds(number, kind, shift, bits):
    """Of the number times exp(shift) 2^bits; with a shift, the limits must add up to 0."""
    meter.spend(64 * (1 + len(number.terms)) * (1 + bits // 1024) ** 2)
    limit, factor = kind
    far = number.constant + sum(c * limit(q) for q, c in number.terms.items())
    low = high = far * 2**bits
    for q, c in number.terms.items():
        ends = [a * b for a in fall(q - shift, bits) for b in factor(q, bits)]
        ends = [c * min(ends), c * max(ends)]
        low, high = low + min(ends) / 2**bits, high + max(ends) / 2**bits
    return low, high


def sign(number, kind=TANH):
    """The rule `sign`: 1, 0 or -1."""
    if not number.terms:
        return (number.constant > 0) - (number.constant < 0)
    limit, _ = kind
    far = number.constant + sum(c * limit(q) for q, c in number.terms.items())
    shift, bits = 0 if far else min(number.terms), 64
    while bits <= MAX_BITS:
        low, high = bounds(number, kind, shift, bits)
        if low > 0 or high < 0:
            return 1 if low > 0 else -1
        bits *= 2
    raise Rejected(f"a number has no sign at {MAX_BITS} bits")


def mixed(tree, allowed):
    """A combination in its one form; its generators are those of some prediction."""
    constant, terms = fields(tree, "constant terms")
    constant, terms = rational(constant), {rational(q): rational(c) for q, c in typed(terms, dict).items()}
    form(all(terms.values()), "a generator with the coefficient 0")
    need(all(q in allowed for q in terms), "a generator that no prediction gives")
    meter.long([constant, *terms.values()])
    meter.spend(16 * (3 + len(terms)))
    return Mixed(constant, terms)


def shown(number):
    """A loss in closed form."""
    parts = [str(number.constant)] * bool(number.constant or not number.terms)
    parts += [f"{c} * log(1 + exp({q}))" if q else f"{c} * log(2)" for q, c in sorted(number.terms.items())]
    return " + ".join(parts)


# -- the score of a problem, and a point of it from near by --


def score(p, point):
    """The problem and the point of one score, labels 1 and -1: with two outputs, their difference."""
    need(p.kind in ("logistic", "cross_entropy"), "the rule needs the logistic loss")
    if p.kind == "logistic":
        need(p.sizes[-1] == 1, "the rule needs one output")
        return p, point
    need(p.sizes[-1] == 2, "the rule needs two classes")
    one, (weights, biases) = copy(p), point
    one.sizes, one.y = [*p.sizes[:-1], 1], [[2 * y - 1] for (y,) in p.y]
    last = [[b - a for a, b in zipped(*weights[-1])]]
    shift = [biases[-1][1] - biases[-1][0]] if biases[-1] else []
    return one, ([*weights[:-1], last], [*biases[:-1], shift])


def near(p, point):
    """The score's problem, what `look` sees of it, its predictions and the slopes of the loss at them."""
    one, there = score(p, point)
    here = look(one, there)
    here.predictions = [q + y for q, (y,) in zipped(here.residuals, one.y)]
    pairs = list(zipped(here.predictions, one.y))
    here.r = [Mixed(-y / 2, {abs(q): Fraction(1 if q > 0 else -1, 2)} if q else {}) for q, (y,) in pairs]
    values = [Mixed(min(-y * q, 0), {abs(q): 1}) for q, (y,) in pairs]
    here.loss = inner([p.weight] * len(values), values)
    here.generators = {abs(q) for q in here.predictions if q}
    return one, here


def stated(p, tree, loss):
    """The point of a statement, which must have the loss that the statement says; and the point from near by."""
    point = p.point(tree)
    one, here = near(p, point)
    said = mixed(loss, {abs(q) for q in here.predictions})
    need(said == here.loss, "the loss at a point is another one")
    return point, one, here


# -- local minimum --


def nonnegative(linear, bends, parts, allowed):
    """As `nonnegative` of check.py, with combinations: rules `split`, `farkas`, `coefficients`, `sign`."""
    total, seen, size = [Mixed()] * len(linear), [], len(linear)
    for rows, base, cover in many(parts, None, fields, "rows linear cover"):
        mine, base = {row: bends[row] for row in many(rows, None, whole, bends)}, many(base, size, mixed, allowed)
        seen += rows
        total = [a + b for a, b in zipped(total, base)]

        def step_at(sides, step, mine=mine, base=base):
            meter.spend((1 + size) * (1 + len(sides) + 32 * len(mine) * (step.get("rule") == "farkas")))
            if step.get("rule") != "farkas":
                return cut(sides, step, mine)
            _, weights, slopes = fields(step, "rule multipliers slopes")
            cone = cone_of(sides, mine)
            weights, slopes = weighted(weights, cone, allowed), weighted(slopes, mine.keys() - sides, allowed)
            need(all(sign(q) >= 0 for q in weights.values()), "a multiplier is negative")
            left_over = list(base)
            for row, (shape, right, left) in mine.items():
                slope = (right if sides[row] > 0 else left) if row in sides else slopes.get(row, Mixed())
                inside = row in sides or (sign(slope - left) >= 0 and sign(right - slope) >= 0)
                need(inside, "a slope outside those of its kink")
                left_over = [a + slope * b for a, b in zipped(left_over, shape)]
            for row, q in weights.items():
                left_over = [a - q * b for a, b in zipped(left_over, cone[row])]
            need(all(q.zero for q in left_over), "the multipliers do not give the function")
            return []

        split(cover, {}, step_at)
    need(sorted(seen) == sorted(bends), "the parts do not add up to the function")
    need(all(a == b for a, b in zipped(total, linear)), "the parts do not add up to the function")


def weighted(value, names, allowed):
    """Combinations by index, as {"3": {...}}."""
    names = {str(index): index for index in names}
    form(names.keys() >= typed(value, dict).keys(), "a weight on something that is not there")
    return {names[key]: mixed(tree, allowed) for key, tree in value.items()}


def ordered_minimum(p, claim):
    tree, loss, radius, proofs = fields(claim, "point loss radius neurons")
    point, one, here = stated(p, tree, loss)
    r, limits = here.r, []
    need(all(inner(column, r).zero for column in here.affine), "the loss has a slope in an affine parameter")
    for n, [parts] in zipped(here.neurons, many(proofs, len(here.neurons), fields, "parts")):
        need(n.v or parts == [], "parts of a neuron with nothing to share out")
        if here.moved or n.v:
            need(not here.moved or inner(n.out, r).zero, "the loss has a slope in an output weight")
            side, bends = n.sign or 1, {}
            sides = [side * (s or 0) for s in n.slope]
            linear = [inner([s * row[k] for s, row in zipped(sides, here.rows)], r) for k in range(len(here.T))]
            for row, (shape, members) in n.kinks.items():
                slopes = [r[t] for t in members]
                right = inner([side * one.activate(factor) for factor in members.values()], slopes)
                left = inner([-side * one.activate(-factor) for factor in members.values()], slopes)
                if right == left:
                    linear = [a + right * b for a, b in zipped(linear, shape)]
                else:
                    bends[row] = shape, right, left
            nonnegative(linear, bends, parts, here.generators)
        limits += [abs(n.v) / p.sizes[-1]] if n.v and here.moved and here.T else []
        limits += [abs(z) / sum(map(abs, row)) for z, row in zipped(n.z, here.rows) if p.kinked and z and any(row)]
    if radius is None:
        need(not limits, "the neighbourhood is too large")
    else:
        need(0 < rational(radius) <= min(limits, default=rational(radius)), "the neighbourhood is too large or empty")
    where = "with the same frozen ones" if radius is None else f"within {radius} of the point in the max norm"
    p.minima.append((point, None))
    return f"No parameters {where} have a loss below the point's, {shown(here.loss)}."


def ordered_strictness(p, claim):
    tree, loss, kind, dimension, flatness = fields(claim, "point loss strictness flat_dimension flatness")
    point, one, here = stated(p, tree, loss)
    need(any(minimum == point for minimum, _ in p.minima), "no claim before says that the point is a local minimum")
    # The loss is strictly convex: equal loss nearby is equal scores, as for the squared loss with them as targets.
    same, flat = copy(one), companion("check_flat.py")
    same.kind, same.y = "squared", [[q] for q in here.predictions]
    common = 0 if p.kind == "logistic" else p.sizes[-2] * p.trains[-1] + p.trains_bias[-1]
    size = whole(dimension) - common
    rule, slants, steps, largest = fields(flatness, "rule slants tree largest")
    form(rule == "tree", "an unknown proof of a flat dimension")
    seen = look(same, score(p, point)[1])
    at = flat.every_move(same, seen, slants)
    flat.bounded_by(at, flat.faces_of(at, seen, [{"parts": []}] * len(seen.neurons)), size, steps)
    flat.reached(at, size, largest)
    inside = [n for n in here.neurons if not any(q for k, q in enumerate(n.w) if k not in here.T)]
    orbit = sum(1 for n in inside if (here.moved if n.v else any(n.w)))
    held = p.kind == "cross_entropy" and p.layers and any(a == b and a for a, b in zipped(*point[0][-1]))
    found = "strict" if dimension == 0 else "strict_modulo_symmetry" if size == orbit else "flat"
    found = "flat" if common or (held and found == "strict_modulo_symmetry") else found
    need(typed(kind, str) == found, "the strictness is another one")
    meaning = flat.MEANING[kind]
    return f"The local minimum, of loss {shown(here.loss)}, is {meaning} ({kind}, flat dimension {dimension})."


# -- not a local minimum; a lower point --


def bend(q):
    """The rule `tangent`: w with l(q + e) <= l(q) + r e + w e^2; for |q| > 3 if |e| <= 1.

    The second derivative of the loss is at most 1/4; it is s (1 - s) <= (1 - tanh(|q| / 2)) / 2, and as the slope of
    its logarithm is below 1 it grows by a factor of at most e within 1; and e / 4 < 7/10.
    """
    far = Mixed(Fraction(7, 10), {abs(q): Fraction(-7, 10)})
    return far if abs(q) > 3 else Mixed(Fraction(1, 8))


def ordered_descent(p, claim):
    tree, loss, way, step = fields(claim, "point loss direction step")
    _, _, here = stated(p, tree, loss)
    way, step = p.point(way), rational(step)
    need(not any(p.frozen(way)), "the direction moves a frozen parameter")
    need(step > 0, "the step is not positive")
    first, second = course(p, here, score(p, way)[1], step)
    bends = [bend(q) for q in here.predictions]
    for q, a, b in zipped(here.predictions, first, second):
        need(abs(q) <= 3 or step * abs(a) + step**2 * abs(b) <= 1, "a score moves too far for its bound")
    terms = [
        inner(first, here.r),
        inner(second, here.r) + inner([a * a for a in first], bends),
        inner([2 * a * b for a, b in zipped(first, second)], bends),
        inner([b * b for b in second], bends),
    ]
    low = next((k for k, q in enumerate(terms) if not q.zero), 0)
    bound = terms[low]
    for k, q in enumerate(terms[low + 1 :], start=1):
        bound = bound + q * (step**k if sign(q) > 0 else 0)
    need(sign(bound) < 0, "the loss does not fall")
    said = shown(here.loss)
    return (
        f"The point, of loss {said}, is no local minimum: the loss is lower at point + s * direction, 0 < s <= {step}."
    )


def ordered_lower_point(p, claim):
    tree, loss, better, better_loss = fields(claim, "point loss better better_loss")
    (point, _, here), (other, _, there) = stated(p, tree, loss), stated(p, better, better_loss)
    need(p.frozen(point) == p.frozen(other), "the better point has other frozen parameters")
    need(sign(there.loss - here.loss, LOG) < 0, "the better point is not better")
    return f"The point, of loss {shown(here.loss)}, is no global minimum: another one has loss {shown(there.loss)}."
