"""The landscape of a training loss: valleys, barriers, merge tree, and where a point stands, all exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exactgeo.on_demand import on_first_use

if TYPE_CHECKING:
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

on_first_use(
    __name__,
    {
        "Component": "component",
        "Components": "component",
        "CriticalPath": "critical_path",
        "Landscape": "landscape",
        "Valley": "landscape",
        "bad_valley": "component",
        "component": "component",
        "critical_path": "critical_path",
        "landscape": "landscape",
    },
)
