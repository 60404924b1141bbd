"""The first-order condition at any depth, exactly: is the loss's one-sided derivative negative in some direction?

``dz_1 = dW_1 x + db_1``, ``dz_{l+1} = W_{l+1} a'(z_l; dz_l) + dW_{l+1} a(z_l) + db_{l+1}``: the change of the loss at
first order is a nested function of the moves, and :mod:`exactgeo.local_minimum.deep.nested` decides its sign.

References
----------
docs/mathematics.md, "Deep networks", D1.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.vectors import ONE
from exactgeo.local_minimum.deep.nested import Form, Kink, Nested, combined
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.problem import Direction

__all__ = ["FirstOrder"]


class FirstOrder:
    """The nested function of the moves of all trained parameters.

    Attributes
    ----------
    nested : Nested
        The derivative of the loss, up to the weight of the reduction.
    """

    def __init__(self, at: DeepPoint, check: Check = unlimited) -> None:
        self.at = at
        self.size = 0
        self._weights: dict[tuple[int, int, int], int] = {}
        self._biases: dict[tuple[int, int], int] = {}
        kinks: list[Kink] = []  # lower ones first: their keys are turned round at the end
        m = at.problem.m
        moves: list[list[Form]] = [[{} for _ in range(m)] for _ in at.columns]
        for layer in at.layers:
            check()
            trained = layer.trains, layer.trains_bias
            changes = self._affine(layer.index, layer.weights, trained, moves)
            moves = []
            for row, slopes in zip(changes, layer.slope, strict=True):
                out: list[Form] = []
                for form, slope in zip(row, slopes, strict=True):
                    if slope is None and form:
                        kinks.append(Kink(form, *layer.slopes))
                        out.append({~(len(kinks) - 1): ONE})
                    else:
                        out.append(combined((slope or 0, form)))
                moves.append(out)
        last = self._affine(len(at.layers), at.output, (at.trains_output, at.trains_shift), moves)
        pairs = zip(at.gradient, last, strict=True)
        top = combined(*((g, form) for gs, row in pairs for g, form in zip(gs, row, strict=True)))
        self.nested = Nested(self.size, *_turned(kinks, top))

    def _affine(
        self, index: int, weights: Sequence[Sequence[Fraction]], trained: tuple[bool, bool], moves: list[list[Form]]
    ) -> list[list[Form]]:
        """The change of each pre-activation of a layer, a new variable for each of its trained parameters."""
        inputs = self.at.inputs_of(index)
        found = []
        for i, unit in enumerate(weights):
            own: list[tuple[int, Sequence[Fraction]]] = []
            if trained[0]:
                for j, column in enumerate(inputs):
                    self._weights[index, i, j] = self.size
                    own.append((self.size, column))
                    self.size += 1
            if trained[1]:
                self._biases[index, i] = self.size
                own.append((self.size, (ONE,) * self.at.problem.m))
                self.size += 1
            row = []
            for t in range(self.at.problem.m):
                new: Form = {key: column[t] for key, column in own if column[t]}
                row.append(combined((1, new), *((w, moves[j][t]) for j, w in enumerate(unit))))
            found.append(row)
        return found

    def direction(self, x: Sequence[Fraction]) -> Direction:
        """The direction in the parameters of a point x of the nested function."""
        zero = Direction.zero(self.at.point)
        weights = tuple(
            tuple(
                tuple(x[self._weights[k, i, j]] if (k, i, j) in self._weights else q for j, q in enumerate(row))
                for i, row in enumerate(matrix)
            )
            for k, matrix in enumerate(zero.weights)
        )
        biases = tuple(
            tuple(x[self._biases[k, i]] if (k, i) in self._biases else q for i, q in enumerate(row))
            for k, row in enumerate(zero.biases)
        )
        return Direction(weights, biases)


def _turned(kinks: list[Kink], top: dict[int, Any]) -> tuple[list[Kink], dict[int, Any]]:
    """The same with the kinks numbered from the last to the first."""
    last = len(kinks) - 1

    def renamed(form: dict[int, Any]) -> dict[int, Any]:
        return {key if key >= 0 else ~(last - ~key): q for key, q in form.items()}

    return [Kink(renamed(kink.inner), kink.up, kink.down) for kink in reversed(kinks)], renamed(top)
