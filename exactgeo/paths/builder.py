"""Builds a path: a construction says where to go next, and why; the builder cuts each move into segments.

A construction never deals with kinks. It says ``builder.straight(point, "clear layer 2")``; the builder cuts the move
where pre-activations change their signs or predictions pass a break of the loss, and refuses what is frozen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import ExactgeoError, InternalError
from exactgeo.exact.sturm import rational_roots
from exactgeo.exact.vectors import ONE, ZERO, Matrix, Vector
from exactgeo.paths.forward import Crossing, Outputs, RationalLayer, crossings, run
from exactgeo.paths.path import Path
from exactgeo.paths.segment import Kind, Segment
from exactgeo.problem import Point, Problem

__all__ = ["PathBuilder", "PathRefused", "with_layers"]


class PathRefused(ExactgeoError):
    """A move that is no path of this kind, or a construction that cannot go on; the reason is a sentence for people."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def with_layers(
    point: Point,
    weights: Mapping[int, Sequence[Sequence[Fraction]]] | None = None,
    biases: Mapping[int, Sequence[Fraction]] | None = None,
) -> Point:
    """A point with other weights, or other biases, of some layers (by their index, from 0).

    Examples
    --------
    >>> one = Fraction(1)
    >>> point = Point((((one,),), ((one,),)), ((one,), ()))
    >>> str(with_layers(point, {1: [[2 * one]]}).weights[1][0][0])
    '2'
    """
    matrices: list[Matrix] = list(point.weights)
    vectors: list[Vector] = list(point.biases)
    for k, matrix in (weights or {}).items():
        matrices[k] = tuple(tuple(row) for row in matrix)
    for k, vector in (biases or {}).items():
        vectors[k] = tuple(vector)
    return Point(tuple(matrices), tuple(vectors))


class PathBuilder:
    """Lays a path move by move; the state is the last point.

    Parameters
    ----------
    problem : Problem
        In scope of :func:`exactgeo.problem.scope.paths`.
    point : Point
        Where the path starts.
    check : callable
        Called between pieces of work; it raises where the time is over.
    """

    def __init__(self, problem: Problem, point: Point, check: Check = unlimited) -> None:
        problem.expect_point(point)
        self.problem = problem
        self.point = point
        self.check = check
        self._segments: list[Segment] = []

    @property
    def end(self) -> Point:
        """The last point."""
        return self._segments[-1].end if self._segments else self.point

    @property
    def path(self) -> Path:
        """What has been laid so far."""
        return Path(self.problem, self.point, tuple(self._segments))

    def straight(self, end: Point, step: str) -> None:
        """A straight line to a point; nothing where it is the last one.

        Where one weight layer moves everything behind it is affine in pieces, so that all cuts are rational.

        Raises
        ------
        PathRefused
            A cut has no rational form: several layers move, and not so that all stays rational.
        InternalError
            The line moves a frozen parameter.
        """
        if end != self.end:
            self._lay(end, step, ())

    def move(
        self,
        step: str,
        weights: Mapping[int, Sequence[Sequence[Fraction]]] | None = None,
        biases: Mapping[int, Sequence[Fraction]] | None = None,
    ) -> None:
        """:meth:`straight`, to the last point with other weights or biases of some layers."""
        self.straight(with_layers(self.end, weights, biases), step)

    def curved(self, layers: Sequence[RationalLayer], step: str, end: Point | None = None) -> None:
        """A move in which layers are rational functions of s; the others go straight to ``end``, or stay.

        Raises
        ------
        PathRefused, InternalError
            As :meth:`straight`; a pole on [0, 1], or a layer that does not start where the path is.
        """
        goal = self.end if end is None else end
        for layer in layers:
            goal = layer.point(goal, ONE)
        self._lay(goal, step, tuple(layers))

    def follow(self, path: Path) -> None:
        """All segments of a path that starts at the last point."""
        if path.point != self.end:
            raise InternalError("a path is followed from another point")
        self._segments += path.segments

    def constant(self, since: int, what: str) -> None:
        """Assert that the segments from number ``since`` on have kept the loss.

        Raises
        ------
        InternalError
        """
        if any(segment.kind is not Kind.CONSTANT for segment in self._segments[since:]):
            raise InternalError(f"{what} moves the loss")

    @property
    def size(self) -> int:
        """The number of segments so far."""
        return len(self._segments)

    def _lay(self, end: Point, step: str, layers: tuple[RationalLayer, ...]) -> None:
        start = self.end
        self._expect_trained(start, end, layers)
        line = Segment.unchecked(self.problem, start, end, step, layers)
        last, lo = start, ZERO
        for hi, outputs in _parts(line, (ZERO, start), (ONE, end), self.check):
            self.check()
            there = end if hi == ONE else line.at(hi)
            part = tuple(layer.on(lo, hi) for layer in layers)
            self._segments.append(Segment.unchecked(self.problem, last, there, step, part).known(outputs))
            last, lo = there, hi

    def _expect_trained(self, start: Point, end: Point, curved: Sequence[RationalLayer]) -> None:
        self.problem.expect_point(end)
        train = self.problem.train
        for curve in curved:
            moving = train.weights[curve.index], train.biases[curve.index]
            if not curve.keeps(self.problem.network.sizes[curve.index], *moving):
                raise InternalError(f"a curve moves frozen parameters of layer {curve.index}")
        for k, free in enumerate(train.weights):
            if not free and start.weights[k] != end.weights[k]:
                raise InternalError(f"a path moves the frozen weights of layer {k}")
        for k, free in enumerate(train.biases):
            if not free and start.biases[k] != end.biases[k]:
                raise InternalError(f"a path moves the frozen biases of layer {k}")


_Mark = tuple[Fraction, Point]


def _parts(line: Segment, one: _Mark, other: _Mark, check: Check) -> Iterator[tuple[Fraction, Outputs]]:
    """The segments of which a move between two of its points is made, in order: where each ends, and its predictions.

    It is cut first at the kinks of the lowest layer that has any, between those at the kinks behind it, last at the
    breaks of the loss.
    """
    check()
    problem, (lo, start), (hi, end) = line.problem, one, other
    found = run(problem, start, end, [layer.on(lo, hi) for layer in line.curved])
    crossed = crossings(found, problem) if isinstance(found, Outputs) else found
    if isinstance(found, Outputs) and not crossed:
        if not (problem.loss.rational or found.affine or found.constant):
            raise PathRefused("several layers move at once, and the loss has no rational values")
        yield hi, found
        return
    marks = sorted({lo + (hi - lo) * s for crossing in crossed for s in _roots(crossing, problem)})
    for a, b in pairwise([one, *((s, line.at(s)) for s in marks), other]):
        yield from _parts(line, a, b, check)


def _roots(crossing: Crossing, problem: Problem) -> list[Fraction]:
    found, complete = rational_roots(crossing.polynomial)
    if not complete:
        where = (
            f"prediction {crossing.unit} of data point {crossing.datum} passes a break of the loss"
            if crossing.layer == problem.network.depth
            else f"unit {crossing.unit} of layer {crossing.layer} passes its kink at data point {crossing.datum}"
        )
        raise PathRefused(f"several layers move at once, and {where} where s is not rational")
    return found
