"""The best outputs of all: no parameters, equal outputs where the data are equal."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from exactgeo.exact.vectors import ZERO, Matrix
from exactgeo.losses.piecewise_quadratic import Pieces
from exactgeo.paths.builder import PathRefused
from exactgeo.problem import Problem

__all__ = ["best_outputs"]


def best_outputs(problem: Problem) -> Matrix:
    """Outputs (a row an output, a column a distinct row of the data) with the least loss there is.

    Interpolation where data with equal rows have equal targets. Cost: the breaks of the loss, squared.

    Raises
    ------
    PathRefused
        The loss is not quadratic between breaks: it may have no minimum, or none that is rational.
    """
    members: dict[tuple[Fraction, ...], list[tuple[Pieces, ...]]] = {}
    for row, targets in zip(problem.x, problem.y, strict=True):
        pieces = [problem.loss.pieces(target) for target in targets]
        found = tuple(piece for piece in pieces if piece is not None)
        if len(found) < problem.outputs:
            raise PathRefused(
                f"the {problem.loss.name} loss is not quadratic between breaks: it may have no least value"
            )
        members.setdefault(row, []).append(found)
    return tuple(
        tuple(_lowest([pieces[unit] for pieces in rows]) for rows in members.values())
        for unit in range(problem.outputs)
    )


def _lowest(pieces: Sequence[Pieces]) -> Fraction:
    """The least minimiser of a sum of convex functions."""
    breaks = sorted({level for piece in pieces for level in piece.breaks})
    between = [(p + q) / 2 for p, q in pairwise(breaks)]
    candidates = set(breaks) or {ZERO}
    for inside in [breaks[0] - 1, *between, breaks[-1] + 1] if breaks else [ZERO]:
        inner = [piece.around(inside)[0] for piece in pieces]
        a, b = sum((q[0] for q in inner), ZERO), sum((q[1] for q in inner), ZERO)
        if a:
            # Stationary for the parabola of this stretch, and a number like any other if it lies outside.
            candidates.add(-b / (2 * a))
    return min(sorted(candidates), key=lambda p: sum((piece.at(p) for piece in pieces), ZERO))
