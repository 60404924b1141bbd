"""What an activation is: a function of one pre-activation, and the laws it obeys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from typing import TYPE_CHECKING

from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.rational import format_rational
from exactgeo.shown import Shown, brief

if TYPE_CHECKING:
    # Balls load when one is asked for.
    from exactgeo.exact.krawczyk import Ball

__all__ = ["Activation"]

FORMS = {("1", "0"): r"\max(z, 0)", ("1", "-1"): "|z|", ("1", "1"): "z"}
"""Right and left slope, and the formula."""


class Activation(Shown, ABC):
    """A continuous function a(z), applied to each unit of a layer. Subclasses are frozen dataclasses.

    The laws are tested over the registry ``ACTIVATIONS``.

    Attributes
    ----------
    name : str
        As written in a problem file, e.g. ``leaky_relu(1/10)``.
    slopes : (right, left) or None
        ``a(z) = right z`` for z >= 0 and ``left z`` for z <= 0; None for every other function.
    """

    name: str
    slopes: tuple[Fraction, Fraction] | None

    @property
    def latex(self) -> str:
        """The formula of a(z) in LaTeX; "" where there is none."""
        if self.slopes is None:
            return ""
        right_text, left_text = map(format_rational, self.slopes)
        if (right_text, left_text) in FORMS:
            return FORMS[right_text, left_text]
        return rf"\max(z, 0) \cdot {right_text} + \min(z, 0) \cdot ({left_text})"

    def _shown(self) -> str:
        return f"activation {brief(self.name)}"

    @property
    def homogeneous(self) -> bool:
        """Whether ``a(s z) = s a(z)`` for s >= 0: piecewise linear with its only kink at 0. Law: iff it has slopes."""
        return self.slopes is not None

    @property
    def has_kink(self) -> bool:
        """Law: False iff the function has a derivative everywhere."""
        return self.slopes is not None and self.slopes[0] != self.slopes[1]

    @abstractmethod
    def __call__(self, z: Fraction) -> Fraction:
        """a(z), exactly.

        Raises
        ------
        ValueError
            The value is not rational.
        """

    @abstractmethod
    def enclosure(self, z: Fraction) -> Enclosure:
        """Proved bounds on a(z); equal ones where it is rational. Law: they hold the value."""

    @abstractmethod
    def derivatives(self, z: Fraction) -> tuple[Fraction, Fraction]:
        """The left and the right derivative at z, exactly. Law: they agree where there is no kink.

        Raises
        ------
        ValueError
            They are not rational.
        """

    def jet(self, z: Ball) -> tuple[Ball, Ball, Ball] | None:
        """a, a' and a'' on a ball; None where they are not known, or a kink is in it.

        Law: they hold the values at each of its points.
        """
        return None
