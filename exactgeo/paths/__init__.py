"""Certified paths in networks of any depth: the path, its segments with their exact loss, and how one is built."""

from __future__ import annotations

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
