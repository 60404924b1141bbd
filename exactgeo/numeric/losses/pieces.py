"""The float form of a loss that has pieces, derived from them."""

from __future__ import annotations

from copy import copy
from fractions import Fraction
from typing import Self

import numpy as np
from numpy.typing import NDArray

from exactgeo.losses import Loss, Pieces
from exactgeo.losses.piecewise_quadratic import Quadratic
from exactgeo.numeric.losses.form import Floats, LossForm

__all__ = ["PiecesForm"]


class _Quadratics:
    """One quadratic ``a (p - s)^2 + b (p - s) + c`` a target, s its vertex or root: no cancellation near s."""

    def __init__(self, quadratics: list[list[Quadratic]]) -> None:
        found = [[_centred(*quadratic) for quadratic in row] for row in quadratics]
        exact = [[[entry[i] for entry in row] for row in found] for i in range(4)]
        arrays = [np.array(rows, dtype=np.float64) for rows in exact]
        self.rounded = any(
            Fraction(float(q)) != value
            for array, rows in zip(arrays, exact, strict=True)
            for q, value in zip(array.ravel(), (value for row in rows for value in row), strict=True)
        )
        self.square, self.linear, self.constant, self.centre = arrays
        # What is 0 for every target is not computed; a common factor is a number.
        self.is_square = bool(self.square.any()) and not self.linear.any()
        self.common = float(self.square.flat[0]) if np.ptp(self.square) == 0 else None

    def at(self, p: Floats) -> Floats:
        r = p - self.centre
        value = r * self.linear + self.constant
        if self.square.any():
            value += r * r * self.square
        return value

    def slope(self, p: Floats) -> Floats:
        if not self.square.any():
            return np.broadcast_to(self.linear, p.shape)
        factor = 2 * (self.square if self.common is None else self.common)
        slope: Floats = (p - self.centre) * factor
        return slope if self.is_square else slope + self.linear

    def at_points(self, part: slice) -> Self:
        """At some of the targets; arrays have shape (k, m)."""
        some = copy(self)
        for name in ("square", "linear", "constant", "centre"):
            setattr(some, name, getattr(self, name)[:, part])
        return some


def _centred(a: Fraction, b: Fraction, c: Fraction) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """(a, b, c, s) of ``a (p - s)^2 + b (p - s) + c``."""
    if a:
        s = -b / (2 * a)
        return a, Fraction(0), c + b * s / 2, s
    return a, b, (Fraction(0) if b else c), (-c / b if b else Fraction(0))


class PiecesForm(LossForm):
    """A loss given by quadratics between breaks, at targets y of shape (m, k)."""

    def __init__(self, loss: Loss, y: Floats) -> None:
        known = {q: self._pieces(loss, q) for q in set(y.ravel().tolist())}
        table = [[known[q] for q in row] for row in y.T.tolist()]
        count = max(len(pieces.breaks) for row in table for pieces in row)
        # A break at infinity is never crossed: what stands beyond does not matter.
        self._breaks = np.array(
            [
                [[float(pieces.breaks[j]) if j < len(pieces.breaks) else np.inf for pieces in row] for row in table]
                for j in range(count)
            ]
        )
        self._parts = [
            _Quadratics([[pieces.quadratics[min(j, len(pieces.breaks))] for pieces in row] for row in table])
            for j in range(count + 1)
        ]
        breaks_rounded = any(Fraction(float(q)) != q for pieces in known.values() for q in pieces.breaks)
        self.rounded = breaks_rounded or any(part.rounded for part in self._parts)
        first = self._parts[0]
        if not count and first.is_square and first.common is not None:
            self.curvature, self.centre = 2 * first.common, first.centre

    @staticmethod
    def _pieces(loss: Loss, target: float) -> Pieces:
        pieces = loss.pieces(Fraction(target))
        assert pieces is not None
        return pieces

    def total(self, predictions: Floats) -> Floats:
        if self.curvature is not None:
            r = predictions - self.centre
            squares: Floats = np.einsum("nkm,nkm->n", r, r)
            squares *= self.curvature / 2
            squares += self._parts[0].constant.sum()
            return squares
        value = self._parts[0].at(predictions)
        for limit, part in zip(self._breaks, self._parts[1:], strict=True):
            value = np.where(predictions > limit, part.at(predictions), value)
        total: Floats = value.sum(axis=(1, 2))
        return total

    def gradient(self, predictions: Floats, moves: Floats | None = None, tolerance: float = 0.0) -> Floats:
        slope = self._parts[0].slope(predictions)
        for limit, part in zip(self._breaks, self._parts[1:], strict=True):
            slope = np.where(self._beyond(predictions, limit, moves, tolerance), part.slope(predictions), slope)
        return slope

    def at_points(self, part: slice) -> Self:
        some = copy(self)
        if len(self._breaks):
            some._breaks = self._breaks[:, :, part]
        some._parts = [quadratics.at_points(part) for quadratics in self._parts]
        if self.curvature is not None:
            some.centre = some._parts[0].centre
        return some

    @staticmethod
    def _beyond(predictions: Floats, limit: Floats, moves: Floats | None, tolerance: float) -> NDArray[np.bool_]:
        beyond: NDArray[np.bool_] = predictions > limit
        if moves is None:
            return beyond
        return np.where(np.abs(predictions - limit) <= tolerance, moves > 0, beyond)
