"""Is a piecewise-linear function with transcendental slopes bounded by a multiple of a norm? A covering by cones.

As :mod:`exactgeo.local_minimum.norm_bound`, where the slopes are rational. The forms are rational here too, so the
shortest q of a cone lies in the ordered space of the slopes (:mod:`exactgeo.exact.ordered_least_norm`), and its length
compared with a rational number has a sign that is always found. A u beyond the bound is rational: there is one, as
being beyond is an open condition.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.ordered import Combined
from exactgeo.claims.ordered_penalised_minimum import OrderedNormLeaf, OrderedNormStep
from exactgeo.deadline import Check, unlimited
from exactgeo.exact.combination import MAX_BITS, Number, Unresolved, compare_length, inner, sign
from exactgeo.exact.ordered_least_norm import OrderedBox, ordered_least_norm, rational_near
from exactgeo.exact.vectors import Vector, dot
from exactgeo.local_minimum.norm_bound import Sides, covering
from exactgeo.local_minimum.ordered_cover import OrderedTerm, value_of

__all__ = ["prove_ordered_bound"]


def prove_ordered_bound(
    linear: Sequence[Number],
    terms: Sequence[OrderedTerm],
    free: Sequence[int],
    square: Fraction,
    check: Check = unlimited,
) -> list[OrderedNormStep] | Vector:
    """Prove ``f(u)^2 <= square |u|^2`` wherever f(u) > 0, or find a rational u that violates it.

    Parameters
    ----------
    linear : vector over an ordered space
    terms : sequence of OrderedTerm
        With forms that are nonzero and pairwise not proportional, and slopes that differ.
    free : indices of the coordinates that the norm does not see
        f must be 0 along each of them, both ways.
    square : Fraction
    check : callable
        Called for each cell.

    Returns
    -------
    list of OrderedNormStep, the covering in preorder, or a vector u (replayed)
        Cost: one shortest vector for each cell of the convex terms: exponential only in their rank.

    Raises
    ------
    exactgeo.exact.combination.Unresolved
    """
    concave = [term for term in terms if term.concave]
    convex = [term for term in terms if not term.concave]

    def leaf(sides: Sides, signed: Sequence[tuple[int, ...]]) -> OrderedNormLeaf | Vector:
        slopes = [convex[j].right if side > 0 else convex[j].left for j, side in sides]
        total = [linear[k] + inner([Fraction(convex[j].form[k]) for j, _ in sides], slopes) for k in range(len(linear))]
        boxes = [OrderedBox(tuple(map(Fraction, term.form)), term.right, term.left) for term in concave]
        found = ordered_least_norm(total, boxes, signed, free)
        if compare_length(found.vector, square) > 0:
            return _beyond(linear, terms, free, square, found.witness)
        multipliers = ((convex[j].row, Combined.of(q)) for (j, _), q in zip(sides, found.rays, strict=True) if sign(q))
        chosen = ((term.row, Combined.of(q)) for term, q in zip(concave, found.boxes, strict=True))
        return OrderedNormLeaf(FrozenDict(multipliers), FrozenDict(chosen))

    return covering([(term.row, term.form) for term in convex], leaf, check)


def _beyond(
    linear: Sequence[Number],
    terms: Sequence[OrderedTerm],
    free: Sequence[int],
    square: Fraction,
    witness: Sequence[Number],
) -> Vector:
    """A rational u beyond the bound, near the witness that is."""
    bits = 16
    while bits <= MAX_BITS:
        u = tuple(rational_near(q, bits) for q in witness)
        value = value_of(linear, terms, u)
        seen = [q for k, q in enumerate(u) if k not in free]
        if sign(value) > 0 and compare_length([value], square * dot(seen, seen)) > 0:
            return u
        bits *= 2
    raise Unresolved(f"a direction beyond a bound that no numbers of {MAX_BITS} bits give")
