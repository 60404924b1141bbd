"""Real numbers with exact zero tests and signs: rational combinations of transcendental numbers independent over Q.

Two ordered vector spaces over Q, both with the generator 1 and one generator for each rational q:

* :class:`TanhCombination`: ``tanh(q / 2)``, q > 0. The derivatives of ``log(1 + exp(-y p))`` at rational p lie in it.
* :class:`LogCombination`: ``log(1 + exp(q))``, q >= 0 (log 2 for q = 0). The values of that function lie in it.

The generators are linearly independent (docs/mathematics.md, "Exponentials at rational points"): a combination is 0 iff
all its coefficients are, which needs no digit. So the enclosure of any other one, at doubling precision, excludes 0 in
the end. A generator is ``limit(q) + exp(-q) factor(q)`` with a rational limit. Where the limits add up to 0 the least q
is taken out, and what is left is again of the order of 1: exp(-1000) is a sign, found at 64 bits.

Sums and rational multiples without a transcendental part are plain Fractions, so that nothing else need be told apart.

References
----------
C. Hermite, Sur la fonction exponentielle, C. R. Acad. Sci. 77 (1873): exp(q) is transcendental for rational q != 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from typing import Any, ClassVar, Self

from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import ONE, ZERO

__all__ = [
    "MAX_BITS",
    "MAX_SHIFT",
    "Combination",
    "LogCombination",
    "Number",
    "TanhCombination",
    "Unresolved",
    "compare_length",
    "inner",
    "magnitude",
    "rounded_down",
    "sign",
    "within",
]

MAX_BITS = 2**18
"""Working precision beyond which a sign is given up."""

LINE = 100
"""Characters of the closed form in one line."""

PLAIN = 128
"""Bits to which generators are known for most signs."""

MAX_SHIFT = 20_000
"""Largest q for which exp(-q) is bounded from below by a rational, of about 1.5 q bits."""


class Unresolved(ArithmeticError):
    """A number that is not 0, but so small that its sign or a rational below it is out of reach."""


class Combination:
    """``constant + sum terms[q] * generator(q)``, immutable; equal iff the coefficients are.

    Sums, differences, rational multiples and quotients, comparisons with one another and with rationals. Cost: of
    arithmetic one addition a generator; of a sign a few enclosures at 64 bits, unless the number is very small.

    Attributes
    ----------
    constant : Fraction
    terms : tuple of (q, coefficient), q ascending, no coefficient 0; never empty
        Of the spaces of :mod:`exactgeo.exact.softmax` q is no rational, but what names a generator there.
    """

    __slots__ = ("_sign", "constant", "terms")
    __array_ufunc__ = None

    least: ClassVar[Fraction]

    def __init__(self, constant: Fraction, terms: tuple[tuple[Any, Fraction], ...]) -> None:
        self.constant = constant
        self.terms = terms
        self._sign = 0

    @classmethod
    def of(cls, constant: Fraction, terms: Mapping[Any, Fraction]) -> Self | Fraction:
        """The combination with these coefficients, a Fraction where all those of the generators are 0."""
        kept = tuple(sorted((q, weight) for q, weight in terms.items() if weight))
        return cls(constant, kept) if kept else constant

    # -- the two spaces differ in these ---------------------------------------------------------------------------

    @staticmethod
    def exponent(q: Any) -> Fraction:
        """The x > 0 of ``limit + exp(-x) factor``."""
        return Fraction(q)

    @staticmethod
    def limit(q: Any) -> Fraction:
        """What the generator tends to as q grows, up to ``exp(-q) factor(q)``."""
        raise NotImplementedError

    @staticmethod
    def factor(q: Any, bits: int) -> Enclosure:
        """``(generator(q) - limit(q)) exp(q)``, of one sign, in bounds at most 2^(1 - bits) apart."""
        raise NotImplementedError

    @staticmethod
    def text(q: Any) -> str:
        """How the generator is written."""
        raise NotImplementedError

    # -- arithmetic -----------------------------------------------------------------------------------------------

    def _plus(self, other: Any, factor: int) -> Any:
        if isinstance(other, (int, Fraction)):
            return type(self)(self.constant + factor * other, self.terms)
        if type(other) is not type(self):
            return NotImplemented
        terms = dict(self.terms)
        for q, weight in other.terms:
            terms[q] = terms.get(q, ZERO) + factor * weight
        return self.of(self.constant + factor * other.constant, terms)

    def __add__(self, other: Any) -> Any:
        return self._plus(other, 1)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._plus(other, -1)

    def __rsub__(self, other: Any) -> Any:
        return (-self)._plus(other, 1)

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, (int, Fraction)):
            return NotImplemented
        if not other:
            return ZERO
        return type(self)(self.constant * other, tuple((q, weight * other) for q, weight in self.terms))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self * (1 / Fraction(other)) if isinstance(other, (int, Fraction)) else NotImplemented

    def __neg__(self) -> Self:
        return type(self)(-self.constant, tuple((q, -weight) for q, weight in self.terms))

    def __abs__(self) -> Self:
        return self if self.sign > 0 else -self

    def __bool__(self) -> bool:
        """Never 0: that would be a Fraction."""
        return True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and (self.constant, self.terms) == (other.constant, other.terms)

    def __hash__(self) -> int:
        return hash((type(self), self.constant, self.terms))

    def __lt__(self, other: Any) -> bool:
        return sign(self - other) < 0

    def __gt__(self, other: Any) -> bool:
        return sign(self - other) > 0

    def __le__(self, other: Any) -> bool:
        return sign(self - other) <= 0

    def __ge__(self, other: Any) -> bool:
        return sign(self - other) >= 0

    def __float__(self) -> float:
        found = self.bounds(128)
        return float((found.lo + found.hi) / 2)

    def __str__(self) -> str:
        """The closed form, e.g. ``1/2 - 3*tanh(1/2)``; it keeps every digit."""
        parts = [(self.constant, "")] if self.constant else []
        parts += [(weight, self.text(q)) for q, weight in self.terms]
        words = []
        for weight, name in parts:
            size = abs(weight)
            shown = name if name and size == 1 else format_rational(size) + ("*" + name if name else "")
            words.append(("- " if weight < 0 else "+ ") + shown)
        return " ".join(words).removeprefix("+ ").replace("- ", "-", 1 if parts[0][0] < 0 else 0)

    def __repr__(self) -> str:
        text = str(self)
        return f"<{text}>" if len(text) <= LINE else f"<{text[: LINE - 3]}... = {self.decimal(15)}>"

    def decimal(self, digits: int) -> str | None:
        """The first digits, rounded, perhaps with an exponent; None where the number is below all rationals of use."""
        try:
            size, bits = self.least_size(), 64 + 4 * digits
        except Unresolved:
            return None
        bits += max(0, size.denominator.bit_length() - size.numerator.bit_length())
        near = self.bounds(bits)
        middle = (near.lo + near.hi) / 2
        context = Context(prec=digits + 10)
        value = context.divide(Decimal(middle.numerator), Decimal(middle.denominator))
        return f"{value:.{digits}g}"

    # -- order ----------------------------------------------------------------------------------------------------

    def bounds(self, bits: int = 128) -> Enclosure:
        """Proved bounds on the number, less than ``2^-bits`` apart."""
        size = sum((abs(weight) for _, weight in self.terms), ONE)
        extra = (size.numerator // size.denominator).bit_length() + 4
        return self._tail(ZERO, bits + extra) + self._far

    @property
    def _far(self) -> Fraction:
        return self.constant + sum((weight * self.limit(q) for q, weight in self.terms), ZERO)

    def _tail(self, shift: Fraction, bits: int) -> Enclosure:
        """``sum terms[q] exp(shift - q) factor(q)``, shift at most the least q."""
        # Balls load when a digit is asked for.
        from exactgeo.exact.interval import decay

        low = high = ZERO
        for q, weight in self.terms:
            fall, factor = decay(self.exponent(q) - shift, bits), self.factor(q, bits)
            ends = [a * b for a in (fall.lo, fall.hi) for b in (factor.lo, factor.hi)]
            least, most = min(ends), max(ends)
            low += weight * (least if weight > 0 else most)
            high += weight * (most if weight > 0 else least)
        return Enclosure(low, high)

    def _excluding_zero(self) -> tuple[Fraction, Enclosure]:
        """(shift, bounds without 0): the number is exp(-shift) times one within the bounds."""
        far = self._far
        shift = ZERO if far else min(self.exponent(q) for q, _ in self.terms)
        bits = 64
        while bits <= MAX_BITS:
            found = self._tail(shift, bits) + far
            if found.lo > 0 or found.hi < 0:
                return shift, found
            bits *= 2
        raise Unresolved(f"a number that is not 0 and has no sign at {MAX_BITS} bits")

    @property
    def sign(self) -> int:
        """1 or -1.

        Raises
        ------
        Unresolved
            The number is below about 2^-MAX_BITS in proportion to its terms.
        """
        if not self._sign:
            self._sign = self._plain_sign()
        if not self._sign:
            _, found = self._excluding_zero()
            self._sign = 1 if found.lo > 0 else -1
        return self._sign

    def _plain_sign(self) -> int:
        """The sign by bounds on each generator that are known, in integers; 0 where they do not say."""
        low: int = self.constant.numerator * 2**PLAIN // self.constant.denominator
        high = low + 1
        kind: Any = type(self)
        for q, weight in self.terms:
            ends = [weight.numerator * end for end in _plain_bounds(kind, q)]
            low += min(ends) // weight.denominator
            high -= -max(ends) // weight.denominator
        return (low > 0) - (high < 0)

    def least_size(self) -> Fraction:
        """A positive rational that is at most the absolute value, and within a factor of 2^63 of it or nearer.

        Raises
        ------
        Unresolved
            Also where it would be below about exp(-MAX_SHIFT).
        """
        from exactgeo.exact.interval import decay

        shift, found = self._excluding_zero()
        size = min(abs(found.lo), abs(found.hi))
        if not shift:
            return size
        if shift > MAX_SHIFT:
            raise Unresolved(f"a number of the order of exp(-{float(shift):.3g}), below every rational of use")
        return size * decay(shift, 2 * int(shift) + 64).lo


@lru_cache(maxsize=4096)
def _plain_bounds(kind: Any, q: Any) -> tuple[int, int]:
    """Integers around a generator times 2^PLAIN."""
    found = kind(ZERO, ((q, ONE),)).bounds(PLAIN + 8)
    return floor(found.lo * 2**PLAIN), ceil(found.hi * 2**PLAIN)


class TanhCombination(Combination):
    """A combination of 1 and ``tanh(q / 2)``, q > 0.

    Examples
    --------
    >>> x = TanhCombination.tanh_half(Fraction(3)) + Fraction(1, 2)
    >>> print(x, x - x, TanhCombination.tanh_half(Fraction(-3)) + x)
    1/2 + tanh(3/2) 0 1/2
    >>> far = TanhCombination.tanh_half(Fraction(1000))
    >>> far < 1, 1 - far < TanhCombination.tanh_half(Fraction(1, 10**9))
    (True, True)
    """

    __slots__ = ()

    @classmethod
    def tanh_half(cls, q: Fraction) -> TanhCombination | Fraction:
        """``tanh(q / 2)`` of any rational q; it is odd."""
        if not q:
            return ZERO
        return cls(ZERO, ((abs(q), ONE if q > 0 else -ONE),))

    @staticmethod
    def limit(q: Fraction) -> Fraction:
        return ONE

    @staticmethod
    def factor(q: Fraction, bits: int) -> Enclosure:
        from exactgeo.exact.interval import decay

        fall = decay(q, bits)
        return Enclosure(-2 / (1 + fall.lo), -2 / (1 + fall.hi))

    @staticmethod
    def text(q: Fraction) -> str:
        return f"tanh({format_rational(q / 2)})"


class LogCombination(Combination):
    """A combination of 1 and ``log(1 + exp(q))``, q >= 0.

    Examples
    --------
    >>> one = LogCombination.softplus(Fraction(2))
    >>> print(one, LogCombination.softplus(Fraction(-2)), one - LogCombination.softplus(Fraction(-2)))
    log(1 + exp(2)) -2 + log(1 + exp(2)) 2
    >>> LogCombination.softplus(Fraction(-1000)) > 0, str(2 * LogCombination.softplus(Fraction(0)))
    (True, '2*log(2)')
    """

    __slots__ = ()

    @classmethod
    def softplus(cls, q: Fraction) -> LogCombination:
        """``log(1 + exp(q))`` of any rational q; at -q it is less by q."""
        return cls(min(q, ZERO), ((abs(q), ONE),))

    @staticmethod
    def limit(q: Fraction) -> Fraction:
        return q

    @staticmethod
    def factor(q: Fraction, bits: int) -> Enclosure:
        from exactgeo.exact.interval import log1p_rate

        return log1p_rate(q, bits)

    @staticmethod
    def text(q: Fraction) -> str:
        return f"log(1 + exp({format_rational(q)}))" if q else "log(2)"


Number = Fraction | Combination


def sign(number: Number | int) -> int:
    """1, 0 or -1.

    Raises
    ------
    Unresolved
        See :attr:`Combination.sign`.
    """
    if isinstance(number, Combination):
        return number.sign
    return (number > 0) - (number < 0)


def magnitude(number: Number) -> Fraction:
    """A rational between 0 and the absolute value; positive unless the number is 0, and itself where it is rational."""
    return number.least_size() if isinstance(number, Combination) else abs(number)


def within(number: Number, bits: int = 128) -> Enclosure:
    """Proved bounds, equal ones where the number is rational."""
    return number.bounds(bits) if isinstance(number, Combination) else Enclosure(number, number)


def rounded_down(number: Number, bits: int = 64) -> Fraction:
    """The largest multiple of 2^-bits that is at most the number.

    Raises
    ------
    Unresolved
        The number is nearer to a multiple than about 2^-MAX_BITS.

    Examples
    --------
    >>> print(rounded_down(TanhCombination.tanh_half(Fraction(1)), 8), rounded_down(Fraction(-1, 3), 1))
    59/128 -1/2
    """
    extra = 64
    while extra <= MAX_BITS:
        ends = within(number, bits + extra)
        low, high = (q * 2**bits // 1 for q in (ends.lo, ends.hi))
        if low == high:
            return Fraction(low, 2**bits)
        extra *= 2
    raise Unresolved(f"a number that is told from no multiple of 2^-{bits} at {MAX_BITS} bits")


def compare_length(vector: Iterable[Number], square: Fraction) -> int:
    """The sign of ``sum vector[k]^2 - square``, for numbers of the space of :class:`TanhCombination`.

    A sum of squares is rational only where all numbers are (docs/mathematics.md, "Exponentials at rational points"): of
    the others the enclosures exclude the rational number in the end.

    Raises
    ------
    Unresolved
        The two are nearer than about 2^-MAX_BITS.

    Examples
    --------
    >>> x = TanhCombination.tanh_half(Fraction(1))
    >>> compare_length([x, 1 - x], Fraction(1, 2)), compare_length([Fraction(3), Fraction(4)], Fraction(25))
    (1, 0)
    """
    numbers = list(vector)
    if not any(isinstance(q, Combination) for q in numbers):
        return sign(sum((q * q for q in numbers if isinstance(q, Fraction)), ZERO) - square)
    if square <= 0:
        return 1
    bits = 64
    while bits <= MAX_BITS:
        low = high = ZERO
        for q in numbers:
            ends = within(q, bits)
            sizes = abs(ends.lo), abs(ends.hi)
            low += min(sizes) ** 2 if ends.lo > 0 or ends.hi < 0 else ZERO
            high += max(sizes) ** 2
        if low > square or high < square:
            return 1 if low > square else -1
        bits *= 2
    raise Unresolved(f"a length that is told from no bound at {MAX_BITS} bits")


def inner(weights: Iterable[Fraction | int], numbers: Iterable[Number]) -> Any:
    """``sum weights[k] * numbers[k]``, all in one space. Cost: one addition a term of each number.

    Examples
    --------
    >>> print(inner([1, 2], [TanhCombination.tanh_half(Fraction(1)), TanhCombination.tanh_half(Fraction(-1))]))
    -tanh(1/2)
    """
    constant, space = ZERO, None
    terms: dict[Fraction, Fraction] = {}
    for weight, number in zip(weights, numbers, strict=True):
        if not weight:
            continue
        if isinstance(number, Combination):
            space = type(number)
            constant += weight * number.constant
            for q, coefficient in number.terms:
                terms[q] = terms.get(q, ZERO) + weight * coefficient
        elif number:
            constant += weight * number
    return constant if space is None else space.of(constant, terms)
