"""Exact linear programs over the rationals; every answer is replayed against its witness before it leaves.

One simplex tableau serves all: rows of integers, each with a positive scale of its own that is divided out
after every pivot, so that signs and ratios are exact and no fraction is formed inside. Both the dual
phase (reach feasibility) and the primal phase (reach optimality) end with the rule of the least index
[1]_, which terminates on every degenerate input.

References
----------
.. [1] R. G. Bland, New finite pivoting rules for the simplex method, Math. Oper. Res. 2 (1977) 103-107.
.. [2] A. Schrijver, Theory of Linear and Integer Programming, Theorem 7.1 and its proof (1986).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import Row, echelon, integer_rows, nullspace, primitive, solve
from exactgeo.exact.vectors import ONE, ZERO, dot, integer_dot

__all__ = [
    "LPAnswer",
    "Multipliers",
    "PositivePart",
    "Separator",
    "cone_member",
    "minimise",
    "positive_part",
]


class Multipliers(NamedTuple):
    """``target = sum generators[g] * g + sum lines[l] * l``, with ``generators >= 0``.

    The generators with a nonzero multiplier are linearly independent modulo the lines.
    """

    generators: tuple[Fraction, ...]
    lines: tuple[Fraction, ...]


class Separator(NamedTuple):
    """``<normal, g> >= 0`` for every generator, ``= 0`` for every line, ``< 0`` for the target."""

    normal: tuple[int, ...]


class LPAnswer(NamedTuple):
    """Answer of :func:`minimise` with its witness; entries that do not belong to the status are None.

    Attributes
    ----------
    status : str
        ``optimal``: ``x`` and ``y`` with y.A <= c and y.b = c.x = ``value``.
        ``infeasible``: ``y`` with y.A <= 0 and y.b > 0.
        ``unbounded``: feasible ``x`` and ``ray`` >= 0 with A ray = 0 and c.ray < 0.
    """

    status: str
    x: tuple[Fraction, ...] | None = None
    y: tuple[Fraction, ...] | None = None
    ray: tuple[Fraction, ...] | None = None
    value: Fraction | None = None


class _Tableau:
    """Rows of ``B^-1 [A | b]``, each times a positive integer; the last entry of a row is its right side.

    The first ``free`` columns are variables without a sign: once basic, they never leave.
    """

    __slots__ = ("basis", "free", "rows")

    def __init__(self, rows: list[list[int]], basis: list[int], free: int) -> None:
        self.rows, self.basis, self.free = rows, basis, free

    def pivot(self, leaving: int, column: int, objective: list[int] | None = None) -> list[int] | None:
        """Make ``column`` basic in row ``leaving``; returns the objective row, reduced likewise."""
        pivot_row = self.rows[leaving]
        p = pivot_row[column]
        if p < 0:
            pivot_row, p = [-q for q in pivot_row], -p
        self.rows[leaving] = pivot_row
        for i, row in enumerate(self.rows):
            if i != leaving and row[column]:
                self.rows[i] = _eliminate(row, row[column], pivot_row, p)
        self.basis[leaving] = column
        if objective is not None and objective[column]:
            return _eliminate(objective, objective[column], pivot_row, p)
        return objective

    def restore_feasibility(self, hurry: int | None = None, check: Check = unlimited) -> int | None:
        """Pivot until the right side is >= 0 in every signed row; the index of a contradictory row otherwise."""
        # The most negative value and entry need few pivots but may cycle: a bounded number, then the least index.
        hurry = 3 * len(self.rows) + 15 if hurry is None else hurry
        while True:
            check()
            leaving = -1
            for i, row in enumerate(self.rows):
                if row[-1] >= 0 or self.basis[i] < self.free:
                    continue
                if leaving >= 0:
                    best = self.rows[leaving]
                    if hurry > 0 and row[-1] * best[self.basis[leaving]] >= best[-1] * row[self.basis[i]]:
                        continue
                    if hurry <= 0 and self.basis[i] > self.basis[leaving]:
                        continue
                leaving = i
            if leaving < 0:
                return None
            row = self.rows[leaving]
            entry = min(row[self.free : -1], default=0)
            if entry >= 0:
                return leaving
            if hurry > 0:
                column = row.index(entry, self.free)
            else:
                column = next(j for j in range(self.free, len(row) - 1) if row[j] < 0)
            hurry -= 1
            self.pivot(leaving, column)

    def optimise(self, objective: list[int], check: Check = unlimited) -> int | None:
        """From a feasible basis to an optimal one; the column of an unbounded ray otherwise."""
        reduced = objective
        for i, column in enumerate(self.basis):
            if reduced[column]:
                reduced = _eliminate(reduced, reduced[column], self.rows[i], self.rows[i][column])
        while True:
            check()
            column = next((j for j in range(len(reduced) - 1) if reduced[j] < 0), -1)
            if column < 0:
                return None
            leaving = -1
            for i, row in enumerate(self.rows):
                if row[column] <= 0:
                    continue
                if leaving >= 0:
                    best = self.rows[leaving]
                    order = row[-1] * best[column] - best[-1] * row[column]
                    if order > 0 or (order == 0 and self.basis[i] > self.basis[leaving]):
                        continue
                leaving = i
            if leaving < 0:
                return column
            reduced = self.pivot(leaving, column, reduced) or reduced

    def value(self, i: int) -> Fraction:
        """Value of the variable that is basic in row ``i``."""
        return Fraction(self.rows[i][-1], self.rows[i][self.basis[i]])


def _eliminate(row: list[int], factor: int, pivot_row: list[int], pivot: int) -> list[int]:
    """``pivot * row - factor * pivot_row`` with its content divided out; ``pivot`` > 0 keeps the row's sign."""
    row = [pivot * p - factor * q for p, q in zip(row, pivot_row, strict=True)]
    divisor = gcd(*row)
    return row if divisor <= 1 else [q // divisor for q in row]


def _separate(vectors: Sequence[Sequence[int]], zero: int, values: Sequence[int]) -> tuple[int, ...] | None:
    """Primitive u with <u, vectors[k]> proportional to values; ``zero`` is the dimension."""
    if not vectors:
        return (0,) * zero
    found = solve(vectors, values)
    return None if found is None else primitive(found)


def _decide(
    columns: Sequence[Sequence[int]], free: int, target: Sequence[int], check: Check = unlimited
) -> tuple[_Tableau | None, tuple[int, ...]]:
    """A feasible tableau for ``target`` over the columns (the first ``free`` unsigned), or None and a separator."""
    count, dimension = len(columns), len(target)
    rows = list(zip(*columns, target, strict=True)) if columns else [(q,) for q in target]
    table, _, pivots = echelon(rows, count + 1)
    if pivots and pivots[-1] == count:
        # The target is outside the span: some functional vanishes on the span and not on the target.
        for normal in nullspace(columns, dimension):
            side = integer_dot(normal, target)
            if side:
                return None, (normal if side < 0 else tuple(-q for q in normal))
        raise InternalError("no functional separates a vector from a span that misses it")
    tableau = _Tableau(table, pivots, free)
    contradiction = tableau.restore_feasibility(check=check)
    if contradiction is None:
        return tableau, ()
    leaving = tableau.basis[contradiction]
    normal = _separate([columns[j] for j in tableau.basis], dimension, [int(j == leaving) for j in tableau.basis]) or ()
    return None, normal


def cone_member(
    target: Row, generators: Sequence[Row], lines: Sequence[Row] = (), check: Check = unlimited
) -> Multipliers | Separator:
    """Farkas' lemma: write a vector in a finitely generated cone, or separate it from the cone.

    Parameters
    ----------
    target : sequence of int or Fraction, length d
    generators : sequence of g vectors of length d
        Their multipliers are >= 0. Repeated, proportional and zero vectors are allowed, and g = 0.
    lines : sequence of l vectors of length d
        Their multipliers have any sign.
    check : callable
        Called for each pivot.

    Returns
    -------
    Multipliers or Separator
        Multipliers with linearly independent support, or a primitive integer normal u with <u, g> >= 0,
        <u, l> = 0 and <u, target> < 0. Cost: one elimination and a few pivots on a d x (g + l + 1) integer tableau.

    Raises
    ------
    InternalError
        The answer failed its replay.

    References
    ----------
    A. Schrijver, Theory of Linear and Integer Programming, Theorem 7.1 (the proof is the algorithm).

    Examples
    --------
    >>> [str(q) for q in cone_member([3, 1], [[1, 0], [1, 1], [0, 1]]).generators]
    ['2', '1', '0']
    >>> cone_member([-1, 1], [[1, 0], [1, 1]]).normal
    (1, -1)
    """
    ints, _ = integer_rows([*lines, *generators, target])
    goal = ints.pop()
    free = len(lines)
    tableau, normal = _decide(ints, free, goal, check)
    if tableau is None:
        sides = [integer_dot(normal, vector) for vector in ints]
        if len(normal) != len(goal) or any(sides[:free]) or min(sides, default=0) < 0 or integer_dot(normal, goal) >= 0:
            raise InternalError("a separating functional failed its replay")
        return Separator(normal)
    weights = [ZERO] * len(ints)
    for i, column in enumerate(tableau.basis):
        weights[column] = tableau.value(i)
    _replay_combination(weights, ints, goal)
    if any(q < 0 for q in weights[free:]):
        raise InternalError("a Farkas multiplier is negative")
    return Multipliers(tuple(weights[free:]), tuple(weights[:free]))


def _replay_combination(weights: Sequence[Fraction], columns: Sequence[Sequence[int]], target: Sequence[int]) -> None:
    support = [j for j, q in enumerate(weights) if q]
    bottom = lcm(*(weights[j].denominator for j in support))
    scaled = [weights[j].numerator * (bottom // weights[j].denominator) for j in support]
    for t, q in enumerate(target):
        if sum(w * columns[j][t] for w, j in zip(scaled, support, strict=True)) != bottom * q:
            raise InternalError("a linear combination failed its replay")


def minimise(cost: Row, equalities: Sequence[Row], rhs: Row, check: Check = unlimited) -> LPAnswer:
    """Minimise ``c.x`` subject to ``A x = b``, ``x >= 0``, exactly; ``check`` is called for each pivot.

    Parameters
    ----------
    cost : sequence of int or Fraction, length n
    equalities : k rows of length n
        Dependent and zero rows are allowed, and k = 0, n = 0.
    rhs : sequence of int or Fraction, length k

    Returns
    -------
    LPAnswer
        With its witness, replayed; ``x`` is a vertex.

    Raises
    ------
    InternalError
        The answer failed its replay.

    Examples
    --------
    >>> answer = minimise([1, 1, 0], [[1, 1, -1]], [1])
    >>> answer.status, str(answer.value), [str(q) for q in answer.x], [str(q) for q in answer.y]
    ('optimal', '1', ['1', '0', '0'], ['1'])
    >>> minimise([0], [[1]], [-1]).status, minimise([-1], [[0]], [0]).status
    ('infeasible', 'unbounded')
    """
    count = len(cost)
    columns = [[row[j] for row in equalities] for j in range(count)]
    ints, _ = integer_rows([*columns, rhs])
    goal = ints.pop()
    tableau, normal = _decide(ints, 0, goal, check)
    if tableau is None:
        answer = LPAnswer("infeasible", y=tuple(Fraction(-q) for q in normal))
    else:
        column = tableau.optimise([*primitive(cost), 0], check)
        x = [ZERO] * count
        for i, j in enumerate(tableau.basis):
            x[j] = tableau.value(i)
        if column is None:
            basic = [columns[j] for j in tableau.basis]
            y = solve(basic, [cost[j] for j in tableau.basis]) if basic else (ZERO,) * len(rhs)
            value = dot(cost, x)
            answer = LPAnswer("optimal", tuple(x), y, value=value)
        else:
            ray = [ZERO] * count
            ray[column] = ONE
            for row, j in zip(tableau.rows, tableau.basis, strict=True):
                ray[j] = Fraction(-row[column], row[j])
            answer = LPAnswer("unbounded", tuple(x), ray=tuple(ray))
    _replay_lp(answer, cost, equalities, rhs)
    return answer


def _replay_lp(answer: LPAnswer, cost: Row, equalities: Sequence[Row], rhs: Row) -> None:
    """Check an LP answer against the data as given; raise InternalError when it does not hold."""

    def shadow(y: Row) -> list[Fraction]:
        return [dot(y, [row[j] for row in equalities]) for j in range(len(cost))]

    def feasible(x: Row, right: Row) -> bool:
        return min(x, default=ZERO) >= 0 and all(dot(row, x) == q for row, q in zip(equalities, right, strict=True))

    x, y, ray = answer.x, answer.y, answer.ray
    if answer.status == "optimal":
        good = (
            x is not None
            and y is not None
            and feasible(x, rhs)
            and all(p <= c for p, c in zip(shadow(y), cost, strict=True))
            and dot(y, rhs) == dot(cost, x) == answer.value
        )
    elif answer.status == "infeasible":
        good = y is not None and max(shadow(y), default=ZERO) <= 0 and dot(y, rhs) > 0
    else:
        good = (
            x is not None
            and ray is not None
            and feasible(x, rhs)
            and feasible(ray, [0] * len(rhs))
            and dot(cost, ray) < 0
        )
    if not good:
        raise InternalError(f"an LP answer ({answer.status}) failed its replay")


class PositivePart(NamedTuple):
    """Which of some forms are positive somewhere on the cone where none is negative.

    Attributes
    ----------
    point : tuple of int
        Of the cone; every form outside ``zero`` is positive here.
    zero : frozenset of int
        The forms that are 0 on the whole cone.
    weights : mapping from index to int
        ``sum weights[k] * forms[k] = 0`` with weights >= 0 (those left out are 0), positive on ``zero``: the proof.
    """

    point: tuple[int, ...]
    zero: frozenset[int]
    weights: Mapping[int, int]


def positive_part(forms: Sequence[Row], dimension: int, check: Check = unlimited) -> PositivePart:
    """The cone ``{y : forms y >= 0}``: a point of its relative interior, and one proof of what vanishes on it.

    Parameters
    ----------
    forms : sequence of rows of int or Fraction, of length ``dimension``
        Zero, repeated and opposite ones are allowed, and none at all.
    dimension : int
    check : callable
        Called for each pivot.

    Returns
    -------
    PositivePart
        Cost: a few :func:`cone_member`, at most one a form.

    Raises
    ------
    InternalError
        The answer failed its replay.

    Examples
    --------
    >>> found = positive_part([[1, 0], [0, 1], [0, -1]], 2)
    >>> found.point, sorted(found.zero), dict(found.weights)
    ((1, 0), [1, 2], {1: 1, 2: 1})
    """
    rows = [primitive(row) for row in forms]
    point = [0] * dimension
    open_ = set(range(len(rows)))
    weights: dict[int, int] = {}
    while open_:
        total = [-sum(column) for column in zip(*(rows[k] for k in open_), strict=True)] if dimension else []
        answer = cone_member(total, rows, check=check)
        if isinstance(answer, Multipliers):
            bottom = lcm(*(q.denominator for q in answer.generators))
            scaled = [q.numerator * (bottom // q.denominator) for q in answer.generators]
            weights = {k: q for k, q in enumerate(scaled) if q}
            for k in open_:
                weights[k] = weights.get(k, 0) + bottom
            break
        point = [p + q for p, q in zip(point, answer.normal, strict=True)]
        open_ = {k for k in open_ if not integer_dot(rows[k], point)}
    inner = primitive(point)
    # The weights are those of the primitive rows; a form is a positive multiple of its row.
    shrunk = {k: Fraction(q) * _content(rows[k], forms[k]) for k, q in weights.items()}
    bottom = lcm(*(q.denominator for q in shrunk.values()))
    weights = {k: int(q * bottom) for k, q in shrunk.items()}
    _replay_positive_part(forms, inner, weights)
    return PositivePart(inner, frozenset(weights), weights)


def _content(row: Sequence[int], form: Row) -> Fraction:
    """The factor by which a form is its primitive row."""
    return next((Fraction(p) / q for p, q in zip(row, form, strict=True) if p), ONE)


def _replay_positive_part(forms: Sequence[Row], point: Sequence[int], weights: Mapping[int, int]) -> None:
    total: list[Fraction | int] = [0] * len(point)
    for k, weight in weights.items():
        total = [p + weight * q for p, q in zip(total, forms[k], strict=True)]
    sides = [dot(form, point) for form in forms]
    if any(total) or any((side == 0) != (k in weights) or side < 0 for k, side in enumerate(sides)):
        raise InternalError("a relative interior point failed its replay")
