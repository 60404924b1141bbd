"""The second-order condition at points off all kinks: near them the predictions are polynomials of the parameters.

The predictions are linear in each layer, so the Hessian of the loss is ``sum l'' dp_i dp_j``, and for two parameters of
different layers the derivative of the loss at the pre-activation of the upper one times what the lower one changes of
its input.

References
----------
docs/mathematics.md, "Deep networks", D5.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector, dot
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.problem import Direction

__all__ = ["Parameter", "SecondOrder"]


class Parameter(NamedTuple):
    """A trained weight, or a bias where ``source`` is None."""

    layer: int
    unit: int
    source: int | None


class SecondOrder:
    """The Hessian of the loss, without the weight of the reduction, at a point where :meth:`smooth`."""

    def __init__(self, at: DeepPoint, check: Check = unlimited) -> None:
        self.at = at
        self._check = check
        train, net = at.problem.train, at.problem.network
        self.parameters: list[Parameter] = []
        for k, matrix in enumerate(at.point.weights):
            for i, row in enumerate(matrix):
                if train.weights[k]:
                    self.parameters += [Parameter(k, i, j) for j in range(len(row))]
                if train.biases[k] and net.biases[k]:
                    self.parameters.append(Parameter(k, i, None))

    @cached_property
    def curvatures(self) -> Matrix | None:
        """``l''`` at the predictions, k rows of m; None where the loss has none at one of them."""
        loss, rows = self.at.problem.loss, []
        if loss.classes:
            return None
        for predictions, targets in zip(self.at.predictions, zip(*self.at.problem.y, strict=True), strict=True):
            row = []
            for p, y in zip(predictions, targets, strict=True):
                pieces = loss.pieces(y)
                if pieces is None:
                    return None
                left, right = pieces.around(p)
                if left != right:
                    return None
                row.append(2 * left[0])
            rows.append(tuple(row))
        return tuple(rows)

    @property
    def smooth(self) -> bool:
        """Whether the loss is a polynomial near the point."""
        return not any(True for _ in self.at.kinks()) and self.curvatures is not None

    def _slopes(self, k: int, unit: int) -> Vector:
        """The derivatives of a hidden unit, off all kinks."""
        return tuple(q if q is not None else ZERO for q in self.at.layers[k].slope[unit])

    @cached_property
    def _back(self) -> list[Matrix]:
        """The derivative of the loss in each pre-activation, layer by layer, the predictions last."""
        found: list[Any] = [self.at.gradient]
        for layer in reversed(self.at.layers):
            above = self.at.point.weights[layer.index + 1]
            rows = []
            for i in range(layer.width):
                passed = [sum((w[i] * b[t] for w, b in zip(above, found[-1], strict=True)), ZERO)
                          for t in range(self.at.problem.m)]  # fmt: skip
                rows.append(tuple(s * q for s, q in zip(self._slopes(layer.index, i), passed, strict=True)))
            found.append(tuple(rows))
        return found[::-1]

    def _changes(self, one: Parameter) -> dict[int, Matrix]:
        """What a parameter changes, at first order, of the outputs of its layer and those above; predictions last."""
        m, last = self.at.problem.m, len(self.at.layers)
        inputs = self.at.inputs_of(one.layer)
        own: Vector = (ONE,) * m if one.source is None else inputs[one.source]
        width = len(self.at.point.weights[one.layer])
        z: Matrix = tuple(own if i == one.unit else (ZERO,) * m for i in range(width))
        found: dict[int, Matrix] = {}
        for k in range(one.layer, last + 1):
            if k > one.layer:
                below = found[k - 1]
                columns = list(zip(*below, strict=True)) if below else [()] * m
                z = tuple(tuple(dot(row, column) for column in columns) for row in self.at.point.weights[k])
            if k == last:
                found[k] = z
                break
            found[k] = tuple(
                tuple(s * q for s, q in zip(self._slopes(k, i), row, strict=True)) for i, row in enumerate(z)
            )
        return found

    @cached_property
    def hessian(self) -> list[list[Fraction]]:
        """One row a parameter. Cost: m products of numbers an entry."""
        changes, last = [self._changes(one) for one in self.parameters], len(self.at.layers)
        self._check()
        curvatures = self.curvatures or ()
        size = len(self.parameters)
        rows = [[ZERO] * size for _ in range(size)]
        for i, one in enumerate(self.parameters):
            self._check()
            bent = [
                tuple(c * q for c, q in zip(row, change, strict=True))
                for row, change in zip(curvatures, changes[i][last], strict=True)
            ]
            for j in range(i, size):
                other = self.parameters[j]
                total = sum((dot(a, b) for a, b in zip(bent, changes[j][last], strict=True)), ZERO)
                # Parameters are listed layer by layer: the other one is not below this one.
                if other.layer > one.layer and other.source is not None:
                    total += dot(self._back[other.layer][other.unit], changes[i][other.layer - 1][other.source])
                rows[i][j] = rows[j][i] = total
        return rows

    @cached_property
    def gradient(self) -> Vector:
        """The derivative of the loss in each parameter, without the weight of the reduction."""
        found = []
        for layer, unit, source in self.parameters:
            back = self._back[layer][unit]
            found.append(sum(back, ZERO) if source is None else dot(back, self.at.inputs_of(layer)[source]))
        return tuple(found)

    def direction(self, x: Sequence[Fraction | int]) -> Direction:
        """The direction of a vector of the trained parameters."""
        values = dict(zip(self.parameters, map(Fraction, x), strict=True))
        zero = Direction.zero(self.at.point)
        weights = tuple(
            tuple(tuple(values.get(Parameter(k, i, j), ZERO) for j in range(len(row))) for i, row in enumerate(matrix))
            for k, matrix in enumerate(zero.weights)
        )
        biases = tuple(
            tuple(values.get(Parameter(k, i, None), ZERO) for i in range(len(row))) for k, row in enumerate(zero.biases)
        )
        return Direction(weights, biases)
