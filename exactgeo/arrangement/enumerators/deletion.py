"""The regions of an arrangement by deletion and restriction, each with an exact interior point.

The independent enumerator: plain integers, one hyperplane at a time, no numpy. It shares nothing with the sweep.

Hyperplanes enter one at a time. A region of the hyperplanes so far is cut by the next one, h, exactly when its sign
vector is that of a region of their restriction to h, one dimension lower; a point of that region, lifted and
moved off h both ways, is a witness of the two halves, and an uncut region lies on the side where its witness
lies [1]_. No linear program is solved, and the work is proportional to the number of sign vectors written.

A witness is made anew at every cut from one of lower dimension, so its size depends on the rank, not on
the number of hyperplanes.

Inside a polyhedron the same holds of the regions that meet its interior: its walls enter first, and what lies beyond
one is dropped at once, in every restriction too.

References
----------
.. [1] T. Zaslavsky, Facing up to arrangements, Mem. AMS 154 (1975), Theorem A and its proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, lcm
from operator import mul

from exactgeo.arrangement.enumerators.protocol import DistinctHyperplanes, Listed, SignVectors, Watch
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import Integers, integer_products

__all__ = ["Hyperplane", "Witnesses", "affine_regions", "central_regions", "deletion_restriction", "inside"]

Hyperplane = tuple[Integers, int, int]
"""Integer functional (affine: its constant comes last), and the rows that are positive where it is positive, or
where it is negative, as bit sets."""

Witnesses = dict[int, Integers]


def deletion_restriction(hyperplanes: DistinctHyperplanes, watch: Watch | None = None) -> SignVectors:
    """One hyperplane at a time, with an exact witness of every region; the entry of ``ENUMERATORS``.

    Raises
    ------
    InternalError
        A witness does not lie in its region.
    """
    vectors = hyperplanes.vectors
    planes: list[Hyperplane] = []
    for k, vector in enumerate(vectors):
        bit = 1 << (len(vectors) - 1 - k)
        forward = next(q for q in vector if q) > 0
        planes.append((vector, bit, 0) if forward else (tuple([-q for q in vector]), 0, bit))
    witnesses = (central_regions if hyperplanes.central else affine_regions)(planes, hyperplanes.rank, watch)
    checked = _checked_half(witnesses) if hyperplanes.central and planes else witnesses
    points = list(checked.values())
    for k, vector in enumerate(vectors):
        bit = 1 << (len(vectors) - 1 - k)
        for mask, side in zip(checked, integer_products(vector, points), strict=True):
            if not side or (side > 0) != (mask & bit > 0):
                raise InternalError("a witness does not lie in its region")
    return Listed(witnesses, len(vectors))


def _checked_half(witnesses: Witnesses) -> Witnesses:
    """What is to be checked of a central arrangement: every other region, where each is followed by its opposite with
    the opposite witness; else all."""
    items = list(witnesses.items())
    everything = items[0][0] ^ items[1][0]
    for (mask, point), (opposite, negative) in zip(items[::2], items[1::2], strict=False):
        if mask ^ opposite != everything or tuple([-q for q in negative]) != point:
            return witnesses
    return dict(items[::2])


def inside(vectors: Sequence[Integers], walls: Sequence[Integers], dimension: int, watch: Watch | None) -> SignVectors:
    """The regions of affine hyperplanes that meet an open polyhedron, each with a point in both.

    Parameters
    ----------
    vectors : q primitive integer vectors of ``dimension`` + 1, none a multiple of another
        Positive where ``<a, x> + c > 0``.
    walls : primitive integer vectors of the same length, not constant
        The polyhedron is where all of them are positive.
    dimension : int
    watch : callable (number of regions), optional
        As for :func:`deletion_restriction`.

    Raises
    ------
    InternalError
        A witness does not lie in its region, or not in the polyhedron.
    """
    # A bit a wall, set beyond it: crossings turn bits over, so no two may share one.
    outside = [1 << len(vectors) + k for k in range(len(walls))]
    bits = [(vector, 1 << (len(vectors) - 1 - k), 0) for k, vector in enumerate(vectors)]
    table: dict[Integers, tuple[int, int]] = {}
    for row, pos, neg in [*((wall, 0, bit) for wall, bit in zip(walls, outside, strict=True)), *bits]:
        key, positive, negative = _canonical(list(row), pos, neg)
        old = table.get(key, (0, 0))
        table[key] = old[0] | positive, old[1] | negative
    planes = [(key, *sides) for key, sides in table.items()]
    witnesses = _regions(planes, dimension, 0, sum(outside), watch)
    for mask, point in witnesses.items():
        sides = [sum(map(mul, row, point)) for row in (*vectors, *walls)]
        signs = sum(bit for (_, bit, _), side in zip(bits, sides, strict=False) if side > 0)
        if not all(sides) or signs != mask or min(sides[len(vectors) :], default=1) < 0:
            raise InternalError("a witness does not lie in its region inside the polyhedron")
    return Listed(witnesses, len(vectors))


def central_regions(planes: Sequence[Hyperplane], dimension: int, watch: Watch | None = None) -> Witnesses:
    """Regions of distinct linear hyperplanes: positive rows of each, with an integer interior point.

    Half of them, those where one hyperplane is positive, are the regions of an affine arrangement one dimension
    lower; the others are their negatives.
    """
    if not planes:
        return {0: (0,) * dimension}
    first = min(range(len(planes)), key=lambda k: sum(map(abs, planes[k][0])))
    h, positive, _ = planes[first]
    p = _pivot(h)
    size, sign = abs(h[p]), 1 if h[p] > 0 else -1
    sliced: list[Hyperplane] = []
    for k, (vector, pos, neg) in enumerate(planes):
        if k != first:
            q = sign * vector[p]
            row = [size * a - q * b for a, b in zip(vector, h, strict=True)]
            del row[p]
            row.append(q)
            sliced.append(_canonical(row, pos, neg))
    everything = 0
    for _, pos, neg in planes:
        everything |= pos | neg
    result: Witnesses = {}
    both = None if watch is None else lambda half: watch(2 * half)
    for mask, (*inner, height) in _regions(sliced, dimension - 1, positive, watch=both).items():
        point = [size * q for q in inner]
        rest = sum(map(mul, inner, (*h[:p], *h[p + 1 :])))
        point.insert(p, sign * (height - rest))
        divisor = gcd(*point)
        if divisor > 1:
            point = [q // divisor for q in point]
        result[mask] = tuple(point)
        result[mask ^ everything] = tuple([-q for q in point])
    return result


def affine_regions(planes: Sequence[Hyperplane], dimension: int, watch: Watch | None = None) -> Witnesses:
    """Regions of distinct affine hyperplanes; an interior point is (x, s), s > 0, and stands for x / s."""
    return _regions(planes, dimension, 0, watch=watch)


def _pivot(h: Sequence[int]) -> int:
    """Index of the smallest nonzero entry: eliminating there keeps the numbers short."""
    return min((abs(q), j) for j, q in enumerate(h) if q)[1]


def _canonical(row: list[int], positive: int, negative: int) -> Hyperplane:
    """The same hyperplane as a primitive vector whose first nonzero entry is positive."""
    divisor = gcd(*row)
    for q in row:
        if q:
            if q < 0:
                divisor, positive, negative = -divisor, negative, positive
            break
    return (tuple(row) if divisor == 1 else tuple([q // divisor for q in row])), positive, negative


def _restrict(planes: Sequence[Hyperplane], h: Integers, p: int) -> tuple[list[Hyperplane], int]:
    """The distinct hyperplanes cut out on h, coordinate p eliminated, and the positive rows among the parallel ones."""
    size, sign = abs(h[p]), 1 if h[p] > 0 else -1
    table: dict[Integers, tuple[int, int]] = {}
    constant = 0
    for vector, positive, negative in planes:
        q = sign * vector[p]
        row = [size * a - q * b for a, b in zip(vector, h, strict=True)] if q else list(vector)
        del row[p]
        if any(row[:-1]):
            key, pos, neg = _canonical(row, positive, negative)
            if key in table:
                old_pos, old_neg = table[key]
                table[key] = pos | old_pos, neg | old_neg
            else:
                table[key] = pos, neg
        elif row[-1]:
            constant |= positive if row[-1] > 0 else negative
        else:
            raise InternalError("a hyperplane occurs twice among distinct ones")
    return [(key, pos, neg) for key, (pos, neg) in table.items()], constant


def _regions(
    planes: Sequence[Hyperplane], dimension: int, constant: int, beyond: int = 0, watch: Watch | None = None
) -> Witnesses:
    """Regions of distinct affine hyperplanes (vectors canonical); ``constant`` is added to every bit set.

    Regions with a row of ``beyond`` are left out, and each of the others meets the convex set that is left. ``watch``
    is called with the regions of the hyperplanes so far: in each of them there is one of all, at least.
    """
    if constant & beyond:
        return {}
    if dimension == 0:
        return {constant: (1,)}
    if dimension == 1:
        return {mask: point for mask, point in _intervals(planes, constant).items() if not mask & beyond}
    current: Witnesses = {constant: (0,) * dimension + (1,)}
    for k, (h, positive, negative) in enumerate(planes):
        p = _pivot(h[:-1])
        size, sign = abs(h[p]), 1 if h[p] > 0 else -1
        before = planes[:k]
        restricted, parallel = _restrict(before, h, p)
        cut = _regions(restricted, dimension - 1, constant | parallel, beyond)
        uncut = [mask for mask in current if mask not in cut] if len(cut) < len(current) else []
        points = [current[mask] for mask in uncut]
        following: Witnesses = {}
        for mask, point, side in zip(uncut, points, integer_products(h, points), strict=True):
            if not side:
                raise InternalError("a hyperplane runs through a region that it does not cut")
            following[mask | (positive if side > 0 else negative)] = point
        # Integers that are not 0 are at least 1 in size: this stretch outweighs a unit step along coordinate p.
        stretch = 1 + max((abs(vector[p]) for vector, _, _ in before), default=0)
        rest = h[:p] + h[p + 1 :]
        for mask, inner in cut.items():
            if mask not in current:
                raise InternalError("a region of the restriction is the trace of no region")
            lifted = [size * q for q in inner]
            lifted.insert(p, -sign * sum(map(mul, rest, inner)))
            divisor = gcd(*lifted)
            lifted = [stretch * (q // divisor) for q in lifted]
            lifted[p] += sign
            following[mask | positive] = tuple(lifted)
            lifted[p] -= 2 * sign
            following[mask | negative] = tuple(lifted)
        current = {mask: point for mask, point in following.items() if not mask & beyond} if beyond else following
        if not current:
            break
        if watch is not None and not (positive | negative) & beyond:
            watch(len(current))
    return current


def _intervals(planes: Sequence[Hyperplane], constant: int) -> Witnesses:
    """Regions of points on a line: functionals (a, c), a > 0, with root -c / a."""
    if not planes:
        return {constant: (0, 1)}
    bottom = lcm(*(vector[0] for vector, _, _ in planes))
    roots = sorted((-c * (bottom // a), -c, a, pos, neg) for (a, c), pos, neg in planes)
    mask = constant
    for _, _, _, _, neg in roots:
        mask |= neg
    _, top, low, _, _ = roots[0]
    result: Witnesses = {mask: (top - low, low)}
    for k, (_, top, low, pos, neg) in enumerate(roots):
        mask ^= pos | neg
        # The mediant lies strictly between neighbours.
        _, next_top, next_low, _, _ = roots[k + 1] if k + 1 < len(roots) else (0, 1, 0, 0, 0)
        result[mask] = (top + next_top, low + next_low)
    # After the last root (1, 0) stands for infinity: the point is (top + 1) / low.
    return result
