"""Exact optimum of the losses that are one parabola, whole or with straight ends: projections onto a cone.

Of a datum the loss is ``a (p - c)^2 + constant``, a the same for all, and beyond an end of the parabola, if it has one,
the half-line that continues it without a kink.

* Whole, or with level ends only (squared, half squared; squared hinge): project the centres c onto cone(columns) +
  span(lines); where an end is level, with one column more that lets p go beyond it for nothing. Data whose level end is
  on the left are mirrored.
* Any ends (Huber): the dual is the projection of c - offset onto {e : <e, column> <= 0, <e, line> = 0, -2 a e_t between
  the slopes of the ends}, least distance programming, which is a projection onto a cone one dimension higher (Lawson
  and Hanson, ch. 23, LDP).

The projection is Lawson and Hanson's active set method in exact arithmetic, started at a float proposal. It ends on
every input: after the first exact least squares each step lowers the objective, and there are finitely many supports.

References
----------
C. L. Lawson and R. J. Hanson, Solving Least Squares Problems, chapter 23 (1974).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from math import lcm
from operator import mul
from typing import TYPE_CHECKING, Any, NamedTuple

import flint

from exactgeo.basin.cone_program import Optimum, Program, indices, proved
from exactgeo.basin.solvers.solver import BasisSolver, Refined
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import integer_rows, rref
from exactgeo.exact.vectors import ZERO, Integers, Vector
from exactgeo.losses import Loss, Pieces

if TYPE_CHECKING:
    from exactgeo.basin.solvers._propose_bases import Pivoting
    from exactgeo.exact._filter_signs import ResidualSigns, Signs

__all__ = ["Projection", "project"]

TABULATED = 1000
"""Vectors of which all products are kept."""

RETRIES = 4
"""Least squares a proposed support may take while columns with weights <= 0 leave it."""

PrimalDual = tuple[dict[int, Fraction], Vector, Vector]
"""Weights of columns, of lines, and the gradient."""


# -- losses ---------------------------------------------------------------------------------------------------------


class _Parabola(NamedTuple):
    """``a (p - centre)^2 + constant``, and the slopes of the straight ends; None on a side that has none."""

    a: Fraction
    centre: Fraction
    constant: Fraction
    low: Fraction | None
    high: Fraction | None

    @property
    def level(self) -> bool:
        """Whether its ends, if any, cost nothing more."""
        return not self.low and not self.high


def _parabola(pieces: Pieces | None) -> _Parabola | None:
    """The loss of a datum, if it is of the module's kind."""
    if pieces is None or any(pieces.bends):
        return None
    curved = [k for k, (a, _, _) in enumerate(pieces.quadratics) if a]
    last = len(pieces.breaks)
    if len(curved) != 1 or not last - 1 <= curved[0] <= 1:
        return None
    a, b, c = pieces.quadratics[curved[0]]
    low = pieces.quadratics[0][1] if curved[0] else None
    high = pieces.quadratics[-1][1] if curved[0] < last else None
    # A loss is nowhere negative, so its ends do not fall outwards; least distance programming starts from that.
    if (low or 0) > 0 or (high or 0) < 0:
        return None
    return _Parabola(a, -b / (2 * a), c - b * b / (4 * a), low, high)


@lru_cache(maxsize=8)
def _parabolas(loss: Loss, y: Vector) -> tuple[_Parabola, ...] | None:
    """One a datum, all of one curvature; None where the loss is another."""
    known = {q: _parabola(loss.pieces(q)) for q in set(y)}
    found = [known[q] for q in y]
    kept = tuple([part for part in found if part is not None])
    return kept if len(kept) == len(found) and len({part.a for part in kept}) == 1 else None


# -- from losses to projections -------------------------------------------------------------------------------------


class _Form(ABC):
    """A program as a projection: what is projected is ``goal / scale``, onto cone(columns) + span(lines).

    Attributes
    ----------
    columns, lines : tuples of vectors of ints
        The first columns are those of the program, the others may always be used.
    goal : list of int; scale : int
    """

    columns: tuple[Integers, ...]
    lines: tuple[Integers, ...]
    goal: list[int]
    scale: int

    @abstractmethod
    def value(self, product: Fraction) -> Fraction | None:
        """The program's value at the projection, from <residual, goal> / scale, the squared length of the residual;
        None where no projection has this product."""

    @abstractmethod
    def weights_of(self, weights: Mapping[int, Fraction], product: Fraction) -> dict[int, Fraction]:
        """The weights of :meth:`primal_dual` alone, from those of a projection with this product."""

    @abstractmethod
    def primal_dual(self, weights: Mapping[int, Fraction], lines: Vector, residual: Vector) -> PrimalDual:
        """The program's side of a projection: its weights, line weights and gradient."""


class _Distance(_Form):
    """Parabolas that are whole or have level ends."""

    def __init__(self, program: Program, parabolas: Sequence[_Parabola]) -> None:
        m, self._count = program.m, len(program.columns)
        self._sides = [1 if part.low is None else -1 for part in parabolas]
        mirrored = -1 in self._sides

        def shown(vector: Integers) -> Integers:
            return tuple(s * q for s, q in zip(self._sides, vector, strict=True)) if mirrored else vector

        ended = [t for t, part in enumerate(parabolas) if part.low is not None or part.high is not None]
        beyond = tuple(tuple(-int(t == s) for t in range(m)) for s in ended)
        self.columns = (*map(shown, program.columns), *beyond)
        self.lines = tuple(map(shown, program.lines))
        gaps = (part.centre - o for part, o in zip(parabolas, program.offset, strict=True))
        (goal,), self.scale = integer_rows([[s * q for s, q in zip(self._sides, gaps, strict=True)]])
        self.goal = [int(q) for q in goal]
        self._weight, self._a = program.weight, parabolas[0].a
        self._least = sum((part.constant for part in parabolas), ZERO)

    def value(self, product: Fraction) -> Fraction:
        return self._weight * (self._a * product + self._least)

    def weights_of(self, weights: Mapping[int, Fraction], product: Fraction) -> dict[int, Fraction]:
        return {j: q for j, q in weights.items() if j < self._count}

    def primal_dual(self, weights: Mapping[int, Fraction], lines: Vector, residual: Vector) -> PrimalDual:
        mine = self.weights_of(weights, ZERO)
        factor = -2 * self._a
        return mine, lines, tuple(s * factor * q for s, q in zip(self._sides, residual, strict=True))


class _Clipped(_Form):
    """Parabolas with any ends, by least distance programming."""

    def __init__(self, program: Program, parabolas: Sequence[_Parabola]) -> None:
        m, self._count = program.m, len(program.columns)
        self._weight, self._a = program.weight, parabolas[0].a
        self._gaps = [part.centre - o for part, o in zip(parabolas, program.offset, strict=True)]

        def lifted(vector: Integers) -> tuple[Integers, int]:
            last = sum((q * a for q, a in zip(vector, self._gaps, strict=True)), ZERO)
            factor = last.denominator
            return (*(-q * factor for q in vector), int(last * factor)), factor

        # With x = e - gaps: minimise |x| subject to G x >= h, one row (G, h) a constraint, an equality for each line.
        rows = [lifted(column) for column in program.columns]
        free = [lifted(line) for line in program.lines]
        box = []
        for t, part in enumerate(parabolas):
            for side, slope in ((1, part.low), (-1, part.high)):
                if slope is None:
                    continue
                last = side * (self._gaps[t] + slope / (2 * self._a))
                row = [0] * m
                row[t] = -side * last.denominator
                box.append((*row, last.numerator))
        self.columns = (*(row for row, _ in rows), *box)
        self.lines = tuple(row for row, _ in free)
        self._factors = [factor for _, factor in (*rows, *free)]
        self.goal, self.scale = [*[0] * m, 1], 1
        self._most = self._a * sum((q * q for q in self._gaps), ZERO)
        self._least = sum((part.constant for part in parabolas), ZERO)

    def value(self, product: Fraction) -> Fraction | None:
        # product is the residual's last entry h, and |x|^2 = (h - h^2) / h^2.
        if product <= 0:
            return None
        return self._weight * (self._most - self._a * (1 - product) / product + self._least)

    def weights_of(self, weights: Mapping[int, Fraction], product: Fraction) -> dict[int, Fraction]:
        return {j: q * self._factors[j] / product for j, q in weights.items() if j < self._count and product > 0}

    def primal_dual(self, weights: Mapping[int, Fraction], lines: Vector, residual: Vector) -> PrimalDual:
        height = residual[-1]  # positive: e = 0 satisfies every constraint
        if height <= 0:
            raise InternalError("least distance programming found no feasible point where 0 is one")
        factors, double = self._factors, 2 * self._a
        return (
            self.weights_of(weights, height),
            tuple(q * s / height for q, s in zip(lines, factors[self._count :], strict=True)),
            tuple(double * (q / height - gap) for q, gap in zip(residual, self._gaps, strict=False)),
        )


# -- the solver -----------------------------------------------------------------------------------------------------


class Projection(BasisSolver):
    """A program as a projection onto a cone; a basis is the support of a projection.

    Attributes
    ----------
    lines : tuple of vectors of ints
    goal : list of int; scale : int
        What is projected is ``goal / scale``.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        parabolas = _parabolas(program.loss, program.y)
        if parabolas is None:
            raise InternalError("a projection of a loss that is not one parabola")
        form = _Distance if all(part.level for part in parabolas) else _Clipped
        self._form: _Form = form(program, parabolas)
        self.columns, self.lines = self._form.columns, self._form.lines
        self.goal, self.scale = self._form.goal, self._form.scale

    @classmethod
    def accepts(cls, loss: Loss, y: Vector) -> bool:
        """One parabola a datum, of one curvature, whole or with straight ends."""
        return _parabolas(loss, y) is not None

    def optimum(self, mask: int) -> Optimum:
        """By the exact active-set method."""
        index = [*indices(mask), *self.always]
        target = [Fraction(q, self.scale) for q in self.goal]
        weights, lines, residual = project([self.columns[j] for j in index], self.lines, target)
        found = self._form.primal_dual({index[i]: q for i, q in weights.items()}, lines, residual)
        return proved(self.program, mask, *found)

    # -- supports -----------------------------------------------------------------------------------------------

    def pivoting(self) -> Pivoting:
        from exactgeo.basin.solvers._propose_bases import LeastSquares

        return LeastSquares(self.columns, self.lines, self.goal)

    def estimate(self, worth: float, weights: Mapping[int, float]) -> tuple[Fraction, dict[int, Fraction]]:
        square = Fraction(worth) / self.scale**2
        exact = {j: Fraction(q) / self.scale for j, q in weights.items()}
        return self._form.value(square) or ZERO, self._form.weights_of(exact, square)

    @cached_property
    def _vectors(self) -> list[list[int]]:
        return [list(vector) for vector in (*self.lines, *self.columns)]

    @cached_property
    def _dots(self) -> list[int]:
        return [sum(map(mul, vector, self.goal)) for vector in self._vectors]

    @cached_property
    def _gram(self) -> list[list[int]] | None:
        """Every product of two vectors, unless they are very many."""
        if len(self._vectors) > TABULATED:
            return None
        matrix = flint.fmpz_mat(self._vectors)
        return [list(map(int, row)) for row in (matrix * matrix.transpose()).tolist()]

    @cached_property
    def _square(self) -> int:
        return sum(q * q for q in self.goal)

    def _weights(self, chosen: Sequence[int]) -> tuple[list[int], list[int], int] | None:
        """Least squares over the lines and the chosen columns: their indices among the vectors, numerators and the
        common denominator, replayed; None when the vectors are dependent."""
        free = len(self.lines)
        index = [*range(free), *(free + j for j in chosen)]
        if not index:
            return [], [], 1
        gram = self._gram
        if gram is not None:
            matrix = flint.fmpz_mat([[*map(gram[i].__getitem__, index)] for i in index])
        else:
            vectors = flint.fmpz_mat([self._vectors[i] for i in index])
            matrix = vectors * vectors.transpose()
        goal = flint.fmpz_mat([[self._dots[i]] for i in index])
        try:
            solution: Any = matrix.solve(goal)
        except ZeroDivisionError:
            return None
        top, bottom = solution.numer_denom()
        if matrix * top != goal * bottom:
            raise InternalError("least squares do not satisfy their normal equations")
        return index, [int(q) for q in top.entries()], int(bottom)

    def refined(self, basis: Sequence[int]) -> Refined | None:
        """Least squares on a proposed support, exact.

        None when the support is dependent or a weight is not positive. Columns with a weight <= 0 leave the support,
        and the solve is repeated a few times.
        """
        chosen, free = list(basis), len(self.lines)
        for _ in range(RETRIES + 1):
            solved = self._weights(chosen)
            if solved is None:
                return None
            index, top, bottom = solved
            kept = [j for j, q in zip(chosen, top[free:], strict=True) if q > 0]
            if len(kept) == len(chosen):
                break
            chosen = kept
        else:
            return None
        product = bottom * self._square - sum(q * self._dots[i] for i, q in zip(index, top, strict=True))
        value = self._form.value(Fraction(product, bottom * self.scale**2))
        if value is None:
            return None
        mine = [j for j in chosen if j < self.count]
        return Refined(chosen, mine, value, (dict(zip(index, top, strict=True)), bottom))

    def signs(self, refined: Sequence[Refined]) -> Signs:
        return -self._signs([found.witness for found in refined])[:, len(self.lines) :]

    @cached_property
    def _signs(self) -> ResidualSigns:
        from exactgeo.exact._filter_signs import ResidualSigns

        def exact(weights: dict[int, int], bottom: int, indices: list[int]) -> list[int]:
            gram = self._gram
            if gram is not None:
                return [bottom * self._dots[j] - sum(q * gram[i][j] for i, q in weights.items()) for j in indices]
            residual = [bottom * q for q in self.goal]
            for i, q in weights.items():
                residual = [a - q * b for a, b in zip(residual, self._vectors[i], strict=True)]
            return [sum(map(mul, residual, self._vectors[j])) for j in indices]

        return ResidualSigns(self._vectors, self.goal, exact)

    def gradient(self, basis: Sequence[int]) -> Vector | None:
        found = self._primal_dual(basis)
        return None if found is None else found[2]

    def on_support(self, basis: Sequence[int]) -> Optimum | None:
        found = self._primal_dual(basis)
        return None if found is None else proved(self.program, None, *found)

    def _primal_dual(self, basis: Sequence[int]) -> PrimalDual | None:
        """The program's side of the projection with this support; None where there is none."""
        solved = self._weights(basis)
        if solved is None:
            return None
        free, bottom = len(self.lines), solved[2]
        line_top, top = solved[1][:free], solved[1][free:]
        if any(q <= 0 for q in top):
            return None
        residual = _residual(self.columns, self.lines, basis, self.goal, (bottom, top, line_top))
        return self._form.primal_dual(
            {j: Fraction(q, bottom * self.scale) for j, q in zip(basis, top, strict=True)},
            tuple(Fraction(q, bottom * self.scale) for q in line_top),
            tuple(Fraction(q, bottom * self.scale) for q in residual),
        )


# -- the active-set method ------------------------------------------------------------------------------------------


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
