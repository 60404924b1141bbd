"""Is a piecewise-linear function with transcendental slopes nonnegative? The covering by cones, over an ordered space.

As :mod:`exactgeo.local_minimum.nonnegative`, where the slopes are rational. The cones are rational here too, and on one
of them the function is convex: linear(u) + sum over the bends left open of h_j(<form_j, u>), right_j >= left_j. It is
nonnegative there iff slopes ``left_j <= m_j <= right_j`` and multipliers >= 0 exist with

    linear + sum m_j form_j = sum multipliers[s] sign_s form_s,

a linear program whose matrix is rational: with ``m_j = left_j + a_j`` and ``a_j + b_j = right_j - left_j`` only the
right-hand side is not. Its dual is a rational direction in which the function is negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.local_minimum import Implied, Split
from exactgeo.claims.ordered import Combined
from exactgeo.claims.ordered_minimum import OrderedLeaf, OrderedPart, OrderedStep
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.combination import Number, inner, sign
from exactgeo.exact.lp import Multipliers, cone_member
from exactgeo.exact.matrix import nullspace, rref, solve
from exactgeo.exact.ordered_cone import OrderedMultipliers, ordered_cone_member
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot

__all__ = ["OrderedTerm", "ordered_nonnegative", "value_of"]


@dataclass(frozen=True)
class OrderedTerm:
    """``right * q`` for ``q = <form, u> >= 0``, ``left * q`` for ``q <= 0``; ``row`` names it."""

    row: int
    form: Sequence[Fraction | int]
    right: Number
    left: Number

    @property
    def concave(self) -> bool:
        return sign(self.right - self.left) < 0


def ordered_nonnegative(
    linear: Sequence[Number], terms: Sequence[OrderedTerm], dimension: int, check: Check = unlimited
) -> list[OrderedPart] | Vector:
    """Prove ``f >= 0`` on all of Q^dimension, or find u with ``f(u) < 0``.

    Parameters
    ----------
    linear : vector of length ``dimension`` over an ordered space
    terms : sequence of OrderedTerm
        With integer forms that are nonzero and pairwise not proportional, and slopes that differ.
    dimension : int
    check : callable
        Called for each cell.

    Returns
    -------
    list of OrderedPart, or a rational vector u with f(u) < 0 (replayed)
        Cost: one linear program for each cell of the concave terms of a component of the forms' matroid.
    """
    if not terms:
        if not any(linear):
            return []
        k = next(k for k, q in enumerate(linear) if q)
        return tuple(Fraction(-sign(linear[k]) * int(j == k)) for j in range(dimension))
    for u in nullspace([term.form for term in terms], dimension):
        slope = sign(inner(u, linear))
        if slope:
            return tuple(Fraction(-slope * q) for q in u)
    basis, groups, coordinates = _components(terms, dimension)
    weights = _in_basis(linear, [terms[j].form for j in basis], dimension)
    parts = []
    for group in groups:
        positions = [p for p, j in enumerate(basis) if j in group]
        chosen = [terms[j] for j in group]
        found = _cover(
            [weights[p] for p in positions],
            chosen,
            [tuple(coordinates[j][p] for p in positions) for j in group],
            check,
        )
        if isinstance(found, _Low):
            values = [ZERO] * len(basis)
            for p, q in zip(positions, found.q, strict=True):
                values[p] = q
            low = solve([terms[j].form for j in basis], values)
            if low is None or sign(value_of(linear, terms, low)) >= 0:
                raise InternalError("a direction of descent failed its replay")
            return low
        kept = [weights[p] for p in positions]
        own = [inner([terms[basis[p]].form[k] for p in positions], kept) for k in range(dimension)]
        parts.append(OrderedPart(tuple(term.row for term in chosen), tuple(map(Combined.of, own)), tuple(found)))
    return parts


def value_of(linear: Sequence[Number], terms: Sequence[OrderedTerm], u: Vector) -> Number:
    """f(u)."""
    sides = [dot(term.form, u) for term in terms]
    bent = [term.right if q > 0 else term.left for term, q in zip(terms, sides, strict=True)]
    total: Number = inner([*u, *sides], [*linear, *bent])
    return total


def _components(terms: Sequence[OrderedTerm], dimension: int) -> tuple[list[int], list[list[int]], list[Vector]]:
    """A basis of the forms, the connected components of their matroid, and every form in that basis."""
    table, basis = rref([[term.form[k] for term in terms] for k in range(dimension)], len(terms))
    coordinates = [tuple(row[j] for row in table) for j in range(len(terms))]
    groups = [{j} for j in range(len(terms))]
    for j, weights in enumerate(coordinates):
        touched = {j, *(basis[p] for p, weight in enumerate(weights) if weight)}
        joined = set().union(*(group for group in groups if group & touched))
        groups = [group for group in groups if not group & touched] + [joined]
    return basis, [sorted(group) for group in groups], coordinates


def _in_basis(linear: Sequence[Number], forms: Sequence[Sequence[Fraction | int]], dimension: int) -> list[Number]:
    """The weights of independent forms whose combination is ``linear``: rational rows, solved once for unit vectors."""
    size = len(forms)
    _, pivots = rref([list(form) for form in forms], dimension)
    # On the pivot coordinates the forms are invertible: weights = inverse * (linear on them).
    square = [[form[k] for form in forms] for k in pivots]
    inverse = [solve(square, [int(i == j) for i in range(size)]) for j in range(size)]
    weights: list[Number] = []
    for p in range(size):
        row = [column[p] for column in inverse if column is not None]
        weights.append(inner(row, [linear[k] for k in pivots]))
    if any(inner([form[k] for form in forms], weights) != linear[k] for k in range(dimension)):
        raise InternalError("a functional that vanishes with the forms is not in their span")
    return weights


@dataclass(frozen=True)
class _Low:
    q: Vector


def _cover(
    linear: Sequence[Number], terms: Sequence[OrderedTerm], forms: Sequence[Vector], check: Check
) -> list[OrderedStep] | _Low:
    """The covering of one component, in the coordinates of its basis."""
    concave = [j for j, term in enumerate(terms) if term.concave]
    convex = [j for j in range(len(terms)) if j not in concave]
    steps: list[OrderedStep] = []
    stack: list[tuple[tuple[int, int], ...]] = [()]
    while stack:
        check()
        decided = stack.pop()
        signed = [tuple(side * q for q in forms[j]) for j, side in decided]
        if len(decided) == len(concave):
            leaf = _leaf(linear, terms, forms, decided, signed, convex)
            if isinstance(leaf, _Low):
                return leaf
            steps.append(leaf)
            continue
        j = concave[len(decided)]
        for side in (1, -1):
            answer = cone_member(tuple(side * q for q in forms[j]), signed)
            if isinstance(answer, Multipliers):
                names = (terms[i].row for i, _ in decided)
                used = FrozenDict((name, q) for name, q in zip(names, answer.generators, strict=True) if q)
                steps.append(Implied(terms[j].row, side, used))
                stack.append((*decided, (j, side)))
                break
        else:
            steps.append(Split(terms[j].row))
            stack += [(*decided, (j, -1)), (*decided, (j, 1))]
    return steps


def _leaf(
    linear: Sequence[Number],
    terms: Sequence[OrderedTerm],
    forms: Sequence[Vector],
    decided: tuple[tuple[int, int], ...],
    signed: list[Vector],
    convex: list[int],
) -> OrderedLeaf | _Low:
    """The linear program of one cone: generators are the cone's forms, then for each open bend a_j and b_j."""
    size, extra = len(linear), len(convex)
    slopes = {j: terms[j].right if side > 0 else terms[j].left for j, side in decided}
    slopes |= {j: terms[j].left for j in convex}
    total = [inner([ONE, *(forms[j][k] for j in slopes)], [linear[k], *slopes.values()]) for k in range(size)]
    jumps = [terms[j].right - terms[j].left for j in convex]

    def unit(k: int) -> tuple[int, ...]:
        return tuple(int(i == k) for i in range(extra))

    generators: list[Sequence[Fraction | int]] = [(*row, *unit(-1)) for row in signed]
    generators += [(*(-q for q in forms[j]), *unit(k)) for k, j in enumerate(convex)]
    generators += [((*(0,) * size, *unit(k))) for k in range(extra)]
    answer = ordered_cone_member([*total, *jumps], generators)
    if not isinstance(answer, OrderedMultipliers):
        return _Low(tuple(map(Fraction, answer.normal[:size])))
    weights = answer.generators
    first = len(decided)
    used = {terms[j].row: Combined.of(q) for (j, _), q in zip(decided, weights, strict=False) if q}
    chosen = {terms[j].row: Combined.of(terms[j].left + weights[first + k]) for k, j in enumerate(convex)}
    return OrderedLeaf(FrozenDict(used), FrozenDict(chosen))
