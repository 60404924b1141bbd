"""Where a random start lands: the regions of a neuron, and the law of the basin value at every width.

The start obeys Assumption 1 of Safran and Shamir: neurons are independent, the (lifted) input weights of each have a
distribution that no rotation changes, and the signs of the output weights are independent and fair.
"""

from __future__ import annotations

from exactgeo.probability.law import LawRow, Probability
from exactgeo.probability.probabilities import LevelLaw, Probabilities, RegionRow, TheoremRow

__all__ = ["LawRow", "LevelLaw", "Probabilities", "Probability", "RegionRow", "TheoremRow"]
