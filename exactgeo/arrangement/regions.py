"""The regions of an arrangement, as a container of sign vectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from operator import mul
from typing import TYPE_CHECKING, Any

from exactgeo.arrangement.enumerators.protocol import Chosen, SignVectors
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import Integers
from exactgeo.records import Records

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["OrientedRow", "Regions", "RowTable", "sign_matrix"]

OrientedRow = tuple[int, int]
"""Index of a row's hyperplane and 1 or -1, its side; (-1, s) for a zero normal with constant sign s."""


@dataclass(frozen=True)
class RowTable:
    """The rows of an arrangement over its distinct hyperplanes, in a space where these have no lineality.

    Parameters
    ----------
    oriented : m OrientedRow
    functionals : m integer vectors
        The rows on ``coordinates``, affine ones with the constant last.
    coordinates : increasing indices below ``dimension``
    dimension : int
    central : bool
    planes : int
        Number of distinct hyperplanes, those without a row included.
    """

    oriented: tuple[OrientedRow, ...]
    functionals: tuple[Integers, ...]
    coordinates: tuple[int, ...]
    dimension: int
    central: bool
    planes: int

    @cached_property
    def leads(self) -> dict[int, int]:
        """The first row of each distinct hyperplane that has one."""
        return {plane: t for t, (plane, _) in reversed(list(enumerate(self.oriented))) if plane >= 0}

    def signs(self, mask: int) -> tuple[int, ...]:
        """Signs of all rows where these hyperplanes are positive."""
        top = self.planes - 1
        return tuple(side if plane < 0 or mask >> (top - plane) & 1 else -side for plane, side in self.oriented)

    def mask(self, signs: Sequence[int]) -> int:
        """The hyperplanes that are positive if the rows have these signs; a hyperplane without a row counts as such."""
        mask = 0
        for plane in range(self.planes):
            lead = self.leads.get(plane)
            mask = 2 * mask + int(lead is None or signs[lead] == self.oriented[lead][1])
        return mask

    def rows_positive(self, masks: Iterable[int]) -> list[int]:
        """For each bit set of hyperplanes that of the positive rows, row 0 the highest of m bits."""
        if all(row == (plane, 1) for plane, row in enumerate(self.oriented)):
            # No two rows share a hyperplane: they are these.
            return list(masks)
        high = len(self.oriented) - 1
        positive = [0] * self.planes
        negative = [0] * self.planes
        constant = 0
        for t, (plane, side) in enumerate(self.oriented):
            bit = 1 << (high - t)
            if plane < 0:
                constant |= bit if side > 0 else 0
            elif side > 0:
                positive[plane] |= bit
            else:
                negative[plane] |= bit
        result = []
        for mask in masks:
            rows = constant
            for plane in range(self.planes):
                rows |= positive[plane] if mask >> (self.planes - 1 - plane) & 1 else negative[plane]
            result.append(rows)
        return result

    def point(self, mask: int, inner: Integers) -> tuple[Fraction, ...]:
        """An interior point of a region in the ambient space, from its coordinates, replayed.

        Raises
        ------
        InternalError
            It does not lie in the region.
        """
        if not self.central and inner[-1] <= 0:
            raise InternalError("a witness of an affine region lies at infinity")
        top = self.planes - 1
        for row, (plane, side) in zip(self.functionals, self.oriented, strict=True):
            value = sum(map(mul, row, inner))
            expected = side if plane < 0 or mask >> (top - plane) & 1 else -side
            if (value > 0) - (value < 0) != expected:
                raise InternalError("a witness does not lie in its region")
        scale = 1 if self.central else inner[-1]
        point = [Fraction(0)] * self.dimension
        for coordinate, q in zip(self.coordinates, inner, strict=False):
            point[coordinate] = Fraction(q, scale)
        return tuple(point)


def sign_matrix(words: npt.NDArray[np.uint64], rows: Sequence[OrientedRow]) -> npt.NDArray[np.int8]:
    """Signs of all rows, shape (N, m), from bit sets of hyperplanes, shape (N, W)."""
    import numpy as np

    out = np.empty((len(words), len(rows)), dtype=np.int8)
    order = np.array([plane for plane, _ in rows], dtype=np.int64)
    sides = np.array([side for _, side in rows], dtype=np.int8)
    moving = order >= 0
    step = max(1, (1 << 24) // (64 * words.shape[1]))
    for start in range(0, len(words), step):
        part = words[start : start + step]
        bits = np.unpackbits(part.astype(">u8", order="C").view(np.uint8), axis=1)
        if len(rows) and (moving.all() and np.array_equal(order, np.arange(len(rows))) and (sides == 1).all()):
            signs = bits[:, : len(rows)].view(np.int8)
            out[start : start + step] = signs
            out[start : start + step] *= 2
            out[start : start + step] -= 1
        else:
            out[start : start + step] = sides
            out[start : start + step, moving] *= 2 * bits[:, order[moving]].view(np.int8) - 1
    return out


class Regions(Records):
    """The regions of an arrangement in lexicographic order of their sign vectors.

    ``len``, indexing, iteration and ``in`` speak of sign tuples.

    Attributes
    ----------
    count : int
    signs : numpy int8 array, shape (count, m)
        One row a region, made on first use and read-only.
    fallbacks : int
        Predicates that float64 left open and exact integers decided, while the regions were enumerated.
    """

    COLUMNS = ("index", "signs")

    def records(self) -> Iterator[dict[str, Any]]:
        """One flat dict a region: its index, and its signs as text, ``-``, ``0`` or ``+`` a hyperplane."""
        for index, row in enumerate(self):
            yield {"index": index, "signs": "".join("-0+"[s + 1] for s in row)}

    def __init__(self, vectors: SignVectors, table: RowTable) -> None:
        self._vectors = vectors
        self._table = table
        self._signs: npt.NDArray[np.int8] | None = None
        self._masks: list[int] | None = None

    @property
    def count(self) -> int:
        """Number of regions."""
        return self._vectors.count

    @property
    def fallbacks(self) -> int:
        """Predicates that reached exact integers; 0 for the enumerator that uses nothing else."""
        return self._vectors.fallbacks

    def __len__(self) -> int:
        return self._vectors.count

    def __getitem__(self, index: int) -> tuple[int, ...]:
        return self._table.signs(self._vectors.mask(self._from_start(index)))

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return (self._table.signs(self._vectors.mask(i)) for i in range(self.count))

    def _from_start(self, index: int) -> int:
        forward = index + self.count if index < 0 else index
        if not 0 <= forward < self.count:
            raise IndexError(index)
        return forward

    def index(self, signs: Iterable[int]) -> int:
        """The index of a region.

        Raises
        ------
        ValueError
            These are not the signs of a region.
        """
        index = self._find(signs)
        if index is None:
            raise ValueError("not the sign vector of a region")
        return index

    def _find(self, signs: Iterable[int]) -> int | None:
        signs = tuple(signs)
        if len(signs) != len(self._table.oriented):
            return None
        mask = self._table.mask(signs)
        return self._vectors.find(mask) if self._table.signs(mask) == signs else None

    def __contains__(self, signs: object) -> bool:
        return isinstance(signs, Iterable) and self._find(signs) is not None

    def some(self, indices: Sequence[int]) -> Regions:
        """Some of these regions, by increasing index."""
        return Regions(Chosen(self._vectors, indices), self._table)

    @property
    def leads(self) -> list[int]:
        """The first row of each distinct hyperplane."""
        return sorted(self._table.leads.values())

    @property
    def masks(self) -> list[int]:
        """The positive rows of each region as a bit set, row 0 the highest of m bits; increasing."""
        if self._masks is None:
            self._masks = self._table.rows_positive(map(self._vectors.mask, range(self.count)))
        return self._masks

    @property
    def packed(self) -> npt.NDArray[np.uint64]:
        """Sides of the distinct hyperplanes, in order of their first rows: bit sets, shape (count, W), highest bit
        first, set where that row is positive. Cost: nothing beyond the enumeration."""
        return self._vectors.words()

    @property
    def signs(self) -> npt.NDArray[np.int8]:
        """Sign matrix, shape (count, m), int8, rows in lexicographic order."""
        if self._signs is None:
            signs = sign_matrix(self._vectors.words(), self._table.oriented)
            signs.flags.writeable = False
            self._signs = signs
        return self._signs

    def walls(self, index: int) -> list[int]:
        """The rows on which region ``index`` has facets (of each hyperplane the first): flipping one gives a region."""
        mask, top = self._vectors.mask(self._from_start(index)), self._table.planes - 1
        leads = self._table.leads.items()
        return sorted(t for plane, t in leads if self._vectors.find(mask ^ 1 << (top - plane)) is not None)

    def witness(self, index: int) -> tuple[Fraction, ...]:
        """An interior point of region ``index`` in the ambient space; 0 off the coordinates that carry the rank."""
        index = self._from_start(index)
        return next(self.witnesses(index, index + 1))

    def witnesses(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[Fraction, ...]]:
        """Interior points of the regions from ``start`` to ``stop``, each proved to lie in its region.

        Cost: a few floating-point products of a region with the hyperplanes, and one check in integers.

        Raises
        ------
        InternalError
            A witness is not in its region.
        """
        stop = self.count if stop is None else stop
        for low in range(start, stop, 4096):
            high = min(low + 4096, stop)
            for index, inner in zip(range(low, high), self._vectors.points(low, high), strict=True):
                yield self._table.point(self._vectors.mask(index), inner)

    def __repr__(self) -> str:
        return f"<{self.count} regions of {len(self._table.oriented)} hyperplanes>"
