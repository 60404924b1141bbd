"""Where work is done: any ``concurrent.futures.Executor``; here, a pool of processes that starts only when it pays.

What many tasks need is :class:`Shared`: each worker gets it once. Dask is not imported for its executors: only one that
is already there can have made one.
"""

from __future__ import annotations

import os
import pickle
import secrets
import sys
import threading
import time
import warnings
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from exactgeo.deadline import Deadline
from exactgeo.errors import ExactgeoError, TaskLost
from exactgeo.mapped import Mapped

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

__all__ = ["GRACE", "Shared", "Tasks", "Workers", "in_order", "processes_of", "processors", "rising", "start"]

T = TypeVar("T")

TASKS_BEFORE_POOL = 2
"""Tasks done in this process before others are started: most censuses end with these."""

GRACE = 0.5
"""Seconds beyond a time limit in which a task may still give what it has."""

CHECKED = 2.0
"""Seconds after which dask's client is asked whether it is still there."""


def processors() -> int:
    """The number of processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def processes_of(executor: Executor) -> int:
    """How many tasks an executor does at a time, as far as it says: it may change how work is cut, and no answer.

    Workers of dask come and go: this asks its scheduler, in some milliseconds.
    """
    client = _dask_client(executor)
    try:
        count = getattr(executor, "_max_workers", None) if client is None else sum(client.nthreads().values())
    except Exception:
        # Its scheduler has ended: the next task says so.
        count = None
    return count if isinstance(count, int) and count > 0 else processors()


def _dask_client(executor: Executor | None) -> Any:
    """The client of dask behind an executor, if that is what it is."""
    if type(executor).__module__ != "distributed.cfexecutor":
        return None
    return getattr(executor, "_client", None)


def _submitted_to_dask(client: Any, options: dict[str, Any], *task: Any) -> Future[Any]:
    """As dask's own executor does, which mistakes a result for an error when the worker that had it goes just then."""
    far, near = client.submit(*task, **options), Future[Any]()

    def ended(far: Any) -> None:
        try:
            value = far.result()
        except BaseException as error:
            if near.set_running_or_notify_cancel():
                near.set_exception(error)
            return
        if near.set_running_or_notify_cancel():
            near.set_result(value)

    far.add_done_callback(ended)
    # It also keeps the far one: dask forgets what nobody refers to.
    near.add_done_callback(lambda near: far.cancel() if near.cancelled() else None)
    return near


def rising(progress: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """The same, told only of more: what was done elsewhere and lost is not counted twice, and never taken back."""
    most = -1

    def told(done: int, total: int) -> None:
        nonlocal most
        if done > most:
            most = done
            progress(done, total)

    return told


def _is_near(executor: Executor | None) -> bool:
    """Whether its workers are processes of this machine. The file of pools loads many others."""
    if executor is None or isinstance(executor, Workers):
        return executor is not None
    from concurrent.futures import ProcessPoolExecutor

    return isinstance(executor, ProcessPoolExecutor)


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


@contextmanager
def _tidied_silently() -> Iterator[None]:
    """What a pool leaves behind when its process is ended, by a limit say, Python takes away without a warning.

    That is done by a process of its own, which has this one's warning options.
    """
    option = "ignore::UserWarning:multiprocessing.resource_tracker"
    sys.warnoptions.append(option)
    try:
        yield
    finally:
        sys.warnoptions.remove(option)


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

    def expect_many(self) -> None:
        """All tasks from now on are for the processes, the first ones too."""
        self._submitted = max(self._submitted, TASKS_BEFORE_POOL)

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        self._submitted += 1
        if self._count > 1 and self._submitted > TASKS_BEFORE_POOL:
            if self._pool is None:
                from concurrent.futures import ProcessPoolExecutor
                from multiprocessing import get_context

                with _tidied_silently():
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


def start(executor: Executor | None, *modules: str) -> None:
    """Let the processes of a pool of this machine start, and load what they need, while this one prepares their tasks.

    Of other executors nothing is asked; nor is it of one that has ended, which will say so to the first task.
    """
    if executor is None or not _is_near(executor):
        return
    if isinstance(executor, Workers):
        executor.expect_many()
    with suppress(BrokenExecutor, RuntimeError):
        for _ in range(processes_of(executor)):
            executor.submit(_load, modules)


def _load(modules: tuple[str, ...]) -> None:
    for name in modules:
        import_module(name)


_KEPT = 4
_received: OrderedDict[bytes, Any] = OrderedDict()
_lock = threading.Lock()


class Shared(Generic[T]):
    """A value that many tasks need, sent to each worker once; a context that lets it go again.

    An argument of :meth:`Tasks.give`: the task is called with the value. In this process it is the value itself. A
    process pool's workers map it (:class:`~exactgeo.mapped.Mapped`). Dask has it as a task of its own, from which each
    worker fetches it once and which is done again where all that held it have died. With other executors it travels
    with each task, pickled once here and unpickled once a worker.

    Parameters
    ----------
    executor : concurrent.futures.Executor, optional
        That of the tasks.
    value : picklable object
        No task may change it.

    Examples
    --------
    >>> with Workers(1) as pool, Shared(pool, [3, 1, 2]) as shared:
    ...     tasks = Tasks(pool, "block")
    ...     tasks.give(0, max, shared)
    ...     tasks.take()
    3
    """

    def __init__(self, executor: Executor | None, value: T) -> None:
        self.value = value
        self._lock = threading.Lock()
        self._token = secrets.token_bytes(16)
        self._mapped: Mapped | None = None
        self._text = b""
        self._maps = _is_near(executor)
        self._kept: Any = None
        client = _dask_client(executor)
        if client is not None:
            options = {**getattr(executor, "_kwargs", {}), "pure": False}
            try:
                with warnings.catch_warnings():
                    # It is sent once: what this warns of is what it does away with.
                    warnings.filterwarnings("ignore", "Sending large graph")
                    self._kept = client.submit(_same, value, **options)
            except Exception as error:
                raise TaskLost("what tasks have in common", _said(error)) from error
            # Tasks are begun where it is: at first, everywhere. Who comes later fetches it, and who goes is not needed.
            with suppress(Exception):
                if len(client.nthreads()) > 1:
                    client.replicate([self._kept])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """No more tasks: workers may forget it."""
        with self._lock:
            if self._mapped is not None:
                self._mapped.close()
        # Dask forgets what nobody refers to.
        self._kept = None

    def sent(self) -> Any:
        """What stands for it among the arguments of a task; dask puts the value there."""
        return self if self._kept is None else self._kept

    def attach(self) -> None:
        """From now on send it with each task: a worker said that it does not see the memory."""
        self._maps = False

    def __reduce__(self) -> tuple[Any, ...]:
        # Nothing is written before a task leaves this process; pools pickle in threads of theirs.
        with self._lock:
            if self._maps and self._mapped is None:
                self._mapped = Mapped(self.value)
            if self._maps and self._mapped is not None:
                return _Received, (self._token, self._mapped, b"")
            if not self._text:
                self._text = pickle.dumps(self.value, protocol=5)
            return _Received, (self._token, None, self._text)


@dataclass(frozen=True, slots=True)
class _Received:
    """A shared value as a task of another process gets it."""

    token: bytes
    mapped: Mapped | None
    text: bytes

    def get(self) -> Any:
        """The value, or this itself where its memory cannot be seen."""
        if self.mapped is not None:
            value = self.mapped.get()
            return self if value is None else value
        with _lock:
            if self.token not in _received:
                _received[self.token] = pickle.loads(self.text)
                while len(_received) > _KEPT:
                    _received.popitem(last=False)
            _received.move_to_end(self.token)
            return _received[self.token]


def _same(value: T) -> T:
    return value


@cache
def _version() -> str:
    """Of this package, as this process has it."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("exactgeo")
    except PackageNotFoundError:
        return "not installed"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a task gives back: of which run and which task it is, by which version, and the value."""

    run: str
    number: int
    version: str
    value: Any


_UNSEEN = "memory that this worker does not see"


@cache
def _keep_memory() -> None:
    """In a worker: let the C library keep some memory.

    By itself glibc gives back what exceeds twice the largest array that was ever freed, which in a worker may be a
    small one, and each array of numpy takes it again page by page: a sweep costs a tenth more. Dask has it give back
    whatever exceeds 64 kB (``MALLOC_TRIM_THRESHOLD_``): a census costs 1.4 times, a sweep 2.4 times as much. Another
    limit that was set is left as it is.
    """
    known, processes = os.environ.get("MALLOC_TRIM_THRESHOLD_"), sys.modules.get("multiprocessing.process")
    child = processes is not None and processes.parent_process() is not None
    if known != _DASK_TRIMS and (known is not None or not child):
        return
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    for parameter, size in _KEPT_MEMORY:
        mallopt(parameter, size)


_DASK_TRIMS = "65536"
_KEPT_MEMORY = ((-1, 64 << 20), (-3, 32 << 20))
"""M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of ``malloc.h``."""


@dataclass(frozen=True, slots=True)
class _Within:
    """A deadline as a task of a machine with another clock gets it: it counts from when the task begins."""

    seconds: float


def _answer(run: str, number: int, function: Callable[..., Any], *arguments: Any) -> _Answer:
    _keep_memory()
    values = [part.value if isinstance(part, Shared) else part for part in arguments]
    values = [part.get() if isinstance(part, _Received) else part for part in values]
    values = [Deadline.after(part.seconds) if isinstance(part, _Within) else part for part in values]
    if any(isinstance(part, _Received) for part in values):
        return _Answer(run, number, _UNSEEN, None)
    return _Answer(run, number, _version(), function(*values))


@dataclass(slots=True)
class _Task:
    """A task that was given and not taken."""

    number: int
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    size: int
    future: Future[_Answer]


class Tasks:
    """Numbered tasks of one run on an executor, given back in the order in which they were given.

    An executor is any code: it may mix up answers, lose, repeat or cancel tasks, or hang. So each answer carries the
    name of its run and the number of its task, and nothing without them is taken; nor is that of another version of
    this package.

    Parameters
    ----------
    executor : concurrent.futures.Executor
    kind : str
        What a task is called in refusals.
    finished : callable (size), optional
        Told while :meth:`take` waits, in its thread: the size of all tasks that have ended well so far, taken or not,
        in whatever order they do. It never falls.

    Examples
    --------
    >>> with Workers(1) as pool:
    ...     tasks = Tasks(pool, "block")
    ...     tasks.give(0, divmod, 7, 2)
    ...     tasks.take()
    (3, 1)
    """

    def __init__(self, executor: Executor, kind: str, finished: Callable[[int], None] | None = None) -> None:
        self._kind = kind
        # A name of this run alone says which problem it is, and keeps the answers of two runs of one problem apart too.
        self._run = secrets.token_hex(8)
        self._waiting: deque[_Task] = deque()
        self._finished = finished
        self._ended, self._sizes, self._size = threading.Event(), deque[int](), 0
        self._near = _is_near(executor)
        self._client, self._submit_to = _dask_client(executor), executor.submit
        if self._client is not None:
            # It would take two tasks of the same arguments for one, and read all of them to see that.
            options = {**getattr(executor, "_kwargs", {}), "pure": False}
            self._submit_to = partial(_submitted_to_dask, self._client, options)

    def __len__(self) -> int:
        return len(self._waiting)

    def give(self, number: int, function: Callable[..., Any], *arguments: Any, size: int = 1) -> None:
        """Submit a task; an argument that is :class:`Shared` is its value there, and a deadline one.

        Raises
        ------
        BrokenExecutor
            The executor says that it takes no more.
        TaskLost
            It fails otherwise.
        """
        future = self._submit(number, function, arguments, size)
        self._waiting.append(_Task(number, function, arguments, size, future))

    def _submit(self, number: int, function: Callable[..., Any], arguments: tuple[Any, ...], size: int) -> Any:
        sent = [part.sent() if isinstance(part, Shared) else part for part in arguments]
        if not self._near:
            sent = [_Within(part.left) if isinstance(part, Deadline) else part for part in sent]
        try:
            future = self._submit_to(_answer, self._run, number, function, *sent)
        except (BrokenExecutor, ExactgeoError):
            raise
        except Exception as error:
            closed = self._client is not None and self._client.status in ("closing", "closed")
            raise TaskLost(f"{self._kind} {number}", "dask's client has ended" if closed else _said(error)) from error
        if not callable(getattr(future, "result", None)):
            raise TaskLost(f"{self._kind} {number}", f"{future!r} for a future")
        if self._hears(future):
            future.add_done_callback(lambda done: self._end(done, size))
        return future

    def _hears(self, future: Any) -> bool:
        """Whether it is waited for with others; otherwise it is simply asked for its result."""
        wanted = self._finished is not None or self._client is not None
        return wanted and callable(getattr(future, "add_done_callback", None))

    def _end(self, done: Future[_Answer], size: int) -> None:
        """In whatever thread the executor has for this."""
        if not done.cancelled() and done.exception() is None and getattr(done.result(), "version", "") == _version():
            self._sizes.append(size)
        self._ended.set()

    def _wait(self, future: Future[_Answer], seconds: float | None) -> float | None:
        """Until it has ended, or the time has, telling what others finish; the seconds that are left."""
        end = None if seconds is None else time.monotonic() + seconds
        while self._hears(future):
            self._ended.clear()
            before = self._size
            while self._sizes:
                self._size += self._sizes.popleft()
            if self._size > before and self._finished is not None:
                self._finished(self._size)
            seconds = None if end is None else max(0.0, end - time.monotonic())
            if future.done() or seconds == 0:
                break
            heard = self._ended.wait(seconds if self._client is None else min(CHECKED, seconds or CHECKED))
            # A client of dask that is closed may leave its futures as they are.
            if not heard and self._client is not None and self._client.status == "closed":
                future.cancel()
        return seconds if end is None else max(0.0, end - time.monotonic())

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
        task = self._waiting.popleft()
        answer = self._taken(task, seconds)
        if answer.version == _UNSEEN:
            for part in task.arguments:
                if isinstance(part, Shared):
                    part.attach()
            task.future = self._submit(task.number, task.function, task.arguments, task.size)
            answer = self._taken(task, seconds)
        if answer.version != _version():
            raise TaskLost(f"{self._kind} {task.number}", f"the answer of exactgeo {answer.version}, not {_version()}")
        return answer.value

    def _taken(self, task: _Task, seconds: float | None) -> _Answer:
        """What came for a task, if that is an answer to it."""
        number, future = task.number, task.future
        name = f"{self._kind} {number}"
        # Apart: what those who are told raise is no fault of the executor.
        left = self._wait(future, None if seconds is None else seconds + GRACE)
        try:
            answer: object = future.result(left)
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
        return answer

    def cancel(self) -> None:
        """Nobody waits for the rest."""
        while self._waiting:
            self._waiting.popleft().future.cancel()


def in_order(
    executor: Executor | None,
    kind: str,
    function: Callable[..., T],
    jobs: Iterable[tuple[int, tuple[Any, ...]]],
    ahead: int,
    *,
    least: int = 1,
) -> Iterator[T]:
    """What a function says of each job, in their order: on an executor as long as it goes on, else here.

    Parameters
    ----------
    executor : concurrent.futures.Executor, optional
    kind : str
        What a job is called in refusals.
    function : callable
    jobs : iterable of (number, arguments)
        Read as they are needed; arguments that are :class:`Shared` are their values there.
    ahead : int
        Jobs for each process that are read, and whose answers may be here, before the first is taken.
    least : int
        So many at least on an executor, however few its processes.

    Raises
    ------
    TaskLost
        As :meth:`Tasks.take`.
    """
    tasks = None if executor is None else Tasks(executor, kind)
    waiting, source = deque[tuple[Any, ...]](), iter(jobs)
    try:
        while True:
            room = 1 if tasks is None or executor is None else max(least, ahead * processes_of(executor))
            while len(waiting) < room and (job := next(source, None)) is not None:
                number, arguments = job
                waiting.append(arguments)
                if tasks is not None:
                    try:
                        tasks.give(number, function, *arguments)
                    except BrokenExecutor:
                        tasks.cancel()
                        tasks, room = None, 1
            if not waiting:
                return
            arguments = waiting.popleft()
            if tasks is not None:
                try:
                    answer = tasks.take()
                except BrokenExecutor:
                    tasks.cancel()
                    tasks = None
                else:
                    yield answer
                    continue
            yield function(*(part.value if isinstance(part, Shared) else part for part in arguments))
    finally:
        if tasks is not None:
            tasks.cancel()


def _said(error: Exception) -> str:
    text = str(error)
    if isinstance(error, CancelledError) and not text:
        text = "the executor, or the scheduler behind it, has ended"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
