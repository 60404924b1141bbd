"""Where a point stands among all points: at the bottom, above a lower point, or between bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from exactgeo.claims import Claim
from exactgeo.claims.global_minimum import GlobalMinimumClaim
from exactgeo.deadline import Deadline
from exactgeo.errors import InternalError, OutOfScope, OutOfTime
from exactgeo.exact.enclosure import Value, high, low
from exactgeo.exact.rational import decimal
from exactgeo.exact.vectors import ONE, Vector, dot
from exactgeo.kinds import Argument, Globality, Reason
from exactgeo.local_minimum import Decision, Descent, Minimum, Undecided, decide
from exactgeo.problem import Network, Point, Problem, Train, scope
from exactgeo.standing.verdict import Better, as_value

if TYPE_CHECKING:
    from exactgeo.basin import Census
    from exactgeo.basin.branch import GlobalMinimum
    from exactgeo.claims.penalised_bound import PenalisedBoundClaim
    from exactgeo.landscape import Components
    from exactgeo.standing.deep import Known

__all__ = ["Global", "at_zero", "census_of", "components_of", "globality_of"]


AT_LEAST = 0.5
"""Seconds for the decision, for strictness and for writing down a bound, whatever the limit is."""


@dataclass(frozen=True)
class Global:
    """What is known of the global minimum, and the claim that proves it."""

    globality: Globality
    better: Better | None = None
    claim: Claim | None = None
    reason: Reason | None = None
    detail: str = ""
    lower_bound: Fraction | None = None


def at_zero(problem: Problem, point: Point, loss: Value | None) -> Global | None:
    """A point of loss 0 is a global minimum: no loss is below 0. None of other points, and under a penalty."""
    if problem.penalty or not isinstance(loss, Fraction) or loss:
        return None
    claim = GlobalMinimumClaim(point, loss) if all(a.homogeneous for a in problem.network.activations) else None
    return Global(Globality.GLOBAL, claim=claim)


def globality_of(problem: Problem, point: Point, decision: Decision, loss: Value | None, deadline: Deadline) -> Global:
    """Where the point stands, and the claim that proves a global minimum: its own, or the better point's."""
    if problem.penalty:
        return _penalised(problem, decision, point)
    zero = at_zero(problem, point, loss)
    if zero is not None:
        return zero
    if isinstance(decision, Descent):
        lower = Better(as_value(decision.loss_after), decision.end, False)
        return Global(Globality.SPURIOUS, lower)
    if isinstance(decision, Minimum) and decision.argument is Argument.LINEAR_NETWORK:
        return Global(Globality.GLOBAL)
    if isinstance(decision, Minimum) and decision.everywhere and not isinstance(loss, Fraction):
        # No radius: the claim speaks of all parameters, as where the problem is convex in what is trained.
        return Global(Globality.GLOBAL)
    if problem.loss.classes and scope.deep(problem) is None:
        return _of_classes(problem, point, decision, loss, deadline)
    deep = scope.deep(problem) is None and isinstance(loss, Fraction)
    if deep and isinstance(loss, Fraction):
        from exactgeo.standing.deep import as_good_as_a_function

        known = as_good_as_a_function(problem, point, loss)
        if known is not None:
            return Global(Globality.GLOBAL, claim=known.claim)
    if problem.affine:
        found = _convex(problem, point, loss, deadline)
        if found is not None:
            return found
    outside = Global(Globality.UNKNOWN)
    if isinstance(decision, Undecided):
        detail = f"{decision.outside.reason}; in scope: {decision.outside.in_scope}"
        outside = Global(Globality.UNKNOWN, reason=Reason.OUT_OF_SCOPE, detail=detail)
        if decision.ended:
            outside = replace(outside, reason=Reason.BUDGET, detail=decision.outside.reason)
    elif not deadline.left:
        detail = "no time was given to the search for a lower point"
        if deadline.seconds > 0:
            detail = f"no time was left of {deadline.seconds:g} s for the search for a lower point; raise --time-limit"
        return Global(Globality.UNKNOWN, reason=Reason.BUDGET, detail=detail)
    if loss is None or not deadline.left:
        return outside
    if deep and isinstance(loss, Fraction):
        return _smaller(problem, point, loss, outside, deadline)
    from exactgeo.basin.size import size_of

    here = problem.at(point)
    refusal = scope.basins(here)
    if refusal is not None:
        return _relaxed(problem, point, loss, refusal, deadline) if isinstance(decision, Minimum) else outside
    size, bounded = size_of(here), outside
    if size.orbits_about > FEW:
        large = size.hopeless or size.orbits_about > BASINS_A_SECOND * CENSUS * deadline.left
        bounded = _bounded(problem, point, loss, outside, deadline, SEARCH if large else 1 - CENSUS)
        if large or bounded.globality is not Globality.UNKNOWN:
            return bounded
    found_all = census_of(here, deadline)
    if not found_all.complete and bounded is not outside:
        return bounded
    return _among_all(problem, point, loss, found_all, outside, deadline)


def _of_classes(problem: Problem, point: Point, decision: Decision, loss: Value | None, deadline: Deadline) -> Global:
    """Of a loss with classes and a network of any depth: by the slopes of the loss, else from descents in floats."""
    from exactgeo.standing.deep import best_of_classes

    claim = best_of_classes(problem, point)
    if claim is not None:
        return Global(Globality.GLOBAL, claim=claim)
    outside = Global(Globality.UNKNOWN)
    if isinstance(decision, Undecided):
        reason = Reason.BUDGET if decision.ended else Reason.OUT_OF_SCOPE
        outside = Global(Globality.UNKNOWN, reason=reason, detail=decision.outside.reason)
    if loss is None or not deadline.left:
        if outside.reason is not None:
            return outside
        detail = "no time was left for the search for a lower point; raise --time-limit"
        return Global(Globality.UNKNOWN, reason=Reason.BUDGET, detail=detail)
    return _descents(problem, point, loss, outside, deadline)


def _penalised(problem: Problem, decision: Decision, point: Point) -> Global:
    """Under a penalty no census compares the point: a descent leads to a lower one, and some minima are global by their
    own proof, or because their derivatives are a dual vector."""
    if isinstance(decision, Descent):
        lower = Better(as_value(decision.loss_after), decision.end, False)
        return Global(Globality.SPURIOUS, lower)
    if isinstance(decision, Minimum):
        claim = _dual_claim(problem, point) if problem.loss.rational else None
        if claim is not None and claim.bound == decision.loss:
            return Global(Globality.GLOBAL, claim=claim)
        if decision.everywhere:
            return Global(Globality.GLOBAL)
    if isinstance(decision, Undecided):
        detail = f"{decision.outside.reason}; in scope: {decision.outside.in_scope}"
    else:
        detail = (
            "no dual vector shows the point to be a global minimum under [penalty]: `exactgeo basins` encloses that"
        )
    return Global(Globality.UNKNOWN, reason=Reason.OUT_OF_SCOPE, detail=detail)


def _dual_claim(problem: Problem, point: Point) -> PenalisedBoundClaim | None:
    """The bound of all parameters that the slopes of the loss at the point give."""
    from exactgeo.local_minimum.penalised_bound import bound_claim

    predictions = zip(problem.predictions(point), problem.y, strict=True)
    return bound_claim(problem, point, tuple(problem.loss.slopes(p, y)[0] for (p,), (y,) in predictions))


def _among_all(
    problem: Problem, point: Point, loss: Value, census: Census, outside: Global, deadline: Deadline
) -> Global:
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
        return Global(Globality.UNKNOWN, reason=Reason.BUDGET, detail=detail)
    if isinstance(minimum, Fraction) and isinstance(loss, Fraction):
        if minimum != loss:
            raise InternalError(f"the census puts the global minimum at {minimum}, above a point's loss {loss}")
        return Global(Globality.GLOBAL, claim=_bottom_claim(problem, point, loss, census, deadline))
    if outside.reason is None:
        detail = "the enclosures of the point's loss and of the global minimum overlap"
        return Global(Globality.UNKNOWN, reason=Reason.OUT_OF_SCOPE, detail=detail)
    return outside


def _bounded(problem: Problem, point: Point, loss: Value, outside: Global, deadline: Deadline, part: float) -> Global:
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
    try:
        found = _kept_bottom(problem.at(point), census, loss, deadline)
        return found if found.point is point else replace(found, point=point)
    except OutOfTime:
        return None


@lru_cache(maxsize=4)
def _kept_bottom(problem: Problem, census: Census, loss: Fraction, deadline: Deadline) -> GlobalMinimumClaim:
    """The claim at the problem's point; but for the point it is that of every global minimum."""
    from exactgeo.basin.claims import global_claim

    gradients = census.gradients(deadline.check)
    assert problem.point is not None
    return global_claim(problem, problem.point, loss, gradients, deadline.check)


@lru_cache(maxsize=4)
def components_of(census: Census) -> Components:
    """The components of a census, kept so that many points have in common what they can."""
    from exactgeo.landscape import Components

    return Components(census)


# -- a loss that is convex in what is trained ------------------------------------------------------------------------


def _convex(problem: Problem, point: Point, loss: Value | None, deadline: Deadline) -> Global | None:
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
        return Global(Globality.GLOBAL, claim=claim)
    # Slopes that may be chosen at a kink of the loss: the census of the linear model on the features chooses them.
    linear = _linear(problem, point)
    found = census_of(linear, deadline) if deadline.left and linear is not None else None
    if found is None or not found.complete or found.minimum != loss or not isinstance(loss, Fraction):
        return None
    claim = _bottom_claim(problem, point, loss, found, deadline)
    return Global(Globality.GLOBAL, claim=claim)


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


def _smaller(problem: Problem, point: Point, loss: Fraction, outside: Global, deadline: Deadline) -> Global:
    """Of a network of any depth: from a smaller network that tells, else from descents in floats."""
    from exactgeo.standing.deep import by_smaller_networks

    found = by_smaller_networks(problem, point, loss, lambda other, at: _known(other, at, deadline))
    if found is None or (found.better is not None and not found.better.complete):
        tried = _descents(problem, point, loss, outside, deadline)
        if found is None or tried.better is not None:
            return tried
    if found.better is not None:
        return replace(outside, globality=Globality.SPURIOUS, better=found.better, claim=found.claim)
    return replace(outside, globality=Globality.GLOBAL, claim=found.claim)


def _known(problem: Problem, point: Point, deadline: Deadline) -> Known | None:
    """What is known of a point of a smaller network, None where nothing is: in half of the time left."""
    from exactgeo.standing.deep import Known

    part = Deadline.after(deadline.left / 2)
    decision = decide(problem, point, strictness=False, check=part.check)
    found = globality_of(problem, point, decision, decision.loss if isinstance(decision.loss, Fraction) else None, part)
    if found.globality is Globality.UNKNOWN or (found.globality is Globality.SPURIOUS and found.better is None):
        return None
    own = decision.claim if isinstance(decision, Minimum) and decision.everywhere else None
    return Known(found.better, found.claim or own)


def _descents(problem: Problem, point: Point, loss: Value, outside: Global, deadline: Deadline) -> Global:
    """Where there is no census: a lower point from descents in floats."""
    lower = _lower_point(problem, point, loss, deadline)
    if lower is not None:
        return replace(outside, globality=Globality.SPURIOUS, better=lower)
    if outside.reason is not None:
        return outside
    detail = "descents from random starts found no lower point, and there is no census of basins at this depth"
    return Global(Globality.UNKNOWN, reason=Reason.OUT_OF_SCOPE, detail=detail)


def _relaxed(problem: Problem, point: Point, loss: Value, outside: OutOfScope, deadline: Deadline) -> Global:
    """Outside the census: a lower bound from training the frozen blocks too, a lower point from float descent."""
    net = problem.network
    trained = Train((True,), net.hidden_bias, True, net.output_bias)
    bound = census_of(replace(problem, train=trained, point=None), deadline)
    if bound.complete and isinstance(loss, Fraction) and bound.minimum == loss:
        claim = _bottom_claim(problem, point, loss, bound, deadline)
        return Global(Globality.GLOBAL, claim=claim)
    lower = _lower_point(problem, point, loss, deadline)
    if lower is not None:
        return Global(Globality.SPURIOUS, lower)
    detail = f"the census of basins does not cover this freezing: {outside.reason}"
    return Global(Globality.UNKNOWN, reason=Reason.OUT_OF_SCOPE, detail=detail)


def _lower_point(problem: Problem, point: Point, loss: Value, deadline: Deadline) -> Better | None:
    """A point of lower loss, proposed by float descent from random starts and evaluated exactly."""
    from exactgeo.numeric.lower_point import lower_point

    found = lower_point(problem, point, loss, deadline.left)
    return None if found is None else Better(*found, False)
