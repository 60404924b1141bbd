"""Settling column sets: which optimum each has. One exact solve a distinct optimum, bit masks for the rest.

An optimum with support S and allowed columns A (see :mod:`exactgeo.basin.optimum`) settles every set J with
S <= J <= A. For the squared losses the support alone determines it, so it is found in the order: a batch of float
proposals, the distinct supports among them, one exact least squares each, the signs of all columns against the
residuals, and one comparison of bit masks for all sets of the block. What no proposal settles goes to the exact
active-set method. The outcome depends on the sets alone, not on what was settled before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from exactgeo.basin.optimum import Optimum, Program, Value, solve
from exactgeo.errors import InternalError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from exactgeo.basin._propose_batch import Proposer

    Words = npt.NDArray[np.uint64]
    Numbers = npt.NDArray[np.int32]

__all__ = ["Settled", "pack", "settle", "settle_sets", "unpack"]

Progress = Callable[[int, int], None]

PAIRS = 2**21
"""Sets times optima compared at once; bounds the memory of a comparison."""

REMEMBERED = 2**18
"""Supports whose optimum a process keeps between blocks."""

RETRIES = 4
"""Exact least squares a proposed support may take while columns with weights <= 0 leave it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """An optimum, as little of it as settles sets.

    Attributes
    ----------
    value : Fraction or Enclosure
    support, allowed : int
        Masks of columns.
    attained : bool
    whole : Optimum or None
        None where ``support`` determines it (:meth:`optimum`).
    """

    value: Value
    support: int
    allowed: int
    attained: bool = True
    whole: Optimum | None = None

    def optimum(self, program: Program) -> Optimum:
        """The whole of it, replayed."""
        if self.whole is not None:
            return self.whole
        from exactgeo.basin.quadratic import on_support

        best = on_support(program, self.support)
        if best is None or (best.value, best.allowed) != (self.value, self.allowed):
            raise InternalError("the optimum on a support is not what it was")
        return best


def pack(masks: Sequence[int], columns: int) -> Words:
    """Masks as rows of 64-bit words, lowest first."""
    import numpy as np

    width = max(1, -(-columns // 64))
    data = b"".join(mask.to_bytes(8 * width, "little") for mask in masks)
    return np.frombuffer(data, dtype="<u8").reshape(len(masks), width)


def unpack(words: Words) -> list[int]:
    """The inverse of :func:`pack`."""
    return [int.from_bytes(row.tobytes(), "little") for row in words]


def settle(
    program: Program, masks: Sequence[int], seconds: float | None = None, progress: Progress | None = None
) -> tuple[list[Optimum], list[int]]:
    """Optima that settle the column sets, and for each set the index of its optimum (-1: not reached in time)."""
    found, owner = settle_sets(program, pack(masks, len(program.columns)), seconds, progress)
    return [best.optimum(program) for best in found], [int(k) for k in owner]


def settle_sets(
    program: Program, sets: Words, seconds: float | None = None, progress: Progress | None = None
) -> tuple[list[Settled], Numbers]:
    """As :func:`settle`, for sets in words, with as much of the optima as settles them.

    Parameters
    ----------
    program : Program
    sets : array of uint64, (sets, words)
        Repeats are allowed.
    seconds : float, optional
    progress : callable (settled, sets), optional

    Returns
    -------
    list of Settled, array of int32
        Ctrl-C ends it like the time limit.

    Raises
    ------
    InternalError
        An exact answer failed its replay.
    """
    import numpy as np

    if len(sets) == 1:
        table, back = sets, np.zeros(1, dtype=np.intp)
    else:
        table, back = np.unique(sets, axis=0, return_inverse=True)
    work = _Work(program, table)
    end = None if seconds is None else time.monotonic() + seconds
    steps = work.supports() if program.kind in ("squared", "half_squared") else work.whole()
    try:
        if end is None or time.monotonic() < end:
            for _ in steps:
                if progress is not None:
                    progress(int((work.owner >= 0).sum()), len(table))
                if end is not None and time.monotonic() > end:
                    break
    except KeyboardInterrupt:
        pass
    return work.optima, work.owner[back.reshape(-1)]


class _Work:
    def __init__(self, program: Program, table: Words) -> None:
        import numpy as np

        self.program = program
        self.table = table
        self.owner: Numbers = np.full(len(table), -1, dtype=np.int32)
        self.optima: list[Settled] = []
        bits = np.unpackbits(table.astype("<u8").view(np.uint8), axis=1, bitorder="little")
        self.members = bits[:, : len(program.columns)].astype(bool)
        # Large sets first: their optima use few of their columns and settle many subsets.
        self.order = np.argsort(-self.members.sum(axis=1), kind="stable")

    def take(self, new: Sequence[Settled]) -> None:
        """Give the open sets to the first of the new optima that settles them."""
        import numpy as np

        columns = len(self.program.columns)
        used = pack([best.support for best in new], columns)
        barred = pack([self.program.full & ~best.allowed for best in new], columns)
        rows = np.flatnonzero(self.owner < 0)
        step = max(1, PAIRS // max(1, len(new)))
        for first in range(0, len(rows), step):
            part = rows[first : first + step]
            fits = np.ones((len(part), len(new)), dtype=bool)
            for w in range(self.table.shape[1]):
                word = self.table[part, w][:, None]
                fits &= ((used[:, w] & ~word) | (barred[:, w] & word)) == 0
            hit = fits.any(axis=1)
            self.owner[part[hit]] = len(self.optima) + fits[hit].argmax(axis=1)
        self.optima += new

    def whole(self) -> Iterable[None]:
        """One set after the other, by the solver of its loss."""
        for i in self.order:
            if self.owner[i] < 0:
                best = solve(self.program, unpack(self.table[i : i + 1])[0])
                self.take([Settled(best.value, best.support, best.allowed, best.attained, best)])
                yield

    def supports(self) -> Iterable[None]:
        """Proposals for a sample of the open sets, until none is open."""
        import numpy as np

        program = self.program
        proposer, solved = _prepared(program)
        if len(solved) > REMEMBERED:
            solved.clear()
        tried: set[int] = set()
        while len(rows := self.order[self.owner[self.order] < 0]):
            sample = rows[:: max(1, len(rows) // max(16, len(rows) // 8))]
            proposed = np.packbits(proposer.supports(self.members[sample]), axis=1, bitorder="little")
            ends = [int.from_bytes(row.tobytes(), "little") for row in np.unique(proposed, axis=0)]
            fresh = [support for support in ends if support not in solved]
            solved.update(zip(fresh, _on_supports(program, fresh), strict=True))
            new = {}
            for support in ends:
                best = solved[support]
                if best is not None and best.support not in tried:
                    new[best.support] = best
            tried.update(new)
            if new:
                self.take(list(new.values()))
                yield
            for i in sample:
                if self.owner[i] < 0:
                    exact = solve(program, unpack(self.table[i : i + 1])[0])
                    self.take([Settled(exact.value, exact.support, exact.allowed)])
                    yield


@lru_cache(maxsize=2)
def _prepared(program: Program) -> tuple[Proposer, dict[int, Settled | None]]:
    """What the blocks of one program share: the proposer, and where proposed supports led."""
    from exactgeo.basin._propose_batch import Proposer

    return Proposer(program.columns, program.lines, program.goal[0]), {}


def _on_supports(program: Program, supports: Sequence[int]) -> list[Settled | None]:
    """The optima that these supports lead to, exact; None for those that lead nowhere."""
    import numpy as np

    from exactgeo.basin._filter import dot_signs
    from exactgeo.basin.quadratic import refined

    found = [refined(program, support, RETRIES) for support in supports]
    signs = dot_signs([answer[2] for answer in found if answer is not None], program.columns)
    allowed = iter(np.packbits(signs <= 0, axis=1, bitorder="little"))
    zero = iter(np.packbits(signs == 0, axis=1, bitorder="little"))
    result: list[Settled | None] = []
    for answer in found:
        if answer is None:
            result.append(None)
            continue
        support, value, _ = answer
        if support & ~int.from_bytes(next(zero).tobytes(), "little"):
            raise InternalError("a least squares residual is not orthogonal to its columns")
        result.append(Settled(value, support, int.from_bytes(next(allowed).tobytes(), "little")))
    return result
