"""The regions of lines in a plane: every line is cut into segments in order, and signs change one crossing at a time.

A central arrangement of rank 3 is swept in the plane where its first hyperplane is 1; the other regions are the
negatives. Lines are turned so that they run upwards, a horizontal one to the right (a plane tilted by less than any
positive number), with the right side positive. Every region bounded below has one lowest point, a vertex; far below all
vertices a horizontal line meets the others, one for each line and one more. Numbered from left to right there, k
lines through a vertex stand in opposite order above it, with k - 1 regions between them. So each line i gives one
region for each vertex on it through which a line of a larger number runs, that on its left just above; n + 1 more
are unbounded below.

Along a line the signs start from those far below, all lines of smaller number positive, and each crossing flips one:
a cumulative XOR over packed words. The order of the crossings is decided in :mod:`._propose_order`.

Cost: n^2 log n for the orders and n^2 words; memory beyond the regions: the crossings of some lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import comb, gcd
from operator import mul

import flint
import numpy as np

from exactgeo.arrangement.bits import Bools, Ints, Words, pack, sort_words
from exactgeo.arrangement.enumerators._propose_order import Crossings, Line
from exactgeo.arrangement.enumerators.protocol import DistinctHyperplanes, Watch
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import nullspace
from exactgeo.exact.vectors import Integers

__all__ = ["Corners", "Planar"]

_ENTRIES = 1 << 20
_ROWS = 1 << 24


class Planar:
    """Regions of distinct lines as words, one bit a line.

    Parameters
    ----------
    hyperplanes : DistinctHyperplanes
        Vectors of length 3: affine lines, or planes through the origin.

    Attributes
    ----------
    blocks : int
        How many there are; :meth:`block` finds each by itself.
    """

    def __init__(self, hyperplanes: DistinctHyperplanes) -> None:
        self.planes = hyperplanes.vectors
        self.central = central = hyperplanes.central
        self.infinity: Integers = self.planes[0] if central else (0, 0, 1)
        self.chart = self._chart()
        lines = []
        for t in range(int(central), len(self.planes)):
            a, b, c = (sum(map(mul, self.planes[t], v)) for v in self.chart)
            side = 1 if a > 0 or (not a and b < 0) else -1
            lines.append(((side * a, side * b, side * c), t, side))
        lines.sort(key=lambda entry: _far_below(entry[0]))
        self.rows = [t for _, t, _ in lines]
        self.sides = [side for _, _, side in lines]
        self.crossings = Crossings([line for line, _, _ in lines])
        count = len(self.planes)
        self.width = max(1, -(-count // 64))
        bits = pack(np.eye(count, dtype=np.bool_))
        self.full = np.bitwise_or.reduce(bits, axis=0)
        self._bits = bits[self.rows]
        self._bottom = np.concatenate([bits[:0], np.zeros((1, self.width), dtype=np.uint64), self._bits])
        np.bitwise_or.accumulate(self._bottom, axis=0, out=self._bottom)
        # What makes of a line's right side the side where its row is positive.
        opposite = [row for row, side in zip(self.rows, self.sides, strict=True) if side < 0]
        self._flip = np.bitwise_or.reduce(bits[opposite], axis=0, initial=0)
        if central:
            self._flip = self._flip | bits[0]
        self._plan()

    def _chart(self) -> list[Integers]:
        """Two directions on which the line at infinity vanishes, and a point where it is positive."""
        if not self.central:
            return [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
        kernel = flint.fmpz_mat(nullspace([self.infinity], 3)).lll().tolist()
        _, j = min((abs(q), j) for j, q in enumerate(self.infinity) if q)
        base = [0, 0, 0]
        base[j] = 1 if self.infinity[j] > 0 else -1
        return [*(tuple(map(int, row)) for row in kernel), tuple(base)]

    @property
    def fallbacks(self) -> int:
        """Predicates that integers decided."""
        return self.crossings.fallbacks

    def _plan(self) -> None:
        count = len(self.rows)
        limit = max(1 << 12, min(1 << 17, _ROWS // len(self.planes)))
        self._pieces, low, size = [], 0, 0
        for i in range(count):
            size += count - i
            if size >= limit or i == count - 1:
                self._pieces.append((low, i + 1))
                low, size = i + 1, 0
        self.blocks = 1 + len(self._pieces)

    def _parts(self, index: int) -> Iterator[Words]:
        if not index:
            yield np.asarray(self._bottom ^ self._flip)
            return
        low, high = self._pieces[index - 1]
        step = max(1, _ENTRIES // (len(self.rows) * self.width))
        for i in range(low, high, step):
            yield self._along(i, min(high, i + step))

    def block(self, index: int) -> Words:
        """Regions as words, shape (., W); central: only those where the first hyperplane is positive."""
        return np.concatenate(list(self._parts(index)))

    def words(self, watch: Watch | None = None) -> Words:
        """All blocks, in order."""
        # One array from the start, for its pages are what costs; word by word, as it will be sorted.
        out = np.empty((self.width, len(self._bottom) + comb(len(self.rows), 2)), dtype=np.uint64)
        size = 0
        for index in range(self.blocks):
            for part in self._parts(index):
                out[:, size : size + len(part)] = part.T
                size += len(part)
                if watch is not None:
                    watch(size)
        return out[:, :size].T

    def _along(self, low: int, high: int) -> Words:
        order, again, number = self.crossings.along(low, high)
        words = self._bits[order]
        words[:, 0] ^= self._bottom[low:high] ^ self._flip
        np.bitwise_xor.accumulate(words, axis=1, out=words)
        return np.asarray(words[self._gives(low, order, again, number)])

    def _gives(self, low: int, order: Ints, again: Bools, number: Ints) -> Bools:
        """The last crossing of each vertex through which a line of larger number runs."""
        count = order.shape[1]
        inside = np.arange(count) < number[:, None]
        larger = (order > np.arange(low, low + len(order))[:, None]) & inside
        if not again.any():
            return larger
        last = inside
        last[:, :-1] &= ~again[:, 1:]
        # How many larger ones up to here, less those up to the end of the vertex before.
        row, column = np.nonzero(last)
        so_far = np.cumsum(larger, axis=1)[row, column]
        before = np.concatenate([[0], so_far[:-1]])
        before[np.flatnonzero(np.diff(row, prepend=-1))] = 0
        last[row, column] = so_far > before
        return last

    def vertex(self, i: int, j: int) -> Integers:
        """Where two lines that are not parallel meet: integers on which the line at infinity is positive."""
        p, q = self.planes[self.rows[i]], self.planes[self.rows[j]]
        found = (p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0])
        height = sum(map(mul, self.infinity, found))
        if not height:
            raise InternalError("parallel lines were taken to meet")
        divisor = gcd(*found) * (1 if height > 0 else -1)
        return tuple(q // divisor for q in found)

    def upwards(self, i: int) -> Integers:
        """The direction of a line."""
        a, b, _ = self.crossings.lines[i]
        found = [a * q - b * p for p, q in zip(*self.chart[:2], strict=True)]
        return tuple(q // gcd(*found) for q in found)


def _far_below(line: Line) -> tuple[bool, flint.fmpq, flint.fmpq]:
    """From left to right on a horizontal far below, tilted by less than any positive number: horizontal lines come
    first, the highest first."""
    a, b, c = line
    return (True, flint.fmpq(b, a), flint.fmpq(-c, a)) if a else (False, flint.fmpq(0), flint.fmpq(c, b))


class Corners:
    """Interior points of a plane's regions, in integers: the sum of the corners of two of their edges."""

    def __init__(self, plane: Planar) -> None:
        self._plane = plane
        self._element = sort_words(plane.words())
        count = len(plane.rows)
        self._order, self._again, self._number = plane.crossings.along(0, count)
        found = np.nonzero(plane._gives(0, self._order, self._again, self._number))
        self._line, self._end = found
        self._bottom = count + 1

    def points(self, index: Ints) -> list[Integers]:
        """Primitive integer vectors, by index in sorted order."""
        return [self._point(int(self._element[k])) for k in index.tolist()]

    def _point(self, element: int) -> Integers:
        count, plane = len(self._plane.rows), self._plane
        if element < self._bottom:
            left, right = max(element - 1, 0), min(element, count - 1)
            down = [tuple(-q for q in plane.upwards(i)) for i in (left, right)]
            if not element:
                down[1] = plane.upwards(count - 1)
            elif element == count:
                down[0] = plane.upwards(0)
            parts = [*(plane.vertex(i, int(self._order[i, 0])) for i in (left, right)), *down]
        else:
            i, end = int(self._line[element - self._bottom]), int(self._end[element - self._bottom])
            start = end
            while self._again[i, start]:
                start -= 1
            through = self._order[i, start : end + 1]
            # Its neighbour among the lines there, to the right of it below and to the left above.
            j = int(through[through > i].min())
            crossing = int(np.flatnonzero(self._order[j] == i)[0])
            while crossing + 1 < self._number[j] and self._again[j, crossing + 1]:
                crossing += 1
            parts = [plane.vertex(i, j), self._next(i, end), self._next(j, crossing)]
        total = [sum(column) for column in zip(*parts, strict=True)]
        return tuple(q // gcd(*total) for q in total)

    def _next(self, i: int, crossing: int) -> Integers:
        """The end of line i's segment that begins at a crossing: a vertex, or its direction."""
        if crossing + 1 == self._number[i]:
            return self._plane.upwards(i)
        return self._plane.vertex(i, int(self._order[i, crossing + 1]))
