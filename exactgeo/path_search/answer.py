"""The answer of a search for a path: the path, what is proved of its end or its height, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from exactgeo.claims.certificate import Certificate
from exactgeo.exact.algebraic import Algebraic
from exactgeo.exact.enclosure import Enclosure, Value, plain
from exactgeo.exact.rational import beside
from exactgeo.frozen import dataclass
from exactgeo.paths import Path, Segment
from exactgeo.paths.path import highest_json
from exactgeo.problem import Point, Problem
from exactgeo.records import Records
from exactgeo.shown import Reported, Viewed, brief

if TYPE_CHECKING:
    from exactgeo.claims import Claim
    from exactgeo.landscape import CriticalPath

__all__ = ["End", "FoundPath"]


class End(StrEnum):
    """What is proved of the end of a path downwards."""

    INFIMUM = "infimum"  # no parameters have a lower loss
    VALLEY = "valley_minimum"  # no path that never rises above the start goes lower
    LOCAL = "local_minimum"  # the end is a local minimum; whether the valley goes lower is not known
    OPEN = "open"  # nothing
    POINT = "point"  # of a path between two points: the other one


@dataclass(frozen=True)
class FoundPath(Reported, Viewed, Records):
    """A path, and why it is as low as it can be, or what is missing for that.

    Attributes
    ----------
    problem : Problem
    path : Path or None
        None where the time ended first.
    complete : bool
        Downwards: it never rises, and no path that never rises above its start goes lower. Between two points: no path
        has a lower highest loss.
    at_least : Fraction or Enclosure
        Between two points what every path reaches; downwards a lower bound of the loss of all that can be reached.
        None where no bound is known.
    end : End
    how : str
        The argument in a few words, with its source.
    missing : tuple of str
        Of each argument that would say more, the condition that does not hold.
    reason : str
        Why it is not complete; "" where it is.
    critical : CriticalPath or None
        Of a path that the landscape gave.
    """

    problem: Problem
    path: Path | None
    complete: bool
    at_least: Value | None
    end: End
    how: str
    missing: tuple[str, ...] = ()
    reason: str = ""
    critical: CriticalPath | None = field(default=None, repr=False, compare=False)
    # What is claimed beside the path, made when the certificate is.
    _further: Callable[[], Iterable[Claim | None]] = field(default=tuple, repr=False, compare=False)

    @property
    def points(self) -> tuple[Point, ...]:
        """The breakpoints; () without a path."""
        return () if self.path is None else self.path.points

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Each with ``kind``, ``step`` and its exact ``loss``; () without a path."""
        return () if self.path is None else self.path.segments

    @property
    def losses(self) -> tuple[Value, ...]:
        """The loss at each of ``points``."""
        return () if self.path is None else self.path.losses

    @property
    def highest(self) -> Value | Algebraic | None:
        """The largest loss on the path, exactly; None without one."""
        return None if self.path is None else self.path.highest

    def loss_at(self, time: Fraction) -> Value:
        """The loss after ``time`` segments.

        Raises
        ------
        ValueError
            There is no path.
        InputError
            A time that the path does not have.
        """
        if self.path is None:
            raise ValueError(self.reason)
        return self.path.loss_at(time)

    COLUMNS = Path.COLUMNS
    EXACT = Path.EXACT

    def records(self) -> Iterator[dict[str, Any]]:
        """Those of the path, one a segment; none without a path."""
        return iter(()) if self.path is None else self.path.records()

    def plot(self, ax: Any = None) -> Any:
        """The loss along the path, what every path reaches, and what each stretch does, on matplotlib axes, which are
        returned.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        ValueError
            There is no path.
        """
        from exactgeo.paths.plot import draw_path

        if self.path is None:
            raise ValueError(self.reason)
        return draw_path(self.path, ax, at_least=self.at_least if self.end is End.POINT else None)

    @cached_property
    def certificate(self) -> Certificate | None:
        """The proof of the path, of what is said of its end, and of ``at_least`` where the landscape has one.

        None where the format has no form for the problem, or the loss no rational values.

        Cost: the kind of each segment; between two points, or in a bad valley, the basins below the level.
        """
        found = None if self.path is None else self.path.certificate
        if found is None:
            return None
        claims: list[Claim | None] = [*found.claims, *self._further()]
        return Certificate(found.subject, tuple(claim for claim in claims if claim is not None))

    def _shown(self) -> str:
        if self.path is None:
            return f"no path: {brief(self.reason)}"
        return f"{repr(self.path)[1:-1]}; {'complete' if self.complete else brief(self.reason)}"

    def to_json(self) -> dict[str, Any]:
        """The answer of ``exactgeo path --json``; rationals are strings."""
        answer: dict[str, Any] = {"complete": self.complete, **_bound(self.at_least), **highest_json(self.highest)}
        answer |= {"points": None, "losses": None, "segments": None} if self.path is None else self.path.to_json()
        answer |= {"end": str(self.end), "how": self.how, "missing": list(self.missing)}
        if self.reason:
            answer["reason"] = self.reason
        if self.critical is not None and self.path is None:
            answer |= self.critical.census.size_json()
        return answer


def _bound(value: Value | None) -> dict[str, Any]:
    if isinstance(value, Enclosure):
        return {**beside("at_least", None), "at_least_enclosure": plain(value)}
    return beside("at_least", value)
