"""Basins (Safran and Shamir, Definition 2): each one's convex program, its exact optimum, and the census of all."""

from exactgeo.basin.census import Basin, Census, census
from exactgeo.basin.cone_program import Enclosure
from exactgeo.basin.reduction import OutOfScope

__all__ = ["Basin", "Census", "Enclosure", "OutOfScope", "census"]
