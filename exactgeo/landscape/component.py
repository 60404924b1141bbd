"""The component of a sublevel set that holds a point: how low it goes, where it escapes, and an exact path down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from exactgeo.basin import Census
from exactgeo.basin import census as make_census
from exactgeo.basin.cone_program import Optimum
from exactgeo.errors import InternalError, OutOfScope
from exactgeo.exact.enclosure import exact
from exactgeo.exact.rational import beside
from exactgeo.landscape.frontier import Chain, Frontier, Patterns, Quotient, locate
from exactgeo.landscape.path import BasinPathBuilder, laid
from exactgeo.landscape.walls import Walls
from exactgeo.paths import Path
from exactgeo.problem import Point, Problem, scope
from exactgeo.shown import Shown, value_line

__all__ = ["Barrier", "Component", "bad_valley", "component"]

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
    # Exact optima by columns: what was solved on the way is not solved again.
    _walls: Walls = field(repr=False, compare=False)
    _start: Patterns = field(repr=False)
    _first_lower: Chain[int] | None = field(repr=False)
    _lowest: Chain[int] = field(repr=False)

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
                    wall = self._walls.optimum(facet.mask, hints)
                    value = exact(wall.value)
                    yield Barrier(basin, facet.outside, facet.mask, value, wall)

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

    def _path(self, chain: Chain[int]) -> Path:
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
    known, frontier = _sublevel(problem, point, census, time_limit, late)
    if not known.bad:
        return known
    try:
        escape = _escape(frontier, late)
    except KeyboardInterrupt:
        escape = None
    if escape is None:
        return replace(known, reason=NO_ESCAPE_YET)
    level, inside = escape
    return replace(known, escapes_at=level, inside=inside)


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
        return _sublevel(problem, point, census, time_limit, _clock(time_limit))[0].bad
    except (OutOfScope, ValueError):
        return None


def _clock(seconds: float | None) -> Callable[[], bool]:
    """Whether so many seconds have passed since now."""
    end = None if seconds is None else time.monotonic() + seconds
    return lambda: end is not None and time.monotonic() > end


def _sublevel(
    problem: Problem, point: Point | None, census: Census | None, seconds: float | None, late: Callable[[], bool]
) -> tuple[Component, Frontier[int]]:
    """All but the way out of a bad valley, and the search as it stands."""
    scope.expect_problem(problem)
    if point is None:
        point = problem.point
    if point is None:
        raise ValueError("no point whose component is meant")
    outside = scope.exact_values(problem)
    if outside is not None:
        raise outside
    if census is None:
        census = make_census(problem.at(point), time_limit=seconds)
    if not census.complete:
        raise ValueError("the census was ended before every basin had its value; raise time_limit")
    loss, minimum = problem.loss_at(point), census.minimum
    if not isinstance(minimum, Fraction):
        raise InternalError("a landscape over enclosures")
    start = locate(census.reduction, point)
    first = census.table.index_of(tuple(tuple(sorted(part)) for part in start))
    walls = Walls(census.reduction.program)
    frontier = Frontier(Quotient(census), walls, first)
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
            if value == minimum:
                break
    except KeyboardInterrupt:
        complete = False
    infimum = frontier.value(lowest)
    known = Component(
        problem=problem,
        point=point,
        census=census,
        loss=loss,
        infimum=infimum,
        global_minimum=minimum,
        complete=complete,
        basins=tuple(sorted(frontier.crossings)),
        escapes_at=None,
        inside=(),
        reason="" if complete or infimum == minimum else OUT_OF_TIME,
        _walls=walls,
        _start=start,
        _first_lower=None if lower is None else frontier.chain(lower),
        _lowest=frontier.chain(lowest),
    )
    return known, frontier


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
