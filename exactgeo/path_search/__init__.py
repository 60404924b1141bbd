"""The search for exact paths: down from a point, or from one point to another."""

from exactgeo.path_search.answer import End, FoundPath
from exactgeo.path_search.down import down
from exactgeo.path_search.joining import join

__all__ = ["End", "FoundPath", "down", "join"]
