"""The component of a basin in a sublevel set and the walls around it, as the level rises.

One search over two graphs: the orbits of basins modulo permutation (:class:`Quotient`) and the basins of the full space
(:class:`FullSpace`). No wall is lower than the basins on its two sides, so it is solved only where those alone do not
keep it closed.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import Generic, Protocol, TypeVar

from exactgeo.basin import Census
from exactgeo.basin.cone_program import Optimum
from exactgeo.basin.reduction import Reduction
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import exact, order
from exactgeo.exact.vectors import ZERO
from exactgeo.landscape.walls import Walls
from exactgeo.problem import Point

__all__ = ["Chain", "Crossing", "Facet", "Frontier", "FullSpace", "Patterns", "Quotient", "Space", "locate"]

Patterns = tuple[tuple[int, ...], ...]
"""A basin of the full space: for each group of exchangeable neurons the index of each one's pattern."""

B = TypeVar("B", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Facet(Generic[B]):
    """A facet of a basin: the basins on its two sides, and the columns of the wall."""

    inside: B
    outside: B
    mask: int


@dataclass(frozen=True, slots=True)
class Crossing(Generic[B]):
    """A wall that was crossed: from which basin, to which, and the wall's optimum."""

    inside: B
    outside: B
    optimum: Optimum


@dataclass(frozen=True, slots=True)
class Chain(Generic[B]):
    """A basin that was reached, and the walls crossed on the way to it."""

    end: B
    crossings: tuple[Crossing[B], ...]


class Space(Protocol[B]):
    """A graph of basins: each has its optimum, and facets behind which others lie."""

    def optimum(self, basin: B) -> Optimum:
        """Of a rational value."""

    def facets(self, basin: B) -> Iterator[Facet[B]]:
        """All facets of a basin, in an order that does not change; every facet is listed from both its sides."""


class Quotient:
    """The basins modulo permutation, by their indices in the census."""

    def __init__(self, census: Census) -> None:
        self.census = census

    def optimum(self, basin: int) -> Optimum:
        return self.census.optimum(basin)

    def facets(self, basin: int) -> Iterator[Facet[int]]:
        for other, mask, _ in self.census.facets.around(basin):
            yield Facet(basin, other, mask)


class FullSpace:
    """The basins of the full space; one has the optimum of its orbit."""

    def __init__(self, census: Census) -> None:
        self.census = census

    def optimum(self, basin: Patterns) -> Optimum:
        return self.census.optimum(self.census.table.index_of(tuple(tuple(sorted(part)) for part in basin)))

    def facets(self, basin: Patterns) -> Iterator[Facet[Patterns]]:
        reduction, tables = self.census.reduction, self.census.facets.crossings
        for k, part in enumerate(basin):
            for i, old in enumerate(part):
                before, after = part[:i], part[i + 1 :]
                others = reduction.mask((*basin[:k], (*before, *after), *basin[k + 1 :]))
                for new, shared, _ in tables[k][old]:
                    yield Facet(basin, (*basin[:k], (*before, new, *after), *basin[k + 1 :]), others | shared)


class Frontier(Generic[B]):
    """What is reached from a basin through walls, and the facets that lead out of it.

    Parameters
    ----------
    space : Space
    walls : Walls
    first : basin
    lowest_first : bool
        Which of the basins reached has its facets listed next: the lowest, or the one reached last.

    Attributes
    ----------
    crossings : dict from each basin reached to the wall it was reached through, None for the first
    level : Fraction
        All that is reached lies in one component of {L <= level}.
    """

    def __init__(self, space: Space[B], walls: Walls, first: B, *, lowest_first: bool = True) -> None:
        self.space, self.walls = space, walls
        self.crossings: dict[B, Crossing[B] | None] = {}
        self.level = exact(space.optimum(first).value)
        self._lowest_first = lowest_first
        self._values: dict[B, Fraction] = {}
        self._numbers = count()
        self._unlisted: list[tuple[tuple[float, Fraction], int, B]] = []
        self._facets: list[tuple[tuple[float, Fraction], int, Facet[B]]] = []
        self._reach(first, None)

    # -- what is reached ----------------------------------------------------------------------------------------

    def __contains__(self, basin: object) -> bool:
        return basin in self.crossings

    def value(self, basin: B) -> Fraction:
        """The least loss of a basin."""
        value = self._values.get(basin)
        if value is None:
            value = self._values[basin] = exact(self.space.optimum(basin).value)
        return value

    def wall(self, facet: Facet[B]) -> Optimum:
        """The optimum of a wall."""
        return self.walls.optimum(facet.mask, (self.space.optimum(facet.inside), self.space.optimum(facet.outside)))

    def chain(self, basin: B) -> Chain[B]:
        """How a basin was reached from the first one."""
        crossed, crossing = [], self.crossings[basin]
        while crossing is not None:
            crossed.append(crossing)
            crossing = self.crossings[crossing.inside]
        return Chain(basin, tuple(reversed(crossed)))

    def waiting(self) -> list[Facet[B]]:
        """The facets that were listed and not crossed; what lies behind some may have been reached another way."""
        return [facet for _, _, facet in sorted(self._facets, key=lambda item: item[1])]

    def _reach(self, basin: B, crossing: Crossing[B] | None) -> None:
        self.crossings[basin] = crossing
        number = next(self._numbers)
        key = (order(self.value(basin)), number) if self._lowest_first else ((0.0, ZERO), -number)
        heapq.heappush(self._unlisted, (*key, basin))

    def _cross(self, facet: Facet[B], optimum: Optimum) -> None:
        self.level = max(self.level, exact(optimum.value))
        self._reach(facet.outside, Crossing(facet.inside, facet.outside, optimum))

    def _wait(self, bound: Fraction, facet: Facet[B]) -> None:
        heapq.heappush(self._facets, (order(bound), next(self._numbers), facet))

    def _bound(self, facet: Facet[B]) -> Fraction:
        return max(self.value(facet.inside), self.value(facet.outside))

    # -- all that a level joins ---------------------------------------------------------------------------------

    def fill(self, level: Fraction, *, strictly: bool = False) -> Iterator[B]:
        """Reach all that is joined to the first basin in {L <= level}.

        With ``strictly`` in {L < level}; then every wall met is solved, for those that stay closed are what proves it.
        Yields each basin before its facets are listed, which is where the work may end.
        """

        def opens(value: Fraction) -> bool:
            return value < level if strictly else value <= level

        def look(facet: Facet[B]) -> None:
            bound = self._bound(facet)
            if strictly or opens(bound):
                optimum = self.wall(facet)
                bound = exact(optimum.value)
                if opens(bound):
                    self._cross(facet, optimum)
                    return
            self._wait(bound, facet)

        while True:
            while self._unlisted:
                _, _, basin = heapq.heappop(self._unlisted)
                yield basin
                for facet in self.space.facets(basin):
                    if facet.outside not in self.crossings:
                        look(facet)
            while self._facets and opens(self._facets[0][0][1]):
                _, _, facet = heapq.heappop(self._facets)
                if facet.outside not in self.crossings:
                    look(facet)
            if not self._unlisted:
                return

    # -- wall by wall, the lowest first -------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether no facet leads out of what is reached, once all is listed."""
        while self._facets and self._facets[0][2].outside in self.crossings:
            heapq.heappop(self._facets)
        return not self._facets

    def _lowest(self) -> tuple[Facet[B], Optimum] | None:
        """The lowest wall out of what is reached, taken from those that wait; None where a wall had to be solved and
        another may be lower."""
        if self.closed:
            raise InternalError("no wall leads out of what is reached")
        (_, bound), _, facet = heapq.heappop(self._facets)
        optimum = self.wall(facet)
        value = exact(optimum.value)
        if value > bound and self._facets and order(value) > self._facets[0][0]:
            self._wait(value, facet)
            return None
        return facet, optimum

    def next_level(self) -> Fraction | None:
        """The value of the lowest wall out of what :meth:`fill` has reached; None where a wall had to be solved first:
        ask again.

        Raises
        ------
        InternalError
            It is :attr:`closed`.
        """
        lowest = self._lowest()
        if lowest is None:
            return None
        facet, optimum = lowest
        self._wait(exact(optimum.value), facet)
        return exact(optimum.value)

    def advance(self) -> B | None:
        """Cross the lowest wall: the basin behind it; None where a wall had to be solved first: ask again.

        Raises
        ------
        InternalError
            Everything is reached.
        """
        while self._unlisted:
            _, _, basin = heapq.heappop(self._unlisted)
            for facet in self.space.facets(basin):
                if facet.outside not in self.crossings:
                    self._wait(self._bound(facet), facet)
        lowest = self._lowest()
        if lowest is None:
            return None
        self._cross(*lowest)
        return lowest[0].outside


def locate(reduction: Reduction, point: Point) -> Patterns:
    """A basin of the full space that contains a point.

    Raises
    ------
    ValueError
        The point does not have the frozen values of the problem.
    """
    return tuple(tuple(patterns[0] for patterns in group) for group in reduction.locate(point))
