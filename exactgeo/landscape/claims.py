"""What a landscape can certify: all valleys with their levels, a point's bad valley, a path that does not rise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from exactgeo.basin.claims import Wall, cones_of, every_claim, listed, unhurried
from exactgeo.claims import Claim
from exactgeo.claims.barrier import BarrierClaim
from exactgeo.claims.certificate import Certificate, certificate_of
from exactgeo.landscape.frontier import Frontier, FullSpace, locate
from exactgeo.landscape.walls import Walls

if TYPE_CHECKING:
    from exactgeo.basin import Census
    from exactgeo.claims.path import PathClaim
    from exactgeo.exact.vectors import Vector
    from exactgeo.landscape.component import Component
    from exactgeo.landscape.critical_path import CriticalPath
    from exactgeo.landscape.landscape import Landscape
    from exactgeo.paths import Path
    from exactgeo.problem import Point

__all__ = ["barrier_claim", "component_claim", "landscape_certificate", "path_claim"]


def landscape_certificate(found: Landscape) -> Certificate | None:
    """The minima of all basins and the valleys, with the levels at which they escape.

    None where the landscape is not complete, or its basins are too many for
    :data:`exactgeo.basin.claims.LISTED`.
    """
    if not found.complete:
        return None
    from exactgeo.claims.landscape import Valley

    numbers: Counter[tuple[Fraction, Fraction | None]] = Counter()
    for valley in found.valleys:
        numbers[valley.value, valley.escapes_at] += 1
    ascending = sorted(numbers.items(), key=lambda item: (item[0][0], item[0][1] or 0))
    valleys = tuple(Valley(*key, number) for key, number in ascending)
    claim = every_claim(
        found.census.table, _opened(found), (best.gradient for best in found.solved), valleys, full=found.full
    )
    return None if claim is None else certificate_of(found.problem, [claim])


def _opened(found: Landscape) -> Iterator[Wall]:
    """The walls that joined components, each with the cones its neurons may be in."""
    from exactgeo.landscape.permutations import replaced

    reduction = found.census.reduction
    for one, other, best in found.opened:
        orbit, behind = found.census[one].patterns, found.census[other].patterns
        k = next(k for k, part in enumerate(orbit) if part != behind[k])
        old, new = replaced(orbit[k], behind[k])
        rest = list(orbit[k])
        rest.remove(old)
        cones = [*cones_of(reduction, [*orbit[:k], rest, *orbit[k + 1 :]])]
        a, b = reduction.exchangeable[k].patterns[old], reduction.exchangeable[k].patterns[new]
        if a.sign == b.sign:
            cones.append((reduction.region_rays[a.region] & reduction.region_rays[b.region], a.sign))
        yield best, cones


def path_claim(found: Path) -> PathClaim:
    """The claim that the loss on a path is nowhere above the largest of its breakpoints."""
    (first, *points), (loss, *losses) = found.points, found.exact_losses
    from exactgeo.claims.path import PathClaim as Claimed

    return Claimed(first, loss, tuple(points), tuple(losses))


def component_claim(
    component: Component, lower: Point, lower_loss: Fraction, check: Callable[[], None] = unhurried
) -> Claim | None:
    """The claim behind ``Component.bad``; None where that is not known, or plain from the point's loss.

    Parameters
    ----------
    component : Component
    lower : Point
        A global minimum.
    lower_loss : Fraction
    check : callable, optional
        Called between pieces of work; it may raise.
    """
    if component.bad is False:
        return None if component.path is None else path_claim(component.path)
    if component.escapes_at is None:
        return None
    return BarrierClaim(
        component.point,
        component.loss,
        lower,
        lower_loss,
        level=component.escapes_at,
        floor=component.infimum,
        full=False,
        duals=component.gradients_around(check),
        regions=component.regions(check),
    )


def barrier_claim(found: CriticalPath) -> BarrierClaim | None:
    """That every path between the two points reaches the critical level; None where one of them is that high.

    Cost: the basins of the full space in the component of the start below the critical level.
    """
    if found.path is None:
        return None
    one, other = found.path.points[0], found.path.points[-1]
    start, end = found.path.exact_losses[0], found.path.exact_losses[-1]
    if found.at_least == max(start, end):
        return None
    duals, floor = _around(found.census, one, found.at_least)
    return BarrierClaim(
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


def _around(census: Census, point: Point, level: Fraction) -> tuple[set[Vector], Fraction]:
    """The gradients that prove how low the component of a point below a level goes in the full space, and that its
    walls are as high as the level; and how low."""
    start, walls = locate(census.reduction, point), Walls(census.reduction.program)
    frontier = Frontier(FullSpace(census), walls, start, lowest_first=False)
    inside = list(frontier.fill(level, strictly=True))
    duals = {frontier.space.optimum(basin).gradient for basin in inside}
    duals |= {frontier.wall(facet).gradient for facet in frontier.waiting()}
    return duals, min(level, *(frontier.value(basin) for basin in inside))
