"""What is added to the training loss for the size of the trained parameters: weight decay."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from exactgeo.exact.vectors import ZERO
from exactgeo.frozen import dataclass
from exactgeo.problem.network import Train
from exactgeo.problem.point import Point
from exactgeo.shown import Shown

__all__ = ["NO_PENALTY", "Penalty"]


@dataclass(frozen=True)
class Penalty(Shown):
    """``l2 / 2`` times the sum of squares plus ``l1`` times the sum of absolute values of the penalised parameters.

    These are the trained weights, and with ``biases`` the trained biases too. It is added after the reduction of the
    loss, and not divided by the number of data points.

    Attributes
    ----------
    l2, l1 : Fraction
        Not negative.
    biases : bool
        False where nothing is penalised.

    Examples
    --------
    >>> bool(Penalty()), bool(Penalty(l2=Fraction(1, 2000)))
    (False, True)
    """

    l2: Fraction = ZERO
    l1: Fraction = ZERO
    biases: bool = False

    def __post_init__(self) -> None:
        if not self:
            object.__setattr__(self, "biases", False)

    def __bool__(self) -> bool:
        return bool(self.l2 or self.l1)

    def penalised(self, train: Train, point: Point) -> Iterator[Fraction]:
        """The penalised parameters of a point."""
        for trained, matrix in zip(train.weights, point.weights, strict=True):
            for row in matrix if trained else ():
                yield from row
        for trained, vector in zip(train.biases, point.biases, strict=True):
            if trained and self.biases:
                yield from vector

    def at(self, train: Train, point: Point) -> Fraction:
        """The value at a point."""
        if not self:
            return ZERO
        parameters = list(self.penalised(train, point))
        squares, sizes = sum((q * q for q in parameters), ZERO), sum(map(abs, parameters), ZERO)
        return self.l2 / 2 * squares + self.l1 * sizes


NO_PENALTY = Penalty()
