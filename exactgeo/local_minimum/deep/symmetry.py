"""Moves that leave the loss as it is, at every point near a point off all kinks: its local symmetries.

Each is the value at the point of a smooth field of moves along which no prediction changes, wherever one starts nearby:

* *what has no influence*: a weight whose input is 0, or whose unit is not passed on, at every data point; over inputs
  that nothing trained changes, combinations of weights that are 0 on the data;
* *groups*: where unit i has c times the slopes of unit j, unit i may take on what j sees, and the layer above takes c
  times its weight from that of j;
* *shifts*: a unit of one slope c may take a constant, and the biases above give it back;
* *null vectors*: among units of one layer with slopes that are multiples of each other, any move that the weights above
  cancel, if these are frozen or of full row rank (then null vectors move smoothly with them); and of the weights above
  any that the outputs cancel, if inputs are fixed and the outputs have the rank of the inputs.

References
----------
docs/mathematics.md, "Deep networks", D5.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.matrix import nullspace, rank
from exactgeo.exact.vectors import ONE, ZERO, Vector
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.deep.second_order import Parameter, SecondOrder

__all__ = ["Symmetries"]

Move = dict[Parameter, Fraction]


class Symmetries:
    """The local symmetries of the loss at a point where :attr:`SecondOrder.smooth`."""

    def __init__(self, second: SecondOrder, check: Check = unlimited) -> None:
        self._check = check
        self.at: DeepPoint = second.at
        self.parameters = second.parameters
        self._free = set(second.parameters)
        self._last = len(self.at.layers)

    @cached_property
    def vectors(self) -> list[Vector]:
        """One row a symmetry, in the order of the parameters. Cost: a nullspace a unit, a product a pair of units."""
        found = []
        for k in range(self._last + 1):
            for move in self._of_layer(k):
                self._check()
                row = tuple(move.get(one, ZERO) for one in self.parameters)
                if any(row):
                    found.append(row)
        return found

    def _of_layer(self, k: int) -> Iterator[Move]:
        yield from self._without_influence(k)
        if k < self._last:
            yield from self._pairs(k)
            yield from self._shifts(k)
            for group in self._groups(k):
                yield from self._null(k, group)

    # -- what is passed on ------------------------------------------------------------------------------------------

    def _slopes(self, k: int, unit: int) -> Vector:
        return tuple(q or ZERO for q in self.at.layers[k].slope[unit])

    def _weights(self, k: int) -> tuple[Vector, ...]:
        return self.at.point.weights[k]

    def _may(self, k: int, unit: int, source: int) -> bool:
        """Whether a weight is not 0 for good."""
        return bool(self._weights(k)[unit][source]) or Parameter(k, unit, source) in self._free

    @cached_property
    def _above(self) -> list[list[list[bool]]]:
        """Whether the pre-activation of a unit has influence: by layer, unit and data point; the outputs last."""
        m = self.at.problem.m
        found = [[[True] * m for _ in self.at.output]]
        for layer in reversed(self.at.layers):
            k, rows = layer.index, []
            for i in range(layer.width):
                used = self._used(k, i, found[0])
                rows.append([u and s != 0 for u, s in zip(used, self._slopes(k, i), strict=True)])
            found.insert(0, rows)
        return found

    def _used(self, k: int, unit: int, above: list[list[bool]]) -> list[bool]:
        """At which data points the output of a unit has influence, for the influence of the units above."""
        rows = [row for consumer, row in enumerate(above) if self._may(k + 1, consumer, unit)]
        return [any(row[t] for row in rows) for t in range(self.at.problem.m)]

    def _fixed(self, k: int) -> bool:
        """Whether nothing trained changes the inputs of a layer."""
        return not any(one.layer < k for one in self.parameters)

    # -- the symmetries ---------------------------------------------------------------------------------------------

    def _without_influence(self, k: int) -> Iterator[Move]:
        inputs, m = self.at.inputs_of(k), self.at.problem.m
        for i, above in enumerate(self._above[k]):
            own = [one for one in self.parameters if (one.layer, one.unit) == (k, i)]
            seen = [t for t in range(m) if above[t]]
            if self._fixed(k):
                rows = [[ONE if p.source is None else inputs[p.source][t] for p in own] for t in seen]
                for vector in nullspace(rows, len(own)) if rows else _units(len(own)):
                    yield {p: Fraction(q) for p, q in zip(own, vector, strict=True) if q}
                continue
            for p in own:
                if not any(p.source is None or self._slopes(k - 1, p.source)[t] for t in seen):
                    yield {p: ONE}

    def _ratio(self, k: int, i: int, j: int) -> Fraction | None:
        """c with slopes of unit i that are c times those of unit j, wherever either has influence; None if none is."""
        used = [a or b for a, b in zip(*(self._used(k, u, self._above[k + 1]) for u in (i, j)), strict=True)]
        pairs = {(a, b) for a, b, u in zip(self._slopes(k, i), self._slopes(k, j), used, strict=True) if u}
        pairs.discard((ZERO, ZERO))
        ratios = {a / b if a and b else None for a, b in pairs}
        return ratios.pop() if len(ratios) == 1 else None

    def _pairs(self, k: int) -> Iterator[Move]:
        layer = self.at.layers[k]
        for i in range(layer.width):
            for j in range(layer.width):
                c = self._ratio(k, i, j)
                if c is None:
                    continue
                move = {Parameter(k, i, p): q for p, q in enumerate(layer.weights[j]) if q}
                if layer.bias[j]:
                    move[Parameter(k, i, None)] = layer.bias[j]
                move |= {Parameter(k + 1, o, j): -c * row[i] for o, row in enumerate(self._weights(k + 1)) if row[i]}
                if move.keys() <= self._free:
                    yield move

    def _shifts(self, k: int) -> Iterator[Move]:
        for i in range(self.at.layers[k].width):
            used = self._used(k, i, self._above[k + 1])
            slopes = {s for s, u in zip(self._slopes(k, i), used, strict=True) if u}
            if len(slopes) != 1:
                continue
            (c,) = slopes
            move = {Parameter(k, i, None): ONE}
            move |= {Parameter(k + 1, o, None): -c * row[i] for o, row in enumerate(self._weights(k + 1)) if c * row[i]}
            frozen = any(row[i] == 0 and Parameter(k + 1, o, i) in self._free and Parameter(k + 1, o, None) not in
                         self._free for o, row in enumerate(self._weights(k + 1)) if c)  # fmt: skip
            if move.keys() <= self._free and not frozen:
                yield move

    def _groups(self, k: int) -> Iterator[dict[int, Fraction]]:
        """Units with slopes that are multiples of those of one of them, with the factors."""
        left = list(range(self.at.layers[k].width))
        while left:
            first = left[0]
            group = {i: c for i in left if (c := self._ratio(k, i, first)) is not None}
            left = [i for i in left[1:] if i not in group]
            if len(group) > 1:
                yield group

    def _null(self, k: int, group: dict[int, Fraction]) -> Iterator[Move]:
        """Moves of the units of a group that the weights above cancel; moves of these that the outputs cancel."""
        rows = [[row[i] * c for i, c in group.items()] for row in self._weights(k + 1)]
        frozen = not self.at.problem.train.weights[k + 1]
        if frozen or rank(rows, len(group)) == len(rows):
            for null in nullspace(rows, len(group)):
                for source in (*range(len(self.at.inputs_of(k))), None):
                    move = {Parameter(k, i, source): Fraction(n) for i, n in zip(group, null, strict=True) if n}
                    if move.keys() <= self._free:
                        yield move
        if frozen or not self._fixed(k):
            return
        layer, (first, *_) = self.at.layers[k], group
        sees = [t for t, s in enumerate(self._slopes(k, first)) if s]
        shifted = layer.trains_bias or any(layer.bias)
        inputs = [*self.at.inputs_of(k), *([(ONE,) * self.at.problem.m] if shifted else [])]
        z = [[layer.z[i][t] for t in sees] for i in group]
        if rank(z, len(sees)) == rank([[row[t] for t in sees] for row in inputs], len(sees)):
            turned = list(zip(*z, strict=True))
            for null in nullspace(turned, len(group)):
                for o in range(len(self._weights(k + 1))):
                    yield {Parameter(k + 1, o, i): n / c for (i, c), n in zip(group.items(), null, strict=True) if n}


def _units(size: int) -> list[tuple[int, ...]]:
    return [tuple(int(i == j) for j in range(size)) for i in range(size)]
