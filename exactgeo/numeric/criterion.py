"""What floats say about the local minimum conditions: the statuses, and the answers of many networks at once."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactgeo.frozen import dataclass
from exactgeo.numeric.layers import Bools, Floats, Layers

__all__ = ["CODES", "NumericAnswer", "NumericCriterion", "NumericStatus"]


class NumericStatus(StrEnum):
    """What floats say about a point. The values are the messages; none of them is a proof."""

    HOLDS = "numeric: conditions hold within margin"
    DESCENT = "numeric: descent direction found"
    CLOSE = "numeric: too close to call"
    BUDGET = "numeric: too many kink rays, not examined; raise max_rays"


CODES = {status: code for code, status in enumerate(NumericStatus)}
"""The ``codes`` of :class:`NumericCriterion`."""

_STATUSES: tuple[NumericStatus, ...] = tuple(NumericStatus)


class NumericAnswer:
    """What answers about N networks have in common: a status each, and what a proof would need."""

    networks: Layers
    codes: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.codes)

    def status(self, index: int) -> NumericStatus:
        """What floats say about network ``index``."""
        return _STATUSES[int(self.codes[index])]

    def needs(self, index: int) -> str:
        """What a proof about network ``index`` would need."""
        if self.networks.rounded[index]:
            return "the rational point itself: its floats are other numbers; call exactgeo.certify on it"
        if self.status(index) is NumericStatus.DESCENT:
            return self._needs_of_descent(index)
        return self._needs_more(index)

    def _needs_of_descent(self, index: int) -> str:
        return "the derivative along descents[index] over the rationals: certify(index) decides this point"

    def _needs_more(self, index: int) -> str:
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class NumericCriterion(NumericAnswer):
    """Answers of :meth:`NumericNetworks.criterion`, one entry a network. Numeric throughout: no verdict, no proof.

    HOLDS is said only when every equality is 0 in a sum that cannot have rounded (all its terms are multiples of one
    power of two, with fewer than 53 bits), every kink is exactly placed and every inequality beats the margin and its
    rounding error: expect it on hand-made or snapped points, and ``candidates`` on trained ones. DESCENT is said only
    when a derivative is below minus margin and rounding error, whichever side the doubtful kinks are on (or when phi
    at an output weight of 0 is that far from 0). All else is CLOSE: numbers so large or small that they might over- or
    underflow too, and then the fields below are NaN where they did.

    Attributes
    ----------
    networks : NumericNetworks
    kink_tolerance, margin : float
    codes : int8, shape (N,)
        Position of the status in :class:`NumericStatus`; see :meth:`status`.
    sum_r : shape (N,)
        Sum of the loss derivatives; must be 0 when c is trained.
    radial : shape (N, n)
        ``phi_i(w~_i)``; must be 0 when v is trained.
    linear : shape (N, n)
        Greatest ``|phi_i|`` over the tested directions on which it must be 0.
    least_ray : shape (N, n)
        Least ``sign(v_i) phi_i`` over the kink rays (of greatest entry in (1/2, 1]); infinity where there is none.
    least_derivative : shape (N,)
        Least one-sided derivative of the loss over all directions tested, unit steps in c and v_i included; infinity
        when there was none.
    slack : shape (N,)
        HOLDS: how far the nearest inequality is from failing, less rounding (infinity when there is none). DESCENT:
        how far the derivative is below 0, less rounding. NaN otherwise.
    kink_margin : shape (N,)
        Least absolute pre-activation among those not taken for kinks: moves smaller than this keep the pattern.
    kinks, doubtful : bool, shape (N, n, m)
        Pre-activations taken for kinks, and those of them that are not exactly 0.
    candidates : bool, shape (N,)
        Nothing tested fails by more than ``margin`` when the doubtful kinks are taken as placed: a nearby
        point may be a local minimum, whatever the status says of this one.
    second_order : bool, shape (N,)
        The descent is of second order, at an output weight that is 0: flat to first order.
    descents : shape (N, P)
        Descent directions, as :meth:`NumericNetworks.flatten` writes them; 0 where the status is another.
    """

    networks: Layers
    kink_tolerance: float
    margin: float
    codes: NDArray[np.int8]
    sum_r: Floats
    radial: Floats
    linear: Floats
    least_ray: Floats
    least_derivative: Floats
    slack: Floats
    kink_margin: Floats
    kinks: Bools
    doubtful: Bools
    candidates: Bools
    second_order: Bools
    descents: Floats

    def where(self, status: NumericStatus) -> NDArray[np.intp]:
        """Indices of the networks with a status."""
        return np.flatnonzero(self.codes == CODES[status])

    def counts(self) -> dict[str, int]:
        """Networks by status message, zeros included."""
        return {str(status): int((self.codes == code).sum()) for status, code in CODES.items()}

    def _needs_of_descent(self, index: int) -> str:
        how = "certify(index) decides this point exactly; descents[index] is a direction to try"
        return how + (" (second order)" if self.second_order[index] else "")

    def _needs_more(self, index: int) -> str:
        status = self.status(index)
        if status is NumericStatus.HOLDS:
            return f"certify(index): the same conditions over the rationals ({int(self.kinks[index].sum())} kinks)"
        if status is NumericStatus.BUDGET:
            return "a larger max_rays, or certify(index), which has no such bound"
        parts = []
        if self.doubtful[index].any():
            pairs = [f"unit {i} at x[{t}]" for i, t in np.argwhere(self.doubtful[index])[:5].tolist()]
            more = int(self.doubtful[index].sum()) - len(pairs)
            parts.append("place these kinks exactly: " + ", ".join(pairs) + (f" and {more} more" if more else ""))
        parts.append("rational coordinates at which the equalities hold exactly, then exactgeo.certify on that point")
        return "; ".join(parts)

    def to_json(self, index: int | None = None) -> dict[str, Any]:
        """Summary, or the answer about one network, as JSON values; ``status`` is always ``numeric``."""
        result: dict[str, Any] = {"status": "numeric", "kink_tolerance": self.kink_tolerance, "margin": self.margin}
        if index is None:
            return result | {"networks": len(self), "counts": self.counts(), "candidates": int(self.candidates.sum())}

        def number(value: Any) -> float | None:
            return float(value) if np.isfinite(value) else None

        return result | {
            "answer": str(self.status(index)),
            "needs": self.needs(index),
            "candidate": bool(self.candidates[index]),
            "sum_r": number(self.sum_r[index]),
            "radial": [number(q) for q in self.radial[index]],
            "linear": [number(q) for q in self.linear[index]],
            "least_ray": [number(q) for q in self.least_ray[index]],
            "least_derivative": number(self.least_derivative[index]),
            "slack": number(self.slack[index]),
            "kink_margin": number(self.kink_margin[index]),
            "kinks": np.argwhere(self.kinks[index]).tolist(),
            "doubtful_kinks": np.argwhere(self.doubtful[index]).tolist(),
            "second_order": bool(self.second_order[index]),
            "descent": self.descents[index].tolist() if self.status(index) is NumericStatus.DESCENT else None,
        }
