"""Every basin of a problem with its exact value, modulo permutation of exchangeable neurons: what people call.

The data are in :mod:`exactgeo.basin.table`, what neighbouring basins share in :mod:`exactgeo.basin.facets`, the search
for local minima in :mod:`exactgeo.basin.minima`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from exactgeo.basin import export
from exactgeo.basin.cone_program import Optimum
from exactgeo.basin.optima import Optima
from exactgeo.basin.reduction import Reduction, reduce
from exactgeo.basin.schedule import BlockStore, blocks
from exactgeo.basin.size import Size, size_of
from exactgeo.basin.table import Table
from exactgeo.deadline import Deadline, seconds_to
from exactgeo.errors import expect_type
from exactgeo.exact.enclosure import Enclosure, Value, plain
from exactgeo.exact.rational import beside, format_rational
from exactgeo.exact.vectors import Vector
from exactgeo.logs import logger
from exactgeo.problem import Point, Problem, scope
from exactgeo.records import Records
from exactgeo.shown import Reported, Viewed, brief, value_line

if TYPE_CHECKING:
    from exactgeo.basin.basin import Basin
    from exactgeo.basin.facets import Facets
    from exactgeo.basin.minima import LocalMinima, SearchResult
    from exactgeo.claims.certificate import Certificate

__all__ = ["Census", "census"]

LOG = logger(__name__)

REGIONS_A_SECOND = 400
"""Under a time limit an arrangement that may have more regions is not begun, for its listing cannot be stopped."""

Progress = Callable[[int, int], None]


class Census(Reported, Viewed, Records):
    """Every basin of a problem. Made by :func:`census`; a sequence of :class:`Basin`, one an orbit.

    Every property is a function of the census alone: it says the same whatever was read before, and in which order.

    Attributes
    ----------
    problem : Problem
    table : Table
        The orbits and their optima as arrays.
    seconds : float or None
        What was left of the time limit then; each search for local minima has as much.
    size : Size or None
        How large the census was said to be before it began.
    """

    def __init__(
        self, table: Table, seconds: float | None = None, size: Size | None = None, searching: Progress | None = None
    ) -> None:
        self.table = table
        self.problem = table.problem
        self.seconds = seconds
        self.size = size
        self._searching = searching

    COLUMNS = export.FIELDS
    EXACT = ("value",)

    # -- sequence -----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: int) -> Basin:
        from exactgeo.basin.basin import Basin

        row = range(len(self.table))[index]
        return Basin(self.table, row, self.table.orbit(row))

    def __iter__(self) -> Iterator[Basin]:
        return (self[index] for index in range(len(self.table)))

    def _shown(self) -> str:
        lowest = "unknown" if self.minimum is None else value_line(self.minimum)
        state = "" if self.complete else ", incomplete"
        return f"census: {brief(self.count)} basins, {brief(self.orbits)} orbits, minimum {lowest}{state}"

    # -- counts and values --------------------------------------------------------------------------------------

    @property
    def reduction(self) -> Reduction:
        """Regions, rays, faces and columns."""
        return self.table.reduction

    @property
    def complete(self) -> bool:
        """False when the time limit or Ctrl-C ended it: then orbits without a value are left out of everything but the
        counts."""
        return self.table.complete

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return self.table.interrupted

    @property
    def count(self) -> int | None:
        """Number of basins, permuted copies counted; None if the time limit did not allow to list the regions."""
        return self.reduction.count if self.reduction.listed else None

    @property
    def orbits(self) -> int | None:
        """Number of basins modulo permutation of exchangeable neurons; None as for ``count``."""
        return self.reduction.orbits if self.reduction.listed else None

    @property
    def regions_per_neuron(self) -> int | None:
        """Regions one neuron's data cut its weight space into (0 without a hidden layer); None as for ``count``."""
        return len(self.reduction.regions) if self.reduction.listed else None

    def value(self, index: int) -> Value:
        """Infimum of the loss on the basins of an orbit."""
        return self.table.value(index)

    def optimum(self, index: int) -> Optimum:
        """The certificate of an orbit."""
        return self.table.optimum(index)

    @property
    def optima(self) -> tuple[Optimum, ...]:
        """The distinct certificates; several may have the same value, or the same gradient."""
        return tuple(self.table.replayed(owner) for owner in range(self.distinct))

    def gradients(self, check: Callable[[], None]) -> Iterator[Vector]:
        """Those of the :attr:`optima`, one after the other; ``check`` is called before each and may raise."""
        for owner in range(self.distinct):
            check()
            yield self.table.replayed(owner).gradient

    @property
    def distinct(self) -> int:
        """The number of :attr:`optima`."""
        return len(self.table.optima)

    @property
    def values(self) -> list[tuple[Value, int]]:
        """Distinct basin values, ascending, each with its number of orbits; overlapping enclosures are counted
        together."""
        return list(self.table.values)

    @property
    def minimum(self) -> Value | None:
        """Least value: the infimum of the loss over all parameters when the census is complete."""
        return self.table.minimum

    @property
    def minimum_attained(self) -> bool:
        """Whether some parameters have this loss; False also where enclosures leave it open."""
        return self.table.minimum_attained

    @property
    def best(self) -> Point | None:
        """A point with the loss ``minimum`` (inside the enclosure); None if not attained or nothing is known."""
        return self.table.best

    @property
    def infinite_width_minimum(self) -> Value | None:
        """Infimum over all widths: the convex program over the span of every column; bounds each width from below.

        None when the output weights are frozen (widening then needs new frozen values), see
        :attr:`infinite_width_reason`.
        """
        return self.table.infinite_width_minimum

    @property
    def infinite_width_reason(self) -> str:
        """Why ``infinite_width_minimum`` is None; "" where it is not."""
        frozen = bool(self.problem.network.widths) and not self.problem.train.output
        return "the output weights are frozen: a wider network would need new frozen values" if frozen else ""

    # -- local minima -------------------------------------------------------------------------------------------

    @cached_property
    def _values(self) -> SearchResult[Fraction]:
        # The searches load when one is begun: a worker, which lists basins, has none.
        from exactgeo.basin import minima

        return minima.local_minimum_values(self.table, self.seconds, self._searching)

    @cached_property
    def _sets(self) -> SearchResult[LocalMinima]:
        from exactgeo.basin import minima

        return minima.local_minima(self.table, self.facets, self.seconds, self._searching)

    @property
    def local_minimum_values(self) -> list[Fraction] | None:
        """Every loss at which the training loss has a local minimum, ascending; None above the budget or beyond the
        time limit, with a :attr:`local_minimum_values_reason`. (:attr:`local_minima` knows no budget.)"""
        return None if self._values.items is None else list(self._values.items)

    @property
    def local_minimum_values_reason(self) -> str:
        """Why ``local_minimum_values`` is None; "" where it is not."""
        return self._values.reason

    @property
    def local_minima(self) -> list[LocalMinima] | None:
        """For each such loss and strictness the connected sets of minimisers modulo permutation, with a
        representative; None with a :attr:`local_minima_reason`."""
        return None if self._sets.items is None else list(self._sets.items)

    @property
    def local_minima_reason(self) -> str:
        """Why ``local_minima`` is None; "" where it is not."""
        return self._sets.reason

    @property
    def ended(self) -> bool:
        """Whether the time limit or Ctrl-C ended the census or the search for ``local_minimum_values``."""
        return self.stopped()

    @property
    def reason(self) -> str:
        """Why ``local_minimum_values`` or ``infinite_width_minimum`` is None, or basins are missing; "" when nothing
        is. Also that this loss has no ``local_minima``; what else may keep these is in ``local_minima_reason``."""
        if not self.reduction.listed and self.size is not None:
            why = "is out of reach" if self.size.hopeless else "was not begun under this time limit; raise --time-limit"
            return f"a census {why}: {self.size.sentence}"
        from exactgeo.basin import minima

        return self._values.reason or minima.out_of_scope(self.table) or self.infinite_width_reason

    def stopped(self, *, minima: bool = False) -> bool:
        """Whether the time limit or Ctrl-C ended something that ``to_json(minima=minima)`` tells."""
        _, searches = self._searches(minima)
        return not self.complete or any(search.ended for search in searches)

    def _searches(self, sets: bool) -> tuple[list[Fraction] | None, list[SearchResult[Any]]]:
        """The local minimum values, and the searches whose reasons count; sets that were found have all values."""
        if sets and self._sets.items is not None:
            return [level.value for level in self._sets.items], [self._sets]
        return self.local_minimum_values, [self._values, *([self._sets] if sets else [])]

    # -- proofs -------------------------------------------------------------------------------------------------

    @property
    def certificate(self) -> Certificate | None:
        """That no parameters have a loss below ``minimum``; None when that is not attained, known or rational."""
        return self.prove()

    def prove(self, *, minima: bool = False) -> Certificate | None:
        """The :attr:`certificate`, with ``minima`` also of one member of each set of ``local_minima``."""
        from exactgeo.basin.claims import census_certificate

        return census_certificate(self.table, (self.local_minima or ()) if minima else ())

    # -- access -------------------------------------------------------------------------------------------------

    def containing(self, point: Point) -> tuple[Basin, ...]:
        """The orbits of basins whose closure contains a point, in the order of the census.

        Raises
        ------
        InputError
            No Point of the problem's network.
        ValueError
            The point lies in no basin: it does not have the frozen values of the problem.
        """
        self.problem.expect_point(point)
        return tuple(self[index] for index in self.table.containing(point))

    @cached_property
    def facets(self) -> Facets:
        """What neighbouring basins share."""
        from exactgeo.basin.facets import Facets

        return Facets(self.table)

    def to_networkx(self) -> Any:
        """The graph of orbits that share a facet: a neuron crosses one hyperplane of the data, or its output weight
        changes sign.

        Nodes are indices in the census with ``value`` and ``multiplicity``; an edge has ``wall`` = ``data`` or
        ``output``.
        """
        return self.facets.graph()

    def records(self) -> Iterator[dict[str, Any]]:
        """One flat dict an orbit: index, regions and output signs as text, multiplicity, value (text), attained.

        A large census is better written to a file than made a list.
        """
        return self.table.records()

    def to_json(self, *, minima: bool = False, searched: bool = True) -> dict[str, Any]:
        """The answer of ``exactgeo basins --json``.

        Parameters
        ----------
        minima : bool
            Include ``local_minima`` and spare no effort for ``local_minimum_values``.
        searched : bool
            False for what is known without a search for local minima.
        """
        answer = self.answer(minima=minima, searched=searched)
        return answer | {"values": list(answer["values"])}

    def answer(self, *, minima: bool = False, searched: bool = True) -> dict[str, Any]:
        """As :meth:`to_json`, with a sequence for ``values``, whose entries are made as they are asked for: there may
        be millions."""
        result: dict[str, Any] = {
            "count": self.count,
            "orbits": self.orbits,
            "regions_per_neuron": self.regions_per_neuron,
            **_beside("minimum", self.minimum),
            "minimum_attained": self.minimum_attained,
            "values": ListedValues(self.table.values),
            "complete": self.complete,
        }
        if not self.complete:
            result.update(infinite_width_minimum=None, local_minimum_values=None, reason=self.reason)
            return result | self.size_json()
        result |= _beside("infinite_width_minimum", self.infinite_width_minimum)
        if not searched:
            return result | {"local_minimum_values": None}
        values, searches = self._searches(minima)
        if minima:
            result["local_minima"] = None if self.local_minima is None else [s.to_json() for s in self.local_minima]
        result["local_minimum_values"] = None if values is None else [format_rational(q) for q in values]
        reasons = [*(search.reason for search in searches), self.infinite_width_reason]
        if any(reasons):
            result["reason"] = next(reason for reason in reasons if reason)
        return result

    def plot(self, ax: Any = None) -> Any:
        """Every basin value with its number of basins, those that are losses of local minima marked, on matplotlib
        axes, which are returned.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        """
        from exactgeo.basin.plot import draw_values

        title = f"{self.problem.name or 'basins'}: {self.orbits} basins modulo permutation, {len(self.values)} values"
        title += "" if self.complete else " (incomplete)"
        found = self.local_minimum_values
        minima = None if found is None else set(found)
        return draw_values(self.values, minima, ax, title=title, wide=self.infinite_width_minimum)

    def size_json(self) -> dict[str, Any]:
        """How large it would be, and what serves instead, where the regions were not listed; else nothing."""
        return {} if self.reduction.listed or self.size is None else self.size.to_json()

    def write(self, path: str | Path) -> None:
        """Write the orbits to ``.csv``, ``.json`` or ``.parquet``; see :func:`exactgeo.basin.export.write`."""
        export.write(path, self.records(), self.to_json)


class ListedValues(Sequence[dict[str, Any]]):
    """Values with their numbers of orbits, as the command answers them."""

    def __init__(self, values: Sequence[tuple[Value, int]]) -> None:
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(index, slice):
            return [self[k] for k in range(len(self))[index]]
        value, orbits = self._values[index]
        return {"value": plain(value), "orbits": orbits}


def _beside(name: str, value: Value | None) -> dict[str, Any]:
    """A value of the answer, with its decimal where it is rational."""
    return {name: plain(value)} if isinstance(value, Enclosure) else beside(name, value)


def census(
    problem: Problem,
    *,
    executor: Executor | None = None,
    time_limit: float | None = None,
    progress: Progress | None = None,
    store: BlockStore | None = None,
    watch: Callable[[Value], None] | None = None,
    searching: Progress | None = None,
) -> Census:
    """Every basin of a problem with its exact value.

    Parameters
    ----------
    problem : Problem
        One hidden layer (or none) and a scalar output, piecewise linear activation, any convex loss of the problem
        file; the hidden layer trained, its bias trained, absent or frozen at 0; output weights and bias trained or
        frozen.
    executor : concurrent.futures.Executor, optional
        Blocks of work go there; the result does not depend on it.
    time_limit : float, optional
        Seconds; afterwards the census holds what is known and ``complete`` is False.
    progress : callable (done, total), optional
        Called as column sets get their optima.
    store : BlockStore, optional
        Keeps the blocks that are done and gives back those it has; see :class:`exactgeo.store.Store`.
    watch : callable (value), optional
        Called with the least value so far when there is one and whenever it falls.
    searching : callable (done, total), optional
        Called in the searches for local minima, each time one is begun from 0.

    Returns
    -------
    Census
        Ctrl-C ends it like the time limit. Cost: one exact solve a distinct optimum, one bit comparison a basin;
        memory for at most one and a half tasks a worker (of 64 blocks at most), and 4 bytes an orbit and some 150 a
        distinct optimum, of which, with a store, all but 60 an optimum lie in a file without a name in its folder. A
        census out of reach (:attr:`exactgeo.basin.size.Size.hopeless`) is not begun, and says how large it would be.

    Raises
    ------
    OutOfScope
        The reason names what puts the problem out of scope.
    InternalError
        An exact answer failed its replay.

    References
    ----------
    Safran and Shamir, On the Quality of the Initial Basin in Overspecified Neural Networks, Definition 2 and Lemma 1.

    Examples
    --------
    >>> from exactgeo.formats import problem_from_mapping
    >>> data = {"x": [[5], [4], [3], [1], [-1]], "y": [2, 1, 0, -3, 3]}
    >>> found = census(problem_from_mapping({"data": data, "network": {"widths": [1]}}))
    >>> found.count, str(found.minimum), str(found.infinite_width_minimum)
    (20, '14', '0')
    >>> [str(q) for q in found.local_minimum_values]
    ['14', '18', '75/4', '614/29', '106/5']
    """
    if executor is not None:
        expect_type(executor, Executor, "executor", "a concurrent.futures.Executor")
    deadline = None if time_limit is None else Deadline.after(time_limit)
    outside = scope.basins(problem)
    if outside is not None:
        raise outside
    size = size_of(problem)
    within = time_limit is None or size.regions[1] <= max(500, int(REGIONS_A_SECOND * time_limit))
    reduction = reduce(problem, listed=within and not size.hopeless)
    LOG.info(
        "census of %s: %s", problem.name or "a problem", "listed" if reduction.listed else f"not begun, {size.sentence}"
    )
    folder = None if store is None else store.folder
    optima = Optima(len(reduction.program.columns), folder=folder)
    listed = blocks(reduction, optima, executor, deadline, progress, store) if reduction.listed else ()
    table = Table.gather(reduction, optima, listed, watch, folder)
    return Census(table, seconds_to(deadline), size, searching)
