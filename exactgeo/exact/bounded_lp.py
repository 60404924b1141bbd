"""Exact linear programs with bounded variables: floats propose a basis, which is solved and replayed over Q.

Small programs, and those whose proposal fails its replay, go to the exact simplex of :mod:`exactgeo.exact.lp`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from exactgeo.errors import InternalError
from exactgeo.exact.lp import minimise
from exactgeo.exact.matrix import solve_regular
from exactgeo.exact.vectors import ONE, ZERO, Vector

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

    def minimise(self, cost: Mapping[int, Fraction]) -> BoundedAnswer:
        """Minimise ``cost x``, exactly.

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
            answer = self._proposed(cost)
        if answer is None:
            answer = self._exactly(cost)
            if not self.holds(answer, cost):
                raise InternalError("the answer to a linear program failed its replay")
        return answer

    def holds(self, answer: BoundedAnswer, cost: Mapping[int, Fraction]) -> bool:
        """Whether the witness proves the answer."""
        shadow = [ZERO] * self.size
        for row, q in zip(self.rows, answer.y, strict=True):
            if q:
                for j, a in row.items():
                    shadow[j] += q * a
        costs = {} if answer.x is None else cost
        bound = sum((q * b for q, b in zip(answer.y, self.right, strict=True)), ZERO)
        for j, q in enumerate(shadow):
            excess = q - costs.get(j, ZERO)
            if excess > 0:
                if j not in self.upper:
                    return False
                bound -= excess * self.upper[j]
        if answer.x is None:
            return bound > 0
        x = answer.x
        return (
            all(q >= 0 for q in x)
            and all(x[j] <= q for j, q in self.upper.items())
            and all(
                sum((a * x[j] for j, a in row.items()), ZERO) == b for row, b in zip(self.rows, self.right, strict=True)
            )
            and sum((q * x[j] for j, q in cost.items()), ZERO) == bound
        )

    def _exactly(self, cost: Mapping[int, Fraction]) -> BoundedAnswer:
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
        answer = minimise(costs, table, [*self.right, *self.upper.values()])
        if answer.y is None:
            raise InternalError("a linear program over a bounded set is unbounded")
        x = None if answer.x is None else answer.x[: self.size]
        return BoundedAnswer(x, answer.y[: len(self.rows)])

    def _proposed(self, cost: Mapping[int, Fraction]) -> BoundedAnswer | None:
        """By a basis from floats; None where its replay fails."""
        import numpy as np

        from exactgeo.exact._propose_basis import propose_basis

        matrix = np.zeros((len(self.rows), self.size))
        for i, row in enumerate(self.rows):
            for j, q in row.items():
                matrix[i, j] = float(q)
        right = np.array([float(q) for q in self.right])
        upper = np.array([float(self.upper[j]) if j in self.upper else np.inf for j in range(self.size)])
        found = propose_basis(matrix, right, upper, np.array([float(cost.get(j, 0)) for j in range(self.size)]))
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
