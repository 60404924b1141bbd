"""The numbers behind a verdict about a network of any depth and any number of outputs: every layer, every output."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from exactgeo.exact.rational import format_rational
from exactgeo.exact.vectors import ONE
from exactgeo.frozen import dataclass
from exactgeo.local_minimum.deep.point import DeepPoint, Layer
from exactgeo.local_minimum.deep.reach import reach
from exactgeo.local_minimum.explain import Condition
from exactgeo.problem import Point, Problem
from exactgeo.records import Records
from exactgeo.shown import Reported, value_line

__all__ = ["DeepExplanation", "UnitView", "explain_layers"]


@dataclass(frozen=True)
class UnitView:
    """One hidden unit: the data points with positive, negative and zero pre-activation (0-based)."""

    layer: Layer
    index: int
    active: tuple[int, ...]
    inactive: tuple[int, ...]
    on_kink: tuple[int, ...]


@dataclass(frozen=True)
class DeepExplanation(Reported, Records):
    """Predictions and derivatives of the loss, the conditions of the last layer, and every unit of every layer.

    Attributes
    ----------
    at : DeepPoint
    conditions : tuple of Condition
        What is linear: one for each trained output bias and output weight, ``g`` the derivatives of the loss.
    units : tuple of UnitView
        Layer by layer.
    problem, point
        What was asked for; ``at`` is of the network with linear outputs.
    reach : int
        The dimension of a space that holds every change of a prediction by small moves.
    """

    problem: Problem
    point: Point
    at: DeepPoint
    conditions: tuple[Condition, ...]
    units: tuple[UnitView, ...]
    reach: int

    COLUMNS = ("t", "output", "target", "prediction", "derivative")
    EXACT = ("target", "prediction", "derivative")

    def _shown(self) -> str:
        failed = sum(not c.holds for c in self.conditions)
        return f"explanation: loss {value_line(self.at.loss)}, {len(self.at.layers)} layers, {failed} conditions fail"

    def records(self) -> Iterator[dict[str, Any]]:
        """One flat dict a data point and output: target, prediction, and the derivative of the loss there."""
        at = self.at
        for o, (predictions, gradient) in enumerate(zip(at.predictions, at.gradient, strict=True)):
            for t, (p, g) in enumerate(zip(predictions, gradient, strict=True)):
                row = at.problem.y[t]
                # Of classes the one target is that of all outputs.
                target = format_rational(row[o] if len(row) > o else row[0])
                found = {"t": t, "output": o, "target": target, "prediction": format_rational(p)}
                yield found | {"derivative": format_rational(g) if isinstance(g, Fraction) else str(g)}


def explain_layers(problem: Problem, point: Point, asked: tuple[Problem, Point]) -> DeepExplanation:
    """Lay out a point in scope of :func:`exactgeo.problem.scope.deep`. Cost: a forward pass, and eliminations."""
    at = DeepPoint.of(problem, point)
    conditions = []
    features = at.inputs_of(len(at.layers))
    for o in range(len(at.gradient)):
        if at.trains_shift:
            conditions.append(Condition(f"output {o}: sum_t g_t", at.along(o, (ONE,) * problem.m), "= 0"))
        if at.trains_output:
            for i, row in enumerate(features):
                conditions.append(Condition(f"output {o}: sum_t g_t h_t[{i}]", at.along(o, row), "= 0"))
    units = []
    for layer in at.layers:
        for i, row in enumerate(layer.z):
            sides = (tuple(t for t, z in enumerate(row) if (z > 0) - (z < 0) == side) for side in (1, -1, 0))
            units.append(UnitView(layer, i, *sides))
    return DeepExplanation(*asked, at, tuple(conditions), tuple(units), len(reach(at)))
