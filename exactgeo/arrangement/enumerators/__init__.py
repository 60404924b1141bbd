"""The enumerators of regions, by name: one entry each, and one interface, so that the laws are tested over all of them.

A new enumerator is a function that obeys :class:`Cells`, in a file of its own, and an entry of ``ENUMERATORS``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from operator import mul
from typing import TYPE_CHECKING, Protocol

from exactgeo.arrangement.enumerators.deletion import Hyperplane, Witnesses, affine_regions, central_regions
from exactgeo.errors import InternalError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Vector = tuple[int, ...]

__all__ = ["ENUMERATORS", "Cells", "Chosen", "Listed"]


class Cells(Protocol):
    """The regions of distinct hyperplanes as bit sets: hyperplane 0 the highest of q bits, set where it is positive.

    Laws: the bit sets are exactly those of the regions, increasing; ``points(i, j)`` are interior points of
    regions i to j - 1 as integer vectors, for an affine arrangement with a positive last entry to divide by.
    """

    @property
    def count(self) -> int:
        """Number of regions."""

    @property
    def fallbacks(self) -> int:
        """Predicates that float64 left open and integers decided."""

    def mask(self, index: int) -> int:
        """Bit set of one region."""

    def find(self, mask: int) -> int | None:
        """Index of a bit set, None when it is no region."""

    def words(self) -> npt.NDArray[np.uint64]:
        """All bit sets, shape (count, W): hyperplane 0 the highest bit of word 0, unused bits 0."""

    def points(self, start: int, stop: int) -> list[tuple[int, ...]]:
        """Interior points."""


class Listed:
    """Regions in a dictionary from bit set to interior point."""

    fallbacks = 0

    def __init__(self, witnesses: Witnesses, planes: int) -> None:
        self._masks = sorted(witnesses)
        self._witnesses = witnesses
        self._planes = planes
        self.count = len(self._masks)

    def mask(self, index: int) -> int:
        return self._masks[index]

    def find(self, mask: int) -> int | None:
        index = bisect_left(self._masks, mask)
        return index if index < self.count and self._masks[index] == mask else None

    def words(self) -> npt.NDArray[np.uint64]:
        import numpy as np

        width = max(1, -(-self._planes // 64))
        spare = 64 * width - self._planes
        data = b"".join((mask << spare).to_bytes(8 * width, "big") for mask in self._masks)
        return np.frombuffer(data, dtype=">u8").astype(np.uint64).reshape(self.count, width)

    def points(self, start: int, stop: int) -> list[tuple[int, ...]]:
        return [self._witnesses[mask] for mask in self._masks[start:stop]]

    def __iter__(self) -> Iterator[int]:
        return iter(self._masks)


class Chosen:
    """Some of the regions, as regions of their own; obeys the laws of :class:`Cells`.

    Parameters
    ----------
    places : increasing indices, a range or a list
    """

    def __init__(self, cells: Cells, places: Sequence[int]) -> None:
        self._cells = cells
        self._places = places
        self.count = len(places)

    @property
    def fallbacks(self) -> int:
        """Of the whole enumeration."""
        return self._cells.fallbacks

    def mask(self, index: int) -> int:
        """Bit set of one region."""
        return self._cells.mask(self._places[index])

    def find(self, mask: int) -> int | None:
        """Index of a bit set."""
        place = self._cells.find(mask)
        if place is None:
            return None
        index = bisect_left(self._places, place)
        return index if index < self.count and self._places[index] == place else None

    def words(self) -> npt.NDArray[np.uint64]:
        """All bit sets."""
        import numpy as np

        return self._cells.words()[np.array(self._places, dtype=np.int64)]

    def points(self, start: int, stop: int) -> list[tuple[int, ...]]:
        """Interior points, run by run of neighbours."""
        found: list[tuple[int, ...]] = []
        while start < stop:
            end = start + 1
            while end < stop and self._places[end] == self._places[end - 1] + 1:
                end += 1
            found += self._cells.points(self._places[start], self._places[end - 1] + 1)
            start = end
        return found


def deletion_restriction(vectors: Sequence[Vector], dimension: int, central: bool, uniform: bool | None) -> Cells:
    """One hyperplane at a time, with an exact witness of every region, in plain integers; no numpy."""
    planes: list[Hyperplane] = []
    for k, vector in enumerate(vectors):
        bit = 1 << (len(vectors) - 1 - k)
        forward = next(q for q in vector if q) > 0
        planes.append((vector, bit, 0) if forward else (tuple([-q for q in vector]), 0, bit))
    witnesses = (central_regions if central else affine_regions)(planes, dimension)
    for mask, point in witnesses.items():
        for vector, positive, negative in planes:
            side = sum(map(mul, vector, point))
            if not side or bool(mask & (positive or negative)) != (side > 0) ^ bool(negative):
                raise InternalError("a witness does not lie in its region")
    return Listed(witnesses, len(vectors))


def sweep(vectors: Sequence[Vector], dimension: int, central: bool, uniform: bool | None) -> Cells:
    """The sweep along a flag, vectorised over the flats, or along the lines of a plane. ``uniform`` None: not known."""
    from exactgeo.arrangement.enumerators.ordered import Swept

    if dimension - central < 1:
        return deletion_restriction(vectors, dimension, central, uniform)
    return Swept(vectors, central=central, uniform=bool(uniform))


ENUMERATORS: dict[str, Callable[[Sequence[Vector], int, bool, bool | None], Cells]] = {
    "sweep": sweep,
    "deletion-restriction": deletion_restriction,
}
"""From name to function of (oriented integer vectors, dimension, central, uniform or None)."""
