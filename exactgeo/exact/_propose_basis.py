"""Float proposals of a basis for linear programs with bounded variables. What they say is only believed after replay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    signs : list of int
        1 or -1 for each e: how it counts in the first phase.
    """

    basis: list[int]
    high: set[int]
    feasible: bool
    signs: list[int]


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

    def minimise(self, cost: NDArray[np.float64], most: int) -> bool:
        """Pivot to an optimal basis; False when it takes more than ``most`` pivots or has no end."""
        reduced = cost - cost[self.basis] @ self.table
        for count in range(most):
            gain = np.where(self.high, reduced, -reduced)
            gain[self.basis] = 0
            gain[self.upper <= 0] = 0
            column = int(np.argmax(gain))
            if gain[column] <= SMALL:
                return True
            if count > most // 2:
                # The greatest gain may go round in circles; the least index does not, but for rounding.
                column = int(np.flatnonzero(gain > SMALL)[0])
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
    matrix: NDArray[np.float64], right: NDArray[np.float64], upper: NDArray[np.float64], cost: NDArray[np.float64]
) -> Proposal | None:
    """A basis that should minimise ``cost x`` over ``A x = b``, ``0 <= x <= upper``; or the sum of ``|b - A x|``.

    None when floats do not get there.
    """
    scale = np.maximum(np.abs(matrix).max(axis=1, initial=0), np.abs(right))
    scale[scale == 0] = 1
    simplex = _Simplex(matrix / scale[:, None], right / scale, upper)
    rows, size = matrix.shape
    most = 20 * (rows + size) + 100
    first = np.concatenate([np.zeros(size), scale])
    if not simplex.minimise(first, most):
        return None
    slack = simplex.basis >= size
    left = float((simplex.value[slack] * scale[simplex.basis[slack] - size]).sum())
    feasible = left <= 1e-7 * max(1.0, float(np.abs(right).max(initial=0)))
    if feasible and cost.any():
        simplex.upper[size:] = 0
        simplex.value[simplex.basis >= size] = 0
        if not simplex.minimise(np.concatenate([cost, np.zeros(rows)]), most):
            return None
    high = {int(j) for j in np.flatnonzero(simplex.high[:size])}
    return Proposal([int(j) for j in simplex.basis], high, feasible, [int(q) for q in simplex.signs])
