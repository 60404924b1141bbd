"""The constructions of paths: theorems that say from where a path goes down, or joins two points, without rising.

``exactgeo path`` asks them in this order; what a construction misses is part of the answer where none applies.
"""

from __future__ import annotations

from exactgeo.paths.construction import Downwards, Joining

__all__ = ["DOWNWARDS", "JOINING"]

DOWNWARDS: tuple[Downwards, ...] = ()
JOINING: tuple[Joining, ...] = ()
