"""A point of a network of any depth and any number of outputs, taken apart layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache

from exactgeo.errors import InternalError
from exactgeo.exact.combination import Number, inner
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.problem import Point, Problem

__all__ = ["DeepPoint", "Layer"]


@dataclass(frozen=True)
class Layer:
    """One hidden layer at the point.

    Attributes
    ----------
    index : int
        From 0; its weights are ``point.weights[index]``.
    weights : Matrix, one row a unit
    bias : Vector
        Zeros where the layer has none.
    trains, trains_bias : bool
    slopes : (right, left)
        Of its activation.
    z : Matrix, n rows of m
        Pre-activations, one row a unit.
    out : Matrix, n rows of m
        a(z).
    """

    index: int
    weights: Matrix
    bias: Vector
    trains: bool
    trains_bias: bool
    slopes: tuple[Fraction, Fraction]
    z: Matrix
    out: Matrix

    @property
    def width(self) -> int:
        return len(self.weights)

    @property
    def kinked(self) -> bool:
        return self.slopes[0] != self.slopes[1]

    @cached_property
    def slope(self) -> tuple[tuple[Fraction | None, ...], ...]:
        """The derivative of the activation at each pre-activation, None on a kink; n rows of m."""
        up, down = self.slopes
        at_zero = None if self.kinked else up
        return tuple(tuple(up if q > 0 else down if q < 0 else at_zero for q in row) for row in self.z)

    @property
    def dead(self) -> bool:
        """Whether every unit is strictly on a slope 0 at every data point (and there is a unit)."""
        return self.width > 0 and all(q == 0 and q is not None for row in self.slope for q in row)

    @cached_property
    def single(self) -> Vector | None:
        """The slope of each unit where it keeps one, strictly, at all data; None where some unit does not."""
        rows = [set(row) for row in self.slope]
        found = [next(iter(row)) for row in rows if len(row) == 1]
        return tuple(q for q in found if q is not None) if len(found) == self.width and None not in found else None


@dataclass(frozen=True)
class DeepPoint:
    """The loss near a point: layers, predictions, derivatives of the loss.

    Attributes
    ----------
    problem : Problem
        Its activations are piecewise linear, its outputs linear; its loss has a derivative.
    point : Point
    loss : Number
    layers : tuple of Layer
        The hidden ones.
    predictions : Matrix, k rows of m
    gradient : k rows of m numbers
        The derivatives of the loss in the predictions, without the weight of the reduction.
    """

    problem: Problem
    point: Point
    loss: Number
    layers: tuple[Layer, ...]
    predictions: Matrix
    gradient: tuple[tuple[Number, ...], ...]

    @classmethod
    def of(cls, problem: Problem, point: Point) -> DeepPoint:
        """Cost: one forward pass in rationals, kept for the next to ask."""
        return _taken_apart(problem, point)

    @classmethod
    def _of(cls, problem: Problem, point: Point) -> DeepPoint:
        net, train = problem.network, problem.train
        layers: list[Layer] = []
        inputs: Matrix = tuple(zip(*problem.x, strict=True))
        for k, activation in enumerate(net.activations):
            assert activation.slopes is not None
            bias = point.biases[k] or (ZERO,) * len(point.weights[k])
            z = _affine(point.weights[k], bias, inputs, problem.m)
            out = tuple(tuple(map(activation, row)) for row in z)
            trained = train.hidden[k], net.hidden_bias[k] and train.hidden_bias[k]
            layers.append(Layer(k, point.weights[k], bias, *trained, activation.slopes, z, out))
            inputs = out
        *_, last = point.biases
        predictions = _affine(point.output_rows, last or (ZERO,) * net.outputs, inputs, problem.m)
        rows = list(zip(zip(*predictions, strict=True), problem.y, strict=True))
        gradient = zip(*(problem.loss.slopes_of_row(scores, y) for scores, y in rows), strict=True)
        losses = [problem.loss.exact_of_row(scores, y) for scores, y in rows]
        loss = inner([problem.weight] * len(losses), losses)
        return cls(problem, point, loss, tuple(layers), predictions, tuple(gradient))

    @property
    def columns(self) -> Matrix:
        """The inputs of the network, d rows of m."""
        return tuple(zip(*self.problem.x, strict=True))

    def inputs_of(self, index: int) -> Matrix:
        """What weight layer ``index`` multiplies (the output's is ``len(layers)``), one row of m an input."""
        return self.columns if index == 0 else self.layers[index - 1].out

    @property
    def output(self) -> Matrix:
        """The weights of the outputs, k rows."""
        return self.point.output_rows

    @property
    def trains_output(self) -> bool:
        return self.problem.train.output

    @property
    def trains_shift(self) -> bool:
        """Whether there is an output bias that is trained."""
        return self.problem.network.output_bias and self.problem.train.output_bias

    @property
    def still(self) -> bool:
        """Whether every derivative of the loss is 0."""
        return not any(map(any, self.gradient))

    @cached_property
    def square_factor(self) -> Fraction | None:
        """The a for which the loss of each prediction is ``a (p - b)^2`` and a constant near the point, b of its own;
        None where there is none, as where a prediction is at a break of the loss, or beyond one on a straight piece."""
        factors = {self._curvature(t) for t in range(self.problem.m)}
        factor = factors.pop() if len(factors) == 1 else ZERO
        return factor or None

    def squares(self, factor: Fraction) -> tuple[int, ...]:
        """The data points at which the loss of each prediction is ``factor (p - b)^2`` and a constant near the point;
        at the others it is convex."""
        return tuple(t for t in range(self.problem.m) if self._curvature(t) == factor)

    def _curvature(self, t: int) -> Fraction:
        """The a of the piece that all predictions of a data point are inside of; 0 where there is none."""
        loss, factors = self.problem.loss, set[Fraction]()
        if loss.classes:
            return ZERO
        for row, y in zip(self.predictions, self.problem.y[t], strict=True):
            pieces = loss.pieces(y)
            if pieces is None or row[t] in pieces.breaks:
                return ZERO
            factors.add(pieces.around(row[t])[0][0])
        return factors.pop() if len(factors) == 1 else ZERO

    @property
    def rational_loss(self) -> Fraction:
        """The loss, of one with rational values.

        Raises
        ------
        InternalError
            Of another.
        """
        if not isinstance(self.loss, Fraction):
            raise InternalError("a claim of a rational loss about another")
        return self.loss

    @property
    def rational(self) -> bool:
        """Whether every derivative of the loss is rational, as of every loss that is quadratic in pieces."""
        return all(isinstance(g, Fraction) for row in self.gradient for g in row)

    def along(self, o: int, column: Sequence[Fraction]) -> Number:
        """The derivative of the loss as output o moves along a column, without the weight of the reduction."""
        found: Number = inner(column, self.gradient[o])
        return found

    @property
    def slope_in_last(self) -> str:
        """In which trained parameter of the last layer the loss has a slope; "" where it has none."""
        columns = self.inputs_of(len(self.layers)) if self.trains_output else ()
        outputs = range(len(self.gradient))
        if any(self.along(o, column) for column in columns for o in outputs):
            return "an output weight"
        if self.trains_shift and any(self.along(o, (ONE,) * self.problem.m) for o in outputs):
            return "an output bias"
        return ""

    def kinks(self) -> Iterator[tuple[int, int, int]]:
        """(layer, unit, data point) of each pre-activation 0 of a layer that bends."""
        for layer in self.layers:
            for i, row in enumerate(layer.slope):
                for t, slope in enumerate(row):
                    if slope is None:
                        yield layer.index, i, t

    def holds(self, radius: Fraction) -> bool:
        """Whether within a max-norm radius no pre-activation off the kinks, and no weight behind the first layer that
        is trained and not 0, changes its sign: by bounds on each move, layer by layer."""
        moves: Matrix = tuple((ZERO,) * self.problem.m for _ in self.columns)
        inputs = self.columns
        for layer in self.layers:
            step = radius if layer.trains else ZERO
            if layer.index and step and any(q and abs(q) <= step for row in layer.weights for q in row):
                return False
            shift = radius if layer.trains_bias else ZERO
            grown = []
            for row in layer.weights:
                grown.append(
                    tuple(
                        shift + sum(((abs(w) + step) * moves[j][t] + step * abs(inputs[j][t])
                                     for j, w in enumerate(row)), ZERO)
                        for t in range(self.problem.m)
                    )
                )  # fmt: skip
            if layer.kinked and any(
                z and abs(z) <= move
                for zs, row in zip(layer.z, grown, strict=True)
                for z, move in zip(zs, row, strict=True)
            ):
                return False
            steepest = max(map(abs, layer.slopes))
            moves = tuple(tuple(steepest * q for q in row) for row in grown)
            inputs = layer.out
        return not self.trains_output or all(abs(q) > radius for row in self.output for q in row if q)

    def radius(self) -> Fraction:
        """The largest 1/2^k, at most 1, that :meth:`holds`."""
        found = ONE
        while not self.holds(found):
            found /= 2
        return found


@lru_cache(maxsize=8)
def _taken_apart(problem: Problem, point: Point) -> DeepPoint:
    return DeepPoint._of(problem, point)


def _affine(weights: Matrix, bias: Vector, inputs: Matrix, m: int) -> Matrix:
    rows = tuple(zip(*inputs, strict=True)) if inputs else ((),) * m
    return tuple(tuple(dot(unit, row) + b for row in rows) for unit, b in zip(weights, bias, strict=True))
