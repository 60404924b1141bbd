"""Farkas' lemma for a target in an ordered space over Q: rational generators, transcendental right-hand sides.

The matrix is rational, so a simplex needs of the right-hand side additions, rational multiples and signs only, which
:mod:`exactgeo.exact.combination` has. What separates is rational, what combines lies in the ordered space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactgeo.errors import InternalError
from exactgeo.exact.combination import Combination, Number, inner, sign, within
from exactgeo.exact.lp import Separator, cone_member
from exactgeo.exact.matrix import nullspace, primitive, rref, solve
from exactgeo.exact.vectors import ZERO, dot

__all__ = ["OrderedMultipliers", "ordered_cone_member", "weights_of"]


@dataclass(frozen=True, slots=True)
class OrderedMultipliers:
    """``target = sum generators[g] * g``, all >= 0, with linearly independent support."""

    generators: tuple[Number, ...]


def ordered_cone_member(
    target: Sequence[Number], generators: Sequence[Sequence[Fraction | int]]
) -> OrderedMultipliers | Separator:
    """Write a vector in a finitely generated cone, or separate it from the cone.

    Parameters
    ----------
    target : vector of length d over an ordered space
    generators : sequence of vectors of length d of rationals

    Returns
    -------
    OrderedMultipliers or Separator
        A primitive integer normal u with <u, g> >= 0 for every generator and <u, target> < 0. Cost: :func:`cone_member`
        of a rational target nearby, and d signs; where that is not the answer of the target itself, a few pivots on a
        d x g rational tableau, and a sign of each right-hand side a pivot.

    Raises
    ------
    InternalError
        The answer failed its replay.
    exactgeo.exact.combination.Unresolved
        A sign could not be found.

    Examples
    --------
    >>> from exactgeo.exact.combination import TanhCombination
    >>> x = TanhCombination.tanh_half(Fraction(1))
    >>> [str(q) for q in ordered_cone_member([x, 1 - x], [[1, 0], [1, 1], [0, 1]]).generators]
    ['0', 'tanh(1/2)', '1 - 2*tanh(1/2)']
    >>> ordered_cone_member([x, 2 * x], [[1, 0], [1, 1]]).normal
    (1, -1)
    """
    return _proposed(target, generators) or _exactly(target, generators)


PROPOSED = 96
"""Bits of the target by which a combination, or a functional, is proposed."""


def _proposed(
    target: Sequence[Number], generators: Sequence[Sequence[Fraction | int]]
) -> OrderedMultipliers | Separator | None:
    """What a target nearby of rational numbers suggests, where it holds for the target itself; else None."""
    if not any(isinstance(q, Combination) for q in target):
        nearby: Sequence[Number] = target
    else:
        nearby = [_near(q) for q in target]
    found = cone_member(nearby, generators)  # type: ignore[arg-type]
    if isinstance(found, Separator):
        return found if sign(inner(found.normal, target)) < 0 else None
    support = [j for j, q in enumerate(found.generators) if q]
    weights = weights_of(target, [generators[j] for j in support])
    if weights is None or any(sign(q) < 0 for q in weights):
        return None
    whole: list[Number] = [ZERO] * len(generators)
    for j, q in zip(support, weights, strict=True):
        whole[j] = q
    return OrderedMultipliers(tuple(whole))


def _near(q: Number) -> Fraction:
    bounds = within(q, PROPOSED)
    return Fraction(round((bounds.lo + bounds.hi) * 2**PROPOSED), 2 ** (PROPOSED + 1))


def weights_of(target: Sequence[Number], columns: Sequence[Sequence[Fraction | int]]) -> list[Number] | None:
    """The weights of independent vectors whose combination is the target; None where it is none."""
    size = len(columns)
    _, pivots = rref([list(column) for column in columns], len(target))
    # On the pivot coordinates the matrix of the columns is regular: [A | 1] becomes [1 | A^-1].
    square = [[*(column[k] for column in columns), *(int(i == j) for j in range(size))] for i, k in enumerate(pivots)]
    inverse = [row[size:] for row in rref(square, 2 * size)[0]]
    weights: list[Number] = [inner(row, [target[k] for k in pivots]) for row in inverse]
    holds = all(inner([column[k] for column in columns], weights) == q for k, q in enumerate(target))
    return weights if holds else None


def _exactly(
    target: Sequence[Number], generators: Sequence[Sequence[Fraction | int]]
) -> OrderedMultipliers | Separator:
    """By the simplex method over the ordered space."""
    dimension, count = len(target), len(generators)
    rows = [[Fraction(g[k]) for g in generators] for k in range(dimension)]
    right: list[Number] = list(target)
    basis = _eliminate(rows, right, count)
    outside = next((k for k in range(len(basis), dimension) if right[k]), None)
    if outside is not None:
        return _missed(target, generators)
    rows, right = rows[: len(basis)], right[: len(basis)]
    # Dual simplex with the rule of the least index (Bland): it ends on every degenerate input.
    while True:
        negative = [(column, k) for k, column in enumerate(basis) if sign(right[k]) < 0]
        if not negative:
            break
        _, k = min(negative)
        entering = next((j for j in range(count) if rows[k][j] < 0), None)
        if entering is None:
            return _separator(target, generators, basis, k)
        _pivot(rows, right, k, entering)
        basis[k] = entering
    weights: list[Number] = [ZERO] * count
    for k, column in enumerate(basis):
        weights[column] = right[k]
    for k, q in enumerate(target):
        if inner([g[k] for g in generators], weights) != q:
            raise InternalError("an ordered combination failed its replay")
    return OrderedMultipliers(tuple(weights))


def _eliminate(rows: list[list[Fraction]], right: list[Number], count: int) -> list[int]:
    """Reduced echelon form in the first ``count`` columns, in place; its pivot columns, in the order of the rows."""
    basis: list[int] = []
    for column in range(count):
        start = len(basis)
        found = next((k for k in range(start, len(rows)) if rows[k][column]), None)
        if found is None:
            continue
        rows[start], rows[found] = rows[found], rows[start]
        right[start], right[found] = right[found], right[start]
        _pivot(rows, right, start, column)
        basis.append(column)
    return basis


def _pivot(rows: list[list[Fraction]], right: list[Number], k: int, column: int) -> None:
    pivot = rows[k][column]
    rows[k] = [q / pivot for q in rows[k]]
    right[k] = right[k] / pivot
    for i, row in enumerate(rows):
        factor = row[column]
        if i != k and factor:
            rows[i] = [p - factor * q if q else p for p, q in zip(row, rows[k], strict=True)]
            right[i] = right[i] - factor * right[k]


def _missed(target: Sequence[Number], generators: Sequence[Sequence[Fraction | int]]) -> Separator:
    """The target lies outside the span: some functional vanishes on the span and not on the target."""
    for normal in nullspace(generators, len(target)):
        side = sign(inner(normal, target))
        if side:
            return Separator(normal if side < 0 else tuple(-q for q in normal))
    raise InternalError("no functional separates a vector from a span that misses it")


def _separator(
    target: Sequence[Number], generators: Sequence[Sequence[Fraction | int]], basis: list[int], leaving: int
) -> Separator:
    found = solve([generators[j] for j in basis], [int(k == leaving) for k in range(len(basis))])
    normal = primitive(found or ())
    good = len(normal) == len(target) and all(dot(normal, g) >= 0 for g in generators)
    if not good or sign(inner(normal, target)) >= 0:
        raise InternalError("a functional that separates failed its replay")
    return Separator(normal)
