"""A local minimum near trained floats, enclosed: floats go down over cells, intervals prove where they end."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from exactgeo.frozen import dataclass
from exactgeo.kinds import Argument, Globality, Kind, Reason, Strictness
from exactgeo.local_minimum.ball import Ball, NoBall, ball_near
from exactgeo.polishing._propose_descent import Unbounded, descend
from exactgeo.polishing._propose_landing import Landing, rested, tied
from exactgeo.polishing._propose_minimiser import Unsettled
from exactgeo.polishing.cell import Cell, Pattern, moving_coordinates
from exactgeo.polishing.many_minima import ManyMinima, many_minima_near
from exactgeo.polishing.separated import separated
from exactgeo.problem import Point, Problem
from exactgeo.standing import Verdict

__all__ = ["Enclosed", "enclosed", "verdict_of"]

CROSSINGS = 4
"""Kinks to cross where the proof, and not floats, sees that the loss falls behind them."""

FAINT = 1e-2
"""A neuron whose part is that small beside the largest may be at 0."""

REPAIRS = 8
"""Kinks that may be let go again."""


@dataclass(frozen=True)
class Enclosed:
    """What floats found, and what is proved of it: a ball, minima that are not alone, or why there is neither."""

    cells: int
    ball: Ball | ManyMinima | None
    reason: str = ""


def enclosed(problem: Problem, point: Point, over: Callable[[int], bool]) -> Enclosed:
    """Descend in floats from a point, and enclose the local minimum there.

    Parameters
    ----------
    problem : Problem
        In scope of balls.
    point : Point
    over : callable
        Told the number of cells after each; True ends the search.
    """
    after: tuple[Landing, int, int] | None = None
    cells, pattern, reason = 0, None, ""
    for _ in range(CROSSINGS):
        try:
            landing = descend(problem, point, over, after)
        except Unbounded as failure:
            return Enclosed(failure.cells, None, _without_minimum(problem, point, failure.pattern, str(failure)))
        except Unsettled as failure:
            return Enclosed(cells, None, reason or str(failure))
        found = _proved(problem, point, landing)
        if isinstance(found, Ball):
            return Enclosed(landing.cells, found)
        cells, pattern, reason = landing.cells, landing.pattern, found.reason
        if found.wrong is None or found.wrong.row < 0:
            break
        # Floats stopped beside a kink that they did not see to be crossed.
        after = landing, found.wrong.neuron, found.wrong.row
    assert pattern is not None
    many = many_minima_near(problem, _exact(problem, point, landing), landing.kinks)
    if many is not None:
        return Enclosed(cells, many)
    return Enclosed(cells, None, _without_minimum(problem, point, pattern, reason))


def _proved(problem: Problem, point: Point, landing: Landing) -> Ball | NoBall:
    """The proof where floats ended, or with neurons of small parts at 0: floats do not tell those."""
    first = found = _proved_as_is(problem, point, landing)
    parts = landing.v**2
    joint = problem.penalty and problem.train.output and problem.network.widths and moving_coordinates(problem)
    for i in np.argsort(parts) if joint else ():
        if isinstance(found, Ball) or parts[i] > FAINT * parts.max():
            break
        if landing.v[i]:
            landing = rested(problem, point, landing, int(i))
            found = _proved_as_is(problem, point, landing)
    return found if isinstance(found, Ball) else first


def _proved_as_is(problem: Problem, point: Point, landing: Landing) -> Ball | NoBall:
    """The proof where floats ended; of the kinks that are near, those that the minimum is on are looked for."""
    joint = problem.penalty and problem.train.output and problem.network.widths and moving_coordinates(problem)
    ties = tied(landing) if joint else [None] * len(landing.kinks)
    start = _exact(problem, point, landing)
    kinks = [() if tie is not None else rows for tie, rows in zip(ties, landing.kinks, strict=True)]
    first = found = ball_near(problem, start, kinks, ties)
    doubtful = [() if tie is not None else rows for tie, rows in zip(ties, landing.near, strict=True)]
    if isinstance(found, NoBall) and found.wrong is not None and not found.wrong.held:
        # Floats saw a kink beside it: those that are near are held, and let go where they are not to be.
        kinks = [tuple(sorted({*rows, *more})) for rows, more in zip(kinks, doubtful, strict=True)]
        found = ball_near(problem, start, kinks, ties)
    for _ in range(REPAIRS):
        wrong = None if isinstance(found, Ball) else found.wrong
        if wrong is None or not wrong.held or wrong.row not in doubtful[wrong.neuron]:
            break
        kinks[wrong.neuron] = tuple(t for t in kinks[wrong.neuron] if t != wrong.row)
        found = ball_near(problem, start, kinks, ties)
    return found if isinstance(found, Ball) else first


def _without_minimum(problem: Problem, point: Point, pattern: Pattern, reason: str) -> str:
    """That the last cell has no minimum, if that can be proved; else the reason that there is."""
    grows = not problem.loss.rational and not problem.penalty
    if grows and separated(Cell.of(problem, point, pattern)) is not None:
        return (
            "the loss has no minimum on the last cell of the descent: the classes are separated there, and it falls "
            "for ever along a direction that separates them (an exact proof)"
        )
    return reason


def verdict_of(ball: Ball | ManyMinima) -> Verdict:
    """What is proved of the minimum in the box, as the verdict of its centre."""
    if isinstance(ball, ManyMinima):
        return ball.verdict()
    problem = ball.problem
    flat = ball.free + (0 if problem.penalty or not problem.train.output else ball.moving)
    orbit = Strictness.STRICT_MODULO_SYMMETRY if flat == ball.moving and not ball.free else Strictness.FLAT
    convex = problem.affine
    return Verdict(
        problem=problem,
        point=ball.point,
        kind=Kind.LOCAL_MINIMUM,
        loss=None,
        loss_enclosure=ball.value,
        rung=Argument.BALL,
        strictness=orbit if flat else Strictness.STRICT,
        flat_dimension=flat,
        globality=Globality.GLOBAL if convex else Globality.UNKNOWN,
        better=None,
        descent=None,
        certificate=ball.certificate,
        reason=None if convex else Reason.OUT_OF_SCOPE,
        detail="" if convex else "the census of all basins is not asked about a minimum that is enclosed",
    )


def _exact(problem: Problem, point: Point, landing: Landing) -> Point:
    """The floats as rationals; what does not move keeps its value."""
    train, net = problem.train, problem.network
    moving = set(moving_coordinates(problem)) if net.widths else set()
    scaled = train.output and (not moving or bool(problem.penalty))
    shift = Fraction(landing.shift) if train.output_bias else point.shift
    if not net.widths:
        inputs = tuple(map(Fraction, landing.inputs)) if train.output else point.inputs
        return point.with_inputs(inputs, shift)
    neurons = []
    for (w, v), floats, outer in zip(point.neurons, landing.w, landing.v, strict=True):
        lifted = tuple(Fraction(float(floats[k])) if k in moving else q for k, q in enumerate(w))
        neurons.append((lifted, Fraction(float(outer)) if scaled else v))
    return point.with_neurons(neurons, shift)
