"""Progress is for people at a terminal: on stderr only, silent elsewhere; and the time limit covers every search."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import threading
import tomllib

import pytest
from command import run

from exactgeo.basin import census
from exactgeo.formats import problem_from_mapping
from exactgeo.landscape import landscape
from exactgeo.report.progress import Bar


def line(m: int, width: int) -> str:
    rng = random.Random(3)
    data = {"x": [[t] for t in range(m)], "y": [rng.randint(-9, 9) for _ in range(m)]}
    return problem_from_mapping({"data": data, "network": {"widths": [width]}}).to_toml()


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "exactgeo", "basins", *arguments]


def at_a_terminal(*arguments: str) -> tuple[str, str]:
    """Stdout and stderr of the command when stderr is a terminal."""
    pty = pytest.importorskip("pty")
    here, there = pty.openpty()
    parts: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(here, 65536):
                parts.append(part)
        except OSError:
            # Linux reports the end of a terminal as an error.
            pass

    reader = threading.Thread(target=read)
    reader.start()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "160"}
    done = subprocess.run(command(*arguments), stdout=subprocess.PIPE, stderr=there, env=environment, check=False)
    os.close(there)
    reader.join()
    os.close(here)
    assert done.returncode == 0
    return done.stdout.decode(), re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", b"".join(parts).decode())


def test_done_rate_time_left_and_the_best_value_on_a_terminal_only(tmp_path):
    problem = tmp_path / "case.toml"
    problem.write_text(line(10, 3))
    out, shown = at_a_terminal(str(problem), "--workers", "1")
    assert "11480/11480" in shown
    assert re.search(r"[\d,]+/s", shown)
    assert "s left" in shown
    minimum = json.loads(subprocess.run(command(str(problem), "--json"), capture_output=True, check=True).stdout)[
        "minimum"
    ]
    assert f"best {minimum}" in shown
    quiet = subprocess.run(command(str(problem), "--workers", "1"), capture_output=True, text=True, check=True)
    assert (quiet.stdout, quiet.stderr) == (out, "")
    _, nothing = at_a_terminal(str(problem), "--json")
    assert nothing == ""


def test_the_rate_is_of_this_run():
    drawn = []
    bar = Bar(lambda **changes: drawn.append(changes))
    bar(500, 1000)
    bar(500, 1000)
    assert [d["rate"] for d in drawn] == ["", ""]
    bar(750, 1000)
    rate = float(drawn[-1]["rate"].removesuffix("/s").replace(",", ""))
    left = float(drawn[-1]["left"].removesuffix(" s left").replace(",", ""))
    # 250 in so many seconds, and 250 to go: as long again.
    assert abs(left - 250 / rate) <= 0.5
    bar.best("1/" + "3" * 100)
    assert len(drawn[-1]["best"]) < 50


def test_a_time_limit_spent_on_local_minima_ends_with_exit_3(capsys, tmp_path):
    problem, path = tmp_path / "case.toml", tmp_path / "run.sqlite"
    problem.write_text(line(6, 2))
    assert run(capsys, "basins", str(problem), "--out", str(path))[0] == 0
    # Every basin is in the file, and no time is left for what the file does not hold.
    code, out, _ = run(capsys, "basins", str(problem), "--out", str(path), "--time-limit", "1e-9", "--json")
    answer = json.loads(out)
    assert (code, answer["complete"]) == (3, True)
    assert answer["minimum"] is not None
    assert answer["local_minimum_values"] is None
    assert answer["reason"] == "local_minimum_values: ended by the time limit"


def reported(draw):
    """The measure that a bar draws, and the texts beside it."""
    drawn = []
    draw(lambda **changes: drawn.append(changes))
    return [d["completed"] for d in drawn if "completed" in d], [d["count"] for d in drawn if "count" in d]


@pytest.mark.parametrize("minima", [False, True])
def test_the_measure_of_basins_never_falls_and_is_not_full_before_the_last_search(minima):
    case = problem_from_mapping(tomllib.loads(line(9, 2)))

    def work(update):
        bar = Bar(update, 2)
        census(case, progress=bar, searching=bar.stage(1)).to_json(minima=minima)

    measure, counts = reported(work)
    assert measure == sorted(measure)
    assert len(set(measure)) > 4
    assert measure.index(0.5) < len(measure) - 3
    assert 0.5 < measure[-1] < 1
    assert len({count.partition("/")[2] for count in counts}) == 2


def test_a_stage_that_begins_again_takes_nothing_back():
    def work(update):
        bar = Bar(update, 2)
        for done in (0, 8, 4, 10):
            bar(done, 10)
        for done in (0, 1, 0, 2):
            bar.stage(1)(done, 4)

    measure, counts = reported(work)
    assert measure == [0.0, 0.4, 0.4, 0.5, 0.5, 0.625, 0.625, 0.75]
    assert counts[-1] == "2/4"


@pytest.mark.parametrize("full", [False, True])
def test_the_measure_of_a_landscape_never_falls_and_has_one_total(full):
    case = problem_from_mapping(tomllib.loads(line(8, 2)))
    told = []
    found = landscape(case, full=full, progress=lambda done, total: told.append((done, total)))
    assert {total for _, total in told} == {2 * found.census.orbits}
    measure = [done for done, _ in told]
    assert measure == sorted(measure)
    # Both halves move.
    assert any(0 < done <= found.census.orbits for done in measure)
    assert any(done > found.census.orbits for done in measure)
