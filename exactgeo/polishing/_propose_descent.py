"""Down over cells in floats, to where no neighbour across a kink is lower. It proves nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from exactgeo.frozen import dataclass
from exactgeo.polishing._propose_landing import Landing, land
from exactgeo.polishing._propose_minimiser import FloatProgram, Growing, Proposal, Unsettled, propose
from exactgeo.polishing._propose_network import FloatNetwork, Floats, Sides
from exactgeo.polishing._propose_refined import refined
from exactgeo.polishing.cell import Pattern
from exactgeo.problem import Point, Problem

__all__ = ["Unbounded", "descend"]

SLOPE = 1e-9
"""A slope across a kink that is this small beside the largest multiplier is rounding."""

GAIN = 1e-13
"""A fall of the loss that is this small beside it is rounding."""


class Unbounded(Unsettled):
    """On a cell the predictions grow without bound: there the loss may have no minimum.

    Attributes
    ----------
    pattern : Pattern
    cells : int
    """

    def __init__(self, reason: str, pattern: Pattern, cells: int) -> None:
        super().__init__(reason)
        self.pattern, self.cells = pattern, cells


def descend(
    problem: Problem, point: Point, over: Callable[[int], bool], after: tuple[Landing, int, int] | None = None
) -> Landing:
    """From a point down to where floats see a local minimum; ``over(cells)`` says when to stop.

    ``after``: a landing, and the neuron and the data point of a kink across which to go on from it.

    Cost: one float conic program a cell.

    Raises
    ------
    Unsettled
        Floats find no minimum of a cell, or the time is over.
    """
    return _Descent(problem, point).landing(over, after)


@dataclass(frozen=True)
class _Descent(FloatNetwork):
    """From cell to cell."""

    # -- the program of a cell ------------------------------------------------------------------------------------

    def program(self, sides: Sides, own: Floats) -> FloatProgram:
        """The unknowns are ``|v_i| w_i`` on T of each live neuron, then the affine parameters."""
        problem, size = self.problem, len(self.moving)
        columns, offset, squares = [], np.zeros(problem.m), []
        norms: list[tuple[NDArray[np.int64], float]] = []
        frozen = [k for k in range(self.x.shape[1]) if k not in self.moving]
        heavy = self.heavy
        for number, i in enumerate(self.live):
            slope = self.by_data(sides[number], self.w[i])
            columns.append(self.signs[i] * slope[:, None] * self.x[:, self.moving])
            offset += self.v[i] * slope * (self.x[:, frozen] @ self.w[i, frozen])
            weight = np.zeros(size)
            if self.joint:
                norms.append((number * size + np.array(heavy), self.decay))
            elif self.decay:
                weight[heavy] = self.decay / self.v[i] ** 2
            squares.append(weight)
        affine, base, weights = self.affine()
        columns.append(affine)
        squares.append(weights)
        constraints, bounds = self.sides_of(sides, len(affine[0]))
        return FloatProgram(
            self.terms,
            np.concatenate(columns, axis=1),
            offset + base,
            constraints,
            bounds,
            np.concatenate(squares),
            own,
            tuple(norms),
        )

    def by_data(self, sides: NDArray[np.int64], own: Floats) -> Floats:
        """Slopes of the activation at all data points, from the sides of the classes; without one, at the weights."""
        found = self.slope_of(self.x @ own)
        for side, (_, members, factors) in zip(sides, self.classes, strict=True):
            found[members] = self.slope_of(side * np.array(factors))
        return found

    def affine(self) -> tuple[Floats, Floats, Floats]:
        """Columns and squares of the affine parameters; predictions by what is frozen."""
        problem = self.problem
        train, net = problem.train, problem.network
        columns, base, weights = [], np.zeros(problem.m), []
        inputs = np.array([[float(q) for q in row] for row in problem.x])
        if not net.widths:
            if train.output:
                columns.append(inputs)
                weights += [self.decay] * problem.d
            else:
                base += inputs @ np.array([float(q) for q in self.point.inputs])
        elif not self.moving:
            z = self.x @ self.w.T
            outputs = z * self.slope_of(z)
            if train.output:
                columns.append(outputs)
                weights += [self.decay] * len(self.v)
            else:
                base += outputs @ self.v
        if net.output_bias:
            if train.output_bias:
                columns.append(np.ones((problem.m, 1)))
                weights.append(self.decay * problem.penalty.biases)
            else:
                base += float(self.point.shift)
        return np.concatenate([np.zeros((problem.m, 0)), *columns], axis=1), base, np.array(weights)

    def sides_of(self, sides: Sides, rest: int) -> tuple[Floats, Floats]:
        size, count = len(self.moving), len(self.live)
        if not count or self.slopes[0] == self.slopes[1]:
            return np.zeros((0, count * size + rest)), np.zeros(0)
        frozen = [k for k in range(self.x.shape[1]) if k not in self.moving]
        rows = self.x[self.first]
        found = np.zeros((count, len(rows), count * size + rest))
        bounds = np.zeros((count, len(rows)))
        for number, i in enumerate(self.live):
            span = slice(number * size, (number + 1) * size)
            found[number, :, span] = sides[number][:, None] * rows[:, self.moving]
            bounds[number] = -sides[number] * abs(self.v[i]) * (rows[:, frozen] @ self.w[i, frozen])
        return found.reshape(-1, found.shape[2]), bounds.ravel()

    def unknowns(self) -> Floats:
        """At the point."""
        found = [abs(self.v[i]) * self.w[i, self.moving] for i in self.live]
        problem = self.problem
        if problem.train.output and not self.moving:
            found.append(self.v if problem.network.widths else np.array([float(q) for q in self.point.inputs]))
        if problem.network.output_bias and problem.train.output_bias:
            found.append(np.array([float(self.point.shift)]))
        return np.concatenate([np.zeros(0), *found])

    # -- from cell to cell ----------------------------------------------------------------------------------------

    def landing(self, over: Callable[[int], bool], after: tuple[Landing, int, int] | None) -> Landing:
        z = (self.x[self.first] @ self.w[self.live].T).T if self.live else np.zeros((0, len(self.first)))
        sides: Sides = np.where(z >= 0, 1, -1)
        before, own = 0, self.unknowns()
        if self.joint and self.live and after is None:
            # Second derivatives of the penalised loss itself lead over many kinks at once.
            shift = float(self.point.shift)
            w, v, shift = refined(self, self.w, self.v, shift, [()] * len(self.v))
            kept = [number for number, i in enumerate(self.live) if v[i] * self.v[i] > 0]
            turned = np.where(self.x[self.first] @ w[self.live].T >= 0, 1, -1).T
            sides[kept] = turned[kept]
        if after is not None:
            last, neuron, row = after
            before, sides = last.cells, last.sides.copy()
            for k, (_, members, _) in enumerate(self.classes):
                sides[self.live.index(neuron), k] *= -1 if row in members else 1
        program = self.program(sides, own)
        best, cells = self.lowest(program, sides, before + 1), before + 1
        value = program.value(best.values)
        careful = False
        while True:
            slopes = self.across(program, best, sides)
            least = slopes.min(initial=0)
            lower = slopes < -SLOPE * max(1.0, float(best.multipliers.max(initial=0)))
            if not lower.any():
                return land(self, best, sides, cells)
            if over(cells):
                raise Unsettled("the time was over")
            flips = lower & (slopes == least) if careful else lower
            trial = np.where(flips, -sides, sides)
            next_program = self.program(trial, best.values)
            cells += 1
            found = self.lowest(next_program, trial, cells)
            reached = next_program.value(found.values)
            if reached < value - GAIN * max(1.0, abs(value)):
                program, best, sides, value, careful = next_program, found, trial, reached, False
            elif careful:
                return land(self, best, sides, cells)
            else:
                careful = True

    def lowest(self, program: FloatProgram, sides: Sides, cells: int) -> Proposal:
        try:
            return propose(program)
        except Growing as failure:
            raise Unbounded(str(failure), self.pattern(sides), cells) from None

    def across(self, program: FloatProgram, best: Proposal, sides: Sides) -> Floats:
        """Of each active kink the slope of the loss to its other side; 0 for the others."""
        found = np.zeros(sides.shape)
        if not best.active.size:
            return found
        slopes = self.terms.slopes(program.predictions(best.values))
        active = best.active.reshape(sides.shape)
        multipliers = best.multipliers.reshape(sides.shape)
        for number, k in zip(*np.nonzero(active), strict=True):
            _, members, factors = self.classes[k]
            side, inner = sides[number, k], np.array(factors)
            bend = self.slope_of(-side * inner) - self.slope_of(side * inner)
            turn = self.signs[self.live[number]] * side * float((slopes[members] * inner * bend).sum())
            found[number, k] = -multipliers[number, k] - turn
        return found
