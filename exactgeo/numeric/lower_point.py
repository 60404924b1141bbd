"""A point of lower loss than a given one: floats propose it, exact evaluation decides."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from exactgeo.errors import InputError, OutOfScope
from exactgeo.exact.enclosure import Value, high, low
from exactgeo.numeric.descent import descend
from exactgeo.numeric.initialisation import random_starts
from exactgeo.numeric.layers import Floats
from exactgeo.numeric.networks import NumericNetworks
from exactgeo.problem import Point, Problem

__all__ = ["lower_point"]

STARTS, ITERATIONS, PRODUCTS = 64, 2000, 10**8
"""Descents, and iterations of each; fewer where all would take more products of numbers."""


def lower_point(problem: Problem, point: Point, loss: Value, seconds: float) -> tuple[Value, Point] | None:
    """A point with the same frozen parameters and its loss, exact or enclosed, which is lower; None where none is met.

    Proposed by descents from random starts, of several hidden layers also from near the point, rounded, and evaluated
    exactly.
    """
    parameters = sum(len(row) for matrix in point.weights for row in matrix)
    iterations = min(ITERATIONS, PRODUCTS // (STARTS * problem.m * max(parameters, 1)))
    try:
        own = NumericNetworks.from_points(problem, [point])
        starts = random_starts(own, STARTS, seed=0, scale=3.0)
        if problem.network.depth > 2:
            starts = starts.at(np.concatenate([starts.parameters, _around(own)]))
        end = descend(starts, iterations=iterations, time_limit=seconds)
    except (InputError, OutOfScope):
        # Values that float64 cannot hold, or a loss that the descent does not take: nothing is proposed.
        return None
    proposed = end.networks.point(min(range(len(end.losses)), key=lambda i: float(end.losses[i])))
    for denominator in (2**10, 2**30):
        candidate = _rounded(problem, proposed, point, denominator)
        value: Value = problem.loss_at(candidate) if problem.loss.rational else problem.enclosure_at(candidate)
        if high(value) < low(loss):
            return value, candidate
    return None


def _around(own: NumericNetworks) -> Floats:
    """Starts near a point, its trained parameters moved on several scales: they are not dead where it is not."""
    generator = np.random.default_rng(1)
    size = own.parameters.shape[1]
    scales = 2.0 ** -generator.integers(0, 8, (STARTS // 2, 1))
    return own.parameters + scales * generator.standard_normal((STARTS // 2, size)) * own.trained()


def _rounded(problem: Problem, proposed: Point, point: Point, denominator: int) -> Point:
    """The proposed parameters over one denominator, so that losses stay short, and the point's own where frozen."""
    train = problem.train

    def near(q: Fraction) -> Fraction:
        return Fraction(round(q * denominator), denominator)

    return Point(
        tuple(
            tuple(tuple(map(near, row)) for row in new) if free else old
            for new, old, free in zip(proposed.weights, point.weights, train.weights, strict=True)
        ),
        tuple(
            tuple(map(near, new)) if free else old
            for new, old, free in zip(proposed.biases, point.biases, train.biases, strict=True)
        ),
    )
