"""Float proposals of bases for many convex programs over shared columns.

Nothing here is believed; :mod:`exactgeo.basin.batch` decides. An active-set method pivots from basis to basis: at a
basis it has a price vector, lets the column of the largest positive <price, column> enter, and what then leaves depends
on the basis and that column alone, not on the columns that the program may use. So all programs over one list of
columns move on one graph of bases. Its edges are computed once, a batch of them at a time, and what a program costs is
the choice of the column that enters.

Where it ends does not depend on what was done before: a basis' numbers are computed from its columns in ascending
order, and ties go to the column of the least number.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from exactgeo.arrangement.bits import distinct

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Bases = npt.NDArray[np.int32]

__all__ = ["LeastSquares", "LinearProgram", "Pivoting"]

TOGETHER = 2048
"""Programs that move together; more would leave the processor's caches."""

TABULATED = 3000
"""Columns of which all products are kept."""

PADDED = 8
"""Least squares are solved in sizes that are multiples of this."""

TIES = 1 - 1e-6
"""Share of the largest product from which on a column is as good: rounding does not choose among equals."""


class Pivoting(ABC):
    """Programs over columns of which each may use some, and the last ones always.

    Attributes
    ----------
    bases : array of int32, (bases, room)
        Ascending columns of each basis known so far; the number of columns fills the rest of a row.
    """

    bases: Bases
    steps: int

    def __init__(self, transposed: Floats, usable: Bools, first: Sequence[int], room: int, threshold: float) -> None:
        self._columns_by_entry = np.ascontiguousarray(transposed)
        self._n = transposed.shape[1]
        self._usable = usable
        self._threshold = threshold
        self._room = room
        self.steps = 8 * room + 20
        self._first = np.full(room, self._n, dtype=np.int32)
        self._first[: len(first)] = first
        self.forget()

    def forget(self) -> None:
        """Forget every basis but the first, which has number 0."""
        self.bases = np.zeros((0, self._room), dtype=np.int32)
        self._weights: Floats = np.zeros((0, self._room))
        self._prices: Floats = np.zeros((0, self._columns_by_entry.shape[0]))
        self._numbers: dict[bytes, int] = {}
        self._edges: dict[int, int] = {}
        first = self._first[None]
        self._number(first, *self._state(first))

    def ends(self, allowed: Bools, starts: Numbers | None = None) -> Numbers:
        """For each program, a row of the columns it may use: the basis at which it ends, or where it got stuck.

        ``starts`` are bases of which it may use all columns; left out, the first basis.
        """
        result = np.zeros(len(allowed), dtype=np.int64) if starts is None else starts.copy()
        for first in range(0, len(allowed), TOGETHER):
            part = slice(first, first + TOGETHER)
            self._move(result[part], ~(allowed[part] & self._usable))
        return result

    def within(self, states: Numbers, allowed: Bools) -> Numbers:
        """Starts for :meth:`ends`: for each program, a row of the columns it may use, a basis of these near one of
        more columns; here the first."""
        return np.zeros(len(states), dtype=np.int64)

    @abstractmethod
    def weights(self, state: int) -> tuple[float, dict[int, float]]:
        """What the program with the columns as they were given is worth at a basis, and its weights of them."""

    def _move(self, state: Numbers, barred: Bools) -> None:
        active = np.arange(len(state))
        for _ in range(self.steps):
            gains = self._prices[state[active]] @ self._columns_by_entry
            np.copyto(gains, -1.0, where=barred)
            top = gains.max(axis=1, initial=-1.0)
            on = top > self._threshold
            if not on.all():
                active, barred, gains, top = active[on], barred[on], gains[on], top[on]
            if not len(active):
                return
            entering = (gains >= TIES * top[:, None]).argmax(axis=1)
            keys, back = np.unique(state[active] * self._n + entering, return_inverse=True)
            known = [self._edges.get(key, -2) for key in keys.tolist()]
            ends = np.array(known, dtype=np.int64)
            new = np.flatnonzero(ends == -2)
            if len(new):
                ends[new] = self._pivots(keys[new] // self._n, keys[new] % self._n)
                self._edges.update(zip(keys[new].tolist(), ends[new].tolist(), strict=True))
            moved = ends[back.reshape(-1)]
            on = moved >= 0
            if not on.all():
                active, barred, moved = active[on], barred[on], moved[on]
            state[active] = moved

    def _pivots(self, states: Numbers, entering: Numbers) -> Numbers:
        """Where each column leads from each basis; -1: nowhere, by rounding."""
        ends = np.full(len(states), -1, dtype=np.int64)
        try:
            self._pivot(states, entering, ends)
        except np.linalg.LinAlgError:
            # One singular system spoils its batch.
            if len(states) > 1:
                for i in range(len(states)):
                    ends[i] = self._pivots(states[i : i + 1], entering[i : i + 1])[0]
        ends[ends == states] = -1
        return ends

    @abstractmethod
    def _pivot(self, states: Numbers, entering: Numbers, ends: Numbers) -> None:
        """Fill ``ends``; -1 may stay where a basis has no room or a column cannot enter."""

    @abstractmethod
    def _state(self, bases: Bases) -> tuple[Floats, Floats]:
        """The weights and the price of each basis, from its ascending columns alone."""

    def _number(self, bases: Bases, weights: Floats, prices: Floats) -> Numbers:
        """The numbers of bases; those not known get the next ones."""
        raw, size = np.ascontiguousarray(bases).tobytes(), 4 * self._room
        count, fresh, found = len(self._numbers), [], []
        for i in range(len(bases)):
            number = self._numbers.setdefault(raw[i * size : (i + 1) * size], count)
            if number == count:
                count += 1
                fresh.append(i)
            found.append(number)
        short = count - len(self.bases)
        if short > 0:
            more = max(short, len(self.bases), 64)
            self.bases = np.concatenate([self.bases, np.full((more, self._room), self._n, dtype=np.int32)])
            self._weights = np.concatenate([self._weights, np.zeros((more, self._room))])
            self._prices = np.concatenate([self._prices, np.zeros((more, self._prices.shape[1]))])
        new = slice(count - len(fresh), count)
        self.bases[new], self._weights[new], self._prices[new] = bases[fresh], weights[fresh], prices[fresh]
        return np.array(found, dtype=np.int64)

    def numbered(self, raw: Sequence[bytes]) -> list[int]:
        """The numbers of bases, each a row of :attr:`bases` as bytes, from here or from another process."""
        fresh = list(dict.fromkeys(part for part in raw if part not in self._numbers))
        if fresh:
            bases = np.frombuffer(b"".join(fresh), dtype=np.int32).reshape(len(fresh), self._room)
            try:
                self._number(bases, *self._state(bases))
            except np.linalg.LinAlgError:
                # Elsewhere it was none; the search goes on from the first.
                return [self._numbers.get(part, 0) for part in raw]
        return [self._numbers[part] for part in raw]

    @property
    def known(self) -> int:
        """Number of bases known."""
        return len(self._numbers)


def _scaled(vectors: Sequence[Sequence[int]], size: int) -> Floats:
    """Each vector by its largest entry; int / int is correctly rounded for integers of any length, float(int)
    overflows."""
    tops = [max(map(abs, vector), default=0) or 1 for vector in vectors]
    return np.array([[q / top for q in v] for v, top in zip(vectors, tops, strict=True)]).reshape(len(vectors), size)


def _top(vector: Sequence[int]) -> float:
    """The largest entry, what :func:`_scaled` divides by."""
    return float(min(max(map(abs, vector), default=0) or 1, 10**300))


class LeastSquares(Pivoting):
    """Lawson and Hanson's method for the distance of a goal to cones; a basis is a support, its price the residual."""

    def __init__(
        self, columns: Sequence[Sequence[int]], lines: Sequence[Sequence[int]], distant: Sequence[int]
    ) -> None:
        size = len(distant)
        matrix = _scaled(columns, size)
        goal = _scaled([distant], size)[0]
        if lines:
            basis, _ = np.linalg.qr(_scaled(lines, size).T)
            matrix = matrix - (matrix @ basis) @ basis.T
            goal = goal - basis @ (basis.T @ goal)
        length = np.linalg.norm(matrix, axis=1)
        # A column in the span of the lines cannot enter.
        usable: Bools = length > 1e-10
        matrix = np.where(usable[:, None], matrix, 0.0) / np.where(usable, length, 1.0)[:, None]
        self._tops = np.array([_top(column) for column in columns]) * np.where(usable, length, 1.0)
        self._goal_top = _top(distant)
        self._matrix = np.vstack([matrix, np.zeros((1, size))])
        # Every product of two columns, unless they are very many.
        self._gram = self._matrix @ self._matrix.T if len(matrix) <= TABULATED else None
        self._dots = self._matrix @ goal
        self._goal = goal
        room = max(1, min(len(matrix), size - len(lines)))
        super().__init__(matrix.T, usable, (), room, 1e-10)

    def within(self, states: Numbers, allowed: Bools) -> Numbers:
        """The part of a support that may be used, less what then has no positive weight."""
        bases, found = self.bases[states].copy(), np.zeros(len(states), dtype=np.int64)
        padded = np.hstack([allowed, np.zeros((len(allowed), 1), dtype=bool)])
        bases[~np.take_along_axis(padded, bases, 1)] = self._n
        rows = np.arange(len(states))
        while len(rows):
            bases = np.sort(bases, axis=1)
            try:
                weights, price = self._state(bases)
            except np.linalg.LinAlgError:
                return found
            low = (bases < self._n) & (weights <= 1e-12)
            bad = low.any(axis=1)
            found[rows[~bad]] = self._number(bases[~bad], weights[~bad], price[~bad])
            bases[low] = self._n
            rows, bases = rows[bad], bases[bad]
        return found

    def weights(self, state: int) -> tuple[float, dict[int, float]]:
        """The squared distance, and the weights."""
        size = int((self.bases[state] < self._n).sum())
        columns, price = self.bases[state, :size], self._prices[state]
        found = self._weights[state, :size] * self._goal_top / self._tops[columns]
        return float(price @ price) * self._goal_top**2, dict(zip(columns.tolist(), found.tolist(), strict=True))

    def _pivot(self, states: Numbers, entering: Numbers, ends: Numbers) -> None:
        at = np.flatnonzero(self.bases[states, -1] == self._n)
        bases, weights = self.bases[states[at]], self._weights[states[at]]
        bases[:, -1] = entering[at]
        while len(at):
            order = bases.argsort(axis=1, kind="stable")
            bases, weights = np.take_along_axis(bases, order, 1), np.take_along_axis(weights, order, 1)
            target, price = self._state(bases)
            low = (bases < self._n) & (target <= 1e-12)
            bad = low.any(axis=1)
            ends[at[~bad]] = self._number(bases[~bad], target[~bad], price[~bad])
            at, bases, weights, target, low = at[bad], bases[bad], weights[bad], target[bad], low[bad]
            if len(at):
                # Towards the least squares weights, until the first one vanishes.
                ratio = np.where(low, weights / np.maximum(weights - target, 1e-300), np.inf)
                step = ratio.min(axis=1, keepdims=True)
                weights = weights + np.minimum(step, 1.0) * (target - weights)
                leave = low & ((ratio <= step) | (weights <= 1e-14))
                weights[leave] = 0.0
                bases[leave] = self._n

    def _state(self, bases: Bases) -> tuple[Floats, Floats]:
        sizes = (bases < self._n).sum(axis=1)
        used = int(sizes.max(initial=0))
        # Numbers that do not depend on what else is in the batch: each system has a size of its own.
        padded = np.minimum(-(-sizes // PADDED) * PADDED, self._room)
        weights = np.zeros(bases.shape)
        for size in distinct(padded).tolist():
            rows = np.flatnonzero(padded == size)
            part = bases[rows, :size]
            if self._gram is not None:
                gram = self._gram[part[:, :, None], part[:, None, :]]
            else:
                chosen = self._matrix[part]
                gram = chosen @ chosen.transpose(0, 2, 1)
            diagonal = np.arange(size)
            gram[:, diagonal, diagonal] += np.where(part < self._n, 1e-15, 1.0)
            weights[rows, :size] = np.linalg.solve(gram, self._dots[part][:, :, None])[:, :, 0]
        price = np.repeat(self._goal[None], len(bases), axis=0)
        # Term by term: a matrix product may round each row by its place in the batch.
        for k in range(used):
            price -= weights[:, k, None] * self._matrix[bases[:, k]]
        return weights, price


class LinearProgram(Pivoting):
    """The simplex method for linear programs min <cost, x>, ``columns x = goal``, x >= 0; a price is (duals, 1).

    The goal is shifted a little, each entry otherwise, so that no basic weight is 0: else the method could go in
    circles. Whether the basis found serves the goal itself is for exact arithmetic to say.
    """

    def __init__(
        self,
        columns: Sequence[Sequence[int]],
        costs: Sequence[int],
        wanted: Sequence[int],
        slacks: Sequence[tuple[int, int]],
    ) -> None:
        size = len(wanted)
        tops = [max(map(abs, column), default=0) or 1 for column in columns]
        matrix = _scaled(columns, size)
        self._matrix = matrix
        self._tops, self._goal_top = np.array([_top(column) for column in columns]), _top(wanted)
        self._costs = np.array([q / top for q, top in zip(costs, tops, strict=True)])
        goal = np.array([float(q) for q in _scaled([wanted], size)[0]])
        shift = np.random.default_rng(size).uniform(0.5, 1.0, size)
        self._goal = goal + 1e-7 * np.where(goal < 0, -shift, shift)
        first = [a if q > 0 else b for (a, b), q in zip(slacks, self._goal.tolist(), strict=True)]
        usable: Bools = np.abs(matrix).max(axis=1, initial=0.0) > 0
        super().__init__(np.vstack([matrix.T, -self._costs]), usable, sorted(first), size, 1e-9)

    def weights(self, state: int) -> tuple[float, dict[int, float]]:
        """The least cost, and the weights."""
        columns = self.bases[state]
        found = self._weights[state] * self._goal_top / self._tops[columns]
        cost = float((self._costs[columns] * self._tops[columns]) @ found)
        return cost, dict(zip(columns.tolist(), found.tolist(), strict=True))

    def _pivot(self, states: Numbers, entering: Numbers, ends: Numbers) -> None:
        bases, weights = self.bases[states].copy(), self._weights[states]
        square = self._matrix[bases].transpose(0, 2, 1)
        into = np.linalg.solve(square, self._matrix[entering][:, :, None])[:, :, 0]
        up = into > 1e-9
        ratio = np.where(up, np.maximum(weights, 0.0) / np.where(up, into, 1.0), np.inf)
        at = np.flatnonzero(up.any(axis=1))
        bases[at, ratio[at].argmin(axis=1)] = entering[at]
        bases = np.sort(bases[at], axis=1)
        ends[at] = self._number(bases, *self._state(bases))

    def _state(self, bases: Bases) -> tuple[Floats, Floats]:
        square = self._matrix[bases]
        goal = np.broadcast_to(self._goal, (len(bases), len(self._goal)))
        weights: Floats = np.zeros(bases.shape)
        weights[:] = np.linalg.solve(square.transpose(0, 2, 1), goal[:, :, None])[:, :, 0]
        prices: Floats = np.ones((len(bases), len(self._goal) + 1))
        prices[:, :-1] = np.linalg.solve(square, self._costs[bases][:, :, None])[:, :, 0]
        return weights, prices
