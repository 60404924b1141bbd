"""Float proposals of a support for non-negative least squares. Nothing here is believed; quadratic.py decides."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from scipy.optimize import nnls


def propose(
    columns: Sequence[Sequence[int]], lines: Sequence[Sequence[int]], target: Sequence[int]
) -> dict[int, Fraction]:
    """Positive weights of some columns, near the minimiser of ``|target - cone(columns) - span(lines)|``; {} if it
    fails."""
    top = max(map(abs, target), default=0) or 1
    scales = [max(map(abs, column)) or 1 for column in columns]
    # int / int is correctly rounded for integers of any length; float(int) overflows.
    matrix = [[q / scale for q in column] for column, scale in zip(columns, scales, strict=True)]
    for line in lines:
        scale = max(map(abs, line)) or 1
        matrix += [[q / scale for q in line], [-q / scale for q in line]]
    if not matrix:
        return {}
    try:
        weights, _ = nnls(np.array(matrix).T, np.array([q / top for q in target]))
    except RuntimeError:
        return {}
    return {
        j: Fraction(float(q)) * top / scale
        for j, (q, scale) in enumerate(zip(weights[: len(columns)], scales, strict=True))
        if q > 1e-11
    }
