"""Paths that fall, from paths that do not: the outputs are moved on the way so that the loss follows a falling level.

The last layer gives two families of predictions around the predictions P of a base path, along each of which the loss
L, which is convex, rises through every level above the first exactly once:

* *rescaled*, q + c (P - q), c >= 0, around predictions q that the last layer can shrink to (0, or a constant where
  outputs have a trained bias), for levels above L(q);
* *shifted*, P + d u, d >= 0, by a trained bias of the outputs, for levels above L(P).

Choose the member of a level that falls along the base path, join neighbouring choices by straight lines, and halve the
steps until the loss falls strictly on each; at the end go back to the base path.

References
----------
Safran, Shamir, On the quality of the initial basin in overspecified neural networks, ICML 2016: Theorem 1 (rescaled).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector
from exactgeo.frozen import dataclass
from exactgeo.paths.builder import PathBuilder, PathRefused, with_layers
from exactgeo.paths.path import Path
from exactgeo.paths.segment import Kind, Segment
from exactgeo.problem import Point, Problem

__all__ = ["decreasing", "descending_part", "levelled"]

DOUBLINGS = 30
"""A level that is not reached by 2^30 times as much is taken for one that is never reached."""

HALVINGS = 12
"""How often a step is halved before the base path is given up."""


def decreasing(base: Path, check: Check = unlimited) -> Path:
    """A path from the same start along which the loss falls strictly, to the loss of the end of the base or below.

    Parameters
    ----------
    base : Path
        Its end is lower than its start; in between it may rise as it likes.
    check : callable, optional
        Called between pieces of work; it raises where the time is over.

    Raises
    ------
    PathRefused
        A condition of the theorem fails, which is said: the start is no higher than the predictions q, or the
        predictions of the base path meet q, or nearly.

    Examples
    --------
    >>> import exactgeo as eg
    >>> from exactgeo.paths import PathBuilder, with_layers
    >>> one = Fraction(1)
    >>> problem = eg.load({"data": {"x": [[1]], "y": [1]}, "network": {"widths": [1]},
    ...     "point": {"weights": [[[2]], [[2]]], "biases": [[0], [0]]}})
    >>> builder = PathBuilder(problem, problem.point)
    >>> for w in (3, 1):
    ...     builder.move("a detour", {0: [[w * one]]})
    >>> [str(s.kind) for s in builder.path.segments], {str(s.kind) for s in decreasing(builder.path).segments}
    (['rising', 'decreasing'], {'decreasing'})
    """
    start, end = _ends(base)
    if not base.problem.train.output:
        raise PathRefused("the output weights are frozen")
    refusals = []
    for scaled in _rescaled(base.problem, base.point, start):
        builder = PathBuilder(base.problem, base.point, check)
        try:
            steps = _Steps(base, scaled, builder, check)
            steps.follow(ZERO, Fraction(len(base.segments)), (start + max(scaled.shrunk, end)) / 2)
            steps.rejoin(base.end)
        except PathRefused as refusal:
            refusals.append(refusal.reason)
            continue
        return builder.path
    if not refusals:
        raise PathRefused("the start is no higher than the predictions to which the last layer shrinks")
    raise PathRefused(refusals[0])


def levelled(base: Path, check: Check = unlimited) -> Path:
    """A path with the same ends that never rises, from one that is below its start wherever it rises.

    The base path is followed until shortly before it is as low as it will be again, or only a little; from there to
    behind its last rise its outputs are moved.

    Parameters
    ----------
    base : Path
        It has rises, all of them below its start, and it ends lower.
    check : callable, optional

    Raises
    ------
    PathRefused
        The base path comes back to the level of its start, or the outputs cannot be moved as they have to be.
    """
    start, _ = _ends(base)
    rises = [k for k, segment in enumerate(base.segments) if segment.kind not in (Kind.CONSTANT, Kind.DECREASING)]
    if not rises:
        return base
    first, last = rises[0], rises[-1]
    again = max(base.exact_losses[first:])
    if again >= start:
        raise PathRefused("the path comes back to the level of its start")
    refusals = []
    for leave in _leaves(base, first, again):
        point = base.at(leave)
        for family in (*_shifted(base.problem, point), *_rescaled(base.problem, point, base.problem.loss_at(point))):
            builder = PathBuilder(base.problem, base.point, check)
            for segment in base.segments[: int(leave)]:
                builder.straight(segment.end, segment.step)
            builder.straight(point, base.segments[int(leave)].step)
            try:
                _keep_level(_Steps(base, family, builder, check), leave, last + 1, again)
            except PathRefused as refusal:
                refusals.append(refusal.reason)
                continue
            return builder.path
    raise PathRefused(refusals[0] if refusals else "the outputs cannot be moved so that the loss keeps a level")


def _keep_level(steps: _Steps, leave: Fraction, behind: int, again: Fraction) -> None:
    """Along the base path above the level ``again`` to behind its last rise; then back to it, or on along it."""
    base, builder = steps.base, steps.builder
    high = base.problem.loss_at(builder.end)
    # Where the slope of the loss along the family is 0 the size begins like a root: it is on a straight line that the
    # loss falls all the same if it falls by more than half of what the base path does.
    onward, lower = _between(base, int(leave), high, again)
    steps.follow(leave, onward, high - (high - lower) * 2 / 3)
    high = steps.loss
    steps.follow(onward, Fraction(behind), again + (high - again) / 4)
    for k in range(behind, len(base.segments) + 1):
        if steps.rejoin(base.points[k], whole=k < len(base.segments)):
            for segment in base.segments[k:]:
                builder.straight(segment.end, segment.step)
            return
        high = steps.loss
        steps.follow(Fraction(k), Fraction(k + 1), again + (high - again) / 2)


def _ends(base: Path) -> tuple[Fraction, Fraction]:
    problem = base.problem
    if not problem.loss.rational:
        raise PathRefused(f"the {problem.loss.name} loss has no rational values")
    if any(segment.curved for segment in base.segments):
        raise PathRefused("a layer of the base path is curved")
    start, end = base.exact_losses[0], base.exact_losses[-1]
    if end >= start:
        raise PathRefused("the end of the base path is no lower than its start")
    return start, end


def _leaves(base: Path, first: int, level: Fraction) -> Iterator[Fraction]:
    """Times before segment ``first``, up to which the base path never rises, when it is still above the level: where it
    passes the level, and where it falls first of all."""
    k = next(k for k in reversed(range(first)) if base.exact_losses[k] > level)
    begins = next(j for j in range(first) if base.exact_losses[j] > base.exact_losses[j + 1])
    for j in dict.fromkeys((k, begins)):
        yield _between(base, j, base.exact_losses[j], max(level, base.exact_losses[j + 1]))[0]


def _between(base: Path, k: int, high: Fraction, low: Fraction) -> tuple[Fraction, Fraction]:
    """A time on segment k, which falls, where the loss is a little below the higher of two levels, and that loss."""
    near, far, room = ZERO, ONE, high - low
    while True:
        middle = (near + far) / 2
        here = base.segments[k].loss_at(middle)
        assert isinstance(here, Fraction)
        if high - room / 5 <= here <= high - room / 20:
            return k + middle, here
        near, far = (middle, far) if here > high - room / 8 else (near, middle)


# -- the two families --------------------------------------------------------------------------------------------------


class _Family(ABC):
    """Predictions that the last layer makes of those at a point."""

    step: ClassVar[str]
    none: ClassVar[Fraction]
    out_of_reach: ClassVar[str]

    @abstractmethod
    def of(self, point: Point, size: Fraction) -> Point:
        """The point with the last layer moved; ``none`` leaves it."""

    @abstractmethod
    def loss(self, predictions: Matrix, size: Fraction) -> Fraction:
        """The loss there."""


@dataclass(frozen=True)
class _Rescaled(_Family):
    """The last layer times c, around predictions ``center``, one number an output; the loss there is ``shrunk``."""

    step: ClassVar[str] = "rescale the outputs along the base path"
    none: ClassVar[Fraction] = ONE
    out_of_reach: ClassVar[str] = "the predictions vanish on the base path, or nearly: rescaling them raises no loss"

    problem: Problem
    center: Vector
    shrunk: Fraction
    with_bias: bool

    def of(self, point: Point, size: Fraction) -> Point:
        last = self.problem.network.depth - 1
        weights = {last: [[size * q for q in row] for row in point.output_rows]}
        if not self.with_bias:
            return with_layers(point, weights)
        bias = [q + size * (b - q) for q, b in zip(self.center, point.biases[last], strict=True)]
        return with_layers(point, weights, {last: bias})

    def loss(self, predictions: Matrix, size: Fraction) -> Fraction:
        rows = tuple(tuple(q + size * (p - q) for q, p in zip(self.center, row, strict=True)) for row in predictions)
        return self.problem.loss_of(rows)


@dataclass(frozen=True)
class _Shifted(_Family):
    """The bias of one output moved by ``sign * d``."""

    step: ClassVar[str] = "shift the outputs along the base path"
    none: ClassVar[Fraction] = ZERO
    out_of_reach: ClassVar[str] = "shifting the outputs raises no loss"

    problem: Problem
    output: int
    sign: int

    def of(self, point: Point, size: Fraction) -> Point:
        last = self.problem.network.depth - 1
        return with_layers(point, None, {last: self._moved(point.biases[last], size)})

    def loss(self, predictions: Matrix, size: Fraction) -> Fraction:
        return self.problem.loss_of(tuple(self._moved(row, size) for row in predictions))

    def _moved(self, row: Vector, size: Fraction) -> Vector:
        return tuple(q + self.sign * size if o == self.output else q for o, q in enumerate(row))


def _rescaled(problem: Problem, point: Point, start: Fraction) -> Iterator[_Rescaled]:
    """Around each of some q whose loss is below that of the start: 0; with a trained bias constants as the targets."""
    if not problem.train.output:
        return
    last = problem.network.depth - 1
    trained = problem.network.output_bias and problem.train.output_bias
    centers: list[Vector] = [(ZERO,) * problem.outputs]
    if problem.network.output_bias and not trained:
        centers = [point.biases[last]]
    elif trained:
        columns = list(zip(*problem.y, strict=True))
        mean = tuple(sum(column, ZERO) / problem.m for column in columns)
        centers.append(mean)
        for ends in (map(min, columns), map(max, columns)):
            centers.append(tuple((a + b) / 2 for a, b in zip(mean, ends, strict=True)))
    for center in dict.fromkeys(centers):
        loss = problem.loss_of((center,) * problem.m)
        if loss < start:
            yield _Rescaled(problem, center, loss, trained)


def _shifted(problem: Problem, point: Point) -> Iterator[_Shifted]:
    """To the sides on which the loss does not fall."""
    if not (problem.network.output_bias and problem.train.output_bias):
        return
    predictions = problem.predictions(point)
    for o in range(problem.outputs):
        slopes = [problem.loss.slopes(row[o], y[o]) for row, y in zip(predictions, problem.y, strict=True)]
        if sum(right for _, right in slopes) >= 0:
            yield _Shifted(problem, o, 1)
        if sum(left for left, _ in slopes) <= 0:
            yield _Shifted(problem, o, -1)


# -- along a base path -------------------------------------------------------------------------------------------------

_Node = tuple[Fraction, Fraction, Fraction]
"""Time on the base path, size of the move, loss."""


class _Steps:
    """Follows a base path with its outputs moved, on a builder that stands at a point of it."""

    def __init__(self, base: Path, family: _Family, builder: PathBuilder, check: Check) -> None:
        self.base, self.family, self.builder = base, family, builder
        self._check = check
        self._size = family.none
        self.loss = base.problem.loss_at(builder.end)

    def follow(self, lo: Fraction, hi: Fraction, level: Fraction) -> None:
        """From a time of the base path, where the builder stands, to another, falling to a level."""
        marks = [lo, *(Fraction(k) for k in range(int(lo) + 1, -int(-hi // 1))), hi]
        fall = (self.loss - level) / (len(marks) - 1)
        begun = self.loss
        for k, time in enumerate(marks[1:], 1):
            size, loss = self._node(time, begun - k * fall, fall / 4)
            self._join((marks[k - 1], self._size, self.loss), (time, size, loss), 0)
            self._size, self.loss = size, loss

    def rejoin(self, point: Point, *, whole: bool = False) -> bool:
        """Straight back to the base path, or until the loss is lowest on the way; with ``whole`` to the base path, or
        not at all, which is False."""
        tail = PathBuilder(self.base.problem, self.builder.end, self._check)
        tail.straight(point, "back to the base path")
        if whole and not tail.path.never_rises:
            return False
        for segment in descending_part(tail.path.segments):
            self.builder.straight(segment.end, segment.step)
        return True

    def _node(self, time: Fraction, level: Fraction, room: Fraction) -> tuple[Fraction, Fraction]:
        """The size of the move at a time, and the loss there, which is the level up to this room."""
        predictions = self.base.problem.predictions(self.base.at(time))
        high = ONE
        for _ in range(DOUBLINGS):
            if self.family.loss(predictions, high) >= level:
                break
            high *= 2
        else:
            raise PathRefused(self.family.out_of_reach)
        low = ZERO
        while True:
            self._check()
            middle = (low + high) / 2
            loss = self.family.loss(predictions, middle)
            if abs(loss - level) <= room:
                return middle, loss
            low, high = (middle, high) if loss < level else (low, middle)

    def _join(self, here: _Node, there: _Node, halved: int) -> None:
        """Straight from one node to another; where that does not fall strictly by way of a node between the two, whose
        level is between theirs."""
        attempt = PathBuilder(self.base.problem, self.builder.end, self._check)
        attempt.straight(self.family.of(self.base.at(there[0]), there[1]), self.family.step)
        if all(segment.kind is Kind.DECREASING for segment in attempt.path.segments):
            self.builder.follow(attempt.path)
            return
        if halved == HALVINGS:
            raise PathRefused(f"the loss does not fall along the base path, in steps of 1/{2**HALVINGS} of a segment")
        middle = (here[0] + there[0]) / 2
        node = self._node(middle, (here[2] + there[2]) / 2, (here[2] - there[2]) / 8)
        self._join(here, (middle, *node), halved + 1)
        self._join((middle, *node), there, halved + 1)


def descending_part(segments: tuple[Segment, ...]) -> list[Segment]:
    """The segments up to where the loss first stops falling; the last one ends at the lowest point of its parabola."""
    found = []
    for segment in segments:
        if segment.kind in (Kind.DECREASING, Kind.CONSTANT):
            found.append(segment)
            continue
        if segment.kind is Kind.CONVEX and segment.loss is not None and not segment.curved:
            top, bottom = segment.loss
            if len(top) == 3 and len(bottom) == 1:
                lowest = -top[1] / (2 * top[2])
                found.append(Segment(segment.problem, segment.start, segment.at(lowest), segment.step))
        break
    return found
