"""Signs of integer dot products: floats where a forward error bound decides, integers where it does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Signs = npt.NDArray[np.int8]

__all__ = ["ResidualSigns", "dot_signs"]

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


class ResidualSigns:
    """Signs of <residual, column> for least squares residuals, from the rational weights alone.

    Parameters
    ----------
    vectors : sequence of m-vectors of ints
        What residuals are formed with.
    goal : m-vector of ints
    exact : callable (weights, bottom, indices) -> list of int
        Positive multiples of the products of a residual with ``vectors[index]``, for where floats leave them open.

    Examples
    --------
    >>> signs = ResidualSigns([(1, 0), (0, 1)], (2, -3), lambda weights, bottom, indices: [0] * len(indices))
    >>> signs([({0: 4}, 2)]).tolist()
    [[0, -1]]
    """

    def __init__(
        self,
        vectors: Sequence[Sequence[int]],
        goal: Sequence[int],
        exact: Callable[[dict[int, int], int, list[int]], list[int]],
    ) -> None:
        self._exact = exact
        # Output weights of both signs give each column and its opposite: one of the two is enough.
        lines: dict[tuple[int, ...], int] = {}
        self._first: list[int] = []
        line_of, orientation = [], []
        for index, vector in enumerate(map(tuple, vectors)):
            opposite = lines.get(tuple(-q for q in vector))
            line_of.append(lines.setdefault(vector, len(lines)) if opposite is None else opposite)
            orientation.append(1 if opposite is None else -1)
            if line_of[-1] == len(self._first):
                self._first.append(index)
        self._line_of = np.array(line_of, dtype=np.intp)
        self._orientation = np.array(orientation, dtype=np.int8)
        vectors = list(lines)
        self._tops = [max(map(abs, vector), default=0) or 1 for vector in vectors]
        self._top = max(map(abs, goal), default=0) or 1
        # int / int is correctly rounded: relative error UNIT, or 2^-1074 where it underflows.
        scaled = [[q / top for q in vector] for vector, top in zip(vectors, self._tops, strict=True)]
        self._vectors = np.array(scaled).reshape(len(vectors), len(goal))
        self._goal = np.array([q / self._top for q in goal])

    def __call__(self, solutions: Sequence[tuple[dict[int, int], int]]) -> Signs:
        """One row a solution: the weight of ``vectors[i]`` is ``weights[i] / bottom``, and the residual is orthogonal
        to the vectors that have a weight."""
        size, m = len(self._vectors), len(self._goal)
        result = np.zeros((len(solutions), size), dtype=np.int8)
        if not len(solutions) or not size:
            return result[:, self._line_of]
        room = max(1, *(len(weights) for weights, _ in solutions))
        chosen = np.zeros((len(solutions), room), dtype=np.intp)
        coefficients = np.zeros((len(solutions), room))
        line_of, orientation = self._line_of.tolist(), self._orientation.tolist()
        for row, (weights, bottom) in enumerate(solutions):
            for k, (index, q) in enumerate(weights.items()):
                i = chosen[row, k] = line_of[index]
                try:
                    coefficients[row, k] = orientation[index] * q * self._tops[i] / (bottom * self._top)
                except OverflowError:
                    coefficients[row, k] = np.inf
        residual = np.repeat(self._goal[None], len(solutions), axis=0)
        size_of = np.abs(residual)
        with np.errstate(invalid="ignore", over="ignore"):
            for k in range(room):
                term = coefficients[:, k, None] * self._vectors[chosen[:, k]]
                residual -= term
                size_of += np.abs(term)
            dots = residual @ self._vectors.T
            bound = (4 * (m + room) + 64) * UNIT * (size_of @ np.abs(self._vectors).T) + (m + room) * 2.0**-900
            known = np.abs(dots) > bound
        result[known] = np.sign(dots[known]).astype(np.int8)
        # The residual is orthogonal to these, as the caller has checked.
        owners = np.repeat(np.arange(len(solutions)), room)
        used = (coefficients != 0).reshape(-1)
        known[owners[used], chosen.reshape(-1)[used]] = True
        result[owners[used], chosen.reshape(-1)[used]] = 0
        for i in np.flatnonzero(~known.all(axis=1)).tolist():
            open_lines = np.flatnonzero(~known[i]).tolist()
            dots = self._exact(*solutions[i], [self._first[j] for j in open_lines])
            result[i, open_lines] = [(dot > 0) - (dot < 0) for dot in dots]
        return result[:, self._line_of] * self._orientation
