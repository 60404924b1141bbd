"""Losses that the package does not have, each no more than a class: what solvers, models and commands make of a new one."""

from dataclasses import dataclass
from fractions import Fraction

from losses import Pinball

from exactgeo.losses import Pieces, PiecewiseQuadratic

F = Fraction


@dataclass(frozen=True)
class LiftedPinball(PiecewiseQuadratic):
    """5/2 more than 3 (y - p) below y and (p - y) / 2 above: nowhere 0."""

    kind = "lifted_pinball"
    example = "lifted_pinball"
    differentiable = False

    def pieces(self, y: Fraction) -> Pieces:
        return Pieces((y,), ((F(0), F(-3), 3 * y + F(5, 2)), (F(0), F(1, 2), F(5, 2) - y / 2)))


@dataclass(frozen=True)
class LiftedSquare(PiecewiseQuadratic):
    """``3/4 (p - y - 1)^2 + 2``: least beside its target, nowhere 0."""

    kind = "lifted_square"
    example = "lifted_square"
    differentiable = True

    def pieces(self, y: Fraction) -> Pieces:
        a, c = F(3, 4), y + 1
        return Pieces((), ((a, -2 * a * c, a * c * c + 2),))


@dataclass(frozen=True)
class Tilted(PiecewiseQuadratic):
    """``2 (p - y)^2 + 1/3`` with straight ends of slopes -1 and 3: a Huber loss that is not symmetric."""

    kind = "tilted"
    example = "tilted"
    differentiable = True

    def pieces(self, y: Fraction) -> Pieces:
        low, high = y - F(1, 4), y + F(3, 4)
        middle = F(2), -4 * y, 2 * y * y + F(1, 3)

        def line(slope: Fraction, through: Fraction) -> tuple[Fraction, Fraction, Fraction]:
            return F(0), slope, 2 * (through - y) ** 2 + F(1, 3) - slope * through

        return Pieces((low, high), (line(F(-1), low), middle, line(F(3), high)))


@dataclass(frozen=True)
class SmoothHinge(PiecewiseQuadratic):
    """``(1 - y p)^2 / 2`` for 0 <= y p <= 1, 0 above, ``1/2 - y p`` below; y = 1 or -1."""

    kind = "smooth_hinge"
    example = "smooth_hinge"
    differentiable = True
    targets = ("-1 or 1", "-1 or 1")

    def allows(self, y: Fraction) -> bool:
        return abs(y) == 1

    def pieces(self, y: Fraction) -> Pieces:
        wrong, near, right = (F(0), -y, F(1, 2)), (F(1, 2), -y, F(1, 2)), (F(0), F(0), F(0))
        return Pieces((F(0), F(1)), (wrong, near, right)) if y > 0 else Pieces((F(-1), F(0)), (right, near, wrong))


@dataclass(frozen=True)
class HalfStraight(PiecewiseQuadratic):
    """``(p - y)^2`` up to y + 1, then straight on: one end only."""

    kind = "half_straight"
    example = "half_straight"
    differentiable = True

    def pieces(self, y: Fraction) -> Pieces:
        return Pieces((y + 1,), ((F(1), -2 * y, y * y), (F(0), F(2), -2 * y - 1)))


@dataclass(frozen=True)
class EpsilonInsensitive(PiecewiseQuadratic):
    """``max(0, |p - y| - 1/2)``: two kinks, which no exact solver of the package takes."""

    kind = "epsilon_insensitive"
    example = "epsilon_insensitive"
    differentiable = False

    def pieces(self, y: Fraction) -> Pieces:
        low, high = y - F(1, 2), y + F(1, 2)
        return Pieces((low, high), ((F(0), F(-1), low), (F(0), F(0), F(0)), (F(0), F(1), -high)))


@dataclass(frozen=True)
class Crooked(PiecewiseQuadratic):
    """Everything at once: straight, 2 (p - y)^2 and more, a kink at y, 3 (p - y)^2 and more, another kink, (p - ...)^2."""

    kind = "crooked"
    example = "crooked"
    differentiable = False

    def pieces(self, y: Fraction) -> Pieces:
        breaks = (y - 1, y, y + F(1, 2), y + 2)

        def piece(a: Fraction, slope: Fraction, at: Fraction, value: Fraction) -> tuple[Fraction, Fraction, Fraction]:
            return a, slope - 2 * a * at, value - slope * at + a * at * at

        # From y to both sides: (curvature, slope and value at the end that is nearer to y).
        inner = piece(F(2), F(-1), y, F(1, 2)), piece(F(3), F(1), y, F(1, 2))
        left = piece(F(0), F(-5), y - 1, F(7, 2))
        right = piece(F(0), F(5), y + F(1, 2), F(7, 4)), piece(F(1), F(6), y + 2, F(37, 4))
        return Pieces(breaks, (left, *inner, *right))


TAKEN = (Pinball(F(1, 3)), Pinball(F(4, 5)), LiftedPinball(), LiftedSquare(), Tilted(), SmoothHinge(), HalfStraight())
"""Those that an exact solver takes."""

REFUSED = (EpsilonInsensitive(), Crooked())
