"""Basins (Safran and Shamir, Definition 2): each one's convex program, its exact optimum, and the census of all."""

from typing import TYPE_CHECKING

from exactgeo.basin.census import Census, census
from exactgeo.exact.enclosure import Enclosure
from exactgeo.on_demand import on_first_use

if TYPE_CHECKING:
    from exactgeo.basin.basin import Basin as Basin

__all__ = ["Basin", "Census", "Enclosure", "census"]

on_first_use(__name__, {"Basin": "basin"})
