"""Down to the infimum where one hidden layer is wide: at constant loss to full rank, then along one convex parabola.

Let hidden layer k have at least N units, N the number of distinct data, no layer above it be wider than the one below
it (n(k+1) >= ... >= n(L), the outputs are n(L)), and the activations above it be piecewise linear and bijective; its own
has a kink. Then (i) the inputs of layer k are made distinct where the data are; (ii) F(k) gets rank N; (iii) W(l) gets
independent rows for l >= k + 2; (iv) the outputs go straight to the best ones of all: on the whole way the loss is one
convex function of s, lowest at the end. All but (iv) leave the outputs as they are.

Equal widths suffice, where the theorem asks for decreasing ones.

References
----------
Q. Nguyen, On connected sublevel sets in deep learning, ICML 2019: Theorem 1 of the seed 002 (Theorem 4.1 there).
"""

from __future__ import annotations

from collections.abc import Iterator

from exactgeo.paths.constructions.collapsed import separate
from exactgeo.paths.constructions.fit import best_outputs
from exactgeo.paths.constructions.full_rank import complete_weights, need_bijective, need_trained, raise_rank
from exactgeo.paths.constructions.walk import Unmet, Walk
from exactgeo.problem import Point, Problem

__all__ = ["walk_down"]


def walk_down(problem: Problem, start: Point) -> Walk:
    """A walk from a point to the least loss of all that never rises.

    Raises
    ------
    Unmet
        The first hypothesis that fails for the best wide layer.
    """
    first: Unmet | None = None
    for layer in _wide(problem, start):
        try:
            return _down(problem, start, layer)
        except Unmet as unmet:
            first = first or unmet
    distinct = len(set(problem.x))
    raise first or Unmet(f"no hidden layer has as many units as there are distinct data, {distinct}")


def _wide(problem: Problem, start: Point) -> Iterator[int]:
    """Hidden layers that are wide enough: first those with distinct inputs, the last ones first."""
    at = Walk(problem, start).at
    size = len(at.rows)
    layers = [k for k in range(problem.network.depth - 1, 0, -1) if problem.network.widths[k - 1] >= size]

    def collapsed(layer: int) -> bool:
        return len(set(zip(*at.features(layer - 1), strict=True))) < size

    return iter(sorted(layers, key=collapsed))


def _down(problem: Problem, start: Point, wide: int) -> Walk:
    walk = Walk(problem, start)
    goal = best_outputs(problem, walk.rows)
    widths = problem.network.sizes
    for layer in range(wide + 2, walk.depth + 1):
        if widths[layer] > widths[layer - 1]:
            raise Unmet(f"layer {layer} is wider than layer {layer - 1}: {widths[layer]} and {widths[layer - 1]} units")
    need_bijective(walk, range(wide + 1, walk.depth))
    need_trained(walk, [wide + 1])
    separate(walk, wide)
    raise_rank(walk, wide)
    complete_weights(walk, wide)
    walk.by_features(walk.depth, goal, "straight to the fit", moved=wide + 1, constant=False)
    return walk
