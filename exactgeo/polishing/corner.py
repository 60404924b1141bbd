"""The minimum on a closed cell of a loss that is two half-lines a target: the exact corner that floats propose.

Floats say which sides are active and which predictions are at the break of their loss; equations for all of them are
solved, and one linear program finds subgradients and multipliers, which prove the minimum.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from exactgeo.exact.bounded_lp import BoundedProgram
from exactgeo.exact.matrix import independent_rows, nullspace, solve
from exactgeo.exact.vectors import ZERO, Vector, dot
from exactgeo.polishing._propose_corner import near_breaks, rounded
from exactgeo.polishing._propose_minimiser import Proposal, Unsettled
from exactgeo.polishing.cell import Cell

__all__ = ["minimise_at_corner"]


def minimise_at_corner(cell: Cell, proposal: Proposal) -> Vector:
    """Unknowns of a minimiser, exact.

    Cost: an exact solve, and an exact linear program with as many equations as there are unknowns.

    Raises
    ------
    Unsettled
        The corner is not the one that floats see.
    """
    sides = [int(k) for k in np.flatnonzero(proposal.active)]
    at_break = near_breaks(cell, proposal)
    rows = [cell.constraints[k] for k in sides]
    right = [cell.bounds[k] for k in sides]
    for t, level in at_break.items():
        rows.append(tuple(column[t] for column in cell.columns))
        right.append(level - cell.offset[t])
    kept = independent_rows(rows, len(cell.columns))
    base = solve([rows[k] for k in kept], [right[k] for k in kept]) if kept else (ZERO,) * len(cell.columns)
    if base is None:
        raise Unsettled("the equations of a corner contradict each other")
    values = rounded(base, nullspace([rows[k] for k in kept], len(cell.columns)), proposal.values)
    if any(dot(row, values) < bound for row, bound in zip(cell.constraints, cell.bounds, strict=True)):
        raise Unsettled("the corner that floats see is outside the cell")
    if not _proved(cell, values):
        raise Unsettled("the corner that floats see is no minimum of the cell")
    return values


def _proved(cell: Cell, values: Vector) -> bool:
    """Whether some subgradients and multipliers of active sides balance: one linear program."""
    loss = cell.problem.loss
    predictions = cell.predictions(values)
    ranges = [loss.slopes(p, y) for p, (y,) in zip(predictions, cell.problem.y, strict=True)]
    active = [row for row, bound in zip(cell.constraints, cell.bounds, strict=True) if dot(row, values) == bound]
    free = [t for t, (low, high) in enumerate(ranges) if low < high]
    program = BoundedProgram(size=len(free) + len(active))
    for k, t in enumerate(free):
        program.upper[k] = ranges[t][1] - ranges[t][0]
    for j, column in enumerate(cell.columns):
        row: dict[int, Fraction] = {k: column[t] for k, t in enumerate(free) if column[t]}
        row |= {len(free) + k: -side[j] for k, side in enumerate(active) if side[j]}
        program.rows.append(row)
        program.right.append(-dot([low for low, _ in ranges], column))
    return program.minimise({}).x is not None
