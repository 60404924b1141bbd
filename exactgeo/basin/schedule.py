"""The orbits of a census in blocks of fixed size, solved here or by an executor, given back in order.

A block is a range of the census, an array of pattern numbers; what is found of it depends on the problem and the
range alone, so neither the executor nor what was resumed changes it. Nor can they: whoever says which optimum a set
of columns has is asked for the proof, S <= J <= A (see :mod:`exactgeo.basin.batch`), for every set.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass
from itertools import chain, combinations_with_replacement, islice
from typing import TYPE_CHECKING, Any, Protocol

from exactgeo.basin.batch import Solved, proves, solve_sets, words_of
from exactgeo.basin.cone_program import Program
from exactgeo.basin.reduction import Reduction
from exactgeo.errors import InputError, TaskLost
from exactgeo.executors import Tasks
from exactgeo.logs import logger

if TYPE_CHECKING:
    from exactgeo.basin.batch import Numbers, Words

__all__ = ["BLOCK", "Block", "BlockStore", "blocks"]

LOG = logger(__name__)

BLOCK = 8192
"""Orbits a worker solves at a time; fixed, so that results depend on nothing else."""

THEIRS = "basins with an optimum that is not theirs"

AHEAD = 16
"""Blocks given to an executor before the first of them is waited for."""

Progress = Callable[[int, int], None]
Tables = list[tuple["Words", int]]
Outcome = tuple[list[Solved], "Numbers", bool]


@dataclass(frozen=True)
class Block:
    """One solved block.

    Attributes
    ----------
    number : int
        Its orbits have the indices ``number * BLOCK`` and following in the census.
    choices : array of int32, (orbits, neurons)
        Pattern numbers, group after group, ascending within a group.
    optima : list of Solved
    owner : array of int32, (orbits,)
        Index of each orbit's optimum in ``optima``; -1 where the time limit came first.
    interrupted : bool
        By Ctrl-C; it may be complete all the same.
    """

    number: int
    choices: Numbers
    optima: list[Solved]
    owner: Numbers
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        return not bool((self.owner < 0).any())


class BlockStore(Protocol):
    """Where blocks are kept between runs."""

    def blocks(self, reduction: Reduction) -> Iterator[tuple[list[Solved], Numbers]]:
        """Optima, replayed, and owners of the blocks 0, 1, ... that it has, in order."""

    def add(self, reduction: Reduction, block: Block) -> None:
        """Take the next complete block."""

    def changed(self, what: str) -> InputError:
        """The refusal of what no run has written."""


def choices(reduction: Reduction) -> Iterator[Numbers]:
    """The pattern numbers of all orbits, a block at a time."""
    import numpy as np

    sizes = [(len(group.patterns), len(group.neurons)) for group in reduction.exchangeable]
    width = sum(neurons for _, neurons in sizes)
    if not width:
        yield np.zeros((1, 0), dtype=np.int32)
        return
    if len(sizes) == 1:
        patterns, neurons = sizes[0]
        rows: Iterator[tuple[int, ...]] = combinations_with_replacement(range(patterns), neurons)
    else:
        rows = (tuple(chain.from_iterable(choice)) for choice in reduction.orbit_choices())
    while True:
        flat = np.fromiter(chain.from_iterable(islice(rows, BLOCK)), dtype=np.int32)
        if not len(flat):
            return
        yield flat.reshape(-1, width)


def _sets(program: Program, tables: Tables, block: Numbers) -> Words:
    """The column sets of the orbits of a block."""
    import numpy as np

    sets: Words = np.zeros((len(block), max(1, -(-len(program.columns) // 64))), dtype=np.uint64)
    patterns = [table for table, neurons in tables for _ in range(neurons)]
    for neuron, table in enumerate(patterns):
        sets |= table[block[:, neuron]]
    return sets


def solve_block(
    program: Program,
    tables: Tables,
    block: Numbers,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Solve the orbits of a block; ``tables`` holds the words of each group's patterns and its number of neurons."""
    import numpy as np

    via = None
    if block.shape[1] > 1:
        # Neighbours share all patterns but the last, and the optimum without it is a step or two away.
        changes = np.any(block[1:, :-1] != block[:-1, :-1], axis=1)
        first = np.concatenate([[0], 1 + np.flatnonzero(changes)])
        last, neurons = tables[-1]
        without = _sets(program, [*tables[:-1], (last, neurons - 1)], block[first, :-1])
        via = without, np.concatenate([[0], np.cumsum(changes)])
    return solve_sets(program, _sets(program, tables, block), seconds, progress, via)


def blocks(
    reduction: Reduction,
    executor: Executor | None,
    left: Callable[[], float | None],
    progress: Progress | None,
    store: BlockStore | None = None,
) -> Iterator[Block]:
    """Every block in order: first those of the store, then the rest as they are solved.

    Raises
    ------
    InputError
        The store holds what no run has written, or cannot be written.
    TaskLost
        The executor did not give the answer of a block; all before it are in the store.
    """
    import numpy as np

    program, total, done = reduction.program, reduction.orbits, 0
    tables = [
        (words_of([pattern.mask for pattern in group.patterns], len(program.columns)), len(group.neurons))
        for group in reduction.exchangeable
    ]
    stream, beyond = enumerate(choices(reduction)), (0, np.zeros((0, 0), dtype=np.int32))
    for optima, owner in store.blocks(reduction) if store is not None else ():
        number, block = next(stream, beyond)
        if store is not None and not (len(block) and proves(optima, owner, _sets(program, tables, block))):
            raise store.changed(THEIRS)
        done += len(block)
        yield Block(number, block, optima, owner)
    if done:
        LOG.info("%d of %d basins taken from the store", done, total)
    if done and progress is not None:
        progress(done, total)
    work = _Solving(program, tables, executor, left)
    try:
        while True:
            work.ahead(stream)
            if not work.queue:
                return

            def report(solved: int, sets: int, done: int = done) -> None:
                if progress is not None:
                    progress(done + len(work.queue[0][1]) * solved // sets, total)

            try:
                solved = work.first(report)
            except TimeoutError:
                return
            done += len(solved.choices)
            LOG.info("block %d: %d optima, %d of %d basins done", solved.number, len(solved.optima), done, total)
            if store is not None and solved.complete:
                store.add(reduction, solved)
            yield solved
            if solved.interrupted or not solved.complete:
                return
    finally:
        work.cancel()


class _Solving:
    """Blocks that are solved, in order, by an executor as long as it goes on, else here."""

    def __init__(
        self, program: Program, tables: Tables, executor: Executor | None, left: Callable[[], float | None]
    ) -> None:
        self._program, self._tables, self._left = program, tables, left
        self._tasks = None if executor is None else Tasks(executor, "block")
        self.queue: deque[tuple[int, Numbers]] = deque()

    def ahead(self, stream: Iterator[tuple[int, Numbers]]) -> None:
        """A few blocks ahead keep the workers busy without listing all orbits first."""
        for number, block in islice(stream, max(0, (1 if self._tasks is None else AHEAD) - len(self.queue))):
            self.queue.append((number, block))
            if self._tasks is not None:
                try:
                    self._tasks.give(number, solve_block, self._program, self._tables, block, self._left())
                except BrokenExecutor:
                    self.cancel()

    def first(self, report: Progress) -> Block:
        """The first block of the queue, solved.

        Raises
        ------
        TaskLost, TimeoutError
            As :meth:`exactgeo.executors.Tasks.take`.
        """
        number, block = self.queue[0]
        try:
            answer = None if self._tasks is None else self._checked(number, block, self._tasks.take(self._left()))
        except BrokenExecutor:
            # A worker was killed: what it had is done here, and so is the rest.
            self.cancel()
            answer = None
        if answer is None:
            answer = solve_block(self._program, self._tables, block, self._left(), report)
        else:
            report(1, 1)
        self.queue.popleft()
        return Block(number, block, *answer)

    def _checked(self, number: int, block: Numbers, answer: Any) -> Outcome:
        try:
            optima, owner, interrupted = answer
            known = owner >= 0
            good = len(owner) == len(block) and proves(
                optima, owner[known], _sets(self._program, self._tables, block[known])
            )
        except (AttributeError, LookupError, TypeError, ValueError):
            raise TaskLost(f"block {number}", f"a {type(answer).__name__} that is no answer") from None
        if not good:
            raise TaskLost(f"block {number}", THEIRS)
        return optima, owner, bool(interrupted)

    def cancel(self) -> None:
        """Wait for nothing any more; what is left is done here."""
        if self._tasks is not None:
            self._tasks.cancel()
            self._tasks = None
