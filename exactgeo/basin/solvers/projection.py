"""Exact optimum of the quadratic and piecewise quadratic losses: all of them are projections onto a cone.

* squared, half squared: project y onto cone(columns) + span(lines).
* squared hinge: with u = 1 - y p, minimise ``|max(0, u)|^2``: project 1 onto the cone of y * columns and -e_t.
* Huber: the dual is the projection of y onto {e : <e, column> <= 0, <e, line> = 0, |e_t| <= M}, least distance
  programming, which is a projection onto a cone one dimension higher (Lawson and Hanson, ch. 23, LDP).

The projection is Lawson and Hanson's active set method in exact arithmetic, started at a float proposal. It ends on
every input: after the first exact least squares each step lowers the objective, and there are finitely many supports.

References
----------
C. L. Lawson and R. J. Hanson, Solving Least Squares Problems, chapter 23 (1974).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from math import lcm
from operator import mul
from typing import TYPE_CHECKING, Any

import flint

from exactgeo.basin.cone_program import Integers, Optimum, Program, Refined, Vector, loss_value, replay
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import integer_rows, rref

if TYPE_CHECKING:
    from exactgeo.exact._filter_signs import ResidualSigns, Signs

__all__ = ["KINDS", "Cone", "project"]

ZERO = Fraction(0)
KINDS = ("squared", "half_squared", "squared_hinge", "huber")
MOST = 1000
"""Vectors of which all products are kept."""

RETRIES = 4
"""Least squares a proposed support may take while columns with weights <= 0 leave it."""

Answer = tuple[dict[int, Fraction], Vector, Vector]
"""Weights of columns, of lines, and the gradient."""


class Cone:
    """A program of one of :data:`KINDS` as a projection onto a cone.

    Attributes
    ----------
    columns : tuple of vectors of ints
        One a column of the program, then those that may always be used.
    lines : tuple of vectors of ints
    goal : list of int; scale : int
        What is projected is ``goal / scale``.
    count : int
        Number of the program's columns.
    always : range
        Places of the others.
    """

    columns: tuple[Integers, ...]
    lines: tuple[Integers, ...]

    def __init__(self, program: Program) -> None:
        self._program = program
        self.count = len(program.columns)
        m = program.m
        self._factors: list[int] = []
        if program.kind == "squared_hinge":
            labels = [int(q) for q in program.y]

            def flipped(vector: Integers) -> Integers:
                return tuple(s * q for s, q in zip(labels, vector, strict=True))

            slack = tuple(tuple(-int(t == s) for t in range(m)) for s in range(m))
            self.columns = (*map(flipped, program.columns), *slack)
            self.lines = tuple(map(flipped, program.lines))
            target = [1 - s * q for s, q in zip(labels, program.offset, strict=True)]
            (goal,), self.scale = integer_rows([target])
            self.goal = [int(q) for q in goal]
        elif program.kind == "huber":
            y = [a - b for a, b in zip(program.y, program.offset, strict=True)]

            def lifted(vector: Integers) -> tuple[Integers, int]:
                last = sum((q * a for q, a in zip(vector, y, strict=True)), ZERO)
                factor = last.denominator
                return (*(-q * factor for q in vector), int(last * factor)), factor

            # With x = e - y: minimise |x| subject to G x >= h, one row (G, h) a constraint, an equality for each line.
            rows = [lifted(column) for column in program.columns]
            free = [lifted(line) for line in program.lines]
            box = []
            for t in range(m):
                for side in (1, -1):
                    last = side * y[t] - program.bound
                    row = [0] * m
                    row[t] = -side * last.denominator
                    box.append((*row, last.numerator))
            self.columns = (*(row for row, _ in rows), *box)
            self.lines = tuple(row for row, _ in free)
            self._factors = [factor for _, factor in (*rows, *free)]
            self.goal, self.scale = [*[0] * m, 1], 1
            self._half = sum((q * q for q in y), ZERO) / 2
        else:
            self.columns, self.lines = program.columns, program.lines
            self.goal, self.scale = program.goal
        self.always = range(self.count, len(self.columns))

    # -- from projections to losses -----------------------------------------------------------------------------

    def value(self, product: Fraction) -> Fraction:
        """The loss at the projection, from <residual, goal> / scale: the squared length of the residual."""
        if self._program.kind == "huber":
            # product is the residual's last entry h, and |e|^2 = (h - h^2) / h^2 for e = x / h.
            return self._half - (1 - product) / (2 * product)
        return product / 2 if self._program.kind == "half_squared" else product

    def answer(self, weights: Mapping[int, Fraction], lines: Vector, residual: Vector) -> Answer:
        """The program's side of a projection: its weights, line weights and gradient."""
        program = self._program
        mine = {j: q for j, q in weights.items() if j < self.count}
        if program.kind == "huber":
            height = residual[-1]  # positive: e = 0 satisfies every constraint
            if height <= 0:
                raise InternalError("least distance programming found no feasible point where 0 is one")
            factors, y = self._factors, [a - b for a, b in zip(program.y, program.offset, strict=True)]
            gradient = tuple(q / height - a for q, a in zip(residual, y, strict=False))
            return (
                {j: q * factors[j] / height for j, q in mine.items()},
                tuple(q * s / height for q, s in zip(lines, factors[self.count :], strict=True)),
                gradient,
            )
        if program.kind == "squared_hinge":
            return mine, lines, tuple(-2 * y * q for y, q in zip(program.y, residual, strict=True))
        factor = -2 if program.kind == "squared" else -1
        return mine, lines, tuple(factor * q for q in residual)

    def optimum(self, chosen: Sequence[int]) -> Answer:
        """The answer over the chosen columns of the program, by the exact active-set method."""
        index = [*chosen, *self.always]
        target = [Fraction(q, self.scale) for q in self.goal]
        weights, lines, residual = project([self.columns[j] for j in index], self.lines, target)
        return self.answer({index[i]: q for i, q in weights.items()}, lines, residual)

    # -- supports -----------------------------------------------------------------------------------------------

    @cached_property
    def _vectors(self) -> list[list[int]]:
        return [list(vector) for vector in (*self.lines, *self.columns)]

    @cached_property
    def _dots(self) -> list[int]:
        return [sum(map(mul, vector, self.goal)) for vector in self._vectors]

    @cached_property
    def _gram(self) -> list[list[int]] | None:
        """Every product of two vectors, unless they are very many."""
        if len(self._vectors) > MOST:
            return None
        matrix = flint.fmpz_mat(self._vectors)
        return [list(map(int, row)) for row in (matrix * matrix.transpose()).tolist()]

    @cached_property
    def _square(self) -> int:
        return sum(q * q for q in self.goal)

    def _product(self, i: int, j: int) -> int:
        return self._gram[i][j] if self._gram is not None else sum(map(mul, self._vectors[i], self._vectors[j]))

    def _weights(self, chosen: Sequence[int]) -> tuple[list[int], list[int], int] | None:
        """Least squares over the lines and the chosen columns: their places among the vectors, numerators and the
        common denominator, replayed; None when the vectors are dependent."""
        free = len(self.lines)
        places = [*range(free), *(free + j for j in chosen)]
        if not places:
            return [], [], 1
        gram = self._gram
        rows = [[*map(gram[i].__getitem__, places)] for i in places] if gram is not None else []
        matrix = flint.fmpz_mat(rows or [[self._product(i, j) for j in places] for i in places])
        goal = flint.fmpz_mat([[self._dots[i]] for i in places])
        try:
            solution: Any = matrix.solve(goal)
        except ZeroDivisionError:
            return None
        top, bottom = solution.numer_denom()
        if matrix * top != goal * bottom:
            raise InternalError("least squares do not satisfy their normal equations")
        return places, [int(q) for q in top.entries()], int(bottom)

    def refined(self, support: Sequence[int]) -> Refined | None:
        """Least squares on a proposed support, exact.

        None when the support is dependent or a weight is not positive. Columns with a weight <= 0 leave the support,
        and the solve is repeated a few times. What the columns outside say of the residual is for :meth:`signs`.
        """
        chosen, free = list(support), len(self.lines)
        for _ in range(RETRIES + 1):
            solved = self._weights(chosen)
            if solved is None:
                return None
            places, top, bottom = solved
            kept = [j for j, q in zip(chosen, top[free:], strict=True) if q > 0]
            if len(kept) == len(chosen):
                break
            chosen = kept
        else:
            return None
        product = bottom * self._square - sum(q * self._dots[i] for i, q in zip(places, top, strict=True))
        if self._program.kind == "huber" and product <= 0:
            return None
        value = self.value(Fraction(product, bottom * self.scale**2))
        mine = [j for j in chosen if j < self.count]
        return Refined(chosen, mine, value, (dict(zip(places, top, strict=True)), bottom))

    def signs(self, answers: Sequence[Refined]) -> Signs:
        """For each answer the sign of <gradient, column> for every column, those always allowed included."""
        return -self._signs([answer.witness for answer in answers])[:, len(self.lines) :]

    @cached_property
    def _signs(self) -> ResidualSigns:
        from exactgeo.exact._filter_signs import ResidualSigns

        def exact(weights: dict[int, int], bottom: int, place: int) -> int:
            return bottom * self._dots[place] - sum(q * self._product(i, place) for i, q in weights.items())

        return ResidualSigns(self._vectors, self.goal, exact)

    def on_support(self, chosen: Sequence[int]) -> Optimum | None:
        """The optimum that uses exactly these columns, replayed; None when there is none."""
        solved = self._weights(chosen)
        if solved is None:
            return None
        free, bottom = len(self.lines), solved[2]
        line_top, top = solved[1][:free], solved[1][free:]
        if any(q <= 0 for q in top):
            return None
        residual = _residual(self.columns, self.lines, chosen, self.goal, (bottom, top, line_top))
        weights, lines, gradient = self.answer(
            {j: Fraction(q, bottom * self.scale) for j, q in zip(chosen, top, strict=True)},
            tuple(Fraction(q, bottom * self.scale) for q in line_top),
            tuple(Fraction(q, bottom * self.scale) for q in residual),
        )
        program = self._program
        prediction = program.predictions(weights, lines)
        best = Optimum(loss_value(program, prediction), prediction, gradient, weights, lines, program.allowed(gradient))
        replay(program, best.support, best)
        return best


def _independent(vectors: Sequence[Sequence[int]]) -> list[int]:
    """Indices of the first maximal independent subset."""
    if not vectors:
        return []
    return rref(list(zip(*vectors, strict=True)), len(vectors))[1]


def project(
    columns: Sequence[Sequence[int]], lines: Sequence[Sequence[int]], target: Sequence[Fraction]
) -> tuple[dict[int, Fraction], Vector, Vector]:
    """Project ``target`` onto ``cone(columns) + span(lines)``, exactly.

    Parameters
    ----------
    columns : n vectors of m ints
        Zero, repeated and dependent ones are allowed, and n = 0.
    lines : vectors of m ints, linearly independent
    target : m rationals

    Returns
    -------
    weights : dict from column index to positive Fraction
        Of linearly independent columns (modulo the lines).
    lines : tuple of Fraction
    residual : tuple of Fraction
        Unique; orthogonal to the lines and the columns with a weight, <residual, column> <= 0 for the others.

    Examples
    --------
    >>> from fractions import Fraction
    >>> weights, _, residual = project([(1, 1), (0, -1)], [], [Fraction(3), Fraction(1)])
    >>> {j: str(q) for j, q in weights.items()}, [str(q) for q in residual]
    ({0: '3', 1: '2'}, ['0', '0'])
    """
    from exactgeo.basin.solvers._propose_nnls import propose

    (goal, *_), scale = integer_rows([target])
    proposal = propose(columns, lines, goal)
    order = [*sorted(proposal)]
    free = len(lines)
    kept = _independent([*lines, *(columns[j] for j in order)])
    passive = [order[i - free] for i in kept[free:]]
    weights = {j: proposal[j] for j in passive}
    matrix = flint.fmpz_mat([list(column) for column in columns]) if columns else None
    while True:
        bottom, top, line_top = _unconstrained(columns, lines, passive, goal)
        if any(q <= 0 for q in top):
            # Walk from the current non-negative weights towards the unconstrained optimum until the first one vanishes.
            moves = [(weights[j], Fraction(q, bottom)) for j, q in zip(passive, top, strict=True)]
            step = min(old / (old - new) for old, new in moves if new <= 0)
            weights = {
                j: old + step * (new - old)
                for j, (old, new) in zip(passive, moves, strict=True)
                if old + step * (new - old) > 0
            }
            passive = list(weights)
            continue
        weights = {j: Fraction(q, bottom) for j, q in zip(passive, top, strict=True)}
        residual = _residual(columns, lines, passive, goal, (bottom, top, line_top))
        dots = [] if matrix is None else (matrix * flint.fmpz_mat([[q] for q in residual])).entries()
        worst = max(range(len(columns)), key=lambda j: dots[j], default=-1)
        if worst < 0 or dots[worst] <= 0:
            break
        passive.append(worst)
        weights[worst] = ZERO
    return (
        {j: q / scale for j, q in weights.items()},
        tuple(Fraction(q, bottom * scale) for q in line_top),
        tuple(Fraction(q, bottom * scale) for q in residual),
    )


def _unconstrained(
    columns: Sequence[Sequence[int]], lines: Sequence[Sequence[int]], passive: Sequence[int], goal: Sequence[int]
) -> tuple[int, list[int], list[int]]:
    """Least squares over the passive columns and the lines: common denominator, column and line numerators."""
    rows = [*(list(line) for line in lines), *(list(columns[j]) for j in passive)]
    if not rows:
        return 1, [], []
    basis = flint.fmpz_mat(rows)
    solution = (basis * basis.transpose()).solve(basis * flint.fmpz_mat([[q] for q in goal]))
    fractions = [(int(q.p), int(q.q)) for q in solution.entries()]
    bottom = lcm(*(q for _, q in fractions))
    entries = [p * (bottom // q) for p, q in fractions]
    return bottom, entries[len(lines) :], entries[: len(lines)]


def _residual(
    columns: Sequence[Sequence[int]],
    lines: Sequence[Sequence[int]],
    chosen: Sequence[int],
    goal: Sequence[int],
    solution: tuple[int, list[int], list[int]],
) -> list[int]:
    """The residual times the common denominator of a least squares solution."""
    bottom, top, line_top = solution
    residual = [bottom * q for q in goal]
    for q, vector in [(q, columns[j]) for j, q in zip(chosen, top, strict=True)] + list(
        zip(line_top, lines, strict=True)
    ):
        for t, entry in enumerate(vector):
            residual[t] -= q * entry
    return residual
