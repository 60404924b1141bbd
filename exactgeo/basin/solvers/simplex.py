"""Exact optimum of the piecewise linear losses, absolute and hinge: linear programs over the rationals."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from operator import mul
from typing import TYPE_CHECKING, Any

import flint

from exactgeo.basin.cone_program import Integers, Optimum, Program, Refined, Vector, loss_value, replay
from exactgeo.errors import InternalError
from exactgeo.exact.lp import minimise
from exactgeo.exact.matrix import integer_rows

if TYPE_CHECKING:
    from exactgeo.exact._filter_signs import Signs

__all__ = ["KINDS", "Table"]

KINDS = ("absolute", "hinge")

Answer = tuple[dict[int, Fraction], Vector, Vector]
"""Weights of columns, of lines, and a subgradient."""


class Table:
    """A program of one of :data:`KINDS` in the standard form ``min <costs, x>, columns x = goal / scale, x >= 0``.

    absolute: p - over + under = y at cost over + under. hinge: y p + short - spare = 1 at cost short. The duals of the
    equalities are, up to sign, the subgradient.

    Attributes
    ----------
    columns : tuple of vectors of m ints
        One a column of the program, then those that may always be used: each line and its opposite, the slacks.
    costs : tuple of int
    slacks : tuple of pairs
        For each equation the slack columns with the coefficients 1 and -1.
    goal : list of int; scale : int
    count : int
        Number of the program's columns.
    always : range
        Places of the others.
    """

    columns: tuple[Integers, ...]

    def __init__(self, program: Program) -> None:
        self._program = program
        m, hinge = program.m, program.kind == "hinge"
        self._labels = [int(q) for q in program.y] if hinge else [1] * m
        self.count = len(program.columns)
        free = [tuple(s * q for q in line) for line in program.lines for s in (1, -1)]
        shown = [tuple(s * q for s, q in zip(self._labels, v, strict=True)) for v in (*program.columns, *free)]
        units = [tuple(side * int(t == s) for t in range(m)) for side in (1, -1) for s in range(m)]
        self.columns = (*shown, *units)
        self.costs = (*[0] * len(shown), *[1] * m, *[0 if hinge else 1] * m)
        first = len(shown)
        self.slacks = tuple((first + t, first + m + t) for t in range(m))
        target = [(1 if hinge else y) - s * o for s, y, o in zip(self._labels, program.y, program.offset, strict=True)]
        (goal,), self.scale = integer_rows([target])
        self.goal = [int(q) for q in goal]
        self.always = range(self.count, len(self.columns))

    def _answer(self, x: dict[int, Fraction], duals: Sequence[Fraction]) -> Answer:
        zero = Fraction(0)
        weights = {j: q for j, q in x.items() if q and j < self.count}
        places = range(self.count, self.count + 2 * len(self._program.lines), 2)
        lines = tuple(x.get(j, zero) - x.get(j + 1, zero) for j in places)
        return weights, lines, tuple(-s * q for s, q in zip(self._labels, duals, strict=True))

    def optimum(self, chosen: Sequence[int]) -> Answer:
        """The answer over the chosen columns of the program, by the exact simplex method."""
        index = [*chosen, *self.always]
        rows = list(zip(*(self.columns[j] for j in index), strict=True))
        goal = [Fraction(q, self.scale) for q in self.goal]
        answer = minimise([self.costs[j] for j in index], rows, goal)
        if answer.status != "optimal" or answer.x is None or answer.y is None:
            raise InternalError(f"the linear program of a basin is {answer.status}")
        return self._answer(dict(zip(index, answer.x, strict=True)), answer.y)

    # -- bases --------------------------------------------------------------------------------------------------

    def refined(self, basis: Sequence[int]) -> Refined | None:
        """What a proposed basis says, exact; None when it is no basis, or not a feasible one.

        What the program's columns outside cost is for :meth:`signs`.
        """
        solved = self._solve(basis)
        if solved is None:
            return None
        (tops, bottom), duals = solved
        cost = sum(q for j, q in zip(basis, tops, strict=True) if self.costs[j])
        used = [j for j, q in zip(basis, tops, strict=True) if q and j < self.count]
        return Refined(list(basis), used, Fraction(cost, bottom * self.scale), (dict(enumerate(duals[0])), duals[1]))

    def signs(self, answers: Sequence[Refined]) -> Signs:
        """For each answer the sign of <gradient, column> for every column of the program."""
        from exactgeo.exact._filter_signs import dot_signs

        return -dot_signs([list(answer.witness[0].values()) for answer in answers], self.columns[: self.count])

    def on_support(self, basis: Sequence[int]) -> Optimum | None:
        """The optimum at a basis, replayed; None when there is none."""
        solved = self._solve(basis)
        if solved is None:
            return None
        (tops, bottom), (duals, share) = solved
        x = {j: Fraction(q, bottom * self.scale) for j, q in zip(basis, tops, strict=True)}
        weights, lines, gradient = self._answer(x, [Fraction(q, share) for q in duals])
        program = self._program
        prediction = program.predictions(weights, lines)
        best = Optimum(loss_value(program, prediction), prediction, gradient, weights, lines, program.allowed(gradient))
        replay(program, best.support, best)
        return best

    def _solve(self, basis: Sequence[int]) -> tuple[tuple[list[int], int], tuple[list[int], int]] | None:
        """Weights times the scale and duals, each with a common denominator, replayed.

        None when the columns are dependent, a weight is negative or a column that may always be used would lower the
        cost.
        """
        square = flint.fmpz_mat([list(self.columns[j]) for j in basis])
        turned = square.transpose()
        goal = flint.fmpz_mat([[q] for q in self.goal])
        costs = flint.fmpz_mat([[self.costs[j]] for j in basis])
        try:
            weights: Any = turned.solve(goal)
            duals: Any = square.solve(costs)
        except ZeroDivisionError:
            return None
        (top, bottom), (dual, share) = weights.numer_denom(), duals.numer_denom()
        if turned * top != goal * bottom or square * dual != costs * share:
            raise InternalError("a basis of a linear program was solved wrongly")
        tops, y, least = [int(q) for q in top.entries()], [int(q) for q in dual.entries()], int(share)
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
