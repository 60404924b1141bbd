"""The orbits of a census in blocks of fixed size, solved here or by an executor, given back in order.

A block is a range of the census; what is found of it depends on the problem and the range alone, so neither the
executor nor what was resumed changes it. Nor can they: whoever says which optimum a set of columns has is asked for
the proof, S <= J <= A (see :mod:`exactgeo.basin.batch`), for every set.

A task of an executor is a run of neighbouring blocks. These have most of their optima in common, which a process finds
once; two processes that took turns block by block would each find nearly all of them. So runs are long at first, and
the last ones short, that no process waits for another. A task is two numbers; what all have in common is sent once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from exactgeo.basin.batch import Solved, replay_all, solve_sets, words_of
from exactgeo.basin.cone_program import Program
from exactgeo.basin.numbering import Numbering
from exactgeo.basin.optima import Optima
from exactgeo.basin.reduction import Reduction
from exactgeo.deadline import Deadline, seconds_to
from exactgeo.errors import InputError, TaskLost
from exactgeo.executors import TASKS_BEFORE_POOL, Shared, Tasks, Workers, in_order, processes_of, rising
from exactgeo.logs import logger

if TYPE_CHECKING:
    from exactgeo.basin.batch import Numbers, Words

__all__ = ["BLOCK", "Block", "BlockStore", "Kept", "Listing", "blocks"]

LOG = logger(__name__)

BLOCK = 8192
"""Orbits a worker solves at a time; fixed, so that results depend on nothing else."""

THEIRS = "basins with an optimum that is not theirs"

AHEAD = 2
"""Replays for each process of an executor that are given before the first of them is waited for."""

SINGLE, FEW, LONGEST = TASKS_BEFORE_POOL, 8, 64
"""The first and the last tasks are of one block each: most censuses end with those, and these wait for nobody. The most
blocks of a task."""

REPLAYED = 4096
"""Optima of a store that are replayed together, in one task."""

Progress = Callable[[int, int], None]
Tables = tuple[tuple["Words", int], ...]


@dataclass(frozen=True)
class Block:
    """One solved block.

    Attributes
    ----------
    number : int
    first : int
        The number of its first orbit.
    owner : array of int32, (orbits,)
        The number of each orbit's optimum among all so far; -1 where the time limit came first.
    fresh : range
        The numbers of the optima that no block before has.
    interrupted : bool
        By Ctrl-C; it may be complete all the same.
    """

    number: int
    first: int
    owner: Numbers
    fresh: range
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        return not bool((self.owner < 0).any())


@dataclass(frozen=True)
class Kept:
    """A block as a store gives it back.

    Attributes
    ----------
    number : int
    fresh : list of Solved
        The optima that no block before has; not replayed.
    owner : array of int32, (orbits,)
    """

    number: int
    fresh: list[Solved]
    owner: Numbers


class BlockStore(Protocol):
    """Where blocks are kept between runs."""

    folder: str | None
    """Where a run may make a file for what memory is too small for."""

    def blocks(self, reduction: Reduction) -> Iterator[Kept]:
        """The blocks 0, 1, ... that it has, in order."""

    def add(self, reduction: Reduction, block: Block, optima: Optima) -> None:
        """Take the next complete block; ``optima`` are those of all blocks so far."""

    def changed(self, what: str) -> InputError:
        """The refusal of what no run has written."""


@dataclass(frozen=True, eq=False)
class Listing:
    """The orbits of a problem in blocks: what a process has to know of it.

    Attributes
    ----------
    program : Program
    tables : pairs (array of uint64, int), one a group
        The column sets of its patterns, and its number of neurons.
    size : int
        Orbits of a block.
    """

    program: Program
    tables: Tables
    size: int

    @classmethod
    def of(cls, reduction: Reduction) -> Listing:
        columns = len(reduction.program.columns)
        tables = tuple(
            (words_of([pattern.mask for pattern in group.patterns], columns), len(group.neurons))
            for group in reduction.exchangeable
        )
        return cls(reduction.program, tables, BLOCK)

    @cached_property
    def numbering(self) -> Numbering:
        return Numbering([(len(table), neurons) for table, neurons in self.tables])

    @property
    def blocks(self) -> int:
        """How many there are."""
        return -(-self.numbering.total // self.size)

    def orbits(self, number: int, count: int = 1) -> int:
        """How many there are in ``count`` blocks from one on."""
        return min(self.size * (number + count), self.numbering.total) - self.size * number

    def rows(self, number: int) -> Numbers:
        """The pattern numbers of the orbits of a block, (orbits, neurons): group after group, ascending within one."""
        import numpy as np

        first = self.size * number
        return self.numbering.rows(np.arange(first, first + self.orbits(number)))

    def sets(self, rows: Numbers) -> Words:
        """The column sets of orbits."""
        return _sets(self.program, self.tables, rows)


def _sets(program: Program, tables: Tables, rows: Numbers) -> Words:
    import numpy as np

    sets: Words = np.zeros((len(rows), max(1, -(-len(program.columns) // 64))), dtype=np.uint64)
    patterns = [table for table, neurons in tables for _ in range(neurons)]
    for neuron, table in enumerate(patterns):
        sets |= table[rows[:, neuron]]
    return sets


def solve_block(
    listing: Listing, number: int, seconds: float | None = None, progress: Progress | None = None
) -> tuple[list[Solved], Numbers, bool]:
    """Solve the orbits of a block; as :func:`exactgeo.basin.batch.solve_sets`."""
    import numpy as np

    rows, via = listing.rows(number), None
    if rows.shape[1] > 1:
        # Neighbours share all patterns but the last, and the optimum without it is a step or two away.
        changes = np.any(rows[1:, :-1] != rows[:-1, :-1], axis=1)
        first = np.concatenate([[0], 1 + np.flatnonzero(changes)])
        *others, (last, neurons) = listing.tables
        without = _sets(listing.program, (*others, (last, neurons - 1)), rows[first, :-1])
        via = without, np.concatenate([[0], np.cumsum(changes)])
    return solve_sets(listing.program, listing.sets(rows), seconds, progress, via)


@dataclass(frozen=True)
class SolvedRun:
    """What a task gives back.

    Attributes
    ----------
    optima : Optima
        Of all its blocks, in the order in which their orbits first need them.
    blocks : list of (array of int32, bool)
        For each block the number of each orbit's optimum among these (-1: not reached in time), and whether Ctrl-C
        ended it.
    """

    optima: Optima
    blocks: list[tuple[Numbers, bool]]


def solve_run(listing: Listing, first: int, count: int, deadline: Deadline | None = None) -> SolvedRun:
    """Solve the blocks of a task one after the other, up to the first that is not complete."""
    answer = SolvedRun(Optima(len(listing.program.columns)), [])
    for number in range(first, first + count):
        optima, owner, interrupted = solve_block(listing, number, seconds_to(deadline))
        answer.blocks.append((_numbered(owner, answer.optima.extend(optima)), interrupted))
        if interrupted or bool((owner < 0).any()):
            break
    return answer


def _numbered(owner: Numbers, numbers: Any) -> Numbers:
    """The numbers of optima in place of their indices; -1 stays."""
    import numpy as np

    return np.append(numbers, -1)[owner].astype(np.int32)


def blocks(
    reduction: Reduction,
    known: Optima,
    executor: Executor | None,
    deadline: Deadline | None,
    progress: Progress | None,
    store: BlockStore | None = None,
) -> Iterator[Block]:
    """Every block in order: first those of the store, then the rest as they are solved; ``known`` gets their optima.

    Raises
    ------
    InputError
        The store holds what no run has written, or cannot be written.
    TaskLost
        The executor did not give the answer of a block; all before it are in the store.
    """
    listing, done, number = Listing.of(reduction), 0, 0
    total = listing.numbering.total
    told = _unheard if progress is None else rising(progress)
    if isinstance(executor, Workers) and processes_of(executor) == 1:
        # Its one process is this.
        executor = None
    with Shared(executor, listing) as shared:
        if store is not None:
            for block in _taken_up(store, reduction, known, shared, executor):
                done, number = done + len(block.owner), number + 1
                told(done, total)
                yield block
        if done:
            LOG.info("%d of %d basins taken from the store", done, total)
        numbers = range(number, listing.blocks)
        work = _Solving(shared, known, executor, deadline, numbers, lambda orbits: told(done + orbits, total))
        try:
            for block in work.blocks():
                end = min(block.first + listing.size, total)
                LOG.info("block %d: %d new optima, %d of %d basins done", block.number, len(block.fresh), end, total)
                if store is not None and block.complete:
                    store.add(reduction, block, known)
                yield block
                if block.interrupted or not block.complete:
                    return
        except TimeoutError:
            return
        finally:
            work.cancel()


def _unheard(done: int, total: int) -> None:
    """Progress that nobody wants to hear of."""


# -- blocks of a store -------------------------------------------------------------------------------------------------


def _taken_up(
    store: BlockStore, reduction: Reduction, known: Optima, shared: Shared[Listing], executor: Executor | None
) -> Iterator[Block]:
    """The blocks of a store, each when its optima have been replayed and its basins compared with them."""
    read: deque[list[Kept]] = deque()

    def jobs() -> Iterator[tuple[int, tuple[Any, ...]]]:
        group: list[Kept] = []
        packed: list[Any] = []
        for kept in store.blocks(reduction):
            group.append(kept)
            packed += [best.packed() for best in kept.fresh]
            if len(packed) >= REPLAYED or len(group) >= LONGEST:
                read.append(group)
                yield group[0].number, (shared, packed)
                group, packed = [], []
        if group:
            read.append(group)
            yield group[0].number, (shared, packed)

    for good in in_order(executor, "replay of block", _replays, jobs(), AHEAD):
        for kept in read.popleft():
            # Which block it was is found here; nobody else is asked whether a file is as it was.
            if good is not True and not _replays(shared.value, [best.packed() for best in kept.fresh]):
                raise store.changed(f"block {kept.number}")
            yield _believed(kept, store, shared.value, known)


def _replays(listing: Listing, packed: list[Any]) -> bool:
    """Whether these are optima; they may be anything that was in a file."""
    try:
        replay_all(listing.program, [Solved.unpacked(part) for part in packed])
    except Exception:
        return False
    return True


def _believed(kept: Kept, store: BlockStore, listing: Listing, known: Optima) -> Block:
    """A block whose optima were replayed, if they are new, and those of its basins."""
    fresh = range(len(known), len(known) + len(kept.fresh))
    bases = [best.basis for best in kept.fresh if best.proof is None]
    if len(set(bases)) < len(bases) or known.extend(kept.fresh).tolist() != [*fresh]:
        raise store.changed(f"block {kept.number}: an optimum twice")
    there = kept.number < listing.blocks and len(kept.owner) == listing.orbits(kept.number)
    if not there or not known.proves(kept.owner, listing.sets(listing.rows(kept.number))):
        raise store.changed(THEIRS)
    return Block(kept.number, listing.size * kept.number, kept.owner, fresh)


# -- blocks that are solved --------------------------------------------------------------------------------------------


class _Solving:
    """Blocks that are solved, in order, by an executor as long as it goes on, else here.

    Parameters
    ----------
    shared : Shared of Listing
    known : Optima
        Of all blocks so far.
    executor : concurrent.futures.Executor, optional
    deadline : Deadline, optional
    numbers : range
        Of the blocks.
    finished : callable (orbits)
        Told how many orbits have their optimum, here or elsewhere, in whatever order.
    """

    def __init__(
        self,
        shared: Shared[Listing],
        known: Optima,
        executor: Executor | None,
        deadline: Deadline | None,
        numbers: range,
        finished: Callable[[int], None],
    ) -> None:
        self._shared, self._known, self._deadline, self._finished = shared, known, deadline, finished
        self._executor = executor
        self._tasks = None if executor is None else Tasks(executor, "block", finished)
        self._numbers = numbers
        self._given: deque[range] = deque()
        self._begun, self._done = 0, 0

    def blocks(self) -> Iterator[Block]:
        """
        Raises
        ------
        TaskLost, TimeoutError
            As :meth:`exactgeo.executors.Tasks.take`.
        """
        while True:
            self._ahead()
            if self._given:
                run = self._given.popleft()
            elif self._numbers:
                run, self._numbers = self._numbers[:1], self._numbers[1:]
            else:
                return
            for block in self._run(run):
                self._done += len(block.owner)
                yield block

    def _ahead(self) -> None:
        """A few runs ahead keep the workers busy; no more answers than these can be here at a time."""
        while self._tasks is not None and self._executor is not None and self._numbers:
            processes = processes_of(self._executor)
            if len(self._given) > processes + processes // 2:
                return
            length = self._length(processes)
            run, self._numbers = self._numbers[:length], self._numbers[length:]
            self._given.append(run)
            size = self._shared.value.orbits(run.start, length)
            try:
                self._tasks.give(run.start, solve_run, self._shared, run.start, length, self._deadline, size=size)
            except BrokenExecutor:
                self.cancel()

    def _length(self, processes: int) -> int:
        """Of the next run."""
        self._begun += 1
        if self._begun <= SINGLE or len(self._numbers) <= FEW:
            return 1
        return max(1, min(len(self._numbers) // processes, LONGEST))

    def _run(self, run: range) -> Iterator[Block]:
        """The blocks of a run, up to the first that is not complete."""
        answer: Any = None
        if self._tasks is not None:
            try:
                answer = self._tasks.take(seconds_to(self._deadline))
            except BrokenExecutor:
                # A worker was killed: what it had is done here, and so is the rest.
                self.cancel()
        if self._tasks is not None:
            yield from self._merged(run, answer)
            return
        for number in run:
            yield self._here(number)

    def _here(self, number: int) -> Block:
        listing, done, before = self._shared.value, self._done, len(self._known)
        size = listing.orbits(number)

        def report(solved: int, sets: int) -> None:
            self._finished(done + size * solved // sets)

        optima, owner, interrupted = solve_block(listing, number, seconds_to(self._deadline), report)
        owner = _numbered(owner, self._known.extend(optima))
        return Block(number, listing.size * number, owner, range(before, len(self._known)), interrupted)

    def _merged(self, run: range, answer: Any) -> Iterator[Block]:
        """The blocks of an executor's answer, each when it is proved."""
        import numpy as np

        listing, numbers = self._shared.value, np.zeros(0, dtype=np.int64)
        if not isinstance(answer, SolvedRun):
            raise TaskLost(f"block {run.start}", f"a {type(answer).__name__} that is no answer")
        whole, count = True, 0
        for number, part in zip(run, answer.blocks, strict=False):
            try:
                owner, interrupted = part
                top = _proved(listing, number, owner, answer.optima, len(numbers))
                before = len(self._known)
                numbers = np.append(numbers, self._known.extend(answer.optima, len(numbers), top))
                owner = _numbered(owner, numbers)
            except (AttributeError, LookupError, TypeError, ValueError):
                raise TaskLost(f"block {number}", "an answer of other things than optima") from None
            block = Block(number, listing.size * number, owner, range(before, len(self._known)), bool(interrupted))
            yield block
            whole, count = block.complete and not block.interrupted, count + 1
        if whole and count < len(run):
            raise TaskLost(f"block {run.start + count}", "nothing")

    def cancel(self) -> None:
        """Wait for nothing any more; what is left is done here."""
        if self._tasks is not None:
            self._tasks.cancel()
            self._tasks = None


def _proved(listing: Listing, number: int, owner: Numbers, optima: Optima, seen: int) -> int:
    """How many of an answer's optima its blocks use up to this one, which is proved.

    Raises
    ------
    TaskLost
        An orbit has another's optimum, or the new ones are not in the order in which the orbits need them.
    """
    import numpy as np

    reached = np.flatnonzero(owner >= 0)
    names, first = np.unique(owner[reached], return_index=True)
    fresh = names >= seen
    top = seen + int(fresh.sum())
    good = (
        owner.shape == (listing.orbits(number),)
        and np.array_equal(names[fresh], np.arange(seen, top))
        and bool((np.diff(first[fresh]) > 0).all())
        and optima.proves(owner[reached], listing.sets(listing.rows(number)[reached]))
    )
    if not good:
        raise TaskLost(f"block {number}", THEIRS)
    return top
