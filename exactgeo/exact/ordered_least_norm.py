"""The shortest vector of ``base + boxes + cone`` where base and the ends of the boxes lie in an ordered space over Q.

As :mod:`exactgeo.exact.least_norm`: the matrix of the linear complementarity problem is rational, and its right-hand
side is linear in the base and in the ends. So with the generators of the space replaced by rational numbers near them
(a linear map, which keeps every relation that is exactly true) Lemke's method proposes a basis, and one rational
inverse gives what belongs to that basis, in the ordered space. Where its signs are not those of a solution the numbers
near are taken nearer: there are finitely many bases, and one that is proposed again and again is a solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactgeo.exact.combination import MAX_BITS, Number, Unresolved, inner, sign
from exactgeo.exact.least_norm import Box, Program, lemke
from exactgeo.exact.matrix import Row
from exactgeo.exact.ordered_cone import weights_of
from exactgeo.exact.vectors import ZERO, Vector
from exactgeo.frozen import dataclass

__all__ = ["OrderedBox", "OrderedLeastNorm", "ordered_least_norm", "rational_near"]

FIRST_BITS = 96
"""Of the rational numbers by which a basis is proposed."""


@dataclass(frozen=True)
class OrderedBox:
    """A vector whose weight lies between two bounds."""

    vector: Vector
    low: Number
    high: Number


@dataclass(frozen=True)
class OrderedLeastNorm:
    """The shortest vector, its weights, and the direction that proves it shortest; see :class:`LeastNorm`."""

    vector: tuple[Number, ...]
    boxes: tuple[Number, ...]
    rays: tuple[Number, ...]
    witness: tuple[Number, ...]


def rational_near(number: Number, bits: int) -> Fraction:
    """The number with its generators rounded to ``bits`` binary digits: a linear map, the identity on rationals.

    Examples
    --------
    >>> from exactgeo.exact.combination import TanhCombination
    >>> x = TanhCombination.tanh_half(Fraction(1))
    >>> rational_near(x, 8), rational_near(2 * x - 1, 8) == 2 * rational_near(x, 8) - 1
    (Fraction(59, 128), True)
    """
    if isinstance(number, Fraction):
        return number
    near = number.constant
    for q, weight in number.terms:
        ends = type(number)(ZERO, ((q, Fraction(1)),)).bounds(bits)
        near += weight * Fraction(round((ends.lo + ends.hi) / 2 * 2**bits), 2**bits)
    return near


def ordered_least_norm(
    base: Sequence[Number], boxes: Sequence[OrderedBox], rays: Sequence[Row], zero: Sequence[int] = ()
) -> OrderedLeastNorm:
    """The shortest vector; some vector has to have its coordinates ``zero`` at 0.

    Raises
    ------
    exactgeo.exact.combination.Unresolved
        No basis was found, or no sign.

    Examples
    --------
    >>> from exactgeo.exact.combination import TanhCombination
    >>> x = TanhCombination.tanh_half(Fraction(1))
    >>> found = ordered_least_norm([-x, 2 * x], [], [(1, 0), (1, 1)])
    >>> print(*found.vector, *found.rays)
    0 2*tanh(1/2) tanh(1/2) 0
    """
    program = Program(tuple(Box(box.vector, ZERO, ZERO) for box in boxes), tuple(rays), tuple(zero))
    constant = program.constant(base, [(box.low, box.high) for box in boxes])
    bits = FIRST_BITS
    while bits <= MAX_BITS:
        proposed = lemke(program.matrix, [rational_near(q, bits) for q in constant])
        solution = None if proposed is None else _solution(program.matrix, constant, proposed[1])
        if solution is not None:
            return _found(program, base, boxes, solution)
        bits *= 2
    raise Unresolved(f"a shortest vector that no numbers of {MAX_BITS} bits propose")


def _solution(
    matrix: Sequence[Sequence[Fraction]], constant: Sequence[Number], basis: Sequence[int]
) -> list[Number] | None:
    """z of a complementary basis, None where some sign is not that of a solution."""
    n = len(constant)
    columns = [[Fraction(int(i == b)) if b < n else -matrix[i][b - n] for i in range(n)] for b in basis]
    values = weights_of(constant, columns)
    if values is None or any(sign(q) < 0 for q in values):
        return None
    found: list[Number] = [ZERO] * n
    for b, q in zip(basis, values, strict=True):
        if b >= n:
            found[b - n] = q
    return found


def _found(
    program: Program, base: Sequence[Number], boxes: Sequence[OrderedBox], solution: Sequence[Number]
) -> OrderedLeastNorm:
    """Feasible and complementary: with a semidefinite matrix that is shortest, and replayed by who uses it."""
    weights = solution[: program.count]
    chosen = [box.low + q for box, q in zip(boxes, weights, strict=False)]
    every: list[Number] = [*chosen, *weights[len(boxes) :]]
    vector = [
        base[k] + inner([Fraction(move[k]) for move in program.moves], every) if every else base[k]
        for k in range(len(base))
    ]
    witness = list(vector)
    for k, q in zip(program.zero, program.pinned(solution), strict=True):
        witness[k] = q
    return OrderedLeastNorm(tuple(vector), tuple(chosen), tuple(weights[len(boxes) :]), tuple(witness))
