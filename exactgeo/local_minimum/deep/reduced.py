"""Smaller networks that a point is one of as well: the network behind a hidden layer, and that with two layers merged.

*Behind* a layer whose outputs do not move near the point (it is dead, or nothing up to it is trained) the smaller
network decides; behind any other layer, with its outputs held, a descent is one of the whole. *Merged*: where each unit
of a layer keeps one slope, D, at all data, the layer and the next are one linear layer, ``W = W_{l+1} D W_l``,
``b = W_{l+1} D b_l + b_{l+1}``: a minimum of the smaller network is one of the whole, and a descent is if its moves are
products of moves.

References
----------
docs/mathematics.md, "Deep networks", D4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from exactgeo.exact.matrix import solve
from exactgeo.exact.vectors import ZERO, Matrix, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.problem import Direction, Network, Point, Problem, Train

__all__ = ["Behind", "Merged"]


@dataclass(frozen=True)
class Behind:
    """The network behind hidden layer ``layer`` (from 0), with its outputs as data."""

    at: DeepPoint
    layer: int

    @property
    def complete(self) -> bool:
        """Whether the outputs of the layer do not move near the point."""
        below = self.at.layers[: self.layer + 1]
        return below[-1].dead or not any(layer.trains or layer.trains_bias for layer in below)

    @property
    def problem(self) -> Problem:
        problem, first = self.at.problem, self.layer + 1
        net, train = problem.network, problem.train
        return replace(
            problem,
            x=tuple(zip(*self.at.layers[self.layer].out, strict=True)),
            network=Network(
                net.widths[self.layer],
                net.widths[first:],
                net.outputs,
                net.activations[first:],
                net.hidden_bias[first:],
                net.output_bias,
            ),
            train=Train(train.hidden[first:], train.hidden_bias[first:], train.output, train.output_bias),
            frozen=None,
            point=self.point,
        )

    @property
    def point(self) -> Point:
        first = self.layer + 1
        return Point(self.at.point.weights[first:], self.at.point.biases[first:])

    def within(self, radius: Fraction, inner: Fraction | None) -> bool:
        """Whether moves within a radius are moves of the smaller network within ``inner``."""
        return inner is None or radius <= inner

    def lifted(self, curve: Sequence[Direction]) -> Iterator[tuple[Direction, ...]]:
        """A curve of the smaller network as one of the whole."""
        zero, first = Direction.zero(self.at.point), self.layer + 1
        yield tuple(
            Direction((*zero.weights[:first], *way.weights), (*zero.biases[:first], *way.biases)) for way in curve
        )


@dataclass(frozen=True)
class Merged:
    """The network in which hidden layer ``layer`` (from 0) and the weights behind it are one layer."""

    at: DeepPoint
    layer: int

    @property
    def _slopes(self) -> Vector:
        slopes = self.at.layers[self.layer].single
        assert slopes is not None
        return slopes

    @property
    def _first(self) -> Matrix:
        """D W_l."""
        rows = self.at.point.weights[self.layer]
        return tuple(tuple(d * q for q in row) for d, row in zip(self._slopes, rows, strict=True))

    @property
    def _shift(self) -> Vector:
        """D b_l."""
        return tuple(d * b for d, b in zip(self._slopes, self.at.layers[self.layer].bias, strict=True))

    @property
    def _second(self) -> Matrix:
        """W_{l+1} D."""
        rows = self.at.point.weights[self.layer + 1]
        return tuple(tuple(q * d for q, d in zip(row, self._slopes, strict=True)) for row in rows)

    @property
    def point(self) -> Point:
        point, k = self.at.point, self.layer
        columns = list(zip(*self._first, strict=True)) if self._first else [()] * len(self.at.inputs_of(k))
        weights = tuple(tuple(dot(row, column) for column in columns) for row in point.weights[k + 1])
        old = point.biases[k + 1] or (ZERO,) * len(weights)
        moved = tuple(dot(row, self._shift) + b for row, b in zip(point.weights[k + 1], old, strict=True))
        has, _ = self._biases
        bias = moved if has else ()
        return Point(
            (*point.weights[:k], weights, *point.weights[k + 2 :]), (*point.biases[:k], bias, *point.biases[k + 2 :])
        )

    @property
    def _biases(self) -> tuple[bool, bool]:
        """Whether the merged layer has a bias, and whether that is trained."""
        net, train, k = self.at.problem.network, self.at.problem.train, self.layer
        first, second = net.biases[k], net.biases[k + 1]
        trained = (first and (train.biases[k] or train.weights[k + 1])) or (second and train.biases[k + 1])
        return first or second, trained

    @property
    def problem(self) -> Problem:
        problem, k = self.at.problem, self.layer
        net, train = problem.network, problem.train
        has, trained = self._biases
        flags = [*net.biases[:k], has, *net.biases[k + 2 :]]
        *biases, last = flags
        flags = [*train.biases[:k], trained, *train.biases[k + 2 :]]
        *frees, last_free = flags
        flags = [*train.weights[:k], train.weights[k] or train.weights[k + 1], *train.weights[k + 2 :]]
        *hidden, output = flags
        return replace(
            problem,
            network=Network(
                net.inputs,
                net.widths[:k] + net.widths[k + 1 :],
                net.outputs,
                net.activations[:k] + net.activations[k + 1 :],
                tuple(biases),
                last,
            ),
            train=Train(tuple(hidden), tuple(frees), output, last_free),
            frozen=None,
            point=self.point,
        )

    def within(self, radius: Fraction, inner: Fraction | None) -> bool:
        """Whether moves within a radius are moves of the merged layer within ``inner``."""
        if inner is None:
            return True
        layer, k = self.at.layers[self.layer], self.layer
        train, net = self.at.problem.train, self.at.problem.network
        low, shift = radius * layer.trains, radius * layer.trains_bias
        high, last = radius * train.weights[k + 1], radius * (train.biases[k + 1] and net.biases[k + 1])
        if radius > inner:
            return False
        for row in self.at.point.weights[k + 1]:
            sizes = [
                (abs(d), abs(w), own, b)
                for d, w, own, b in zip(self._slopes, row, layer.weights, layer.bias, strict=True)
            ]
            moved = sum((d * (w * shift + high * abs(b) + high * shift) for d, w, _, b in sizes), last)
            if moved > inner:
                return False
            for j in range(len(self.at.inputs_of(k))):
                if sum((d * (w * low + high * abs(own[j]) + high * low) for d, w, own, _ in sizes), ZERO) > inner:
                    return False
        return True

    def lifted(self, curve: Sequence[Direction]) -> Iterator[tuple[Direction, ...]]:
        """A curve of the smaller network as curves of the whole: by the first of the two layers, by the second."""
        for by in (self._by_first, self._by_second):
            moves = [by(way) for way in curve]
            found = [way for way in moves if way is not None]
            if len(found) == len(moves):
                yield tuple(found)

    def _by_first(self, way: Direction) -> Direction | None:
        """``W_{l+1} D dW_l = dW``."""
        layer, k = self.at.layers[self.layer], self.layer
        columns = [_solved(self._second, column, layer.width) for column in zip(*way.weights[k], strict=True)]
        zero = Direction.zero(self.at.point)
        first, second = zero.biases[k], zero.biases[k + 1]
        if any(way.biases[k]):
            moved = _solved(self._second, way.biases[k], layer.width) if layer.trains_bias else None
            if moved is not None:
                first = moved
            elif self._trains_second_bias:
                second = way.biases[k]
            else:
                return None
        if None in columns or (not layer.trains and any(map(any, way.weights[k]))):
            return None
        own = tuple(zip(*(column for column in columns if column is not None), strict=True))
        return self._direction(way, (own, zero.weights[k + 1]), (first, second))

    def _by_second(self, way: Direction) -> Direction | None:
        """``dW_{l+1} D W_l = dW``."""
        k = self.layer
        if not self.at.problem.train.weights[k + 1]:
            return None
        turned = tuple(zip(*self._first, strict=True))
        width = self.at.layers[k].width
        rows = [row for row in (_solved(turned, goal, width) for goal in way.weights[k]) if row is not None]
        if len(rows) < len(way.weights[k]):
            return None
        goal = way.biases[k] or (ZERO,) * len(rows)
        rest = tuple(b - dot(row, self._shift) for b, row in zip(goal, rows, strict=True))
        zero = Direction.zero(self.at.point)
        if any(rest) and not self._trains_second_bias:
            return None
        second = rest if any(rest) else zero.biases[k + 1]
        return self._direction(way, (zero.weights[k], tuple(rows)), (zero.biases[k], second))

    @property
    def _trains_second_bias(self) -> bool:
        net, train = self.at.problem.network, self.at.problem.train
        return net.biases[self.layer + 1] and train.biases[self.layer + 1]

    def _direction(self, way: Direction, weights: tuple[Matrix, Matrix], biases: tuple[Vector, Vector]) -> Direction:
        k = self.layer
        return Direction(
            (*way.weights[:k], *weights, *way.weights[k + 1 :]), (*way.biases[:k], *biases, *way.biases[k + 1 :])
        )


def _solved(rows: Matrix, goal: Vector, width: int) -> Vector | None:
    """x of this width with rows x = goal; None where there is none."""
    if not any(goal):
        return (ZERO,) * width
    return solve(rows, goal) if rows else None
