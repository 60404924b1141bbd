"""Real roots of rational polynomials: signs and roots on an interval by Sturm sequences, and the numbers they define.

Polynomials are coefficients of 1, s, s^2, ..., as in :mod:`exactgeo.exact.polynomial`; flint's types do not leave this
module and its neighbour :mod:`exactgeo.exact.polynomial_matrix`. Degrees are small here, so a Sturm sequence is the
plain one of Euclid's algorithm, of the square-free part.

References
----------
Sturm, Bulletin de Ferussac 11 (1829) 419; Basu, Pollack, Roy, Algorithms in Real Algebraic Geometry, section 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import flint

from exactgeo.exact.vectors import ONE, ZERO

__all__ = [
    "flint_rational",
    "isolate",
    "polynomial",
    "rational",
    "rational_roots",
    "refined",
    "roots_between",
    "sign_on",
]

Coefficients = Sequence[Fraction | int]


def rational(q: Any) -> Fraction:
    """A flint rational as a Fraction."""
    return Fraction(int(q.p), int(q.q))


def flint_rational(q: Fraction | int) -> Any:
    """A Fraction as a flint rational."""
    return flint.fmpq(q.numerator, q.denominator)


def polynomial(coefficients: Coefficients) -> Any:
    """A flint polynomial."""
    return flint.fmpq_poly([flint_rational(q) for q in coefficients])


def _sequence(p: Any) -> list[Any]:
    """Sturm's sequence of a square-free polynomial, each entry up to a positive factor."""
    found = [p, p.derivative()]
    while found[-1].degree() > 0:
        rest = -(found[-2] % found[-1])
        if not rest:
            break
        found.append(rest / abs(rest.leading_coefficient()))
    return found


def _changes(sequence: Sequence[Any], at: Any) -> int:
    signs = [q for q in (entry(at) for entry in sequence) if q]
    return sum(1 for a, b in pairwise(signs) if (a > 0) != (b > 0))


def _count(sequence: Sequence[Any], lo: Fraction, hi: Fraction) -> int:
    """Roots in the open interval; the sequence is that of a square-free polynomial."""
    low, high = flint_rational(lo), flint_rational(hi)
    # Between the changes at the ends are the roots in (lo, hi].
    return _changes(sequence, low) - _changes(sequence, high) - (not sequence[0](high))


def _square_free(p: Any) -> Any:
    common = p.gcd(p.derivative())
    return p if common.degree() < 1 else p / common


def roots_between(coefficients: Coefficients, lo: Fraction = ZERO, hi: Fraction = ONE) -> int:
    """The number of distinct roots in the open interval (lo, hi) of a polynomial that is not 0.

    Examples
    --------
    >>> roots_between([0, 1]), roots_between([-1, 2]), roots_between([1, -4, 4]), roots_between([2, -9, 9])
    (0, 1, 1, 2)
    """
    p = polynomial(coefficients)
    return 0 if p.degree() < 1 else _count(_sequence(_square_free(p)), lo, hi)


def sign_on(coefficients: Coefficients, lo: Fraction = ZERO, hi: Fraction = ONE) -> int | None:
    """The sign of a polynomial on (lo, hi), where it may touch 0; 0 of 0, None where it changes its sign.

    Examples
    --------
    >>> sign_on([0, -1]), sign_on([1, -4, 4]), sign_on([]), sign_on([-1, 3])
    (-1, 1, 0, None)
    """
    while coefficients and not coefficients[-1]:
        coefficients = coefficients[:-1]
    if len(coefficients) < 3:
        # The two ends say all of what is affine.
        a, b = (coefficients[0] + coefficients[1] * q if len(coefficients) > 1 else sum(coefficients) for q in (lo, hi))
        if (a > 0 > b) or (a < 0 < b):
            return None
        return 1 if max(a, b) > 0 else -1 if min(a, b) < 0 else 0
    p = polynomial(coefficients)
    # Where it changes its sign a factor of odd multiplicity has a root.
    for factor, power in p.factor_squarefree()[1]:
        if power % 2 and _count(_sequence(factor), lo, hi):
            return None
    width = hi - lo
    k = 2
    while not (middle := p(flint_rational(lo + width / k))):
        k += 1
    return 1 if middle > 0 else -1


def rational_roots(coefficients: Coefficients, lo: Fraction = ZERO, hi: Fraction = ONE) -> tuple[list[Fraction], bool]:
    """The rational roots in (lo, hi), in order, and whether they are all that are there.

    Examples
    --------
    >>> found, complete = rational_roots([2, -9, 9])
    >>> [str(q) for q in found], complete, rational_roots([-1, 0, 2])
    (['1/3', '2/3'], True, ([], False))
    """
    p = polynomial(coefficients)
    found: list[Fraction] = []
    complete = True
    if p.degree() < 1:
        return found, complete
    for factor, _ in p.factor()[1]:
        if factor.degree() == 1:
            root = -rational(factor.coeffs()[0]) / rational(factor.coeffs()[1])
            found += [root] if lo < root < hi else []
        elif _count(_sequence(factor), lo, hi):
            complete = False
    return sorted(found), complete


def isolate(
    coefficients: Coefficients, lo: Fraction = ZERO, hi: Fraction = ONE
) -> list[tuple[tuple[Fraction, ...], Fraction, Fraction]]:
    """Each root in (lo, hi) as (irreducible factor, a, b): the one root of the factor in the open interval (a, b), or
    a = b where it is rational.

    Examples
    --------
    >>> [(list(map(int, factor)), str(a), str(b)) for factor, a, b in isolate([2, -4, -1, 2])]
    [([-1, 2], '1/2', '1/2')]
    >>> [(list(map(int, factor)), str(a), str(b)) for factor, a, b in isolate([-1, 0, 2])]
    [([-1, 0, 2], '0', '1')]
    """
    found: list[tuple[tuple[Fraction, ...], Fraction, Fraction]] = []
    p = polynomial(coefficients)
    if p.degree() < 1:
        return found
    for factor, _ in p.factor()[1]:
        shape = tuple(rational(q) for q in factor.coeffs())
        if len(shape) == 2:
            root = -shape[0] / shape[1]
            found += [(shape, root, root)] if lo < root < hi else []
            continue
        sequence, pending = _sequence(factor), [(lo, hi)]
        while pending:
            a, b = pending.pop()
            number = _count(sequence, a, b)
            if number == 1:
                found.append((shape, a, b))
            elif number:
                # An irreducible factor of degree 2 or more has no rational root: the middle is none.
                pending += [(a, (a + b) / 2), ((a + b) / 2, b)]
    return sorted(found, key=lambda root: root[1:])


def refined(factor: Coefficients, a: Fraction, b: Fraction) -> tuple[Fraction, Fraction]:
    """Half of an interval of :func:`isolate` that holds the root."""
    if a == b:
        return a, b
    p, middle = polynomial(factor), (a + b) / 2
    left, here = p(flint_rational(a)), p(flint_rational(middle))
    return (a, middle) if (left > 0) != (here > 0) else (middle, b)
