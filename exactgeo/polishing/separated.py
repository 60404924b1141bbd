"""A cell on which the loss has no minimum: it falls for ever along a direction that separates the classes.

For a loss that falls strictly as y_t p_t grows (logistic): a direction u of the cell's cone with ``y_t <column, u>_t``
>= 0 for all t and > 0 for one leads from every point of the cell to lower ones, and stays in it.
"""

from __future__ import annotations

from fractions import Fraction

from exactgeo.exact.bounded_lp import BoundedProgram
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.polishing._propose_separation import separation
from exactgeo.polishing.cell import Cell

__all__ = ["separated"]

SMALL = 400
"""Rows of a program that exact arithmetic takes where the direction of floats is not strict."""


def separated(cell: Cell) -> Vector | None:
    """A direction of the unknowns that separates the classes within the cell, proved; None where none was found.

    Cost: a float linear program, and O(rows x unknowns) rationals; an exact one where that of floats is not strict.
    """
    for proposal in (separation(cell), _exactly(cell) if len(cell.rows) + cell.problem.m <= SMALL else None):
        if proposal is not None and _separates(cell, proposal):
            return proposal
    return None


def _gains(cell: Cell, direction: Vector) -> list[Fraction]:
    """``y_t`` times the changes of the predictions."""
    return [
        y * sum((q * column[t] for q, column in zip(direction, cell.columns, strict=True)), ZERO)
        for t, (y,) in enumerate(cell.problem.y)
    ]


def _separates(cell: Cell, direction: Vector) -> bool:
    gains = _gains(cell, direction)
    return min(gains) >= 0 < max(gains) and all(dot(row, direction) >= 0 for row in cell.constraints)


def _exactly(cell: Cell) -> Vector | None:
    """Unknowns in [-1, 1] with the largest sum of gains, all of them nonnegative."""
    count = len(cell.columns)
    program = BoundedProgram(size=count, upper=dict.fromkeys(range(count), 2 * ONE))
    rows = [list(row) for row in cell.constraints]
    rows += [[y * column[t] for column in cell.columns] for t, (y,) in enumerate(cell.problem.y)]
    for k, row in enumerate(rows):
        # Unknown j is variable j - 1; each row is a variable >= 0.
        program.rows.append({j: q for j, q in enumerate(row) if q} | {count + k: -ONE})
        program.right.append(sum(row, ZERO))
    program.size += len(rows)
    goal = range(count + len(cell.constraints), program.size)
    found = program.minimise(dict.fromkeys(goal, -ONE)).x
    return None if found is None else tuple(q - 1 for q in found[:count])
