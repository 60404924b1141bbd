"""When a search has to end: one object for all its parts. It enters no answer; two are equal when their limits are."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from exactgeo.errors import OutOfTime

__all__ = ["Check", "Deadline", "seconds_to", "unlimited"]

Check = Callable[[], None]
"""Called between pieces of work: it raises :class:`~exactgeo.errors.OutOfTime` where the time is over."""


def unlimited() -> None:
    """The check of work that may take any time."""


@dataclass(frozen=True)
class Deadline:
    """A number of seconds from now, also in another process of this machine, which has the same clock.

    Attributes
    ----------
    seconds : float
        0 or less: it has ended before it began.
    """

    seconds: float
    _end: float = field(default=0.0, compare=False, repr=False)

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The deadline that many seconds from now."""
        return cls(seconds, time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds left, 0 when there are none."""
        return max(self._end - time.monotonic(), 0.0)

    def check(self) -> None:
        """Do nothing while there is time.

        Raises
        ------
        OutOfTime
            There is none left.
        """
        if not self.left:
            raise OutOfTime(f"after {self.seconds:.3g} s")


def seconds_to(deadline: Deadline | None) -> float | None:
    """What is left of a deadline; None where there is none."""
    return None if deadline is None else deadline.left
