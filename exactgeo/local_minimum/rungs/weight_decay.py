"""The rung of weight decay: one hidden layer or none, one output, a convex differentiable loss and a [penalty]."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import OutOfScope
from exactgeo.local_minimum.decision import Descent, Minimum, Undecided
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.problem import Point, Problem, scope

__all__ = ["WeightDecay"]


class WeightDecay(Rung):
    """The criterion of :mod:`exactgeo.local_minimum.weight_decay`: complete where the hidden biases are trained, absent
    or 0, and a trained output bias comes with an undecayed hidden one; for l1 a refutation only.

    References
    ----------
    docs/mathematics.md, "Weight decay"; Pilanci and Ergen, Neural networks are convex regularizers, ICML 2020.
    """

    name: ClassVar[str] = "weight_decay"

    def accepts(self, problem: Problem) -> OutOfScope | None:
        return scope.weight_decay(problem)

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent | Undecided:
        from exactgeo.local_minimum.weight_decay import conclude

        return conclude(problem, point, check)
