"""Where work is done: any ``concurrent.futures.Executor``; here, a pool of processes that starts only when it pays."""

from __future__ import annotations

import os
import secrets
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from exactgeo.errors import ExactgeoError, TaskLost

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

__all__ = ["GRACE", "Tasks", "Workers", "processes_of", "processors"]

T = TypeVar("T")

TASKS_BEFORE_POOL = 2
"""Tasks done in this process before others are started: most censuses end with these."""

GRACE = 0.5
"""Seconds beyond a time limit in which a task may still give what it has."""


def processors() -> int:
    """The number of processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def processes_of(executor: Executor) -> int:
    """How many tasks an executor does at a time, as far as it says: it may change how work is cut, and no answer."""
    count = getattr(executor, "_max_workers", None)
    return count if isinstance(count, int) and count > 0 else processors()


def _outlive_not(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _prepare_worker() -> None:
    """In a worker: leave Ctrl-C to the parent, and its processor to one thread."""
    import signal
    from multiprocessing import parent_process

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A parent that is killed shuts nothing down: its workers would wait for ever.
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_outlive_not, args=(parent,), daemon=True).start()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        # Read when numpy is first imported, which is later than this.
        os.environ[name] = "1"


class Workers(Executor):
    """An executor of ``count`` processes; the first tasks, and all of them for count 1, run in this one.

    Parameters
    ----------
    count : int

    Examples
    --------
    >>> with Workers(1) as pool:
    ...     pool.submit(divmod, 7, 2).result()
    (3, 1)
    """

    def __init__(self, count: int) -> None:
        self._count = self._max_workers = count
        self._submitted = 0
        self._pool: ProcessPoolExecutor | None = None
        self._futures: set[Future[Any]] = set()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        self._submitted += 1
        if self._count > 1 and self._submitted > TASKS_BEFORE_POOL:
            if self._pool is None:
                from concurrent.futures import ProcessPoolExecutor
                from multiprocessing import get_context

                # Spawned, not forked: a fork copies the locks of threads it does not copy.
                self._pool = ProcessPoolExecutor(self._count, get_context("spawn"), _prepare_worker)
            sent = self._pool.submit(fn, *args, **kwargs)
            self._futures.add(sent)
            sent.add_done_callback(self._futures.discard)
            return sent
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes; what is still worked on nobody waits for any more, and neither does this."""
        if self._pool is None:
            return
        if any(not future.done() for future in list(self._futures)):
            for process in list(self._pool._processes.values()):
                process.kill()
        self._pool.shutdown(wait, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a task gives back: of which run and which task it is, and the value."""

    run: str
    number: int
    value: Any


def _answer(run: str, number: int, function: Callable[..., Any], arguments: tuple[Any, ...]) -> _Answer:
    return _Answer(run, number, function(*arguments))


class Tasks:
    """Numbered tasks of one run on an executor, given back in the order in which they were given.

    An executor is any code: it may mix up answers, lose, repeat or cancel tasks, or hang. So each answer carries the
    name of its run and the number of its task, and nothing without them is taken.

    Parameters
    ----------
    executor : concurrent.futures.Executor
    kind : str
        What a task is called in refusals.

    Examples
    --------
    >>> with Workers(1) as pool:
    ...     tasks = Tasks(pool, "block")
    ...     tasks.give(0, divmod, 7, 2)
    ...     tasks.take()
    (3, 1)
    """

    def __init__(self, executor: Executor, kind: str) -> None:
        self._executor = executor
        self._kind = kind
        # A name of this run alone says which problem it is, and keeps the answers of two runs of one problem apart too.
        self._run = secrets.token_hex(8)
        self._waiting: deque[tuple[int, Future[_Answer]]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def give(self, number: int, function: Callable[..., Any], *arguments: Any) -> None:
        """Submit a task.

        Raises
        ------
        BrokenExecutor
            The executor says that it takes no more.
        TaskLost
            It fails otherwise.
        """
        try:
            future = self._executor.submit(_answer, self._run, number, function, arguments)
        except (BrokenExecutor, ExactgeoError):
            raise
        except Exception as error:
            raise TaskLost(f"{self._kind} {number}", _said(error)) from error
        if not callable(getattr(future, "result", None)):
            raise TaskLost(f"{self._kind} {number}", f"{future!r} for a future")
        self._waiting.append((number, future))

    def take(self, seconds: float | None = None) -> Any:
        """The value of the first task that was not taken yet.

        Parameters
        ----------
        seconds : float, optional
            How long to wait, and :data:`GRACE`; None: until it is there.

        Raises
        ------
        TimeoutError
            It was not there in time.
        BrokenExecutor
            The executor says that it has ended; the task can be done elsewhere.
        TaskLost
            The task raised, was cancelled, or what came is not its answer.
        """
        number, future = self._waiting.popleft()
        name = f"{self._kind} {number}"
        try:
            answer: object = future.result(None if seconds is None else seconds + GRACE)
        except (BrokenExecutor, ExactgeoError):
            raise
        except Exception as error:
            if isinstance(error, TimeoutError) and not future.done():
                future.cancel()
                raise
            raise TaskLost(name, _said(error)) from error
        if not isinstance(answer, _Answer):
            raise TaskLost(name, "nothing" if answer is None else f"a {type(answer).__name__}")
        if answer.run != self._run:
            raise TaskLost(name, "the answer of another run")
        if answer.number != number:
            raise TaskLost(name, f"the answer of {self._kind} {answer.number}")
        return answer.value

    def cancel(self) -> None:
        """Nobody waits for the rest."""
        while self._waiting:
            self._waiting.popleft()[1].cancel()


def _said(error: Exception) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
