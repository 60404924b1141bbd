"""Certified paths in networks of any depth: the path, its segments with their exact loss, and how one is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exactgeo.on_demand import on_first_use

if TYPE_CHECKING:
    from exactgeo.paths.builder import PathBuilder, PathRefused, with_layers
    from exactgeo.paths.decreasing import decreasing, levelled
    from exactgeo.paths.forward import RationalLayer
    from exactgeo.paths.path import Path
    from exactgeo.paths.segment import Kind, Segment

__all__ = [
    "Kind",
    "Path",
    "PathBuilder",
    "PathRefused",
    "RationalLayer",
    "Segment",
    "decreasing",
    "levelled",
    "with_layers",
]

on_first_use(
    __name__,
    {
        "Kind": "segment",
        "Path": "path",
        "PathBuilder": "builder",
        "PathRefused": "builder",
        "RationalLayer": "forward",
        "Segment": "segment",
        "decreasing": "decreasing",
        "levelled": "decreasing",
        "with_layers": "builder",
    },
)
