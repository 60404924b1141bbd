"""The vectorised fallback for many networks or large instances: floats, and every answer says so.

``NumericNetworks`` holds N networks of one shape: losses, activation patterns, one-sided derivatives, and the
conditions of the two-layer criterion with their margins; ``evaluate`` and ``first_order`` do so at size, in bounded
memory and either float type; ``deep_first_order`` looks for a way down at any depth. ``sampled_regions`` draws regions
of one neuron. ``descend`` and ``student_teacher`` propose points. Nothing here is a proof and nothing on the exact side
rests on it; ``NumericNetworks.certify(i)`` hands one network to the exact decision.
"""

from __future__ import annotations

from exactgeo.numeric.criterion import NumericCriterion, NumericStatus
from exactgeo.numeric.deep_first_order import DeepFirstOrder
from exactgeo.numeric.descent import DescentStatus, Trained, descend, train
from exactgeo.numeric.evaluation import Patterns
from exactgeo.numeric.first_order import FirstOrder
from exactgeo.numeric.initialisation import INITIALISATIONS, random_starts
from exactgeo.numeric.networks import NumericNetworks
from exactgeo.numeric.optimizers import OPTIMIZERS
from exactgeo.numeric.population import StudentTeacher, student_teacher
from exactgeo.numeric.sampled import SampledRegions, sampled_regions
from exactgeo.numeric.streaming import Evaluation

__all__ = [
    "INITIALISATIONS",
    "OPTIMIZERS",
    "DeepFirstOrder",
    "DescentStatus",
    "Evaluation",
    "FirstOrder",
    "NumericCriterion",
    "NumericNetworks",
    "NumericStatus",
    "Patterns",
    "SampledRegions",
    "StudentTeacher",
    "Trained",
    "descend",
    "random_starts",
    "sampled_regions",
    "student_teacher",
    "train",
]
