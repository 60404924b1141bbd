"""The rays (cocircuits) of a central arrangement: the lines cut out by its flats of rank r - 1, both ways.

Every flat is reached once: from a flat X only by hyperplanes whose class on X begins after the one that made X.
Restricting to the last line leaves each hyperplane's value on the ray, so signs come for free.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd

from exactgeo.arrangement.enumerators.deletion import Hyperplane
from exactgeo.errors import InternalError

__all__ = ["Ray", "central_rays"]

Ray = tuple[tuple[int, ...], int, int]
"""Primitive integer vector, the rows positive on it and the rows negative on it (bit sets)."""

_Trace = tuple[tuple[int, ...], int, int, int]
_Step = tuple[tuple[int, ...], int]


def central_rays(planes: Sequence[Hyperplane], dimension: int) -> list[Ray]:
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
        yield _unfold(steps), positive, negative
        return
    for trace in traces:
        h, _, _, least = trace
        if least > last:
            p = min((abs(q), j) for j, q in enumerate(h) if q)[1]
            yield from _lines(_restrict(traces, trace, p), dimension - 1, least, [*steps, (h, p)])


def _restrict(traces: Sequence[_Trace], trace: _Trace, p: int) -> list[_Trace]:
    h = trace[0]
    size, sign = abs(h[p]), 1 if h[p] > 0 else -1
    table: dict[tuple[int, ...], tuple[int, int, int]] = {}
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


def _unfold(steps: Sequence[_Step]) -> tuple[int, ...]:
    """The point 1 of the last line, back in the first space."""
    point = [1]
    for h, p in reversed(steps):
        size, sign = abs(h[p]), 1 if h[p] > 0 else -1
        rest = sum(a * b for a, b in zip((*h[:p], *h[p + 1 :]), point, strict=True))
        point = [size * q for q in point]
        point.insert(p, -sign * rest)
        divisor = gcd(*point)
        point = [q // divisor for q in point]
    return tuple(point)
