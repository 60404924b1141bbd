"""Progress on stderr, only for people: nothing where stderr is not a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Bar", "progress_bar"]


class Bar:
    """Called with (done, total): draws the share, the rate since the start and the time left.

    What was done before the first call, by an earlier run, does not count for the rate.
    """

    def __init__(self, update: Callable[..., Any]) -> None:
        self._update = update
        self._start: tuple[float, int] | None = None

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._start is None:
            self._start = (now, done)
        seconds, new = now - self._start[0], done - self._start[1]
        rate = f"{new / seconds:,.0f}/s" if new and seconds else ""
        left = f"{(total - done) * seconds / new:,.0f} s left" if new and seconds else ""
        self._update(completed=done, total=total, rate=rate, left=left)

    def best(self, value: object) -> None:
        """Show the best value so far."""
        shown = str(value)
        self._update(best=f"best {shown if len(shown) <= 40 else shown[:37] + '...'}")


@contextmanager
def progress_bar(label: str, *, quiet: bool = False) -> Iterator[Bar | None]:
    """A bar on stderr; None when there is nobody to see it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    fields = ("rate", "left", "best")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(20),
        MofNCompleteColumn(),
        *(TextColumn(f"{{task.fields[{name}]}}", markup=False) for name in fields),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        empty: dict[str, Any] = dict.fromkeys(fields, "")
        task = progress.add_task(label, total=None, **empty)
        yield Bar(lambda **changes: progress.update(task, **changes))
