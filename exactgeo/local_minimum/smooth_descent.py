"""A straight descent of a loss with smooth activations, with the step up to which the loss is proved to fall."""

from __future__ import annotations

from fractions import Fraction

from exactgeo.claims.smooth_descent import SmoothDescentClaim
from exactgeo.exact.krawczyk import ball, bounds, precision, rounded
from exactgeo.exact.vectors import ONE
from exactgeo.kinds import Argument
from exactgeo.local_minimum.decision import Descent
from exactgeo.local_minimum.smooth_loss import SmoothLoss
from exactgeo.problem import Point, Problem

__all__ = ["descent"]

BITS = 256
"""Of the enclosures; the checker's have as many digits behind the point."""

LEAST = 128
"""A slope nearer to 0 than 2 to minus this is not told from it: certificates are checked in fixed point."""

DIGITS = 12
"""Binary digits of each coordinate of the direction."""


def descent(problem: Problem, point: Point) -> Descent | None:
    """Down the gradient; None where no derivative is proved to differ from 0.

    The derivative along the direction is enclosed for all steps at once, at four times the step that is claimed: other
    interval arithmetic than this may be less sharp. Cost: some passes through the network in balls.
    """
    loss = SmoothLoss(problem)
    with precision(BITS):
        gradient = loss.gradient(point)
        least = ball(Fraction(1, 2**LEAST))
        steepest = max((abs(q).lower() for q in gradient), default=ball(0))
        if not steepest > least:
            return None
        way = [rounded(-q / steepest, DIGITS) for q in gradient]
        direction = loss.direction([Fraction(round(q * 2**DIGITS), 2**DIGITS) for q in way], point)
        step = ONE
        while not loss.slope_along(point, direction, 4 * step) < -least:
            step /= 2
            if step * 2**BITS < 1:
                return None
        after = bounds(loss.value(point.moved(direction, step)))
    return Descent(problem, SmoothDescentClaim(point, direction, step), Argument.SMOOTH_GRADIENT, after, ())
