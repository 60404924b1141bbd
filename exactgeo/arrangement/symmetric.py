"""The characteristic polynomial of an arrangement that permutations of coordinates map to itself, by flats up to these.

Shares no code with the enumeration of regions, nor with :mod:`exactgeo.arrangement.characteristic`: no rows are
deleted here. Write |X| for the number of hyperplanes that contain a flat X, w(X) for \\|mu(X)\\|. For each hyperplane H
that contains X, w(X) is the sum of w(Y) over the flats Y that X covers and H does not contain [1]_; summed over H

    \\|X\\| w(X) = sum of w(Y) (\\|X\\| - \\|Y\\|) over the flats Y that X covers.

The coefficients are sums of w(X) over the flats of one codimension. So w may be carried from flat to flat, level by
level, and flats may be merged that a symmetry maps to each other, their w added up: what is carried on from them is the
same. Merging too little costs time and changes nothing. No orbit needs its length.

References
----------
.. [1] L. Weisner, Abstract theory of inversion of finite series, Trans. AMS 38 (1935); R. P. Stanley, Enumerative
   Combinatorics 1, Corollary 3.9.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations, product
from math import factorial, isqrt, prod
from typing import TYPE_CHECKING

from exactgeo.errors import InternalError
from exactgeo.exact.vectors import Integers

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Rows = npt.NDArray[np.int64]
    Words = npt.NDArray[np.uint64]

__all__ = ["coordinate_classes", "symmetric_polynomial"]

ORDER = 5040
"""Permutations that flats are compared under at most."""

SMALL = 2**30
"""Below it the product of two minors and the difference of two such products fit 64 bits."""


def coordinate_classes(normals: Sequence[Integers]) -> list[list[int]]:
    """Coordinates that may be permuted among each other.

    Parameters
    ----------
    normals : integer vectors, primitive, the first entry that is not 0 positive

    Examples
    --------
    >>> coordinate_classes([(1, 0, 0), (0, 1, 0), (1, 1, 0), (1, 1, 2)])
    [[0, 1], [2]]
    """
    known = set(normals)

    def kept(i: int, j: int) -> bool:
        for row in normals:
            moved = list(row)
            moved[i], moved[j] = row[j], row[i]
            if next(q for q in moved if q) < 0:
                moved = [-q for q in moved]
            if tuple(moved) not in known:
                return False
        return True

    classes: list[list[int]] = []
    for i in range(len(normals[0])):
        # Two swaps make the third.
        mine = next((part for part in classes if kept(part[0], i)), None)
        if mine is None:
            classes.append([i])
        else:
            mine.append(i)
    return classes


def symmetric_polynomial(normals: Sequence[Integers], classes: Sequence[Sequence[int]]) -> list[int] | None:
    """Characteristic polynomial of distinct linear hyperplanes, at least one, highest coefficient first.

    Parameters
    ----------
    normals : integer vectors, primitive, the first entry that is not 0 positive, of length at least 4
    classes : coordinates that may be permuted among each other
        As :func:`coordinate_classes` finds them.

    Returns
    -------
    list of int or None
        None where the numbers may not fit 64 bits. Cost: one elimination for each flat of codimension
        rank - 3 up to symmetry and each flat that covers it.

    Examples
    --------
    >>> rows = [row for row in product((0, 1), repeat=4) if any(row)]
    >>> symmetric_polynomial(rows, coordinate_classes(rows))
    [1, -15, 80, -170, 104]
    """
    rank = len(normals[0])
    lengths = sorted(sum(q * q for q in row) for row in normals)
    # Hadamard's bound on every minor.
    if prod(isqrt(q) + 1 for q in lengths[-rank:]) >= SMALL:
        return None
    symmetry = _Symmetry(normals, classes)
    whole = [Fraction(1)]
    level = [_Flat.bottom(normals)]
    for _ in range(1, rank - 2):
        found: dict[bytes, _Flat] = {}
        for flat in level:
            for members in flat.covers:
                weight = flat.weight * len(members)
                key = symmetry.canonical([*flat.inside, *members])
                if key in found:
                    found[key].weight += weight
                else:
                    found[key] = flat.cover(members, weight)
        level = list(found.values())
        for flat in level:
            flat.weight /= len(flat.inside)
        whole.append(sum((flat.weight for flat in level), Fraction(0)))
    # Of the last two levels but one the sizes of the flats are enough.
    more = [flat.above() for flat in level]
    whole += [sum((flat.weight * part[k] for flat, part in zip(level, more, strict=True)), Fraction(0)) for k in (0, 1)]
    # It is divisible by t - 1.
    whole.append(sum(((-1) ** (rank - 1 - k) * q for k, q in enumerate(whole)), Fraction(0)))
    if any(q.denominator != 1 or q < 0 for q in whole):
        raise InternalError("a characteristic polynomial that is none")
    return [(-1) ** k * int(q) for k, q in enumerate(whole)]


@dataclass
class _Flat:
    """A flat, for all that are symmetric to it.

    Attributes
    ----------
    inside : list of int
        The hyperplanes that contain it.
    weight : Fraction
        The sum of w over those it stands for; before the level is done, times ``len(inside)``.
    rest : array of int64, (hyperplanes,)
        The others.
    rows : array of int64, (hyperplanes, rank)
        They, as primitive functionals on the flat, in coordinates of it; the eliminated ones are 0.
    """

    inside: list[int]
    weight: Fraction
    rest: Rows
    rows: Rows

    @classmethod
    def bottom(cls, normals: Sequence[Integers]) -> _Flat:
        import numpy as np

        return cls([], Fraction(1), np.arange(len(normals)), np.array(normals, dtype=np.int64))

    @property
    def covers(self) -> list[list[int]]:
        """For each flat that covers it the further hyperplanes that contain that."""
        import numpy as np

        _, part = np.unique(_keys(self.rows), return_inverse=True)
        by_part = np.argsort(part, kind="stable")
        cuts = np.flatnonzero(np.diff(part[by_part])) + 1
        return [self.rest[members].tolist() for members in np.split(by_part, cuts)]

    def cover(self, members: Sequence[int], weight: Fraction) -> _Flat:
        import numpy as np

        kept = ~np.isin(self.rest, members)
        first = self.rows[np.searchsorted(self.rest, members[:1])]
        return _Flat([*self.inside, *members], weight, self.rest[kept], _restricted(self.rows[kept], first)[0])

    def above(self) -> tuple[Fraction, Fraction]:
        """What w = 1 on this flat becomes on all flats one level up, and two."""
        import numpy as np

        one = two = Fraction(0)
        if not len(self.rest):
            return one, two
        _, first, count = np.unique(_keys(self.rows), return_index=True, return_counts=True)
        base = len(self.inside)
        step = max(1, (1 << 20) // self.rows.size)
        for low in range(0, len(first), step):
            chosen = first[low : low + step]
            # A hyperplane of the cover itself is 0 now, the least key of all.
            keys = np.sort(_keys(_restricted(self.rows, self.rows[chosen])), axis=1)
            starts = np.diff(keys, axis=1, prepend=-1) != 0
            at = np.flatnonzero(starts)
            lengths, owner = np.diff(np.append(at, keys.size)), at // keys.shape[1]
            inner = np.flatnonzero(np.diff(owner, prepend=-1))
            outer = np.ones(len(at), dtype=bool)
            outer[inner] = False
            for k, size in enumerate(count[low : low + step].tolist()):
                share = Fraction(size, base + size)
                one += share
                numbers = np.bincount(lengths[outer & (owner == k)]).tolist()
                two += share * sum(
                    (Fraction(s * number, base + size + s) for s, number in enumerate(numbers) if number), Fraction(0)
                )
        return one, two


def _restricted(rows: Rows, planes: Rows) -> Rows:
    """The rows as primitive functionals on the kernel of each of some planes, up to sign; (planes, rows, rank)."""
    import numpy as np

    size = rows.shape[1]
    out = size - 1 - (planes[:, ::-1] != 0).argmax(axis=1)
    pivot = np.take_along_axis(planes, out[:, None], 1)[:, :, None]
    factor = rows.T[out][:, :, None]
    found: Rows = pivot * rows[None] - factor * planes[:, None, :]
    divisor = np.maximum(np.gcd.reduce(found, axis=2), 1)
    head = np.take_along_axis(found, (found != 0).argmax(axis=2)[:, :, None], 2)[:, :, 0]
    found //= (divisor * np.where(head < 0, -1, 1))[:, :, None]
    return found


def _keys(rows: Rows) -> Rows:
    """A number for each row, the same for the same rows alone; 0 is the least, that of the row 0."""
    import numpy as np

    most = int(np.abs(rows).max(initial=0))
    if (2 * most + 1) ** rows.shape[-1] < 2**62:
        # The first entry that is not 0 is positive: so is the number.
        return np.asarray(rows @ np.array([(2 * most + 1) ** k for k in reversed(range(rows.shape[-1]))]))
    _, back = np.unique(rows.reshape(-1, rows.shape[-1]), axis=0, return_inverse=True)
    zero = ~rows.any(axis=-1)
    return np.where(zero, 0, back.reshape(rows.shape[:-1]) + 1)


class _Symmetry:
    """Permutations of coordinates, as what they do to sets of hyperplanes."""

    def __init__(self, normals: Sequence[Integers], classes: Sequence[Sequence[int]]) -> None:
        import numpy as np

        parts = [list(part) for part in classes]
        while prod(factorial(len(part)) for part in parts) > ORDER:
            # Part of the symmetry is as right as all of it.
            max(parts, key=len).pop()
        size, width = len(normals[0]), -(-len(normals) // 64)
        index = {row: k for k, row in enumerate(normals)}
        moves = []
        for choice in product(*(permutations(part) for part in parts)):
            move = list(range(size))
            for part, images in zip(parts, choice, strict=True):
                for i, j in zip(part, images, strict=True):
                    move[i] = j
            moves.append(move)
        # By hyperplane and word, its bit under each permutation: sets are united along the permutations.
        self._bits: Words = np.zeros((len(normals), width, len(moves)), dtype=np.uint64)
        table = np.array(normals, dtype=np.int64)
        for g, move in enumerate(moves):
            for k, row in enumerate(table[:, move].tolist()):
                sign = 1 if next(q for q in row if q) > 0 else -1
                image = index[tuple([sign * q for q in row])]
                self._bits[k, image // 64, g] = 1 << image % 64

    def canonical(self, members: Sequence[int]) -> bytes:
        """The same for sets of hyperplanes that a permutation maps to each other, and for no others."""
        found = self._bits[members[0]].copy()
        for k in members[1:]:
            found |= self._bits[k]
        # The image that is the least, word by word.
        for k in range(len(found)):
            found = found[:, found[k] == found[k].min()]
        return bytes(found[:, 0].tobytes())
