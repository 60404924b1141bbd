"""Two points joined where the first hidden layer is twice as wide as the data are many, and the others fall in width.

Let the first hidden layer have at least 2N units, N the number of distinct data, ``n(2) > n(3) > ... > n(L)`` with
n(L) the outputs, and the activations above the first layer be piecewise linear and bijective. Both points are taken
to a normal form at constant outputs: ``F(1)`` of rank N, of N units with outgoing weights; ``W(l) = [1 0]`` and
``b(l) = 0`` for l >= 3, ``b(2) = 0``. The first layer of one is written beside that of the other. Then the two differ
in W(2) alone: the outputs of the last hidden layer go straight from one to the other, which is convex, and those of
the layers below follow at constant outputs, down to W(2).

*Normal form of W(l).* A shear ``W(l) (1 + t S)`` with ``F(l - 1)`` going to ``(1 - t S) F(l - 1)``, ``S S = 0``,
keeps Z(l); both are linear in t, and the weights of layer 2 alone move ``F(l - 1)``. Column by column shears make [1
0] of every W(l) with independent rows: because it has a column more than rows, that one makes the pivot 1, whatever
its sign was.

So every sublevel set is connected; two global minima are joined by global minima.

References
----------
Q. Nguyen, On Connected Sublevel Sets in Deep Learning, ICML 2019 (presentation): Theorem 2, and its corollary.
docs/mathematics.md, "Paths in networks of any depth", P10.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from exactgeo.errors import InternalError
from exactgeo.exact.one_sided import added, left_inverse, product, right_inverse
from exactgeo.exact.vectors import ONE, ZERO, Matrix
from exactgeo.paths.builder import PathBuilder, PathRefused
from exactgeo.paths.construction import Joining
from exactgeo.paths.constructions import hypotheses
from exactgeo.paths.constructions.full_rank import bends, clear, complete_weights, raise_rank
from exactgeo.paths.constructions.route import Layers, Route
from exactgeo.paths.constructions.twice_wide import copies
from exactgeo.problem import Point, Problem

__all__ = ["FIRST_TWICE_WIDE"]


def lay(builder: PathBuilder, other: Point) -> None:
    """Lay the path; raises PathRefused, and lays nothing, where a hypothesis fails."""
    _ask(builder.problem, builder.end, other)
    route = Route(builder)
    far = Route(PathBuilder(route.problem, other, builder.check))
    kept, active = _normalise(route), _normalise(far)
    _equalise_first(route, far.at, kept, active)
    for layer in range(route.depth - 1, 1, -1):
        step = "straight across" if layer == route.depth - 1 else f"towards the other layer {layer}"
        route.by_features(layer, far.at.features(layer), step, moved=2)
    route.straight(far.at.point, "straight across" if route.depth == 2 else "towards the other layer 2")
    builder.follow(far.builder.path.reversed())


FIRST_TWICE_WIDE = Joining("first hidden layer twice as wide", "Nguyen 2019, Theorem 2", lay)
"""A first hidden layer twice as wide as the data are many, and falling widths above it."""


def _ask(problem: Problem, one: Point, other: Point) -> None:
    network, distinct = problem.network, len(set(problem.x))
    hypotheses.plain(problem)
    hypotheses.piecewise_linear(problem, range(1, network.depth))
    first = network.widths[0]
    if first < 2 * distinct:
        raise PathRefused(f"hidden layer 1 has {first} units, fewer than two for each of {distinct} distinct data")
    hypotheses.decreasing(problem, 2)
    hypotheses.bijective(problem, range(2, network.depth))
    hypotheses.trained(problem, range(1, network.depth + 1))
    hypotheses.same_frozen_bias(problem, one, [1])
    hypotheses.unfrozen_bias(problem, one, [1])
    for point in (one, other):
        bends(Layers(problem, point), 1)


def _normalise(route: Route) -> list[int]:
    """The normal form, at constant outputs; the units of the first layer that keep outgoing weights."""
    raise_rank(route, 1)
    complete_weights(route, 1)
    for layer in range(route.depth, 2, -1):
        _shear(route, layer)
        if route.at.trains_bias(layer):
            at = route.at
            shift = tuple((b,) * len(at.rows) for b in at.bias(layer))
            goal = added(at.features(layer - 1), product(right_inverse(at.weights(layer)), shift))
            end = at.with_layer(layer, None, (ZERO,) * len(shift))
            if end != at.point:
                route.by_features(layer - 1, goal, f"take the biases of layer {layer} down", moved=2, beside=end)
    if route.at.trains_bias(2):
        at = route.at
        shift = tuple((b,) * len(at.rows) for b in at.bias(2))
        weights = added(at.weights(2), product(shift, left_inverse(at.features(1))))
        route.straight(at.with_layer(2, weights, (ZERO,) * len(shift)), "take the biases of layer 2 down")
    return clear(route, 1)


def _shear(route: Route, layer: int) -> None:
    """W(layer) to [1 0]."""
    while (shear := _next_shear(route.at.weights(layer))) is not None:
        weights, features = route.at.weights(layer), route.at.features(layer - 1)
        end = route.at.with_layer(layer, added(weights, product(weights, shear)))
        goal = added(features, product(shear, features), -ONE)
        route.by_features(layer - 1, goal, f"shear layer {layer}", moved=2, beside=end)


def _next_shear(matrix: Matrix) -> Matrix | None:
    """S with S S = 0 such that ``matrix (1 + S)`` is one step nearer to [1 0]; None where it is that."""
    width = len(matrix[0])
    for r, row in enumerate(matrix):
        wrong = [j for j in range(width) if row[j] != (ONE if j == r else ZERO)]
        if not wrong:
            continue
        if row[r] == 1:
            return _sparse(width, {(r, j): -row[j] for j in wrong})
        if r + 1 == width:
            raise InternalError("no column to spare for a shear")
        spare = next((j for j in range(r + 1, width) if row[j]), None)
        return _sparse(width, {(r, r + 1): ONE} if spare is None else {(spare, r): (1 - row[r]) / row[spare]})
    return None


def _sparse(size: int, entries: dict[tuple[int, int], Fraction]) -> Matrix:
    return tuple(tuple(entries.get((i, j), ZERO) for j in range(size)) for i in range(size))


def _equalise_first(route: Route, far: Layers, kept: list[int], active: list[int]) -> None:
    """The first layer becomes that of the other network, at constant outputs; W(2) moves along."""
    where = copies(kept, active, len(route.at.weights(1)))

    def units(wanted: Iterator[tuple[int, int]]) -> None:
        found = {place: (far.weights(1)[j], far.bias(1)[j]) for j, place in wanted}
        route.send(1, found, "write the other first layer")

    units((j, place) for j, place in where.items())
    _carry(route, list(where.values()))
    units((j, j) for j, place in where.items() if place != j)
    _carry(route, active)
    units((j, j) for j in range(len(far.weights(1))) if j not in active)
    if route.at.weights(1) != far.weights(1) or route.at.bias(1) != far.bias(1):
        raise InternalError("the first layers still differ")


def _carry(route: Route, units: list[int]) -> None:
    """W(2) onto as many independent units of the first layer as there are distinct data, at constant Z(2)."""
    at = route.at
    back = left_inverse(tuple(at.features(1)[j] for j in units))
    shift = tuple((b,) * len(at.rows) for b in at.bias(2))
    found = product(added(at.z(2), shift, -ONE), back)
    rows = []
    for row in found:
        full = [ZERO] * len(at.weights(1))
        for j, q in zip(units, row, strict=True):
            full[j] = q
        rows.append(tuple(full))
    route.straight(at.with_layer(2, tuple(rows)), "carry layer 2 over")
