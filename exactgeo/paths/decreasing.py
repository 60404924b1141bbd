"""A strictly decreasing path from any path that ends lower: its last layer is rescaled on the way.

Let P be the predictions along the base path, q predictions that the last layer can shrink to (0, or a constant where
outputs have a trained bias), L the loss, convex. Where L(start) > L(q) the numbers c -> L(q + c (P - q)) rise through
every level between L(q) and L(start) exactly once, if P is not q: choose c for a level that falls along the way, join
neighbouring choices by straight lines, and halve the steps until the loss falls strictly on each; at the end shrink
back. It fails where P meets q, or nearly does, and where the start is no higher than q.

References
----------
Safran, Shamir, On the quality of the initial basin in overspecified neural networks, ICML 2016: Theorem 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from exactgeo.deadline import Check, unlimited
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector
from exactgeo.paths.builder import PathBuilder, PathRefused, with_layers
from exactgeo.paths.path import Path
from exactgeo.paths.segment import Kind, Segment
from exactgeo.problem import Point, Problem

__all__ = ["decreasing", "descending_part"]

DOUBLINGS = 30
"""A level that 2^30 times the predictions do not reach is taken for one that is never reached."""

HALVINGS = 12
"""How often a step is halved before the base path is given up."""


def decreasing(base: Path, check: Check = unlimited) -> Path:
    """A path from the same start along which the loss falls strictly, to the loss of the end of the base or below.

    Parameters
    ----------
    base : Path
        Its end is lower than its start. The output weights are trained, the loss has rational values.
    check : callable, optional
        Called between pieces of work; it raises where the time is over.

    Raises
    ------
    PathRefused
        A condition of the theorem fails; which is said.

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
    problem = base.problem
    if not problem.train.output:
        raise PathRefused("the output weights are frozen")
    if not problem.loss.rational:
        raise PathRefused(f"the {problem.loss.name} loss has no rational values")
    start, end = base.exact_losses[0], base.exact_losses[-1]
    if end >= start:
        raise PathRefused("the end of the base path is no lower than its start")
    if any(segment.curved for segment in base.segments):
        raise PathRefused("a layer of the base path is curved")
    scaling = _scaling(problem, base.point, start)
    floor = max(scaling.shrunk, end)
    steps = _Steps(base, scaling, start, (start + floor) / 2, check)
    return steps.path()


@dataclass(frozen=True)
class _Scaling:
    """The last layer times c, around predictions q: ``center``, one number an output; the loss there is ``shrunk``."""

    problem: Problem
    center: Vector
    shrunk: Fraction
    with_bias: bool

    def of(self, point: Point, c: Fraction) -> Point:
        """The point with predictions q + c (P - q)."""
        last = self.problem.network.depth - 1
        weights = {last: [[c * q for q in row] for row in point.output_rows]}
        if not self.with_bias:
            return with_layers(point, weights)
        bias = [q + c * (b - q) for q, b in zip(self.center, point.biases[last], strict=True)]
        return with_layers(point, weights, {last: bias})

    def loss(self, predictions: Matrix, c: Fraction) -> Fraction:
        """L(q + c (P - q))."""
        rows = tuple(tuple(q + c * (p - q) for q, p in zip(self.center, row, strict=True)) for row in predictions)
        return self.problem.loss_of(rows)


def _scaling(problem: Problem, point: Point, start: Fraction) -> _Scaling:
    """Around the first q whose loss is below that of the start."""
    last = problem.network.depth - 1
    trained = problem.network.output_bias and problem.train.output_bias
    centers: list[Vector] = [(ZERO,) * problem.outputs]
    if problem.network.output_bias and not trained:
        centers = [point.biases[last]]
    elif trained and not problem.loss.classes:
        centers.append(tuple(sum(column, ZERO) / problem.m for column in zip(*problem.y, strict=True)))
    losses = [problem.loss_of((center,) * problem.m) for center in centers]
    for center, loss in zip(centers, losses, strict=True):
        if loss < start:
            return _Scaling(problem, center, loss, trained)
    raise PathRefused("the start is no higher than the predictions to which the last layer shrinks")


_Node = tuple[Fraction, Fraction, Fraction]
"""Time on the base path, c, loss."""


@dataclass
class _Steps:
    """The nodes c(t) of the path, and the straight lines between them."""

    base: Path
    scaling: _Scaling
    start: Fraction
    goal: Fraction
    check: Check

    def path(self) -> Path:
        problem, count = self.base.problem, len(self.base.segments)
        builder = PathBuilder(problem, self.base.point, self.check)
        here = (ONE, self.start)
        fall = (self.start - self.goal) / count
        for k in range(count):
            there = self._node(Fraction(k + 1), self.start - (k + 1) * fall, fall / 4)
            self._join(builder, (Fraction(k), *here), (Fraction(k + 1), *there), 0)
            here = there
        tail = PathBuilder(problem, builder.end, self.check)
        tail.straight(self.base.end, "shrink the outputs back")
        for segment in descending_part(tail.path.segments):
            builder.straight(segment.end, segment.step)
        return builder.path

    def _node(self, time: Fraction, level: Fraction, room: Fraction) -> tuple[Fraction, Fraction]:
        """c at a time, and the loss there, which is the level up to this room."""
        predictions = self.base.problem.predictions(self.base.at(time))
        high = ONE
        for _ in range(DOUBLINGS):
            if self.scaling.loss(predictions, high) >= level:
                break
            high *= 2
        else:
            raise PathRefused("the predictions vanish on the base path, or nearly: rescaling them raises no loss")
        low = ZERO
        while True:
            self.check()
            middle = (low + high) / 2
            loss = self.scaling.loss(predictions, middle)
            if abs(loss - level) <= room:
                return middle, loss
            low, high = (middle, high) if loss < level else (low, middle)

    def _join(self, builder: PathBuilder, here: _Node, there: _Node, halved: int) -> None:
        """Straight from one node (time, c, loss) to another; where that does not fall strictly by way of a node between
        the two, whose level is between theirs."""
        end = self.scaling.of(self.base.at(there[0]), there[1])
        attempt = PathBuilder(self.base.problem, builder.end, self.check)
        attempt.straight(end, "rescale the outputs along the base path")
        if all(segment.kind is Kind.DECREASING for segment in attempt.path.segments):
            builder.follow(attempt.path)
            return
        if halved == HALVINGS:
            raise PathRefused(f"the loss does not fall along the base path, in steps of 1/{2**HALVINGS} of a segment")
        middle = (here[0] + there[0]) / 2
        node = self._node(middle, (here[2] + there[2]) / 2, (here[2] - there[2]) / 8)
        self._join(builder, here, (middle, *node), halved + 1)
        self._join(builder, (middle, *node), there, halved + 1)


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
