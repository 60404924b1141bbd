"""The relaxations of nodes: the least loss over all columns that a node allows, estimated and proved.

An estimate costs little and is believed by nobody: it says where to branch, and when to look for a proof. A proof is a
dual vector, decided exactly once: it bounds the loss at every node whose columns it allows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from exactgeo.basin import solvers
from exactgeo.basin.batch import REMEMBERED, Solved, at_bases
from exactgeo.basin.cone_program import Optimum, Program
from exactgeo.basin.solvers.solver import BasisSolver, Solver
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import low
from exactgeo.exact.vectors import ZERO

__all__ = ["Estimate", "Key", "Relaxations", "relaxations_of"]

Bools = npt.NDArray[np.bool_]

Key = bytes | Solved | None
"""What an estimate is made of, the same in every process: a basis, or all of an optimum; None for none."""


class Estimate(NamedTuple):
    """About the least loss over some columns."""

    key: Key
    value: Fraction


class Relaxations(ABC):
    """The relaxations of one program."""

    def __init__(self, program: Program, solver: Solver) -> None:
        self.program = program
        self.solver = solver

    @abstractmethod
    def estimates(self, members: Bools, starts: Sequence[Key]) -> list[Estimate]:
        """One for each row of columns that may be used; ``starts`` are keys of estimates of more columns, or None.

        Law: they depend on these arguments alone, not on what was asked before.
        """

    @abstractmethod
    def start(self, key: Key) -> Key:
        """What the relaxation of fewer columns starts from; None where that is of no use."""

    @abstractmethod
    def weights(self, key: Key) -> Mapping[int, Fraction]:
        """Those of the estimate with this key."""

    @abstractmethod
    def sound(self, key: object) -> bool:
        """Whether something from elsewhere may be a key."""

    @abstractmethod
    def duals(self, keys: Sequence[Key]) -> list[Solved | None]:
        """The exact dual vectors that keys determine and do not hold, each from its key alone; None where there is
        none."""

    @abstractmethod
    def plausible(self, key: Key, dual: object) -> bool:
        """Whether something from elsewhere may be what :meth:`duals` says of a key, as far as that costs nothing."""

    @abstractmethod
    def believe(self, key: Key, dual: Solved) -> None:
        """Take one of :meth:`duals`, from here or from another process, for that of its key."""

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
        return _whole(self.solver.optimum(mask))


class _Bases(Relaxations):
    """Of a solver that has bases."""

    solver: BasisSolver

    def __init__(self, program: Program, solver: BasisSolver) -> None:
        super().__init__(program, solver)
        self._pivoting = solver.pivoting()
        self._known: dict[Key, Solved | None] = {}

    def estimates(self, members: Bools, starts: Sequence[Key]) -> list[Estimate]:
        if self._pivoting.known > REMEMBERED:
            self._pivoting.forget()
        always = np.ones((len(members), len(self.solver.always)), dtype=bool)
        allowed = np.hstack([members, always])
        near = self._pivoting.within(self._numbers(starts), allowed)
        ends, bases = self._pivoting.ends(allowed, near).tolist(), self._pivoting.bases
        return [Estimate(bytes(bases[number]), self._value(number)) for number in ends]

    def _value(self, number: int) -> Fraction:
        try:
            return self.solver.estimate(self._pivoting.weights(number)[0], {})[0]
        except (OverflowError, ValueError):
            # No finite number: the search goes on without one.
            return Fraction(0)

    def _numbers(self, keys: Sequence[Key]) -> npt.NDArray[np.int64]:
        # The first basis of all has number 0.
        numbers = np.zeros(len(keys), dtype=np.int64)
        there = [i for i, key in enumerate(keys) if key is not None]
        numbers[there] = self._pivoting.numbered([_bytes(keys[i]) for i in there])
        return numbers

    def start(self, key: Key) -> Key:
        return key

    def weights(self, key: Key) -> Mapping[int, Fraction]:
        try:
            return self.solver.estimate(*self._pivoting.weights(int(self._numbers([key])[0])))[1]
        except (OverflowError, ValueError):
            return {}

    def sound(self, key: object) -> bool:
        size = self._pivoting.bases.shape[1]
        if not isinstance(key, bytes) or len(key) != 4 * size:
            return False
        columns, last = np.frombuffer(key, dtype=np.int32), len(self.solver.columns)
        # By rounding a column may come twice.
        return bool((columns >= 0).all() and (columns <= last).all() and (np.diff(columns) >= 0).all())

    def duals(self, keys: Sequence[Key]) -> list[Solved | None]:
        columns = len(self.solver.columns)
        bases = [[j for j in np.frombuffer(_bytes(key), dtype=np.int32).tolist() if j < columns] for key in keys]
        return at_bases(self.solver, bases) if bases else []

    def plausible(self, key: Key, dual: object) -> bool:
        if dual is None:
            return True
        if not isinstance(dual, Solved) or not isinstance(dual.value, Fraction) or dual.proof is not None:
            return False
        columns = {*np.frombuffer(_bytes(key), dtype=np.int32).tolist()}
        if not columns.issuperset(dual.basis) or dual.allowed & ~self.program.full:
            return False
        return not dual.support & ~sum(1 << j for j in dual.basis) and not dual.support & ~dual.allowed

    def believe(self, key: Key, dual: Solved) -> None:
        self._known.setdefault(key, dual)

    def proofs(self, asked: Sequence[tuple[Key, int]]) -> list[Solved]:
        fresh = list(dict.fromkeys(key for key, _ in asked if key is not None and key not in self._known))
        self._known |= zip(fresh, self.duals(fresh), strict=True)
        return [self._allowing(key, mask) for key, mask in asked]

    def _allowing(self, key: Key, mask: int) -> Solved:
        found = self._known.get(key)
        if found is None or mask & ~found.allowed:
            found = self._known[key] = self.optimum(mask)
        return found

    def unproved(self, keys: Iterable[Key]) -> int:
        return len({*keys} - self._known.keys())


class _Series(Relaxations):
    """Of a solver that takes one set of columns after the other; a key is all that it says of one."""

    def __init__(self, program: Program, solver: Solver) -> None:
        super().__init__(program, solver)
        # Found or replayed here, by their identity.
        self._sure: dict[int, Solved] = {}

    def estimates(self, members: Bools, starts: Sequence[Key]) -> list[Estimate]:
        packed = np.packbits(members, axis=1, bitorder="little")
        # A series of its own: what it finds may depend on the sets before.
        optimum, found = self.solver.series(), []
        for row in packed:
            solved = _whole(optimum(int.from_bytes(row.tobytes(), "little")))
            self._sure[id(solved)] = solved
            found.append(Estimate(solved, low(solved.value)))
        return found

    def start(self, key: Key) -> Key:
        return None

    def weights(self, key: Key) -> Mapping[int, Fraction]:
        if not isinstance(key, Solved):
            return {}
        best = key.optimum(self.program)
        return dict(best.weights) | {j: 1000 * q for j, q in best.recession.items()}

    def sound(self, key: object) -> bool:
        if not isinstance(key, Solved) or not isinstance(key.proof, Optimum) or key != _whole(key.proof):
            return False
        weights, columns = [*key.proof.weights.items(), *key.proof.recession.items()], len(self.program.columns)
        return all(j in range(columns) and isinstance(q, Fraction) for j, q in weights)

    def duals(self, keys: Sequence[Key]) -> list[Solved | None]:
        return [None] * len(keys)

    def plausible(self, key: Key, dual: object) -> bool:
        return dual is None

    def believe(self, key: Key, dual: Solved) -> None:
        raise InternalError("a dual vector that its key holds")

    def proofs(self, asked: Sequence[tuple[Key, int]]) -> list[Solved]:
        return [self._allowing(key, mask) for key, mask in asked]

    def _allowing(self, key: Key, mask: int) -> Solved:
        if not isinstance(key, Solved) or mask & ~key.allowed or not self._stands(key):
            return self.optimum(mask)
        return key

    def _stands(self, key: Solved) -> bool:
        """Whether it is an optimum: it may have come from anywhere."""
        if id(key) not in self._sure:
            try:
                self.solver.replay(key.support, key.optimum(self.program))
            except Exception:
                return False
            self._sure[id(key)] = key
        return True

    def unproved(self, keys: Iterable[Key]) -> int:
        return 0


def _whole(found: Optimum) -> Solved:
    """An optimum with its proof."""
    return Solved(found.value, found.support, found.allowed, found.attained, (), found)


def _bytes(key: Key) -> bytes:
    if not isinstance(key, bytes):
        raise InternalError("a basis that is none")
    return key


def relaxations_of(program: Program) -> Relaxations:
    """The relaxations of a program, by the solver of its loss."""
    solver = solvers.of(program)
    return _Bases(program, solver) if isinstance(solver, BasisSolver) else _Series(program, solver)
