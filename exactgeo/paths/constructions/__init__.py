"""The constructions of paths: theorems that say from where a path goes down, or joins two points, without rising.

``exactgeo path`` asks them in this order; what a construction misses is part of the answer where none applies.
"""

from __future__ import annotations

from exactgeo.paths.construction import Downwards, Joining
from exactgeo.paths.constructions.all_wide import AllWide
from exactgeo.paths.constructions.first_twice_wide import FirstTwiceWide
from exactgeo.paths.constructions.one_wide_layer import OneWideLayer
from exactgeo.paths.constructions.twice_wide import TwiceWide

__all__ = ["DOWNWARDS", "JOINING"]

DOWNWARDS: tuple[Downwards, ...] = (OneWideLayer(), AllWide())
JOINING: tuple[Joining, ...] = (TwiceWide(), FirstTwiceWide())
