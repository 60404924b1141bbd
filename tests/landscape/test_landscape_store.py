"""Landscapes that end anywhere and are taken up: the same bytes, nothing solved twice; a changed file is refused."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command import run
from losses import is_rational, loss_names
from problems import D1, line, problem
from stores import dump

import exactgeo as eg
from exactgeo.basin import census
from exactgeo.errors import InputError
from exactgeo.landscape import landscape
from exactgeo.store import Store

RUN = """
import sys
import exactgeo.basin.schedule
import exactgeo.landscape.walls
exactgeo.basin.schedule.BLOCK = 64
sys.modules["exactgeo.landscape.walls"].TOGETHER = 1
from exactgeo.cli import main
main(sys.argv[1:])
"""


def start(case: Path, out: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", RUN, "landscape", str(case), "--out", str(out), "--workers", "1", "--json"]
    return subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def rows_in(path: Path) -> int:
    """Blocks and walls in the file."""
    total = 0
    for table in ("block", "wall"):
        try:
            base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        except sqlite3.Error:
            continue
        try:
            total += int(base.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.Error:
            pass
        finally:
            base.close()
    return total


def kill_and_resume(tmp_path: Path, kills: int, seed: int) -> None:
    rng, case, path = random.Random(seed), tmp_path / "case.toml", tmp_path / "run.sqlite"
    case.write_text(line(9, 2).to_toml())
    whole, errors = start(case, tmp_path / "whole.sqlite").communicate()
    assert errors == b""
    full = rows_in(tmp_path / "whole.sqlite")
    places = set()
    for _ in range(kills):
        seen = rows_in(path)
        if seen == full:
            path.unlink()
            seen = 0
        # At a moment of start-up, or when a random number of rows more has been written.
        running = start(case, path)
        if rng.random() < 0.8:
            wanted = rng.randint(seen + 1, min(seen + 12, full))
            while rows_in(path) < wanted and running.poll() is None:
                time.sleep(0.001)
        else:
            time.sleep(rng.random())
        running.send_signal(signal.SIGKILL if rng.random() < 0.7 else signal.SIGINT)
        running.communicate()
        assert rows_in(path) >= seen
        places.add(rows_in(path))
    assert places - {0, full}, "no run was killed on its way: nothing was tested"
    final = start(case, path, "--resume")
    assert final.communicate() == (whole, b"")
    assert final.returncode == 0
    assert rows_in(path) == full
    assert dump(path) == dump(tmp_path / "whole.sqlite")


def test_killed_at_random_moments(tmp_path):
    kill_and_resume(tmp_path, 5, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_random_moments_often(tmp_path):
    kill_and_resume(tmp_path, 50, seed=2)


@pytest.mark.parametrize("kind", loss_names(is_rational))
@pytest.mark.parametrize("full", [False, True])
def test_nothing_is_solved_twice(tmp_path, kind, full):
    case, path = line(5, 2, kind=kind), tmp_path / "run.sqlite"
    whole = landscape(case, full=full)
    with Store(path) as store:
        first = landscape(case, full=full, store=store)
    with Store(path, resume=True) as store:
        again = landscape(case, full=full, store=store)
    assert first._walls.solved == whole._walls.solved > 0
    assert again._walls.solved == 0
    assert first.to_json() == again.to_json() == whole.to_json()
    # The landscape without permutations is the same file's.
    with Store(path, resume=True) as store:
        assert landscape(case, store=store).to_json() == landscape(case).to_json()
    # What is asked later, when the file is closed, is not written.
    assert len(again.graph.edges) == len(whole.graph.edges)


def test_the_walls_of_a_run_that_ran_out_of_time_are_kept(tmp_path, monkeypatch):
    case, path = line(9, 2), tmp_path / "run.sqlite"
    wanted = landscape(case)
    with Store(path) as store:
        census(case, store=store)
    for solved in (3, 7):

        def stop(done: int, total: int, solved: int = solved) -> None:
            if done >= len(wanted.census) and store.counted >= solved:
                raise KeyboardInterrupt

        monkeypatch.setattr(sys.modules["exactgeo.landscape.walls"], "TOGETHER", 1)
        with Counting(path) as store:
            part = landscape(case, store=store, progress=stop)
        assert not part.complete
        with sqlite3.connect(path) as base:
            assert base.execute("SELECT count(*) FROM wall").fetchone() == (solved,)
        base.close()
    with Counting(path) as store:
        assert landscape(case, store=store).to_json() == wanted.to_json()
        assert store.counted == wanted._walls.solved


class Counting(Store):
    """Knows how many walls it has."""

    @property
    def counted(self) -> int:
        try:
            return int(self._base.execute("SELECT count(*) FROM wall").fetchone()[0])
        except sqlite3.Error:
            return 0


def test_a_census_of_an_earlier_version_gets_its_walls(tmp_path):
    path = tmp_path / "run.sqlite"
    with Store(path) as store:
        found = census(line(5, 2), store=store)
    assert "wall" not in "".join(dump(path))
    with Store(path, resume=True) as store:
        assert landscape(line(5, 2), store=store).to_json() == landscape(line(5, 2)).to_json()
    with Store(path, resume=True) as store:
        assert census(line(5, 2), store=store).to_json() == found.to_json()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE wall SET value = '1/7'",
        "UPDATE wall SET allowed = zeroblob(length(allowed))",
        "UPDATE wall SET columns = zeroblob(length(columns)) WHERE id = (SELECT max(id) FROM wall)",
        'UPDATE wall SET optimum = replace(optimum, \'"prediction": [\', \'"prediction": ["0", \')',
        "UPDATE wall SET optimum = '{}'",
        "UPDATE wall SET optimum = '{'",
        "UPDATE wall SET value = 'x'",
    ],
)
def test_a_wall_that_was_changed_is_refused(tmp_path, change):
    case, path = line(5, 2), tmp_path / "run.sqlite"
    with Store(path) as store:
        landscape(case, store=store)
    with sqlite3.connect(path) as base:
        base.execute(change)
    base.close()
    with (
        Store(path) as store,
        pytest.raises(InputError, match=r"run\.sqlite: got a file that was changed or damaged \(wall"),
    ):
        landscape(case, store=store)


def test_the_command_resumes_and_refuses(capsys, tmp_path):
    out = str(tmp_path / "run.sqlite")
    for options, message in (
        (["--out", "tree.csv"], "--out: got"),
        (["--resume"], "--resume: got no file to resume"),
        (["--out", out, "--resume"], "no such file"),
    ):
        code, text, err = run(capsys, "landscape", "swirszcz-prop1", *options)
        assert (code, text, err.count("\n")) == (2, "", 1)
        assert message in err
    assert not os.path.exists(out)
    plain = run(capsys, "landscape", "swirszcz-prop1", "--json")
    assert run(capsys, "landscape", "swirszcz-prop1", "--json", "--out", out) == plain
    assert run(capsys, "landscape", "swirszcz-prop1", "--json", "--out", out, "--resume") == plain
    # The same file is the census of `basins`.
    code, text, _ = run(capsys, "basins", "swirszcz-prop1", "--json", "--out", out, "--resume", "--time-limit", "9")
    assert (code, json.loads(text)["minimum"]) == (0, "14")


def test_the_api_takes_a_store(tmp_path):
    with Store(tmp_path / "run.sqlite") as store:
        assert landscape(problem(*D1, 2), store=store).bad_valleys == 3
    with Store(tmp_path / "run.sqlite", resume=True) as store:
        assert landscape(problem(*D1, 2), store=store, full=True).bad_valleys == 6


def test_a_store_by_name(tmp_path, monkeypatch):
    """``eg.landscape(store=...)``: the second time nothing is solved, and the answer is that without a file."""
    path, case = tmp_path / "run.sqlite", problem(*D1, 2)
    first, plain = eg.landscape(case, store=path), landscape(case)

    def never(*arguments):
        raise AssertionError("solved again")

    monkeypatch.setattr(sys.modules["exactgeo.landscape.walls"], "solve", never)
    monkeypatch.setattr(sys.modules["exactgeo.basin.schedule"], "solve_sets", never)
    again = eg.landscape(case, store=path)
    assert first.to_json() == again.to_json()
    assert again.certificate.to_json() == plain.certificate.to_json()
