"""An exact path between two points whose highest loss is as low as that of any path."""

from __future__ import annotations

import time
from fractions import Fraction
from itertools import pairwise
from math import isqrt

from exactgeo.basin import Census
from exactgeo.basin import census as make_census
from exactgeo.errors import InputError, InternalError
from exactgeo.exact.vectors import ONE
from exactgeo.frozen import dataclass
from exactgeo.landscape.frontier import Crossing, Frontier, FullSpace, Patterns, locate
from exactgeo.landscape.path import BasinPathBuilder, laid
from exactgeo.landscape.walls import Walls
from exactgeo.paths import Path
from exactgeo.problem import Neuron, Point, Problem, scope

__all__ = ["CriticalPath", "critical_path"]

HALVINGS = 7
"""Up to 2^6 pairs of straight moves stand for a rescaling before it becomes a segment of its own kind."""


@dataclass(frozen=True)
class CriticalPath:
    """A path between two points, and why no other stays lower.

    Attributes
    ----------
    problem : Problem
    census : Census
    path : Path or None
        None when the time limit came first.
    at_least : Fraction
        The highest loss on any path between the points is at least this: the component of one of them in the
        sublevel set below does not hold the other. Equal to ``path.highest``.
    """

    problem: Problem
    census: Census
    path: Path | None
    at_least: Fraction

    @property
    def complete(self) -> bool:
        """False when the time limit or Ctrl-C ended the search."""
        return self.path is not None

    @property
    def highest(self) -> Fraction | None:
        """The critical level: the least level at which the points lie in one component of {L <= level}."""
        return None if self.path is None else self.at_least

    @property
    def reason(self) -> str:
        """Why there is no path; "" when there is one."""
        if self.complete:
            return ""
        if self.census.orbits is None:
            return self.census.reason
        return f"the search ended when all paths below {self.at_least} had been ruled out; raise --time-limit"


def critical_path(
    problem: Problem, one: Point, other: Point, *, census: Census | None = None, time_limit: float | None = None
) -> CriticalPath:
    """An exact path between two points that rises no higher than every path must.

    Parameters
    ----------
    problem : Problem
        In scope of :func:`exactgeo.basin.census`, any loss but the logistic one.
    one, other : Point
        Where the path starts and ends, in the full space.
    census : Census, optional
        Of the same problem (with the frozen values of the points), so that it is not made again.
    time_limit : float, optional
        Seconds for the census and the search; afterwards, or after Ctrl-C, there is no path and ``at_least`` says what
        has been ruled out.

    Returns
    -------
    CriticalPath
        Cost: the census, and the basins of the full space in the smaller one of the two points' components below the
        critical level, with one exact solve for each wall that has not the optimum of a wall or basin at hand.

    Raises
    ------
    OutOfScope
        The census does not apply, or the loss is logistic.
    InputError
        The points differ in what is frozen.

    Examples
    --------
    >>> import exactgeo as eg
    >>> one, other = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop1-better")
    >>> found = critical_path(one, one.point, other.point)
    >>> print(found.highest, "in:", *found.path.losses)
    106/5 in: 18 75/4 614/29 106/5 1991/94 83/4 14 14
    """
    begun = time.monotonic()
    outside = scope.exact_values(problem)
    if outside is not None:
        raise outside
    if (frozen := problem.at(one).frozen) != problem.at(other).frozen:
        raise InputError("points", "two values of what is frozen", "the same values at both points", "one of the two")
    if problem.frozen is not None and frozen != problem.frozen:
        problem = problem.at(one)
    if census is None:
        census = make_census(problem.at(one), time_limit=time_limit)
    ends = max(problem.loss_at(one), problem.loss_at(other))
    if not census.complete:
        return CriticalPath(problem, census, None, ends)
    end = None if time_limit is None else begun + time_limit
    space, walls = FullSpace(census), Walls(census.reduction.program)
    first, last = locate(census.reduction, one), locate(census.reduction, other)
    near, far = Frontier(space, walls, first), Frontier(space, walls, last)
    meeting = first if first == last else None
    try:
        while meeting is None and (end is None or time.monotonic() <= end):
            # Side by side: the smaller of the two components is exhausted first, and that decides.
            for frontier, target in ((near, far), (far, near)):
                reached = frontier.advance()
                if reached is not None and reached in target:
                    meeting = reached
                    break
    except KeyboardInterrupt:
        meeting = None
    at_least = max(ends, near.level, far.level)
    if meeting is None:
        return CriticalPath(problem, census, None, at_least)
    crossings = [*near.chain(meeting).crossings]
    crossings += [Crossing(wall.outside, wall.inside, wall.optimum) for wall in reversed(far.chain(meeting).crossings)]
    path = _lay(census, first, one, other, crossings, at_least)
    if path.highest != at_least or path.points[0] != one or path.points[-1] != other:
        raise InternalError("a path between two points ends elsewhere, or is higher than it must be")
    return CriticalPath(problem, census, path, at_least)


def _lay(
    census: Census, start: Patterns, one: Point, other: Point, crossings: list[Crossing[Patterns]], level: Fraction
) -> Path:
    """The path from a point of one basin through these walls to a point of the last one."""
    problem = census.problem
    sizes = {i: abs(v) or ONE for i, (_, v) in enumerate(other.neurons)}
    builder, basin = BasinPathBuilder(census.reduction, one, start, sizes), start
    for crossing in crossings:
        basin = crossing.outside
        builder.cross(basin, crossing.optimum)
    # The last stretch backwards: where output weights of the end are 0, it starts with those.
    back = BasinPathBuilder(census.reduction, other, basin).points
    builder.arrive(back[-1])
    points = _resized(problem, builder.points, sizes, level)
    points += [point for point in reversed(back) if point != points[-1]]
    return laid(problem, points)


def _resized(problem: Problem, points: list[Point], sizes: dict[int, Fraction], level: Fraction) -> list[Point]:
    """The same path with the output weights brought to a size on the way, each where it takes the fewest straight moves
    that stay below the level; by a rescaling if there is no room."""
    for neuron, size in sizes.items():
        if any(abs(point.neurons[neuron].v) not in (0, size) for point in points):
            points = _one_resized(problem, points, neuron, size, level)
    return points


def _one_resized(problem: Problem, points: list[Point], neuron: int, size: Fraction, level: Fraction) -> list[Point]:
    def at(point: Point, inner: Fraction, outer: Fraction) -> Point:
        """One output weight, and the input weights as they belong to another."""
        neurons = list(point.neurons)
        w, v = neurons[neuron]
        neurons[neuron] = Neuron(tuple(q * v / inner for q in w), outer)
        return point.with_neurons(neurons)

    def resized(point: Point) -> Point:
        v = point.neurons[neuron].v
        return at(point, size if v > 0 else -size, size if v > 0 else -size) if v else point

    def moves(point: Point, halvings: int) -> list[Point] | None:
        v = point.neurons[neuron].v
        if not v:
            return None
        resizing = []
        for one, other in pairwise(_stops(v, size if v > 0 else -size, halvings)):
            resizing += [at(point, one, other), at(point, other, other)]
            if problem.loss_at(resizing[-2]) > level:
                return None
        return resizing

    for halvings in range(HALVINGS):
        for k, point in enumerate(points):
            resizing = moves(point, halvings)
            if resizing is not None:
                return [*points[: k + 1], *resizing, *map(resized, points[k + 1 :])]
    k = next(k for k, point in enumerate(points) if point.neurons[neuron].v)
    return [*points[: k + 1], *map(resized, points[k:])]


def _stops(start: Fraction, end: Fraction, halvings: int) -> list[Fraction]:
    """From one number to another of the same sign in about equal ratios."""
    if not halvings or start == end:
        return [start] * (2**halvings) + [end]
    product = start * end
    root = Fraction(isqrt(product.numerator * product.denominator << 8), product.denominator << 4)
    middle = root if start > 0 else -root
    return [*_stops(start, middle, halvings - 1), *_stops(middle, end, halvings - 1)[1:]]
