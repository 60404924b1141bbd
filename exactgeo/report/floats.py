"""How far a point that is no local minimum is from one, in the terms of floats."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from exactgeo.errors import InputError, OutOfScope
from exactgeo.problem import scope

if TYPE_CHECKING:
    from exactgeo.standing import Verdict

__all__ = ["in_floats"]

RESOLUTION = Fraction(1, 2**53)
"""Half the distance of two floats near 1."""


def in_floats(verdict: Verdict) -> list[str]:
    """What the descent gains and the largest derivative at the point; where floats cannot see the gain, what to do."""
    descent, loss = verdict.descent, verdict.loss
    if descent is None or loss is None or not isinstance(descent.loss_after, Fraction):
        return []
    gain = loss - descent.loss_after
    lines = [f"the loss falls by {_size(gain)}{_part(gain, loss)}{_gradient(verdict)}"]
    if gain <= RESOLUTION * loss:
        lines.append("float64 cannot see that: to it the point may be a minimum")
        if scope.polish(verdict.problem) is None:
            lines.append("`exactgeo polish` goes to the exact minimum beside it")
    return lines


def _part(gain: Fraction, loss: Fraction) -> str:
    return f", {_size(100 * gain / loss)} % of it" if loss else ""


def _size(number: Fraction) -> str:
    """Three digits; a gain below the range of floats has its order of magnitude."""
    if number and not float(number):
        return "less than 1e-307"
    return f"{float(number):.3g}"


def _gradient(verdict: Verdict) -> str:
    """The largest derivative by a trained parameter, in float64; from one side on a kink."""
    from exactgeo.numeric import NumericNetworks, descend

    try:
        nets = NumericNetworks.from_points(verdict.problem, [verdict.point])
    except (InputError, OutOfScope):
        # Numbers beyond the range of floats, or a loss that has no float form.
        return ""
    return f"; largest derivative by a parameter {float(descend(nets, iterations=0).gradient_norms[0]):.3g}"
