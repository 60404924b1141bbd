"""Many optima, each once: bytes instead of objects. What finds them is in memory, what they are may be in a file."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from functools import reduce as fold
from itertools import chain, pairwise
from operator import or_
from struct import Struct
from typing import TYPE_CHECKING, overload

from exactgeo.basin.batch import Solved, words_of
from exactgeo.exact.enclosure import Value
from exactgeo.spool import Spool, runs

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from exactgeo.basin.batch import Indices, Numbers, Words

    Bools = npt.NDArray[np.bool_]
    Marks = npt.NDArray[np.uint64]

__all__ = ["Bases", "Optima"]

_HEAD = Struct("<II?")
"""Bytes of the numerator and of the denominator, attained."""

READ = 4096
"""Optima that are read together where all are."""


class Bases:
    """Tuples of whole numbers below 2^32, numbered in the order in which they come; a hash table without objects.

    Many are found or added at once, given as :func:`rows` gives them.

    Examples
    --------
    >>> known = Bases()
    >>> known.add(*rows([(1, 2), (3,)]))
    >>> known.find(*rows([(3,), (2,), (1, 2)])).tolist(), known[0]
    ([1, -1, 0], (1, 2))
    """

    def __init__(self) -> None:
        import numpy as np

        self._columns = array("I")
        self._ends = array("Q", [0])
        self._marks = array("Q")
        self._table: Numbers = np.full(64, -1, dtype=np.int32)

    def __len__(self) -> int:
        return len(self._marks)

    def __getitem__(self, number: int) -> tuple[int, ...]:
        return tuple(self._columns[self._ends[number] : self._ends[number + 1]])

    def of(self, numbers: Indices) -> tuple[Indices, Indices]:
        """Some of them, as :func:`rows` gives them."""
        import numpy as np

        starts, lengths = _bounds(self._ends, numbers)
        flat = np.frombuffer(self._columns, dtype=np.uint32)[runs(starts, lengths)]
        return flat.astype(np.int64), np.concatenate([[0], np.cumsum(lengths)])

    def find(self, flat: Indices, ends: Indices) -> Indices:
        """The number of each tuple; -1: it is not there."""
        import numpy as np

        found: Indices = np.full(len(ends) - 1, -1, dtype=np.int64)
        if not len(self):
            return found
        marks, last = _marks_of(flat, ends), np.uint64(len(self._table) - 1)
        left, at = np.arange(len(marks)), marks & last
        while len(left):
            number = self._table[at]
            there = number >= 0
            left, at, number = left[there], at[there], number[there]
            # No function has the view by a name: a profiler that keeps its frame (dask's workers have one) would keep
            # the view too, and what is viewed cannot grow.
            same = np.frombuffer(self._marks, dtype=np.uint64)[number] == marks[left]
            same[same] = self._equal(number[same], flat, ends, left[same])
            found[left[same]] = number[same]
            left, at = left[~same], (at[~same] + np.uint64(1)) & last
        return found

    def _equal(self, numbers: Indices, flat: Indices, ends: Indices, those: Indices) -> Bools:
        import numpy as np

        mine, bounds = self.of(numbers)
        lengths = np.diff(bounds)
        same: Bools = lengths == ends[those + 1] - ends[those]
        if not same.all():
            # Two tuples of different lengths with one hash.
            same[same] = self._equal(numbers[same], flat, ends, those[same])
            return same
        other = np.flatnonzero(mine != flat[runs(ends[those], lengths)])
        same[np.searchsorted(bounds, other, side="right") - 1] = False
        return same

    def add(self, flat: Indices, ends: Indices, found: Bools | None = None) -> None:
        """Give each tuple, none of which is there, the next number.

        ``found`` False: :meth:`find` shall not find it. The others differ from each other.
        """
        import numpy as np

        first, marks = len(self), _marks_of(flat, ends)
        self._columns.frombytes(flat.astype(np.uint32).tobytes())
        self._ends.frombytes((ends[1:] + self._ends[-1]).astype(np.uint64).tobytes())
        self._marks.frombytes(marks.tobytes())
        numbers = np.arange(first, len(self))
        if found is not None:
            numbers = numbers[found]
            # Where the table is made anew it must be known which are in it.
            np.frombuffer(self._marks, dtype=np.uint64)[first:][~found] = 0
        if 2 * len(self) > len(self._table):
            numbers = np.flatnonzero(np.array(self._marks, dtype=np.uint64))
            size = 2 * len(self._table)
            while 2 * len(self) > size:
                size *= 2
            self._table = np.full(size, -1, dtype=np.int32)
        self._enter(numbers)

    def _enter(self, numbers: Indices) -> None:
        import numpy as np

        last = np.uint64(len(self._table) - 1)
        at = np.frombuffer(self._marks, dtype=np.uint64)[numbers] & last
        while len(numbers):
            free = self._table[at] < 0
            # Of some that want the same cell one gets it.
            self._table[at[free]] = numbers[free]
            left = self._table[at] != numbers
            numbers, at = numbers[left], (at[left] + np.uint64(1)) & last


def rows(tuples: Iterable[Sequence[int]]) -> tuple[Indices, Indices]:
    """Tuples one after the other, and where each begins and the last one ends."""
    import numpy as np

    listed = list(tuples)
    ends = np.zeros(len(listed) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, listed), dtype=np.int64, count=len(listed)), out=ends[1:])
    return np.fromiter(chain.from_iterable(listed), dtype=np.int64, count=int(ends[-1])), ends


def _bounds(ends: array[int], numbers: Indices) -> tuple[Indices, Indices]:
    """Where some pieces begin, and their lengths, from where each of all begins and the last one ends."""
    import numpy as np

    # Of many millions only those that are asked for are copied; the view has no name here either.
    starts, stops = (np.frombuffer(ends, dtype=np.uint64)[numbers + k].astype(np.int64) for k in (0, 1))
    return starts, stops - starts


def _mixed(words: Marks) -> Marks:
    """Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators (2014): the finaliser of SplitMix64."""
    import numpy as np

    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _marks_of(flat: Indices, ends: Indices) -> Marks:
    """A hash of each tuple, never 0."""
    import numpy as np

    lengths = np.diff(ends)
    place = np.arange(len(flat)) - np.repeat(ends[:-1], lengths)
    words = _mixed(flat.astype(np.uint64) + place.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    total = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(words, dtype=np.uint64)])
    return _mixed(total[ends[1:]] - total[ends[:-1]] + lengths.astype(np.uint64)) | np.uint64(1)


class Optima(Sequence[Solved]):
    """Optima of one program, in the order in which they come; one with a basis comes once.

    Parameters
    ----------
    columns : int
        Of the program.
    found : iterable of Solved, optional
    folder : str, optional
        Where a file may be made for all but the bases: then some 60 bytes an optimum are in memory.
    """

    def __init__(self, columns: int, found: Iterable[Solved] = (), folder: str | None = None) -> None:
        self._count, self._size = columns, -(-columns // 8)
        self._bases = Bases()
        self._values, self._allowed = Spool(folder), Spool(folder)
        self._ends = array("Q", [0])
        # Those without a basis, or with other than its columns, as they are.
        self._whole: dict[int, Solved] = {}
        for best in found:
            self.extend([best])

    # -- adding -------------------------------------------------------------------------------------------------

    def extend(self, found: Sequence[Solved], first: int = 0, end: int | None = None) -> Indices:
        """The numbers of some optima, of those from ``first`` to ``end``; what is not there yet is added.

        Parameters
        ----------
        found : sequence of Solved
            Of the same program, no basis twice. Others of this class are added without an object for any.
        """
        import numpy as np

        part = range(len(found))[first:end]
        other = found if isinstance(found, Optima) else None
        listed = list(found[part.start : part.stop]) if other is None else []
        if other is None:
            flat, ends = rows(best.basis for best in listed)
            plain = np.fromiter((best.proof is None for best in listed), dtype=bool, count=len(listed))
        else:
            flat, ends = other._bases.of(np.arange(part.start, part.stop))
            plain = np.ones(len(part), dtype=bool)
            plain[[k - part.start for k, best in other._whole.items() if k in part and best.proof is not None]] = False
        numbers = self._bases.find(flat, ends)
        numbers[~plain] = -1
        fresh = np.flatnonzero(numbers < 0)
        numbers[fresh] = np.arange(len(self), len(self) + len(fresh))
        lengths = np.diff(ends)
        bounds = np.concatenate([[0], np.cumsum(lengths[fresh])])
        self._bases.add(flat[runs(ends[fresh], lengths[fresh])], bounds, plain[fresh])
        if other is None:
            self._append([listed[k] for k in fresh.tolist()])
        else:
            self._copy(other, part.start + fresh)
        return numbers

    def _append(self, found: Iterable[Solved]) -> None:
        values, allowed, at = bytearray(), bytearray(), self._ends[-1]
        for best in found:
            value = best.value
            if best.proof is None and isinstance(value, Fraction) and best.support == self._support(best.basis):
                top, bottom = value.as_integer_ratio()
                first, second = top.bit_length() // 8 + 1, bottom.bit_length() // 8 + 1
                values += _HEAD.pack(first, second, best.attained)
                values += top.to_bytes(first, "little", signed=True)
                values += bottom.to_bytes(second, "little")
                allowed += best.allowed.to_bytes(self._size, "little")
            else:
                self._whole[len(self)] = best
                allowed += bytes(self._size)
            self._ends.append(at + len(values))
        self._values.append(values)
        self._allowed.append(allowed)

    def _copy(self, other: Optima, numbers: Indices) -> None:
        import numpy as np

        for k, number in enumerate(numbers.tolist() if other._whole else (), start=len(self)):
            if number in other._whole:
                self._whole[k] = other._whole[number]
        starts, lengths = _bounds(other._ends, numbers)
        self._values.append(other._values.gather(starts, lengths))
        self._allowed.append(other._allowed.gather(self._size * numbers, np.full(len(numbers), self._size)))
        self._ends.frombytes((self._ends[-1] + np.cumsum(lengths)).astype(np.uint64).tobytes())

    def _support(self, basis: Iterable[int]) -> int:
        try:
            return fold(or_, map(_bits(self._count).__getitem__, basis), 0)
        except IndexError:
            # A loss may have columns of its own.
            return sum([1 << j for j in basis if j < self._count])

    def cut(self, length: int) -> None:
        """Forget all but the first ones. Nothing can be added after that."""
        del self._ends[length + 1 :]
        self._whole = {number: best for number, best in self._whole.items() if number < length}

    # -- reading ------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> Solved: ...
    @overload
    def __getitem__(self, index: slice) -> list[Solved]: ...
    def __getitem__(self, index: int | slice) -> Solved | list[Solved]:
        if isinstance(index, slice):
            return [self._one(number) for number in range(len(self))[index]]
        return self._one(range(len(self))[index])

    def __iter__(self) -> Iterator[Solved]:
        return map(self._one, range(len(self)))

    def _one(self, number: int) -> Solved:
        whole = self._whole.get(number)
        if whole is not None:
            return whole
        value, attained = _read(self._values.read(self._ends[number], self._ends[number + 1]))
        basis = self._bases[number]
        allowed = int.from_bytes(self._allowed.read(self._size * number, self._size * (number + 1)), "little")
        return Solved(value, self._support(basis), allowed, attained, basis)

    @property
    def rational(self) -> bool:
        """Whether every value is."""
        return all(isinstance(best.value, Fraction) for best in self._whole.values())

    def value(self, number: int) -> Value:
        """That of one."""
        whole = self._whole.get(number)
        return _read(self._values.read(*self._ends[number : number + 2]))[0] if whole is None else whole.value

    def values(self, first: int = 0) -> Iterator[Value]:
        """Those of all from one on, in order."""
        for start in range(first, len(self), READ):
            ends = self._ends[start : start + READ + 1]
            data = self._values.read(ends[0], ends[-1])
            for number, (low, high) in enumerate(pairwise(ends), start=start):
                whole = self._whole.get(number)
                yield _read(data[low - ends[0] : high - ends[0]])[0] if whole is None else whole.value

    def sets(self, numbers: Indices) -> tuple[Words, Words]:
        """Support and allowed columns of some, one row of 64-bit words each."""
        import numpy as np

        width = max(1, -(-self._count // 64))
        support: Words = np.zeros((len(numbers), width), dtype="<u8")
        for first in range(0, len(numbers), READ):
            part = numbers[first : first + READ]
            flat, ends = self._bases.of(part)
            row = np.repeat(np.arange(len(part)), np.diff(ends))
            # A loss may have columns of its own.
            mine = flat < self._count
            members = np.zeros((len(part), 64 * width), dtype=bool)
            members[row[mine], flat[mine]] = True
            support[first : first + READ] = np.packbits(members, axis=1, bitorder="little").view("<u8")
        padded = np.zeros((len(numbers), 8 * width), dtype=np.uint8)
        padded[:, : self._size] = self._allowed.rows(self._size, numbers)
        allowed = padded.view("<u8")
        for at, number in enumerate(numbers.tolist() if self._whole else ()):
            if number in self._whole:
                best = self._whole[number]
                support[at], allowed[at] = words_of([best.support, best.allowed], 64 * width)
        return support, allowed

    def proves(self, owner: Indices | Numbers, sets: Words) -> bool:
        """Whether each set J has the optimum that ``owner`` names: S <= J <= A for its support S and allowed columns A.

        Cost: three operations a word.
        """
        import numpy as np

        names, index = np.unique(owner.astype(np.int64), return_inverse=True)
        if not len(names):
            return True
        if names[0] < 0 or names[-1] >= len(self) or len(owner) != len(sets):
            return False
        support, allowed = self.sets(names)
        return not bool(((support[index] & ~sets) | (sets & ~allowed[index])).any())


@lru_cache(maxsize=4)
def _bits(columns: int) -> list[int]:
    """The mask of each column."""
    return [1 << j for j in range(columns)]


def _read(data: bytes) -> tuple[Fraction, bool]:
    """Value, and whether it is attained."""
    first, second, attained = _HEAD.unpack_from(data)
    at = _HEAD.size
    top = int.from_bytes(data[at : at + first], "little", signed=True)
    bottom = int.from_bytes(data[at + first : at + first + second], "little")
    return Fraction(top, bottom), attained
