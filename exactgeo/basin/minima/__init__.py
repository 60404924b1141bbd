"""Every loss at which the training loss has a local minimum, and the connected sets of local minimisers.

Let r be the loss derivatives at a point and F(u) = sum_t r_t a(<u, x_t>). By the theorem of
:mod:`exactgeo.local_minimum`, with the whole hidden layer trained, the point is a local minimum iff sum_t r_t = 0
(output bias trained) and for every neuron w_i is a local minimum of sign(v_i) F (of nothing when v_i is frozen at 0;
F = 0 around w_i when v_i = 0 is trained).

*Candidates.* A local minimum is a minimum of every basin it lies in, and the derivatives r at a basin's minimum are
unique for a differentiable loss: so r is one of the finitely many gradients of the census.

*Faces.* F is linear on every region and 0 at a local minimum of +-F. So, for r fixed, whether w_i qualifies depends
on its face only: F = 0 on the rays of the face and +-F >= 0 on the rays of all regions that contain it (its star); =
0 on the star for v_i = 0.

*Existence.* The faces and signs of all neurons chosen, the predictions reached are the relative interior of the cone
of their columns (a sum of relative interiors is the relative interior of the sum): one linear program a set of columns.

*Connected sets.* A cell is a face and a sign for each neuron, and is connected. A cell touches another one's closure
iff the latter's faces are faces of its own and its signs are the same or 0, both nonempty. (If v_i becomes 0, keep
w_i: the cell with the larger face and sign 0 is nonempty too and lies between.) For r = 0 all faces qualify; then
closed basins and the facets between them suffice.

All this is for differentiable losses. The values of the absolute and the hinge loss are those of
:mod:`exactgeo.basin.minima.joint_faces`, without connected sets; the logistic loss has none.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from exactgeo.basin.cone_program import Vector
from exactgeo.basin.minima.candidates import Passed, passing
from exactgeo.basin.minima.faces import Candidate, height
from exactgeo.basin.reduction import Reduction
from exactgeo.errors import InternalError
from exactgeo.exact.rational import format_rational
from exactgeo.kinds import Kind, Strictness
from exactgeo.local_minimum import decide
from exactgeo.problem import Loss, Point, Problem

if TYPE_CHECKING:
    from exactgeo.basin.census import Census

__all__ = ["LocalMinima", "Minima", "MinimumSet"]

ZERO = Fraction(0)
MOST = 200_000
"""Distinct optima above which ``local_minimum_values`` is not begun."""

BUDGET = 30_000_000
"""Sets of columns formed before ``local_minimum_values`` gives up; ``local_minima`` knows no limit."""

JOINT = 3_000_000
"""The same for the absolute and the hinge loss: combinations of basins."""

DIFFERENTIABLE = ("squared", "half_squared", "huber", "squared_hinge")


@dataclass(frozen=True)
class MinimumSet:
    """A connected set of local minimisers, modulo permutation of exchangeable neurons.

    Attributes
    ----------
    point : Point
        A member.
    strictness, flat_dimension
        As in :class:`exactgeo.local_minimum.Decision`; None where that does not decide: a Huber loss with a residual
        of M or more, a squared hinge loss with a margin of 1.
    """

    point: Point
    strictness: Strictness | None
    flat_dimension: int | None

    def to_json(self) -> dict[str, Any]:
        return {
            "strictness": None if self.strictness is None else str(self.strictness),
            "flat_dimension": self.flat_dimension,
            "representative": self.point.to_dict(),
        }


@dataclass(frozen=True)
class LocalMinima:
    """All local minima of one loss value."""

    value: Fraction
    sets: tuple[MinimumSet, ...]

    @property
    def count(self) -> int:
        """Number of connected sets modulo permutation."""
        return len(self.sets)

    def to_json(self) -> dict[str, Any]:
        return {"value": format_rational(self.value), "count": self.count, "sets": [s.to_json() for s in self.sets]}


class _Ended(Exception):
    """The time or the budget is used up; says which."""


class Minima:
    """The local minima of a complete census; everything is computed on first use."""

    def __init__(self, census: Census) -> None:
        self._census = census
        self._reduction: Reduction = census.reduction
        self.reason = ""
        kind = self._reduction.program.kind
        if not census.complete:
            self.reason = "the search was ended before every basin had its value"
        elif kind == "logistic":
            self.reason = "local_minimum_values: minima of the logistic loss are not rational and are not listed"
        self.ended = False
        self._supported = not self.reason
        self._decoupled = kind in DIFFERENTIABLE
        self._left: float = math.inf
        self._end: float | None = None

    def _spend(self, work: int) -> None:
        self._left -= work
        if self._end is not None and time.monotonic() > self._end:
            raise _Ended("ended by the time limit")
        if self._left < 0:
            raise _Ended("above the budget of face combinations; --minima forces it")

    @contextmanager
    def _limits(self, name: str, budget: float) -> Iterator[None]:
        """Run with the time that is left and a budget; at their end ``reason`` says so."""
        seconds = self._census.seconds
        self._left, self._end = budget, None if seconds is None else time.monotonic() + seconds
        try:
            yield
        except (_Ended, KeyboardInterrupt) as end:
            self.ended = not str(end).startswith("above")
            self.reason = f"{name}: {end}" if isinstance(end, _Ended) else f"{name}: interrupted"

    def _passed(self) -> list[Passed]:
        """The residuals whose faces reach their predictions, by value."""
        found = []
        for passed in passing(self._reduction, self._census.settled):
            found += passed
            self._spend(0)
        return sorted(found, key=lambda passed: passed.value)

    def _candidate(self, passed: Passed) -> Candidate:
        self._spend(0)
        return Candidate(self._reduction, self._census.optimum_at(passed.place), passed.options, self._spend)

    def _candidates(self) -> list[Candidate]:
        """The distinct gradients among these."""
        found: dict[Vector, Candidate] = {}
        for candidate in map(self._candidate, self._passed()):
            found.setdefault(candidate.best.gradient, candidate)
        return list(found.values())

    @cached_property
    def values(self) -> list[Fraction] | None:
        """Every loss at which a local minimum exists, ascending; None with a reason above the budget."""
        if not self._supported:
            return None
        if "sets" in self.__dict__ and self.sets is not None:
            return [level.value for level in self.sets]
        if self._decoupled and self._census.distinct > MOST:
            self.reason = f"local_minimum_values: {self._census.distinct} distinct optima, above the budget of {MOST}"
            self.reason += "; --minima forces it"
            return None
        with self._limits("local_minimum_values", BUDGET if self._decoupled else math.inf):
            return self._values() if self._decoupled else self._by_joint_faces()
        return None

    def _values(self) -> list[Fraction]:
        lowest = self._census.minimum
        found: list[Fraction] = []
        for passed in self._passed():
            value = self._scaled(passed.value)
            if value not in found[-1:] and (value == lowest or self._candidate(passed).exists()):
                found.append(value)
        return found

    @cached_property
    def sets(self) -> list[LocalMinima] | None:
        """Connected sets of local minimisers by loss value, ascending, with a representative of small height each."""
        if not self._supported:
            return None
        if not self._decoupled:
            kind = self._reduction.program.kind
            self.reason = self.reason or f"local_minima: the connected sets of the {kind} loss are not counted"
            return None
        by_value: dict[Fraction, list[MinimumSet]] = {}
        with self._limits("local_minima", math.inf):
            for candidate in self._candidates():
                points = self._flat_zero() if not any(candidate.best.gradient) else candidate.components()
                if points:
                    value = self._scaled(candidate.value)
                    by_value.setdefault(value, []).extend(self._certified(point, value) for point in points)
            if self.reason.startswith("local_minimum_values"):
                self.reason, self.ended = "", False
            self.__dict__["values"] = sorted(by_value)
            return [LocalMinima(value, tuple(by_value[value])) for value in sorted(by_value)]
        return None

    def _by_joint_faces(self) -> list[Fraction] | None:
        from exactgeo.basin.minima.joint_faces import levels

        reduction = self._reduction
        known = {}
        for basin in self._census:
            self._spend(0)
            known[reduction.mask(basin.choice)] = basin.optimum
        found = levels(reduction, known, JOINT, self._spend)
        if found.reason:
            self.reason = f"local_minimum_values: {found.reason} ({reduction.program.kind} loss)"
            return None
        return [self._scaled(value) for value in found.points]

    def _scaled(self, value: Fraction) -> Fraction:
        return value * self._census.share

    def _certified(self, point: Point, value: Fraction) -> MinimumSet:
        problem = self._reduction.problem
        if problem.loss_at(point) != value:
            raise InternalError("a representative does not have its loss")
        decision = decide(_locally_squared(problem, point), point)
        if decision.kind is Kind.NOT_LOCAL_MINIMUM:
            raise InternalError("a representative of a set of local minima is no local minimum")
        if decision.kind is Kind.UNDECIDED:
            return MinimumSet(point, None, None)
        return MinimumSet(point, decision.strictness, decision.flat_dimension)

    def _flat_zero(self) -> list[Point]:
        """Representatives of the connected sets where every derivative is 0: closed basins joined through facets."""
        import networkx as nx

        from exactgeo.basin.batch import solve_masks

        census, reduction = self._census, self._reduction
        level = [basin for basin in census if not any(basin.optimum.gradient)]
        members = {basin.index for basin in level}
        graph = nx.Graph()
        graph.add_nodes_from(members)
        walls: dict[int, list[tuple[int, int]]] = {}
        for one, other, mask in census.walls():
            if one in members and other in members:
                walls.setdefault(mask, []).append((one, other))
        masks = list(walls)
        optima, owner = solve_masks(reduction.program, masks)
        for mask, o in zip(masks, owner, strict=True):
            if not any(optima[o].gradient):
                graph.add_edges_from(walls[mask])
        parts = sorted(sorted(part) for part in nx.connected_components(graph))
        return [min((_fit(census[i].minimiser) for i in part[:40]), key=height) for part in parts]


def _locally_squared(problem: Problem, point: Point) -> Problem:
    """A problem with a squared loss whose loss differs by a constant near the point, where there is one; else the same.

    Squared hinge: (1 - y p)^2 = (p - y)^2 for y = +-1, and data with margin above 1 do not count. Huber: half squared
    while no residual is as large as M.
    """
    kind, bound = problem.loss.kind, problem.loss.parameter or Fraction(1)
    pairs = [(p[0], y[0]) for p, y in zip(problem.predictions(point), problem.y, strict=True)]
    if kind == "huber" and all(abs(p - y) < bound for p, y in pairs):
        return replace(problem, loss=Loss("half_squared", problem.loss.reduction))
    margins = [y * p for p, y in pairs]
    if kind == "squared_hinge" and 1 not in margins and min(margins) < 1:
        kept = [t for t, margin in enumerate(margins) if margin < 1]
        x, y = tuple(problem.x[t] for t in kept), tuple(problem.y[t] for t in kept)
        return replace(problem, x=x, y=y, loss=Loss("squared"))
    return problem


def _fit(point: Point | None) -> Point:
    if point is None:
        raise InternalError("a basin without a minimiser among exact fits")
    return point
