"""Is a piecewise-linear function bounded by a multiple of a norm? A covering of space by cones with a proof on each.

The function is ``f(u) = <linear, u> + sum_j h_j(<form_j, u>)`` as in :mod:`exactgeo.local_minimum.nonnegative`, the
norm that of some coordinates of u. Only the *convex* terms need cells; on a cone where their signs are fixed, f is
the least of the linear functions ``<q, u>`` with q in a polyhedron: a slope for each concave term, a nonnegative
multiple of each side of the cone. If the shortest q that is 0 in the coordinates without norm has ``|q| <= bound``,
then ``f(u) <= <q, u> <= bound |u|`` on the cone; else q itself, with the multipliers of those coordinates, is a u with
``f(u) = |q|^2 > bound |u|``: the projection of f on the cone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import comb
from typing import TypeVar

from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.local_minimum import Implied, Split
from exactgeo.claims.penalised_minimum import NormLeaf, NormStep
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.least_norm import Box, least_norm
from exactgeo.exact.lp import Multipliers, cone_member
from exactgeo.exact.vectors import Vector, dot
from exactgeo.local_minimum.nonnegative import Term, evaluate

__all__ = ["MOST_CELLS", "Sides", "cells", "climb", "covering", "prove_bounded"]

MOST_CELLS = 5000
"""Most cells of a covering that is begun."""


def cells(convex_terms: Sequence[bool], dimension: int) -> int:
    """At least the number of cells of a covering: that of the regions of its convex terms in general position."""
    convex = sum(convex_terms)
    return 2 * sum(comb(max(convex - 1, 0), i) for i in range(dimension))


def climb(linear: Vector, terms: Sequence[Term], free: Sequence[int], square: Fraction) -> Vector | None:
    """A u beyond the bound, looked for from each axis by taking the gradient for the next u; None where none is met.

    Cost: a few evaluations an axis.
    """
    size = len(linear)
    for k in range(2 * size):
        u = tuple(Fraction((1 if k < size else -1) * int(j == k % size)) for j in range(size))
        for _ in range(12):
            gradient = linear
            for term in terms:
                slope = term.right if dot(term.form, u) >= 0 else term.left
                gradient = tuple(p + slope * q for p, q in zip(gradient, term.form, strict=True))
            u = tuple(q if j not in free else p for j, (p, q) in enumerate(zip(u, gradient, strict=True)))
            value, seen = evaluate(linear, terms, u), [q for j, q in enumerate(u) if j not in free]
            if value > 0 and value * value > square * dot(seen, seen):
                return u
    return None


Sides = tuple[tuple[int, int], ...]
"""The number of a form and its sign, each."""

L = TypeVar("L")


def prove_bounded(
    linear: Vector, terms: Sequence[Term], free: Sequence[int], square: Fraction, check: Check = unlimited
) -> list[NormStep] | Vector:
    """Prove ``f(u)^2 <= square |u|^2`` wherever f(u) > 0, or find a u that violates it.

    Parameters
    ----------
    linear : vector
    terms : sequence of Term
        With forms that are nonzero and pairwise not proportional.
    free : indices of the coordinates that the norm does not see
        f must be 0 along each of them, both ways.
    square : Fraction
    check : callable
        Called for each cell.

    Returns
    -------
    list of NormStep, the covering in preorder, or a vector u (replayed)
        Cost: one shortest vector for each cell of the convex terms: exponential only in their rank.
    """
    convex = [term for term in terms if term.right > term.left]
    concave = [term for term in terms if term.right < term.left]
    for term in terms:
        if term.right == term.left:
            linear = tuple(p + term.right * q for p, q in zip(linear, term.form, strict=True))

    def leaf(sides: Sides, signed: Sequence[tuple[int, ...]]) -> NormLeaf | Vector:
        found = _leaf(linear, convex, concave, sides, signed, free, square)
        if isinstance(found, tuple):
            _replay(linear, terms, free, square, found)
        return found

    return covering([(term.row, term.form) for term in convex], leaf, check)


def covering(
    convex: Sequence[tuple[int, Sequence[Fraction | int]]],
    leaf: Callable[[Sides, Sequence[tuple[int, ...]]], L | Vector],
    check: Check,
) -> list[Split | Implied | L] | Vector:
    """A proof on each cone of sides of some forms, each named by a row; or the vector that ends it.

    Parameters
    ----------
    leaf : callable
        Of the sides, as (number of the form, sign), and the forms with these signs.
    """
    steps: list[Split | Implied | L] = []
    stack: list[Sides] = [()]
    while stack:
        check()
        sides = stack.pop()
        signed = [tuple(int(sign * q) for q in convex[j][1]) for j, sign in sides]
        if len(sides) == len(convex):
            found = leaf(sides, signed)
            if isinstance(found, tuple):
                return found
            steps.append(found)
            continue
        j = len(sides)
        row, form = convex[j]
        names = [convex[k][0] for k, _ in sides]
        for sign in (1, -1):
            answer = cone_member(tuple(sign * q for q in form), signed)
            if isinstance(answer, Multipliers):
                used = FrozenDict((name, q) for name, q in zip(names, answer.generators, strict=True) if q)
                steps.append(Implied(row, sign, used))
                stack.append((*sides, (j, sign)))
                break
        else:
            steps.append(Split(row))
            stack.append((*sides, (j, -1)))
            stack.append((*sides, (j, 1)))
    return steps


def _leaf(
    linear: Vector,
    convex: Sequence[Term],
    concave: Sequence[Term],
    sides: Sides,
    signed: Sequence[tuple[int, ...]],
    free: Sequence[int],
    square: Fraction,
) -> NormLeaf | Vector:
    total = linear
    for j, sign in sides:
        slope = convex[j].right if sign > 0 else convex[j].left
        total = tuple(p + slope * q for p, q in zip(total, convex[j].form, strict=True))
    boxes = [Box(tuple(map(Fraction, term.form)), term.right, term.left) for term in concave]
    found = least_norm(total, boxes, signed, free)
    if found is None:
        raise InternalError("a function is not 0 along a direction without norm")
    if found.square > square:
        return found.witness
    multipliers = {convex[j].row: q for (j, _), q in zip(sides, found.rays, strict=True) if q}
    slopes = ((term.row, q) for term, q in zip(concave, found.boxes, strict=True))
    return NormLeaf(FrozenDict(multipliers), FrozenDict(slopes))


def _replay(linear: Vector, terms: Sequence[Term], free: Sequence[int], square: Fraction, u: Vector) -> None:
    bends = [term for term in terms if term.right != term.left]
    value, seen = evaluate(linear, bends, u), [q for k, q in enumerate(u) if k not in free]
    if not (value > 0 and value * value > square * dot(seen, seen)):
        raise InternalError("a direction beyond a bound failed its replay")
