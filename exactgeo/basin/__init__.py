"""Basins (Safran and Shamir, Definition 2): each one's convex program, its exact optimum, and the census of all."""

from exactgeo.basin.cells import OutOfScope
from exactgeo.basin.census import Basin, Census, census
from exactgeo.basin.optimum import Enclosure

__all__ = ["Basin", "Census", "Enclosure", "OutOfScope", "census"]
