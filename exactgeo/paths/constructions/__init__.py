"""The constructions of paths: theorems that say from where a path goes down, or joins two points, without rising.

``exactgeo path`` asks them in this order; what a construction misses is part of the answer where none applies.
"""

from __future__ import annotations

from exactgeo.paths.construction import Downwards, Joining
from exactgeo.paths.constructions.all_wide import ALL_WIDE
from exactgeo.paths.constructions.first_twice_wide import FIRST_TWICE_WIDE
from exactgeo.paths.constructions.one_wide_layer import ONE_WIDE_LAYER
from exactgeo.paths.constructions.twice_wide import TWICE_WIDE

__all__ = ["DOWNWARDS", "JOINING"]

DOWNWARDS: tuple[Downwards, ...] = (ONE_WIDE_LAYER, ALL_WIDE)
JOINING: tuple[Joining, ...] = (TWICE_WIDE, FIRST_TWICE_WIDE)
