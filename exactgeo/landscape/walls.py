"""The exact value of walls: the least loss on the facet that two neighbouring basins share.

A wall is a convex program over some of its basins' columns, so its value comes with the certificate of a basin (see
:mod:`exactgeo.basin.cone_program`), and an optimum with support S and allowed columns A is that of every wall J with
S <= J <= A. Most walls have the optimum of one of their two basins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from exactgeo.basin.cone_program import Optimum, Program
from exactgeo.basin.schedule import BlockStore
from exactgeo.basin.solvers import solve

__all__ = ["WallStore", "Walls"]

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
    """Optima by column set, each replayed by the solver; computed on first use and kept.

    Parameters
    ----------
    program : Program
    store : WallStore, optional
        Takes what is solved, a few walls at a time, until :meth:`close`; gives back what it has.
    solved : dict, optional
        What :func:`~exactgeo.basin.solvers.solve` said of columns, for several searches: it saves time and changes no
        answer.
    """

    def __init__(
        self, program: Program, store: WallStore | None = None, *, solved: dict[int, Optimum] | None = None
    ) -> None:
        self._program = program
        self._found: dict[int, Optimum] = {}
        self._recent: list[Optimum] = []
        self._store = store
        self._unstored: list[tuple[int, Optimum]] = []
        self.solved = 0
        self._solved = solved
        if store is not None:
            self._found.update(store.walls(program))
            self._recent += list(self._found.values())[-SCANNED:]

    def close(self) -> None:
        """Store what is not stored yet; nothing is from now on."""
        self._flush()
        self._store = None

    def _flush(self) -> None:
        if self._store is not None and self._unstored:
            self._store.add_walls(self._unstored)
            self._unstored = []

    @property
    def optima(self) -> list[Optimum]:
        """All answers so far."""
        return list(self._found.values())

    def known(self, mask: int, hints: Iterable[Optimum]) -> Optimum | None:
        """The optimum over the columns of ``mask`` if one of the hints or an earlier answer is it."""
        optimum = self._found.get(mask)
        if optimum is not None:
            return optimum
        for optimum in hints:
            if not optimum.support & ~mask and not mask & ~optimum.allowed:
                self._found[mask] = optimum
                return optimum
        return None

    def optimum(self, mask: int, hints: Iterable[Optimum] = ()) -> Optimum:
        """The optimum over the columns of ``mask``.

        Parameters
        ----------
        mask : int
        hints : optima that may be it
            Those of the two basins: a wall has no columns that they lack.
        """
        optimum = self.known(mask, hints) or self.known(mask, self._recent)
        if optimum is None:
            optimum = self._solve(mask)
            self.solved += 1
            self._found[mask] = optimum
            self._recent.append(optimum)
            if len(self._recent) > SCANNED:
                del self._recent[: SCANNED // 2]
            if self._store is not None:
                self._unstored.append((mask, optimum))
                if len(self._unstored) >= TOGETHER:
                    self._flush()
        return optimum

    def _solve(self, mask: int) -> Optimum:
        if self._solved is None:
            return solve(self._program, mask)
        if mask not in self._solved:
            self._solved[mask] = solve(self._program, mask)
        return self._solved[mask]
