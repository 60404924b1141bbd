"""Hyperplane arrangements over the rationals: regions, rays, characteristic polynomial, proof of completeness."""

from exactgeo.arrangement.arrangement import Arrangement
from exactgeo.arrangement.regions import Regions

__all__ = ["Arrangement", "Regions"]
