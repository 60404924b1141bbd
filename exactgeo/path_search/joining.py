"""From one point to another: as low as every path must be where that is known, else the best of some ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from exactgeo.basin.size import size_of
from exactgeo.deadline import Deadline, unlimited
from exactgeo.errors import InputError, InternalError, OutOfTime
from exactgeo.exact.algebraic import Algebraic
from exactgeo.exact.enclosure import Enclosure, Value, high, low
from exactgeo.exact.vectors import ZERO
from exactgeo.landscape import critical_path
from exactgeo.landscape.claims import barrier_claim
from exactgeo.path_search.answer import End, FoundPath
from exactgeo.paths import Kind, Path, PathBuilder, PathRefused
from exactgeo.paths.constructions import JOINING
from exactgeo.problem import Point, Problem, scope

__all__ = ["join"]

Known = Callable[[FoundPath], None]


def join(
    problem: Problem,
    one: Point,
    other: Point,
    *,
    time_limit: float | None = None,
    known: Known = lambda found: None,
) -> FoundPath:
    """A path between two points, as low as can be proved.

    Parameters
    ----------
    problem : Problem
        Piecewise-linear activations, no penalty.
    one, other : Point
    time_limit : float, optional
        Seconds; then the best path so far, and what has been ruled out.
    known : callable
        Told what is known before each search that may be long.

    Raises
    ------
    OutOfScope
        Named: what puts the problem outside.
    InputError
        No points of this network; points that differ in what is frozen.
    """
    outside = scope.paths(problem)
    if outside is not None:
        raise outside
    problem.expect_point(one)
    problem.expect_point(other)
    if (frozen := problem.at(one).frozen) != problem.at(other).frozen:
        raise InputError("points", "two values of what is frozen", "the same values at both points", "one of the two")
    if problem.frozen is not None and frozen != problem.frozen:
        problem = problem.at(one)
    missing: list[str] = []
    deadline = None if time_limit is None else Deadline.after(time_limit)
    found = _by_theorem(problem, one, other, deadline, missing)
    if found is not None:
        return found
    at_least = max((Path(problem, point, ()).losses[0] for point in (one, other)), key=low)
    ended = "the search was ended; raise --time-limit"
    known(FoundPath(problem, None, False, at_least, End.POINT, "", tuple(missing), ended))
    found = _by_landscape(problem, one, other, time_limit, missing)
    if found is not None:
        return found
    return _best(problem, one, other, at_least, deadline, missing)


def _by_theorem(
    problem: Problem, one: Point, other: Point, deadline: Deadline | None, missing: list[str]
) -> FoundPath | None:
    """The path of the first construction that applies; what the others lack is added to ``missing``."""
    for construction in JOINING:
        how = f"{construction.name} ({construction.source})"
        builder = PathBuilder(problem, one, unlimited if deadline is None else deadline.check)
        try:
            construction.lay(builder, other)
        except PathRefused as refusal:
            missing.append(f"{how}: {refusal.reason}")
            continue
        except OutOfTime as end:
            missing.append(f"{how}: ended {end}")
            continue
        path = builder.path
        if path.end != other or _above_ends(path):
            raise InternalError(f"the path of {construction.name} ends elsewhere, or rises above its ends")
        bound = max(path.losses[0], path.losses[-1], key=low)
        return FoundPath(problem, path, True, bound, End.POINT, how, tuple(missing))
    return None


def _above_ends(path: Path) -> bool:
    """Whether the path is somewhere above its higher end; of enclosures, whether no convexity says that it is not."""
    if path.problem.loss.rational:
        highest = path.highest
        assert not isinstance(highest, Enclosure)
        return highest > max(path.exact_losses[0], path.exact_losses[-1])
    return False


def _within_ends(path: Path) -> bool:
    """Whether the path is nowhere above its higher end, for certain.

    Of enclosures, which do not tell numbers apart that are near: every segment is convex, and the loss at a point
    between two is no higher than at an end from which it only falls, or to which it only rises.
    """
    if path.problem.loss.rational:
        return not _above_ends(path)
    kinds = [segment.kind for segment in path.segments]
    falls = next((k for k, kind in enumerate(kinds) if kind not in (Kind.CONSTANT, Kind.DECREASING)), len(kinds))
    rises = next((k for k, kind in enumerate(kinds[::-1]) if kind not in (Kind.CONSTANT, Kind.RISING)), len(kinds))
    top = max(low(path.losses[0]), low(path.losses[-1]))
    return all(high(q) <= top for q in path.losses[falls + 1 : len(kinds) - rises])


def _by_landscape(
    problem: Problem, one: Point, other: Point, time_limit: float | None, missing: list[str]
) -> FoundPath | None:
    """The lowest path of all, where all basins can be listed."""
    outside = scope.exact_values(problem)
    if outside is not None:
        missing.append(f"the landscape: {outside.reason}; in scope: {outside.in_scope}")
        return None
    if time_limit is None and (size := size_of(problem)).large:
        missing.append(f"the landscape: {size.sentence}; give a --time-limit to try it")
        return None
    critical = critical_path(problem, one, other, time_limit=time_limit)
    if critical.path is None:
        return FoundPath(
            critical.problem, None, False, critical.at_least, End.POINT, "the landscape", tuple(missing),
            critical.reason, critical,
        )  # fmt: skip
    how = "the landscape: no path is lower"
    return FoundPath(
        critical.problem, critical.path, True, critical.at_least, End.POINT, how, tuple(missing), "", critical,
        lambda: [barrier_claim(critical)],
    )  # fmt: skip


def _best(
    problem: Problem, one: Point, other: Point, at_least: Value, deadline: Deadline | None, missing: list[str]
) -> FoundPath:
    """The lowest of some ways."""
    best: tuple[Fraction | Algebraic, Path, str] | None = None
    reason = "no argument says that every path is as high as this one"
    try:
        for how, path in _ways(problem, one, other, deadline):
            highest = path.highest
            upper = highest.hi if isinstance(highest, Enclosure) else highest
            if within := _within_ends(path):
                reason = ""
            if within or best is None or upper < best[0]:
                best = upper, path, how
            if within:
                break
    except OutOfTime:
        reason = "the search was ended; raise --time-limit"
    if best is None:
        return FoundPath(problem, None, False, at_least, End.POINT, "", tuple(missing), reason)
    return FoundPath(problem, best[1], not reason, at_least, End.POINT, best[2], tuple(missing), reason)


def _ways(problem: Problem, one: Point, other: Point, deadline: Deadline | None) -> Iterator[tuple[str, Path]]:
    """Paths between two points, and how each goes."""
    depth = problem.network.depth

    def builder() -> PathBuilder:
        return PathBuilder(problem, one) if deadline is None else PathBuilder(problem, one, deadline.check)

    for name, order in (
        ("from the first to the last", range(depth)),
        ("from the last to the first", range(depth)[::-1]),
    ):
        way = builder()
        for k in order:
            way.move(f"move layer {k + 1}", {k: other.weights[k]}, {k: other.biases[k]})
        yield f"layer by layer, {name}", way.path
    if problem.train.output:
        yield "by constant predictions", _by_constants(builder(), other)
    straight = builder()
    try:
        straight.straight(other, "straight to the end")
        yield "one straight line", straight.path
    except PathRefused:
        pass


def _by_constants(way: PathBuilder, other: Point) -> Path:
    """Outputs to a constant, the layers below to where they end, then the outputs: above the ends only where the
    constant is."""
    problem, last = way.problem, way.problem.network.depth - 1
    zero = [[ZERO] * len(row) for row in other.output_rows]
    bias = way.end.biases[last]
    if bias and problem.train.output_bias and not problem.loss.classes:
        bias = tuple(sum(column, ZERO) / problem.m for column in zip(*problem.y, strict=True))
    way.move("shrink the outputs to a constant", {last: zero}, {last: bias})
    for k in range(last):
        way.move(f"move layer {k + 1} without effect", {k: other.weights[k]}, {k: other.biases[k]})
    way.move("straight to the end", {last: other.output_rows}, {last: other.biases[last]})
    return way.path
