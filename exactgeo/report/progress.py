"""Progress on stderr, only for people: nothing where stderr is not a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from exactgeo.exact.enclosure import Value
from exactgeo.exact.enclosure import high as upper

__all__ = ["Bar", "progress_bar"]


class Bar:
    """Draws one measure of all stages, which never falls, and of the present one the count, the rate and the time left.

    Called with (done, total) it is the first stage. What was done before the first call of a stage, by an earlier run,
    does not count for the rate.

    Parameters
    ----------
    update : callable
        Takes ``completed``, the share of all stages that is done, and texts.
    stages : int
        How many there will be; each is drawn as long as any other.
    """

    def __init__(self, update: Callable[..., Any], stages: int = 1) -> None:
        self._update = update
        self._stages = stages
        self._reached = 0.0
        self._start: dict[int, tuple[float, int]] = {}

    def __call__(self, done: int, total: int) -> None:
        self.stage(0)(done, total)

    def stage(self, number: int) -> Callable[[int, int], None]:
        """What is called with (done, total) in stage ``number``, from 0."""

        def report(done: int, total: int) -> None:
            now = time.monotonic()
            began, before = self._start.setdefault(number, (now, done))
            seconds, new = now - began, done - before
            rate = f"{new / seconds:,.0f}/s" if new > 0 and seconds else ""
            left = f"{(total - done) * seconds / new:,.0f} s left" if new > 0 and seconds else ""
            self._reached = max(self._reached, (number + done / max(total, 1)) / self._stages)
            # The end of a stage is drawn at once: a short one would pass between two drawings.
            texts = {"count": f"{done}/{total}", "rate": rate, "left": left}
            self._update(completed=self._reached, refresh=done >= total, **texts)

        return report

    def best(self, value: object) -> None:
        """Show the best value so far."""
        shown = str(value)
        self._update(best=f"best {shown if len(shown) <= 40 else shown[:37] + '...'}")

    def between(self, low: Fraction, high: Value | None, nodes: int) -> None:
        """Show a proved lower bound and the least value found, between which a minimum lies, and the gap."""
        if high is None:
            self._update(count=f"{nodes} nodes", best=f"at least {float(low):.6g}")
            return
        top = upper(high)
        gap = (top - low) / top if top else Fraction(0)
        text = f"in [{float(low):.6g}, {float(top):.6g}], gap {float(100 * gap):.3g} %"
        self._update(completed=float(1 - gap), count=f"{nodes} nodes", best=text)


@contextmanager
def progress_bar(label: str, *, stages: int = 1, quiet: bool = False) -> Iterator[Bar | None]:
    """A bar on stderr; None when there is nobody to see it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    fields = ("count", "rate", "left", "best")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(20),
        *(TextColumn(f"{{task.fields[{name}]}}", markup=False) for name in fields),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        empty: dict[str, Any] = dict.fromkeys(fields, "")
        task = progress.add_task(label, total=1.0, **empty)
        yield Bar(lambda **changes: progress.update(task, **changes), stages)
