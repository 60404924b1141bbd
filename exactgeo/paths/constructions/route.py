"""A path through parameter space in the terms of layers: what each puts out, and moves that prescribe it.

Layers are counted as in the literature: ``F(0)`` is the data, ``Z(l) = W(l) F(l - 1) + b(l)`` and ``F(l) = a(Z(l))``
for l = 1, ..., L, one row a unit and one column a distinct row of the data; ``F(L)`` are the outputs.

Besides straight moves there are moves *by features*: the outputs of layer l go along a straight line, and the layers
below answer: ``F(l - 1)`` follows by ``Z(l) = a^-1(F(l))`` and a right inverse of W(l), down to a layer whose inputs
have full rank, whose weights alone move. Such a move is cut at the zeros of ``F(l)`` first, then, within the pieces,
at those of the layers below: finitely many, all rational.

References
----------
Q. Nguyen, On Connected Sublevel Sets in Deep Learning, ICML 2019.
docs/mathematics.md, "Paths in networks of any depth", P4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from exactgeo.errors import InternalError
from exactgeo.exact.matrix import solve
from exactgeo.exact.one_sided import added, left_inverse, product, right_inverse, transposed
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.paths.builder import PathBuilder
from exactgeo.problem import Point, Problem

__all__ = ["Layers", "Node", "Route", "Unit", "cut_at_zeros", "preactivations"]

Node = tuple[Fraction, Matrix]
"""The value of a curve of matrices at a number; straight between neighbours."""

Unit = tuple[Vector, Fraction]
"""Incoming weights and bias."""


@dataclass(frozen=True)
class Layers:
    """A point with all that its layers put out at the distinct rows of the data."""

    problem: Problem
    point: Point

    @cached_property
    def rows(self) -> Matrix:
        """The distinct rows of the data: where rows agree, outputs agree whatever the parameters are."""
        return tuple(dict.fromkeys(self.problem.x))

    def weights(self, layer: int) -> Matrix:
        return self.point.weights[layer - 1]

    def bias(self, layer: int) -> Vector:
        """Zeros where the layer has none."""
        return self.point.biases[layer - 1] or (ZERO,) * len(self.point.weights[layer - 1])

    def slopes(self, layer: int) -> tuple[Fraction, Fraction]:
        found = self.problem.network.layer_activations[layer - 1].slopes
        if found is None:
            raise InternalError("a path through a smooth activation")
        return found

    def activate(self, layer: int, z: Matrix) -> Matrix:
        right, left = self.slopes(layer)
        return tuple(tuple(q * (right if q > 0 else left) for q in row) for row in z)

    @cached_property
    def _all(self) -> list[tuple[Matrix, Matrix]]:
        inputs = transposed(self.rows)
        found = [(inputs, inputs)]
        for layer in range(1, self.problem.network.depth + 1):
            z = preactivations(self.weights(layer), self.bias(layer), found[-1][1])
            found.append((z, self.activate(layer, z)))
        return found

    def features(self, layer: int) -> Matrix:
        """``F(layer)``: a row a unit, a column a distinct row of the data."""
        return self._all[layer][1]

    def z(self, layer: int) -> Matrix:
        """``Z(layer)``."""
        return self._all[layer][0]

    def inputs(self, layer: int) -> Matrix:
        """``F(layer - 1)`` with a row a distinct row of the data."""
        return transposed(self.features(layer - 1))

    def trains_bias(self, layer: int) -> bool:
        return self.problem.network.biases[layer - 1] and self.problem.train.biases[layer - 1]

    def incoming(self, layer: int, z: Vector) -> Unit | None:
        """Trained weights and bias of a unit of a layer with these pre-activations; None where there are none.

        A bias that is not trained has to be 0.
        """
        bias = self.trains_bias(layer)
        found = solve([(*row, ONE) if bias else row for row in self.inputs(layer)], z)
        if found is None:
            return None
        return (found[:-1], found[-1]) if bias else (found, ZERO)

    def with_layer(self, layer: int, weights: Matrix | None = None, bias: Sequence[Fraction] | None = None) -> Point:
        """The point with other weights or another bias in one layer; no bias is given to a layer without one."""
        matrices, vectors = list(self.point.weights), list(self.point.biases)
        if weights is not None:
            matrices[layer - 1] = weights
        if bias is not None and vectors[layer - 1]:
            vectors[layer - 1] = tuple(bias)
        return Point(tuple(matrices), tuple(vectors))

    def with_units(self, layer: int, units: Mapping[int, Unit]) -> Point:
        """The point with other incoming weights of units of a layer, and other biases where they are trained."""
        weights, bias = list(self.weights(layer)), list(self.bias(layer))
        for unit, (w, b) in units.items():
            weights[unit] = w
            if self.trains_bias(layer):
                bias[unit] = b
        return self.with_layer(layer, tuple(weights), bias)


def preactivations(weights: Matrix, bias: Vector, features: Matrix) -> Matrix:
    """``weights features + bias``."""
    columns = transposed(features)
    return tuple(tuple(dot(row, column) + b for column in columns) for row, b in zip(weights, bias, strict=True))


class Route:
    """A builder of paths, with the layers at its last point."""

    def __init__(self, builder: PathBuilder) -> None:
        self.builder = builder
        self.problem = builder.problem
        self._at = Layers(builder.problem, builder.end)

    @property
    def at(self) -> Layers:
        if self._at.point != self.builder.end:
            self._at = Layers(self.problem, self.builder.end)
        return self._at

    @property
    def depth(self) -> int:
        return self.problem.network.depth

    def straight(self, end: Point, step: str) -> None:
        self.builder.straight(end, step)

    def send(self, layer: int, units: Mapping[int, Unit], step: str) -> None:
        """Give units of a layer, which have no effect, other weights and biases: through 0, so that none bends."""
        zero = {unit: ((ZERO,) * len(w), ZERO) for unit, (w, _) in units.items()}
        for goal in (zero, units):
            self.straight(self.at.with_units(layer, goal), step)

    def by_features(self, layer: int, goal: Matrix, step: str, *, moved: int, beside: Point | None = None) -> None:
        """``F(layer)`` along a straight line to ``goal``, by the weights of layer ``moved`` alone.

        Parameters
        ----------
        layer : int
            ``moved`` or above; the outputs where it is the depth.
        goal : Matrix
            The shape of ``F(layer)``.
        moved : int
            ``F(moved - 1)`` has independent columns, W(l) independent rows for l = moved + 1, ..., layer, and the
            activations of layers moved, ..., layer are bijective.
        beside : Point, optional
            Where layers above ``layer`` go at the same time, straight.
        """
        at = self.at
        curve: list[Node] = [(ZERO, at.features(layer)), (ONE, goal)]
        for below in range(layer, moved, -1):
            curve = _inverted(at, curve, below)
            back, inputs, z = right_inverse(at.weights(below)), at.features(below - 1), at.z(below)
            curve = [(s, added(inputs, product(back, added(values, z, -ONE)))) for s, values in curve]
        curve = _inverted(at, curve, moved)
        back, z, weights = left_inverse(at.features(moved - 1)), at.z(moved), at.weights(moved)
        gap = None if beside is None else at.point.towards(beside)
        for s, values in curve[1:]:
            point = at.point if gap is None else at.point.moved(gap, s)
            found = added(weights, product(added(values, z, -ONE), back))
            self.straight(Layers(self.problem, point).with_layer(moved, found), step)


def _inverted(at: Layers, curve: list[Node], layer: int) -> list[Node]:
    """Pre-activations from outputs of a layer, cut where one of these is 0."""
    right, left = at.slopes(layer)
    if right != left:
        curve = cut_at_zeros(curve)
    return [(s, tuple(tuple(q / (right if q * right > 0 else left) for q in row) for row in f)) for s, f in curve]


def cut_at_zeros(curve: list[Node]) -> list[Node]:
    """The same curve with a node wherever an entry passes 0."""
    found = []
    for (s, one), (t, other) in pairwise(curve):
        found.append((s, one))
        for share in sorted(set(_crossings(one, other))):
            found.append((s + share * (t - s), added(one, added(other, one, -ONE), share)))
    return [*found, curve[-1]]


def _crossings(one: Matrix, other: Matrix) -> Iterable[Fraction]:
    for row, last in zip(one, other, strict=True):
        for p, q in zip(row, last, strict=True):
            if (p > 0 > q) or (p < 0 < q):
                yield p / (p - q)
