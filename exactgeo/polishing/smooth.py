"""From trained floats to the critical point beside them, for smooth activations: enclosed, and proved to be a minimum.

Floats descend; Newton's iteration in balls goes on from their end, and Krawczyk's test (:mod:`exactgeo.exact.krawczyk`)
proves that a box holds exactly one critical point, with the signs of all curvatures there. A saddle is left along a
negative curvature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactgeo.claims.smooth_minimum import SmoothMinimumClaim
from exactgeo.claims.smooth_saddle import SmoothSaddleClaim
from exactgeo.deadline import Deadline
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.krawczyk import Balls, Factor, Zero, balls, bounds, contraction, factor, precision, prove_zero
from exactgeo.exact.vectors import ZERO, Vector
from exactgeo.local_minimum.smooth_loss import SmoothLoss
from exactgeo.polishing._propose_critical import eigenvectors, lower, minimiser
from exactgeo.problem import Point, Problem

__all__ = ["Critical", "OpenEnd", "critical_near", "sloped_within"]

BITS = 128
"""Of a critical point."""

CLAIMED = Fraction(1, 4)
"""Of a radius that is proved: so much is claimed, for other interval arithmetic may be less sharp."""

SADDLES = 10
"""Left before the search ends at one."""


@dataclass(frozen=True)
class Critical:
    """Exactly one critical point in a box.

    Attributes
    ----------
    claim : SmoothMinimumClaim or SmoothSaddleClaim
    within : Fraction
        So near to the claim's point it lies.
    loss : Enclosure
        At the critical point.
    visited : int
        How many critical points were met, this one the last.
    """

    claim: SmoothMinimumClaim | SmoothSaddleClaim
    within: Fraction
    loss: Enclosure
    visited: int

    @property
    def minimum(self) -> bool:
        return isinstance(self.claim, SmoothMinimumClaim)


@dataclass(frozen=True)
class OpenEnd:
    """Where the search stopped without a proof, and why."""

    point: Point
    visited: int
    reason: str


def critical_near(problem: Problem, point: Point, deadline: Deadline, *, saddles: int = SADDLES) -> Critical | OpenEnd:
    """Down from a point to a local minimum, proved; a saddle where none is reached from it.

    Parameters
    ----------
    problem : Problem
        In the scope of :func:`exactgeo.problem.scope.smooth`.
    point : Point
    deadline : Deadline
    saddles : int
        So many are left; with 0 the first critical point is the answer.

    Notes
    -----
    Cost: a descent in floats, then some ten gradients and Hessians in balls of about 200 bits.
    """
    loss, here, saddle = SmoothLoss(problem), point, None
    if not loss.vector(point):
        return OpenEnd(point, 0, "nothing is trained")
    for visited in range(1, saddles + 2):
        here, zero = _newton(loss, here, deadline)
        if zero is None or not isinstance(zero.inverse, Factor):
            return saddle or OpenEnd(here, visited, _why(loss, here))
        found = _critical(loss, here, zero, visited)
        if found.minimum or not deadline.left or visited > saddles:
            return found
        saddle = found
        here = _beside(loss, found.claim.point, zero.inverse, deadline)
    raise InternalError("a loop that has an end")


def _newton(loss: SmoothLoss, start: Point, deadline: Deadline) -> tuple[Point, Zero | None]:
    """Down in floats, then the proof; with second derivatives where the first descent has not come near enough."""

    def value(theta: Vector) -> Balls:
        return balls([[q] for q in loss.gradient(loss.point(theta, start))])

    def derivative(theta: Vector, radius: Fraction) -> Balls:
        return loss.hessian(loss.point(theta, start), radius)

    theta = loss.vector(start)
    for curved in (False, True):
        theta = minimiser(loss, theta, start, deadline, curved=curved)
        zero = prove_zero(value, derivative, theta, BITS, symmetric=True) if deadline.left else None
        if zero is not None:
            return loss.point(zero.centre, start), zero
        if not deadline.left:
            break
    return loss.point(theta, start), None


def _critical(loss: SmoothLoss, centre: Point, zero: Zero, visited: int) -> Critical:
    assert isinstance(zero.inverse, Factor)
    with precision(BITS + 64):
        found = bounds(loss.value(centre, 2 * zero.within))
    # Short numbers, and room for rounding elsewhere.
    scale = 2 ** (BITS // 2)
    value = Enclosure(Fraction(found.lo * scale // 1 - 1, scale), Fraction(-(-found.hi * scale // 1) + 1, scale))
    radius = zero.radius * CLAIMED
    if zero.inverse.negative:
        saddle = SmoothSaddleClaim(centre, radius, zero.inverse.rows, zero.inverse.signs)
        return Critical(saddle, zero.within, value, visited)
    minimum = SmoothMinimumClaim(centre, radius, zero.inverse.rows, value.lo, value.hi)
    return Critical(minimum, zero.within, value, visited)


def _beside(loss: SmoothLoss, saddle: Point, inverse: Factor, deadline: Deadline) -> Point:
    """A point of lower loss beside a saddle, along a column of R that belongs to a negative sign."""
    centre = loss.vector(saddle)
    ways = [column for column, sign in zip(zip(*inverse.rows, strict=True), inverse.signs, strict=True) if sign < 0]
    found = lower(loss, centre, ways, saddle, deadline)
    return loss.point(found, saddle)


def _why(loss: SmoothLoss, end: Point) -> str:
    """What is known where no box was proved: the largest derivative, and the signs of the curvatures."""
    with precision(BITS):
        gradient = [bounds(abs(q)).hi if q.is_finite() else None for q in loss.gradient(end)]
        if None in gradient:
            return "the descent ended where numbers are too large"
        largest = max((q for q in gradient if q is not None), default=ZERO)
        positive, negative = inertia(loss.hessian(end))
    rest = len(gradient) - positive - negative
    signs = f"{positive} curvatures are proved to be positive there, {negative} negative"
    if rest:
        return (
            f"no critical point is proved: where the descent ended the largest derivative is {float(largest):.1e}; "
            f"{signs}, and {rest} not told from 0 (a flat direction, or a minimum at infinity)"
        )
    return (
        f"no critical point is proved: where the descent ended the largest derivative is {float(largest):.1e}; {signs}"
    )


def inertia(matrix: Balls) -> tuple[int, int]:
    """At least so many positive and negative eigenvalues: a symmetric matrix on subspaces that floats propose.

    Examples
    --------
    >>> inertia(balls([[1, 1, 0], [1, 1, 0], [0, 0, -2]]))
    (1, 1)
    """
    found = [0, 0]
    for side, sign in enumerate((1, -1)):
        for columns in eigenvectors(matrix, sign):
            basis = balls(columns)
            form = basis * matrix * basis.transpose()
            inverse = factor(form, 64)
            none = balls([[ZERO]] * len(columns))
            if inverse is None or contraction(none, form, inverse.product(), Fraction(1)) is None:
                continue
            found[side] = max(found[side], sum(q == sign for q in inverse.signs))
    return found[0], found[1]


def sloped_within(problem: Problem, point: Point) -> Fraction:
    """A max-norm radius, a power of 2, within which no point is critical: some derivative keeps its sign on the box.

    0 where none is found. Cost: some ten gradients in balls.
    """
    loss = SmoothLoss(problem)

    def proved(radius: Fraction) -> bool:
        return any(q > 0 or q < 0 for q in loss.gradient(point, radius))

    with precision(BITS):
        if not proved(ZERO):
            return ZERO
        low, high = -BITS, 10
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if proved(Fraction(2) ** middle) else (low, middle)
        radius = Fraction(2) ** low
        return radius if proved(radius) else ZERO


def distance(one: Sequence[Fraction], other: Sequence[Fraction]) -> Fraction:
    return max((abs(a - b) for a, b in zip(one, other, strict=True)), default=ZERO)
