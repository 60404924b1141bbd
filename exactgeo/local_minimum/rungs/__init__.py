"""The ladder: arguments that decide local minimality, each in a file of its own, the simplest first.

A new rung is a class that obeys the laws of :class:`~exactgeo.local_minimum.rungs.rung.Rung`, in a file of its own, and
an entry of :data:`LADDER`.
"""

from __future__ import annotations

from exactgeo.local_minimum.rungs.linear_model import LinearModel
from exactgeo.local_minimum.rungs.ordered_slopes import OrderedSlopes
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.local_minimum.rungs.smooth_gradient import SmoothGradient
from exactgeo.local_minimum.rungs.subgradient import Subgradient
from exactgeo.local_minimum.rungs.two_layer import TwoLayer
from exactgeo.local_minimum.rungs.weight_decay import WeightDecay

__all__ = ["LADDER", "Rung"]

LADDER: tuple[Rung, ...] = (
    LinearModel(),
    OrderedSlopes(),
    WeightDecay(),
    TwoLayer(),
    Subgradient(),
    SmoothGradient(),
)
"""In the order in which they are asked."""
