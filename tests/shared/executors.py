"""Executors that do what executors should not: tasks are done in this thread when they are asked for, so no clock decides."""

from __future__ import annotations

import pickle
import weakref
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor
from typing import Any

FAULTS = ("cancels", "exchanges", "forgets", "garbage", "nothing", "raises", "refuses", "repeats", "sends no future")
"""What ends in an error; each is what :class:`Faulty` does at one task."""


class Asked(Future):
    """A future whose task is done when its result is asked for, or whether it is done."""

    def __init__(self, task: Callable[[], Any]) -> None:
        super().__init__()
        self.task = task

    def done(self) -> bool:
        if not super().done():
            self.set_running_or_notify_cancel()
            try:
                self.set_result(self.task())
            except Exception as error:
                self.set_exception(error)
        return True

    def result(self, timeout: float | None = None) -> Any:
        self.done()
        return super().result(0)


class Later(Executor):
    """An honest one; ``futures`` are all that it gave."""

    def __init__(self) -> None:
        self.futures: list[Any] = []

    def submit(self, function, /, *arguments, **options):
        self.futures.append(Asked(lambda: function(*arguments, **options)))
        return self.futures[-1]


class Hanging(Asked):
    """Never there: whoever waits with a limit waits it out at once, and nobody should wait without."""

    add_done_callback = None

    def done(self) -> bool:
        return Future.done(self)

    def result(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "waits for ever"
        raise TimeoutError


class Faulty(Later):
    """Does one wrong thing, ``fault``, at the task with the index ``at``."""

    def __init__(self, fault: str, at: int) -> None:
        super().__init__()
        self.fault, self.at = fault, at

    def submit(self, function, /, *arguments, **options):
        index = len(self.futures)
        if self.fault == "exchanges" and index == self.at + 1:
            honest = super().submit(function, *arguments, **options)
            other = self.futures[self.at]
            honest.task, other.task = other.task, honest.task
            return honest
        if index != self.at or self.fault == "exchanges":
            return super().submit(function, *arguments, **options)
        if self.fault == "refuses":
            raise RuntimeError("cannot schedule new futures")
        if self.fault == "breaks":
            raise BrokenExecutor("gone")
        if self.fault == "sends no future":
            self.futures.append(None)
            return None

        def fail() -> Any:
            if self.fault == "raises":
                raise MemoryError("too much")
            if self.fault == "forgets":
                raise CancelledError
            if self.fault == "breaks later":
                raise BrokenExecutor("gone")
            if self.fault == "repeats":
                return self.futures[self.at - 1].result()
            return "an answer" if self.fault == "garbage" else None

        self.futures.append((Hanging if self.fault == "hangs" else Asked)(fail))
        if self.fault == "cancels":
            self.futures[-1].cancel()
        return self.futures[-1]


class Changing(Later):
    """Changes what each answer holds."""

    def __init__(self, change: Callable[[Any], Any]) -> None:
        super().__init__()
        self.change = change

    def submit(self, function, /, *arguments, **options):
        honest = super().submit(function, *arguments, **options)
        task = honest.task

        def changed() -> Any:
            answer = task()
            object.__setattr__(answer, "value", self.change(answer.value))
            return answer

        honest.task = changed
        return honest


class Stale(Later):
    """Gives the answers that another one gave, task by task."""

    def __init__(self, other: Later) -> None:
        super().__init__()
        self.other = other

    def submit(self, function, /, *arguments, **options):
        old = self.other.futures[len(self.futures)]
        self.futures.append(Asked(old.result))
        return self.futures[-1]


class Backwards(Later):
    """Does all it has, the last one first, whenever a result is asked for."""

    def submit(self, function, /, *arguments, **options):
        honest = super().submit(function, *arguments, **options)
        task = honest.task

        def first_the_others() -> Any:
            for other in reversed(self.futures):
                if other is not honest and not Future.done(other):
                    other.set_running_or_notify_cancel()
                    other.set_result(other.plain())
            return task()

        honest.plain, honest.task = task, first_the_others
        return honest


class AtOnce(Executor):
    """Does each task when it is given; ``given`` are the futures."""

    def __init__(self) -> None:
        self.given: list[Future] = []

    def submit(self, function, /, *arguments, **options):
        future: Future = Future()
        self.given.append(future)
        try:
            future.set_result(self.do(function, *arguments, **options))
        except Exception as error:
            future.set_exception(error)
        return future

    def do(self, function, /, *arguments, **options):
        return function(*arguments, **options)


class Elsewhere(AtOnce):
    """As in another process: what goes there and comes back are bytes; ``sent`` says how many each task was."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[int] = []

    def do(self, function, /, *arguments, **options):
        there = pickle.dumps((function, arguments, options), protocol=5)
        self.sent.append(len(there))
        function, arguments, options = pickle.loads(there)
        return pickle.loads(pickle.dumps(function(*arguments, **options), protocol=5))


class Pool(Elsewhere, ProcessPoolExecutor):
    """The same for one that says it has processes of this machine."""


class Counted(AtOnce):
    """How many answers there are that somebody has, at most."""

    def __init__(self, workers: int) -> None:
        super().__init__()
        self._max_workers = workers
        self.alive: weakref.WeakSet = weakref.WeakSet()
        self.most = 0

    def submit(self, function, /, *arguments, **options):
        future = super().submit(function, *arguments, **options)
        self.given.clear()
        self.alive.add(future)
        self.most = max(self.most, len(self.alive))
        return future
