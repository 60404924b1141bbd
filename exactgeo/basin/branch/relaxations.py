"""The relaxations of nodes: the least loss over all columns that a node allows, estimated and proved.

An estimate costs little and is believed by nobody: it says where to branch, and when to look for a proof. A proof is a
dual vector, decided exactly once: it bounds the loss at every node whose columns it allows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from exactgeo.basin import solvers
from exactgeo.basin.batch import Solved, at_bases
from exactgeo.basin.cone_program import Optimum, Program
from exactgeo.basin.solvers.solver import BasisSolver, Solver
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import low
from exactgeo.exact.vectors import ZERO

__all__ = ["Estimate", "Key", "Relaxations", "relaxations_of"]

Bools = npt.NDArray[np.bool_]

Key = bytes | int | None
"""What names an estimate: a basis, or a number; None for none."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """About the least loss over some columns, and the weights of those that have it.

    Attributes
    ----------
    number : int
        Of these relaxations alone; see :meth:`Relaxations.key`.
    value : Fraction
    weights : mapping from column to rational
    """

    number: int
    value: Fraction
    weights: Mapping[int, Fraction]


class Relaxations(ABC):
    """The relaxations of one program.

    Attributes
    ----------
    travels : bool
        Whether an estimate depends on the columns and the start alone, and its key says the same everywhere.
    """

    travels: bool

    def __init__(self, program: Program, solver: Solver) -> None:
        self.program = program
        self.solver = solver

    @abstractmethod
    def estimates(self, members: Bools, starts: Sequence[Key]) -> list[Estimate]:
        """One for each row of columns that may be used; ``starts`` are keys of estimates of more columns, or None."""

    @abstractmethod
    def key(self, number: int) -> Key:
        """From which the relaxation of fewer columns starts, and which :meth:`proof` may be asked about."""

    @abstractmethod
    def weights(self, key: Key) -> Mapping[int, Fraction]:
        """Those of the estimate with this key."""

    @abstractmethod
    def sound(self, key: object) -> bool:
        """Whether something from elsewhere may be a key."""

    @abstractmethod
    def proofs(self, asked: Sequence[tuple[Key, int]]) -> list[Solved]:
        """For each key of an estimate, or None, and each mask of columns an exact dual vector that allows them."""

    @cached_property
    def least(self) -> Solved:
        """The dual vector 0: no loss is negative. (No optimum: only a bound.)"""
        program, zero = self.program, (ZERO,) * self.program.m
        lines = (ZERO,) * len(program.lines)
        found = Optimum(ZERO, program.offset, zero, {}, lines, program.full)
        return Solved(ZERO, 0, program.full, True, (), found)

    def proof(self, key: Key, mask: int) -> Solved:
        """One of :meth:`proofs`."""
        [found] = self.proofs([(key, mask)])
        return found

    @abstractmethod
    def unproved(self, keys: Iterable[Key]) -> int:
        """How many of these estimates have no proof yet."""

    def optimum(self, mask: int) -> Solved:
        """The exact optimum over these columns."""
        found = self.solver.optimum(mask)
        return Solved(found.value, found.support, found.allowed, found.attained, (), found)


class _Bases(Relaxations):
    """Of a solver that has bases."""

    solver: BasisSolver
    travels = True

    def __init__(self, program: Program, solver: BasisSolver) -> None:
        super().__init__(program, solver)
        self._pivoting = solver.pivoting()
        self._known: dict[Key, Solved | None] = {}

    def estimates(self, members: Bools, starts: Sequence[Key]) -> list[Estimate]:
        always = np.ones((len(members), len(self.solver.always)), dtype=bool)
        allowed = np.hstack([members, always])
        near = self._pivoting.within(self._numbers(starts), allowed)
        return [self._estimate(number) for number in self._pivoting.ends(allowed, near).tolist()]

    def _estimate(self, number: int) -> Estimate:
        try:
            value, weights = self.solver.estimate(*self._pivoting.weights(number))
        except (OverflowError, ValueError):
            # No finite number: the search goes on without one.
            value, weights = Fraction(0), {}
        return Estimate(number, value, weights)

    def _numbers(self, keys: Sequence[Key]) -> npt.NDArray[np.int64]:
        # The first basis of all has number 0.
        numbers = np.zeros(len(keys), dtype=np.int64)
        there = [i for i, key in enumerate(keys) if key is not None]
        numbers[there] = self._pivoting.numbered([_bytes(keys[i]) for i in there])
        return numbers

    def key(self, number: int) -> Key:
        return bytes(self._pivoting.bases[number])

    def weights(self, key: Key) -> Mapping[int, Fraction]:
        return self._estimate(int(self._numbers([key])[0])).weights

    def sound(self, key: object) -> bool:
        size = self._pivoting.bases.shape[1]
        if not isinstance(key, bytes) or len(key) != 4 * size:
            return False
        columns, last = np.frombuffer(key, dtype=np.int32), len(self.solver.columns)
        # By rounding a column may come twice.
        return bool((columns >= 0).all() and (columns <= last).all() and (np.diff(columns) >= 0).all())

    def proofs(self, asked: Sequence[tuple[Key, int]]) -> list[Solved]:
        fresh = list(dict.fromkeys(key for key, _ in asked if key is not None and key not in self._known))
        columns = len(self.solver.columns)
        bases = [[j for j in np.frombuffer(_bytes(key), dtype=np.int32).tolist() if j < columns] for key in fresh]
        if fresh:
            self._known |= zip(fresh, at_bases(self.solver, bases), strict=True)
        return [self._allowing(key, mask) for key, mask in asked]

    def _allowing(self, key: Key, mask: int) -> Solved:
        found = self._known.get(key)
        if found is None or mask & ~found.allowed:
            found = self._known[key] = self.optimum(mask)
        return found

    def unproved(self, keys: Iterable[Key]) -> int:
        return len({*keys} - self._known.keys())


class _Series(Relaxations):
    """Of a solver that takes one set of columns after the other; what it says of one depends on those before."""

    travels = False

    def __init__(self, program: Program, solver: Solver) -> None:
        super().__init__(program, solver)
        self._optimum = solver.series()
        self._found: list[Solved] = []

    def estimates(self, members: Bools, starts: Sequence[Key]) -> list[Estimate]:
        packed = np.packbits(members, axis=1, bitorder="little")
        return [self._one(int.from_bytes(row.tobytes(), "little")) for row in packed]

    def _one(self, mask: int) -> Estimate:
        solved = self.optimum(mask)
        self._found.append(solved)
        return Estimate(len(self._found) - 1, low(solved.value), self.weights(len(self._found) - 1))

    def key(self, number: int) -> Key:
        return number

    def weights(self, key: Key) -> Mapping[int, Fraction]:
        if not isinstance(key, int):
            return {}
        best = self._found[key].optimum(self.program)
        return dict(best.weights) | {j: 1000 * q for j, q in best.recession.items()}

    def sound(self, key: object) -> bool:
        return isinstance(key, int) and 0 <= key < len(self._found)

    def optimum(self, mask: int) -> Solved:
        found = self._optimum(mask)
        return Solved(found.value, found.support, found.allowed, found.attained, (), found)

    def proofs(self, asked: Sequence[tuple[Key, int]]) -> list[Solved]:
        return [self._allowing(key, mask) for key, mask in asked]

    def _allowing(self, key: Key, mask: int) -> Solved:
        found = self._found[key] if isinstance(key, int) else None
        return self.optimum(mask) if found is None or mask & ~found.allowed else found

    def unproved(self, keys: Iterable[Key]) -> int:
        return 0


def _bytes(key: Key) -> bytes:
    if not isinstance(key, bytes):
        raise InternalError("a basis that is none")
    return key


def relaxations_of(program: Program) -> Relaxations:
    """The relaxations of a program, by the solver of its loss."""
    solver = solvers.of(program)
    return _Bases(program, solver) if isinstance(solver, BasisSolver) else _Series(program, solver)
