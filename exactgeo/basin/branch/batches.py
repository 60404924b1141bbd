"""Batches of nodes that are looked at, one after the other: here, or some ahead by an executor.

What is said of a batch depends on the batch alone (:mod:`exactgeo.basin.branch.examined`), and batches are taken in the
order in which they were given, so an executor changes nothing but who does the work.

Of an answer, what floats say is decided here. Exact dual vectors are taken as a census takes its optima: from the same
version of the same code, in the answer to this task of this run, each with a basis that its node's estimate names, and
one of each answer proved again here. To prove all of them costs as much as to find them, since most of it is the sign
of every column. Those that close the tree are recomputed from their bases for a certificate, and its checker multiplies
each with all columns: a wrong one is refused there.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass
from fractions import Fraction

from exactgeo.basin.branch.examined import Examined, Examiner
from exactgeo.basin.branch.relaxations import Key
from exactgeo.basin.branch.sides import Bools, Groups
from exactgeo.basin.branch.tree import Node
from exactgeo.basin.reduction import Reduction
from exactgeo.errors import TaskLost
from exactgeo.executors import GRACE, Shared, Tasks

__all__ = ["Batch", "Batches"]

PAYS = 0.5
"""Seconds of search before an executor is asked: most searches end before, and workers have to start."""

KEPT = 2
"""Problems of which a worker keeps what it has found."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Nodes that are looked at together.

    Attributes
    ----------
    number : int
    nodes : list of Node
    members : array of bool, (nodes, columns)
        The columns that each may use.
    level : Fraction or None
        Of nodes whose relaxation is no lower no more is asked.
    duals : int
        How many dual vectors had been tried on the nodes then.
    """

    number: int
    nodes: list[Node]
    members: Bools
    level: Fraction | None
    duals: int


class Batches:
    """Batches that were given and are not taken yet; a context, at the end of which nobody waits for them.

    Parameters
    ----------
    examiner : Examiner
    executor : Executor, optional
        Asked from :data:`PAYS` seconds on. When it has ended by itself the rest is done here.
    """

    def __init__(self, examiner: Examiner, executor: Executor | None) -> None:
        self._examiner = examiner
        self._executor = executor
        self._begun = time.monotonic()
        self._tasks: Tasks | None = None
        self._shared: Shared[Reduction] | None = None
        self.waiting: deque[tuple[Batch, bool]] = deque()

    def __enter__(self) -> Batches:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __len__(self) -> int:
        return len(self.waiting)

    def give(self, batch: Batch, *, many: bool) -> None:
        """The next batch; ``many`` says that others will be given before it is taken, else it is done here.

        Raises
        ------
        TaskLost
            The executor fails.
        """
        many = many or bool(self.waiting)
        if many and self._executor is not None and self._tasks is None and time.monotonic() - self._begun >= PAYS:
            self._shared = Shared(self._executor, self._examiner.sides.reduction)
            self._tasks = Tasks(self._executor, "batch")
        away = False
        if many and self._tasks is not None and self._shared is not None:
            try:
                self._tasks.give(batch.number, _examine, self._shared, batch.number, self._nodes(batch), batch.level)
                away = True
            except BrokenExecutor:
                self._end()
        self.waiting.append((batch, away))

    def take(self, seconds: float | None) -> tuple[Batch, list[Examined]]:
        """The first batch that was not taken yet, and what is to be said of its nodes; an executor has so many seconds.

        Raises
        ------
        TimeoutError
            The executor has not said it in time.
        TaskLost
            What it says is no answer.
        """
        batch, away = self.waiting[0]
        found: list[Examined] | None = None
        if away and self._tasks is not None:
            try:
                found = self._checked(batch, self._tasks.take(None if seconds is None else seconds - GRACE))
            except BrokenExecutor:
                # What it had is done here, and so is the rest.
                self._end()
        if found is None:
            found = self._examiner.examine(batch.number, self._nodes(batch), batch.level, batch.members)
        for seen in found:
            if seen.dual is not None:
                self._examiner.relaxations.believe(seen.key, seen.dual)
        self.waiting.popleft()
        return batch, found

    def _nodes(self, batch: Batch) -> list[tuple[Groups, Key]]:
        return [(node.groups, self._examiner.relaxations.start(node.start)) for node in batch.nodes]

    def _checked(self, batch: Batch, answer: object) -> list[Examined]:
        """An executor's answer, if it can be followed, and one of its dual vectors is right."""
        sound, duals = self._examiner.sound, self._examiner.relaxations.duals
        name = f"batch {batch.number}"
        if not isinstance(answer, list) or len(answer) != len(batch.nodes):
            raise TaskLost(name, f"a {type(answer).__name__} that is no answer")
        try:
            good = all(sound(node.groups, seen) for node, seen in zip(batch.nodes, answer, strict=True))
        except (AttributeError, IndexError, TypeError, ValueError):
            good = False
        if not good:
            raise TaskLost(name, "an answer that says something else")
        proved = [seen for seen in answer if seen.dual is not None][:1]
        if duals([seen.key for seen in proved]) != [seen.dual for seen in proved]:
            raise TaskLost(name, "a dual vector that is not that of its basis")
        return answer

    def _end(self) -> None:
        if self._tasks is not None:
            self._tasks.cancel()
        if self._shared is not None:
            self._shared.close()
        self._tasks = self._shared = self._executor = None


class _Known(threading.local):
    """The examiners of the last reductions, for each thread its own: what they find changes them."""

    def __init__(self) -> None:
        self._kept: list[tuple[Reduction, Examiner]] = []

    def __call__(self, reduction: Reduction) -> Examiner:
        for known, examiner in self._kept:
            if known is reduction:
                return examiner
        self._kept = [(reduction, Examiner(reduction)), *self._kept[: KEPT - 1]]
        return self._kept[0][1]


_known = _Known()


def _examine(
    reduction: Reduction, number: int, nodes: list[tuple[Groups, Key]], level: Fraction | None
) -> list[Examined]:
    """A task."""
    return _known(reduction).examine(number, nodes, level)
