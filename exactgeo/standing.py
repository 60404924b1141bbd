"""Where a point stands among all points: the verdict of the ladder, the global minimum, the valley around the point.

A global minimum is a local one whatever the loss is: where the census of all basins, or convexity, puts the point at
the bottom, that decides what the ladder leaves open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from exactgeo.claims import Claim
from exactgeo.claims.certificate import Certificate, certificate_of
from exactgeo.claims.global_minimum import GlobalMinimumClaim
from exactgeo.claims.lower_point import LowerPointClaim
from exactgeo.claims.ordered import Combined
from exactgeo.claims.ordered_lower_point import OrderedLowerPointClaim
from exactgeo.deadline import Deadline
from exactgeo.errors import InternalError, OutOfScope, OutOfTime
from exactgeo.exact.combination import Combination, Number, within
from exactgeo.exact.enclosure import Enclosure, Value, high, low, plain
from exactgeo.exact.rational import beside, decimal, format_rational
from exactgeo.exact.vectors import ONE, Vector, dot
from exactgeo.kinds import Argument, Globality, Kind, Reason, Strictness
from exactgeo.local_minimum import Decision, Descent, Minimum, Try, Undecided, decide, exact_loss, measured, smooth_loss
from exactgeo.local_minimum.penalised_bound import bound_claim
from exactgeo.problem import Network, Point, Problem, Train, scope

if TYPE_CHECKING:
    from exactgeo.basin import Census
    from exactgeo.basin.branch import GlobalMinimum
    from exactgeo.landscape import Component

__all__ = ["Better", "Verdict", "verdict_on"]


@dataclass(frozen=True)
class Better:
    """A point of lower loss; ``complete`` when it is a global minimiser.

    Attributes
    ----------
    loss : Fraction or Enclosure
    point : Point
    complete : bool
    """

    loss: Value
    point: Point
    complete: bool

    def to_json(self) -> dict[str, Any]:
        return {**_value("loss", self.loss), "point": self.point.to_dict(), "complete": self.complete}


@dataclass(frozen=True)
class Verdict:
    """What is known of a point, exactly.

    Attributes
    ----------
    kind : Kind
        local_minimum, not_local_minimum or undecided (a str; ``kind.message`` says what it means).
    loss : Fraction or None
    loss_enclosure : Enclosure or None
        Of a loss without rational value, where it can be enclosed.
    exact_loss : Fraction, LogCombination or None
        The loss where it is exactly known, rational or a combination of logarithms.
    rung : Argument or None
        Which argument decided.
    strictness, flat_dimension : Strictness, int
        Of the set of equal loss around a local minimum; None otherwise, and where ``strictness_reason`` says why.
    globality : Globality
    better : Better or None
        A lower point; None for a global minimum or when none is known.
    bad_valley : bool or None
        Whether a local minimum lies in a bad valley: a component of a strict sublevel set just above it that
        reaches no global minimum (Nguyen, On Connected Sublevel Sets in Deep Learning). None where the census does
        not cover the problem or did not finish.
    component_infimum : Fraction, Enclosure or None
        How low a path from the point goes that never rises above its loss; None where ``bad_valley`` is None.
    escapes_at : Fraction or None
        The least level at which a path out of the point's bad valley leads to something lower than
        ``component_infimum``; None elsewhere.
    descent : Descent or None
        For a point that is not a local minimum.
    certificate : Certificate or None
        What is proved, locally and globally; None only when nothing is that the format can say, or that was written
        down in time.
    reason : Reason or None; detail : str
        Why the verdict is undecided or the globality unknown.
    strictness_reason : str
        Why a local minimum has no ``strictness``; "" when it has.
    valley_reason : str
        Why ``bad_valley`` or ``escapes_at`` is not known; "" where they are.
    tries : tuple of Try
        The rungs that were asked, in order.
    lower_bound : Fraction or None
        Proved: no parameters have a lower loss. None where no bound is known.
    """

    problem: Problem
    point: Point
    kind: Kind
    loss: Fraction | None
    rung: Argument | None
    strictness: Strictness | None
    flat_dimension: int | None
    globality: Globality
    better: Better | None
    descent: Descent | None
    certificate: Certificate | None
    reason: Reason | None
    detail: str
    bad_valley: bool | None = None
    component_infimum: Value | None = None
    escapes_at: Fraction | None = None
    loss_enclosure: Value | None = None
    exact_loss: Number | None = None
    strictness_reason: str = ""
    valley_reason: str = ""
    tries: tuple[Try, ...] = ()
    lower_bound: Fraction | None = None

    @property
    def message(self) -> str:
        """The verdict in one sentence."""
        text = self.kind.message
        return f"{text} ({self.detail})" if self.kind is Kind.UNDECIDED and self.detail else text

    def to_json(self, certificate_path: str | None = None) -> dict[str, Any]:
        """The dict that ``exactgeo certify --json`` prints; rationals are strings."""
        descent = self.descent
        reason = None if self.reason is None else f"{self.reason}: {self.detail or self.reason.message}"
        answer = {
            "verdict": str(self.kind),
            **_value("loss", self.loss if self.loss is not None else self.loss_enclosure),
            **_closed_form(self.exact_loss),
            "rung": None if self.rung is None else str(self.rung),
            "rungs": [{"rung": one.rung, "outcome": one.outcome, "reason": one.reason} for one in self.tries],
            "strictness": None if self.strictness is None else str(self.strictness),
            "flat_dimension": self.flat_dimension,
            "globality": str(self.globality),
            "better": None if self.better is None else self.better.to_json(),
            **beside("lower_bound", self.lower_bound),
            "bad_valley": self.bad_valley,
            **_value("component_infimum", self.component_infimum),
            "escapes_at": plain(self.escapes_at),
            "descent": None
            if descent is None
            else {
                **_way(descent),
                "step": format_rational(descent.step),
                **_value("loss_after", _as_value(descent.loss_after)),
            },
            "certificate": certificate_path,
            "reason": reason,
        }
        return {**answer, "reasons": _reasons(self, answer)}


def _reasons(verdict: Verdict, answer: dict[str, Any]) -> dict[str, str]:
    """Why each entry of an answer that is null is null, but for ``reason``."""
    minimum, bottom = verdict.kind is Kind.LOCAL_MINIMUM, verdict.globality is Globality.GLOBAL
    minima = "asked of local minima alone"
    valley = verdict.valley_reason or minima
    why = {
        "loss": "an activation has no rational value here, and the loss no enclosure",
        "loss_decimal": "the loss is below every rational of use",
        "rung": "no rung decided the point",
        "strictness": verdict.strictness_reason or minima,
        "better": "no parameters have a lower loss" if bottom else verdict.detail or "no lower point was found",
        "bad_valley": valley,
        "component_infimum": valley,
        "escapes_at": "asked of points in bad valleys alone" if verdict.bad_valley is False else valley,
        "descent": "the point is a local minimum" if minimum else "no descent was found",
        "certificate": "nothing was proved that a certificate can hold, or not in time"
        if verdict.certificate is None
        else "no file was asked for",
    }
    why["flat_dimension"] = why["strictness"]
    for key in answer:
        if f"{key}_enclosure" in answer:
            why[key] = "not rational: its enclosure stands beside it"
    return {key: why[key] for key, value in answer.items() if value is None and key != "reason"}


def _way(descent: Descent) -> dict[str, Any]:
    if descent.direction is not None:
        return {"direction": descent.direction.to_dict()}
    return {"curve": [direction.to_dict() for direction in descent.curve]}


def _value(key: str, value: Value | None) -> dict[str, Any]:
    """A rational under its key; else null, with the enclosure beside it where there is one."""
    if value is None or isinstance(value, Fraction):
        return {key: plain(value)}
    return {key: None, f"{key}_enclosure": plain(value)}


def _closed_form(loss: Number | None) -> dict[str, Any]:
    """What stands beside the enclosure of a loss that is a combination of logarithms."""
    if not isinstance(loss, Combination):
        return {}
    return {"loss_form": str(loss), "loss_decimal": loss.decimal(15)}


def _as_value(number: Number | Enclosure) -> Value:
    """The number where it is rational, else its enclosure."""
    return within(number) if isinstance(number, Combination) else number


@dataclass(frozen=True)
class _Around:
    """What is known of the valley around a point, the claim that proves it, and why nothing is."""

    component: Component | None = None
    claim: Claim | None = None
    reason: str = ""


WAITING = _Around(reason="the search around the point has not ended")


@dataclass(frozen=True)
class _Global:
    """What is known of the global minimum, and the claim that proves it."""

    globality: Globality
    better: Better | None = None
    claim: Claim | None = None
    reason: Reason | None = None
    detail: str = ""
    lower_bound: Fraction | None = None


def verdict_on(
    problem: Problem,
    point: Point,
    time_limit: float,
    *,
    strictness: bool = True,
    known: Callable[[Verdict], None] = lambda verdict: None,
) -> Verdict:
    """Everything that is known of a point: first whether it is a local minimum, then the rest.

    Parameters
    ----------
    problem : Problem
    point : Point
        Of the problem's shape.
    time_limit : float
        Seconds for the decision and for strictness (half a second at least for each), and for the searches behind
        ``globality`` and ``bad_valley``, 0 for none of these.
    strictness : bool
        Whether to look for the flat dimension at all.
    known : callable
        Told the verdict as soon as it is known, and again with its strictness.
    """
    deadline = Deadline.after(time_limit)
    local = Deadline.after(max(time_limit, AT_LEAST))
    decision = decide(problem, point, strictness=False, check=local.check)
    loss = _as_value(decision.loss) if decision.loss is not None else _enclosed(problem, point)
    none = _at_zero(problem, point, loss) or _Global(
        Globality.UNKNOWN, reason=Reason.BUDGET, detail="the search for a lower point has not ended"
    )
    if isinstance(decision, Minimum):
        waiting = "the search for the flat dimension has not ended" if strictness else LEFT_OUT
        decision = replace(decision, reason=waiting)
    known(_verdict(problem, point, decision, loss, none))
    if isinstance(decision, Minimum) and strictness:
        # The other searches want time as well; a little is given in any case, which is within what a limit allows.
        decision = measured(decision, Deadline.after(max(deadline.left / 2, AT_LEAST)).check)
        known(_verdict(problem, point, decision, loss, none))
    found = _globality(problem, point, decision, loss, deadline)
    return _verdict(problem, point, decision, loss, found, _component(problem, point, decision, found, deadline))


AT_LEAST = 0.5
"""Seconds for the decision, and for strictness, whatever the limit is."""

LEFT_OUT = "left out, as --no-strictness asks"


def _verdict(
    problem: Problem,
    point: Point,
    decision: Decision,
    loss: Value | None,
    known: _Global,
    around: _Around = WAITING,
) -> Verdict:
    component = around.component
    bottom = known.globality is Globality.GLOBAL
    claims: list[Claim] = [] if isinstance(decision, Undecided) else [*decision.claims]
    # Under a penalty the claim of the descent says as much.
    if known.better is not None and not problem.penalty:
        claims += _lower_claims(problem, point, decision, known.better)
    claims += [claim for claim in (known.claim, around.claim) if claim is not None]
    return Verdict(
        problem=problem,
        point=point,
        kind=Kind.LOCAL_MINIMUM if bottom else decision.kind,
        loss=loss if isinstance(loss, Fraction) else None,
        loss_enclosure=None if isinstance(loss, Fraction) else loss,
        exact_loss=decision.loss,
        rung=Argument.GLOBAL_MINIMUM if bottom and isinstance(decision, Undecided) else _argument(decision),
        strictness=decision.strictness if isinstance(decision, Minimum) else None,
        flat_dimension=decision.flat_dimension if isinstance(decision, Minimum) else None,
        globality=known.globality,
        better=known.better,
        descent=decision if isinstance(decision, Descent) else None,
        certificate=certificate_of(problem, claims),
        reason=known.reason,
        detail=known.detail,
        bad_valley=component.bad if component is not None else False if bottom else None,
        component_infimum=component.infimum if component is not None else loss if bottom else None,
        escapes_at=None if component is None else component.escapes_at,
        strictness_reason=_without_strictness(decision, bottom),
        valley_reason=around.reason,
        tries=decision.tries,
        lower_bound=_lower_bound(known, loss),
    )


def _lower_bound(known: _Global, loss: Value | None) -> Fraction | None:
    """Below which no loss is, where that is known: that of a global minimum, or of a bound."""
    if known.globality is Globality.GLOBAL and isinstance(loss, Fraction):
        return loss
    if known.better is not None and known.better.complete and isinstance(known.better.loss, Fraction):
        return known.better.loss
    return known.lower_bound


def _lower_claims(problem: Problem, point: Point, decision: Decision, better: Better) -> list[Claim]:
    """That the better point is better; of a descent with a loss that is not rational, the descent says so."""
    if isinstance(decision.loss, Fraction) and isinstance(better.loss, Fraction):
        return [LowerPointClaim(point, decision.loss, better.point, better.loss)]
    if not isinstance(decision, Minimum) or not isinstance(decision.loss, Combination):
        return []
    lower = exact_loss(problem, better.point)
    return [OrderedLowerPointClaim(point, Combined.of(decision.loss), better.point, Combined.of(lower))]


def _argument(decision: Decision) -> Argument | None:
    return None if isinstance(decision, Undecided) else decision.argument


def _without_strictness(decision: Decision, bottom: bool) -> str:
    if isinstance(decision, Minimum):
        return decision.reason
    if bottom and isinstance(decision, Undecided):
        return f"no rung decides strictness here: {decision.outside.reason}"
    return ""


def _enclosed(problem: Problem, point: Point) -> Value | None:
    try:
        return problem.enclosure_at(point)
    except ValueError:
        # The value of an activation is not rational.
        return smooth_loss(problem, point)


def _at_zero(problem: Problem, point: Point, loss: Value | None) -> _Global | None:
    """A point of loss 0 is a global minimum: no loss is below 0. None of other points, and under a penalty."""
    if problem.penalty or not isinstance(loss, Fraction) or loss:
        return None
    claim = GlobalMinimumClaim(point, loss) if all(a.homogeneous for a in problem.network.activations) else None
    return _Global(Globality.GLOBAL, claim=claim)


def _globality(problem: Problem, point: Point, decision: Decision, loss: Value | None, deadline: Deadline) -> _Global:
    """Where the point stands, and the claim that proves a global minimum: its own, or the better point's."""
    if problem.penalty:
        return _penalised(problem, decision, point)
    zero = _at_zero(problem, point, loss)
    if zero is not None:
        return zero
    if isinstance(decision, Descent):
        lower = Better(_as_value(decision.loss_after), decision.end, False)
        return _Global(Globality.SPURIOUS, lower)
    if isinstance(decision, Minimum) and decision.claim.radius is None and not isinstance(loss, Fraction):
        # No radius: the claim speaks of all parameters, as where the problem is convex in what is trained.
        return _Global(Globality.GLOBAL)
    if problem.affine:
        found = _convex(problem, point, loss, deadline)
        if found is not None:
            return found
    outside = _Global(Globality.UNKNOWN)
    if isinstance(decision, Undecided):
        detail = f"{decision.outside.reason}; in scope: {decision.outside.in_scope}"
        outside = _Global(Globality.UNKNOWN, reason=Reason.OUT_OF_SCOPE, detail=detail)
        if decision.ended:
            outside = replace(outside, reason=Reason.BUDGET, detail=decision.outside.reason)
    elif not deadline.left:
        detail = "no time was given to the search for a lower point"
        if deadline.seconds > 0:
            detail = f"no time was left of {deadline.seconds:g} s for the search for a lower point; raise --time-limit"
        return _Global(Globality.UNKNOWN, reason=Reason.BUDGET, detail=detail)
    if loss is None or not deadline.left:
        return outside
    from exactgeo.basin.size import size_of

    refusal = scope.basins(problem.at(point))
    if refusal is not None:
        return _relaxed(problem, point, loss, refusal, deadline) if isinstance(decision, Minimum) else outside
    size, bounded = size_of(problem.at(point)), outside
    if size.orbits_about > FEW:
        large = size.hopeless or size.orbits_about > BASINS_A_SECOND * CENSUS * deadline.left
        bounded = _bounded(problem, point, loss, outside, deadline, SEARCH if large else 1 - CENSUS)
        if large or bounded.globality is not Globality.UNKNOWN:
            return bounded
    found_all = census_of(problem.at(point), deadline)
    if not found_all.complete and bounded is not outside:
        return bounded
    return _among_all(problem, point, loss, found_all, outside, deadline)


def _penalised(problem: Problem, decision: Decision, point: Point) -> _Global:
    """Under a penalty no census compares the point: a descent leads to a lower one, and some minima are global by their
    own proof, or because their derivatives are a dual vector."""
    if isinstance(decision, Descent):
        lower = Better(_as_value(decision.loss_after), decision.end, False)
        return _Global(Globality.SPURIOUS, lower)
    if isinstance(decision, Minimum):
        predictions = zip(problem.predictions(point), problem.y, strict=True)
        dual = tuple(problem.loss.slopes(p, y)[0] for (p,), (y,) in predictions)
        claim = bound_claim(problem, point, dual)
        if claim is not None and claim.bound == decision.loss:
            return _Global(Globality.GLOBAL, claim=claim)
        if decision.claim.radius is None:
            return _Global(Globality.GLOBAL)
    if isinstance(decision, Undecided):
        detail = f"{decision.outside.reason}; in scope: {decision.outside.in_scope}"
    else:
        detail = (
            "no dual vector shows the point to be a global minimum under [penalty]: `exactgeo basins` encloses that"
        )
    return _Global(Globality.UNKNOWN, reason=Reason.OUT_OF_SCOPE, detail=detail)


def _among_all(
    problem: Problem, point: Point, loss: Value, census: Census, outside: _Global, deadline: Deadline
) -> _Global:
    """From the values of all basins, else from descents in floats; ``outside`` says why the ladder left the point open,
    if it did."""
    minimum = census.minimum
    if minimum is not None and census.best is not None and high(minimum) < low(loss):
        better = Better(minimum, census.best, census.complete)
        claim = None
        if census.complete and isinstance(minimum, Fraction):
            claim = _bottom_claim(problem, census.best, minimum, census, deadline)
        return replace(outside, globality=Globality.SPURIOUS, better=better, claim=claim)
    if census.complete and minimum is not None and high(minimum) < low(loss):
        # The infimum is not attained: no point has it, but some point is below this one.
        return replace(outside, globality=Globality.SPURIOUS, better=_lower_point(problem, point, loss, deadline))
    if not census.complete:
        lower = None if census.interrupted else _lower_point(problem, point, loss, deadline)
        if lower is not None:
            return replace(outside, globality=Globality.SPURIOUS, better=lower)
        if outside.reason is not None:
            return outside
        if census.interrupted:
            detail = "the search for a lower point was interrupted with nothing below"
        elif census.reduction.listed or not deadline.left:
            detail = f"the search ended after {deadline.seconds:g} s with no lower point; raise --time-limit"
        else:
            detail = f"descents from random starts found no lower point; {census.reason}"
        return _Global(Globality.UNKNOWN, reason=Reason.BUDGET, detail=detail)
    if isinstance(minimum, Fraction) and isinstance(loss, Fraction):
        if minimum != loss:
            raise InternalError(f"the census puts the global minimum at {minimum}, above a point's loss {loss}")
        return _Global(Globality.GLOBAL, claim=_bottom_claim(problem, point, loss, census, deadline))
    if outside.reason is None:
        detail = "the enclosures of the point's loss and of the global minimum overlap"
        return _Global(Globality.UNKNOWN, reason=Reason.OUT_OF_SCOPE, detail=detail)
    return outside


def _bounded(problem: Problem, point: Point, loss: Value, outside: _Global, deadline: Deadline, part: float) -> _Global:
    """From a branch and bound, for a part of the time; ``outside`` says why the ladder left the point open."""
    found = _kept_minimum(problem.at(point), deadline, part)
    bound, best = found.lower_bound, found.incumbent
    known = replace(outside, lower_bound=bound if bound or found.complete else None)
    if best is not None and high(best) < low(loss):
        better = Better(best, found.point, found.complete) if found.point is not None else None
        at = (found.point, best) if found.point is not None and isinstance(best, Fraction) else None
        claim = None if at is None else _bound_claim(found, *at, deadline)
        if better is None:
            better = _lower_point(problem, point, loss, deadline)
        return replace(known, globality=Globality.SPURIOUS, better=better, claim=claim)
    if isinstance(loss, Fraction) and bound >= loss:
        if bound > loss:
            raise InternalError(f"the bound {bound} of the global minimum is above a point's loss {loss}")
        return replace(known, globality=Globality.GLOBAL, claim=_bound_claim(found, point, loss, deadline))
    if best is None or not found.complete:
        lower = None if found.interrupted else _lower_point(problem, point, loss, deadline)
        if lower is not None:
            return replace(known, globality=Globality.SPURIOUS, better=lower)
    if outside.reason is not None:
        return known
    if found.complete:
        detail = "the enclosures of the point's loss and of the global minimum overlap"
        return replace(known, reason=Reason.OUT_OF_SCOPE, detail=detail)
    detail = f"the search ended after {deadline.seconds:g} s with no lower point"
    if bound:
        detail += f" and the proof that none is below {decimal(bound)}, a gap of {decimal(high(loss) - bound)}"
    detail += "; raise --time-limit"
    if found.detail:
        detail = f"descents from random starts found no lower point; {found.detail}"
    if found.interrupted:
        detail = "the search for a lower point was interrupted with nothing below"
    claim = _bound_claim(found, point, loss, deadline) if isinstance(loss, Fraction) and bound else None
    return replace(known, reason=Reason.BUDGET, detail=detail, claim=claim)


def _bound_claim(found: GlobalMinimum, point: Point, loss: Fraction, deadline: Deadline) -> Claim | None:
    """The claim of a branch and bound; None where it takes too long."""
    try:
        # A little is given in any case: it has been proved, and is only to be written down.
        return found.claim(point, loss, Deadline.after(max(deadline.left, AT_LEAST)).check)
    except OutOfTime:
        return None


def _bottom_claim(
    problem: Problem, point: Point, loss: Fraction, census: Census, deadline: Deadline
) -> GlobalMinimumClaim | None:
    """The claim that a point is a global minimum, from the optima of a census; None where it takes too long."""
    from exactgeo.basin.claims import global_claim

    try:
        return global_claim(problem, point, loss, census.gradients(deadline.check), deadline.check)
    except OutOfTime:
        return None


# -- a loss that is convex in what is trained ------------------------------------------------------------------------


def _convex(problem: Problem, point: Point, loss: Value | None, deadline: Deadline) -> _Global | None:
    """That a point is a global minimum of a convex problem; None where that is not known."""
    scalar = problem.loss.as_scalar(problem.outputs, problem.y)
    activation = problem.network.uniform
    if scalar is None or len(problem.network.widths) > 1 or activation is None or not activation.homogeneous:
        return None
    score, targets = scalar
    predictions = [row[0] if len(row) == 1 else row[1] - row[0] for row in problem.predictions(point)]
    try:
        slopes = [score.slopes(p, y) for p, y in zip(predictions, targets, strict=True)]
    except ValueError:
        # Slopes that are not rational.
        return None
    if all(left == right for left, right in slopes):
        from exactgeo.basin.claims import global_claim

        gradient = tuple(left for left, _ in slopes)
        if any(dot(gradient, column) for column in _columns(problem, point)):
            return None
        claim = global_claim(problem, point, loss, [gradient]) if isinstance(loss, Fraction) else None
        return _Global(Globality.GLOBAL, claim=claim)
    # Slopes that may be chosen at a kink of the loss: the census of the linear model on the features chooses them.
    linear = _linear(problem, point)
    found = census_of(linear, deadline) if deadline.left and linear is not None else None
    if found is None or not found.complete or found.minimum != loss or not isinstance(loss, Fraction):
        return None
    claim = _bottom_claim(problem, point, loss, found, deadline)
    return _Global(Globality.GLOBAL, claim=claim)


def _features(problem: Problem, point: Point) -> tuple[Vector, ...]:
    """What the output weights multiply: the inputs, or the outputs of the hidden units; one row a data point."""
    if not problem.network.widths:
        return problem.x
    activation = problem.network.activation
    return tuple(tuple(activation(dot(w, row)) for w, _ in point.as_scalar().neurons) for row in problem.lifted)


def _columns(problem: Problem, point: Point) -> list[Sequence[Fraction]]:
    """The change of the score by each trained parameter, where only the last layer is trained."""
    net, train = problem.network, problem.train
    found: list[Sequence[Fraction]] = []
    if train.output:
        found += list(zip(*_features(problem, point), strict=True))
    if net.output_bias and train.output_bias:
        found.append([ONE] * problem.m)
    return found


def _linear(problem: Problem, point: Point) -> Problem | None:
    """The linear model on the features with the same last layer; None where there is no feature or two scores."""
    features, net = _features(problem, point), problem.network
    if problem.outputs > 1 or not features[0]:
        return None
    last = Point(point.weights[-1:], point.biases[-1:])
    return replace(
        problem,
        x=features,
        network=Network(len(features[0]), (), 1, (), (), net.output_bias),
        train=Train((), (), problem.train.output, problem.train.output_bias),
        point=last,
    )


# -- the census behind globality -------------------------------------------------------------------------------------


class _Interrupted(Exception):
    """A census ended by Ctrl-C; raised so that it is not kept."""

    def __init__(self, found: Census) -> None:
        self.found = found


CENSUS = 0.75
"""Of the time left: where a census does not end, descents from random starts may still find a lower point."""
SEARCH = 0.8
"""Of the time left, for a branch and bound where a census is too large: its claim is to be written down as well."""
FEW, BASINS_A_SECOND = 5_000, 10_000
"""Basins modulo permutation for which a census is all there is; and, after a branch and bound, is begun."""


@lru_cache(maxsize=4)
def _kept_census(problem: Problem, deadline: Deadline) -> Census:
    from exactgeo.basin import census

    found = census(problem, time_limit=CENSUS * deadline.left)
    if found.interrupted and not found.complete:
        raise _Interrupted(found)
    return found


def census_of(problem: Problem, deadline: Deadline) -> Census:
    """The census behind globality, kept so that many points of one problem have one."""
    try:
        return _kept_census(problem, deadline)
    except _Interrupted as end:
        return end.found


@lru_cache(maxsize=4)
def _kept_minimum(problem: Problem, deadline: Deadline, part: float) -> GlobalMinimum:
    """The branch and bound behind globality, kept so that many points of one problem have one."""
    from exactgeo.basin.branch import minimum

    return minimum(problem, time_limit=part * deadline.left)


def _relaxed(problem: Problem, point: Point, loss: Value, outside: OutOfScope, deadline: Deadline) -> _Global:
    """Outside the census: a lower bound from training the frozen blocks too, a lower point from float descent."""
    net = problem.network
    trained = Train((True,), net.hidden_bias, True, net.output_bias)
    bound = census_of(replace(problem, train=trained, point=None), deadline)
    if bound.complete and isinstance(loss, Fraction) and bound.minimum == loss:
        claim = _bottom_claim(problem, point, loss, bound, deadline)
        return _Global(Globality.GLOBAL, claim=claim)
    lower = _lower_point(problem, point, loss, deadline)
    if lower is not None:
        return _Global(Globality.SPURIOUS, lower)
    detail = f"the census of basins does not cover this freezing: {outside.reason}"
    return _Global(Globality.UNKNOWN, reason=Reason.OUT_OF_SCOPE, detail=detail)


def _lower_point(problem: Problem, point: Point, loss: Value, deadline: Deadline) -> Better | None:
    """A point of lower loss, proposed by float descent from random starts and evaluated exactly."""
    from exactgeo.numeric.lower_point import lower_point

    found = lower_point(problem, point, loss, deadline.left)
    return None if found is None else Better(*found, False)


def _component(problem: Problem, point: Point, decision: Decision, known: _Global, deadline: Deadline) -> _Around:
    """The component around a point that is no global minimum, and the claim that proves it: walls, or a path down."""
    better = known.better
    if isinstance(decision, Descent) or known.globality is Globality.GLOBAL:
        return _Around()
    outside = scope.exact_values(problem)
    if outside is not None:
        return _Around(reason=outside.reason)
    if better is None or not better.complete or not isinstance(better.loss, Fraction):
        return _Around(reason=f"no point is known to be a global minimum: {known.detail or 'the search has not ended'}")
    late = f"the search around the point had not ended after {deadline.seconds:g} s; raise --time-limit"
    if not deadline.left:
        return _Around(reason=late)
    from exactgeo.landscape import component
    from exactgeo.landscape.claims import component_claim

    try:
        census = census_of(problem.at(point), deadline)
        if not census.complete:
            return _Around(reason="the basins are too many to be listed")
        found = component(problem, point, census=census, time_limit=deadline.left)
        claim = component_claim(found, better.point, better.loss, deadline.check)
    except OutOfScope as refusal:
        return _Around(reason=refusal.reason)
    except OutOfTime:
        return _Around(reason=late)
    # Out of time before the walls around the point were known.
    return _Around(reason=found.reason or late) if claim is None else _Around(found, claim, found.reason)
