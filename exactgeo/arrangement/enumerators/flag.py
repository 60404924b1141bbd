"""A random flag of affine subspaces, the hyperplanes in its coordinates, and what every sweep along it gives.

The flag is F^0 < F^1 < ... < F^n, F^k of dimension k, and y_k, coordinate k in the frame that is drawn, vanishes on
F^(k-1). That of a central arrangement lies in the affine space where one hyperplane is 1.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import flint
import numpy as np

from exactgeo.arrangement.bits import Bools, Floats, Ints, Words, pack
from exactgeo.arrangement.enumerators._filter_minors import Minors, NotGeneric, proved_exact
from exactgeo.arrangement.enumerators.protocol import DistinctHyperplanes, Watch
from exactgeo.errors import InternalError
from exactgeo.exact.matrix import nullspace
from exactgeo.exact.vectors import Integers

__all__ = ["BATCH", "ENTRIES", "Flag", "FlagSweep", "Flats", "Level", "joined"]

_RANGES = (1000, 300, 100, 60, 40, 30, 22, 16, 12, 9, 6, 4)
_FAVOUR = (16, 16, 4, 1)
_WIDE = 1 << 20
_SMALL_ATTEMPTS = 160
BATCH = 1 << 13
ENTRIES = 1 << 22


class Flag:
    """Hyperplanes, a flag, and the hyperplanes as functions on it.

    Parameters
    ----------
    hyperplanes : DistinctHyperplanes
        At least one, and dimension ``rank - central`` at least 1.
    attempt : int
        Another number, another flag.

    Attributes
    ----------
    dimension : int
        n, that of the space that is swept.
    first : int
        The first hyperplane that cuts this space: 1 in a central arrangement, where hyperplane 0 is 1 on it.
    vectors : n + 1 integer vectors
        A point of F^0, and for each k a direction of F^k.
    minors : Minors
        Of the hyperplanes in these coordinates.
    bits, before, full : words
        Each hyperplane's bit, shape (count, W); those of all before it, shape (count + 1, W); all, shape (W,).
    batch : int
        How many flats are treated together.
    """

    def __init__(self, hyperplanes: DistinctHyperplanes, attempt: int) -> None:
        planes = hyperplanes.vectors
        self.first = int(hyperplanes.central)
        self.count = len(planes)
        self.dimension = len(planes[0]) - 1
        self.width = max(1, -(-self.count // 64))
        self.bits = pack(np.eye(self.count, dtype=np.bool_))
        self.full: Words = np.bitwise_or.reduce(self.bits, axis=0)
        self.before = np.concatenate([np.zeros((1, self.width), dtype=np.uint64), np.bitwise_or.accumulate(self.bits)])
        self.batch = max(256, min(BATCH, ENTRIES // self.count))
        # Without special position there are no zeros to prove, so nothing is lost by rounding. Where floats are exact
        # for few and small numbers only, flags of these may all be special.
        rounded = hyperplanes.uniform or attempt >= _SMALL_ATTEMPTS
        candidates = (_WIDE,) if rounded else (*_RANGES[min(attempt // 4, 3) :], _WIDE)
        frame = _frame(planes, hyperplanes.central)
        rng = random.Random(attempt)
        for reach in candidates:
            self.vectors = _drawn(planes, frame, hyperplanes.central, reach, rng)
            table = [[sum(a * b for a, b in zip(plane, v, strict=True)) for v in self.vectors] for plane in planes]
            # Small enough for exact float64 arithmetic if possible.
            if reach == _WIDE or proved_exact(table):
                break
        self.minors = Minors(table)


def _frame(planes: Sequence[Integers], central: bool) -> list[list[int]]:
    """Directions that span the space to be swept."""
    count = len(planes[0])
    if not central:
        return [[int(i == j) for j in range(count)] for i in range(count - 1)]
    kernel = nullspace([planes[0]], count)
    return [list(map(int, row)) for row in flint.fmpz_mat(kernel).lll().tolist()] if kernel else []


def _drawn(
    planes: Sequence[Integers], frame: Sequence[Sequence[int]], central: bool, reach: int, rng: random.Random
) -> list[list[int]]:
    """The vectors of a flag, of entries about as large as ``reach``."""
    count, size = len(planes[0]), len(planes[0]) - 1
    # The first points and lines have the most to miss: their numbers may be larger.
    reaches = [reach * _FAVOUR[min(k, len(_FAVOUR) - 1)] for k in range(size + 1)]
    base = [rng.randint(-reaches[0], reaches[0]) for _ in range(count)]
    if central:
        height = sum(a * b for a, b in zip(planes[0], base, strict=True))
        base = [-q for q in base] if height < 0 else base
    else:
        base[-1] = 1
    steps = []
    for width in reaches[1:]:
        weights = [rng.randint(-width, width) for _ in frame]
        steps.append([sum(w * row[j] for w, row in zip(weights, frame, strict=True)) for j in range(count)])
    return [base, *steps]


@dataclass(frozen=True)
class Flats:
    """Some flats X of one codimension k that meet the flag, ordered by the last element of their first basis."""

    basis: Ints  # (N, k), the lexicographically first basis
    zero: Words  # (N, W), the hyperplanes through X
    positive: Words  # (N, W), those positive at v_X
    above: Bools  # (N,), y_k(v_X) > 0
    minors: Floats  # (sets, N)
    parent: Ints  # (N,), index, one level down, of the flat of the first basis without its last element

    def with_removed(self, remove: Ints) -> Level:
        """The same, knowing the flats of their first bases without one element."""
        return Level(self.basis, self.zero, self.positive, self.above, self.minors, self.parent, remove)


@dataclass(frozen=True)
class Level(Flats):
    """Flats, and where the flats of their first bases without one element are."""

    remove: Ints  # (N, k): index, one level down, of the flat of the basis without its j-th element

    def without_minors(self) -> Level:
        """What is asked once no flat is extended any more."""
        return replace(self, minors=self.minors[:0])

    def part(self, low: int, high: int) -> Level:
        """Some neighbours, without minors."""
        cut = {field.name: getattr(self, field.name)[low:high] for field in fields(self) if field.name != "minors"}
        return Level(**cut, minors=self.minors[:0, low:high])


_SomeFlats = TypeVar("_SomeFlats", bound=Flats)


def joined(parts: Iterable[_SomeFlats], total: int) -> _SomeFlats:
    """All flats of one codimension, ``total`` of them, from parts that are written down as they come."""
    level: _SomeFlats | None = None
    start = 0
    for part in parts:
        if level is None:
            sizes = {field.name: getattr(part, field.name).shape for field in fields(part)}
            shapes = {n: (s[0], total) if n == "minors" else (total, *s[1:]) for n, s in sizes.items()}
            level = type(part)(**{n: np.empty(s, dtype=getattr(part, n).dtype) for n, s in shapes.items()})
        stop = start + len(part.zero)
        for field in fields(part):
            target = getattr(level, field.name)
            (target[:, start:stop] if field.name == "minors" else target[start:stop])[...] = getattr(part, field.name)
        start = stop
    if level is None or start != total:
        raise InternalError(f"{start} flats of a level of {total}")
    return level


class FlagSweep(ABC):
    """Regions of distinct hyperplanes as words, one bit a hyperplane, by a sweep along a flag: see :mod:`.sweep`.

    Laws: the blocks together hold every region once (central: every region where hyperplane 0 is positive); each is
    found by itself, and depends on nothing but the flag.

    Attributes
    ----------
    blocks : int
        How many there are; :meth:`block` finds each by itself.
    levels : list of Level
        Flats by codimension, from 0.

    Raises
    ------
    NotGeneric
        The flag meets the arrangement in special position: another one must be drawn.
    """

    blocks: int

    def __init__(self, flag: Flag) -> None:
        self.flag = flag
        self.minors = flag.minors
        self.dimension = flag.dimension
        self.levels = [_start(flag)]
        self._ranges: list[tuple[int, int, int]] = []

    @abstractmethod
    def complete(self) -> None:
        """Keep the last level too."""

    @abstractmethod
    def _block(self, index: int) -> Words: ...

    @abstractmethod
    def coatoms(self, order: int, elements: Ints) -> tuple[Level, Ints, Ints, Ints]:
        """What spans the local regions of some elements of this codimension, numbered as in the blocks.

        Returns
        -------
        level, flat : a level and the index in it of each element's X
        item, lower : flats Y one level down, such that the ray from v_Y through v_X, beyond v_X, is one of those that
            span the local region of element ``item``
        """

    def _split(self, totals: Iterable[int]) -> None:
        """The blocks of codimension 0, 1, ..., with so many elements."""
        size = 16 * BATCH
        for order, total in enumerate(totals):
            self._ranges += [(order, low, min(total, low + size)) for low in range(0, total, size)]

    @property
    def full(self) -> Words:
        """All hyperplanes."""
        return self.flag.full

    @property
    def exact(self) -> bool:
        """Float arithmetic was proved free of rounding."""
        return self.minors.exact

    @property
    def fallbacks(self) -> int:
        """Signs that integers decided."""
        return self.minors.fallbacks

    def block(self, index: int) -> Words:
        """Regions as words, shape (., W); central: only those where the first hyperplane is positive.

        Raises
        ------
        InternalError
            The arrangement was said to be in general position and is not.
        """
        try:
            return self._block(index)
        except NotGeneric:
            raise InternalError("an arrangement taken for one in general position is not") from None

    def words(self, watch: Watch | None = None) -> Words:
        """All blocks, in order."""
        parts, size = [], 0
        for index in range(self.blocks):
            parts.append(self.block(index))
            size += len(parts[-1])
            if watch is not None:
                watch(size)
        return np.concatenate(parts)

    def locate(self, elements: Ints) -> tuple[Ints, Ints]:
        """Codimension and number within it, from the position in :meth:`words`."""
        sizes = [0] * self.dimension
        for order, _, high in self._ranges:
            if order < self.dimension:
                sizes[order] = high
        starts = np.concatenate([[0], np.cumsum(sizes)])
        codimension = np.asarray(np.searchsorted(starts, elements, side="right") - 1, dtype=np.int64)
        return codimension, elements - starts[codimension]


def _start(flag: Flag) -> Level:
    """The flat of codimension 0, with the point F^0."""
    heights = [row[0] for row in flag.minors.table]
    if 0 in heights:
        raise NotGeneric
    return Level(
        basis=np.zeros((1, 0), dtype=np.int64),
        zero=np.zeros((1, flag.width), dtype=np.uint64),
        positive=pack(np.array([[q > 0 for q in heights]])),
        above=np.ones(1, dtype=np.bool_),
        minors=flag.minors.start(),
        parent=np.zeros(1, dtype=np.int64),
        remove=np.zeros((1, 0), dtype=np.int64),
    )
