"""A direction that separates the classes within a cell, in floats. It proves nothing."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import scipy.optimize

from exactgeo.exact.vectors import Vector
from exactgeo.polishing.cell import Cell

__all__ = ["separation"]

INSIDE = 1e-3
"""How far inside the cell the direction is to point, beside its margin."""


def separation(cell: Cell) -> Vector | None:
    """The direction of the largest margin, as rationals; None where floats see none."""
    count, m = len(cell.columns), cell.problem.m
    columns = np.array([[float(q) for q in column] for column in cell.columns]).reshape(count, m).T
    gains = columns * np.array([[float(y)] for (y,) in cell.problem.y])
    sides = np.array([[float(q) for q in row] for row in cell.constraints]).reshape(-1, count)
    sizes = np.linalg.norm(sides, axis=1)
    rows = np.concatenate([gains, sides])
    margins = np.concatenate([np.ones(m), INSIDE * sizes])
    limits: list[tuple[float, float | None]] = [*[(-1.0, 1.0)] * count, (0.0, None)]
    found = scipy.optimize.linprog(
        np.append(np.zeros(count), -1.0),
        A_ub=np.column_stack([-rows, margins]),
        b_ub=np.zeros(len(rows)),
        bounds=limits,
    )
    if found.x is None or found.x[-1] <= 0:
        return None
    return tuple(Fraction(float(q)) for q in found.x[:-1])
