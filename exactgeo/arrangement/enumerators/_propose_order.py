"""The order in which the lines of a plane cross each one of them: sorted in float64, proved, or sorted in integers.

Line j is ``a x + b y + c = 0``. Along line i the crossing with j has the coordinate ``E / D`` of two minors of order 2:
``D = a_i b_j - a_j b_i``, and ``E = a_j c_i - a_i c_j`` (its y) or, on a line with a_i = 0, ``E = b_i c_j - b_j c_i``
(its x). So sorting costs a division and a sort in float64 where each vertex used to be compared with each line.

*Exact minors.* Where no minor nor product in one exceeds 2^53, E and D are integers without rounding, and the quotient
is the rational number rounded once. Rounding keeps order: different floats are in the right order. Equal ones are
compared by ``E D' - E' D`` in integers modulo 2^64: a quotient is off by at most u = 2^-53 of its size, two that round
to one float differ by at most 2 u of it, and ``|E D' - E' D| <= 2 u (1 + u) |E D'| <= 2^54 (1 + u)``; so the residue is
the number. Where ``|E D'| < 2^51`` always, that is below 1: equal floats are equal numbers, and nothing is left to ask.

*Rounded minors.* Otherwise rows and columns are scaled by powers of two until no entry exceeds 1 and rounded once. A
product of two entries carries at most 3 factors 1 + d, |d| <= u, and a difference one more: a minor of order 2 is off
by at most ``e = 5 u (|p| + |q|) + 2^-900``, p and q its two computed products, and for ``|D| >= 2 e_D`` the quotient by
at most ``2 (e_E + |E / D| e_D) / |D| + u |E / D|``. Runs of crossings whose intervals overlap are sorted as rational
numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import flint
import numpy as np

from exactgeo.arrangement.bits import Bools, Floats, Ints, distinct
from exactgeo.arrangement.enumerators._filter_minors import scaled_floats

__all__ = ["Crossings"]

Line = tuple[int, int, int]
_U = 2.0**-53


class Crossings:
    """Crossings along lines.

    Parameters
    ----------
    lines : n integer triples (a, b, c), no two proportional, (a, b) not 0
        a > 0, or a = 0 and b < 0; line i is passed in the direction (-b, a).

    Attributes
    ----------
    exact : bool
        All minors are computed without rounding.
    fallbacks : int
        Comparisons and signs that float64 left open and integers decided so far.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = list(lines)
        self.fallbacks = 0
        largest = max(abs(q) for line in lines for q in line)
        self.exact = 2 * largest**2 < 2**53
        self._apart = 4 * largest**4 < 2**51
        table = np.array(lines, dtype=np.float64) if self.exact else scaled_floats(lines)[0]
        self._a, self._b, self._c = table.T.copy()
        self._level = np.array([not line[0] for line in lines])

    def along(self, low: int, high: int) -> tuple[Ints, Bools, Ints]:
        """Crossings of lines ``low`` to ``high - 1``, in order.

        Returns
        -------
        order : shape (high - low, n)
            The lines crossed; after them, in any order, those that are not: parallel ones and the line itself.
        again : shape (high - low, n)
            This crossing is the same point as the one before.
        number : shape (high - low,)
            How many lines are crossed.
        """
        rows = np.arange(low, high)[:, None]
        level = self._level[rows]
        p, p_own = np.where(level, self._b, self._a), np.where(level, self._b[rows], self._a[rows])
        d, d_off = self._minor(self._a[rows], self._b, self._a, self._b[rows])
        e, e_off = self._minor(p, self._c[rows], p_own, self._c)
        np.negative(e, out=e, where=level)
        if self.exact:
            return self._unrounded(low, e, d)
        return self._rounded(low, e, d, e_off, d_off)

    def _minor(self, p: Floats, q: Floats, r: Floats, s: Floats) -> tuple[Floats, Floats]:
        """``p q - r s`` and a bound of its error."""
        left, right = p * q, r * s
        found = left - right
        if self.exact:
            return found, found[:0]
        return found, (np.abs(left) + np.abs(right)) * (5 * _U) + 2.0**-900

    def _unrounded(self, low: int, e: Floats, d: Floats) -> tuple[Ints, Bools, Ints]:
        key = np.full_like(d, np.inf)
        np.divide(e, d, out=key, where=d != 0)
        number = np.count_nonzero(d, axis=1)
        order = np.argsort(key, axis=1)
        key = np.take_along_axis(key, order, axis=1)
        again = np.zeros(key.shape, dtype=np.bool_)
        again[:, 1:] = key[:, 1:] == key[:, :-1]
        again &= np.arange(key.shape[1]) < number[:, None]
        if self._apart or not again.any():
            return order, again, number
        i, column = np.nonzero(again)
        self.fallbacks += len(i)
        after, before = order[i, column], order[i, column - 1]
        e_int, d_int = e.astype(np.int64), d.astype(np.int64)
        differ = np.flatnonzero(e_int[i, after] * d_int[i, before] != e_int[i, before] * d_int[i, after])
        for k in distinct(i[differ]).tolist():
            self._exactly(low + k, order[k], again[k], again[k].copy())
        return order, again, number

    def _rounded(self, low: int, e: Floats, d: Floats, e_off: Floats, d_off: Floats) -> tuple[Ints, Bools, Ints]:
        count = d.shape[1]
        d[np.arange(len(d)), np.arange(low, low + len(d))] = 0.0
        crossed = np.abs(d) >= 2 * d_off
        unclear = set()
        for k, j in np.argwhere(~crossed).tolist():
            if low + k != j:
                self.fallbacks += 1
                if self._exact(low + k, j)[1]:
                    crossed[k, j] = True
                    unclear.add(k)
        number = np.count_nonzero(crossed, axis=1)
        key, off = np.full_like(d, np.inf), np.zeros_like(d)
        with np.errstate(all="ignore"):
            np.divide(e, d, out=key, where=crossed)
            np.divide(2 * (e_off + np.abs(key) * d_off), np.abs(d), out=off, where=crossed)
            off += np.abs(key) * (4 * _U)
        lost = ~np.isfinite(off)
        unclear.update(np.flatnonzero((lost & crossed).any(axis=1)).tolist())
        key[lost], off[lost] = np.inf, 0.0
        order = np.argsort(key, axis=1)
        key, off = np.take_along_axis(key, order, axis=1), np.take_along_axis(off, order, axis=1)
        inside = np.arange(count) < number[:, None]
        reach = np.maximum.accumulate(key + off, axis=1)
        least = np.minimum.accumulate((key - off)[:, ::-1], axis=1)[:, ::-1]
        # Whether a crossing may be no later than one before it.
        near = np.zeros(key.shape, dtype=np.bool_)
        near[:, 1:] = ~(reach[:, :-1] < least[:, 1:])
        near &= inside
        again = np.zeros(key.shape, dtype=np.bool_)
        for k in np.flatnonzero(near.any(axis=1)).tolist():
            if k not in unclear:
                self._exactly(low + k, order[k], again[k], near[k])
        for k in unclear:
            order[k] = np.argsort(~crossed[k], kind="stable")
            self._exactly(low + k, order[k], again[k], inside[k])
        return order, again, number

    def _exact(self, i: int, j: int) -> tuple[int, int]:
        """Numerator and denominator of the coordinate of line j on line i."""
        (a, b, c), (a_j, b_j, c_j) = self.lines[i], self.lines[j]
        return (a_j * c - a * c_j if a else b * c_j - b_j * c), a * b_j - a_j * b

    def _exactly(self, i: int, order: Ints, again: Bools, near: Bools) -> None:
        """Sort the runs marked by ``near`` (all but their first) as rational numbers, in place; most are one point."""
        edges = np.diff(np.concatenate([[False], near[1:], [False]]).astype(np.int8))
        starts, stops = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0) + 1
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            self.fallbacks += stop - start
            members = order[start:stop].tolist()
            exact = [self._exact(i, j) for j in members]
            top, bottom = exact[0]
            if all(e * bottom == top * d for e, d in exact):
                again[start + 1 : stop] = True
                continue
            found = sorted((flint.fmpq(*q), j) for q, j in zip(exact, members, strict=True))
            order[start:stop] = [j for _, j in found]
            again[start:stop] = [False, *(p[0] == q[0] for p, q in pairwise(found))]
