"""Float proposals of supports for many non-negative least squares problems over shared columns.

Nothing here is believed; settle.py decides. Lawson and Hanson's active-set method for a whole batch at a time: one
matrix product and one batched solve an iteration, so that numpy's cost a call is shared by all problems of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

__all__ = ["Proposer"]

AT_ONCE = 2048
"""Problems solved together; more would leave the processor's caches."""


class Proposer:
    """Least ``|target - columns w|`` over w >= 0 on any subset of the columns, modulo the lines."""

    def __init__(self, columns: Sequence[Sequence[int]], lines: Sequence[Sequence[int]], target: Sequence[int]) -> None:
        top = max(map(abs, target), default=0) or 1
        scales = [max(map(abs, column)) or 1 for column in columns]
        # int / int is correctly rounded for integers of any length; float(int) overflows.
        matrix = np.array([[q / s for q in column] for column, s in zip(columns, scales, strict=True)])
        matrix = matrix.reshape(len(columns), len(target))
        goal = np.array([q / top for q in target])
        if lines:
            span = np.array([[q / (max(map(abs, line)) or 1) for q in line] for line in lines]).T
            basis, _ = np.linalg.qr(span)
            matrix = matrix - (matrix @ basis) @ basis.T
            goal = goal - basis @ (basis.T @ goal)
        length = np.linalg.norm(matrix, axis=1)
        # A column in the span of the lines cannot enter.
        self._usable = length > 1e-10
        self._matrix = matrix / np.where(self._usable, length, 1.0)[:, None]
        self._gram = self._matrix @ self._matrix.T
        self._dots = self._matrix @ goal
        self._room = max(1, min(len(columns), len(target) - len(lines)))
        self._threshold = 1e-10 * max(1.0, float(np.abs(goal).max(initial=0.0)))

    def supports(self, allowed: Bools) -> Bools:
        """One problem a row of ``allowed``: the columns its optimum probably uses."""
        found = np.zeros_like(allowed)
        for first in range(0, len(allowed), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            try:
                self._solve(allowed[part] & self._usable, found[part])
            except np.linalg.LinAlgError:
                # A singular system somewhere in the batch: the exact method starts from nothing there.
                continue
        return found

    def _solve(self, allowed: Bools, found: Bools) -> None:
        room, n = self._room, allowed.shape[1]
        if not n:
            return
        rows = np.arange(len(allowed))
        chosen = np.zeros((len(rows), room), dtype=np.intp)
        filled = np.zeros((len(rows), room), dtype=bool)
        weights = np.zeros((len(rows), room))
        ready: Bools = np.ones(len(rows), dtype=bool)
        free = allowed.copy()
        for _ in range(6 * room + 20):
            here = np.flatnonzero(ready)
            if len(here):
                gap = self._dots - self._products(chosen[here], weights[here])
                gap[~free[here]] = -1.0
                best = gap.argmax(axis=1)
                enter = (gap[np.arange(len(here)), best] > self._threshold) & ~filled[here].all(axis=1)
                done, here, best = here[~enter], here[enter], best[enter]
                at = np.broadcast_to(rows[done][:, None], (len(done), room))[filled[done]]
                found[at, chosen[done][filled[done]]] = True
                place = (~filled[here]).argmax(axis=1)
                chosen[here, place] = best
                filled[here, place] = True
                weights[here, place] = 0.0
                free[here, best] = False
                if len(done):
                    keep = np.ones(len(rows), dtype=bool)
                    keep[done] = False
                    rows, chosen, filled, weights = rows[keep], chosen[keep], filled[keep], weights[keep]
                    ready, free = ready[keep], free[keep]
                if not len(rows):
                    return
            best_weights = self._unconstrained(chosen, filled)
            low = filled & (best_weights <= 1e-12)
            bad = low.any(axis=1)
            weights[~bad] = best_weights[~bad]
            ready = np.logical_not(bad)
            at = np.flatnonzero(bad)
            if len(at):
                old, new = weights[at], best_weights[at]
                ratio = np.where(low[at], old / np.maximum(old - new, 1e-300), np.inf)
                step = ratio.min(axis=1, keepdims=True)
                moved = old + np.minimum(step, 1.0) * (new - old)
                leave = low[at] & ((ratio <= step) | (moved <= 1e-14))
                moved[leave] = 0.0
                weights[at] = moved
                i, k = np.nonzero(leave)
                filled[at[i], k] = False
                column = chosen[at[i], k]
                free[at[i], column] = True
                chosen[at[i], k] = 0
        # What has not ended (cycling by rounding) proposes where it stands.
        found[np.broadcast_to(rows[:, None], filled.shape)[filled], chosen[filled]] = True

    def _products(self, chosen: npt.NDArray[np.intp], weights: Floats) -> Floats:
        point = np.einsum("bk,bkm->bm", weights, self._matrix[chosen])
        return np.asarray(point @ self._matrix.T, dtype=np.float64)

    def _unconstrained(self, chosen: npt.NDArray[np.intp], filled: Bools) -> Floats:
        used = int(np.flatnonzero(np.any(filled, axis=0)).max(initial=-1)) + 1
        part, on = chosen[:, :used], filled[:, :used]
        gram = self._gram[part[:, :, None], part[:, None, :]]
        gram *= on[:, :, None] & on[:, None, :]
        diagonal = np.arange(used)
        gram[:, diagonal, diagonal] += np.where(on, 1e-15, 1.0)
        solution = np.zeros(chosen.shape)
        solution[:, :used] = np.linalg.solve(gram, (self._dots[part] * on)[:, :, None])[:, :, 0]
        return solution
