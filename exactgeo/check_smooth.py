"""Companion of check.py: claims about networks with sigmoid or tanh, of any depth (docs/certificate-v2.md).

Numbers are intervals in fixed point, each a middle and a radius as integers over 2^BITS, every rounding counted in the
radius. Sigmoid and tanh come from bounds of exp(-x) by Taylor's series. The trained parameters are one vector: all
weights, layer by layer and row by row, then all biases.
"""

from fractions import Fraction
from functools import cache
from itertools import pairwise
from operator import mul

from exactgeo.check import (
    companion,
    fields,
    form,
    many,
    meter,
    need,
    rational,
    vector,
    whole,
    zipped,
)

BITS = 256
UNIT = 1 << BITS


class Row:
    """Intervals, entry by entry within rad / 2^BITS of mid / 2^BITS."""

    def __init__(self, mid, rad):
        self.mid, self.rad = mid, rad

    def __len__(self):
        return len(self.mid)

    def __getitem__(self, k):
        return Row([self.mid[k]], [self.rad[k]])

    def __add__(self, other):
        return Row(list(map(int.__add__, self.mid, other.mid)), list(map(int.__add__, self.rad, other.rad)))

    def __mul__(self, other):
        """Entry by entry; a row of one entry goes with every one."""
        one, two = (a.repeated(max(len(self), len(other))) for a in (self, other))
        meter.spend(16 * len(one))
        entries = zipped(one.mid, one.rad, two.mid, two.rad)
        rad = [((abs(a) * s + r * (abs(b) + s)) >> BITS) + 2 for a, r, b, s in entries]
        return Row([a * b >> BITS for a, b in zipped(one.mid, two.mid)], rad)

    def repeated(self, length):
        return self if len(self) == length else Row(self.mid * length, self.rad * length)

    def total(self):
        return Row([sum(self.mid)], [sum(self.rad)])

    def bounds(self):
        """Rational bounds of the one entry."""
        return Fraction(self.mid[0] - self.rad[0], UNIT), Fraction(self.mid[0] + self.rad[0], UNIT)


def inner(one, two):
    """The sum of the products of two rows."""
    meter.spend(6 + 2 * len(one))
    size, reach = list(map(abs, one.mid)), list(map(int.__add__, map(abs, two.mid), two.rad))
    rad = sum(map(mul, size, two.rad)) + sum(map(mul, one.rad, reach))
    return Row([sum(map(mul, one.mid, two.mid)) >> BITS], [(rad >> BITS) + 2])


def enclosed(values, radius=0):
    """Rationals, each with this radius."""
    wide = -(-Fraction(radius) * UNIT // 1) + 1
    return Row([q.numerator * UNIT // q.denominator for q in values], [wide] * len(values))


def joined(rows):
    return Row([q for row in rows for q in row.mid], [q for row in rows for q in row.rad])


# -- functions of one number: value, first and second derivative --


@cache
def logistic(z):
    """Bounds of 1 / (1 + exp(-z)), z and they as integers over 2^BITS."""
    low, high = companion("check_logistic.py").fall(Fraction(abs(z), UNIT), BITS)
    if z >= 0:
        return UNIT * UNIT // (UNIT + high), -(-UNIT * UNIT // (UNIT + low))
    return low * UNIT // (UNIT + low), -(-high * UNIT // (UNIT + high))


def sigmoid(z):
    """Of each entry: a wide one from its ends, a narrow one from its middle, the derivative being at most 1/4."""
    ends = []
    for q, r in zipped(z.mid, z.rad):
        wide = r >> BITS // 2
        ends.append((logistic(q - r)[0], logistic(q + r)[1]) if wide else logistic(q))
    return between(ends, [0 if r >> BITS // 2 else (r >> 2) + 1 for r in z.rad])


def between(ends, rad):
    """From bounds, as integers, and what else there is of a radius."""
    return Row([a + b >> 1 for a, b in ends], [(b - a >> 1) + 1 + r for (a, b), r in zipped(ends, rad)])


def constant(q, length):
    return enclosed([Fraction(q)]).repeated(length)


def minus(row):
    return Row([-q for q in row.mid], row.rad)


def jet(name, z):
    """a, a' and a'' of the activation of this name."""
    one = constant(1, len(z))
    if name is None:
        return z, one, constant(0, len(z))
    if name == "sigmoid":
        value = sigmoid(z)
        slope = value * (one + minus(value))
        return value, slope, slope * (one + minus(value + value))
    half = sigmoid(z + z)  # tanh(z) = 2 sigmoid(2 z) - 1
    value = half + half + minus(one)
    slope = one + minus(value * value)
    return value, slope, minus(value + value) * slope


def loss_jet(p, k, scores):
    """l, l' and l'' of the k-th outputs at their targets."""
    targets = [row[k] for row in p.y]
    if p.kind == "logistic":
        signs = enclosed(targets)
        z = minus(signs * scores)
        s = sigmoid(z)
        return softplus(z), minus(signs * s), s * (constant(1, len(s)) + minus(s))
    form(p.kind in ("squared", "half_squared"), "a loss without a second derivative")
    gap, twice = scores + minus(enclosed(targets)), p.kind == "squared"
    square = gap * gap * constant(1 if twice else Fraction(1, 2), 1)
    return square, gap + gap if twice else gap, constant(2 if twice else 1, len(gap))


def softplus(z):
    """log(1 + exp(z)) of each entry, from its middle: the derivative is at most 1."""
    of, ends = companion("check_logistic.py"), []
    for q in z.mid:
        x, positive = Fraction(abs(q), UNIT), max(q, 0)
        products = [a * b for a in of.fall(x, BITS) for b in of.log_factor(x, BITS)]
        ends.append((positive + (min(products) >> BITS), positive - (-max(products) >> BITS)))
    return between(ends, z.rad)


# -- the loss on a box of parameters --


def box(p, point, radius):
    """Rows of weights and biases, each trained parameter within the radius of the point's."""
    weights = [[enclosed(row, radius * free) for row in matrix] for matrix, free in zipped(point[0], p.trains)]
    return weights, [enclosed(bias, radius * free) for bias, free in zipped(point[1], p.trains_bias)]


def forward(p, parameters):
    """Of each layer the values below it, one row a unit, and the jets of its units; then those of the loss."""
    values, layers = [enclosed(column) for column in zipped(*p.x)], []
    for k, (matrix, bias) in enumerate(zipped(*parameters)):
        units = []
        for i, row in enumerate(matrix):
            z = constant(0, len(p.x)) if not p.bias[k] else bias[i].repeated(len(p.x))
            for j, column in enumerate(values):
                z = z + row[j] * column
            units.append(jet(p.smooth if k < p.layers else None, z))
        layers.append((values, units))
        values = [value for value, _, _ in units]
    return layers, [loss_jet(p, k, scores) for k, scores in enumerate(values)]


def decayed(p, point):
    """The trained parameters in order, each with the factor of its penalty."""
    l2, l1, biases = p.penalty or (0, 0, False)
    form(not l1, "a penalty without a derivative")
    found = [(q, l2) for matrix, free in zipped(point[0], p.trains) if free for row in matrix for q in row]
    return found + [(q, l2 * biases) for bias, free in zipped(point[1], p.trains_bias) if free for q in bias]


def value(p, point, radius):
    _, losses = forward(p, box(p, point, radius))
    total = sum_of([loss.total() for loss, _, _ in losses]) * enclosed([p.weight])
    for q, l2 in decayed(p, point):
        total = total + enclosed([q], radius) * enclosed([q], radius) * enclosed([Fraction(l2) / 2])
    return total


def sum_of(rows):
    found = rows[0]
    for row in rows[1:]:
        found = found + row
    return found


def derivatives(p, point, radius, second):
    """The gradient by the trained parameters on the box, one row; and the Hessian, rows, where it is asked for."""
    weights, biases = box(p, point, radius)
    layers, losses = forward(p, (weights, biases))
    scale, passes = enclosed([p.weight]), []
    up = [slope * scale for _, slope, _ in losses]
    bends = [curvature * scale for _, _, curvature in losses]
    for k in reversed(range(len(layers))):
        values, units = layers[k]
        errors = [a * slope for a, (_, slope, _) in zipped(up, units)]
        if k < p.layers:
            bends = [a * bend for a, (_, _, bend) in zipped(up, units)]
        passes.append((errors, bends, values, [slope for _, slope, _ in units]))
        up = [sum_of([row[j] * error for row, error in zipped(weights[k], errors)]) for j in range(len(values))]
    passes.reverse()
    gradient = gradient_of(p, passes)
    for k, (q, l2) in enumerate(decayed(p, point)):
        gradient[k] = gradient[k] + enclosed([q], radius) * enclosed([Fraction(l2)])
    if not second:
        return joined(gradient), None
    table = hessian(p, passes, weights, len(gradient))
    for k, (_, l2) in enumerate(decayed(p, point)):
        table[k][k] = table[k][k] + enclosed([Fraction(l2)])
    return joined(gradient), [
        joined([table[min(a, b)][max(a, b)] for b in range(len(table))]) for a in range(len(table))
    ]


def gradient_of(p, passes):
    found = []
    for k, (errors, _, values, _) in enumerate(passes):
        found += [inner(error, column) for error in errors for column in values] * p.trains[k]
    for k, (errors, _, _, _) in enumerate(passes):
        found += [error.total() for error in errors] * p.trains_bias[k]
    return found


def hessian(p, passes, weights, size):
    """Entries (a, b), a <= b: of every unit its curvature times the square of its gradient, and the cross terms."""
    meter.spend(size * size)
    table = [[Row([0], [0])] * size for _ in range(size)]
    sizes = [units * below for below, units in pairwise(p.sizes)]
    weight, bias = 0, sum(n for n, free in zipped(sizes, p.trains) if free)
    below = [{} for _ in p.x[0]]

    def add(a, b, row):
        table[min(a, b)][max(a, b)] = table[min(a, b)][max(a, b)] + row

    for k, (errors, bends, values, slopes) in enumerate(passes):
        units = []
        for i, (error, bend, slope) in enumerate(zipped(errors, bends, slopes)):
            columns = {}
            for j, through in enumerate(below):
                for a, column in through.items():
                    moved = weights[k][i][j] * column
                    columns[a] = columns[a] + moved if a in columns else moved
            for j, column in enumerate(values) if p.trains[k] else ():
                for a, through in below[j].items():
                    add(a, weight, inner(error, through))
                columns[weight], weight = column, weight + 1
            if p.trains_bias[k]:
                columns[bias], bias = constant(1, len(error)), bias + 1
            for a, column in columns.items():
                curved = bend * column
                for b in columns:
                    if a <= b:
                        add(a, b, inner(curved, columns[b]))
            units.append({a: column * slope for a, column in columns.items()})
        below = units
    return table


# -- the rule `krawczyk` --


def krawczyk(value, derivative, radius, factor, signs):
    """How near to the centre the only zero of a gradient in the box lies; its Hessians there have the signs' inertia.

    ``value``: the gradient at the centre, a row; ``derivative``: the Hessian on the box, rows. With A = R D R^T,
    ``|A f(c)| + |I - A H| r < r`` in the max norm: x - A f(x) maps the box into itself and contracts.
    """
    size = len(value)
    meter.spend(16 * size * size)
    factor = many(factor, size, vector, size)
    need(all(UNIT % q.denominator == 0 for row in factor for q in row), "a factor is not dyadic, or too fine")
    exact = [Row([q.numerator * (UNIT // q.denominator) for q in row], [0] * size) for row in factor]
    turned = [Row(list(column), [0] * size) for column in zipped(*[row.mid for row in exact])]
    signed = [Row([s * q for s, q in zipped(signs, row.mid)], row.rad) for row in exact]
    step = joined([inner(column, value) for column in turned])
    step = max(top(inner(row, step)) for row in signed)
    middle = [joined([inner(column, row) for row in derivative]) for column in turned]
    columns = [joined([row[j] for row in middle]) for j in range(size)]
    shrink = 0
    for i, row in enumerate(signed):
        unit = [constant(int(i == j), 1) + minus(inner(row, column)) for j, column in enumerate(columns)]
        shrink = max(shrink, sum(map(top, unit)))
    need(shrink < 1 and step + shrink * radius < radius, "the box is not proved to hold exactly one critical point")
    return step / (1 - shrink)


def top(row):
    return Fraction(abs(row.mid[0]) + row.rad[0], UNIT)


# -- the claims --


def critical(p, tree, radius, factor, signs):
    """The rule `krawczyk` for the loss around a point; the point, the radius and how near the critical point lies."""
    point, radius = p.point(tree), rational(radius)
    need(radius > 0, "a radius is not positive")
    at, _ = derivatives(p, point, 0, False)
    need(len(at), "nothing is trained")
    signs = many(signs, len(at), whole, (1, -1))
    _, around = derivatives(p, point, radius, True)
    return point, radius, krawczyk(at, around, radius, factor, signs), signs


def smooth_minimum(p, claim):
    tree, radius, factor, low, high = fields(claim, "point radius factor low high")
    size = len(decayed(p, p.point(tree)))
    point, radius, within, _ = critical(p, tree, radius, factor, [1] * size)
    found, (low, high) = value(p, point, within).bounds(), (rational(low), rational(high))
    need(low <= found[0] and found[1] <= high, "the loss at the critical point may lie outside its bounds")
    where = f"within {radius} of the point in the max norm, in the trained parameters"
    near = f"it lies within {power(within)} and is a strict local minimum, of loss in {bracket(low, high)}."
    return f"Exactly one critical point lies {where}; {near}"


def smooth_saddle(p, claim):
    tree, radius, factor, signs = fields(claim, "point radius factor signs")
    _, radius, within, signs = critical(p, tree, radius, factor, signs)
    need(-1 in signs, "no curvature is negative")
    return (
        f"No point within {radius} of the point in the max norm is a local minimum: exactly one is critical, within "
        f"{power(within)} of it, and the loss has {signs.count(-1)} negative of {len(signs)} curvatures there."
    )


def smooth_descent(p, claim):
    tree, direction, step = fields(claim, "point direction step")
    point, way, step = p.point(tree), p.point(direction), rational(step)
    need(step > 0, "a step is not positive")
    need(not any(p.frozen(way)), "a frozen parameter moves")
    span = enclosed([step / 2], step / 2)
    lines = [[line(span, *rows) for rows in zipped(*two)] for two in zipped(point[0], way[0])]
    layers, losses = forward(p, (lines, [line(span, *two) for two in zipped(point[1], way[1])]))
    moved = [constant(0, len(p.x)) for _ in p.x[0]]
    for k, (values, units) in enumerate(layers):
        changed = []
        for i, (_, slope, _) in enumerate(units):
            z = constant(way[1][k][i] if p.bias[k] else 0, len(p.x))
            turn = enclosed(way[0][k][i])
            for j, column in enumerate(values):
                z = z + turn[j] * column + lines[k][i][j] * moved[j]
            changed.append(z * slope)
        moved = changed
    total = sum_of([inner(change, slope) for change, (_, slope, _) in zipped(moved, losses)]) * enclosed([p.weight])
    for (q, l2), (u, _) in zipped(decayed(p, point), decayed(p, way)):
        total = total + enclosed([l2 * u]) * (enclosed([q]) + span * enclosed([u]))
    need(total.bounds()[1] < 0, "the loss is not proved to fall all along the step")
    return f"No local minimum: the loss falls from the point along the direction, at every step up to {step}."


def line(span, row, way):
    """The points ``row + s way``, s in the span."""
    return enclosed(row) + span.repeated(len(row)) * enclosed(way)


def power(q):
    """The least power of 2 that is at least q, as a word."""
    if not q:
        return "0"
    k = q.numerator.bit_length() - q.denominator.bit_length() + 1
    return f"2^{k}"


def bracket(low, high):
    decimal = companion("check_critical.py").decimal
    return f"[{decimal(low, 0)}, {decimal(high, 1)}]"
