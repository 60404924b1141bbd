"""Progress is for people at a terminal: on stderr only, silent elsewhere; and the time limit covers every search."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import threading

import pytest

from exactgeo.formats import problem_from_mapping
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
    run = subprocess.run(command(*arguments), stdout=subprocess.PIPE, stderr=there, env=environment, check=False)
    os.close(there)
    reader.join()
    os.close(here)
    assert run.returncode == 0
    return run.stdout.decode(), re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", b"".join(parts).decode())


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


def test_a_time_limit_spent_on_local_minima_ends_with_exit_3(tmp_path, monkeypatch):
    problem, path = tmp_path / "case.toml", tmp_path / "run.sqlite"
    problem.write_text(line(6, 2))
    subprocess.run(command(str(problem), "--out", str(path)), capture_output=True, check=True)
    # Every basin is in the file, and no time is left for what the file does not hold.
    run = subprocess.run(
        command(str(problem), "--out", str(path), "--time-limit", "1e-9", "--json"), capture_output=True, check=False
    )
    assert run.returncode == 3
    answer = json.loads(run.stdout)
    assert answer["complete"] is True
    assert answer["minimum"] is not None
    assert answer["local_minimum_values"] is None
    assert answer["reason"] == "local_minimum_values: ended by the time limit"
