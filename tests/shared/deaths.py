"""What happens to workers of dask in the middle of a task; a plugin, as workers that take the place of others have it too."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from distributed import WorkerPlugin

from exactgeo import executors


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def too_large() -> None:
    """Until its nanny ends it."""
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 20) * 32))
        time.sleep(0.01)


class Deed(WorkerPlugin):
    """Does something at the first ``times`` tasks with a number of at least ``at``, of whichever worker."""

    name = "deed"

    def __init__(self, deed, marks: Path, at: int, times: int = 1) -> None:
        self.deed, self.marks, self.at, self.times = deed, marks, at, times
        self.honest = None

    def setup(self, worker) -> None:
        honest = self.honest = executors._answer

        def answer(run, number, *rest):
            if number >= self.at and self.mine():
                self.deed()
            return honest(run, number, *rest)

        executors._answer = answer

    def teardown(self, worker) -> None:
        executors._answer = self.honest

    def mine(self) -> bool:
        for time_ in range(self.times):
            try:
                (self.marks / f"mark-{time_}").touch(exist_ok=False)
            except FileExistsError:
                continue
            return True
        return False
