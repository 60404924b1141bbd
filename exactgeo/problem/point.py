"""Parameters of a network, directions in their space, and one neuron of a two-layer network."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple, Self

from exactgeo.errors import expect_type
from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import ZERO, Matrix, Vector
from exactgeo.frozen import dataclass
from exactgeo.shown import Shown, vector_text

__all__ = ["Direction", "Neuron", "Point"]

WRITTEN, LONGEST = 60, 200
"""Numbers, and characters, of a point up to which its one line has all of them."""


class Neuron(NamedTuple):
    """One hidden neuron of a two-layer network with one output.

    Attributes
    ----------
    w : Vector
        Input weights, the bias last where there is one.
    v : Fraction
        Output weight.
    """

    w: Vector
    v: Fraction


@dataclass(frozen=True)
class _Layers(Shown):
    """``weights`` and ``biases``: one matrix and one vector a layer, () where it has no bias."""

    weights: tuple[Matrix, ...]
    biases: tuple[Vector, ...]

    def to_dict(self) -> dict[str, Any]:
        """Weights and biases as nested lists of ``"p/q"`` strings."""
        return {
            "weights": [[[format_rational(q) for q in row] for row in layer] for layer in self.weights],
            "biases": [[format_rational(q) for q in layer] for layer in self.biases],
        }

    def __str__(self) -> str:
        """One line: ``W1 = [...], b1 = [...], W2 = ...``; long numbers are cut."""
        parts = []
        biases = [*self.biases, *[()] * len(self.weights)]
        for k, (weights, bias) in enumerate(zip(self.weights, biases, strict=False), 1):
            parts.append(f"W{k} = [{', '.join(map(vector_text, weights))}]")
            if bias:
                parts.append(f"b{k} = {vector_text(bias)}")
        return ", ".join(parts)

    def _shown(self) -> str:
        name, count = type(self).__name__.lower(), sum(map(len, self.biases))
        count += sum(len(row) for matrix in self.weights for row in matrix)
        text = str(self) if count <= WRITTEN else ""
        if not 0 < len(text) <= LONGEST:
            sizes = [len(matrix[0]) if matrix else 0 for matrix in self.weights[:1]] + list(map(len, self.weights))
            text = f"{count} numbers, layers {' - '.join(map(str, sizes))}"
        return f"{name}: {text}"

    # -- a two-layer network with one output ----------------------------------------------------------------------

    @property
    def neurons(self) -> tuple[Neuron, ...]:
        """The hidden neurons; () of a linear model.

        Examples
        --------
        >>> one = Fraction(1)
        >>> point = Point((((one,),), ((2 * one,),)), ((-3 * one,), (0 * one,)))
        >>> [([str(q) for q in w], str(v)) for w, v in point.neurons]
        [(['1', '-3'], '2')]
        """
        if len(self.weights) == 1:
            return ()
        hidden, (outputs, *_) = self.weights
        bias = self.biases[0]
        return tuple(Neuron((*w, *bias[i : i + 1]), v) for i, (w, v) in enumerate(zip(hidden, outputs, strict=True)))

    @property
    def inputs(self) -> Vector:
        """The weights of a linear model with one output; () of a network with a hidden layer."""
        return self.weights[0][0] if len(self.weights) == 1 else ()

    @property
    def shift(self) -> Fraction:
        """The bias of the one output; 0 where it has none."""
        return self.biases[-1][0] if self.biases[-1] else ZERO

    @property
    def output_rows(self) -> Matrix:
        """The weights of the last layer, one row an output."""
        return self.weights[-1]

    @property
    def output_biases(self) -> Vector:
        """The biases of the last layer; () where it has none."""
        return self.biases[-1]

    def with_neurons(
        self, neurons: Sequence[tuple[Sequence[Fraction], Fraction]], shift: Fraction | None = None
    ) -> Self:
        """The same shape with other neurons and, where it is given, another bias of the output.

        Law: ``point.with_neurons(point.neurons, point.shift) == point``.
        """
        last = self.biases[-1] if shift is None or not self.biases[-1] else (shift,)
        size = len(self.weights[0][0]) if self.weights[0] else 0
        hidden = tuple(tuple(w[:size]) for w, _ in neurons)
        bias = tuple(w[size] for w, _ in neurons) if self.biases[0] else ()
        return type(self)((hidden, (tuple(v for _, v in neurons),)), (bias, last))

    def with_inputs(self, weights: Sequence[Fraction], shift: Fraction) -> Self:
        """The same shape of a linear model (or of a network without hidden units) with other weights and bias."""
        row = tuple(weights)
        last = (shift,) if self.biases[-1] else ()
        return type(self)((*self.weights[:-1], (row,)), (*self.biases[:-1], last))

    def as_scalar(self) -> Self:
        """The layers of one score: the second output minus the first, where there are two."""
        if len(self.weights[-1]) != 2:
            return self
        one, other = self.weights[-1]
        row = tuple(b - a for a, b in zip(one, other, strict=True))
        bias = (self.biases[-1][1] - self.biases[-1][0],) if self.biases[-1] else ()
        return type(self)((*self.weights[:-1], (row,)), (*self.biases[:-1], bias))


@dataclass(frozen=True)
class Direction(_Layers):
    """A direction in the space of parameters, in their shape: ``weights`` and ``biases``."""

    @classmethod
    def zero(cls, point: Point) -> Direction:
        """No move from a point."""
        return cls(
            tuple(tuple((ZERO,) * len(row) for row in matrix) for matrix in point.weights),
            tuple((ZERO,) * len(row) for row in point.biases),
        )

    def along_output(self, row: int, column: int | None = None) -> Direction:
        """The same shape: the unit move of one weight of the last layer, or without a column of one of its biases."""
        zero = tuple(tuple((ZERO,) * len(line) for line in matrix) for matrix in self.weights)
        still = tuple((ZERO,) * len(line) for line in self.biases)
        if column is None:
            bias = tuple(Fraction(int(r == row)) for r in range(len(still[-1])))
            return Direction(zero, (*still[:-1], bias))
        size = len(zero[-1][row])
        rows = [tuple(Fraction(int((r, k) == (row, column))) for k in range(size)) for r in range(len(zero[-1]))]
        return Direction((*zero[:-1], tuple(rows)), still)

    @property
    def apart(self) -> Direction:
        """Of a move of one score the move of two outputs, by a half each, whose difference it is."""
        half = Fraction(1, 2)
        [row] = self.weights[-1]
        rows = tuple(-half * q for q in row), tuple(half * q for q in row)
        bias = tuple(way * half * q for q in self.biases[-1] for way in (-1, 1))
        return Direction((*self.weights[:-1], rows), (*self.biases[:-1], bias))

    @property
    def turned(self) -> Direction:
        """The other way."""
        return Direction(
            tuple(tuple(tuple(-q for q in row) for row in matrix) for matrix in self.weights),
            tuple(tuple(-q for q in row) for row in self.biases),
        )


@dataclass(frozen=True)
class Point(_Layers):
    """Parameters of a network: ``weights``, one matrix a layer, and ``biases``, one vector a layer."""

    def moved(self, direction: _Layers, step: Fraction) -> Point:
        """``self + step * direction``."""
        if not isinstance(direction, Point):
            expect_type(direction, Direction, "direction", "a Direction or a Point of the same shape")
        return Point(
            tuple(
                tuple(tuple(a + step * b for a, b in zip(p, q, strict=True)) for p, q in zip(m, n, strict=True))
                for m, n in zip(self.weights, direction.weights, strict=True)
            ),
            tuple(
                tuple(a + step * b for a, b in zip(p, q, strict=True))
                for p, q in zip(self.biases, direction.biases, strict=True)
            ),
        )

    def towards(self, other: Point) -> Direction:
        """``other - self``.

        Law: ``self.moved(self.towards(other), Fraction(1)) == other``.
        """
        expect_type(other, Point, "other", "a Point of the same shape")
        gap = other.moved(self, Fraction(-1))
        return Direction(gap.weights, gap.biases)

    def with_outputs(self, outputs: int, first: Point | None = None) -> Point:
        """The layers of two scores from those of their difference; the same where one score is asked for.

        Parameters
        ----------
        outputs : 1 or 2
        first : Point, optional
            Of two scores, whose first one is taken; it is 0 when left out.

        Notes
        -----
        Law: ``point.with_outputs(2, first).as_scalar() == point``.
        """
        if outputs == len(self.weights[-1]):
            return self
        (row,), base = self.weights[-1], first
        zero = (ZERO,) * len(row) if base is None else base.weights[-1][0]
        start = ZERO if base is None or not base.biases[-1] else base.biases[-1][0]
        bias = (start, start + self.biases[-1][0]) if self.biases[-1] else ()
        rows = (zero, tuple(a + b for a, b in zip(zero, row, strict=True)))
        return Point((*self.weights[:-1], rows), (*self.biases[:-1], bias))
