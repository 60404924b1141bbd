"""What a landscape can certify: all valleys with their levels, a point's bad valley, a path that does not rise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from exactgeo.basin.claims import Wall, every_claim, listed, seats
from exactgeo.claims import Claim
from exactgeo.claims.barrier import BarrierClaim
from exactgeo.claims.certificate import Certificate
from exactgeo.claims.landscape import Valley
from exactgeo.claims.path import PathClaim
from exactgeo.landscape.component import home
from exactgeo.landscape.critical_path import facets, optimum_of
from exactgeo.landscape.permutations import replaced
from exactgeo.landscape.walls import Walls, exact

if TYPE_CHECKING:
    from exactgeo.basin import Census
    from exactgeo.landscape.component import Place
    from exactgeo.landscape.critical_path import Route
    from exactgeo.landscape.landscape import Landscape
    from exactgeo.landscape.path import Path
    from exactgeo.problem import Point, Vector

__all__ = ["landscape_certificate", "path_claim", "place_claim", "route_certificate"]


def landscape_certificate(found: Landscape) -> Certificate | None:
    """The minima of all basins and the valleys, with the levels at which they escape.

    None where the landscape is not complete, or its basins are too many for
    :data:`exactgeo.basin.claims.LISTED`.
    """
    if not found.complete:
        return None
    numbers: Counter[tuple[Fraction, Fraction | None]] = Counter()
    for valley in found.valleys:
        numbers[valley.value, valley.escapes_at] += 1
    ascending = sorted(numbers.items(), key=lambda item: (item[0][0], item[0][1] or 0))
    valleys = tuple(Valley(*key, number) for key, number in ascending)
    claim = every_claim(
        found.census.table, _opened(found), (best.gradient for best in found.solved), valleys, full=found.full
    )
    return None if claim is None else Certificate(found.problem, (claim,))


def _opened(found: Landscape) -> Iterator[Wall]:
    """The walls that joined components, each with the places where its neurons may be."""
    reduction = found.census.reduction
    for one, other, best in found.opened:
        here, there = found.census[one].choice, found.census[other].choice
        k = next(k for k, part in enumerate(here) if part != there[k])
        old, new = replaced(here[k], there[k])
        rest = list(here[k])
        rest.remove(old)
        places = [*seats(reduction, [*here[:k], rest, *here[k + 1 :]])]
        a, b = reduction.exchangeable[k].patterns[old], reduction.exchangeable[k].patterns[new]
        if a.sign == b.sign:
            places.append((reduction.region_rays[a.region] & reduction.region_rays[b.region], a.sign))
        yield best, places


def path_claim(found: Path) -> PathClaim:
    """The claim that the loss on a path is nowhere above the largest of its breakpoints."""
    (first, *points), (loss, *losses) = found.points, found.losses
    return PathClaim(first, loss, tuple(points), tuple(losses))


def place_claim(place: Place, lower: Point, lower_loss: Fraction) -> Claim | None:
    """The claim behind ``Place.bad``; None where that is not known, or plain from the point's loss.

    Parameters
    ----------
    place : Place
    lower : Point
        A global minimum.
    lower_loss : Fraction
    """
    if place.bad is False:
        return None if place.path is None else path_claim(place.path)
    if place.escapes_at is None:
        return None
    census = place.census
    duals = {census.optimum(index).gradient for index in place.inside}
    duals |= {wall.optimum.gradient for wall in place.barriers}
    return BarrierClaim(
        place.point,
        place.loss,
        lower,
        lower_loss,
        level=place.escapes_at,
        floor=place.infimum,
        full=False,
        duals=tuple(sorted(duals)),
        regions=listed(place.problem, place.point),
    )


def route_certificate(found: Route) -> Certificate | None:
    """The path between two points, and that every path between them reaches its highest level."""
    if found.path is None:
        return None
    claims: list[Claim] = [path_claim(found.path)]
    one, other = found.path.points[0], found.path.points[-1]
    start, end = found.path.losses[0], found.path.losses[-1]
    if found.at_least > max(start, end):
        duals, floor = _around(found.census, one, found.at_least)
        barrier = BarrierClaim(
            one,
            start,
            other,
            end,
            level=found.at_least,
            floor=floor,
            full=True,
            duals=tuple(sorted(duals)),
            regions=listed(found.problem, one),
        )
        claims.append(barrier)
    return Certificate(found.problem, tuple(claims))


def _around(census: Census, point: Point, level: Fraction) -> tuple[set[Vector], Fraction]:
    """The gradients that prove how low the component of a point below a level goes in the full space, and that its
    walls are as high as the level; and how low."""
    walls, begin = Walls(census.reduction.program), home(census.reduction, point)
    reached, pending, duals, low = {begin}, [begin], set(), level
    while pending:
        basin = pending.pop()
        here = optimum_of(census, basin)
        duals.add(here.gradient)
        low = min(low, exact(here) * census.share)
        for facet in facets(census, basin):
            there = facet.behind(basin)
            if there in reached:
                continue
            best = walls.optimum(facet.mask, (here, optimum_of(census, there)))
            if exact(best) * census.share < level:
                reached.add(there)
                pending.append(there)
            else:
                duals.add(best.gradient)
    return duals, low
