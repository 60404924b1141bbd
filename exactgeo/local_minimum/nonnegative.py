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
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.local_minimum import Implied, Leaf, Part, Split
from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.lp import Multipliers, cone_member
from exactgeo.exact.matrix import nullspace, primitive, rref, solve
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot, integer_dot

__all__ = ["Cones", "Low", "Ray", "Term", "components", "prove_nonnegative"]


class Term(NamedTuple):
    """``right * q`` for ``q = <form, u> >= 0``, ``left * q`` for ``q <= 0``; ``row`` names it."""

    row: int
    form: tuple[int, ...]
    right: Fraction
    left: Fraction

    @property
    def concave(self) -> bool:
        return self.right < self.left


def components(
    forms: Sequence[Sequence[Fraction | int]], dimension: int
) -> tuple[list[int], list[list[int]], list[Vector]]:
    """A basis of the forms, the connected components of their matroid, and every form in that basis."""
    table, basis = rref([[form[k] for form in forms] for k in range(dimension)], len(forms))
    coordinates = [tuple(row[j] for row in table) for j in range(len(forms))]
    leader = list(range(len(forms)))

    def find(j: int) -> int:
        while leader[j] != j:
            j = leader[j]
        return j

    for j, weights in enumerate(coordinates):
        for position, weight in enumerate(weights):
            if weight:
                leader[find(j)] = find(basis[position])
    groups: dict[int, list[int]] = {}
    for j in range(len(forms)):
        groups.setdefault(find(j), []).append(j)
    return basis, list(groups.values()), coordinates


def prove_nonnegative(
    linear: Vector, terms: Sequence[Term], dimension: int, check: Check = unlimited
) -> list[Part] | Vector:
    """Prove ``f >= 0`` on all of Q^dimension, or find u with ``f(u) < 0``.

    Parameters
    ----------
    linear : vector of length ``dimension``
    terms : sequence of Term
        With forms that are nonzero and pairwise not proportional.
    dimension : int
    check : callable
        Called for each cell.

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
    basis, groups, coordinates = components([term.form for term in terms], dimension)
    weights = solve([[terms[j].form[k] for j in basis] for k in range(dimension)], linear)
    if weights is None:
        raise InternalError("a functional that vanishes with the forms is not in their span")
    parts = []
    for group in groups:
        positions = [p for p, j in enumerate(basis) if j in group]
        found = _Cover(
            tuple(weights[p] for p in positions),
            [terms[j] for j in group],
            [tuple(coordinates[j][p] for p in positions) for j in group],
        ).run(check)
        if isinstance(found, Low):
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


class Low(NamedTuple):
    q: Vector


class Ray(NamedTuple):
    """An extreme ray of a cone: its coordinates, what the forms are on it, and f times a common denominator.

    ``above``, ``below`` are bit masks of the terms whose form is positive, negative here.
    """

    at: tuple[int, ...]
    sides: tuple[int, ...]
    above: int
    below: int
    value: Any


class Cones:
    """The covering of one component, in the coordinates of its basis, but for what happens on its cones.

    Cones are held by their extreme rays in the coordinates of a basis of the concave forms. Which of the other forms
    have one sign on a cone is read off its rays; multipliers that prove it are found by walking from face to face of
    the dual cone.

    Parameters
    ----------
    rows : sequence of int
        The names of the terms.
    concave : sequence of int
        The numbers of the terms that a cone has to have on one side.
    forms : sequence of vectors, of one dimension
    """

    def __init__(self, rows: Sequence[int], concave: Sequence[int], forms: Sequence[Vector]) -> None:
        self.rows, self.forms = rows, forms
        dimension = len(forms[0])
        _, entries = rref([[forms[j][k] for j in concave] for k in range(dimension)], len(concave))
        self.basis = [concave[entry] for entry in entries]
        self.whole = len(self.basis) == dimension
        """Whether every form, and the linear part, is a combination of concave forms."""
        self.short: dict[int, tuple[int, ...]] = {}
        self.factor: dict[int, Fraction] = {}
        self.columns = [forms[j] for j in self.basis]
        for j, form in enumerate(forms):
            found = solve(list(zip(*self.columns, strict=True)), form) if self.columns else None
            if found is not None:
                self.short[j] = primitive(found)
                self.factor[j] = _ratio(self.short[j], found)
        self.concave = sum(1 << j for j in concave)
        self.known = list(self.short.items())
        self.steps: list[Any] = []

    def run(self, check: Check) -> list[Any] | Low:
        """The steps in preorder, or a point where the function is negative."""
        size = len(self.basis)
        unit = [tuple(int(k == i) for k in range(size)) for i in range(size)]
        low = self._negative([self._ray(tuple(s * q for q in e)) for e in unit for s in (1, -1)])
        if low is not None:
            return low
        stack: list[tuple[list[Ray] | None, dict[int, int], tuple[int, ...]]] = [(None, {}, ())]
        while stack:
            check()
            rays, sides, walls = stack.pop()
            if rays is None and len(walls) < size:
                j = self.basis[len(walls)]
                self.steps.append(Split(self.rows[j]))
                stack += [(None, {**sides, j: side}, (*walls, j)) for side in (-1, 1)]
                continue
            if rays is None:
                rays = [self._ray(tuple(sides[j] * q for q in e)) for j, e in zip(self.basis, unit, strict=True)]
            cut = self._imply(rays, sides, walls)
            if cut is None:
                low = self._leaf(rays, sides, walls)
                if low is not None:
                    return low
                continue
            self.steps.append(Split(self.rows[cut]))
            between = self._between(rays, sides, cut)
            low = self._negative(between)
            if low is not None:
                return low
            for side in (-1, 1):
                kept = [ray for ray in rays if side * ray.sides[cut] >= 0]
                stack.append(([*kept, *between], {**sides, cut: side}, (*walls, cut)))
        return self.steps

    def _ray(self, at: tuple[int, ...]) -> Ray:
        sides = [0] * len(self.rows)
        above = below = 0
        for j, form in self.known:
            q = integer_dot(form, at)
            if q:
                sides[j] = q
                if q > 0:
                    above |= 1 << j
                else:
                    below |= 1 << j
        return Ray(at, tuple(sides), above, below, self._value(at, sides))

    def _value(self, at: tuple[int, ...], sides: Sequence[int]) -> Any:
        """The function on a ray, times something positive; 0 where that is not asked for."""
        return 0

    def _negative(self, rays: Sequence[Ray]) -> Low | None:
        """A ray with a negative value."""
        return None

    def _leaf(self, rays: list[Ray], sides: dict[int, int], walls: tuple[int, ...]) -> Low | None:
        """On one cone: a step that proves it, or where the function is negative."""
        raise NotImplementedError

    def _point(self, at: Sequence[int]) -> Low:
        found = solve([self.forms[j] for j in self.basis], at)
        if found is None:
            raise InternalError("independent forms do not take given values")
        return Low(found)

    def _imply(self, rays: list[Ray], sides: dict[int, int], walls: tuple[int, ...]) -> int | None:
        """Give the concave terms of one sign on the cone their side; a term that is not of one sign, if there is."""
        above = below = 0
        for ray in rays:
            above |= ray.above
            below |= ray.below
        undecided = self.concave & ~sum(1 << j for j in sides)
        single = undecided & ~(above & below)
        while single:
            j = single.bit_length() - 1
            single ^= 1 << j
            side = 1 if above >> j & 1 else -1
            weights = self._combine([side * ray.sides[j] for ray in rays], rays, sides, walls)
            scale = 1 / self.factor[j]
            used = FrozenDict((self.rows[i], q * self.factor[i] * scale) for i, q in weights)
            self.steps.append(Implied(self.rows[j], side, used))
            sides[j] = side
        cut = undecided & above & below
        return (cut & -cut).bit_length() - 1 if cut else None

    def _combine(
        self, values: list[int], rays: list[Ray], sides: dict[int, int], walls: tuple[int, ...]
    ) -> list[tuple[int, Fraction]]:
        """A function >= 0 on the rays as a combination of walls with weights >= 0: from face to face of the dual.

        A wall that vanishes wherever the function does can be taken away from it until it vanishes on one more ray.
        """
        heights = [(i, [sides[i] * ray.sides[i] for ray in rays]) for i in walls]
        scale, found = 1, []
        for i, height in heights:
            least: tuple[int, int] | None = None
            for value, h in zip(values, height, strict=True):
                if h and (least is None or value * least[1] < least[0] * h):
                    least = value, h
            if least is None or not least[0]:
                continue
            top, bottom = least
            values = [bottom * value - top * h for value, h in zip(values, height, strict=True)]
            scale *= bottom
            found.append((i, Fraction(top, scale)))
            if not any(values):
                break
        else:
            if any(values):
                raise InternalError("a function that is nonnegative on a cone is no combination of its walls")
        return found

    def _between(self, rays: list[Ray], sides: dict[int, int], cut: int) -> list[Ray]:
        """The rays on a hyperplane that cuts the cone: one between each two neighbours on either side of it."""
        known = sum(1 << j for j in sides)
        faces = [known & ~(ray.above | ray.below) for ray in rays]
        positive = [k for k, ray in enumerate(rays) if ray.sides[cut] > 0]
        negative = [k for k, ray in enumerate(rays) if ray.sides[cut] < 0]
        found, least = [], len(self.basis) - 2
        for a in positive:
            for b in negative:
                common = faces[a] & faces[b]
                if common.bit_count() < least or any(
                    face & common == common for k, face in enumerate(faces) if k not in (a, b)
                ):
                    continue
                p, q = rays[a].sides[cut], -rays[b].sides[cut]
                found.append(self._ray(primitive([q * x + p * y for x, y in zip(rays[a].at, rays[b].at, strict=True)])))
        return found


class _Cover(Cones):
    """The covering with rational slopes.

    A linear program is needed only where a convex term bends inside a cone, or off the concave forms.
    """

    def __init__(self, linear: Vector, terms: list[Term], forms: list[Vector]) -> None:
        super().__init__([term.row for term in terms], [j for j, term in enumerate(terms) if term.concave], forms)
        self.linear, self.terms = linear, terms
        scaled = [q / self.factor[j] for j in self.short for q in (terms[j].right, terms[j].left)]
        weights = solve(list(zip(*self.columns, strict=True)), linear) if self.whole and self.columns else None
        self.weights = weights or ()
        self.unit = lcm(*(q.denominator for q in (*scaled, *self.weights)))
        self.slopes = {
            j: tuple(int(q / self.factor[j] * self.unit) for q in (terms[j].right, terms[j].left)) for j in self.short
        }
        self.straight = [int(q * self.unit) for q in self.weights]
        # The same in the coordinates of the component, for the linear programs.
        self.lines = [_Line(primitive(form), _ratio(primitive(form), form)) for form in forms]
        pairs = [(t.right / line.factor, t.left / line.factor) for t, line in zip(terms, self.lines, strict=True)]
        self.scale = lcm(*(q.denominator for pair in pairs for q in pair), *(q.denominator for q in linear))
        self.heights = [tuple(int(q * self.scale) for q in pair) for pair in pairs]
        self.start = [int(q * self.scale) for q in linear]
        self.last: dict[int, tuple[Fraction, Fraction]] = {}
        """The slope chosen last for a convex term that bends inside a cone, as it is and times ``unit``."""

    def _value(self, at: tuple[int, ...], sides: Sequence[int]) -> int:
        if not self.whole:
            return 0
        value = integer_dot(self.straight, at)
        for j, q in enumerate(sides):
            if q:
                right, left = self.slopes[j]
                value += q * (right if q > 0 else left)
        return value

    def _negative(self, rays: Sequence[Ray]) -> Low | None:
        if self.whole:
            for ray in rays:
                if ray.value < 0:
                    return self._point(ray.at)
        return None

    def _leaf(self, rays: list[Ray], sides: dict[int, int], walls: tuple[int, ...]) -> Low | None:
        """On one cone: what is convex there is >= 0, or negative somewhere."""
        above = below = 0
        for ray in rays:
            above |= ray.above
            below |= ray.below
        bent, slopes = [], {}
        for j, term in enumerate(self.terms):
            if j in sides:
                continue
            if j not in self.short or (above & below) >> j & 1:
                bent.append(j)
            else:
                slopes[j] = term.left if below >> j & 1 else term.right
        if not self.whole or (bent and not self._tried(rays, sides, walls, bent, slopes)):
            return self._program(sides, walls, bent, slopes)
        if not bent:
            self._end([ray.value for ray in rays], 1, rays, sides, walls, slopes)
        return None

    def _tried(
        self, rays: list[Ray], sides: dict[int, int], walls: tuple[int, ...], bent: list[int],
        slopes: dict[int, Fraction],
    ) -> bool:  # fmt: skip
        """Whether the slopes that proved the last such cone prove this one."""
        if not all(j in self.last for j in bent):
            return False
        bottom = lcm(*(self.last[j][1].denominator for j in bent))
        values = [ray.value * bottom for ray in rays]
        for j in bent:
            whole = int(self.last[j][1] * bottom)
            right, left = (bottom * q for q in self.slopes[j])
            for k, ray in enumerate(rays):
                q = ray.sides[j]
                values[k] += q * (whole - (right if q > 0 else left))
        if min(values) < 0:
            return False
        self._end(values, bottom, rays, sides, walls, slopes | {j: self.last[j][0] for j in bent})
        return True

    def _end(
        self, values: list[int], bottom: int, rays: list[Ray], sides: dict[int, int], walls: tuple[int, ...],
        slopes: dict[int, Fraction],
    ) -> None:  # fmt: skip
        """A leaf on which the function, with these slopes, has these values times ``unit * bottom`` on the rays."""
        weights = self._combine(values, rays, sides, walls)
        used = {self.terms[i].row: q * self.factor[i] / (self.unit * bottom) for i, q in weights}
        self.steps.append(Leaf(FrozenDict(used), FrozenDict((self.terms[j].row, q) for j, q in slopes.items())))

    def _program(
        self, sides: dict[int, int], walls: tuple[int, ...], bent: list[int], slopes: dict[int, Fraction]
    ) -> Low | None:
        """Farkas on one cone, with one epigraph variable for each convex term that bends inside it."""
        terms, lines = self.terms, self.lines
        total = list(self.start)
        fixed = {j: terms[j].right if side > 0 else terms[j].left for j, side in sides.items()} | slopes
        for j, slope in fixed.items():
            weight = self.heights[j][0 if slope == terms[j].right else 1]
            total = [p + weight * q for p, q in zip(total, lines[j].row, strict=True)]
        extra = len(bent)
        generators = [[*(sides[j] * q for q in lines[j].row), *[0] * extra] for j in walls]
        for k, j in enumerate(bent):
            one = [int(k == i) for i in range(extra)]
            generators += [[*(-weight * q for q in lines[j].row), *one] for weight in self.heights[j]]
        answer = cone_member([*total, *[1] * extra], generators)
        if not isinstance(answer, Multipliers):
            return Low(tuple(Fraction(q) for q in answer.normal[: len(total)]))
        first = len(walls)
        used = {
            terms[j].row: q * lines[j].factor / self.scale
            for j, q in zip(walls, answer.generators[:first], strict=True)
            if q
        }
        chosen = {terms[j].row: slope for j, slope in slopes.items()}
        for k, j in enumerate(bent):
            right, left = answer.generators[first + 2 * k : first + 2 * k + 2]
            slope = right * terms[j].right + left * terms[j].left
            chosen[terms[j].row] = slope
            if j in self.short:
                self.last[j] = slope, slope / self.factor[j] * self.unit
        self.steps.append(Leaf(FrozenDict(used), FrozenDict(chosen)))
        return None


class _Line(NamedTuple):
    """An integer form, and the factor by which it is a multiple of the form that it stands for."""

    row: tuple[int, ...]
    factor: Fraction


def _ratio(short: Sequence[int], form: Vector) -> Fraction:
    """The positive factor by which an integer vector is a multiple of a form."""
    return next((p / q for p, q in zip(short, form, strict=True) if q), ONE)
