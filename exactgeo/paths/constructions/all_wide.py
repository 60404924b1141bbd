"""Down to the infimum where every hidden layer is wide: any piecewise-linear activation with its kink at 0.

Every hidden layer has at least N units, N the number of distinct data. Upwards, each gets rank N: the first one bends
the data, a layer above it has inputs of full rank, so that a cleared unit of it takes any pre-activation. Only the
first layer needs a kink (and not even that if the data are independent); no other hidden layer needs a bias. Then the
last weights alone move the outputs straight to the best ones. All but that keeps every output.

References
----------
Q. Nguyen, On Connected Sublevel Sets in Deep Learning, ICML 2019 (presentation): Theorem 3(a).
docs/mathematics.md, "Paths in networks of any depth", P8.
"""

from __future__ import annotations

from exactgeo.paths.builder import PathBuilder, PathRefused
from exactgeo.paths.construction import Downwards
from exactgeo.paths.constructions import hypotheses
from exactgeo.paths.constructions.fit import best_outputs
from exactgeo.paths.constructions.full_rank import bends, raise_rank
from exactgeo.paths.constructions.route import Layers, Route
from exactgeo.problem import Point, Problem

__all__ = ["ALL_WIDE"]


def lay(builder: PathBuilder) -> None:
    """Lay the path; raises PathRefused, and lays nothing, where a hypothesis fails."""
    _ask(builder.problem, builder.end)
    route = Route(builder)
    for layer in range(1, route.depth):
        raise_rank(route, layer)
    route.by_features(route.depth, best_outputs(route.problem), "straight to the fit", moved=route.depth)


def _ask(problem: Problem, point: Point) -> None:
    network = problem.network
    hypotheses.plain(problem)
    hypotheses.piecewise_linear(problem, range(1, network.depth))
    distinct = len(set(problem.x))
    for layer, width in enumerate(network.widths, 1):
        if width < distinct:
            raise PathRefused(f"hidden layer {layer} has {width} units for {distinct} distinct data")
    hypotheses.trained(problem, range(1, network.depth + 1))
    hypotheses.unfrozen_bias(problem, point, range(1, network.depth))
    best_outputs(problem)
    bends(Layers(problem, point), 1)


ALL_WIDE = Downwards("all hidden layers wide", "Nguyen 2019, Theorem 3(a)", lay)
"""All hidden layers as wide as the data are many."""
