"""Companion of check.py: the solid angles of regions, as intervals; what check_probability.py rests on.

Probabilities are intervals (lo, hi) of whole numbers of 2^-BITS, every rounding counted.
"""

from fractions import Fraction
from functools import cache
from itertools import combinations
from math import isqrt

from exactgeo.check import combine, dot, echelon, form, line, meter, zipped

BITS = 320
ONE = 1 << BITS
FIVE = 5  # the largest part of an orthant that is not a product of orthogonal parts
TERMS = 1 << 15  # of one power series


# -- intervals --


def add(a, b):
    return a[0] + b[0], a[1] + b[1]


def subtract(a, b):
    return a[0] - b[1], a[1] - b[0]


def times(a, b):
    """Of nonnegative intervals."""
    return a[0] * b[0] >> BITS, -(-a[1] * b[1] >> BITS)


def over(a, n):
    return a[0] // n, -(-a[1] // n)


def clip(a):
    """What of a probability's interval can be one."""
    return max(a[0], 0), min(a[1], ONE)


def power(a, n):
    found = ONE, ONE
    while n:
        found, a, n = times(found, a) if n & 1 else found, times(a, a), n >> 1
    return found


def root(q):
    low = isqrt((q.numerator << 2 * BITS) // q.denominator)
    return low, low + 1


def arctan_of_inverse(k):
    """The whole number k >= 5: an alternating series, each of at most BITS terms off by at most 2."""
    total, term, n = 0, ONE // k, 1
    while term:
        total, term, n = total + (term // n if n & 2 == 0 else -(term // n)), term // (k * k), n + 2
    return total - 2 * BITS, total + 2 * BITS


def arctan(t):
    """Of t / 2^BITS in [0, 1]: eight times t -> t / (1 + sqrt(1 + t^2)), which halves it, then the series.

    A step is off by at most 4, and so is the angle that it halves, and 2^8 times less than BITS terms by 2 each.
    """
    for _ in range(8):
        t = (t << BITS) // (ONE + isqrt((ONE << BITS) + t * t))
    total, term, square, n = 0, t, t * t >> BITS, 1
    while term:
        total, term, n = total + (term // n if n & 2 == 0 else -(term // n)), term * square >> BITS, n + 2
    error = 4 * 2**9 + 2 * BITS * 2**8
    return (total << 8) - error, (total << 8) + error


@cache
def pi():
    """Machin's formula."""
    a, b = arctan_of_inverse(5), arctan_of_inverse(239)
    return 16 * a[0] - 4 * b[1], 16 * a[1] - 4 * b[0]


@cache
def angle(square):
    """The angle in [0, pi/2] with this squared sine."""
    if 2 * square > 1:
        return subtract(over(pi(), 2), angle(1 - square))
    low, high = root(square / (1 - square))
    return max(arctan(low)[0], 0), arctan(min(high, ONE))[1]


def circle_part(a, b, c):
    """The angle between vectors with squares a and c and product b, over 2 pi."""
    meter.spend(1000)
    acute = angle(1 - b * b / (a * c))
    quotient = (acute[0] << BITS) // (2 * pi()[1]), -(-(acute[1] << BITS) // (2 * pi()[0]))
    return quotient if b >= 0 else subtract((ONE >> 1, ONE >> 1), quotient)


# -- cones --


def inverse(rows):
    size = len(rows)
    found = echelon([[*row, *(int(i == k) for i in range(size))] for k, row in enumerate(rows)])
    form(sorted(found) == list(range(size)), "dependent vectors")
    return [[Fraction(q, found[k][k]) for q in found[k][size:]] for k in range(size)]


def girard(generators):
    """The cone of three vectors with this Gram matrix."""
    n, total = inverse(generators), (ONE >> 1, ONE >> 1)
    for i, j in combinations(range(3), 2):
        total = subtract(total, over(circle_part(n[i][i], n[i][j], n[j][j]), 2))
    return total


def series(base, error, doubled):
    """``sum base^k (cos kx - cos ky + cos kz - 1) / k^2``, given the cosines of x, y, z.

    ``base`` is off by at most ``error``, so its k-th power by k (error + 1); the recurrence makes the k-th cosine off
    by at most 5 k^2. So a term is off by at most 15 + 4 (error + 1), and 5 for rounding and products of errors.
    """
    cosines = [(q.numerator << BITS) // q.denominator for q in doubled]
    now, before, total, term, k = cosines, [ONE] * 3, 0, base, 1
    while abs(term) > 1 << BITS // 4 and k < TERMS:
        total += (term * (now[0] - now[1] + now[2] - ONE) >> BITS) // (k * k)
        now, before = [(2 * c * a >> BITS) - b for c, a, b in zipped(cosines, now, before)], now
        term, k = term * base >> BITS, k + 1
    meter.spend(48 * k)
    # All later terms: a geometric series.
    size = abs(base) + error
    form(size < ONE, "a cone that is too thin")
    tail = 4 * ((abs(term) + k * (error + 1)) << BITS) // (ONE - size) + 1
    bound = k * (24 + 4 * error) + tail
    return total - bound, total + bound


def schlaefli(squares, product):
    """The orthoscheme (v, f, g, w): squares of v, f, g, w and the product of g and w; only its square matters."""
    vv, ff, gg, ww = squares
    g0 = product * product / ww
    g1, f2, v3 = gg - g0, ff - gg, vv - ff
    x, y, z = f2 / (f2 + v3), v3 * g1 / ((f2 + v3) * (f2 + g1)), f2 * g0 / ((f2 + g1) * gg)
    a, b = root((1 - x) * (1 - z) - y)[0], root(x * z)[0]
    base, error = ((a - b) << BITS) // (a + b), 2 * ONE // (a + b) + 4
    total = series(base, error, (1 - 2 * x, 2 * y - 1, 1 - 2 * z))
    for square, side in ((x, -1), (1 - y, 1), (z, -1)):
        area = times(angle(square), angle(square))
        total = add(total, area) if side > 0 else subtract(total, area)
    scale = times(pi(), pi())
    # It is the probability of a cone that is there.
    return max((total[0] << BITS) // (8 * scale[1]), 0), -(-(total[1] << BITS) // (8 * scale[0]))


class Cone:
    """The cone of four vectors, those of the dual basis of vectors with a Gram matrix: cut into orthoschemes."""

    def __init__(self, gram):
        self.inner, unit = inverse(gram), [[Fraction(int(i == j)) for j in range(4)] for i in range(4)]
        self.probability = self.apex(unit[0], unit[1:])

    def dot(self, a, b):
        meter.spend(40)
        return sum(p * dot(row, b) for p, row in zipped(a, self.inner) if p)

    def gram(self, vectors):
        return [[self.dot(a, b) for b in vectors] for a in vectors]

    def foot(self, v, plane):
        """The coefficients of the projection of v on a span, and the projection."""
        weights = [dot(row, [self.dot(v, a) for a in plane]) for row in inverse(self.gram(plane))]
        return weights, combine(dict(enumerate(weights)), plane, 4)

    def lune(self, w, others):
        """The cone of three vectors and the line of w."""
        products, square = [self.dot(w, a) for a in others], self.dot(w, w)
        rows = self.gram(others)
        return girard([[q - a * b / square for q, b in zipped(row, products)] for row, a in zipped(rows, products)])

    def mirrored(self, vectors, i, rest, cut):
        """The cone by ``cut`` of what has the vector i reversed: the two together are a lune."""
        flipped = [[-q for q in w] if j == i else w for j, w in enumerate(vectors)]
        return subtract(self.lune(vectors[i], rest + vectors[:i] + vectors[i + 1 :]), cut(flipped))

    def apex(self, v, others):
        weights, f = self.foot(v, others)
        for i, q in enumerate(weights):
            if q < 0:
                return self.mirrored(others, i, [v], lambda flipped: self.apex(v, flipped))
        if not any(weights):
            return over(girard(self.gram(others)), 2)
        total = 0, 0
        for k, q in enumerate(weights):
            total = add(total, self.edge(v, f, others[:k] + others[k + 1 :])) if q else total
        return total

    def edge(self, v, f, pair):
        weights, g = self.foot(f, pair)
        for i, q in enumerate(weights):
            if q < 0:
                return self.mirrored(pair, i, [v, f], lambda flipped: self.edge(v, f, flipped))
        if not any(weights):
            planes = [self.gram([v, f]), self.gram(pair)]
            return times(*(circle_part(rows[0][0], rows[0][1], rows[1][1]) for rows in planes))
        total = 0, 0
        for q, w in zipped(weights[::-1], pair):
            total = add(total, self.orthoscheme(v, f, g, w)) if q else total
        return total

    def orthoscheme(self, v, f, g, w):
        product = self.dot(g, w)
        if not product:
            return over(girard(self.gram([v, f, g])), 2)
        found = schlaefli([self.dot(a, a) for a in (v, f, g, w)], product)
        return found if product > 0 else subtract(self.lune(w, [v, f, g]), found)


class Orthants:
    """The probability that independent vectors, by their numbers as bits, have positive products."""

    def __init__(self, rows):
        meter.spend(16 * len(rows) ** 2 * len(rows[0]))
        self.gram, self.known = [[dot(a, b) for b in rows] for a in rows], {}

    def __call__(self, subset):
        if subset not in self.known:
            self.known[subset] = clip(self.product([k for k in range(subset.bit_length()) if subset >> k & 1]))
        return self.known[subset]

    def product(self, members):
        block = members[:1]
        for i in block:
            block += [j for j in members if j not in block and self.gram[i][j]]
        if len(block) < len(members):
            return times(self(set_of(block)), self(set_of(k for k in members if k not in block)))
        form(len(members) <= FIVE, "an orthant of too many vectors that is no product of smaller ones")
        rows = [[Fraction(self.gram[i][j]) for j in members] for i in members]
        if len(members) == 2:
            return subtract((ONE >> 1, ONE >> 1), circle_part(rows[0][0], rows[0][1], rows[1][1]))
        if len(members) == 4:
            return Cone(rows).probability
        total = (ONE, ONE) if members else (2 * ONE, 2 * ONE)
        for size in range(1, len(members)):
            for part in combinations(members, size):
                total = (subtract if size % 2 else add)(total, self(set_of(part)))
        return over(total, 2)


def set_of(numbers):
    return sum(1 << k for k in numbers)


def distribute(regions, planes, given):
    """The function on regions, sets of hyperplanes as bits, whose sums over orthants are given.

    A hyperplane divides some regions; what it cuts off is a function on the regions of its restriction.
    """
    values, below = {0: given(0)}, 0
    for h in planes:
        bit = 1 << h
        longer = {region & (below | bit) for region in regions}
        cut = [p for p in values if p in longer and p | bit in longer]
        ahead = [(p, q) for p, q in values.items() if p not in longer]

        def rest(subset, bit=bit, ahead=ahead):
            meter.spend(1 + len(ahead))
            total = given(subset | bit)
            for p, q in ahead:
                total = subtract(total, q) if p & subset == subset else total
            return total

        traces, kept = set(), []
        for k in planes[: planes.index(h)]:
            trace = tuple(p >> k & 1 for p in cut)
            kept += [k] if trace not in traces else []
            traces |= {trace, tuple(1 - q for q in trace)}
        meter.spend(4 * len(cut) * (1 + len(kept)))
        mask = set_of(kept)
        parts, values, old = distribute({p & mask for p in cut}, kept, rest), {}, values
        for p, q in old.items():
            if p in longer and p | bit in longer:
                values[p | bit] = parts[p & mask]
                q = subtract(q, parts[p & mask])
            values[p if p in longer else p | bit] = q
        below |= bit
    return values


def solid_angles(rows, regions):
    """The probability of each region of all of them."""
    planes = {}
    for t, row in enumerate(rows):
        if any(row):
            planes.setdefault(line(row), (len(planes), t))
    masks = {cell: set_of(k for k, t in planes.values() if (cell[t] == "+")) for cell in regions}
    # A hyperplane is positive where its first row is.
    orthants = Orthants([rows[t] for _, t in planes.values()] or rows)
    found = distribute(set(masks.values()), list(range(len(planes))), orthants)
    return {cell: clip(found[mask]) for cell, mask in masks.items()}
