"""Exact linear programs with bounded variables: floats propose a basis, which is solved and replayed over Q.

Small programs, and those whose proposal fails its replay, go to the exact simplex of :mod:`exactgeo.exact.lp`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from fractions import Fraction
from math import lcm

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.lp import minimise
from exactgeo.exact.matrix import integer_rows, solve_regular
from exactgeo.exact.vectors import ONE, ZERO, Vector
from exactgeo.frozen import dataclass

__all__ = ["BoundedAnswer", "BoundedProgram"]

SMALL = 1500
"""Entries of a table that the exact simplex takes without a proposal."""


@dataclass(frozen=True)
class BoundedAnswer:
    """The answer to a program, with its witness.

    Attributes
    ----------
    x : Vector or None
        An optimal point; None where there is none that is feasible.
    y : Vector
        A number a row. With ``excess_j = y.A_j - cost_j``: where x is given ``y.b + sum of min(0, -excess_j) upper_j``
        is its cost, and excess_j <= 0 for the variables without an upper bound. Where it is not, the same is positive
        with cost 0: no point is feasible.
    """

    x: Vector | None
    y: Vector


@dataclass
class BoundedProgram:
    """``A x = b``, ``0 <= x_j <= upper_j`` (where there is one), built row by row.

    Attributes
    ----------
    size : int
        The number of variables.
    rows : list of dict
        Coefficients by variable.
    right : list of Fraction
    upper : dict of Fraction
        By variable; positive.
    """

    size: int = 0
    rows: list[dict[int, Fraction]] = field(default_factory=list)
    right: list[Fraction] = field(default_factory=list)
    upper: dict[int, Fraction] = field(default_factory=dict)

    def minimise(self, cost: Mapping[int, Fraction], check: Check = unlimited) -> BoundedAnswer:
        """Minimise ``cost x``, exactly; ``check`` is called every few pivots.

        Raises
        ------
        InternalError
            The program is unbounded, or an answer failed its replay.

        Examples
        --------
        >>> program = BoundedProgram(2, [{0: ONE, 1: ONE}], [Fraction(3)], {0: Fraction(2)})
        >>> [str(q) for q in program.minimise({1: ONE}).x]
        ['2', '1']
        """
        answer = None
        if (len(self.rows) + len(self.upper)) * (self.size + len(self.upper)) > SMALL:
            answer = self._proposed(cost, check)
        if answer is None:
            answer = self._exactly(cost, check)
            if not self.holds(answer, cost):
                raise InternalError("the answer to a linear program failed its replay")
        return answer

    def holds(self, answer: BoundedAnswer, cost: Mapping[int, Fraction]) -> bool:
        """Whether the witness proves the answer. Cost: an integer product for each coefficient."""
        rows: list[tuple[dict[int, int], int]] = []
        y = []
        for entries, b, q in zip(self.rows, self.right, answer.y, strict=True):
            unit = lcm(b.denominator, *(a.denominator for a in entries.values()))
            whole = {j: a.numerator * (unit // a.denominator) for j, a in entries.items()}
            rows.append((whole, b.numerator * (unit // b.denominator)))
            y.append(q / unit)
        (weights,), unit = integer_rows([y])
        shadow = [0] * self.size
        bound = 0
        for (row, right), weight in zip(rows, weights, strict=True):
            if weight:
                bound += weight * right
                for j, p in row.items():
                    shadow[j] += weight * p
        costs = {} if answer.x is None else cost
        least = Fraction(bound, unit)
        for j, total in enumerate(shadow):
            excess = total - unit * costs.get(j, ZERO)
            if excess > 0:
                if j not in self.upper:
                    return False
                least -= excess * self.upper[j] / unit
        if answer.x is None:
            return least > 0
        (x,), unit = integer_rows([answer.x])
        return (
            min(x, default=0) >= 0
            and all(answer.x[j] <= q for j, q in self.upper.items())
            and all(sum(p * x[j] for j, p in row.items()) == right * unit for row, right in rows)
            and sum((q * answer.x[j] for j, q in cost.items()), ZERO) == least
        )

    def _exactly(self, cost: Mapping[int, Fraction], check: Check) -> BoundedAnswer:
        """By the exact simplex, with a row more for each bound."""
        bounded = list(self.upper)
        width = self.size + len(bounded)
        table = []
        for row in self.rows:
            dense = [ZERO] * width
            for j, q in row.items():
                dense[j] = q
            table.append(dense)
        for k, j in enumerate(bounded):
            dense = [ZERO] * width
            dense[j] = dense[self.size + k] = ONE
            table.append(dense)
        costs = [cost.get(j, ZERO) for j in range(width)]
        answer = minimise(costs, table, [*self.right, *self.upper.values()], check)
        if answer.y is None:
            raise InternalError("a linear program over a bounded set is unbounded")
        x = None if answer.x is None else answer.x[: self.size]
        return BoundedAnswer(x, answer.y[: len(self.rows)])

    def _proposed(self, cost: Mapping[int, Fraction], check: Check) -> BoundedAnswer | None:
        """By a basis from floats; None where its replay fails."""
        import numpy as np

        from exactgeo.exact._propose_basis import propose_basis

        matrix = np.zeros((len(self.rows), self.size))
        for i, row in enumerate(self.rows):
            for j, q in row.items():
                matrix[i, j] = float(q)
        right = np.array([float(q) for q in self.right])
        upper = np.array([float(self.upper[j]) if j in self.upper else np.inf for j in range(self.size)])
        found = propose_basis(matrix, right, upper, np.array([float(cost.get(j, 0)) for j in range(self.size)]), check)
        if found is None:
            return None
        basis, count = found.basis, len(self.rows)
        square = [
            [self.rows[i].get(j, ZERO) if j < self.size else ONE * (j - self.size == i) for j in basis]
            for i in range(count)
        ]
        costs = [
            found.weights[j - self.size]
            if j >= self.size and not found.feasible
            else ZERO
            if j >= self.size or not found.feasible
            else cost.get(j, ZERO)
            for j in basis
        ]
        y = solve_regular([list(column) for column in zip(*square, strict=True)], costs)
        if y is None:
            return None
        x = None
        if found.feasible:
            right_now = [
                b - sum((row[j] * self.upper[j] for j in row.keys() & found.high), ZERO)
                for row, b in zip(self.rows, self.right, strict=True)
            ]
            basic = solve_regular(square, right_now)
            if basic is None:
                return None
            values = [self.upper[j] if j in found.high else ZERO for j in range(self.size)]
            for j, q in zip(basis, basic, strict=True):
                if j < self.size:
                    values[j] = q
                elif q:
                    return None
            x = tuple(values)
        answer = BoundedAnswer(x, y)
        return answer if self.holds(answer, cost) else None
