"""Down to the infimum where one hidden layer is wide: at constant loss to full rank, then along one convex function.

Let hidden layer k have at least N units, N the number of distinct data; let no layer above k + 1 be wider than the
one below it, the outputs included, and the activations above layer k be piecewise linear and bijective. Then (i) the
inputs of layer k are made distinct where the data are (:mod:`exactgeo.paths.constructions.collapsed`); (ii) F(k) gets
rank N; (iii) W(l) gets independent rows for l >= k + 2; (iv) the outputs go straight to the best ones of all: on the
whole way the loss is one convex function of s, lowest at the end. All but (iv) keep every output.

Equal widths suffice, where the theorem asks for decreasing ones, and k + 1 against k is free.

References
----------
Q. Nguyen, On Connected Sublevel Sets in Deep Learning, ICML 2019 (presentation): Theorem 1.
docs/mathematics.md, "Paths in networks of any depth", P6.
"""

from __future__ import annotations

from exactgeo.errors import InternalError
from exactgeo.exact.matrix import rank
from exactgeo.paths.builder import PathBuilder, PathRefused
from exactgeo.paths.construction import Downwards
from exactgeo.paths.constructions import hypotheses
from exactgeo.paths.constructions.collapsed import separable, separate
from exactgeo.paths.constructions.fit import best_outputs
from exactgeo.paths.constructions.full_rank import bends, complete_weights, raise_rank
from exactgeo.paths.constructions.route import Layers, Route
from exactgeo.problem import Point, Problem

__all__ = ["ONE_WIDE_LAYER"]


def lay(builder: PathBuilder) -> None:
    """Lay the path; raises PathRefused, and lays nothing, where no hidden layer will do."""
    route = Route(builder)
    wide = _wide_layer(route.problem, builder.end)
    separate(route, wide)
    raise_rank(route, wide)
    complete_weights(route, wide)
    route.by_features(route.depth, best_outputs(route.problem), "straight to the fit", moved=wide + 1)


ONE_WIDE_LAYER = Downwards("one wide hidden layer", "Nguyen 2019, Theorem 1", lay)
"""Bijective activations, and no wider layer above a layer as wide as the data are many."""


def _wide_layer(problem: Problem, point: Point) -> int:
    """The hidden layer to use: one with distinct inputs if there is one, else the last that will do.

    Raises
    ------
    PathRefused
        None will do: what the last wide one misses.
    """
    hypotheses.plain(problem)
    hypotheses.piecewise_linear(problem, range(1, problem.network.depth))
    best_outputs(problem)
    at = Layers(problem, point)
    distinct, widths = len(at.rows), problem.network.widths
    wide = [layer for layer in range(len(widths), 0, -1) if widths[layer - 1] >= distinct]
    if not wide:
        raise PathRefused(f"no hidden layer has a unit for each of {distinct} distinct data; {max(widths)} at most")
    wide.sort(key=lambda layer: len(set(at.inputs(layer))) < distinct)
    refused = []
    for layer in wide:
        try:
            _ask(at, layer)
        except PathRefused as reason:
            refused.append(reason)
        else:
            return layer
    raise refused[0] if refused else InternalError("no wide layer was asked")


def _ask(at: Layers, wide: int) -> None:
    problem, depth = at.problem, at.problem.network.depth
    hypotheses.bijective(problem, range(wide + 1, depth))
    hypotheses.trained(problem, [wide + 1])
    dependent = [
        k for k in range(wide + 2, depth + 1) if rank(at.weights(k), len(at.weights(k)[0])) < len(at.weights(k))
    ]
    hypotheses.no_wider(problem, dependent)
    hypotheses.trained(problem, dependent)
    if rank(at.features(wide), len(at.rows)) == len(at.rows):
        return
    hypotheses.trained(problem, [wide])
    hypotheses.unfrozen_bias(problem, at.point, [wide])
    if len(set(at.inputs(wide))) < len(at.rows):
        separable(at, wide)
    else:
        bends(at, wide)
