"""Where a point stands: how low the component of its sublevel set goes, and an exact path there."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from exactgeo.basin import Census, OutOfScope
from exactgeo.basin import census as make_census
from exactgeo.basin.cone_program import Optimum
from exactgeo.basin.reduction import Reduction
from exactgeo.errors import InternalError
from exactgeo.exact.rational import format_rational
from exactgeo.landscape.path import Path, Walker
from exactgeo.landscape.walls import Walls, exact, order
from exactgeo.problem import Point, Problem

__all__ = ["Place", "bad_valley", "home", "place"]

ZERO = Fraction(0)
Labelled = tuple[tuple[int, ...], ...]


def home(reduction: Reduction, point: Point) -> Labelled:
    """A basin that contains a point: for each group of exchangeable neurons the slot of each.

    Raises
    ------
    ValueError
        The point does not have the frozen values of the problem.
    """
    result = []
    for group in reduction.exchangeable:
        part = []
        for neuron in group.neurons:
            w = point.weights[0][neuron]
            if len(reduction.rows[0]) > len(w):
                w = (*w, point.biases[0][neuron])
            v = point.weights[1][-1][neuron]
            if group.frozen is not None and v != group.frozen:
                raise ValueError(f"output weight {neuron} is {v}, but it is frozen at {group.frozen}")
            sides = [sum((a * b for a, b in zip(w, row, strict=True)), ZERO) for row in reduction.rows]
            part.append(
                next(
                    k
                    for k, slot in enumerate(group.patterns)
                    if slot.sign * v >= 0
                    and all(s * side >= 0 for s, side in zip(reduction.regions[slot.region], sides, strict=True))
                )
            )
        result.append(tuple(part))
    return tuple(result)


@dataclass(frozen=True)
class Barrier:
    """A wall around a component: two places in the census, the columns of the facet, its value and its proof."""

    inside: int
    outside: int
    mask: int
    value: Fraction
    optimum: Optimum


class _Flood:
    """Basins reached from one of them, at a level that only rises; low basins first."""

    def __init__(self, census: Census, first: int, seconds: float | None) -> None:
        self.census = census
        self.walls = Walls(census.reduction.program)
        self.end = None if seconds is None else time.monotonic() + seconds
        self.late = False
        self.links: dict[int, tuple[int, Optimum] | None] = {}
        self.lowest, self.low = first, exact(census.optimum(first))
        self._ready: list[tuple[tuple[float, Fraction], int, int]] = []
        self._edges: list[tuple[tuple[float, Fraction], int, int, int, int]] = []
        self._count = 0
        self._reach(first, None)

    def _reach(self, index: int, link: tuple[int, Optimum] | None) -> None:
        self.links[index] = link
        heapq.heappush(self._ready, (order(exact(self.census.optimum(index))), len(self.links), index))

    def wall(self, one: int, other: int, mask: int) -> Optimum:
        return self.walls.optimum(mask, (self.census.optimum(one), self.census.optimum(other)))

    def _try(self, here: int, there: int, mask: int, level: Fraction) -> None:
        bound = max(exact(self.census.optimum(here)), exact(self.census.optimum(there)))
        if bound <= level:
            best = self.wall(here, there, mask)
            bound = exact(best)
            if bound <= level:
                self._reach(there, (here, best))
                return
        self._count += 1
        heapq.heappush(self._edges, (order(bound), self._count, here, there, mask))

    def spread(self, level: Fraction, goal: Fraction | None) -> Iterator[int]:
        """Reach all that is joined at this level; yields each basin. Ends at one of value ``goal``, or late."""
        while True:
            while self._ready:
                if self.end is not None and time.monotonic() > self.end:
                    self.late = True
                    return
                _, _, here = heapq.heappop(self._ready)
                value = exact(self.census.optimum(here))
                if value < self.low:
                    self.lowest, self.low = here, value
                yield here
                if value == goal:
                    return
                for there, mask, _ in self.census.neighbours(here):
                    if there not in self.links:
                        self._try(here, there, mask, level)
            while self._edges and self._edges[0][0] <= order(level):
                _, _, here, there, mask = heapq.heappop(self._edges)
                if there not in self.links:
                    self._try(here, there, mask, level)
            if not self._ready:
                return

    def next_level(self) -> Fraction | None:
        """The value of the lowest wall around what is reached."""
        while self._edges:
            key, count, here, there, mask = self._edges[0]
            if there in self.links:
                heapq.heappop(self._edges)
                continue
            value = exact(self.wall(here, there, mask))
            if value == key[1]:
                return value
            heapq.heapreplace(self._edges, (order(value), count, here, there, mask))
        return None


@dataclass(frozen=True)
class Place:
    """Where a point stands.

    Attributes
    ----------
    problem : Problem
    point : Point
    loss : Fraction
    infimum : Fraction
        Of the component of {L <= loss} that contains the point: how low a path that never rises above ``loss`` goes
        (least value met, when ``complete`` is False).
    global_minimum : Fraction
    complete : bool
        False when the time limit ended the walk.
    basins : tuple of int
        Orbits walked, places in the census: the whole component, unless the walk met the global minimum.
    """

    problem: Problem
    point: Point
    loss: Fraction
    infimum: Fraction
    global_minimum: Fraction
    complete: bool
    basins: tuple[int, ...]
    _flood: _Flood
    _lowest: int
    _first_lower: int | None
    _start: Labelled

    @property
    def bad(self) -> bool | None:
        """Whether the point lies in a bad valley: for some eps > 0 the component of {L < loss + eps} around it stays
        above the infimum of the loss. None when that is not known."""
        if self.infimum == self.global_minimum:
            return False
        return True if self.complete else None

    @cached_property
    def _escape(self) -> tuple[Fraction, set[int]] | None:
        flood = self._flood
        start = flood.low
        while self.bad and (level := flood.next_level()) is not None:
            inside = set(flood.links)
            for _ in flood.spread(level, None):
                if flood.low < start:
                    return level, inside
            if flood.late:
                break
        return None

    @property
    def escapes_at(self) -> Fraction | None:
        """The least level at which the component of a point in a bad valley holds something below ``infimum``; None
        elsewhere."""
        return None if self._escape is None else self._escape[0] * self._flood.census.share

    @property
    def census(self) -> Census:
        return self._flood.census

    @property
    def inside(self) -> tuple[int, ...]:
        """The orbits of basins of the component of {L < escapes_at}; () for a point that is in no bad valley."""
        return () if self._escape is None else tuple(sorted(self._escape[1]))

    @cached_property
    def barriers(self) -> tuple[Barrier, ...]:
        """All walls around the component of {L < escapes_at}, each at least that high: the proof of ``escapes_at`` from
        below. Empty for a point that is in no bad valley."""
        if self._escape is None:
            return ()
        _, inside = self._escape
        flood, found = self._flood, []
        for here in sorted(inside):
            for there, mask, _ in flood.census.neighbours(here):
                if there not in inside:
                    best = flood.wall(here, there, mask)
                    found.append(Barrier(here, there, mask, exact(best) * flood.census.share, best))
        return tuple(found)

    @cached_property
    def descent(self) -> Path | None:
        """An exact piecewise linear path to a lower loss; None where the component has none.

        At a local minimum: constant, then lower. Else it falls at once.
        """
        return None if self._first_lower is None else self._path(self._first_lower)

    @cached_property
    def path(self) -> Path | None:
        """An exact piecewise linear path, never above ``loss``, to a point of loss ``infimum``; None if the point is
        one."""
        return None if self.infimum == self.loss else self._path(self._lowest)

    def _path(self, target: int) -> Path:
        census = self._flood.census
        steps: list[tuple[int, Optimum]] = []
        here, link = target, self._flood.links[target]
        while link is not None:
            steps.append((here, link[1]))
            here = link[0]
            link = self._flood.links[here]
        walker = Walker(census.reduction, self.point, self._start)
        for index, best in reversed(steps):
            walker.cross(census[index].choice, best)
        walker.settle(census.optimum(target))
        path = Path(self.problem, tuple(walker.points))
        if path.highest > self.loss or path.losses[-1] != exact(census.optimum(target)) * census.share:
            raise InternalError("a path to a lower point rises, or ends elsewhere")
        return path

    def to_json(self) -> dict[str, Any]:
        """Rationals are strings."""
        return {
            "loss": format_rational(self.loss),
            "bad_valley": self.bad,
            "component_infimum": format_rational(self.infimum),
            "escapes_at": None if self.escapes_at is None else format_rational(self.escapes_at),
            "descent": None if self.descent is None else self.descent.to_json(),
        }


def place(
    problem: Problem, point: Point | None = None, *, census: Census | None = None, time_limit: float | None = None
) -> Place:
    """How low the sublevel set around a point goes, whether that is a bad valley, and an exact path down.

    Parameters
    ----------
    problem : Problem
    point : Point, optional
        ``problem.point`` when left out.
    census : Census, optional
        Of the same problem (with the frozen values of the point), so that it is not made again.
    time_limit : float, optional
        Seconds; afterwards, or after Ctrl-C, ``complete`` is False.

    Returns
    -------
    Place
        Cost: the census, and one exact solve for each wall met that no known optimum settles. The walk takes low
        basins first and ends at the global minimum.

    Raises
    ------
    OutOfScope
        The census does not apply, or the loss is logistic.
    ValueError
        No point, one without the frozen values of the problem, or a census that ran out of time.

    Examples
    --------
    >>> import exactgeo as eg
    >>> here = place(eg.load("swirszcz-prop1"))
    >>> here.bad, str(here.infimum), str(here.escapes_at)
    (True, '18', '106/5')
    >>> there = place(eg.load("swirszcz-d1-plateau"))
    >>> there.bad, str(there.infimum), [str(q) for q in there.descent.losses]
    (False, '14', ['106/5', '106/5', '14'])
    """
    if point is None:
        point = problem.point
    if point is None:
        raise ValueError("no point to place")
    start = time.monotonic()
    if problem.loss.kind in ("logistic", "cross_entropy"):
        raise OutOfScope(f"the values of the {problem.loss.kind} loss are enclosures; the other losses are in scope")
    if census is None:
        census = make_census(problem.at(point), time_limit=time_limit)
    if not census.complete:
        raise ValueError("the census was ended before every basin had its value; raise time_limit")
    loss = problem.loss_at(point)
    level = loss / census.share
    begin = home(census.reduction, point)
    left = None if time_limit is None else time_limit - (time.monotonic() - start)
    flood = _Flood(census, census.index_of(tuple(tuple(sorted(part)) for part in begin)), left)
    minimum = census.minimum
    if not isinstance(minimum, Fraction):
        raise InternalError("a landscape over enclosures")
    lower = None
    try:
        for here in flood.spread(level, minimum / census.share):
            if lower is None and exact(census.optimum(here)) < level:
                lower = here
    except KeyboardInterrupt:
        flood.late = True
    return Place(
        problem,
        point,
        loss,
        flood.low * census.share,
        minimum,
        not flood.late,
        tuple(sorted(flood.links)),
        flood,
        flood.lowest,
        lower,
        begin,
    )


def bad_valley(
    problem: Problem, point: Point, time_limit: float | None = None, *, census: Census | None = None
) -> bool | None:
    """Whether a point lies in a bad valley; None when out of scope or out of time. See :func:`place`.

    Examples
    --------
    >>> import exactgeo as eg
    >>> names = ("swirszcz-prop1", "swirszcz-prop2-local-corrected", "swirszcz-prop3-local")
    >>> [bad_valley(eg.load(name), eg.load(name).point) for name in names]
    [True, False, False]
    """
    try:
        return place(problem, point, census=census, time_limit=time_limit).bad
    except (OutOfScope, ValueError):
        return None
