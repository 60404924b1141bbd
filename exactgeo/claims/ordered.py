"""Claims about points where the slopes of the loss are transcendental: exact in the ordered spaces they lie in.

They mirror the claims of the losses with rational values, with combinations in place of rationals where the numbers
are not rational: losses, slopes, and what multiplies them. The parameters are rational.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Self

from exactgeo.claims.claim import Claim
from exactgeo.claims.fields import FrozenDict
from exactgeo.claims.local_minimum import Flatness, Implied, Split
from exactgeo.exact.combination import Combination, LogCombination, Number
from exactgeo.exact.rational import format_rational
from exactgeo.kinds import Strictness
from exactgeo.problem import Direction, Point

__all__ = [
    "Combined",
    "OrderedClaim",
    "OrderedDescentClaim",
    "OrderedLeaf",
    "OrderedLowerPointClaim",
    "OrderedMinimumClaim",
    "OrderedNeuronProof",
    "OrderedPart",
    "OrderedStep",
    "OrderedStrictnessClaim",
]


@dataclass(frozen=True)
class Combined:
    """``constant + sum terms[q] * generator(q)``: ``tanh(q / 2)`` in slopes, ``log(1 + exp(q))`` in losses.

    Attributes
    ----------
    constant : Fraction
    terms : mapping from q, written as a rational, to its coefficient, never 0
    """

    constant: Fraction
    terms: FrozenDict[str, Fraction]

    @classmethod
    def of(cls, number: Number) -> Self:
        if isinstance(number, Combination):
            return cls(number.constant, FrozenDict((format_rational(q), weight) for q, weight in number.terms))
        return cls(number, FrozenDict())

    def logarithms(self) -> LogCombination | Fraction:
        """The loss that this is."""
        return LogCombination.of(self.constant, {Fraction(q): weight for q, weight in self.terms.items()})


@dataclass(frozen=True)
class OrderedLeaf:
    """Proof on one cone of signs; a slope for each bend left open, between its left and its right one."""

    rule: ClassVar[str] = "farkas"

    multipliers: FrozenDict[int, Combined]
    slopes: FrozenDict[int, Combined]


OrderedStep = Split | Implied | OrderedLeaf


@dataclass(frozen=True)
class OrderedPart:
    """One component: its terms, its part of the linear function, and the covering in preorder."""

    rows: tuple[int, ...]
    linear: tuple[Combined, ...]
    cover: tuple[OrderedStep, ...]


@dataclass(frozen=True)
class OrderedNeuronProof:
    """That a neuron's condition holds: phi is the sum of the parts, and each of them is nonnegative."""

    parts: tuple[OrderedPart, ...]


@dataclass(frozen=True)
class OrderedClaim(Claim):
    """A claim about a point at which the loss is a combination of logarithms.

    Attributes
    ----------
    point : Point
        Its frozen parameters are those of the statement.
    loss : Combined
        At the point.
    """

    point: Point
    loss: Combined


@dataclass(frozen=True)
class OrderedMinimumClaim(OrderedClaim):
    """No parameters within ``radius`` of the point (max norm) have a lower loss.

    Attributes
    ----------
    radius : Fraction or None
        None when every radius will do.
    neurons : tuple of OrderedNeuronProof
        One a hidden neuron.
    """

    kind: ClassVar[str] = "ordered_minimum"

    radius: Fraction | None
    neurons: tuple[OrderedNeuronProof, ...]


@dataclass(frozen=True)
class OrderedDescentClaim(OrderedClaim):
    """``loss(point + s * direction) < loss(point)`` for every ``0 < s <= step``.

    Attributes
    ----------
    direction : Direction
        Parameters' shape; 0 for frozen parameters.
    step : Fraction
        A power of 1/2, at most 1.
    """

    kind: ClassVar[str] = "ordered_descent"

    direction: Direction
    step: Fraction


@dataclass(frozen=True)
class OrderedStrictnessClaim(OrderedClaim):
    """How large the set of equal loss around a local minimum is: that of equal scores, since the loss is strictly convex.

    Attributes
    ----------
    strictness : Strictness
    flat_dimension : int
        Of the set of equal loss, rescalings included.
    flatness : Flatness
        The proof, for the score: two outputs have one dimension more for each parameter that both share.
    """

    kind: ClassVar[str] = "ordered_strictness"

    strictness: Strictness
    flat_dimension: int
    flatness: Flatness


@dataclass(frozen=True)
class OrderedLowerPointClaim(OrderedClaim):
    """The point is not a global minimum, because ``better`` (same frozen parameters) has a lower loss."""

    kind: ClassVar[str] = "ordered_lower_point"

    better: Point
    better_loss: Combined
