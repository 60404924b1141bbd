"""Slices of a loss: on the straight line between two points, on the plane through three."""

from exactgeo.slices.balance import balanced
from exactgeo.slices.line import LineSlice, Stretch, slice_line
from exactgeo.slices.plane import PlaneSlice, slice_plane

__all__ = ["LineSlice", "PlaneSlice", "Stretch", "balanced", "slice_line", "slice_plane"]
