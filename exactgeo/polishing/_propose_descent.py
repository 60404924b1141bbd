"""Down over cells in floats, to where no neighbour across a kink is lower. It proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from exactgeo.local_minimum.stationary import Tie
from exactgeo.local_minimum.two_layer_point import row_form
from exactgeo.polishing._propose_minimiser import FloatProgram, Growing, Proposal, Terms, Unsettled, propose
from exactgeo.polishing.cell import Pattern, moving_coordinates
from exactgeo.problem import Point, Problem

__all__ = ["Landing", "Unbounded", "descend", "tied"]

Floats = NDArray[np.float64]
NEAR = 1e-3
"""A pre-activation that is this small beside the largest is near a kink."""

AWAY = 0.1
"""How far from its kinks a neuron with one slope is moved, beside the range of its pre-activations."""

ALIKE = 1e-5
"""Neurons whose weights are that near to multiples of each other are taken for such."""

SMALL = 1e-2
REST = 1e-6
"""A neuron is at 0 whose part is that small beside the largest, or beside SMALL."""

Sides = NDArray[np.int64]

SLOPE = 1e-9
"""A slope across a kink that is this small beside the largest multiplier is rounding."""

GAIN = 1e-13
"""A fall of the loss that is this small beside it is rounding."""


@dataclass(frozen=True)
class Landing:
    """Where the descent ended: float parameters, and of each neuron the data points on a kink.

    Attributes
    ----------
    w : (n, D); v : (n,); inputs : weights of a linear model; shift : output bias
    kinks : of each neuron one data point a class of proportional rows
    near : of each neuron those that are near a kink, and not on it
    cells : how many were visited
    straight : neurons with one slope, whose biases the output bias can replace
    """

    w: Floats
    v: Floats
    inputs: Floats
    shift: float
    kinks: tuple[tuple[int, ...], ...]
    near: tuple[tuple[int, ...], ...]
    cells: int
    pattern: Pattern
    sides: Sides
    straight: frozenset[int]


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


def tied(landing: Landing) -> list[Tie | None]:
    """Neurons whose parameters are a multiple of those of a larger one, as far as floats can tell.

    Under a penalty on both factors only; a balanced point.
    """
    found: list[Tie | None] = [None] * len(landing.v)
    order = sorted(range(len(landing.v)), key=lambda i: -abs(landing.v[i]))
    for n, i in enumerate(order):
        for leader in order[:n]:
            product, straight = landing.v[i] * landing.v[leader], {i, leader} <= landing.straight
            if found[leader] is not None or found[i] is not None or not (product > 0 or (product and straight)):
                continue
            factor = landing.v[i] / landing.v[leader]
            # Two biases of neurons with one slope are what the output bias makes of them.
            seen = slice(None, -1 if straight else None)
            gap = np.abs(landing.w[i] - factor * landing.w[leader])[seen].max(initial=0)
            if gap <= ALIKE * np.abs(landing.w[leader][seen]).max(initial=0):
                share = max(1, min(2**20, round(abs(factor) * 2**20)))
                found[i] = Tie(leader, Fraction(share if product > 0 else -share, 2**20))
    return found


@dataclass(frozen=True)
class _Descent:
    problem: Problem
    point: Point

    # -- the network in floats ------------------------------------------------------------------------------------

    @cached_property
    def x(self) -> Floats:
        return np.array([[float(q) for q in row] for row in self.problem.lifted])

    @cached_property
    def terms(self) -> Terms:
        return Terms.of(self.problem)

    @cached_property
    def moving(self) -> list[int]:
        return list(moving_coordinates(self.problem)) if self.problem.network.widths else []

    @cached_property
    def heavy(self) -> list[int]:
        """Of the moving coordinates, those that have a penalty."""
        return [j for j, k in enumerate(self.moving) if k < self.problem.d or self.problem.penalty.biases]

    @cached_property
    def slopes(self) -> tuple[float, float]:
        found = self.problem.network.activation.slopes if self.problem.network.widths else None
        return (1.0, 1.0) if found is None else (float(found[0]), float(found[1]))

    @cached_property
    def classes(self) -> list[tuple[int, list[int], list[float]]]:
        """Data points with proportional rows: the first, all, and their factors."""
        found: dict[tuple[int, ...], tuple[int, list[int], list[float]]] = {}
        lead: dict[tuple[int, ...], Fraction] = {}
        for t, row in enumerate(self.problem.lifted):
            shape = row_form(row)
            if shape is not None and any(row[k] for k in self.moving):
                form, factor = shape
                _, members, factors = found.setdefault(form, (t, [], []))
                members.append(t)
                factors.append(float(factor / lead.setdefault(form, factor)))
        return list(found.values())

    @cached_property
    def first(self) -> list[int]:
        return [row for row, _, _ in self.classes]

    @cached_property
    def decay(self) -> float:
        return float(self.problem.penalty.l2 / self.problem.weight)

    @cached_property
    def signs(self) -> Floats:
        """Of the output weights; 0 for a neuron on whose inputs nothing depends."""
        found = []
        for w, v in self.point.neurons:
            live = bool(v)
            if live and 0.0 in self.slopes:
                z = self.x @ np.array([float(q) for q in w])
                live = bool(self.slope_of(z).any())
            found.append(float((v > 0) - (v < 0)) if live else 0.0)
        return np.array(found)

    @cached_property
    def live(self) -> list[int]:
        """Neurons whose input weights are unknowns."""
        return [int(i) for i in np.flatnonzero(self.signs)] if self.moving else []

    @cached_property
    def w(self) -> Floats:
        rows = [[float(q) for q in w] for w, _ in self.point.neurons]
        return np.array(rows).reshape(len(rows), self.x.shape[1])

    @cached_property
    def v(self) -> Floats:
        return np.array([float(v) for _, v in self.point.neurons])

    @cached_property
    def joint(self) -> bool:
        """Whether a penalty acts on both factors, so that it is a norm of their product."""
        return bool(self.decay and self.moving and self.problem.train.output)

    def slope_of(self, z: Floats) -> Floats:
        return np.where(z >= 0, *self.slopes)

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
        before = 0
        if after is not None:
            last, neuron, row = after
            before, sides = last.cells, last.sides.copy()
            for k, (_, members, _) in enumerate(self.classes):
                sides[self.live.index(neuron), k] *= -1 if row in members else 1
        program = self.program(sides, self.unknowns())
        best, cells = self.lowest(program, sides, before + 1), before + 1
        value = program.value(best.values)
        careful = False
        while True:
            slopes = self.across(program, best, sides)
            least = slopes.min(initial=0)
            lower = slopes < -SLOPE * max(1.0, float(best.multipliers.max(initial=0)))
            if not lower.any():
                return self.landed(best, sides, cells)
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
                return self.landed(best, sides, cells)
            else:
                careful = True

    def lowest(self, program: FloatProgram, sides: Sides, cells: int) -> Proposal:
        try:
            return propose(program)
        except Growing as failure:
            raise Unbounded(str(failure), self.pattern(sides), cells) from None

    def pattern(self, sides: Sides) -> Pattern:
        """The cell, by sides of data points."""
        found = [[1 if z >= 0 else -1 for z in row] for row in (self.x @ self.w.T).T]
        for number, i in enumerate(self.live):
            for side, (_, members, factors) in zip(sides[number], self.classes, strict=True):
                for t, factor in zip(members, factors, strict=True):
                    found[i][t] = int(side) if factor > 0 else -int(side)
        return Pattern(tuple(map(tuple, found)), tuple(int(sign) for sign in self.signs))

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

    def landed(self, best: Proposal, sides: Sides, cells: int) -> Landing:
        straight = self.straight(sides)
        size, values = len(self.moving), self.shared(best.values, sides, straight)
        w, v, inputs = self.w.copy(), self.v.copy(), np.array([float(q) for q in self.point.inputs])
        active = best.active.reshape(len(self.live), -1) if best.active.size else None
        kinks: list[tuple[int, ...]] = [()] * len(v)
        lengths = [float(np.linalg.norm(values[n * size : (n + 1) * size][self.heavy])) for n in range(len(self.live))]
        for number, i in enumerate(self.live):
            zeta = values[number * size : (number + 1) * size]
            if self.joint:
                if lengths[number] <= REST * max(*lengths, SMALL):
                    self._rest(w, v, i)
                    continue
                v[i] = self.signs[i] * np.sqrt(lengths[number])
            w[i, self.moving] = zeta / abs(v[i])
            if active is not None:
                kinks[i] = tuple(self.first[k] for k in np.flatnonzero(active[number]))
        for i in set(range(len(v))) - set(self.live) if self.joint else ():
            self._rest(w, v, i)
        rest = values[len(self.live) * size :]
        if self.problem.train.output and not self.moving:
            count = len(v) if self.problem.network.widths else len(inputs)
            v, inputs, rest = (rest[:count], inputs, rest[count:]) if len(v) else (v, rest[:count], rest[count:])
        shift = float(rest[0]) if len(rest) else float(self.point.shift)
        shift += self.straighten(w, v, kinks, sides, straight)
        near, pattern = self.near(w, kinks), self.pattern(sides)
        return Landing(w, v, inputs, shift, tuple(kinks), near, cells, pattern, sides, straight)

    def shared(self, values: Floats, sides: Sides, straight: frozenset[int]) -> Floats:
        """The same predictions by neurons of one direction, where the penalty wants it and the solver nearly has it.

        Of neurons in one cell, and of all that have one slope, only the sum counts, and it costs least if all have its
        direction: ``|z_1| + |z_2| >= |z_1 + z_2|``.
        """
        if not self.joint:
            return values
        found, size = values.copy(), len(self.moving)
        groups: dict[tuple[object, ...], list[int]] = {}
        for number, i in enumerate(self.live):
            own = float(self.slope_of(np.array(sides[number, 0]))) if i in straight else self.signs[i]
            groups.setdefault((i in straight, own, () if i in straight else tuple(sides[number])), []).append(number)
        for (one_slope, *_), members in groups.items():
            spans = [slice(n * size, (n + 1) * size) for n in members]
            signs = [self.signs[self.live[n]] for n in members]
            # A bias of a neuron with one slope stays its own.
            moved = self.heavy if one_slope else list(range(size))
            lengths = np.array([np.linalg.norm(values[span][self.heavy]) for span in spans])
            if len(members) > 1 and lengths.max() > REST * SMALL:
                shares = np.maximum(lengths / lengths.sum(), REST)
                total = sum(sign * values[span][moved] for sign, span in zip(signs, spans, strict=True))
                for share, sign, span in zip(shares / shares.sum(), signs, spans, strict=True):
                    found[np.arange(span.start, span.stop)[moved]] = sign * share * total
        return found

    def straight(self, sides: Sides) -> frozenset[int]:
        """Neurons with one slope in the cell, whose biases the output bias can replace."""
        problem, found = self.problem, set()
        level = problem.network.output_bias and problem.train.output_bias and not problem.penalty.biases
        for number, i in enumerate(self.live if level and problem.d in self.moving else ()):
            side = sides[number, 0]
            if self.slope_of(np.array(side)) and (sides[number] == side).all():
                found.add(i)
        return frozenset(found)

    def straighten(
        self, w: Floats, v: Floats, kinks: list[tuple[int, ...]], sides: Sides, straight: frozenset[int]
    ) -> float:
        """What the output bias takes over from neurons with one slope, whose biases move away from the kinks.

        Those on which the cell's minimum happens to be have no multiplier: along the bias the loss is constant.
        """
        total = 0.0
        for number, i in enumerate(self.live) if self.slopes[0] != self.slopes[1] else ():
            if i not in straight or not v[i]:
                continue
            kinks[i] = ()
            side, z = sides[number, 0], self.x @ w[i]
            lack = max(0.0, AWAY * float(np.ptp(z)) - float((side * z).min()))
            w[i, self.problem.d] += side * lack
            total -= v[i] * float(self.slope_of(np.array(side))) * side * lack
        return total

    def near(self, w: Floats, kinks: list[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
        found: list[tuple[int, ...]] = [()] * len(w)
        for i in self.live if self.slopes[0] != self.slopes[1] else ():
            z = np.abs(self.x @ w[i])
            found[i] = tuple(t for t in self.first if z[t] <= NEAR * z.max(initial=0) and t not in kinks[i])
        return tuple(found)

    def _rest(self, w: Floats, v: Floats, i: int) -> None:
        """A neuron at 0; a hidden bias without a penalty stays, on the side where the neuron has the least output."""
        v[i] = 0.0
        for k in self.moving:
            if k < self.problem.d or self.problem.penalty.biases:
                w[i, k] = 0.0
            else:
                side = 1.0 if abs(self.slopes[0]) < abs(self.slopes[1]) else -1.0
                w[i, k] = side * (abs(w[i, k]) or 1.0)
