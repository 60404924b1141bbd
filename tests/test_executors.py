"""Executors that lose, raise, reorder, exchange, repeat, hang or give nothing: the same answer, or one line and a run to take up."""

from __future__ import annotations

import json
import time
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pytest
from command import run
from executors import FAULTS, Backwards, Changing, Faulty, Later, Stale
from problems import line

from exactgeo.basin import census
from exactgeo.errors import ExactgeoError, InternalError, TaskLost
from exactgeo.executors import TASKS_BEFORE_POOL, Tasks, Workers
from exactgeo.landscape import landscape
from exactgeo.store import Store

CASE = line(9, 2)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr("exactgeo.basin.schedule.BLOCK", 64)


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


CHANGES = {
    "no optima": lambda answer: ([], *answer[1:]),
    "optima that are none": lambda answer: (["optimum"] * len(answer[0]), *answer[1:]),
    "another optimum": lambda answer: (answer[0], np.roll(answer[1], 1), answer[2]),
    "too few": lambda answer: (answer[0], answer[1][:-1], answer[2]),
    "beyond the last": lambda answer: (answer[0], answer[1] + len(answer[0]), answer[2]),
    "a number": lambda answer: 3,
    "none": lambda answer: None,
}


@pytest.mark.parametrize("change", CHANGES)
def test_answers_that_prove_nothing_are_not_taken(change):
    with pytest.raises(TaskLost, match="block 0"):
        census(CASE, executor=Changing(CHANGES[change]))


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


def test_the_command_says_so_in_one_line_and_goes_on(capsys, tmp_path, monkeypatch):
    problem, out = tmp_path / "case.toml", tmp_path / "run.sqlite"
    problem.write_text(CASE.to_toml())
    plain = run(capsys, "basins", str(problem), "--json")
    pools: list[Executor] = []

    def pool(_: int) -> Executor:
        return pools.pop()

    monkeypatch.setattr("exactgeo.executors.Workers", pool)
    pools += [Later(), Faulty("exchanges", 3), Faulty("nothing", 2)]
    # The second run begins with block 2.
    for found in ("nothing", "the answer of block 6"):
        code, text, err = run(capsys, "basins", str(problem), "--out", str(out), "--json")
        assert (code, err.count("\n")) == (3, 1)
        assert f"got {found}" in err
        assert json.loads(text)["error"]["found"] == found
    assert run(capsys, "basins", str(problem), "--out", str(out), "--resume", "--json") == plain
    assert Path(out).exists()
