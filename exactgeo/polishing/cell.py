"""The training problem on one closed cell: where no pre-activation changes its side it is convex.

With ``zeta_i = |v_i| w_i`` a prediction is ``sum_i e_i slope_it <zeta_i, x_t> + c`` for e_i = sign v_i: linear, and the
cell is cut out by ``side_it <zeta_i, x_t> >= 0``. Where the inputs of the neurons are frozen the unknowns are v and c.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactgeo.exact.matrix import nullspace
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.problem import Point, Problem

__all__ = ["Cell", "Pattern", "moving_coordinates", "pattern_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pattern:
    """A closed cell.

    Attributes
    ----------
    sides : one tuple a neuron of one side (1 or -1) a data point
    signs : one sign of v a neuron; 0 for a neuron on whose inputs nothing in the cell depends
    """

    sides: tuple[tuple[int, ...], ...]
    signs: tuple[int, ...]


def pattern_of(problem: Problem, point: Point, before: Pattern | None = None, towards: Sequence[Point] = ()) -> Pattern:
    """The cell of a point; on a kink the side to which ``towards`` leads, else that of the cell before, else 1.

    Parameters
    ----------
    problem : Problem
        One hidden layer, one output.
    point : Point
    before : Pattern, optional
    towards : points
        Directions: the first that leaves the kink says to which side.
    """
    sides, signs = [], []
    for i, (w, v) in enumerate(point.neurons):
        ways = [way.neurons[i] for way in towards]
        row = []
        for t, x in enumerate(problem.lifted):
            z = dot(w, x) or next(filter(None, (dot(way.w, x) for way in ways)), ZERO)
            if not z:
                row.append(1 if before is None else before.sides[i][t])
            else:
                row.append(1 if z > 0 else -1)
        sides.append(tuple(row))
        reached = v or next(filter(None, (way.v for way in ways)), ZERO)
        sign = (reached > 0) - (reached < 0)
        slopes = _slopes(problem)
        live = any(slopes[side < 0] and any(x) for side, x in zip(row, problem.lifted, strict=True))
        signs.append(sign if live else 0)
    return Pattern(tuple(sides), tuple(signs))


@dataclass(frozen=True)
class Cell:
    """Columns and constraints of the problem on a cell, exact.

    Attributes
    ----------
    columns : one vector of m rationals an unknown
        Predictions are ``offset + sum_j value_j columns_j``.
    offset : m rationals
    rows : tuple of (neuron, data point), one a constraint
    constraints : one row over the unknowns a constraint
        Each is >= its bound on the cell.
    bounds : one rational a constraint
    """

    problem: Problem
    point: Point
    pattern: Pattern
    columns: Matrix
    offset: Vector
    rows: tuple[tuple[int, int], ...]
    constraints: Matrix
    bounds: Vector

    @classmethod
    def of(cls, problem: Problem, point: Point, pattern: Pattern) -> Cell:
        """The problem on the cell, at the point's values of what does not move in it. Cost: O(m n d) rationals."""
        train, net = problem.train, problem.network
        moving = moving_coordinates(problem)
        up, down = _slopes(problem)
        size = len(moving)
        columns: list[Vector] = []
        offset = [point.shift] * problem.m
        spans: list[tuple[int, int]] = []
        for i, (w, v) in enumerate(point.neurons):
            slope = [up if side > 0 else down for side in pattern.sides[i]]
            sign = pattern.signs[i]
            if not moving:
                outputs = tuple(a * dot(w, x) for a, x in zip(slope, problem.lifted, strict=True))
                if train.output:
                    columns.append(outputs)
                else:
                    offset = [p + v * q for p, q in zip(offset, outputs, strict=True)]
                continue
            if not sign:
                continue
            spans.append((i, len(columns)))
            for k in moving:
                columns.append(tuple(sign * a * x[k] for a, x in zip(slope, problem.lifted, strict=True)))
            if size < len(w):
                frozen = [(k, q) for k, q in enumerate(w) if k not in moving and q]
                for t, x in enumerate(problem.lifted):
                    offset[t] += v * slope[t] * sum((q * x[k] for k, q in frozen), ZERO)
        rows, constraints, bounds = cls._sides(problem, point, pattern, moving, spans, len(columns))
        if not net.widths and train.output:
            columns += [tuple(x[k] for x in problem.x) for k in range(problem.d)]
        elif not net.widths:
            offset = [p + dot(point.inputs, x) for p, x in zip(offset, problem.x, strict=True)]
        if net.output_bias and train.output_bias:
            columns.append((ONE,) * problem.m)
            offset = [p - point.shift for p in offset]
            constraints = tuple((*row, ZERO) for row in constraints)
        return cls(problem, point, pattern, tuple(columns), tuple(offset), rows, constraints, bounds)

    @staticmethod
    def _sides(
        problem: Problem,
        point: Point,
        pattern: Pattern,
        moving: tuple[int, ...],
        spans: Sequence[tuple[int, int]],
        width: int,
    ) -> tuple[tuple[tuple[int, int], ...], Matrix, Vector]:
        """``side <zeta_i, x_t> >= 0``, one a neuron and data point whose row does not vanish on what moves."""
        rows, constraints, bounds = [], [], []
        if spans and problem.network.activation.has_kink:
            for i, start in spans:
                w, v = point.neurons[i]
                for t, x in enumerate(problem.lifted):
                    row = [x[k] for k in moving]
                    if not any(row):
                        continue
                    side = pattern.sides[i][t]
                    entry = [ZERO] * width
                    entry[start : start + len(row)] = [side * q for q in row]
                    rest = sum((q * x[k] for k, q in enumerate(w) if k not in moving), ZERO)
                    rows.append((i, t))
                    constraints.append(tuple(entry))
                    bounds.append(-side * abs(v) * rest)
        return tuple(rows), tuple(constraints), tuple(bounds)

    def values_at(self, point: Point) -> Vector:
        """The unknowns at a point of the cell."""
        found: list[Fraction] = []
        moving = moving_coordinates(self.problem)
        for i, (w, v) in enumerate(point.neurons):
            if not moving:
                found += [v] if self.problem.train.output else []
            elif self.pattern.signs[i]:
                found += [abs(v) * w[k] for k in moving]
        if self.problem.train.output:
            found += point.inputs
        if self.problem.network.output_bias and self.problem.train.output_bias:
            found.append(point.shift)
        return tuple(found)

    def predictions(self, values: Vector) -> Vector:
        """Predictions at these unknowns, m rationals."""
        total = list(self.offset)
        for value, column in zip(values, self.columns, strict=True):
            if value:
                total = [p + value * q for p, q in zip(total, column, strict=True)]
        return tuple(total)

    def point_at(self, values: Vector) -> Point:
        """The point with these unknowns; |v_i| stays, and is 1 for a neuron that had v_i = 0."""
        moving, train = moving_coordinates(self.problem), self.problem.train
        used, neurons = 0, []
        for i, (w, v) in enumerate(self.point.neurons):
            sign = self.pattern.signs[i]
            if not moving:
                if train.output:
                    neurons.append((w, values[used]))
                    used += 1
                else:
                    neurons.append((w, v))
            elif not sign:
                neurons.append((w, v))
            else:
                outer = v or Fraction(sign)
                lifted = list(w)
                for k in moving:
                    lifted[k] = values[used] / abs(outer)
                    used += 1
                neurons.append((tuple(lifted), outer))
        has_bias = self.problem.network.output_bias
        if not self.problem.network.widths:
            inputs = values[: self.problem.d] if train.output else self.point.inputs
            return self.point.with_inputs(inputs, values[-1] if has_bias and train.output_bias else self.point.shift)
        shift = values[used] if has_bias and train.output_bias else self.point.shift
        return self.point.with_neurons(neurons, shift if has_bias else None)

    def free_directions(self, active: Sequence[int]) -> list[tuple[int, ...]]:
        """A basis of the unknowns on which the constraints ``active`` are constant."""
        return nullspace([self.constraints[k] for k in active], len(self.columns))


def _slopes(problem: Problem) -> tuple[Fraction, Fraction]:
    """Of the activation; 1 where there is none."""
    found = problem.network.activation.slopes if problem.network.widths else (ONE, ONE)
    assert found is not None
    return found


def moving_coordinates(problem: Problem) -> tuple[int, ...]:
    """The trained coordinates of a neuron's lifted weights."""
    train, net = problem.train, problem.network
    if not net.widths:
        return ()
    found = tuple(range(problem.d)) if train.hidden[0] else ()
    return (*found, problem.d) if net.hidden_bias[0] and train.hidden_bias[0] else found
