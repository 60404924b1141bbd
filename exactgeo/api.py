"""What users call: load a problem, certify a point."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from exactgeo.claims import Claim
from exactgeo.claims.certificate import Certificate
from exactgeo.claims.global_minimum import GlobalMinimumClaim
from exactgeo.claims.lower_point import LowerPointClaim
from exactgeo.claims.not_local_minimum import NotLocalMinimumClaim
from exactgeo.errors import InputError, InternalError, OutOfScope
from exactgeo.exact.rational import format_rational
from exactgeo.kinds import Globality, Kind, Reason, Rung, Strictness
from exactgeo.local_minimum import Decision, decide, local
from exactgeo.problem import Point, Problem

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from exactgeo.basin import Census
    from exactgeo.landscape import Component, CriticalPath, Landscape

__all__ = ["Better", "Verdict", "basins", "certify", "landscape", "load", "own_point", "path"]

PointLike = Point | Mapping[str, Any]


@dataclass(frozen=True)
class Better:
    """A point of lower loss; ``complete`` when it is a global minimiser."""

    loss: Fraction
    point: Point
    complete: bool

    def to_json(self) -> dict[str, Any]:
        return {"loss": format_rational(self.loss), "point": self.point.to_dict(), "complete": self.complete}


@dataclass(frozen=True)
class Verdict:
    """What is known of a point, exactly.

    Attributes
    ----------
    kind : Kind
        local_minimum, not_local_minimum or undecided (a str; ``kind.message`` says what it means).
    loss : Fraction or None
    rung : Rung or None
        Which argument decided.
    strictness, flat_dimension : Strictness, int
        Of the set of equal loss around a local minimum; None otherwise.
    globality : Globality
    better : Better or None
        A lower point; None for a global minimum or when none is known.
    bad_valley : bool or None
        Whether a local minimum lies in a bad valley: a component of a strict sublevel set just above it that
        reaches no global minimum (Nguyen, On Connected Sublevel Sets in Deep Learning). None where the census does
        not cover the problem or did not finish.
    component_infimum : Fraction or None
        How low a path from the point goes that never rises above its loss; None where ``bad_valley`` is None.
    escapes_at : Fraction or None
        The least level at which a path out of the point's bad valley leads to something lower than
        ``component_infimum``; None elsewhere.
    descent : NotLocalMinimumClaim or None
        For a point that is not a local minimum.
    certificate : Certificate or None
        What is proved, locally and globally; None only when nothing is.
    reason : Reason or None; detail : str
        Why the verdict is undecided or the globality unknown.
    """

    problem: Problem
    point: Point
    kind: Kind
    loss: Fraction | None
    rung: Rung | None
    strictness: Strictness | None
    flat_dimension: int | None
    globality: Globality
    better: Better | None
    descent: NotLocalMinimumClaim | None
    certificate: Certificate | None
    reason: Reason | None
    detail: str
    bad_valley: bool | None = None
    component_infimum: Fraction | None = None
    escapes_at: Fraction | None = None

    @property
    def message(self) -> str:
        """The verdict in one sentence."""
        text = self.kind.message
        return f"{text} ({self.detail})" if self.kind is Kind.UNDECIDED and self.detail else text

    def to_json(self, certificate_path: str | None = None) -> dict[str, Any]:
        """The dict that ``exactgeo certify --json`` prints; rationals are strings."""
        descent = self.descent
        reason = None if self.reason is None else f"{self.reason}: {self.detail or self.reason.message}"
        return {
            "verdict": str(self.kind),
            "loss": _text(self.loss),
            "rung": None if self.rung is None else str(self.rung),
            "strictness": None if self.strictness is None else str(self.strictness),
            "flat_dimension": self.flat_dimension,
            "globality": str(self.globality),
            "better": None if self.better is None else self.better.to_json(),
            "bad_valley": self.bad_valley,
            "component_infimum": _text(self.component_infimum),
            "escapes_at": _text(self.escapes_at),
            "descent": None
            if descent is None
            else {
                "direction": descent.direction.to_dict(),
                "step": format_rational(descent.step),
                "loss_after": format_rational(descent.loss_after),
            },
            "certificate": certificate_path,
            "reason": reason,
        }


def _text(value: Fraction | None) -> str | None:
    return None if value is None else format_rational(value)


def load(source: str | os.PathLike[str] | bytes | BinaryIO | Mapping[str, Any]) -> Problem:
    """Load a problem from a file, a named problem of the library, ``"-"`` (standard input), or a mapping.

    Parameters
    ----------
    source : path, name, bytes, binary file or mapping with the keys of the problem file
        A name of ``exactgeo examples`` counts as a name unless a file of that name exists.

    Raises
    ------
    InputError
        The file is missing or malformed; the message names the place, what stood there and what to write.

    Examples
    --------
    >>> import exactgeo as eg
    >>> eg.load("swirszcz-prop1").m
    5
    """
    from exactgeo import formats, library

    if isinstance(source, Mapping):
        return formats.problem_from_mapping(source)
    if isinstance(source, str) and source != "-" and _looks_like_name(source):
        return library.load(source)
    if hasattr(source, "read"):
        # One byte more than any file may have: the reader refuses it by its size.
        data = source.read(formats.MAX_BYTES + 1)
        return formats.read_problem(data.encode() if isinstance(data, str) else data)
    return formats.read_problem(source)


def _looks_like_name(source: str) -> bool:
    """A bare word without a suffix that is not a file here."""
    if len(source) > 200 or source.endswith((".toml", ".json")) or os.sep in source:
        return False
    return not Path(source).exists()


def own_point(problem: Problem) -> Point:
    """The point that came with a problem.

    Raises
    ------
    InputError
        There is none.
    """
    if problem.point is None:
        where = problem.name or "problem"
        raise InputError(where, "no point", "a [point] table", "weights and biases, or pass --point FILE")
    return problem.point


def certify(problem: Problem, point: PointLike | None = None, *, time_limit: float = 5.0) -> Verdict:
    """Decide exactly whether a point is a local minimum, and where it stands among all points.

    Parameters
    ----------
    problem : Problem
    point : Point or mapping with weights and biases, optional
        ``problem.point`` when left out. Many points of one problem are decided without rebuilding it.
    time_limit : float
        Seconds for the search behind ``globality``, 0 for none; the local verdict is not limited.

    Returns
    -------
    Verdict
        In scope (at most one hidden layer, scalar output, piecewise-linear activation, squared or half-squared
        loss) ``kind`` is never undecided.

    Raises
    ------
    InputError
        No point, or one whose shape is not the network's.

    References
    ----------
    Wu, Simsek, Ged, arXiv 2402.05626 (criterion); Zaslavsky 1975 (completeness of the census behind globality).

    Examples
    --------
    >>> import exactgeo as eg
    >>> v = eg.certify(eg.load("swirszcz-prop1"))
    >>> print(v.kind, v.loss, v.strictness, v.globality)
    local_minimum 18 strict_modulo_symmetry spurious
    """
    from exactgeo import formats

    parameters = formats.point_from_mapping(own_point(problem) if point is None else point, problem)
    decision = decide(problem, parameters)
    (globality, better, reason, detail), claim = _globality(problem, parameters, decision, time_limit)
    claims: list[Claim] = [] if decision.certificate is None else [*decision.certificate.claims]
    if better is not None and decision.loss is not None:
        claims.append(LowerPointClaim(parameters, decision.loss, better.point, better.loss))
    if claim is not None:
        claims.append(claim)
    place, claim = _place(problem, parameters, globality, better, time_limit)
    if claim is not None:
        claims.append(claim)
    certificate = Certificate(problem, tuple(claims)) if claims else None
    return Verdict(
        problem=problem,
        point=parameters,
        kind=decision.kind,
        loss=decision.loss,
        rung=decision.rung,
        strictness=decision.strictness,
        flat_dimension=decision.flat_dimension,
        globality=globality,
        better=better,
        descent=decision.descent,
        certificate=certificate,
        reason=reason,
        detail=detail,
        bad_valley=place.bad if place is not None else False if globality is Globality.GLOBAL else None,
        component_infimum=(
            place.infimum if place is not None else decision.loss if globality is Globality.GLOBAL else None
        ),
        escapes_at=None if place is None else place.escapes_at,
    )


def basins(
    problem: Problem,
    executor: Executor | None = None,
    *,
    store: str | os.PathLike[str] | None = None,
    time_limit: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Census:
    """Every basin of a one-hidden-layer, scalar-output problem with its exact value.

    Parameters
    ----------
    problem : Problem
        Needs a point only where output weights or biases are frozen.
    executor : concurrent.futures.Executor, optional
        Where blocks of basins are settled; the result does not depend on it.
    store : path, optional
        An SQLite file, made if it is not there, that keeps every settled block: the same call goes on where an earlier
        one ended, however it ended, and gives the same answer.
    time_limit : float, optional
        Seconds; afterwards the census holds what is known and ``complete`` is False.
    progress : callable(done, total), optional

    Returns
    -------
    exactgeo.basin.Census
        Iterable; ``.minimum``, ``.values``, ``.local_minimum_values``, ``.containing(point)``, ``.to_records()``.

    Raises
    ------
    exactgeo.errors.OutOfScope
        Named: what puts the problem outside (Safran and Shamir, Definition 2, for one hidden layer).
    InputError
        ``store`` cannot be read or written, or holds something else.

    Examples
    --------
    >>> import exactgeo as eg
    >>> found = eg.basins(eg.load("swirszcz-prop1"))
    >>> found.count, str(found.minimum)
    (20, '14')

    Ended by a time limit, or killed, a run with a file goes on at the next call:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ended = eg.basins(eg.load("swirszcz-prop1"), store=f"{folder}/run.sqlite", time_limit=0)
    ...     found = eg.basins(eg.load("swirszcz-prop1"), store=f"{folder}/run.sqlite")
    >>> ended.complete, found.complete, str(found.minimum)
    (False, True, '14')
    """
    from exactgeo.basin import census

    if store is None:
        return census(problem, executor=executor, time_limit=time_limit, progress=progress)
    from exactgeo.store import Store

    with Store(os.fspath(store)) as opened:
        return census(problem, executor=executor, time_limit=time_limit, progress=progress, store=opened)


def landscape(
    problem: Problem,
    executor: Executor | None = None,
    *,
    full: bool = False,
    store: str | os.PathLike[str] | None = None,
    time_limit: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Landscape:
    """The exact topology of all sublevel sets of the training loss: valleys, barriers, merge tree.

    Parameters
    ----------
    problem : Problem
        In scope of :func:`basins`, any loss but the logistic one.
    executor, time_limit, progress
        As for :func:`basins`.
    full : bool
        The full space instead of the space modulo permutation of neurons.
    store : path, optional
        As for :func:`basins`, which may share the file; it keeps the solved walls as well.

    Returns
    -------
    exactgeo.landscape.Landscape
        ``.valleys``, ``.bad_valleys``, ``.merge_tree``, ``.graph``, ``.critical_level(a, b)``, ``.component(point)``,
        ``.certificate``, ``.to_records()``, ``.plot()``.

    Raises
    ------
    exactgeo.errors.OutOfScope
        Named: what puts the problem outside.
    InputError
        ``store`` cannot be read or written, or holds something else.

    Examples
    --------
    >>> import exactgeo as eg
    >>> found = eg.landscape(eg.load("swirszcz-prop1"))
    >>> found.bad_valleys, [str(v.escapes_at) for v in found.valleys]
    (2, ['None', '106/5', '106/5'])
    """
    from exactgeo.landscape import landscape as build

    if store is None:
        return build(problem, executor=executor, full=full, time_limit=time_limit, progress=progress)
    from exactgeo.store import Store

    with Store(os.fspath(store)) as opened:
        return build(problem, executor=executor, full=full, time_limit=time_limit, progress=progress, store=opened)


def path(problem: Problem, one: PointLike, other: PointLike, *, time_limit: float | None = None) -> CriticalPath:
    """An exact path between two points that rises no higher than every path between them must.

    Parameters
    ----------
    problem : Problem
        In scope of :func:`basins`, any loss but the logistic one.
    one, other : Point or mapping with weights and biases
    time_limit : float, optional
        Seconds; afterwards ``path`` is None and ``at_least`` says which levels have been ruled out.

    Returns
    -------
    exactgeo.landscape.CriticalPath
        ``.path`` with ``points``, ``losses`` and ``segments``; ``.highest``, the critical level of the two points;
        ``.certificate``.

    Raises
    ------
    exactgeo.errors.OutOfScope
        Named: what puts the problem outside.
    InputError
        A point whose shape is not the network's; points that differ in what is frozen.

    Examples
    --------
    >>> import exactgeo as eg
    >>> problem, other = eg.load("swirszcz-prop1"), eg.load("swirszcz-prop1-better")
    >>> print(eg.path(problem, problem.point, other.point).highest)
    106/5
    """
    from exactgeo import formats
    from exactgeo.landscape import critical_path

    start, end = (formats.point_from_mapping(point, problem) for point in (one, other))
    return critical_path(problem, start, end, time_limit=time_limit)


_Standing = tuple[Globality, Better | None, Reason | None, str]
_Claim = Claim | None
_GLOBAL: _Standing = (Globality.GLOBAL, None, None, "")


def _globality(problem: Problem, point: Point, decision: Decision, time_limit: float) -> tuple[_Standing, _Claim]:
    """Where the point stands, and the claim that proves a global minimum: its own, or the better point's."""
    loss = decision.loss
    if loss == 0:
        return (Globality.GLOBAL, None, decision.reason, decision.detail), GlobalMinimumClaim(point, loss)
    if decision.kind is Kind.UNDECIDED or loss is None:
        return (Globality.UNKNOWN, None, decision.reason, decision.detail), None
    if decision.descent is not None:
        descent = decision.descent
        lower = Better(descent.loss_after, point.moved(descent.direction, descent.step), False)
        return (Globality.SPURIOUS, lower, None, ""), None
    from exactgeo.basin.claims import global_claim

    if problem.affine:
        # The loss is convex in the trained parameters.
        factor = 2 if problem.loss.kind == "squared" else 1
        gradient = tuple(factor * r for r in local(problem, point).residuals)
        return _GLOBAL, global_claim(problem, point, loss, [gradient])
    if time_limit <= 0:
        return (Globality.UNKNOWN, None, Reason.BUDGET, "no time was given to the search for a lower point"), None

    try:
        found = _census(problem.at(point), time_limit)
    except OutOfScope as scope:
        return _relaxed(problem, point, loss, scope.reason, time_limit)
    minimum = found.minimum
    gradients = (optimum.gradient for optimum in found.optima)
    if isinstance(minimum, Fraction) and found.best is not None and minimum < loss:
        claim = global_claim(problem, found.best, minimum, gradients) if found.complete else None
        return (Globality.SPURIOUS, Better(minimum, found.best, found.complete), None, ""), claim
    if found.complete:
        if minimum != loss:
            raise InternalError(f"the census puts the global minimum at {minimum}, above a point's loss {loss}")
        return _GLOBAL, global_claim(problem, point, loss, gradients)
    detail = f"the search for a lower point ended after {time_limit} s with nothing below; raise --time-limit"
    if found.interrupted:
        detail = "the search for a lower point was interrupted with nothing below"
    return (Globality.UNKNOWN, None, Reason.BUDGET, detail), None


def _place(
    problem: Problem, point: Point, globality: Globality, better: Better | None, time_limit: float
) -> tuple[Component | None, _Claim]:
    """Where a point that is no global minimum stands, and the claim that proves it: walls around it, or a path down."""
    if globality is Globality.GLOBAL or better is None or not better.complete:
        return None, None
    from exactgeo.landscape import component
    from exactgeo.landscape.claims import component_claim

    try:
        here = component(problem, point, census=_census(problem.at(point), time_limit), time_limit=time_limit)
    except OutOfScope:
        return None, None
    claim = component_claim(here, better.point, better.loss)
    # Out of time before the walls around the point were known.
    return None if claim is None else here, claim


class _Interrupted(Exception):
    """A census ended by Ctrl-C; raised so that it is not kept."""

    def __init__(self, found: Census) -> None:
        self.found = found


@lru_cache(maxsize=4)
def _whole_census(problem: Problem, time_limit: float) -> Census:
    from exactgeo.basin import census

    found = census(problem, time_limit=time_limit)
    if found.interrupted and not found.complete:
        raise _Interrupted(found)
    return found


def _census(problem: Problem, time_limit: float) -> Census:
    """The census behind globality, kept so that many points of one problem share it."""
    try:
        return _whole_census(problem, time_limit)
    except _Interrupted as end:
        return end.found


def _relaxed(problem: Problem, point: Point, loss: Fraction, scope: str, time_limit: float) -> tuple[_Standing, _Claim]:
    """Outside the census: a lower bound from training the frozen blocks too, a lower point from float descent."""
    trained = replace(
        problem.train,
        hidden=(True,),
        hidden_bias=problem.network.hidden_bias,
        output=True,
        output_bias=problem.network.output_bias,
    )
    bound = _census(replace(problem, train=trained, point=None), time_limit)
    if bound.complete and bound.minimum == loss:
        from exactgeo.basin.claims import global_claim

        return _GLOBAL, global_claim(problem, point, loss, (optimum.gradient for optimum in bound.optima))
    lower = _lower_point(problem, point, loss)
    if lower is not None:
        return (Globality.SPURIOUS, lower, None, ""), None
    detail = f"the census of basins does not cover this freezing: {scope}"
    return (Globality.UNKNOWN, None, Reason.OUT_OF_SCOPE, detail), None


def _lower_point(problem: Problem, point: Point, loss: Fraction) -> Better | None:
    """A point of lower loss, proposed by float descent from random starts and evaluated exactly."""
    from exactgeo.numeric import NumericNetworks, descend, random_starts

    try:
        end = descend(
            random_starts(NumericNetworks.from_points(problem, [point]), 64, seed=0, scale=3.0), iterations=2000
        )
    except InputError:
        # Values that float64 cannot hold: nothing is proposed.
        return None
    train = problem.train
    weights = (*train.hidden, train.output)
    biases = (*train.hidden_bias, train.output_bias)
    proposed = end.networks.point(min(range(len(end.losses)), key=lambda i: float(end.losses[i])))
    for denominator in (10**3, 10**9):
        candidate = Point(
            tuple(
                tuple(tuple(q.limit_denominator(denominator) for q in row) for row in new) if free else old
                for new, old, free in zip(proposed.weights, point.weights, weights, strict=True)
            ),
            tuple(
                tuple(q.limit_denominator(denominator) for q in new) if free else old
                for new, old, free in zip(proposed.biases, point.biases, biases, strict=True)
            ),
        )
        value = problem.loss_at(candidate)
        if value < loss:
            return Better(value, candidate, False)
    return None
