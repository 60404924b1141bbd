"""Optimizers of many networks at once, by name: one file and one entry each."""

from __future__ import annotations

from exactgeo.numeric.optimizers.adam import Adam
from exactgeo.numeric.optimizers.backtracking import Backtracking
from exactgeo.numeric.optimizers.gradient_descent import GradientDescent
from exactgeo.numeric.optimizers.lbfgs import LBFGS
from exactgeo.numeric.optimizers.optimizer import Optimizer, State

__all__ = ["LBFGS", "OPTIMIZERS", "Adam", "Backtracking", "GradientDescent", "Optimizer", "State"]

OPTIMIZERS: dict[str, type[Optimizer]] = {kind.name: kind for kind in (GradientDescent, Backtracking, Adam, LBFGS)}
