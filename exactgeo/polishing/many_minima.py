"""Minima of the logistic loss that are not alone: many parameters have the one critical prediction vector.

Where no box holds one minimum alone, for the equations are singular, its predictions may still be unique:
:func:`exactgeo.local_minimum.critical_point.critical_point_near` encloses these, and parameters that have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactgeo.claims.certificate import Certificate
from exactgeo.exact.enclosure import Enclosure
from exactgeo.exact.matrix import independent_rows, solve
from exactgeo.exact.vectors import dot
from exactgeo.frozen import dataclass
from exactgeo.kinds import Argument, Globality, Kind, Reason
from exactgeo.local_minimum.critical_point import CriticalPoint, critical_point_near
from exactgeo.polishing.cell import moving_coordinates
from exactgeo.problem import Point, Problem, scope
from exactgeo.standing import Verdict

__all__ = ["ManyMinima", "many_minima_near"]

EXPONENTS = (8, 6, 4, 3)
"""Radii of the predictions that are tried, 10^-k."""

LARGEST = 20_000
"""Entries of the matrix of trained columns up to which its exact inverse is asked for."""


@dataclass(frozen=True)
class ManyMinima:
    """A local minimum within ``within`` of ``point``, one of many with the same predictions.

    Attributes
    ----------
    near : CriticalPoint
    kinks : of each neuron the data points on a kink, one of those with proportional rows
    """

    near: CriticalPoint
    kinks: tuple[tuple[int, ...], ...]

    @property
    def problem(self) -> Problem:
        return self.near.problem

    @property
    def point(self) -> Point:
        return self.near.claim.point

    @property
    def within(self) -> Fraction:
        return self.near.radius

    @property
    def value(self) -> Enclosure:
        return self.near.value

    @property
    def certificate(self) -> Certificate:
        return self.near.certificate

    def verdict(self) -> Verdict:
        """What is proved of the minima beside the point, as its verdict."""
        convex = self.problem.affine
        return Verdict(
            problem=self.problem,
            point=self.point,
            kind=Kind.LOCAL_MINIMUM,
            loss=None,
            loss_enclosure=self.value,
            rung=Argument.CRITICAL_PREDICTIONS,
            strictness=None,
            flat_dimension=None,
            globality=Globality.GLOBAL if convex else Globality.UNKNOWN,
            better=None,
            descent=None,
            certificate=self.certificate,
            reason=None if convex else Reason.OUT_OF_SCOPE,
            detail="" if convex else "the census of all basins is not asked about a minimum that is enclosed",
            strictness_reason="it has one vector of predictions, which many parameters share",
        )


def many_minima_near(problem: Problem, point: Point, kinks: Sequence[Sequence[int]]) -> ManyMinima | None:
    """The minima beside a point of floats, their predictions proved to be the only critical ones; or None.

    Parameters
    ----------
    problem : Problem
        Any; None where its slopes have no exact signs, where it has a penalty, or is large.
    point : Point
    kinks : data points of each neuron, which the minimum is on
    """
    rows = [*(row for matrix in point.weights for row in matrix), *point.biases]
    columns = sum(map(len, rows))
    if problem.penalty or scope.ordered_slopes(problem) is not None or columns * problem.m > LARGEST:
        return None
    there = _on(problem, point, kinks)
    for exponent in EXPONENTS:
        found = critical_point_near(problem, there, Fraction(1, 10**exponent))
        if isinstance(found, CriticalPoint):
            return ManyMinima(found, tuple(map(tuple, kinks)))
    return None


def _on(problem: Problem, point: Point, kinks: Sequence[Sequence[int]]) -> Point:
    """The point with the nearest input weights that are on the kinks."""
    score, neurons = point.as_scalar(), []
    if not score.neurons:
        return point
    moving = moving_coordinates(problem)
    for (w, v), held in zip(score.neurons, kinks, strict=True):
        forms = [[problem.lifted[t][k] for k in moving] for t in held]
        kept = independent_rows(forms, len(moving)) if forms else []
        gram = [[dot(forms[s], forms[t]) for t in kept] for s in kept]
        weights = solve(gram, [dot(w, problem.lifted[held[t]]) for t in kept]) if kept else ()
        lifted = list(w)
        for q, t in zip(weights or (), kept, strict=True):
            for k, x in zip(moving, forms[t], strict=True):
                lifted[k] -= q * x
        neurons.append((tuple(lifted), v))
    way = score.towards(score.with_neurons(neurons, score.shift))
    return point.moved(way.apart if problem.outputs > 1 else way, Fraction(1))
