"""The loss of a network with smooth activations in balls: values, gradients, Hessians on boxes of parameters.

Every number holds the true one at each point of the box. The trained parameters are one vector: all weights, layer by
layer and row by row, then all biases. With z the pre-activations of all units, outputs among them, and a the values
below them, the Hessian of the loss of a data point is

    sum over units of c grad z (grad z)^T, and for each weight w_ij the cross terms of w_ij with (dL/dz_i) grad a_j,

c the curvature of the loss for an output and (dL/da_i) a''(z_i) for a hidden unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from exactgeo.errors import InternalError
from exactgeo.exact.krawczyk import Ball, Balls, ball, balls, working_precision
from exactgeo.exact.vectors import ZERO, Vector
from exactgeo.frozen import dataclass
from exactgeo.problem import Direction, Point, Problem

__all__ = ["SmoothLoss"]

Rows = list[list[Ball]]
Columns = dict[int, list[Ball]]
"""A gradient at all m data points, one column a parameter; those left out are 0."""


@dataclass(frozen=True)
class _Layer:
    """What a pass leaves of a layer, m rows each.

    Attributes
    ----------
    inputs : the values below
    slope, bend : the first and second derivative of the activation; of the loss in the last layer's scores
    by_value, by_sum : derivatives of the loss by the values and by the pre-activations of the units
    """

    inputs: Balls
    slope: Rows
    bend: Rows
    by_value: Rows
    by_sum: Rows


@dataclass(frozen=True)
class SmoothLoss:
    """The training loss, the penalty l2 included, where it has two continuous derivatives.

    Attributes
    ----------
    problem : Problem
        In the scope of :func:`exactgeo.problem.scope.smooth`.
    """

    problem: Problem

    # -- parameters as one vector --------------------------------------------------------------------------------

    @cached_property
    def trained(self) -> tuple[bool, ...]:
        """Of each parameter, in order, whether it is trained."""
        net, train = self.problem.network, self.problem.train
        found = [free for free, (a, b) in zip(train.weights, pairwise(net.sizes), strict=True) for _ in range(a * b)]
        for free, has, units in zip(train.biases, net.biases, net.sizes[1:], strict=True):
            found += [free] * (units if has else 0)
        return tuple(found)

    @cached_property
    def decayed(self) -> tuple[bool, ...]:
        """Of each trained parameter, in order, whether it has a penalty."""
        penalty = self.problem.penalty
        weights = sum(a * b for a, b in pairwise(self.problem.network.sizes))
        every = [bool(penalty) and (k < weights or penalty.biases) for k in range(len(self.trained))]
        return tuple(q for q, free in zip(every, self.trained, strict=True) if free)

    def vector(self, point: Point | Direction) -> Vector:
        """The trained parameters of a point."""
        return tuple(q for q, free in zip(_flat(point), self.trained, strict=True) if free)

    def point(self, vector: Sequence[Fraction], frozen: Point) -> Point:
        """The point of these trained parameters; what is frozen as in another point."""
        values = iter(vector)
        every = iter([next(values) if free else q for q, free in zip(_flat(frozen), self.trained, strict=True)])
        weights = tuple(tuple(tuple(next(every) for _ in row) for row in matrix) for matrix in frozen.weights)
        return Point(weights, tuple(tuple(next(every) for _ in bias) for bias in frozen.biases))

    def direction(self, vector: Sequence[Fraction], point: Point) -> Direction:
        """The direction of these changes of the trained parameters."""
        return point.towards(self.point([a + b for a, b in zip(self.vector(point), vector, strict=True)], point))

    # -- the loss on a box --------------------------------------------------------------------------------------

    def value(self, point: Point, radius: Fraction = ZERO) -> Ball:
        """The loss on the box of this radius, max norm, in the trained parameters."""
        _, jets = self._forward(*self._box(point, radius))
        total = _sum(value for row in jets[-1] for value, _, _ in row) * ball(self.problem.weight)
        penalised = [ball(q, radius) for q, decayed in zip(self.vector(point), self.decayed, strict=True) if decayed]
        return total + ball(self.problem.penalty.l2 / 2) * _sum(q * q for q in penalised)

    def gradient(self, point: Point, radius: Fraction = ZERO) -> list[Ball]:
        """The derivatives by the trained parameters on the box. Cost: one pass forward and one back."""
        weights, biases = self._box(point, radius)
        layers = self._passes(weights, biases)
        every: list[Ball] = []
        for layer in layers:
            every += (balls(layer.by_sum).transpose() * layer.inputs).entries()
        for layer, bias in zip(layers, biases, strict=True):
            every += [_sum(column) for column in zip(*layer.by_sum, strict=True)] if bias else []
        found = [q for q, free in zip(every, self.trained, strict=True) if free]
        decay = ball(self.problem.penalty.l2)
        for k, (q, decayed) in enumerate(zip(self.vector(point), self.decayed, strict=True)):
            if decayed:
                found[k] = found[k] + decay * ball(q, radius)
        return found

    def hessian(self, point: Point, radius: Fraction = ZERO) -> Balls:
        """The second derivatives by the trained parameters on the box.

        Cost: for one hidden layer with k outputs and P parameters O(m k P^2) balls.
        """
        weights, biases = self._box(point, radius)
        layers = self._passes(weights, biases)
        size = len(self.trained)
        found = [[ball(0)] * size for _ in range(size)]
        first_bias = sum(matrix.nrows() * matrix.ncols() for matrix in weights)
        first_weight = 0
        below: list[Columns] = [{} for _ in range(self.problem.d)]
        for layer, matrix, bias in zip(layers, weights, biases, strict=True):
            units = []
            inputs = layer.inputs.transpose().tolist()
            for i, row in enumerate(matrix.tolist()):
                gradient = _combined(row, below)
                for j, column in enumerate(inputs):
                    gradient[first_weight + j] = column
                    _cross(found, first_weight + j, [error[i] for error in layer.by_sum], below[j])
                if bias:
                    gradient[first_bias] = [ball(1)] * self.problem.m
                    first_bias += 1
                first_weight += len(row)
                _square(found, gradient, [c[i] for c in layer.bend])
                slopes = [c[i] for c in layer.slope]
                units.append({k: _times(column, slopes) for k, column in gradient.items()})
            below = units
        kept = [k for k, free in enumerate(self.trained) if free]
        decay = ball(self.problem.penalty.l2)
        for k, decayed in zip(kept, self.decayed, strict=True):
            found[k][k] = found[k][k] + decay if decayed else found[k][k]
        return balls([[found[i][j] for j in kept] for i in kept])

    def slope_along(self, point: Point, direction: Direction, step: Fraction) -> Ball:
        """The derivative of the loss along ``point + s direction``, for all 0 <= s <= step at once."""
        span = ball(step / 2, step / 2)
        weights = [
            balls([[ball(q) + span * ball(u) for q, u in zip(a, b, strict=True)] for a, b in zip(*pair, strict=True)])
            for pair in zip(point.weights, direction.weights, strict=True)
        ]
        biases = [
            [ball(q) + span * ball(u) for q, u in zip(*pair, strict=True)]
            for pair in zip(point.biases, direction.biases, strict=True)
        ]
        rows, jets = self._forward(weights, biases)
        moved = balls([[ZERO] * self.problem.d] * self.problem.m)
        for k, (matrix, inputs, layer) in enumerate(zip(weights, rows, jets, strict=False)):
            change = inputs * balls(direction.weights[k]).transpose() + moved * matrix.transpose()
            shifts = [ball(u) for u in direction.biases[k]] or [ball(0)] * change.ncols()
            moved = balls(
                [
                    [(q + shift) * jet[1] for q, jet, shift in zip(*pair, shifts, strict=True)]
                    for pair in zip(change.tolist(), layer, strict=True)
                ]
            )
        ends = zip(moved.tolist(), jets[-1], strict=True)
        total = _sum(q * jet[1] for row, last in ends for q, jet in zip(row, last, strict=True))
        total = total * ball(self.problem.weight)
        decay = ball(self.problem.penalty.l2)
        for q, u, decayed in zip(self.vector(point), self.vector(direction), self.decayed, strict=True):
            if decayed and u:
                total = total + decay * (ball(q) + span * ball(u)) * ball(u)
        return total

    def _box(self, point: Point, radius: Fraction) -> tuple[list[Balls], Rows]:
        spread = iter([radius if free else ZERO for free in self.trained])
        weights = [balls([[ball(q, next(spread)) for q in row] for row in matrix]) for matrix in point.weights]
        return weights, [[ball(q, next(spread)) for q in bias] for bias in point.biases]

    def _inputs(self) -> Balls:
        """The data at the working precision."""
        bits = working_precision()
        if bits not in self._known_inputs:
            self._known_inputs[bits] = balls(self.problem.x)
        return self._known_inputs[bits]

    @cached_property
    def _known_inputs(self) -> dict[int, Balls]:
        return {}

    def _forward(self, weights: list[Balls], biases: Rows) -> tuple[list[Balls], list[list[list[Jet]]]]:
        """What each layer reads and the scores; jets of all units, and then those of the loss in the scores."""
        problem, rows, jets = self.problem, [self._inputs()], []
        for matrix, bias, activation in zip(weights, biases, problem.network.layer_activations, strict=True):
            sums = (rows[-1] * matrix.transpose()).tolist()
            shifts = bias or [ball(0)] * matrix.nrows()
            jets.append([[_known(activation.jet(q + b)) for q, b in zip(row, shifts, strict=True)] for row in sums])
            rows.append(balls([[jet[0] for jet in row] for row in jets[-1]]))
        ends = zip(rows[-1].tolist(), problem.y, strict=True)
        jets.append([[_known(problem.loss.jet(p, y)) for p, y in zip(*end, strict=True)] for end in ends])
        return rows, jets

    def _passes(self, weights: list[Balls], biases: Rows) -> list[_Layer]:
        """The layers after a pass forward and one back."""
        rows, jets = self._forward(weights, biases)
        scale = ball(self.problem.weight)
        by_value = [[scale * jet[1] for jet in row] for row in jets[-1]]
        layers: list[_Layer] = []
        for k in reversed(range(len(weights))):
            slope = [[jet[1] for jet in row] for row in jets[k]]
            pairs = zip(by_value, jets[k], strict=True)
            bend = [[a * jet[2] for a, jet in zip(*pair, strict=True)] for pair in pairs]
            if k == len(weights) - 1:
                # What is curved in the scores is the loss itself.
                curved = zip(bend, jets[k + 1], slope, strict=True)
                bend = [[a + scale * jet[2] * b * b for a, jet, b in zip(*row, strict=True)] for row in curved]
            by_sum = [_times(*pair) for pair in zip(by_value, slope, strict=True)]
            layers.append(_Layer(rows[k], slope, bend, by_value, by_sum))
            by_value = (balls(by_sum) * weights[k]).tolist()
        return layers[::-1]


Jet = tuple[Ball, Ball, Ball]


def _known(jet: Jet | None) -> Jet:
    if jet is None:
        raise InternalError("a loss or an activation without a second derivative")
    return jet


def _sum(numbers: Iterator[Ball] | Sequence[Ball]) -> Ball:
    return sum(numbers, ball(0))


def _times(one: Sequence[Ball], other: Sequence[Ball]) -> list[Ball]:
    return [a * b for a, b in zip(one, other, strict=True)]


def _flat(point: Point | Direction) -> list[Fraction]:
    weights = [q for matrix in point.weights for row in matrix for q in row]
    return weights + [q for bias in point.biases for q in bias]


def _combined(weights: Sequence[Ball], gradients: Sequence[Columns]) -> Columns:
    """``sum weights[j] gradients[j]``."""
    found: Columns = {}
    for weight, gradient in zip(weights, gradients, strict=True):
        for k, column in gradient.items():
            old = found.get(k)
            new = _times([weight] * len(column), column)
            found[k] = new if old is None else [a + b for a, b in zip(old, new, strict=True)]
    return found


def _square(found: Rows, gradient: Columns, factors: Sequence[Ball]) -> None:
    """Add ``sum over the data of factor gradient gradient^T``."""
    keys = list(gradient)
    scaled = balls([_times(gradient[k], factors) for k in keys])
    product = (scaled * balls([gradient[k] for k in keys]).transpose()).tolist()
    for k, row in zip(keys, product, strict=True):
        for other, q in zip(keys, row, strict=True):
            found[k][other] = found[k][other] + q


def _cross(found: Rows, key: int, errors: Sequence[Ball], gradient: Columns) -> None:
    """Add the terms of one weight with the gradient of the value that it multiplies."""
    for k, column in gradient.items():
        q = _sum(_times(errors, column))
        found[key][k] = found[key][k] + q
        found[k][key] = found[k][key] + q
