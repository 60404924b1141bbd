"""An exact path between two points whose highest loss is as low as that of any path."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import isqrt
from typing import TYPE_CHECKING, Any

from exactgeo.basin import Census, OutOfScope
from exactgeo.basin import census as make_census
from exactgeo.basin.cone_program import Optimum
from exactgeo.errors import InputError, InternalError
from exactgeo.exact.rational import format_rational
from exactgeo.landscape.component import Labelled, home
from exactgeo.landscape.path import Path, Walker
from exactgeo.landscape.walls import Walls, exact, order
from exactgeo.problem import Point, Problem

if TYPE_CHECKING:
    from exactgeo.claims.certificate import Certificate

__all__ = ["Facet", "Route", "facets", "optimum_of", "route"]

HALVINGS = 7
"""Up to 2^6 pairs of straight moves stand for a rescaling before it becomes a segment of its own kind."""


@dataclass(frozen=True)
class Route:
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

    @cached_property
    def certificate(self) -> Certificate | None:
        """That the path rises no higher than ``highest``, and that every path does; None where there is none.

        Cost: the basins of the full space in the component of the start below the critical level.
        """
        from exactgeo.landscape.claims import route_certificate

        return route_certificate(self)

    @property
    def reason(self) -> str:
        """Why there is no path; "" when there is one."""
        if self.complete:
            return ""
        return f"the search ended when all paths below {self.at_least} had been ruled out; raise --time-limit"

    def to_json(self) -> dict[str, Any]:
        """The answer of ``exactgeo path --json``; rationals are strings."""
        answer: dict[str, Any] = {"complete": self.complete, "at_least": format_rational(self.at_least)}
        if self.path is None:
            return {**answer, "highest": None, "points": None, "losses": None, "segments": None, "reason": self.reason}
        return {**answer, "highest": format_rational(self.path.highest), **self.path.to_json()}


@dataclass(frozen=True, slots=True)
class _Step:
    """A wall between two basins of the full space: what neuron changes its slot there, from which to which."""

    group: int
    place: int
    old: int
    new: int
    optimum: Optimum


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet of a basin of the full space: what neuron leaves which slot for which, and the columns of the wall."""

    group: int
    place: int
    old: int
    new: int
    mask: int

    def behind(self, basin: Labelled) -> Labelled:
        part = basin[self.group]
        changed = (*part[: self.place], self.new, *part[self.place + 1 :])
        return (*basin[: self.group], changed, *basin[self.group + 1 :])


def facets(census: Census, basin: Labelled) -> Iterator[Facet]:
    """All facets of a basin of the full space."""
    reduction, tables = census.reduction, census.crossings
    for k, part in enumerate(basin):
        for place, slot in enumerate(part):
            others = reduction.mask((*basin[:k], (*part[:place], *part[place + 1 :]), *basin[k + 1 :]))
            for new, shared, _ in tables[k][slot]:
                yield Facet(k, place, slot, new, others | shared)


def optimum_of(census: Census, basin: Labelled) -> Optimum:
    """The optimum of a basin of the full space: that of its orbit."""
    return census.optimum(census.index_of(tuple(tuple(sorted(part)) for part in basin)))


class _Search:
    """The basins of the full space around one of them, the lowest walls first."""

    def __init__(self, census: Census, walls: Walls, start: Labelled, level: Fraction) -> None:
        self._census, self._walls = census, walls
        self.level = level
        self.links: dict[Labelled, tuple[Labelled, _Step] | None] = {}
        self._edges: list[tuple[tuple[float, Fraction], int, Labelled, Facet]] = []
        self._count = 0
        self._reach(start, None)

    def _push(self, bound: Fraction, here: Labelled, edge: Facet) -> None:
        self._count += 1
        heapq.heappush(self._edges, (order(bound), self._count, here, edge))

    def _reach(self, basin: Labelled, link: tuple[Labelled, _Step] | None) -> None:
        self.links[basin] = link
        value = exact(optimum_of(self._census, basin))
        for edge in facets(self._census, basin):
            there = edge.behind(basin)
            if there not in self.links:
                self._push(max(value, exact(optimum_of(self._census, there))), basin, edge)

    def advance(self) -> Labelled | None:
        """Take one more basin, the lowest wall first; None when a wall had to be solved, or there is no more."""
        while self._edges:
            key, _, here, edge = heapq.heappop(self._edges)
            there = edge.behind(here)
            if there in self.links:
                continue
            best = self._walls.optimum(edge.mask, (optimum_of(self._census, here), optimum_of(self._census, there)))
            value = exact(best)
            if value > key[1] and self._edges and order(value) > self._edges[0][0]:
                self._push(value, here, edge)
                return None
            self.level = max(self.level, value)
            self._reach(there, (here, _Step(edge.group, edge.place, edge.old, edge.new, best)))
            return there
        raise InternalError("no walls join two basins")

    def way(self, basin: Labelled) -> list[_Step]:
        """The walls between a basin and the start, the nearest to it first."""
        steps = []
        link = self.links[basin]
        while link is not None:
            steps.append(link[1])
            link = self.links[link[0]]
        return steps


def route(
    problem: Problem, one: Point, other: Point, *, census: Census | None = None, time_limit: float | None = None
) -> Route:
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
    Route
        Cost: the census, and the basins of the full space in the smaller one of the two points' components below the
        critical level, with one exact solve for each wall that no known optimum settles.

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
    >>> found = route(one, one.point, other.point)
    >>> print(found.highest, "in:", *found.path.losses)
    106/5 in: 18 75/4 614/29 106/5 1991/94 83/4 14 14
    """
    begun = time.monotonic()
    if problem.loss.kind in ("logistic", "cross_entropy"):
        raise OutOfScope(f"the values of the {problem.loss.kind} loss are enclosures; the other losses are in scope")
    if (frozen := _frozen(problem, one)) != _frozen(problem, other):
        raise InputError("points", "two values of what is frozen", "the same values at both points", "one of the two")
    if problem.point is not None and frozen != _frozen(problem, problem.point):
        problem = problem.at(one)
    if census is None:
        census = make_census(problem.at(one), time_limit=time_limit)
    level = max(problem.loss_at(one), problem.loss_at(other))
    if not census.complete:
        return Route(problem, census, None, level)
    end = None if time_limit is None else begun + time_limit
    level /= census.share
    walls = Walls(census.reduction.program)
    homes = home(census.reduction, one), home(census.reduction, other)
    near, far = (_Search(census, walls, basin, level) for basin in homes)
    meeting = homes[0] if homes[0] == homes[1] else None
    try:
        while meeting is None and (end is None or time.monotonic() <= end):
            # Side by side: the smaller of the two components is exhausted first, and that decides.
            for search, target in ((near, far), (far, near)):
                reached = search.advance()
                if reached in target.links:
                    meeting = reached
                    break
    except KeyboardInterrupt:
        meeting = None
    at_least = max(near.level, far.level) * census.share
    if meeting is None:
        return Route(problem, census, None, at_least)
    steps = [(step, step.new) for step in reversed(near.way(meeting))]
    steps += [(step, step.old) for step in far.way(meeting)]
    path = _lay(census, homes[0], one, other, steps, at_least)
    if path.highest != at_least or path.points[0] != one or path.points[-1] != other:
        raise InternalError("a path between two points ends elsewhere, or is higher than it must be")
    return Route(problem, census, path, at_least)


def _frozen(problem: Problem, point: Point) -> list[Any]:
    train = problem.train
    weights = zip(point.weights, (*train.hidden, train.output), strict=True)
    biases = zip(point.biases, (*train.hidden_bias, train.output_bias), strict=True)
    return [block for block, free in (*weights, *biases) if not free]


def _lay(
    census: Census, start: Labelled, one: Point, other: Point, steps: list[tuple[_Step, int]], level: Fraction
) -> Path:
    """The path through these walls, each with the slot behind it."""
    problem = census.problem
    sizes = {}
    if problem.network.widths:
        sizes = {i: abs(v) or Fraction(1) for i, v in enumerate(other.weights[1][0])}
    walker = Walker(census.reduction, one, start, sizes)
    here = [list(part) for part in start]
    for step, slot in steps:
        walker.step(step.group, step.place, slot, step.optimum)
        here[step.group][step.place] = slot
    # The last stretch backwards: where output weights of the end are 0, it starts with those.
    back = Walker(census.reduction, other, here).points
    walker.arrive(back[-1])
    points = _resized(problem, walker.points, sizes, level)
    points += [point for point in reversed(back) if point != points[-1]]
    return Path(problem, tuple(point for k, point in enumerate(points) if not k or point != points[k - 1]))


def _resized(problem: Problem, points: list[Point], sizes: dict[int, Fraction], level: Fraction) -> list[Point]:
    """The same path with the output weights brought to a size on the way, each where it takes the fewest straight moves
    that stay below the level; by a rescaling if there is no room."""
    for neuron, size in sizes.items():
        if any(abs(v) not in (0, size) for v in (point.weights[1][0][neuron] for point in points)):
            points = _one_resized(problem, points, neuron, size, level)
    return points


def _one_resized(problem: Problem, points: list[Point], neuron: int, size: Fraction, level: Fraction) -> list[Point]:
    def at(point: Point, inner: Fraction, outer: Fraction) -> Point:
        """One output weight, and the input weights as they belong to another."""
        factor = point.weights[1][0][neuron] / inner
        rows, outputs, bias = list(point.weights[0]), list(point.weights[1][0]), list(point.biases[0])
        rows[neuron] = tuple(q * factor for q in rows[neuron])
        outputs[neuron] = outer
        if problem.network.hidden_bias[0]:
            bias[neuron] *= factor
        return Point((tuple(rows), (tuple(outputs),)), (tuple(bias), *point.biases[1:]))

    def whole(point: Point) -> Point:
        v = point.weights[1][0][neuron]
        return at(point, size if v > 0 else -size, size if v > 0 else -size) if v else point

    def moves(point: Point, halvings: int) -> list[Point] | None:
        v = point.weights[1][0][neuron]
        if not v:
            return None
        turn = []
        for one, other in pairwise(_stops(v, size if v > 0 else -size, halvings)):
            turn += [at(point, one, other), at(point, other, other)]
            if problem.loss_at(turn[-2]) > level:
                return None
        return turn

    for halvings in range(HALVINGS):
        for k, point in enumerate(points):
            turn = moves(point, halvings)
            if turn is not None:
                return [*points[: k + 1], *turn, *map(whole, points[k + 1 :])]
    k = next(k for k, point in enumerate(points) if point.weights[1][0][neuron])
    return [*points[: k + 1], *map(whole, points[k:])]


def _stops(start: Fraction, end: Fraction, halvings: int) -> list[Fraction]:
    """From one number to another of the same sign in about equal ratios."""
    if not halvings or start == end:
        return [start] * (2**halvings) + [end]
    product = start * end
    root = Fraction(isqrt(product.numerator * product.denominator << 8), product.denominator << 4)
    middle = root if start > 0 else -root
    return [*_stops(start, middle, halvings - 1), *_stops(middle, end, halvings - 1)[1:]]
