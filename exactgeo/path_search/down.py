"""Down from any point: to the infimum where a theorem gives it, to the minimum of the valley, or as low as a search."""

from __future__ import annotations

from collections.abc import Callable

from exactgeo.basin.claims import global_claim
from exactgeo.basin.size import size_of
from exactgeo.claims import Claim
from exactgeo.deadline import Check, Deadline, unlimited
from exactgeo.errors import InternalError, OutOfScope, OutOfTime
from exactgeo.exact.enclosure import exact, low
from exactgeo.landscape import Component, component
from exactgeo.landscape.claims import component_claim
from exactgeo.path_search.answer import End, FoundPath
from exactgeo.path_search.descent import lowered
from exactgeo.paths import Path, PathBuilder, PathRefused, decreasing, levelled
from exactgeo.paths.claims import is_least
from exactgeo.paths.constructions import DOWNWARDS
from exactgeo.problem import Point, Problem, scope

__all__ = ["down"]

Known = Callable[[FoundPath], None]


def down(
    problem: Problem, point: Point, *, time_limit: float | None = None, known: Known = lambda found: None
) -> FoundPath:
    """A path from a point that never rises, as low as can be proved.

    Parameters
    ----------
    problem : Problem
        Piecewise-linear activations, no penalty.
    point : Point
    time_limit : float, optional
        Seconds; then the path as far as it is known.
    known : callable
        Told what is known before each search that may be long.

    Raises
    ------
    OutOfScope
        Named: what puts the problem outside.
    InputError
        No point of this network.
    """
    outside = scope.paths(problem)
    if outside is not None:
        raise outside
    problem.expect_point(point)
    problem = problem.at(point)
    deadline = None if time_limit is None else Deadline.after(time_limit)
    stay = Path(problem, point, ())
    if is_least(problem, point):
        return FoundPath(problem, stay, True, stay.losses[0], End.INFIMUM, "no predictions have a lower loss")
    missing: list[str] = []
    found = _by_theorem(problem, point, deadline, missing)
    if found is not None:
        return found
    known(
        FoundPath(problem, stay, False, None, End.OPEN, "", tuple(missing), "the search was ended; raise --time-limit")
    )
    found = _by_landscape(problem, point, deadline, missing)
    if found is not None:
        return found
    end = lowered(problem, point, deadline)
    kind = End.INFIMUM if end.everywhere or is_least(problem, end.path.end) else End.LOCAL if end.minimum else End.OPEN
    bound = low(end.path.losses[-1]) if kind is End.INFIMUM else None
    reason = "" if kind is End.INFIMUM else _open(kind, end.reason)
    how = "a search by strict descents"
    return FoundPath(problem, end.path, not reason, bound, kind, how, tuple(missing), reason, None, lambda: end.claims)


def _open(kind: End, reason: str) -> str:
    if kind is End.LOCAL:
        return "the end is a local minimum; whether paths that never rise go lower is not known"
    return reason


def _by_theorem(problem: Problem, point: Point, deadline: Deadline | None, missing: list[str]) -> FoundPath | None:
    """The path of the first construction that applies; what the others lack is added to ``missing``."""
    for construction in DOWNWARDS:
        how = f"{construction.name} ({construction.source})"
        builder = PathBuilder(problem, point, unlimited if deadline is None else deadline.check)
        try:
            construction.lay(builder)
        except PathRefused as refusal:
            missing.append(f"{how}: {refusal.reason}")
            continue
        except OutOfTime as end:
            # What was laid so far does not rise.
            reason = f"the path was ended {end}; raise --time-limit"
            return FoundPath(problem, builder.path, False, None, End.OPEN, how, tuple(missing), reason)
        path = builder.path
        if not (path.never_rises and is_least(problem, path.end)):
            raise InternalError(f"the path of {construction.name} rises, or ends above the infimum")
        return FoundPath(problem, path, True, path.losses[-1], End.INFIMUM, how, tuple(missing))
    return None


def _by_landscape(problem: Problem, point: Point, deadline: Deadline | None, missing: list[str]) -> FoundPath | None:
    """The path to the minimum of the valley, where all basins can be listed."""
    outside = scope.exact_values(problem)
    if outside is not None:
        missing.append(f"the landscape: {outside.reason}; in scope: {outside.in_scope}")
        return None
    size = size_of(problem)
    if size.large:
        missing.append(f"the landscape: {size.sentence}")
        return None
    try:
        valley = component(problem, point, time_limit=None if deadline is None else deadline.left / 2)
    except (OutOfScope, ValueError) as error:
        missing.append(f"the landscape: {error}")
        return None
    if not valley.complete and valley.infimum != valley.global_minimum:
        missing.append(f"the landscape: {valley.reason}")
        return None
    return _in_valley(problem, point, valley, deadline, missing)


def _in_valley(
    problem: Problem, point: Point, valley: Component, deadline: Deadline | None, missing: list[str]
) -> FoundPath:
    least = valley.infimum == valley.global_minimum
    kind = End.INFIMUM if least else End.VALLEY
    how = "the landscape: the valley goes down to the global minimum" if least else "the landscape: all of the valley"
    path = valley.path or Path(problem, point, ())
    reason = ""
    if not path.never_rises:
        rises = "the path rises on its way, never above its start"
        try:
            path, words = _falling(path, unlimited if deadline is None else deadline.check)
            how += words
        except PathRefused as refusal:
            reason = f"{rises}; moved outputs do not keep its level: {refusal.reason}"
        except OutOfTime as end:
            reason = f"{rises}; the search for one that does not was ended {end}"

    def further() -> list[Claim | None]:
        census = valley.census
        best, minimum = census.best, valley.global_minimum
        if not least:
            return [] if best is None else [component_claim(valley, best, minimum)]
        if is_least(problem, path.end) or exact(path.losses[-1]) != valley.infimum:
            return []
        gradients = (best.gradient for best in census.optima)
        return [global_claim(problem, path.end, valley.infimum, gradients)]

    return FoundPath(problem, path, not reason, valley.infimum, kind, how, tuple(missing), reason, None, further)


def _falling(path: Path, check: Check) -> tuple[Path, str]:
    """A path that never rises from one that is never above its start, and what was done."""
    try:
        return levelled(path, check), "; outputs moved where it would rise on its way"
    except PathRefused as refusal:
        try:
            return decreasing(path, check), "; outputs rescaled on the way (Safran, Shamir 2016, Theorem 1)"
        except PathRefused:
            raise refusal from None
