"""What tasks have in common, what is told while they are done, and how many of them there are at a time."""

from __future__ import annotations

import gc
import os
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from executors import AtOnce, Backwards, Counted, Elsewhere, Later, Pool

from exactgeo import Arrangement, executors, mapped
from exactgeo.errors import TaskLost
from exactgeo.executors import Shared, Tasks, rising

REGIONS = Arrangement([[t**j for j in range(5)] for t in range(-8, 9)])


class Large:
    """Counts how often it is made of bytes."""

    made = 0

    def __init__(self) -> None:
        self.bytes = os.urandom(100_000)

    def __setstate__(self, state):
        type(self).made += 1
        self.__dict__ = state


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    monkeypatch.setattr(Large, "made", 0)
    executors._received.clear()
    mapped._seen.clear()


def taken(executor: Executor, function, *arguments, count: int = 5):
    tasks = Tasks(executor, "block")
    for number in range(count):
        tasks.give(number, function, *arguments, number)
    return [tasks.take() for _ in range(count)]


def itself(value, number):
    return value, number


@pytest.mark.parametrize("executor", [Later(), AtOnce(), None])
def test_in_this_process_it_is_the_value_itself(executor):
    value = Large()
    with Shared(executor, value) as shared:
        assert shared.value is value
        if executor is not None:
            assert all(got is value for got, _ in taken(executor, itself, shared))
    assert Large.made == 0


def size_of(value, number):
    return len(value.bytes), number


@pytest.mark.parametrize(("kind", "least", "most"), [(Elsewhere, 100_000, 101_000), (Pool, 0, 600)])
def test_a_worker_makes_it_once(kind, least, most):
    executor = kind()
    with Shared(executor, Large()) as shared:
        assert taken(executor, size_of, shared) == [(100_000, number) for number in range(5)]
        assert Large.made == 1
        # Another value is another one.
        with Shared(executor, Large()) as other:
            assert taken(executor, lambda_of, shared, other) == [False] * 5
    assert all(least <= sent <= most for sent in executor.sent[:5]), executor.sent


def lambda_of(one, other, number):
    return one.bytes == other.bytes


def test_a_pool_that_does_not_see_the_memory_gets_it_with_the_task(monkeypatch):
    monkeypatch.setattr("exactgeo.mapped.Mapped._view", lambda self: None)
    executor = Pool()
    with Shared(executor, Large()) as shared:
        assert taken(executor, size_of, shared) == [(100_000, number) for number in range(5)]
    assert Large.made == 1
    # Five in vain, and each again; whoever comes later has it at once.
    assert [sent > 100_000 for sent in executor.sent] == [False] * 5 + [True] * 5


def whose(value, number):
    return os.getpid(), id(value), int(value.sum())


def test_processes_have_one_each():
    value = np.arange(1000)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor, Shared(executor, value) as shared:
        got = taken(executor, whose, shared, count=12)
    assert {total for _, _, total in got} == {499_500}
    assert os.getpid() not in {process for process, _, _ in got}
    assert len({(process, at) for process, at, _ in got}) == len({process for process, _, _ in got})


def test_an_answer_of_another_version_is_not_taken(monkeypatch):
    monkeypatch.setattr(executors, "_version", lambda: "0.1")
    tasks = Tasks(AtOnce(), "block")
    tasks.give(0, divmod, 7, 2)
    monkeypatch.setattr(executors, "_version", lambda: "0.2")
    with pytest.raises(TaskLost, match=r"block 0: got the answer of exactgeo 0\.1, not 0\.2"):
        tasks.take()


class ByHand(Executor):
    """Its futures end when the test says so."""

    def __init__(self) -> None:
        self.futures: list[Future] = []
        self.work: list = []

    def submit(self, function, /, *arguments, **options):
        self.futures.append(Future())
        self.work.append(lambda: function(*arguments, **options))
        return self.futures[-1]

    def end(self, number: int) -> None:
        self.futures[number].set_result(self.work[number]())


def test_what_others_finish_is_told_while_the_first_is_waited_for():
    """By size, in this thread, whatever the order: the last one here ends first, and each that is told ends another."""
    executor, told = ByHand(), []
    order = [3, 1, 0, 2]

    def finished(size: int) -> None:
        assert threading.current_thread() is threading.main_thread()
        told.append(size)
        if len(told) < len(order):
            executor.end(order[len(told)])

    tasks = Tasks(executor, "block", finished)
    for number, size in enumerate((10, 200, 3000, 40_000)):
        tasks.give(number, divmod, number, 7, size=size)
    executor.end(order[0])
    assert [tasks.take() for _ in range(4)] == [(0, number) for number in range(4)]
    assert told == [40_000, 40_200, 40_210, 43_210]


def test_other_threads_wake_it():
    told = []
    with ThreadPoolExecutor(2) as executor:
        go = threading.Event()
        tasks = Tasks(executor, "block", lambda size: (told.append(size), go.set()))
        # The first waits until it was told of the second.
        tasks.give(0, go.wait)
        tasks.give(1, int)
        assert [tasks.take(), tasks.take()] == [True, 0]
    assert told[0] == 1
    assert told[-1] == 2


def test_what_fails_or_is_cancelled_is_not_counted():
    executor, told = ByHand(), []
    tasks = Tasks(executor, "block", told.append)
    for number in range(4):
        tasks.give(number, divmod, 7, 2)
    executor.futures[1].cancel()
    executor.futures[2].set_exception(MemoryError())
    executor.futures[3].set_result("no answer")
    executor.end(0)
    tasks.take()
    assert told == [1]
    for found in ("CancelledError", "MemoryError", "a str"):
        with pytest.raises(TaskLost, match=found):
            tasks.take()
    assert told == [1]


def test_a_wait_that_is_told_of_others_has_its_limit():
    executor = ByHand()
    tasks = Tasks(executor, "block", lambda size: None)
    tasks.give(0, divmod, 7, 2)
    tasks.give(1, divmod, 7, 2)
    executor.end(1)
    with pytest.raises(TimeoutError):
        tasks.take(-executors.GRACE)
    assert executor.futures[0].cancelled()


def test_progress_that_only_rises():
    told = []
    progress = rising(lambda done, total: told.append((done, total)))
    for done in (0, 3, 3, 1, 2, 4):
        progress(done, 9)
    assert told == [(0, 9), (3, 9), (4, 9)]


@pytest.mark.parametrize(("workers", "most"), [(1, 8), (4, 8), (5, 10), (20, 40)])
def test_regions_that_are_done_at_once_wait_for_nobody(monkeypatch, workers, most):
    """Blocks given and not yet yielded: eight, or two a worker, however fast they are done; and they are bytes that go."""
    monkeypatch.setattr("exactgeo.arrangement.enumerators.flag.BATCH", 4)
    plain = [block.copy() for block in REGIONS.blocks(packed=True)]
    assert len(plain) > 40
    gc.disable()
    try:
        executor = Counted(workers)
        for one, other in zip(plain, REGIONS.blocks(executor, packed=True), strict=True):
            assert np.array_equal(one, other)
        assert executor.most == most
    finally:
        gc.enable()


@pytest.mark.parametrize("executor", [Later(), Backwards()])
def test_regions_that_come_in_another_order_are_given_as_few(monkeypatch, executor):
    monkeypatch.setattr("exactgeo.arrangement.enumerators.flag.BATCH", 4)
    executor._max_workers = 1
    for yielded, _ in enumerate(REGIONS.blocks(executor, packed=True)):
        assert len(executor.futures) <= yielded + 8
