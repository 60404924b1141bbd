"""Exact optimum of the losses that are two half-lines that meet: linear programs over the rationals.

A datum whose loss has slopes -s <= 0 <= t on the two sides of its break b is the equation

    p + under - over = b,    under, over >= 0,    at cost s under + t over,

times -1 where t > s, so that the slack of coefficient 1 is the dearer one. The duals of the equations are, up to sign
and scale, the subgradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from operator import mul
from typing import TYPE_CHECKING, Any

import flint

from exactgeo.basin.cone_program import Optimum, Program, indices, proved
from exactgeo.basin.solvers.solver import BasisSolver, Refined
from exactgeo.errors import InternalError
from exactgeo.exact.lp import minimise
from exactgeo.exact.matrix import integer_rows
from exactgeo.exact.vectors import ZERO, Vector
from exactgeo.losses import Loss, Pieces

if TYPE_CHECKING:
    from exactgeo.basin.solvers._propose_bases import Pivoting
    from exactgeo.exact._filter_signs import Signs

__all__ = ["Simplex"]

Scaled = tuple[list[int], int]
"""A vector as numerators and their common denominator."""


class Simplex(BasisSolver):
    """The standard form ``min <costs, x>, columns x = goal / scale, x >= 0``.

    Attributes
    ----------
    columns : tuple of vectors of m ints
        One a column of the program, then those that may always be used: each line and its opposite, the slacks.
    costs : tuple of int
        Times the least integer that makes all slopes of the loss integral.
    slacks : tuple of pairs
        For each equation the slack columns with the coefficients 1 and -1.
    goal : list of int; scale : int
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        m, pieces = program.m, [_two_half_lines(program.loss.pieces(y)) for y in program.y]
        falls = [-q.quadratics[0][1] for q in pieces]
        rises = [q.quadratics[1][1] for q in pieces]
        breaks = [q.breaks[0] for q in pieces]
        self._sides = [1 if fall >= rise else -1 for fall, rise in zip(falls, rises, strict=True)]
        self._least = sum((q.at(b) for q, b in zip(pieces, breaks, strict=True)), ZERO)
        dearer, cheaper = map(max, falls, rises), map(min, falls, rises)
        (slopes,), self._unit = integer_rows([[*dearer, *cheaper]])
        free = [tuple(s * q for q in line) for line in program.lines for s in (1, -1)]
        shown = [tuple(s * q for s, q in zip(self._sides, v, strict=True)) for v in (*program.columns, *free)]
        units = [tuple(side * int(t == s) for t in range(m)) for side in (1, -1) for s in range(m)]
        self.columns = (*shown, *units)
        self.costs = (*[0] * len(shown), *(int(q) for q in slopes))
        first = len(shown)
        self.slacks = tuple((first + t, first + m + t) for t in range(m))
        target = [s * (b - o) for s, b, o in zip(self._sides, breaks, program.offset, strict=True)]
        (goal,), self.scale = integer_rows([target])
        self.goal = [int(q) for q in goal]

    @classmethod
    def accepts(cls, loss: Loss, y: Vector) -> bool:
        """Two half-lines for every target, the first falling or level, the second rising or level."""
        return all(_accepted(loss.pieces(q)) for q in set(y))

    def _proved(self, mask: int | None, x: Mapping[int, Fraction], duals: Sequence[Fraction]) -> Optimum:
        weights = {j: q for j, q in x.items() if q and j < self.count}
        pairs = range(self.count, self.count + 2 * len(self.program.lines), 2)
        lines = tuple(x.get(j, ZERO) - x.get(j + 1, ZERO) for j in pairs)
        return proved(self.program, mask, weights, lines, self._gradient(duals))

    def optimum(self, mask: int) -> Optimum:
        """By the exact simplex method."""
        index = [*indices(mask), *self.always]
        rows = list(zip(*(self.columns[j] for j in index), strict=True))
        goal = [Fraction(q, self.scale) for q in self.goal]
        answer = minimise([Fraction(self.costs[j], self._unit) for j in index], rows, goal)
        if answer.status != "optimal" or answer.x is None or answer.y is None:
            raise InternalError(f"the linear program of a basin is {answer.status}")
        return self._proved(mask, dict(zip(index, answer.x, strict=True)), answer.y)

    # -- bases --------------------------------------------------------------------------------------------------

    def pivoting(self) -> Pivoting:
        from exactgeo.basin.solvers._propose_bases import LinearProgram

        return LinearProgram(self.columns, self.costs, self.goal, self.slacks)

    def estimate(self, worth: float, weights: Mapping[int, float]) -> tuple[Fraction, dict[int, Fraction]]:
        value = self.program.weight * (Fraction(worth) / (self.scale * self._unit) + self._least)
        return value, {j: Fraction(q) / self.scale for j, q in weights.items() if j < self.count}

    def refined(self, basis: Sequence[int]) -> Refined | None:
        solved = self._solve(basis)
        if solved is None:
            return None
        (tops, bottom), duals = solved
        cost = sum(self.costs[j] * q for j, q in zip(basis, tops, strict=True) if self.costs[j])
        value = self.program.weight * (Fraction(cost, bottom * self.scale * self._unit) + self._least)
        used = [j for j, q in zip(basis, tops, strict=True) if q and j < self.count]
        return Refined(list(basis), used, value, (dict(enumerate(duals[0])), duals[1]))

    def signs(self, refined: Sequence[Refined]) -> Signs:
        from exactgeo.exact._filter_signs import dot_signs

        return -dot_signs([list(found.witness[0].values()) for found in refined], self.columns[: self.count])

    def gradient(self, basis: Sequence[int]) -> Vector | None:
        solved = self._solve(basis)
        return (
            None if solved is None else self._gradient([Fraction(q, solved[1][1] * self._unit) for q in solved[1][0]])
        )

    def _gradient(self, duals: Sequence[Fraction]) -> Vector:
        return tuple(-s * q for s, q in zip(self._sides, duals, strict=True))

    def on_support(self, basis: Sequence[int]) -> Optimum | None:
        solved = self._solve(basis)
        if solved is None:
            return None
        (tops, bottom), (duals, least) = solved
        x = {j: Fraction(q, bottom * self.scale) for j, q in zip(basis, tops, strict=True)}
        return self._proved(None, x, [Fraction(q, least * self._unit) for q in duals])

    def _solve(self, basis: Sequence[int]) -> tuple[Scaled, Scaled] | None:
        """Weights times the scale and duals times the unit of the costs, replayed.

        None when the columns are dependent, a weight is negative or a column that may always be used would lower the
        cost.
        """
        square = flint.fmpz_mat([list(self.columns[j]) for j in basis])
        transposed = square.transpose()
        goal = flint.fmpz_mat([[q] for q in self.goal])
        costs = flint.fmpz_mat([[self.costs[j]] for j in basis])
        try:
            weights: Any = transposed.solve(goal)
            duals: Any = square.solve(costs)
        except ZeroDivisionError:
            return None
        (top, bottom), (dual, least) = weights.numer_denom(), duals.numer_denom()
        if transposed * top != goal * bottom or square * dual != costs * least:
            raise InternalError("a basis of a linear program was solved wrongly")
        tops, y, least = [int(q) for q in top.entries()], [int(q) for q in dual.entries()], int(least)
        if min(tops, default=0) < 0:
            return None
        lines = range(self.count, self.slacks[0][0])
        if any(sum(map(mul, self.columns[j], y)) > 0 for j in lines):
            return None
        if any(
            q > self.costs[up] * least or -q > self.costs[down] * least
            for q, (up, down) in zip(y, self.slacks, strict=True)
        ):
            return None
        return (tops, int(bottom)), (y, least)


def _accepted(pieces: Pieces | None) -> bool:
    if pieces is None or len(pieces.breaks) != 1:
        return False
    (a, fall, _), (b, rise, _) = pieces.quadratics
    return a == b == 0 and fall <= 0 <= rise


def _two_half_lines(pieces: Pieces | None) -> Pieces:
    if pieces is None or not _accepted(pieces):
        raise InternalError("a linear program of a loss that is not two half-lines")
    return pieces
