"""What can be proved, as types: one frozen record and one file a kind; and the certificates that say so."""

from __future__ import annotations

from typing import Any

from exactgeo.claims.ball import BallClaim
from exactgeo.claims.barrier import BarrierClaim
from exactgeo.claims.basin_optimum import BasinOptimumClaim
from exactgeo.claims.basin_probability import BasinProbabilityClaim
from exactgeo.claims.claim import Claim, PointClaim
from exactgeo.claims.class_descent import ClassDescentClaim
from exactgeo.claims.class_global_minimum import ClassGlobalMinimumClaim
from exactgeo.claims.class_minimum import ClassMinimumClaim
from exactgeo.claims.critical_point import CriticalPointClaim
from exactgeo.claims.deep_global_minimum import DeepGlobalMinimumClaim
from exactgeo.claims.deep_minimum import DeepMinimumClaim
from exactgeo.claims.descent_curve import DescentCurveClaim
from exactgeo.claims.fields import Misread
from exactgeo.claims.global_minimum import GlobalMinimumClaim
from exactgeo.claims.landscape import LandscapeClaim
from exactgeo.claims.linear_network_minimum import LinearNetworkMinimumClaim
from exactgeo.claims.local_minimum import LocalMinimumClaim
from exactgeo.claims.lower_bound import LowerBoundClaim
from exactgeo.claims.lower_point import LowerPointClaim
from exactgeo.claims.not_local_minimum import NotLocalMinimumClaim
from exactgeo.claims.ordered_descent import OrderedDescentClaim
from exactgeo.claims.ordered_lower_point import OrderedLowerPointClaim
from exactgeo.claims.ordered_minimum import OrderedMinimumClaim
from exactgeo.claims.ordered_penalised_descent import OrderedPenalisedDescentClaim
from exactgeo.claims.ordered_penalised_minimum import OrderedPenalisedMinimumClaim
from exactgeo.claims.ordered_penalised_strictness import OrderedPenalisedStrictnessClaim
from exactgeo.claims.ordered_strictness import OrderedStrictnessClaim
from exactgeo.claims.path import PathClaim
from exactgeo.claims.penalised_basin import PenalisedBasinClaim
from exactgeo.claims.penalised_bound import PenalisedBoundClaim
from exactgeo.claims.penalised_descent import PenalisedDescentClaim
from exactgeo.claims.penalised_minimum import PenalisedMinimumClaim
from exactgeo.claims.penalised_strictness import PenalisedStrictnessClaim
from exactgeo.claims.population_minimum import PopulationMinimumClaim
from exactgeo.claims.regions import RegionsClaim
from exactgeo.claims.segmented_path import SegmentedPathClaim
from exactgeo.claims.smooth_descent import SmoothDescentClaim
from exactgeo.claims.smooth_minimum import SmoothMinimumClaim
from exactgeo.claims.smooth_saddle import SmoothSaddleClaim
from exactgeo.claims.strictness import StrictnessClaim
from exactgeo.claims.subgradient_minimum import SubgradientMinimumClaim
from exactgeo.claims.symmetric_minimum import SymmetricMinimumClaim
from exactgeo.claims.unrolled_minimum import UnrolledMinimumClaim
from exactgeo.claims.vector_minimum import VectorMinimumClaim

__all__ = ["CLAIMS", "Claim", "PointClaim", "read_claim"]

_TYPES: tuple[type[Claim], ...] = (
    LocalMinimumClaim,
    ClassMinimumClaim,
    ClassDescentClaim,
    ClassGlobalMinimumClaim,
    StrictnessClaim,
    SubgradientMinimumClaim,
    NotLocalMinimumClaim,
    DescentCurveClaim,
    LowerPointClaim,
    BasinOptimumClaim,
    GlobalMinimumClaim,
    LowerBoundClaim,
    RegionsClaim,
    BarrierClaim,
    PathClaim,
    SegmentedPathClaim,
    LandscapeClaim,
    PenalisedMinimumClaim,
    PenalisedStrictnessClaim,
    PenalisedDescentClaim,
    PenalisedBoundClaim,
    PenalisedBasinClaim,
    OrderedMinimumClaim,
    OrderedStrictnessClaim,
    OrderedDescentClaim,
    OrderedLowerPointClaim,
    OrderedPenalisedMinimumClaim,
    OrderedPenalisedStrictnessClaim,
    OrderedPenalisedDescentClaim,
    CriticalPointClaim,
    BasinProbabilityClaim,
    SmoothMinimumClaim,
    SmoothSaddleClaim,
    SmoothDescentClaim,
    PopulationMinimumClaim,
    BallClaim,
    DeepMinimumClaim,
    LinearNetworkMinimumClaim,
    SymmetricMinimumClaim,
    DeepGlobalMinimumClaim,
    VectorMinimumClaim,
    UnrolledMinimumClaim,
)

CLAIMS: dict[str, type[Claim]] = {claim.kind: claim for claim in _TYPES}
"""The kinds of claim, by the word under ``kind`` in a certificate."""


def read_claim(data: Any) -> Claim:
    """A claim of whatever kind from its JSON data.

    Raises
    ------
    exactgeo.claims.fields.Misread
        The data are not those of a claim.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    if type(kind) is not str or kind not in CLAIMS:
        raise Misread(kind, "one of the kinds " + ", ".join(CLAIMS)).under(".kind")
    return CLAIMS[kind].read(data)
