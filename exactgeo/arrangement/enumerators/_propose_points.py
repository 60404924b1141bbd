"""An interior point of every region the sweep found: proposed in float64, accepted when its signs are proved.

The region of (X, rho) is, near v_X, the cone of the rays from v_Y through v_X, Y the flats covered by X whose ray
agrees with rho. So v_X plus a small enough positive combination of them is inside. The floats are dyadic numbers: what
is returned is exact, and its signs are certain. Where the filter cannot tell, the same point is made in integers.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from operator import mul

import numpy as np

from exactgeo.arrangement.bits import Bools, Floats, Ints, Words, distinct, sort_words, unpack
from exactgeo.arrangement.enumerators._filter_minors import product_in_order
from exactgeo.arrangement.enumerators.flag import FlagSweep
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import nullspace, primitive
from exactgeo.exact.vectors import Integers

__all__ = ["Proposals"]


class Proposals:
    """Interior points of a sweep's regions, by their index in sorted order."""

    def __init__(self, sweep: FlagSweep) -> None:
        self._sweep = sweep
        sweep.complete()
        self._words = sweep.words()
        self._order = sort_words(self._words)
        self._vertices: dict[int, Floats] = {}

    def points(self, index: Ints) -> list[Integers]:
        """Primitive integer vectors; of an affine arrangement with positive last entry."""
        result: list[Integers] = [()] * len(index)
        batch = self._sweep.flag.batch
        for start in range(0, len(index), batch):
            elements = self._order[index[start : start + batch]]
            orders, numbers = self._sweep.locate(elements)
            for order in distinct(orders).tolist():
                some = np.flatnonzero(orders == order)
                points = self._some(order, numbers[some], self._words[elements[some]])
                for i, point in zip(some.tolist(), points, strict=True):
                    result[start + i] = point
        return result

    def _level_vertices(self, order: int) -> Floats:
        if order not in self._vertices:
            self._vertices[order] = self._sweep.minors.points(order, self._sweep.levels[order].minors)
        return self._vertices[order]

    def _some(self, order: int, elements: Ints, words: Words) -> list[Integers]:
        sweep = self._sweep
        level, flat, item, lower = sweep.coatoms(order, elements)
        minors = sweep.minors
        width = minors.width
        points = np.zeros((len(elements), width))
        points[:, 0] = 1.0
        if order:
            basis, zero = level.basis[flat], level.zero[flat]
            listed = order < len(sweep.levels)
            vertex = self._level_vertices(order)[flat] if listed else self._vertices_of(order, basis)
            ray = vertex[item]
            ray[:, : order - 1] -= self._level_vertices(order - 1)[lower]
            with np.errstate(all="ignore"):
                ray /= np.abs(ray).max(axis=1, keepdims=True)
                step = np.zeros_like(vertex)
                np.add.at(step, item, ray)
                value = product_in_order(vertex, minors.rows[:, 1 : order + 1]) + minors.rows[:, 0]
                move = product_in_order(step, minors.rows[:, 1 : order + 1])
                through = unpack(zero, len(minors.table))
                ratio = np.where((value * move < 0) & (through == 0), -value / move, np.inf).min(axis=1)
                # A power of two, for short numbers.
                length = np.exp2(np.floor(np.log2(np.minimum(ratio / 2, 1.0))))
                points[:, 1 : order + 1] = vertex + length[:, None] * step
        # Shorter numbers first: half the digits usually do.
        with np.errstate(all="ignore"):
            short = points.astype(np.float32).astype(np.float64)
        good = self._agrees(short, words)
        long = self._agrees(points, words)
        result = []
        for i, (a, b) in enumerate(zip(good.tolist(), long.tolist(), strict=True)):
            if a or b:
                result.append(self._lift([Fraction(q) for q in (short if a else points)[i].tolist()]))
            else:
                rows = level.basis[flat[i]].tolist()
                others = [sweep.levels[order - 1].basis[y].tolist() for y in lower[item == i].tolist()]
                result.append(self._exactly(rows, others, words[i]))
        return result

    def _vertices_of(self, order: int, basis: Ints) -> Floats:
        minors = self._sweep.minors
        found = minors.start()[:, np.zeros(len(basis), dtype=np.int64)]
        for k in range(order):
            found = minors.extend(k + 1, found, basis[:, k])
        return minors.points(order, found)

    def _agrees(self, points: Floats, words: Words) -> Bools:
        positive, certain = self._sweep.minors.certified(points)
        return np.asarray(certain & (positive == words).all(axis=1))

    def _lift(self, scaled: list[Fraction]) -> Integers:
        """From the scaled coordinates of the flag to those of the hyperplanes."""
        low = min(self._sweep.minors.scales)
        parts = [q / 2 ** (side - low) for q, side in zip(scaled, self._sweep.minors.scales, strict=True)]
        return self._in_space(parts)

    def _in_space(self, parts: list[Fraction]) -> Integers:
        weights = primitive(parts)
        total = [sum(map(mul, weights, column)) for column in zip(*self._sweep.flag.vectors, strict=True)]
        divisor = gcd(*total)
        return tuple(q // divisor for q in total)

    def _exact_vertex(self, rows: list[int]) -> list[Fraction]:
        """Coordinates of a vertex on the flag, padded with zeros."""
        order, minors = len(rows), self._sweep.minors
        kernel = nullspace([minors.table[t][: order + 1] for t in rows], order + 1)
        if len(kernel) != 1 or not kernel[0][0]:
            raise InternalError("a flat meets the flag in no point")
        head, *rest = kernel[0]
        return [Fraction(q, head) for q in rest] + [Fraction(0)] * (minors.dimension - order)

    def _exactly(self, rows: list[int], others: list[list[int]], word: Words) -> Integers:
        table, vertex = self._sweep.minors.table, self._exact_vertex(rows)
        step = [Fraction(0)] * len(vertex)
        for other in others:
            ray = [a - b for a, b in zip(vertex, self._exact_vertex(other), strict=True)]
            size = max(map(abs, ray))
            step = [a + b / size for a, b in zip(step, ray, strict=True)]
        limit = Fraction(2)
        for row in table:
            value = row[0] + sum(a * b for a, b in zip(row[1:], vertex, strict=True))
            move = sum((a * b for a, b in zip(row[1:], step, strict=True)), Fraction(0))
            if value * move < 0:
                limit = min(limit, -value / move)
        point = [Fraction(1), *(a + limit / 2 * b for a, b in zip(vertex, step, strict=True))]
        mask = int.from_bytes(word.astype(">u8").tobytes(), "big") >> (-len(table) % 64)
        for t, row in enumerate(table):
            value = sum((a * b for a, b in zip(row, point, strict=True)), Fraction(0))
            if not value or (value > 0) != bool(mask >> (len(table) - 1 - t) & 1):
                raise InternalError("an interior point does not lie in its region")
        return self._in_space(point)
