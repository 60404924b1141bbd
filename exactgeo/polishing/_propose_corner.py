"""Which predictions are at the break of their loss, as floats see it. It proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactgeo.exact.vectors import Vector
from exactgeo.polishing._propose_minimiser import Proposal
from exactgeo.polishing.cell import Cell

__all__ = ["near_breaks", "rounded"]

NEAR = 1e-6
"""Beside the largest prediction and target."""


def near_breaks(cell: Cell, proposal: Proposal) -> dict[int, Fraction]:
    """Data points whose predictions are near the break of their loss, and the break."""
    columns = np.array([[float(q) for q in column] for column in cell.columns]).reshape(-1, cell.problem.m)
    predictions = np.array([float(q) for q in cell.offset]) + proposal.values @ columns
    found = {}
    for t, (y,) in enumerate(cell.problem.y):
        pieces = cell.problem.loss.pieces(y)
        assert pieces is not None
        for level in pieces.breaks:
            if abs(predictions[t] - float(level)) <= NEAR * max(1.0, float(np.abs(predictions).max()), abs(float(y))):
                found[t] = level
    return found


def rounded(base: Vector, directions: Sequence[Sequence[int]], near: NDArray[np.float64]) -> Vector:
    """``base`` moved along directions to come near these floats, by short rationals."""
    if not directions:
        return base
    matrix = np.array(directions, float).T
    scale = np.abs(matrix).max(axis=0)
    gap = near - np.array([float(q) for q in base])
    found = np.linalg.lstsq(matrix / scale, gap, rcond=None)[0] / scale
    values = list(base)
    for q, direction in zip(found, directions, strict=True):
        step = Fraction(round(float(q) * 2**50), 2**50)
        values = [p + step * a for p, a in zip(values, direction, strict=True)]
    return tuple(values)
