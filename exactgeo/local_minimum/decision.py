"""What a rung may say of a point: it is a local minimum, it is none, or why neither was decided."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from exactgeo.claims.certificate import Certificate
from exactgeo.claims.local_minimum import LocalMinimumClaim
from exactgeo.claims.not_local_minimum import NotLocalMinimumClaim
from exactgeo.claims.penalised_descent import PenalisedDescentClaim
from exactgeo.claims.penalised_minimum import PenalisedMinimumClaim
from exactgeo.errors import OutOfScope
from exactgeo.kinds import Argument, Kind, Strictness
from exactgeo.problem import Problem

__all__ = ["Decision", "Descent", "Minimum", "Try", "Undecided"]


@dataclass(frozen=True)
class Try:
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
class Minimum:
    """A local minimum.

    Attributes
    ----------
    problem : Problem
    claim : LocalMinimumClaim or PenalisedMinimumClaim
        With its proof: loss, neighbourhood, strictness.
    argument : Argument
    reason : str
        Why the claim says nothing of strictness; "" where it does.
    tries : tuple of Try
        The rungs that were asked, the one that decided last.
    """

    kind: ClassVar[Kind] = Kind.LOCAL_MINIMUM

    problem: Problem
    claim: LocalMinimumClaim | PenalisedMinimumClaim
    argument: Argument
    reason: str = ""
    tries: tuple[Try, ...] = ()

    @property
    def loss(self) -> Fraction:
        return self.claim.loss

    @property
    def strictness(self) -> Strictness | None:
        """None where ``reason`` says why."""
        return self.claim.strictness

    @property
    def flat_dimension(self) -> int | None:
        """None where ``reason`` says why."""
        return self.claim.flat_dimension

    @property
    def certificate(self) -> Certificate:
        return Certificate(self.problem, (self.claim,))


@dataclass(frozen=True)
class Descent:
    """No local minimum: the loss falls along a direction.

    Attributes
    ----------
    problem : Problem
    claim : NotLocalMinimumClaim or PenalisedDescentClaim
        With the direction, and the step up to which it holds.
    argument : Argument
    tries : tuple of Try
    """

    kind: ClassVar[Kind] = Kind.NOT_LOCAL_MINIMUM

    problem: Problem
    claim: NotLocalMinimumClaim | PenalisedDescentClaim
    argument: Argument
    tries: tuple[Try, ...] = ()

    @property
    def loss(self) -> Fraction:
        return self.claim.loss

    @property
    def certificate(self) -> Certificate:
        return Certificate(self.problem, (self.claim,))


@dataclass(frozen=True)
class Undecided:
    """No rung decided.

    Attributes
    ----------
    loss : Fraction or None
        None where the loss has no rational value at the point.
    outside : OutOfScope
        What puts the problem outside the rung that comes nearest.
    tries : tuple of Try
        Every rung with its reason.
    """

    kind: ClassVar[Kind] = Kind.UNDECIDED

    loss: Fraction | None
    outside: OutOfScope
    tries: tuple[Try, ...]


Decision = Minimum | Descent | Undecided
