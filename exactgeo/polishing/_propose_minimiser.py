"""A float minimiser of the loss on a cell, with slacks and multipliers. It proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactgeo.polishing.cell import Cell

__all__ = ["Proposal", "Unsettled", "pieces_at", "propose"]

Floats = NDArray[np.float64]

PROXIMITY = 1e-9
"""Weight of the distance to where the network is, in the float proposal only."""


class Unsettled(Exception):
    """The active set of a cell was not found."""


@dataclass
class Proposal:
    values: Floats
    slacks: Floats
    multipliers: Floats


def pieces_at(cell: Cell, predictions: Sequence[Fraction | float]) -> list[tuple[Fraction, Fraction]]:
    """(a, b) of the quadratic ``a p^2 + b p`` on whose interval each prediction is."""
    found = []
    for p, (y,) in zip(predictions, cell.problem.y, strict=True):
        pieces = cell.problem.loss.pieces(y)
        assert pieces is not None
        a, b, _ = pieces.around(Fraction(p))[0]
        found.append((a, b))
    return found


def propose(cell: Cell) -> Proposal:
    """A float minimiser with slacks and multipliers, on columns scaled to length 1."""
    import clarabel
    from scipy import sparse

    columns = np.array([[float(q) for q in column] for column in cell.columns]).T
    lengths = np.linalg.norm(columns, axis=0)
    lengths[lengths == 0] = 1
    matrix = columns / lengths
    goal = _goal(cell)
    sides = np.array([[float(q) for q in row] for row in cell.constraints]).reshape(-1, len(lengths)) / lengths
    sizes = np.linalg.norm(sides, axis=1)
    sides = sides / sizes[:, None]
    bounds = np.array([float(q) for q in cell.bounds]) / sizes
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    gram = matrix.T @ matrix
    own = np.array([float(q) for q in cell.values_at(cell.point)])
    solution = clarabel.DefaultSolver(
        sparse.csc_matrix(np.triu(gram + gram.T) / 2 + PROXIMITY * np.eye(len(gram))),
        -(matrix.T @ goal) - PROXIMITY * own * lengths,
        sparse.csc_matrix(-sides),
        -bounds,
        [clarabel.NonnegativeConeT(len(bounds))] if len(bounds) else [],
        settings,
    ).solve()
    values = np.array(solution.x)
    if not np.isfinite(values).all():
        raise Unsettled("the float solver found nothing")
    slacks, multipliers = np.array(solution.s), np.array(solution.z)
    return Proposal(values / lengths, slacks, multipliers)


def _goal(cell: Cell) -> Floats:
    """What the predictions without their offset are to come near to, in floats."""
    around = pieces_at(cell, cell.predictions(cell.values_at(cell.point)))
    if any(not a for a, _ in around):
        raise Unsettled("the loss is no single parabola around these predictions")
    centre: Floats = np.array([float(-b / (2 * a)) for a, b in around])
    offset: Floats = np.array([float(q) for q in cell.offset])
    return centre - offset
