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
from exactgeo.exact.enclosure import low
from exactgeo.exact.vectors import ZERO

__all__ = ["Estimate", "Relaxations", "relaxations_of"]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Estimate:
    """About the least loss over some columns, and the weights of those that have it.

    Attributes
    ----------
    number : int
        From which the relaxation of fewer columns starts, and which :meth:`Relaxations.proof` may be asked about.
    value : Fraction
    weights : mapping from column to rational
    """

    number: int
    value: Fraction
    weights: Mapping[int, Fraction]


class Relaxations(ABC):
    """The relaxations of one program."""

    def __init__(self, program: Program, solver: Solver) -> None:
        self.program = program
        self.solver = solver

    @abstractmethod
    def estimates(self, members: Bools, starts: Sequence[int]) -> list[Estimate]:
        """One for each row of columns that may be used; ``starts`` are numbers of estimates of more columns, or -1."""

    @abstractmethod
    def proofs(self, asked: Sequence[tuple[int, int]]) -> list[Solved]:
        """For each number of an estimate, or -1, and each mask of columns an exact dual vector that allows them."""

    @cached_property
    def least(self) -> Solved:
        """The dual vector 0: no loss is negative. (No optimum: only a bound.)"""
        program, zero = self.program, (ZERO,) * self.program.m
        lines = (ZERO,) * len(program.lines)
        found = Optimum(ZERO, program.offset, zero, {}, lines, program.full)
        return Solved(ZERO, 0, program.full, True, (), found)

    def proof(self, number: int, mask: int) -> Solved:
        """One of :meth:`proofs`."""
        [found] = self.proofs([(number, mask)])
        return found

    @abstractmethod
    def unproved(self, numbers: Iterable[int]) -> int:
        """How many of these estimates have no proof yet."""

    def optimum(self, mask: int) -> Solved:
        """The exact optimum over these columns."""
        found = self.solver.optimum(mask)
        return Solved(found.value, found.support, found.allowed, found.attained, (), found)


class _Bases(Relaxations):
    """Of a solver that has bases."""

    solver: BasisSolver

    def __init__(self, program: Program, solver: BasisSolver) -> None:
        super().__init__(program, solver)
        self._pivoting = solver.pivoting()
        self._known: dict[int, Solved | None] = {}

    def estimates(self, members: Bools, starts: Sequence[int]) -> list[Estimate]:
        always = np.ones((len(members), len(self.solver.always)), dtype=bool)
        allowed = np.hstack([members, always])
        near = self._pivoting.within(np.maximum(np.array(starts, dtype=np.int64), 0), allowed)
        return [self._estimate(number) for number in self._pivoting.ends(allowed, near).tolist()]

    def _estimate(self, number: int) -> Estimate:
        try:
            value, weights = self.solver.estimate(*self._pivoting.weights(number))
        except (OverflowError, ValueError):
            # No finite number: the search goes on without one.
            value, weights = Fraction(0), {}
        return Estimate(number, value, weights)

    def proofs(self, asked: Sequence[tuple[int, int]]) -> list[Solved]:
        fresh = list(dict.fromkeys(number for number, _ in asked if number >= 0 and number not in self._known))
        columns = len(self.solver.columns)
        bases = [[j for j in self._pivoting.bases[number].tolist() if j < columns] for number in fresh]
        if fresh:
            self._known |= zip(fresh, at_bases(self.solver, bases), strict=True)
        return [self._allowing(number, mask) for number, mask in asked]

    def _allowing(self, number: int, mask: int) -> Solved:
        found = self._known.get(number)
        if found is None or mask & ~found.allowed:
            found = self._known[number] = self.optimum(mask)
        return found

    def unproved(self, numbers: Iterable[int]) -> int:
        return len({*numbers} - self._known.keys())


class _Series(Relaxations):
    """Of a solver that takes one set of columns after the other."""

    def __init__(self, program: Program, solver: Solver) -> None:
        super().__init__(program, solver)
        self._optimum = solver.series()
        self._found: list[Solved] = []

    def estimates(self, members: Bools, starts: Sequence[int]) -> list[Estimate]:
        packed = np.packbits(members, axis=1, bitorder="little")
        return [self._one(int.from_bytes(row.tobytes(), "little")) for row in packed]

    def _one(self, mask: int) -> Estimate:
        solved = self.optimum(mask)
        self._found.append(solved)
        best = solved.optimum(self.program)
        weights = dict(best.weights) | {j: 1000 * q for j, q in best.recession.items()}
        return Estimate(len(self._found) - 1, low(best.value), weights)

    def optimum(self, mask: int) -> Solved:
        found = self._optimum(mask)
        return Solved(found.value, found.support, found.allowed, found.attained, (), found)

    def proofs(self, asked: Sequence[tuple[int, int]]) -> list[Solved]:
        return [self._allowing(number, mask) for number, mask in asked]

    def _allowing(self, number: int, mask: int) -> Solved:
        found = self._found[number] if number >= 0 else None
        return self.optimum(mask) if found is None or mask & ~found.allowed else found

    def unproved(self, numbers: Iterable[int]) -> int:
        return 0


def relaxations_of(program: Program) -> Relaxations:
    """The relaxations of a program, by the solver of its loss."""
    solver = solvers.of(program)
    return _Bases(program, solver) if isinstance(solver, BasisSolver) else _Series(program, solver)
