"""A forward pass along one segment of a path: the network run over Q[s], 0 <= s <= 1.

Every parameter is affine in s, but for layers whose weights may be rational functions, each over one denominator that
is positive on [0, 1]. The pass is projective: what a layer puts out is a matrix of polynomials over one positive
polynomial, and a piecewise-linear activation with its kink at 0 commutes with positive factors. So rational segments
cost no more than polynomial ones, and a pre-activation has the sign of its numerator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from exactgeo.errors import InternalError
from exactgeo.exact.polynomial import Polynomial, add, multiply, times, value
from exactgeo.exact.polynomial_matrix import PolynomialMatrix
from exactgeo.exact.sturm import roots_between, sign_on
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector
from exactgeo.losses import Loss
from exactgeo.losses.piecewise_quadratic import Pieces
from exactgeo.problem import Point, Problem

__all__ = ["Crossing", "Outputs", "RationalLayer", "crossings", "layer_between", "pieces_of", "run"]

Entries = tuple[tuple[Vector, ...], ...]


@dataclass(frozen=True)
class RationalLayer:
    """One weight layer along a segment, as rational functions of s over one denominator.

    Attributes
    ----------
    index : int
        Which weight layer, from 0.
    numerators : one row a unit, of one polynomial an input, then one for the bias where the layer has one
        A polynomial is its coefficients of 1, s, s^2, ...
    denominator : polynomial
        Positive on [0, 1].
    """

    index: int
    numerators: Entries
    denominator: Vector

    def at(self, s: Fraction) -> Matrix:
        """The rows (weights, bias) at a number."""
        bottom = value(self.denominator, s)
        return tuple(tuple(value(entry, s) / bottom for entry in row) for row in self.numerators)

    def on(self, lo: Fraction, hi: Fraction) -> RationalLayer:
        """The part from lo to hi, as a segment of its own."""

        def part(entry: Vector) -> Vector:
            found: Polynomial = []
            for q in reversed(entry):
                found = add(multiply(found, [lo, hi - lo]), [q])
            return tuple(found)

        rows = tuple(tuple(map(part, row)) for row in self.numerators)
        return RationalLayer(self.index, rows, part(self.denominator))

    def point(self, point: Point, s: Fraction) -> Point:
        """A point with this layer as it is at s."""
        rows, size = self.at(s), len(point.weights[self.index][0]) if point.weights[self.index] else 0
        weights, biases = list(point.weights), list(point.biases)
        weights[self.index] = tuple(row[:size] for row in rows)
        biases[self.index] = tuple(row[size] for row in rows) if biases[self.index] else ()
        return Point(tuple(weights), tuple(biases))

    def keeps(self, inputs: int, weights: bool, biases: bool) -> bool:
        """Whether all stays constant but the weights, or the biases, where those are free to move."""
        start = self.at(ZERO)
        return all(
            (weights if j < inputs else biases) or not any(add(entry, times(-q, self.denominator)))
            for row, values in zip(self.numerators, start, strict=True)
            for j, (entry, q) in enumerate(zip(row, values, strict=True))
        )

    @property
    def positive(self) -> bool:
        """Whether the denominator is positive on [0, 1], by Sturm's theorem."""
        ends = value(self.denominator, ZERO), value(self.denominator, ONE)
        return min(ends) > 0 and not roots_between(self.denominator)


@dataclass(frozen=True)
class Crossing:
    """A pre-activation that changes its sign inside a segment: layer, unit, data point, and the polynomial."""

    layer: int
    unit: int
    datum: int
    polynomial: tuple[Fraction, ...]


@dataclass(frozen=True)
class Outputs:
    """The predictions along a segment, k rows of m, over one positive polynomial.

    Attributes
    ----------
    numerators : PolynomialMatrix
    denominator : tuple of Fraction
    """

    numerators: PolynomialMatrix
    denominator: tuple[Fraction, ...]

    @property
    def affine(self) -> bool:
        """Whether every prediction is affine in s, as it stands: then the loss is convex."""
        return self.numerators.degree < 2 and len(self.denominator) == 1

    @property
    def constant(self) -> bool:
        """Whether no prediction moves."""
        start = value(self.denominator, ZERO)
        for _, _, entry in self.numerators.entries():
            first = entry[0] / start if entry else ZERO
            if any(a != first * b for a, b in _padded(entry, self.denominator)):
                return False
        return True


def _padded(a: Sequence[Fraction], b: Sequence[Fraction]) -> Iterator[tuple[Fraction, Fraction]]:
    for k in range(max(len(a), len(b))):
        yield (a[k] if k < len(a) else ZERO), (b[k] if k < len(b) else ZERO)


def run(problem: Problem, start: Point, end: Point, curved: Sequence[RationalLayer] = ()) -> Outputs | list[Crossing]:
    """The predictions along a segment; or, of the first layer where pre-activations change their signs, all that do.

    Parameters
    ----------
    problem : Problem
        Its activations have two slopes.
    start, end : Point
    curved : sequence of RationalLayer
        In place of the straight moves of these layers.

    Notes
    -----
    Cost: one product of polynomial matrices a layer; the layers below the first one that moves are of degree 0.
    """
    net = problem.network
    rows = PolynomialMatrix.of(tuple(zip(*problem.x, strict=True)), problem.m)
    bottom: tuple[Fraction, ...] = (ONE,)
    for k, activation in enumerate(net.layer_activations):
        if activation.slopes is None:
            raise InternalError("a path through a smooth activation")
        weights, divisor = _layer(start, end, k, curved, net.sizes[k] + net.biases[k])
        rows = weights.times(rows.extended(bottom) if net.biases[k] else rows)
        if divisor is not None:
            bottom = tuple(multiply(bottom, divisor))
        up, down = activation.slopes
        if up != down:
            found = [
                Crossing(k, i, t, tuple(rows.entry(i, t)))
                for i, sides in enumerate(rows.sides)
                for t, side in enumerate(sides)
                if side is None
            ]
            if found:
                return found
        rows = rows.bent((up, down))
    return Outputs(rows, bottom)


def _layer(
    start: Point, end: Point, k: int, curved: Sequence[RationalLayer], width: int
) -> tuple[PolynomialMatrix, tuple[Fraction, ...] | None]:
    """The rows (weights, bias) of a layer along the segment, and what they are divided by."""
    for layer in curved:
        if layer.index == k:
            return PolynomialMatrix.of_entries(layer.numerators, width), layer.denominator
    return layer_between(start, end, k, width), None


def layer_between(start: Point, end: Point, k: int, width: int) -> PolynomialMatrix:
    """The rows (weights, bias) of a layer on the straight line from one point to another."""
    one, other = _rows(start, k), _rows(end, k)
    return PolynomialMatrix.of(one, width) if one == other else PolynomialMatrix.between(one, other, width)


def _rows(point: Point, k: int) -> Matrix:
    weights, bias = point.weights[k], point.biases[k]
    return tuple((*row, b) for row, b in zip(weights, bias, strict=True)) if bias else weights


@lru_cache(maxsize=4096)
def pieces_of(loss: Loss, y: Fraction) -> Pieces | None:
    """The parabolas of a loss at a target, made once."""
    return loss.pieces(y)


def crossings(outputs: Outputs, problem: Problem) -> list[Crossing]:
    """The breaks of the loss that predictions pass inside a segment, as pre-activations of one more layer."""
    found: list[Crossing] = []
    if problem.loss.classes:
        return found
    if all((known := pieces_of(problem.loss, y)) is None or not known.breaks for row in problem.y for y in row):
        return found
    for o, t, entry in outputs.numerators.entries():
        pieces = pieces_of(problem.loss, problem.y[t][o])
        for point in pieces.breaks if pieces is not None else ():
            passed = add(entry, times(-point, outputs.denominator))
            if sign_on(passed) is None:
                found.append(Crossing(problem.network.depth, o, t, tuple(passed)))
    return found
