"""From trained floats to the critical point beside them, for smooth activations: enclosed, and proved to be a minimum.

Floats descend; Newton's iteration in balls goes on from their end, and Krawczyk's test (:mod:`exactgeo.exact.krawczyk`)
proves that a box holds exactly one critical point, with the signs of all curvatures there. A saddle is left along a
negative curvature.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import ClassVar

from exactgeo.claims.certificate import Certificate, certificate_of
from exactgeo.claims.smooth_minimum import SmoothMinimumClaim
from exactgeo.claims.smooth_saddle import SmoothSaddleClaim
from exactgeo.deadline import Deadline
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.krawczyk import Balls, Factor, Zero, balls, bounds, contraction, factor, precision, prove_zero
from exactgeo.exact.vectors import ZERO, Vector
from exactgeo.frozen import dataclass
from exactgeo.kinds import Argument, Globality, Kind, Reason, Strictness
from exactgeo.local_minimum.smooth_loss import SmoothLoss
from exactgeo.polishing._propose_critical import eigenvectors, lower, minimiser
from exactgeo.problem import Point, Problem
from exactgeo.standing import Verdict

__all__ = ["Critical", "OpenEnd", "critical_near", "sloped_within"]

BITS = 128
"""Of a critical point."""

CLAIMED = Fraction(1, 4)
"""Of a radius that is proved: so much is claimed, for other interval arithmetic may be less sharp."""

IDLE = 10**6
"""Weights below its inverse are about 0, where an end that is open is described."""

SADDLES = 10
"""Left before the search ends at one."""


@dataclass(frozen=True)
class Critical:
    """Exactly one critical point in a box.

    Attributes
    ----------
    problem : Problem
    claim : SmoothMinimumClaim or SmoothSaddleClaim
    within : Fraction
        So near to the claim's point it lies.
    value : Enclosure
        The loss at the critical point.
    left : tuple of SmoothSaddleClaim
        Of the saddles met before.
    """

    problem: Problem
    claim: SmoothMinimumClaim | SmoothSaddleClaim
    within: Fraction
    value: Enclosure
    left: tuple[SmoothSaddleClaim, ...] = ()

    free: ClassVar[int] = 0
    moving: ClassVar[int] = 0
    """Of no parameter is the set of equal loss a line."""

    @property
    def minimum(self) -> bool:
        return isinstance(self.claim, SmoothMinimumClaim)

    @property
    def point(self) -> Point:
        """The centre of the box."""
        return self.claim.point

    @property
    def radius(self) -> Fraction:
        """No other critical point lies within it of the centre."""
        return self.claim.radius

    @property
    def visited(self) -> int:
        """How many critical points were met."""
        return 1 + len(self.left)

    @property
    def certificate(self) -> Certificate | None:
        """That of the critical point, then those of the saddles; None where the format has no form for the problem."""
        return certificate_of(self.problem, (self.claim, *self.left))

    def none_within(self, start: Point) -> Fraction:
        """A box of a saddle around a point holds no local minimum: how far it reaches from there."""
        loss = SmoothLoss(self.problem)
        boxes = self.left if isinstance(self.claim, SmoothMinimumClaim) else (*self.left, self.claim)
        here = loss.vector(start)
        rooms = [box.radius - distance(here, loss.vector(box.point)) for box in boxes]
        return max([ZERO, *rooms])

    def verdict(self) -> Verdict:
        """What is proved of the minimum in the box, as the verdict of its centre."""
        return Verdict(
            problem=self.problem,
            point=self.point,
            kind=Kind.LOCAL_MINIMUM,
            loss=None,
            loss_enclosure=self.value,
            rung=Argument.SMOOTH_CRITICAL,
            strictness=Strictness.STRICT,
            flat_dimension=0,
            globality=Globality.UNKNOWN,
            better=None,
            descent=None,
            certificate=self.certificate,
            reason=Reason.OUT_OF_SCOPE,
            detail="no argument here compares it with all other points: the activations are smooth",
        )


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
    left: tuple[SmoothSaddleClaim, ...] = ()
    if not loss.vector(point):
        return OpenEnd(point, 0, "nothing is trained")
    for visited in range(1, saddles + 2):
        here, zero = _newton(loss, here, deadline)
        if zero is None or not isinstance(zero.inverse, Factor):
            return saddle or OpenEnd(here, visited, _why(loss, here))
        found = _critical(loss, here, zero, left)
        if found.minimum or not deadline.left or visited > saddles:
            return found
        assert isinstance(found.claim, SmoothSaddleClaim)
        saddle, left = found, (*left, found.claim)
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


def _critical(loss: SmoothLoss, centre: Point, zero: Zero, left: tuple[SmoothSaddleClaim, ...]) -> Critical:
    assert isinstance(zero.inverse, Factor)
    with precision(BITS + 64):
        found = bounds(loss.value(centre, 2 * zero.within))
    # Short numbers, and room for rounding elsewhere.
    scale = 2 ** (BITS // 2)
    value = Enclosure(Fraction(found.lo * scale // 1 - 1, scale), Fraction(-(-found.hi * scale // 1) + 1, scale))
    radius, rows = zero.radius * CLAIMED, zero.inverse.rows
    claim: SmoothMinimumClaim | SmoothSaddleClaim = SmoothMinimumClaim(centre, radius, rows, value.lo, value.hi)
    if zero.inverse.negative:
        claim = SmoothSaddleClaim(centre, radius, rows, zero.inverse.signs)
    return Critical(loss.problem, claim, zero.within, value, left)


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
    found = f"no critical point is proved: where the descent ended the largest derivative is {float(largest):.1e}"
    found += f"; {positive} curvatures are proved to be positive there, {negative} negative"
    if rest:
        found += f", and {rest} not told from 0 (a flat direction, or a minimum at infinity)"
    return found + _idle(loss.problem, end)


def _idle(problem: Problem, point: Point) -> str:
    """Units whose weights decay to 0 while their bias has no penalty: nothing depends on it."""
    if not problem.penalty or problem.penalty.biases:
        return ""
    idle = []
    for k, (matrix, above) in enumerate(pairwise(point.weights)):
        for i, row in enumerate(matrix):
            near = max(map(abs, [*row, *(line[i] for line in above)]), default=ZERO) * IDLE < 1
            idle += [f"{i} of layer {k}"] * (near and bool(point.biases[k]) and problem.train.biases[k])
    return f"; all weights of unit {', '.join(idle)} tend to 0, and its bias counts for nothing" if idle else ""


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
