"""The rays (cocircuits) of a central arrangement: the lines cut out by its flats of rank r - 1, both ways.

Every flat is reached once: from a flat X only by hyperplanes whose class on X begins after the one that made X.
Restricting to the last line leaves each hyperplane's value on the ray, so signs come for free.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from math import gcd
from typing import TYPE_CHECKING

from exactgeo.arrangement.few_rays import Ray, rays_of_few
from exactgeo.arrangement.regions import RowTable
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import Integers, integer_products

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Ray", "Rays", "central_rays"]

_AT_ONCE = 1 << 18
"""Pairs of a region and a ray that are compared at once."""

_Hyperplane = tuple[Integers, int, int]
"""A vector, the rows that are positive where it is positive, and those that are where it is negative (bit sets)."""
_Trace = tuple[Integers, int, int, int]
_Step = tuple[Integers, int]


class Rays:
    """The rays of a central arrangement in lexicographic order, each with its signs, which have been proved.

    With a lineality space rays are cosets of it; the representative is 0 off the coordinates of the row table.

    Parameters
    ----------
    hyperplanes : distinct ones, on the coordinates of the table
    table : RowTable

    Attributes
    ----------
    vectors : list of primitive integer vectors of length d

    Raises
    ------
    InternalError
        A ray does not have its signs, or occurs twice.
    """

    def __init__(self, hyperplanes: Sequence[Integers], table: RowTable) -> None:
        self._rank = len(table.coordinates)
        self._rows = len(table.oriented)
        # Loading numpy takes longer than few rays do.
        few = rays_of_few(hyperplanes, table) if "numpy" in sys.modules else None
        self._rays = self.by_flats(hyperplanes, table) if few is None else few
        self.vectors = [vector for vector, _, _ in self._rays]
        if len({(positive, negative) for _, positive, negative in self._rays}) != len(self._rays):
            raise InternalError("a ray occurs twice")

    def by_flats(self, hyperplanes: Sequence[Integers], table: RowTable) -> list[Ray]:
        """All rays, of any number of hyperplanes of any rank."""
        sides = [[0, 0] for _ in hyperplanes]
        for t, (plane, side) in enumerate(table.oriented):
            if plane >= 0:
                sides[plane][side < 0] |= 1 << (self._rows - 1 - t)
        planes = [(vector, pos, neg) for vector, (pos, neg) in zip(hyperplanes, sides, strict=True)]
        return sorted(self._proved(central_rays(planes, self._rank), table))

    def _proved(self, rays: Sequence[Ray], table: RowTable) -> Iterator[Ray]:
        """In all coordinates."""
        points = [inner for inner, _, _ in rays]
        for t, row in enumerate(table.functionals):
            bit = 1 << (self._rows - 1 - t)
            for side, (_, positive, negative) in zip(integer_products(row, points), rays, strict=True):
                if (side > 0) != (positive & bit > 0) or (side < 0) != (negative & bit > 0):
                    raise InternalError("a ray does not have its signs")
        for inner, positive, negative in rays:
            vector = [0] * table.dimension
            for j, q in zip(table.coordinates, inner, strict=True):
                vector[j] = q
            yield tuple(vector), positive, negative

    def of(self, signs: Sequence[int]) -> list[Integers]:
        """Rays on which no row has the opposite of its sign, and a row of sign 0 is 0."""
        not_positive = not_negative = 0
        for t, s in enumerate(signs):
            bit = 1 << (self._rows - 1 - t)
            not_positive |= bit if s <= 0 else 0
            not_negative |= bit if s >= 0 else 0
        return [
            vector
            for vector, positive, negative in self._rays
            if not positive & not_positive and not negative & not_negative
        ]

    def by_region(self, masks: Sequence[int]) -> list[tuple[int, ...]]:
        """Indices of the rays in the closure of each region; a region is its positive rows.

        Raises
        ------
        InternalError
            The closure of a region has fewer rays than the rank.
        """
        import numpy as np

        def words(bits: Sequence[int]) -> list[npt.NDArray[np.uint64]]:
            if self._rows <= 64:
                return [np.array(bits, dtype=np.uint64)]
            return [np.array([q >> w & (2**64 - 1) for q in bits], dtype=np.uint64) for w in range(0, self._rows, 64)]

        parts = words(masks)
        above, below = words([up for _, up, _ in self._rays]), words([down for _, _, down in self._rays])
        table: list[tuple[int, ...]] = []
        step = max(1, _AT_ONCE // max(1, len(self._rays)))
        for start in range(0, len(masks), step):
            wrong = np.zeros((len(masks[start : start + step]), len(self._rays)), dtype=np.uint64)
            for part, up, down in zip(parts, above, below, strict=True):
                inside = part[start : start + step, None]
                wrong |= (inside & down) | (~inside & up)
            region, ray = (wrong == 0).nonzero()
            ends = np.bincount(region, minlength=len(wrong)).cumsum().tolist()
            listed = ray.tolist()
            table += [tuple(listed[low:high]) for low, high in zip([0, *ends], ends, strict=False)]
        if min(map(len, table), default=self._rank) < self._rank:
            raise InternalError("the closure of a region has fewer rays than its dimension")
        return table


def central_rays(planes: Sequence[_Hyperplane], dimension: int) -> list[Ray]:
    """All rays of distinct linear hyperplanes of full rank ``dimension``, in lexicographic order."""
    if dimension == 0:
        return []
    traces = [(vector, positive, negative, k) for k, (vector, positive, negative) in enumerate(planes)]
    found: list[Ray] = []
    for ray, positive, negative in _lines(traces, dimension, -1, []):
        found.append((ray, positive, negative))
        found.append((tuple(-q for q in ray), negative, positive))
    found.sort()
    return found


def _lines(traces: Sequence[_Trace], dimension: int, last: int, steps: list[_Step]) -> Iterator[Ray]:
    """One ray of each line; a trace carries the least index of the hyperplanes that share it."""
    if dimension == 1:
        positive = negative = 0
        for vector, pos, neg, _ in traces:
            if vector[0] > 0:
                positive, negative = positive | pos, negative | neg
            else:
                positive, negative = positive | neg, negative | pos
        yield _unfold(steps, [1]), positive, negative
        return
    if dimension == 2:
        # The line where a form is 0 is that form turned: nothing need be restricted to it.
        for (a, b), _, _, least in traces:
            if least > last:
                positive = negative = 0
                for (c, d), pos, neg, _ in traces:
                    side = a * d - b * c
                    if side > 0:
                        positive, negative = positive | pos, negative | neg
                    elif side < 0:
                        positive, negative = positive | neg, negative | pos
                yield _unfold(steps, [-b, a]), positive, negative
        return
    for trace in traces:
        h, _, _, least = trace
        if least > last:
            p = min((abs(q), j) for j, q in enumerate(h) if q)[1]
            yield from _lines(_restrict(traces, trace, p), dimension - 1, least, [*steps, (h, p)])


def _restrict(traces: Sequence[_Trace], trace: _Trace, p: int) -> list[_Trace]:
    h = trace[0]
    size, sign = abs(h[p]), 1 if h[p] > 0 else -1
    table: dict[Integers, tuple[int, int, int]] = {}
    for vector, positive, negative, least in traces:
        if vector is h:
            continue
        q = sign * vector[p]
        row = [size * a - q * b for a, b in zip(vector, h, strict=True)] if q else list(vector)
        del row[p]
        divisor = gcd(*row)
        if not divisor:
            raise InternalError("a hyperplane occurs twice among distinct ones")
        if next(a for a in row if a) < 0:
            divisor, positive, negative = -divisor, negative, positive
        key = tuple([a // divisor for a in row])
        if key in table:
            # Traces come in the order of their least indices, so the first one of a class has the least.
            pos, neg, low = table[key]
            table[key] = pos | positive, neg | negative, low
        else:
            table[key] = positive, negative, least
    return [(key, *rest) for key, rest in table.items()]


def _unfold(steps: Sequence[_Step], point: list[int]) -> Integers:
    """A point of the last flat, back in the first space."""
    for h, p in reversed(steps):
        size, sign = abs(h[p]), 1 if h[p] > 0 else -1
        rest = sum(a * b for a, b in zip((*h[:p], *h[p + 1 :]), point, strict=True))
        point = [size * q for q in point]
        point.insert(p, -sign * rest)
        divisor = gcd(*point)
        point = [q // divisor for q in point]
    return tuple(point)
