"""Two points joined where every hidden layer is twice as wide as it has to be: any data, any convex loss.

Let hidden layer l have as many units as the ranks of ``F(l)`` at the two points together (2N will do, N the number of
distinct data). Both points are cleared: outgoing weights only from independent units I(l), I'(l). The second network
is written into cleared units of the first, layer by layer: a copy of unit j in I'(l) is unit j itself, unless j is in
I(l), else a unit outside both; its incoming weights come from copies alone. One straight line of the last layer takes
the outputs from one network to the other: affine predictions, so a convex loss. Then every unit that is no copy goes
to 0, the copies outside go back to their own units, and what still differs is units without an effect. All other
moves keep every output; the loss never exceeds the higher one of the two points.

Nothing is asked of the activations but that they are piecewise linear, for rational points; nothing of hidden biases
but that they are trained, or absent, or all the same in a layer.

References
----------
Q. Nguyen, On Connected Sublevel Sets in Deep Learning, ICML 2019 (presentation): Theorem 3(b).
docs/mathematics.md, "Paths in networks of any depth", P9.
"""

from __future__ import annotations

from collections.abc import Iterable

from exactgeo.errors import InternalError
from exactgeo.exact.matrix import rank
from exactgeo.exact.vectors import ZERO, Vector
from exactgeo.paths.builder import PathBuilder, PathRefused
from exactgeo.paths.construction import Joining
from exactgeo.paths.constructions import hypotheses
from exactgeo.paths.constructions.full_rank import clear
from exactgeo.paths.constructions.route import Layers, Route, Unit
from exactgeo.problem import Point, Problem

__all__ = ["TWICE_WIDE", "copies"]


def lay(builder: PathBuilder, other: Point) -> None:
    """Lay the path; raises PathRefused, and lays nothing, where a hypothesis fails."""
    _ask(builder.problem, builder.end, other)
    route = Route(builder)
    far = Route(PathBuilder(route.problem, other, builder.check))
    hidden = range(1, route.depth)
    kept = {layer: clear(route, layer) for layer in hidden}
    active = {layer: clear(far, layer) for layer in hidden}
    positions = {k: copies(kept[k], active[k], len(route.at.weights(k))) for k in hidden}
    _write(route, far.at, positions)
    _cross(route, far.at, positions[route.depth - 1])
    _drop(route, positions)
    _return(route, positions)
    for layer in hidden:
        rest = set(range(len(far.at.weights(layer)))) - set(active[layer])
        route.send(layer, _units(far.at, layer, rest), "give idle units their end")
    if route.at.point != far.at.point:
        raise InternalError("two networks still differ")
    builder.follow(far.builder.path.reversed())


TWICE_WIDE = Joining("all hidden layers twice as wide", "Nguyen 2019, Theorem 3(b)", lay)
"""Every hidden layer with room for both networks."""


def _ask(problem: Problem, one: Point, other: Point) -> None:
    network = problem.network
    hypotheses.plain(problem)
    hypotheses.piecewise_linear(problem, range(1, network.depth))
    hypotheses.trained(problem, range(1, network.depth + 1))
    hypotheses.same_frozen_bias(problem, one, range(1, network.depth))
    for layer, width in enumerate(network.widths, 1):
        a, b = (_rank(Layers(problem, point), layer) for point in (one, other))
        if a + b > width:
            raise PathRefused(f"hidden layer {layer} has {width} units, fewer than its ranks at the ends, {a} and {b}")


def _rank(at: Layers, layer: int) -> int:
    return rank(at.features(layer), len(at.rows))


def copies(kept: Iterable[int], active: Iterable[int], width: int) -> dict[int, int]:
    """Where a copy of each active unit of the other network goes: its own place, unless that is kept by this one."""
    taken, wanted = set(kept), list(active)
    outside = (j for j in range(width) if j not in taken and j not in wanted)
    return {j: next(outside) if j in taken else j for j in wanted}


def _units(at: Layers, layer: int, units: Iterable[int]) -> dict[int, Unit]:
    return {j: (at.weights(layer)[j], at.bias(layer)[j]) for j in units}


def _relocated(row: Vector, positions: dict[int, int] | None) -> Vector:
    """Weights from the copies of units, in place of those from the units; of the data where there are no positions."""
    if positions is None:
        return row
    found = [ZERO] * len(row)
    for j, place in positions.items():
        found[place] = row[j]
    return tuple(found)


def _write(route: Route, far: Layers, positions: dict[int, dict[int, int]]) -> None:
    """Copy the other network's active units, upwards."""
    for layer, where in positions.items():
        found = _units(far, layer, where)
        units = {where[j]: (_relocated(w, positions.get(layer - 1)), b) for j, (w, b) in found.items()}
        route.send(layer, units, "copy the other network")


def _cross(route: Route, far: Layers, where: dict[int, int]) -> None:
    """The outputs of the copies in place of the own ones: the one move that changes any."""
    weights = tuple(_relocated(row, where) for row in far.weights(route.depth))
    trained = route.at.trains_bias(route.depth)
    end = route.at.with_layer(route.depth, weights, far.bias(route.depth) if trained else None)
    route.straight(end, "straight across")


def _drop(route: Route, positions: dict[int, dict[int, int]]) -> None:
    """Units that are no copies go to 0, downwards, so that none above has weights from them: later moves bend none."""
    for layer, where in reversed(positions.items()):
        rows = route.at.weights(layer)
        zero = {j: ((ZERO,) * len(row), ZERO) for j, row in enumerate(rows) if j not in where.values()}
        route.straight(route.at.with_units(layer, zero), "drop the first network")


def _return(route: Route, positions: dict[int, dict[int, int]]) -> None:
    """Copies outside their own positions go there, upwards."""
    for layer, where in positions.items():
        at, away = route.at, {j: place for j, place in where.items() if place != j}
        found = _units(at, layer, away.values())
        route.straight(at.with_units(layer, {j: found[place] for j, place in away.items()}), "return the copies")
        rows = [list(row) for row in route.at.weights(layer + 1)]
        for row in rows:
            for j, place in away.items():
                row[j], row[place] = row[place], ZERO
        route.straight(route.at.with_layer(layer + 1, tuple(map(tuple, rows))), "return the copies")
