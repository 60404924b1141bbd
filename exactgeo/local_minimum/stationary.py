"""The equations of a stationary point with some kinks held, in fixed point: their values and slopes on boxes.

The unknowns are the trained parameters that move (:class:`Unknowns`) and a multiplier for each kink held. With slopes
r_t of the loss at the predictions, and every pre-activation on its side or held at 0, the equations are

    v_i sum_t slope_it r_t x_t + decay w_i = sum_j multiplier_ij form_ij,    sum_t r_t a(z_it) + decay v_i = 0,
    sum_t r_t column_t + decay c = 0 where the predictions are affine in c,  <form_ij, w_i> = 0,

in the units of the sum of the losses. On a box they are Lipschitz; :meth:`Stationary.slopes` encloses every matrix D
with ``g(p) - g(q) = D (p - q)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.fixed_point import Intervals
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.two_layer_point import row_form
from exactgeo.problem import Point, Problem

__all__ = ["Bend", "Box", "Stationary", "Tie", "Unit"]


@dataclass(frozen=True)
class Bend:
    """A kink that is held: the pre-activations of its data points are factors of ``<x_row, w>``, which is 0."""

    row: int
    members: tuple[tuple[int, Fraction], ...]


@dataclass(frozen=True)
class Tie:
    """A neuron whose parameters are ``factor`` times those of another one, 0 < ``|factor|`` <= 1.

    Under a penalty neurons of one direction may take over from each other: what is unique is their sum. Both have the
    same slope at each data point, so a factor is negative only where they have one slope at all data; the biases of
    neurons with one slope are held, and no multiples.
    """

    leader: int
    factor: Fraction


@dataclass(frozen=True)
class Unit:
    """A hidden neuron.

    Attributes
    ----------
    index : int
    moves : bool
        Whether its parameters are among the unknowns: it has an output weight, and an output somewhere.
    slope : m rationals
        Of the activation at each data point; 0 on a kink that is held.
    bends : tuple of Bend
    coordinates : tuple of int
        Of its lifted input weights, those that are unknowns: T, without the bias where the output bias does the same.
    count : Fraction
        1, and the squares of the factors of the neurons tied to it.
    """

    index: int
    moves: bool
    slope: Vector
    bends: tuple[Bend, ...]
    coordinates: tuple[int, ...]
    count: Fraction


@dataclass(frozen=True)
class Box:
    """What the unknowns, on a box or at a point, make of the network: intervals.

    Attributes
    ----------
    w : (n, D) lifted input weights; v : (n,)
    outputs : (m, n); predictions, slopes, curvatures : (m,)
    multipliers : (number of kinks held,)
    affine : values of the affine parameters
    """

    w: Intervals
    v: Intervals
    outputs: Intervals
    predictions: Intervals
    slopes: Intervals
    curvatures: Intervals
    multipliers: Intervals
    affine: Intervals


@dataclass(frozen=True)
class Stationary:
    """The equations at a point, whose sides are those of its pre-activations and whose held kinks are given."""

    problem: Problem
    point: Point
    kinks: tuple[tuple[int, ...], ...]
    ties: tuple[Tie | None, ...]

    # -- what moves -----------------------------------------------------------------------------------------------

    @cached_property
    def moving(self) -> tuple[int, ...]:
        """T: the trained coordinates of a neuron's lifted weights."""
        train, net = self.problem.train, self.problem.network
        if not net.widths:
            return ()
        found = tuple(range(self.problem.d)) if train.hidden[0] else ()
        return (*found, self.problem.d) if net.hidden_bias[0] and train.hidden_bias[0] else found

    @cached_property
    def outputs_move(self) -> bool:
        """Whether output weights are unknowns beside input weights: without a penalty they are held, and rescale."""
        return bool(self.moving and self.problem.train.output and self.problem.penalty)

    @cached_property
    def decay(self) -> Fraction:
        return self.problem.penalty.l2 / self.problem.weight

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        slopes = self.problem.network.activation.slopes if self.problem.network.widths else None
        found = []
        signs = (self.rows @ Intervals.of([w for w, _ in self.point.neurons]).T).signs() if self.point.neurons else None
        for i, (w, v) in enumerate(self.point.neurons):
            assert slopes is not None
            assert signs is not None
            # A sign that fixed point does not show is computed.
            z = [int(sign) or dot(w, x) for sign, x in zip(signs[:, i], self.problem.lifted, strict=True)]
            tie = self.ties[i]
            # What is tied has the kinks of its leader, whose multiple it is.
            bends = tuple(self._bend(row) for row in self.kinks[i if tie is None else tie.leader])
            held = {t for bend in bends for t, _ in bend.members}
            flat = slopes[0] == slopes[1]
            slope = tuple(ZERO if t in held or not (q or flat) else slopes[q < 0] for t, q in enumerate(z))
            seen = any(s for s, x in zip(slope, self.problem.lifted, strict=True) if any(x[k] for k in self.moving))
            moves = bool(self.moving and v and (bends or seen)) and tie is None
            straight = self.level and not bends and len(set(slope)) == 1
            coordinates = tuple(k for k in self.moving if k < self.problem.d or not straight)
            count = ONE + sum((tie.factor**2 for tie in self.ties if tie is not None and tie.leader == i), ZERO)
            found.append(Unit(i, moves, slope, bends, coordinates, count))
        return tuple(found)

    @cached_property
    def level(self) -> bool:
        """Whether the output bias can do what a hidden bias does to a neuron with one slope, at no cost."""
        train, net, penalty = self.problem.train, self.problem.network, self.problem.penalty
        return bool(net.output_bias and train.output_bias and not penalty.biases)

    @cached_property
    def shapes(self) -> list[tuple[tuple[int, ...], Fraction] | None]:
        """Each lifted row as a factor times a primitive form."""
        return _shapes(self.problem.lifted)

    def _bend(self, row: int) -> Bend:
        shape = self.shapes[row]
        assert shape is not None
        found = ((t, other) for t, other in enumerate(self.shapes) if other is not None and other[0] == shape[0])
        return Bend(row, tuple((t, other[1] / shape[1]) for t, other in found))

    def follows(self, unit: Unit) -> bool:
        """Whether all input weights of a tied neuron, and so its pre-activations, are multiples of its leader's."""
        tie = self.ties[unit.index]
        if tie is None:
            return False
        own, other = self.point.neurons[unit.index].w, self.point.neurons[tie.leader].w
        return all(p == tie.factor * q for p, q in zip(own, other, strict=True))

    @cached_property
    def live(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in self.units if unit.moves)

    @cached_property
    def affine(self) -> tuple[tuple[Vector, Fraction, bool], ...]:
        """Parameters in which the predictions are affine: column, value, whether it has a penalty."""
        train, net, m = self.problem.train, self.problem.network, self.problem.m
        found: list[tuple[Vector, Fraction, bool]] = []
        if not net.widths and train.output:
            found += [
                (tuple(x[k] for x in self.problem.x), q, bool(self.decay)) for k, q in enumerate(self.point.inputs)
            ]
        if net.widths and not self.moving and train.output:
            for unit, (w, v) in zip(self.units, self.point.neurons, strict=True):
                outputs = (s * dot(w, x) for s, x in zip(unit.slope, self.problem.lifted, strict=True))
                found.append((tuple(outputs), v, bool(self.decay)))
        if net.output_bias and train.output_bias:
            found.append(((ONE,) * m, self.point.shift, bool(self.decay and self.problem.penalty.biases)))
        return tuple(found)

    @cached_property
    def parameters(self) -> Vector:
        """Values of the unknown parameters: w (trained), v (where it moves) of each neuron that moves; affine ones."""
        found: list[Fraction] = []
        for unit in self.live:
            w, v = self.point.neurons[unit.index]
            found += [w[k] for k in unit.coordinates] + [v] * self.outputs_move
        return (*found, *(value for _, value, _ in self.affine))

    @cached_property
    def number(self) -> int:
        """Of kinks held."""
        return sum(len(unit.bends) for unit in self.live)

    @cached_property
    def size(self) -> int:
        return len(self.parameters) + self.number

    def point_at(self, parameters: Sequence[Fraction]) -> Point:
        """The point with these unknown parameters."""
        values = list(parameters)
        neurons: list[tuple[Vector, Fraction]] = [(w, v) for w, v in self.point.neurons]
        for unit in self.live:
            w, v = self.point.neurons[unit.index]
            lifted = list(w)
            for k in unit.coordinates:
                lifted[k] = values.pop(0)
            neurons[unit.index] = (tuple(lifted), values.pop(0) if self.outputs_move else v)
        for i, tie in enumerate(self.ties):
            if tie is not None:
                (w, v), own = neurons[tie.leader], list(neurons[i][0])
                for k in self.units[tie.leader].coordinates:
                    own[k] = tie.factor * w[k]
                neurons[i] = (tuple(own), tie.factor * v)
        train, point = self.problem.train, self.point
        inputs = [values.pop(0) for _ in self.point.inputs] if train.output else list(self.point.inputs)
        if point.neurons and not self.moving and train.output:
            neurons = [(w, values.pop(0)) for w, _ in neurons]
        shift = values.pop(0) if values else point.shift
        return point.with_neurons(neurons, shift) if self.problem.network.widths else point.with_inputs(inputs, shift)

    # -- the constants, in fixed point ----------------------------------------------------------------------------

    @cached_property
    def rows(self) -> Intervals:
        return _rows(self.problem.lifted)

    @cached_property
    def sides(self) -> Intervals:
        """Slopes of the activation, (m, n)."""
        return Intervals.of([[unit.slope[t] for unit in self.units] for t in range(self.problem.m)])

    @cached_property
    def columns(self) -> Intervals:
        """Of the affine parameters, (m, number of them)."""
        return Intervals.of([[column[t] for column, _, _ in self.affine] for t in range(self.problem.m)])

    @cached_property
    def forms(self) -> Intervals:
        """Lifted rows of the kinks held, (number, D), neuron by neuron."""
        rows = [self.problem.lifted[bend.row] for unit in self.live for bend in unit.bends]
        return Intervals.of(rows) if rows else _empty((0, len(self.problem.lifted[0])))

    @cached_property
    def decayed(self) -> tuple[int, ...]:
        """The coordinates of T that have a penalty."""
        biases = self.problem.penalty.biases
        return tuple(k for k in self.moving if k < self.problem.d or biases) if self.decay else ()

    @cached_property
    def offset(self) -> Intervals:
        """Predictions by what is neither a neuron nor an affine parameter: frozen, and the same everywhere."""
        total = [ZERO] * self.problem.m
        net, train = self.problem.network, self.problem.train
        if net.output_bias and not train.output_bias:
            total = [q + self.point.shift for q in total]
        if not net.widths and not train.output:
            total = [q + dot(self.point.inputs, x) for q, x in zip(total, self.problem.x, strict=True)]
        return Intervals.of(total)

    # -- values ---------------------------------------------------------------------------------------------------

    def box(self, unknowns: Intervals) -> Box:
        """The network on a box of unknowns. Cost: O(m n d) products, and m slopes of the loss."""
        w, v = self._weights(unknowns)
        used = len(self.parameters) - len(self.affine)
        affine = unknowns[used : len(self.parameters)]
        predictions = self.offset
        outputs = _empty((self.problem.m, 0))
        if self.units:
            outputs = (self.rows @ w.T) * self.sides
            if self.moving or not self.problem.train.output:
                predictions = predictions + (outputs * (v * self.counts)[None, :]).sum(axis=1)
        if self.affine:
            predictions = predictions + self.columns @ affine
        ranges = [predictions.enclosure((t,)) for t in range(self.problem.m)]
        loss = self.problem.loss
        targets = [y for (y,) in self.problem.y]
        slopes = Intervals.between(loss.slope_range(q.lo, q.hi, y) for q, y in zip(ranges, targets, strict=True))
        bends = Intervals.between(loss.curvature_range(q.lo, q.hi, y) for q, y in zip(ranges, targets, strict=True))
        return Box(w, v, outputs, predictions, slopes, bends, unknowns[len(self.parameters) :], affine)

    @cached_property
    def counts(self) -> Intervals:
        """Of each neuron; 0 of those that are tied to another."""
        return Intervals.of([unit.count * (self.ties[unit.index] is None) for unit in self.units])

    @cached_property
    def shared(self) -> dict[int, Vector]:
        """Of straight leaders the input weights with the mean bias of all that are tied: what these add up to."""
        found, d = {}, self.problem.d
        for unit in self.live:
            own = [(i, tie.factor) for i, tie in enumerate(self.ties) if tie is not None and tie.leader == unit.index]
            if own and d in self.moving and d not in unit.coordinates:
                neurons = self.point.neurons
                w = list(neurons[unit.index].w)
                w[d] = (w[d] + sum((q * neurons[i].w[d] for i, q in own), ZERO)) / unit.count
                found[unit.index] = tuple(w)
        return found

    def _weights(self, unknowns: Intervals) -> tuple[Intervals, Intervals]:
        neurons = self.point.neurons
        if not neurons:
            return _empty((0, 0)), _empty((0,))
        inputs = [self.shared.get(i, neuron.w) for i, neuron in enumerate(neurons)]
        w, v = Intervals.of(inputs), Intervals.of([neuron.v for neuron in neurons])
        used = 0
        for unit in self.live:
            moving = list(unit.coordinates)
            for target, source in ((w.middle, unknowns.middle), (w.radius, unknowns.radius)):
                target[unit.index, moving] = source[used : used + len(moving)]
            used += len(moving)
            if self.outputs_move:
                v.middle[unit.index], v.radius[unit.index] = unknowns.middle[used], unknowns.radius[used]
                used += 1
        return w, v

    def equations(self, box: Box) -> Intervals:
        """The left sides minus the right sides, in the order of the unknowns."""
        parts, kinks, used = [], [], 0
        decay = Intervals.of([self.decay])
        for unit in self.live:
            moving, counted = list(unit.coordinates), Intervals.of([unit.count])
            i, count = unit.index, len(unit.bends)
            forms, multipliers = self.forms[used : used + count], box.multipliers[used : used + count]
            used += count
            pull = (box.slopes * self.sides[:, i])[None, :] @ self.rows
            total = pull[0] * box.v[i : i + 1]
            if self.decayed:
                shrink = [self.decay if k in self.decayed else ZERO for k in range(len(self.problem.lifted[0]))]
                total = total + box.w[i] * Intervals.of(shrink)
            total = total * counted
            if count:
                total = total - (multipliers[None, :] @ forms)[0]
                kinks.append(-(forms @ box.w[i]))
            parts.append(total[moving])
            if self.outputs_move:
                pull_v = (box.slopes * box.outputs[:, i])[None, :].sum(axis=1)
                parts.append((pull_v + decay * box.v[i : i + 1]) * counted)
        if self.affine:
            shrink = [self.decay if penalised else ZERO for _, _, penalised in self.affine]
            parts.append((box.slopes[None, :] @ self.columns)[0] + box.affine * Intervals.of(shrink))
        return _joined([*parts, *kinks])

    def slopes(self, box: Box) -> Intervals:
        """The symmetric matrix of slopes of the equations on a box."""
        change, size = self._changes(box), len(self.parameters)
        weighted = Intervals(change.middle, change.radius) * box.curvatures[:, None]
        found = _empty((self.size, self.size))
        square = change.T @ weighted
        found.middle[:size, :size], found.radius[:size, :size] = square.middle, square.radius
        used, row = 0, size
        for unit in self.live:
            moving, counted = list(unit.coordinates), Intervals.of([unit.count])
            own = np.arange(used, used + len(moving))
            _add(found, own, own, self._diagonal(moving, unit.count))
            if self.outputs_move:
                pull = ((box.slopes * self.sides[:, unit.index])[None, :] @ self.rows)[0][moving] * counted
                _add(found, own, own[-1] + 1, pull)
                _add(found, own[-1] + 1, own, pull)
                _add(found, own[-1] + 1, own[-1] + 1, Intervals.of([self.decay * unit.count])[0])
            used += len(moving) + self.outputs_move
            for _ in unit.bends:
                form = -self.forms[row - size][moving]
                _add(found, own, row, form)
                _add(found, row, own, form)
                row += 1
        for k, (_, _, penalised) in enumerate(self.affine):
            if penalised:
                _add(found, used + k, used + k, Intervals.of([self.decay])[0])
        return found

    def _diagonal(self, moving: Sequence[int], count: Fraction) -> Intervals:
        decay = self.decay * count
        return Intervals.of([[decay if k == j and k in self.decayed else ZERO for k in moving] for j in moving])

    def _changes(self, box: Box) -> Intervals:
        """Slopes of the predictions by the unknown parameters, (m, number of parameters)."""
        parts = []
        for unit in self.live:
            i = unit.index
            counted = Intervals.of([unit.count])
            own = self.rows[:, list(unit.coordinates)] * self.sides[:, i : i + 1]
            parts.append(own * (box.v[i : i + 1] * counted)[None, :])
            if self.outputs_move:
                parts.append(box.outputs[:, i : i + 1] * counted[None, :])
        if self.affine:
            parts.append(self.columns)
        if not parts:
            return _empty((self.problem.m, 0))
        return Intervals(
            np.concatenate([part.middle for part in parts], axis=1),
            np.concatenate([part.radius for part in parts], axis=1),
        )

    def value(self, box: Box) -> Enclosure:
        """The training loss on a box, in the problem's units."""
        total = Enclosure(ZERO, ZERO)
        for t, (y,) in enumerate(self.problem.y):
            p, slope = box.predictions.enclosure((t,)), box.slopes.enclosure((t,))
            room = (p.hi - p.lo) / 2 * max(abs(slope.lo), abs(slope.hi))
            total += self.problem.loss.enclosure((p.lo + p.hi) / 2, y) + Enclosure(-room, room)
        if self.decay:
            total += self._penalty(box)
        return Enclosure(total.lo * self.problem.weight, total.hi * self.problem.weight)

    def _penalty(self, box: Box) -> Enclosure:
        train = self.problem.train
        parts = [(box.w * box.w)[:, list(self.decayed)] * self.counts[:, None]] if self.decayed else []
        if self.units and train.output and self.moving:
            parts.append((box.v * box.v * self.counts)[:, None])
        chosen = [k for k, (_, _, penalised) in enumerate(self.affine) if penalised]
        if chosen:
            parts.append((box.affine * box.affine)[None, chosen])
        squares = [part.sum(axis=0).sum(axis=0) for part in parts if part.middle.size]
        total = Enclosure(ZERO, ZERO)
        for part in squares:
            found = Intervals(np.array([part.middle], object), np.array([part.radius], object)).enclosure((0,))
            total += Enclosure(found.lo * self.decay / 2, found.hi * self.decay / 2)
        return total


@lru_cache(maxsize=4)
def _shapes(rows: Matrix) -> list[tuple[tuple[int, ...], Fraction] | None]:
    return [row_form(x) for x in rows]


@lru_cache(maxsize=4)
def _rows(rows: Matrix) -> Intervals:
    return Intervals.of(rows)


def _empty(shape: tuple[int, ...]) -> Intervals:
    middle: NDArray[np.object_] = np.zeros(shape, object)
    return Intervals(middle, np.zeros(shape, object))


def _joined(parts: Sequence[Intervals]) -> Intervals:
    if not parts:
        return _empty((0,))
    return Intervals(np.concatenate([part.middle for part in parts]), np.concatenate([part.radius for part in parts]))


def _add(matrix: Intervals, rows: Any, columns: Any, entries: Intervals) -> None:
    at = np.ix_(rows, columns) if np.ndim(rows) and np.ndim(columns) else (rows, columns)
    matrix.middle[at] += entries.middle
    matrix.radius[at] += entries.radius
