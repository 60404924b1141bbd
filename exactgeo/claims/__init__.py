"""What can be proved, as types: one frozen record and one file a kind; and the certificates that say so."""

from __future__ import annotations

from typing import Any

from exactgeo.claims.claim import Claim, PointClaim
from exactgeo.claims.fields import Misread
from exactgeo.registry import Registry

__all__ = ["CLAIMS", "Claim", "PointClaim", "read_claim"]

CLAIMS: Registry[type[Claim]] = Registry(
    __name__,
    {
        "local_minimum": "local_minimum:LocalMinimumClaim",
        "class_minimum": "class_minimum:ClassMinimumClaim",
        "class_descent": "class_descent:ClassDescentClaim",
        "class_global_minimum": "class_global_minimum:ClassGlobalMinimumClaim",
        "strictness": "strictness:StrictnessClaim",
        "subgradient_minimum": "subgradient_minimum:SubgradientMinimumClaim",
        "not_local_minimum": "not_local_minimum:NotLocalMinimumClaim",
        "descent_curve": "descent_curve:DescentCurveClaim",
        "lower_point": "lower_point:LowerPointClaim",
        "basin_optimum": "basin_optimum:BasinOptimumClaim",
        "global_minimum": "global_minimum:GlobalMinimumClaim",
        "lower_bound": "lower_bound:LowerBoundClaim",
        "regions": "regions:RegionsClaim",
        "barrier": "barrier:BarrierClaim",
        "path": "path:PathClaim",
        "segmented_path": "segmented_path:SegmentedPathClaim",
        "landscape": "landscape:LandscapeClaim",
        "penalised_minimum": "penalised_minimum:PenalisedMinimumClaim",
        "penalised_strictness": "penalised_strictness:PenalisedStrictnessClaim",
        "penalised_descent": "penalised_descent:PenalisedDescentClaim",
        "penalised_bound": "penalised_bound:PenalisedBoundClaim",
        "penalised_basin": "penalised_basin:PenalisedBasinClaim",
        "ordered_minimum": "ordered_minimum:OrderedMinimumClaim",
        "ordered_strictness": "ordered_strictness:OrderedStrictnessClaim",
        "ordered_descent": "ordered_descent:OrderedDescentClaim",
        "ordered_lower_point": "ordered_lower_point:OrderedLowerPointClaim",
        "ordered_penalised_minimum": "ordered_penalised_minimum:OrderedPenalisedMinimumClaim",
        "ordered_penalised_strictness": "ordered_penalised_strictness:OrderedPenalisedStrictnessClaim",
        "ordered_penalised_descent": "ordered_penalised_descent:OrderedPenalisedDescentClaim",
        "critical_point": "critical_point:CriticalPointClaim",
        "basin_probability": "basin_probability:BasinProbabilityClaim",
        "smooth_minimum": "smooth_minimum:SmoothMinimumClaim",
        "smooth_saddle": "smooth_saddle:SmoothSaddleClaim",
        "smooth_descent": "smooth_descent:SmoothDescentClaim",
        "population_minimum": "population_minimum:PopulationMinimumClaim",
        "ball": "ball:BallClaim",
        "deep_minimum": "deep_minimum:DeepMinimumClaim",
        "linear_network_minimum": "linear_network_minimum:LinearNetworkMinimumClaim",
        "symmetric_minimum": "symmetric_minimum:SymmetricMinimumClaim",
        "deep_global_minimum": "deep_global_minimum:DeepGlobalMinimumClaim",
        "vector_minimum": "vector_minimum:VectorMinimumClaim",
        "unrolled_minimum": "unrolled_minimum:UnrolledMinimumClaim",
    },
)
"""The kinds of claim, by the word under ``kind`` in a certificate, which is the name of its file."""


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
