"""Companion of check.py: minima of the population loss of student and teacher ReLU networks with Gaussian inputs.

With f(w, v) = |w| |v| (sin t + (pi - t) cos t) / (2 pi), t the angle, the loss is the sum over pairs of students / 2 -
that over a student and a teacher + that over pairs of teachers / 2. Intervals are those of check_smooth.py.
"""

from fractions import Fraction
from functools import cache
from math import isqrt

from exactgeo.check import companion, digest, fields, form, many, meter, need, rational, typed, vector, zipped

of = companion("check_smooth.py")
BITS, UNIT, Row, inner, minus, joined = of.BITS, of.UNIT, of.Row, of.inner, of.minus, of.joined


def number(q):
    return of.enclosed([Fraction(q)])


def population(subject):
    """The teachers, and what there is to say of them."""
    [teachers] = fields(subject, "teachers")
    form(many(teachers, None, typed, list) and teachers[0], "there is no teacher")
    rows = many(teachers, None, vector, len(teachers[0]))
    lines = ["loss: E (sum of relu(<w_i, x>) over the students - sum of relu(<v_j, x>) over the teachers)^2 / 2"]
    lines += [f"x standard Gaussian in dimension {len(rows[0])}, {len(rows)} teachers"]
    return rows, [*lines, f"data (teachers as canonical JSON): sha256 {digest(subject)}"]


# -- functions of one interval --


def ends(row):
    return row.mid[0] - row.rad[0], row.mid[0] + row.rad[0]


def positive(row):
    low, high = ends(row)
    need(low > 0, "a length or an angle is not proved to be positive")
    return low, high


def root(row):
    low, high = positive(row)
    return of.between([(isqrt(low << BITS), isqrt(high << BITS) + 1)], [0])


def inverse(row):
    low, high = positive(row)
    return of.between([(UNIT * UNIT // high, -(-UNIT * UNIT // low))], [0])


def arc(t):
    """The arc tangent of an interval in [0, 2]: four times halved, then Taylor's series."""
    for _ in range(4):
        t = t * inverse(number(1) + root(number(1) + t * t))
    square, power, total, n = minus(t * t), t, t, 1
    while abs(power.mid[0]) + power.rad[0] > 64 and n < 2 * BITS:
        power, n = power * square, n + 2
        total = total + power * number(Fraction(1, n))
    # t <= 1/4: the terms behind are less than the last one together.
    total = total + Row([0], [abs(power.mid[0]) + power.rad[0]])
    return total * number(16)


@cache
def pi():
    return arc(number(1)) * number(4)


def rest(cosine):
    """pi - t for an angle t of this cosine: 2 arctan(sqrt((1 + cos t) / (1 - cos t))), or pi minus its like."""
    if cosine.mid[0] > 0:
        return pi() + minus(rest(minus(cosine)))
    return arc(root((number(1) + cosine) * inverse(number(1) + minus(cosine)))) * number(2)


class Pair:
    """Two vectors, what derivatives of f are made of, without the factor 1 / (2 pi)."""

    def __init__(self, w, v):
        self.v = v
        self.one, self.other = root(inner(w, w)), root(inner(v, v))
        self.a, self.b = w * inverse(self.one), v * inverse(self.other)
        self.cosine = inner(self.a, self.b)
        square = number(1) + minus(self.cosine * self.cosine)
        self.sine = root(square)
        self.rest = rest(self.cosine)

    def value(self):
        return self.one * self.other * (self.sine + self.rest * self.cosine)

    def slope(self):
        return self.a * (self.other * self.sine) + self.v * self.rest

    def across(self):
        """The unit vectors of v across w, and of w across v."""
        over = inverse(self.sine)
        return (self.b + minus(self.a * self.cosine)) * over, (self.a + minus(self.b * self.cosine)) * over

    def curvature(self):
        n, _ = self.across()
        factor = self.other * self.sine * inverse(self.one)
        return [(unit(i, len(n)) + minus(self.a * self.a[i]) + n * n[i]) * factor for i in range(len(n))]

    def mixed(self):
        n, m = self.across()
        return [n * self.a[i] + m * self.b[i] + unit(i, len(n)) * self.rest for i in range(len(n))]


def unit(i, size):
    return of.enclosed([Fraction(int(i == j)) for j in range(size)])


# -- the loss on a box, times 2 pi --


def value(students, teachers):
    total = number(0)
    for rows in (students, teachers):
        for i, row in enumerate(rows):
            total = total + inner(row, row) * pi() * number(Fraction(1, 2))
            for other in rows[:i]:
                total = total + Pair(row, other).value()
    for row in students:
        for other in teachers:
            total = total + minus(Pair(row, other).value())
    return total


def gradient(students, teachers):
    found = []
    for i, row in enumerate(students):
        slope = row * pi()
        for j, other in enumerate(students):
            slope = slope + Pair(row, other).slope() if i != j else slope
        for other in teachers:
            slope = slope + minus(Pair(row, other).slope())
        found.append(slope)
    return joined(found)


def hessian(students, teachers):
    n, size = len(students), len(students[0])
    blocks = [[None] * n for _ in students]
    for i, row in enumerate(students):
        block = [unit(k, size) * pi() for k in range(size)]
        for j, other in enumerate(students):
            if i != j:
                block = [a + b for a, b in zipped(block, Pair(row, other).curvature())]
                blocks[i][j] = Pair(row, other).mixed() if j < i else None
        for other in teachers:
            block = [a + minus(b) for a, b in zipped(block, Pair(row, other).curvature())]
        blocks[i][i] = block
    for i in range(n):
        for j in range(i):
            blocks[j][i] = [joined([row[k] for row in blocks[i][j]]) for k in range(size)]
    return [joined([blocks[i][j][k] for j in range(n)]) for i in range(n) for k in range(size)]


def population_minimum(teachers, claim):
    students, radius, factor, low, high = fields(claim, "students radius factor low high")
    form(many(students, None, typed, list), "there is no student")
    rows, radius = many(students, None, vector, len(teachers[0])), rational(radius)
    need(radius > 0, "a radius is not positive")
    meter.spend(4000 * len(rows) * (len(rows) + len(teachers)))
    sign = [1] * (len(rows) * len(rows[0]))
    exact = [of.enclosed(row) for row in teachers]

    def box(radius):
        return [of.enclosed(row, radius) for row in rows]

    scale = inverse(pi() + pi())
    around = [row * scale for row in hessian(box(radius), exact)]
    within = of.krawczyk(gradient(box(0), exact) * scale, around, radius, factor, sign)
    found = (value(box(within), exact) * scale).bounds()
    low, high = rational(low), rational(high)
    need(low <= found[0] and found[1] <= high, "the loss at the critical point may lie outside its bounds")
    spurious = "; it is spurious, since as many students as teachers reach 0" * (low > 0 and len(rows) >= len(teachers))
    where = f"within {radius} of the students in the max norm; it lies within {of.power(within)}"
    return (
        f"Exactly one critical point of the population loss lies {where} and is a strict local minimum, of loss in "
        f"{of.bracket(low, high)}{spurious}."
    )
