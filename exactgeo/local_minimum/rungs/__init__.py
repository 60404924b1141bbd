"""The ladder: arguments that decide local minimality, each in a file of its own, the simplest first.

A new rung is a class that obeys the laws of :class:`~exactgeo.local_minimum.rungs.rung.Rung`, in a file of its own, and
an entry of :data:`LADDER`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exactgeo.local_minimum.rungs.rung import Rung
from exactgeo.registry import Gradual

__all__ = ["LADDER", "Rung"]


def _rungs() -> Iterator[Rung]:
    """Each loads when the one before has left a point open."""
    from exactgeo.local_minimum.rungs.linear_model import LinearModel

    yield LinearModel()
    from exactgeo.local_minimum.rungs.ordered_slopes import OrderedSlopes

    yield OrderedSlopes()
    from exactgeo.local_minimum.rungs.weight_decay import WeightDecay

    yield WeightDecay()
    from exactgeo.local_minimum.rungs.ordered_weight_decay import OrderedWeightDecay

    yield OrderedWeightDecay()
    from exactgeo.local_minimum.rungs.two_layer import TwoLayer

    yield TwoLayer()
    from exactgeo.local_minimum.rungs.subgradient import Subgradient

    yield Subgradient()
    from exactgeo.local_minimum.rungs.smooth_gradient import SmoothGradient

    yield SmoothGradient()
    from exactgeo.local_minimum.rungs.linear_network import LinearNetwork

    yield LinearNetwork()
    from exactgeo.local_minimum.rungs.reachable_span import ReachableSpan

    yield ReachableSpan()
    from exactgeo.local_minimum.rungs.first_order import FirstOrder

    yield FirstOrder()
    from exactgeo.local_minimum.rungs.unrolled import Unrolled

    yield Unrolled()
    from exactgeo.local_minimum.rungs.silent_units import SilentUnits

    yield SilentUnits()
    from exactgeo.local_minimum.rungs.dependent_outputs import DependentOutputs

    yield DependentOutputs()
    from exactgeo.local_minimum.rungs.definite_faces import DefiniteFaces

    yield DefiniteFaces()
    from exactgeo.local_minimum.rungs.tied_faces import TiedFaces

    yield TiedFaces()
    from exactgeo.local_minimum.rungs.unrolled_faces import UnrolledFaces

    yield UnrolledFaces()
    from exactgeo.local_minimum.rungs.fixed_features import FixedFeatures

    yield FixedFeatures(_smaller)
    from exactgeo.local_minimum.rungs.merged_layer import MergedLayer

    yield MergedLayer(_smaller)
    from exactgeo.local_minimum.rungs.smooth_point import SmoothPoint

    yield SmoothPoint()
    from exactgeo.local_minimum.rungs.germ_curves import GermCurves

    yield GermCurves()


LADDER: Sequence[Rung] = Gradual(_rungs)
"""In the order in which they are asked."""


def _smaller() -> Sequence[Rung]:
    """Those that are asked about smaller networks: random curves are tried on the whole."""
    return LADDER[:-1]
