"""Basins (Safran and Shamir, Definition 2): each one's convex program, its exact optimum, and the census of all."""

from exactgeo.basin.census import Basin, Census, census
from exactgeo.exact.enclosure import Enclosure

__all__ = ["Basin", "Census", "Enclosure", "census"]
