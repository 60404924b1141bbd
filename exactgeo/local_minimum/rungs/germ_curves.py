"""The rung of germ curves: the loss falls along some random polynomial curve (D6). It refutes, and proves nothing."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.local_minimum.decision import Descent, Undecided
from exactgeo.local_minimum.deep.germs import COUNT, germ_descent
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.rungs.deep_rung import DeepRung, undecided
from exactgeo.problem import Point, Problem

__all__ = ["GermCurves"]


class GermCurves(DeepRung):
    """Thousands of curves of whole numbers on random scales, proposed in floats and replayed over Q[s].

    References
    ----------
    docs/mathematics.md, "Deep networks", D6.
    """

    name: ClassVar[str] = "germ_curves"

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Descent | Undecided:
        found = germ_descent(problem, point, check=check)
        if found is not None:
            return found
        return undecided(DeepPoint.of(problem, point), f"no descent among {COUNT} random curves")
