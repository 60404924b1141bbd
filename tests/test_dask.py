"""Dask: workers that come, go and are killed in the middle of a task change no byte of an answer, nor of its store.

No clock decides: workers die at a task of a given number, and come or go when a given part has come.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from problems import line

pytest.importorskip("distributed")

from deaths import Deed, killed, too_large
from distributed import Client, LocalCluster

import exactgeo as eg
from exactgeo.basin import census
from exactgeo.errors import TaskLost
from exactgeo.executors import Shared, Tasks, processes_of
from exactgeo.landscape import landscape
from exactgeo.store import Store

# What distributed says of its own connections while they end is not ours.
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.timeout(300)]

CASE = line(9, 3)
REGIONS = eg.Arrangement([[t**j for j in range(6)] for t in range(-9, 10)])


def local(workers: int = 2) -> LocalCluster:
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=None,
        memory_limit="700 MB",
        silence_logs=logging.CRITICAL,
    )


@pytest.fixture(scope="module")
def cluster():
    with local() as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    """Of a cluster that a test leaves as it found it: who was killed is replaced."""
    with Client(cluster) as client:
        yield client
        client.wait_for_workers(2)


@pytest.fixture
def own():
    """Of a cluster for one test."""
    with local() as cluster, Client(cluster) as client:
        yield client


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Of the census 66, in runs; of the regions eight."""
    monkeypatch.setattr("exactgeo.basin.schedule.BLOCK", 128)
    monkeypatch.setattr("exactgeo.basin.schedule.LONGEST", 4)
    monkeypatch.setattr("exactgeo.arrangement.enumerators.flag.BATCH", 256)


def rows(path) -> str:
    """All that a store holds."""
    with sqlite3.connect(path) as connection:
        return hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()


def answer(executor, path, resume=False, progress=None):
    """Owners, optima, values and certificate of a census, and its store."""
    with Store(path, resume=resume) as store:
        found = census(CASE, executor=executor, store=store, progress=progress)
    table = hashlib.sha256(found.table.owners.tobytes() + repr([*found.table.optima]).encode()).hexdigest()
    return table, repr(found.minimum), found.certificate.to_json(), rows(path)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("exactgeo.basin.schedule.BLOCK", 128)
        return answer(None, tmp_path_factory.mktemp("plain") / "run.sqlite")


@contextmanager
def happening(client, deed, tmp_path, at, times=1):
    marks = tmp_path / "marks"
    marks.mkdir()
    client.register_plugin(Deed(deed, marks, at, times))
    try:
        yield marks
    finally:
        client.unregister_worker_plugin("deed")
    # It has happened: otherwise nothing was tested.
    assert len(list(marks.iterdir())) == times


def same_regions(executor) -> None:
    for one, other in zip(REGIONS.blocks(packed=True), REGIONS.blocks(executor, packed=True), strict=True):
        assert np.array_equal(one, other)


def test_a_killed_worker_changes_no_byte(client, tmp_path, plain):
    told = []
    with happening(client, killed, tmp_path, at=20):
        found = answer(client.get_executor(), tmp_path / "run.sqlite", progress=lambda *now: told.append(now))
    assert found == plain
    assert told == sorted(told)
    assert {total for _, total in told} == {told[-1][0]}


@pytest.mark.slow
def test_what_tasks_have_in_common_survives_all_who_have_it(own):
    """It is a task of its own, done again."""
    with Shared(own.get_executor(), {"one": 1}) as shared:
        tasks = Tasks(own.get_executor(), "task")
        tasks.give(0, len, shared)
        assert tasks.take() == 1
        own.restart_workers(list(own.nthreads()))
        tasks.give(1, len, shared)
        assert tasks.take() == 1


@pytest.mark.slow
def test_regions_and_landscapes_neither(client, tmp_path):
    with happening(client, killed, tmp_path, at=5):
        same_regions(client.get_executor())
    small = line(6, 2)
    assert landscape(small, executor=client.get_executor()).to_json() == landscape(small).to_json()


@pytest.mark.slow
def test_a_worker_killed_while_walls_are_looked_for_changes_no_byte(client, tmp_path, monkeypatch):
    for name, value in {"facing.TOGETHER": 500, "leads.BLOCK": 500, "leads.MANY": 0}.items():
        module, constant = name.split(".")
        monkeypatch.setattr(sys.modules[f"exactgeo.landscape.{module}"], constant, value)
    honest = landscape(CASE)
    # Blocks of the census have smaller numbers.
    with happening(client, killed, tmp_path, at=3000):
        found = landscape(CASE, executor=client.get_executor())
    assert found.to_json() == honest.to_json()
    assert list(found._known.edges) == list(honest._known.edges)


@pytest.mark.slow
def test_workers_come_and_go(own, tmp_path, plain):
    """One, then three when a quarter is there, then one."""
    own.cluster.scale(1)
    seen, executor = [], own.get_executor()

    def progress(done: int, total: int) -> None:
        if not seen and done > total / 4:
            own.cluster.scale(3)
            own.wait_for_workers(3)
            seen.append(processes_of(executor))
        elif len(seen) == 1 and done > total / 2:
            own.cluster.scale(1)
            seen.append(1)

    assert answer(executor, tmp_path / "run.sqlite", progress=progress) == plain
    assert seen == [3, 1]


@pytest.mark.slow
def test_a_cluster_that_has_no_workers_yet(own, tmp_path, plain):
    """They come when there is work."""
    own.cluster.scale(0)
    own.sync(own.scheduler.retire_workers, workers=list(own.nthreads()))
    assert not own.nthreads()
    adaptive = own.cluster.adapt(minimum=0, maximum=3, interval="100 ms")
    try:
        assert answer(own.get_executor(), tmp_path / "run.sqlite") == plain
        same_regions(own.get_executor())
    finally:
        adaptive.stop()


@pytest.mark.slow
def test_a_cluster_without_workers_is_waited_for_within_the_limit(own):
    own.cluster.scale(0)
    own.sync(own.scheduler.retire_workers, workers=list(own.nthreads()))
    ended = census(CASE, executor=own.get_executor(), time_limit=0.5)
    assert (ended.complete, len(ended)) == (False, 0)


@pytest.mark.slow
def test_all_workers_are_restarted(own, tmp_path, plain):
    done = []

    def progress(now: int, total: int) -> None:
        if not done and now > total / 3:
            done.append(now)
            own.restart_workers(list(own.nthreads()))

    assert answer(own.get_executor(), tmp_path / "run.sqlite", progress=progress) == plain
    assert done


@pytest.mark.slow
def test_a_worker_beyond_its_memory_is_replaced(client, tmp_path, plain):
    with happening(client, too_large, tmp_path, at=20):
        assert answer(client.get_executor(), tmp_path / "run.sqlite") == plain


@pytest.mark.slow
def test_a_task_that_kills_every_worker_is_one_error_and_the_run_is_taken_up(own, tmp_path, plain):
    """Dask gives a task up that has ended as many workers as its `allowed-failures` and one."""
    own.cluster.scheduler.allowed_failures = 1
    path = tmp_path / "run.sqlite"
    with happening(own, killed, tmp_path, at=20, times=2):
        with pytest.raises(TaskLost, match=r"^executor: block \d+: got KilledWorker: .*; write") as lost:
            answer(own.get_executor(), path)
        assert "\n" not in str(lost.value)
    own.wait_for_workers(2)
    assert answer(own.get_executor(), path, resume=True) == plain


@pytest.mark.slow
def test_a_scheduler_that_ends_is_one_error_and_the_run_is_taken_up(tmp_path, plain):
    path, ended = tmp_path / "run.sqlite", []
    with local(1) as cluster, Client(cluster) as client:

        def progress(done: int, total: int) -> None:
            if not ended and done > total / 3:
                ended.append(done)
                cluster.close()

        with pytest.raises(TaskLost, match=r"^executor: block \d+: got .*(has ended|ancelled).*; write") as lost:
            answer(client.get_executor(), path, progress=progress)
        assert "\n" not in str(lost.value)
    assert ended
    assert answer(None, path, resume=True) == plain


def test_a_worker_that_is_killed_in_a_search_for_the_minimum_changes_no_byte(client, tmp_path, monkeypatch):
    from exactgeo.basin.branch import batches, minimum, search

    monkeypatch.setattr(batches, "PAYS", 0.0)
    for name, value in {"TOGETHER": 2, "LEAST": 2, "AHEAD": 3, "FEW": 2}.items():
        monkeypatch.setattr(search, name, value)
    rng = np.random.default_rng(1)
    data = {"x": rng.integers(-9, 9, (8, 2)).tolist(), "y": rng.integers(-9, 9, 8).tolist()}
    problem = eg.load({"data": data, "network": {"widths": [2]}})
    here = minimum(problem)
    with happening(client, killed, tmp_path, at=5):
        found = minimum(problem, executor=client.get_executor())
    assert (found.to_json(), found.certificate.to_json()) == (here.to_json(), here.certificate.to_json())
