"""A local minimum near trained floats, enclosed: floats go down over cells, intervals prove where they end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from exactgeo.local_minimum.ball import Ball, ball_near
from exactgeo.polishing._propose_descent import Landing, descend
from exactgeo.polishing._propose_minimiser import Unsettled
from exactgeo.polishing.cell import moving_coordinates
from exactgeo.problem import Point, Problem

__all__ = ["Enclosed", "enclosed"]


@dataclass(frozen=True)
class Enclosed:
    """What floats found, and what is proved of it: a ball, or why there is none."""

    cells: int
    ball: Ball | None
    reason: str = ""


def enclosed(problem: Problem, point: Point, over: Callable[[int, float], bool]) -> Enclosed:
    """Descend in floats from a point, and enclose the local minimum there.

    Parameters
    ----------
    problem : Problem
        In scope of balls.
    point : Point
    over : callable
        Told the number of cells and the float loss after each; True ends the search.
    """
    try:
        landing = descend(problem, point, over)
    except Unsettled as failure:
        return Enclosed(0, None, str(failure))
    found = ball_near(problem, _exact(problem, point, landing), landing.kinks)
    if isinstance(found, Ball):
        return Enclosed(landing.cells, found)
    return Enclosed(landing.cells, None, found.reason)


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
