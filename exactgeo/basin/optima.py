"""Many optima in little memory, each once: bytes instead of objects, some hundred of them for each optimum."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from struct import Struct
from typing import overload

from exactgeo.basin.batch import Solved
from exactgeo.exact.enclosure import Value

__all__ = ["Bases", "Optima"]

_HEAD = Struct("<II?")
"""Bytes of the numerator and of the denominator, attained."""


class Bases:
    """Tuples of whole numbers, numbered in the order in which they come; a hash table without objects.

    Examples
    --------
    >>> known = Bases()
    >>> known.find((1, 2)), known.add((1, 2)), known.add((3,)), known.find((1, 2))
    (-1, 0, 1, 0)
    """

    def __init__(self) -> None:
        self._columns = array("I")
        self._ends = array("Q")
        self._hashes = array("q")
        self._table = array("i", [-1]) * 64

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> tuple[int, ...]:
        return tuple(self._columns[self._ends[number - 1] if number else 0 : self._ends[number]])

    def find(self, basis: Sequence[int]) -> int:
        """The number of a tuple; -1: it is not there."""
        return self._table[self._where(tuple(basis), hash(tuple(basis)))]

    def add(self, basis: Sequence[int], *, found: bool = True) -> int:
        """The next number for a tuple; with ``found`` False for one that :meth:`find` shall not find."""
        number = len(self._ends)
        self._columns.extend(basis)
        self._ends.append(len(self._columns))
        self._hashes.append(hash(tuple(basis)) if found else -1)
        if found:
            self._table[self._where(tuple(basis), self._hashes[number])] = number
        if 2 * len(self._ends) > len(self._table):
            self._rehash(2 * len(self._table))
        return number

    def cut(self, length: int) -> None:
        """Forget all but the first ones."""
        del self._ends[length:]
        del self._hashes[length:]
        del self._columns[self._ends[-1] if length else 0 :]
        self._rehash(len(self._table))

    def _where(self, basis: tuple[int, ...], mark: int) -> int:
        """Where it is, or where it goes."""
        last = len(self._table) - 1
        at = mark & last
        while (number := self._table[at]) >= 0 and not (self._hashes[number] == mark and self[number] == basis):
            at = at + 1 & last
        return at

    def _rehash(self, size: int) -> None:
        self._table = table = array("i", [-1]) * size
        for number, mark in enumerate(self._hashes):
            # No hash is -1.
            if mark != -1:
                at = mark & size - 1
                while table[at] >= 0:
                    at = at + 1 & size - 1
                table[at] = number


class Optima(Sequence[Solved]):
    """Optima of one program, in the order in which they come; one with a basis comes once.

    Parameters
    ----------
    columns : int
        Of the program.
    found : iterable of Solved, optional
    """

    def __init__(self, columns: int, found: Iterable[Solved] = ()) -> None:
        self._count, self._size = columns, -(-columns // 8)
        self._bases = Bases()
        self._data = bytearray()
        self._ends = array("Q")
        # Those without a basis, or with other than its columns, as they are.
        self._whole: dict[int, Solved] = {}
        for best in found:
            self.add(best)

    def add(self, best: Solved) -> int:
        """The number of an optimum."""
        number = -1 if best.proof is not None else self._bases.find(best.basis)
        if number >= 0:
            return number
        number = self._bases.add(best.basis, found=best.proof is None)
        if best.proof is None and isinstance(best.value, Fraction) and best.support == self._support(best.basis):
            top, bottom = best.value.numerator, best.value.denominator
            first, second = top.bit_length() // 8 + 1, bottom.bit_length() // 8 + 1
            self._data += _HEAD.pack(first, second, best.attained)
            self._data += top.to_bytes(first, "little", signed=True) + bottom.to_bytes(second, "little")
            self._data += best.allowed.to_bytes(self._size, "little")
        else:
            self._whole[number] = best
        self._ends.append(len(self._data))
        return number

    def _support(self, basis: Iterable[int]) -> int:
        # A loss may have columns of its own.
        return sum(1 << j for j in basis if j < self._count)

    def __len__(self) -> int:
        return len(self._ends)

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
        value, at, attained = self._read(number)
        basis = self._bases[number]
        allowed = int.from_bytes(self._data[at : at + self._size], "little")
        return Solved(value, self._support(basis), allowed, attained, basis)

    def _read(self, number: int) -> tuple[Fraction, int, bool]:
        """Value, where what follows begins, and whether it is attained."""
        at = self._ends[number - 1] if number else 0
        first, second, attained = _HEAD.unpack_from(self._data, at)
        at += _HEAD.size
        top = int.from_bytes(self._data[at : at + first], "little", signed=True)
        bottom = int.from_bytes(self._data[at + first : at + first + second], "little")
        return Fraction(top, bottom), at + first + second, attained

    def value(self, number: int) -> Value:
        """That of one."""
        whole = self._whole.get(number)
        return self._read(number)[0] if whole is None else whole.value

    def values(self) -> Iterator[Value]:
        """Those of all, in order."""
        return map(self.value, range(len(self)))
