"""Is this point a local minimum? A ladder of arguments; complete for one hidden layer and one output.

:func:`decide` asks one rung after the other (:mod:`exactgeo.local_minimum.rungs`); the criterion itself is in
:mod:`exactgeo.local_minimum.criterion`.
"""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from exactgeo.deadline import Check, unlimited
from exactgeo.errors import InternalError, OutOfScope, OutOfTime
from exactgeo.exact.combination import Unresolved
from exactgeo.exact.enclosure import Enclosure
from exactgeo.local_minimum.decision import Decision, Descent, Minimum, Try, Undecided
from exactgeo.local_minimum.rungs import LADDER, Rung
from exactgeo.logs import logger
from exactgeo.on_demand import on_first_use
from exactgeo.problem import Point, Problem, scope
from exactgeo.problem.linear_outputs import bends_outputs, with_identity, with_linear_outputs

if TYPE_CHECKING:
    from exactgeo.claims.ordered_strictness import OrderedStrictnessClaim
    from exactgeo.claims.strictness import StrictnessClaim
    from exactgeo.local_minimum.deep.explain import DeepExplanation as DeepExplanation
    from exactgeo.local_minimum.deep.explain import UnitView as UnitView
    from exactgeo.local_minimum.explain import Condition as Condition
    from exactgeo.local_minimum.explain import Explanation as Explanation
    from exactgeo.local_minimum.explain import NeuronView as NeuronView
    from exactgeo.local_minimum.ordered_criterion import exact_loss as exact_loss

__all__ = [
    "LADDER",
    "Condition",
    "Decision",
    "DeepExplanation",
    "Descent",
    "Explanation",
    "Minimum",
    "NeuronView",
    "Try",
    "Undecided",
    "UnitView",
    "decide",
    "exact_loss",
    "explain",
    "measured",
    "smooth_loss",
]

on_first_use(
    __name__,
    {
        "Condition": "explain",
        "DeepExplanation": "deep.explain",
        "Explanation": "explain",
        "NeuronView": "explain",
        "UnitView": "deep.explain",
        "exact_loss": "ordered_criterion",
    },
)

LOG = logger(__name__)

BITS = 128
"""Of the enclosure of a loss."""


def decide(
    problem: Problem, point: Point | None = None, *, strictness: bool = True, check: Check = unlimited
) -> Decision:
    """Decide local minimality of a point in the trained parameters.

    Parameters
    ----------
    problem : Problem
    point : Point, optional
        ``problem.point`` when left out. Where the outputs have a piecewise linear activation the decision is about the
        network of :func:`exactgeo.problem.linear_outputs.with_linear_outputs`, whose last hidden layer has it.
    strictness : bool
        Whether a local minimum is asked for its strictness at once, whatever that takes; else see :func:`measured`.
    check : callable
        Called between pieces of work; where it raises :class:`~exactgeo.errors.OutOfTime` the point is undecided.

    Returns
    -------
    Minimum, Descent or Undecided
        Never undecided in scope (:func:`exactgeo.problem.scope.complete_decision`) and in time. Cost: O(m n d)
        rationals, then for each neuron one small exact LP a cell of its linearly dependent concave kinks, and for the
        flat dimension a few LPs (exponential in the worst case).

    Raises
    ------
    ValueError
        No point is given.
    InputError
        No Problem, or no Point of its network.

    References
    ----------
    Wu, Simsek, Ged, arXiv 2402.05626; the criterion as stated in :mod:`exactgeo.local_minimum.criterion`.

    Examples
    --------
    >>> from exactgeo.library import load
    >>> found = decide(load("swirszcz-prop1"))
    >>> print(found.kind, found.loss, found.strictness, found.flat_dimension)
    local_minimum 18 strict_modulo_symmetry 1
    """
    scope.expect_problem(problem)
    point = point if point is not None else problem.point
    if point is None:
        raise ValueError("decide needs a point")
    problem.expect_point(point)
    if bends_outputs(problem):
        problem, point = with_linear_outputs(problem.at(point)), with_identity(point)
    tries: list[Try] = []
    outside = None
    left_open: list[Undecided] = []
    for rung in LADDER:
        outside = _outside(rung, problem)
        if outside is not None:
            tries.append(Try(rung.name, "out_of_scope", outside.reason))
            continue
        began = time.monotonic()
        try:
            check()
            found = rung.decide(problem, point, check)
        except OutOfTime as end:
            found = Undecided(_loss(problem, point), scope.unfinished(str(end)), (), ended=True)
        except Unresolved as small:
            found = Undecided(_loss(problem, point), scope.unresolved(str(small)), ())
        why = found.outside.reason if isinstance(found, Undecided) else ""
        tries.append(Try(rung.name, str(found.kind), why))
        LOG.info("rung %s: %s in %.3f s%s", rung.name, found.kind, time.monotonic() - began, why and f" ({why})")
        if isinstance(found, Undecided) and not found.ended:
            left_open.append(found)
            continue
        if isinstance(found, Minimum) and strictness:
            found = measured(found, unlimited)
        return replace(found, tries=tuple(tries))
    if len(left_open) == 1:
        return replace(left_open[0], tries=tuple(tries))
    if left_open:
        refusal = scope.not_decided(f"none of {len(left_open)} arguments decides this point; {LISTED}")
        return Undecided(left_open[0].loss, refusal, tuple(tries))
    outside = scope.decision(problem) or outside
    if outside is None:
        raise InternalError("a ladder without rungs")
    return Undecided(_loss(problem, point), outside, tuple(tries))


@lru_cache(maxsize=64)
def _outside(rung: Rung, problem: Problem) -> OutOfScope | None:
    """What puts a problem outside of a rung, which its point does not: kept for many points of one problem."""
    return rung.accepts(problem)


LISTED = "`exactgeo certify --json` lists them under rungs, each with its reason"


WITHOUT_STRICTNESS = frozenset(
    {
        "class_global_minimum",
        "class_minimum",
        "deep_minimum",
        "linear_network_minimum",
        "symmetric_minimum",
        "unrolled_minimum",
        "vector_minimum",
    }
)
"""Kinds of claim of which no rung asks how large the set of equal loss is."""


def measured(found: Minimum, check: Check) -> Minimum:
    """A local minimum with its strictness; without it, and with the reason, where ``check`` ended the search.

    Parameters
    ----------
    found : Minimum
        As :func:`decide` gives it.
    check : callable
        Called between pieces of work; it may raise :class:`~exactgeo.errors.OutOfTime`.
    """
    if found.claim.kind in WITHOUT_STRICTNESS:
        return replace(found, reason="strictness is decided for at most one hidden layer with one output")
    if found.claim.kind == "penalised_minimum":
        from exactgeo.local_minimum import weight_decay

        return weight_decay.measured(found)
    if found.claim.kind == "ordered_penalised_minimum":
        from exactgeo.local_minimum.ordered_weight_decay import measure_ordered_decay

        return measure_ordered_decay(found)
    try:
        check()
        return replace(found, flat=_flat(found, check), reason="")
    except OutOfTime as end:
        return replace(found, reason=f"the search for the flat dimension ended {end}; raise --time-limit")


def _flat(found: Minimum, check: Check) -> StrictnessClaim | OrderedStrictnessClaim:
    if found.claim.kind == "ordered_minimum":
        from exactgeo.local_minimum.ordered_criterion import measure_ordered

        return measure_ordered(found, check)
    from exactgeo.local_minimum.criterion import measure

    return measure(found, check)


def _loss(problem: Problem, point: Point) -> Fraction | None:
    try:
        return problem.loss_at(point)
    except ValueError:
        return None


def smooth_loss(problem: Problem, point: Point) -> Enclosure | None:
    """Proved bounds on a loss with smooth activations; None of another."""
    if scope.smooth(problem) is not None:
        return None
    # Balls load when one is asked for.
    from exactgeo.exact.krawczyk import bounds, precision
    from exactgeo.local_minimum.smooth_loss import SmoothLoss

    with precision(BITS):
        return bounds(SmoothLoss(problem).value(point))


def explain(problem: Problem, point: Point) -> Explanation | DeepExplanation:
    """Predictions, derivatives of the loss, kinks and phi of each neuron: the numbers that :func:`decide` decides by.

    Of several hidden layers or outputs: every layer and every output, and what is linear in the last layer.

    A loss with kinks has no phi: there are its one-sided derivatives at the predictions, and where the data points lie.

    Raises
    ------
    OutOfScope
        No piecewise linear activation, or a loss without rational values (or, of several layers, without a derivative).
    InputError
        No Problem, or no Point of its network.
    """
    scope.expect_problem(problem)
    problem.expect_point(point)
    asked = problem, point
    if bends_outputs(problem):
        problem, point = with_linear_outputs(problem.at(point)), with_identity(point)
    outside = scope.explanation(problem)
    if outside is not None:
        raise outside
    if scope.deep(problem) is None:
        from exactgeo.local_minimum.deep.explain import explain_layers

        return explain_layers(problem, point, asked)
    from exactgeo.local_minimum.explain import explain_point

    if scope.ordered_slopes(problem) is None:
        from exactgeo.local_minimum.ordered_criterion import OrderedPoint

        return explain_point(OrderedPoint.of(problem, point), asked)
    from exactgeo.local_minimum.two_layer_point import TwoLayerPoint

    return explain_point(TwoLayerPoint.of(problem, point), asked)
