"""The rung of first order: some one-sided derivative of the loss is negative (D1). It refutes, and proves nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError
from exactgeo.exact.vectors import ONE, ZERO, dot
from exactgeo.local_minimum.along import descent_along
from exactgeo.local_minimum.decision import Descent, Undecided
from exactgeo.local_minimum.deep.first_order import FirstOrder as Condition
from exactgeo.local_minimum.deep.point import DeepPoint
from exactgeo.local_minimum.rungs.deep_rung import DeepRung, undecided
from exactgeo.problem import Direction, Point, Problem

__all__ = ["FirstOrder"]

LARGEST = 60
"""Kinks: beyond, the linear programs take too long."""


WORK = 1_000_000
"""Entries of the forms, at most, with which the condition is written."""


class FirstOrder(DeepRung):
    """The first-order condition at nested kinks, exactly, by branching and linear programs.

    References
    ----------
    docs/mathematics.md, "Deep networks", D1.
    """

    name: ClassVar[str] = "first_order"

    def decide(self, problem: Problem, point: Point, check: Check = unlimited) -> Descent | Undecided:
        at = DeepPoint.of(problem, point)
        steepest = self._last_layer(at)
        if steepest is not None:
            return steepest
        if problem.products * sum(problem.network.widths) > WORK:
            return undecided(at, "its derivatives as forms of all parameters are too large")
        condition = Condition(at, check)
        nested = condition.nested
        found = nested.prove(check) if len(nested.kinks) <= LARGEST else None
        if found is None:
            return undecided(at, f"its {len(nested.kinks)} kinks take more than {nested.limit} branches")
        if not found or not isinstance(found[0], Fraction):
            return undecided(at, "no one-sided derivative of the loss is negative, which is necessary only")
        x = [q for q in found if isinstance(q, Fraction)]
        return _replayed(at, condition.direction(x))

    @staticmethod
    def _last_layer(at: DeepPoint) -> Descent | None:
        """Down one output bias or output weight that has a derivative, the first there is."""
        zero = Direction.zero(at.point)
        (*biases, shift), (*weights, rows) = zero.biases, zero.weights
        for o, g in enumerate(at.gradient):
            if at.trains_shift and sum(g, ZERO):
                moved = tuple(-ONE * _sign(sum(g, ZERO)) if i == o else q for i, q in enumerate(shift))
                return _replayed(at, Direction(zero.weights, (*biases, moved)))
            for j, column in enumerate(at.inputs_of(len(at.layers)) if at.trains_output else ()):
                slope = dot(g, column)
                if slope:
                    row = tuple(-ONE * _sign(slope) if i == j else q for i, q in enumerate(rows[o]))
                    return _replayed(at, Direction((*weights, (*rows[:o], row, *rows[o + 1 :])), zero.biases))
        return None


def _sign(q: Fraction) -> int:
    return 1 if q > 0 else -1


def _replayed(at: DeepPoint, direction: Direction) -> Descent:
    found = descent_along(at.problem, at.point, at.loss, (direction,))
    if found is None:
        raise InternalError("a first-order descent failed its replay")
    return found
