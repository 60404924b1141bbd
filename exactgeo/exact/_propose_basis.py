"""Float proposals of a basis for linear programs with bounded variables; nothing is believed before its replay."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactgeo.deadline import Check, unlimited
from exactgeo.frozen import dataclass

__all__ = ["Proposal", "propose_basis"]

SMALL = 1e-9


@dataclass(frozen=True)
class Proposal:
    """A basis of ``A x + e = b``, one e a row.

    Attributes
    ----------
    basis : list of int
        A column a row; those from the number of variables on are the e of a row.
    high : set of int
        The variables outside the basis that are at their upper bound.
    feasible : bool
        Whether all e are 0.
    weights : list of Fraction
        How each e counts in the first phase, with its sign.
    """

    basis: list[int]
    high: set[int]
    feasible: bool
    weights: list[Fraction]


class _Simplex:
    """The primal simplex method with bounds, on a dense table; nonbasic variables are at 0 or at their upper bound."""

    def __init__(self, matrix: NDArray[np.float64], right: NDArray[np.float64], upper: NDArray[np.float64]) -> None:
        rows, self.size = matrix.shape
        self.signs = np.where(right < 0, -1.0, 1.0)
        self.table = np.hstack([matrix * self.signs[:, None], np.eye(rows)])
        self.value = right * self.signs
        self.upper = np.concatenate([upper, np.full(rows, np.inf)])
        self.basis = np.arange(self.size, self.size + rows)
        self.high = np.zeros(self.size + rows, dtype=bool)

    def minimise(self, cost: NDArray[np.float64], most: int, check: Check) -> bool:
        """Pivot to an optimal basis; False when it takes more than ``most`` pivots or has no end."""
        reduced = cost - cost[self.basis] @ self.table
        for count in range(most):
            check()
            gain = np.where(self.high, reduced, -reduced)
            gain[self.basis] = 0
            gain[self.upper <= 0] = 0
            if gain.max(initial=0) <= SMALL:
                return True
            if count > most // 2:
                # The greatest gain may go round in circles; the least index does not, but for rounding.
                column = int(np.flatnonzero(gain > SMALL)[0])
            else:
                # The steepest edge: the gain by the length of the move.
                steep = np.where(gain > SMALL, gain, 0) ** 2 / (1 + np.einsum("ij,ij->j", self.table, self.table))
                column = int(np.argmax(steep))
            if not self._pivot(column):
                return False
            reduced = reduced - reduced[column] * self.table[self.row] if self.row >= 0 else reduced
        return False

    def _pivot(self, column: int) -> bool:
        change = self.table[:, column] * (-1 if self.high[column] else 1)
        limits = self.upper[self.basis]
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(
                change > SMALL, self.value / change, np.where(change < -SMALL, (self.value - limits) / change, np.inf)
            )
        room = np.maximum(room, 0)
        least = float(room.min(initial=np.inf))
        if self.upper[column] <= least:
            if not np.isfinite(self.upper[column]):
                return False
            # The variable goes from one bound to the other.
            self.value = self.value - change * self.upper[column]
            self.high[column] = not self.high[column]
            self.row = -1
            return True
        # Of equal steps the one with the greatest pivot.
        ties = np.flatnonzero(room <= least + 1e-12)
        row = int(ties[np.argmax(np.abs(change[ties]))])
        leaving = self.basis[row]
        start = self.upper[column] if self.high[column] else 0.0
        self.value = self.value - change * least
        self.high[leaving] = change[row] < 0
        self.value[row] = start + (-least if self.high[column] else least)
        self.high[column] = False
        pivot = self.table[row] / self.table[row, column]
        self.table -= np.outer(self.table[:, column], pivot)
        self.table[row] = pivot
        self.basis[row] = column
        self.row = row
        return True


def propose_basis(
    matrix: NDArray[np.float64],
    right: NDArray[np.float64],
    upper: NDArray[np.float64],
    cost: NDArray[np.float64],
    check: Check = unlimited,
) -> Proposal | None:
    """A basis that should minimise ``cost x`` over ``A x = b``, ``0 <= x <= upper``; or the sum of ``|b - A x|``.

    None when floats do not get there.
    """
    scale = np.maximum(np.abs(matrix).max(axis=1, initial=0), np.abs(right))
    scale = 2.0 ** np.round(np.log2(np.where(scale == 0, 1, scale)))
    simplex = _Simplex(matrix / scale[:, None], right / scale, upper)
    rows, size = matrix.shape
    most = 20 * (rows + size) + 100
    first = np.concatenate([np.zeros(size), np.ones(rows)])
    if not simplex.minimise(first, most, check):
        return None
    slack = simplex.basis >= size
    feasible = float(simplex.value[slack].sum()) <= 1e-7
    if feasible and cost.any():
        simplex.upper[size:] = 0
        simplex.value[simplex.basis >= size] = 0
        if not simplex.minimise(np.concatenate([cost, np.zeros(rows)]), most, check):
            return None
    high = {int(j) for j in np.flatnonzero(simplex.high[:size])}
    return Proposal([int(j) for j in simplex.basis], high, feasible, [Fraction(q) for q in simplex.signs / scale])
