"""Float proposals of a support for non-negative least squares. Nothing here is believed; projection.py decides.

Lawson and Hanson's active-set method, in numpy: scipy's does the same, but importing scipy.optimize takes longer than
certifying the paper's propositions does.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def propose(
    columns: Sequence[Sequence[int]], lines: Sequence[Sequence[int]], target: Sequence[int]
) -> dict[int, Fraction]:
    """Positive weights of some columns, near the minimiser of ``|target - cone(columns) - span(lines)|``; {} if it
    fails."""
    if not columns:
        return {}
    top = max(map(abs, target), default=0) or 1
    scales = [max(map(abs, column)) or 1 for column in columns]
    # int / int is correctly rounded for integers of any length; float(int) overflows.
    matrix = np.array([[q / scale for q in column] for column, scale in zip(columns, scales, strict=True)]).T
    goal = np.array([q / top for q in target])
    if lines:
        span = np.array([[q / (max(map(abs, line)) or 1) for q in line] for line in lines]).T
        basis, _ = np.linalg.qr(span)
        matrix = matrix - basis @ (basis.T @ matrix)
        goal = goal - basis @ (basis.T @ goal)
    try:
        weights = _nnls(matrix, goal)
    except np.linalg.LinAlgError:
        return {}
    return {
        j: Fraction(float(q)) * top / scale
        for j, (q, scale) in enumerate(zip(weights, scales, strict=True))
        if q > 1e-11
    }


def _nnls(matrix: Floats, goal: Floats) -> Floats:
    """Weights >= 0 near the minimiser of ``|matrix @ weights - goal|``; may stop early, which costs the caller time."""
    count = matrix.shape[1]
    weights = np.zeros(count)
    chosen: list[int] = []
    threshold = 1e-12 * max(1.0, float(np.abs(matrix).sum()))
    for _ in range(3 * count):
        gradient = matrix.T @ (goal - matrix @ weights)
        gradient[chosen] = -np.inf
        entering = int(gradient.argmax())
        if gradient[entering] <= threshold:
            break
        chosen.append(entering)
        while chosen:
            target = np.linalg.lstsq(matrix[:, chosen], goal, rcond=None)[0]
            if target.min() > 0:
                break
            before = weights[chosen]
            down = target <= 0
            ratios = before[down] / np.maximum(before[down] - target[down], np.finfo(float).tiny)
            moved = before + float(ratios.min()) * (target - before)
            weights[:] = 0.0
            weights[chosen] = moved
            # At least the limiting weights leave, whatever rounding left of them.
            leaving = {j for j, q, low in zip(chosen, moved, down, strict=True) if low and q <= 1e-14}
            leaving |= {chosen[int(np.flatnonzero(down)[ratios.argmin()])]}
            chosen = [j for j in chosen if j not in leaving]
            weights[list(leaving)] = 0.0
        else:
            continue
        weights[:] = 0.0
        weights[chosen] = target
    return weights
