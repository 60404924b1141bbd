"""The rung of weight decay with transcendental slopes: one hidden layer or none, one score, the logistic loss."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import OutOfScope
from exactgeo.exact.combination import Unresolved
from exactgeo.local_minimum.decision import Descent, Minimum, Undecided
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.problem import Point, Problem, scope

__all__ = ["OrderedWeightDecay"]


class OrderedWeightDecay(Rung):
    """The criterion of :mod:`exactgeo.local_minimum.ordered_weight_decay`: complete where that of
    :class:`~exactgeo.local_minimum.rungs.weight_decay.WeightDecay` is.

    References
    ----------
    docs/mathematics.md, "Weight decay" and "Exponentials at rational points".
    """

    name: ClassVar[str] = "ordered_weight_decay"

    def accepts(self, problem: Problem) -> OutOfScope | None:
        return scope.ordered_weight_decay(problem)

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent | Undecided:
        from exactgeo.local_minimum.ordered_weight_decay import conclude_ordered_decay

        try:
            return conclude_ordered_decay(problem, point, check)
        except Unresolved as why:
            return Undecided(None, scope.unresolved(str(why)), ())
