"""Down to the infimum where every hidden layer is wide: any piecewise-linear activation, at constant loss but for the end.

Every hidden layer has at least N units, N the number of distinct data. Upwards, each gets rank N: the first one bends the
data, a layer above it has inputs of full rank, so that a cleared unit of it takes any pre-activation. Only the first
layer needs a kink; the others an activation that is not 0. Then W(L) alone moves the outputs straight to the best ones.

References
----------
Q. Nguyen, On connected sublevel sets in deep learning, ICML 2019: Theorem 3(a) of the seed 002.
"""

from __future__ import annotations

from exactgeo.paths.constructions.fit import best_outputs
from exactgeo.paths.constructions.full_rank import need_trained, raise_rank
from exactgeo.paths.constructions.walk import Unmet, Walk
from exactgeo.problem import Point, Problem

__all__ = ["walk_down"]


def walk_down(problem: Problem, start: Point) -> Walk:
    """A walk from a point to the least loss of all that never rises.

    Raises
    ------
    Unmet
    """
    walk = Walk(problem, start)
    goal = best_outputs(problem, walk.rows)
    size = len(walk.rows)
    for layer, width in enumerate(problem.network.widths, 1):
        if width < size:
            raise Unmet(f"layer {layer} has {width} units for {size} distinct data")
    need_trained(walk, [walk.depth])
    for layer in range(1, walk.depth):
        raise_rank(walk, layer)
    walk.by_features(walk.depth, goal, "straight to the fit", moved=walk.depth, constant=False)
    return walk
