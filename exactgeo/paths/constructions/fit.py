"""The best outputs of all: no parameters, equal outputs where the data are equal."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from exactgeo.exact.vectors import ZERO, Matrix
from exactgeo.paths.constructions.walk import Unmet
from exactgeo.problem import Problem

__all__ = ["best_outputs"]


def best_outputs(problem: Problem, rows: Matrix) -> Matrix:
    """Outputs (a row an output, a column one of the distinct rows of the data) that have the least loss there is.

    Interpolation where data with equal rows have equal targets. Cost: the breaks of the loss, squared.

    Raises
    ------
    Unmet
        The loss is not quadratic between breaks, or is penalised: the least loss may be none that is attained.
    """
    if problem.penalty:
        raise Unmet("the loss has a penalty")
    if problem.network.layer_activations[-1].slopes != (1, 1):
        raise Unmet("the outputs have an activation")
    found = []
    for unit in range(problem.outputs):
        line = []
        for row in rows:
            if any(len(target) <= unit for target in problem.y):
                raise Unmet(f"the {problem.loss.name} loss is not a sum over outputs")
            line.append(_lowest(problem, [y[unit] for x, y in zip(problem.x, problem.y, strict=True) if x == row]))
        found.append(tuple(line))
    return tuple(found)


def _lowest(problem: Problem, targets: Sequence[Fraction]) -> Fraction:
    """The least minimiser of the sum of the losses at these targets."""
    pieces = []
    for target in targets:
        piece = problem.loss.pieces(target)
        if piece is None:
            raise Unmet(f"the {problem.loss.name} loss is not quadratic between breaks")
        pieces.append(piece)
    breaks = sorted({level for piece in pieces for level in piece.breaks})
    probes = [breaks[0] - 1, *((p + q) / 2 for p, q in pairwise(breaks)), breaks[-1] + 1] if breaks else [ZERO]
    candidates = set(breaks) if breaks else {ZERO}
    for probe in probes:
        inner = [piece.around(probe)[0] for piece in pieces]
        a, b = sum((q[0] for q in inner), ZERO), sum((q[1] for q in inner), ZERO)
        if a:
            # The sum is convex: where its own parabola is stationary elsewhere, the value there is only an upper one.
            candidates.add(-b / (2 * a))
    return min(sorted(candidates), key=lambda p: sum((piece.at(p) for piece in pieces), ZERO))
