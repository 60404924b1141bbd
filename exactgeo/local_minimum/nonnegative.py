"""Is a piecewise-linear function nonnegative everywhere? A covering of space by cones with a proof on each.

The function is ``f(u) = <linear, u> + sum_j h_j(<form_j, u>)`` with ``h_j(q) = right_j q`` for q >= 0 and
``left_j q`` for q <= 0. It splits into a sum over the connected components of the matroid of the forms, and
f >= 0 iff every summand is. In one component only the *concave* terms (right < left) need cells: on a cone
where their signs are fixed the rest is convex, so Farkas' lemma either proves f >= 0 there or finds a
direction with f < 0. Deciding this is co-NP-hard in general (Yun, Sra, Jadbabaie 2019 discuss the exponential
case); here it is exponential only in linearly dependent concave terms of one component.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.local_minimum import Implied, Leaf, Part, Split, Step
from exactgeo.errors import InternalError
from exactgeo.exact.lp import Multipliers, cone_member
from exactgeo.exact.matrix import nullspace, rref, solve
from exactgeo.exact.vectors import ZERO, Vector, dot

__all__ = ["Term", "prove_nonnegative"]


@dataclass(frozen=True)
class Term:
    """``right * q`` for ``q = <form, u> >= 0``, ``left * q`` for ``q <= 0``; ``row`` names it."""

    row: int
    form: tuple[int, ...]
    right: Fraction
    left: Fraction

    @property
    def concave(self) -> bool:
        return self.right < self.left


def _components(terms: Sequence[Term], dimension: int) -> tuple[list[int], list[list[int]], list[Vector]]:
    """A basis of the forms, the connected components of their matroid, and every form in that basis."""
    table, basis = rref([[term.form[k] for term in terms] for k in range(dimension)], len(terms))
    coordinates = [tuple(row[j] for row in table) for j in range(len(terms))]
    leader = list(range(len(terms)))

    def find(j: int) -> int:
        while leader[j] != j:
            j = leader[j]
        return j

    for j, weights in enumerate(coordinates):
        for position, weight in enumerate(weights):
            if weight:
                leader[find(j)] = find(basis[position])
    groups: dict[int, list[int]] = {}
    for j in range(len(terms)):
        groups.setdefault(find(j), []).append(j)
    return basis, list(groups.values()), coordinates


def prove_nonnegative(linear: Vector, terms: Sequence[Term], dimension: int) -> list[Part] | Vector:
    """Prove ``f >= 0`` on all of Q^dimension, or find u with ``f(u) < 0``.

    Parameters
    ----------
    linear : vector of length ``dimension``
    terms : sequence of Term
        With forms that are nonzero and pairwise not proportional.

    Returns
    -------
    list of Part, or a vector u with f(u) < 0 (replayed)
        Cost: one exact LP for each cell of the concave terms of a component.
    """
    if not terms:
        if any(linear):
            return tuple(-q for q in linear)
        return []
    for u in nullspace([term.form for term in terms], dimension):
        slope = dot(linear, u)
        if slope:
            return tuple(Fraction(-q if slope > 0 else q) for q in u)
    basis, groups, coordinates = _components(terms, dimension)
    weights = solve([[terms[j].form[k] for j in basis] for k in range(dimension)], linear)
    if weights is None:
        raise InternalError("a functional that vanishes with the forms is not in their span")
    parts = []
    for group in groups:
        positions = [p for p, j in enumerate(basis) if j in group]
        found = _cover(
            tuple(weights[p] for p in positions),
            [Term(t.row, (), t.right, t.left) for t in (terms[j] for j in group)],
            [tuple(coordinates[j][p] for p in positions) for j in group],
        )
        if isinstance(found, _Low):
            values = [ZERO] * len(basis)
            for p, q in zip(positions, found.q, strict=True):
                values[p] = q
            low = solve([terms[j].form for j in basis], values)
            if low is None or evaluate(linear, terms, low) >= 0:
                raise InternalError("a direction of descent failed its replay")
            return low
        own = tuple(sum((weights[p] * terms[basis[p]].form[k] for p in positions), ZERO) for k in range(dimension))
        parts.append(Part(tuple(terms[j].row for j in group), own, tuple(found)))
    return parts


def evaluate(linear: Vector, terms: Sequence[Term], u: Vector) -> Fraction:
    """f(u)."""
    total = dot(linear, u)
    for term in terms:
        q = dot(term.form, u)
        total += q * (term.right if q > 0 else term.left)
    return total


@dataclass(frozen=True)
class _Low:
    q: Vector


def _cover(linear: Vector, terms: list[Term], forms: list[Vector]) -> list[Step] | _Low:
    """The covering of one component, in the coordinates of its basis."""
    concave = [j for j, term in enumerate(terms) if term.concave]
    convex = [j for j, term in enumerate(terms) if not term.concave]
    steps: list[Step] = []
    stack: list[tuple[tuple[int, int], ...]] = [()]
    while stack:
        decided = stack.pop()
        signed = [tuple(sign * q for q in forms[j]) for j, sign in decided]
        names = [terms[j].row for j, _ in decided]
        if len(decided) == len(concave):
            leaf = _leaf(linear, terms, forms, decided, signed, convex)
            if isinstance(leaf, _Low):
                return leaf
            steps.append(leaf)
            continue
        j = concave[len(decided)]
        for sign in (1, -1):
            answer = cone_member(tuple(sign * q for q in forms[j]), signed)
            if isinstance(answer, Multipliers):
                used = FrozenDict((name, q) for name, q in zip(names, answer.generators, strict=True) if q)
                steps.append(Implied(terms[j].row, sign, used))
                stack.append((*decided, (j, sign)))
                break
        else:
            steps.append(Split(terms[j].row))
            stack.append((*decided, (j, -1)))
            stack.append((*decided, (j, 1)))
    return steps


def _leaf(
    linear: Vector,
    terms: list[Term],
    forms: list[Vector],
    decided: tuple[tuple[int, int], ...],
    signed: list[Vector],
    convex: list[int],
) -> Leaf | _Low:
    """Farkas on one cone, with one epigraph variable for each convex term."""
    total = list(linear)
    for j, sign in decided:
        slope = terms[j].right if sign > 0 else terms[j].left
        total = [p + slope * q for p, q in zip(total, forms[j], strict=True)]
    extra = len(convex)

    def lift(vector: Vector, position: int | None) -> Vector:
        return (*vector, *(Fraction(int(k == position)) for k in range(extra)))

    generators = [lift(row, None) for row in signed]
    for k, j in enumerate(convex):
        for slope in (terms[j].right, terms[j].left):
            generators.append(lift(tuple(-slope * q for q in forms[j]), k))
    answer = cone_member((*total, *(Fraction(1),) * extra), generators)
    if not isinstance(answer, Multipliers):
        return _Low(tuple(Fraction(q) for q in answer.normal[: len(linear)]))
    first = len(decided)
    multipliers = {terms[j].row: q for (j, _), q in zip(decided, answer.generators[:first], strict=True) if q}
    slopes = []
    for k, j in enumerate(convex):
        right, left = answer.generators[first + 2 * k : first + 2 * k + 2]
        slopes.append((terms[j].row, right * terms[j].right + left * terms[j].left))
    return Leaf(FrozenDict(multipliers), FrozenDict(slopes))
