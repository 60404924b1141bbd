"""Real algebraic numbers as they come up as largest values: a polynomial over Q and an interval with one root of it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import total_ordering
from math import ceil, floor

import flint

from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.rational import decimal
from exactgeo.exact.sturm import polynomial, rational, refined, roots_between
from exactgeo.frozen import dataclass

__all__ = ["Algebraic", "value_at_root"]


@total_ordering
@dataclass(frozen=True, eq=False)
class Algebraic:
    """The one root in the open interval (lo, hi) of an irreducible polynomial of degree 2 or more.

    It compares with rationals and with its like, exactly.

    Attributes
    ----------
    polynomial : tuple of Fraction
        Coefficients of 1, x, x^2, ...
    lo, hi : Fraction

    Examples
    --------
    >>> root = Algebraic((Fraction(-2), Fraction(0), Fraction(1)), Fraction(1), Fraction(2))
    >>> root > Fraction(7, 5), root < Fraction(3, 2), root == root, str(root)
    (True, True, True, '1.41421356237309')
    """

    polynomial: tuple[Fraction, ...]
    lo: Fraction
    hi: Fraction

    def refined(self, width: Fraction) -> Algebraic:
        """The same number in an interval of at most this width."""
        lo, hi = self.lo, self.hi
        while hi - lo > width:
            lo, hi = refined(self.polynomial, lo, hi)
        return Algebraic(self.polynomial, lo, hi)

    @property
    def enclosure(self) -> Enclosure:
        """Proved bounds: decimals that agree in about 15 digits."""
        size, scale = max(abs(self.lo), abs(self.hi)), 10**15
        while size < 1:
            size, scale = 10 * size, 10 * scale
        while size > 10 and scale > 1:
            size, scale = size / 10, scale // 10
        found = self.refined(Fraction(1, scale))
        return Enclosure(Fraction(floor(found.lo * scale), scale), Fraction(ceil(found.hi * scale), scale))

    def __str__(self) -> str:
        return decimal(self.enclosure.lo)

    def __repr__(self) -> str:
        return f"<{self}..., a root of a polynomial of degree {len(self.polynomial) - 1}>"

    def _apart(self, other: Algebraic | Fraction | int) -> int:
        if not isinstance(other, Algebraic):
            return self._beside(Fraction(other))
        if self.same(other):
            return 0
        one, two = self, other
        while one.hi > two.lo and two.hi > one.lo:
            one, two = one.refined((one.hi - one.lo) / 2), two.refined((two.hi - two.lo) / 2)
        return -1 if one.hi <= two.lo else 1

    def same(self, other: Algebraic) -> bool:
        """Whether two are one number: irreducible polynomials with a common root are proportional."""
        if len(self.polynomial) != len(other.polynomial):
            return False
        lead, last = self.polynomial[-1], other.polynomial[-1]
        if any(a * last != b * lead for a, b in zip(self.polynomial, other.polynomial, strict=True)):
            return False
        lo, hi = max(self.lo, other.lo), min(self.hi, other.hi)
        return lo < hi and roots_between(self.polynomial, lo, hi) == 1

    def _beside(self, q: Fraction) -> int:
        lo, hi = self.lo, self.hi
        while lo < q < hi:
            # q is no root: the polynomial is irreducible and no line.
            lo, hi = refined(self.polynomial, lo, hi)
        return -1 if hi <= q else 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Algebraic) and self.same(other)

    def __hash__(self) -> int:
        return hash(len(self.polynomial))

    def __lt__(self, other: Algebraic | Fraction | int) -> bool:
        return self._apart(other) < 0


def _range(coefficients: Sequence[Fraction], lo: Fraction, hi: Fraction) -> tuple[Fraction, Fraction]:
    """Bounds on a polynomial on an interval, by Horner's scheme in intervals."""
    low = high = Fraction(0)
    for q in reversed(coefficients):
        ends = (low * lo, low * hi, high * lo, high * hi)
        low, high = min(ends) + q, max(ends) + q
    return low, high


def value_at_root(
    top: Sequence[Fraction], bottom: Sequence[Fraction], root: tuple[Sequence[Fraction], Fraction, Fraction]
) -> Algebraic | Fraction:
    """top / bottom at a root as :func:`exactgeo.exact.sturm.isolate` gives it, where bottom is not 0.

    Cost: a minimal polynomial of the degree of the root.

    Examples
    --------
    At the root of 2 s^2 = 1 in (0, 1), s^3 is sqrt(2) / 4.

    >>> half = Fraction(1, 2)
    >>> found = value_at_root([0, 0, 0, half * 2], [half * 2], ((Fraction(-1), 0, Fraction(2)), half * 0, half * 2))
    >>> str(found)
    '0.353553390593274'
    """
    factor, lo, hi = root
    if lo == hi:
        p, q = polynomial(top), polynomial(bottom)
        at = flint.fmpq(lo.numerator, lo.denominator)
        return rational(p(at) / q(at))
    shape = polynomial(factor)
    one, inverse, _ = polynomial(bottom).xgcd(shape)
    number = (polynomial(top) * inverse / one.coeffs()[0]) % shape
    if number.degree() < 1:
        # The value is rational. (An old flint has 1 for the minimal polynomial of a zero matrix.)
        return rational(number[0])
    size = shape.degree()
    rows = []
    power = number
    for _ in range(size):
        rows.append([power[k] for k in range(size)])
        power = (power * polynomial([0, 1])) % shape
    least = flint.fmpq_mat(size, size, [q for row in rows for q in row]).minpoly()
    coefficients = tuple(rational(q) for q in least.coeffs())
    if len(coefficients) == 2:
        return -coefficients[0] / coefficients[1]
    value = [rational(q) for q in number.coeffs()]
    while True:
        low, high = _range(value, lo, hi)
        if low < high and roots_between(coefficients, low, high) == 1:
            return Algebraic(coefficients, low, high)
        lo, hi = refined(factor, lo, hi)
