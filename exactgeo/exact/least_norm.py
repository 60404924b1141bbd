"""The shortest vector of ``base + boxes + cone``, exactly: projections on cones, non-negative least squares.

Minimise the squared length of q over ``q = base + sum m_j box_j + sum lambda_k ray_k`` with low_j <= m_j <= high_j and
lambda >= 0, where some coordinates of q must be 0. The conditions of Karush, Kuhn and Tucker are a linear
complementarity problem with a positive semidefinite matrix, which Lemke's method solves in finitely many pivots (here
lexicographic, in integers).

References
----------
C. E. Lemke, Bimatrix equilibrium points and mathematical programming, Management Science 11 (1965).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

from exactgeo.errors import InternalError
from exactgeo.exact.matrix import Row
from exactgeo.exact.vectors import ONE, ZERO, Vector, dot
from exactgeo.frozen import dataclass

__all__ = ["Box", "LeastNorm", "Program", "least_norm", "lemke"]


@dataclass(frozen=True)
class Box:
    """A vector whose weight lies between two bounds."""

    vector: Vector
    low: Fraction
    high: Fraction


@dataclass(frozen=True)
class LeastNorm:
    """The shortest vector, its weights, and the direction that proves it shortest.

    Attributes
    ----------
    vector : Vector
        q.
    boxes, rays : tuple of Fraction
        The weights m and lambda.
    witness : Vector
        u, equal to q but for the coordinates in which q is 0 by demand: ``<ray, u> >= 0`` for all rays, 0 where the
        weight is positive, and m_j is at the end of its interval that makes ``m_j <box_j, u>`` least. So
        ``<q, u> = |q|^2`` is the least of ``<other, u>`` over the polyhedron, and no other is shorter.
    """

    vector: Vector
    boxes: Vector
    rays: Vector
    witness: Vector

    @property
    def square(self) -> Fraction:
        """The squared length of q."""
        return dot(self.vector, self.vector)


def least_norm(base: Vector, boxes: Sequence[Box], rays: Sequence[Row], zero: Sequence[int] = ()) -> LeastNorm | None:
    """The shortest vector; None where no vector has its coordinates ``zero`` at 0.

    Parameters
    ----------
    base : Vector
    boxes : sequence of Box
    rays : sequence of vectors
    zero : indices of the coordinates of q that must be 0

    Raises
    ------
    InternalError
        The answer failed its replay.

    Examples
    --------
    >>> found = least_norm((Fraction(-1), Fraction(2)), [], [(1, 0), (1, 1)])
    >>> print(*found.vector, *found.rays)
    0 2 1 0
    """
    program = Program(tuple(boxes), tuple(rays), tuple(zero))
    solved = lemke(program.matrix, program.constant(base, [(box.low, box.high) for box in boxes]))
    if solved is None:
        return None
    solution, _ = solved
    start = base
    for box in boxes:
        start = tuple(p + box.low * q for p, q in zip(start, box.vector, strict=True))
    weights = solution[: program.count]
    vector = start
    for weight, move in zip(weights, program.moves, strict=True):
        vector = tuple(p + weight * q for p, q in zip(vector, move, strict=True)) if weight else vector
    witness = list(vector)
    for k, q in zip(zero, program.pinned(solution), strict=True):
        witness[k] = q
    low = tuple(box.low + weight for box, weight in zip(boxes, weights, strict=False))
    found = LeastNorm(vector, low, tuple(weights[len(boxes) :]), tuple(witness))
    _replay(found, base, boxes, rays, zero)
    return found


@dataclass(frozen=True)
class Program:
    """The conditions of Karush, Kuhn and Tucker as a linear complementarity problem; the matrix knows of no base.

    Attributes
    ----------
    boxes, rays, zero
        As :func:`least_norm` takes them. Of a box only the vector counts.
    """

    boxes: tuple[Box, ...]
    rays: tuple[Row, ...]
    zero: tuple[int, ...]

    @property
    def moves(self) -> list[Row]:
        """What may be added, boxes first."""
        return [*(box.vector for box in self.boxes), *self.rays]

    @property
    def count(self) -> int:
        return len(self.boxes) + len(self.rays)

    @cached_property
    def matrix(self) -> list[list[Fraction]]:
        """Weights, then the upper ends of the boxes, then both ways of the coordinates that must be 0."""
        moves, count, boxes, pinned = self.moves, self.count, len(self.boxes), len(self.zero)
        kept = [[Fraction(q) for k, q in enumerate(move) if k not in self.zero] for move in moves]
        size = count + boxes + 2 * pinned
        matrix = [[ZERO] * size for _ in range(size)]
        for i, row in enumerate(kept):
            for j in range(i, count):
                matrix[i][j] = matrix[j][i] = dot(row, kept[j])
        for j in range(boxes):
            matrix[j][count + j], matrix[count + j][j] = ONE, -ONE
        for place, k in enumerate(self.zero):
            for sign, at in ((1, count + boxes + place), (-1, count + boxes + pinned + place)):
                for i, move in enumerate(moves):
                    matrix[at][i], matrix[i][at] = sign * Fraction(move[k]), -sign * Fraction(move[k])
        return matrix

    def constant(self, base: Sequence[Any], ends: Sequence[tuple[Any, Any]]) -> list[Any]:
        """The right-hand side, linear in the base and in the ends of the boxes, whatever numbers these are."""
        start = list(base)
        for (low, _), box in zip(ends, self.boxes, strict=True):
            start = [p + low * q for p, q in zip(start, box.vector, strict=True)]
        short = [(k, q) for k, q in enumerate(start) if k not in self.zero]
        found = [sum((q * Fraction(move[k]) for k, q in short), ZERO) for move in self.moves]
        found += [high - low for low, high in ends]
        return found + [start[k] for k in self.zero] + [-start[k] for k in self.zero]

    def pinned(self, solution: Sequence[Any]) -> list[Any]:
        """The multipliers of the coordinates that must be 0."""
        ends = solution[self.count + len(self.boxes) :]
        pinned = len(self.zero)
        return [ends[pinned + place] - ends[place] for place in range(pinned)]


def _replay(found: LeastNorm, base: Vector, boxes: Sequence[Box], rays: Sequence[Row], zero: Sequence[int]) -> None:
    total, u = base, found.witness
    for weight, vector in [
        *zip(found.boxes, (box.vector for box in boxes), strict=True),
        *zip(found.rays, rays, strict=True),
    ]:
        total = tuple(p + weight * q for p, q in zip(total, vector, strict=True))
    good = total == found.vector and all(not total[k] for k in zero)
    good = good and all(p == q or k in zero for k, (p, q) in enumerate(zip(total, u, strict=True)))
    for box, weight in zip(boxes, found.boxes, strict=True):
        slope = dot(box.vector, u)
        good = good and box.low <= weight <= box.high and (not slope or weight == (box.low if slope > 0 else box.high))
    for ray, weight in zip(rays, found.rays, strict=True):
        slope = dot(ray, u)
        good = good and weight >= 0 and slope >= 0 and not (weight and slope)
    if not good:
        raise InternalError("a shortest vector failed its replay")


def lemke(
    matrix: Sequence[Sequence[Fraction]], constant: Sequence[Fraction]
) -> tuple[list[Fraction], list[int]] | None:
    """z >= 0 with ``w = constant + matrix z >= 0`` and ``<w, z> = 0``, and its basis; None at the end of a ray.

    For a positive semidefinite matrix a ray says that no z >= 0 has w >= 0. The basis has the number i of each basic
    w_i and n + i of each basic z_i: their columns of ``w - matrix z`` are independent.
    """
    n = len(constant)
    if all(q >= 0 for q in constant):
        return [ZERO] * n, list(range(n))
    # Columns: w (the inverse of the basis, for the lexicographic rule), z, the artificial one, the constants.
    rows = []
    for i, (row, q) in enumerate(zip(matrix, constant, strict=True)):
        scale = lcm(q.denominator, *(a.denominator for a in row))
        unit = [int(i == j) for j in range(n)]
        rows.append([*unit, *(-int(a * scale) for a in row), -1, int(q * scale)])
    basis, artificial = list(range(n)), 2 * n
    tableau = _Integers(rows)
    # The artificial variable enters at the lexicographically least row, so that all are positive afterwards.
    leaving = min(range(n), key=lambda i: (rows[i][-1], rows[i][:n]))
    entering = artificial
    while True:
        tableau.pivot(leaving, entering)
        left, basis[leaving] = basis[leaving], entering
        if left == artificial:
            return _solution(tableau, basis, n), basis
        entering = left + n if left < n else left - n
        candidates = [i for i in range(n) if tableau.rows[i][entering] > 0]
        if not candidates:
            return None
        leaving = _least_ratio(tableau.rows, candidates, entering, n, basis, artificial)


def _solution(tableau: _Integers, basis: list[int], n: int) -> list[Fraction]:
    found = [ZERO] * n
    for row, variable in zip(tableau.rows, basis, strict=True):
        if n <= variable < 2 * n:
            found[variable - n] = Fraction(row[-1], tableau.unit)
    return found


def _least_ratio(
    rows: Sequence[Sequence[int]], candidates: Sequence[int], entering: int, n: int, basis: Sequence[int], last: int
) -> int:
    """The row that leaves: lexicographically least (constant, inverse of the basis) over the entering column."""
    tied = list(candidates)
    for column in (-1, *range(n)):
        best = tied[0]
        for i in tied[1:]:
            if rows[i][column] * rows[best][entering] < rows[best][column] * rows[i][entering]:
                best = i
        tied = [i for i in tied if rows[i][column] * rows[best][entering] == rows[best][column] * rows[i][entering]]
        if column == -1:
            # The artificial variable leaves as soon as it may: that is the end.
            for i in tied:
                if basis[i] == last:
                    return i
        if len(tied) == 1:
            break
    return tied[0]


class _Integers:
    """A tableau in whole numbers: the entries are the rows' over one common ``unit``, the last pivot."""

    def __init__(self, rows: list[list[int]]) -> None:
        self.rows = rows
        self.unit = 1

    def pivot(self, leaving: int, entering: int) -> None:
        chosen = self.rows[leaving]
        pivot = chosen[entering]
        if pivot < 0:
            chosen = self.rows[leaving] = [-q for q in chosen]
            pivot = -pivot
        for i, row in enumerate(self.rows):
            if i != leaving:
                factor = row[entering]
                if factor:
                    self.rows[i] = [(pivot * p - factor * q) // self.unit for p, q in zip(row, chosen, strict=True)]
                elif pivot != self.unit:
                    self.rows[i] = [pivot * p // self.unit for p in row]
        self.unit = pivot
