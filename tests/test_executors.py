"""Executors that lose, raise, reorder, exchange, repeat, hang or give nothing: the same answer, or one line and a run to take up."""

from __future__ import annotations

import gc
import json
import os
import pickle
import subprocess
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from command import run
from executors import FAULTS, AtOnce, Backwards, Changing, Counted, Faulty, Later, Pool, Stale
from problems import line
from stores import dump

from exactgeo import deadline, executors
from exactgeo.basin import census, schedule
from exactgeo.basin.optima import Optima
from exactgeo.basin.schedule import SolvedRun
from exactgeo.deadline import Deadline
from exactgeo.errors import ExactgeoError, InternalError, TaskLost
from exactgeo.executors import TASKS_BEFORE_POOL, Tasks, Workers, in_order, start
from exactgeo.landscape import landscape
from exactgeo.store import Store

CASE = line(9, 2)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Eleven blocks or so, each a task of its own."""
    monkeypatch.setattr("exactgeo.basin.schedule.BLOCK", 64)
    monkeypatch.setattr("exactgeo.basin.schedule.FEW", 1000)


@pytest.fixture
def in_runs(monkeypatch):
    """Of some blocks each, after the first two."""
    monkeypatch.setattr("exactgeo.basin.schedule.FEW", 0)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("at", [1, 5, 9])
def test_a_task_that_is_lost_is_one_error_and_the_run_is_taken_up(tmp_path, fault, at):
    with (
        Store(tmp_path / "run.sqlite") as store,
        pytest.raises(TaskLost, match=r"^executor: block \d+: got .*; write") as lost,
    ):
        census(CASE, executor=Faulty(fault, at), store=store)
    assert str(lost.value).count("\n") == 0
    with Store(tmp_path / "run.sqlite") as store:
        # Everything before the task is kept, and nothing of it or after.
        kept = len(list(store.blocks(census(CASE).reduction)))
        assert kept == at if fault not in ("refuses", "sends no future") else kept <= at
    with Store(tmp_path / "run.sqlite", resume=True) as store:
        again = census(CASE, store=store, executor=Later())
    assert again.to_records() == census(CASE).to_records()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_landscape_too(tmp_path, fault):
    case = line(6, 2)
    with Store(tmp_path / "run.sqlite") as store, pytest.raises(TaskLost):
        landscape(case, executor=Faulty(fault, 1), store=store)
    with Store(tmp_path / "run.sqlite", resume=True) as store:
        assert landscape(case, executor=Later(), store=store).to_json() == landscape(case).to_json()


@pytest.mark.parametrize("pool", [Later(), Backwards(), Faulty("breaks", 3), Faulty("breaks later", 3)])
def test_an_executor_that_reorders_or_ends_changes_nothing(pool):
    assert census(CASE, executor=pool).to_records() == census(CASE).to_records()


def test_answers_of_another_problem_or_another_run_are_not_taken():
    for other in (line(9, 2, shift=1), CASE):
        first = Later()
        census(other, executor=first)
        with pytest.raises(TaskLost, match="the answer of another run"):
            census(CASE, executor=Stale(first))


def last_block(change):
    """The answer with another last block: the number of each orbit's optimum, whether it was interrupted."""
    return lambda answer: SolvedRun(answer.optima, [*answer.blocks[:-1], change(answer.optima, *answer.blocks[-1])])


CHANGES = {
    "no optima": lambda answer: SolvedRun(Optima(answer.optima._count), answer.blocks),
    "optima that are none": lambda answer: SolvedRun(["optimum"] * len(answer.optima), answer.blocks),
    "no blocks": lambda answer: SolvedRun(answer.optima, []),
    "blocks that are none": lambda answer: SolvedRun(answer.optima, [3, *answer.blocks]),
    "optima of another program": lambda answer: SolvedRun(Optima(3, answer.optima[:2]), answer.blocks),
    "optima in another order": lambda answer: SolvedRun(
        Optima(answer.optima._count, answer.optima[::-1]),
        [(len(answer.optima) - 1 - owner, ended) for owner, ended in answer.blocks],
    ),
    "an optimum that no orbit has": lambda answer: SolvedRun(
        Optima(
            answer.optima._count, [answer.optima[0], answer.optima[0]._replace(basis=(0, 1, 2)), *answer.optima[1:]]
        ),
        [(np.where(owner > 0, owner + 1, owner), ended) for owner, ended in answer.blocks],
    ),
    "the first optimum for all": last_block(lambda optima, owner, ended: (0 * owner, ended)),
    "another optimum": last_block(lambda optima, owner, ended: (np.roll(owner, 1), ended)),
    "the optimum of another": last_block(lambda optima, owner, ended: ((owner + 1) % len(optima), ended)),
    "too few": last_block(lambda optima, owner, ended: (owner[:-1], ended)),
    "beyond the last": last_block(lambda optima, owner, ended: (owner + len(optima), ended)),
    "negative numbers": last_block(lambda optima, owner, ended: (owner - len(optima), ended)),
    "numbers that are none": last_block(lambda optima, owner, ended: (owner.astype(str), ended)),
    "no flag": last_block(lambda optima, owner, ended: (owner,)),
    "a number": lambda answer: 3,
    "none": lambda answer: None,
}


@pytest.mark.parametrize("change", CHANGES)
def test_answers_that_prove_nothing_are_not_taken(change):
    with pytest.raises(TaskLost, match="block 0"):
        census(CASE, executor=Changing(CHANGES[change]))


@pytest.mark.parametrize("change", CHANGES)
def test_answers_of_several_blocks_neither(in_runs, change):
    """The first two tasks, of one block each, are left as they are."""
    pool = Changing(lambda answer: CHANGES[change](answer) if len(answer.blocks) > 1 else answer)
    with pytest.raises(TaskLost, match=r"block \d"):
        census(CASE, executor=pool)
    short = Changing(lambda answer: SolvedRun(answer.optima, answer.blocks[:2]))
    with pytest.raises(TaskLost, match="block 4: got nothing"):
        census(CASE, executor=short)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_of_blocks_that_is_lost_is_taken_up(tmp_path, in_runs, fault):
    with Store(tmp_path / "run.sqlite") as store, pytest.raises(TaskLost, match="executor: block"):
        census(CASE, executor=Faulty(fault, 3), store=store)
    with Store(tmp_path / "run.sqlite", resume=True) as store:
        again = census(CASE, store=store, executor=Later())
    assert again.to_records() == census(CASE).to_records()


def test_how_blocks_are_cut_into_tasks_changes_no_byte(tmp_path, in_runs):
    """One task a block, runs for one process or for many, none at all: the same optima in the same order, and store."""
    plain = census(CASE)
    kept = []
    for count in (None, 1, 2, 5, 100):
        pool = None if count is None else Later()
        if pool is not None:
            pool._max_workers = count
        path = tmp_path / f"{count}.sqlite"
        with Store(path) as store:
            found = census(CASE, executor=pool, store=store)
        assert [*found.table.optima] == [*plain.table.optima]
        assert np.array_equal(found.table.owners, plain.table.owners)
        kept.append(dump(path))
        if count == 1:
            # Two of one block, and all the rest.
            assert len(pool.futures) == 3
    assert all(other == kept[0] for other in kept)


@pytest.mark.parametrize(("workers", "most"), [(2, 4), (3, 5), (10, 16)])
def test_a_census_holds_the_answers_of_few_tasks(in_runs, monkeypatch, workers, most):
    """However fast they are done: one and a half for each worker, and one, of a few blocks each."""
    monkeypatch.setattr(schedule, "LONGEST", 3)
    runs, honest = [], schedule.solve_run
    monkeypatch.setattr(
        schedule, "solve_run", lambda listing, first, count, *rest: runs.append(count) or honest(listing, first, count)
    )
    gc.disable()
    try:
        executor = Counted(workers)
        census(line(9, 3), executor=executor)
    finally:
        gc.enable()
    assert len(runs) > 2 * most
    assert (executor.most, max(runs)) == (most, 3)


@pytest.mark.parametrize(
    ("pool", "most"),
    [
        (None, 1),
        (Later(), 6),
        (AtOnce(), 6),
        (Backwards(), 6),
        (Faulty("breaks", 3), 4),
        (Faulty("breaks later", 3), 6),
    ],
)
def test_jobs_in_order(pool, most):
    """Read as they are needed: two for each of three processes; one where there is no executor, or none any more."""
    read, ahead = [], 0

    def jobs():
        for number in range(20):
            read.append(number)
            yield number, (number, 7)

    if pool is not None:
        pool._max_workers = 3
    for number, found in enumerate(in_order(pool, "job", divmod, jobs(), 2)):
        assert found == divmod(number, 7)
        ahead = max(ahead, len(read) - number)
    assert (number, ahead) == (19, most)


def test_a_job_that_is_lost_is_named():
    found = in_order(Faulty("raises", 2), "job", divmod, ((k, (k, 7)) for k in range(9)), 1)
    assert [next(found), next(found)] == [(0, 0), (0, 1)]
    with pytest.raises(TaskLost, match="job 2: got MemoryError"):
        next(found)


def test_one_worker_is_this_process(monkeypatch, tmp_path):
    """No run of blocks is done before the first of them is kept."""
    monkeypatch.setattr(schedule, "solve_run", None)
    with Workers(1) as pool, Store(tmp_path / "run.sqlite") as store:
        assert census(CASE, executor=pool, store=store).to_records() == census(CASE).to_records()


def test_a_task_of_a_census_is_two_numbers(in_runs):
    plain, far = census(CASE), Pool()
    assert census(CASE, executor=far).to_records() == plain.to_records()
    assert max(far.sent) < 600


def test_progress_is_of_all_tasks_that_have_ended(in_runs, monkeypatch):
    """All that are given end when the first is asked for: all are told, though none is taken yet."""
    monkeypatch.setattr(schedule, "LONGEST", 3)
    executor, told = Backwards(), []
    executor._max_workers = 2
    found = census(CASE, executor=executor, progress=lambda done, total: told.append(done))
    # Four tasks of one, one, three and three blocks.
    assert told == [512, len(found)]


def test_a_limit_ends_a_run_in_the_middle_of_it(in_runs, monkeypatch):
    """By a clock that goes on a second whenever a block is begun."""
    now = [0.0]
    honest = schedule.solve_block

    def timed(*arguments, **options):
        now[0] += 1
        return honest(*arguments, **options)

    monkeypatch.setattr(schedule, "solve_block", timed)
    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: now[0]))
    reduction = census(CASE).reduction
    now[0] = 0.0
    answer = schedule.solve_run(schedule.Listing.of(reduction), 0, 6, Deadline.after(3))
    assert [bool((owner >= 0).all()) for owner, _ in answer.blocks] == [True, True, True, False]


def seconds_left(ends: Deadline) -> float:
    return ends.left


def test_a_task_knows_when_its_run_has_to_end(monkeypatch):
    """On this machine by the same clock, however late it begins; elsewhere from when it begins."""
    now = [0.0]
    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: now[0]))
    for executor, left in ((Workers(1), 2), (Later(), 5)):
        ends, now[0] = Deadline.after(6), now[0] + 1
        tasks = Tasks(executor, "block")
        submitted = executor.submit
        tasks._submit_to = lambda *task, submitted=submitted: now.__setitem__(0, now[0] + 3) or submitted(*task)
        tasks.give(0, seconds_left, ends)
        assert tasks.take() == left
    ends = Deadline.after(6)
    now[0] += 4
    assert pickle.loads(pickle.dumps(ends)).left == 2


def test_a_time_limit_ends_the_wait_for_a_task_that_never_returns(tmp_path):
    """The fake one says at once that the limit has passed: there is a limit on every wait, and it ends the run."""
    with Store(tmp_path / "run.sqlite") as store:
        ended = census(CASE, executor=Faulty("hangs", 3), time_limit=1000, store=store)
    assert (ended.complete, len(ended)) == (False, 3 * 64)
    with Store(tmp_path / "run.sqlite", resume=True) as store:
        assert census(CASE, store=store).to_records() == census(CASE).to_records()


def test_a_timeout_that_a_task_raises_is_no_time_limit():
    def late() -> None:
        raise TimeoutError("of its own")

    tasks = Tasks(Later(), "block")
    tasks.give(0, late)
    with pytest.raises(TaskLost, match="TimeoutError: of its own"):
        tasks.take(1000)


def test_what_we_raise_ourselves_is_not_the_executors_fault():
    def wrong() -> None:
        raise InternalError("a bug of ours")

    tasks = Tasks(Later(), "block")
    tasks.give(0, wrong)
    with pytest.raises(InternalError, match="ours"):
        tasks.take()
    assert issubclass(TaskLost, ExactgeoError)


def test_workers_do_not_wait_for_a_task_that_nobody_waits_for():
    """Were it waited for, this would take an hour."""
    with Workers(2) as pool:
        for _ in range(TASKS_BEFORE_POOL):
            pool.submit(int)
        sleeping = pool.submit(time.sleep, 3600)
        while not sleeping.running():
            time.sleep(0.01)
        processes = list(pool._pool._processes.values())
    for process in processes:
        process.join()
        assert not process.is_alive()


def test_workers_that_are_started_do_the_first_tasks_too(monkeypatch):
    monkeypatch.delitem(sys.modules, "json.tool", raising=False)
    with Workers(2) as pool:
        start(pool, "json.tool")
        assert pool.submit(os.getpid).result() != os.getpid()
    assert "json.tool" not in sys.modules
    executors._load(("json.tool",))
    assert "json.tool" in sys.modules
    # What has ended says so to the first task.
    ended = ProcessPoolExecutor(1)
    ended.shutdown()
    start(ended)
    with pytest.raises(TaskLost, match="shutdown"):
        Tasks(ended, "block").give(0, int)


def test_only_processes_of_this_machine_are_started():
    other = Later()
    start(other)
    start(None)
    assert not other.futures
    with Workers(1) as alone:
        start(alone)
        assert alone._pool is None


@pytest.mark.parametrize(
    ("limit", "child", "kept"),
    [(None, True, True), (None, False, False), ("65536", False, True), ("131072", True, False)],
)
def test_memory_is_kept_by_workers_where_no_limit_was_set(monkeypatch, limit, child, kept):
    import ctypes
    import multiprocessing.process

    limits = {}
    monkeypatch.setattr(multiprocessing.process, "parent_process", lambda: object() if child else None)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace(mallopt=limits.__setitem__))
    if limit is None:
        monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    else:
        monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", limit)
    executors._keep_memory.__wrapped__()
    assert limits == ({-1: 64 << 20, -3: 32 << 20} if kept else {})


def test_the_command_says_so_in_one_line_and_goes_on(capsys, tmp_path, monkeypatch):
    problem, out = tmp_path / "case.toml", tmp_path / "run.sqlite"
    problem.write_text(CASE.to_toml())
    plain = run(capsys, "basins", str(problem), "--json")
    pools: list[Executor] = []

    class Pool(Workers):
        def __new__(cls, _: int) -> Executor:
            return pools.pop()

    monkeypatch.setattr("exactgeo.executors.Workers", Pool)
    pools += [Later(), Faulty("exchanges", 3), Faulty("nothing", 2)]
    # The second run begins with a replay, then block 2.
    for found in ("nothing", "the answer of block 5"):
        code, text, err = run(capsys, "basins", str(problem), "--out", str(out), "--json")
        assert (code, err.count("\n")) == (3, 1)
        assert f"got {found}" in err
        assert json.loads(text)["error"]["found"] == found
    assert run(capsys, "basins", str(problem), "--out", str(out), "--resume", "--json") == plain
    assert Path(out).exists()


ENDED = """
import os, sys
from exactgeo.executors import TASKS_BEFORE_POOL, Workers

if __name__ == "__main__":
    pool = Workers(2)
    print([pool.submit(divmod, 7, 2).result() for _ in range(TASKS_BEFORE_POOL + 1)][-1], sys.warnoptions, flush=True)
    os._exit(0)
"""


def test_a_process_that_ends_without_its_pool_says_nothing(tmp_path):
    """A limit ends it so; what takes its semaphores away has the same stderr, which ends when it does."""
    path = tmp_path / "ended.py"
    path.write_text(ENDED, encoding="utf-8")
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("(3, 1) []\n", "")
