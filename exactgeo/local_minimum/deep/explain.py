"""The numbers behind a verdict about a network of any depth and any number of outputs: every layer, every output."""

from __future__ import annotations

from dataclasses import dataclass

from exactgeo.exact.vectors import ONE
from exactgeo.local_minimum.deep.point import DeepPoint, Layer
from exactgeo.local_minimum.deep.reach import reach
from exactgeo.local_minimum.explain import Condition
from exactgeo.problem import Point, Problem

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
class DeepExplanation:
    """Predictions and derivatives of the loss, the conditions of the last layer, and every unit of every layer.

    Attributes
    ----------
    at : DeepPoint
    conditions : tuple of Condition
        What is linear: one for each trained output bias and output weight, ``g`` the derivatives of the loss.
    units : tuple of UnitView
        Layer by layer.
    reach : int
        The dimension of a space that holds every change of a prediction by small moves.
    """

    at: DeepPoint
    conditions: tuple[Condition, ...]
    units: tuple[UnitView, ...]
    reach: int


def explain_layers(problem: Problem, point: Point) -> DeepExplanation:
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
    return DeepExplanation(at, tuple(conditions), tuple(units), len(reach(at)))
