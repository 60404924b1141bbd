"""Exact optimum of the piecewise linear losses, absolute and hinge: linear programs over the rationals."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactgeo.basin.optimum import Program, Vector
from exactgeo.errors import InternalError
from exactgeo.exact.lp import minimise

__all__ = ["optimum"]


def optimum(program: Program, chosen: Sequence[int]) -> tuple[dict[int, Fraction], Vector, Vector]:
    """Weights of columns, of lines, and a subgradient, at the optimum over the chosen columns.

    absolute: p - over + under = y at cost over + under. hinge: y p + short - spare = 1 at cost short. The multipliers
    of the equalities are, up to sign, the subgradient.
    """
    m, hinge = program.m, program.kind == "hinge"
    labels = [int(q) for q in program.y] if hinge else [1] * m
    vectors: list[Sequence[int]] = [program.columns[j] for j in chosen]
    for line in program.lines:
        vectors += [line, [-q for q in line]]
    rows = []
    for t in range(m):
        unit = [int(s == t) for s in range(m)]
        first, second = (unit, [-q for q in unit]) if hinge else ([-q for q in unit], unit)
        rows.append([labels[t] * vector[t] for vector in vectors] + first + second)
    goal = [(1 if hinge else program.y[t]) - labels[t] * program.offset[t] for t in range(m)]
    cost = [0] * len(vectors) + [1] * m + [0 if hinge else 1] * m
    answer = minimise(cost, rows, goal)
    if answer.status != "optimal" or answer.x is None or answer.y is None:
        raise InternalError(f"the linear program of a basin is {answer.status}")
    weights = {j: q for j, q in zip(chosen, answer.x, strict=False) if q}
    rest = answer.x[len(chosen) : len(vectors)]
    lines = tuple(a - b for a, b in zip(rest[::2], rest[1::2], strict=True))
    return weights, lines, tuple(-s * q for s, q in zip(labels, answer.y, strict=True))
