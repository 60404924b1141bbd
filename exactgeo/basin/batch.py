"""Optima of many column sets at once: one exact solve a distinct optimum, bit masks for the rest.

An optimum with support S and allowed columns A (see :mod:`exactgeo.basin.cone_program`) solves every set J with
S <= J <= A. Floats propose a basis for each set of a batch; each distinct basis is refined exactly once, the signs of
all columns against its gradient are exact, and one comparison of bit masks a set says whether it is solved. What no
proposal solves goes to the exact method of its solver. The outcome depends on the sets alone, not on what was solved
before.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from exactgeo.basin import solvers
from exactgeo.basin.cone_program import Optimum, Program
from exactgeo.basin.solvers import BasisSolver
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import Value
from exactgeo.exact.vectors import Vector
from exactgeo.logs import logger

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Words = npt.NDArray[np.uint64]
    Numbers = npt.NDArray[np.int32]
    Indices = npt.NDArray[np.int64]

__all__ = ["Solved", "masks_of", "replay_all", "solve_masks", "solve_sets", "words_of"]

LOG = logger(__name__)

Progress = Callable[[int, int], None]

REMEMBERED = 2**17
"""Bases whose numbers a process keeps between blocks."""

REFINED = 256
"""Bases refined exactly between two looks at the clock."""

UNKNOWN, NOWHERE = -2, -1


class Solved(NamedTuple):
    """An optimum, as little of it as says which sets it solves.

    Attributes
    ----------
    value : Fraction or Enclosure
    support, allowed : int
        Masks of columns.
    attained : bool
    basis : tuple of int
        Columns of the program's solver that determine it (:meth:`optimum`) where ``proof`` is None.
    proof : Optimum or None
        All of it, where there is no basis.
    """

    value: Value
    support: int
    allowed: int
    attained: bool = True
    basis: tuple[int, ...] = ()
    proof: Optimum | None = None

    def optimum(self, program: Program) -> Optimum:
        """All of it, replayed."""
        if self.proof is not None:
            return self.proof
        solver = solvers.of(program)
        found = solver.on_support(self.basis) if isinstance(solver, BasisSolver) else None
        if found is None or (found.value, found.support, found.allowed) != (self.value, self.support, self.allowed):
            raise InternalError("the optimum on a support is not what it was")
        return found

    def gradient(self, program: Program) -> Vector:
        """Its gradient, of which the signs are known to be those that ``allowed`` says."""
        solver = solvers.of(program)
        if self.proof is not None or not isinstance(solver, BasisSolver):
            return self.optimum(program).gradient
        found = solver.gradient(self.basis)
        if found is None:
            raise InternalError("the optimum on a support is not what it was")
        return found

    def packed(self) -> tuple[Any, ...] | Solved:
        """Plain numbers in place of it, for many that travel together; itself where it is more than these."""
        if self.proof is not None or not isinstance(self.value, Fraction):
            return self
        top, bottom = self.value.numerator, self.value.denominator
        return top, bottom, self.support, self.allowed, self.attained, self.basis

    @classmethod
    def unpacked(cls, part: Any) -> Solved:
        """The inverse of :meth:`packed`."""
        if isinstance(part, cls):
            return part
        top, bottom, *rest = part
        return cls(Fraction(top, bottom), *rest)


def words_of(masks: Sequence[int], columns: int) -> Words:
    """Masks as rows of 64-bit words, lowest first."""
    import numpy as np

    width = max(1, -(-columns // 64))
    data = b"".join(mask.to_bytes(8 * width, "little") for mask in masks)
    return np.frombuffer(data, dtype="<u8").reshape(len(masks), width)


def masks_of(words: Words) -> list[int]:
    """The inverse of :func:`words_of`."""
    return [int.from_bytes(row.tobytes(), "little") for row in words]


def solve_masks(
    program: Program, masks: Sequence[int], seconds: float | None = None, progress: Progress | None = None
) -> tuple[list[Optimum], list[int]]:
    """The optima of the column sets, and for each set the index of its optimum (-1: not reached in time)."""
    found, owner, _ = solve_sets(program, words_of(masks, len(program.columns)), seconds, progress)
    return [part.optimum(program) for part in found], [int(k) for k in owner]


def solve_sets(
    program: Program,
    sets: Words,
    seconds: float | None = None,
    progress: Progress | None = None,
    via: tuple[Words, Indices] | None = None,
) -> tuple[list[Solved], Numbers, bool]:
    """As :func:`solve_masks`, for sets in words, with as much of the optima as says which they solve.

    Parameters
    ----------
    program : Program
    sets : array of uint64, (sets, words)
        Repeats are allowed.
    seconds : float, optional
    progress : callable (solved, sets), optional
    via : arrays (parts, words) and (sets,), optional
        For each set the index of a part of it in a shorter list; the search begins at the optimum of the part.

    Returns
    -------
    list of Solved, array of int32, bool
        The optima in the order in which the sets first need them, and whether Ctrl-C ended it; it does so like the
        time limit.

    Raises
    ------
    InternalError
        An exact answer failed its replay.
    """
    import numpy as np

    work, interrupted = _Work(program, sets), False
    end = None if seconds is None else time.monotonic() + seconds
    try:
        if end is None or time.monotonic() < end:
            for _ in work.steps(via):
                if progress is not None:
                    progress(int((work.owner >= 0).sum()), len(sets))
                if end is not None and time.monotonic() > end:
                    break
    except KeyboardInterrupt:
        # It may have come in the middle of what is remembered.
        _prepared.cache_clear()
        interrupted = True
    reached = np.flatnonzero(work.owner >= 0)
    # Where each optimum is needed first: of what is assigned more than once the last stays. The last entry is nobody's.
    first = np.full(len(work.optima) + 1, len(sets), dtype=np.int64)
    first[work.owner[reached[::-1]]] = reached[::-1]
    names = np.flatnonzero(first < len(sets))
    names = names[np.argsort(first[names])]
    number: Numbers = np.full(len(first), -1, dtype=np.int32)
    number[names] = np.arange(len(names), dtype=np.int32)
    return [work.optima[k] for k in names.tolist()], number[work.owner], interrupted


def replay_all(program: Program, found: Sequence[Solved]) -> None:
    """Make sure that these are optima of the program with just these values, from the data and their bases alone.

    Parameters
    ----------
    program : Program
    found : sequence of Solved
        From anywhere.

    Raises
    ------
    InternalError
        One of them is none.
    Exception
        Whatever numbers that are no columns lead to.

    Notes
    -----
    At a basis the equations are solved again, exactly, and so is the sign of every column against the gradient: the
    pair of prediction and gradient that proves it (:mod:`exactgeo.basin.cone_program`). Cost: that of finding it, the
    proposal left out; a proof that is there in full is evaluated.
    """
    solver = solvers.of(program)
    based = [best for best in found if best.proof is None]
    again = at_bases(solver, [best.basis for best in based]) if isinstance(solver, BasisSolver) and based else []
    if again != based:
        raise InternalError("an optimum is not that of its basis")
    for best in found:
        if best.proof is not None:
            solver.replay(best.support, best.proof)
            proof = best.proof
            if (best.value, best.support, best.allowed, best.attained) != (
                proof.value,
                proof.support,
                proof.allowed,
                proof.attained,
            ):
                raise InternalError("an optimum is not that of its proof")


def at_bases(solver: BasisSolver, bases: Sequence[Sequence[int]]) -> list[Solved | None]:
    """The optima at these bases, exact; None where there is none."""
    import numpy as np

    found = [solver.refined(basis) for basis in bases]
    refined = [part for part in found if part is not None]
    allowed = solver.signs(refined) >= 0
    # A loss may have columns of its own that every set may use.
    good = iter(np.asarray(allowed[:, solver.count :].all(axis=1)).tolist())
    packed = np.packbits(allowed[:, : solver.count], axis=1, bitorder="little")
    width, raw = packed.shape[1], packed.tobytes()
    masks = (int.from_bytes(raw[at : at + width], "little") for at in range(0, len(raw), width or 1))
    optima: list[Solved | None] = []
    for part in found:
        if part is None:
            optima.append(None)
            continue
        mask = next(masks, 0)
        support = sum(1 << j for j in part.used)
        optima.append(Solved(part.value, support, mask, True, tuple(part.basis)) if next(good) else None)
    return optima


class _Work:
    """The sets of one call; ``owner`` are indices of ``optima``."""

    def __init__(self, program: Program, sets: Words) -> None:
        import numpy as np

        self.program = program
        self.sets = sets
        self.owner: Indices = np.full(len(sets), -1, dtype=np.int64)
        self.optima: list[Solved] = []

    def steps(self, via: tuple[Words, Indices] | None) -> Iterator[None]:
        if issubclass(solvers.choose(self.program.loss, self.program.y), BasisSolver):
            shared = _prepared(self.program)
            shared.tidy()
            self.optima = shared.optima
            yield from shared.solve(self.sets, via, self.owner)
            # What follows is of these sets alone.
            self.optima = list(self.optima)
        yield from self._rest()

    def _rest(self) -> Iterator[None]:
        """One set after the other, by the exact method."""
        import numpy as np

        rows = np.flatnonzero(self.owner < 0)
        if not len(rows):
            return
        optimum = solvers.of(self.program).series()
        # Large sets first: their optima use few of their columns and solve many subsets.
        sizes = _members(self.sets[rows], len(self.program.columns)).sum(axis=1)
        for i in rows[np.argsort(-sizes, kind="stable")].tolist():
            if self.owner[i] < 0:
                found = optimum(masks_of(self.sets[i : i + 1])[0])
                self._take(Solved(found.value, found.support, found.allowed, found.attained, (), found))
                yield

    def _take(self, found: Solved) -> None:
        """Give an optimum the open sets that it solves."""
        import numpy as np

        columns = len(self.program.columns)
        used, barred = words_of([found.support, self.program.full & ~found.allowed], columns)
        rows = np.flatnonzero(self.owner < 0)
        sets = self.sets[rows]
        fits = (((used & ~sets) | (barred & sets)) == 0).all(axis=1)
        self.owner[rows[fits]] = len(self.optima)
        self.optima.append(found)


class _Shared:
    """What the blocks of one program share: the proposals of bases, and the exact optimum at each basis."""

    def __init__(self, program: Program) -> None:
        solver = solvers.of(program)
        if not isinstance(solver, BasisSolver):
            raise InternalError("a batch of bases without a solver that has bases")
        self.program = program
        self.solver = solver
        self.pivoting = solver.pivoting()
        self._forget()

    def _forget(self) -> None:
        import numpy as np

        self.pivoting.forget()
        self.optima: list[Solved] = []
        self._by_basis: dict[tuple[int, ...], int] = {}
        width = max(1, -(-len(self.program.columns) // 64))
        self._used: Words = np.zeros((0, width), dtype=np.uint64)
        self._barred: Words = np.zeros((0, width), dtype=np.uint64)
        # By the number of a basis: the index of its optimum.
        self._optimum_at: Indices = np.full(1024, UNKNOWN, dtype=np.int64)

    def tidy(self) -> None:
        """Forget everything when it has become too much."""
        if self.pivoting.known > REMEMBERED:
            self._forget()

    def solve(self, sets: Words, via: tuple[Words, Indices] | None, owner: Indices) -> Iterator[None]:
        """Fill ``owner`` with indices of ``optima`` where a proposal is right."""
        import numpy as np

        from exactgeo.arrangement.bits import distinct

        starts = None if via is None else self.pivoting.ends(self._members(via[0]))[via[1]]
        ends = self.pivoting.ends(self._members(sets), starts)
        while len(self._optimum_at) < self.pivoting.known:
            self._optimum_at = np.concatenate([self._optimum_at, np.full_like(self._optimum_at, UNKNOWN)])
        fresh = distinct(ends[self._optimum_at[ends] == UNKNOWN])
        for first in range(0, len(fresh) or 1, REFINED):
            self._refine(fresh[first : first + REFINED])
            found = self._optimum_at[ends]
            known = np.flatnonzero(found >= 0)
            known = known[self._fits(sets[known], found[known])]
            owner[known] = found[known]
            yield

    def _members(self, sets: Words) -> npt.NDArray[np.bool_]:
        import numpy as np

        count, always = len(self.program.columns), len(self.solver.always)
        members = np.ones((len(sets), count + always), dtype=bool)
        members[:, :count] = _members(sets, count)
        return members

    def _fits(self, sets: Words, optima: Indices) -> npt.NDArray[np.bool_]:
        import numpy as np

        fits = np.ones(len(sets), dtype=bool)
        for w in range(sets.shape[1]):
            fits &= ((self._used[optima, w] & ~sets[:, w]) | (self._barred[optima, w] & sets[:, w])) == 0
        return fits

    def _refine(self, states: Indices) -> None:
        """The optima at these bases, exact; NOWHERE where there is none."""
        import numpy as np

        if not len(states):
            return
        columns, before = len(self.solver.columns), len(self.optima)
        rows = self.pivoting.bases[states].tolist()
        self._optimum_at[states] = NOWHERE
        refined = at_bases(self.solver, [[j for j in row if j < columns] for row in rows])
        for state, best in zip(states.tolist(), refined, strict=True):
            if best is not None:
                index = self._by_basis.setdefault(best.basis, len(self.optima))
                self._optimum_at[state] = index
                if index == len(self.optima):
                    self.optima.append(best)
        fresh = self.optima[before:]
        refused = sum(best is None for best in refined)
        LOG.debug("proposed bases: %d accepted, %d refused by exact arithmetic", len(refined) - refused, refused)
        size = len(self.program.columns)
        self._used = np.concatenate([self._used, words_of([part.support for part in fresh], size)])
        barred = [self.program.full & ~part.allowed for part in fresh]
        self._barred = np.concatenate([self._barred, words_of(barred, size)])


class _Prepared(threading.local):
    """What is remembered of the last programs, for each thread its own."""

    def __init__(self) -> None:
        self._kept = lru_cache(maxsize=2)(_Shared)

    def __call__(self, program: Program) -> _Shared:
        return self._kept(program)

    def cache_clear(self) -> None:
        self._kept.cache_clear()


_prepared = _Prepared()


def _members(sets: Words, columns: int) -> npt.NDArray[np.bool_]:
    """One row a set, one entry a column."""
    import numpy as np

    bits = np.unpackbits(np.ascontiguousarray(sets).astype("<u8").view(np.uint8), axis=1, bitorder="little")
    return bits[:, :columns].astype(bool)
