"""Signs of many determinants at float64 speed, and never a wrong one.

Everything the sweep asks is the sign of a minor of one integer matrix, the hyperplanes in the coordinates of a flag.
Minors are built one row at a time by Laplace expansion along the new row, for all column sets at once, in float64.

*Proved exact.* Where Hadamard's bound keeps every minor and every partial sum of an expansion, in whatever order it is
added up, below 2^53 in size, all of it is integer arithmetic without rounding: a zero is a zero.

*Filtered.* Otherwise rows and columns are scaled by powers of two until no entry exceeds 1, and each entry is
rounded once, relative error at most u = 2^-53. A minor of order k so computed is a sum of k! products, each with
at most ``e_k = e_(k-1) + 1 + 1 + (k - 1) = k (k + 3) / 2`` rounding factors 1 + d, |d| <= u (the entry, the product,
the sums, in any order, fused or not), so its error is at most ``k! ((1 + u)^e_k - 1) <= 2 k! e_k u`` for e_k u <= 1/2,
plus less than 2^-900 for products below the normal range. A computed value beyond that bound has the sign of the minor;
one within it is decided by an integer determinant, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from math import factorial, isqrt, ldexp

import flint
import numpy as np
import numpy.typing as npt

from exactgeo.arrangement.bits import Bools, Floats, Ints, Words, pack

__all__ = ["Minors", "NotGeneric", "proved_exact", "scaled_floats"]

_EXACT = 2**53


class NotGeneric(Exception):
    """The flag meets the arrangement in special position: another one must be drawn."""


def _scaled(q: int, shift: int) -> float:
    """``q * 2^shift`` rounded to nearest, for integers of any size."""
    extra = max(0, q.bit_length() - 900)
    # Cutting off bits far below the 53 kept, with a sticky bit, leaves the rounding as it is.
    head = q >> extra | int(extra > 0 and (q & ((1 << extra) - 1)) != 0)
    return ldexp(float(head), shift + extra)


def scaled_floats(table: Sequence[Sequence[int]]) -> tuple[Floats, list[int]]:
    """Rows and columns times powers of two until no entry exceeds 1 and none is needlessly small; each rounded once.
    Also the exponent that each column was divided by."""
    width = len(table[0]) if table else 0
    sizes = [[(j, q.bit_length()) for j, q in enumerate(row) if q] for row in table]
    down, side = [0] * len(table), [0] * width
    # Columns and rows in turn: a single large entry must not make the rest of its column small.
    for _ in range(3):
        columns: list[list[int]] = [[] for _ in range(width)]
        for row, low in zip(sizes, down, strict=True):
            for j, size in row:
                columns[j].append(size - low)
        side = [max(column, default=0) for column in columns]
        down = [max((size - side[j] for j, size in row), default=0) for row in sizes]
    rows = [[_scaled(q, -low - side[j]) for j, q in enumerate(row)] for row, low in zip(table, down, strict=True)]
    return np.array(rows, dtype=np.float64).reshape(len(table), width), side


def _hadamard(table: Sequence[Sequence[int]], order: int, columns: Sequence[int], width: int) -> int:
    """A bound of all minors of this order, and of the partial sums of their expansions, on these columns."""
    largest = [0] * width
    norm = [0] * width
    for j in columns:
        sizes = sorted((abs(row[j]) for row in table), reverse=True)[:order]
        largest[j] = sizes[0] if sizes else 0
        norm[j] = isqrt(sum(q * q for q in sizes)) + 1
    bound = 0
    for chosen in combinations(columns, order):
        total = 0
        for j in chosen:
            part = largest[j]
            for other in chosen:
                part *= norm[other] if other != j else 1
            total += part
        bound = max(bound, total)
    return bound


def proved_exact(table: Sequence[Sequence[int]]) -> bool:
    """Whether float64 computes all minors of this matrix without rounding, by the bound above."""
    width = len(table[0])
    # The largest minors come first: most often it is they that do not fit.
    return all(_hadamard(table, k, range(width), width) < _EXACT for k in range(width, 0, -1))


def _product(vectors: Floats, rows: Floats) -> Floats:
    """``vectors.T @ rows.T`` in pieces that BLAS does not split among threads: they would cost more than they give."""
    out = np.empty((vectors.shape[1], len(rows)))
    step = max(64, (1 << 18) // max(1, rows.size))
    for start in range(0, len(out), step):
        np.matmul(vectors[:, start : start + step].T, rows.T, out=out[start : start + step])
    return out


def product_in_order(points: Floats, rows: Floats) -> Floats:
    """``points @ rows.T``, summed column by column.

    BLAS adds in an order that depends on how many points are asked for together: where a sum nearly cancels, a point
    would depend on what it is read with.
    """
    total = np.zeros((len(points), len(rows)))
    for column, weights in zip(points.T, rows.T, strict=True):
        total += column[:, None] * weights
    return total


class Minors:
    """The minors of an integer matrix, by sets of rows, with certified signs.

    Parameters
    ----------
    table : q rows of n + 1 integers
        Column 0 is the constant of a hyperplane, the others its coefficients on the flag.

    Attributes
    ----------
    exact : bool
        All arithmetic is proved free of rounding.
    fallbacks : int
        Signs decided by an integer determinant so far.
    moved : bool
        False; True: the flag's first point is moved along its last direction, by less than decides any other sign, so
        that F^(n-1) meets no vertex: where a minor on all columns but the last is 0, it is that with the last one in
        place of the first.
    """

    def __init__(self, table: Sequence[Sequence[int]]) -> None:
        self.table = [tuple(row) for row in table]
        self.width = len(self.table[0])
        self.dimension = self.width - 1
        self.fallbacks = 0
        self.moved = False
        columns = range(self.width)
        self.exact = proved_exact(self.table)
        self.rows: Floats
        self.scales = [0] * self.width
        if self.exact:
            self.rows = np.array(self.table, dtype=np.float64).reshape(len(self.table), self.width)
        else:
            self.rows, self.scales = scaled_floats(self.table)
        self.sets = [list(combinations(columns, k)) for k in range(self.width + 1)]
        self._index = [{chosen: i for i, chosen in enumerate(sets)} for sets in self.sets]

    def bound(self, order: int) -> float:
        """Error bound of a minor of this order; 0 when proved exact."""
        if self.exact:
            return 0.0
        return factorial(order) * order * (order + 3) * 2.0**-53 * 1.001 + 2.0**-900

    def start(self) -> Floats:
        """The one minor of no rows, shape (1, 1)."""
        return np.ones((1, 1))

    def row(self, columns: Sequence[int]) -> int:
        """Which row of the minors is that on these columns."""
        return self._index[len(columns)][tuple(columns)]

    def extend(self, order: int, minors: Floats, rows: Ints, only: Callable[[int], bool] | None = None) -> Floats:
        """Minors of order ``order`` from those of order - 1 (shape (sets, N)) and one more row each; ``only``: those on
        such columns, and anything for the others."""
        before = self._index[order - 1]
        entries = self.rows[rows].T
        out = np.empty((len(self.sets[order]), len(rows)))
        scratch = np.empty(len(rows))
        for i, chosen in enumerate(self.sets[order]):
            if only is not None and not all(map(only, chosen)):
                continue
            target = out[i]
            for position, column in enumerate(chosen):
                part = minors[before[chosen[:position] + chosen[position + 1 :]]]
                if not position:
                    np.multiply(entries[column], part, out=target)
                    if (order - 1) % 2:
                        np.negative(target, out=target)
                    continue
                np.multiply(entries[column], part, out=scratch)
                if (order - 1 + position) % 2:
                    np.subtract(target, scratch, out=target)
                else:
                    np.add(target, scratch, out=target)
        return out

    def signs(self, columns: Sequence[int], minors: Floats, basis: Ints) -> npt.NDArray[np.int8]:
        """Signs of minors on some columns, none of them 0.

        Raises
        ------
        NotGeneric
            One is.
        """
        signs = np.sign(minors).astype(np.int8)
        for i in np.flatnonzero(np.abs(minors) <= self.bound(len(columns))).tolist():
            signs[i] = self._determinant(basis[i].tolist(), columns)
        if not signs.all():
            raise NotGeneric
        return signs

    def _cofactors(self, order: int, minors: Floats, columns: Sequence[int]) -> Floats:
        """The vector orthogonal to the chosen rows on order + 1 columns, shape (order + 1, N)."""
        parts = []
        for position in range(order + 1):
            row = minors[self._index[order][(*columns[:position], *columns[position + 1 :])]]
            parts.append(-row if position % 2 else row)
        return np.array(parts)

    def at_vertices(self, order: int, minors: Floats, basis: Ints, known: Words) -> tuple[Ints, Words, Words, Bools]:
        """Where hyperplanes meet the flag's subspace of dimension ``order``, and every hyperplane's sign there.

        Parameters
        ----------
        basis : shape (N, order)
            The rows of each minor.
        known : shape (N, W)
            Rows known to vanish there.

        Returns
        -------
        indices : those of the N that meet it (the others are parallel)
        positive, zero : words, shape (len(indices), W)
        above : the last coordinate is positive there

        Raises
        ------
        NotGeneric
        """
        values, heights, sides = self._raw(order, minors)
        bound = self.bound(order)
        kept = np.arange(minors.shape[1])
        flat = np.abs(heights) <= bound
        scale = np.sign(heights)
        if flat.any():
            if self.exact:
                # Parallel, if no other coordinates of the flag tell the rows apart.
                inner = [i for i, chosen in enumerate(self.sets[order]) if 0 not in chosen]
                if minors[inner][:, flat].any():
                    raise NotGeneric
            else:
                for i in np.flatnonzero(flat).tolist():
                    scale[i] = self._height(order, basis[i].tolist())
            kept = np.flatnonzero(scale)
            values, sides, scale = values[kept], sides[kept], scale[kept]
        above = sides * scale > 0
        close = np.abs(sides) <= bound
        for i in np.flatnonzero(close).tolist():
            sign = self._determinant(basis[kept[i]].tolist(), range(order)) * (-1) ** order
            if not sign:
                raise NotGeneric
            above[i] = sign * scale[i] > 0
        bound = self.bound(order + 1)
        up, down = pack(values > bound), pack(values < -bound)
        reverse = (scale < 0)[:, None]
        positive, negative = np.where(reverse, down, up), np.where(reverse, up, down)
        zero = np.asarray(~(positive | negative), dtype=np.uint64)
        spare = -len(self.table) % 64 if self.table else 64
        np.bitwise_and(zero[:, -1:], ~np.uint64((1 << spare) - 1), out=zero[:, -1:])
        if not self.exact:
            doubtful = np.flatnonzero((zero & ~known[kept]).any(axis=1))
            for i in doubtful.tolist():
                self._decide(order, basis[kept[i]].tolist(), int(scale[i]), known[kept[i]], positive[i], zero[i])
        return np.asarray(kept, dtype=np.int64), positive, zero, np.asarray(above)

    def _raw(self, order: int, minors: Floats) -> tuple[Floats, Floats, Floats]:
        cofactors = self._cofactors(order, minors, range(order + 1))
        return _product(cofactors, self.rows[:, : order + 1]), cofactors[0], cofactors[order]

    def _determinant(self, rows: Sequence[int], columns: Iterable[int]) -> int:
        self.fallbacks += not self.exact
        columns = list(columns)
        det = int(flint.fmpz_mat([[self.table[t][j] for j in columns] for t in rows]).det())
        if not det and self.moved and columns == [*range(self.dimension)]:
            columns[0] = self.dimension
            det = int(flint.fmpz_mat([[self.table[t][j] for j in columns] for t in rows]).det())
        return (det > 0) - (det < 0)

    def _height(self, order: int, rows: Sequence[int]) -> int:
        """Sign of the minor on columns 1 .. order; 0 only when the rows are dependent without their constants."""
        sign = self._determinant(rows, range(1, order + 1))
        if not sign and self.rank(rows, range(1, self.width)) == order:
            raise NotGeneric
        return sign

    def rank(self, rows: Sequence[int], columns: Iterable[int]) -> int:
        """Rank of these rows on these columns, exactly."""
        columns = list(columns)
        return int(flint.fmpz_mat([[self.table[t][j] for j in columns] for t in rows]).rank())

    def _decide(self, order: int, rows: list[int], scale: int, known: Words, positive: Words, zero: Words) -> None:
        """Decide in integers what the filter left open in one row of words."""
        for word in range(len(zero)):
            open_bits = int(zero[word]) & ~int(known[word])
            while open_bits:
                bit = open_bits.bit_length() - 1
                open_bits ^= 1 << bit
                t = 64 * word + 63 - bit
                sign = self._determinant([t, *rows], range(order + 1))
                if sign:
                    zero[word] ^= np.uint64(1 << bit)
                    if sign * scale > 0:
                        positive[word] |= np.uint64(1 << bit)
                elif self.rank([*rows, t], range(self.width)) > order:
                    raise NotGeneric

    def prove_closed(self, order: int, minors: Floats, zero: Words) -> None:
        """The rows of ``zero`` vanish on the whole flat, not only where it meets the flag (the filter asks that of
        each one it leaves open)."""
        if not self.exact:
            return
        for extra in range(order + 1, self.width):
            columns = [*range(1, order + 1), extra]
            cofactors = self._cofactors(order, minors, columns)
            if (pack(_product(cofactors, self.rows[:, columns]) != 0) & zero).any():
                raise NotGeneric

    def points(self, order: int, minors: Floats) -> Floats:
        """Float coordinates of the vertices in the scaled columns 1 .. order, shape (N, order): proposals."""
        cofactors = self._cofactors(order, minors, range(order + 1))
        with np.errstate(all="ignore"):
            return np.asarray((cofactors[1:] / cofactors[0]).T)

    def certified(self, points: Floats) -> tuple[Words, Bools]:
        """Positive rows at float points (scaled columns, shape (N, n + 1)), and whether all signs are certain.

        A product of two floats one of which is a rounded entry, summed with n others, carries at most n + 3 factors
        1 + d, so the error is at most 2 (n + 3) u times the sum of the sizes, plus underflow.
        """
        with np.errstate(all="ignore"):
            values = product_in_order(points, self.rows)
            sizes = product_in_order(np.abs(points), np.abs(self.rows))
            certain = np.abs(values) > sizes * (2 * (self.width + 2) * 2.0**-53) + 2.0**-900
            certain &= sizes < 2.0**900
        return pack(values > 0), np.asarray(certain.all(axis=1))
