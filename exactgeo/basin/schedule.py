"""The orbits of a census in blocks of fixed size, solved here or by an executor, given back in order.

A block is a range of the census, an array of pattern numbers; what is found of it depends on the problem and the
range alone, so neither the executor nor what was resumed changes it. Nor can they: whoever says which optimum a set
of columns has is asked for the proof, S <= J <= A (see :mod:`exactgeo.basin.batch`), for every set.

A task of an executor is a run of neighbouring blocks. These have most of their optima in common, which a process finds
once; two processes that took turns block by block would each find nearly all of them. So runs are long at first, and
the last ones short, that no process waits for another.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor
from itertools import chain, combinations_with_replacement, islice
from typing import TYPE_CHECKING, Any, Protocol

from exactgeo.basin.batch import Solved, proves, solve_sets, words_of
from exactgeo.basin.cone_program import Program
from exactgeo.basin.reduction import Reduction
from exactgeo.errors import InputError, TaskLost
from exactgeo.executors import TASKS_BEFORE_POOL, Tasks, processes_of
from exactgeo.frozen import dataclass
from exactgeo.logs import logger

if TYPE_CHECKING:
    from exactgeo.basin.batch import Numbers, Words

__all__ = ["BLOCK", "Block", "BlockStore", "blocks"]

LOG = logger(__name__)

BLOCK = 8192
"""Orbits a worker solves at a time; fixed, so that results depend on nothing else."""

THEIRS = "basins with an optimum that is not theirs"

AHEAD = 16
"""Tasks given to an executor before the first of them is waited for."""

SINGLE, FEW, LONGEST = TASKS_BEFORE_POOL, 8, 64
"""The first and the last tasks are of one block each: most censuses end with those, and these wait for nobody. The most
blocks of a task."""

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


@dataclass(frozen=True)
class SolvedRun:
    """What a task gives back.

    Attributes
    ----------
    optima : list of Solved
        Of all its blocks, each once.
    blocks : list of (array of int32, array of int32, bool)
        For each block which optima are its own, the index of each orbit's optimum among these (-1: not reached in
        time), and whether Ctrl-C ended it.
    """

    optima: list[Solved]
    blocks: list[tuple[Numbers, Numbers, bool]]

    def __reduce__(self) -> tuple[Callable[..., SolvedRun], tuple[Any, ...]]:
        # Between processes a Fraction would travel as text, and each optimum as an object of its own.
        return _answer, (list(map(Solved.packed, self.optima)), self.blocks)


def _answer(optima: list[Any], blocks: list[tuple[Numbers, Numbers, bool]]) -> SolvedRun:
    return SolvedRun([Solved.unpacked(best) for best in optima], blocks)


def solve_run(program: Program, tables: Tables, run: list[Numbers], seconds: float | None = None) -> SolvedRun:
    """Solve the blocks of a task one after the other, up to the first that is not complete."""
    import numpy as np

    end = None if seconds is None else time.monotonic() + seconds
    answer, numbers = SolvedRun([], []), dict[int, int]()
    for block in run:
        left = None if end is None else max(0.0, end - time.monotonic())
        optima, owner, interrupted = solve_block(program, tables, block, left)
        for best in optima:
            # Neighbouring blocks have most of them in common, as objects.
            if numbers.setdefault(id(best), len(answer.optima)) == len(answer.optima):
                answer.optima.append(best)
        answer.blocks.append((np.array([numbers[id(best)] for best in optima], dtype=np.int32), owner, interrupted))
        if interrupted or bool((owner < 0).any()):
            break
    return answer


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
    work = _Solving(program, tables, executor, left, -(-(total - done) // BLOCK))
    try:
        while True:
            work.ahead(stream)
            if not work.queue:
                return

            def report(solved: int, sets: int, done: int = done) -> None:
                if progress is not None:
                    progress(done + len(work.queue[0].blocks[0]) * solved // sets, total)

            try:
                for solved in work.first(report):
                    done += len(solved.choices)
                    LOG.info(
                        "block %d: %d optima, %d of %d basins done", solved.number, len(solved.optima), done, total
                    )
                    if progress is not None and solved.complete:
                        progress(done, total)
                    if store is not None and solved.complete:
                        store.add(reduction, solved)
                    yield solved
                    if solved.interrupted or not solved.complete:
                        return
            except TimeoutError:
                return
    finally:
        work.cancel()


@dataclass(frozen=True)
class _Run:
    """Neighbouring blocks, and the number of the first."""

    number: int
    blocks: list[Numbers]


class _Solving:
    """Blocks that are solved, in order, by an executor as long as it goes on, else here."""

    def __init__(
        self,
        program: Program,
        tables: Tables,
        executor: Executor | None,
        left: Callable[[], float | None],
        count: int,
    ) -> None:
        self._program, self._tables, self._left = program, tables, left
        self._tasks = None if executor is None else Tasks(executor, "block")
        self._processes = 1 if executor is None else processes_of(executor)
        self._begun, self._count = 0, count
        self.queue: deque[_Run] = deque()

    def _length(self) -> int:
        """Of the next run."""
        self._begun += 1
        if self._tasks is None or self._begun <= SINGLE or self._count <= FEW:
            return 1
        return max(1, min(self._count // self._processes, LONGEST))

    def ahead(self, stream: Iterator[tuple[int, Numbers]]) -> None:
        """A few runs ahead keep the workers busy without listing all orbits first."""
        while len(self.queue) < (1 if self._tasks is None else AHEAD):
            numbered = list(islice(stream, self._length()))
            if not numbered:
                return
            self._count -= len(numbered)
            run = _Run(numbered[0][0], [block for _, block in numbered])
            self.queue.append(run)
            if self._tasks is not None:
                try:
                    self._tasks.give(run.number, solve_run, self._program, self._tables, run.blocks, self._left())
                except BrokenExecutor:
                    self.cancel()

    def first(self, report: Progress) -> Iterator[Block]:
        """The blocks of the first run of the queue, solved, up to the first that is not complete.

        Raises
        ------
        TaskLost, TimeoutError
            As :meth:`exactgeo.executors.Tasks.take`.
        """
        run = self.queue[0]
        try:
            answer = None if self._tasks is None else self._checked(run, self._tasks.take(self._left()))
        except BrokenExecutor:
            # A worker was killed: what it had is done here, and so is the rest.
            self.cancel()
            answer = None
        if answer is not None:
            self.queue.popleft()
            for k, (block, outcome) in enumerate(zip(run.blocks, answer, strict=False)):
                yield Block(run.number + k, block, *outcome)
            return
        outcome = solve_block(self._program, self._tables, run.blocks[0], self._left(), report)
        self.queue.popleft()
        if len(run.blocks) > 1:
            self.queue.appendleft(_Run(run.number + 1, run.blocks[1:]))
        yield Block(run.number, run.blocks[0], *outcome)

    def _checked(self, run: _Run, answer: Any) -> list[Outcome]:
        """An executor's answer, each block of it proved: each optimum is compared once, with the sets of all blocks."""
        import numpy as np

        if not isinstance(answer, SolvedRun):
            raise TaskLost(f"block {run.number}", f"a {type(answer).__name__} that is no answer")
        listed: Sequence[Solved] = answer.optima
        found: list[Outcome] = []
        owners, sets = [], []
        try:
            for block, (members, owner, interrupted) in zip(run.blocks, answer.blocks, strict=False):
                known = owner >= 0
                if len(owner) != len(block):
                    raise TaskLost(f"block {run.number + len(found)}", THEIRS)
                owners.append(members[owner[known]])
                sets.append(_sets(self._program, self._tables, block[known]))
                found.append(([listed[k] for k in members.tolist()], owner, bool(interrupted)))
            good = bool(found) and proves(listed, np.concatenate(owners), np.concatenate(sets))
        except (AttributeError, LookupError, TypeError, ValueError):
            raise TaskLost(f"block {run.number}", "an answer of other things than optima") from None
        if not good:
            raise TaskLost(f"block {run.number}", THEIRS)
        whole = all(not bool((owner < 0).any()) and not interrupted for _, owner, interrupted in found)
        if len(found) < len(run.blocks) and whole:
            raise TaskLost(f"block {run.number + len(found)}", "nothing")
        return found

    def cancel(self) -> None:
        """Wait for nothing any more; what is left is done here."""
        if self._tasks is not None:
            self._tasks.cancel()
            self._tasks = None
