"""Probabilities that a spherical random vector lies in a cone: exact where that is known, else proved balls.

For linearly independent vectors x_1..x_k with the rational Gram matrix G let ``P(G)`` be the probability that
``<x_i, w> > 0`` for all i; it is the solid angle of that cone as a part of the whole sphere. Orthogonal blocks
multiply, and an irreducible block has

* k = 1: 1/2; k = 2: ``1/2 - angle(x_1, x_2) / 2 pi``;
* k odd: ``P = 1/2 sum_{j < k} (-1)^j sum_{|S| = j} P(G_S)``, since the cone and its antipode have equal angles (k = 3
  is Girard's theorem);
* k = 4: at most six orthoschemes and some cones of three (:class:`_Four`), and Schlaefli's function.

References
----------
L. Schlaefli, Theorie der vielfachen Kontinuitaet (1852); H. S. M. Coxeter, The functions of Schlaefli and
Lobatschefsky, Quart. J. Math. 6 (1935) 13; I. G. Abrahamson, Orthant probabilities for the quadrivariate normal
distribution, Ann. Math. Statist. 35 (1964) 1685; I. Niven, Irrational Numbers (1956), Corollary 3.12.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import combinations

import flint

from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.vectors import Matrix

__all__ = [
    "KNOWN_RANK",
    "Number",
    "Orthants",
    "ceiling",
    "clipped",
    "decimal_bounds",
    "enclosure_of",
    "exact",
    "exponential",
    "is_exact",
    "largest",
    "may_vanish",
    "middle",
    "missing_bits",
    "pi",
    "power",
    "root",
    "sine",
    "span_of",
    "working",
]

ACCURATE = 100
"""Bits of a ball that an answer needs."""

LONG = 4096
"""Bits of a rational power that is written out."""

BITS = 256
"""Working precision: sums of some thousand balls, often one inside another, still have some 60 digits."""

KNOWN_RANK = 5
"""The largest size of an irreducible block that has a formula here."""

Number = flint.fmpq | flint.arb
"""A probability: a rational, or a proved ball. Rationals stay rational in sums, products and powers of rationals."""

Rational = flint.fmpq


@contextmanager
def working(bits: int = BITS) -> Iterator[None]:
    """The precision in which the sums and products of balls are made."""
    old = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = old


def exact(q: Fraction | int) -> Number:
    """A rational as a number."""
    return flint.fmpq(q.numerator, q.denominator)


def is_exact(number: Number) -> bool:
    return isinstance(number, flint.fmpq)


def span_of(lo: Number, hi: Number) -> Number:
    """A ball around everything from one number to another."""
    if is_exact(lo) and is_exact(hi) and lo == hi:
        return lo
    return flint.arb(lo).union(flint.arb(hi))


def missing_bits(number: Number) -> int:
    """How many more good bits an answer needs of a ball; none of a rational."""
    return max(0, ACCURATE - number.rel_accuracy_bits()) if isinstance(number, flint.arb) else 0


def power(number: Number, exponent: int) -> Number:
    """A power of a probability; a ball where the rational would be long."""
    if isinstance(number, flint.fmpq) and exponent * max(int(number.q).bit_length() - 1, 0) <= LONG:
        return number**exponent
    return flint.arb(number) ** flint.fmpz(exponent)


def largest(numbers: Sequence[Number]) -> Number:
    """The largest of some numbers."""
    if all(map(is_exact, numbers)):
        return max(numbers)
    best = flint.arb(numbers[0])
    for number in numbers[1:]:
        best = best.max(flint.arb(number))
    return best


def pi() -> Number:
    """The circle's constant, in the present precision."""
    return flint.arb.pi()


def root(number: Number) -> Number:
    """A square root."""
    return flint.arb(number).sqrt()


def exponential(number: Number) -> Number:
    return flint.arb(number).exp()


def sine(number: Number) -> Number:
    return flint.arb(number).sin()


def ceiling(number: Number) -> int:
    """A whole number that is at least this one."""
    return _whole(flint.arb(number).upper().ceil())


def middle(number: Number) -> float:
    """A number in float64, for a proposal."""
    return int(number.p) / int(number.q) if isinstance(number, flint.fmpq) else float(number.mid())


def may_vanish(number: Number) -> bool:
    """Whether a number may be 0."""
    return bool(number.contains(0)) if isinstance(number, flint.arb) else number == 0


def _whole(number: flint.arb) -> int:
    """An exact whole number."""
    return int(str(number.unique_fmpz()))


def clipped(number: Number) -> Number:
    """What of a number lies in [0, 1], for one that is known to be a probability."""
    if isinstance(number, flint.fmpq):
        return max(flint.fmpq(0), min(flint.fmpq(1), number))
    return flint.arb(0).max(flint.arb(1).min(number))


def enclosure_of(number: Number, decimals: int = 30) -> Enclosure:
    """Bounds on a number with so many decimals, rounded outward; the number itself where it is rational.

    Examples
    --------
    >>> gram = [[Fraction(3), Fraction(1)], [Fraction(1), Fraction(3)]]
    >>> with working():
    ...     found = enclosure_of(Orthants(gram).probability((0, 1)), 6)
    >>> str(found.lo), str(found.hi)
    ('152043/500000', '304087/1000000')
    """
    if isinstance(number, flint.fmpq):
        q = Fraction(int(number.p), int(number.q))
        return Enclosure(q, q)
    ten = 10**decimals
    with working():
        low, high = (number.lower() * ten).lower().floor(), (number.upper() * ten).upper().ceil()
    return Enclosure(Fraction(_whole(low), ten), Fraction(_whole(high), ten))


def decimal_bounds(number: Number, digits: int = 20) -> tuple[str, str]:
    """Bounds on a nonnegative number as decimal strings of so many significant digits, rounded outward.

    Examples
    --------
    >>> with working():
    ...     decimal_bounds(exact(Fraction(1, 3)), 5), decimal_bounds(power(exact(Fraction(1, 2)), 10**9), 5)
    (('0.33333', '0.33334'), ('2.1677E-301029996', '2.1678E-301029996'))
    """
    if isinstance(number, flint.fmpq):
        return _rational(number, digits, up=False), _rational(number, digits, up=True)
    with working():
        return _rounded(number.lower(), digits, up=False), _rounded(number.upper(), digits, up=True)


def _rational(q: flint.fmpq, digits: int, *, up: bool) -> str:
    if not q > 0:
        return "0"
    top, bottom = int(q.p), int(q.q)
    size = len(str(top)) - len(str(bottom))
    size -= top * 10 ** max(-size, 0) < bottom * 10 ** max(size, 0)
    scale = digits - 1 - size
    top, bottom = top * 10 ** max(scale, 0), bottom * 10 ** max(-scale, 0)
    return _decimal(-(-top // bottom) if up else top // bottom, scale)


def _rounded(end: flint.arb, digits: int, *, up: bool) -> str:
    if not end > 0:
        return "0"
    scale = digits - 1 - _whole((end.log() / flint.arb(10).log()).mid().floor())
    moved = end * flint.arb(10) ** flint.fmpz(scale)
    return _decimal(_whole(moved.upper().ceil() if up else moved.lower().floor()), scale)


def _decimal(whole: int, scale: int) -> str:
    """``whole / 10^scale``."""
    text = str(whole).rstrip("0")
    return str(Decimal((0, tuple(map(int, text or "0")), len(str(whole)) - len(text) - scale if text else 0)))


@lru_cache(maxsize=65536)
def _circle_part(side: int, top: int, bottom: int, bits: int) -> Number:
    """The angle whose cosine is ``side sqrt(top / bottom)``, over 2 pi."""
    q = flint.fmpq(top, bottom)
    # The cosine of twice the angle is rational: by Niven's theorem these are all rational multiples of pi.
    known = {(0, 1): (1, 4), (1, 4): (1, 6), (1, 2): (1, 8), (3, 4): (1, 12), (1, 1): (0, 1)}.get((top, bottom))
    if known is not None:
        part = flint.fmpq(*known)
        return part if side >= 0 else flint.fmpq(1, 2) - part
    angle = flint.arb.atan2(flint.arb(1 - q).sqrt(), side * flint.arb(q).sqrt())
    return angle / (2 * flint.arb.pi())


def _angle(a: Rational, b: Rational, c: Rational) -> Number:
    """The angle between vectors with squares a and c and product b, over 2 pi."""
    q = b * b / (a * c)
    return _circle_part(int(b > 0) - int(b < 0), int(q.p), int(q.q), flint.ctx.prec)


class Orthants:
    """The probabilities ``P(G_S)`` of independent subsets S of some vectors.

    Parameters
    ----------
    gram : matrix of rationals
        Of all vectors, which need not be independent.

    Examples
    --------
    Three vectors at 60 degrees:

    >>> half = [[Fraction(2 if i == j else 1) for j in range(3)] for i in range(3)]
    >>> print(Orthants(half).probability((0, 1, 2)))
    1/4
    """

    def __init__(self, gram: Matrix | Sequence[Sequence[Fraction]]) -> None:
        self._gram = [[flint.fmpq(q.numerator, q.denominator) for q in row] for row in gram]
        self._known: dict[tuple[tuple[int, ...], int], Number | None] = {}

    def probability(self, subset: Sequence[int]) -> Number | None:
        """P(G_S), in the present precision; None where an irreducible block has no formula.

        Parameters
        ----------
        subset : ascending indices of linearly independent vectors
        """
        key = tuple(subset), flint.ctx.prec
        if key not in self._known:
            self._known[key] = self._product(key[0])
        return self._known[key]

    def _product(self, subset: tuple[int, ...]) -> Number | None:
        blocks = self._blocks(subset)
        if len(blocks) == 1:
            return self._irreducible(subset)
        total: Number = flint.fmpq(1)
        for block in blocks:
            part = self.probability(block)
            if part is None:
                return None
            total = total * part
        return total

    def _blocks(self, subset: tuple[int, ...]) -> list[tuple[int, ...]]:
        """The parts of a subset that are orthogonal to each other."""
        rest, found = set(subset), []
        while rest:
            pending = [min(rest)]
            block = set(pending)
            while pending:
                i = pending.pop()
                near = {j for j in rest - block if self._gram[i][j]}
                block |= near
                pending += near
            rest -= block
            found.append(tuple(sorted(block)))
        return found

    def _irreducible(self, subset: tuple[int, ...]) -> Number | None:
        size = len(subset)
        if size > KNOWN_RANK:
            return None
        if size == 1:
            return flint.fmpq(1, 2)
        if size == 2:
            i, j = subset
            return flint.fmpq(1, 2) - _angle(self._gram[i][i], self._gram[i][j], self._gram[j][j])
        if size == 4:
            return _Four([[self._gram[i][j] for j in subset] for i in subset]).probability
        total: Number = flint.fmpq(1, 2)
        for j in range(1, size):
            for part in combinations(subset, j):
                known = self.probability(part)
                if known is None:
                    return None
                total = total - known / 2 if j % 2 else total + known / 2
        return total


_Coefficients = tuple[Rational, ...]


class _Four:
    """P(G) of four vectors, by cutting the cone into orthoschemes.

    The cone is spanned by the dual basis, whose Gram matrix is G^-1; its vectors are written in that basis. From an
    apex v and the foot f of its perpendicular on the span of the other three, w_1..w_3, the cone is cut into the cones
    (v, f, w_i, w_j), and these, by the foot g of the perpendicular from f on the span of w_i and w_j, into
    (v, f, g, w_i). A foot outside moves inside when a generator w is replaced by -w: the two cones together are a lune,
    which is the cone of the other three in the complement of w. Last, <g, w> is made positive in the same way.

    Attributes
    ----------
    probability : Number
    """

    def __init__(self, gram: Sequence[Sequence[Rational]]) -> None:
        inverse = flint.fmpq_mat([list(row) for row in gram]).inv()
        self._inner = [[inverse[i, j] for j in range(4)] for i in range(4)]
        unit = [tuple(flint.fmpq(int(i == j)) for j in range(4)) for i in range(4)]
        self.probability: Number = self._apex(unit[0], unit[1:])

    def _dot(self, a: _Coefficients, b: _Coefficients) -> Rational:
        total = flint.fmpq(0)
        for p, row in zip(a, self._inner, strict=True):
            if p:
                total += p * sum((q * y for q, y in zip(row, b, strict=True) if y), flint.fmpq(0))
        return total

    def _foot(self, v: _Coefficients, plane: Sequence[_Coefficients]) -> list[Rational]:
        """The coefficients of the projection of v on a span."""
        gram = flint.fmpq_mat([[self._dot(a, b) for b in plane] for a in plane])
        found = gram.solve(flint.fmpq_mat([[self._dot(v, a)] for a in plane]))
        return [found[i, 0] for i in range(len(plane))]

    def _apex(self, v: _Coefficients, others: Sequence[_Coefficients]) -> Number:
        weights = self._foot(v, others)
        if not any(weights):
            return self._three(others) / 2
        for i, q in enumerate(weights):
            if q < 0:
                flipped = [_opposite(w) if j == i else w for j, w in enumerate(others)]
                return self._lune(others[i], [v, *others[:i], *others[i + 1 :]]) - self._apex(v, flipped)
        f = _combined(weights, others)
        total: Number = flint.fmpq(0)
        for k, q in enumerate(weights):
            if q:
                a, b = (w for j, w in enumerate(others) if j != k)
                total = total + self._edge(v, f, a, b)
        return total

    def _edge(self, v: _Coefficients, f: _Coefficients, a: _Coefficients, b: _Coefficients) -> Number:
        """The cone (v, f, a, b), v - f orthogonal to the others."""
        p, q = self._foot(f, (a, b))
        if not p and not q:
            return self._two(v, f) * self._two(a, b)
        if p < 0:
            return self._lune(a, [v, f, b]) - self._edge(v, f, _opposite(a), b)
        if q < 0:
            return self._lune(b, [v, f, a]) - self._edge(v, f, a, _opposite(b))
        g = _combined((p, q), (a, b))
        total: Number = flint.fmpq(0)
        for weight, w in ((q, a), (p, b)):
            if weight:
                total = total + self._orthoscheme(v, f, g, w)
        return total

    def _orthoscheme(self, v: _Coefficients, f: _Coefficients, g: _Coefficients, w: _Coefficients) -> Number:
        product = self._dot(g, w)
        if not product:
            return self._three((v, f, g)) / 2
        if product < 0:
            return self._lune(w, [v, f, g]) - self._schlaefli(v, f, g, w, product)
        return self._schlaefli(v, f, g, w, product)

    def _schlaefli(
        self, v: _Coefficients, f: _Coefficients, g: _Coefficients, w: _Coefficients, product: Rational
    ) -> Number:
        """Schlaefli's function, of (v, f, g, w) or (v, f, g, -w), whichever has a positive product of g and w."""
        squares = self._dot(g, g), self._dot(f, f), self._dot(v, v)
        g0 = product * product / self._dot(w, w)
        g1, f2, v3 = squares[0] - g0, squares[1] - squares[0], squares[2] - squares[1]
        sin_x = f2 / (f2 + v3)
        cos_y = v3 * g1 / ((f2 + v3) * (f2 + g1))
        sin_z = f2 * g0 / ((f2 + g1) * squares[0])
        root = flint.arb((1 - sin_x) * (1 - sin_z) - cos_y).sqrt()
        product_of_sines = flint.arb(sin_x * sin_z).sqrt()
        base = (root - product_of_sines) / (root + product_of_sines)
        x, y, z = (_angle_of(q) for q in (sin_x, 1 - cos_y, sin_z))
        total = _dilogarithm(base, x) - _dilogarithm(base, y) + _dilogarithm(base, z) - _dilogarithm(base, flint.arb(0))
        return (total - x * x + y * y - z * z) / (8 * flint.arb.pi() ** 2)

    def _two(self, a: _Coefficients, b: _Coefficients) -> Number:
        """The cone of two vectors."""
        return _angle(self._dot(a, a), self._dot(a, b), self._dot(b, b))

    def _three(self, vectors: Sequence[_Coefficients]) -> Number:
        """The cone of three vectors."""
        return _girard(flint.fmpq_mat([[self._dot(a, b) for b in vectors] for a in vectors]))

    def _lune(self, w: _Coefficients, vectors: Sequence[_Coefficients]) -> Number:
        """The cone of three vectors and the line of w."""
        products, square = [self._dot(w, a) for a in vectors], self._dot(w, w)
        rows = [
            [self._dot(a, b) - p * q / square for b, q in zip(vectors, products, strict=True)]
            for a, p in zip(vectors, products, strict=True)
        ]
        return _girard(flint.fmpq_mat(rows))


def _girard(generators: flint.fmpq_mat) -> Number:
    """The cone of three vectors with this Gram matrix."""
    normals = generators.inv()
    total: Number = flint.fmpq(1, 2)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        total = total - _angle(normals[i, i], normals[i, j], normals[j, j]) / 2
    return total


def _angle_of(squared_sine: Rational) -> flint.arb:
    """The angle in (0, pi/2) with this squared sine."""
    return flint.arb.atan2(flint.arb(squared_sine).sqrt(), flint.arb(1 - squared_sine).sqrt())


def _dilogarithm(base: flint.arb, angle: flint.arb) -> flint.arb:
    """The real part of ``Li2(base e^(2 i angle))``."""
    return (flint.acb(flint.arb(0), 2 * angle).exp() * base).polylog(2).real


def _opposite(w: _Coefficients) -> _Coefficients:
    return tuple(-q for q in w)


def _combined(weights: Sequence[Rational], vectors: Sequence[_Coefficients]) -> _Coefficients:
    terms = list(zip(weights, vectors, strict=True))
    return tuple(sum((q * vector[k] for q, vector in terms), flint.fmpq(0)) for k in range(4))
