"""Is a piecewise-linear function with transcendental slopes nonnegative? The covering by cones, over an ordered space.

As :mod:`exactgeo.local_minimum.nonnegative`, where the slopes are rational. The cones are rational here too, and on one
of them the function is convex: linear(u) + sum over the bends left open of h_j(<form_j, u>), right_j >= left_j. It is
nonnegative there iff slopes ``left_j <= m_j <= right_j`` and multipliers >= 0 exist with

    linear + sum m_j form_j = sum multipliers[s] sign_s form_s,

a linear program whose matrix is rational: with ``m_j = left_j + a_j`` and ``a_j + b_j = right_j - left_j`` only the
right-hand side is not. Its dual is a rational direction in which the function is negative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.ordered import Combined
from exactgeo.claims.ordered_minimum import OrderedLeaf, OrderedPart
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.combination import Number, inner, sign
from exactgeo.exact.matrix import nullspace, rref, solve
from exactgeo.exact.ordered_cone import OrderedMultipliers, ordered_cone_member
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.nonnegative import Cones, Low, Ray, components

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
    basis, groups, coordinates = components([term.form for term in terms], dimension)
    weights = _in_basis(linear, [terms[j].form for j in basis], dimension)
    parts = []
    for group in groups:
        positions = [p for p, j in enumerate(basis) if j in group]
        chosen = [terms[j] for j in group]
        columns = [tuple(coordinates[j][p] for p in positions) for j in group]
        found = _OrderedCover([weights[p] for p in positions], chosen, columns).run(check)
        if isinstance(found, Low):
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


class _OrderedCover(Cones):
    """The covering of one component: a linear program on each cone."""

    def __init__(self, linear: Sequence[Number], terms: Sequence[OrderedTerm], forms: Sequence[Vector]) -> None:
        super().__init__([term.row for term in terms], [j for j, term in enumerate(terms) if term.concave], forms)
        self.linear, self.terms = linear, terms
        self.last: dict[int, Number] = {}
        if self.whole:
            self.straight = _in_basis(linear, self.columns, len(linear))
            pairs = {j: (terms[j].right, terms[j].left) for j in self.short}
            self.slopes = {j: tuple(q / self.factor[j] for q in pair) for j, pair in pairs.items()}

    def _value(self, at: tuple[int, ...], sides: Sequence[int]) -> Number:
        """The function on a ray; 0 where the forms that are concave do not span the others."""
        if not self.whole:
            return ZERO
        bent = {j: q for j, q in enumerate(sides) if q}
        slopes = [self.slopes[j][0 if q > 0 else 1] for j, q in bent.items()]
        value: Number = inner([*at, *bent.values()], [*self.straight, *slopes])
        return value

    def _negative(self, rays: Sequence[Ray]) -> Low | None:
        low = next((ray for ray in rays if sign(ray.value) < 0), None)
        return None if low is None else self._point(low.at)

    def _leaf(self, rays: list[Ray], sides: dict[int, int], walls: tuple[int, ...]) -> Low | None:
        """On one cone: by the values on its rays where nothing bends inside, else by a linear program."""
        terms = self.terms
        above = below = 0
        for ray in rays:
            above |= ray.above
            below |= ray.below
        slopes = {j: terms[j].right if side > 0 else terms[j].left for j, side in sides.items()}
        bent: list[int] = []
        straight: dict[int, Number] = {}
        for j in (j for j in range(len(terms)) if j not in sides):
            if j not in self.short or (above & below) >> j & 1:
                bent.append(j)
            else:
                straight[j] = terms[j].left if below >> j & 1 else terms[j].right
        if self.whole and self._tried(rays, sides, walls, bent, straight):
            return None
        return self._program(sides, walls, bent, straight, slopes)

    def _tried(
        self,
        rays: Sequence[Ray],
        sides: Mapping[int, int],
        walls: Sequence[int],
        bent: Sequence[int],
        straight: dict[int, Number],
    ) -> bool:
        """Whether the slopes that proved the last cone, of the terms that bend, prove this one."""
        if not all(j in self.last and j in self.short for j in bent):
            return False
        values = []
        for ray in rays:
            sizes = [ray.sides[j] for j in bent]
            slopes = [self.slopes[j][0 if q > 0 else 1] for j, q in zip(bent, sizes, strict=True)]
            moves = [self.last[j] / self.factor[j] - slope for j, slope in zip(bent, slopes, strict=True)]
            values.append(ray.value + inner(sizes, moves) if bent else ray.value)
            if sign(values[-1]) < 0:
                return False
        used = {self.rows[j]: Combined.of(q * self.factor[j]) for j, q in _by_walls(values, rays, sides, walls)}
        chosen = straight | {j: self.last[j] for j in bent}
        self.steps.append(
            OrderedLeaf(FrozenDict(used), FrozenDict((self.rows[j], Combined.of(q)) for j, q in chosen.items()))
        )
        return True

    def _program(
        self,
        sides: Mapping[int, int],
        walls: Sequence[int],
        bent: Sequence[int],
        straight: dict[int, Number],
        slopes: dict[int, Number],
    ) -> Low | None:
        """The generators are the cone's walls, then for each bend inside it a_j and b_j."""
        terms, forms = self.terms, self.forms
        slopes |= straight | {j: terms[j].left for j in bent}
        size, extra = len(self.linear), len(bent)
        total = [inner([ONE, *(forms[j][k] for j in slopes)], [self.linear[k], *slopes.values()]) for k in range(size)]
        jumps = [terms[j].right - terms[j].left for j in bent]

        def unit(k: int) -> tuple[int, ...]:
            return tuple(int(i == k) for i in range(extra))

        generators: list[Sequence[Fraction | int]] = [(*(sides[j] * q for q in forms[j]), *unit(-1)) for j in walls]
        generators += [(*(-q for q in forms[j]), *unit(k)) for k, j in enumerate(bent)]
        generators += [((*(0,) * size, *unit(k))) for k in range(extra)]
        answer = ordered_cone_member([*total, *jumps], generators)
        if not isinstance(answer, OrderedMultipliers):
            return Low(tuple(map(Fraction, answer.normal[:size])))
        weights = answer.generators
        used = {terms[j].row: Combined.of(q) for j, q in zip(walls, weights, strict=False) if q}
        chosen = {terms[j].row: Combined.of(q) for j, q in straight.items()}
        self.last |= {j: terms[j].left + weights[len(walls) + k] for k, j in enumerate(bent)}
        chosen |= {terms[j].row: Combined.of(self.last[j]) for j in bent}
        self.steps.append(OrderedLeaf(FrozenDict(used), FrozenDict(chosen)))
        return None


def _by_walls(
    values: Sequence[Number], rays: Sequence[Ray], sides: Mapping[int, int], walls: Sequence[int]
) -> list[tuple[int, Number]]:
    """Values >= 0 on the rays of a cone as a combination of walls with weights >= 0: from face to face of the dual."""
    found: list[tuple[int, Number]] = []
    for j in walls:
        heights = [sides[j] * ray.sides[j] for ray in rays]
        least: Number | None = None
        for value, h in zip(values, heights, strict=True):
            if h and (least is None or sign(value - h * least) < 0):
                least = value * Fraction(1, h)
        if least is None or not least:
            continue
        values = [value - h * least for value, h in zip(values, heights, strict=True)]
        found.append((j, least))
    if any(values):
        raise InternalError("a function that is nonnegative on a cone is no combination of its walls")
    return found
