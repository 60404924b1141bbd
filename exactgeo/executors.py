"""Where work is done: any ``concurrent.futures.Executor``; here, a pool of processes that starts only when it pays."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

__all__ = ["Workers", "processors"]

T = TypeVar("T")

TASKS_BEFORE_POOL = 2
"""Tasks done in this process before others are started: most censuses end with these."""


def processors() -> int:
    """The number of processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _outlive_not(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _prepare_worker() -> None:
    """In a worker: leave Ctrl-C to the parent, and its processor to one thread."""
    import signal

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
        self._count = count
        self._submitted = 0
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        self._submitted += 1
        if self._count > 1 and self._submitted > TASKS_BEFORE_POOL:
            if self._pool is None:
                # Spawned, not forked: a fork copies the locks of threads it does not copy.
                self._pool = ProcessPoolExecutor(self._count, get_context("spawn"), _prepare_worker)
            return self._pool.submit(fn, *args, **kwargs)
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait, cancel_futures=cancel_futures)
