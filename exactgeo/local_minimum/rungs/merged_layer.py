"""The rung of merged layers: a layer whose units keep one slope each is linear, and one with the next (D4)."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.local_minimum.decision import Descent, Minimum, Undecided
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.deep.reduced import Merged
from exactgeo.local_minimum.rungs.deep_rung import ReducingRung, resting, undecided
from exactgeo.problem import Point, Problem

__all__ = ["MergedLayer"]


class MergedLayer(ReducingRung):
    """A minimum of the network with one layer less is one of the whole; a descent is one if its moves are products.

    References
    ----------
    docs/mathematics.md, "Deep networks", D4.
    """

    name: ClassVar[str] = "merged_layer"

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent | Undecided:
        at = DeepPoint.of(problem, point)
        layers = [layer.index for layer in at.layers if layer.single is not None]
        for k in layers:
            reduced = Merged(at, k)
            found = self.smaller(reduced, check)
            if isinstance(found, Descent):
                return found
            rests = None if found is None else resting(reduced, found)
            if rests is not None:
                return rests
        if not layers:
            return undecided(at, "in every hidden layer some unit has two slopes, or a kink")
        return undecided(at, "the network with a layer less is undecided, or its descent is no product of moves")
