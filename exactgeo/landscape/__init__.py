"""The landscape of a training loss: valleys, barriers, merge tree, and where a point stands, all exact."""

from exactgeo.landscape.component import Component, Components, bad_valley, component
from exactgeo.landscape.critical_path import CriticalPath, critical_path
from exactgeo.landscape.landscape import Landscape, Valley, landscape

__all__ = [
    "Component",
    "Components",
    "CriticalPath",
    "Landscape",
    "Valley",
    "bad_valley",
    "component",
    "critical_path",
    "landscape",
]
