"""Exact optimum of the piecewise linear losses, absolute and hinge: linear programs over the rationals."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

import flint

from exactgeo.basin.optimum import Integers, Optimum, Program, Refined, Vector, loss_value, replay
from exactgeo.errors import InternalError
from exactgeo.exact.lp import minimise
from exactgeo.exact.matrix import integer_rows

if TYPE_CHECKING:
    from exactgeo.basin._filter import Signs

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
        x, duals = solved
        bottom = lcm(*(q.denominator for q in duals))
        value = sum((q for j, q in x.items() if self.costs[j]), Fraction(0))
        used = [j for j, q in x.items() if q and j < self.count]
        whole = {t: q.numerator * (bottom // q.denominator) for t, q in enumerate(duals)}
        return Refined(list(basis), used, value, (whole, bottom))

    def signs(self, answers: Sequence[Refined]) -> Signs:
        """For each answer the sign of <gradient, column> for every column of the program."""
        from exactgeo.basin._filter import dot_signs

        return -dot_signs([list(answer.witness[0].values()) for answer in answers], self.columns[: self.count])

    def on_support(self, basis: Sequence[int]) -> Optimum | None:
        """The optimum at a basis, replayed; None when there is none."""
        solved = self._solve(basis)
        if solved is None:
            return None
        weights, lines, gradient = self._answer(*solved)
        program = self._program
        prediction = program.predictions(weights, lines)
        best = Optimum(loss_value(program, prediction), prediction, gradient, weights, lines, program.allowed(gradient))
        replay(program, best.support, best)
        return best

    def _solve(self, basis: Sequence[int]) -> tuple[dict[int, Fraction], list[Fraction]] | None:
        """Weights and duals; None when the columns are dependent, a weight negative or a slack's dual out of bounds."""
        square = flint.fmpz_mat([list(self.columns[j]) for j in basis])
        try:
            found = square.transpose().solve(flint.fmpz_mat([[q] for q in self.goal])).entries()
            duals = square.solve(flint.fmpz_mat([[self.costs[j]] for j in basis])).entries()
        except ZeroDivisionError:
            return None
        if any(q < 0 for q in found):
            return None
        y = [Fraction(int(q.p), int(q.q)) for q in duals]
        for j in self.always:
            column, cost = self.columns[j], self.costs[j]
            if sum(q * y[t] for t, q in enumerate(column) if q) > cost:
                return None
        return {j: Fraction(int(q.p), int(q.q) * self.scale) for j, q in zip(basis, found, strict=True)}, y
