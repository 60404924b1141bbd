"""What a loss is: a convex function of one prediction for each target, and the laws it obeys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from exactgeo.exact.combination import Number
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import ZERO, Matrix, Vector
from exactgeo.shown import Shown, value_line

if TYPE_CHECKING:
    from exactgeo.exact.krawczyk import Ball
    from exactgeo.losses.piecewise_quadratic import Pieces

__all__ = ["Loss"]


class Loss(Shown, ABC):
    """A loss l(p, y), convex and continuous in the prediction p for every target y it allows.

    Subclasses are frozen dataclasses whose fields are the loss's parameters, all Fractions. Neither a reduction nor a
    weight is part of a loss: both belong to the problem. The laws are tested over the registry ``LOSSES``.

    Attributes
    ----------
    kind : str
        The word in a problem file.
    example : str
        As a problem file may write it, e.g. ``huber(1)``: the number of parameters is that of the example.
    rational : bool
        Whether the loss of a rational prediction is rational. Else :meth:`value`, :meth:`conjugate` and
        :meth:`slopes` are not defined everywhere, and :meth:`enclosure` is what there is.
    differentiable : bool
        In p, everywhere.
    ordered : bool
        Whether :meth:`derivative` and :meth:`exact_value` of rational predictions lie in ordered spaces over Q
        (:mod:`exactgeo.exact.combination`): then signs are exact where values are not rational.
    smooth : bool
        Whether it has two continuous derivatives in p: law: iff :meth:`jet` gives them.
    certified : bool
        Whether the format of certificates knows the loss. Law: iff the checker does.
    targets : (expected, write) or None
        What a problem file is told when a target is refused; None where every rational is allowed.
    classes : bool
        Whether targets are class indices: one a data point, with an output for each class. Else a network has as many
        outputs as a data point has targets.
    latex : str
        The formula of l(p, y) in LaTeX; "" where there is none.
    """

    kind: ClassVar[str]
    example: ClassVar[str]
    rational: ClassVar[bool]
    differentiable: ClassVar[bool]
    ordered: ClassVar[bool] = False
    smooth: ClassVar[bool] = False
    certified: ClassVar[bool] = False
    targets: ClassVar[tuple[str, str] | None] = None
    classes: ClassVar[bool] = False
    latex: ClassVar[str] = ""

    @property
    def parameters(self) -> Vector:
        """The values of the fields, in order."""
        return tuple(getattr(self, item.name) for item in fields(self))  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        """As written in a problem file. Law: ``make_loss`` of its kind and parameters is an equal loss."""
        return f"{self.kind}({', '.join(map(format_rational, self.parameters))})" if self.parameters else self.kind

    def _shown(self) -> str:
        return f"{self.kind.replace('_', ' ')} loss{''.join(f', {value_line(q)}' for q in self.parameters)}"

    @classmethod
    def refuse_parameters(cls, parameters: Sequence[Fraction]) -> str | None:
        """What is expected instead of these parameters, e.g. ``huber(M) with M > 0``; None where they will do."""
        return None

    def allows(self, y: Fraction) -> bool:
        """Whether y may be a target."""
        return True

    def outputs(self, y: Matrix) -> int:
        """The number of scores that these targets (m rows) ask of a network; for classes the least number."""
        return len(y[0])

    def as_scalar(self, outputs: int, y: Matrix) -> tuple[Loss, Vector] | None:
        """A loss and m targets of one score that say the same, or None.

        Law: the score is the output itself where there is one, and the second minus the first where there are two;
        the losses at both are equal.
        """
        return (self, tuple(row[0] for row in y)) if outputs == 1 and len(y[0]) == 1 else None

    # -- the function of one prediction -------------------------------------------------------------------------

    @abstractmethod
    def pieces(self, y: Fraction) -> Pieces | None:
        """The loss as quadratics between breaks; None where it is no piecewise quadratic.

        Law: :meth:`value`, :meth:`slopes`, :meth:`affine` and :meth:`conjugate` are those of the pieces.
        """

    @abstractmethod
    def value(self, p: Fraction, y: Fraction) -> Fraction:
        """l(p, y), exactly. Law: convex in p, and never negative.

        Raises
        ------
        ValueError
            The value is not rational.
        """

    @abstractmethod
    def enclosure(self, p: Fraction, y: Fraction) -> Enclosure:
        """Proved bounds on l(p, y); equal ones where it is rational. Law: they hold the value."""

    @abstractmethod
    def slopes(self, p: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
        """The left and the right derivative at p: r is a subgradient iff it lies between them.

        Law: left <= right; neither falls as p grows; equal where the loss is differentiable.

        Raises
        ------
        ValueError
            They are not rational.
        """

    @abstractmethod
    def affine(self, p: Fraction, y: Fraction) -> tuple[bool, bool]:
        """Whether the loss is affine on some interval that ends, and on some that begins, at p."""

    @abstractmethod
    def conjugate(self, r: Fraction, y: Fraction) -> Fraction | None:
        """``sup_p r p - l(p, y)``, None where it is infinite.

        Law: at a subgradient r at p it is ``r p - l(p, y)``; it is never less than ``r p - l(p, y)`` for any p.

        Raises
        ------
        ValueError
            It is not rational.
        """

    def conjugate_enclosure(self, r: Fraction, y: Fraction) -> Enclosure | None:
        """Proved bounds on :meth:`conjugate`, None where it is infinite. Law: they hold it, and are equal where it is
        rational."""
        found = self.conjugate(r, y)
        return None if found is None else Enclosure(found, found)

    def jet(self, p: Ball, y: Fraction) -> tuple[Ball, Ball, Ball] | None:
        """l, l' and l'' in p on a ball, for a loss with two continuous derivatives; None of every other.

        Law: they hold the values at each of its points.
        """
        from exactgeo.exact.krawczyk import ball

        pieces = self.pieces(y)
        if pieces is None or pieces.breaks:
            return None
        a, b, c = map(ball, pieces.quadratics[0])
        return (a * p + b) * p + c, 2 * a * p + b, 2 * a

    # -- where the values are not rational, but their signs are known ----------------------------------------------

    def derivative(self, p: Fraction, y: Fraction) -> Number:
        """l'(p, y), exactly, as a number whose sign is known. Law: it lies within any difference quotients around p.

        Raises
        ------
        ValueError
            The loss is not ``ordered``.
        """
        raise ValueError(f"the {self.name} loss has no exact derivatives in an ordered space")

    def exact_value(self, p: Fraction, y: Fraction) -> Number:
        """l(p, y), exactly, as a number that can be compared. Law: it lies in :meth:`enclosure`.

        Raises
        ------
        ValueError
            The loss is not ``ordered``.
        """
        raise ValueError(f"the {self.name} loss has no exact values in an ordered space")

    def curvature(self) -> Fraction:
        """C with ``|l'(p + e) - l'(p)| <= C |e|`` for all p, e and y.

        Raises
        ------
        ValueError
            The loss is not ``ordered``.
        """
        raise ValueError(f"the {self.name} loss has no bound of its curvature")

    def quadratic_bound(self, p: Fraction) -> tuple[Number, Fraction | None]:
        """(w, reach) with ``l(p + e) <= l(p) + l'(p) e + w e^2`` for ``|e| <= reach`` (None: all e) and all y.

        Raises
        ------
        ValueError
            The loss is not ``ordered``.
        """
        raise ValueError(f"the {self.name} loss has no bound of its curvature")

    def least_curvature(self, p: Fraction, radius: Fraction) -> Fraction:
        """A rational > 0 that is at most l'' wherever it is asked within ``radius`` of p, for all y.

        Raises
        ------
        ValueError
            The loss is not ``ordered``.
        exactgeo.exact.combination.Unresolved
            It is below every rational of use.
        """
        raise ValueError(f"the {self.name} loss has no bound of its curvature from below")

    def bend_within(self, p: Fraction, reach: Fraction) -> Number:
        """w with ``l(p + e) <= l(p) + l'(p) e + w e^2`` for ``|e| <= reach`` and all y; near l''(p) / 2 if short.

        Law: it does not grow as the reach is cut.

        Raises
        ------
        ValueError
            The loss is not ``ordered``.
        """
        raise ValueError(f"the {self.name} loss has no bound of its curvature")

    def curvature_floor(self, p: Fraction, radius: Fraction) -> Fraction:
        """A rational >= 0 of 128 binary digits that is at most l'' wherever it is asked within ``radius`` of p.

        Raises
        ------
        ValueError
            The loss is not ``ordered``.
        """
        raise ValueError(f"the {self.name} loss has no bound of its curvature from below")

    # -- on an interval of predictions --------------------------------------------------------------------------------

    def slope_range(self, lo: Fraction, hi: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
        """Bounds on all subgradients at predictions from lo to hi. Law: they hold :meth:`slopes` at each of them.

        Raises
        ------
        ValueError
            The loss is no function of one score.
        """
        return self.slopes(lo, y)[0], self.slopes(hi, y)[1]

    def curvature_range(self, lo: Fraction, hi: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
        """Bounds on ``(l'(q) - l'(p)) / (q - p)`` for p < q from lo to hi.

        Raises
        ------
        ValueError
            The loss has no derivative somewhere, or is no function of one score.
        """
        raise ValueError(f"the {self.name} loss has no bounds of its curvature")

    # -- of a data point ----------------------------------------------------------------------------------------

    def of_row(self, scores: Sequence[Fraction], targets: Sequence[Fraction]) -> Fraction:
        """The loss of a data point: the sum over its entries, exactly.

        Raises
        ------
        ValueError
            It is not rational.
        """
        return sum((self.value(p, y) for p, y in zip(scores, targets, strict=True)), ZERO)

    def exact_of_row(self, scores: Sequence[Fraction], targets: Sequence[Fraction]) -> Number:
        """The loss of a data point, exactly, as a number that can be compared.

        Raises
        ------
        ValueError
            It is not rational, and in no ordered space.
        """
        return self.of_row(scores, targets)

    def slopes_of_row(self, scores: Sequence[Fraction], targets: Sequence[Fraction]) -> tuple[Number, ...]:
        """The derivative in each score, exactly, for a loss with a derivative everywhere.

        Raises
        ------
        ValueError
            It is not rational, and in no ordered space.
        """
        return tuple(self.slopes(p, y)[0] for p, y in zip(scores, targets, strict=True))

    def enclosure_of_row(self, scores: Sequence[Fraction], targets: Sequence[Fraction]) -> Enclosure:
        """Proved bounds on the loss of a data point."""
        parts = (self.enclosure(p, y) for p, y in zip(scores, targets, strict=True))
        return sum(parts, Enclosure(ZERO, ZERO))
