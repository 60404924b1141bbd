"""What goes into an enumerator of regions and what comes out, with the laws that all of them obey."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from exactgeo.exact.vectors import Integers
from exactgeo.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Chosen", "DistinctHyperplanes", "Enumerator", "Listed", "SignVectors", "Watch"]

Watch = Callable[[int], None]
"""Called with a number of regions that there are at least, as it grows; what it raises ends the enumeration."""


@dataclass(frozen=True)
class DistinctHyperplanes:
    """Hyperplanes without repetition or lineality space.

    Parameters
    ----------
    vectors : q primitive integer vectors, none a multiple of another
        Central: of length ``rank``. Affine: of length ``rank`` + 1, the constant last; positive where
        ``<a, x> + c > 0``.
    rank : int
        Of the normals, which span.
    central : bool
    uniform : bool or None
        True: verified that every ``rank`` of the hyperplanes are independent (affine: every ``rank`` + 1 of these and
        the one at infinity). False: some are not. None: nobody has looked.
    """

    vectors: tuple[Integers, ...]
    rank: int
    central: bool
    uniform: bool | None = None


class SignVectors(Protocol):
    """The regions of distinct hyperplanes as bit sets: hyperplane 0 the highest of q bits, set where it is positive.

    Laws:

    * every bit set is that of a region, and none occurs twice; increasing (that none is missing is checked against
      Zaslavsky's count by whoever asked for them);
    * ``find(mask(i)) == i``, and ``find`` of any other number below 2^q is None;
    * ``words()`` holds the same bit sets in the same order;
    * ``points(i, j)`` are interior points of regions i to j - 1 as integer vectors; for an affine arrangement the last
      entry is positive, and the point is the others divided by it.
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

    def points(self, start: int, stop: int) -> list[Integers]:
        """Interior points."""


class Enumerator(Protocol):
    """A function that finds the regions of any distinct hyperplanes: no vectors, rank 0 and rank 1 included.

    Law: what it returns obeys :class:`SignVectors`; only the interior points may depend on ``uniform``, which is there
    to save time. ``watch`` is never called with more than the number of regions. Importing its file does not import
    numpy.
    """

    def __call__(self, hyperplanes: DistinctHyperplanes, /, watch: Watch | None = None) -> SignVectors:
        """The regions."""


class Listed:
    """Regions in a dictionary from bit set to interior point; obeys the laws of :class:`SignVectors`.

    Parameters
    ----------
    witnesses : bit set -> integer point
    planes : number of hyperplanes
    """

    fallbacks = 0

    def __init__(self, witnesses: Mapping[int, Integers], planes: int) -> None:
        self._masks = sorted(witnesses)
        self._witnesses = witnesses
        self._planes = planes
        self.count = len(self._masks)

    def mask(self, index: int) -> int:
        """Bit set of one region."""
        return self._masks[index]

    def find(self, mask: int) -> int | None:
        """Index of a bit set."""
        index = bisect_left(self._masks, mask)
        return index if index < self.count and self._masks[index] == mask else None

    def words(self) -> npt.NDArray[np.uint64]:
        """All bit sets."""
        import numpy as np

        width = max(1, -(-self._planes // 64))
        spare = 64 * width - self._planes
        data = b"".join((mask << spare).to_bytes(8 * width, "big") for mask in self._masks)
        return np.frombuffer(data, dtype=">u8").astype(np.uint64).reshape(self.count, width)

    def points(self, start: int, stop: int) -> list[Integers]:
        """Interior points."""
        return [self._witnesses[mask] for mask in self._masks[start:stop]]


class Chosen:
    """Some of the regions, as regions of their own; obeys the laws of :class:`SignVectors`.

    Parameters
    ----------
    indices : increasing, a range or a list
    """

    def __init__(self, vectors: SignVectors, indices: Sequence[int]) -> None:
        self._vectors = vectors
        self._indices = indices
        self.count = len(indices)

    @property
    def fallbacks(self) -> int:
        """Of the whole enumeration."""
        return self._vectors.fallbacks

    def mask(self, index: int) -> int:
        """Bit set of one region."""
        return self._vectors.mask(self._indices[index])

    def find(self, mask: int) -> int | None:
        """Index of a bit set."""
        among_all = self._vectors.find(mask)
        if among_all is None:
            return None
        index = bisect_left(self._indices, among_all)
        return index if index < self.count and self._indices[index] == among_all else None

    def words(self) -> npt.NDArray[np.uint64]:
        """All bit sets."""
        import numpy as np

        return self._vectors.words()[np.array(self._indices, dtype=np.int64)]

    def points(self, start: int, stop: int) -> list[Integers]:
        """Interior points, run by run of neighbours."""
        points: list[Integers] = []
        while start < stop:
            end = start + 1
            while end < stop and self._indices[end] == self._indices[end - 1] + 1:
                end += 1
            points += self._vectors.points(self._indices[start], self._indices[end - 1] + 1)
            start = end
        return points
