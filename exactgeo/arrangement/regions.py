"""The regions of an arrangement, as a container of sign vectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from operator import mul
from typing import TYPE_CHECKING

from exactgeo.arrangement.enumerators import Cells, Chosen
from exactgeo.errors import InternalError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Regions", "Row", "sign_matrix"]

Row = tuple[int, int]
"""Index of a row's hyperplane and 1 or -1, its side; (-1, s) for a zero normal with constant sign s."""


def sign_matrix(words: npt.NDArray[np.uint64], rows: Sequence[Row]) -> npt.NDArray[np.int8]:
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


class Regions:
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

    def __init__(
        self,
        cells: Cells,
        rows: Sequence[Row],
        integral: Sequence[tuple[int, ...]],
        coordinates: tuple[int, ...],
        dimension: int,
        central: bool,
        planes: int,
    ) -> None:
        self._cells = cells
        self._rows = tuple(rows)
        self._integral = integral
        self._coordinates = coordinates
        self._dimension = dimension
        self._central = central
        self._planes = planes
        self._lead = {plane: t for t, (plane, _) in reversed(list(enumerate(rows))) if plane >= 0}
        self._signs: npt.NDArray[np.int8] | None = None
        self._masks: list[int] | None = None

    @property
    def count(self) -> int:
        """Number of regions."""
        return self._cells.count

    @property
    def fallbacks(self) -> int:
        """Predicates that reached exact integers; 0 for the enumerator that uses nothing else."""
        return self._cells.fallbacks

    def __len__(self) -> int:
        return self._cells.count

    def __getitem__(self, index: int) -> tuple[int, ...]:
        return self._decode(self._cells.mask(self._place(index)))

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return (self._decode(self._cells.mask(i)) for i in range(self.count))

    def _place(self, index: int) -> int:
        place = index + self.count if index < 0 else index
        if not 0 <= place < self.count:
            raise IndexError(index)
        return place

    def _decode(self, mask: int) -> tuple[int, ...]:
        top = self._planes - 1
        return tuple(side if plane < 0 or mask >> (top - plane) & 1 else -side for plane, side in self._rows)

    def index(self, signs: Iterable[int]) -> int:
        """The index of a region.

        Raises
        ------
        ValueError
            These are not the signs of a region.
        """
        place = self._find(signs)
        if place is None:
            raise ValueError("not the sign vector of a region")
        return place

    def _find(self, signs: Iterable[int]) -> int | None:
        signs = tuple(signs)
        if len(signs) != len(self._rows):
            return None
        mask = 0
        for plane in range(self._planes):
            # A hyperplane without a row is one of those that clip: all is on its positive side.
            lead = self._lead.get(plane)
            mask = 2 * mask + int(lead is None or signs[lead] == self._rows[lead][1])
        return self._cells.find(mask) if self._decode(mask) == signs else None

    def __contains__(self, signs: object) -> bool:
        return isinstance(signs, Iterable) and self._find(signs) is not None

    def some(self, places: Sequence[int]) -> Regions:
        """Some of these regions, by increasing index."""
        cells = Chosen(self._cells, places)
        return Regions(
            cells, self._rows, self._integral, self._coordinates, self._dimension, self._central, self._planes
        )

    @property
    def leads(self) -> list[int]:
        """The first row of each distinct hyperplane."""
        return sorted(self._lead.values())

    @property
    def masks(self) -> list[int]:
        """The positive rows of each region as a bit set, row 0 the highest of m bits; increasing."""
        if self._masks is None:
            high = len(self._rows) - 1
            positive = [0] * self._planes
            negative = [0] * self._planes
            constant = 0
            for t, (plane, side) in enumerate(self._rows):
                bit = 1 << (high - t)
                if plane < 0:
                    constant |= bit if side > 0 else 0
                elif side > 0:
                    positive[plane] |= bit
                else:
                    negative[plane] |= bit
            self._masks = []
            for i in range(self.count):
                mask, found = self._cells.mask(i), constant
                for plane in range(self._planes):
                    found |= positive[plane] if mask >> (self._planes - 1 - plane) & 1 else negative[plane]
                self._masks.append(found)
        return self._masks

    @property
    def packed(self) -> npt.NDArray[np.uint64]:
        """Sides of the distinct hyperplanes, in order of their first rows: bit sets, shape (count, W), highest bit
        first, set where that row is positive. Cost: nothing beyond the enumeration."""
        return self._cells.words()

    @property
    def signs(self) -> npt.NDArray[np.int8]:
        """Sign matrix, shape (count, m), int8, rows in lexicographic order."""
        if self._signs is None:
            signs = sign_matrix(self._cells.words(), self._rows)
            signs.flags.writeable = False
            self._signs = signs
        return self._signs

    def walls(self, index: int) -> list[int]:
        """The rows on which region ``index`` has facets (of each hyperplane the first): flipping one gives a region."""
        mask, top = self._cells.mask(self._place(index)), self._planes - 1
        return sorted(t for plane, t in self._lead.items() if self._cells.find(mask ^ 1 << (top - plane)) is not None)

    def witness(self, index: int) -> tuple[Fraction, ...]:
        """An interior point of region ``index`` in the ambient space; 0 off the coordinates that carry the rank."""
        place = self._place(index)
        return next(self.witnesses(place, place + 1))

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
            for index, inner in zip(range(low, high), self._cells.points(low, high), strict=True):
                self._replay(self._cells.mask(index), inner)
                scale = 1 if self._central else inner[-1]
                point = [Fraction(0)] * self._dimension
                for coordinate, q in zip(self._coordinates, inner, strict=False):
                    point[coordinate] = Fraction(q, scale)
                yield tuple(point)

    def _replay(self, mask: int, inner: tuple[int, ...]) -> None:
        if not self._central and inner[-1] <= 0:
            raise InternalError("a witness of an affine region lies at infinity")
        top = self._planes - 1
        for row, (plane, side) in zip(self._integral, self._rows, strict=True):
            value = sum(map(mul, row, inner))
            expected = side if plane < 0 or mask >> (top - plane) & 1 else -side
            if (value > 0) - (value < 0) != expected:
                raise InternalError("a witness does not lie in its region")

    def __repr__(self) -> str:
        return f"<{self.count} regions of {len(self._rows)} hyperplanes>"
