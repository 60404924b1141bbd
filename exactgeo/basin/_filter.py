"""Signs of integer dot products: floats where a forward error bound decides, integers where it does not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Signs = npt.NDArray[np.int8]

__all__ = ["dot_signs"]

UNIT = 2.0**-53


def dot_signs(vectors: Sequence[Sequence[int]], columns: Sequence[Sequence[int]]) -> Signs:
    """Sign of ``<vector, column>``, one row a vector; exact.

    Parameters
    ----------
    vectors, columns : sequences of m-vectors of ints

    Returns
    -------
    array of int8, (vectors, columns)
        Cost: one float matrix product, and an integer one for each entry that its error bound leaves open.

    References
    ----------
    N. J. Higham, Accuracy and Stability of Numerical Algorithms, section 3.1 (error of an inner product).

    Examples
    --------
    >>> dot_signs([(1, -1), (10**30, 1)], [(1, 1), (-1, 0)]).tolist()
    [[0, -1], [1, -1]]
    """
    result = np.zeros((len(vectors), len(columns)), dtype=np.int8)
    if not len(vectors) or not len(columns):
        return result
    m = len(columns[0])
    if max((abs(q) for column in columns for q in column), default=0) < 2**53:
        tops = [max(map(abs, vector), default=0) or 1 for vector in vectors]
        # int / int is correctly rounded: relative error UNIT, or 2^-1074 where it underflows.
        left = np.array([[q / top for q in vector] for vector, top in zip(vectors, tops, strict=True)])
        right = np.array(columns, dtype=np.float64)
        dots = left.reshape(len(vectors), m) @ right.T
        bound = (2 * m + 8) * UNIT * (np.abs(left).reshape(len(vectors), m) @ np.abs(right).T) + m * 2.0**-960
        known = np.abs(dots) > bound
        result[known] = np.sign(dots[known]).astype(np.int8)
        open_pairs = np.argwhere(~known).tolist()
    else:
        open_pairs = [[i, j] for i in range(len(vectors)) for j in range(len(columns))]
    for i, j in open_pairs:
        dot = sum(map(int.__mul__, vectors[i], columns[j]))
        result[i, j] = (dot > 0) - (dot < 0)
    return result
