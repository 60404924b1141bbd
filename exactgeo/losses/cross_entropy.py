"""Cross-entropy of classes under softmax: with two classes it is the logistic loss of the difference of the scores."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from exactgeo.exact.combination import Number
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.softmax import LogSumCombination, SoftmaxCombination
from exactgeo.exact.vectors import Matrix, Vector
from exactgeo.frozen import dataclass
from exactgeo.losses.logistic import Logistic
from exactgeo.losses.loss import Loss

__all__ = ["MAX_CLASSES", "CrossEntropy"]

MAX_CLASSES = 10**6
"""Class indices are smaller than this."""


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """``log sum_j exp(p_j) - p_y``, y a class index 0, 1, ..., over the outputs p of a data point."""

    kind: ClassVar[str] = "cross_entropy"
    latex: ClassVar[str] = r"\log \sum_j e^{p_j} - p_y"
    example: ClassVar[str] = "cross_entropy"
    rational: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    targets: ClassVar[tuple[str, str] | None] = ("a class index 0, 1, ...", "0, 1 or 2")
    certified: ClassVar[bool] = True
    classes: ClassVar[bool] = True

    def allows(self, y: Fraction) -> bool:
        return y.denominator == 1 and 0 <= y < MAX_CLASSES

    def outputs(self, y: Matrix) -> int:
        """At least one more than the largest class index."""
        return int(max(row[0] for row in y)) + 1

    def as_scalar(self, outputs: int, y: Matrix) -> tuple[Loss, Vector] | None:
        return (Logistic(), tuple(2 * row[0] - 1 for row in y)) if outputs == 2 else None

    def pieces(self, y: Fraction) -> None:
        return None

    def value(self, p: Fraction, y: Fraction) -> Fraction:
        raise ValueError("the cross_entropy loss has no exact rational values")

    def enclosure(self, p: Fraction, y: Fraction) -> Enclosure:
        """Of two classes, at the difference p of the second and the first score."""
        return Logistic().enclosure(p, 2 * y - 1)

    def slopes(self, p: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
        """Of two classes, at the difference p of the second and the first score."""
        return Logistic().slopes(p, 2 * y - 1)

    def affine(self, p: Fraction, y: Fraction) -> tuple[bool, bool]:
        return False, False

    def conjugate(self, r: Fraction, y: Fraction) -> Fraction | None:
        """Of two classes, in the difference of the second and the first score."""
        return Logistic().conjugate(r, 2 * y - 1)

    def of_row(self, scores: Sequence[Fraction], targets: Sequence[Fraction]) -> Fraction:
        raise ValueError("the cross_entropy loss has no exact rational values")

    def exact_of_row(self, scores: Sequence[Fraction], targets: Sequence[Fraction]) -> Number:
        found: Number = LogSumCombination.log_sum(scores) - scores[int(targets[0])]
        return found

    def slopes_of_row(self, scores: Sequence[Fraction], targets: Sequence[Fraction]) -> tuple[Number, ...]:
        """The shares under softmax, less 1 for the class: rational where all scores are equal."""
        label = int(targets[0])
        return tuple(SoftmaxCombination.softmax(scores, j) - int(j == label) for j in range(len(scores)))

    def enclosure_of_row(self, scores: Sequence[Fraction], targets: Sequence[Fraction]) -> Enclosure:
        from exactgeo.exact.interval import log_sum_exp

        return log_sum_exp(scores) + -scores[int(targets[0])]
