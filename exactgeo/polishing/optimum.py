"""The minimum of a convex piecewise quadratic loss on a closed cell: proposed in floats, decided in rationals.

An interior-point solver proposes which constraints are active (multiplier above slack, never a threshold on one of
them); the rest is exact: the equality-constrained problem, every side, every multiplier. A violated side becomes active
and a negative multiplier leaves, until both hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactgeo.exact.matrix import independent_rows, least_squares, solve
from exactgeo.exact.vectors import ZERO, Vector, dot
from exactgeo.polishing._propose_minimiser import FloatProgram, Proposal, Terms, Unsettled, propose
from exactgeo.polishing.cell import Cell
from exactgeo.polishing.corner import minimise_at_corner

__all__ = ["Unsettled", "minimise_on"]

Floats = NDArray[np.float64]

MAX_PIECES = 40
"""Changes of the pieces of the loss before a face is given up."""

MAX_EXCHANGES = 200
"""Changes of the active set before a cell is given up."""


def minimise_on(cell: Cell) -> Vector:
    """Unknowns of a minimiser of the loss on a closed cell, exact.

    Cost: a float QP; then a few exact least-squares solves, cubic in the unknowns, on numbers of about (unknowns) x
    (bits of the data).

    Raises
    ------
    Unsettled
        The active set was not found, or the float solver failed.
    """
    if not cell.columns:
        return ()
    proposal = _proposal(cell)
    if not cell.problem.loss.differentiable:
        return minimise_at_corner(cell, proposal)
    strength = proposal.multipliers
    order = sorted((int(k) for k in np.flatnonzero(proposal.active)), key=lambda k: -strength[k])
    active = [order[k] for k in independent_rows([cell.constraints[k] for k in order], len(cell.columns))]
    own = np.array([float(q) for q in cell.values_at(cell.point)])
    try:
        # As near to where the network is as its sides let it: what the data do not tell should not move.
        return _exchanged(cell, active, own)
    except Unsettled:
        return _exchanged(cell, active, proposal.values)


def _proposal(cell: Cell) -> Proposal:
    """The program of the cell in floats, and a float minimiser."""

    def floats(rows: Sequence[Vector], width: int) -> Floats:
        return np.array([[float(q) for q in row] for row in rows]).reshape(-1, width)

    count = len(cell.columns)
    program = FloatProgram(
        Terms.of(cell.problem),
        floats(cell.columns, cell.problem.m).T,
        np.array([float(q) for q in cell.offset]),
        floats(cell.constraints, count),
        np.array([float(q) for q in cell.bounds]),
        np.zeros(count),
        np.array([float(q) for q in cell.values_at(cell.point)]),
    )
    return propose(program)


def pieces_at(cell: Cell, predictions: Sequence[Fraction]) -> list[tuple[Fraction, Fraction]]:
    """(a, b) of the quadratic ``a p^2 + b p`` on whose interval each prediction is."""
    found = []
    for p, (y,) in zip(predictions, cell.problem.y, strict=True):
        pieces = cell.problem.loss.pieces(y)
        assert pieces is not None
        a, b, _ = pieces.around(p)[0]
        found.append((a, b))
    return found


def _exchanged(cell: Cell, active: list[int], near: Floats) -> Vector:
    """Exchange active constraints until every side and every multiplier holds."""
    for _ in range(MAX_EXCHANGES):
        values = _on_face(cell, active, near)
        if values is None:
            raise Unsettled("the active constraints contradict each other")
        broken = _most_violated(cell, values, active)
        if broken is not None:
            active = _with(cell, active, broken)
            continue
        negative = _negative(cell, values, active)
        if negative is None:
            return values
        active = [k for k in active if k != negative]
    raise Unsettled(f"no active set after {MAX_EXCHANGES} exchanges")


def _on_face(cell: Cell, active: Sequence[int], near: Floats) -> Vector | None:
    """The minimiser with the active constraints at their bounds; what the data do not tell stays near the floats."""
    base = solve([cell.constraints[k] for k in active], [cell.bounds[k] for k in active]) if active else None
    if active and base is None:
        return None
    start = base or (ZERO,) * len(cell.columns)
    directions = cell.free_directions(active)
    if not directions:
        return start
    fitted = _project(start, directions, near)
    for _ in range(MAX_PIECES):
        pieces = pieces_at(cell, cell.predictions(_moved(start, directions, fitted)))
        found = _least(cell, start, directions, pieces, fitted)
        values = _moved(start, directions, found)
        if _pieces_hold(cell, pieces, cell.predictions(values)):
            return values
        if found == fitted:
            break
        fitted = found
    raise Unsettled("the pieces of the loss were not found")


def _pieces_hold(cell: Cell, pieces: Sequence[tuple[Fraction, Fraction]], predictions: Vector) -> bool:
    """Whether the slope of each piece is the slope of the loss."""
    loss = cell.problem.loss
    return all(
        2 * a * p + b in loss.slopes(p, y) for (a, b), p, (y,) in zip(pieces, predictions, cell.problem.y, strict=True)
    )


def _least(
    cell: Cell,
    start: Vector,
    directions: Sequence[Sequence[int]],
    pieces: Sequence[tuple[Fraction, Fraction]],
    near: Vector,
) -> Vector:
    """Coefficients of the directions that minimise the sum of the pieces; those it does not tell stay ``near``."""
    reduced = [
        tuple(
            sum((Fraction(q) * c[t] for q, c in zip(d, cell.columns, strict=True) if q), ZERO)
            for t in range(cell.problem.m)
        )
        for d in directions
    ]
    base = cell.predictions(_moved(start, directions, near))
    if len({a for a, _ in pieces}) != 1 or not pieces[0][0]:
        steps = _least_of_pieces(reduced, pieces, base)
        return tuple(p + q for p, q in zip(near, steps, strict=True))
    centre = [-b / (2 * a) for a, b in pieces]
    goal = [y - p for y, p in zip(centre, base, strict=True)]
    told = independent_rows(reduced, cell.problem.m)
    coefficients, residual = least_squares([reduced[j] for j in told], goal)
    if len(told) == len(directions):
        return tuple(p + q for p, q in zip(near, coefficients, strict=True))
    # Many coefficients give these predictions: the least change, B^T (B B^T)^-1 on independent rows of B.
    change = [y - r for y, r in zip(goal, residual, strict=True)]
    rows = [[column[t] for column in reduced] for t in range(cell.problem.m)]
    kept = independent_rows(rows, len(reduced))
    gram = [[dot(rows[s], rows[t]) for t in kept] for s in kept]
    weights = solve(gram, [change[t] for t in kept])
    assert weights is not None
    moves = [sum((w * rows[t][j] for w, t in zip(weights, kept, strict=True)), ZERO) for j in range(len(reduced))]
    return tuple(p + q for p, q in zip(near, moves, strict=True))


def _least_of_pieces(columns: Sequence[Vector], pieces: Sequence[tuple[Fraction, Fraction]], base: Vector) -> Vector:
    """Coefficients that minimise quadratics of different curvatures; 0 for those that they do not tell."""
    weighted = [[2 * a * q for (a, _), q in zip(pieces, column, strict=True)] for column in columns]
    slopes = [2 * a * p + b for (a, b), p in zip(pieces, base, strict=True)]
    gram = [[dot(one, other) for other in columns] for one in weighted]
    found = solve(gram, [-dot(column, slopes) for column in columns])
    if found is None:
        raise Unsettled("the pieces of the loss were not found")
    return found


def _moved(start: Vector, directions: Sequence[Sequence[int]], coefficients: Vector) -> Vector:
    values = list(start)
    for value, direction in zip(coefficients, directions, strict=True):
        if value:
            values = [p + value * q for p, q in zip(values, direction, strict=True)]
    return tuple(values)


def _project(start: Vector, directions: Sequence[Sequence[int]], near: Floats) -> Vector:
    """Short rational coefficients of the directions that come near these floats."""
    matrix = np.array(directions, float).T
    scale = np.abs(matrix).max(axis=0)
    gap = near - np.array([float(q) for q in start])
    found = np.linalg.lstsq(matrix / scale, gap, rcond=None)[0] / scale
    return tuple(Fraction(round(float(q) * 2**50), 2**50) for q in found)


def _most_violated(cell: Cell, values: Vector, active: Sequence[int]) -> int | None:
    chosen = set(active)
    worst: tuple[Fraction, int] | None = None
    for k, (row, bound) in enumerate(zip(cell.constraints, cell.bounds, strict=True)):
        if k in chosen:
            continue
        gap = dot(row, values) - bound
        if gap < 0:
            size = sum(map(abs, row), ZERO)
            if worst is None or gap / size < worst[0]:
                worst = gap / size, k
    return None if worst is None else worst[1]


def _with(cell: Cell, active: Sequence[int], more: int) -> list[int]:
    """The active constraints and one more; of dependent ones the last that can go goes."""
    order = [more, *active]
    return [order[k] for k in independent_rows([cell.constraints[k] for k in order], len(cell.columns))]


def _negative(cell: Cell, values: Vector, active: Sequence[int]) -> int | None:
    """The first active constraint with a negative multiplier; None proves the minimum."""
    loss = cell.problem.loss
    slopes = [loss.slopes(p, y)[0] for p, (y,) in zip(cell.predictions(values), cell.problem.y, strict=True)]
    gradient = [dot(slopes, column) for column in cell.columns]
    rows = [[cell.constraints[k][j] for k in active] for j in range(len(cell.columns))]
    if not active:
        if any(gradient):
            raise Unsettled("the gradient of a minimum on a face is not spanned by its constraints")
        return None
    multipliers = solve(rows, gradient)
    if multipliers is None:
        raise Unsettled("the gradient of a minimum on a face is not spanned by its constraints")
    return min((k for k, q in zip(active, multipliers, strict=True) if q < 0), default=None)
