"""The ladder: arguments that decide local minimality, each in a file of its own, the simplest first.

A new rung is a class that obeys the laws of :class:`~exactgeo.local_minimum.rungs.rung.Rung`, in a file of its own, and
an entry of :data:`LADDER`.
"""

from __future__ import annotations

from exactgeo.local_minimum.rungs.definite_faces import DefiniteFaces
from exactgeo.local_minimum.rungs.dependent_outputs import DependentOutputs
from exactgeo.local_minimum.rungs.first_order import FirstOrder
from exactgeo.local_minimum.rungs.fixed_features import FixedFeatures
from exactgeo.local_minimum.rungs.germ_curves import GermCurves
from exactgeo.local_minimum.rungs.linear_model import LinearModel
from exactgeo.local_minimum.rungs.linear_network import LinearNetwork
from exactgeo.local_minimum.rungs.merged_layer import MergedLayer
from exactgeo.local_minimum.rungs.ordered_slopes import OrderedSlopes
from exactgeo.local_minimum.rungs.ordered_weight_decay import OrderedWeightDecay
from exactgeo.local_minimum.rungs.reachable_span import ReachableSpan
from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.local_minimum.rungs.silent_units import SilentUnits
from exactgeo.local_minimum.rungs.smooth_gradient import SmoothGradient
from exactgeo.local_minimum.rungs.smooth_point import SmoothPoint
from exactgeo.local_minimum.rungs.subgradient import Subgradient
from exactgeo.local_minimum.rungs.tied_faces import TiedFaces
from exactgeo.local_minimum.rungs.two_layer import TwoLayer
from exactgeo.local_minimum.rungs.unrolled import Unrolled
from exactgeo.local_minimum.rungs.unrolled_faces import UnrolledFaces
from exactgeo.local_minimum.rungs.weight_decay import WeightDecay

__all__ = ["LADDER", "Rung"]

LADDER: tuple[Rung, ...] = (
    LinearModel(),
    OrderedSlopes(),
    WeightDecay(),
    OrderedWeightDecay(),
    TwoLayer(),
    Subgradient(),
    SmoothGradient(),
    LinearNetwork(),
    ReachableSpan(),
    FirstOrder(),
    Unrolled(),
    SilentUnits(),
    DependentOutputs(),
    DefiniteFaces(),
    TiedFaces(),
    UnrolledFaces(),
    FixedFeatures(lambda: SMALLER),
    MergedLayer(lambda: SMALLER),
    SmoothPoint(),
    GermCurves(),
)
"""In the order in which they are asked."""

SMALLER: tuple[Rung, ...] = LADDER[:-1]
"""Those that are asked about smaller networks: random curves are tried on the whole."""
