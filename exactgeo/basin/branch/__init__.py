"""The global minimum of a problem by branch and bound, with a proof: where a census of all basins is too large."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from fractions import Fraction
from math import comb
from typing import TYPE_CHECKING, Any

from exactgeo.basin.reduction import reduce
from exactgeo.claims.certificate import Certificate, certificate_of
from exactgeo.deadline import Deadline
from exactgeo.errors import InternalError
from exactgeo.exact.enclosure import Enclosure, Value, high, plain
from exactgeo.exact.matrix import rank
from exactgeo.exact.rational import beside, short
from exactgeo.logs import logger
from exactgeo.problem import Point, Problem, scope
from exactgeo.shown import Reported, value_line

if TYPE_CHECKING:
    from exactgeo.basin.branch.search import Search
    from exactgeo.claims.lower_bound import LowerBoundClaim

__all__ = ["GlobalMinimum", "minimum"]

LOG = logger(__name__)

RAYS, SOME, RAYS_A_SECOND = 40_000, 2_000, 1_000
"""Rays of one neuron above which no search is begun: ever; however short the time is; and under a time limit."""

SELDOM = 0.2
"""Seconds between two reports of what is known; more where a report takes long."""


@dataclass(frozen=True)
class GlobalMinimum(Reported):
    """The global minimum of a problem, or bounds on it. Made by :func:`minimum`.

    Attributes
    ----------
    problem : Problem
    incumbent : Fraction or Enclosure or None
        The least loss found; of a loss without rational values bounds on it. None when the search ended before any.
    point : Point or None
        Parameters with that loss; None where it is an infimum that is not attained.
    lower_bound : Fraction
        Proved: no parameters have a lower loss.
    complete : bool
        Whether the search ended by itself: then ``incumbent`` is the minimum.
    nodes : int
        Of the tree.
    interrupted : bool
        Whether Ctrl-C ended it.
    detail : str
        Why it was not begun; "" where it was.
    """

    problem: Problem
    incumbent: Value | None
    point: Point | None
    lower_bound: Fraction
    complete: bool
    nodes: int
    interrupted: bool = False
    detail: str = ""
    _search: Search | None = field(default=None, repr=False, compare=False)

    @property
    def minimum(self) -> Value | None:
        """The least loss of all parameters, or its infimum; bounds on it where it is not rational; None when the search
        did not end."""
        best = self.incumbent if self.complete else None
        return Enclosure(self.lower_bound, best.hi) if isinstance(best, Enclosure) else best

    @property
    def gap(self) -> Fraction | None:
        """How far the incumbent may be above the minimum."""
        return None if self.incumbent is None else high(self.incumbent) - self.lower_bound

    @property
    def reason(self) -> str:
        """Why ``minimum`` or ``point`` is None; "" where neither is."""
        if self.detail:
            return self.detail
        if self.interrupted and not self.complete:
            return "the search was interrupted"
        if not self.complete:
            return "the search did not end within its limit; raise --time-limit"
        return "" if self.point is not None else "the infimum is not attained, or not known to be"

    def claim(self, point: Point, loss: Fraction, check: Callable[[], None] = lambda: None) -> LowerBoundClaim | None:
        """That no parameters have a loss below ``lower_bound``, with any point that has the frozen values meant.

        None for a loss without rational values. ``check`` is called between pieces of work; it may raise.
        """
        from exactgeo.basin.branch.proof import bound_claim

        if self._search is None or not self.problem.loss.rational:
            return None
        return bound_claim(self._search, point, loss, self.lower_bound, check)

    def prove(self, check: Callable[[], None] = lambda: None) -> Certificate | None:
        """That ``point`` has its loss and no parameters have one below ``lower_bound``; as :meth:`claim`."""
        if self.point is None or not isinstance(self.incumbent, Fraction):
            return None
        claim = self.claim(self.point, self.incumbent, check)
        return None if claim is None else certificate_of(self.problem, [claim])

    @property
    def certificate(self) -> Certificate | None:
        """As :meth:`prove`."""
        return self.prove()

    def _shown(self) -> str:
        if self.minimum is not None:
            return f"global minimum: {value_line(self.minimum)}, {self.nodes} nodes"
        best = "nothing" if self.incumbent is None else value_line(self.incumbent)
        return f"global minimum: at least {value_line(self.lower_bound)}, {best} found, {self.nodes} nodes"

    def plot(self, ax: Any = None) -> Any:
        """The function of ``point`` beside the data, on matplotlib axes, which are returned.

        Raises
        ------
        InputError
            Matplotlib is not installed.
        ValueError
            There is no point; see :attr:`reason`.
        """
        from exactgeo.pictures import label
        from exactgeo.problem.plot import draw_fit

        if self.point is None or self.incumbent is None:
            raise ValueError(self.reason or "no point is known")
        name = f"global minimum {label(self.incumbent)}"
        if not self.complete:
            name = f"best found {label(self.incumbent)}, no point is below {label(self.lower_bound)}"
        return draw_fit(self.problem, self.point, ax, name=name)

    def to_json(self, certificate_path: str | None = None) -> dict[str, Any]:
        """The answer of ``exactgeo minimum --json``."""
        reasons = {key: self.reason for key in ("minimum", "point") if getattr(self, key) is None}
        return {
            **_value("minimum", self.minimum),
            **_value("incumbent", self.incumbent),
            "point": None if self.point is None else self.point.to_dict(),
            "complete": self.complete,
            **beside("lower_bound", self.lower_bound),
            "nodes": self.nodes,
            "certificate": certificate_path,
            **({"reason": self.reason, "reasons": reasons} if reasons else {}),
        }


def _value(name: str, value: Value | None) -> dict[str, Any]:
    """A rational with its decimal; else null, with the enclosure beside it where there is one."""
    if isinstance(value, Enclosure):
        return {name: None, f"{name}_enclosure": plain(value)}
    return dict(beside(name, value))


def minimum(
    problem: Problem,
    *,
    time_limit: float | None = None,
    progress: Callable[[GlobalMinimum], None] | None = None,
    executor: Executor | None = None,
) -> GlobalMinimum:
    """The global minimum of a problem, by branch and bound over partial sign patterns.

    Parameters
    ----------
    problem : Problem
        In scope of :func:`exactgeo.basin.census`. The search begins with a basin of its point, if it has one.
    time_limit : float, optional
        Seconds; afterwards ``complete`` is False, and ``incumbent`` and ``lower_bound`` are the best that is proved.
    progress : callable, optional
        Told now and then what is known so far.
    executor : concurrent.futures.Executor, optional
        Where nodes are looked at, some batches ahead, once the search has taken half a second, and where dual vectors
        are found. The answer and its certificate do not depend on it.

    Returns
    -------
    GlobalMinimum
        Cost: one convex program in floats a node, one exact solve for each dual vector; nodes are few where data are
        few or neurons are, and grow exponentially with both.

    Raises
    ------
    OutOfScope
        The reason names what puts the problem out of scope.
    InternalError
        An exact answer failed its replay.
    TaskLost
        The executor did not give the answer of a task.

    References
    ----------
    docs/mathematics.md, "The global minimum by branch and bound".

    Examples
    --------
    >>> from exactgeo.formats import problem_from_mapping
    >>> data = {"x": [[5], [4], [3], [1], [-1]], "y": [2, 1, 0, -3, 3]}
    >>> found = minimum(problem_from_mapping({"data": data, "network": {"widths": [1]}}))
    >>> str(found.minimum), str(found.lower_bound), found.complete
    ('14', '14', True)
    """
    from exactgeo.basin.branch.search import Search

    outside = scope.basins(problem)
    if outside is not None:
        raise outside
    deadline = None if time_limit is None else Deadline.after(time_limit)
    rays = _rays_most(problem)
    if rays > (RAYS if time_limit is None else min(RAYS, max(SOME, int(RAYS_A_SECOND * time_limit)))):
        return _not_begun(problem, rays)
    search, interrupted = Search(reduce(problem, regions=False)), False

    def known() -> GlobalMinimum:
        complete = not search.open_nodes()
        return known_of(problem, search, search.lower_bound(), complete, interrupted)

    try:
        if problem.point is not None:
            search.include(problem.point)
        search.run(deadline, _Seldom(lambda: None if progress is None else progress(known())), executor)
    except KeyboardInterrupt:
        interrupted = True
    found = known()
    LOG.info("branch and bound: %d nodes, %s", found.nodes, "complete" if found.complete else found.reason)
    search.seal()
    return found


def _rays_most(problem: Problem) -> int:
    """No more rays has the arrangement of a neuron."""
    net = problem.network
    if not net.widths or not net.activation.has_kink:
        return 2 * problem.d + 2
    biased = net.hidden_bias[0] and problem.train.hidden_bias[0]
    rows = problem.lifted if biased else problem.x
    return 2 * comb(problem.m, max(rank(rows, len(rows[0])) - 1, 0))


def _not_begun(problem: Problem, rays: int) -> GlobalMinimum:
    """What is known without a search: the loss of the problem's own point, if it has one, and that none is negative."""
    why = f"the search was not begun: a neuron has up to {short(rays)} rays, too many"
    why += "" if rays > RAYS else " for this time limit; raise --time-limit"
    point = problem.point if problem.loss.rational else None
    loss = None if point is None else problem.loss_at(point)
    return GlobalMinimum(problem, loss, point, Fraction(0), False, 0, detail=why)


class _Seldom:
    """Calls something now and then: it may take a tenth of the time."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._next = time.monotonic()

    def __call__(self) -> None:
        begun = time.monotonic()
        if begun >= self._next:
            self._work()
            self._next = time.monotonic() + max(SELDOM, 45 * SELDOM * (time.monotonic() - begun))


def known_of(problem: Problem, search: Search, bound: Fraction, complete: bool, interrupted: bool) -> GlobalMinimum:
    best, nodes = search.incumbent, search.nodes
    if best is None:
        return GlobalMinimum(problem, None, None, bound, False, nodes, interrupted, _search=search)
    point = search.point()
    if point is not None and isinstance(best.value, Fraction) and problem.loss_at(point) != best.value:
        raise InternalError("the best point has another loss than its basin")
    return GlobalMinimum(problem, best.value, point, bound, complete, nodes, interrupted, _search=search)
