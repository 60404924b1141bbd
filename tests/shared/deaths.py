"""What happens to workers of dask in the middle of a task; a plugin, as workers that take the place of others have it too."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from exactgeo import executors

try:
    from distributed import WorkerPlugin
except ImportError:
    # The tests of dask are skipped then.
    WorkerPlugin = object


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def too_large() -> None:
    """Until its nanny ends it."""
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 20) * 32))
        time.sleep(0.01)


class Deed(WorkerPlugin):
    """Does something ``times`` times at one task, the first with a number of at least ``at``, on whichever worker."""

    name = "deed"

    def __init__(self, deed, marks: Path, at: int, times: int = 1) -> None:
        self.deed, self.marks, self.at, self.times = deed, marks, at, times
        self.honest = None

    def setup(self, worker) -> None:
        honest = self.honest = executors._answer

        def answer(run, number, *rest):
            if number >= self.at and self.due(number):
                self.deed()
            return honest(run, number, *rest)

        executors._answer = answer

    def teardown(self, worker) -> None:
        executors._answer = self.honest

    def due(self, number: int) -> bool:
        """A mark for each time, in a folder that all workers see; the first says which task it is."""
        for mark in (self.marks / str(k) for k in range(self.times)):
            try:
                with mark.open("x") as file:
                    file.write(str(number))
            except FileExistsError:
                if mark.read_text() != str(number):
                    return False
                continue
            return True
        return False
