"""Exact paths in the parameters of a network of any depth: rational points, and between them segments with exact loss.

On a segment every parameter moves straight (or one layer as a rational function of s), no pre-activation changes its
sign and no prediction passes a break of the loss: the loss is one polynomial (or rational function) of s, and Sturm
sequences say what it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from exactgeo.errors import InputError, InternalError
from exactgeo.exact.algebraic import Algebraic
from exactgeo.exact.enclosure import Enclosure, Value, exact, high, low, plain
from exactgeo.exact.rational import beside, format_rational, parse_rational
from exactgeo.exact.vectors import ZERO
from exactgeo.frozen import dataclass
from exactgeo.paths.segment import Kind, Segment
from exactgeo.problem import Point, Problem
from exactgeo.records import Records
from exactgeo.shown import Shown, Viewed, value_line

if TYPE_CHECKING:
    from exactgeo.claims.certificate import Certificate

__all__ = ["Path", "highest_json"]


@dataclass(frozen=True)
class Path(Shown, Viewed, Records):
    """A path through rational points.

    Attributes
    ----------
    problem : Problem
    point : Point
        Where it starts.
    segments : tuple of Segment
        Each starts where the one before ends; () where the path stays at the point.
    """

    problem: Problem
    point: Point
    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        last = self.point
        for segment in self.segments:
            if segment.start != last:
                raise InternalError("a path jumps")
            last = segment.end

    @property
    def points(self) -> tuple[Point, ...]:
        """The start, and the end of each segment."""
        return (self.point, *(segment.end for segment in self.segments))

    @property
    def end(self) -> Point:
        """Where it ends."""
        return self.segments[-1].end if self.segments else self.point

    @cached_property
    def losses(self) -> tuple[Value, ...]:
        """The loss at each point; an enclosure where it is not rational."""
        if not self.segments:
            return (self._alone(),)
        first, *_ = self.segments
        return (first.ends[0], *(segment.ends[1] for segment in self.segments))

    @property
    def exact_losses(self) -> tuple[Fraction, ...]:
        """:attr:`losses` of a loss with rational values."""
        return tuple(map(exact, self.losses))

    def _alone(self) -> Value:
        problem = self.problem
        return problem.loss_at(self.point) if problem.loss.rational else problem.enclosure_at(self.point)

    @cached_property
    def highest(self) -> Value | Algebraic:
        """The largest loss on the path: a rational at a point, else an exact algebraic number; or an enclosure."""
        found = [segment.highest for segment in self.segments] or [self._alone()]
        if any(isinstance(q, Enclosure) for q in found):
            values = [q for q in found if not isinstance(q, Algebraic)]
            return Enclosure(max(map(low, values)), max(map(high, values)))
        best = found[0]
        for other in found[1:]:
            best = max(best, other)
        return best

    @property
    def highest_at(self) -> Fraction:
        """After how many segments the largest loss is met; a root that is not rational is rounded at 15 digits."""
        best: Value | Algebraic = self.losses[0]
        time = ZERO
        for k, segment in enumerate(self.segments):
            if _upper(segment.highest) > _upper(best):
                best, time = segment.highest, k + segment.highest_at
        return time

    @property
    def never_rises(self) -> bool:
        """Whether no segment rises anywhere: each is constant or falls strictly."""
        return all(segment.kind in (Kind.CONSTANT, Kind.DECREASING) for segment in self.segments)

    def at(self, time: Fraction) -> Point:
        """The point after ``time`` segments, a rational with 0 <= time <= number of segments.

        Raises
        ------
        InputError
        """
        k, s = self._split(time)
        return self.segments[k].at(s) if self.segments else self.point

    def loss_at(self, time: Fraction) -> Value:
        """The loss after ``time`` segments, exactly.

        Raises
        ------
        InputError
        """
        k, s = self._split(time)
        return self.segments[k].loss_at(s) if self.segments else self.losses[0]

    def _split(self, time: Fraction) -> tuple[int, Fraction]:
        time = parse_rational(time, "time")
        count = len(self.segments)
        if not 0 <= time <= count:
            raise InputError("time", format_rational(time), f"0 to {count}", "1/2")
        k = min(int(time), max(count - 1, 0))
        return k, time - k

    def reversed(self) -> Path:
        """The same path backwards."""
        return Path(self.problem, self.end, tuple(segment.reversed() for segment in reversed(self.segments)))

    def then(self, other: Path) -> Path:
        """This path, and behind it one that starts at its end."""
        return Path(self.problem, self.point, (*self.segments, *other.segments))

    @cached_property
    def certificate(self) -> Certificate | None:
        """The proof of all of it, in a form that the checker reads; None where the format has none."""
        from exactgeo.paths.claims import path_certificate

        return path_certificate(self)

    @property
    def stretches(self) -> Iterator[tuple[str, int, int]]:
        """(step, first segment, number) of segments one behind the other that do the same."""
        first = 0
        for k, segment in enumerate(self.segments):
            if k + 1 == len(self.segments) or self.segments[k + 1].step != segment.step:
                yield segment.step, first, k + 1 - first
                first = k + 1

    def plot(self, ax: Any = None) -> Any:
        """The loss along the path, with its exact levels and its maximum, on matplotlib axes, which are returned.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        """
        from exactgeo.paths.plot import draw_path

        return draw_path(self, ax)

    COLUMNS = ("segment", "step", "kind", "from", "to", "highest")
    EXACT = ("from", "to", "highest")

    def records(self) -> Iterator[dict[str, Any]]:
        """One flat dict a segment: what it does, its kind, the loss at its ends and the largest on it, as text."""
        for k, segment in enumerate(self.segments):
            losses = dict(zip(self.EXACT, map(_in_words, (*segment.ends, segment.highest)), strict=True))
            yield {"segment": k, "step": segment.step, "kind": str(segment.kind), **losses}

    def _shown(self) -> str:
        return f"path: {len(self.segments)} segments, {value_line(self.losses[0])} -> {value_line(self.losses[-1])}"

    def to_json(self) -> dict[str, Any]:
        """Points, losses and segments; rationals are strings."""
        return {
            "points": [point.to_dict() for point in self.points],
            "losses": [plain(q) for q in self.losses],
            "segments": [{"kind": str(segment.kind), "step": segment.step} for segment in self.segments],
        }


def _in_words(value: Value | Algebraic) -> str:
    """A rational as text; the enclosure of every other number as ``[lo, hi]``."""
    if isinstance(value, Algebraic):
        value = value.enclosure
    if isinstance(value, Enclosure):
        return f"[{format_rational(value.lo)}, {format_rational(value.hi)}]"
    return format_rational(value)


def _upper(value: Value | Algebraic) -> Fraction | Algebraic:
    """What is compared: of an enclosure its upper end."""
    return value.hi if isinstance(value, Enclosure) else value


def highest_json(value: Value | Algebraic | None) -> dict[str, Any]:
    """``highest`` of an answer: a rational, or null beside its enclosure and the polynomial of which it is a root."""
    if isinstance(value, Algebraic):
        found = {**beside("highest", None), "highest_enclosure": plain(value.enclosure)}
        return {**found, "highest_polynomial": [format_rational(q) for q in value.polynomial]}
    if isinstance(value, Enclosure):
        return {**beside("highest", None), "highest_enclosure": plain(value)}
    return beside("highest", value)
