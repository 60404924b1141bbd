"""Float proposals for the logistic loss on a cone. Nothing here is believed; enclosure.py proves the bounds."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

Array = npt.NDArray[np.float64]


def propose(
    labels: Sequence[int], offset: Sequence[Fraction], columns: Sequence[Sequence[int]], lines: Sequence[Sequence[int]]
) -> tuple[dict[int, Fraction], list[Fraction], list[Fraction]]:
    """Column weights > 0, line weights, and s_t = exp(-u_t) / (1 + exp(-u_t)) at the margins u_t = labels_t p_t.

    Each step is a non-negative least squares problem, the quadratic model of the loss on the cone, and a line search.
    """
    scales = [max(map(abs, vector)) or 1 for vector in (*columns, *lines)]
    count, m = len(columns), len(labels)
    scaled = [
        [s * q / scale for s, q in zip(labels, v, strict=True)]
        for v, scale in zip((*columns, *lines), scales, strict=True)
    ]
    matrix: Array = np.array(scaled, dtype=np.float64).reshape(len(scales), m).T
    start: Array = np.array([s * float(q) for s, q in zip(labels, offset, strict=True)])
    z: Array = np.zeros(len(scales))
    if len(scales):
        z = _descend(start, matrix, z, count)
    slopes = _slopes(start + matrix @ z)
    exact = [Fraction(float(q)) / scale for q, scale in zip(z, scales, strict=True)]
    return {j: q for j, q in enumerate(exact[:count]) if q > 0}, exact[count:], [Fraction(float(q)) for q in slopes]


def _slopes(u: Array) -> Array:
    return np.asarray(np.exp(-np.logaddexp(0, u)), dtype=np.float64)


def _loss(u: Array) -> float:
    return float(np.logaddexp(0, -u).sum())


def _descend(start: Array, matrix: Array, z: Array, count: int) -> Array:
    both: Array = np.hstack([matrix, -matrix[:, count:]])
    free = matrix.shape[1] - count
    for _ in range(60):
        u = start + matrix @ z
        # Far out in some direction: the infimum is probably not attained, which linear programming decides.
        if u.max(initial=0) > 30:
            break
        slopes = _slopes(u)
        root = np.sqrt(slopes * (1 - slopes) + 1e-14)
        try:
            found, _ = nnls(both * root[:, None], root * (matrix @ z) + slopes / root)
        except RuntimeError:
            break
        target = found[: count + free].copy()
        target[count:] -= found[count + free :]
        now, length = _loss(u), 1.0
        while length > 1e-6 and _loss(u + length * (matrix @ (target - z))) > now + 1e-15:
            length /= 2
        if length <= 1e-6:
            break
        moved = float(np.abs(length * (target - z)).max(initial=0))
        z = target if length == 1.0 else z + length * (target - z)
        if length == 1.0 and moved < 1e-14 * (1 + float(np.abs(z).max(initial=0))):
            break
    return z
