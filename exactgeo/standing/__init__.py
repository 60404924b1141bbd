"""Where a point stands among all points: the verdict of the ladder, the global minimum, the valley around the point.

A global minimum is a local one whatever the loss is: where the census of all basins, or convexity, puts the point at
the bottom, that decides what the ladder leaves open.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from exactgeo.claims import Claim
from exactgeo.claims.certificate import certificate_of
from exactgeo.claims.lower_point import LowerPointClaim
from exactgeo.deadline import Deadline
from exactgeo.errors import OutOfScope, OutOfTime
from exactgeo.exact.combination import Combination
from exactgeo.exact.enclosure import Value
from exactgeo.kinds import Argument, Globality, Kind, Reason
from exactgeo.local_minimum import Decision, Descent, Minimum, Undecided, decide, measured, smooth_loss
from exactgeo.local_minimum.deep.dead import dead_layers
from exactgeo.logs import logger
from exactgeo.problem import Point, Problem, scope
from exactgeo.problem.linear_outputs import bends_outputs, with_identity, with_linear_outputs, without_identity
from exactgeo.standing.globality import AT_LEAST, Global, at_zero, census_of, components_of, globality_of
from exactgeo.standing.verdict import Better, Verdict, as_value

if TYPE_CHECKING:
    from exactgeo.landscape import Component

__all__ = ["Better", "Verdict", "verdict_on"]

LOG = logger(__name__)


class _Around(NamedTuple):
    """What is known of the valley around a point, the claim that proves it, and why nothing is."""

    component: Component | None = None
    claim: Claim | None = None
    reason: str = ""


WAITING = _Around(reason="the search around the point has not ended")


def verdict_on(
    problem: Problem,
    point: Point,
    time_limit: float,
    *,
    strictness: bool = True,
    known: Callable[[Verdict], None] | None = None,
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
    known : callable, optional
        Told the verdict as soon as it is known, and again with its strictness.
    """
    if bends_outputs(problem):
        whole = with_linear_outputs(problem.at(point)), with_identity(point)

        def of(found: Verdict) -> Verdict:
            return _without_identity(problem, point, found)

        tell = None if known is None else lambda found: known(of(found))
        return of(verdict_on(*whole, time_limit, strictness=strictness, known=tell))
    deadline = Deadline.after(time_limit)
    local = Deadline.after(max(time_limit, AT_LEAST))
    decision = decide(problem, point, strictness=False, check=local.check)
    loss = as_value(decision.loss) if decision.loss is not None else _enclosed(problem, point)
    none = at_zero(problem, point, loss) or Global(
        Globality.UNKNOWN, reason=Reason.BUDGET, detail="the search for a lower point has not ended"
    )
    remarks = dead_layers(problem, point)
    if isinstance(decision, Minimum) and (known is not None or not strictness):
        waiting = "the search for the flat dimension has not ended" if strictness else LEFT_OUT
        decision = replace(decision, reason=waiting)
    if known is not None:
        known(_verdict(problem, point, decision, loss, none, remarks))
    if isinstance(decision, Minimum) and strictness:
        # The other searches want time as well; a little is given in any case, which is within what a limit allows.
        decision = measured(decision, Deadline.after(max(deadline.left / 2, AT_LEAST)).check)
        if known is not None:
            known(_verdict(problem, point, decision, loss, none, remarks))
    began, here = time.monotonic(), problem.at(point)
    found = globality_of(here, point, decision, loss, deadline)
    LOG.info(
        "globality: %s in %.3f s%s", found.globality, time.monotonic() - began, found.detail and f" ({found.detail})"
    )
    around = _component(here, point, decision, found, deadline)
    return _verdict(problem, point, decision, loss, found, remarks, around)


def _without_identity(problem: Problem, point: Point, found: Verdict) -> Verdict:
    """The verdict about the network whose last hidden layer has the activation of the outputs, in the parameters of the
    network itself. The certificate speaks of the larger one."""
    better, descent = found.better, found.descent
    if better is not None:
        better = replace(better, point=without_identity(better.point))
    if descent is not None:
        descent = descent.without_identity(problem)
    remarks = dead_layers(problem, point)
    return replace(found, problem=problem, point=point, better=better, descent=descent, remarks=remarks)


LEFT_OUT = "left out, as --no-strictness asks"


def _verdict(
    problem: Problem,
    point: Point,
    decision: Decision,
    loss: Value | None,
    known: Global,
    remarks: tuple[str, ...],
    around: _Around = WAITING,
) -> Verdict:
    component = around.component
    bottom = known.globality is Globality.GLOBAL
    claims: list[Claim] = [] if isinstance(decision, Undecided) else [*decision.claims]
    # Under a penalty the claim of the descent says as much.
    if known.better is not None and not problem.penalty:
        claims += _lower_claims(problem, point, decision, known.better)
    claims += [claim for claim in (known.claim, around.claim) if claim is not None]
    certificate = certificate_of(problem, claims)
    if certificate is not None and len(certificate.claims) < len(claims):
        kinds = ", ".join(claim.kind for claim in claims[len(certificate.claims) :])
        remarks = (*remarks, f"the certificate is without {kinds}: numbers of more digits than the checker reads")
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
        certificate=certificate,
        reason=known.reason,
        detail=known.detail,
        bad_valley=component.bad if component is not None else False if bottom else None,
        component_infimum=component.infimum if component is not None else loss if bottom else None,
        escapes_at=None if component is None else component.escapes_at,
        strictness_reason=_without_strictness(decision, bottom),
        valley_reason=around.reason,
        tries=decision.tries,
        lower_bound=_lower_bound(known, loss),
        remarks=remarks,
    )


def _lower_bound(known: Global, loss: Value | None) -> Fraction | None:
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
    scalar = problem.loss.as_scalar(problem.outputs, problem.y) is not None
    if not isinstance(decision, Minimum) or not isinstance(decision.loss, Combination) or not scalar:
        return []
    from exactgeo.claims.class_minimum import ClassMinimumClaim
    from exactgeo.claims.ordered import Combined
    from exactgeo.claims.ordered_lower_point import OrderedLowerPointClaim
    from exactgeo.local_minimum import exact_loss

    if isinstance(decision.claim, ClassMinimumClaim):
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


def _component(problem: Problem, point: Point, decision: Decision, known: Global, deadline: Deadline) -> _Around:
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
    from exactgeo.landscape.claims import component_claim

    try:
        census = census_of(problem.at(point), deadline)
        if not census.complete:
            return _Around(reason="the basins are too many to be listed")
        loss = decision.loss if isinstance(decision.loss, Fraction) else None
        found = components_of(census).around(problem, point, lambda: not deadline.left, loss=loss)
        claim = component_claim(found, better.point, better.loss, deadline.check)
    except OutOfScope as refusal:
        return _Around(reason=refusal.reason)
    except OutOfTime:
        return _Around(reason=late)
    # Out of time before the walls around the point were known.
    return _Around(reason=found.reason or late) if claim is None else _Around(found, claim, found.reason)
