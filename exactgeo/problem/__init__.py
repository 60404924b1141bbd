"""The problem: data, network, loss, what is trained, and a point. Frozen, exact, hashable.

Nothing here validates; :mod:`exactgeo.formats` builds these types from files and mappings and refuses what is wrong.
Conventions are those of the problem file: ``x`` is m x d, ``y`` is m x k, ``weights`` holds one matrix a layer with one
row a unit. What is in scope of which question, and the sentence that says so, is in :mod:`exactgeo.problem.scope`.
"""

from exactgeo.problem.network import Network, Train
from exactgeo.problem.penalty import NO_PENALTY, Penalty
from exactgeo.problem.point import Direction, Neuron, Point
from exactgeo.problem.problem import REDUCTIONS, Problem

__all__ = ["NO_PENALTY", "REDUCTIONS", "Direction", "Network", "Neuron", "Penalty", "Point", "Problem", "Train"]
