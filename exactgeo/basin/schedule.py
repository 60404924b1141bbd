"""The orbits of a census in blocks of fixed size, solved here or by an executor, given back in order.

A block is a range of the census, an array of pattern numbers; what is found of it depends on the problem and the range
alone, so neither the executor nor what was resumed changes it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass
from itertools import chain, combinations_with_replacement, islice
from typing import TYPE_CHECKING, Protocol

from exactgeo.basin.batch import Solved, solve_sets, words_of
from exactgeo.basin.cone_program import Program
from exactgeo.basin.reduction import Reduction

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from exactgeo.basin.batch import Numbers, Words

__all__ = ["BLOCK", "Block", "BlockStore", "blocks"]

BLOCK = 8192
"""Orbits a worker solves at a time; fixed, so that results depend on nothing else."""

AHEAD = 16
"""Blocks given to an executor before the first of them is waited for."""

Progress = Callable[[int, int], None]


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
        """Optima and owners of the blocks 0, 1, ... that it has, in order."""

    def add(self, reduction: Reduction, block: Block) -> None:
        """Take the next complete block."""


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


def solve_block(
    program: Program,
    tables: list[tuple[Words, int]],
    block: Numbers,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> tuple[list[Solved], Numbers, bool]:
    """Solve the orbits of a block; ``tables`` holds the words of each group's patterns and its number of neurons."""
    import numpy as np

    words = max(1, -(-len(program.columns) // 64))
    sets: npt.NDArray[np.uint64] = np.zeros((len(block), words), dtype=np.uint64)
    via = None
    patterns = [table for table, neurons in tables for _ in range(neurons)]
    for neuron, table in enumerate(patterns):
        if neuron and neuron == len(patterns) - 1:
            # Neighbours share all patterns but the last, and the optimum without it is a step or two away.
            changes = np.any(block[1:, :-1] != block[:-1, :-1], axis=1)
            first = np.concatenate([[0], 1 + np.flatnonzero(changes)])
            via = sets[first], np.concatenate([[0], np.cumsum(changes)])
        sets |= table[block[:, neuron]]
    return solve_sets(program, sets, seconds, progress, via)


def blocks(
    reduction: Reduction,
    executor: Executor | None,
    left: Callable[[], float | None],
    progress: Progress | None,
    store: BlockStore | None = None,
) -> Iterator[Block]:
    """Every block in order: first those of the store, then the rest as they are solved."""
    program, total, done = reduction.program, reduction.orbits, 0
    tables = [
        (words_of([pattern.mask for pattern in group.patterns], len(program.columns)), len(group.neurons))
        for group in reduction.exchangeable
    ]
    stream = enumerate(choices(reduction))
    for optima, owner in store.blocks(reduction) if store is not None else ():
        number, block = next(stream)
        done += len(block)
        yield Block(number, block, optima, owner)
    if done and progress is not None:
        progress(done, total)
    queue: deque[tuple[int, Numbers, Future[tuple[list[Solved], Numbers, bool]] | None]] = deque()

    def submit(block: Numbers) -> Future[tuple[list[Solved], Numbers, bool]] | None:
        try:
            return None if executor is None else executor.submit(solve_block, program, tables, block, left())
        except BrokenExecutor:
            return None

    try:
        while True:
            # A few blocks ahead keep the workers busy without listing all orbits first.
            for number, block in islice(stream, max(0, (1 if executor is None else AHEAD) - len(queue))):
                queue.append((number, block, submit(block)))
            if not queue:
                return
            number, block, task = queue.popleft()

            def report(solved: int, sets: int, done: int = done, size: int = len(block)) -> None:
                if progress is not None:
                    progress(done + size * solved // sets, total)

            try:
                if task is None:
                    optima, owner, interrupted = solve_block(program, tables, block, left(), report)
                else:
                    optima, owner, interrupted = task.result()
                    report(1, 1)
            except BrokenExecutor:
                # A worker was killed: what it had is done here, and so is the rest.
                executor = None
                optima, owner, interrupted = solve_block(program, tables, block, left(), report)
            done += len(block)
            solved = Block(number, block, optima, owner, interrupted)
            if store is not None and solved.complete:
                store.add(reduction, solved)
            yield solved
            if interrupted or not solved.complete:
                return
    finally:
        for *_, task in queue:
            if task is not None:
                task.cancel()
