"""What a rung may say of a point: it is a local minimum, it is none, or why neither was decided."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from exactgeo.claims.certificate import Certificate
from exactgeo.claims.claim import Claim
from exactgeo.errors import OutOfScope
from exactgeo.exact.combination import Number
from exactgeo.exact.enclosure import Enclosure
from exactgeo.kinds import Argument, Kind, Strictness
from exactgeo.local_minimum.two_layer_point import TwoLayerPoint
from exactgeo.problem import Direction, Point, Problem
from exactgeo.problem.linear_outputs import without_identity
from exactgeo.shown import Shown, value_line

if TYPE_CHECKING:
    from exactgeo.claims.class_descent import ClassDescentClaim
    from exactgeo.claims.class_global_minimum import ClassGlobalMinimumClaim
    from exactgeo.claims.class_minimum import ClassMinimumClaim
    from exactgeo.claims.deep_minimum import DeepMinimumClaim
    from exactgeo.claims.descent_curve import DescentCurveClaim
    from exactgeo.claims.linear_network_minimum import LinearNetworkMinimumClaim
    from exactgeo.claims.local_minimum import LocalMinimumClaim
    from exactgeo.claims.not_local_minimum import NotLocalMinimumClaim
    from exactgeo.claims.ordered_descent import OrderedDescentClaim
    from exactgeo.claims.ordered_minimum import OrderedMinimumClaim
    from exactgeo.claims.ordered_penalised_descent import OrderedPenalisedDescentClaim
    from exactgeo.claims.ordered_penalised_minimum import OrderedPenalisedMinimumClaim
    from exactgeo.claims.ordered_penalised_strictness import OrderedPenalisedStrictnessClaim
    from exactgeo.claims.ordered_strictness import OrderedStrictnessClaim
    from exactgeo.claims.penalised_descent import PenalisedDescentClaim
    from exactgeo.claims.penalised_minimum import PenalisedMinimumClaim
    from exactgeo.claims.penalised_strictness import PenalisedStrictnessClaim
    from exactgeo.claims.smooth_descent import SmoothDescentClaim
    from exactgeo.claims.strictness import StrictnessClaim
    from exactgeo.claims.subgradient_minimum import SubgradientMinimumClaim
    from exactgeo.claims.symmetric_minimum import SymmetricMinimumClaim
    from exactgeo.claims.unrolled_minimum import UnrolledMinimumClaim
    from exactgeo.claims.vector_minimum import VectorMinimumClaim

    MinimumClaim = (
        LocalMinimumClaim
        | SubgradientMinimumClaim
        | OrderedMinimumClaim
        | OrderedPenalisedMinimumClaim
        | PenalisedMinimumClaim
        | DeepMinimumClaim
        | LinearNetworkMinimumClaim
        | SymmetricMinimumClaim
        | VectorMinimumClaim
        | UnrolledMinimumClaim
        | ClassMinimumClaim
        | ClassGlobalMinimumClaim
    )

    FlatClaim = StrictnessClaim | OrderedStrictnessClaim | PenalisedStrictnessClaim | OrderedPenalisedStrictnessClaim

    DescentClaim = (
        NotLocalMinimumClaim
        | DescentCurveClaim
        | OrderedDescentClaim
        | PenalisedDescentClaim
        | OrderedPenalisedDescentClaim
        | SmoothDescentClaim
        | ClassDescentClaim
    )

__all__ = ["Decision", "Descent", "Minimum", "Try", "Undecided"]

NEARBY = frozenset({"class_minimum", "deep_minimum", "symmetric_minimum", "unrolled_minimum", "vector_minimum"})
"""Claims of a neighbourhood, also where they have no radius: their files load with the rungs that make them."""


@dataclass(frozen=True)
class Try(Shown):
    """What one rung said.

    Attributes
    ----------
    rung : str
        Its name.
    outcome : str
        A :class:`~exactgeo.kinds.Kind`, or ``out_of_scope``.
    reason : str
        Of an undecided or refused point; "" else.
    """

    rung: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class Minimum(Shown):
    """A local minimum.

    Attributes
    ----------
    problem : Problem
    claim : MinimumClaim
        With its proof: loss, neighbourhood.
    argument : Argument
    flat : FlatClaim or None
        None where ``reason`` says why.
    reason : str
        Why nothing is claimed of strictness; "" where it is.
    tries : tuple of Try
        The rungs that were asked, the one that decided last.
    at : TwoLayerPoint or None
        The point taken apart, for what is asked of it afterwards.
    """

    kind: ClassVar[Kind] = Kind.LOCAL_MINIMUM

    problem: Problem
    claim: MinimumClaim
    argument: Argument
    flat: FlatClaim | None = None
    reason: str = ""
    tries: tuple[Try, ...] = ()
    at: TwoLayerPoint | None = field(default=None, compare=False, repr=False)

    @property
    def loss(self) -> Number:
        return self.claim.at_point

    @property
    def everywhere(self) -> bool:
        """Whether the claim speaks of all parameters, and of no neighbourhood."""
        return self.claim.kind not in NEARBY and getattr(self.claim, "radius", None) is None

    @property
    def strictness(self) -> Strictness | None:
        """None where ``reason`` says why."""
        return None if self.flat is None else self.flat.strictness

    @property
    def flat_dimension(self) -> int | None:
        """None where ``reason`` says why."""
        return None if self.flat is None else self.flat.flat_dimension

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What is proved."""
        return (self.claim,) if self.flat is None else (self.claim, self.flat)

    @property
    def certificate(self) -> Certificate:
        return Certificate(self.problem, self.claims)


@dataclass(frozen=True)
class Descent(Shown):
    """No local minimum: the loss falls along a direction, or a curve.

    Attributes
    ----------
    kind : Kind
    problem : Problem
    claim : DescentClaim
        With the direction or curve, and the step up to which it holds.
    argument : Argument
    loss_after : Fraction, LogCombination or Enclosure
        The loss at the end, where s is the step.
    polynomial : tuple of numbers
        Coefficients of the change of the loss in s, constant term (0) first, valid on [0, step]: no pre-activation
        changes sign on the way. Of a NotLocalMinimumClaim for a loss of several pieces an upper bound, by the largest
        of their curvatures. Empty where the loss is no polynomial there.
    tries : tuple of Try
    """

    kind: ClassVar[Kind] = Kind.NOT_LOCAL_MINIMUM

    problem: Problem
    claim: DescentClaim
    argument: Argument
    loss_after: Number | Enclosure
    polynomial: tuple[Number, ...]
    tries: tuple[Try, ...] = ()

    @property
    def loss(self) -> Number | None:
        """None where it has no exact value."""
        return self.claim.at_point

    def _shown(self) -> str:
        way = "a curve" if self.direction is None else "a straight line"
        after = value_line(self.loss_after)
        return f"descent: along {way}, at every 0 < s <= {value_line(self.step)}, to loss {after}"

    @property
    def curve(self) -> tuple[Direction, ...]:
        """P_1, P_2, ...: the way down is point + s P_1 + s^2 P_2 + ..."""
        from exactgeo.claims.class_descent import ClassDescentClaim
        from exactgeo.claims.descent_curve import DescentCurveClaim

        curved = DescentCurveClaim | ClassDescentClaim
        return self.claim.curve if isinstance(self.claim, curved) else (self.claim.direction,)

    @property
    def direction(self) -> Direction | None:
        """Of a straight line; None where the way down is a curve."""
        return self.curve[0] if len(self.curve) == 1 else None

    @property
    def end(self) -> Point:
        """The point at s = step."""
        found = self.claim.point
        for power, direction in enumerate(self.curve, 1):
            found = found.moved(direction, self.step**power)
        return found

    @property
    def step(self) -> Fraction:
        return self.claim.step

    def without_identity(self, problem: Problem) -> Descent:
        """The descent as one of ``problem``, of which that of this one is the network with linear outputs."""
        from exactgeo.claims.class_descent import ClassDescentClaim
        from exactgeo.claims.descent_curve import DescentCurveClaim

        claim, point = self.claim, without_identity(self.claim.point)
        if isinstance(claim, DescentCurveClaim | ClassDescentClaim):
            curve = tuple(map(without_identity, claim.curve))
            return replace(self, problem=problem, claim=replace(claim, point=point, curve=curve))
        direction = without_identity(claim.direction)
        return replace(self, problem=problem, claim=replace(claim, point=point, direction=direction))

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What is proved: that the loss falls."""
        return (self.claim,)

    @property
    def certificate(self) -> Certificate:
        """Of :attr:`claims`."""
        return Certificate(self.problem, self.claims)


@dataclass(frozen=True)
class Undecided(Shown):
    """No rung decided.

    Attributes
    ----------
    loss : Fraction, LogCombination or None
        None where the loss has no exact value at the point.
    outside : OutOfScope
        What puts the problem outside the rung that comes nearest.
    tries : tuple of Try
        Every rung with its reason.
    ended : bool
        Whether time ended the decision: the point is in scope.
    """

    kind: ClassVar[Kind] = Kind.UNDECIDED

    loss: Number | None
    outside: OutOfScope
    tries: tuple[Try, ...]
    ended: bool = False


Decision = Minimum | Descent | Undecided
