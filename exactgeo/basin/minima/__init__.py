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
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, Generic, TypeVar

from exactgeo.basin.batch import solve_masks
from exactgeo.basin.facets import Facets
from exactgeo.basin.minima.candidates import Candidate, candidates
from exactgeo.basin.minima.faces import FaceSearch, height
from exactgeo.basin.minima.joint_faces import levels
from exactgeo.basin.table import Table
from exactgeo.errors import InternalError
from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import Vector
from exactgeo.frozen import dataclass
from exactgeo.kinds import Strictness
from exactgeo.local_minimum import Minimum, decide
from exactgeo.losses import Loss
from exactgeo.problem import Point, Problem
from exactgeo.shown import Shown

__all__ = ["LocalMinima", "MinimumSet", "SearchResult", "local_minima", "local_minimum_values", "out_of_scope"]

INCOMPLETE = "the search was ended before every basin had its value"
OPTIMA = 200_000
"""Distinct optima above which ``local_minimum_values`` is not begun."""

BUDGET = 30_000_000
"""Sets of columns formed before ``local_minimum_values`` gives up; ``local_minima`` knows no limit."""

JOINT = 3_000_000
"""The same for the absolute and the hinge loss: combinations of basins."""

T = TypeVar("T")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class MinimumSet(Shown):
    """A connected set of local minimisers, modulo permutation of exchangeable neurons.

    Attributes
    ----------
    point : Point
        A member.
    strictness, flat_dimension
        As in :class:`exactgeo.local_minimum.Minimum`; None where that does not decide: a Huber loss with a residual
        of M or more, a squared hinge loss with a margin of 1.
    """

    point: Point
    strictness: Strictness | None
    flat_dimension: int | None

    def to_json(self) -> dict[str, Any]:
        """As the command answers it."""
        return {
            "strictness": None if self.strictness is None else str(self.strictness),
            "flat_dimension": self.flat_dimension,
            "representative": self.point.to_dict(),
        }


@dataclass(frozen=True)
class LocalMinima(Shown):
    """All local minima of one loss value: ``sets``, one a connected set of them."""

    value: Fraction
    sets: tuple[MinimumSet, ...]

    @property
    def count(self) -> int:
        """Number of connected sets modulo permutation."""
        return len(self.sets)

    def to_json(self) -> dict[str, Any]:
        """As the command answers it."""
        return {"value": format_rational(self.value), "count": self.count, "sets": [s.to_json() for s in self.sets]}


@dataclass(frozen=True)
class SearchResult(Generic[T]):
    """What a search found, or why it found nothing; computed once, so it says the same whenever it is read.

    Attributes
    ----------
    items : tuple or None
        None with a reason.
    reason : str
        "" where there are items.
    ended : bool
        Whether the time limit or Ctrl-C ended the search.
    """

    items: tuple[T, ...] | None
    reason: str = ""
    ended: bool = False


class _Ended(Exception):
    """The time or the budget is used up; says which."""


class _Limit:
    """What one search may still spend: sets of columns formed, and the time until its end."""

    def __init__(self, budget: float, seconds: float | None, progress: Progress | None = None) -> None:
        self._left = budget
        self._end = None if seconds is None else time.monotonic() + seconds
        self._progress = progress

    def counted(self, items: Sequence[T]) -> Iterator[T]:
        """The items one after the other, each reported when the next is asked for."""
        for done, item in enumerate(items):
            if self._progress is not None:
                self._progress(done, len(items))
            yield item

    def spend(self, work: int) -> None:
        self._left -= work
        if self._end is not None and time.monotonic() > self._end:
            raise _OutOfTime("ended by the time limit")
        if self._left < 0:
            raise _Ended("above the budget of face combinations; --minima forces it")


class _OutOfTime(_Ended):
    """The time is used up."""


def local_minimum_values(
    table: Table, seconds: float | None = None, progress: Progress | None = None
) -> SearchResult[Fraction]:
    """Every loss at which a local minimum exists, ascending.

    Parameters
    ----------
    table : Table
    seconds : float, optional
        Afterwards, or above the budget, there are none, with a reason.
    progress : callable (done, total), optional

    Returns
    -------
    SearchResult of Fraction
        Cost: the gradients times the faces of a neuron in bit operations, and a linear program or a few for each
        gradient that they leave; for the absolute and the hinge loss all joint faces of the neurons.
    """
    name, loss, distinct = "local_minimum_values", table.reduction.program.loss, len(table.optima)
    if not table.complete:
        return SearchResult(None, INCOMPLETE)
    if not loss.rational:
        return SearchResult(None, f"{name}: {_not_rational(loss)}")
    if not loss.differentiable:
        return _searched(name, lambda limit: _values_by_joint_faces(table, limit), _Limit(math.inf, seconds, progress))
    if distinct > OPTIMA:
        reason = f"{distinct} distinct optima, above the budget of {OPTIMA}; --minima forces it"
        return SearchResult(None, f"{name}: {reason}")
    return _searched(name, lambda limit: _values(table, limit), _Limit(BUDGET, seconds, progress))


def local_minima(
    table: Table, facets: Facets, seconds: float | None = None, progress: Progress | None = None
) -> SearchResult[LocalMinima]:
    """Connected sets of local minimisers by loss value, ascending, with a representative of small height each.

    Parameters
    ----------
    table : Table
    facets : Facets
        Of this table.
    seconds : float, optional
        Afterwards there are none, with a reason; there is no budget.
    progress : callable (done, total), optional
    """
    name = "local_minima"
    if not table.complete:
        return SearchResult(None, INCOMPLETE)
    if reason := out_of_scope(table):
        return SearchResult(None, reason)
    return _searched(name, lambda limit: _sets(table, facets, limit), _Limit(math.inf, seconds, progress))


def out_of_scope(table: Table) -> str:
    """Why this loss has no ``local_minima`` whatever the limits; "" where it has."""
    loss = table.reduction.program.loss
    if not loss.rational:
        return f"local_minima: {_not_rational(loss)}"
    return "" if loss.differentiable else f"local_minima: the connected sets of the {loss.kind} loss are not counted"


def _not_rational(loss: Loss) -> str:
    return f"minima of the {loss.kind} loss are not rational and are not listed"


def _searched(name: str, search: Callable[[_Limit], Sequence[T]], limit: _Limit) -> SearchResult[T]:
    try:
        return SearchResult(tuple(search(limit)))
    except _Ended as end:
        return SearchResult(None, f"{name}: {end}", isinstance(end, _OutOfTime))
    except KeyboardInterrupt:
        return SearchResult(None, f"{name}: interrupted", True)


def reached(table: Table, limit: _Limit) -> list[Candidate]:
    """The gradients whose faces reach their predictions, by value."""
    found = []
    for part in candidates(table.reduction, table.optima):
        found += part
        limit.spend(0)
    return sorted(found, key=lambda candidate: candidate.value)


def searches(table: Table, limit: _Limit) -> list[FaceSearch]:
    """The distinct gradients among these."""
    found: dict[Vector, FaceSearch] = {}
    for search in (_search(table, candidate, limit) for candidate in reached(table, limit)):
        found.setdefault(search.best.gradient, search)
    return list(found.values())


def _search(table: Table, candidate: Candidate, limit: _Limit) -> FaceSearch:
    limit.spend(0)
    return FaceSearch(table.reduction, table.replayed(candidate.owner), candidate.faces, limit.spend)


def _values(table: Table, limit: _Limit) -> list[Fraction]:
    lowest, found = table.minimum, list[Fraction]()
    for candidate in limit.counted(reached(table, limit)):
        value = candidate.value
        if value not in found[-1:] and (value == lowest or _search(table, candidate, limit).exists()):
            found.append(value)
    return found


def _values_by_joint_faces(table: Table, limit: _Limit) -> list[Fraction]:
    reduction, known = table.reduction, {}
    for index in limit.counted(range(len(table))):
        limit.spend(0)
        known[reduction.mask(table.orbit(index))] = table.optimum(index)
    found = levels(reduction, known, JOINT, limit.spend)
    if found.reason:
        raise _Ended(f"{found.reason} ({reduction.program.loss.kind} loss)")
    return list(found.points)


def _sets(table: Table, facets: Facets, limit: _Limit) -> list[LocalMinima]:
    by_value: dict[Fraction, list[MinimumSet]] = {}
    for search in limit.counted(searches(table, limit)):
        points = exact_fits(table, facets) if not any(search.best.gradient) else search.components()
        if points:
            value = search.value
            by_value.setdefault(value, []).extend(_replayed(table.problem, point, value) for point in points)
    return [LocalMinima(value, tuple(by_value[value])) for value in sorted(by_value)]


def _replayed(problem: Problem, point: Point, value: Fraction) -> MinimumSet:
    if problem.loss_at(point) != value:
        raise InternalError("a representative does not have its loss")
    decision = decide(problem, point)
    if not isinstance(decision, Minimum):
        raise InternalError("a representative of a set of local minima is no local minimum")
    return MinimumSet(point, decision.strictness, decision.flat_dimension)


def exact_fits(table: Table, facets: Facets) -> list[Point]:
    """Representatives of the connected sets where every derivative is 0: closed basins joined through facets."""
    import networkx as nx

    members = {index for index in range(len(table)) if not any(table.optimum(index).gradient)}
    graph = nx.Graph()
    graph.add_nodes_from(members)
    joined: dict[int, list[tuple[int, int]]] = {}
    for one, other, mask, _ in facets:
        if one in members and other in members:
            joined.setdefault(mask, []).append((one, other))
    masks = list(joined)
    walls, owners = solve_masks(table.reduction.program, masks)
    for mask, owner in zip(masks, owners, strict=True):
        if not any(walls[owner].gradient):
            graph.add_edges_from(joined[mask])
    parts = sorted(sorted(part) for part in nx.connected_components(graph))
    return [min((_minimiser(table, index) for index in part[:40]), key=height) for part in parts]


def _minimiser(table: Table, index: int) -> Point:
    point = table.minimiser(index)
    if point is None:
        raise InternalError("a basin without a minimiser among exact fits")
    return point
