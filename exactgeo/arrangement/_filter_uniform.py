"""Whether all maximal minors of an integer matrix are nonzero: shown modulo a prime, and what is left, in integers.

A minor that is not 0 modulo a prime is not 0. So rows are eliminated modulo a prime, once for all sets that begin
alike. What is left of row j once a set S of earlier rows is eliminated is kept with its first entry divided out: then
to eliminate one more is to subtract. In the end two entries are left: with these w - 2 rows, of w, two more make a
minor that is 0 only where their quotients are equal. So a minor costs its part of a quotient and of a sort.

Equal quotients, or a first entry that is 0, prove nothing: these w - 2 rows, with all that may follow, are decided in
integers. The columns are mixed beforehand, by a matrix of determinant 1, so that entries are 0 by chance only: where
rows vanish before, the next prime is asked once integers say that they are independent, and where too much is open.

Subsets of k + 1 rows, S and j, are numbered in colexicographic order: j by j, and within those as S among sets of k.

Residues are float64: products of two numbers below 2^25 in size are exact, and so is what is left when the nearest
multiple of the prime p is subtracted. The quotient by p is at most p in size, so it is off by less than
p 2^-52 < 2^-27, while a fraction of denominator p is at least 1 / 2p > 2^-26 from halfway between two integers: it is
the nearest.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from math import comb
from operator import mul
from typing import NamedTuple

import flint
import numpy as np

from exactgeo.arrangement.bits import Floats
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import nullspace, primitive
from exactgeo.exact.vectors import Integers

__all__ = ["is_uniform"]

_BELOW = 1 << 25
"""All primes are less."""

_CHUNK = 1 << 15
"""Quotients that are made at a time, so that they stay near the processor."""

_OPEN = 64
"""Sets of rows that are decided in integers before another prime is asked."""


def is_uniform(table: Sequence[Sequence[int]]) -> bool:
    """Are all maximal minors of this integer matrix nonzero?

    Cost: with n rows and w columns some 25 ns for each of ``comb(n, w - 1)`` quotients, and 16 bytes for each of
    ``comb(n, w - 2)`` sets; it stops at the first zero.

    Parameters
    ----------
    table : n rows of w integers
        w at least 3.
    """
    if not table or len(table) < len(table[0]):
        return False
    for prime in _primes():
        field = _Field(prime)
        try:
            for number, rows in enumerate(_open_sets(field, _eliminated(field, table), len(table), len(table[0]) - 3)):
                if not _decided(table, rows):
                    return False
                if number == _OPEN:
                    break
            else:
                return True
        except _Vanishing as vanishing:
            if flint.fmpz_mat([list(table[t]) for t in vanishing.rows]).rank() < len(vanishing.rows):
                return False
    raise InternalError("minors that are not 0 vanish modulo all primes")


def _primes() -> Iterator[int]:
    return (n for n in range(_BELOW - 1, 2, -2) if flint.fmpz(n).is_prime())


def _decided(table: Sequence[Sequence[int]], rows: Sequence[int]) -> bool:
    """Whether these w - 2 independent rows and any two later ones are: by what the later ones are on their kernel."""
    kernel = nullspace([table[t] for t in rows], len(table[0]))
    seen: set[Integers] = set()
    for row in table[rows[-1] + 1 :]:
        a, b = primitive([sum(map(mul, row, vector)) for vector in kernel])
        seen |= {(a, b), (-a, -b)}
    # The zero vector is its own opposite.
    return len(seen) == 2 * (len(table) - rows[-1] - 1)


class _Vanishing(Exception):
    """These rows seem to be dependent modulo the prime."""

    def __init__(self, rows: list[int]) -> None:
        self.rows = rows


class _Field:
    """Residues modulo a prime in float64, symmetric about 0; no function gets larger numbers than the prime."""

    def __init__(self, prime: int) -> None:
        self.prime = prime
        self._products, self._inverted = np.empty(2 * _CHUNK), np.empty(2 * _CHUNK)
        self._multiples = np.empty(_CHUNK)

    def times(self, a: Floats, b: Floats, out: Floats) -> None:
        """Products, of at most :data:`_CHUNK` numbers."""
        multiples = self._multiples[: len(out)]
        np.multiply(a, b, out=out)
        np.multiply(out, 1 / self.prime, out=multiples)
        np.rint(multiples, out=multiples)
        np.multiply(multiples, self.prime, out=multiples)
        np.subtract(out, multiples, out=out)

    def divide(self, columns: Floats) -> Floats:
        """By the first one, which has no zeros, in place: the others."""
        for start in range(0, columns.shape[1], _CHUNK):
            first, *others = columns[:, start : start + _CHUNK]
            inverses = self._inverses(first)
            for other in others:
                self.times(other, inverses, other)
        return columns[1:]

    def _inverses(self, values: Floats) -> Floats:
        """By products of pairs, of pairs of pairs, ..., of which the last few are inverted by themselves."""
        products, inverted = self._products, self._inverted
        size = 1 << (len(values) - 1).bit_length()
        products[size : size + len(values)] = values
        products[size + len(values) : 2 * size] = 1.0
        least = half = min(size, 8)
        while size > half:
            size //= 2
            self.times(products[2 * size : 3 * size], products[3 * size : 4 * size], products[size : 2 * size])
        inverted[least : 2 * least] = [pow(int(q), -1, self.prime) for q in products[least : 2 * least].tolist()]
        while size < len(values):
            known = inverted[size : 2 * size]
            self.times(known, products[3 * size : 4 * size], inverted[2 * size : 3 * size])
            self.times(known, products[2 * size : 3 * size], inverted[3 * size : 4 * size])
            size *= 2
        return inverted[size : size + len(values)]


def _eliminated(field: _Field, table: Sequence[Sequence[int]]) -> Floats:
    """What is left of each row once any w - 3 earlier ones are eliminated: two entries, the first one being 1.

    Returns
    -------
    shape (2, comb(n, w - 2))
        By the number of all these rows.

    Raises
    ------
    _Vanishing
    """
    count, width, prime = len(table), len(table[0]), field.prime
    rng = random.Random(prime)
    mixed = np.array([[q % prime for q in row] for row in table], dtype=np.int64)
    # Triangular, with ones on the diagonal. Sums are of few products below 2^50.
    upper, lower = (
        np.array([[int(i == j) or (i < j) * rng.randrange(prime) for j in range(width)] for i in range(width)])
        for _ in range(2)
    )
    mixed = mixed @ upper % prime @ lower.T % prime
    rest = _divided(field, np.ascontiguousarray(mixed.T, dtype=np.float64), 1)
    for size in range(1, width - 2):
        starts = [comb(row, size) for row in range(count + 1)]
        further = np.empty((len(rest), comb(count, size + 1)))
        # Of each set of this size, the number of the set without its largest row.
        within = np.arange(starts[-1]) - np.repeat(starts[:-1], np.diff(starts))
        for row in range(size, count):
            low, high = comb(row, size + 1), comb(row + 1, size + 1)
            own = rest[:, starts[row] : starts[row + 1]]
            np.take(own, within[: high - low], axis=1, out=further[:, low:high])
            further[:, low:high] -= rest[:, : high - low]
        rest = _divided(field, further, size + 1)
    return rest


def _divided(field: _Field, columns: Floats, size: int) -> Floats:
    zero = np.flatnonzero(columns[0] == 0)
    if len(zero):
        raise _Vanishing(_subset(int(zero[0]), size))
    return field.divide(columns)


def _subset(number: int, size: int) -> list[int]:
    """The set of this size with this number."""
    rows: list[int] = []
    for k in range(size, 0, -1):
        row = k - 1
        while comb(row + 1, k) <= number:
            row += 1
        number -= comb(row, k)
        rows.append(row)
    return rows[::-1]


class _Piece(NamedTuple):
    """Sets of w - 2 rows with the same largest one, the others by number, and where their quotients stand."""

    row: int
    low: int
    high: int
    start: int
    stop: int


def _pieces(count: int, size: int) -> Iterator[list[_Piece]]:
    """Some at a time, of about as many quotients as are made together; ``size`` rows and one more that is larger."""
    batch: list[_Piece] = []
    start = 0
    for row in range(size, count - 2):
        later, total = count - 1 - row, comb(row, size)
        step = max(1, _CHUNK // later)
        for low in range(0, total, step):
            high = min(total, low + step)
            stop = start + (high - low) * later
            batch.append(_Piece(row, low, high, start, stop))
            start = stop
            if start >= _CHUNK // 2:
                yield batch
                batch, start = [], 0
    if batch:
        yield batch


def _open_sets(field: _Field, rest: Floats, count: int, size: int) -> Iterator[list[int]]:
    """Sets of w - 2 rows that may be dependent with two later ones; ``size`` is w - 3."""
    starts = np.array([comb(row, size + 1) for row in range(count)])
    for batch in _pieces(count, size):
        columns = np.empty((2, batch[-1].stop))
        for row, low, high, start, stop in batch:
            later = np.arange(low, high)[:, None] + starts[row + 1 :]
            own = rest[:, starts[row] + low : starts[row] + high]
            for column, before, target in zip(rest, own, columns[:, start:stop], strict=True):
                np.subtract(column[later], before[:, None], out=target.reshape(later.shape))
        zero = columns[0] == 0
        columns[0, zero] = 1.0
        (quotients,) = field.divide(columns)
        some = bool(zero.any())
        for row, low, high, start, stop in batch:
            block = quotients[start:stop].reshape(high - low, -1)
            block.sort(axis=1)
            again = block[:, 1:] == block[:, :-1]
            if some or again.any():
                doubtful = again.any(axis=1) | zero[start:stop].reshape(block.shape).any(axis=1)
                for number in np.flatnonzero(doubtful).tolist():
                    yield [*_subset(low + number, size), row]
