"""Float proposals of short dual vectors near long ones. Nothing here is believed; proof.py decides.

An exact dual vector is the residual of a projection: its numbers are as long as determinants are. Where its bound is
above what has to be proved, a short one nearby will do. It is moved a little inwards, away from the columns orthogonal
to it, and rounded; what has to stay orthogonal to it (lines, and columns whose opposites are allowed too) is made so by
a few entries that are computed from the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from exactgeo.basin.cone_program import Program, indices
from exactgeo.exact.matrix import rref
from exactgeo.exact.vectors import Vector

__all__ = ["Shortener"]

BITS = (12, 18, 26, 40)
"""Binary digits of a dual vector's largest entry, as they are tried."""

LONGEST = 40
"""Decimal digits of the denominators that orthogonality may ask for."""


Kernel = tuple[list[int], list[int], list[list[Fraction]]]


@dataclass(frozen=True, slots=True)
class Inward:
    """A direction away from columns, and how what stays orthogonal is made so."""

    kernel: Kernel
    direction: np.ndarray[tuple[int], np.dtype[np.float64]]


class Shortener:
    """Short vectors near long ones, for one program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._opposite = program.opposite
        self._tops = np.array([max(map(abs, column)) or 1 for column in program.columns], dtype=float)
        self._columns = np.array([[q / top for q in c] for c, top in zip(program.columns, self._tops, strict=True)])
        self._columns = self._columns.reshape(len(program.columns), program.m)
        self._kept = lru_cache(maxsize=512)(self._kernel)

    def near(self, gradient: Vector, mask: int) -> Iterator[Vector]:
        """Shorter vectors r near a gradient, with perhaps ``<r, column> >= 0`` for the columns of ``mask``."""
        if not any(gradient):
            return
        top = max(map(abs, gradient))
        r = np.array([float(q / top) for q in gradient])
        chosen = np.array(indices(mask), dtype=np.intp)
        products = self._columns[chosen] @ r
        tight = [j for j, q in zip(chosen.tolist(), products.tolist(), strict=True) if abs(q) <= 1e-9]
        both = {j for j in tight if self._opposite[j] < len(self._opposite) and mask >> self._opposite[j] & 1}
        # One of two opposites says as much.
        held = [j for j in sorted(both) if j < self._opposite[j]]
        inward = self._inward([j for j in tight if j not in both], tuple(held))
        if isinstance(inward, list):
            # On these no direction is positive: they have to stay orthogonal as well.
            both |= {*inward}
            inward = self._inward([j for j in tight if j not in both], tuple(held + inward))
        if not isinstance(inward, Inward):
            return
        fixed, free, table = inward.kernel
        for bits in BITS:
            moved = r + (self._program.m * 2.0 ** (1 - bits)) * inward.direction
            found = [Fraction(0)] * len(r)
            for t in free:
                found[t] = Fraction(round(float(moved[t]) * 2**bits))
            for t, row in zip(fixed, table, strict=True):
                found[t] = -sum((q * found[s] for q, s in zip(row, free, strict=True) if q), Fraction(0))
            yield tuple(q * _round(top) / 2**bits for q in found)

    def _kernel(self, held: tuple[int, ...]) -> Kernel | None:
        """The entries that orthogonality to the lines and these columns fixes, the others, and the first by them."""
        m = self._program.m
        rows = [*self._program.lines, *(self._program.columns[j] for j in held)]
        if not rows:
            return [], list(range(m)), []
        reduced, fixed = rref(rows, m)
        free = [t for t in range(m) if t not in fixed]
        table = [[row[t] for t in free] for row in reduced[: len(fixed)]]
        longest = max((q.denominator for row in table for q in row), default=1)
        return (fixed, free, table) if longest < 10**LONGEST else None

    def _inward(self, tight: list[int], held: tuple[int, ...]) -> Inward | list[int] | None:
        """A direction on which tight columns are at least 1, orthogonal to those that are held; or the tight ones that
        such directions have to be orthogonal to as well; None where floats find nothing."""
        kernel, m = self._kept(held), self._program.m
        if kernel is None:
            return None
        fixed, free, table = kernel
        if not tight:
            return Inward(kernel, np.zeros(m))
        basis = np.zeros((m, len(free)))
        basis[free, np.arange(len(free))] = 1.0
        for t, row in zip(fixed, table, strict=True):
            basis[t] = [-float(q) for q in row]
        system = self._columns[tight] @ basis
        found = np.linalg.lstsq(system, np.ones(len(tight)), rcond=None)[0]
        if (system @ found).min() < 0.5:
            # Dependent columns: as many as can be are at least 1.
            from scipy.optimize import linprog

            size, count = len(free), len(tight)
            rows = np.hstack([-system, np.eye(count)])
            limits = [(None, None)] * size + [(0, 1)] * count
            best = linprog([*[0.0] * size, *[-1.0] * count], A_ub=rows, b_ub=np.zeros(count), bounds=limits)
            if best.x is None:
                return None
            if (best.x[size:] < 0.5).any():
                return [j for j, q in zip(tight, best.x[size:].tolist(), strict=True) if q < 0.5]
            found = best.x[:size]
        return Inward(kernel, basis @ found)


def _round(top: Fraction) -> Fraction:
    """A power of 2 near a positive number."""
    size = top.numerator.bit_length() - top.denominator.bit_length()
    return Fraction(2) ** size
