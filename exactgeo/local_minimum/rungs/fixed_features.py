"""The rung of fixed features: the network behind a layer whose outputs are held, or do not move (D2' and D4)."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.local_minimum.decision import Descent, Minimum, Undecided
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.deep.reduced import Behind
from exactgeo.local_minimum.rungs.deep_rung import ReducingRung, resting, undecided
from exactgeo.problem import Point, Problem

__all__ = ["FixedFeatures"]


class FixedFeatures(ReducingRung):
    """Behind the last layer whose outputs do not move (a dead one, or one below which nothing is trained) the smaller
    network decides; else the last hidden layer on the outputs below it may refute.

    References
    ----------
    docs/mathematics.md, "Deep networks", D4.
    """

    name: ClassVar[str] = "fixed_features"

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent | Undecided:
        at = DeepPoint.of(problem, point)
        held = [reduced for k in range(len(at.layers)) if (reduced := Behind(at, k)).complete and at.layers[k].width]
        last = at.layers[-2:-1]
        tried = [*held[-1:], *(Behind(at, layer.index) for layer in last if layer.width)]
        for reduced in tried:
            found = self.smaller(reduced, check)
            if isinstance(found, Descent):
                return found
            if found is None or not reduced.complete:
                continue
            rests = resting(reduced, found)
            if rests is not None:
                return rests
        return undecided(at, "no layer is fixed with a minimum behind it, and none descends on fixed features")
