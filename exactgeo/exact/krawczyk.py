"""Exactly one zero of a map in a box, proved in ball arithmetic; and the signs of the eigenvalues of its derivative.

For f: R^n -> R^n with the derivative J, a centre c, the box B of radius r around it in the max norm, and any n x n
matrix A (in practice about the inverse of J(c)),

    |A f(c)| + |I - A J(B)| r < r,

in the max norm and its matrix norm, proves that f has exactly one zero in B: x - A f(x) maps B into its interior and
contracts, and A is regular. The zero lies within ``|A f(c)| / (1 - |I - A J(B)|)`` of c. If f is a gradient and
``A = R D R^T``, D a diagonal matrix of signs, then each Hessian on B has as many negative eigenvalues as D: on the
segment from A^-1 to it ``|I - A H| < 1``, so that no eigenvalue passes 0. With D = I the zero is a strict minimum.

A certificate needs c, r and R, D (or A), all rational; whoever checks it encloses f(c) and J(B) in any arithmetic.

References
----------
R. Krawczyk, Newton-Algorithmen zur Bestimmung von Nullstellen mit Fehlerschranken, Computing 4 (1969);
S. M. Rump, Verification methods, Acta Numerica 19 (2010), section 13.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction

import flint

from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.vectors import ZERO, Matrix, Vector
from exactgeo.frozen import dataclass

__all__ = [
    "Ball",
    "Balls",
    "Factor",
    "Zero",
    "ball",
    "balls",
    "bounds",
    "box",
    "contraction",
    "factor",
    "inverse",
    "newton",
    "pi",
    "precision",
    "prove_zero",
    "rounded",
    "working_precision",
]

Ball = flint.arb
"""A real number within a radius of a dyadic one: sums, products and quotients of balls and integers,
``exp()``, ``tanh()``, ``sqrt()``, ``acos()``, ``log1p()``; a comparison holds only where it is proved."""
Balls = flint.arb_mat
"""A matrix of balls: ``+``, ``-``, ``*``, ``transpose()``, ``entries()``, ``solve()``; its products are in one call."""

STEPS = 16
"""Newton steps before a proof is given up: from near a zero they double the digits."""
RADII = 40
"""Radii that are tried."""
FIRST = Fraction(1, 2**10)
"""The radius that is tried first; others are 4 times the one before, or a quarter."""
GROWTHS = 5
"""Newton steps longer than the one before."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Ball arithmetic of this many bits; proofs hold at any."""
    old = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = old


def working_precision() -> int:
    """In bits."""
    return int(flint.ctx.prec)


def ball(middle: Fraction | int, radius: Fraction | int = 0) -> Ball:
    """The ball around a rational, rounded outward to the working precision.

    Examples
    --------
    >>> with precision(64):
    ...     print(bool(ball(Fraction(1, 3), Fraction(1, 8)) > 0), bool(ball(0, 1) > 0))
    True False
    """
    middle, radius = Fraction(middle), Fraction(radius)
    exact = flint.arb(flint.fmpq(middle.numerator, middle.denominator))
    if not radius:
        return exact
    spread = flint.arb(flint.fmpq(radius.numerator, radius.denominator))
    return (exact - spread).union(exact + spread)


def pi() -> Ball:
    """The number pi."""
    return flint.arb.pi()


def balls(rows: Sequence[Sequence[Ball | Fraction | int]]) -> Balls:
    """A matrix of balls from its rows, of rationals or balls; at least one row."""
    return flint.arb_mat([[q if isinstance(q, flint.arb) else ball(q) for q in row] for row in rows])


def box(centre: Sequence[Fraction], radius: Fraction | int = 0) -> list[Ball]:
    """The balls of one radius around the coordinates of a point."""
    return [ball(q, radius) for q in centre]


def bounds(number: Ball) -> Enclosure:
    """Rational bounds on a ball, which is finite.

    Examples
    --------
    >>> found = bounds(ball(Fraction(1, 3)))
    >>> found.lo < Fraction(1, 3) < found.hi
    True
    """
    return Enclosure(_dyadic(number.lower()), _dyadic(number.upper()))


def _dyadic(number: Ball) -> Fraction:
    """The middle of a ball, as it is."""
    mantissa, exponent = (int(q) for q in number.mid().man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


def rounded(number: Ball, bits: int) -> Fraction:
    """A dyadic rational of at most ``bits`` binary digits near the middle of a ball."""
    mantissa, exponent = (int(q) for q in number.mid().man_exp())
    surplus = max(0, mantissa.bit_length() - bits)
    return Fraction((mantissa + (1 << surplus >> 1)) >> surplus) * Fraction(2) ** (exponent + surplus)


# -- what a proof rests on ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Factor:
    """A symmetric matrix ``R D R^T``, with as many negative eigenvalues as D has negative signs if it is regular.

    Attributes
    ----------
    rows : n x n dyadic rationals
        R.
    signs : n numbers 1 or -1
        The diagonal of D.
    """

    rows: Matrix
    signs: tuple[int, ...]

    @property
    def negative(self) -> int:
        """How many signs are negative."""
        return sum(sign < 0 for sign in self.signs)

    def product(self) -> Balls:
        """``R D R^T`` in balls."""
        columns = zip(self.signs, zip(*self.rows, strict=True), strict=True)
        return balls(self.rows) * balls([[sign * q for q in column] for sign, column in columns])


@dataclass(frozen=True)
class Zero:
    """That a map has exactly one zero in a box.

    Attributes
    ----------
    centre : Vector
        Dyadic.
    radius : Fraction
        Of the box, max norm: a power of 2.
    within : Fraction
        So near to the centre the zero lies: below ``radius``.
    inverse : Matrix or Factor
        The matrix A of the proof.
    """

    centre: Vector
    radius: Fraction
    within: Fraction
    inverse: Matrix | Factor


def contraction(value: Balls, derivative: Balls, approximate: Balls, radius: Fraction) -> Fraction | None:
    """How far from the centre the one zero in the box lies at most; None where the test proves nothing.

    Parameters
    ----------
    value : Balls
        f at the centre, n x 1.
    derivative : Balls
        J on the box, n x n.
    approximate : Balls
        A, exact or any balls that hold one fixed matrix, n x n.
    radius : Fraction
        Of the box.
    """
    size = value.nrows()
    if not size:
        return ZERO
    step = _largest([[q] for q in (approximate * value).entries()])
    defect = approximate * derivative
    unit = [[(1 if i == j else 0) - defect[i, j] for j in range(size)] for i in range(size)]
    shrink = _largest(unit)
    if not step.is_finite() or not shrink < 1:
        return None
    moved, factor = bounds(step).hi, bounds(shrink).hi
    return moved / (1 - factor) if moved + factor * radius < radius else None


def _largest(rows: Sequence[Sequence[Ball]]) -> Ball:
    """The norm of a matrix that belongs to the max norm."""
    found = flint.arb(0)
    for row in rows:
        total = sum((abs(q) for q in row), flint.arb(0))
        if not total.is_finite():
            return total
        found = found.max(total)
    return found


# -- proposals in balls, whose errors do no harm ---------------------------------------------------------------------


def newton(
    value: Callable[[Vector], Balls], derivative: Callable[[Vector], Balls], start: Vector, bits: int
) -> tuple[Vector, bool]:
    """Newton's iteration at the working precision, and whether its last step was near its end.

    Every iterate has ``bits`` binary digits a coordinate, at least.
    """
    centre, last, growths = start, None, 0
    for _ in range(STEPS):
        try:
            step = derivative(centre).mid().solve(value(centre).mid())
        except ZeroDivisionError:
            return centre, False
        if not all(q.is_finite() for q in step.entries()):
            return centre, False
        moves = [rounded(q, 64) for q in step.entries()]
        size = max(map(abs, moves), default=ZERO)
        growths += last is not None and size > last
        near = size * 2 ** (bits // 2) < 1
        if not size or (near and growths) or growths > GROWTHS:
            return centre, near
        centre = tuple(_cut(a - b, bits) for a, b in zip(centre, moves, strict=True))
        if size * 2**bits < 1:
            return centre, True
        last = size
    return centre, False


def _cut(q: Fraction, bits: int) -> Fraction:
    return Fraction(round(q * 2**bits), 2**bits)


def inverse(matrix: Balls, bits: int) -> Matrix | None:
    """About the inverse, in dyadic rationals; None where the matrix of the middles is singular or nearly so."""
    try:
        found = matrix.mid().inv()
    except ZeroDivisionError:
        return None
    if not all(q.is_finite() for q in found.entries()):
        return None
    return tuple(tuple(rounded(q, bits) for q in row) for row in found.tolist())


def factor(matrix: Balls, bits: int) -> Factor | None:
    """R and D with ``R D R^T`` about the inverse of a symmetric matrix; None where that is singular or nearly so.

    Elimination by congruences, R^T H R = D, with the largest diagonal entry as pivot; where all are small beside
    another entry of their row, that row is added first. Cost: O(n^3) balls.
    """
    size = matrix.nrows()
    rest = [[q.mid() for q in row] for row in matrix.tolist()]
    carried = [[flint.arb(int(i == j)) for j in range(size)] for i in range(size)]
    signs = []
    for k in range(size):
        _bring_pivot(rest, carried, k)
        pivot = rest[k][k].mid()
        if not pivot.is_finite() or pivot == 0:
            return None
        for i in range(k + 1, size):
            ratio = (rest[k][i] / pivot).mid()
            if ratio == 0:
                continue
            rest[i][k:] = [(a - ratio * b).mid() for a, b in zip(rest[i][k:], rest[k][k:], strict=True)]
            carried[i] = [a - ratio * b for a, b in zip(carried[i], carried[k], strict=True)]
        signs.append(1 if pivot > 0 else -1)
        root = abs(pivot).rsqrt()
        carried[k] = [q * root for q in carried[k]]
    columns = [[rounded(q, bits) for q in row] for row in carried]
    return Factor(tuple(zip(*columns, strict=True)), tuple(signs))


def _bring_pivot(rest: list[list[Ball]], carried: list[list[Ball]], k: int) -> None:
    """By exchanges and additions of rows, the same of columns: a diagonal entry that is not small stands at k."""
    size = len(rest)
    best = max(range(k, size), key=lambda i: float(abs(rest[i][i]).mid()))
    pairs = [(i, j) for i in range(k, size) for j in range(i)] if k < size - 1 else []
    pairs = [(i, j) for i, j in pairs if j >= k]
    if pairs:
        i, j = max(pairs, key=lambda pair: float(abs(rest[pair[0]][pair[1]]).mid()))
        if 8 * float(abs(rest[best][best]).mid()) < float(abs(rest[i][j]).mid()):
            rest[i] = [(a + b).mid() for a, b in zip(rest[i], rest[j], strict=True)]
            carried[i] = [a + b for a, b in zip(carried[i], carried[j], strict=True)]
            for row in rest:
                row[i] = (row[i] + row[j]).mid()
            best = i
    rest[k], rest[best] = rest[best], rest[k]
    carried[k], carried[best] = carried[best], carried[k]
    for row in rest:
        row[k], row[best] = row[best], row[k]


# -- the proof ----------------------------------------------------------------------------------------------------


def prove_zero(
    value: Callable[[Vector], Balls],
    derivative: Callable[[Vector, Fraction], Balls],
    start: Vector,
    bits: int,
    *,
    symmetric: bool = False,
) -> Zero | None:
    """Newton's iteration from ``start`` and a box around its end with exactly one zero; None where none is proved.

    Parameters
    ----------
    value : callable
        f at a point, n x 1 balls.
    derivative : callable
        J on the box of a radius around a point, n x n balls.
    start : Vector
        Length n.
    bits : int
        Binary digits of the centre; the working precision is 64 more.
    symmetric : bool
        Whether J is so, a Hessian: then ``inverse`` is a :class:`Factor`, and tells its inertia on the box.

    Notes
    -----
    Cost: at most ``STEPS`` derivatives with an O(n^3) solution each for the iteration, as a rule about six, and as
    many for the radius.

    Examples
    --------
    >>> square = lambda x: balls([[ball(x[0]) ** 2 - 2]])
    >>> slope = lambda x, r=0: balls([[2 * ball(x[0], r)]])
    >>> found = prove_zero(square, slope, (Fraction(3, 2),), 64, symmetric=True)
    >>> lo, hi = found.centre[0] - found.within, found.centre[0] + found.within
    >>> print(lo * lo < 2 < hi * hi, found.radius, found.inverse.signs)
    True 1 (1,)
    """
    with precision(bits + 64):
        centre, ended = newton(value, lambda x: derivative(x, ZERO), start, bits)
        if not ended:
            return None
        there, around = value(centre), derivative(centre, ZERO)
        approximate: Matrix | Factor | None
        approximate = factor(around, 64) if symmetric else inverse(around, 64)
        if approximate is None:
            return None
        middle = approximate.product() if isinstance(approximate, Factor) else balls(approximate)
        found, radius = None, FIRST
        for _ in range(RADII):
            within = contraction(there, derivative(centre, radius), middle, radius)
            if within is not None:
                found = Zero(centre, radius, within, approximate)
                if radius < FIRST:
                    return found
                radius *= 4
            elif found is not None:
                return found
            else:
                radius /= 4
        return found
