"""The rung of transcendental slopes: exact at rational points, for at most one hidden layer and one score."""

from __future__ import annotations

from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import OutOfScope
from exactgeo.exact.combination import Unresolved
from exactgeo.local_minimum.decision import Descent, Minimum, Undecided
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.problem import Point, Problem, scope

__all__ = ["OrderedSlopes"]


class OrderedSlopes(Rung):
    """The criterion with slopes in an ordered space over Q, every freezing and every degeneracy included.

    References
    ----------
    docs/mathematics.md, "Exponentials at rational points".
    """

    name: ClassVar[str] = "ordered_slopes"

    def accepts(self, problem: Problem) -> OutOfScope | None:
        return scope.ordered_slopes(problem)

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Minimum | Descent | Undecided:
        from exactgeo.local_minimum.ordered_criterion import conclude_ordered

        try:
            return conclude_ordered(problem, point, check)
        except Unresolved as why:
            return Undecided(None, scope.unresolved(str(why)), ())
