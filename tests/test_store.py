"""Runs that end anywhere and are taken up: same answers, same bytes; files of something else are refused."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from losses import loss_names
from problems import line
from stores import dump

import exactgeo
from exactgeo.basin import Census, Enclosure, census, schedule
from exactgeo.errors import InputError
from exactgeo.executors import TASKS_BEFORE_POOL, Workers
from exactgeo.formats import problem_from_mapping
from exactgeo.problem import Problem
from exactgeo.store import Store


def export(found: Census, folder: Path) -> bytes:
    path = folder / "export.csv"
    found.write(path)
    return path.read_bytes()


def stop_at(row: int) -> type[Store]:
    """A store whose disk fails at a row, in the middle of a transaction."""

    class Failing(Store):
        def blocks(self, reduction):
            yield from super().blocks(reduction)
            self._base.execute(
                f"CREATE TEMP TRIGGER stop BEFORE INSERT ON main.basin WHEN NEW.id = {row} "
                "BEGIN SELECT RAISE(ABORT, 'stop'); END"
            )

    return Failing


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr("exactgeo.basin.schedule.BLOCK", 64)


@pytest.mark.parametrize("kind", loss_names())
def test_a_stored_census_is_the_census(tmp_path, kind, monkeypatch):
    case = line(4, 2, kind=kind)
    whole = census(case)
    with Store(tmp_path / "run.sqlite") as store:
        first = census(case, store=store)
    # All of it is in the file: nothing is solved again.
    monkeypatch.delattr("exactgeo.basin.schedule.solve_block")
    with Store(tmp_path / "run.sqlite", resume=True) as store:
        again = census(case, store=store)
    for found in (first, again):
        assert found.complete
        assert found.to_json() == whole.to_json()
        assert [b.minimiser for b in found] == [b.minimiser for b in whole]
        assert export(found, tmp_path) == export(whole, tmp_path)
    if kind == "logistic":
        assert isinstance(again.minimum, Enclosure)


@pytest.mark.parametrize("kind", ["squared", "absolute", "huber(1)", "logistic"])
def test_a_file_of_a_mean_holds_the_loss(tmp_path, kind):
    """A file of an earlier version held sums: it says nothing of the weight and is not taken up."""
    case, path = replace(line(4, 1, kind=kind), reduction="mean"), tmp_path / "run.sqlite"
    with Store(path) as store:
        found = census(case, store=store)
    with Store(path, resume=True) as store:
        assert census(case, store=store).to_json() == found.to_json()
    with sqlite3.connect(path) as base:
        kept = base.execute("SELECT value FROM basins ORDER BY id").fetchall()
        layout = store_layout(replace(case, reduction="sum"))
        base.execute("UPDATE meta SET value = ? WHERE key = 'layout'", (layout,))
    base.close()
    if kind != "logistic":
        assert [Fraction(text) for (text,) in kept] == [basin.value for basin in found]
    with Store(path, resume=True) as store, pytest.raises(InputError, match="listed otherwise"):
        census(case, store=store)


def store_layout(case: Problem) -> str:
    with tempfile.TemporaryDirectory() as folder, Store(f"{folder}/run.sqlite") as store:
        census(case, store=store)
        (layout,) = store._base.execute("SELECT value FROM meta WHERE key = 'layout'").fetchone()
    return str(layout)


@pytest.mark.parametrize("blocks", [0, 1, 2])
def test_a_failed_transaction_loses_its_block_only(tmp_path, blocks):
    case, path = line(5, 2), tmp_path / "run.sqlite"
    with stop_at(64 * blocks + 17)(path) as store, pytest.raises(InputError):
        census(case, store=store)
    with sqlite3.connect(path) as base:
        assert base.execute("SELECT count(*) FROM block").fetchone() == (blocks,)
        assert base.execute("SELECT count(*) FROM basin").fetchone() == (64 * blocks,)
    base.close()
    with Store(path) as store:
        found = census(case, store=store)
    with Store(tmp_path / "other.sqlite") as store:
        census(case, store=store)
    assert export(found, tmp_path) == export(census(case), tmp_path)
    assert dump(path) == dump(tmp_path / "other.sqlite")


def test_a_block_lists_its_optima_as_its_orbits_need_them(tmp_path):
    """As in the files of all versions: the list is part of what a block's hash is of."""
    with Store(tmp_path / "run.sqlite") as store:
        owners = census(line(5, 2), store=store).table.owners.tolist()
    with sqlite3.connect(tmp_path / "run.sqlite") as base:
        kept = [np.frombuffer(ids, dtype="<i4").tolist() for (ids,) in base.execute("SELECT optima FROM block")]
    base.close()
    assert kept == [[*dict.fromkeys(owners[at : at + 64])] for at in range(0, len(owners), 64)]
    assert any(ids != sorted(ids) for ids in kept)


def test_what_an_interrupted_block_found_belongs_to_nobody(tmp_path):
    class Interrupted(Store):
        def add(self, reduction, block, optima):
            if block.number == 1:
                assert block.fresh
                raise KeyboardInterrupt
            super().add(reduction, block, optima)

    case = line(5, 2)
    with Interrupted(tmp_path / "run.sqlite") as store:
        found = census(case, store=store)
    whole = census(case)
    assert (found.interrupted, len(found)) == (True, 64)
    assert found.distinct == len(set(found.table.owners.tolist()))
    assert found.minimum == min(whole.value(k) for k in range(64))
    assert found.values == sorted(Counter(whole.value(k) for k in range(64)).items())


def test_the_view_holds_every_basin(tmp_path):
    case = line(4, 2)
    with Store(tmp_path / "run.sqlite") as store:
        found = census(case, store=store)
    with sqlite3.connect(tmp_path / "run.sqlite") as base:
        rows = base.execute("SELECT id, multiplicity, value FROM basins ORDER BY id").fetchall()
        regions = dict(base.execute("SELECT slot, region FROM slot").fetchall())
        slots = [row[0].split() for row in base.execute("SELECT slots FROM basins ORDER BY id")]
    base.close()
    records = found.to_records()
    assert rows == [(r["index"], r["multiplicity"], r["value"]) for r in records]
    assert [" ".join(regions[int(s)] for s in part) for part in slots] == [r["regions"] for r in records]


def test_what_the_file_lost_is_done_again(tmp_path):
    case, path = line(5, 2), tmp_path / "run.sqlite"
    with Store(path) as store:
        census(case, store=store)
    complete = dump(path)
    with sqlite3.connect(path) as base:
        last = base.execute("SELECT max(id) FROM block").fetchone()[0]
        base.execute("DELETE FROM block WHERE id = ?", (last,))
        base.execute("DELETE FROM basin WHERE id >= ?", (64 * last,))
    base.close()
    with Store(path) as store:
        assert export(census(case, store=store), tmp_path) == export(census(case), tmp_path)
    assert dump(path) == complete


def test_a_run_from_python_goes_on_where_it_ended(tmp_path, monkeypatch):
    case, path = line(9, 2), tmp_path / "run.sqlite"

    def stop(done, total):
        if done > total // 2:
            raise KeyboardInterrupt

    first = exactgeo.basins(case, store=path, progress=stop)
    assert first.interrupted
    kept = blocks_in(path)
    assert 0 < kept < len(census(case)) // 64
    met, solved, honest = [], [], schedule.solve_block
    monkeypatch.setattr(
        schedule, "solve_block", lambda listing, number, *rest: solved.append(number) or honest(listing, number, *rest)
    )
    found = exactgeo.basins(case, store=str(path), progress=lambda done, total: met.append(done))
    # What was kept is not done again.
    assert solved == list(range(kept, -(-len(found) // 64)))
    assert met == sorted(set(met))
    assert met[-1] == len(found)
    assert export(found, tmp_path) == export(census(case), tmp_path)
    with pytest.raises(InputError, match="another problem"):
        exactgeo.basins(line(9, 2, shift=1), store=path)


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_another_problem_or_version_is_refused(tmp_path):
    path = tmp_path / "run.sqlite"
    with Store(path) as store:
        census(line(4, 1), store=store)
    before = dump(path)
    for other in (line(4, 1, shift=1), line(4, 2), line(4, 1, kind="half_squared"), line(3, 1)):
        with Store(path) as store, pytest.raises(InputError, match="another problem"):
            census(other, store=store)
    assert dump(path) == before
    with sqlite3.connect(path) as base:
        base.execute("UPDATE meta SET value = '0' WHERE key = 'schema'")
    base.close()
    # Refused before anything is listed, in one line that says what to do.
    with pytest.raises(
        InputError, match="a store of version 0, expected one of version 3; write another path, or delete"
    ):
        Store(path)


def test_frozen_values_belong_to_the_problem(tmp_path):
    def frozen(v: int) -> Problem:
        data = {"x": [[1], [2]], "y": [3, 5]}
        point = {"weights": [[[0]], [[v]]], "biases": [[0], [0]]}
        return problem_from_mapping(
            {"data": data, "network": {"widths": [1]}, "train": {"output": False}, "point": point}
        )

    with Store(tmp_path / "run.sqlite") as store:
        census(frozen(1), store=store)
    with Store(tmp_path / "run.sqlite") as store, pytest.raises(InputError, match="another problem"):
        census(frozen(2), store=store)


def test_blocks_of_another_size_are_refused(tmp_path, monkeypatch):
    with Store(tmp_path / "run.sqlite") as store:
        census(line(4, 1), store=store)
    monkeypatch.setattr("exactgeo.basin.schedule.BLOCK", 32)
    with Store(tmp_path / "run.sqlite") as store, pytest.raises(InputError, match="listed otherwise"):
        census(line(4, 1), store=store)


def test_what_is_no_census_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "notes.sqlite"
    path.write_text("my notes, not a database, and longer than a header")
    with pytest.raises(InputError, match="not a database"), Store(path) as store:
        census(line(4, 1), store=store)
    assert path.read_text().startswith("my notes")
    with sqlite3.connect(tmp_path / "mine.sqlite") as base:
        base.execute("CREATE TABLE mine (a)")
    base.close()
    with pytest.raises(InputError, match="something else"), Store(tmp_path / "mine.sqlite") as store:
        census(line(4, 1), store=store)


def test_a_folder_a_missing_one_and_nothing_to_resume(tmp_path):
    for path, message in ((tmp_path, "no regular file"), (tmp_path / "nowhere" / "run.sqlite", "got no folder")):
        with pytest.raises(InputError, match=message):
            Store(path)
    with pytest.raises(InputError, match="no such file"):
        Store(tmp_path / "run.sqlite", resume=True)
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(InputError, match="an empty file"):
        Store(tmp_path / "empty.sqlite", resume=True)
    with Store(tmp_path / "empty.sqlite") as store:
        assert census(line(4, 1), store=store).complete


@pytest.mark.parametrize("name", ["file:run.sqlite?mode=memory", "file:///run.sqlite", ":memory:", "a%2fb?c#d.sqlite"])
def test_a_name_is_no_uri(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    case, path = line(4, 1), Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with Store(name) as store:
        census(case, store=store)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    with Store(name, resume=True) as store:
        assert census(case, store=store, time_limit=0).complete


def test_a_run_that_ended_is_one_plain_file(tmp_path):
    path = tmp_path / "run.sqlite"
    with Store(path) as store:
        census(line(4, 1), store=store)
    assert [p.name for p in tmp_path.iterdir()] == ["run.sqlite"]
    # Bytes 18 and 19 of the format: 1 is the rollback journal, which needs no file beside it for reading.
    assert path.read_bytes()[18:20] == b"\1\1"


def test_a_full_disk_is_one_line_and_keeps_what_it_has(tmp_path):
    case, path = line(9, 2), tmp_path / "run.sqlite"
    with Store(tmp_path / "whole.sqlite") as store:
        census(case, store=store)
        pages = store._base.execute("PRAGMA page_count").fetchone()[0]
    with Store(path) as store:
        store._base.execute(f"PRAGMA max_page_count = {3 * pages // 4}")
        with pytest.raises(InputError, match="disk is full"):
            census(case, store=store)
    assert 0 < blocks_in(path) < blocks_in(tmp_path / "whole.sqlite")
    with Store(path) as store:
        assert export(census(case, store=store), tmp_path) == export(census(case), tmp_path)


def test_two_writers(tmp_path):
    path = tmp_path / "run.sqlite"

    class Second(Store):
        def add(self, reduction, block, optima):
            if block.number == 1:
                with Store(path) as other:
                    census(line(5, 2), store=other)
            super().add(reduction, block, optima)

    with Second(path) as store, pytest.raises(InputError, match="another writer"):
        census(line(5, 2), store=store)
    with Store(path) as store:
        assert export(census(line(5, 2), store=store), tmp_path) == export(census(line(5, 2)), tmp_path)


# -- processes ---------------------------------------------------------------------------------------------------------


RUN = """
import sys
import exactgeo.basin.schedule as blocks
blocks.BLOCK = 64
from exactgeo.cli import main
main(sys.argv[1:])
"""


def start(problem: Path, out: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", RUN, "basins", str(problem), "--out", str(out), "--workers", "1", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def blocks_in(path: Path) -> int:
    try:
        base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return int(base.execute("SELECT count(*) FROM block").fetchone()[0])
        finally:
            base.close()
    except sqlite3.Error:
        return 0


def kill_and_resume(tmp_path: Path, kills: int, seed: int) -> None:
    rng, case = random.Random(seed), line(9, 2)
    problem, path = tmp_path / "case.toml", tmp_path / "run.sqlite"
    problem.write_text(case.to_toml())
    done, cut_short, last = 0, 0, -(-len(census(case)) // 64)
    while done < kills:
        seen = blocks_in(path)
        if seen == last:
            path.unlink()
            seen = 0
        # At a random moment of start-up, or a random moment after the next block has been written.
        running = start(problem, path)
        if rng.random() < 0.7:
            while blocks_in(path) <= seen and running.poll() is None:
                time.sleep(0.002)
            time.sleep(rng.random() * 0.03)
        else:
            time.sleep(rng.random())
        running.send_signal(signal.SIGKILL if rng.random() < 0.7 else signal.SIGINT)
        running.communicate()
        done += 1
        cut_short += blocks_in(path) < last
        assert blocks_in(path) >= seen
    assert cut_short, "no run was killed before its end: nothing was tested"
    final = start(problem, path)
    assert (final.communicate()[1], final.returncode) == (b"", 0)
    with Store(path, resume=True) as store:
        found = census(case, store=store, time_limit=0)
    assert found.complete
    assert export(found, tmp_path) == export(census(case), tmp_path)


def test_killed_at_random_moments(tmp_path):
    kill_and_resume(tmp_path, 5, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_random_moments_often(tmp_path):
    kill_and_resume(tmp_path, 50, seed=2)


def test_the_command_refuses_in_one_line(tmp_path):
    problem = tmp_path / "case.toml"
    problem.write_text(line(4, 1).to_toml())
    cases = {
        ("--out", str(tmp_path / "a.xlsx")): "--out: got",
        ("--resume",): "--resume: got no file to resume",
        ("--out", str(tmp_path / "a.sqlite"), "--resume"): "a.sqlite: got no such file",
        ("--out", str(tmp_path / "nowhere" / "a.sqlite")): "nowhere/a.sqlite: got no folder",
    }
    for options, message in cases.items():
        command = [sys.executable, "-m", "exactgeo", "basins", str(problem), *options]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
        assert message in run.stderr


UNPRIVILEGED = """
import contextlib, io, os, shutil, sqlite3, sys
from exactgeo.cli import main

def run(out, *options):
    global answer
    with contextlib.redirect_stdout(io.StringIO()) as stream:
        try:
            main(["basins", sys.argv[1], "--workers", "1", "--out", out, *options])
        except SystemExit as end:
            answer = stream.getvalue()
            return end.code

folder = sys.argv[2]
place = lambda name: os.path.join(folder, name)
# What is imported on the way is loaded while it can be.
for name in ("a.sqlite", "a.csv", "a.json"):
    assert run(place(name)) == 0
first = answer
# As a run that was killed leaves it, with a log that is empty, and with one that is not.
for name in ("log.sqlite", "killed.sqlite"):
    shutil.copy(place("a.sqlite"), place(name))
    base = sqlite3.connect(place(name), isolation_level=None)
    base.execute("PRAGMA journal_mode = WAL")
    base.close()
with open(place("killed.sqlite-wal"), "wb") as log:
    log.write(bytes(32))
# Half a run.
assert run(place("half.sqlite"), "--time-limit", "0") == 3
os.chmod(folder, 0o555)
if os.geteuid() == 0:
    # Root may write anywhere.
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
for name in ("a.sqlite", "log.sqlite"):
    assert run(place(name), "--resume") == 0 and answer == first != ""
for name in ("b.sqlite", "b.csv", "b.json", "a.csv", "killed.sqlite", "half.sqlite"):
    assert run(place(name)) == 2
assert not [name for name in os.listdir(folder) if "partial" in name]
"""


@pytest.mark.skipif(not hasattr(os, "setresuid"), reason="needs POSIX users")
def test_a_read_only_folder_is_one_line_and_a_finished_store_in_it_is_read(tmp_path):
    # Not below tmp_path, whose parents nobody else may enter.
    with tempfile.TemporaryDirectory() as top:
        folder, problem = Path(top) / "folder", Path(top) / "case.toml"
        os.chmod(top, 0o755)
        folder.mkdir()
        problem.write_text(line(4, 1).to_toml())
        command = [sys.executable, "-c", UNPRIVILEGED, str(problem), str(folder)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        os.chmod(folder, 0o755)
        lines = run.stderr.splitlines()
        assert run.returncode == 0, run.stderr
        assert [text.removeprefix(f"exactgeo: {folder}/").partition(", expected")[0] for text in lines] == [
            "b.sqlite: got Permission denied",
            "b.csv: got Permission denied",
            "b.json: got Permission denied",
            "a.csv: got a file that must not be written",
            "killed.sqlite: got a run that was killed, where nothing can be written",
            "half.sqlite: got a run that is not finished, where nothing can be written",
        ]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize("suffix", ["csv", "json", "sqlite"])
def test_a_full_device_is_one_line(tmp_path, suffix):
    problem, out = tmp_path / "case.toml", tmp_path / f"out.{suffix}"
    problem.write_text(line(4, 1).to_toml())
    out.symlink_to("/dev/full")
    running = start(problem, out)
    _, message = running.communicate()
    assert (running.returncode, message.count(b"\n")) == (2, 1)
    # A store is no stream.
    assert (b"no regular file" if suffix == "sqlite" else b"No space left on device") in message
    assert out.is_symlink()
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_a_time_limit_ends_with_exit_3_and_is_taken_up(tmp_path):
    problem, path = tmp_path / "case.toml", tmp_path / "run.sqlite"
    problem.write_text(line(9, 2).to_toml())
    first = start(problem, path, "--time-limit", "0")
    assert (first.communicate()[1], first.returncode) == (b"", 3)
    second = start(problem, path, "--resume", "--json")
    out, _ = second.communicate()
    assert second.returncode == 0
    assert out == start(problem, tmp_path / "new.sqlite", "--json").communicate()[0]


# -- executors ---------------------------------------------------------------------------------------------------------


def test_workers_and_threads_change_nothing(tmp_path):
    case = line(9, 2)
    serial = census(case)
    assert len(serial) > 64 * (TASKS_BEFORE_POOL + 4)
    with ThreadPoolExecutor(3) as pool:
        threads = census(case, executor=pool)
    with Workers(2) as pool, Store(tmp_path / "run.sqlite") as store:
        processes = census(case, executor=pool, store=store)
        assert pool._pool is not None
    for found in (threads, processes):
        assert found.to_records() == serial.to_records()
        assert [b.minimiser for b in found] == [b.minimiser for b in serial]


def _die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_worker_changes_nothing(monkeypatch):
    case = line(9, 2)
    serial = census(case)
    with Workers(2) as pool:
        for _ in range(TASKS_BEFORE_POOL):
            pool.submit(int)
        pool.submit(_die)
        found = census(case, executor=pool)
    assert found.to_records() == serial.to_records()


def test_an_error_in_a_task_is_the_callers():
    with Workers(1) as pool, pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result()
    assert Fraction(1, 2) == Workers(1).submit(Fraction, 1, 2).result()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_dask_cluster_with_a_killed_worker_changes_nothing():
    distributed = pytest.importorskip("distributed")
    case = line(9, 2)
    serial = census(case)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        first = min(client.run(os.getpid).values())

        def kill(done: int, total: int) -> None:
            if 0 < done <= 64:
                os.kill(first, signal.SIGKILL)

        found = census(case, executor=client.get_executor(), progress=kill)
    assert found.to_records() == serial.to_records()


def test_ctrl_c_in_a_task_that_runs_in_this_process_is_told(monkeypatch):
    """The first tasks of a pool do; they once looked like the end of the time limit."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("exactgeo.basin.batch._Work.steps", interrupted)
    with Workers(1) as pool:
        found = census(line(5, 2), executor=pool)
    assert found.interrupted
    assert not found.complete
