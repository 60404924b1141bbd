"""The exact value of walls: the least loss on the facet that two neighbouring basins share.

A wall is a convex program over some of its basins' columns, so its value comes with the certificate of a basin (see
:mod:`exactgeo.basin.cone_program`), and an optimum with support S and allowed columns A is that of every wall J with
S <= J <= A. Most walls have the optimum of one of their two basins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Protocol

from exactgeo.basin.batch import Solved, solve_sets, words_of
from exactgeo.basin.cone_program import Optimum, Program
from exactgeo.basin.schedule import BlockStore
from exactgeo.basin.solvers import solve
from exactgeo.exact.enclosure import exact

__all__ = ["WallStore", "Walls"]

Known = Optimum | Solved

TOGETHER = 16
"""Solved walls that are kept in one transaction."""

SCANNED = 400
"""Optima of other walls tried on a new one; beyond that a solve is no dearer."""


class WallStore(BlockStore, Protocol):
    """Where a landscape is kept between runs: a census and the walls that were solved."""

    def walls(self, program: Program) -> Iterable[tuple[int, Optimum]]:
        """Columns and replayed optimum of each wall that is kept."""

    def add_walls(self, answers: Sequence[tuple[int, Optimum]]) -> None:
        """Keep walls that were solved."""


class Walls:
    """Optima by column set, each proved by the solver; computed on first use and kept.

    Parameters
    ----------
    program : Program
    store : WallStore, optional
        Takes what is solved, a few walls at a time, until :meth:`close`; gives back what it has.
    solved : dict, optional
        What :func:`~exactgeo.basin.solvers.solve` said of columns, for several searches: it saves time and changes no
        answer.

    Attributes
    ----------
    solved : int
        Optima of walls that were asked for, and that no optimum at hand said.
    """

    def __init__(
        self, program: Program, store: WallStore | None = None, *, solved: dict[int, Optimum] | None = None
    ) -> None:
        self._program = program
        self._found: dict[int, Known] = {}
        self._recent: list[Known] = []
        # By support and allowed columns those that were solved; by columns what was solved before somebody asked.
        self._distinct: dict[tuple[int, int], Known] = {}
        self._ahead: dict[int, Solved] = {}
        self._whole: dict[tuple[int, int], Optimum] = {}
        self._store = store
        self._unstored: list[tuple[int, Known]] = []
        self.solved = 0
        self._solved = solved
        if store is not None:
            for mask, best in store.walls(program):
                self._found[mask] = self._distinct[_key(best)] = best
            self._recent += list(self._found.values())[-SCANNED:]

    def close(self) -> None:
        """Store what is not stored yet; nothing is from now on."""
        self._flush()
        self._store = None

    def _flush(self) -> None:
        if self._store is not None and self._unstored:
            self._store.add_walls([(mask, self.whole(best)) for mask, best in self._unstored])
            self._unstored = []

    @property
    def optima(self) -> list[Known]:
        """All answers so far, each as much as is known of it; see :meth:`whole`."""
        return list(self._found.values())

    def whole(self, best: Known) -> Optimum:
        """An answer with all that belongs to it."""
        if isinstance(best, Optimum):
            return best
        key = _key(best)
        if key not in self._whole:
            self._whole[key] = best.optimum(self._program)
        return self._whole[key]

    def known(self, mask: int, hints: Iterable[Known]) -> Known | None:
        """The optimum over the columns of ``mask`` if one of the hints or an earlier answer is it."""
        optimum = self._found.get(mask)
        if optimum is not None:
            return optimum
        for optimum in hints:
            if not optimum.support & ~mask and not mask & ~optimum.allowed:
                self._found[mask] = optimum
                return optimum
        return None

    def optimum(self, mask: int, hints: Iterable[Known] = ()) -> Optimum:
        """The optimum over the columns of ``mask``.

        Parameters
        ----------
        mask : int
        hints : optima that may be it
            Those of the two basins: a wall has no columns that they lack.
        """
        return self.whole(self._best(mask, hints))

    def value(self, mask: int) -> Fraction:
        """Its value, which is rational."""
        return exact(self._best(mask, ()).value)

    def ahead(self, masks: Iterable[int]) -> None:
        """Solve the walls with these columns together, where that is possible: a few hundredths of what each costs
        alone.

        What is found of one depends on its columns alone, and is no answer before somebody asks for it.
        """
        fresh = [mask for mask in dict.fromkeys(masks) if mask not in self._found and mask not in self._ahead]
        if fresh:
            found, owner, interrupted = solve_sets(self._program, words_of(fresh, len(self._program.columns)))
            if interrupted:
                raise KeyboardInterrupt
            for mask, k in zip(fresh, owner.tolist(), strict=True):
                # Without a basis it may depend on the others.
                if found[k].proof is None:
                    self._ahead[mask] = found[k]

    def _best(self, mask: int, hints: Iterable[Known]) -> Known:
        found, ahead = self.known(mask, hints), None
        if found is None:
            ahead = self._ahead.pop(mask, None)
            found = self.known(mask, self._recent) if ahead is None else self._distinct.get(_key(ahead))
        if found is None:
            found = ahead or self._solve(mask)
            self._distinct[_key(found)] = found
            self.solved += 1
            self._recent.append(found)
            if len(self._recent) > SCANNED:
                del self._recent[: SCANNED // 2]
            if self._store is not None:
                self._unstored.append((mask, found))
                if len(self._unstored) >= TOGETHER:
                    self._flush()
        self._found[mask] = found
        return found

    def _solve(self, mask: int) -> Optimum:
        if self._solved is None:
            return solve(self._program, mask)
        if mask not in self._solved:
            self._solved[mask] = solve(self._program, mask)
        return self._solved[mask]


def _key(best: Known) -> tuple[int, int]:
    return best.support, best.allowed
