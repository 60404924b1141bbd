"""Float proposals for one subgradient of all moves of a case: cutting planes over the rays of the kinks.

For a direction u of neuron i ``sign phi_i(u) >= 0`` is linear in the slopes of the loss: a cut. Those of the rays
of the arrangement of a neuron's kinks, within its sides, and both ways of the space on which the kinks vanish, say all.
Only the violated ones enter a linear program. Nothing is believed: slopes are solved for over Q and proved by
coverings; mixtures of rays are moves whose descent is replayed, or say which kink to cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from exactgeo.deadline import Check
from exactgeo.exact.matrix import nullspace, rref
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.leaf_program import Case, Failure, Kinked, Moves, Part

__all__ = ["CutProposer", "Cuts", "Vertex"]

Array = NDArray[np.float64]
Cuts = dict[int, list[tuple[int, ...]]]
"""By neuron the directions u of the cuts ``sign phi(u) >= 0``."""


@dataclass(frozen=True)
class Vertex:
    """Slopes of a case: the cuts that they meet with equality, and where they are at their left or right derivative.

    Attributes
    ----------
    cuts : Cuts
    low, high : set of int
        Numbers of data points of the part.
    excess : list of float
        Slopes over the left derivatives.
    """

    cuts: Cuts
    low: set[int]
    high: set[int]
    excess: list[float]


SMALL = 1e-9
FEASIBLE, TIGHT = 1e-8, 1e-10
MOST_RAYS = 40_000
"""Rays of a neuron that are listed; of more, about this many at random."""
ROOM = 3 * 10**7
"""Bound on rays times kinks, of all neurons."""
WORK = 4 * 10**7
"""Bound on rays times the cube of their dimension."""
A_ROUND, A_NEURON = 100, 30
"""Cuts that enter a program at once, of all neurons and of one."""


class _Rays:
    """The functions of a neuron as float matrices over the slopes, and the rays of its kinks.

    ``at`` holds one of the two directions of each ray, largest entry 1; ``subsets`` the kinks that determine it;
    ``sides`` the forms of all kinks there, ``heights`` their absolute values.
    """

    def __init__(self, neuron: Kinked, rng: np.random.Generator, most: int) -> None:
        self.rows = list(neuron.forms)
        self.forms = [neuron.forms[row] for row in self.rows]
        self.size, width = len(neuron.linear), len(neuron.outputs)
        self.linear = np.array(neuron.linear, dtype=float).reshape(self.size, width)
        bends = [neuron.bends[row] for row in self.rows]
        self.right = np.array([right for right, _ in bends], dtype=float).reshape(len(bends), width)
        self.left = np.array([left for _, left in bends], dtype=float).reshape(len(bends), width)
        self.shapes = np.array(self.forms, dtype=float).reshape(len(bends), self.size)
        _, self.pivots = rref(self.forms, self.size)
        self.still = nullspace(self.forms, self.size)
        self.at, self.subsets = self._list(rng, most)
        self.sides = self.at @ self.shapes.T
        self.sides[np.abs(self.sides) < SMALL * np.abs(self.shapes).max(initial=1)] = 0
        self.heights = np.abs(self.sides)
        # A kink is the mean of its slopes, and half of what it bends by times the height.
        self.odd = self.linear + self.shapes.T @ (self.right + self.left) / 2
        self.even = (self.right - self.left) / 2

    def _list(self, rng: np.random.Generator, most: int) -> tuple[Array, NDArray[np.int64]]:
        """Cross products of all but one of as many kinks as are independent."""
        rank, count = len(self.pivots), len(self.forms)
        if not rank:
            return np.zeros((0, self.size)), np.zeros((0, 0), dtype=np.int64)
        most = max(1, min(most, WORK // rank**3))
        if comb(count, rank - 1) <= most:
            chosen = list(combinations(range(count), rank - 1))
            subsets = np.array(chosen, dtype=np.int64).reshape(len(chosen), rank - 1)
        else:
            subsets = np.argsort(rng.random((most, count)), axis=1)[:, : rank - 1]
        shapes = self.shapes[:, self.pivots] / np.abs(self.shapes).max(axis=1, keepdims=True)
        tables = shapes[subsets]
        found = np.ones((len(subsets), rank))
        for k in range(rank if rank > 1 else 0):
            found[:, k] = (-1) ** k * np.linalg.det(np.delete(tables, k, axis=2))
        length = np.abs(found).max(axis=1)
        kept = length > SMALL
        found, subsets = found[kept] / length[kept][:, None], subsets[kept]
        lead = np.argmax(np.abs(found) > SMALL, axis=1)
        found *= np.sign(found[np.arange(len(found)), lead])[:, None]
        _, first = np.unique(np.round(found, 9), axis=0, return_index=True)
        lifted = np.zeros((len(first), self.size))
        lifted[:, self.pivots] = found[first]
        return lifted, subsets[first]

    def exact(self, index: int, way: int) -> tuple[int, ...] | None:
        """A ray in whole numbers; None where its kinks are dependent after all."""
        found = nullspace([[self.forms[j][k] for k in self.pivots] for j in self.subsets[index]], len(self.pivots))
        if len(found) != 1:
            return None
        whole = [0] * self.size
        for k, q in zip(self.pivots, found[0], strict=True):
            whole[k] = q
        turn = way if sum(float(p) * q for p, q in zip(self.at[index], whole, strict=True)) > 0 else -way
        return tuple(turn * q for q in whole)

    def function(self, index: int, way: int) -> Array:
        """phi at a ray, as a function of the slopes."""
        found: Array = way * self.at[index] @ self.odd + self.heights[index] @ self.even
        return found

    def values(self, slopes: Array) -> Array:
        """phi at all rays, one way and then the other."""
        odd, even = self.at @ (self.odd @ slopes), self.heights @ (self.even @ slopes)
        return np.concatenate([even + odd, even - odd])

    def within(self, sides: Mapping[int, int]) -> NDArray[np.bool_]:
        """Which rays, one way and then the other, are on these sides of kinks."""
        kept = np.ones((2, len(self.at)), dtype=bool)
        for row, side in sides.items():
            column = side * self.sides[:, self.rows.index(row)]
            kept &= np.stack([column >= 0, column <= 0])
        return kept.ravel()


@dataclass(frozen=True)
class _Row:
    """A function of the slopes, largest coefficient 1: >= 0 for a cut, by ``entry`` of its ray; 0 for an equation.

    ``move`` is the kind of move that it is ``1 / size`` times the change of the loss by; ``way`` its direction.
    """

    move: str
    number: int
    row: Array
    size: float
    way: tuple[int, ...] = ()
    entry: int = 0

    @classmethod
    def of(cls, move: str, number: int, row: Array, way: tuple[int, ...] = (), entry: int = 0) -> _Row:
        size = float(np.abs(row).max(initial=0)) or 1.0
        return cls(move, number, row / size, size, way, entry)


class CutProposer:
    """The cuts of a part, listed once; those that mattered to the last case are tried first on the next one."""

    def __init__(self, part: Part, check: Check) -> None:
        self.part = part
        rng = np.random.default_rng(0)
        self.rays: dict[int, _Rays] = {}
        for i, neuron in part.neurons.items():
            check()
            most = ROOM // (len(part.neurons) * (1 + len(neuron.forms)))
            self.rays[i] = _Rays(neuron, rng, max(1, min(MOST_RAYS, most)))
        self.widths = np.array([float(q) for q in part.widths])
        self.equations = [row for row in self._equations() if row.row.any()]
        self.kept: list[_Row] = []

    def propose(self, case: Case, check: Check) -> Vertex | Failure | None:
        """Slopes for all moves of a case, or moves that show that there are none.

        None where floats cannot say, and where an output weight has been given a sign.
        """
        if case.signs:
            return None
        inside = self._inside(case)
        cuts = [cut for cut in self.kept if inside[cut.number][cut.entry]]
        while True:
            check()
            found = self._solve(cuts)
            if found is None:
                return None
            slopes, slack, weights = found
            new = list(self._violated(slopes, slack, inside))
            if not new:
                break
            cuts += new
        above = [float(cut.row @ slopes) + slack for cut in cuts]
        self.kept = [cut for cut, q in zip(cuts, above, strict=True) if q < 1e-3]
        if slack > FEASIBLE:
            return self._mixture([*cuts, *self.equations], weights, slopes)
        tight: Cuts = {}
        for cut, q in zip(cuts, above, strict=True):
            if abs(q) < TIGHT:
                self._add(tight, cut.number, cut.entry)
        excess = slopes[:-1]
        low, high = np.flatnonzero(excess <= SMALL), np.flatnonzero(excess >= self.widths - SMALL)
        return Vertex(tight, set(map(int, low)), set(map(int, high)), list(map(float, excess)))

    def violated(self, case: Case, slopes: Sequence[Fraction], strict: Sequence[int]) -> Cuts:
        """Directions of cuts that exact slopes seem to violate."""
        point = np.array([*map(float, slopes), 1.0])
        inside, found = self._inside(case), Cuts()
        for i, rays in self.rays.items():
            sign = self.part.neurons[i].state.sign or case.signs.get(i, 0)
            if not sign or i in strict:
                continue
            values = np.where(inside[i], sign * rays.values(point), 0)
            for entry in np.argsort(values)[: 1 + A_ROUND // len(self.rays)]:
                if values[entry] < -FEASIBLE:
                    self._add(found, i, int(entry))
        return found

    def _inside(self, case: Case) -> dict[int, NDArray[np.bool_]]:
        sides: dict[int, dict[int, int]] = {i: {} for i in self.rays}
        for (i, row), side in case.sides.items():
            sides[i][row] = side
        return {i: rays.within(sides[i]) for i, rays in self.rays.items()}

    def _add(self, found: Cuts, i: int, entry: int) -> None:
        rays = self.rays[i]
        u = rays.exact(entry % len(rays.at), 1 if entry < len(rays.at) else -1)
        if u is not None:
            found.setdefault(i, []).append(u)

    def _equations(self) -> Iterator[_Row]:
        """What is 0 for all slopes, and the move that each stands for."""
        for k, function in self.part.affine.items():
            yield _Row.of("affine", k, np.array(function, dtype=float))
        for i, neuron in self.part.neurons.items():
            rays, sign = self.rays[i], neuron.state.sign
            if self.part.moved:
                yield _Row.of("outputs", i, (sign or 1) * np.array(neuron.outputs, dtype=float))
            if sign:
                for u in rays.still:
                    yield _Row.of("inputs", i, sign * np.array(u, dtype=float) @ rays.linear, u)
            else:
                for row in (*rays.even, *rays.odd):
                    yield _Row.of("both", i, row)

    def _solve(self, cuts: Sequence[_Row]) -> tuple[Array, float, Array] | None:
        """Slopes that violate the cuts as little as possible, by how much, and how each cut and equation counts."""
        count = len(self.widths)
        rows, equal = (
            np.array([row.row for row in some]).reshape(len(some), count + 1) for some in (cuts, self.equations)
        )
        answer = linprog(
            np.append(np.zeros(count), 1.0),
            A_ub=np.column_stack([-rows[:, :-1], -np.ones(len(rows))]),
            b_ub=rows[:, -1],
            A_eq=np.column_stack([equal[:, :-1], np.zeros(len(equal))]),
            b_eq=-equal[:, -1],
            bounds=[*((0, width) for width in self.widths), (0, None)],
            method="highs-ds",
            options={"primal_feasibility_tolerance": TIGHT, "dual_feasibility_tolerance": TIGHT},
        )
        if answer.status:
            return None
        point = np.asarray(answer.x, dtype=float)
        weights = np.concatenate([-answer.ineqlin.marginals, answer.eqlin.marginals])
        return np.append(point[:count], 1.0), float(point[count]), weights

    def _violated(self, slopes: Array, slack: float, inside: Mapping[int, NDArray[np.bool_]]) -> list[_Row]:
        """The cuts that are violated most, by more than the slack."""
        found: list[tuple[float, _Row]] = []
        for i, rays in self.rays.items():
            sign = self.part.neurons[i].state.sign
            if not sign or not len(rays.at):
                continue
            values = np.where(inside[i], sign * rays.values(slopes), 0)
            entries = np.flatnonzero(values < -FEASIBLE)
            if len(entries) > A_NEURON:
                entries = entries[np.argpartition(values[entries], A_NEURON)[:A_NEURON]]
            for entry in map(int, entries):
                index, way = entry % len(rays.at), 1 if entry < len(rays.at) else -1
                cut = _Row.of("cut", i, sign * rays.function(index, way), entry=entry)
                value = float(cut.row @ slopes)
                if value < -slack - FEASIBLE:
                    found.append((value, cut))
        return [cut for _, cut in sorted(found, key=lambda pair: pair[0])[:A_ROUND]]

    def _mixture(self, rows: Sequence[_Row], weights: Array, slopes: Array) -> Failure:
        """The moves that cuts and equations make together, and what these use both ways of concave kinks."""
        part, zero = self.part, Fraction(0)
        single: dict[str, dict[int, float]] = {"affine": {}, "outputs": {}, "both": {}}
        inputs = {i: np.zeros(rays.size) for i, rays in self.rays.items()}
        used = {i: np.zeros((2, len(rays.forms))) for i, rays in self.rays.items()}
        for row, weight in zip(rows, weights, strict=True):
            move, i = float(weight) / row.size, row.number
            if abs(weight) <= SMALL:
                continue
            if row.move == "cut":
                rays = self.rays[i]
                index, way = row.entry % len(rays.at), 1 if row.entry < len(rays.at) else -1
                inputs[i] += move * way * rays.at[index]
                sides = move * way * rays.sides[index]
                used[i] += np.stack([np.maximum(sides, 0), np.maximum(-sides, 0)])
            elif row.move == "inputs":
                inputs[i] += move * np.array(row.way, dtype=float)
            else:
                kind = row.move if row.move == "affine" or part.neurons[i].state.v else "both"
                single[kind][i] = single[kind].get(i, 0.0) + (abs(move) if kind == "both" else move)
        gaps: dict[tuple[int, int | None], float] = {(i, None): size for i, size in single["both"].items()}
        ways: dict[tuple[int, int | None], int] = dict.fromkeys(gaps, 1)
        for i, (plus, minus) in used.items():
            rays, sign = self.rays[i], part.neurons[i].state.sign
            score = np.minimum(plus, minus) * np.maximum(-sign * rays.even @ slopes, 0)
            for j in np.flatnonzero(score > SMALL):
                gaps[i, rays.rows[j]] = float(score[j])
                ways[i, rays.rows[j]] = 1 if plus[j] >= minus[j] else -1
        affine, outputs = ({k: Fraction(q) for k, q in single[kind].items()} for kind in ("affine", "outputs"))
        moves = Moves(affine, outputs, {i: tuple(zero + Fraction(float(q)) for q in u) for i, u in inputs.items()})
        order = sorted(gaps, key=lambda key: (key[1] is not None, -gaps[key]))
        return Failure((moves,), tuple(order), ways)
