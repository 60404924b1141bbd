"""The landscape of a training loss: valleys, barriers, merge tree, and where a point stands, all exact."""

from exactgeo.landscape.component import Place, bad_valley, place
from exactgeo.landscape.critical_path import Route, route
from exactgeo.landscape.landscape import Landscape, Valley, landscape
from exactgeo.landscape.path import Path

__all__ = ["Landscape", "Path", "Place", "Route", "Valley", "bad_valley", "landscape", "place", "route"]
