"""The landscape of a training loss: valleys, barriers, merge tree, and where a point stands, all exact."""

from exactgeo.landscape.path import Path
from exactgeo.landscape.place import Place, bad_valley, place
from exactgeo.landscape.route import Route, route
from exactgeo.landscape.valleys import Landscape, Valley, landscape

__all__ = ["Landscape", "Path", "Place", "Route", "Valley", "bad_valley", "landscape", "place", "route"]
