"""The component of a sublevel set that holds a point: how low it goes, where it escapes, and an exact path down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from exactgeo.basin import Census
from exactgeo.basin import census as make_census
from exactgeo.basin.claims import listed
from exactgeo.basin.cone_program import Optimum
from exactgeo.claims.regions import RegionTable
from exactgeo.errors import InternalError, OutOfScope
from exactgeo.exact.enclosure import exact
from exactgeo.exact.rational import beside
from exactgeo.exact.vectors import Vector
from exactgeo.landscape.frontier import Chain, Frontier, Patterns, Quotient, locate
from exactgeo.landscape.walls import Walls
from exactgeo.problem import Point, Problem, scope
from exactgeo.shown import Shown, value_line

if TYPE_CHECKING:
    from exactgeo.paths import Path

__all__ = ["Barrier", "Component", "Components", "bad_valley", "component"]

OUT_OF_TIME = "the search was ended before the component of the point was known; raise --time-limit"
NO_ESCAPE_YET = "the search was ended before a way out of the bad valley was found; raise --time-limit"


@dataclass(frozen=True)
class Barrier(Shown):
    """A wall around a component.

    Attributes
    ----------
    inside, outside : int
        The orbits on both sides, as indices in the census.
    mask : int
        The columns of the facet, as bits.
    value : Fraction
        The least loss on it.
    optimum : Optimum
        The proof of that.
    """

    inside: int
    outside: int
    mask: int
    value: Fraction
    optimum: Optimum


@dataclass(frozen=True)
class Component(Shown):
    """Where a point stands: the component of {L <= its loss} that holds it. All that was searched for is in the record.

    Attributes
    ----------
    problem : Problem
    point : Point
    census : Census
    loss : Fraction
    infimum : Fraction
        Of the component: how low a path that never rises above ``loss`` goes (least value met, when ``complete`` is
        False).
    global_minimum : Fraction
    complete : bool
        False when the time limit or Ctrl-C ended the search before the component was known.
    basins : tuple of int
        The orbits reached, as indices in the census: the whole component, unless the global minimum was met.
    escapes_at : Fraction or None
        The least level at which the component of a point in a bad valley holds something below ``infimum``; None
        elsewhere, and where the time ended first, with a ``reason``.
    inside : tuple of int
        The orbits of the component of {L < escapes_at}; () where that is None.
    reason : str
        Why something is not known; "" when nothing is missing.
    """

    problem: Problem
    point: Point
    census: Census
    loss: Fraction
    infimum: Fraction
    global_minimum: Fraction
    complete: bool
    basins: tuple[int, ...]
    escapes_at: Fraction | None
    inside: tuple[int, ...]
    reason: str
    _search: _Search = field(repr=False, compare=False)
    _start: Patterns = field(repr=False)

    def _shown(self) -> str:
        valley = {True: "in a bad valley", False: "in no bad valley", None: "not all known"}[self.bad]
        escape = "" if self.escapes_at is None else f", escapes at {value_line(self.escapes_at)}"
        return f"component: loss {value_line(self.loss)}, down to {value_line(self.infimum)}, {valley}{escape}"

    @property
    def bad(self) -> bool | None:
        """Whether the point lies in a bad valley: for some eps > 0 the component of {L < loss + eps} around it stays
        above the infimum of the loss. None when that is not known."""
        if self.infimum == self.global_minimum:
            return False
        return True if self.complete else None

    @cached_property
    def barriers(self) -> tuple[Barrier, ...]:
        """All walls around the component of {L < escapes_at}, each at least that high: the proof of ``escapes_at`` from
        below. Empty where that is None.

        Cost: one exact solve for each of them that the search did not need.
        """
        return tuple(self.walls_around())

    def walls_around(self) -> Iterator[Barrier]:
        """The :attr:`barriers`, one after the other."""
        space, inside = Quotient(self.census), set(self.inside)
        for basin in self.inside:
            for facet in space.facets(basin):
                if facet.outside not in inside:
                    hints = space.optimum(basin), space.optimum(facet.outside)
                    wall = self._search.walls.optimum(facet.mask, hints)
                    value = exact(wall.value)
                    yield Barrier(basin, facet.outside, facet.mask, value, wall)

    def gradients_around(self, check: Callable[[], None]) -> tuple[Vector, ...]:
        """The distinct gradients of the optima of :attr:`inside` and of the walls around, ascending.

        Parameters
        ----------
        check : callable
            Called before each of them; it may raise.
        """
        search = self._search
        if search.gradients is None:
            found = set()
            for basin in self.inside:
                check()
                found.add(self.census.optimum(basin).gradient)
            for wall in self.walls_around():
                check()
                found.add(wall.optimum.gradient)
            search.gradients = tuple(sorted(found))
        return search.gradients

    @cached_property
    def descent(self) -> Path | None:
        """An exact piecewise linear path to a lower loss; None where the component has none.

        At a local minimum: constant, then lower. Else it falls at once.
        """
        return None if self._search.first_lower is None else self._path(self._search.first_lower)

    @cached_property
    def path(self) -> Path | None:
        """An exact piecewise linear path, never above ``loss``, to a point of loss ``infimum``; None if the point is
        one."""
        return None if self.infimum == self.loss else self._path(self._search.lowest)

    def _path(self, chain: Chain[int]) -> Path:
        from exactgeo.landscape.path import BasinPathBuilder, laid

        census = self.census
        builder = BasinPathBuilder(census.reduction, self.point, self._start)
        for crossing in chain.crossings:
            builder.cross_orbit(census[crossing.outside].patterns, crossing.optimum)
        lowest = census.optimum(chain.end)
        builder.descend(lowest)
        path = laid(self.problem, builder.points)
        if max(path.exact_losses) > self.loss or path.exact_losses[-1] != exact(lowest.value):
            raise InternalError("a path to a lower point rises, or ends elsewhere")
        return path

    def regions(self, check: Callable[[], None]) -> RegionTable:
        """The regions that a claim about the component lists."""
        return self._search.components.regions(self.problem, self.point, check)

    def to_json(self) -> dict[str, Any]:
        """Rationals are strings."""
        answer: dict[str, Any] = {
            **beside("loss", self.loss),
            "bad_valley": self.bad,
            **beside("component_infimum", self.infimum),
            **beside("escapes_at", self.escapes_at),
            "descent": None if self.descent is None else self.descent.to_json(),
        }
        return {**answer, "reason": self.reason} if self.reason else answer


def component(
    problem: Problem, point: Point | None = None, *, census: Census | None = None, time_limit: float | None = None
) -> Component:
    """How low the sublevel set around a point goes, whether that is a bad valley, where it escapes, and a path down.

    Parameters
    ----------
    problem : Problem
    point : Point, optional
        ``problem.point`` when left out.
    census : Census, optional
        Of the same problem (with the frozen values of the point), so that it is not made again.
    time_limit : float, optional
        Seconds for all of it; what is not known afterwards, or after Ctrl-C, is None with a ``reason``.

    Returns
    -------
    Component
        Cost: the census, and one exact solve for each wall met that has not the optimum of a wall or basin at hand. The
        search takes low basins first and ends at the global minimum; in a bad valley it goes on, level by level, to
        the way out.

    Raises
    ------
    OutOfScope
        The census does not apply, or the loss is logistic.
    ValueError
        No point, one without the frozen values of the problem, or a census that ran out of time.

    Examples
    --------
    >>> import exactgeo as eg
    >>> valley = component(eg.load("swirszcz-prop1"))
    >>> valley.bad, str(valley.infimum), str(valley.escapes_at)
    (True, '18', '106/5')
    >>> plateau = component(eg.load("swirszcz-d1-plateau"))
    >>> plateau.bad, str(plateau.infimum), [str(q) for q in plateau.descent.losses]
    (False, '14', ['106/5', '106/5', '14'])
    """
    late = _clock(time_limit)
    return _components(problem, point, census, time_limit).around(problem, _own(problem, point), late)


def bad_valley(
    problem: Problem, point: Point, time_limit: float | None = None, *, census: Census | None = None
) -> bool | None:
    """Whether a point lies in a bad valley; None when out of scope or out of time. See :func:`component`.

    Examples
    --------
    >>> import exactgeo as eg
    >>> names = ("swirszcz-prop1", "swirszcz-prop2-local-corrected", "swirszcz-prop3-local")
    >>> [bad_valley(eg.load(name), eg.load(name).point) for name in names]
    [True, False, False]
    """
    try:
        late = _clock(time_limit)
        found = _components(problem, point, census, time_limit)
        return found.around(problem, _own(problem, point), late, escape=False).bad
    except (OutOfScope, ValueError):
        return None


def _clock(seconds: float | None) -> Callable[[], bool]:
    """Whether so many seconds have passed since now."""
    end = None if seconds is None else time.monotonic() + seconds
    return lambda: end is not None and time.monotonic() > end


def _own(problem: Problem, point: Point | None) -> Point:
    point = problem.point if point is None else point
    if point is None:
        raise ValueError("no point whose component is meant")
    return point


def _components(problem: Problem, point: Point | None, census: Census | None, seconds: float | None) -> Components:
    scope.expect_problem(problem)
    own = _own(problem, point)
    outside = scope.exact_values(problem)
    if outside is not None:
        raise outside
    return Components(make_census(problem.at(own), time_limit=seconds) if census is None else census)


@dataclass
class _Search:
    """A search from one basin at one loss: points of that loss in the basin have it in common.

    Nothing in it depends on what other searches have found: its walls remember their own answers alone.
    """

    components: Components
    frontier: Frontier[int]
    walls: Walls
    first_lower: Chain[int] | None
    lowest: Chain[int]
    infimum: Fraction
    complete: bool
    basins: tuple[int, ...]
    escapes_at: Fraction | None = None
    inside: tuple[int, ...] = ()
    reason: str = ""
    gradients: tuple[Vector, ...] | None = None


KEPT = 4096
"""Searches, and sixteen times as many solved walls, that are kept for further points."""


class Components:
    """The components around points of one census; what they have in common is found once.

    An answer does not depend on the points that were asked about before, but for the time that it takes.

    Parameters
    ----------
    census : Census

    Raises
    ------
    ValueError
        The census ran out of time.
    """

    def __init__(self, census: Census) -> None:
        if not census.complete:
            raise ValueError("the census was ended before every basin had its value; raise time_limit")
        if not isinstance(census.minimum, Fraction):
            raise InternalError("a landscape over enclosures")
        self.census = census
        self.minimum: Fraction = census.minimum
        self._solved: dict[int, Optimum] = {}
        self._searches: dict[tuple[int, Fraction], _Search] = {}
        self._regions: RegionTable | None = None

    def around(
        self,
        problem: Problem,
        point: Point,
        late: Callable[[], bool],
        *,
        escape: bool = True,
        loss: Fraction | None = None,
    ) -> Component:
        """The component around a point of the census' problem; without ``escape`` no way out of a bad valley is looked
        for. ``loss`` is that of the point, where it is known.

        ``late`` says whether the time is over: what is not known then is None, with a reason.

        Raises
        ------
        ValueError
            The point does not have the frozen values of the problem.
        """
        census = self.census
        loss, start = problem.loss_at(point) if loss is None else loss, locate(census.reduction, point)
        first = census.table.index_of(tuple(tuple(sorted(part)) for part in start))
        search = self._searches.get((first, loss))
        if search is None:
            search = self._search(first, loss, late)
            if escape and search.complete and search.infimum != self.minimum:
                self._escape(search, late)
            if escape and not search.reason:
                self._keep((first, loss), search)
        return Component(
            problem=problem,
            point=point,
            census=census,
            loss=loss,
            infimum=search.infimum,
            global_minimum=self.minimum,
            complete=search.complete,
            basins=search.basins,
            escapes_at=search.escapes_at,
            inside=search.inside,
            reason=search.reason,
            _search=search,
            _start=start,
        )

    def regions(self, problem: Problem, point: Point, check: Callable[[], None]) -> RegionTable:
        """What :func:`exactgeo.basin.claims.listed` says of a point of the census' problem."""
        if self._regions is None:
            self._regions = listed(problem, point, check)
        return self._regions

    def _keep(self, key: tuple[int, Fraction], search: _Search) -> None:
        if len(self._searches) >= KEPT:
            self._searches.clear()
        if len(self._solved) >= 16 * KEPT:
            self._solved.clear()
        self._searches[key] = search

    def _search(self, first: int, loss: Fraction, late: Callable[[], bool]) -> _Search:
        """All but the way out of a bad valley."""
        walls = Walls(self.census.reduction.program, solved=self._solved)
        frontier = Frontier(Quotient(self.census), walls, first)
        lowest, lower, complete = first, None, True
        try:
            for basin in frontier.fill(loss):
                if late():
                    complete = False
                    break
                value = frontier.value(basin)
                if value < frontier.value(lowest):
                    lowest = basin
                if lower is None and value < loss:
                    lower = basin
                if value == self.minimum:
                    break
        except KeyboardInterrupt:
            complete = False
        infimum = frontier.value(lowest)
        return _Search(
            self,
            frontier,
            walls,
            None if lower is None else frontier.chain(lower),
            frontier.chain(lowest),
            infimum,
            complete,
            tuple(sorted(frontier.crossings)),
            reason="" if complete or infimum == self.minimum else OUT_OF_TIME,
        )

    def _escape(self, search: _Search, late: Callable[[], bool]) -> None:
        """Go on to the way out."""
        try:
            escape = _escape(search.frontier, late)
        except KeyboardInterrupt:
            escape = None
        if escape is None:
            search.reason = NO_ESCAPE_YET
        else:
            search.escapes_at, search.inside = escape


def _escape(frontier: Frontier[int], late: Callable[[], bool]) -> tuple[Fraction, tuple[int, ...]] | None:
    """The least level at which a component holds something lower, and the orbits inside before; None out of time."""
    low = min(map(frontier.value, frontier.crossings))
    while not frontier.closed:
        if late():
            return None
        level = frontier.next_level()
        if level is None:
            continue
        inside = tuple(sorted(frontier.crossings))
        for basin in frontier.fill(level):
            if frontier.value(basin) < low:
                return level, inside
            if late():
                return None
    raise InternalError("no level joins a bad valley to anything lower")
