"""The network of a descent in floats, and what of it moves. It proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from exactgeo.frozen import dataclass
from exactgeo.local_minimum.two_layer_point import row_form
from exactgeo.polishing._propose_minimiser import Terms
from exactgeo.polishing.cell import Pattern, moving_coordinates
from exactgeo.problem import Point, Problem

__all__ = ["FloatNetwork", "Floats", "Sides"]

Floats = NDArray[np.float64]
Sides = NDArray[np.int64]
"""Of each live neuron and class of data points with proportional rows 1 or -1."""


@dataclass(frozen=True)
class FloatNetwork:
    """A point of a problem with one output, in floats."""

    problem: Problem
    point: Point

    @cached_property
    def x(self) -> Floats:
        return np.array([[float(q) for q in row] for row in self.problem.lifted])

    @cached_property
    def terms(self) -> Terms:
        return Terms.of(self.problem)

    @cached_property
    def moving(self) -> list[int]:
        return list(moving_coordinates(self.problem)) if self.problem.network.widths else []

    @cached_property
    def heavy(self) -> list[int]:
        """Of the moving coordinates, those that have a penalty."""
        return [j for j, k in enumerate(self.moving) if k < self.problem.d or self.problem.penalty.biases]

    @cached_property
    def slopes(self) -> tuple[float, float]:
        found = self.problem.network.activation.slopes if self.problem.network.widths else None
        return (1.0, 1.0) if found is None else (float(found[0]), float(found[1]))

    @cached_property
    def classes(self) -> list[tuple[int, list[int], list[float]]]:
        """Data points with proportional rows: the first, all, and their factors."""
        found: dict[tuple[int, ...], tuple[int, list[int], list[float]]] = {}
        lead: dict[tuple[int, ...], Fraction] = {}
        for t, row in enumerate(self.problem.lifted):
            shape = row_form(row)
            if shape is not None and any(row[k] for k in self.moving):
                form, factor = shape
                _, members, factors = found.setdefault(form, (t, [], []))
                members.append(t)
                factors.append(float(factor / lead.setdefault(form, factor)))
        return list(found.values())

    @cached_property
    def first(self) -> list[int]:
        return [row for row, _, _ in self.classes]

    def members(self, rows: Sequence[int]) -> list[int]:
        """The data points of the classes of these."""
        return [t for _, own, _ in self.classes if set(own) & set(rows) for t in own] if rows else []

    @cached_property
    def decay(self) -> float:
        return float(self.problem.penalty.l2 / self.problem.weight)

    @cached_property
    def signs(self) -> Floats:
        """Of the output weights; 0 for a neuron on whose inputs nothing depends."""
        found = []
        for w, v in self.point.neurons:
            live = bool(v)
            if live and 0.0 in self.slopes:
                z = self.x @ np.array([float(q) for q in w])
                live = bool(self.slope_of(z).any())
            found.append(float((v > 0) - (v < 0)) if live else 0.0)
        return np.array(found)

    @cached_property
    def live(self) -> list[int]:
        """Neurons whose input weights are unknowns."""
        return [int(i) for i in np.flatnonzero(self.signs)] if self.moving else []

    @cached_property
    def w(self) -> Floats:
        rows = [[float(q) for q in w] for w, _ in self.point.neurons]
        return np.array(rows).reshape(len(rows), self.x.shape[1])

    @cached_property
    def v(self) -> Floats:
        return np.array([float(v) for _, v in self.point.neurons])

    @cached_property
    def joint(self) -> bool:
        """Whether a penalty acts on both factors, so that it is a norm of their product."""
        return bool(self.decay and self.moving and self.problem.train.output)

    def slope_of(self, z: Floats) -> Floats:
        return np.where(z >= 0, *self.slopes)

    def pattern(self, sides: Sides) -> Pattern:
        """The cell, by sides of data points."""
        found = [[1 if z >= 0 else -1 for z in row] for row in (self.x @ self.w.T).T]
        for number, i in enumerate(self.live):
            for side, (_, members, factors) in zip(sides[number], self.classes, strict=True):
                for t, factor in zip(members, factors, strict=True):
                    found[i][t] = int(side) if factor > 0 else -int(side)
        return Pattern(tuple(map(tuple, found)), tuple(int(sign) for sign in self.signs))
