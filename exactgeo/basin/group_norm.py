"""Proved bounds on the least penalised loss over some cells of neurons.

For a neuron with z = v w, ``l2 / 2 (|w|^2 + v^2) >= l2 |z|``, with equality where it is balanced; so the least
penalised loss over a basin is that of a convex program in the z_i of its cells, with the *group norm* ``l2 sum |z_i|``
in place of the squares. (A hidden bias without penalty is left out of the norm.) Two neurons of one cell may be one:
only the cells count.

*Below.* For any r, ``L(p) >= <r, p> - L*(r)``. If in every cell ``<r, change of the predictions by z> + l2 |z| >= 0``,
and the output bias loses nothing, ``<r, offset> - L*(r)`` is a bound. In the cell ``b s_t <z, x_t> >= 0`` the
condition holds iff ``q = - sum_t r_t a'_t x_t + sum_t lambda_t b s_t x_t`` is no longer than l2 for some lambda >= 0:
the shortest one is found exactly, and r is scaled until it is short enough.

*Above.* Any z_i in the cells, with lengths rounded up. Floats propose both.

References
----------
Pilanci and Ergen, Neural networks are convex regularizers, ICML 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from math import isqrt

from exactgeo.basin._propose_group_norm import Proposal, propose
from exactgeo.basin.reduction import Reduction
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.least_norm import LeastNorm, least_norm
from exactgeo.exact.matrix import nullspace
from exactgeo.exact.vectors import ZERO, Vector, dot
from exactgeo.frozen import dataclass
from exactgeo.problem import Penalty

__all__ = ["Bounded", "GroupNorm", "root", "square_root"]

BITS = 96
"""Significant bits of a bound and of a length; they are rounded outwards."""


@dataclass(frozen=True)
class Bounded:
    """Proved bounds on the least penalised loss over some cells, with both witnesses.

    Attributes
    ----------
    value : Enclosure
    dual : Vector
        r, of the plain sum over the data.
    inputs : tuple of Vector
        z of each cell.
    shift : Fraction
        The output bias.
    """

    value: Enclosure
    dual: Vector
    inputs: tuple[Vector, ...]
    shift: Fraction


@dataclass(frozen=True)
class GroupNorm:
    """The program of a penalised problem; its cells are numbered like the patterns of the reduction.

    Attributes
    ----------
    reduction : Reduction
        Of the loss alone.
    penalty : Penalty
    """

    reduction: Reduction
    penalty: Penalty

    @cached_property
    def cells(self) -> tuple[tuple[tuple[int, ...], int], ...]:
        """For each pattern the sign vector of its region and the sign of the output weight."""
        groups = self.reduction.exchangeable
        patterns = groups[0].patterns if groups else ()
        return tuple((self.reduction.regions[pattern.region], pattern.sign) for pattern in patterns)

    @cached_property
    def cones(self) -> tuple[tuple[tuple[Vector, ...], tuple[Vector, ...]], ...]:
        """For each pattern the rays of its region, and the directions that no row sees."""
        reduction, groups = self.reduction, self.reduction.exchangeable
        unseen = nullspace(reduction.rows, len(reduction.rows[0])) if reduction.rows else []
        lines = tuple(tuple(map(Fraction, u)) for u in unseen)
        rays = [tuple(map(Fraction, ray)) for ray in reduction.rays]
        found = []
        for pattern in groups[0].patterns if groups else ():
            mask = reduction.region_rays[pattern.region]
            found.append((tuple(ray for j, ray in enumerate(rays) if mask >> j & 1), lines))
        return tuple(found)

    @property
    def shrink(self) -> Fraction:
        """l2 where the losses of the data are added without a weight."""
        return self.penalty.l2 / self.reduction.program.weight

    @cached_property
    def free(self) -> tuple[int, ...]:
        """The coordinate of z that the norm does not see, if any."""
        size = len(self.reduction.rows[0]) if self.reduction.rows else 0
        return tuple(k for k in range(size) if k >= self.reduction.problem.d and not self.penalty.biases)

    @cached_property
    def slopes(self) -> tuple[Vector, ...]:
        """For each cell the slope of the activation at each data point."""
        right, left = self.reduction.problem.network.activation.slopes or (ZERO, ZERO)
        return tuple(tuple(right if s >= 0 else left for s in region) for region, _ in self.cells)

    def bounds(self, chosen: Sequence[int]) -> Bounded:
        """Bounds on the least penalised loss over these cells.

        Raises
        ------
        InternalError
            The floats proposed nothing, or what they proposed failed its replay.
        """
        found = propose(self.reduction, [self.cells[k] for k in chosen], [self.cones[k] for k in chosen], self.penalty)
        if found is None:
            raise InternalError("no solver proposed anything for a program with a group norm")
        dual, low = self._below(chosen, found.dual)
        inputs, high = self._above(chosen, found)
        weight = self.reduction.program.weight
        lo, hi = _rounded(max(low, ZERO) * weight, -1), _rounded(high * weight, 1)
        if lo > hi:
            raise InternalError("the bounds of a program with a group norm contradict each other")
        return Bounded(Enclosure(lo, hi), dual, inputs, found.shift)

    # -- above --------------------------------------------------------------------------------------------------

    def _above(self, chosen: Sequence[int], found: Proposal) -> tuple[tuple[Vector, ...], Fraction]:
        inputs = []
        for k, (weights, free) in zip(chosen, found.cells, strict=True):
            (rays, lines), (region, b) = self.cones[k], self.cells[k]
            z = [ZERO] * len(self.reduction.rows[0])
            for q, vector in [*zip(weights, rays, strict=True), *zip(free, lines, strict=True)]:
                z = [a + b * q * e for a, e in zip(z, vector, strict=True)] if q else z
            if any(b * s * dot(z, row) < 0 for s, row in zip(region, self.reduction.rows, strict=True)):
                raise InternalError("a combination of the rays of a region lies outside of it")
            inputs.append(tuple(z))
        return tuple(inputs), self.value(chosen, inputs, found.shift)

    def value(self, chosen: Sequence[int], inputs: Sequence[Vector], shift: Fraction) -> Fraction:
        """An upper bound on the penalised loss at z of some cells, the losses of the data added without a weight."""
        program = self.reduction.program
        predictions = [q + shift for q in program.offset]
        total = self.shrink / 2 * shift * shift if self.penalty.biases else ZERO
        for k, z in zip(chosen, inputs, strict=True):
            sides = [dot(z, row) for row in self.reduction.rows]
            predictions = [p + s * q for p, s, q in zip(predictions, self.slopes[k], sides, strict=True)]
            total += self.shrink * root([q for j, q in enumerate(z) if j not in self.free])
        return total + sum((program.loss.enclosure(p, y).hi for p, y in zip(predictions, program.y, strict=True)), ZERO)

    # -- below --------------------------------------------------------------------------------------------------

    def projection(self, cell: int, dual: Vector) -> LeastNorm | None:
        """The shortest q of the module's docstring; None where the bias without penalty has a slope."""
        (region, b), rows = self.cells[cell], self.reduction.rows
        slopes = [-r * s for r, s in zip(dual, self.slopes[cell], strict=True)]
        base = tuple(dot(slopes, column) for column in zip(*rows, strict=True))
        sides = dict.fromkeys(tuple(b * s * q for q in row) for s, row in zip(region, rows, strict=True) if s)
        return least_norm(base, (), list(sides), self.free)

    def _below(self, chosen: Sequence[int], dual: Vector) -> tuple[Vector, Fraction]:
        program = self.reduction.program
        r = self._finite(dual)
        balanced = bool(program.lines) and not self.penalty.biases
        if balanced:
            r = _balanced(r)
        shortest = [self.projection(k, r) for k in chosen]
        if any(found is None for found in shortest):
            r = _balanced(r)
            shortest = [self.projection(k, r) for k in chosen]
        squares = [found.square for found in shortest if found is not None]
        if len(squares) < len(shortest):
            raise InternalError("a dual vector that sums to 0 has a slope in a bias")
        top = max(squares, default=ZERO)
        if top > self.shrink * self.shrink:
            # The length is rounded up, so the scaled vector is short enough.
            r = tuple(self.shrink / square_root(top) * q for q in r)
        gap = Fraction(1, 2**48)
        while any(program.loss.conjugate_enclosure(q, y) is None for q, y in zip(r, program.y, strict=True)):
            # The finite conjugates are an interval that holds 0.
            r, gap = tuple(q * (1 - gap) for q in r), min(8 * gap, Fraction(1, 2))
        return r, self.dual_bound(r)

    def _finite(self, dual: Vector) -> Vector:
        program = self.reduction.program
        found = []
        for q, y in zip(dual, program.y, strict=True):
            for candidate in (q, *(q * (1 - Fraction(1, 2**bits)) for bits in (48, 40, 30, 20)), ZERO):
                if program.loss.conjugate_enclosure(candidate, y) is not None:
                    found.append(candidate)
                    break
        return tuple(found)

    def dual_bound(self, r: Vector) -> Fraction:
        """``<r, offset> - L*(r)``, rounded down, less what a penalised output bias may gain."""
        program = self.reduction.program
        total = dot(r, program.offset)
        for q, y in zip(r, program.y, strict=True):
            found = program.loss.conjugate_enclosure(q, y)
            if found is None:
                raise InternalError("a dual vector of no finite conjugate")
            total -= found.hi
        if program.lines and self.penalty.biases:
            total -= sum(r, ZERO) ** 2 / (2 * self.shrink)
        return total


def _balanced(r: Vector) -> Vector:
    """The vector with sum 0 that differs equally where it is not 0."""
    count, total = sum(map(bool, r)), sum(r, ZERO)
    return tuple(q - total / count if q else q for q in r) if count else r


def root(z: Sequence[Fraction]) -> Fraction:
    """An upper bound on the length of a vector."""
    return square_root(dot(z, z))


def square_root(square: Fraction) -> Fraction:
    """An upper bound on the square root, with 96 bits."""
    if not square:
        return ZERO
    shift = max(0, 2 * BITS - (square.numerator.bit_length() - square.denominator.bit_length()))
    shift += shift % 2
    scaled = -(-square.numerator * 2**shift // square.denominator)
    top = isqrt(scaled)
    return Fraction(top + (top * top < scaled), 2 ** (shift // 2))


def _rounded(q: Fraction, way: int) -> Fraction:
    """A neighbour of q with :data:`BITS` significant bits, below it or above it."""
    if not q:
        return q
    shift = BITS - (q.numerator.bit_length() - q.denominator.bit_length())
    unit = Fraction(2) ** shift
    return way * Fraction(-(-(way * q * unit).numerator // (way * q * unit).denominator)) / unit
