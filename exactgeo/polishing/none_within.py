"""How far around a point there is certainly no local minimum: some derivative keeps its sign on a whole box."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from exactgeo.exact.fixed_point import Intervals
from exactgeo.exact.vectors import ZERO
from exactgeo.polishing.cell import moving_coordinates
from exactgeo.problem import Point, Problem

__all__ = ["none_within"]

STEPS = 6
"""Halvings between a radius that is proved and one that is not."""


def none_within(problem: Problem, point: Point) -> Fraction:
    """A max-norm radius, around a point, within which no point is a local minimum; 0 where none is found.

    The derivatives by the output bias and the output weights exist everywhere, kinks included; that by an input weight
    where no pre-activation of its neuron changes sign on the box. Where one of them has one sign on the whole box, no
    point of the box is critical. Cost: some 15 passes over m n d intervals.
    """
    if not _moves(problem, point, ZERO):
        return ZERO
    low, high = -100, 40
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _moves(problem, point, _power(middle)) else (low, middle)
    known, open_ = _power(low), _power(high)
    if not _moves(problem, point, known):
        return ZERO
    for _ in range(STEPS):
        middle_radius = (known + open_) / 2
        known, open_ = (middle_radius, open_) if _moves(problem, point, middle_radius) else (known, middle_radius)
    return known


def _power(exponent: int) -> Fraction:
    return Fraction(2) ** exponent


def _moves(problem: Problem, point: Point, radius: Fraction) -> bool:
    """Whether a derivative by a trained parameter has one sign on the box of this radius around the point."""
    train, net = problem.train, problem.network
    up, down = net.activation.slopes if net.widths else (Fraction(1), Fraction(1))  # type: ignore[misc]
    x = Intervals.of(problem.lifted)
    w, v = _parameters(problem, point, radius)
    shift = Intervals.of([point.shift], radius if train.output_bias else ZERO)
    decay = problem.penalty.l2 / problem.weight
    shrink = Intervals.of([decay])
    # A hidden layer may have no neuron.
    hidden, nothing = bool(point.neurons), Intervals.of([[ZERO]] * problem.m)
    z = x @ w.T if hidden else nothing
    outputs = z.bent(up, down)
    if net.widths:
        predictions = (outputs * v[None, :] if hidden else nothing).sum(axis=1)
    else:
        inputs = Intervals.of(point.inputs, radius if train.output else ZERO)
        predictions = x @ inputs
    if net.output_bias:
        predictions = predictions + shift
    ranges = [predictions.enclosure((t,)) for t in range(problem.m)]
    residuals = Intervals.between(
        problem.loss.slope_range(found.lo, found.hi, y) for found, (y,) in zip(ranges, problem.y, strict=True)
    )
    if net.output_bias and train.output_bias:
        slope = residuals[None, :].sum(axis=1)
        if (slope + shift * shrink if problem.penalty.biases else slope).signs().any():
            return True
    row = residuals[None, :]
    if not net.widths:
        return train.output and bool(((row @ x)[0] + inputs * shrink).signs().any())
    if not hidden:
        return False
    if train.output and ((row @ outputs)[0] + v * shrink).signs().any():
        return True
    moving = list(moving_coordinates(problem))
    sides, kinked = z.signs(), up != down
    heavy = [decay if k < problem.d or problem.penalty.biases else ZERO for k in moving]
    for i in range(len(point.neurons)):
        if not moving or (kinked and not sides[:, i].all()):
            continue
        bent = np.array([up if side >= 0 else down for side in sides[:, i]], object)
        weighted = (row * Intervals.of(bent)) @ x[:, moving]
        pull = weighted[0] * v[i : i + 1] + w[i, moving] * Intervals.of(heavy)
        if pull.signs().any():
            return True
    return False


def _parameters(problem: Problem, point: Point, radius: Fraction) -> tuple[Intervals, Intervals]:
    """Lifted input weights (n rows) and output weights of the box: what is frozen does not move."""
    neurons = point.neurons
    if not neurons:
        return Intervals.of([[ZERO]]), Intervals.of([ZERO])
    w = Intervals.of([neuron.w for neuron in neurons])
    spread = Intervals.of([neuron.w for neuron in neurons], radius)
    columns = np.zeros(w.middle.shape, bool)
    columns[:, list(moving_coordinates(problem))] = True
    inputs = Intervals(w.middle, np.where(columns, spread.radius, w.radius))
    return inputs, Intervals.of([neuron.v for neuron in neurons], radius if problem.train.output else ZERO)
