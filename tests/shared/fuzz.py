"""Every command on a problem with a structured point, in this process: what it must never do.

As a program it examines a range of seeds, for so many seconds at most, and prints each fault::

    PYTHONPATH=.:tests/brute:tests/forged:tests/shared python tests/shared/fuzz.py FIRST LAST [SECONDS]
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from answers import faults as unlike
from damage import outcome
from structured import structured

from exactgeo.cli import main

SECONDS = 1
"""The time limit of every command that takes one."""
UNHEARD = 30
"""Seconds after which a command is ended from outside; a fault of its own kind."""


class Unheard(BaseException):
    """A command that does not end."""


@contextlib.contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    def ring(number: int, frame: Any) -> None:
        raise Unheard

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def faults_of(arguments: list[str], certificate: Path | None = None) -> list[str]:
    """What is wrong with one command: its exit code, its one object, its certificate."""
    out, err = io.StringIO(), io.StringIO()
    code: Any = "no exit"
    try:
        with _alarm(UNHEARD), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(arguments)
    except SystemExit as stop:
        code = stop.code or 0
    except Unheard:
        return [f"{arguments[0]}: no end within {UNHEARD} s"]
    faults = []
    if code not in (0, 1, 2, 3):
        faults.append(f"{arguments[0]}: exit {code}: {err.getvalue().strip().splitlines()[-3:]}")
    try:
        answer = json.loads(out.getvalue())
        if not isinstance(answer, dict):
            faults.append(f"{arguments[0]}: no object but {out.getvalue()[:80]!r}")
        faults += [f"{arguments[0]}: {fault}" for fault in unlike(arguments, answer)]
    except ValueError:
        faults.append(f"{arguments[0]}: no object but {out.getvalue()[:80]!r}")
    if certificate is not None and certificate.exists():
        found = outcome(certificate.read_text(encoding="utf-8"))
        if not found.startswith("accepted: "):
            faults.append(f"{arguments[0]}: its certificate is {found}")
        certificate.unlink()
    return faults


def examine(seed: int, folder: Path) -> list[str]:
    """The faults of all commands on one instance."""
    rng = random.Random(seed)
    mapping = structured(rng, points=6, units=4)
    moved = json.loads(json.dumps(mapping))
    # The other end of a path: another point with the same frozen values.
    if mapping["train"]["hidden"]:
        moved["point"]["weights"][0] = [
            [str(rng.randint(-2, 2)) for _ in row] for row in mapping["point"]["weights"][0]
        ]
    problem, other, plane = (folder / name for name in ("problem.json", "other.json", "plane.json"))
    problem.write_text(json.dumps(mapping))
    other.write_text(json.dumps(moved))
    plane.write_text(json.dumps({"normals": mapping["data"]["x"], "offsets": mapping["data"]["y"]}))
    certificate = folder / "certificate.json"
    limit, proof = ["--time-limit", str(SECONDS)], ["--certificate", str(certificate)]
    faults: list[str] = []
    commands = [
        (["certify", str(problem), *limit, *proof], True),
        (["explain", str(problem)], False),
        (["basins", str(problem), *limit, *proof], True),
        (["minimum", str(problem), *limit, *proof], True),
        (["landscape", str(problem), *limit, *proof], True),
        (["path", str(problem), "--to", str(other), *limit, *proof], True),
        (["regions", str(plane), *limit, *proof], True),
    ]
    for arguments, proves in commands:
        faults += faults_of([*arguments, "--json"], certificate if proves else None)
    return [f"seed {seed}: {fault}" for fault in faults]


if __name__ == "__main__":
    first, last = map(int, sys.argv[1:3])
    end = time.monotonic() + float(sys.argv[3]) if len(sys.argv) > 3 else None
    with tempfile.TemporaryDirectory() as name:
        for seed in range(first, last):
            if end is not None and time.monotonic() > end:
                print(f"ended before seed {seed}")
                break
            for line in examine(seed, Path(name)):
                print(line, flush=True)
        else:
            print(f"seeds {first} to {last - 1} examined")
